"""The command line: answer what needs no command at once, else run the program.

There is no `__main__` block on purpose: `python recond/cli.py` would put this folder first on the
path, and `recond/inspect` would shadow the standard library's `inspect` (use `python -m recond`).
The commands themselves stand in `recond.commands`; a test holds what may be loaded here.
"""

from __future__ import annotations

import os
import sys

from recond import __version__
from recond.show.streams import soften_streams

_TAKE_A_VALUE = ("--lang", "--state")


def run_app() -> int:
    """Run the command line; returns the exit code."""
    soften_streams()
    words, lang = _bare_words(sys.argv[1:])
    if words == ["--version"]:
        sys.stdout.write(f"recond {__version__}\n")
        return 0
    if words in (["--help"], ["-h"], ["help"]) and lang in (None, "fr", "en"):
        sys.stdout.write(_help(lang) + "\n")
        return 0
    from recond.commands.program import run_program

    return run_program()


def _bare_words(words: list[str]) -> tuple[list[str], str | None]:
    """The words without `--lang X` and `--state X`, and the language that was asked for."""
    left: list[str] = []
    lang: str | None = None
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if name not in _TAKE_A_VALUE:
            left.append(word)
            continue
        value = value if equals else next(rest, "")
        lang = value if name == "--lang" else lang
    return left, lang


def _help(asked: str | None) -> str:
    from recond.commands.index import help_text
    from recond.locale import language

    return help_text(language(asked, dict(os.environ)))
