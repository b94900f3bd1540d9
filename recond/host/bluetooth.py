"""Bluetooth devices within hearing, counted: an inquiry by the kernel's own call.

Why no tool: the tools print names and addresses, which tell who is near; the count is all that is
wanted, and addresses are dropped unread. Source: include/net/bluetooth/hci_sock.h (HCIDEVUP,
HCIDEVDOWN, HCIINQUIRY), bluetooth.h; Bluetooth Core 5.4, Vol 4 Part E 7.1.1 (Inquiry, the general
access code).
"""

from __future__ import annotations

import errno
import fcntl
import re
import socket
import struct

UP, DOWN, INQUIRY = 0x400448C9, 0x400448CA, 0x800448F0
FAMILY, HCI = 31, 1
"""AF_BLUETOOTH, BTPROTO_HCI: a Python that was built without Bluetooth's header names neither."""
REQUEST = struct.Struct("@HH3sBB")  # device, flags, access code, length in 1.28 s, most answers
REQUEST_BYTES, COUNT_AT, ANSWER_BYTES, MOST = 10, 8, 14, 64
FRESH = 1  # IREQ_CACHE_FLUSH
GENERAL = bytes((0x33, 0x8B, 0x9E))
STEP_S = 1.28


def inquire(adapter: str, seconds: float) -> int:
    """How many devices `hciN` hears that let themselves be heard. An adapter that is down is put up
    and down again. Raises `OSError` (EPERM without the right, ERFKILL by a switch).
    """
    found = re.fullmatch(r"hci(\d{1,3})", adapter)
    if found is None:
        raise OSError(errno.ENODEV, adapter)
    number = int(found[1])
    with socket.socket(FAMILY, socket.SOCK_RAW, HCI) as line:
        was_up = False
        try:
            fcntl.ioctl(line, UP, number)
        except OSError as error:
            if error.errno != errno.EALREADY:
                raise
            was_up = True
        try:
            asked = bytearray(REQUEST_BYTES + ANSWER_BYTES * MOST)
            length = min(48, max(1, round(seconds / STEP_S)))
            REQUEST.pack_into(asked, 0, number, FRESH, GENERAL, length, MOST)
            fcntl.ioctl(line, INQUIRY, asked)
            return asked[COUNT_AT]
        finally:
            if not was_up:
                fcntl.ioctl(line, DOWN, number)
