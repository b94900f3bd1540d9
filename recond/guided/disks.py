"""Step 3 as lines: each disk with its health, what it can be brought to, the time. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from recond import naming
from recond.erasure import TargetKind, WipePlan
from recond.guided.words import CARE, FAINT, PLAIN, STRONG, GuidedWords, Line, cut, cut_front, fold
from recond.locale import duration, size
from recond.model import Disk, Known
from recond.show.machine import short_path

INDENT = " " * 6
KIND_WIDTH = 24  # « disque dur USB, externe »
NUMBER_WIDTH = 10
MOST_NAME = 44  # a wide screen parts no line
BUS_WORDS = {"nvme": "NVMe", "firewire": "FireWire", "virtio": "virtio", "unknown": ""}


@dataclass(frozen=True, slots=True)
class Row:
    """How one disk stands in the list: `[X]` will be erased, `[ ]` may be, ` - ` may not; `>` is
    here; `outside`: plugged in from outside, perhaps somebody's own.
    """

    ticked: bool = False
    at: bool = False
    outside: bool = False


def disk_line(words: GuidedWords, plan: WipePlan, row: Row, width: int) -> Line:
    """One disk in one line: name, room, what it is, the end of its number."""
    box = " - " if plan.refusals else "[X]" if row.ticked else "[ ]"
    kind = kind_word(words, plan, outside=row.outside)
    room = f"{size(words.lang, plan.disk.size_bytes):>8}"
    number = cut_front(plan.disk.token, NUMBER_WIDTH)
    if plan.refusals and not row.at:
        number = words.t("guided.disk.refused_short")
    rest = f" {room}  {cut(kind, KIND_WIDTH):<{KIND_WIDTH}}  {number:<{NUMBER_WIDTH}}"
    room_left = min(MOST_NAME, max(10, width - len(INDENT) - len(rest)))
    name = f"{cut(disk_name(words, plan), room_left):<{room_left}}"
    text = f"{'>' if row.at else ' '} {box} {name}{rest}"
    mark = FAINT if plan.refusals else CARE if row.outside and row.ticked else STRONG
    return text.rstrip(), mark


def disk_lines(
    words: GuidedWords, plan: WipePlan, disk: Disk | None, row: Row, width: int
) -> list[Line]:
    """One disk with what is known of it: whole number, path, health; what it can be brought to and
    the time, or why it may not be erased.
    """
    lines = [
        disk_line(words, plan, row, width),
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
        if row.ticked
        else words.t("guided.disk.could", level=reached, time=time)
    )
    return [*lines, *fold(said, width, first=INDENT, rest=INDENT)]


def disk_name(words: GuidedWords, plan: WipePlan) -> str:
    """How a person calls a disk."""
    named = naming.disk_name(plan.disk.vendor, plan.disk.model)
    return named or words.t("guided.disk.unnamed")


def kind_word(words: GuidedWords, plan: WipePlan, *, outside: bool) -> str:
    """« SSD SATA », « disque dur USB, externe », « clé USB, externe »."""
    kind, bus = words.t(f"cli.medium.{plan.disk.medium}"), bus_word(words, plan, outside=False)
    if bus and bus not in kind:
        kind = f"{kind} {bus}"
    return words.t("guided.disk.outside", bus=kind) if outside else kind


def bus_word(words: GuidedWords, plan: WipePlan, *, outside: bool) -> str:
    """« SATA », « USB, externe »; "" of what hangs on no bus (an image)."""
    bus = "" if plan.disk.kind is TargetKind.IMAGE else plan.disk.bus
    word = BUS_WORDS.get(bus, bus.upper())
    return words.t("guided.disk.outside", bus=word) if outside else word


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


def grade_line(words: GuidedWords, grade: str | None) -> str:
    """« D’après la machine et vos réponses : grade B »; "" where nothing gives one."""
    worst, _, best = (grade or "").partition("-")
    if not worst:
        return ""
    code = "readiness.grade_range" if best else "readiness.grade"
    return words.t("guided.grade", grade=words.t(code, category=worst, best=best))


def summary(words: GuidedWords, plans: tuple[WipePlan, ...]) -> str:
    """How many disks are ticked, and the time of the longest: they are erased side by side."""
    longest = max((plan.estimate_s or 0 for plan in plans), default=0)
    if not plans:
        return words.t("guided.disks.none")
    return words.t("guided.disks.chosen", n=len(plans), longest_s=longest)
