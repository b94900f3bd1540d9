"""eMMC: the kernel's discard ioctls and MMC_IOC_CMD.

Why: an eMMC's erase and SANITIZE go through the kernel's own driver, which knows the erase groups
and the switch protocol. This module carries bytes and judges nothing.

Source: Linux include/uapi/linux/mmc/ioctl.h (`struct mmc_ioc_cmd`, 72 bytes) and linux/fs.h.
"""

from __future__ import annotations

import ctypes
import fcntl
import struct
import time

from recond.firmware import MmcAnswer, MmcRequest
from recond.host.transport import Tick, waiting

BLKDISCARD, BLKSECDISCARD = 0x1277, 0x127D
MMC_IOC_CMD = 0xC048B300  # _IOWR(MMC_BLOCK_MAJOR 179, 0, struct mmc_ioc_cmd)
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
            fcntl.ioctl(self._descriptor, request.ioctl, argument, True)
        except OSError as error:
            return MmcAnswer(errno=error.errno or 5, duration_ms=_ms_since(began))
        response = 0
        if request.ioctl == MMC_IOC_CMD:
            response = int(struct.unpack_from("<I", argument, RESPONSE_AT)[0])
        return MmcAnswer(response, data.raw[: request.read_bytes], None, _ms_since(began))


def _ms_since(began: float) -> int:
    return int((time.monotonic() - began) * 1000)
