"""The stick's partition: found by its label, mounted while it is read or written and no longer.

Why: a volunteer pulls the stick when the screen says so, or before. It is therefore mounted for
each batch of files, synced and unmounted at once; between two batches there is nothing to lose.
Knows nothing of what is copied.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from recond.host.files import Files
from recond.host.process import Processes
from recond.host.stick import LABEL, is_portable, read_label
from recond.host.usage import live_disks

MOUNT = Path("/run/recond/stick")
# vfat has no owners or modes: root alone, and chmod is not an error (mount(8), vfat, quiet)
OPTIONS = "umask=0077,quiet,noatime,nodev,noexec,nosuid,utf8"


@dataclass(frozen=True, slots=True)
class Partition:
    """A partition labelled RECOND. `plugged` changes each time that its disk is plugged in."""

    path: str
    plugged: str


def find_partition(files: Files) -> Partition | None:
    """The partition labelled RECOND that was plugged in last; None where there is none.

    Only a stick's, or of the disk that the system came from: a donor's inner disk of that label
    would bring its own settings, which may say that all is erased, and take the workshop's keys.
    """
    found: list[tuple[int, Partition]] = []
    own = live_disks(files)
    for disk in files.list("/sys/block"):
        if disk not in own and not is_portable(files, disk):
            continue
        sequence = files.read_text(f"/sys/block/{disk}/diskseq")
        number = int(sequence) if isinstance(sequence, str) and sequence.isdigit() else 0
        nodes = (disk, *(n for n in files.list(f"/sys/block/{disk}") if n.startswith(disk)))
        found += [
            (number, Partition(f"/dev/{node}", f"{node}#{number}"))
            for node in nodes
            if read_label(files, node) == LABEL
        ]
    return max(found, key=lambda entry: entry[0])[1] if found else None


@contextmanager
def mounted(
    processes: Processes, partition: Partition, *, write: bool, place: Path = MOUNT
) -> Iterator[Path]:
    """Mount for the time of a batch. Raises `OSError` with the mount program's own words."""
    place.mkdir(parents=True, exist_ok=True)
    mode = "rw" if write else "ro"
    done = processes.run(
        ("mount", "-t", "vfat", "-o", f"{mode},{OPTIONS}", partition.path, str(place)),
        timeout_s=60.0,
    )
    if done.returncode != 0:
        raise OSError(done.stderr.decode("utf-8", "replace").strip() or f"mount {done.returncode}")
    try:
        yield place
        if write:
            _sync(place)
    finally:
        # a pulled stick leaves a mount that nothing can be written to: it goes when it can
        if processes.run(("umount", str(place)), timeout_s=120.0).returncode != 0:
            processes.run(("umount", "--lazy", str(place)), timeout_s=30.0)


def _sync(place: Path) -> None:
    descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
