"""The drives' self-tests on the screen: how far, and how they ended."""

from __future__ import annotations

from recond.flow.machine.selftest import SelfTested
from recond.show.screen import Screen


class Followed:
    """Tells each drive's progress once for each tenth."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._told: dict[str, int] = {}

    def __call__(self, path: str, percent: int | None) -> None:
        """Called at each look."""
        tenth = -1 if percent is None else percent // 10
        if self._told.get(path) != tenth:
            self._told[path] = tenth
            shown = "?" if percent is None else str(percent)
            self._screen.talk(self._screen.t("cli.selftest.progress", path=path, percent=shown))


def show_self_tests(screen: Screen, found: SelfTested) -> None:
    """One line a drive."""
    t = screen.t
    rows = [
        (one.path, t(f"cli.selftest.{one.outcome}"), screen.reading(one.words))
        for one in found.results
    ]
    screen.table(
        t("cli.selftest.title"),
        tuple(t(f"cli.selftest.{name}") for name in ("disk", "outcome", "words")),
        rows,
    )
