"""What never goes into a capture: names of people, of networks and of other computers; keys.

Why: a capture is sent around. Mount points, mapping names and labels tell whose computer it was;
the Windows key is worth money. They are taken out where they stand, before anything is packed, in
every capture; `recond.inspect.anonymous` takes out the machine's own numbers where asked for. Pure.
"""

from __future__ import annotations

import json

from recond.documents import read_json
from recond.host.recorded import Node, Seen, place_of
from recond.host.usage import public_place
from recond.inspect.lsblk import COLUMNS
from recond.inspect.radios import without_names
from recond.inspect.windows_key import DIGEST_FILE, MSDM, parse_msdm
from recond.model import Known

_MOUNTS = ("/proc/self/mountinfo", "/proc/1/mountinfo")
_SWAPS = "/proc/swaps"
_DEPTH = 32


def discreet_tree(seen: Seen) -> dict[str, Node]:
    """The tree of a capture: what was seen, without what is nobody's business."""
    nodes: dict[str, Node] = {path: None for path in seen.folders if _allowed(path)}
    nodes.update({path: target for path, target in seen.links.items() if _allowed(path)})
    for path, raw in seen.files.items():
        if path == MSDM:
            digest = parse_msdm(raw)
            if isinstance(digest, Known):
                nodes[DIGEST_FILE] = json.dumps(
                    {
                        "last_five": digest.value.last_five,
                        "salted_sha256": digest.value.salted_sha256,
                    }
                ).encode()
        elif path in _MOUNTS:
            nodes[path] = _mounts(raw, seen)
        elif path == _SWAPS:
            nodes[path] = _swaps(raw, seen)
        elif path.endswith("/loop/backing_file"):
            nodes[path] = _backing(raw)
        elif _allowed(path):
            nodes[path] = raw
    for argv, done in seen.commands.items():
        place = place_of(argv)
        if place is not None and not done.missing and done.stdout:
            nodes[place] = _DISCREET.get(argv[0], bytes)(done.stdout)
    return nodes


def public_absences(seen: Seen) -> list[str]:
    """What was looked for and is not there: without it, what a capture lacks would say nothing."""
    return sorted(path for path in seen.absent if _allowed(path))


def _allowed(path: str) -> bool:
    """/sys and /proc only: names in /dev are those that people gave to mappings and labels."""
    return path.startswith(("/sys/", "/proc/")) or path in ("/sys", "/proc")


def _device(source: str, seen: Seen) -> str:
    """A device by the kernel's own name: /dev/mapper/HOST-root becomes /dev/dm-0, or nothing."""
    real = seen.trace(source)
    return real if real.count("/") == 2 else "none"


def _mounts(raw: bytes, seen: Seen) -> bytes:
    lines = []
    for line in raw.decode("utf-8", "replace").splitlines():
        head, _, tail = line.partition(" - ")
        left, right = head.split(" "), tail.split(" ")
        # only what has a block device behind it matters: no network, no virtual file system
        if len(left) < 6 or len(right) < 2:
            continue
        if left[2].startswith("0:") and not right[1].startswith("/dev/"):
            continue
        source = _device(right[1], seen) if right[1].startswith("/dev/") else "none"
        place = public_place(left[4])
        lines.append(f"{left[0]} {left[1]} {left[2]} / {place} rw - {right[0]} {source} rw\n")
    return "".join(lines).encode()


def _swaps(raw: bytes, seen: Seen) -> bytes:
    first, *rest = raw.decode("utf-8", "replace").splitlines() or [""]
    lines = [first]
    for line in rest:
        path, *others = line.split()
        place = _device(path, seen) if path.startswith("/dev/") else public_place(path)
        lines.append(" ".join((place, *others)))
    return ("\n".join(lines) + "\n").encode()


def _backing(raw: bytes) -> bytes:
    path = raw.decode("utf-8", "replace").strip()
    return (path if path.startswith("/dev/") else public_place(path)).encode()


def _columns(raw: bytes) -> bytes:
    """lsblk's answer with the columns that are read, and no name but the kernel's."""
    try:
        devices = read_json(raw)["blockdevices"]
    except (ValueError, TypeError, KeyError):
        return b""
    kept = {"blockdevices": [_device_columns(d, 0) for d in devices if isinstance(d, dict)]}
    return json.dumps(kept, indent=1).encode()


def _device_columns(device: dict[str, object], depth: int) -> dict[str, object]:
    kept: dict[str, object] = {key: device[key] for key in COLUMNS if key in device}
    kept.setdefault("kname", device.get("name"))
    below = device.get("children")
    if isinstance(below, list) and depth < _DEPTH:
        kept["children"] = [_device_columns(d, depth + 1) for d in below if isinstance(d, dict)]
    return kept


_DISCREET = {"lsblk": _columns, "btmgmt": without_names}
"""What of a tool's answer is kept; all of it where the tool names nobody."""
