"""SG_IO: SCSI commands, and ATA commands inside them, to a drive by the kernel's ioctl.

Why: `hdparm` exits 0 on a drive that refused and `sg_sanitize` polls for ever; the answer's own
bytes are the evidence. This module carries bytes and judges nothing.

Source: Linux include/scsi/sg.h (`struct sg_io_hdr`, interface "S"), used as on a 64-bit kernel by a
64-bit process (88 bytes) or a 32-bit one (64 bytes): the layout is the C compiler's, by ctypes.
"""

from __future__ import annotations

import ctypes
import fcntl
import time

from recond.drive.types import CdbAnswer, CdbRequest
from recond.host.transport import Tick, waiting

SG_IO = 0x2285
DXFER_NONE, DXFER_TO_DEV, DXFER_FROM_DEV = -1, -2, -3
SENSE_BYTES = 64
MAX_TIMEOUT_MS = 0xFFFF_FFFF


class SgIoHdr(ctypes.Structure):
    """`struct sg_io_hdr`."""

    _fields_ = (
        ("interface_id", ctypes.c_int),
        ("dxfer_direction", ctypes.c_int),
        ("cmd_len", ctypes.c_ubyte),
        ("mx_sb_len", ctypes.c_ubyte),
        ("iovec_count", ctypes.c_ushort),
        ("dxfer_len", ctypes.c_uint),
        ("dxferp", ctypes.c_void_p),
        ("cmdp", ctypes.c_void_p),
        ("sbp", ctypes.c_void_p),
        ("timeout", ctypes.c_uint),
        ("flags", ctypes.c_uint),
        ("pack_id", ctypes.c_int),
        ("usr_ptr", ctypes.c_void_p),
        ("status", ctypes.c_ubyte),
        ("masked_status", ctypes.c_ubyte),
        ("msg_status", ctypes.c_ubyte),
        ("sb_len_wr", ctypes.c_ubyte),
        ("host_status", ctypes.c_ushort),
        ("driver_status", ctypes.c_ushort),
        ("resid", ctypes.c_int),
        ("duration", ctypes.c_uint),
        ("info", ctypes.c_uint),
    )


class SgioTransport:
    """The real form of `AtaTransport` and `ScsiTransport`, on an open descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def execute(self, request: CdbRequest, tick: Tick | None = None) -> CdbAnswer:
        """Issue the command; the ioctl's own failure is an answer with its errno."""
        return waiting(lambda: self._issue(request), tick)

    def _issue(self, request: CdbRequest) -> CdbAnswer:
        cdb = ctypes.create_string_buffer(request.cdb, len(request.cdb))
        sense = ctypes.create_string_buffer(SENSE_BYTES)
        length = len(request.data_out) or request.read_bytes
        data = ctypes.create_string_buffer(max(1, length))
        direction = DXFER_NONE
        if request.data_out:
            ctypes.memmove(data, request.data_out, length)
            direction = DXFER_TO_DEV
        elif request.read_bytes:
            direction = DXFER_FROM_DEV
        header = SgIoHdr(
            interface_id=ord("S"),
            dxfer_direction=direction,
            cmd_len=len(request.cdb),
            mx_sb_len=SENSE_BYTES,
            dxfer_len=length,
            dxferp=ctypes.addressof(data) if length else None,
            cmdp=ctypes.addressof(cdb),
            sbp=ctypes.addressof(sense),
            timeout=min(request.timeout_s * 1000, MAX_TIMEOUT_MS),
        )
        began = time.monotonic()
        try:
            fcntl.ioctl(self._descriptor, SG_IO, header)
        except OSError as error:
            return CdbAnswer(status=0, errno=error.errno or 5, duration_ms=_ms_since(began))
        moved = max(0, length - max(0, header.resid))
        return CdbAnswer(
            status=header.status,
            host=header.host_status,
            driver=header.driver_status,
            sense=sense.raw[: header.sb_len_wr],
            data=data.raw[:moved] if request.read_bytes else b"",
            duration_ms=_ms_since(began),
        )


def _ms_since(began: float) -> int:
    return int((time.monotonic() - began) * 1000)
