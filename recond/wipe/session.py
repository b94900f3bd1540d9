"""One disk's erasure from the confirmed plan to the end of its journal.

Why: this is the only place where the rooms of `wipe/` meet: guard, canaries, passes, flush,
verification, in this order, each leaving its evidence in the journal before the next begins. It
judges nothing: whether the disk counts as erased is computed from the journal by `recond.certify`.
It runs in a worker process of its own (`recond.wipe.worker`); a test gives it simulated disks.
"""

from __future__ import annotations

import errno
from collections.abc import Callable

from recond import __version__
from recond.codec import digest, to_json
from recond.drive.types import sizes_after
from recond.ends import JournalEnd, StepEnd
from recond.erasure import (
    JOURNAL_SCHEMA,
    DiskIdentity,
    TargetKind,
    WipeStep,
)
from recond.errors import RecondError
from recond.host.block import BlockDevice
from recond.model import Message
from recond.progress import DRIVE_TOTAL, Phase, ProgressEvent, WorkerEnd, ended
from recond.wipe import guard
from recond.wipe.holding import Holding
from recond.wipe.job import Job, Seam, Tell
from recond.wipe.journal import Journal
from recond.wipe.overwrite import OverwritePass, PassContext, PassResult
from recond.wipe.plan import parts_of
from recond.wipe.position import Position, last_step
from recond.wipe.readback import ReadBack
from recond.wipe.recognise import recognise
from recond.wipe.write_protect import WriteProtect

COOL_BY_C = 5
PAUSE_CAP_S = 1800
TELL_EVERY_S = 0.1


class Session:
    """Carries out one job."""

    def __init__(
        self,
        job: Job,
        seam: Seam,
        journal: Journal,
        should_stop: Callable[[], bool],
        tell: Tell,
    ) -> None:
        self._job = job
        self._plan = job.plan
        self._seam = seam
        self._journal = journal
        self._should_stop = should_stop
        self._tell = tell
        self._told = 0.0
        self._position = Position()
        self._reading = ReadBack(
            job,
            seam,
            journal.log,
            should_stop,
            lambda done, total: self._progress(Phase.VERIFY, len(job.plan.steps), done, total),
            self._cool_down,
        )
        self._holding = Holding(job.path, journal.log, seam.clock)
        self._protection = WriteProtect(job.path, journal.log, seam.switch)
        self._refusal = Message("wipe.reason.drive_refused")  # the drive's last one, in its words
        self._ran = 0  # the last step that was run: what the medium must hold is its content

    # --- the two ways in ---------------------------------------------------------------------

    def run(self) -> JournalEnd:
        """A new erasure. Returns the outcome of the journal's `end`."""
        self._open(1)
        self._journal.log("plan", {"plan": to_json(self._plan), "digest": digest(self._plan)})
        refusals = self._plan.refusals
        if digest(self._plan) != self._job.digest:
            refusals = (Message.of("wipe.refusal.digest", path=self._job.path), *refusals)
        if refusals:
            return self._refuse(refusals)
        self._journal.log(
            "confirmation",
            {
                "digest": self._job.digest,
                "by": self._job.confirmed_by,
                "token": self._job.token,
            },
        )
        return self._guarded(guard.differences)

    def resume(self, position: Position) -> JournalEnd:
        """Go on where a journal stands."""
        self._position = position
        self._open(position.session)
        for _ in range(position.unexplained):
            self._journal.log(
                "interrupted", {"by": "resume", "reason": position.why_interrupted, "signal": None}
            )
        if position.lifted:
            self._protection.take_over()
        return self._guarded(self._resumed_differences)

    def _open(self, session: int) -> None:
        self._journal.log(
            "open",
            {
                "schema": JOURNAL_SCHEMA,
                "run_id": self._job.run_id,
                "path": self._job.path,
                "software": {"name": "recond", "version": __version__},
                "session": session,
                "boot": self._seam.boot_id,
                "demonstration": self._job.demonstration,
            },
        )

    # --- guard and order ---------------------------------------------------------------------

    def _guarded(
        self, compare: Callable[[DiskIdentity, DiskIdentity], tuple[str, ...]]
    ) -> JournalEnd:
        image = self._plan.disk.kind is TargetKind.IMAGE
        try:
            target = self._seam.read_target(self._job.path, image)
            if refusals := guard.refusals(target) or self._protection.lift():
                return self._refuse(refusals)
            device = self._seam.open_disk(self._job.path, True)
        except RecondError as error:
            return self._refuse((error.message,))
        except OSError as error:
            return self._refuse((self._cannot_open(error),))
        try:
            found = device.identity()
            differences = compare(self._plan.disk, found)
            self._journal.log(
                "identity",
                {
                    "identity": to_json(found),
                    "differences": list(differences),
                    "direct": device.direct,
                },
            )
            if differences:
                fields = ", ".join(differences)
                return self._refuse((self._other_disk(fields),))
            if held := self._holding.before_writing(device):
                return self._refuse(held)
            if self._position.session > 1 and (strange := self._go_on(device, found)):
                return self._refuse((strange,))
            return self._write(device) or self._verify(device, found)
        except OSError as error:
            return self._end(JournalEnd.FAILED, self._io_reason(error))
        finally:
            device.close()

    def _resumed_differences(self, planned: DiskIdentity, found: DiskIdentity) -> tuple[str, ...]:
        return guard.resumed_differences(planned, found, sizes_after(self._plan))

    def _other_disk(self, fields: str) -> Message:
        return Message.of("wipe.refusal.other_disk", path=self._job.path, fields=fields)

    def _cannot_open(self, error: OSError) -> Message:
        if error.errno == errno.EBUSY or isinstance(error, BlockingIOError):
            return Message.of("wipe.refusal.busy", path=self._job.path, node="", where="O_EXCL")
        return Message.of(
            "wipe.refusal.cannot_open",
            path=self._job.path,
            errno=errno.errorcode.get(error.errno or 0, "?"),
        )

    def _io_reason(self, error: OSError) -> Message:
        return Message.of(
            "wipe.reason.io_error", errno=errno.errorcode.get(error.errno or 0, str(error.errno))
        )

    def _refuse(self, refusals: tuple[Message, ...]) -> JournalEnd:
        self._protection.restore()
        if self._position.session > 1:
            # a run that has begun stays open: once the disk is free it can be taken up again
            self._journal.log(
                "interrupted",
                {
                    "by": "worker",
                    "reason": "refused",
                    "signal": None,
                    "refusals": [to_json(one) for one in refusals],
                },
            )
            self._tell(ended(WorkerEnd.REFUSED))
            return JournalEnd.REFUSED
        self._journal.log("refused", {"refusals": [to_json(one) for one in refusals]})
        return self._end(JournalEnd.REFUSED, refusals[0])

    def _end(self, outcome: JournalEnd, reason: Message | None) -> JournalEnd:
        self._protection.restore()
        self._journal.log(
            "end",
            {
                "outcome": outcome,
                "reason": to_json(reason) if reason else None,
            },
        )
        self._tell(ended(WorkerEnd(outcome)))
        return outcome

    def _interrupted(self, reason: str = "signal") -> JournalEnd:
        self._protection.restore()
        self._journal.log("interrupted", {"by": "worker", "reason": reason, "signal": None})
        self._tell(ended(WorkerEnd.INTERRUPTED))
        return JournalEnd.INTERRUPTED

    # --- writing -----------------------------------------------------------------------------

    def _write(self, device: BlockDevice) -> JournalEnd | None:
        """All steps; None when the verification may begin, else the outcome of the end."""
        plan, position = self._plan, self._position
        if position.before is None and not position.started:
            self._tell(ProgressEvent(Phase.CANARY))
            if plan.steps[0].fill is None:
                self._reading.plant(device)
            self._reading.canaries(device, "before", None)
        self._ran, outcome = last_step(position.entries)
        for index, step in enumerate(plan.steps):
            if index < position.step or (step.fallback and outcome is StepEnd.DONE):
                continue
            self._ran, outcome = index, self._step(device, index, step)
            if outcome in (StepEnd.STOPPED, StepEnd.UNKNOWN):
                return self._interrupted("signal" if outcome is StepEnd.STOPPED else "unclear")
            if outcome is StepEnd.VANISHED:
                return self._end(JournalEnd.FAILED, Message("wipe.reason.vanished"))
        if outcome is not StepEnd.DONE and plan.steps[self._ran].fill is None:
            return self._end(JournalEnd.FAILED, self._refusal)
        try:
            device.flush()
            self._journal.log("flush", {"step": self._ran, "errno": None})
        except OSError as error:
            self._journal.log("flush", {"step": self._ran, "errno": error.errno or 5})
            return self._end(JournalEnd.FAILED, Message("wipe.reason.flush"))
        return None

    def _step(self, device: BlockDevice, index: int, step: WipeStep) -> StepEnd:
        here = self._position if self._position.step == index else Position(step=index)
        offset = sum(length for _, length in here.done)
        self._journal.log(
            "step_start", {"step": index, "technique": step.technique.value, "offset": offset}
        )
        if step.fill is None:
            return self._firmware(device, index, step, here)
        result = OverwritePass(
            device, step.fill, self._pass_context(index), here.done, here.bad
        ).run()
        self._log_end(index, result)
        return result.outcome

    def _pass_context(self, index: int) -> PassContext:
        disk = self._plan.disk
        return PassContext(
            step=index,
            size=disk.size_bytes,
            block=disk.logical_block_bytes,
            kind=disk.kind,
            log=self._journal.log,
            clock=self._seam.clock,
            should_stop=self._should_stop,
            progress=lambda done: self._progress(Phase.WRITE, index, done, disk.size_bytes),
            cool_down=self._cool_down,
            pace=self._seam.pace,
        )

    def _log_end(self, index: int, result: PassResult) -> None:
        self._journal.log(
            "step_end",
            {
                "step": index,
                "outcome": result.outcome,
                "written": sum(length for _, length in result.done),
                "done": [[start, length] for start, length in result.done],
                "bad": [[start, length] for start, length in result.bad],
                "retries": result.retries,
                "duration_ms": result.duration_ms,
                "speed": list(result.speed),
                "reason": to_json(result.reason) if result.reason else None,
            },
        )

    def _firmware(self, device: BlockDevice, index: int, step: WipeStep, here: Position) -> StepEnd:
        started = self._seam.clock.monotonic_s()
        outcome, reason = StepEnd.FAILED, Message("wipe.reason.no_firmware")
        if self._seam.firmware is not None:
            outcome, found = self._seam.firmware(
                step,
                index,
                device,
                self._journal.log,
                self._should_stop,
                lambda permille: self._progress(Phase.DRIVE, index, permille, DRIVE_TOTAL),
                here.entries,
            )
            reason = self._refusal = found or reason
        elapsed = int((self._seam.clock.monotonic_s() - started) * 1000)
        self._journal.log(
            "step_end",
            {
                # what nobody knows is left open like a stop: `recond resume` asks the drive again
                "step": index,
                "outcome": StepEnd.STOPPED if outcome is StepEnd.UNKNOWN else outcome,
                "written": 0,
                "done": [],
                "bad": [],
                "retries": 0,
                "duration_ms": elapsed,
                "speed": [],
                "reason": None if outcome is StepEnd.DONE else to_json(reason),
            },
        )
        return outcome

    def _cool_down(self) -> None:
        """Wait while the disk is at or above its own limit (NVMe WCTEMP, SCT, hwmon)."""
        reading = self._seam.temperature(self._job.path)
        if reading is None or reading[0] < reading[1]:
            return
        began = self._seam.clock.monotonic_s()
        now: tuple[int, int] | None = reading
        while now is not None and now[0] > now[1] - COOL_BY_C and not self._should_stop():
            if self._seam.clock.monotonic_s() - began > PAUSE_CAP_S:
                break
            # said each time: a worker that is silent for long is taken for one that hangs
            self._tell(ProgressEvent(Phase.PAUSE, celsius=now[0], limit=now[1]))
            self._seam.clock.sleep(5)
            now = self._seam.temperature(self._job.path)
        elapsed = int((self._seam.clock.monotonic_s() - began) * 1000)
        self._journal.log(
            "pause",
            {
                "reason": "temperature",
                "celsius": reading[0],
                "limit": reading[1],
                "duration_ms": elapsed,
            },
        )

    # --- going on ----------------------------------------------------------------------------

    def _go_on(self, device: BlockDevice, found: DiskIdentity) -> Message | None:
        """Prove by content that this is the medium that was begun; why not, where it is not.

        A refused session leaves the checkpoint as it stands: the right disk may come back.
        """
        position = self._position
        seen = recognise(device, self._plan, position, self._seam.boot_id, found)
        self._journal.log("canary", seen.canaries)
        if seen.refusal is not None:
            return seen.refusal
        last, first = (*seen.stretches, ((0, 0), True), ((0, 0), True))[:2]
        self._journal.log(
            "resume",
            {
                "session": position.session,
                "boot": self._seam.boot_id,
                "step": position.step,
                "offset": sum(length for _, length in position.done),
                "reread": {"range": list(last[0]), "ok": last[1]},
                "head": {"range": list(first[0]), "ok": first[1]},
            },
        )
        return None

    # --- verification ------------------------------------------------------------------------

    def _verify(self, device: BlockDevice, written: DiskIdentity) -> JournalEnd:
        device.stop_writing()
        self._protection.restore()
        held = self._holding.before_reading(device)
        if held is not None:
            return self._end(JournalEnd.FAILED, held)
        fill = self._plan.steps[self._ran].fill
        outcome, reason = self._reading.verify(device, written, fill)
        if outcome is JournalEnd.INTERRUPTED:
            return self._interrupted()
        if outcome is JournalEnd.COMPLETED:
            held = self._holding.after_reading(device)
            outcome, reason = (JournalEnd.FAILED, held) if held else (outcome, reason)
        return self._end(outcome, reason)

    def _progress(self, phase: Phase, step: int, done: int, total: int) -> None:
        now = self._seam.clock.monotonic_s() if done < total else self._told + 2 * TELL_EVERY_S
        if now - self._told >= TELL_EVERY_S:
            self._told = now
            steps = len(self._plan.steps)
            self._tell(ProgressEvent(phase, step, steps, parts_of(self._plan), done, total))
