"""The stick's partition: found by its label, mounted while it is read or written and no longer.

Why: a volunteer pulls the stick when the screen says so, or before. It is therefore mounted for
each batch of files, synced and unmounted at once; between two batches there is nothing to lose.
A label is a word that any card may carry, a donor's too: which partition is this start's own is
told by where the system came from (`booted_disks`), or by a serial that a person typed.
Knows nothing of what is copied.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from recond.host.files import Files
from recond.host.process import Processes
from recond.host.stick import LABEL, MARKER, is_known, is_portable, read_label
from recond.host.usage import live_disks

MOUNT = Path("/run/recond/stick")
# vfat has no owners or modes: root alone, and chmod is not an error (mount(8), vfat, quiet)
OPTIONS = "umask=0077,quiet,noatime,nodev,noexec,nosuid,utf8"


CAME_FROM = "/run/recond/came-from"
"""The number of the plugging-in that this start came from, or whose serial a person typed
(packaging/image/initramfs/came-from); a line each, where it came from several disks at once."""


@dataclass(frozen=True, slots=True)
class Partition:
    """A partition labelled RECOND, on the disk `disk`. `plugged` changes each time that its disk is
    plugged in; `own`: it may give orders and hold keys.
    """

    path: str
    plugged: str
    disk: str = ""
    own: bool = False


def booted_disks(files: Files) -> frozenset[str]:
    """The disk that this start came from: by what the initial memory disk wrote down, else by what
    is mounted still. Empty where neither tells: a start over the network, a stick pulled since.
    Of an ISO file it is the disk that the file lies on; several, where that is made of several.
    """
    told = files.read_text(CAME_FROM)
    numbers = told.split() if isinstance(told, str) else []
    if not numbers or not all(map(str.isdecimal, numbers)):
        return live_disks(files)
    disks = files.list("/sys/block")
    return frozenset(name for name in disks if plugging(files, name) in numbers)


def plugging(files: Files, disk: str) -> str:
    """The number that the kernel gave this plugging-in of a disk, given out once (sysfs-block,
    `diskseq`); empty where it tells none.
    """
    sequence = files.read_text(f"/sys/block/{disk}/diskseq")
    return sequence if isinstance(sequence, str) and sequence.isdecimal() else ""


def find_partitions(files: Files) -> tuple[Partition, ...]:
    """Every partition labelled RECOND: this start's own first, then those plugged in last.

    Only a stick's, or of the disk that the system came from: a donor's inner disk of that label
    is no place for results. Own is where this start came from; where that is away, what bears its
    serial. Two that bear it (one of them copied) are none.
    """
    booted = booted_disks(files)
    labelled = {
        disk: nodes
        for disk in files.list("/sys/block")
        if (disk in booted or is_portable(files, disk)) and (nodes := _labelled(files, disk))
    }
    own = set(labelled) & booted or {disk for disk in labelled if is_known(files, disk)}
    found = [
        Partition(f"/dev/{node}", f"{node}#{plugging(files, disk)}", disk, own == {disk})
        for disk, nodes in labelled.items()
        for node in nodes
    ]
    found.sort(key=lambda one: (one.own, int(plugging(files, one.disk) or "0")), reverse=True)
    return tuple(found)


def _labelled(files: Files, disk: str) -> tuple[str, ...]:
    nodes = (disk, *(n for n in files.list(f"/sys/block/{disk}") if n.startswith(disk)))
    return tuple(node for node in nodes if read_label(files, node) == LABEL)


class Media:
    """`find_partitions` for whoever asks every other second: gone through anew where something may
    have changed, and now and then all the same.
    """

    AGAIN_S = 15.0

    def __init__(self, files: Files) -> None:
        self._files = files
        self._stamp: tuple[object, ...] | None = None
        self._found: tuple[Partition, ...] = ()
        self._looked_s = 0.0

    def partitions(self, now_s: float) -> tuple[Partition, ...]:
        """As `find_partitions` has it at `now_s`, of a clock that only goes forward, in seconds."""
        stamp = self._changes()  # before the look: what comes meanwhile is seen by the next one
        if stamp is None or stamp != self._stamp or now_s >= self._looked_s + self.AGAIN_S:
            self._found = find_partitions(self._files)
            self._stamp, self._looked_s = stamp, now_s
        return self._found

    def _changes(self) -> tuple[object, ...] | None:
        """What differs once a medium came, went, was formatted or was named by a person: the number
        of the kernel's last device event (sysfs-kernel-uevents), udev's database, our own notes,
        and what is mounted. None where the kernel numbers no events.
        """
        event = self._files.read_text("/sys/kernel/uevent_seqnum")
        if not isinstance(event, str):
            return None
        mounts = self._files.read_text("/proc/self/mountinfo")
        return (event, mounts, *map(self._written, ("/run/udev/data", CAME_FROM, MARKER)))

    def _written(self, path: str) -> int:
        """When a file or folder was changed last, in nanoseconds; 0 where it is not there."""
        try:
            return self._files.at(path).stat().st_mtime_ns
        except OSError:
            return 0


@contextmanager
def mounted(
    processes: Processes, files: Files, partition: Partition, *, write: bool, place: Path = MOUNT
) -> Iterator[Path]:
    """Mount for the time of a batch. Raises `OSError` with the mount program's own words, and
    `ENODEV` where another disk has come into the place of the one that was found: it would give
    orders, or be given the keys. What is mounted keeps its name, so the look after is enough.
    """
    place.mkdir(parents=True, exist_ok=True)
    mode = "rw" if write else "ro"
    done = processes.run(
        ("mount", "-t", "vfat", "-o", f"{mode},{OPTIONS}", partition.path, str(place)),
        timeout_s=60.0,
    )
    if done.returncode != 0:
        raise OSError(done.stderr.decode("utf-8", "replace").strip() or f"mount {done.returncode}")
    try:
        if plugging(files, partition.disk) != partition.plugged.rpartition("#")[2]:
            raise OSError(errno.ENODEV, partition.path)
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
