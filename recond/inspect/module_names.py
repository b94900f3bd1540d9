"""A memory module's maker and part number, as people write them.

Why: many firmwares copy the bytes of the module's own memory (SPD) instead of words: "80CE",
"0x7F98000000000000", "JEDEC ID:80 AD", a part number in hex digits. They are read by JEDEC's
table (data/memory_makers.toml); a code that the table does not hold stays as it is. Pure.

Sources: JEDEC JEP106 (codes, odd parity in bit 7, 7Fh continues); JESD21-C annex K, bytes 117, 118
(continuations first, then the code) and 128 to 145 (part number in ASCII).
"""

from __future__ import annotations

import functools
import re

from recond.data import read_table

_HEX = re.compile(r"(?:0x)?((?:[0-9a-f]{2}){1,16}|[0-9a-f]{3})h?", re.IGNORECASE)
# what stands around a code: JEDEC ID:80 AD; Unknown (0x0198); Manufacturer ID 0x80AD
_AROUND = re.compile(
    r"\W*(?:(?:unknown|undefined|jedec|manufacturer|mfg|maker|vendor|id|code|hex)\b\W*)*(.*?)\W*",
    re.IGNORECASE,
)
_BANK = re.compile(r"bank\W*([0-9]{1,2})\W+(?:hex|code|id)\W*(?:0x)?([0-9a-f]{2})h?", re.IGNORECASE)
_CODE_AFTER = re.compile(r"([A-Za-z][A-Za-z .-]{2,})\W+0x[0-9a-f]{4,}\W*", re.IGNORECASE)
_MOST_BANKS = 15
_LEAST_PART = 6  # bytes of a part number in hex; a shorter one is a plain number


@functools.cache
def _makers() -> tuple[dict[tuple[int, int], str], dict[str, str]]:
    table = read_table("memory_makers.toml")
    codes = {
        (int(bank), int(code, 16)): name
        for bank, entries in table["codes"].items()
        for code, name in entries.items()
    }
    return codes, table["written"]


def maker_of_code(text: str | None) -> str | None:
    """The maker's name where the text is a code that is known; else the text as it is."""
    if text is None:
        return None
    bare = text.strip()
    if (told := _BANK.fullmatch(bare)) is not None:  # banks are counted from 1 (JEP106)
        return _makers()[0].get((int(told[1]) - 1, int(told[2], 16) & 0x7F), text)
    around = _AROUND.fullmatch(bare)
    digits = re.sub(r"\s+", "", around[1] if around else bare)
    found = _HEX.fullmatch(digits)
    if found is None:
        named = _CODE_AFTER.fullmatch(bare)  # "Samsung (0xCE80)"
        return named[1].strip() if named else text
    if len(found[1]) <= 2 and found[1].isdigit() and not digits.lower().startswith("0x"):
        return text  # a plain number
    code = found[1].upper().rjust(4, "0")
    codes, written = _makers()
    if code[:4] in written:
        return written[code[:4]]
    for bank, number in _readings(bytes.fromhex(code)):
        name = codes.get((bank, number & 0x7F))
        if name is not None:
            return name
    return text


def _readings(code: bytes) -> list[tuple[int, int]]:
    """(bank, code) in the orders that are seen: continuations, count first, code first."""
    lead = len(code) - len(code.lstrip(b"\x7f"))
    if lead:
        return [(lead, code[lead])] if lead < len(code) else []
    first, second = code[0], code[1] if len(code) > 1 else 0
    orders = [(first & 0x7F, second), (second & 0x7F, first)]
    return [(bank, number) for bank, number in orders if bank < _MOST_BANKS and number]


def part_of_code(text: str | None) -> str | None:
    """A part number in plain text where it is written as the hex digits of its letters."""
    bare = (text or "").strip()
    if not re.fullmatch(r"(?:0x)?(?:[0-9a-f]{2})+(?:\s+(?:[0-9a-f]{2})+)*", bare, re.IGNORECASE):
        return text
    digits = re.sub(r"\s+", "", bare)
    found = re.fullmatch(r"(?:0x)?((?:[0-9a-f]{2})+)", digits, re.IGNORECASE)
    if found is None:
        return text
    raw = bytes.fromhex(found[1]).rstrip(b"\0 \xff")
    letters = re.fullmatch(rb"[A-Z0-9][A-Za-z0-9 ./_+()-]+", raw)
    if letters is None or len(raw) < _LEAST_PART or not re.search(rb"[A-Z-]", raw):
        return text
    return raw.decode("ascii").strip()
