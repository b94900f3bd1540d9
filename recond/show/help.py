"""The help of the whole program, as text.

Why: it is the first thing that a person asks for, and all of it stands in the catalogues; loading
the framework of the command line for it took most of the time. Pure.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from recond.locale import Lang, text

_STEP = 2
_COLUMNS = 80


def main_help(
    lang: Lang, options: Iterable[tuple[str, str]], commands: Iterable[tuple[str, str]]
) -> str:
    """Usage, options and commands; each a name and its help's code."""
    room = _COLUMNS - _STEP
    meta = f"{text(lang, 'cli.frame.options_meta')} {text(lang, 'cli.frame.command_meta')}"
    return "\n".join(
        (
            f"{text(lang, 'cli.frame.usage')}recond {meta}",
            "",
            *_paragraph(text(lang, "cli.help.app"), room),
            "",
            f"{text(lang, 'cli.frame.options')}:",
            *_list(lang, options, room),
            "",
            f"{text(lang, 'cli.frame.commands')}:",
            *_list(lang, commands, room),
            "",
            *_paragraph(text(lang, "cli.help.epilog"), room),
        )
    )


def _paragraph(words: str, room: int) -> list[str]:
    return textwrap.wrap(words, room, initial_indent="  ", subsequent_indent="  ")


def _list(lang: Lang, entries: Iterable[tuple[str, str]], room: int) -> list[str]:
    """Two columns; what is too long goes on below itself."""
    rows = [(name, text(lang, code)) for name, code in entries]
    wide = max(len(name) for name, _ in rows) + 2 * _STEP
    lines = []
    for name, about in rows:
        first = f"  {name}".ljust(wide)
        lines += textwrap.wrap(about, room, initial_indent=first, subsequent_indent=" " * wide)
    return lines
