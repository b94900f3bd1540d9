"""The kernel's block devices as `lsblk -J -b -O` tells them, or from /sys where it cannot.

Why: the tool's JSON becomes frozen values at once; nobody downstream sees a dict. lsblk joins sysfs
with udev's database, so its serial and model are whole where /sys cuts them to 16 characters. A
child may stand below several parents (RAID): the tree is kept as lsblk gives it.
"""

from __future__ import annotations

import re
from dataclasses import field

from recond.documents import read_json
from recond.frozen import dataclass
from recond.host import Host
from recond.host.files import Files
from recond.model import Unknown, Why

ARGV = ("lsblk", "-J", "-b", "-O")
COLUMNS = (
    "kname",
    "type",
    "size",
    "log-sec",
    "phy-sec",
    "rota",
    "rm",
    "ro",
    "vendor",
    "model",
    "rev",
    "serial",
    "wwn",
    "tran",
    "subsystems",
    "fstype",
)
"""The columns that are read; a capture keeps no other, for labels and mappings name people."""
_DEPTH = 32  # stacked deeper than this is no real machine


@dataclass(frozen=True, slots=True)
class BlockNode:
    """One block device. `None` where lsblk gives null. Sizes in bytes."""

    name: str
    kind: str  # disk, part, loop, rom, crypt, lvm, raid1, …
    size_bytes: int | None = None
    logical_block_bytes: int | None = None
    physical_block_bytes: int | None = None
    rotational: bool | None = None
    removable: bool | None = None
    read_only: bool | None = None
    vendor: str | None = None
    model: str | None = None
    revision: str | None = None
    serial: str | None = None
    wwn: str | None = None
    transport: str | None = None
    subsystems: str | None = None
    fstype: str | None = None
    part_type: str | None = None  # of a GPT, a GUID in small letters
    smart_type: str | None = None  # smartctl's device type, in a capture of its documents
    smart_path: str | None = None  # what smartctl opened, where several disks stand behind it
    source: str = "lsblk"
    children: tuple[BlockNode, ...] = field(default=())

    @property
    def path(self) -> str:
        """Where the device is: the kernel writes "!" in a name where /dev has a folder."""
        return "/dev/" + self.name.replace("!", "/")

    def walk(self) -> tuple[BlockNode, ...]:
        """This device and all below it, each time it appears."""
        found = [self]
        for child in self.children:
            found.extend(child.walk())
        return tuple(found)


def read_block_nodes(host: Host) -> tuple[BlockNode, ...] | Unknown:
    """Every block device: from lsblk, else from /sys alone (no file system types then)."""
    done = host.processes.run(ARGV, timeout_s=20.0)
    if done.returncode == 0 or (done.stdout and not done.missing):
        nodes = parse_lsblk(done.stdout)
        if not isinstance(nodes, Unknown):
            return nodes
    else:
        nodes = Unknown(Why.TOOL_MISSING if done.missing else Why.UNREADABLE, "lsblk")
    from_sysfs = _sysfs_nodes(host.files)
    return from_sysfs or nodes


def parse_lsblk(raw: bytes) -> tuple[BlockNode, ...] | Unknown:
    """`lsblk -J -b` output, any set of columns."""
    try:
        document = read_json(raw.decode("utf-8", "replace"))
        return _nodes(document["blockdevices"], 0)
    except (ValueError, TypeError, KeyError):
        return Unknown(Why.UNPARSABLE, "lsblk")


def kernel_name(told: str | None) -> str | None:
    """A device's name as /sys spells it ("cciss!c0d0" of "cciss/c0d0"); None where it is none."""
    name = (told or "").strip().replace("/", "!")
    return name if re.fullmatch(r"[A-Za-z][\w!:.+-]{0,63}", name) and ".." not in name else None


def _nodes(entries: object, depth: int) -> tuple[BlockNode, ...]:
    """The devices of a list. One that cannot be named spoils no other."""
    if not isinstance(entries, list) or depth > _DEPTH:
        raise TypeError("block devices")
    found = []
    for entry in entries:
        if not isinstance(entry, dict):
            raise TypeError("block device")
        name = kernel_name(_text(entry, "kname")) or kernel_name(_text(entry, "name"))
        if name is not None:
            found.append(_node(entry, name, depth))
    return tuple(found)


def _node(entry: dict[str, object], name: str, depth: int) -> BlockNode:
    children = entry.get("children")
    return BlockNode(
        name=name,
        kind=_text(entry, "type") or "",
        size_bytes=_count(entry, "size"),
        logical_block_bytes=_count(entry, "log-sec"),
        physical_block_bytes=_count(entry, "phy-sec"),
        rotational=_flag(entry, "rota"),
        removable=_flag(entry, "rm"),
        read_only=_flag(entry, "ro"),
        vendor=_text(entry, "vendor"),
        model=_text(entry, "model"),
        revision=_text(entry, "rev"),
        serial=_text(entry, "serial"),
        wwn=_text(entry, "wwn"),
        transport=_text(entry, "tran"),
        subsystems=_text(entry, "subsystems"),
        fstype=_text(entry, "fstype"),
        part_type=(_text(entry, "parttype") or "").lower() or None,
        children=_nodes(children, depth + 1) if isinstance(children, list) else (),
    )


def _text(entry: dict[str, object], key: str) -> str | None:
    value = entry.get(key)
    return value.strip()[:256] or None if isinstance(value, str) else None


def _count(entry: dict[str, object], key: str) -> int | None:
    value = entry.get(key)
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,18}", value):  # util-linux before 2.33
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        return None
    return value


def _flag(entry: dict[str, object], key: str) -> bool | None:
    value = entry.get(key)
    if value in ("0", "1"):  # util-linux before 2.33
        return value == "1"
    return value if isinstance(value, bool) else None


def _sysfs_nodes(files: Files) -> tuple[BlockNode, ...]:
    return tuple(
        _sysfs_node(files, name, f"/sys/block/{name}", 0) for name in files.list("/sys/block")
    )


def _sysfs_node(files: Files, name: str, folder: str, depth: int) -> BlockNode:
    holders = files.list(f"{folder}/holders") if depth < _DEPTH else ()
    parts = [p for p in files.list(folder) if files.exists(f"{folder}/{p}/partition")]
    sectors = _file_count(files, f"{folder}/size")
    return BlockNode(
        name=name,
        kind=_sysfs_kind(files, name, folder),
        # always in units of 512 bytes here, whatever the disk's block size (block/genhd.c)
        size_bytes=None if sectors is None else sectors * 512,
        logical_block_bytes=_file_count(files, f"{folder}/queue/logical_block_size"),
        physical_block_bytes=_file_count(files, f"{folder}/queue/physical_block_size"),
        rotational=_file_flag(files, f"{folder}/queue/rotational"),
        removable=_file_flag(files, f"{folder}/removable"),
        read_only=_file_flag(files, f"{folder}/ro"),
        source=folder,
        children=tuple(_sysfs_node(files, p, f"{folder}/{p}", depth + 1) for p in parts)
        + tuple(_sysfs_node(files, h, f"/sys/block/{h}", depth + 1) for h in holders),
    )


def _sysfs_kind(files: Files, name: str, folder: str) -> str:
    if files.exists(f"{folder}/partition"):
        return "part"
    for prefix, kind in (("loop", "loop"), ("sr", "rom"), ("dm-", "dm"), ("md", "md")):
        if name.startswith(prefix):
            return kind
    return "disk"


def _file_count(files: Files, path: str) -> int | None:
    raw = files.read_text(path)
    return int(raw) if isinstance(raw, str) and re.fullmatch(r"[0-9]{1,15}", raw) else None


def _file_flag(files: Files, path: str) -> bool | None:
    raw = files.read_text(path)
    return raw == "1" if raw in ("0", "1") else None
