"""What a trial of a part listens to: keys and touches, a camera's pictures, Bluetooth.

Why a seam of its own: these are the devices that a person touches, and none of them is a tool that
says words. Each call opens, looks and closes; nothing of what was typed, seen or heard is kept
beyond the caller. Sources: linux/input.h and input-event-codes.h (evdev), linux/videodev2.h (in
`host.camera`), net/bluetooth/hci_sock.c (in `host.bluetooth`).
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import struct
from typing import Protocol

from recond.frozen import dataclass
from recond.host.bluetooth import inquire
from recond.host.bluetooth_mgmt import NONE, discover
from recond.host.camera import Pictures, take_pictures

EVENT = struct.Struct("@llHHi")  # struct input_event: time, type, code, value
GRAB = 0x40044590  # EVIOCGRAB, _IOW('E', 0x90, int)
AXIS = 0x80184540  # EVIOCGABS(0), _IOR('E', 0x40 + axis, struct input_absinfo)
AXIS_INFO = struct.Struct("@6i")  # value, minimum, maximum, fuzz, flat, resolution
MOST_EVENTS = 256


@dataclass(frozen=True, slots=True)
class InputEvent:
    """One event of a device: `EV_KEY` 1, `EV_REL` 2, `EV_ABS` 3; its code; its value."""

    kind: int
    code: int
    value: int


def parse_events(raw: bytes) -> tuple[InputEvent, ...]:
    """Whole events of a stream, in order; what is cut off at its end is left out."""
    whole = len(raw) - len(raw) % EVENT.size
    return tuple(
        InputEvent(kind, code, value) for _, _, kind, code, value in EVENT.iter_unpack(raw[:whole])
    )


class InputStream(Protocol):
    """An input device that is listened to."""

    def read(self) -> tuple[InputEvent, ...]:
        """What came since the last call. Raises `OSError` once the device is gone."""

    def axis(self, code: int) -> tuple[int, int] | None:
        """The least and the largest value of an axis; None where it has none."""

    def close(self) -> None:
        """Listen no more; a device that was held is given back."""


class Senses(Protocol):
    """Opens what is listened to. Everything here raises `OSError` as the kernel says no."""

    def open_input(self, node: str, *, hold: bool = False) -> InputStream:
        """Listen to `/dev/input/eventN`; `hold`: nobody else gets its keys meanwhile."""

    def take_pictures(self, node: str, within_s: float) -> Pictures:
        """Some pictures of `/dev/videoN`, as its driver is set."""

    def inquire(self, adapter: str, seconds: float) -> int:
        """How many Bluetooth devices `hciN` hears."""


class LocalSenses:
    """This computer's."""

    def open_input(self, node: str, *, hold: bool = False) -> InputStream:
        """Listen to an input device."""
        return RealInput(node, hold=hold)

    def take_pictures(self, node: str, within_s: float) -> Pictures:
        """Pictures of a camera."""
        return take_pictures(node, within_s)

    def inquire(self, adapter: str, seconds: float) -> int:
        """Bluetooth devices; by the old radio alone where the kernel's management does not help."""
        found = re.fullmatch(r"hci(\d{1,3})", adapter)
        try:
            return discover(int(found[1]) if found else NONE, seconds)
        except OSError as error:
            if error.errno in (errno.EPERM, errno.ERFKILL):
                raise
        return inquire(adapter, seconds)


class RealInput:
    """One device node. Closing it gives a held device back, whatever becomes of us."""

    def __init__(self, node: str, *, hold: bool) -> None:
        self._file = os.open(node, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if hold:
                fcntl.ioctl(self._file, GRAB, 1)
        except OSError:
            os.close(self._file)
            raise

    def read(self) -> tuple[InputEvent, ...]:
        """What came since the last call."""
        try:
            return parse_events(os.read(self._file, EVENT.size * MOST_EVENTS))
        except BlockingIOError:
            return ()

    def axis(self, code: int) -> tuple[int, int] | None:
        """The range of an axis."""
        told = bytearray(AXIS_INFO.size)
        with contextlib.suppress(OSError):
            fcntl.ioctl(self._file, AXIS + code, told)
            _, least, largest, *_ = AXIS_INFO.unpack(told)
            return (least, largest) if largest > least else None
        return None

    def close(self) -> None:
        """Listen no more."""
        os.close(self._file)
