"""The runs of a bench as lines: when, which computer, what came of it, where its certificate is.

Why no table: a serial number and a path are copied and searched, so none is ever folded.
"""

from __future__ import annotations

from recond.flow.runlist import RunLine, RunList, RunState
from recond.locale import date, time_of_day
from recond.show.screen import Screen


def show_runs(screen: Screen, found: RunList) -> None:
    """The runs, newest first, and whether there are more."""
    for one in found.runs:
        _show_run(screen, one)
    if not found.runs:
        screen.talk(screen.t("cli.runs.none"))
    elif found.more:
        screen.talk(screen.t("cli.runs.more", n=len(found.runs)))


def _show_run(screen: Screen, one: RunLine) -> None:
    t = screen.t
    screen.data("  ".join((_when(screen, one), one.run, _verdict(screen, one))))
    named = [one.computer or "", f"N° {one.property_number}" if one.property_number else ""]
    computer = "  ".join(word for word in named if word)
    if computer:
        screen.data(f"    {computer}")
    for serial in one.serials:
        screen.data(f"    {t('cli.runs.disk', serial=serial)}")
    if one.problem is not None:
        screen.data(f"    {screen.say(one.problem)}")
    if one.demonstration:
        screen.data(f"    {t('cli.runs.demonstration')}")
    if one.certificate is not None:
        screen.data(f"    {t('cli.runs.' + _place(one), folder=one.certificate)}")
    for upload in one.uploads:
        screen.data(f"    {upload.destination}: {t(f'upload.where.{upload.where}')}")


def _when(screen: Screen, one: RunLine) -> str:
    if one.started_at is None:
        return date(screen.lang, f"{one.run[:4]}-{one.run[4:6]}-{one.run[6:8]}")
    return f"{date(screen.lang, one.started_at)} {time_of_day(one.started_at)}"


def _verdict(screen: Screen, one: RunLine) -> str:
    if one.state is RunState.CERTIFIED and one.headline is not None:
        return screen.t(one.headline)
    return screen.t(f"cli.runs.state.{one.state.value}")


def _place(one: RunLine) -> str:
    if not one.there:
        return "moved"
    return "certificate" if one.signed else "unsigned"
