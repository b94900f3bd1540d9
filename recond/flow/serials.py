"""A serial number as people write it down, and as it is compared.

Why: a number comes from a drive, a spreadsheet, a scanner or a keyboard. What a copy added (spaces,
a quote, an Excel formula) does not count; everything else does. Only an equal number is a match.
"""

from __future__ import annotations

import re
import unicodedata

_WWN_PREFIXES = ("0x", "naa.", "eui.", "wwn-")


def compared(serial: str) -> str:
    """A serial as it is compared: outer white space and case do not count, everything else does."""
    return clean(serial).upper()


def bare_wwn(wwn: str) -> str:
    """A world-wide name's digits: the kernel, drives and udev set different letters before them."""
    plain = wwn.casefold()
    return next((plain.removeprefix(p) for p in _WWN_PREFIXES if plain.startswith(p)), plain)


def clean(cell: str) -> str:
    """What was meant, of a cell or a word that was copied."""
    # no-break and zero-width spaces come along when cells are copied; ="0012" keeps zeros in Excel
    shown = "".join(
        " " if unicodedata.category(c) in ("Zs", "Cc") else c
        for c in cell
        if unicodedata.category(c) != "Cf"
    ).strip()
    wrapped = re.fullmatch(r'="?(.*?)"?', shown)
    return wrapped[1].strip() if wrapped and shown.startswith("=") else shown.removeprefix("'")
