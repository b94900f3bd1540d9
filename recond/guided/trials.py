"""Trials of the parts as lines of the guided screen. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from recond.flow.parts import PartPlan
from recond.flow.trials import TrialsBeside, UnderWay
from recond.guided.words import BAD, CARE, FAINT, GOOD, PLAIN, STRONG, GuidedWords, Line, fold
from recond.keyboards import key_rows
from recond.locale import clock_time, duration
from recond.model import Message, Outcome, Tried
from recond.show.parts import part_row

NAME_COLUMNS = 26
SIGN_COLUMNS = 16
KEYBOARD = "keyboard"
SIGNS = {Outcome.PASS: GOOD, Outcome.FAIL: BAD, Outcome.UNKNOWN: FAINT}


def choice_lines(
    words: GuidedWords,
    plans: tuple[PartPlan, ...],
    ticked: frozenset[str],
    at: int,
    now: str,
    width: int,
) -> list[Line]:
    """Which parts are to be tried, and the whole time of those that are ticked, told first."""
    total = sum(one.about_s for one in plans if one.part in ticked)
    when = clock_time(words.lang, now, total)
    said = words.t("inspect.part.plan", total_s=total, at=when) if ticked else ""
    lines = [*fold(words.t("guided.trials.about"), width), *fold(said, width, STRONG), ("", PLAIN)]
    for number, one in enumerate(plans):
        sign, mark = ">" if number == at else " ", "[X]" if one.part in ticked else "[ ]"
        name = words.t(f"inspect.part.name.{one.part}")
        about = words.t("guided.trials.takes", time=duration(words.lang, one.about_s))
        line = f" {sign} {mark} {name:<{NAME_COLUMNS}} {about}"
        lines.append((line, STRONG if number == at else PLAIN))
    if "battery" in ticked:
        lines += [("", PLAIN), *fold(words.t("inspect.part.pull"), width, CARE)]
    return lines


def earlier_lines(words: GuidedWords, tests: Iterable[Tried], width: int) -> list[Line]:
    """What was tried on this computer since its start."""
    lines = [line for one in tests for line in tried_lines(words, one, width)]
    heading = fold(words.t("guided.trials.earlier"), width)
    return [("", PLAIN), *heading, *lines] if lines else []


def tried_lines(words: GuidedWords, one: Tried, width: int) -> list[Line]:
    """The outcome as a word in its column, then the part and what was seen."""
    name, outcome, said = part_row(words, one)
    text = words.pair(name, said)
    first = f" {outcome:<{SIGN_COLUMNS}}"
    return fold(text, width, SIGNS[one.outcome], first=first, rest=" " * len(first))


def running_lines(words: GuidedWords, trials: TrialsBeside, now: str, width: int) -> list[Line]:
    """What ended, what runs and how far it is, what is still to come."""
    left_s, under_way = trials.left_s, trials.now
    at = clock_time(words.lang, now, left_s)
    said = words.t("guided.trials.left", left_s=left_s, at=at)
    if trials.ended:
        said = words.t("guided.trials.over")
    lines = [*fold(said, width, STRONG), ("", PLAIN)]
    for one in trials.tests:
        lines += tried_lines(words, one, width)
    if trials.ended:
        return lines
    tried = {one.part for one in trials.tests}
    for plan in trials.plans:
        if plan.part in tried:
            continue
        if under_way is not None and plan.part == under_way.part:
            lines += _under_way(words, under_way, width)
        else:
            name = words.t(f"inspect.part.name.{plan.part}")
            about = words.t("guided.trials.takes", time=duration(words.lang, plan.about_s))
            lines.append((f" {'':<{SIGN_COLUMNS}}{words.pair(name, about)}", FAINT))
    return lines


def _under_way(words: GuidedWords, one: UnderWay, width: int) -> list[Line]:
    first = f" {words.t('guided.trials.now'):<{SIGN_COLUMNS}}"
    rest = " " * len(first)
    said = words.t(
        "inspect.part.progress",
        name=words.t(f"inspect.part.name.{one.part}"),
        done_s=int(one.done_s),
        about_s=int(one.about_s),
    )
    lines = fold(said, width, STRONG, first=first, rest=rest)
    if one.asks is None:
        return lines
    if one.part == KEYBOARD and "layout" in dict(one.asks.args):
        return [*lines, *keyboard_drawn(words, one.asks, width)]
    return [*lines, *fold(words.say(one.asks), width, CARE, first=rest, rest=rest)]


def keyboard_drawn(words: GuidedWords, asks: Message, width: int) -> list[Line]:
    """The keyboard key by key: what arrived stands in brackets, the rest is still to come."""
    told = dict(asks.args)
    missing = frozenset(str(told["keys"]).split())
    said = words.t("guided.trials.keyboard", n=told["n"], total=told["total"])
    lines = [*fold(said, width, CARE), ("", PLAIN)]
    for row in key_rows(str(told["layout"])):
        keys = (f" {printed} " if printed in missing else f"[{printed}]" for _, printed in row)
        lines.append(("  " + "".join(keys), STRONG))
    return [*lines, ("", PLAIN)]
