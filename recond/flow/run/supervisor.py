"""Plans for targets, their confirmation, and the supervisor of the workers.

Why: one process a disk; the supervisor starts them, listens, hands on their progress, asks them to
stop, and closes the journal of one that died. It writes nothing to any disk.
"""

from __future__ import annotations

import shlex
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from recond.census import is_erasable_area
from recond.codec import to_json
from recond.ends import ConfirmedBy
from recond.erasure import DiskIdentity, Target, TargetKind, Technique, WipePlan
from recond.errors import SafetyRefusal, UsageError
from recond.flow.run.closing import close_journal
from recond.flow.run.drive_offers import read_firmware_plan, read_recorded_plan
from recond.flow.run.typed import folded
from recond.flow.runfolder import OnEvent, RunFolder, disk_name, write_json
from recond.host import Host
from recond.host.docks import place_of
from recond.host.files import Files
from recond.host.opened import OpenFiles, read_opened
from recond.host.paths import group_paths
from recond.host.signals import StopCount
from recond.host.target import look_at_target, with_holders
from recond.host.workers import Worker, Workers
from recond.model import Disk, Known, Machine, Message, Reading
from recond.progress import Phase, ProgressEvent, WorkerEnd, ended
from recond.wipe import guard
from recond.wipe.job import Job
from recond.wipe.plan import Wish, plan_digest, plan_wipe

HANG_S = 900.0
SETTLE_S, AGAIN_S = 2.0, 0.25
KILL_WAIT_S = 10.0
PSID_CHARACTERS = 32
WORKER = "recond.wipe.worker"


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A plan that may be carried out: who confirmed it, and how."""

    plan: WipePlan
    digest: str
    by: ConfirmedBy
    token: str
    psid: str | None = field(default=None, repr=False)  # typed; never written anywhere


def plan_targets(
    targets: tuple[str, ...], wish: Wish, *, image: bool, host: Host
) -> tuple[WipePlan, ...]:
    """A plan for each disk, in order; one that is named twice, or by two paths, is one.

    A disk that cannot be looked at has a plan that says why, and does not stop the others. Raises
    `UsageError` for what is no disk, `BenchLacks` for a person who may open none.
    """
    plans: dict[str, WipePlan] = {}
    groups = group_paths(host.files) if len(targets) > 1 else {}
    opened = read_opened(host.files)
    for path in targets:
        name = str(Path(path).resolve()).rsplit("/", 1)[-1]
        target = look_at_target(path, image=image, files=host.files, paths=groups.get(name))
        if not {target.path, *target.paths} & plans.keys():
            target = _held(target, host, opened)
            refusals = guard.refusals(target)
            drive = None if refusals else read_firmware_plan(target, wish, host)
            plans[target.path] = plan_wipe(
                target,
                wish,
                host.clock.random_bytes(32),
                refusals,
                drive,
                area=is_erasable_area(target.name or ""),
            )
    return placed(tuple(plans.values()), host.files)


def _held(target: Target, host: Host, opened: OpenFiles) -> Target:
    """The target with who has it; udev opens a disk for a moment, and is waited for."""
    found = with_holders(target, host.files, opened)
    began = host.clock.monotonic_s()
    while found.uses != target.uses and host.clock.monotonic_s() - began < SETTLE_S:
        host.clock.sleep(AGAIN_S)
        found = with_holders(target, host.files)
    return found


def placed(plans: tuple[WipePlan, ...], files: Files) -> tuple[WipePlan, ...]:
    """The same plans; those whose disks have one token carry where each is plugged in."""
    tokens = Counter(folded(plan.disk.token) for plan in plans)
    return tuple(
        replace(plan, place=_place(plan, files)) if tokens[folded(plan.disk.token)] > 1 else plan
        for plan in plans
    )


def _place(plan: WipePlan, files: Files) -> str:
    name = plan.path.rsplit("/", 1)[-1]
    real = files.resolve(f"/sys/block/{name}") if plan.disk.kind is TargetKind.BLOCK else None
    return place_of(files, name, real) if real else plan.path


def plan_machine(machine: Machine, wish: Wish, host: Host) -> tuple[WipePlan, ...]:
    """Plans for the disks of a machine that is not here (a capture): to look at, never to do.

    What its drives offer is what they answered when the capture was made; one that was not asked is
    not refused for that.
    """
    found: dict[str, WipePlan] = {}
    for disk in machine.disks:
        one = target_of(disk)
        if not set(one.paths) & found.keys():
            refusals = guard.refusals(one)
            drive = read_recorded_plan(one, wish, host)
            seed = host.clock.random_bytes(32)
            found[one.path] = plan_wipe(one, wish, seed, refusals, drive)
    return tuple(found.values())


def target_of(disk: Disk) -> Target:
    """A disk of an inventory as a target; unknown size or blocks are its faults."""
    size, block = disk.size_bytes, disk.logical_block_bytes
    faults: tuple[Message, ...] = ()
    if not isinstance(size, Known):
        faults = (Message.of("wipe.refusal.no_size", path=disk.path),)
    elif not isinstance(block, Known):
        faults = (Message.of("wipe.refusal.no_block_size", path=disk.path),)
    physical = disk.physical_block_bytes
    block_bytes = block.value if isinstance(block, Known) else 512
    identity = DiskIdentity(
        kind=TargetKind.BLOCK,
        serial=_value(disk.serial),
        wwn=_value(disk.wwn),
        vendor=_value(disk.vendor),
        model=_value(disk.model),
        firmware=_value(disk.firmware),
        size_bytes=size.value if isinstance(size, Known) else 0,
        logical_block_bytes=block_bytes,
        physical_block_bytes=physical.value if isinstance(physical, Known) else block_bytes,
        bus=_value(disk.bus) or "unknown",
        medium=disk.medium,
        namespace=disk.namespace.value if isinstance(disk.namespace, Known) else None,
        serial_of=disk.serial_of,
        box_serial=disk.box_serial,
    )
    read_only = isinstance(disk.read_only, Known) and disk.read_only.value
    name = disk.path.rsplit("/", 1)[-1]
    return Target(disk.path, identity, disk.uses, read_only, name, disk.paths, faults)


def _value(reading: Reading[str]) -> str | None:
    return reading.value if isinstance(reading, Known) else None


def shown_token(plan: WipePlan) -> str:
    """The disk's token for a person, with what tells it from another one of the same."""
    return f"{plan.disk.token} ({plan.place})" if plan.place else plan.disk.token


def names_disk(plan: WipePlan, word: str) -> bool:
    """Whether a word of the operator names this plan's disk: serial, WWN or token, whole."""
    disk = plan.disk
    return word in {disk.serial, disk.wwn, disk.token, plan.place} - {None}


def _named_by(word: str, plans: tuple[WipePlan, ...]) -> tuple[WipePlan, ...]:
    return tuple(plan for plan in plans if names_disk(plan, word))


def confirm_by_flag(
    plans: tuple[WipePlan, ...], words: tuple[str, ...], *, by: ConfirmedBy = ConfirmedBy.FLAG
) -> tuple[Confirmed, ...]:
    """`--confirm SERIAL` for each disk. Raises `SafetyRefusal` for a disk that is not named, for a
    word that names no disk (whoever typed it meant another one), and for one that names several:
    a dock gives its own number to each of its disks.
    """
    refusals: list[Message] = []
    named: set[str] = set()
    for word in words:
        found = _named_by(word, plans)
        if not found:
            refusals.append(Message.of("wipe.confirm.no_such_disk", word=word))
        elif len(found) > 1:
            refusals += [_several(plan, word) for plan in found]
        named |= {plan.path for plan in found[:1] if len(found) == 1}
    refusals += [
        Message.of("wipe.confirm.missing", path=plan.path, token=_word(plan))
        for plan in plans
        if not plan.refusals and plan.path not in named
    ]
    if refusals:
        raise SafetyRefusal(tuple(refusals))
    return confirm_all(plans, by)


def _word(plan: WipePlan) -> str:
    """What to write behind --confirm, as a shell takes it."""
    return shlex.quote(plan.place) if plan.place else plan.disk.token


def _several(plan: WipePlan, word: str) -> Message:
    return Message.of(
        "wipe.confirm.several",
        path=plan.path,
        word=word,
        place=_word(plan),
        size_bytes=plan.disk.size_bytes,
    )


def confirm_all(plans: tuple[WipePlan, ...], by: ConfirmedBy) -> tuple[Confirmed, ...]:
    """Plans confirmed together (typed one by one, a manifest, the demonstration)."""
    return tuple(Confirmed(plan, plan_digest(plan), by, shown_token(plan)) for plan in plans)


def parse_psid(typed: str) -> str:
    """A PSID as it is printed on a drive: 32 letters and digits, dashes and spaces left out.

    Raises `UsageError`, which does not repeat what was typed.
    """
    found = "".join(typed.split()).replace("-", "")
    if len(found) != PSID_CHARACTERS or not (found.isascii() and found.isalnum()):
        raise UsageError("cli.psid.form", n=PSID_CHARACTERS)
    return found


def with_psids(
    confirmed: tuple[Confirmed, ...], ask: Callable[[WipePlan], str]
) -> tuple[Confirmed, ...]:
    """The same, with the PSID of each disk whose plan reverts it."""
    return tuple(
        replace(one, psid=ask(one.plan))
        if any(step.technique is Technique.OPAL_PSID_REVERT for step in one.plan.steps)
        else one
        for one in confirmed
    )


def disk_names(plans: tuple[WipePlan, ...]) -> dict[str, WipePlan]:
    """The plans by the name of each disk in its run, as `write_jobs` gives it."""
    names: dict[str, WipePlan] = {}
    for plan in plans:
        names[disk_name(plan.disk, frozenset(names))] = plan
    return names


def write_jobs(
    folder: RunFolder, confirmed: tuple[Confirmed, ...], *, demonstration: bool
) -> dict[str, Job]:
    """Each disk's job, in the run's folder, by its name there."""
    jobs: dict[str, Job] = {}
    for one in confirmed:
        name = disk_name(one.plan.disk, frozenset(jobs))
        jobs[name] = Job(
            run_id=folder.run_id,
            plan=one.plan,
            digest=one.digest,
            path=one.plan.path,
            confirmed_by=one.by,
            token=one.token,
            journal=str(folder.journal(name)),
            demonstration=demonstration,
        )
        write_json(folder.job(name), to_json(jobs[name]))
    return jobs


class Supervisor:
    """Runs a worker for each job until all have ended."""

    def __init__(
        self,
        folder: RunFolder,
        jobs: dict[str, Job],
        on_event: OnEvent,
        stops: StopCount,
        host: Host,
        *,
        hang_s: float = HANG_S,
    ) -> None:
        self._folder = folder
        self._jobs = jobs
        self._on_event = on_event
        self._stops = stops
        self._hang_s = hang_s
        self._workers = Workers()
        self._host = host
        self._asked = 0
        self._hung: dict[str, float] = {}

    def run(self, *, resume: bool = False, psids: dict[str, str] | None = None) -> None:
        """Start, listen, stop where asked, and see that every journal says how it ended.

        `psids` by the job's name go to their workers through a pipe.
        """
        for name in self._jobs:
            psid = (psids or {}).get(name)
            argv = (
                str(self._folder.job(name)),
                *(("resume",) if resume else ()),
                *(("psid",) if psid else ()),
            )
            self._workers.start(name, WORKER, argv, self._folder.errors(name), secret=psid)
        for event in self._workers.events():
            if event is None:
                self._tick()
            else:
                self._on_event(event[0].name, event[1])
        for name, job in self._jobs.items():
            self._close(name, job)

    def _tick(self) -> None:
        if self._stops.count > self._asked:
            self._asked = self._stops.count
            if self._asked == 1:
                self._workers.signal(signal.SIGTERM)
                self._on_event("", ProgressEvent(Phase.STOPPING))
            else:
                for worker in self._workers.running:
                    self._workers.kill(worker)
        now = self._host.clock.monotonic_s()
        for worker in self._workers.running:
            self._watch(worker, now)

    def _watch(self, worker: Worker, now: float) -> None:
        """A worker that says nothing for long hangs in the kernel; it is killed, then given up."""
        if worker.name in self._hung:
            if now - self._hung[worker.name] > KILL_WAIT_S:
                self._workers.forget(worker)
        elif now - worker.silent_since > self._hang_s or worker.killed:
            self._hung[worker.name] = now
            self._workers.kill(worker)

    def _close(self, name: str, job: Job) -> None:
        """A journal without an end gets one line that says how the worker ended."""
        reason = self._how_it_ended(name)
        path, hung = Path(job.journal), name in self._hung
        if close_journal(path, job, self._host, reason, abandoned=hung):
            details = str(self._folder.errors(name))
            self._on_event(name, ended(WorkerEnd.INTERRUPTED, details=details))

    def _how_it_ended(self, name: str) -> str:
        """Of a worker that said no end. Before it listens to signals, a stop just ends it."""
        if name in self._hung:
            return "killed" if self._asked > 1 else "hang"
        number = self._workers.ended_by(name)
        if number == signal.SIGTERM and self._asked:
            return "signal"
        return "killed" if number in (signal.SIGTERM, signal.SIGKILL, signal.SIGINT) else "crash"
