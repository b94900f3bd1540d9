"""Step 4 as lines: the last look at one disk before it is destroyed. Pure."""

from __future__ import annotations

from recond.erasure import WipePlan
from recond.flow.run.areas import areas_of
from recond.flow.run.typed import split_end, typed_end
from recond.flow.run.unfinished import OpenRun
from recond.guided.disks import bus_word, disk_name
from recond.guided.words import BAD, CARE, GOOD, PLAIN, STRONG, GuidedWords, Line, cut, fold
from recond.locale import size
from recond.model import Message
from recond.show.machine import short_path

MOST_LINES = 5
MOST_NUMBER = 24
"""The longest serial that the others are lined up with; a longer one takes its room alone."""
AREA_NOTE = "wipe.note.emmc_area"
MOST_TOGETHER = 12
"""Disks that one word may confirm on the smallest screen: as many as it shows with their numbers. A
higher one shows, and confirms, more.
"""


def are_together(
    plans: tuple[WipePlan, ...],
    again: OpenRun | None,
    areas: tuple[WipePlan, ...] = (),
    most: int = MOST_TOGETHER,
) -> bool:
    """Whether one word may confirm them all: several, each told by its number, all in sight, and an
    eMMC's areas behind it. What is gone on with after a stop is confirmed disk by disk.
    """
    lines = len(plans) + sum(bool(areas_of(plan, areas)) for plan in plans)
    several = len(plans) > 1 and lines <= most
    return several and again is None and not any(plan.place for plan in plans)


def reach_lines(
    words: GuidedWords, plans: tuple[WipePlan, ...], areas: tuple[WipePlan, ...], width: int
) -> list[Line]:
    """Each area of an eMMC that is erased with its disk, then what is not reached."""
    lines: list[Line] = []
    left: list[Message] = []
    for plan in plans:
        for area in areas_of(plan, areas):
            lines += fold(_area_text(words, area), width, STRONG, first="+ ", rest="  ")
        left += plan.not_reached
    for message in list(dict.fromkeys(left))[:MOST_LINES]:
        lines += fold(words.say(message), width, first="- ", rest="  ")
    return lines


def _with_areas(
    words: GuidedWords, plan: WipePlan, areas: tuple[WipePlan, ...], width: int
) -> list[Line]:
    """The names of the areas that go with a disk, behind it, where nobody has to scroll for them;
    what they are stands below.
    """
    names = [area.path.removeprefix(plan.path) for area in areas_of(plan, areas)]
    if not names:
        return []
    return fold(
        words.t("guided.confirm.areas", areas=", ".join(names)), width, STRONG, first="     + "
    )


def _area_text(words: GuidedWords, area: WipePlan) -> str:
    note = next(one for one in area.notes if one.code == AREA_NOTE)
    return words.t(
        "guided.confirm.area",
        path=area.path,
        room=size(words.lang, area.disk.size_bytes),
        note=words.say(note),
    )


def together_lines(
    words: GuidedWords,
    plans: tuple[WipePlan, ...],
    scanned: frozenset[str],
    typed: str,
    *,
    wrong: bool,
    width: int,
    areas: tuple[WipePlan, ...] = (),
    outside: frozenset[str] = frozenset(),
) -> list[Line]:
    """All disks in one list with their numbers, and the word that destroys them. `scanned`: paths
    of those whose number was typed or scanned instead; `outside`: of those that are plugged in from
    outside, which are marked and counted: a person's own backup disk looks like any other.
    """
    t = words.t
    lines = [
        *fold(t("guided.confirm.warning_all", n=len(plans)), width, BAD),
        ("", PLAIN),
        *fold(t("guided.confirm.read_all", word=together_word(words, plans)), width, STRONG),
        (f"    {typed}_", STRONG),
        (f"    {t('guided.confirm.wrong')}" if wrong else "", CARE),
    ]
    if found := sum(plan.path in outside for plan in plans):
        lines += fold(t("guided.confirm.outside", n=found), width, CARE)
    widest = max(len(disk_name(words, plan)) for plan in plans)  # a wide screen parts no line
    tokens = max(len(plan.disk.token) for plan in plans)
    buses = max(len(bus_word(words, one, outside=one.path in outside)) for one in plans)
    for number, plan in enumerate(plans, 1):
        outer = plan.path in outside
        way = f"{bus_word(words, plan, outside=outer):<{buses}}"
        token = plan.disk.token.ljust(tokens if tokens <= MOST_NUMBER else 0)
        end = f"{token}  {size(words.lang, plan.disk.size_bytes):>7}  {way}"
        mark = t("guided.confirm.scanned") if plan.path in scanned else ""
        room = min(widest, max(8, width - len(end) - len(mark) - 10))
        name = f"{cut(disk_name(words, plan), room):<{room}}"
        tone = CARE if outer else GOOD if mark else STRONG
        lines.append((f"{number:>3}  {name}  {end}  {mark}".rstrip(), tone))
        lines += _with_areas(words, plan, areas, width)
    lines.append(("", PLAIN))
    return [*lines, *reach_lines(words, plans, areas, width)]


def together_word(words: GuidedWords, plans: tuple[WipePlan, ...]) -> str:
    """« EFFACER 8 »."""
    return words.t("guided.confirm.word", n=len(plans))


def confirm_lines(
    words: GuidedWords,
    plan: WipePlan,
    typed: str,
    *,
    wrong: bool,
    place: tuple[int, int],
    width: int,
    again: OpenRun | None = None,
    plans: tuple[WipePlan, ...] = (),
    areas: tuple[WipePlan, ...] = (),
    outside: frozenset[str] = frozenset(),
) -> list[Line]:
    """The disk, what will not be reached, the boxes to type into. `place`: which of how many;
    `again`: the run that is to be gone on with; `plans`: all that are asked about; `areas`: planned
    beside them; `outside`: the paths of what is plugged in from outside.
    """
    t, wanted = words.t, typed_end(plan, plans)
    boxes = " ".join(f"[ {typed[at : at + 1] or '_'} ]" for at in range(len(wanted)))
    token, outer = plan.disk.token, plan.path in outside
    where = ", ".join(filter(None, (short_path(plan), bus_word(words, plan, outside=outer))))
    head, end, ending = split_end(plan, plans)
    ask, shown = t("guided.confirm.type", n=len(wanted)), f"{head} [{end}]{ending}"
    if plan.place:
        ask, shown = t("guided.confirm.place", token=token), f"[{plan.place}]"
    lines = [
        *fold(t("guided.confirm.warning"), width, BAD),
        ("", PLAIN),
        (t("guided.confirm.which", number=place[0], total=place[1]), PLAIN),
        *fold(f"{disk_name(words, plan)}  {size(words.lang, plan.disk.size_bytes)}", width, STRONG),
        (where, CARE if outer else PLAIN),
        ("", PLAIN),
        *fold(ask, width, STRONG),
        ("", PLAIN),
        (f"    {shown}", STRONG),
        ("", PLAIN),
        (f"    {typed}_" if plan.place or len(typed) > len(wanted) else f"    {boxes}", STRONG),
        (f"    {t('guided.confirm.wrong')}" if wrong else "", CARE),
        ("", PLAIN),
    ]
    if again is not None:
        lines += [
            *fold(t("guided.confirm.again", run_date=again.folder.day), width, CARE),
            ("", PLAIN),
        ]
    return [*lines, *reach_lines(words, (plan,), areas, width)]
