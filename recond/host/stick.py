"""The medium that a live recond came from: how it is known again, whatever became of its mount.

Why: a system that runs from memory has no mount left that names its stick, and the stick may be
pulled and put back while an erasure of every disk is being prepared. So each boot of the image
writes down what its medium is, and a disk that is the same is in use (`medium`). A label alone says
nothing, of an inner disk or of a card, which may be a donor's: it is refused too, as `label`, which
counts as a disk that was not erased. On a system that did not start from the image nothing is
claimed: an old stick must be erasable there. Reads sysfs and udev's database; writes the marker
only.
"""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace
from pathlib import Path

from recond.documents import read_json
from recond.frozen import dataclass
from recond.host.files import Files
from recond.host.store import write_whole
from recond.model import Medium as Storage
from recond.model import Unknown, Use, Why

MARKER = "/run/recond/medium.json"
LIVE = "/run/live"
"""live-boot's own folder: there on every system that it started (live-boot(7))."""
LABEL = "RECOND"
LABELS = frozenset({LABEL, "RECOND_LIVE", "RECOND_EFI"})


@dataclass(frozen=True, slots=True)
class StickMedium:
    """What a medium calls itself. `size` in 512-byte units as sysfs gives it; `own`: this start
    came from it, or a person named it by its serial; `twin`: another medium calls itself the same.
    """

    bus: str
    serial: str | None
    wwn: str | None
    vendor: str | None
    model: str | None
    size: str | None
    own: bool = False
    twin: bool = False


def read_medium(files: Files, name: str) -> StickMedium:
    """What the disk `name` calls itself, now."""
    # not above: the inventory asks what holds a disk, and needs no identity for it
    from recond.host.diskid import read_strings

    strings, size = read_strings(files, name), files.read_text(f"/sys/block/{name}/size")
    return StickMedium(
        strings.bus,
        strings.serial,
        strings.wwn,
        strings.vendor,
        strings.model,
        size if isinstance(size, str) else None,
    )


def read_label(files: Files, node: str) -> str | None:
    """The file system's label of a disk or partition, from udev's database (ID_FS_LABEL)."""
    number = files.read_text(f"/sys/class/block/{node}/dev")
    raw = files.read_text(f"/run/udev/data/b{number}") if isinstance(number, str) else ""
    for line in raw.splitlines() if isinstance(raw, str) else ():
        if line.startswith("E:ID_FS_LABEL="):
            return line.partition("=")[2]
    return None


def is_portable(files: Files, name: str) -> bool:
    """Whether a disk is what a stick is: on USB, or a card.

    sysfs' `removable` is not asked: inner SATA disks have it where their port allows hot-plugging.
    """
    from recond.host.diskid import read_strings

    found = read_strings(files, name)
    return found.bus == "usb" or found.medium is Storage.SD


def read_media(files: Files, own: frozenset[str] = frozenset()) -> dict[str, StickMedium]:
    """Every stick here that carries one of our labels, by its name, and every disk that the system
    came from (`own`), whatever it is called: an ISO file lies on a stick of its own name.
    """
    found = {}
    for name in files.list("/sys/block"):
        if name not in own and not is_portable(files, name):
            continue
        parts = [n for n in files.list(f"/sys/block/{name}") if n.startswith(name)]
        if name in own or any(read_label(files, node) in LABELS for node in (name, *parts)):
            found[name] = replace(read_medium(files, name), own=name in own)
    return {
        name: replace(one, twin=not one.own and any(_alike(one, other) for other in others))
        for name, one in found.items()
        for others in [[other for key, other in found.items() if key != name]]
    }


def write_marker(media: dict[str, StickMedium], path: Path = Path(MARKER)) -> None:
    """Write down what this boot's media are, beside those already known. Raises `OSError`."""
    known = read_marker(Files(path.parent), path.name)
    both = dict.fromkeys((*(known if isinstance(known, tuple) else ()), *media.values()))
    write_whole(path, json.dumps({"media": [asdict(one) for one in both]}).encode())


def is_known(files: Files, name: str) -> bool:
    """Whether the disk is, by a name of its own, one that was written down as ours: this computer
    may have seen it pulled and put back. A model and a size are no name, nor is a number that two
    media were seen with: makers give one to a whole batch.
    """
    marker, found = read_marker(files), read_medium(files, name)
    alike = [one for one in marker if _alike(found, one)] if isinstance(marker, tuple) else []
    return any(one.own for one in alike) and not any(one.twin for one in alike)


def read_marker(files: Files, path: str = MARKER) -> tuple[StickMedium, ...] | Unknown:
    """The media that were written down; empty where there is no marker, `Unknown` if damaged."""
    raw = files.read_text(path)
    if isinstance(raw, Unknown):
        return () if raw.why is Why.ABSENT else raw
    try:
        names = [field.name for field in fields(StickMedium)]
        return tuple(
            StickMedium(**{name: entry[name] for name in names})
            for entry in read_json(raw)["media"]
        )
    except (ValueError, TypeError, KeyError):
        return Unknown(Why.UNPARSABLE, path)


def medium_uses(files: Files, name: str, nodes: tuple[str, ...]) -> set[Use]:
    """Whether the disk `name`, with its partitions and all above, is this live system's medium
    (`medium`), or a disk that only has its label, or no name to tell it apart by (`label`).
    """
    marker = read_marker(files)
    if isinstance(marker, Unknown):
        return {Use("unreadable", name, MARKER)}
    if not marker and not files.exists(LIVE):
        return set()
    found = read_medium(files, name)
    same = [known for known in marker if _same(found, known)]
    certain = any(
        known.own and (is_portable(files, name) or _named_alike(found, known)) for known in same
    )
    kind = "medium" if certain else "label"
    for node in reversed(nodes):  # the partition says more than the disk
        if (label := read_label(files, node)) in LABELS and label is not None:
            return {Use(kind, node, label)}
    return {Use(kind, name, name if certain else LABEL)} if same else set()


def _named_alike(one: StickMedium, known: StickMedium) -> bool:
    """Whether a name of its own, not its model, says that a reading is of a known medium."""
    return bool(one.wwn and one.wwn == known.wwn) or bool(one.serial and one.serial == known.serial)


def _alike(one: StickMedium, other: StickMedium) -> bool:
    """Whether all that two readings say is the same, and a name of their own among it."""
    words = [(found.bus, found.vendor, found.model) for found in (one, other)]
    return words[0] == words[1] and _same(one, other) and _named_alike(one, other)


def _same(one: StickMedium, known: StickMedium) -> bool:
    """Whether two readings are of one medium, in doubt yes: it costs a refusal, no data."""
    if one.size != known.size:
        return False
    if one.wwn and known.wwn:
        return one.wwn == known.wwn
    if one.serial and known.serial:
        return one.serial == known.serial
    return (one.vendor, one.model) == (known.vendor, known.model)
