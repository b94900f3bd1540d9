"""The manual page, in roff, from the texts that `--help` shows.

Why: the same words in the terminal, in `man recond` and on paper; nothing is written twice. The
page is laid out as man-pages(7) asks. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from recond import __version__
from recond.locale import Lang, text

_ESCAPED = {"\\": "\\e", "-": "\\-", "\u00a0": "\\~", "\u202f": "\\~"}


def manual_page(lang: Lang, pages: Iterable[tuple[str, str]]) -> str:
    """recond(1): `pages` are each command's path and its help as `--help` shows it."""

    def word(name: str) -> str:
        return _plain(text(lang, f"cli.man.{name}"))

    about = text(lang, "cli.help.app")
    lines = [
        f'.TH RECOND 1 "" "recond {__version__}" "{word("section")}"',
        f".SH {word('name')}",
        f"recond \\- {_plain(about.rstrip('.'))}",
        f".SH {word('synopsis')}",
        ".B recond",
        _plain(f"{text(lang, 'cli.frame.options_meta')} {text(lang, 'cli.frame.command_meta')}"),
    ]
    for path, shown in pages:
        lines += [f'.SH "{_plain(path.upper())}"', *_body(shown)]
    return "\n".join([*lines, f".SH {word('exit')}", _plain(text(lang, "cli.help.epilog"))])


def _body(shown: str) -> Iterable[str]:
    """A help as it is: its columns are already laid out."""
    yield ".nf"
    for line in shown.strip("\n").splitlines():
        plain = _plain(line)
        yield f"\\&{plain}" if plain[:1] in (".", "'") else plain
    yield ".fi"


def _plain(words: str) -> str:
    return re.sub(r"[\\\-\u00a0\u202f]", lambda found: _ESCAPED[found[0]], words)
