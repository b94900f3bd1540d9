"""Step 3 as lines: each disk with its health, what it can be brought to, the time. Pure."""

from __future__ import annotations

from recond import naming
from recond.erasure import WipePlan
from recond.guided.words import FAINT, PLAIN, STRONG, GuidedWords, Line, cut, fold
from recond.locale import duration, size
from recond.model import Disk, Known
from recond.show.machine import short_path

INDENT = " " * 6


def disk_lines(
    words: GuidedWords, plan: WipePlan, disk: Disk | None, *, ticked: bool, at: bool, width: int
) -> list[Line]:
    """One disk: `[X]` will be erased, `[ ]` may be, ` - ` may not and says why; `>` is here."""
    box = " - " if plan.refusals else "[X]" if ticked else "[ ]"
    room = size(words.lang, plan.disk.size_bytes)
    name = disk_name(words, plan)
    kind = words.t(f"cli.medium.{plan.disk.medium}")
    lines = [
        (
            f"{'>' if at else ' '} {box} {cut(name, width - 30)}  {room}  {kind}",
            FAINT if plan.refusals else STRONG,
        ),
        (
            f"{INDENT}{cut(_number(words, plan), width - 40)}  {health(words, disk)}",
            FAINT if plan.refusals else PLAIN,
        ),
    ]
    if plan.refusals:
        why = "  ".join(
            words.say(one).removeprefix(plan.path).lstrip(": \u00a0") for one in plan.refusals
        )
        return [
            *lines,
            *fold(words.t("guided.disk.refused", why=why), width, FAINT, first=INDENT, rest=INDENT),
        ]
    time = (
        duration(words.lang, plan.estimate_s)
        if plan.estimate_s
        else words.t("guided.disk.time_unknown")
    )
    reached = words.t(f"guided.level.{plan.level_promised}")
    said = (
        words.t("guided.disk.reaches", level=reached, time=time)
        if ticked
        else words.t("guided.disk.could", level=reached, time=time)
    )
    return [*lines, *fold(said, width, first=INDENT, rest=INDENT)]


def disk_name(words: GuidedWords, plan: WipePlan) -> str:
    """How a person calls a disk."""
    named = naming.disk_name(plan.disk.vendor, plan.disk.model)
    return named or words.t("guided.disk.unnamed")


def _number(words: GuidedWords, plan: WipePlan) -> str:
    return words.t("guided.disk.number", token=plan.disk.token, path=short_path(plan))


def health(words: GuidedWords, disk: Disk | None) -> str:
    """« santé : bon », or that it is not known."""
    verdict = getattr(disk.health, "verdict", None) if disk else None
    known = (
        words.t(f"cli.health.{verdict.value}")
        if isinstance(verdict, Known)
        else words.t("guided.disk.health_unknown")
    )
    return words.t("guided.disk.health", verdict=known)


def summary(words: GuidedWords, plans: tuple[WipePlan, ...]) -> str:
    """How many disks are ticked, and the time of the longest: they are erased side by side."""
    longest = max((plan.estimate_s or 0 for plan in plans), default=0)
    if not plans:
        return words.t("guided.disks.none")
    return words.t("guided.disks.chosen", n=len(plans), longest_s=longest)
