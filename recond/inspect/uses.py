"""What holds a disk or a part of it, at any depth: the reasons that it is not erased.

Why: a disk may be in use without any mount point of its own: below LVM on LUKS on RAID, as swap,
as ZFS or bcache member, as the stick that the live system came from. Sources, each of which sees
what another misses: the mount table, /proc/swaps, the kernel's holders (lsblk's tree and
/sys/block/*/holders), the file systems' own folders in /sys/fs (mounts of other namespaces), loop
devices' backing files, imported ZFS pools, and the kernel's exclusive claim. When in doubt a disk is
in use. Never unmounts, stops or changes anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from recond.host import Host
from recond.host.claims import read_claim
from recond.host.files import Files
from recond.inspect.lsblk import BlockNode
from recond.model import Unknown, Use

CLAIMS_FILE = "/recond/claims.json"  # in a capture: what `read_claim` said, by device name
_LIVE_FSTYPES = ("squashfs", "iso9660", "erofs", "cramfs", "udf")
_SYSTEM_PLACES = ("/", "/usr")
_DEPTH = 16


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of /proc/self/mountinfo (proc(5))."""

    device: str  # "8:1"; "0:23" where the file system has no block device of its own
    root: str
    place: str
    fstype: str
    source: str
    options: str  # of the superblock


@dataclass(frozen=True, slots=True)
class Uses:
    """Who holds what, and by which path the running system leads to disks."""

    by_node: dict[str, tuple[Use, ...]]
    system_traced: bool  # whether the root file system could be followed to a block device

    def of(self, node: BlockNode) -> tuple[Use, ...]:
        """All uses of a whole disk: its own, and those of every device below it."""
        found: dict[Use, None] = {}
        for below in node.walk():
            if below.kind != "part" and below is not node:
                found[Use("holder", below.name, below.kind)] = None
            for place in below.mountpoints:
                kind = "swap" if place == "[SWAP]" else "mount"
                found[Use(kind, below.name, "" if kind == "swap" else public_place(place))] = None
            for use in self.by_node.get(below.name, ()):
                found[use] = None
        return tuple(sorted(found, key=lambda u: (u.kind, u.node, u.where)))


def public_place(place: str) -> str:
    """A mount point without what comes after /home, /media or /run/media: that names people."""
    kept = re.match(r"/(home|media|run/media|run/user)(?=/.)", place)
    return f"{kept[0]}/…" if kept else place


def parse_mountinfo(text: str) -> tuple[Mount, ...]:
    """The mount table; lines that do not have its form are left out."""
    mounts = []
    for line in text.splitlines():
        before, dash, after = line.partition(" - ")
        left, right = before.split(), after.split(" ")
        if not dash or len(left) < 6 or len(right) < 3:
            continue
        mounts.append(Mount(left[2], _plain(left[3]), _plain(left[4]), right[0], _plain(right[1]),
                            _plain(right[2])))
    return tuple(mounts)


def _plain(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), text)


def read_uses(host: Host, nodes: Iterable[BlockNode]) -> Uses:
    """Every use that can be seen of any block device. `nodes` are the roots of lsblk's forest."""
    files = host.files
    everyone = {below.name: below for node in nodes for below in node.walk()}
    mounts = _read_mounts(files)
    found: dict[str, dict[Use, None]] = {}

    def note(name: str, kind: str, where: str) -> None:
        found.setdefault(name, {})[Use(kind, name, where)] = None

    for mount in mounts:
        for name in _mount_devices(files, mount):
            note(name, "mount", public_place(mount.place))
    for name in _swap_devices(files):
        note(name, "swap", "")
    for name, where in (*_holders(files), *_zfs_members(files, everyone)):
        note(name, "holder", where)
    for name in _foreign_mounts(files):
        if name not in found:
            note(name, "mount", "")
    for name in everyone:
        backing = _backing_file(files, name)
        if backing.startswith("/dev/"):
            note(_device_name(files, backing), "holder", name)
    system = _system_devices(files, mounts)
    for name in system:
        note(name, "system", "/")
    _note_claims(host, everyone, found)
    return Uses({name: tuple(uses) for name, uses in found.items()}, bool(system))


def _read_mounts(files: Files) -> tuple[Mount, ...]:
    # process 1 sees the mounts of the host where recond runs in a container
    mounts: dict[Mount, None] = {}
    for path in ("/proc/self/mountinfo", "/proc/1/mountinfo"):
        raw = files.read(path)
        if not isinstance(raw, Unknown):
            mounts.update(dict.fromkeys(parse_mountinfo(raw.decode("utf-8", "surrogateescape"))))
    return tuple(mounts)


def _mount_devices(files: Files, mount: Mount) -> tuple[str, ...]:
    if not mount.device.startswith("0:"):
        name = _name_of_number(files, mount.device)
        if name:
            return (name,)
    # btrfs and some others show a device number of their own; the source names a member
    return (_device_name(files, mount.source),) if mount.source.startswith("/dev/") else ()


def _name_of_number(files: Files, number: str) -> str | None:
    real = files.resolve(f"/sys/dev/block/{number}")
    return real.rsplit("/", 1)[-1] if real else None


def _device_name(files: Files, path: str) -> str:
    """The kernel's name for /dev/mapper/x, /dev/disk/by-uuid/x, /dev/sda1."""
    real = files.resolve(path) or path
    return real.rsplit("/", 1)[-1]


def _swap_devices(files: Files) -> tuple[str, ...]:
    raw = files.read_text("/proc/swaps")
    lines = raw.splitlines()[1:] if isinstance(raw, str) else []
    paths = [_plain(line.split()[0]) for line in lines if line.split()]
    return tuple(_device_name(files, p) for p in paths if p.startswith("/dev/"))


def _holders(files: Files) -> list[tuple[str, str]]:
    found = []
    for disk in files.list("/sys/block"):
        folder = f"/sys/block/{disk}"
        parts = [p for p in files.list(folder) if files.exists(f"{folder}/{p}/partition")]
        for name, place in ((disk, folder), *((p, f"{folder}/{p}") for p in parts)):
            found += [(name, holder) for holder in files.list(f"{place}/holders")]
            if files.exists(f"{place}/bcache"):
                found.append((name, "bcache"))
    return found


def _foreign_mounts(files: Files) -> list[str]:
    """Mounted file systems by their own folders in /sys/fs, whatever namespace mounted them."""
    found: list[str] = []
    for fstype in ("ext4", "xfs", "f2fs"):
        known = [n for n in files.list(f"/sys/fs/{fstype}") if n not in ("features", "stats")]
        found += [name for name in known if files.exists(f"/sys/class/block/{name}")]
    for uuid in files.list("/sys/fs/btrfs"):
        found += files.list(f"/sys/fs/btrfs/{uuid}/devices")
    return found


def _zfs_members(files: Files, nodes: dict[str, BlockNode]) -> list[tuple[str, str]]:
    pools = set(files.list("/proc/spl/kstat/zfs"))
    return [(name, "zfs") for name, node in nodes.items()
            if node.fstype == "zfs_member" and node.label in pools]


def _backing_file(files: Files, name: str) -> str:
    if not name.startswith("loop"):
        return ""
    raw = files.read_text(f"/sys/block/{name}/loop/backing_file")
    return raw if isinstance(raw, str) else ""


def _system_devices(files: Files, mounts: tuple[Mount, ...]) -> frozenset[str]:
    """Every block device on the way from the running system's root down to its disk."""
    found: set[str] = set()
    waiting = [m for m in mounts if m.place in _SYSTEM_PLACES]
    for _ in range(_DEPTH):
        more: list[Mount] = []
        for mount in waiting:
            for name in _mount_devices(files, mount):
                found.add(name)
                backing = _backing_file(files, name)
                more += [_mount_of(mounts, backing)] if backing.startswith("/") else []
            for folder in _overlay_folders(mount):
                more.append(_mount_of(mounts, folder))
        waiting = [m for m in more if m not in waiting]
        if not waiting:
            break
    return frozenset(found)


def _overlay_folders(mount: Mount) -> list[str]:
    if mount.fstype not in ("overlay", "aufs", "unionfs"):
        return []
    lower = re.findall(r"(?:lowerdir|upperdir|workdir|br|dirs)=([^,]+)", mount.options)
    folders = [folder.partition("=")[0] for part in lower for folder in part.split(":")]
    return [f for f in folders if f.startswith("/")]


def _mount_of(mounts: tuple[Mount, ...], path: str) -> Mount:
    """The mount that holds a path: the longest place that is a beginning of it."""
    inside = [m for m in mounts
              if m.place == "/" or path == m.place or path.startswith(m.place + "/")]
    return max(inside, key=lambda m: len(m.place))


def _note_claims(host: Host, nodes: dict[str, BlockNode],
                 found: dict[str, dict[Use, None]]) -> None:
    recorded = _recorded_claims(host)
    for name, node in nodes.items():
        if node.kind not in ("disk", "loop") or not node.size_bytes or name.startswith("zram"):
            continue
        held = recorded.get(name) if host.origin != "live" else read_claim(f"/dev/{name}")
        if held is not True or any(found.get(below.name) for below in node.walk()):
            continue
        # nothing seen explains the claim; a live system's image on it does
        live = any(below.fstype in _LIVE_FSTYPES for below in node.walk())
        found.setdefault(name, {})[Use("medium" if live else "open", name, "")] = None


def _recorded_claims(host: Host) -> dict[str, bool]:
    raw = host.files.read(CLAIMS_FILE) if host.origin != "live" else b"{}"
    try:
        table = json.loads(raw) if isinstance(raw, bytes) else {}
    except ValueError:
        return {}
    return {k: v for k, v in table.items() if isinstance(v, bool)} if isinstance(table, dict) else {}
