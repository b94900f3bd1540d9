"""A camera's pictures, by the kernel's own interface (V4L2), for nobody to look at.

Why no tool: no picture of whoever stands there may be written to a file, and the streaming calls
are few. The format stays as the driver has it. Source: linux/videodev2.h; its structures have these
sizes where a pointer has 64 bits.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import mmap
import os
import select
import struct
import time
from collections.abc import Iterator

from recond.frozen import dataclass

QUERYCAP, G_FMT = 0x80685600, 0xC0D05604
REQBUFS, QUERYBUF, QBUF, DQBUF = 0xC0145608, 0xC0585609, 0xC058560F, 0xC0585611
STREAMON, STREAMOFF = 0x40045612, 0x40045613
CAPTURE, STREAMING = 0x00000001, 0x04000000
TYPE, MMAP, BROKEN = 1, 1, 0x40  # V4L2_BUF_TYPE_VIDEO_CAPTURE, V4L2_MEMORY_MMAP, _FLAG_ERROR
BUFFERS, WANTED = 3, 8
MOST_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Pictures:
    """How many pictures came, whether any differs from the one before, and their size in dots."""

    width: int
    height: int
    count: int
    changes: bool


def take_pictures(node: str, within_s: float) -> Pictures:
    """Up to `WANTED` pictures in so many seconds; they are compared and forgotten. Raises `OSError`
    (ENOTTY for a node that is no camera, ENOSYS where a pointer has 32 bits).
    """
    if struct.calcsize("@P") != 8:
        raise OSError(errno.ENOSYS, "no such camera")
    camera = os.open(node, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        _refuse_other(camera)
        width, height = struct.unpack_from("@II", _ask(camera, G_FMT, 208, TYPE), 8)
        with _buffers(camera) as buffers:
            return _compare(camera, buffers, (width, height), time.monotonic() + within_s)
    finally:
        os.close(camera)


def _ask(camera: int, request: int, size: int, *words: int) -> bytearray:
    told = bytearray(size)
    struct.pack_into(f"@{len(words)}I", told, 0, *words)
    fcntl.ioctl(camera, request, told)
    return told


def _refuse_other(camera: int) -> None:
    (can,) = struct.unpack_from("@I", _ask(camera, QUERYCAP, 104), 88)  # device_caps
    if not can & CAPTURE or not can & STREAMING:
        raise OSError(errno.ENOTTY, "no such camera")


def _buffer(index: int) -> bytearray:
    made = bytearray(88)
    struct.pack_into("@II", made, 0, index, TYPE)
    struct.pack_into("@I", made, 60, MMAP)
    return made


@contextlib.contextmanager
def _buffers(camera: int) -> Iterator[list[mmap.mmap]]:
    """The driver's buffers in our memory, given to it to fill; the stream is on meanwhile."""
    (count,) = struct.unpack_from("@I", _ask(camera, REQBUFS, 20, BUFFERS, TYPE, MMAP))
    with contextlib.ExitStack() as kept:
        found: list[mmap.mmap] = []
        for index in range(min(count, BUFFERS)):
            one = _buffer(index)
            fcntl.ioctl(camera, QUERYBUF, one)
            (at,), (size,) = struct.unpack_from("@I", one, 64), struct.unpack_from("@I", one, 72)
            if not 0 < size <= MOST_BYTES:
                raise OSError(errno.EINVAL, "no such camera")
            found.append(kept.enter_context(mmap.mmap(camera, size, offset=at)))
            fcntl.ioctl(camera, QBUF, _buffer(index))
        fcntl.ioctl(camera, STREAMON, struct.pack("@i", TYPE))
        try:
            yield found
        finally:
            with contextlib.suppress(OSError):
                fcntl.ioctl(camera, STREAMOFF, struct.pack("@i", TYPE))


def _compare(
    camera: int, buffers: list[mmap.mmap], size: tuple[int, int], until_s: float
) -> Pictures:
    count, changes, before = 0, False, b""
    while count < WANTED and (left_s := until_s - time.monotonic()) > 0:
        if not select.select([camera], [], [], left_s)[0]:
            break
        one = _buffer(0)
        try:
            fcntl.ioctl(camera, DQBUF, one)
        except BlockingIOError:
            continue
        index, used, flags = (struct.unpack_from("@I", one, place)[0] for place in (0, 8, 12))
        picture = bytes(buffers[index][:used])
        fcntl.ioctl(camera, QBUF, _buffer(index))
        if flags & BROKEN or not picture:
            continue
        changes = changes or (count > 0 and picture != before)
        before, count = picture, count + 1
    return Pictures(*size, count, changes)
