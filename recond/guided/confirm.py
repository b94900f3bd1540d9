"""Step 4 as lines: the last look at one disk before it is destroyed. Pure."""

from __future__ import annotations

from recond.erasure import WipePlan
from recond.flow.run.typed import split_end, typed_end
from recond.flow.run.unfinished import OpenRun
from recond.guided.disks import disk_name
from recond.guided.words import BAD, CARE, PLAIN, STRONG, GuidedWords, Line, fold
from recond.locale import size
from recond.show.machine import short_path

MOST_LINES = 5


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
) -> list[Line]:
    """The disk, what will not be reached, the boxes to type into. `place`: which of how many;
    `again`: the run that is to be gone on with; `plans`: all that are asked about.
    """
    t, wanted = words.t, typed_end(plan, plans)
    boxes = " ".join(f"[ {typed[at : at + 1] or '_'} ]" for at in range(len(wanted)))
    token = plan.disk.token
    head, end, ending = split_end(plan, plans)
    ask, shown = t("guided.confirm.type", n=len(wanted)), f"{head} [{end}]{ending}"
    if plan.place:
        ask, shown = t("guided.confirm.place", token=token), f"[{plan.place}]"
    lines = [
        *fold(t("guided.confirm.warning"), width, BAD),
        ("", PLAIN),
        (t("guided.confirm.which", number=place[0], total=place[1]), PLAIN),
        *fold(f"{disk_name(words, plan)}  {size(words.lang, plan.disk.size_bytes)}", width, STRONG),
        (short_path(plan), PLAIN),
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
    for message in plan.not_reached[:MOST_LINES]:
        lines += fold(words.say(message), width, first="- ", rest="  ")
    return lines
