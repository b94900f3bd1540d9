"""The slots of a dock bench: a live table on a terminal, lines elsewhere, JSON lines on request.

Why: whoever stands at eight slots looks for the one that says something else than a percentage. The
words come from the slot's own state; nothing is concluded here.
"""

from __future__ import annotations

import shlex
import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

from recond.codec import to_json
from recond.erasure import TargetKind
from recond.flow.dock.order import Summary
from recond.flow.dock.slot import SlotState, View
from recond.foreign import printable
from recond.locale import duration, size
from recond.model import Json
from recond.show.folding import blocks, column_widths, fold_line
from recond.show.screen import Screen

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

PLAIN_EVERY_PERCENT = 10
STYLE = {
    SlotState.DONE: "green",
    SlotState.CERTIFIED: "green",
    SlotState.FAILED: "bold red",
    SlotState.LEFT: "bold yellow",
    SlotState.REFUSED: "yellow",
    SlotState.INTERRUPTED: "bold red",
    SlotState.STRANGER: "yellow",
    SlotState.ERASING: "cyan",
}


class DockDisplay:
    """Shows each change of a slot. A context manager."""

    def __init__(self, screen: Screen, *, as_json: bool) -> None:
        self._screen = screen
        self._json = as_json
        self._views: dict[str, View] = {}
        self._said: dict[str, tuple[SlotState, int]] = {}
        self._live: Live | None = None
        if not as_json and sys.stderr.isatty():
            from rich.live import Live

            self._live = Live(console=screen.console(error=True), auto_refresh=False)

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, view: View) -> None:
        """A slot has changed."""
        before = self._views.get(view.place)
        self._views[view.place] = view
        if self._json:
            if before is None or _telling(before) != _telling(view):
                self._screen.answer("watch", {"event": "slot", **view_json(view)})
        elif self._live is not None:
            self._live.update(self.table(self._live.console.width), refresh=True)
        else:
            self._line(view)

    def stopping(self, count: int) -> None:
        """A stop was asked for, for the first, second or third time."""
        self._say(self._screen.t(f"dock.stop.{min(count, 3)}"))

    def title(self, lot: str, expected: int) -> None:
        """What is expected, and how to end it."""
        if not self._json:
            self._say(self._screen.t("dock.title", lot=lot, n=expected))

    def _say(self, line: str) -> None:
        if self._live is not None:
            self._live.console.print(line)
        else:
            self._screen.talk(line)

    def _line(self, view: View) -> None:
        step = (view.state, (view.percent or 0) // PLAIN_EVERY_PERCENT)
        if self._said.get(view.place) != step:
            self._said[view.place] = step
            words = "  ".join(word for word in self._words(view) if word)
            self._screen.talk(words)

    def _words(self, view: View) -> tuple[str, str, str, str]:
        state = self._screen.t(f"dock.state.{view.state.value}")
        if view.state is SlotState.ERASING:
            state += " " + self._screen.t("cli.percent", n=view.percent or 0)
        disk = ""
        if view.disk is not None:
            told = (view.disk.model, view.disk.token, size(self._screen.lang, view.disk.size_bytes))
            disk = " ".join(word for word in told if word)
        return view.place, disk, state, self._detail(view)

    def _detail(self, view: View) -> str:
        if view.state is SlotState.STRANGER:  # which disk it is stands beside it
            return self._screen.t("dock.stranger")
        if view.message is not None:
            return self._screen.say(view.message)
        event = view.event
        if event is not None and event.step is not None and event.steps is not None:
            step = min(event.step + 1, event.steps)
            doing = self._screen.t(f"cli.phase.{event.phase}", step=step, steps=event.steps)
            if view.left_s is None:
                return doing
            left = duration(self._screen.lang, view.left_s)
            return f"{doing}, {self._screen.t('cli.left', left=left)}"
        return str(view.record or "")

    def table(self, room: int) -> RenderableType:
        """Every slot, in `room` columns of a terminal: no number is folded, as in other tables."""
        from rich import box
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        t = self._screen.t
        head = tuple(t(f"dock.head.{name}") for name in ("slot", "disk", "state", "detail"))
        views = [self._views[place] for place in sorted(self._views)]
        rows = [tuple(map(printable, self._words(view))) for view in views]
        styles = [STYLE.get(view.state, "") for view in views]
        widths = column_widths([head, *rows], room)
        if widths is None:
            named = tuple(t("cli.frame.heading", name=name) for name in head)
            told = ("\n".join(blocks(named, [row], room)) for row in rows)
            return Group(
                *(Text(words, style=style) for words, style in zip(told, styles, strict=True))
            )
        made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for name, width in zip(head, widths, strict=True):
            made.add_column(name, width=width)
        for row, style in zip(rows, styles, strict=True):
            cells = zip(row, widths, strict=True)
            made.add_row(*(Text(fold_line(cell, width)) for cell, width in cells), style=style)
        return made


def summary_fields(found: Summary) -> dict[str, Json]:
    """The last line of `watch --json`."""
    counts = {state.value: sum(one.state is state for one in found.ends) for state in SlotState}
    return {
        "event": "summary",
        "lot": found.lot,
        "exit_code": found.exit_code,
        "counts": {name: n for name, n in counts.items() if n},
        "disks": [view_json(one) for one in found.ends],
        "missing": list(found.missing),
    }


def show_summary(screen: Screen, found: Summary) -> None:
    """How every disk ended, and which listed number has no certificate."""
    states = [one.state for one in found.ends]
    done, before = states.count(SlotState.DONE), states.count(SlotState.CERTIFIED)
    screen.data(
        screen.t(
            "dock.summary",
            done=done,
            certified=before,
            strangers=states.count(SlotState.STRANGER),
            other=sum(one.exit_code > 0 for one in found.ends),
        )
    )
    for one in found.ends:
        if one.exit_code and one.message is not None:
            screen.data(f"  {one.place} – {screen.say(one.message)}")
    commands = [destroyed_command(one, found.lot) for one in found.ends]
    if any(commands):
        screen.data(screen.t("dock.destroyed"))
        for line in filter(None, commands):
            screen.data(f"  {line}")
    if found.missing:
        screen.data(screen.t("dock.missing", n=len(found.missing)))


def destroyed_command(view: View, lot: str | None) -> str | None:
    """What signs that a disk was destroyed whose certificate says that its erasure failed; None for
    any other end (a loose cable is one), for an image, and for a disk without a number.
    """
    disk = view.disk
    rejected = view.state is SlotState.FAILED and view.record is not None
    if not rejected or disk is None or not disk.serial:
        return None
    if disk.kind is not TargetKind.BLOCK or disk.serial_of == "box":
        return None
    words = ["recond", "custody", "destroyed", disk.serial, "--method", "shred"]
    return shlex.join([*words, *(("--lot", lot) if lot else ())])


def view_json(view: View) -> dict[str, Json]:
    """A slot as one object, whose keys scripts may rely on."""
    disk = view.disk
    return {
        "slot": view.place,
        "path": view.path,
        "state": view.state.value,
        "serial": disk.serial if disk else None,
        "model": disk.model if disk else None,
        "size_bytes": disk.size_bytes if disk else None,
        "percent": view.percent,
        "phase": view.event.phase if view.event else None,
        "run": view.run,
        "record": str(view.record) if view.record else None,
        "message": to_json(view.message) if view.message else None,
        "exit_code": view.exit_code,
    }


def _telling(view: View) -> tuple[object, ...]:
    """What a line of JSON is worth: not each piece that is written."""
    return (
        view.state,
        view.path,
        view.percent,
        view.message,
        view.run,
        view.disk,
        view.event.phase if view.event else None,
    )
