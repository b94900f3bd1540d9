"""Two inventories side by side, as a table."""

from __future__ import annotations

from recond.flow.machine.compare import Comparison
from recond.show.screen import Screen


def show_comparison(screen: Screen, found: Comparison) -> None:
    """What was taken out, put in or changed; what makes it doubtful; or that nothing differs."""
    t = screen.t
    if found.changes:
        rows = [
            (t(f"cli.diff.part.{one.part}"), one.was or "—", one.now or "—")
            for one in found.changes
        ]
        head = tuple(t(f"cli.diff.{name}") for name in ("what", "was", "now"))
        screen.table(t("cli.diff.title"), head, rows)
    else:
        screen.data(t("cli.diff.same"))
    for doubt in found.doubts:
        screen.talk(screen.say(doubt))
