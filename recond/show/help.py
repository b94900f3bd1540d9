"""The help of the whole program, as text.

Why: it is the first thing that a person asks for, and all of it stands in the catalogues; loading
the framework of the command line for it took most of the time. Pure.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable

from recond.locale import Lang, has, text

_STEP = 2
_COLUMNS = 80
_WORD = re.compile(r"[A-Z][A-Z_]*")
_HELD_HYPHEN = "\u2011"

Entry = tuple[str, str]
"""A name as it is typed, and the code of what it is for."""


def main_help(
    lang: Lang, options: Iterable[Entry], groups: Iterable[tuple[str, list[Entry]]]
) -> str:
    """Usage, the commands group by group (a code and its entries), the options before them."""
    room = _COLUMNS - _STEP
    meta = f"{text(lang, 'cli.frame.options_meta')} {text(lang, 'cli.frame.command_meta')}"
    rows = [(code, [_row(lang, entry) for entry in entries]) for code, entries in groups]
    wide = max(len(name) for _, entries in rows for name, _ in entries) + 2 * _STEP
    lines = [f"{text(lang, 'cli.frame.usage')}recond {meta}", ""]
    lines += _paragraph(text(lang, "cli.help.app"), room)
    for code, entries in rows:
        lines += [
            "",
            text(lang, "cli.frame.heading", name=text(lang, code)),
            *_list(entries, wide, room),
        ]
    before = [_row(lang, entry) for entry in options]
    lines += ["", f"{text(lang, 'cli.frame.options')}:"]
    lines += _list(before, max(len(name) for name, _ in before) + 2 * _STEP, room)
    return "\n".join([*lines, "", *_paragraph(text(lang, "cli.help.epilog"), room)])


def placeholder(lang: Lang, words: str) -> str:
    """What stands for a value in usage and help (`DIR`, `HOST:PORT`), in the reader's language."""
    return _WORD.sub(
        lambda word: text(lang, code) if has(code := f"cli.meta.{word[0]}") else word[0], words
    )


def hold_hyphens(words: str) -> str:
    """`linux-mint-22` so that nobody who folds lines breaks it; `free_hyphens` takes it back."""
    return words.replace("-", _HELD_HYPHEN)


def free_hyphens(words: str) -> str:
    """The words as they were before `hold_hyphens`."""
    return words.replace(_HELD_HYPHEN, "-")


def _row(lang: Lang, entry: Entry) -> tuple[str, str]:
    name, code = entry
    return placeholder(lang, name), text(lang, code)


def _paragraph(words: str, room: int) -> list[str]:
    return _wrap(words, room, "  ", "  ")


def _list(rows: list[tuple[str, str]], wide: int, room: int) -> list[str]:
    """Two columns; what is too long goes on below itself."""
    lines = []
    for name, about in rows:
        first = f"  {name}".ljust(wide)
        lines += _wrap(about, room, first, " " * wide)
    return lines


def _wrap(words: str, room: int, first: str, rest: str) -> list[str]:
    return textwrap.wrap(
        words, room, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    )
