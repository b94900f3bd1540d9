"""Counting Bluetooth devices by the kernel's management socket: a controller that is scripted."""

from __future__ import annotations

import errno
import struct

import pytest

from recond.host.bluetooth_mgmt import (
    CLASSIC,
    COMPLETE,
    DISCOVERING,
    FOUND,
    HEADER,
    LE,
    POWERED,
    READ_INFO,
    SET_LE,
    SET_POWERED,
    START,
    STATUS,
    STOP,
    discover,
)

PHONE, WATCH = b"\x01\x02\x03\x04\x05\x06\x00", b"\x0a\x0b\x0c\x0d\x0e\x0f\x02"


class Controller:
    """hci3, as doc/mgmt-api.txt has it answer. `refuses`: command → status."""

    def __init__(
        self,
        settings: int,
        able: int = POWERED | CLASSIC | LE,
        heard: tuple[bytes, ...] = (),
        refuses: dict[int, int] | None = None,
        *,
        ends: bool = True,
    ) -> None:
        self.settings, self.able, self.heard, self.ends = settings, able, heard, ends
        self.refuses = refuses or {}
        self.asked: list[tuple[int, bytes]] = []
        self.closed = False
        self.time_s = 0.0
        self._events: list[bytes] = []

    def send(self, data: bytes) -> None:
        code, number, length = HEADER.unpack_from(data)
        body = data[HEADER.size :]
        assert (number, length) == (3, len(body))
        self.asked.append((code, body))
        if status := self.refuses.get(code):
            self._say(STATUS, struct.pack("<HB", code, status))
            return
        answer = b""
        if code == READ_INFO:
            answer = bytes(9) + struct.pack("<II", self.able, self.settings) + bytes(263)
        bit = {SET_LE: LE, SET_POWERED: POWERED}.get(code, 0)
        self.settings = self.settings | bit if body == b"\1" else self.settings & ~bit
        self._say(9, b"", number=4)  # another controller's
        self._say(COMPLETE, struct.pack("<HB", code, 0) + answer)
        if code == START:
            assert self.settings & POWERED
            self._say(DISCOVERING, body + b"\1")
            for one in self.heard:
                self._say(FOUND, one + b"\xc4" + bytes(4) + struct.pack("<H", 3) + b"\2\1\6")
            if self.ends:
                self._say(DISCOVERING, body + b"\0")

    def _say(self, event: int, body: bytes, number: int = 3) -> None:
        self._events.append(HEADER.pack(event, number, len(body)) + body)

    def receive(self, within_s: float) -> bytes:
        if self._events:
            return self._events.pop(0)
        self.time_s += within_s
        return b""

    def close(self) -> None:
        self.closed = True

    def count(self) -> int:
        try:
            return discover(3, 10.0, lambda: self, lambda: self.time_s)
        finally:
            assert self.closed


def test_devices_of_both_radios_are_counted_once_each() -> None:
    there = Controller(POWERED | CLASSIC | LE, heard=(PHONE, WATCH, WATCH, PHONE))
    assert there.count() == 2
    assert there.asked == [(READ_INFO, b""), (START, b"\7")]


def test_a_controller_that_is_off_is_put_on_and_off_again() -> None:
    there = Controller(CLASSIC, heard=(WATCH,))
    assert there.count() == 1
    assert [code for code, _ in there.asked] == [
        *(READ_INFO, SET_LE, SET_POWERED, START),
        *(SET_POWERED, SET_LE),
    ]
    assert there.settings == CLASSIC


@pytest.mark.parametrize(
    ("settings", "able", "kinds"),
    [
        (POWERED | CLASSIC, POWERED | CLASSIC, 1),
        (POWERED | LE, POWERED | LE, 6),
        (POWERED | LE, POWERED | LE | CLASSIC, 6),
    ],
)
def test_only_the_radios_that_it_has_are_asked(settings: int, able: int, kinds: int) -> None:
    there = Controller(settings, able)
    assert there.count() == 0
    assert (START, bytes((kinds,))) in there.asked


def test_a_search_that_does_not_end_by_itself_is_ended() -> None:
    there = Controller(POWERED | LE, heard=(WATCH,), ends=False)
    assert there.count() == 1
    assert there.asked[-1] == (STOP, b"\6")
    assert 10.0 <= there.time_s < 11.0


@pytest.mark.parametrize(
    ("refuses", "number"),
    [
        ({READ_INFO: 0x11}, errno.ENODEV),
        ({SET_POWERED: 0x12}, errno.ERFKILL),
        ({SET_LE: 0x14}, errno.EPERM),
        ({START: 0x0A}, errno.EBUSY),
        ({START: 0x03}, errno.EIO),
    ],
)
def test_what_the_kernel_refuses(refuses: dict[int, int], number: int) -> None:
    there = Controller(CLASSIC, heard=(WATCH,), refuses=refuses)
    with pytest.raises(OSError) as raised:
        there.count()
    assert raised.value.errno == number
    assert there.settings == CLASSIC, "as it was found"


def test_a_controller_that_does_not_answer_is_no_silent_one() -> None:
    class Dead(Controller):
        def send(self, data: bytes) -> None:
            pass

    with pytest.raises(OSError) as raised:
        Dead(POWERED).count()
    assert raised.value.errno == errno.ETIMEDOUT
