"""The HTTPS client against a real server: what it must refuse, and that every exchange ends."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from recond.errors import UsageError
from recond.host.http import Https, NoAnswer, Request, check_url
from tests.upload.servers import Reply, serve

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
