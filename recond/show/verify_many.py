"""A thousand certificates verified: who is not to be believed, a line each, while it goes on.

Why apart: the answers of one certificate are read line by line; of ten thousand a person wants the
few that are wrong, how far it is, and what all of them say. Nothing is kept: memory does not grow.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from recond.certify.verify.verdicts import Answer, Belief, Verdicts
from recond.flow.verify.files import exit_of, near
from recond.foreign import LONGEST, cut, printable_line
from recond.show.result import BELIEF_SIGN, BELIEVED, belief_line, verdicts_json
from recond.show.screen import Screen

if TYPE_CHECKING:
    from rich.progress import Progress

MANY = 20
"""From how many certificates each that is true is counted in place of shown."""


def show_each(screen: Screen, found: Iterable[Verdicts], total: int) -> int:
    """A line for each that is not to be believed, then what was found. Returns the exit code."""
    beliefs: Counter[Belief] = Counter()
    said: Counter[str] = Counter()
    demonstrations = 0
    for one in _watched(screen, found, total):
        beliefs[one.belief] += 1
        if one.good:
            said[str(dict(one.outcome.args)["verdict"]) if one.outcome else ""] += 1
            demonstrations += one.demonstration
        else:
            screen.data(_fault_line(screen, one))
    _sum_up(screen, beliefs, said, demonstrations)
    return exit_of(said.total(), beliefs.total())


def answer_each(screen: Screen, found: Iterable[Verdicts]) -> int:
    """The same for a program: `recond.verify/1`, written while it is found. Returns the code."""
    goods: Counter[bool] = Counter()

    def items() -> Iterator[object]:
        for one in found:
            goods[one.good] += 1
            yield verdicts_json(one)

    def code() -> int:
        return exit_of(goods[True], goods.total())

    screen.answer_long("verify", "found", items(), lambda: {"exit_code": code()})
    return code()


def _fault_line(screen: Screen, found: Verdicts) -> str:
    """The sign, the name, and the first thing that speaks against it."""
    worst = Answer.NO if found.belief is Belief.FALSE else Answer.UNKNOWN
    why = next(
        (screen.say(one.message) for one in found.checks if one.answer is worst),
        screen.t(BELIEVED[found.belief]),
    )
    name = cut(near(found.name), LONGEST)
    return printable_line(f"{BELIEF_SIGN[found.belief]} {name} – {why}")


def _sum_up(
    screen: Screen, beliefs: Counter[Belief], said: Counter[str], demonstrations: int
) -> None:
    """What the true ones say, then the verdict on all, last."""
    t, total = screen.t, beliefs.total()
    if not total:
        screen.data(t("certify.verify.nothing"))
        return
    for code, n in said.most_common():
        words = t(code.removeprefix("@")) if code else t("certify.verify.many.says-nothing")
        screen.data(t("certify.verify.many.says", n=n, verdict=words))
    if demonstrations:
        screen.data(t("certify.verify.many.demonstrations", n=demonstrations))
    good = said.total()
    for belief in Belief:
        if beliefs[belief]:
            screen.data(belief_line(screen, belief, n=beliefs[belief]))
    if good < total:
        screen.data(t("certify.verify.some", n=good, total=total))


def _watched(screen: Screen, found: Iterable[Verdicts], total: int) -> Iterator[Verdicts]:
    """The same, with how far it is on a terminal. No thread draws: processes are being forked."""
    if not sys.stderr.isatty():
        yield from found
        return
    with _bar(screen) as bar:
        task = bar.add_task(screen.t("certify.verify.many.progress"), total=total)
        for n, one in enumerate(found, 1):
            bar.update(task, completed=min(n, total), refresh=n % MANY == 0 or n >= total)
            yield one


def _bar(screen: Screen) -> Progress:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeftColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TimeLeftColumn(),
        console=screen.console(error=True),
        expand=True,
        auto_refresh=False,
        transient=True,
    )
