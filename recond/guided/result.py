"""Step 6 as lines: one large word, where the certificate is, what to write on the label. Pure."""

from __future__ import annotations

from recond.computer import LeftOver
from recond.erasure import Status
from recond.flow.guided import End
from recond.flow.live.mirror import on_stick
from recond.flow.live.stick import StickState, StickStatus
from recond.guided.letters import big_lines
from recond.guided.words import BAD, CARE, GOOD, PLAIN, STRONG, GuidedWords, Line, fold, fold_path
from recond.locale import date
from recond.model import Message

ON_STICK = Message("stick.done")
MARKS = {
    "erased": GOOD,
    "erased-disks": GOOD,
    "erased-virtual": GOOD,
    "accounted": CARE,
    "partial": CARE,
    "unknown": CARE,
    "not-erased": BAD,
    "nothing": CARE,
}
MOST_LEFT = 2


def result_lines(
    words: GuidedWords,
    end: End,
    said: Message | None,
    width: int,
    stick: StickStatus | None = None,
    earlier: Message | None = None,
    most_left: int = MOST_LEFT,
    *,
    large: bool = True,
) -> list[Line]:
    """The word, the certificate, the label; `said`: what became of the upload; `stick`: of the copy
    on the stick that this system came from; `earlier`: which run this is, where it is no new one;
    `most_left`: how many of the things that are left have room; `large`: the word in letters of
    blocks, which no screen reader reads.
    """
    t = words.t
    word, mark = t(f"guided.word.{end.word}"), MARKS[end.word]
    rows = big_lines(word, width) if large else (words.pair(t("guided.title.result"), word),)
    lines: list[Line] = [(row, mark) for row in rows]
    if earlier is not None:
        lines += [("", PLAIN), *fold(words.say(earlier), width, CARE)]
    good = sum(one.approved for one in end.disks)
    total = sum(not one.medium for one in end.disks)
    lines += [("", PLAIN), *fold(t("guided.result.count", good=good, total=total), width, STRONG)]
    lines += _left_lines(words, end, width, most_left)
    lines += _how_to_go_on(words, end, width)
    if end.demonstration:
        lines += fold(t("certify.verify.demonstration"), width, BAD)
    if end.why_unsigned is not None:
        lines += fold(t("cli.result.unsigned", reason=words.say(end.why_unsigned)), width, BAD)
    lines += fold(t("guided.result.label"), width)
    lines += fold(
        t("guided.result.label_text", word=word, day=date(words.lang, end.day), number=end.number),
        width,
        STRONG,
        first="  ",
        rest="  ",
    )
    lines += fold(t("guided.result.certificate"), width)
    lines += [(f"  {part}", PLAIN) for part in fold_path(_place(end, stick), width - 2)]
    if stick is not None:
        lines += fold(
            words.say(ON_STICK if stick.state is StickState.SAVED else stick.message),
            width,
            GOOD if stick.state is StickState.SAVED else CARE,
        )
    if said is not None:
        lines += fold(words.say(said), width)
    return lines


def _how_to_go_on(words: GuidedWords, end: End, width: int) -> list[Line]:
    """What to do where a disk was interrupted; nothing else that failed can be taken up."""
    if not any(one.status == Status.INTERRUPTED for one in end.disks):
        return []
    return fold(words.t("guided.result.go_on"), width, CARE)


def _left_lines(words: GuidedWords, end: End, width: int, most: int) -> list[Line]:
    """The first of what is left, or that nobody knows; « D » says all of it, and why."""
    names = [one.left for one in end.open_ends]
    lines: list[Line] = []
    if names:
        lines += fold(words.t("guided.result.left"), width, STRONG)
    for one in names[:most]:
        lines += fold(
            words.t("guided.result.left_one", name=one.name, fate=_fate(words, one)),
            width,
            CARE,
            first="- ",
            rest="  ",
        )
    if len(names) > most:
        lines += fold(words.t("guided.result.left_more", n=len(names) - most), width, CARE)
    if end.doubts:
        lines += fold(words.t("guided.result.doubt"), width, CARE)
    return lines


def _fate(words: GuidedWords, one: LeftOver) -> str:
    return words.t(f"certify.fate.{one.fate.value if one.fate else 'suspicion'}")


def left_text(words: GuidedWords, one: LeftOver) -> str:
    """One thing that is left: its name, what became of it, why, what to do; as on page one."""
    why = " ".join(words.say(said) for said in (one.why, one.todo) if said is not None)
    line = words.t("certify.left.line", name=one.name, fate=_fate(words, one), why=why)
    return line.rstrip()


def _place(end: End, stick: StickStatus | None) -> str:
    """Where the certificate is for a person: on the stick only once it is there."""
    if stick is None or stick.state is not StickState.SAVED:
        return str(end.certificate)
    return on_stick(end.certificate)


def detail_lines(words: GuidedWords, end: End, width: int) -> list[Line]:
    """Each disk with its outcome and the reasons, then what the certificate does not speak of."""
    lines: list[Line] = []
    for one in end.disks:
        status = words.t(f"cli.status.{one.status}")
        level = words.t(f"cli.level.{one.level}")
        mark = GOOD if one.approved else PLAIN if one.medium else BAD
        lines += fold(f"{status} – {one.name} – {level}", width, mark)
        for reason in one.reasons:
            lines += fold(words.say(reason), width, first="  - ", rest="    ")
    for open_end in end.open_ends:
        lines += fold(left_text(words, open_end.left), width, CARE)
    for doubt in end.doubts:
        lines += fold(words.say(doubt), width, CARE)
    lines += _how_to_go_on(words, end, width)
    if end.set_aside is not None:
        lines += fold(words.say(end.set_aside), width, CARE)
    if end.left_out:
        lines += [
            ("", PLAIN),
            *fold(words.t("guided.result.left_out", disks=", ".join(end.left_out)), width, CARE),
        ]
    return lines


def code_lines(code: str) -> tuple[str, ...]:
    """The record's number and digest as a QR code of half blocks, its quiet zone around it."""
    import segno

    rows = [
        [bool(cell) for cell in row] for row in segno.make_qr(code, error="l").matrix_iter(border=4)
    ]
    rows += [[False] * len(rows[0])] * (len(rows) % 2)
    return tuple(
        "".join(" ▄▀█"[2 * top + low] for top, low in zip(upper, lower, strict=True))
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    )
