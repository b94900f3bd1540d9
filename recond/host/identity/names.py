"""What a disk is called, decided from all that was asked of it. Pure.

Why: inspect and wipe had two algorithms for serial, WWN, vendor and model, and disagreed within one
record. Here is the one. What the drive says of itself (IDENTIFY, VPD pages) comes before what the
kernel and udev keep of it, and both before the box that it sits in: a USB dock gives one number to
every bay, and the certificate must carry the number that stands on the disk's label.

Sources: ACS-4 7.13 (IDENTIFY), SPC-5 7.7 (VPD pages), USB 2.0 9.6.1 (iSerialNumber), Linux
Documentation/ABI/testing/sysfs-block and sysfs-bus-scsi.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import field, replace

from recond.frozen import dataclass
from recond.host.identity.garbage import is_garbage
from recond.host.identity.medium import Evidence, decide_bus, decide_medium
from recond.host.identity.pages import DrivePages
from recond.model import Medium

_MOST_CHARACTERS = 256
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_WWN = re.compile(r"0x[0-9a-f]{16,32}|(eui|nvme|uuid)\.[0-9a-f-]+")
_FILLER_WWN = re.compile(r"(0x|eui\.)(.)\2*|0x5000000[0-9a-f]{9}|(uuid\.)[0-]*")

Told = tuple[str | None, str]
"""A text and where it was read."""


@dataclass(frozen=True, slots=True)
class DriveWords:
    """What the drive itself answered, past any bridge. `source` names the question."""

    source: str
    serial: str | None
    model: str | None
    firmware: str | None
    wwn: str | None
    size_bytes: int | None
    rpm: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """Everything that was asked of one disk. Texts with their sources, the better first.

    `box` is the number of the USB device that the disk hangs below; `size_bytes` what the kernel
    shows.
    """

    evidence: Evidence
    pages: DrivePages = field(default_factory=DrivePages)
    drive: DriveWords | None = None
    box: Told = (None, "")
    serials: tuple[Told, ...] = ()
    wwns: tuple[Told, ...] = ()
    vendors: tuple[Told, ...] = ()
    models: tuple[Told, ...] = ()
    firmwares: tuple[Told, ...] = ()
    namespace: int | None = None
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class DiskStrings:
    """The names of a disk; None where there is none.

    `serial_of` is "disk", or "box" where only the number of the box around it is known.
    `hidden_bytes` is what the box does not show of the drive. `sources` and `fillers` (the maker's
    filler text where that is all there is) by field's name.
    """

    name: str
    bus: str
    medium: Medium
    serial: str | None
    wwn: str | None
    vendor: str | None
    model: str | None
    firmware: str | None
    namespace: int | None
    serial_of: str = "disk"
    box_serial: str | None = None
    hidden_bytes: int = 0
    rpm: int | None = None
    sources: dict[str, str] = field(default_factory=dict, compare=False)
    fillers: dict[str, str] = field(default_factory=dict, compare=False)


def name_disk(asked: Asked) -> DiskStrings:
    """The names of one disk. Filler text is none ("To Be Filled…", all zeros)."""
    bus = decide_bus(asked.evidence) or "other"
    drive = (
        asked.drive if asked.drive is not None and _fits(asked.drive, asked.size_bytes) else None
    )
    if bus != "usb" and drive is None:
        drive = asked.drive  # no box is between: its size is judged elsewhere
    rpm = asked.pages.rpm if asked.pages.rpm is not None else drive.rpm if drive else None
    serial, serial_of, box = _serial(asked, bus, drive)
    own = drive if bus == "usb" and drive is not None and drive.serial else None
    wwn = _first(_wwn(one) for one in ([(own.wwn, own.source)] if own else asked.wwns))
    vendor = (None, "") if own else _first(map(_vendor, asked.vendors))
    model = _first(_clean(one) for one in (_of(drive, "model"), *asked.models))
    firmware = _first(_clean(one) for one in (_of(drive, "firmware"), *asked.firmwares))
    hidden = max(0, (own.size_bytes or 0) - (asked.size_bytes or 0)) if own else 0
    evidence = replace(asked.evidence, rpm=rpm, model=model[0] or asked.evidence.model)
    found = {"serial": serial, "wwn": wwn, "vendor": vendor, "model": model, "firmware": firmware}
    return DiskStrings(
        name=asked.evidence.name,
        bus=bus,
        medium=decide_medium(bus, evidence),
        namespace=asked.namespace,
        serial_of=serial_of,
        box_serial=box,
        hidden_bytes=hidden if asked.size_bytes else 0,
        rpm=rpm,
        sources={key: source for key, (_, source) in found.items()},
        fillers={key: told for key, told in _fillers(asked).items() if not found[key][0]},
        **{key: value for key, (value, _) in found.items()},
    )


def _serial(asked: Asked, bus: str, drive: DriveWords | None) -> tuple[Told, str, str | None]:
    """(serial and source, whose it is, the box's number)."""
    own, told = _clean(_of(drive, "serial")), [_clean(one) for one in asked.serials]
    if bus != "usb":
        return _first((own, *told)), "disk", None
    box = _clean(asked.box)
    if own[0]:
        around = box[0] or next((value for value, _ in told if value), None)
        return own, "disk", around
    stick = bool(asked.evidence.removable)
    # a number that the bridge gives beside its own is the drive's; alone it is the box's
    beside = _first(one for one in told if box[0] and one[0] != box[0])
    if beside[0]:
        return beside, "disk", box[0]
    found = _first((box, *told))
    if not found[0] or stick:
        return found, "disk", None
    return found, "box", found[0]


def _fillers(asked: Asked) -> dict[str, str]:
    texts = {"serial": asked.serials, "model": asked.models, "vendor": asked.vendors}
    return {
        key: clean(value)
        for key, told in texts.items()
        for value, _ in told
        if value and clean(value) and is_garbage(clean(value))
    }


def _of(drive: DriveWords | None, name: str) -> Told:
    value = getattr(drive, name) if drive is not None else None
    return value, drive.source if drive is not None else ""


def _fits(drive: DriveWords, size_bytes: int | None) -> bool:
    """Whether the answer is of the one drive that the kernel shows.

    One that is smaller is a part of what a box joins from several. One that is larger is that
    drive, of which the box hides a piece.
    """
    return not (drive.size_bytes and size_bytes) or drive.size_bytes >= size_bytes


def _first(told: Iterable[Told]) -> Told:
    for value, source in told:
        if value:
            return value, source
    return None, ""


def clean(text: str) -> str:
    """Printable text on one line, white space runs as one space, at most 256 characters."""
    return " ".join(_CONTROLS.sub(" ", text[: 8 * _MOST_CHARACTERS]).split())[:_MOST_CHARACTERS]


def _clean(told: Told) -> Told:
    value = clean(told[0] or "")
    return (None, told[1]) if not value or is_garbage(value) else (value, told[1])


def _vendor(told: Told) -> Told:
    value, source = _clean(told)
    # "ATA" is what libata puts there (SAT-4 8.1); a virtio disk shows its PCI vendor id
    if value and (value == "ATA" or re.fullmatch(r"0x[0-9a-f]{4}", value)):
        return None, source
    return value, source


def _wwn(told: Told) -> Told:
    return wwn_text(told[0] or ""), told[1]


def wwn_text(raw: str) -> str | None:
    """A world-wide name in one spelling; None for filler and for what is none.

    `t10.` names are made of vendor, model and serial. A name without a maker (an OUI of zeros) is
    what cheap drives share.
    """
    text = raw.strip().lower()
    if text.startswith("naa."):
        text = "0x" + text[4:]
    if not _WWN.fullmatch(text) or _FILLER_WWN.fullmatch(text):
        return None
    return text
