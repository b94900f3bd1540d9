"""How much of an SSD's endurance is used up, by its ATA attributes.

Why: every maker says it in another attribute, some in the value, some in the raw words, some in
both with opposite directions; the name alone is not to be trusted. So each attribute gives every
meaning that its numbers allow (data/wear.toml), the bytes that were written rule some of them out,
and only where one is left is it a reading. Else it is unknown, and both numbers are shown. Pure.

Sources: smartmontools drivedb.h; ACS-4 9.5.7 for the statistic that needs none of this.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

from recond.data import read_table
from recond.frozen import dataclass
from recond.inspect.readings import first
from recond.inspect.smart_fields import NVME_LOG, Document, known_count, read_written
from recond.model import Known, Reading, Unknown, Why

_NEAR = 1  # per cent: rounding of the one number against the other
_APART = 20  # per cent between two attributes of one disk: one of them means something else
_WHOLE = 100


@dataclass(frozen=True, slots=True)
class _Rules:
    names: dict[str, re.Pattern[str]]
    raw_is_used: frozenset[int]
    silent_families: re.Pattern[str]
    most_cycles: int
    least_cycles: int


@functools.cache
def _rules() -> _Rules:
    table = read_table("wear.toml")
    kinds = ("left", "left_hundredths", "used", "words", "words_of_230", "counted")
    return _Rules(
        {kind: re.compile("|".join(table[kind]), re.IGNORECASE) for kind in kinds},
        frozenset(table["raw_is_used"]),
        re.compile("|".join(table["silent_families"]), re.IGNORECASE),
        table["most_cycles"],
        table["least_cycles"],
    )


def read_wear(document: Document) -> Reading[int]:
    """Share of the rated endurance that is used up, in per cent; what is counted may pass 100."""
    told = first(
        known_count(document.count("endurance_used", "current_percent"), "smartctl:endurance_used"),
        known_count(document.count(NVME_LOG, "percentage_used"), "smartctl:percentage_used"),
        known_count(
            document.count("scsi_percentage_used_endurance_indicator"),
            "smartctl:scsi_percentage_used_endurance_indicator",
        ),
        known_count(
            document.statistic("Percentage Used Endurance Indicator"),
            "smartctl:ata_device_statistics",
        ),
    )
    if isinstance(told, Known):
        return told
    return read_attribute_wear(document, read_written(document))


def is_attribute(reading: Reading[int]) -> bool:
    """Whether a share used was told by an attribute, which cannot count past 100."""
    if not isinstance(reading, Known):
        return False
    name = reading.source.removeprefix("smartctl:")
    return any(pattern.fullmatch(name) for pattern in _rules().names.values())


def read_attribute_wear(document: Document, written_bytes: Reading[int]) -> Reading[int]:
    """Per cent used, from 0 to 100, by the attributes of an ATA disk.

    Unknown(conflict) where the numbers contradict one another, or the bytes written rule each
    meaning out; Unknown(unsupported) where no attribute is about wear.
    """
    drives = _drives_written(document, written_bytes)
    found: list[Reading[int]] = []
    for attribute in document.attributes():
        reading = _attribute(attribute, document.text("model_family") or "", drives)
        if reading is not None:
            found.append(reading)
    known = [one for one in found if isinstance(one, Known)]
    if known and max(k.value for k in known) - min(k.value for k in known) > _APART:
        told = ", ".join(f"{one.source.partition(':')[2]} {one.value} %" for one in known)
        return Unknown(Why.CONFLICT, f"smartctl: {told}")
    # what is counted in erasures is coarser than what is told in per cent
    known.sort(key=lambda one: bool(_rules().names["counted"].fullmatch(one.source[9:])))
    if known:
        return known[0]
    return found[0] if found else Unknown(Why.UNSUPPORTED, "smartctl:ata_smart_attributes")


def _drives_written(document: Document, written_bytes: Reading[int]) -> tuple[int, int] | None:
    """Bytes written and the disk's size, where both are known."""
    size = document.count("user_capacity", "bytes")
    if not size or not isinstance(written_bytes, Known):
        return None
    return written_bytes.value, size


def _attribute(
    attribute: Document, family: str, drives: tuple[int, int] | None
) -> Reading[int] | None:
    """What one attribute says; None where it is not about wear."""
    name, number = attribute.text("name") or "", attribute.count("id") or 0
    value, raw = attribute.count("value"), attribute.count("raw", "value")
    if value is None or raw is None:
        return None
    meanings = _meanings(name, number, value, raw, family)
    if meanings is None:
        return None
    told = f"smartctl:{name}: value {value}, raw {attribute.text('raw', 'string') or raw}"
    left = sorted({used for used in meanings if _possible(used, drives)})
    if not left or left[-1] - left[0] > _NEAR:
        return Unknown(Why.CONFLICT, told)
    if _counts_erasures(name, number) and not _cycles_possible(left[0], raw):
        return Unknown(Why.CONFLICT, told)
    return Known(left[0], f"smartctl:{name}")


def _counts_erasures(name: str, number: int) -> bool:
    """Whether raw is a number of erasures: not Intel's indicator, whose raw is 0."""
    return bool(_rules().names["counted"].fullmatch(name)) and number != 230 and "Count" in name


def _meanings(name: str, number: int, value: int, raw: int, family: str) -> list[int] | None:
    """Every share used that the numbers may mean; None for an attribute that is not about wear."""
    names = _rules().names
    if names["words"].fullmatch(name) or (number == 230 and names["words_of_230"].fullmatch(name)):
        return _of_words(value, raw)
    if names["counted"].fullmatch(name):
        return _within([_WHOLE - value])
    if names["left_hundredths"].fullmatch(name):
        return _within([_WHOLE - raw // 100])
    if names["used"].fullmatch(name):
        return _of_used(value, raw)
    if names["left"].fullmatch(name):
        used_in_raw = number in _rules().raw_is_used
        silent = bool(_rules().silent_families.search(family))
        return _of_left(value, raw, used_in_raw=used_in_raw, silent=silent)
    return None


def _within(shares: Iterable[int]) -> list[int]:
    return [share for share in shares if 0 <= share <= _WHOLE]


def _of_words(value: int, raw: int) -> list[int]:
    """SanDisk's 48 bits: the first and the last word are the same per cent and hundredths."""
    if raw == 0:
        # a disk that counts up starts at 0 or 1, one whose value never moves stays at 100
        return [0] if value in (0, 1, _WHOLE) else _within([value, _WHOLE - value])
    words = (raw >> 32, raw & 0xFFFF) if raw >> 16 else (raw,)
    shares = [min(word >> 8, _WHOLE) for word in words if word <= 0xFFFF and word & 0xFF <= 99]
    if len(shares) != len(words) or not _near(shares[0], shares[-1]):
        return []
    return [max(shares)]


def _of_used(value: int, raw: int) -> list[int]:
    """Raw is the share used; the value agrees from either side, or never moves."""
    if raw > 255:
        return _within([value, _WHOLE - value])
    used = min(raw, _WHOLE)
    agrees = (
        _near(value, _WHOLE - used) or _near(value, used) or value in (0, _WHOLE) or value > 100
    )
    return [used] if agrees else []


def _of_left(value: int, raw: int, *, used_in_raw: bool, silent: bool) -> list[int]:
    """Value and raw are both a share left, as long as they do not contradict each other."""
    if used_in_raw and _near(value, _WHOLE - raw):
        return _within([_WHOLE - value])
    if raw > _WHOLE or silent:  # several numbers packed into one, or none
        return _within([_WHOLE - value])
    if _near(value, raw):
        return _within([_WHOLE - min(value, raw)])
    meanings: list[int] = []
    if value > _WHOLE and raw == 0:  # neither is filled in
        return meanings
    if value >= _WHOLE or value == 0:  # a value that never moves: raw says it alone
        meanings.append(_WHOLE - raw)
    if raw == 0 and value <= _WHOLE:  # a raw that is never filled in
        meanings.append(_WHOLE - value)
    if _near(value + raw, _WHOLE):  # one is the share left, the other the share used
        meanings += [value, _WHOLE - value]
    return _within(meanings)


def _near(one: int, other: int) -> bool:
    return abs(one - other) <= _NEAR


def _possible(used: int, drives: tuple[int, int] | None) -> bool:
    """Whether so much written can have used so much: by the erasures that would be rated."""
    if drives is None:
        return True
    written, size = drives
    rules = _rules()
    if written * 1000 < size:  # no disk in use has so little: the unit is another one
        return True
    if written > rules.most_cycles * (used + 1) * size // _WHOLE:
        return False
    return used < 10 or written * _WHOLE >= rules.least_cycles * used * size


def _cycles_possible(used: int, erasures: int) -> bool:
    rules = _rules()
    if erasures > rules.most_cycles * (used + 1) // _WHOLE:
        return False
    return used < 10 or erasures * _WHOLE >= rules.least_cycles * used
