"""Which module declares which command, and what each is for: known without importing any.

Why: a command must not pay for the others. The help of the whole and the choice of the one module
that is needed are made from this list; a test holds it equal to what the modules declare.
"""

from __future__ import annotations

import shutil
from typing import NamedTuple

from recond.locale import Lang
from recond.show.help import main_help


class Entry(NamedTuple):
    """A command of the first level: the module in `recond.commands`, and its help's code."""

    module: str
    about: str


ENTRIES: dict[str, Entry] = {
    "guided": Entry("guided", "guided.help.guided"),
    "attach": Entry("guided", "guided.help.attach"),
    "run": Entry("erase", "cli.help.run"),
    "inspect": Entry("machine", "cli.help.inspect"),
    "capture": Entry("machine", "cli.help.capture"),
    "check": Entry("machine", "cli.help.check"),
    "plan": Entry("machine", "cli.help.plan"),
    "wipe": Entry("erase", "cli.help.wipe"),
    "resume": Entry("erase", "cli.help.resume"),
    "certify": Entry("erase", "cli.help.certify"),
    "verify": Entry("prove", "cli.help.verify"),
    "label": Entry("prove", "label.command.about"),
    "upload": Entry("stock", "cli.help.upload"),
    "queue": Entry("stock", "cli.help.queue"),
    "lot": Entry("stock", "cli.help.lot"),
    "watch": Entry("dock", "cli.help.watch"),
    "board": Entry("board", "board.command.about"),
    "key": Entry("key", "key.about"),
    "profile": Entry("machine", "cli.help.profile"),
    "methods": Entry("machine", "cli.help.methods"),
    "doctor": Entry("machine", "cli.help.doctor"),
    "demo": Entry("erase", "cli.help.demo"),
}
"""In the order of the flow, as a person meets them."""

OPTIONS = (
    ("--version", "cli.option.version"),
    ("--lang fr|en", "cli.option.lang"),
    ("--state DIR", "cli.option.state"),
    ("--debug", "cli.option.debug"),
    ("--plain", "guided.option.plain"),
    ("--help", "cli.frame.help"),
)
"""The options that stand before any command."""


def help_text(lang: Lang) -> str:
    """The help of the whole program, as wide as the terminal."""
    width = shutil.get_terminal_size().columns
    return main_help(lang, OPTIONS, [(name, one.about) for name, one in ENTRIES.items()], width)


def modules_for(words: list[str]) -> tuple[str, ...]:
    """The modules that a command line needs: its command's, or all where it names none."""
    first = next((word for word in words if not word.startswith("-")), "")
    entry = ENTRIES.get(first)
    if entry is not None:
        return (entry.module,)
    return tuple(dict.fromkeys(one.module for one in ENTRIES.values()))
