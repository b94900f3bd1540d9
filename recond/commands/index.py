"""Which module declares which command, and what each is for: known without importing any.

Why: a command must not pay for the others. The help of the whole and the choice of the one module
that is needed are made from this list; a test holds it equal to what the modules declare.
"""

from __future__ import annotations

from typing import NamedTuple

from recond.locale import Lang
from recond.show.help import main_help


class IndexEntry(NamedTuple):
    """A command of the first level: the module in `recond.commands`, and its help's code."""

    module: str
    about: str


GROUPS: dict[str, dict[str, IndexEntry]] = {
    "cli.group.bench": {
        "guided": IndexEntry("guided", "guided.help.guided"),
        "attach": IndexEntry("guided", "guided.help.attach"),
        "run": IndexEntry("erase", "cli.help.run"),
        "sitting": IndexEntry("sitting", "cli.help.sitting"),
        "inspect": IndexEntry("inventory", "cli.help.inspect"),
        "test": IndexEntry("parts", "cli.help.test"),
        "check": IndexEntry("machine", "cli.help.check"),
        "capture": IndexEntry("inventory", "cli.help.capture"),
        "label": IndexEntry("prove", "label.command.about"),
    },
    "cli.group.erase": {
        "plan": IndexEntry("machine", "cli.help.plan"),
        "wipe": IndexEntry("erase", "cli.help.wipe"),
        "resume": IndexEntry("erase", "cli.help.resume"),
        "unlock": IndexEntry("unlock", "cli.help.unlock"),
        "watch": IndexEntry("dock", "cli.help.watch"),
        "methods": IndexEntry("machine", "cli.help.methods"),
    },
    "cli.group.prove": {
        "certify": IndexEntry("erase", "cli.help.certify"),
        "verify": IndexEntry("prove", "cli.help.verify"),
        "custody": IndexEntry("custody", "custody.about"),
        "history": IndexEntry("custody", "custody.about.history"),
        "runs": IndexEntry("prove", "cli.help.runs"),
    },
    "cli.group.stock": {
        "lot": IndexEntry("stock", "cli.help.lot"),
        "upload": IndexEntry("stock", "cli.help.upload"),
        "queue": IndexEntry("stock", "cli.help.queue"),
        "export": IndexEntry("stock", "cli.help.export"),
        "board": IndexEntry("board", "board.command.about"),
    },
    "cli.group.settings": {
        "key": IndexEntry("key", "key.about"),
        "profile": IndexEntry("machine", "cli.help.profile"),
        "config": IndexEntry("config", "cli.help.config"),
        "doctor": IndexEntry("machine", "cli.help.doctor"),
        "demo": IndexEntry("demo", "cli.help.demo"),
        "update-stick": IndexEntry("stick", "cli.help.update-stick"),
        "version": IndexEntry("shell", "cli.help.version"),
        "completion": IndexEntry("shell", "cli.help.completion"),
        "help": IndexEntry("shell", "cli.help.help"),
    },
}
"""The commands by what a person wants, each group in the order of the flow."""

ENTRIES = {name: entry for group in GROUPS.values() for name, entry in group.items()}

OPTIONS = (
    ("--version", "cli.option.version"),
    ("--lang fr|en", "cli.option.lang"),
    ("--state DIR", "cli.option.state"),
    ("--debug", "cli.option.debug"),
    ("--plain", "guided.option.plain"),
    ("-h, --help", "cli.frame.help"),
)
"""The options that stand before any command."""


def help_text(lang: Lang) -> str:
    """The help of the whole program, for a terminal of 80 columns."""
    groups = [
        (code, [(name, entry.about) for name, entry in entries.items()])
        for code, entries in GROUPS.items()
    ]
    return main_help(lang, OPTIONS, groups)


def modules_for(words: list[str]) -> tuple[str, ...]:
    """The modules that a command line needs: its command's, or all where it names none."""
    first = next((word for word in words if not word.startswith("-")), "")
    entry = ENTRIES.get(first)
    if entry is not None and first != "help":
        return (entry.module,)
    return tuple(dict.fromkeys(one.module for one in ENTRIES.values()))
