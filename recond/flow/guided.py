"""The decisions of the guided main job; a screen, or a plain dialogue, only asks and shows.

Why: which disks are offered, what a confirmation is, what goes into the record and what the end is
called must be the same whoever asks, and must be testable without a terminal. The erasure runs as a
`BackgroundRun` beside whatever shows it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from recond.census import Said
from recond.computer import (
    Conclusion,
    LeftOver,
    Scope,
    closable,
    conclude,
    is_approved,
    is_boot_medium,
)
from recond.ends import ConfirmedBy
from recond.erasure import (
    Context,
    Erasure,
    LevelWish,
    TargetKind,
    WipePlan,
    WipeRecord,
)
from recond.errors import RecondError, SafetyRefusal
from recond.flow.answers import QUESTIONS as QUESTIONS
from recond.flow.answers import told_of
from recond.flow.config import Overrides
from recond.flow.parts import read_parts
from recond.flow.profiles import load_profile
from recond.flow.run.areas import with_areas
from recond.flow.run.attach import follow
from recond.flow.run.background import BackgroundRun
from recond.flow.run.choice import OUTER_BUSES, is_outside
from recond.flow.run.resume import resume_runs
from recond.flow.run.run import Finished, Order, Prepared, certify_again, execute, finished_of
from recond.flow.run.supervisor import confirm_all
from recond.flow.run.unfinished import Left, OpenRun, open_runs
from recond.flow.runfolder import RECORD, OnEvent, RunFolder, disk_name
from recond.host import Host
from recond.host.clock import Clock
from recond.host.regular import read_regular
from recond.host.signals import StopCount
from recond.host.sound import play_tone
from recond.host.suspend import can_nap, nap
from recond.inspect.trial_keyboard import console_layout
from recond.model import Disk, Known, Message
from recond.readiness import assess_machine
from recond.wipe.plan import Wish

PROFILES = ("windows-11", "linux-mint-22", "grade")
"""What a volunteer asks first: may it get today's Windows, may it get a Linux, how good is it."""


def order_for(
    targets: tuple[str, ...],
    profiles: tuple[str, ...],
    *,
    image: bool,
    out: Path,
    state: Path,
    lang: str,
    overrides: Overrides,
) -> Order:
    """A guided run erases every disk where none is named, each as far as it can be brought."""
    return Order(
        targets=targets,
        every_unused=not targets,
        wish=Wish(level=LevelWish.BEST),
        image=image,
        profiles=profiles or PROFILES,
        out=out,
        state=state,
        lang=lang,
        overrides=overrides,
        usb=True,  # shown, and not ticked
    )


# --- Before ----------------------------------------------------------------------------------


def chosen_first(prepared: Prepared) -> frozenset[str]:
    """The paths that are ticked to begin with: the computer's own disks and what is in a declared
    dock, nothing else on USB, no card.
    """
    outside = outside_paths(prepared, prepared.to_erase)
    return frozenset(plan.path for plan in prepared.to_erase) - outside


def outside_paths(prepared: Prepared | None, plans: tuple[WipePlan, ...]) -> frozenset[str]:
    """Which of these are plugged in from outside (USB, a card reader): perhaps somebody's own.

    By the census, which knows a declared dock; of a disk that no inventory lists, by its bus.
    """
    machine = prepared.machine if prepared else None
    known = {path for one in machine.disks for path in (one.path, *one.paths)} if machine else set()
    return frozenset(
        plan.path
        for plan in plans
        if (
            is_outside(machine, plan.path)
            if machine and plan.path in known
            else plan.disk.bus in OUTER_BUSES
        )
    )


def disk_of(prepared: Prepared, plan: WipePlan) -> Disk | None:
    """The inventory's account of a plan's disk."""
    return next((one for one in prepared.machine.disks if one.path == plan.path), None)


def with_answers(prepared: Prepared, answers: Mapping[str, str]) -> Prepared:
    """The operator's word taken into the record, and into what a profile asks of it."""
    given = {**dict(prepared.order.answers), **answers}
    said = {key: word for key, word in given.items() if word}  # a remark that was taken back
    # in the order in which they come back from a record
    context: Context = replace(prepared.context, answers=tuple(sorted(said.items())))
    told = told_of(said)
    today = prepared.machine.inspected_at[:10]
    assessments = tuple(
        assess_machine(prepared.machine, load_profile(name), today, None, told)
        for name in prepared.order.profiles
    )
    return replace(prepared, context=context, assessments=assessments)


def chosen_plans(prepared: Prepared, chosen: frozenset[str]) -> tuple[WipePlan, ...]:
    """The plans to confirm, in order."""
    return tuple(plan for plan in prepared.to_erase if plan.path in chosen)


def try_sound(host: Host) -> bool:
    """Play a tone; whether a sound card took it. What was heard, only the person knows."""
    return play_tone(host.processes)


FROZEN = frozenset({"drive.note.frozen", "drive.note.sanitize_frozen"})


def keyboard_layout(host: Host) -> str:
    """The layout that the console was set to (keyboard(5)); "" where nothing says so."""
    return console_layout(host.files)


def is_frozen(plan: WipePlan) -> bool:
    """Whether the drive has a better way to be erased that the BIOS has shut."""
    return any(note.code in FROZEN for note in plan.notes)


def nap_word(prepared: Prepared, host: Host) -> str:
    """What to say of frozen drives: "" where there is none, else whether a nap may free them."""
    if not any(is_frozen(plan) for plan in prepared.plans):
        return ""
    return "guided.nap.offer" if can_nap(host.files) else "guided.nap.cannot"


def take_nap(state: Path, host: Host) -> str:
    """Suspend for some seconds, unless something is being erased on this computer; "" where it
    slept, else why not.
    """
    if any(run.left is Left.RUNNING for run in open_runs(state, host)):
        return "guided.nap.busy"
    return "" if nap(host.files, host.processes) else "guided.nap.failed"


# --- The work --------------------------------------------------------------------------------


def begin(
    prepared: Prepared, chosen: frozenset[str], host: Host
) -> tuple[BackgroundRun, dict[str, str]]:
    """Start erasing what was chosen and confirmed; (the work, each disk's name → its path).

    The plans that are refused go along: their journals say why, and no certificate of this
    computer is silent about a disk that kept its data. Raises `SafetyRefusal` for an empty choice.
    """
    plans = tuple(p for p in prepared.plans if p.refusals or p.path in chosen)
    tests = read_parts(prepared.order.state, host)  # parts were tried since the computer was read
    part = replace(prepared, plans=plans, context=replace(prepared.context, tests=tests))
    if not part.to_erase:
        raise SafetyRefusal((Message("wipe.refusal.all_in_use"),))
    confirmed = with_areas(confirm_all(plans, ConfirmedBy.TYPED), prepared.areas)

    def task(on_event: OnEvent, stops: StopCount) -> Finished:
        return execute(part, confirmed, host, on_event, stops)

    return BackgroundRun(
        task, host.clock, lambda done: send(part.order.state, done, host.clock)
    ), names_of(tuple(one.plan for one in confirmed))


def names_of(plans: tuple[WipePlan, ...]) -> dict[str, str]:
    """The name of each disk in its run, as `write_jobs` gives it → its path."""
    names: dict[str, str] = {}
    for plan in plans:
        names[disk_name(plan.disk, frozenset(names))] = plan.path
    return names


def come_back(folder: RunFolder, state: Path, host: Host) -> BackgroundRun:
    """Follow a run that goes on without a screen; it cannot be stopped from here."""
    return BackgroundRun(
        lambda on_event, _: follow(folder, state, host, on_event),
        host.clock,
        lambda done: send(state, done, host.clock),
        stoppable=False,
    )


def take_up(run: OpenRun, state: Path, host: Host) -> BackgroundRun:
    """Go on with a run as it was left: resume what stopped, follow what runs.

    What stopped is written again, and only the disks of `run.to_write`: the caller has had each of
    them confirmed. Its words alone are no leave: the disk may be somebody's since.
    """
    if run.left is not Left.STOPPED:
        return come_back(run.folder, state, host)

    def task(on_event: OnEvent, stops: StopCount) -> Finished | None:
        done = resume_runs(
            state, run.folder.run_id, host, on_event, stops, only=frozenset(run.to_write)
        )
        return done[0] if done else None

    return BackgroundRun(task, host.clock, lambda done: send(state, done, host.clock))


def speak(
    finished: Finished, said: tuple[tuple[Said, str], ...], name: str, state: Path, host: Host
) -> BackgroundRun:
    """Issue the certificate anew with words (what is said, of which key), and send it."""

    def task(*_: object) -> Finished:
        folder = finished.folder
        lang = folder.facts().lang
        issued = certify_again(folder, state, host, None, lang, words=said, operator=name)
        return finished_of(folder, issued)

    return BackgroundRun(task, host.clock, lambda done: send(state, done, host.clock))


def send(state: Path, finished: Finished, clock: Clock) -> Message | None:
    """Queue the record and try once; what to say of it, or None on a bench without destinations."""
    from recond.flow.deliver.upload import after_run  # a seventh of the time to the first screen

    try:
        done = after_run(state, finished.folder.run_id, finished.issued.handed_over, clock)
    except RecondError as error:
        return error.message
    if done is None:
        return None
    left = done.waiting + done.parked + len(done.refused)
    return Message.of("guided.sent.waiting", n=left) if left else Message("guided.sent.all")


# --- The end ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DiskEnd:
    """What became of one disk, as its record says."""

    name: str
    approved: bool
    medium: bool  # the stick that recond came from: listed, not counted
    status: str
    level: str
    reasons: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class OpenEnd:
    """What is left, and what a person may say of it (nothing of what only a reading proves)."""

    left: LeftOver
    may: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class End:
    """What a person takes away. `word` is the record's outcome, `code` the QR code's text (the
    record's number and digest), `number` what is written on the computer. `open_ends` are what is
    left of the computer, `doubts` why nobody knows whether that is all.
    """

    word: str
    disks: tuple[DiskEnd, ...]
    certificate: Path
    why_unsigned: Message | None
    set_aside: Message | None
    day: str
    number: str
    code: str
    left_out: tuple[str, ...]  # disks of this computer that the record does not speak of
    demonstration: bool
    open_ends: tuple[OpenEnd, ...] = ()
    doubts: tuple[Message, ...] = ()


def end_of(finished: Finished) -> End:
    """The end of a run, from its record alone."""
    issued = finished.issued
    record = issued.record
    digest = hashlib.sha256(read_regular(issued.folder / RECORD)).hexdigest()
    spoken = {one.path for one in record.erasures}
    here = record.machine.disks if record.machine else ()
    if all(one.disk.kind is TargetKind.IMAGE for one in record.erasures):
        here = ()
    found = conclude(record)
    return End(
        word=found.word,
        disks=tuple(_disk_end(one) for one in record.erasures),
        certificate=issued.certificate,
        why_unsigned=None if issued.signed else issued.why_unsigned,
        set_aside=issued.set_aside,
        day=record.issued_at[:10],
        number=record.record_id.rsplit("-", 1)[-1].upper(),
        code=f"RECOND:{record.record_id}:{digest}".upper(),
        left_out=tuple(disk.path for disk in here if disk.path not in spoken),
        demonstration=record.bench.demonstration,
        open_ends=_open_ends(record, found),
        doubts=found.doubts,
    )


def _open_ends(record: WipeRecord, found: Conclusion) -> tuple[OpenEnd, ...]:
    reading = record.machine.census if record.machine else None
    if not isinstance(reading, Known) or found.scope is not Scope.COMPUTER:
        return ()
    may = {said: closable(reading.value, said) for said in Said}
    return tuple(
        OpenEnd(one, tuple(said for said in Said if may[said].count(one.key) == 1))
        for one in found.left
    )


def _disk_end(one: Erasure) -> DiskEnd:
    name = one.disk.token if one.disk.size_bytes else one.path
    return DiskEnd(
        name,
        is_approved(one),
        is_boot_medium(one),
        one.result.status.value,
        one.result.level_achieved.value,
        one.result.reasons,
    )
