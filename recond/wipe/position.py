"""Where an interrupted erasure stands, read from its journal. Pure.

Why: `recond resume` must begin exactly where the evidence ends: at the last checkpoint whose flush
was journalled, never at what was merely accepted.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from recond.codec import digest, from_json
from recond.ends import ConfirmedBy, StepEnd
from recond.erasure import WipePlan
from recond.errors import FormatError
from recond.model import Json, Range

Entries = list[tuple[str, dict[str, Json]]]


@dataclass(frozen=True, slots=True)
class Flushed:
    """What a step had on the medium for certain, by its last flush that was journalled."""

    step: int
    ranges: tuple[Range, ...]


@dataclass(frozen=True, slots=True)
class Position:
    """The step to go on with and what of it is done; `session` counts this run's sessions."""

    step: int = 0
    done: tuple[Range, ...] = ()
    bad: tuple[Range, ...] = ()
    started: bool = False
    before: dict[str, Json] | None = None  # the canaries' entry, once they were read
    session: int = 1
    unexplained: int = 0  # sessions whose lines simply stop: kills or power cuts
    why_interrupted: str = "power"
    entries: Entries = field(default_factory=list)
    begun: tuple[int, ...] = ()  # the steps that may have written, in order
    flushed: Flushed | None = None
    boot: str = ""  # of the last session that had the disk in hand, and its numbers then
    disk_seq: int | None = None
    inode: str | None = None
    lifted: bool = False  # a write protection that no session has put back yet


@dataclass(frozen=True, slots=True)
class Standing:
    """What a journal says of its own run."""

    run_id: str
    path: str
    plan: WipePlan
    digest: str
    confirmed_by: ConfirmedBy
    token: str
    ended: bool
    position: Position
    demonstration: bool


def read_standing(entries: Entries, same_boot: bool) -> Standing:
    """The state of a run. Raises `FormatError` where the journal holds no confirmed plan."""
    kinds = [kind for kind, _ in entries]
    first = dict(reversed(entries))
    if not {"open", "plan", "confirmation"} <= set(kinds):
        raise FormatError("wipe.resume.no_plan")
    plan = from_json(WipePlan, first["plan"]["plan"])
    if not digest(plan) == first["plan"]["digest"] == first["confirmation"]["digest"]:
        raise FormatError("wipe.resume.digest")
    last = kinds[-1]
    return Standing(
        run_id=str(first["open"]["run_id"]),
        path=str(first["open"]["path"]),
        plan=plan,
        digest=str(first["plan"]["digest"]),
        confirmed_by=from_json(ConfirmedBy, first["confirmation"]["by"]),
        token=str(first["confirmation"]["token"]),
        ended=last == "end",
        position=_position(entries, same_boot),
        demonstration=bool(first["open"].get("demonstration")),
    )


def _position(entries: Entries, same_boot: bool) -> Position:
    step, started = 0, False
    done: tuple[Range, ...] = ()
    bad: tuple[Range, ...] = ()
    since: Entries = []
    begun: list[int] = []
    flushed: Flushed | None = None
    for kind, data in entries:
        if kind == "step_start":
            if data["step"] != step or not started:
                step, done, bad, since = _int(data["step"]), (), (), []
            started = True
            begun += [step] if step not in begun else []
        elif kind == "checkpoint" and data.get("phase") == "write":
            done, bad = _ranges(data["done"]), _ranges(data["bad"])
            flushed = Flushed(step, done)
        elif kind == "resume" and isinstance(reread := data.get("reread"), dict):
            if not reread.get("ok"):
                done, bad, flushed = (), (), None  # of the former form: the pass began again
        elif kind == "step_end":
            if data["outcome"] in ("done", "stopped"):
                flushed = Flushed(_int(data["step"]), _ranges(data["done"]))
            if data["outcome"] in ("done", "failed"):
                step, done, bad = _int(data["step"]) + 1, (), ()
            elif data["outcome"] == "stopped":  # flushed before it was journalled; a vanished
                # disk's ranges were not, so there the last checkpoint stays
                done, bad = _ranges(data["done"]), _ranges(data["bad"])
        since.append((kind, data))
    sessions = sum(kind == "open" for kind, _ in entries)
    boot, disk_seq, inode = _last_look(entries)
    interrupted = sum(kind == "interrupted" for kind, _ in entries)
    return Position(
        step=step,
        done=done,
        bad=bad,
        started=started,
        before=next(
            (d for kind, d in entries if kind == "canary" and d.get("phase") == "before"), None
        ),
        session=sessions + 1,
        unexplained=sessions - interrupted,
        why_interrupted="killed" if same_boot else "power",
        entries=since,
        begun=tuple(begun),
        flushed=flushed,
        boot=boot,
        disk_seq=disk_seq,
        inode=inode,
        lifted=is_lifted(entries),
    )


def is_lifted(entries: Entries) -> bool:
    """Whether the kernel's write protection was lifted, or was about to be when the lines stop, and
    nobody put it back since.
    """
    phases = [data["phase"] for kind, data in entries if kind == "write_protect"]
    return phases[-1:] in (["intend"], ["lift"])


_Seen = tuple[str, int | None, str | None]


def _last_look(entries: Entries) -> _Seen:
    """The boot, the disk's sequence number and the image's inode, as the last session found them
    that had the disk in hand.
    """
    known: _Seen = ("", None, None)
    found: _Seen | None = None
    boot, session = "", 0
    for kind, data in entries:
        if kind == "open":
            boot, session, found = str(data.get("boot", "")), session + 1, None
        elif kind == "identity" and not data.get("differences"):
            identity = data.get("identity")
            names = identity if isinstance(identity, dict) else {}
            number, inode = names.get("disk_seq"), names.get("inode")
            found = (
                boot,
                number if isinstance(number, int) else None,
                inode if isinstance(inode, str) else None,
            )
        if found and (session == 1 or kind == "resume"):
            known = found
    return known


def _int(value: Json) -> int:
    if not isinstance(value, int):
        raise FormatError("wipe.resume.no_plan")
    return value


def _ranges(value: Json) -> tuple[Range, ...]:
    found: list[Range] = []
    for item in value if isinstance(value, list) else []:
        if isinstance(item, list) and len(item) == 2:
            found.append((_int(item[0]), _int(item[1])))
    return tuple(found)


def last_step(entries: list[tuple[str, dict[str, Json]]]) -> tuple[int, StepEnd]:
    """The last step that a journal shows as begun and how it ended; a word of no version of this
    program is UNKNOWN.
    """
    index, ended = 0, StepEnd.UNFINISHED
    for kind, data in entries:
        if kind in ("step_start", "step_end"):
            index, ended = int(str(data["step"])), StepEnd.UNFINISHED
        if kind == "step_end":
            word = str(data["outcome"])
            ended = StepEnd(word) if word in list(StepEnd) else StepEnd.UNKNOWN
    return index, ended
