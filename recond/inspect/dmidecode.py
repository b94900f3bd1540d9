"""The text of `dmidecode` as SMBIOS tables.

Why: captures and collections hold this text where the raw tables could not be kept. It gives the
same `Tables` as the raw form (a test holds this), for every version since 2.7. Text that went
through a mail or a form lost its tabs; it is read by how far each line stands in. A text that is
none of these (older, or in another language) is told apart from a computer that has nothing. Pure;
a line that has no known form is passed over, a size that is no size is not told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from recond.inspect.smbios import (
    Bios,
    Gathered,
    MemoryArray,
    MemorySlot,
    Processor,
    Product,
    Tables,
    plain,
)
from recond.inspect.smbios_security import PASSWORDS, amt_of
from recond.inspect.smbios_words import CHASSIS, MEMORY_FORMS, MEMORY_KINDS

_HANDLE = re.compile(
    r"\s*Handle\s+0x([0-9A-Fa-f]{1,4}),?\s+DMI\s+type\s+([0-9]{1,3}),?\s+[0-9]+\s+bytes"
)
# before 2.7 the handle stood on a line of its own
_OLD_HANDLE = re.compile(r"^[ \t]*Handle 0x[0-9A-Fa-f]{1,4}[ \t]*$\s+DMI type [0-9]", re.MULTILINE)
# any language: a handle, then a type and a length
_ANY_HANDLE = re.compile(r"\b0x[0-9A-Fa-f]{4}\b\D+\b[0-9]{1,3}\b\D+\b[0-9]{1,4}\b")
_SIZE = re.compile(r"([0-9]{1,15}) (bytes|[kKMGTPE]i?B)")
_SIGNATURE = re.compile(r"\bFamily ([0-9]{1,4}), Model ([0-9]{1,4}), Stepping ([0-9]{1,3})\b")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_UNITS = "kMGTPE"
_MOST_CHARS = 16 << 20
_KINDS = {word.lower(): word for word in MEMORY_KINDS.values()}
_FORMS = {word.lower(): word for word in MEMORY_FORMS.values()}
_CHASSIS = frozenset(CHASSIS.values())


@dataclass(slots=True)
class Section:
    """One structure: `fields` by label, `notes` the lines below a label (characteristics)."""

    kind: int
    handle: int
    fields: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def text(self, label: str) -> str | None:
        """A field's text; None where there is none."""
        return plain(self.fields.get(label))

    def count(self, label: str) -> int | None:
        """The number at the start of a field, such as "3000 MHz" or "4"."""
        found = re.match(r"([0-9]{1,15})(?: |$)", self.fields.get(label, ""))
        return int(found[1]) if found else None

    def word(self, label: str, words: dict[str, str]) -> str | None:
        """A field whose value is one of the enumeration's words."""
        return words.get((self.text(label) or "").lower())


def parse_dmidecode(text: str) -> Tables:
    """`Tables` of a whole output; empty where it is none."""
    found = Gathered()
    for section in _sections(text[:_MOST_CHARS].splitlines()):
        reader = _READERS.get(section.kind)
        if reader is not None:
            reader(section, found)
    return found.tables("dmidecode")


def not_understood(text: str) -> str | None:
    """Why a text cannot be read: "old" (before dmidecode 2.7), "language", or None: it can be."""
    head = text[:_MOST_CHARS]
    if _OLD_HANDLE.search(head):
        return "old"
    asked = [s for s in _sections(head.splitlines()) if s.kind in _LABELS]
    if not asked and not _ANY_HANDLE.search(head):
        return None  # no output of dmidecode at all, or one with an error message
    understood = [s for s in asked if _LABELS[s.kind] & s.fields.keys()]
    # one structure in ten may be a maker's own idea of it
    return None if asked and len(understood) * 10 >= len(asked) * 9 else "language"


def _sections(lines: Iterable[str]) -> list[Section]:
    found: list[Section] = []
    bodies: list[list[str]] = []
    for line in lines:
        start = _HANDLE.match(line)
        if start:
            found.append(Section(int(start[2]), int(start[1], 16)))
            bodies.append([])
        elif found and line.strip():
            bodies[-1].append(line.expandtabs(8))
    for section, body in zip(found, bodies, strict=True):
        _fill(section, body[1:])  # the first line is the title
    return found


def _fill(section: Section, body: list[str]) -> None:
    """Fields stand one step in, what belongs to one two; without any step all are fields."""
    depths = [len(line) - len(line.lstrip()) for line in body]
    first = min((depth for depth in depths if depth), default=0)
    for line, depth in zip(body, depths, strict=True):
        label, colon, value = line.strip().partition(":")
        if depth > first:
            section.notes.append(line.strip())
        elif colon:
            section.fields.setdefault(label.strip(), value.strip())
        elif not first:  # no step is left: what has no colon is a note
            section.notes.append(line.strip())


def parse_size(text: str | None) -> int | None:
    """Bytes of "16 GB", "512 kB", "64 bytes" (binary units, as dmidecode counts)."""
    found = _SIZE.fullmatch((text or "").strip())
    if found is None:
        return None
    unit = found[2][0].replace("K", "k")
    power = 0 if found[2] == "bytes" else _UNITS.index(unit) + 1
    return int(found[1]) << 10 * power


def _bios(section: Section, found: Gathered) -> None:
    if found.bios is None:
        told = "Characteristics" in section.fields
        found.bios = Bios(
            section.text("Vendor"),
            section.text("Version"),
            section.text("Release Date"),
            "UEFI is supported" in section.notes if told else None,
        )


def _system(section: Section, found: Gathered) -> None:
    if found.system is None:
        uuid = section.text("UUID") or ""
        found.system = Product(
            section.text("Manufacturer"),
            section.text("Product Name"),
            section.text("Version"),
            section.text("Serial Number"),
            uuid=uuid.lower() if _UUID.fullmatch(uuid) else None,
            sku=section.text("SKU Number"),
            family=section.text("Family"),
        )


def _board(section: Section, found: Gathered) -> None:
    found.boards.append(
        Product(
            section.text("Manufacturer"),
            section.text("Product Name"),
            section.text("Version"),
            section.text("Serial Number"),
            asset_tag=section.text("Asset Tag"),
        )
    )


def _chassis(section: Section, found: Gathered) -> None:
    word = (section.text("Type") or "").lower()
    found.chassis.append(
        Product(
            section.text("Manufacturer"),
            None,
            section.text("Version"),
            section.text("Serial Number"),
            asset_tag=section.text("Asset Tag"),
            chassis=word if word in _CHASSIS else None,
        )
    )


def _processor(section: Section, found: Gathered) -> None:
    status = section.text("Status") or ""
    if section.text("Type") != "Central Processor" or not status.startswith("Populated"):
        return
    signature = _SIGNATURE.search(section.fields.get("Signature", ""))
    found.processors.append(
        Processor(
            maker=section.text("Manufacturer"),
            name=section.text("Version"),
            signature=(int(signature[1]), int(signature[2]), int(signature[3]))
            if signature
            else None,
            cores=section.count("Core Count") or None,
            threads=section.count("Thread Count") or None,
            max_mhz=section.count("Max Speed") or None,
            bits=64 if "64-bit capable" in section.notes else None,
        )
    )


def _array(section: Section, found: Gathered) -> None:
    found.arrays.append(
        MemoryArray(
            section.handle,
            section.text("Use") == "System Memory",
            parse_size(section.text("Maximum Capacity")) or None,
            section.count("Number Of Devices"),
        )
    )


def _slot(section: Section, found: Gathered) -> None:
    size = section.text("Size") or ""
    array = re.fullmatch(r"0x([0-9A-Fa-f]{1,4})", section.text("Array Handle") or "")
    found.slots.append(
        MemorySlot(
            array=int(array[1], 16) if array else None,
            size_bytes=0 if size == "No Module Installed" else parse_size(size),
            kind=section.word("Type", _KINDS),
            form=section.word("Form Factor", _FORMS),
            locator=section.text("Locator"),
            bank=section.text("Bank Locator"),
            speed_mts=_speed(section),
            maker=section.text("Manufacturer"),
            serial=section.text("Serial Number"),
            part=section.text("Part Number"),
        )
    )


def _speed(section: Section) -> int | None:
    # before 3.1 dmidecode wrote "1600 MHz" for the same field
    found = re.match(r"([0-9]{1,6}) (MT/s|MHz)", section.text("Speed") or "")
    return int(found[1]) or None if found else None


def _battery(_section: Section, found: Gathered) -> None:
    found.batteries += 1


def _onboard(section: Section, found: Gathered) -> None:
    enabled = section.text("Status") == "Enabled" and section.text("Type") == "Ethernet"
    address = (section.text("Bus Address") or "").lower()
    if enabled and re.fullmatch(r"[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]", address):
        found.onboard_lan.append(address)


def _expansion(section: Section, found: Gathered) -> None:
    usage = {"Available": False, "In Use": True}.get(section.text("Current Usage") or "")
    found.expansion.append((section.text("Designation"), usage))


def _hardware_security(section: Section, found: Gathered) -> None:
    power, admin = (
        (section.text(f"{name} Password Status") or "").lower()
        for name in ("Power-On", "Administrator")
    )
    found.passwords = (
        power if power in PASSWORDS else None,
        admin if admin in PASSWORDS else None,
    )


def _maker_specific(section: Section, found: Gathered) -> None:
    """Intel's type 130: dmidecode prints its bytes."""
    rows = (re.fullmatch(r"([0-9A-F]{2}(?: [0-9A-F]{2})*)", note) for note in section.notes)
    found.amt = amt_of(bytes.fromhex("".join(row[1] for row in rows if row)))


def _tpm(section: Section, found: Gathered) -> None:
    version = re.match(r"([1-9])\.([0-9]{1,2})", section.text("Specification Version") or "")
    found.tpm = version[0] if version else None


_READERS: dict[int, Callable[[Section, Gathered], None]] = {
    0: _bios,
    1: _system,
    2: _board,
    3: _chassis,
    4: _processor,
    9: _expansion,
    16: _array,
    17: _slot,
    22: _battery,
    24: _hardware_security,
    41: _onboard,
    43: _tpm,
    130: _maker_specific,
}

_LABELS: dict[int, frozenset[str]] = {
    0: frozenset({"Vendor", "Version", "Release Date"}),
    1: frozenset({"Manufacturer", "Product Name", "Serial Number"}),
    2: frozenset({"Manufacturer", "Product Name", "Serial Number"}),
    3: frozenset({"Manufacturer", "Type", "Serial Number"}),
    4: frozenset({"Socket Designation", "Type", "Manufacturer"}),
    16: frozenset({"Location", "Use", "Maximum Capacity"}),
    17: frozenset({"Array Handle", "Size", "Form Factor"}),
}
"""Labels of which each structure of a type has one: a text without them is in another language."""
