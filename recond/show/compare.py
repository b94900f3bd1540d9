"""Two inventories side by side, as a table."""

from __future__ import annotations

import re

from recond.flow.machine.compare import Comparison
from recond.locale import has, size, size_binary
from recond.show.screen import Screen

_AMOUNT = re.compile(r"\b(\d+) (MiB|GB)\b")


def _readable(screen: Screen, part: str, told: str) -> str:
    """A part in the reader's language: its kind of device, its sizes."""
    if part == "device" and has(f"cli.role.{told.partition(' ')[0]}"):
        role, _, name = told.partition(" ")
        told = " – ".join(filter(None, (screen.t(f"cli.role.{role}"), name)))
    return _AMOUNT.sub(lambda found: _amount(screen, int(found[1]), found[2]), told) or "—"


def _amount(screen: Screen, number: int, unit: str) -> str:
    if unit == "MiB":
        return size_binary(screen.lang, number << 20)
    return size(screen.lang, number * 10**9)


def show_comparison(screen: Screen, found: Comparison) -> None:
    """What was taken out, put in or changed; what makes it doubtful; or that nothing differs."""
    t = screen.t
    if found.changes:
        rows = [
            (
                t(f"cli.diff.part.{one.part}"),
                _readable(screen, one.part, one.was),
                _readable(screen, one.part, one.now),
            )
            for one in found.changes
        ]
        head = tuple(t(f"cli.diff.{name}") for name in ("what", "was", "now"))
        screen.table(t("cli.diff.title"), head, rows)
    else:
        screen.data(t("cli.diff.same"))
    for doubt in found.doubts:
        screen.talk(screen.say(doubt))
