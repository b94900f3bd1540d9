"""A stick that gets a newer image: asked for, watched, done."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from recond.erasure import DiskIdentity
from recond.locale import size
from recond.show.screen import Screen

if TYPE_CHECKING:
    from recond.flow.live.renew import StickUpdated


def ask_stick(screen: Screen, path: str, disk: DiskIdentity, version: str | None) -> str:
    """The end of the stick's number, as a person types it. Raises `EOFError` where nobody can."""
    told = {"path": path, "model": disk.model or "—", "token": disk.token}
    screen.talk(screen.t("stick.update.ask", **told, size=size(screen.lang, disk.size_bytes)))
    if version is not None:
        screen.talk(screen.t("stick.update.version", version=version))
    screen.talk(screen.t("stick.update.type"))  # standard output is for the answer
    return input()


@contextmanager
def watched(screen: Screen) -> Iterator[Callable[[int], None]]:
    """How far the writing is, in thousandths, on a terminal; drawn once something is written."""
    if not sys.stderr.isatty():
        yield lambda _permille: None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
        console=screen.console(error=True),
        expand=True,
        auto_refresh=False,
        transient=True,
    ) as bar:
        task = bar.add_task(screen.t("stick.update.progress"), total=1000, visible=False)
        yield lambda permille: bar.update(
            task, completed=permille, visible=True, refresh=permille % 10 == 0
        )


def show_stick_updated(screen: Screen, found: StickUpdated) -> None:
    """What the stick is now, and what stayed on it."""
    told = {"path": found.path, "size": size(screen.lang, found.kept_bytes)}
    if found.resumed:
        screen.data(screen.t("stick.update.resumed"))
    version = found.version
    done = "stick.update.done" if version is not None else "stick.update.done_by_sum"
    screen.data(screen.t(done, **told, version=version or found.sha256[:16]))
    if found.copies_left:
        screen.data(screen.t("stick.update.copies", n=found.copies_left))
