"""NVMe admin commands by the kernel's ioctl on the namespace's own block device.

Why: the ioctl on the namespace reaches the controller that really holds it: the names must not be
compared (nvme0n1 may hang under nvme1). This module carries bytes and judges nothing.

Source: Linux include/uapi/linux/nvme_ioctl.h (`struct nvme_passthru_cmd`, 72 bytes).
"""

from __future__ import annotations

import ctypes
import fcntl
import struct
import time

from recond.drive.types import NvmeAnswer, NvmeRequest
from recond.host.transport import Tick, waiting

NVME_IOCTL_ID = 0x4E40
NVME_IOCTL_ADMIN_CMD = 0xC0484E41  # _IOWR('N', 0x41, struct nvme_passthru_cmd)
ENTRY_BYTES = 64
ADDRESS_AT, LENGTH_AT = 24, 36
MAX_TIMEOUT_MS = 0xFFFF_FFFF


class NvmePassthruCmd(ctypes.Structure):
    """`struct nvme_passthru_cmd`: the first 64 bytes are laid out as a submission queue entry."""

    _fields_ = (
        ("opcode", ctypes.c_uint8),
        ("flags", ctypes.c_uint8),
        ("rsvd1", ctypes.c_uint16),
        ("nsid", ctypes.c_uint32),
        ("cdw2", ctypes.c_uint32),
        ("cdw3", ctypes.c_uint32),
        ("metadata", ctypes.c_uint64),
        ("addr", ctypes.c_uint64),
        ("metadata_len", ctypes.c_uint32),
        ("data_len", ctypes.c_uint32),
        ("cdw10", ctypes.c_uint32),
        ("cdw11", ctypes.c_uint32),
        ("cdw12", ctypes.c_uint32),
        ("cdw13", ctypes.c_uint32),
        ("cdw14", ctypes.c_uint32),
        ("cdw15", ctypes.c_uint32),
        ("timeout_ms", ctypes.c_uint32),
        ("result", ctypes.c_uint32),
    )


def pack_passthru(request: NvmeRequest, address: int) -> bytearray:
    """The ioctl's 72 bytes: the request's entry with the buffer's address and the time limit."""
    timeout_ms = min(request.timeout_s * 1000, MAX_TIMEOUT_MS)
    packed = bytearray(request.command + struct.pack("<II", timeout_ms, 0))
    struct.pack_into("<Q", packed, ADDRESS_AT, address)
    struct.pack_into("<I", packed, LENGTH_AT, request.read_bytes)
    return packed


class NvmeIoctl:
    """The real form of `NvmeTransport`, on an open descriptor of the namespace."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def namespace(self) -> int:
        """The namespace's id, from the descriptor. Raises `OSError`."""
        return fcntl.ioctl(self._descriptor, NVME_IOCTL_ID)

    def execute(self, request: NvmeRequest, tick: Tick | None = None) -> NvmeAnswer:
        """Issue the command; the ioctl's own failure is an answer with its errno."""
        return waiting(lambda: self._issue(request), tick)

    def _issue(self, request: NvmeRequest) -> NvmeAnswer:
        data = ctypes.create_string_buffer(max(1, request.read_bytes))
        address = ctypes.addressof(data) if request.read_bytes else 0
        packed = pack_passthru(request, address)
        command = NvmePassthruCmd.from_buffer(packed)
        began = time.monotonic()
        try:
            status = fcntl.ioctl(self._descriptor, NVME_IOCTL_ADMIN_CMD, command)
        except OSError as error:
            return NvmeAnswer(status=0, errno=error.errno or 5, duration_ms=_ms_since(began))
        return NvmeAnswer(
            status=status,
            result=command.result,
            data=data.raw[: request.read_bytes],
            duration_ms=_ms_since(began),
        )


def _ms_since(began: float) -> int:
    return int((time.monotonic() - began) * 1000)
