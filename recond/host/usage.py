"""What holds a disk: mounts, swap, holders, the running system, at any depth.

Why: this is the first of the two locks that keep a disk in use from being erased; the second is the
kernel's own, the exclusive opening (`O_EXCL`) of `recond.host.realdisk`. It reads only, and when it
cannot read a table it says so as a use (`unreadable`): a disk of which nothing is known is in use.

Sources: proc(5) mountinfo and swaps; sysfs-block `holders`, `slaves`; sysfs-fs-btrfs `devices`.
"""

from __future__ import annotations

import re

from recond.frozen import dataclass
from recond.host.files import Files
from recond.host.stick import medium_uses
from recond.model import Unknown, Use, Why

SWAPS = "/proc/swaps"
LIVE_PLACES = re.compile(
    r"/(run/live/(medium|findiso|fromiso|persistence)|lib/live/mount|cdrom|isodevice|run/initramfs/(live|isoscan)"
    r"|run/archiso|run/miso|run/rootfsbase)(/|$)"
)
"""Where live systems mount the medium that they came from."""


def public_place(place: str) -> str:
    """A mount point without what comes after /home, /media or /run/media: that names people."""
    kept = re.match(r"/(home|media|run/media|run/user|Users)(?=/.)", place)
    return f"{kept[0]}/…" if kept else place


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of mountinfo: device number "8:1", mount point, file system, source."""

    number: str
    point: str
    kind: str
    source: str
    options: str


def parse_mountinfo(text: str) -> tuple[Mount, ...]:
    """The mounts of /proc/PID/mountinfo; lines that do not fit are passed over (proc(5) 3.5)."""
    found = []
    for line in text.splitlines():
        left, _, right = line.partition(" - ")
        head, tail = left.split(), right.split()
        if len(head) >= 5 and len(tail) >= 2:
            options = tail[2] if len(tail) > 2 else ""
            found.append(Mount(head[2], _unescape(head[4]), tail[0], _unescape(tail[1]), options))
    return tuple(found)


def _unescape(text: str) -> str:
    for code, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, char)
    return text


def read_uses(files: Files, name: str) -> tuple[Use, ...]:
    """Everything that holds the whole disk `name` or a part of it, without doubles, sorted."""
    nodes = nodes_of(files, name)
    uses = {Use("holder", n, n2) for n in nodes for n2 in _holders(files, n)}
    mounted = _mounted(files, nodes)
    uses |= mounted | _swapped(files, nodes) | _looped(files, nodes) | _btrfs(files, nodes)
    own = any(use.kind == "medium" for use in mounted)
    uses |= {use for use in medium_uses(files, name, nodes) if not (own and use.kind == "label")}
    uses -= _of_the_start(files, uses)
    return tuple(sorted(uses, key=lambda use: (use.kind, use.node, use.where)))


def _of_the_start(files: Files, uses: set[Use]) -> set[Use]:
    """What holds a live system's medium and is how the system came from it: Ventoy maps its ISO
    file as a disk and leaves the mapping. One that anything else is used by is not of the start.
    """
    if not any(use.kind == "medium" for use in uses):
        return set()
    others = {use.node for use in uses if use.kind not in ("medium", "holder")}
    holders = (use for use in uses if use.kind == "holder" and use.where.startswith("dm-"))
    return {use for use in holders if others.isdisjoint(nodes_of(files, use.where))}


def live_disks(files: Files) -> frozenset[str]:
    """The disks that a live system's medium is mounted from; none once it runs from memory."""
    return frozenset(
        name
        for name in files.list("/sys/block")
        if any(use.kind == "medium" for use in _mounted(files, nodes_of(files, name)))
    )


def nodes_of(files: Files, name: str) -> tuple[str, ...]:
    """The disk, its partitions, and all that is built on them (dm, md, bcache, loop), in order."""
    seen: list[str] = []
    todo = [name]
    while todo:
        node = todo.pop(0)
        if node in seen:
            continue
        seen.append(node)
        folder = folder_of(files, node)
        todo += [c for c in files.list(folder) if files.exists(f"{folder}/{c}/partition")]
        todo += _holders(files, node)
        todo += [loop for loop, backing in _loops(files) if backing == f"/dev/{node}"]
        multipath = files.resolve(folder) or ""
        if "/nvme-subsystem/" in multipath and node == name:
            paths = files.list(f"{folder}/multipath")
            todo += [c for c in paths if files.exists(f"/sys/block/{c}")]
    return tuple(seen)


def folder_of(files: Files, node: str) -> str:
    """Where /sys keeps a block device; a recording may hold only the disks' own folders."""
    flat = f"/sys/class/block/{node}"
    if files.exists(flat):
        return flat
    if files.exists(f"/sys/block/{node}"):
        return f"/sys/block/{node}"
    above = next((d for d in files.list("/sys/block") if node.startswith(d)), None)
    return f"/sys/block/{above}/{node}" if above else flat


def _holders(files: Files, node: str) -> tuple[str, ...]:
    return files.list(f"{folder_of(files, node)}/holders")


def _loops(files: Files) -> tuple[tuple[str, str], ...]:
    found = []
    for name in files.list("/sys/block"):
        if name.startswith("loop"):
            backing = files.read_text(f"/sys/block/{name}/loop/backing_file")
            if isinstance(backing, str) and backing:
                found.append((name, backing))
    return tuple(found)


def _looped(files: Files, nodes: tuple[str, ...]) -> set[Use]:
    return {
        Use("holder", backing[5:], loop)
        for loop, backing in _loops(files)
        if backing.startswith("/dev/") and backing[5:] in nodes
    }


def read_mounts(files: Files) -> tuple[Mount, ...] | None:
    """The mounts of this process and of process 1; None where neither can be read."""
    texts = [files.read_text(f"/proc/{pid}/mountinfo") for pid in ("self", "1")]
    found = [parse_mountinfo(text) for text in texts if isinstance(text, str)]
    return tuple(dict.fromkeys(mount for part in found for mount in part)) if found else None


def _mounted(files: Files, nodes: tuple[str, ...]) -> set[Use]:
    mounts = read_mounts(files)
    if mounts is None:
        return {Use("unreadable", nodes[0], "/proc/self/mountinfo")}
    numbers = {
        number: node
        for node in nodes
        if isinstance(number := files.read_text(f"{folder_of(files, node)}/dev"), str)
    }
    uses = set()
    strange = [] if nodes[0] in numbers.values() else [f"/sys/class/block/{nodes[0]}/dev"]
    for mount in mounts:
        node = numbers.get(mount.number) or _source_node(files, mount.source, nodes)
        if node is not None:
            kind = "system" if mount.point in ("/", "/boot", "/boot/efi", "/usr") else "mount"
            if LIVE_PLACES.match(mount.point):
                kind = "medium"
            uses.add(Use(kind, node, public_place(mount.point)))
        elif not files.whole() and not _is_elsewhere(files, mount):
            strange.append(f"/proc/self/mountinfo: {mount.number}")
    if not uses and not files.whole():
        # a recording that lacks part of /sys cannot show that a mount is another disk's
        return {Use("unreadable", nodes[0], where) for where in strange[:1]}
    return uses


def _is_elsewhere(files: Files, mount: Mount) -> bool:
    """Whether a mount is seen to be of another device, or of none."""
    if mount.number.startswith("0:") and not mount.source.startswith("/dev/"):
        return True  # no block device behind it
    known = [*files.list("/sys/class/block"), *files.list("/sys/block")]
    return any(files.read_text(f"{folder_of(files, n)}/dev") == mount.number for n in known)


def _source_node(files: Files, source: str, nodes: tuple[str, ...]) -> str | None:
    """A mount whose number is anonymous (btrfs, overlay) still names its device."""
    if not source.startswith("/dev/"):
        return None
    real = files.resolve(source) or source
    node = real.rsplit("/", 1)[1]
    return node if node in nodes else None


def _swapped(files: Files, nodes: tuple[str, ...]) -> set[Use]:
    swaps = _read_swaps(files)
    if swaps is None:
        return {Use("unreadable", nodes[0], SWAPS)}
    uses = set()
    for place in swaps:
        real = files.resolve(place) or place
        if real.rsplit("/", 1)[-1] in nodes:
            uses.add(Use("swap", real.rsplit("/", 1)[-1], public_place(place)))
    return uses


def _read_swaps(files: Files) -> tuple[str, ...] | None:
    """What the kernel swaps to, by path; none where it has no swap at all (no such file: proc(5)).

    None where the table cannot be read: that is not "no swap".
    """
    text = files.read_text(SWAPS)
    if isinstance(text, Unknown):
        return () if text.why is Why.ABSENT and files.looked(SWAPS) else None
    words = [line.split() for line in text.splitlines()[1:]]
    return tuple(_unescape(one[0]) for one in words if one and one[0].startswith("/"))


def _btrfs(files: Files, nodes: tuple[str, ...]) -> set[Use]:
    """Every member of a mounted btrfs file system, not only the one that was named."""
    return {
        Use("mount", device, f"btrfs {uuid}")
        for uuid in files.list("/sys/fs/btrfs")
        for device in files.list(f"/sys/fs/btrfs/{uuid}/devices")
        if device in nodes
    }


def file_uses(files: Files, path: str) -> tuple[Use, ...]:
    """What holds a disk image: loop devices over it, active swap in it."""
    uses = [Use("holder", loop, loop) for loop, backing in _loops(files) if backing == path]
    swaps = _read_swaps(files)
    if swaps is None:
        return (*uses, Use("unreadable", path, SWAPS))
    return (*uses, *(Use("swap", path, path) for place in swaps if place == path))
