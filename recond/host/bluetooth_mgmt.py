"""Bluetooth devices within hearing, low energy among them, by the kernel's management socket.

Why: an inquiry (`recond.host.bluetooth`) hears the old radio's devices only; most of what lies
about today speaks low energy alone. The kernel itself does both kinds here, without BlueZ. What is
heard is told apart by its address while it is listened to, counted, and forgotten.

Source: BlueZ, doc/mgmt-api.txt (Read Controller Information, Set Powered, Set Low Energy, Start and
Stop Discovery, Device Found, Discovering); include/net/bluetooth/hci_sock.h, mgmt.h.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import socket
import struct
import time
from collections.abc import Callable
from typing import Protocol

FAMILY, HCI, CONTROL, NONE = 31, 1, 3, 0xFFFF
"""AF_BLUETOOTH, BTPROTO_HCI, HCI_CHANNEL_CONTROL, HCI_DEV_NONE."""
HEADER = struct.Struct("<HHH")  # code or event, controller, length of what follows
READ_INFO, SET_POWERED, SET_LE, START, STOP = 0x0004, 0x0005, 0x000D, 0x0023, 0x0024
COMPLETE, STATUS, FOUND, DISCOVERING = 0x0001, 0x0002, 0x0012, 0x0013
POWERED, CLASSIC, LE = 1 << 0, 1 << 7, 1 << 9
SETTINGS_AT, INFO_BYTES = 9, 17  # address, version, maker; then supported and current settings
CLASSIC_ADDRESSES, LE_ADDRESSES = 0x01, 0x06
ANSWER_S = 8.0
MOST_BYTES = 4096
_REASONS = {
    0x08: errno.ETIMEDOUT,
    0x0A: errno.EBUSY,
    0x0C: errno.EOPNOTSUPP,
    0x11: errno.ENODEV,
    0x12: errno.ERFKILL,
    0x14: errno.EPERM,
}


class ManagementLine(Protocol):
    """A management socket. `receive` gives b"" where nothing came in time."""

    def send(self, data: bytes) -> None:
        """One command."""

    def receive(self, within_s: float) -> bytes:
        """One event."""

    def close(self) -> None:
        """No more."""


class ControlLine:
    """The kernel's. Raises `OSError` where it has no Bluetooth or no such socket."""

    def __init__(self) -> None:
        self._socket = socket.socket(FAMILY, socket.SOCK_RAW | socket.SOCK_CLOEXEC, HCI)
        # Python's bind knows no channel before 3.14: struct sockaddr_hci by hand
        address = struct.pack("=HHH", FAMILY, NONE, CONTROL)
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.bind(self._socket.fileno(), address, len(address)) != 0:
            number = ctypes.get_errno()
            self._socket.close()
            raise OSError(number, "Bluetooth")

    def send(self, data: bytes) -> None:
        """One command."""
        self._socket.send(data)

    def receive(self, within_s: float) -> bytes:
        """One event; b"" where none came."""
        self._socket.settimeout(max(0.001, within_s))
        try:
            return self._socket.recv(MOST_BYTES)
        except TimeoutError:
            return b""

    def close(self) -> None:
        """No more."""
        self._socket.close()


class _Management:
    """Commands to one controller, and what it hears between their answers."""

    def __init__(self, line: ManagementLine, number: int, now: Callable[[], float]) -> None:
        self._line, self._number, self._now = line, number, now
        self.heard: set[bytes] = set()
        self.going = False

    def ask(self, code: int, data: bytes = b"") -> bytes:
        """Send a command; its answer. Raises `OSError` as the kernel says no."""
        self._line.send(HEADER.pack(code, self._number, len(data)) + data)
        until = self._now() + ANSWER_S
        while (left := until - self._now()) > 0:
            event, body = self._next(left)
            if event in (COMPLETE, STATUS) and body[:2] == code.to_bytes(2, "little"):
                status = body[2] if len(body) > 2 else 0xFF
                if status:
                    number = _REASONS.get(status, errno.EIO)
                    raise OSError(number, "Bluetooth")
                return body[3:]
        raise OSError(errno.ETIMEDOUT, "Bluetooth")

    def listen(self, seconds: float) -> None:
        """Until the time is over, or the kernel ended it."""
        until = self._now() + seconds
        self.going = True
        while self.going and (left := until - self._now()) > 0:
            self._next(left)

    def _next(self, within_s: float) -> tuple[int, bytes]:
        raw = self._line.receive(within_s)
        if len(raw) < HEADER.size:
            return 0, b""
        event, number, length = HEADER.unpack_from(raw)
        body = raw[HEADER.size : HEADER.size + length]
        if number != self._number:
            return 0, b""
        if event == FOUND and len(body) >= 7:
            self.heard.add(body[:7])  # address and its kind
        elif event == DISCOVERING and len(body) >= 2:
            self.going = self.going and body[1] == 1
        return event, body


def discover(
    number: int,
    seconds: float,
    open_line: Callable[[], ManagementLine] = ControlLine,
    now: Callable[[], float] = time.monotonic,
) -> int:
    """How many devices controller `hci<number>` hears, by each radio that it has; it is left as it
    was found. Raises `OSError`: EPERM without the right, ERFKILL by a switch, ENODEV.
    """
    line = open_line()
    try:
        talk = _Management(line, number, now)
        info = talk.ask(READ_INFO)
        if len(info) < INFO_BYTES:
            raise OSError(errno.EPROTO, "Bluetooth")
        able, current = struct.unpack_from("<II", info, SETTINGS_AT)
        undo: list[int] = []
        try:
            if able & LE and not current & LE:
                talk.ask(SET_LE, b"\1")
                undo.append(SET_LE)
            if not current & POWERED:
                talk.ask(SET_POWERED, b"\1")
                undo.append(SET_POWERED)
            kinds = (CLASSIC_ADDRESSES if current & CLASSIC else 0) | (
                LE_ADDRESSES if able & LE else 0
            )
            talk.heard.clear()
            talk.ask(START, bytes((kinds,)))
            talk.listen(seconds)
            if talk.going:
                talk.ask(STOP, bytes((kinds,)))
            return len(talk.heard)
        finally:
            for code in reversed(undo):
                with contextlib.suppress(OSError):  # what was heard, or why not, is the answer
                    talk.ask(code, b"\0")
    finally:
        line.close()
