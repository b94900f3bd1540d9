"""All that a session reads of the disk: canaries, the last stretch before going on, the end result.

Why: what was written is shown by reading, through a fresh descriptor that cannot write, past the
page cache, after the writing one is closed; the claim on the disk stays. Each reading leaves its
evidence in the journal; what it proves is computed by `recond.certify`.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from recond.codec import to_json
from recond.drive.types import sizes_after
from recond.ends import JournalEnd, StepEnd
from recond.erasure import DiskIdentity, Fill, VerifyMode
from recond.host.block import BlockDevice, aligned_buffer
from recond.methods import derive
from recond.model import Json, Message, Range
from recond.wipe import canary, guard, verify
from recond.wipe.drive import ending
from recond.wipe.job import Job, Seam
from recond.wipe.recognise import can_read


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What the readings of a session share."""

    job: Job
    seam: Seam
    log: Callable[[str, dict[str, Json]], None]
    should_stop: Callable[[], bool]
    progress: Callable[[int, int], None]  # bytes read, bytes to read
    cool_down: Callable[[], None]

    # --- before ------------------------------------------------------------------------------

    def plant(self, device: BlockDevice) -> None:
        """Write noise where a place of the canaries is blank, before a drive erases by itself.

        Blank places show nothing afterwards, and a medium that reads as zeros may be full (a quick
        format lets blocks go): with nothing to lose, the drive's word would be all there is. What
        cannot be written stays blank; the journal's canaries hold what is really there.
        """
        plan, disk = self.job.plan, self.job.plan.disk
        seed, block = derive(bytes.fromhex(plan.seed), "canary", 0), disk.logical_block_bytes
        buffer = aligned_buffer(canary.canary_length(block))
        for at in canary.canary_places(seed, disk.size_bytes, block):
            piece = buffer[: min(len(buffer), disk.size_bytes - at)]
            if can_read(device, at, piece) and bytes(piece) == bytes(piece[:1]) * len(piece):
                piece[:] = hashlib.shake_256(seed + b"plant %d" % at).digest(len(piece))
                with contextlib.suppress(OSError):
                    device.write(at, piece)
        with contextlib.suppress(OSError):
            device.flush()

    def canaries(self, device: BlockDevice, phase: str, fill: Fill | None) -> None:
        """Hash the seeded places and journal them."""
        self.log("canary", self._canaries(device, phase, fill))

    def _canaries(self, device: BlockDevice, phase: str, fill: Fill | None) -> dict[str, Json]:
        plan, disk = self.job.plan, self.job.plan.disk
        expected = verify.Expected(fill) if fill else None
        return canary.read_canaries(
            device,
            derive(bytes.fromhex(plan.seed), "canary", 0),
            disk.size_bytes,
            disk.logical_block_bytes,
            phase,
            expected.at if expected else None,
        )

    # --- after -------------------------------------------------------------------------------

    def verify(
        self, claimed: BlockDevice, written: DiskIdentity, fill: Fill | None
    ) -> tuple[JournalEnd, Message | None]:
        """How the session ends and why. `written` is what the writing descriptor was."""
        plan, device = self.job.plan, claimed.reader()
        try:
            device.drop_cache()
            now, sizes = device.identity(), sizes_after(plan)
            differing = set(guard.differences(written, now)) - ({"size_bytes"} if sizes else set())
            if differing or guard.resumed_differences(plan.disk, now, sizes):
                return JournalEnd.FAILED, Message("wipe.reason.other_disk")
            self.canaries(device, "after", fill)
            if plan.verify is VerifyMode.NONE:
                return JournalEnd.COMPLETED, None
            outcome, reason = self._compare(device, fill) if fill else self._read_ending(device)
        finally:
            device.close()
        ends = {StepEnd.DONE: JournalEnd.COMPLETED, StepEnd.STOPPED: JournalEnd.INTERRUPTED}
        return ends.get(outcome, JournalEnd.FAILED), reason

    def _read_ending(self, device: BlockDevice) -> tuple[StepEnd, Message | None]:
        """After a drive's own erasure: what does the medium read as?"""
        plan, disk, seed = self.job.plan, self.job.plan.disk, self.seam.clock.random_bytes(32)
        stretches: tuple[Range, ...] = ((0, disk.size_bytes),)
        if plan.verify is VerifyMode.SAMPLE:
            stretches = verify.sample_places(seed, disk.size_bytes, disk.logical_block_bytes)
        return ending.verify_ending(
            device,
            stretches,
            plan.verify.value,
            seed,
            ending.EndingContext(
                disk.logical_block_bytes, self.seam.clock, self.log, self.should_stop, self.progress
            ),
        )

    def _compare(self, device: BlockDevice, fill: Fill) -> tuple[StepEnd, Message | None]:
        plan, disk = self.job.plan, self.job.plan.disk
        seed = self.seam.clock.random_bytes(32)  # drawn now: nobody knew the places before
        self.log(
            "verify_start",
            {
                "mode": plan.verify.value,
                "seed": seed.hex(),
                "expects": to_json(fill),
                "direct": device.direct,
            },
        )
        context = verify.VerifyContext(
            size=disk.size_bytes,
            block=disk.logical_block_bytes,
            clock=self.seam.clock,
            should_stop=self.should_stop,
            progress=self.progress,
            cool_down=self.cool_down,
            pace=self.seam.pace,
        )
        found = verify.Verifier(device, fill, context).run(plan.verify, seed)
        mismatch = found.mismatch.ranges()
        self.log(
            "verify_end",
            {
                "outcome": found.outcome,
                "compared": found.compared,
                "places": found.places,
                "mismatch_bytes": found.mismatch.total,
                "mismatch": [[a, b] for a, b in mismatch[: verify.MAX_RANGES]],
                "unreadable": found.unreadable.to_json(),
                "ending": "mixed" if mismatch or found.unreadable.total else "expected",
                "duration_ms": found.duration_ms,
                "speed": list(found.speed),
            },
        )
        return found.outcome, found.reason
