"""Live progress: one line a disk on a terminal, plain lines elsewhere, JSON lines on request."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self

from recond.flow.runfolder import OnEvent
from recond.locale import clock_time, duration, size
from recond.progress import Meter, Phase, ProgressEvent, WorkerEnd
from recond.show.screen import Screen

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PLAIN_EVERY_S = 5.0
WORTH_A_TIME_S = 60
"""From how many seconds left the time of day of the end is said too."""
END_TONE: Mapping[WorkerEnd | None, str] = {
    WorkerEnd.COMPLETED: "default",
    WorkerEnd.RUNNING: "yellow",
}
"""How a worker's end is coloured; any other is red. A completed one is not yet proven: no green."""
WIDE = 110
"""Columns from which a bar leaves room for it."""


class ProgressDisplay:
    """Shows the supervisor's events. A context manager."""

    def __init__(
        self,
        screen: Screen,
        now: Callable[[], str],
        *,
        json_events: bool,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._screen, self._now, self._now_s = screen, now, now_s
        self._json = json_events
        self._meters: dict[str, Meter] = {}
        self._last_plain: dict[str, tuple[float, tuple[Phase | None, int]]] = {}
        self._progress: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        if not json_events and sys.stderr.isatty():
            self._progress = self._live()

    def _live(self) -> Progress:
        from rich.progress import BarColumn, Progress, TextColumn

        return Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(None, complete_style="cyan", finished_style="cyan", pulse_style="cyan"),
            TextColumn("{task.fields[share]}", markup=False),
            TextColumn("[{task.fields[tone]}]{task.fields[detail]}[/]"),
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
    def on_event(self) -> OnEvent:
        """What the supervisor calls."""
        return self._event

    def _event(self, name: str, event: ProgressEvent) -> None:
        if self._json:
            self._screen.event({"disk": name, **event.fields()})
            return
        if not name:
            self._line(self._screen.t(f"cli.phase.{event.phase}"))
            return
        now = self._now_s()
        meter = self._meters.setdefault(name, Meter())
        meter.hear(event, now)
        if event.phase is Phase.END:
            self._end(name, event)
        else:
            self._show(name, self._doing(meter, now), meter.percent, final=False)

    def _end(self, name: str, event: ProgressEvent) -> None:
        """Only what is complete is whole; how far the others came is not said here."""
        whole = 100 if event.outcome is WorkerEnd.COMPLETED else None
        final = event.outcome is not WorkerEnd.RUNNING
        words = self._screen.t(f"cli.phase.end.{event.outcome}")
        self._show(name, words, whole, final=final, tone=END_TONE.get(event.outcome, "bold red"))
        if event.details:
            self._line("  " + self._screen.t("cli.phase.details", file=event.details))

    def _doing(self, meter: Meter, now_s: float) -> str:
        lang, steps = self._screen.lang, meter.steps
        words = [
            self._screen.t(f"cli.phase.{meter.phase}", step=min(meter.step + 1, steps), steps=steps)
        ]
        speed, left = meter.speed(now_s), meter.left_s(now_s)
        if speed:
            words.append(f"{size(lang, speed)}/s")
        if left is not None:
            words.append(self._screen.t("cli.left", left=duration(lang, left)))
            if left >= WORTH_A_TIME_S and self._is_wide():
                at = clock_time(lang, self._now(), left)
                words.append(self._screen.t("cli.left.at", at=at))
        return "  ".join(words)

    def _show(
        self, name: str, detail: str, percent: int | None, *, final: bool, tone: str = "default"
    ) -> None:
        """`percent` None: nobody says how far it is; a bar stays where it was, or only moves."""
        share = "  – %" if percent is None else f"{percent:3d} %"
        if self._progress is not None:
            total = None if percent is None else 100
            if name not in self._tasks:
                self._tasks[name] = self._progress.add_task(
                    name[:28], total=total, detail="", share=share, tone=tone
                )
            self._progress.update(
                self._tasks[name],
                completed=percent,
                total=total,
                detail=detail.replace("[", r"\["),
                share=share,
                tone=tone,
            )
            return
        now, meter = self._now_s(), self._meters[name]
        at = (meter.phase, meter.step)
        last = self._last_plain.get(name, (-PLAIN_EVERY_S, (None, 0)))
        if final or now - last[0] >= PLAIN_EVERY_S or at != last[1]:
            self._last_plain[name] = (now, at)
            self._line(f"{name}  {share}  {detail}")

    def _is_wide(self) -> bool:
        return self._progress is None or self._progress.console.width >= WIDE

    def _line(self, line: str) -> None:
        if self._progress is not None:
            self._progress.console.print(line)
        else:
            self._screen.talk(line)
