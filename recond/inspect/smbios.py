"""What the firmware tells of the machine: SMBIOS structures as values.

Why: the raw tables (`/sys/firmware/dmi/tables`) and the text of `dmidecode` say the same thing in
two forms; both become the `Tables` of this module, and everything after it sees no difference. A
text that the firmware leaves out is None here; whether a text that is there means anything is not
judged here. Pure: bytes in, values out; a broken table gives what could be read before the break.

Source: DMTF DSP0134 SMBIOS 3.7; clauses stand beside the fields.
"""

from __future__ import annotations

import struct
from dataclasses import field, replace

from recond.frozen import dataclass
from recond.inspect.smbios_security import amt_of, passwords_of
from recond.inspect.smbios_words import CHASSIS, MEMORY_FORMS, MEMORY_KINDS

_END = 127
_MOST_STRUCTURES = 4096
MIB = 1 << 20
SYSTEM_MEMORY = 3  # type 16, use (7.17.2)
CENTRAL_PROCESSOR = 3  # type 4, processor type (7.5.1)
_PAGE_USES = {3: "system", 4: "video", 5: "flash", 6: "nvram", 7: "cache"}


@dataclass(frozen=True, slots=True)
class Product:
    """Types 1, 2 and 3: who made it, how it is called; `chassis` is type 3's kind, lower case."""

    maker: str | None = None
    model: str | None = None
    version: str | None = None
    serial: str | None = None
    uuid: str | None = None
    sku: str | None = None
    family: str | None = None
    asset_tag: str | None = None
    chassis: str | None = None


@dataclass(frozen=True, slots=True)
class Bios:
    """Type 0. `date` as the firmware writes it; `uefi` is the characteristic "UEFI supported"."""

    vendor: str | None = None
    version: str | None = None
    date: str | None = None
    uefi: bool | None = None


@dataclass(frozen=True, slots=True)
class Processor:
    """A populated socket (type 4)."""

    maker: str | None = None
    name: str | None = None
    signature: tuple[int, int, int] | None = None  # family, model, stepping (x86)
    cores: int | None = None
    threads: int | None = None
    max_mhz: int | None = None
    bits: int | None = None  # 64 where the characteristics say so


@dataclass(frozen=True, slots=True)
class MemoryArray:
    """Where modules go (type 16)."""

    handle: int
    system: bool
    maximum_bytes: int | None
    slots: int | None


@dataclass(frozen=True, slots=True)
class MemorySlot:
    """A place for a module (type 17). `size_bytes` 0: empty; None: not told."""

    array: int | None
    size_bytes: int | None
    kind: str | None = None
    form: str | None = None
    locator: str | None = None
    bank: str | None = None
    speed_mts: int | None = None
    maker: str | None = None
    serial: str | None = None
    part: str | None = None


@dataclass(frozen=True, slots=True)
class Tables:
    """Everything that recond uses of SMBIOS. `source` is the start of each reading's source."""

    source: str
    bios: Bios | None = None
    system: Product | None = None
    boards: tuple[Product, ...] = ()
    chassis: tuple[Product, ...] = ()
    processors: tuple[Processor, ...] = ()
    arrays: tuple[MemoryArray, ...] = ()
    slots: tuple[MemorySlot, ...] = ()
    batteries: int = 0  # type 22: portable battery
    tpm: str | None = None  # type 43: "2.0"
    onboard_lan: tuple[str, ...] = ()  # type 41, Ethernet: PCI addresses
    expansion: tuple[tuple[str | None, bool | None], ...] = ()  # type 9: name, in use
    passwords: tuple[str | None, str | None] = (None, None)  # type 24: power-on, administrator
    amt: tuple[bool, bool] | None = None  # type 130 of Intel's: there, switched on


@dataclass(frozen=True, slots=True)
class Structure:
    """One structure: its formatted area (header included) and its strings."""

    kind: int
    handle: int
    data: bytes
    strings: tuple[str, ...]

    def number(self, offset: int, size: int = 1) -> int | None:
        """A little-endian number, or None where the structure is shorter."""
        piece = self.data[offset : offset + size]
        return int.from_bytes(piece, "little") if len(piece) == size else None

    def text(self, offset: int) -> str | None:
        """The string that a field points to; None where there is none."""
        index = self.number(offset)
        if not index or index > len(self.strings):
            return None
        return plain(self.strings[index - 1])


def plain(text: str | None) -> str | None:
    """A firmware's text without outer white space; what `dmidecode` prints for no text is none."""
    value = (text or "").strip("\0 \t\r\n")
    return None if value in ("", "Not Specified", "<BAD INDEX>") else value


@dataclass(slots=True)
class Gathered:
    """The parts of `Tables`, while they are gathered."""

    bios: Bios | None = None
    system: Product | None = None
    boards: list[Product] = field(default_factory=list)
    chassis: list[Product] = field(default_factory=list)
    processors: list[Processor] = field(default_factory=list)
    arrays: list[MemoryArray] = field(default_factory=list)
    slots: list[MemorySlot] = field(default_factory=list)
    batteries: int = 0
    tpm: str | None = None
    onboard_lan: list[str] = field(default_factory=list)
    expansion: list[tuple[str | None, bool | None]] = field(default_factory=list)
    passwords: tuple[str | None, str | None] = (None, None)
    amt: tuple[bool, bool] | None = None

    def tables(self, source: str) -> Tables:
        """The whole, frozen."""
        return Tables(
            source,
            self.bios,
            self.system,
            tuple(self.boards),
            tuple(self.chassis),
            tuple(self.processors),
            tuple(self.arrays),
            tuple(_emptied(slot) for slot in self.slots),
            self.batteries,
            self.tpm,
            tuple(self.onboard_lan),
            tuple(self.expansion),
            self.passwords,
            self.amt,
        )


def _emptied(slot: MemorySlot) -> MemorySlot:
    """An empty place has no speed and no maker, whatever the firmware left there (7.18)."""
    if slot.size_bytes != 0:
        return slot
    return replace(slot, speed_mts=None, maker=None, serial=None, part=None)


def parse_structures(table: bytes) -> tuple[Structure, ...]:
    """The structures of a raw table, up to type 127 or the first one that is broken (6.1.2)."""
    found: list[Structure] = []
    at = 0
    while at + 4 <= len(table) and len(found) < _MOST_STRUCTURES:
        kind, length, handle = struct.unpack_from("<BBH", table, at)
        if length < 4 or at + length > len(table):
            break
        end = table.find(b"\0\0", at + length)
        end = len(table) if end < 0 else end
        strings = table[at + length : end].split(b"\0") if end > at + length else []
        found.append(
            Structure(
                kind,
                handle,
                table[at : at + length],
                tuple(s.decode("utf-8", "replace") for s in strings),
            )
        )
        if kind == _END:
            break
        at = end + 2
    return tuple(found)


def parse_version(entry_point: bytes) -> tuple[int, int] | None:
    """(major, minor) of an entry point `_SM3_` or `_SM_` (5.2); None where it is neither."""
    if entry_point[:5] == b"_SM3_" and len(entry_point) > 8:
        return entry_point[7], entry_point[8]
    if entry_point[:4] == b"_SM_" and len(entry_point) > 7:
        # 2.31 and 2.33 are how some firmwares wrote 2.3, 2.51 is 2.6
        return entry_point[6], {0x1F: 3, 0x21: 3, 0x33: 6}.get(entry_point[7], entry_point[7])
    return None


# type, and its length from version 2.6 on: processor family 2, memory attributes (7.5, 7.18)
_GREW_IN_2_6 = ((4, 0x2A), (17, 0x1C))


def guess_version(items: tuple[Structure, ...]) -> tuple[int, int] | None:
    """(2, 6) or (2, 5): the side of 2.6 that a table without entry point is on; None: not shown.

    Only the order of a UUID's bytes hangs on it (7.2.1).
    """
    grown = [
        len(item.data) >= length
        for item in items
        for kind, length in _GREW_IN_2_6
        if item.kind == kind
    ]
    if any(grown) or any(41 <= item.kind <= 46 for item in items):  # types that came with it
        return 2, 6
    return (2, 5) if grown else None


def parse_smbios(table: bytes, entry_point: bytes, source: str) -> Tables:
    """`Tables` of the raw table; empty where nothing of it can be read."""
    items = parse_structures(table)
    version = parse_version(entry_point) or guess_version(items)
    found = Gathered()
    for item in items:
        _gather(item, version, found)
    return found.tables(source)


def _gather(item: Structure, version: tuple[int, int] | None, found: Gathered) -> None:
    if item.kind == 0 and found.bios is None:
        found.bios = _bios(item)
    elif item.kind == 1 and found.system is None:
        found.system = _system(item, version)
    elif item.kind == 2:
        found.boards.append(
            Product(item.text(4), item.text(5), item.text(6), item.text(7), asset_tag=item.text(8))
        )
    elif item.kind == 3:
        code = item.number(5)
        found.chassis.append(
            Product(
                item.text(4),
                None,
                item.text(6),
                item.text(7),
                asset_tag=item.text(8),
                chassis=None if code is None else CHASSIS.get(code & 0x7F),
            )
        )
    elif item.kind == 4:
        processor = _processor(item)
        found.processors += [processor] if processor is not None else []
    elif item.kind == 9:  # current usage (7.10.3): 3 available, 4 in use
        found.expansion.append((item.text(4), {3: False, 4: True}.get(item.number(7) or 0)))
    elif item.kind == 16:
        found.arrays.append(_array(item))
    elif item.kind == 17:
        found.slots.append(_slot(item))
    elif item.kind == 22:
        found.batteries += 1
    elif item.kind == 24:
        found.passwords = passwords_of(item.number(4))
    elif item.kind == 130:
        found.amt = amt_of(item.data)
    elif item.kind == 41 and item.number(5) == 0x85:  # Ethernet, enabled (7.42.2)
        bus, slot = item.number(9), item.number(10)
        if bus is not None and slot is not None:
            segment = item.number(7, 2) or 0
            found.onboard_lan.append(f"{segment:04x}:{bus:02x}:{slot >> 3:02x}.{slot & 7}")
    elif item.kind == 43:
        major, minor = item.number(8), item.number(9)
        found.tpm = f"{major}.{minor}" if major else None


def _bios(item: Structure) -> Bios:
    second = item.number(0x13)  # characteristics extension byte 2 (7.1.2.2)
    return Bios(
        item.text(4), item.text(5), item.text(8), None if second is None else bool(second & 1 << 3)
    )


def _system(item: Structure, version: tuple[int, int] | None) -> Product:
    return Product(
        item.text(4),
        item.text(5),
        item.text(6),
        item.text(7),
        uuid=uuid_text(item.data[8:24], version),  # None where the order is not known
        sku=item.text(0x19),
        family=item.text(0x1A),
    )


def uuid_text(raw: bytes, version: tuple[int, int] | None) -> str | None:
    """A UUID in lower case; None: short, not present (FF), not settable (00) (7.2.1), or in one of
    two orders, where the version is not known.
    """
    if len(raw) < 16 or raw in (b"\xff" * 16, b"\0" * 16) or version is None:
        return None
    if version >= (2, 6):  # from then on the first three fields are little-endian
        raw = raw[3::-1] + raw[5:3:-1] + raw[7:5:-1] + raw[8:]
    digits = raw.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def x86_signature(eax: int) -> tuple[int, int, int]:
    """(family, model, stepping) of CPUID leaf 1 (Intel SDM 2A, figure 3-6)."""
    family, model, stepping = eax >> 8 & 0xF, eax >> 4 & 0xF, eax & 0xF
    if family in (6, 15):
        model += (eax >> 16 & 0xF) << 4
    return family + (eax >> 20 & 0xFF if family == 15 else 0), model, stepping


def _processor(item: Structure) -> Processor | None:
    status = item.number(0x18)
    if item.number(5) != CENTRAL_PROCESSOR or status is None or not status & 1 << 6:
        return None
    signature = item.number(8, 4)
    x86 = item.number(12, 4)  # EDX, the feature flags: none on other processors
    features = item.number(0x26, 2)
    return Processor(
        maker=item.text(7),
        name=item.text(0x10),
        signature=x86_signature(signature) if signature and x86 else None,
        cores=_wide(item, 0x23, 0x2A),
        threads=_wide(item, 0x25, 0x2E),
        max_mhz=item.number(0x14, 2) or None,
        bits=64 if features is not None and features & 1 << 2 else None,
    )


def _wide(item: Structure, narrow: int, wide: int) -> int | None:
    """A count of one byte, or, where that is FF, of the two bytes that were added later (7.5.6)."""
    value = item.number(narrow)
    return (item.number(wide, 2) if value == 0xFF else value) or None


def _array(item: Structure) -> MemoryArray:
    kilobytes = item.number(7, 4)
    if kilobytes == 0x80000000:  # 2 TB and more (7.17.1)
        most = item.number(0x0F, 8)
    else:
        most = kilobytes * 1024 if kilobytes is not None else None
    return MemoryArray(
        item.handle, item.number(5) == SYSTEM_MEMORY, most or None, item.number(0x0D, 2)
    )


def _slot(item: Structure) -> MemorySlot:
    form, kind = item.number(0x0E), item.number(0x12)
    speed = item.number(0x15, 2)
    if speed == 0xFFFF:
        speed = item.number(0x54, 4)
    return MemorySlot(
        array=item.number(4, 2),
        size_bytes=_module_bytes(item),
        kind=None if kind is None else MEMORY_KINDS.get(kind),
        form=None if form is None else MEMORY_FORMS.get(form),
        locator=item.text(0x10),
        bank=item.text(0x11),
        speed_mts=speed or None,
        maker=item.text(0x17),
        serial=item.text(0x18),
        part=item.text(0x1A),
    )


def _module_bytes(item: Structure) -> int | None:
    size = item.number(0x0C, 2)
    if size is None or size == 0xFFFF:
        return None
    if size == 0x7FFF:
        extended = item.number(0x1C, 4)
        return None if extended is None else (extended & 0x7FFFFFFF) * MIB
    return (size & 0x7FFF) * 1024 if size & 0x8000 else size * MIB
