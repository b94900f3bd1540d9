"""Many callers at once, and slow ones: no stranger, leaked token or guesser holds up a page."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from recond.board import door, frame, people, records
from recond.board.context import MOST_LARGE_EACH
from recond.board.intake import MOST_PACKAGE_BYTES
from recond.board.judge import Kept, Refused
from recond.board.pace import PACES, BoardPace, network_of
from recond.board.people import Role
from recond.codec import canonical_bytes
from recond.model import Message
from tests.board.test_room import said
from tests.board.workshop import PASSWORD, Client, Maker, Moving, Workshop, wait_for

KEY = "20261128-000000-{:08x}.0123456789abcdef"


def line_to(workshop: Workshop) -> socket.socket:
    found = socket.create_connection(("127.0.0.1", workshop.port), timeout=10)
    found.settimeout(10)
    return found


WHOLE = b"GET /sign-in HTTP/1.1\r\nHost: localhost\r\n\r\n"


def is_hung_up(line: socket.socket) -> bool:
    try:
        while line.recv(1 << 16):
            pass
    except ConnectionResetError:
        pass
    return True


@pytest.mark.parametrize("begun", [(b"",), (WHOLE[:20],), (WHOLE, WHOLE[:20])])
def test_who_never_finishes_a_request_is_hung_up_on(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, begun: tuple[bytes, ...]
) -> None:
    """Two thousand such lines would keep every bench out (a slow loris)."""
    monkeypatch.setattr(door, "HEAD_S", 0.3)
    with line_to(workshop) as line:
        for said_first in begun[:-1]:
            line.sendall(said_first)
            assert line.recv(1 << 16).startswith(b"HTTP/1.1 200")
        line.sendall(begun[-1])
        assert is_hung_up(line)  # else it is a timeout


def test_a_line_in_use_is_not_hung_up_on(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bench's line stays open between two messages, as long as keep-alive says."""
    monkeypatch.setattr(door, "HEAD_S", 0.3)
    line = http.client.HTTPConnection("127.0.0.1", workshop.port, timeout=10)
    for _ in range(2):
        line.request("GET", "/sign-in")
        answer = line.getresponse()
        assert answer.status == 200
        answer.read()
        time.sleep(0.6)
    assert line.sock is not None
    line.close()


def test_one_address_holds_so_many_lines(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "MOST_LINES", 3)
    held = [line_to(workshop) for _ in range(3)]
    time.sleep(0.2)
    with line_to(workshop) as line:
        assert is_hung_up(line)
    for one in held:
        one.close()
    assert wait_for(lambda: workshop.stranger().get("/sign-in").status == 200)


def test_who_may_not_send_is_told_before_anything_is_read(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """48 MiB from a stranger were read into memory, and then refused."""
    read: list[int] = []
    before = frame._read_body

    async def noted(request: object, most: int) -> bytes:
        found: bytes = await before(request, most)  # type: ignore[arg-type]
        read.append(len(found))
        return found

    monkeypatch.setattr(frame, "_read_body", noted)
    raw = b"x" * (1 << 20)
    answer = Client(workshop.port, bearer="y" * 43).deliver(KEY.format(1), raw)
    assert answer.status == 401  # and the answer came through
    assert read == []
    assert len(raw) < MOST_PACKAGE_BYTES


def test_a_leaked_token_does_not_hold_up_the_pages(workshop: Workshop) -> None:
    """Packages that take a minute each to judge, sixty at a time: every thread waited for them."""
    go = threading.Event()

    def slow(_raw: bytes, name: str) -> Kept | Refused:
        go.wait(30)
        return Refused(name, Message("upload.package.empty"))

    workshop.opened.context.records._judge = slow
    leaked, honest = workshop.bench("volé"), workshop.bench("banc 1")
    reader = workshop.person("Lise", Role.READER)
    with ThreadPoolExecutor(60) as pool:
        sent = [pool.submit(leaked.deliver, KEY.format(n), b"x") for n in range(60)]
        try:
            refused = wait_for(
                lambda: len([one for one in sent if one.done()]) >= 60 - MOST_LARGE_EACH
            )
            assert refused
            began = time.monotonic()
            assert reader.get("/").status == 200
            body = canonical_bytes(said())
            assert honest.send("POST", "/api/v1/live", body).status == 204
            assert time.monotonic() - began < 5
        finally:
            go.set()
        found = sorted(one.result().status for one in sent)
    assert found == [422] * MOST_LARGE_EACH + [429] * (60 - MOST_LARGE_EACH)


def test_guessed_passwords_do_not_hold_up_the_pages(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand wrong passwords at once, from everywhere: the pages go on."""
    go = threading.Event()

    def slow(*_given: object) -> None:
        go.wait(30)

    monkeypatch.setattr(people, "check_password", slow)
    monkeypatch.setattr(BoardPace, "may", lambda *_given: True)
    reader_pool = ThreadPoolExecutor(60)
    sent = [
        reader_pool.submit(workshop.stranger().post, "/sign-in", name=f"n{n}", password="wrong")
        for n in range(60)
    ]
    try:
        time.sleep(0.5)
        began = time.monotonic()
        assert workshop.stranger().get("/sign-in").status == 200
        assert time.monotonic() - began < 5
    finally:
        go.set()
        reader_pool.shutdown()
    assert {one.result().status for one in sent} == {401}


def test_hundreds_of_wrong_passwords_open_nothing(workshop: Workshop) -> None:
    """Few are weighed at all; the right one opens again when the lock's time is over."""
    workshop.person("Ada", Role.LEAD)
    thief = workshop.stranger()
    found = [thief.post("/sign-in", name="Ada", password=f"wrong {n}").status for n in range(200)]
    assert set(found) == {401, 429}
    assert found.count(401) < 40  # so many were weighed; the others cost nothing
    assert thief.post("/sign-in", name="Ada", password=PASSWORD).status in (401, 429)
    workshop.clock.moved_s += 7200
    assert workshop.stranger().post("/sign-in", name="Ada", password=PASSWORD).status == 303


def test_who_tries_links_is_slowed_down(workshop: Workshop) -> None:
    """The donors' pages ask for no name: thirty times at once, then every two seconds."""
    workshop.opened.context.pace = BoardPace(Still())
    thief, most = workshop.stranger(), PACES["public"][0]
    path = "/c/20261128-000000-00000000." + "0" * 16
    found = [thief.get(path).status for _ in range(most + 3)]
    assert found == [404] * most + [429] * 3


def test_a_bench_that_shouts_is_slowed_down_and_no_other(workshop: Workshop) -> None:
    loud, calm = workshop.bench("volé"), workshop.bench("banc 1")
    workshop.opened.context.pace = BoardPace(Still())
    most, _ = PACES["live"]
    line = http.client.HTTPConnection("127.0.0.1", workshop.port, timeout=30)
    found = []
    for seq in range(most + 5):
        line.request(
            "POST",
            "/api/v1/live",
            canonical_bytes(said(seq)),
            {"Authorization": f"Bearer {loud.bearer}"},
        )
        answer = line.getresponse()
        answer.read()
        found.append(answer.status)
    line.close()
    assert found == [204] * most + [429] * 5
    assert calm.send("POST", "/api/v1/live", canonical_bytes(said())).status == 204


class Still(Moving):
    """A clock that stands."""

    def monotonic_s(self) -> float:
        return 0.0


def test_what_one_line_of_ipv6_has_is_one_address() -> None:
    pace = BoardPace(Still())
    most, _ = PACES["sign-in"]
    asked = [pace.may("sign-in", network_of(f"2001:db8:1:2::{n:x}")) for n in range(most + 3)]
    assert asked == [True] * most + [False] * 3
    assert pace.may("sign-in", network_of("2001:db8:1:3::1"))
    assert network_of("::ffff:192.0.2.1") == network_of("192.0.2.1") == "192.0.2.1"
    assert network_of("192.0.2.1") != network_of("192.0.2.2")
    assert network_of("") == ""


def test_a_leaked_token_fills_no_disk(
    workshop: Workshop, maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is kept apart of one bench has a bound; what is true is kept all the same."""
    monkeypatch.setattr(records, "MOST_APART_BYTES", 3000)
    leaked = workshop.bench("volé")
    store = workshop.state / "board" / "packages"
    for n in range(6):
        raw = bytes([n]) * 1000
        answer = leaked.deliver(KEY.format(n), raw)
        assert answer.status == 422
    assert sum(file.stat().st_size for file in store.rglob("*.zip")) <= 3000
    workshop.trust(maker)
    assert leaked.upload(maker.package()).json["answer"] == "kept"
