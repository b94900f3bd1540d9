"""Live progress: one line a disk on a terminal, plain lines elsewhere, JSON lines on request."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from recond.locale import duration, size
from recond.model import Json
from recond.show.screen import Screen

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PLAIN_EVERY_S = 5.0
SPEED_WINDOW_S = 5.0


class Meter:
    """Speed and time left of one disk's phase, from its last seconds."""

    def __init__(self) -> None:
        self.phase = ""
        self._points: list[tuple[float, int]] = []

    def update(self, phase: str, done: int, now: float) -> None:
        """Take a reading; a new phase starts anew."""
        if phase != self.phase:
            self.phase, self._points = phase, []
        self._points = [p for p in self._points if now - p[0] <= SPEED_WINDOW_S]
        self._points.append((now, done))

    def speed(self) -> int:
        """Bytes a second; 0 while unknown."""
        if len(self._points) < 2:
            return 0
        (start, low), (end, high) = self._points[0], self._points[-1]
        return int((high - low) / (end - start)) if end > start and high > low else 0


class ProgressDisplay:
    """Shows the supervisor's events. A context manager."""

    def __init__(self, screen: Screen, *, json_events: bool, totals: dict[str, int]) -> None:
        self._screen = screen
        self._json = json_events
        self._meters: dict[str, Meter] = {name: Meter() for name in totals}
        self._last_plain: dict[str, tuple[float, str]] = {}
        self._progress: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        if not json_events and sys.stderr.isatty():
            self._progress = self._live()

    def _live(self) -> Progress:
        from rich.progress import BarColumn, Progress, TextColumn

        return Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[share]}"),
            TextColumn("{task.fields[detail]}"),
            console=self._screen.console(error=True),
            expand=True,
        )

    def __enter__(self) -> Self:
        if self._progress is not None:
            self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    @property
    def on_event(self) -> Callable[[str, dict[str, Json]], None]:
        """What the supervisor calls."""
        return self._event

    def _event(self, name: str, event: dict[str, Json]) -> None:
        if self._json:
            self._screen.event(json.dumps({"disk": name, **event}))
            return
        phase = str(event.get("phase", ""))
        if not name:
            self._line(self._screen.t(f"cli.phase.{phase}"))
            return
        if phase in ("end", "pause", "canary"):
            outcome = event.get("outcome", "")
            code = f"cli.phase.{phase}" + (f".{outcome}" if outcome else "")
            # only what is complete is whole; how far the others came is not said here
            self._show(
                name,
                self._screen.t(code),
                1,
                1 if outcome == "completed" else None,
                final=phase == "end" and outcome != "running",
            )
            if "details" in event:
                file = str(event["details"])
                self._line("  " + self._screen.t("cli.phase.details", file=file))
            return
        self._measured(name, phase, event)

    def _measured(self, name: str, phase: str, event: dict[str, Json]) -> None:
        done, total = _int(event.get("done")), max(1, _int(event.get("total")))
        step, steps = _int(event.get("step")), _int(event.get("steps"))
        now = time.monotonic()
        meter = self._meters.setdefault(name, Meter())
        meter.update(f"{phase}{step}", done, now)
        speed = meter.speed() if phase != "firmware" else 0
        detail = self._screen.t(f"cli.phase.{phase}", step=min(step + 1, steps), steps=steps)
        if speed:
            left = duration(self._screen.lang, (total - done) // speed)
            detail += f"  {size(self._screen.lang, speed)}/s  " + self._screen.t(
                "cli.left", left=left
            )
        self._show(name, detail, done, total, final=False)

    def _show(self, name: str, detail: str, done: int, total: int | None, *, final: bool) -> None:
        """`total` None: nobody says how far it is; a bar stays where it was, or only moves."""
        share = "  – %" if total is None else f"{done * 100 // total:3d} %"
        if self._progress is not None:
            if name not in self._tasks:
                self._tasks[name] = self._progress.add_task(
                    name[:28], total=total, detail=detail, share=share
                )
            self._progress.update(
                self._tasks[name],
                completed=None if total is None else done,
                total=total,
                detail=detail,
                share=share,
            )
            return
        now, phase = time.monotonic(), self._meters.setdefault(name, Meter()).phase
        last = self._last_plain.get(name, (-PLAIN_EVERY_S, ""))
        if final or now - last[0] >= PLAIN_EVERY_S or phase != last[1]:
            self._last_plain[name] = (now, phase)
            self._line(f"{name}  {share}  {detail}")

    def _line(self, line: str) -> None:
        if self._progress is not None:
            self._progress.console.print(line)
        else:
            self._screen.talk(line)


def _int(value: Json) -> int:
    return value if isinstance(value, int) else 0
