"""The record: a fold over journals, and nothing else.

Why: whatever a record says of a disk is computed here from the lines of its journal, so that the
same journals give the same record to whoever reads them. Who, where and which machine are added as
they were known; they never change a result. Pure: no file, no clock, no device.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from recond.certify.judge.canaries import count_canaries
from recond.certify.judge.coverage import merged
from recond.certify.judge.journal_read import JournalReading, parse_journal
from recond.certify.judge.step_timeline import StepTimeline, ranges_of
from recond.certify.judge.timeline import Timeline, read_timeline
from recond.certify.judge.verdict import judge
from recond.codec import from_json
from recond.drive.said import refusal_words
from recond.ends import StepEnd
from recond.erasure import (
    RECORD_SCHEMA,
    Canaries,
    Context,
    DiskIdentity,
    Erasure,
    JournalRef,
    LedgerPosition,
    StepResult,
    TargetKind,
    Verification,
    VerifyMode,
    WipePlan,
    WipeRecord,
)
from recond.model import Assessment, Json, Machine, Medium, Message

UNKNOWN_DISK = DiskIdentity(
    kind=TargetKind.BLOCK,
    serial=None,
    wwn=None,
    vendor=None,
    model=None,
    firmware=None,
    size_bytes=0,
    logical_block_bytes=0,
    physical_block_bytes=0,
    bus="unknown",
    medium=Medium.UNKNOWN,
)
MAX_RANGES = 1000  # in a record; the journal has them all


@dataclass(frozen=True, slots=True)
class Issue:
    """What a record is given beside its journals."""

    record_id: str
    issued_at: str
    software: tuple[tuple[str, str], ...]
    ledger: LedgerPosition | None
    signature: str | None = None


@dataclass(frozen=True, slots=True)
class Belonging:
    """The run that a journal must belong to, and whether that run is a demonstration."""

    run_id: str
    demonstration: bool


def fold_journal(
    raw: bytes,
    file: str,
    belongs: Belonging | None = None,
    *,
    as_formerly: bool = False,
    bare: bool = False,
) -> Erasure:
    """One disk's erasure from its journal's bytes; `file` is its name in the record's folder.

    A journal of another run, or a demonstration's in a real one's record, proves nothing here.
    Never raises for what the bytes hold: what cannot be read proves nothing, and it says so.
    `as_formerly`: a session of the former form need not prove its medium, as in records that were
    made before it had to. `bare`: what drives answered stands as a number, as in former records.
    """
    reading = parse_journal(raw)
    timeline = read_timeline(reading.entries)
    timeline.contradictions += [] if as_formerly else timeline.unproven
    if belongs is not None and timeline.opened:
        if timeline.opened["run_id"] != belongs.run_id:
            timeline.contradictions.append(Message("certify.reason.other-run"))
        if timeline.opened["demonstration"] is not belongs.demonstration:
            timeline.contradictions.append(Message("certify.reason.demonstration"))
    canaries = count_canaries(timeline)
    plan = timeline.plan
    entries = reading.entries
    return Erasure(
        disk=plan.disk if plan else timeline.identity or UNKNOWN_DISK,
        path=str(timeline.opened.get("path", "")),
        plan=plan,
        plan_digest=timeline.plan_digest,
        confirmed_by=timeline.confirmed_by,
        started_at=entries[0].time if entries else None,
        ended_at=entries[-1].time if entries else None,
        steps=tuple(_step(plan, timeline, at, bare=bare) for at in range(len(plan.steps)))
        if plan
        else (),
        verification=_verification(timeline, plan, canaries),
        interruptions=tuple(timeline.interruptions),
        result=judge(timeline, reading.problems, canaries),
        journal=_reference(reading, file),
    )


def build_record(
    context: Context,
    machine: Machine | None,
    assessments: tuple[Assessment, ...],
    journals: dict[str, bytes],
    issue: Issue,
) -> WipeRecord:
    """The record of a run. `journals` are by the disk's name, without folder and ending."""
    belongs = Belonging(issue.record_id, context.bench.demonstration)
    return WipeRecord(
        schema=RECORD_SCHEMA,
        record_id=issue.record_id,
        issued_at=issue.issued_at,
        software=issue.software,
        workshop=context.workshop,
        operator=context.operator,
        verifier=context.verifier,
        lot=context.lot,
        donor=context.donor,
        property_number=context.property_number,
        answers=context.answers,
        bench=context.bench,
        machine=machine,
        assessments=assessments,
        erasures=tuple(
            fold_journal(raw, journal_file(name), belongs) for name, raw in sorted(journals.items())
        ),
        ledger=issue.ledger,
        signature=issue.signature,
        words=context.words,
        tests=context.tests,
        photos=context.photos,
    )


def journal_file(name: str) -> str:
    """Where a disk's journal lies in the record's folder."""
    return f"journals/{name}.jsonl"


def _reference(reading: JournalReading, file: str) -> JournalRef:
    return JournalRef(file, reading.sha256, reading.head, len(reading.entries))


# --- Steps -----------------------------------------------------------------------------------


def _step(plan: WipePlan, timeline: Timeline, index: int, *, bare: bool) -> StepResult:
    planned = plan.steps[index]
    told = timeline.steps.get(index)
    if told is None:
        return StepResult(
            planned.technique, planned.fill, None, None, StepEnd.NOT_RUN, 0, (), 0, 0, 0, ()
        )
    end = told.end.data if told.end else {}
    return StepResult(
        technique=planned.technique,
        fill=planned.fill,
        started_at=told.starts[0][1].time if told.starts else None,
        ended_at=told.end.time if told.end else None,
        outcome=StepEnd(str(end.get("outcome", StepEnd.UNFINISHED))),
        bytes_written=_written(told),
        bad_ranges=merged(told.bad)[:MAX_RANGES],
        retries=max(told.retries, _int(end.get("retries"))),
        pauses=told.pauses,
        duration_ms=_int(end.get("duration_ms")),
        speed_profile_bytes_per_s=_ints(end.get("speed")),
        commands=tuple(_command(entry.data, bare=bare) for entry in told.commands),
    )


def _written(told: StepTimeline) -> int:
    """Bytes that the journal says were written: the end's count, else the last checkpoint's."""
    if told.end is not None:
        return _int(told.end.data["written"])
    if told.checkpoints:
        return sum(length for _, length in ranges_of(told.checkpoints[-1][1].data["done"]))
    return 0


def _command(data: dict[str, Json], *, bare: bool) -> Message:
    """A command and how it ended: done, or what the drive said in its standard's words."""
    name, status, took = str(data["name"]), _int(data["status"]), _int(data["duration_ms"])
    if bare:
        return Message.of("certify.command", name=name, status=status, duration_ms=took)
    errno, sense = data["errno"], bytes.fromhex(str(data["sense"] or ""))
    said = refusal_words(
        str(data["transport"]), status, sense, errno if isinstance(errno, int) else None
    )
    if said is None:
        return Message.of("certify.command_done", name=name, duration_ms=took)
    return Message.of("certify.command_said", name=name, said=said, duration_ms=took)


# --- Verification ----------------------------------------------------------------------------


def _verification(timeline: Timeline, plan: WipePlan | None, canaries: Canaries) -> Verification:
    start = timeline.verify_start.data if timeline.verify_start else {}
    end = timeline.verify_end.data if timeline.verify_end else {}
    mode = plan.verify if plan else VerifyMode.NONE
    unread = StepEnd.UNFINISHED if start else StepEnd.NOT_RUN
    return Verification(
        mode=mode,
        outcome=StepEnd(str(end.get("outcome", unread))),
        seed=cast("str | None", start.get("seed")),
        bytes_compared=_int(end.get("compared")),
        places=_int(end.get("places")),
        mismatch_bytes=timeline.differing_bytes,
        mismatch_ranges=merged(timeline.differing)[:MAX_RANGES],
        unreadable_ranges=merged(timeline.verify_bad)[:MAX_RANGES],
        ending=cast("str | None", end.get("ending")),
        direct=bool(start.get("direct")),
        duration_ms=_int(end.get("duration_ms")),
        speed_profile_bytes_per_s=_ints(end.get("speed")),
        canaries=canaries,
    )


def _int(value: Json) -> int:
    return value if type(value) is int else 0


def _ints(value: Json) -> tuple[int, ...]:
    return tuple(cast(list[int], value)) if isinstance(value, list) else ()


def parse_record(value: Json) -> WipeRecord:
    """A record from its JSON. Raises `FormatError` for a wrong form."""
    return from_json(WipeRecord, value)
