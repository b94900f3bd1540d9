"""RAM: what is installed, where, how much the board takes, and what the kernel sees.

Why: the verdict and its remedy ("ajouter 4 Go, 1 emplacement libre") need the modules, the free
places and the board's limit as separate readings; a sum over modules of which one is untold is no
sum. Firmware that tells nonsense (a limit below what is installed, fewer places than modules) gives
unknown, not a number. Must not read the size of the memory from anything but modules and kernel.
"""

from __future__ import annotations

import re

from recond.inspect.module_names import maker_of_code, part_of_code
from recond.inspect.readings import text_reading
from recond.inspect.smbios import MemorySlot, Tables
from recond.model import Known, Memory, MemoryModule, Reading, Unknown, Why

_NO_RAM = frozenset({"Flash", "ROM", "EEPROM", "FEPROM", "EPROM", "Logical non-volatile device"})
_FORMS = {"Row Of Chips": "soldered"}
_MOST_BYTES = 1 << 46


def memory_of(tables: Tables | Unknown, visible: Reading[int]) -> Memory:
    """Memory of the tables and of what the kernel sees."""
    if isinstance(tables, Unknown):
        return Memory(visible, *[tables] * 6)
    source = f"{tables.source}:17"
    places = ram_places(tables)
    filled = tuple(p for p in places if p.size_bytes != 0)
    modules = tuple(_module(p, source) for p in filled)
    installed = _installed(filled, source)
    total = _slots_total(tables, len(places))
    return Memory(
        visible_bytes=visible,
        installed_bytes=installed,
        maximum_bytes=_maximum(tables, installed),
        slots_total=total,
        slots_free=_slots_free(places, total, source),
        soldered=_soldered(filled, source),
        modules=Known(modules, source) if modules else Unknown(Why.ABSENT, source),
    )


def ram_places(tables: Tables) -> tuple[MemorySlot, ...]:
    """The places that belong to the system's memory: not those of flash or a cache."""
    others = {array.handle for array in tables.arrays if not array.system}
    return tuple(
        p
        for p in tables.slots
        if p.array not in others and not (p.size_bytes and p.kind in _NO_RAM)
    )


def _module(place: MemorySlot, source: str) -> MemoryModule:
    names = [text_reading(n, source) for n in (place.locator, place.bank)]
    slot = " ".join(dict.fromkeys(n.value for n in names if isinstance(n, Known)))
    return MemoryModule(
        slot=Known(slot, source) if slot else names[0],
        size_bytes=_count(place.size_bytes, source),
        kind=_word(place.kind, source),
        form=_word(_FORMS.get(place.form or "", place.form), source),
        speed_mts=_count(place.speed_mts, source),
        maker=text_reading(maker_of_code(place.maker), source),
        part=text_reading(part_of_code(place.part), source),
        serial=text_reading(place.serial, source),
        channel=_channel(place, source),
    )


def _channel(place: MemorySlot, source: str) -> Reading[str]:
    """The channel that a place's names tell: "ChannelA-DIMM0", "P0 CHANNEL B", "CHANNEL 1"."""
    for name in (place.locator, place.bank):
        found = re.search(r"channel[ _-]?([A-H]|[0-9]{1,2})(?![a-z])", name or "", re.IGNORECASE)
        if found:
            return Known(found[1].upper(), source)
    return Unknown(Why.ABSENT, source)


def _word(value: str | None, source: str) -> Reading[str]:
    """A word of an enumeration: no maker wrote it, so it cannot be filler."""
    return Unknown(Why.ABSENT, source) if value is None else Known(value, source)


def _count(value: int | None, source: str) -> Reading[int]:
    return Known(value, source) if value else Unknown(Why.ABSENT, source)


def _installed(filled: tuple[MemorySlot, ...], source: str) -> Reading[int]:
    sizes = [p.size_bytes for p in filled]
    if not sizes:
        return Unknown(Why.ABSENT, source)
    if None in sizes:
        return Unknown(Why.UNPARSABLE, f"{source}: a module without a size")
    total = sum(size or 0 for size in sizes)
    return Known(total, source) if total < _MOST_BYTES else Unknown(Why.UNPARSABLE, source)


def _maximum(tables: Tables, installed: Reading[int]) -> Reading[int]:
    source = f"{tables.source}:16"
    told = [array.maximum_bytes for array in tables.arrays if array.system]
    if not told or None in told:
        return Unknown(Why.ABSENT, source)
    most = sum(size or 0 for size in told)
    if not most or (isinstance(installed, Known) and most < installed.value):
        return Unknown(Why.CONFLICT, f"{source}: less than the modules hold")
    return Known(most, source)


def _slots_total(tables: Tables, listed: int) -> Reading[int]:
    source = f"{tables.source}:16"
    told = [array.slots for array in tables.arrays if array.system]
    count = sum(number or 0 for number in told)
    if not count:
        return Known(listed, f"{tables.source}:17") if listed else Unknown(Why.ABSENT, source)
    if count != listed:
        return Unknown(Why.CONFLICT, f"{source}: {count}, {listed} listed")
    return Known(count, source)


def _slots_free(places: tuple[MemorySlot, ...], total: Reading[int], source: str) -> Reading[int]:
    if isinstance(total, Unknown):
        return total
    # an empty place of a soldered board is where chips were left out
    empty = [p for p in places if p.size_bytes == 0]
    if any(p.size_bytes is None for p in places):
        return Unknown(Why.UNPARSABLE, source)
    if empty and any(is_soldered(p) for p in places if p.size_bytes):
        loose = [p for p in empty if p.form in ("DIMM", "SODIMM")]
        if len(loose) != len(empty):
            return Unknown(Why.CONFLICT, f"{source}: beside soldered memory")
    return Known(len(empty), source)


def is_soldered(place: MemorySlot) -> bool:
    """Whether the memory is on the board: by its form, or because its kind is made so only."""
    return place.form in ("Row Of Chips", "Chip", "Die") or (place.kind or "").startswith("LPDDR")


def _soldered(filled: tuple[MemorySlot, ...], source: str) -> Reading[bool]:
    if any(is_soldered(p) for p in filled):
        return Known(True, source)
    if filled and all(p.form in ("DIMM", "SODIMM", "FB-DIMM", "RIMM", "SIMM") for p in filled):
        return Known(False, source)
    return Unknown(Why.ABSENT, source)
