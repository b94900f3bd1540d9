"""What people call a computer and its parts: one name for the screen, the label and every upload.

Why: a maker writes "LENOVO", "20L6S01V00" and "ThinkPad T480" into three fields, another one
"Dell Inc.", "Latitude E6320" and "01"; who reads "Apple Inc. 1.0" stops believing the rest. The
inventory keeps what was read; here it becomes the name on the lid, the same wherever a person
reads it. Whoever compares machines by what the maker wrote (an identity, eReuse's server) takes
the readings and not this. Pure.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from recond.data import read_table
from recond.model import Cpu, Device, Display, Known, Reading, System

_LEGAL = re.compile(
    r"[,.]?\s*\b(inc|incorporated|ltd|limited|llc|co|corp|corporation|company|gmbh|ag|sa|s\.a|s\.l"
    r"|b\.v|plc|kg|group|technology co|computer|computers|electronics co)\b\.?,?\s*$",
    re.IGNORECASE,
)
# a name has a word; "V1.09", "F.06", "1.0", "REV:1.0" and "03" are versions, "INVALID" is filler
_VERSION = re.compile(
    r"(v|ver|version|rev|revision|f|x)?[ .:_-]*[0-9.x ]*|(ver|version|rev|revision)\b.{0,8}",
    re.IGNORECASE,
)
_WORD = re.compile(r"[A-Za-z]{3,}")
_TYPE_NUMBER = re.compile(r"(?=\S*\d)[A-Za-z0-9-]{4,14}")
# "V50a-24IMB", "G580": begins with a letter, holds a figure; "V1.2a" and "Rev A1" are versions
_SHORT_NAME = re.compile(
    r"(?!(?:(?:rev|ver)\b.*|v[0-9](?:[.][0-9]+)*[a-z]?)$)[a-z][^.]*[0-9][^.]*", re.IGNORECASE
)
_HP_NUMBER = re.compile(r"([A-Z]{2}[0-9]{3}[A-Z]{2}[-#][A-Z0-9]{3}) (.+)")  # before the name
KEPT_LETTERS = 64
"""A text of more is looked at anew each time: a stranger's would be kept, however long it is."""
_VENDOR_IDS = {
    "GenuineIntel": "Intel",
    "AuthenticAMD": "AMD",
    "CentaurHauls": "VIA",
    "HygonGenuine": "Hygon",
    "GenuineTMx86": "Transmeta",
}


@dataclass(frozen=True, slots=True)
class _Names:
    makers: tuple[tuple[str, re.Pattern[str]], ...]
    disks: tuple[tuple[str, re.Pattern[str]], ...]
    by_version: frozenset[str]
    by_family: frozenset[str]
    families: dict[str, re.Pattern[str]]
    no_models: re.Pattern[str]
    machine_type: str
    parts: dict[str, str]
    screens: dict[str, str]
    brands: tuple[tuple[str, re.Pattern[str]], ...]


@functools.cache
def _names() -> _Names:
    table = read_table("names.toml")

    def patterns(part: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
        found = table[part].items()
        return tuple((name, re.compile(pattern, re.IGNORECASE)) for name, pattern in found)

    return _Names(
        patterns("makers"),
        patterns("disks"),
        frozenset(table["named"]["by_version"]),
        frozenset(table["named"]["by_family"]),
        {name: re.compile(p, re.IGNORECASE) for name, p in table["named"]["families"].items()},
        re.compile("|".join(table["named"]["no_models"]), re.IGNORECASE),
        table["named"]["machine_type"],
        table["parts"],
        table["screens"],
        patterns("brands"),
    )


# --- Computers -------------------------------------------------------------------------------


def maker_name(text: str) -> str:
    """A maker without the forms of its company: "Dell" for "Dell Inc."."""
    return _maker_name(text) if len(text) <= KEPT_LETTERS else _maker_name.__wrapped__(text)


@functools.lru_cache(maxsize=64)  # a lot's computers are of a few, and each is asked some times
def _maker_name(text: str) -> str:
    told = " ".join(text.split())
    for name, pattern in _names().makers:
        if pattern.fullmatch(told):
            return name
    while (shorter := _LEGAL.sub("", told).rstrip(" &,-")) and shorter != told:
        told = shorter
    return told


def computer_name(system: System) -> str:
    """The whole name, such as "Lenovo ThinkPad T480 (20L6S01V00)"; "" where nothing is known.

    A computer without a name of its own is called by its board.
    """
    maker, model = computer_maker(system), model_name(system)
    return " ".join(part for part in (maker, model) if part)


def computer_maker(system: System) -> str:
    """The maker's name; the board's where the computer has none; "" where neither is known."""
    told = _known(system.maker)
    if not told and _is_board(system):
        told = _known(system.board_maker)
    return maker_name(told)


def model_name(system: System) -> str:
    """The name without the maker, with the type number in brackets where both are told."""
    maker = computer_maker(system)
    name, number = _name_and_number(system, maker)
    name = _branded(_without_maker(_plain(name), maker), _known(system.maker))
    number = _plain(number)
    if not name:
        return number
    told = _TYPE_NUMBER.fullmatch(number) and number.casefold() not in name.casefold()
    return f"{name} ({number})" if told else name


def _branded(name: str, told_maker: str) -> str:
    """A name with the brand that stands in the maker's field ("HP-Pavilion")."""
    for brand, pattern in _names().brands:
        if pattern.fullmatch(told_maker) and brand.casefold() not in name.casefold():
            return f"{brand} {name}".strip()
    return name


def _name_and_number(system: System, maker: str) -> tuple[str, str]:
    """The field that holds the name on the lid, and the one that holds a type number."""
    model, version, family = (
        _known(reading) for reading in (system.model, system.version, system.family)
    )
    model = "" if _names().no_models.fullmatch(model) else model
    if maker in _names().by_version:
        typed = re.fullmatch(_names().machine_type, model) is not None
        named = next((one for one in (version, family) if _is_name(one, maker, typed=typed)), "")
        if named and not _is_name(model, maker):
            return named, model
    if not model:
        return _board_name(system) or family, ""
    if maker in _names().by_family and _is_name(family, maker) and not _is_name(model, maker):
        return family, model
    if (like := _names().families.get(maker)) is not None and like.fullmatch(family):
        return family, model
    if re.fullmatch(r"MS-[0-9A-Z]{4}", model):  # MSI: the number of the board, which has a name
        return _board_name(system) or model, ""
    if (numbered := _HP_NUMBER.fullmatch(model)) and maker in ("HP", "Compaq"):
        return numbered[2], numbered[1]
    return model, ""


def _is_board(system: System) -> bool:
    """Whether the computer is to be called by its board: it tells no model, or just the board's."""
    model, board = _known(system.model), _known(system.board_model)
    return bool(board) and (model in ("", board) or bool(_names().no_models.fullmatch(model)))


def _board_name(system: System) -> str:
    return _known(system.board_model)


def _is_name(text: str, maker: str, *, typed: bool = False) -> bool:
    """Whether a text is a name and not a number: it has a word besides the maker's.

    After the maker's own word a short one will do ("Lenovo G580"), and so it does beside a model
    that is a machine type: "V50a-24IMB".
    """
    rest = _without_maker(text, maker)
    if rest != text and re.search(r"[A-Za-z]", rest):
        return True
    if typed and _SHORT_NAME.fullmatch(rest):
        return True
    return (
        bool(_WORD.search(rest))
        and not _TYPE_NUMBER.fullmatch(rest)
        and not _VERSION.fullmatch(rest)
    )


def _plain(text: str) -> str:
    """A name on one line, without what only machines write in it, no word twice in a row."""
    text = re.sub(r"_?ASUS ?Laptop\b", " ", text)
    words = re.sub(r"-?\[(\w+)\]-?", r"(\1)", text).replace("_", " ").split()
    kept = [w for n, w in enumerate(words) if not n or w.casefold() != words[n - 1].casefold()]
    return " ".join(kept)


def _without_maker(text: str, maker: str) -> str:
    """A name without its maker, which many write once more before it."""
    if not maker:
        return text
    return re.sub(rf"^(?:{re.escape(maker)})\b[\s,.-]*", "", text, flags=re.IGNORECASE)


def _known(reading: Reading[str]) -> str:
    return reading.value if isinstance(reading, Known) else ""


# --- Parts -----------------------------------------------------------------------------------


def processor_maker(cpu: Cpu) -> str:
    """ "Intel" for "GenuineIntel"; "" where it is not known."""
    told = _known(cpu.maker)
    return _VENDOR_IDS.get(told, told)


def processor_name(cpu: Cpu) -> str:
    """The brand string as a person writes it: "Intel Core i5-8350U"; "" where it is not known."""
    text = re.sub(r"\((?:R|TM|C)\)|®|™", " ", _known(cpu.name), flags=re.IGNORECASE)
    text = re.sub(r"\b(CPU|Processor|\d+-Core)\b", " ", text, flags=re.IGNORECASE)
    text = re.sub(r"\s*@\s*[0-9.]+\s*GHz", "", text, flags=re.IGNORECASE)
    return " ".join(text.split())


def disk_name(vendor: str | None, model: str | None) -> str:
    """Maker and model of a disk: "Seagate ST1000DM010-2EP102"; "" where neither is known."""
    told = " ".join((model or "").replace("_", " ").split())
    maker = disk_maker(vendor, model)
    rest = _without_maker(told, maker)
    if maker == "Western Digital":
        rest = re.sub(r"^(WDC|WD)\s+", "", rest, flags=re.IGNORECASE)
    return " ".join(part for part in (maker, rest) if part)


def disk_maker(vendor: str | None, model: str | None) -> str:
    """Who made a disk, by the start of its model, else as its vendor field says."""
    told = (model or "").strip()
    for name, pattern in _names().disks:
        if pattern.match(told):
            return name
    plain = " ".join((vendor or "").split())
    return "" if plain.upper() in ("ATA", "NVME", "USB", "GENERIC", "GENERIC-") else plain


def part_name(device: Device) -> str:
    """A part as people call it: "Intel UHD Graphics 620"; by its numbers where no list has it."""
    told = _known(device.name)
    if not told:
        maker = _names().parts.get(device.ids.partition(":")[0], "")
        return " ".join(part for part in (maker, device.ids) if part)
    told = re.sub(r"^Advanced Micro Devices, Inc\. (\[[^]]*\] ?)?", "AMD ", told)
    told = re.sub(r"^(\w[\w .-]*?),? (Corporation|Corp\.|Inc\.|Co\., Ltd\.) ", r"\1 ", told)
    inside = re.fullmatch(r"(\S+) ([^[]*)\[([^]]+)\](.*)", told)
    if inside and inside[3]:  # the chip's name before, the card's in brackets
        chip = " ".join((inside[2] + inside[4]).split())
        return f"{inside[1]} {inside[3]}" + (f" ({chip})" if chip else "")
    return told


def screen_name(display: Display) -> str:
    """A screen as people call it: "Dell U2412M"; "" where neither maker nor name is known."""
    letters = _known(display.maker)
    maker = _names().screens.get(letters, letters)
    name = _without_maker(_known(display.name), maker)
    return " ".join(part for part in (maker, name) if part)
