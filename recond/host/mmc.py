"""eMMC: the kernel's discard ioctls and MMC_IOC_CMD.

Why: an eMMC's erase and SANITIZE go through the kernel's own driver, which knows the erase groups
and the switch protocol. This module carries bytes and judges nothing.

Source: Linux include/uapi/linux/mmc/ioctl.h (`struct mmc_ioc_cmd`, 72 bytes) and linux/fs.h.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import struct
import time

from recond.drive.requests import MMC_IOC_CMD
from recond.drive.types import MmcAnswer, MmcRequest
from recond.host.transport import Tick, waiting

POINTER_AT, RESPONSE_AT = 64, 16


class MmcIoctl:
    """The real form of `MmcTransport`, on an open descriptor of the whole device."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def execute(self, request: MmcRequest, tick: Tick | None = None) -> MmcAnswer:
        """Issue the ioctl; its failure is an answer with its errno."""
        return waiting(lambda: self._issue(request), tick)

    def _issue(self, request: MmcRequest) -> MmcAnswer:
        data = ctypes.create_string_buffer(max(1, request.read_bytes))
        argument = bytearray(request.argument)
        if request.ioctl == MMC_IOC_CMD and request.read_bytes:
            struct.pack_into("<Q", argument, POINTER_AT, ctypes.addressof(data))
        began = time.monotonic()
        try:
            if request.ioctl == MMC_IOC_CMD:
                fcntl.ioctl(self._descriptor, request.ioctl, argument, True)
            else:
                self._discard(request.ioctl, argument)
        except OSError as error:
            return MmcAnswer(errno=error.errno or 5, duration_ms=_ms_since(began))
        response = 0
        if request.ioctl == MMC_IOC_CMD:
            response = int(struct.unpack_from("<I", argument, RESPONSE_AT)[0])
        return MmcAnswer(response, data.raw[: request.read_bytes], None, _ms_since(began))

    def _discard(self, number: int, argument: bytearray) -> None:
        """Discards ask for a descriptor that may write; the same open file, for this one moment."""
        writing = os.open(f"/proc/self/fd/{self._descriptor}", os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.ioctl(writing, number, argument, True)
        finally:
            os.close(writing)


def _ms_since(began: float) -> int:
    return int((time.monotonic() - began) * 1000)
