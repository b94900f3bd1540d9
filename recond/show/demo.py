"""The demonstration on the screen: what is happening at each step, and that it is a demo."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from recond.flow.run.run import Finished, Prepared
from recond.flow.runfolder import OnEvent
from recond.flow.verify.files import Report
from recond.show.machine import show_assessment, show_machine, show_plans
from recond.show.progress import ProgressDisplay
from recond.show.result import finished_json, show_finished, show_report
from recond.show.screen import Screen


class TellDemo:
    """Tells a person, or with `as_json` a script, how the demonstration goes."""

    def __init__(
        self, screen: Screen, now: Callable[[], str], *, as_json: bool, events: bool
    ) -> None:
        self._screen, self._now = screen, now
        self._json = as_json
        self._events = events
        self._display: ProgressDisplay | None = None
        self._results: list[object] = []

    def begin(self, folder: Path) -> None:
        """Say first that no disk of this computer is touched."""
        self._screen.talk(self._screen.t("cli.demo.begin", folder=str(folder)))

    def prepared(self, prepared: Prepared) -> None:
        """Show the machine and its verdict."""
        if self._json:
            return
        show_machine(self._screen, prepared.machine)
        for one in prepared.assessments:
            show_assessment(self._screen, one)

    def erasing(self, prepared: Prepared, method: str, totals: dict[str, int]) -> OnEvent:
        """Show the plan and begin the progress lines."""
        if not self._json:
            show_plans(self._screen, prepared.plans, self._now())
        for name, size_bytes in totals.items():
            self._screen.talk(
                self._screen.t("cli.demo.erasing", name=name, size_bytes=size_bytes, method=method)
            )
        self._display = ProgressDisplay(self._screen, self._now, json_events=self._events)
        self._display.__enter__()
        return self._display.on_event

    def finished(self, finished: Finished) -> None:
        """Show the result."""
        if self._display is not None:
            self._display.__exit__(None, None, None)
        if self._json:
            self._results.append(finished_json(finished))
        else:
            show_finished(self._screen, finished)

    def verified(self, report: Report, traces: int, folder: Path) -> None:
        """Show the verification, and how many traces of the donor's data the images still hold."""
        if self._json:
            self._screen.answer(
                "demo",
                {
                    "demonstration": True,
                    "folder": str(folder),
                    "runs": self._results,
                    "traces": traces,
                    "verify_exit_code": report.exit_code,
                },
            )
            return
        show_report(self._screen, report)
        self._screen.data(self._screen.t("cli.demo.traces", n=traces))
        self._screen.data(self._screen.t("cli.demo.end", folder=str(folder)))
