"""The HTTPS client against a real server: what it must refuse, and that every exchange ends."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from pathlib import Path

import pytest

from recond.errors import UsageError
from recond.host.http import Https, NoAnswer, Request, check_proxy, check_url
from recond.locale import say
from tests.upload.servers import Reply, proxy, serve

SLOW = Reply(200, b"x" * 100, drip_s=0.05)


def test_an_answer_of_any_status_is_an_answer(tmp_path: Path) -> None:
    with serve(tmp_path, lambda seen: Reply(503, b"busy", (("Retry-After", "7"),))) as server:
        answer = Https(server.ca).send(
            Request("POST", server.url + "/a/?b=c", (("Authorization", "Bearer t"),), b"hello")
        )
    assert (answer.status, answer.body, answer.headers["retry-after"]) == (503, b"busy", "7")
    assert (server.seen[0].path, server.seen[0].body) == ("/a/?b=c", b"hello")
    assert server.seen[0].headers["authorization"] == "Bearer t"


@pytest.mark.parametrize(
    ("host", "days", "ours"),
    [
        ("localhost", 30, False),  # an authority that nobody trusts
        ("elsewhere.test", 30, True),  # another's name
        ("localhost", -1, True),  # out of date
    ],
)
def test_a_bad_certificate_sends_nothing(tmp_path: Path, host: str, days: int, ours: bool) -> None:
    with serve(tmp_path, lambda seen: Reply(), host=host, days=days) as server:
        client = Https(server.ca if ours else None)
        with pytest.raises(NoAnswer) as caught:
            client.send(Request("POST", server.url, (("Authorization", "Bearer secret"),), b"x"))
    assert caught.value.message.code == "upload.net.certificate"
    assert not server.seen


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(0), "upload.net.broken"),
        (Reply(200, b"x" * 1000, cut=10), "upload.net.broken"),
        (SLOW, "upload.net.timeout"),  # each byte in time, the whole not: no socket timeout sees it
    ],
)
def test_half_an_answer_is_none(tmp_path: Path, reply: Reply, code: str) -> None:
    with serve(tmp_path, lambda seen: reply) as server:
        began = time.monotonic()
        with pytest.raises(NoAnswer) as caught:
            Https(server.ca, answer_s=0.3).send(Request("GET", server.url))
        assert time.monotonic() - began < 3
    assert caught.value.message.code == code


def test_a_silent_and_an_absent_server(tmp_path: Path) -> None:
    with serve(tmp_path, lambda seen: Reply()) as server:
        pass
    with pytest.raises(NoAnswer) as caught:
        Https(server.ca).send(Request("GET", server.url))
    assert caught.value.message.code == "upload.net.unreachable"


def test_a_redirection_is_not_followed(tmp_path: Path) -> None:
    reply = Reply(302, b"", (("Location", "/elsewhere"),))
    with serve(tmp_path, lambda seen: reply) as server:
        assert Https(server.ca).send(Request("GET", server.url)).status == 302
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://stock.example",
        "ftp://x",
        "https://",
        "https://me:secret@x",
        "https://x:0",
        "x",
        "https://x:99999",
        "https://é.example",
        "https://x/a b",
        "https://[x",
        "",
    ],
)
def test_an_address_that_is_not_one(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_url(url)
    assert "secret" not in str(caught.value)


def test_a_secret_is_not_shown() -> None:
    request = Request("POST", "https://x", (("Authorization", "Bearer secret"),), b"secret")
    assert "secret" not in repr(request)


# --- Proxies ---------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def no_proxy_of_this_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("by", ["setting", "HTTPS_PROXY", "https_proxy"])
def test_a_proxy_carries_the_line_and_reads_none_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    with proxy() as way, serve(tmp_path, lambda seen: Reply(200, b"there")) as server:
        client = Https(server.ca, proxy=way.url if by == "setting" else "")
        if by != "setting":
            monkeypatch.setenv(by, way.url)
        answer = client.send(Request("POST", server.url + "/a", (("X-Key", "secret"),), b"body"))
    assert (answer.status, answer.body) == (200, b"there")
    assert server.seen[0].headers["x-key"] == "secret"
    assert [line.rpartition(" ")[0] for line in way.asked] == [
        f"CONNECT {server.url.removeprefix('https://')}"
    ]


@pytest.mark.parametrize("by", ["NO_PROXY", "setting"])
def test_a_server_at_home_needs_no_proxy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    with proxy() as way, serve(tmp_path, lambda seen: Reply()) as server:
        monkeypatch.setenv("HTTPS_PROXY", way.url)
        if by == "NO_PROXY":
            monkeypatch.setenv("NO_PROXY", "example.org,localhost")
        Https(server.ca, proxy="direct" if by == "setting" else "").send(Request("GET", server.url))
    assert way.asked == []


def test_a_proxy_that_asks_who_we_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        proxy(wants="Basic YmVuY2g6c8OpY3JldA==") as way,
        serve(tmp_path, lambda seen: Reply()) as server,
    ):
        plain = way.url.removeprefix("http://")
        monkeypatch.setenv("HTTPS_PROXY", f"http://bench:s%C3%A9cret@{plain}")
        assert Https(server.ca).send(Request("GET", server.url)).status == 201
        monkeypatch.setenv("HTTPS_PROXY", way.url)
        with pytest.raises(NoAnswer) as caught:
            Https(server.ca).send(Request("GET", server.url))
    assert caught.value.message.code == "upload.net.proxy"
    assert "407" in say("fr", caught.value.message)


def test_a_proxy_that_is_not_there_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(NoAnswer) as caught:
        Https(proxy=f"http://127.0.0.1:{port}").send(Request("GET", "https://stock.example"))
    said = say("fr", caught.value.message)
    assert f"127.0.0.1:{port}" in said
    assert "stock.example" in said
    assert "refused" not in said  # the system's English


def test_a_proxy_that_drips_holds_nobody() -> None:
    with proxy(drip_s=0.05) as way:
        began = time.monotonic()
        with pytest.raises(NoAnswer) as caught:
            Https(connect_s=0.3, answer_s=0.3, proxy=way.url).send(
                Request("GET", "https://stock.example")
            )
        assert time.monotonic() - began < 3
    assert caught.value.message.code == "upload.net.timeout"


def test_a_handshake_that_drips_holds_nobody() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip() -> None:
            with contextlib.suppress(OSError):
                client, _ = listener.accept()
                # a TLS record that promises 16,000 bytes
                for byte in b"\x16\x03\x03\x3e\x80\x02\x00\x3e\x7c" + bytes(16_000):
                    client.sendall(bytes([byte]))
                    threading.Event().wait(0.05)

        threading.Thread(target=drip, daemon=True).start()
        began = time.monotonic()
        with pytest.raises(NoAnswer) as caught:
            Https(connect_s=0.3, answer_s=0.3).send(
                Request("GET", f"https://localhost:{listener.getsockname()[1]}")
            )
        assert time.monotonic() - began < 3
    assert caught.value.message.code == "upload.net.timeout"


@pytest.mark.parametrize("url", ["socks5://x:1", "http://me:secret@x:1", "x:8080", "http://"])
def test_a_proxy_that_is_not_one(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_proxy(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "days", "ours", "word"),
    [
        ("localhost", 30, False, "autorité inconnue"),
        ("elsewhere.test", 30, True, "autre nom"),
        ("localhost", -1, True, "périmé"),
    ],
)
def test_a_bad_certificate_is_said_in_french(
    tmp_path: Path, host: str, days: int, ours: bool, word: str
) -> None:
    with (
        serve(tmp_path, lambda seen: Reply(), host=host, days=days) as server,
        pytest.raises(NoAnswer) as caught,
    ):
        Https(server.ca if ours else None).send(Request("GET", server.url))
    assert word in say("fr", caught.value.message)
