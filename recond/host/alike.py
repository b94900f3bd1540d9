"""Whether two block devices hold the same: what is left where no name, number or inode tells.

Why: two paths may lead to one medium without saying so: a dual-ported drive that gives no number,
loop devices over one file that two file systems show as two. Erased by the one, mounted by the
other, it would lose a file system in use. Nothing is written to find out: some places are read by
each path, past the page cache, of which each has its own. Places that hold one short pattern all
over tell nothing; two blank disks are two.
"""

from __future__ import annotations

import contextlib
import os

from recond.host.block import aligned_buffer, repeats
from recond.host.diskid import read_size, read_strings
from recond.host.files import Files
from recond.host.identity.names import DiskStrings
from recond.host.identity.nodisk import is_no_disk
from recond.host.usage import read_uses
from recond.model import Use

PLACES, PLACE_BYTES = 32, 4096
IN_USE = frozenset({"mount", "swap", "system", "holder"})
SAME = "same"
"""The kind of use that is another device's, which reads as this one does."""


def read_alike(paths: list[str], size_bytes: int) -> bool:
    """Whether some places read the same by every path.

    A place that one path cannot read tells nothing: a standby path refuses to.
    """
    found = [set[bytes]() for _ in range(PLACES)]
    for path in paths:
        for seen, content in zip(found, _contents(path, size_bytes), strict=True):
            seen |= {content} - {b""}
    return all(len(contents) <= 1 for contents in found)


def alike_uses(files: Files, descriptor: int, names: tuple[str, ...]) -> set[Use]:
    """Disks in use that read as the one behind the descriptor does, and that nothing tells from it.

    `names` are its own. Costs a look at sysfs, and a reading of each disk in use of its size.
    """
    size, own = read_size(files, names[0]), read_strings(files, names[0])
    found = set[Use]()
    for other in files.list("/sys/block"):
        if other in names or is_no_disk(other) or not size or read_size(files, other) != size:
            continue
        if not _may_be(own, read_strings(files, other)):
            continue
        uses = [use for use in read_uses(files, other) if use.kind in IN_USE]
        if uses and _same(f"/proc/self/fd/{descriptor}", f"/dev/{other}", size):
            found |= {Use(SAME, other, use.where) for use in uses}
    return found


def _may_be(one: DiskStrings, other: DiskStrings) -> bool:
    """Whether nothing that both tell differs; a loop device's serial is its file's name."""
    if (one.bus == "loop") != (other.bus == "loop"):
        return False
    if one.bus == "loop":
        return True
    pairs = (
        (one.wwn, other.wwn),
        (one.serial, other.serial),
        (one.namespace, other.namespace),
        (one.model, other.model),
    )
    return all(a == b for a, b in pairs if a is not None and b is not None)


def _same(one: str, other: str, size_bytes: int) -> bool:
    """Whether every place that both read is the same, and one of them at least is no pattern."""
    pairs = zip(_contents(one, size_bytes), _contents(other, size_bytes), strict=True)
    both = [pair for pair in pairs if all(pair)]
    return all(a == b for a, b in both) and any(_tells(content) for content, _ in both)


def _tells(content: bytes) -> bool:
    """Whether it is more than a pattern of up to four bytes, such as a pass may leave."""
    return not any(repeats(memoryview(bytearray(content)), content[:n]) for n in (1, 2, 3, 4))


def _contents(path: str, size_bytes: int) -> list[bytes]:
    """What stands at the places; empty where it could not be read."""
    places = [size_bytes * n // PLACES // PLACE_BYTES * PLACE_BYTES for n in range(PLACES)]
    found = [b""] * PLACES
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECT | os.O_CLOEXEC)
        buffer = aligned_buffer(PLACE_BYTES)
        try:
            for number, place in enumerate(places):
                with contextlib.suppress(OSError):
                    found[number] = bytes(buffer[: os.preadv(descriptor, [buffer], place)])
        finally:
            os.close(descriptor)
    return found
