"""The whole main job: inspect, check, plan, (ask,) wipe, certify.

Why: the order of the stages and what each is given stands here once; `wipe`, `run`, `resume`,
`certify` and `demo` are the same path with other beginnings. The facts of the run are on the disk
before the first byte is erased, so that a crash at any later moment can still be certified.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from recond.census import Said
from recond.codec import to_json
from recond.computer import is_computer_settled
from recond.ends import StepEnd
from recond.erasure import Context, Erasure, Status, Verdict, VerifyMode, WipePlan
from recond.errors import SafetyRefusal, UsageError
from recond.flow import config
from recond.flow.answers import told_of
from recond.flow.parts import read_parts
from recond.flow.photos import find_photos, keep_photos
from recond.flow.profiles import load_profile
from recond.flow.run.areas import plan_areas, with_areas, with_reach
from recond.flow.run.choice import choose
from recond.flow.run.closing import close_left
from recond.flow.run.issue import Draw, Issued, Material, issue
from recond.flow.run.late import note_late
from recond.flow.run.rehearsal import rehearsed
from recond.flow.run.supervisor import (
    Confirmed,
    Supervisor,
    disk_names,
    plan_targets,
    write_jobs,
)
from recond.flow.run.warnings import warnings_before
from recond.flow.run.words import take_words
from recond.flow.runfolder import (
    IssuedBeside,
    IssuedNote,
    OnEvent,
    RunFacts,
    RunFolder,
    begin_run,
    make_run,
    new_run_id,
    write_json,
)
from recond.flow.runnote import digests_in, digests_of
from recond.flow.stateform import open_state
from recond.flow.telling import telling
from recond.host import Host
from recond.host.clock import Clock
from recond.host.journalfile import is_held
from recond.host.log import errors_kept
from recond.host.machineinfo import read_boot_id
from recond.host.signals import StopCount, counted_stops
from recond.host.state import prepare_out, prepare_state
from recond.inspect.machine import read_machine
from recond.model import Assessment, Disk, Known, Machine, Message
from recond.progress import Phase, ProgressEvent
from recond.readiness import assess_machine
from recond.wipe.plan import Wish

NOT_WHOLE = 10
"""Every disk asked for is erased, and of the computer something is left or not known."""
IN_USE = frozenset({"mount", "swap", "holder", "system", "busy", "medium", "open", "same"})


@dataclass(frozen=True, slots=True)
class Order:
    """What the operator asked for."""

    targets: tuple[str, ...]
    every_unused: bool
    wish: Wish
    image: bool
    profiles: tuple[str, ...]
    out: Path
    state: Path
    lang: str
    overrides: config.Overrides
    demonstration: bool = False
    sign_later: bool = False  # begin though no certificate can be signed now
    usb: bool = False  # "every unused" takes disks on USB and cards too
    exclude: tuple[str, ...] = ()
    answers: tuple[tuple[str, str], ...] = ()  # the operator's word, as the record keeps it
    photos: Path | None = None  # a folder of them


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything that is known before the question "erase?"."""

    order: Order
    context: Context
    machine: Machine
    assessments: tuple[Assessment, ...]
    plans: tuple[WipePlan, ...]
    left_out: tuple[Message, ...] = ()  # disks that "every unused" does not mean, and why
    warnings: tuple[Message, ...] = ()  # what to put right before: the cable, the memory
    areas: tuple[WipePlan, ...] = ()  # of an eMMC: erased with their disk

    @property
    def to_erase(self) -> tuple[WipePlan, ...]:
        """The plans without refusals."""
        return tuple(plan for plan in self.plans if not plan.refusals)

    @property
    def confirming_number(self) -> str | None:
        """The computer's inventory number where it tells a disk apart: the one that is built in is
        the one to erase. Of a computer with two, or for a disk on USB or an image, it says nothing.
        """
        inner = [one for one in self.machine.disks if not _is_usb(one)]
        names = {name for one in inner for name in (one.path, *one.paths)}
        alone = len(inner) == 1 and all(plan.path in names for plan in self.to_erase)
        return self.context.property_number if alone else None


def _is_usb(disk: Disk) -> bool:
    return isinstance(disk.bus, Known) and disk.bus.value == "usb"


@dataclass(frozen=True, slots=True)
class Finished:
    """What a run left. `exit_code` as in docs/exit-codes.md."""

    folder: RunFolder
    issued: Issued
    exit_code: int


def prepare(order: Order, host: Host) -> Prepared:
    """Inspect, check and plan; nothing is written but the state folder itself.

    A computer without a disk has an inventory and no plan. Raises `UsageError` for a wrong target,
    profile or method, `BenchLacks` for an output folder that cannot be written, before anything is
    touched.
    """
    loaded = [load_profile(name) for name in order.profiles]
    prepare_state(order.state)
    prepare_out(order.out, order.state)
    context = config.read_context(
        order.state, order.overrides, host.clock, demonstration=order.demonstration
    )
    pictures = find_photos(order.photos)
    early = plan_targets(order.targets, order.wish, image=order.image, host=host)
    machine = read_machine(host, docks=config.declared_docks(order.state))
    today = host.clock.now()[:10]
    told = told_of(dict(order.answers))
    assessments = tuple(assess_machine(machine, one, today, None, told) for one in loaded)
    tests = read_parts(order.state, host)
    context = replace(context, answers=order.answers, tests=tests, photos=pictures.photos)
    plans, left_out = early, tuple[Message, ...]()
    if order.every_unused:
        choice = choose(machine, usb=order.usb, exclude=order.exclude)
        plans = plan_targets(choice.paths, order.wish, image=False, host=host)
        left_out = choice.left_out
    if not plans and not order.every_unused:
        raise UsageError("cli.run.no_target")
    warnings = (*pictures.left_out, *warnings_before(host.conditions.read(), len(plans)))
    areas = plan_areas(plans, order.wish, host, order.exclude)
    plans = with_reach(plans, areas, host.files)
    return Prepared(order, context, machine, assessments, plans, left_out, warnings, areas)


def refuse_if_asked(prepared: Prepared) -> None:
    """A disk that was named and may not be erased stops the run before anything is written.

    With `every_unused` no disk was named: what is refused goes into the record, the others go on.
    Raises `SafetyRefusal`; `UsageError` for a computer that shows no disk at all.
    """
    if not prepared.plans and prepared.left_out:
        raise SafetyRefusal((*prepared.left_out, Message("cli.run.only_left_out")))
    if not prepared.plans:
        raise UsageError("cli.run.no_disk")
    found = [message for plan in prepared.plans for message in plan.refusals]
    if found and not prepared.order.every_unused:
        raise SafetyRefusal(tuple(found))
    if not prepared.to_erase:
        raise SafetyRefusal((*found, Message("wipe.refusal.all_in_use")))


def execute(
    prepared: Prepared,
    confirmed: tuple[Confirmed, ...],
    host: Host,
    on_event: OnEvent,
    asked: StopCount | None = None,
) -> Finished:
    """Erase and certify. The journals decide what the record says.

    `asked` counts the stops that were asked for; without it signals are counted. Raises as
    `carry_out` does.
    """
    order, confirmed = prepared.order, with_areas(confirmed, prepared.areas)
    facts = facts_of(prepared, host.clock, read_boot_id(host.files))
    plans = disk_names(tuple(one.plan for one in confirmed))
    with telling(order.state, facts, plans, on_event, host.clock) as hear:
        return carry_out(
            order.state,
            facts,
            confirmed,
            host,
            hear,
            asked,
            sign_later=order.sign_later,
            photos=order.photos,
        )


def facts_of(prepared: Prepared, clock: Clock, boot: str = "") -> RunFacts:
    """What a run that begins now, in this boot, knows."""
    order = prepared.order
    return RunFacts(
        run_id=new_run_id(clock),
        started_at=clock.now(),
        out=str(order.out.resolve()),
        lang=order.lang,
        context=prepared.context,
        machine=prepared.machine,
        assessments=prepared.assessments,
        whole=order.every_unused,
        boot=boot,
    )


def carry_out(
    state: Path,
    facts: RunFacts,
    confirmed: tuple[Confirmed, ...],
    host: Host,
    on_event: OnEvent,
    asked: StopCount | None,
    *,
    sign_later: bool = False,
    photos: Path | None = None,
) -> Finished:
    """One run from its facts: the only way from confirmed plans to a certificate.

    `asked` as in `execute`. Raises `BenchLacks` before anything is written where no certificate
    could be signed, unless it is to be signed later; and where a newer recond took up the state
    since: `watch` and a guided screen live through an update.
    """
    open_state(state)
    with nullcontext() if sign_later else rehearsed(state, facts, host.clock) as by:
        return _carried_out(state, facts, confirmed, host, on_event, asked, photos, by)


def _carried_out(
    state: Path,
    facts: RunFacts,
    confirmed: tuple[Confirmed, ...],
    host: Host,
    on_event: OnEvent,
    asked: StopCount | None,
    photos: Path | None,
    by: Draw | None,
) -> Finished:
    folder = make_run(state, facts.run_id)
    jobs = write_jobs(folder, confirmed, demonstration=facts.context.bench.demonstration)
    begin_run(folder, facts)
    kept = errors_kept(folder.own_errors)
    with kept, folder.supervised(wait=True), counted_stops(asked) as stops:
        keep_photos(photos, facts.context.photos, folder.path)  # no resume takes it up meanwhile
        Supervisor(folder, jobs, on_event, stops, host).run(
            psids={name: one.psid for name, one in zip(jobs, confirmed, strict=True) if one.psid}
        )
        on_event("", ProgressEvent(Phase.CERTIFY))
        issued = certify_run(folder, state, host, by=by)
    return finished_of(folder, issued, stops.number)


def finished_of(folder: RunFolder, issued: Issued, stop_signal: int = 0) -> Finished:
    """What a run left, with its exit code: of its disks, and where the whole computer was to be
    erased (`--all`), of that. A disk in use counts as left of the computer there, not as refused.
    """
    whole = folder.facts().whole
    code = exit_code(issued, IN_USE if whole else frozenset(), stop_signal)
    if not code and whole and not is_computer_settled(issued.record):
        code = NOT_WHOLE
    return Finished(folder, issued, code)


def certify_run(
    folder: RunFolder,
    state: Path,
    host: Host,
    out: Path | None = None,
    lang: str | None = None,
    by: Draw | None = None,
) -> Issued:
    """(Again) record, signature and PDF from a run's journals, drawn `by` whom. The caller holds
    the run.

    Raises `RecordInvalid` where a confirmed disk cannot be told, `UsageError` where there was none:
    a certificate of nothing would be one.
    """
    before = folder.note()
    if before is None:  # a run that was killed before its record is looked at here, too
        note_late(folder, host, config.declared_docks(state))
    facts = folder.facts()
    close_left(folder, host)
    journals = folder.journals()
    if not journals:
        raise UsageError("wipe.run.nothing", run=folder.run_id)
    if before is not None:  # killed in between, it is issued again
        write_json(folder.issued, to_json(replace(before, replacing=True)))
    material = Material(facts.context, facts.machine, facts.assessments, journals, folder.run_id)
    with errors_kept(folder.own_errors):
        issued = issue(
            state,
            out or Path(facts.out),
            material,
            lang="en" if (lang or facts.lang) == "en" else "fr",
            clock=host.clock,
            named=Path(before.folder) if before else None,
            by=by,
        )
    write_json(folder.issued, to_json(_note_of(issued, journals)))
    return issued


def _note_of(issued: Issued, journals: dict[str, bytes]) -> IssuedNote:
    """An earlier, better certificate is still the run's, of the journals that it was made from; of
    those of now there is one beside it. One that could not be signed is tried again.
    """
    now = digests_of(journals)
    if issued.kept is None:
        return IssuedNote(str(issued.folder), issued.signed, now)
    beside = IssuedBeside(str(issued.folder), now) if issued.signed else None
    made_from = digests_in(issued.kept)
    return IssuedNote(str(issued.kept), signed=True, journals=made_from, beside=beside)


def certify_again(
    folder: RunFolder,
    state: Path,
    host: Host,
    out: Path | None,
    lang: str,
    *,
    words: tuple[tuple[Said, str], ...] = (),
    operator: str | None = None,
) -> Issued:
    """`certify_run` for a run that nobody is at, with an operator's words (`take_words`).

    Raises `UsageError` while somebody is: what its workers have not begun would be closed.
    """
    if out is not None:
        prepare_out(out, state)
    with folder.supervised(wait=False) as mine:
        if not mine or any(map(is_held, folder.journal_files())):
            raise UsageError("wipe.run.running", run=folder.run_id)
        take_words(folder, words, operator, host.clock)
        return certify_run(folder, state, host, out, lang)


def exit_code(issued: Issued, allowed_refusals: frozenset[str], stop_signal: int = 0) -> int:
    """The highest of 5, 6 and 4 over the disks; 7 for a record that could not be signed."""
    codes = [erasure_exit(one, allowed_refusals, stop_signal) for one in issued.record.erasures]
    worst = max(codes, default=0)
    return worst or (0 if issued.signed else 7)


def erasure_exit(erasure: Erasure, allowed: frozenset[str], stop_signal: int = 0) -> int:
    """One disk's exit code, from its computed result."""
    result = erasure.result
    if result.status is Status.ERASED:
        return 0 if result.verdict is Verdict.APPROVED else 6
    if result.status is Status.REFUSED:
        planned = erasure.plan.refusals if erasure.plan else ()
        refused = {message.code.rsplit(".", 1)[-1] for message in planned}
        return 0 if refused & allowed else 4
    if result.status is Status.INTERRUPTED and stop_signal:
        return 128 + stop_signal
    found = erasure.verification
    unread = found.mode is VerifyMode.NONE and all(s.outcome is StepEnd.DONE for s in erasure.steps)
    if found.mismatch_bytes or found.unreadable_ranges or found.canaries.unchanged or unread:
        written = all(step.outcome is StepEnd.DONE for step in erasure.steps)
        return 6 if written else 5
    return 5
