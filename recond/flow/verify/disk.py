"""The disk read again: does it still hold what the certificate's record says that it must hold?

Why: a certificate speaks of a moment; the disk in hand can be asked now. The device is opened for
reading only, must be the disk of the record (its identity is read from the open descriptor), and is
compared by the same separate reading that ended the erasure, with the content computed anew from
the record. A disk that differs was used since, or was never erased: which of the two, nothing here
can tell, and it is said so. What the record expects nothing of is "unknown", never "the same".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from recond.certify.judge.expected_content import expected_fill
from recond.computer import is_approved
from recond.drive.types import sizes_after
from recond.erasure import (
    DiskIdentity,
    Erasure,
    VerifyMode,
    WipeRecord,
)
from recond.errors import BenchLacks, RecordInvalid, UsageError
from recond.flow.runfolder import OnEvent
from recond.flow.verify.files import Report, verify_paths
from recond.flow.verify.given_record import given_record
from recond.host.block import BlockDevice
from recond.host.clock import Clock
from recond.host.realdisk import open_disk
from recond.host.reason import os_reason
from recond.host.signals import StopCount, counted_stops
from recond.host.target import read_target
from recond.model import Message, Range
from recond.progress import Phase, ProgressEvent
from recond.wipe import guard
from recond.wipe.drive.ending import read_ending
from recond.wipe.verify import Verifier, VerifyContext, sample_places

OnProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class DiskAnswer:
    """What reading the disk again came to.

    `answer`: same, differs, other-disk, unreadable, vanished, stopped, unknown. `candidates` are
    the record's disks with what differs from the one here, the nearest first. Ranges are [start,
    length] in bytes. `exit_code` as in docs/exit-codes.md.
    """

    answer: str
    path: str
    serial: str
    approved: bool
    candidates: tuple[tuple[str, tuple[str, ...]], ...] = ()
    compared_bytes: int = 0
    size_bytes: int = 0
    mismatch_bytes: int = 0
    mismatch: tuple[Range, ...] = ()
    unreadable: tuple[Range, ...] = ()
    seed: str | None = None
    notes: tuple[Message, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 the same, 4 another disk, 6 it differs or could not be compared, 130 stopped."""
        return {"same": 0, "other-disk": 4, "stopped": 130}.get(self.answer, 6)


@dataclass(frozen=True, slots=True)
class _Reading:
    """What a reading is given."""

    mode: VerifyMode
    seed: bytes
    clock: Clock
    stops: StopCount
    progress: OnProgress


def verify_disk(
    path: str,
    record: WipeRecord,
    mode: VerifyMode,
    *,
    image: bool,
    clock: Clock,
    stops: StopCount,
    progress: OnProgress,
) -> DiskAnswer:
    """Read a disk again and compare. Reads only.

    Raises `UsageError` for a path that is no disk, `BenchLacks` where it may not be opened.
    """
    target = read_target(path, image=image)
    notes = tuple(
        Message.of("recheck.disk.in-use", node=use.node, where=use.where) for use in target.uses[:1]
    )
    try:
        device = open_disk(target.path, False)
    except OSError as error:
        raise BenchLacks("key.read", file=path, reason=os_reason(error)) from None
    try:
        identity = device.identity()
        erasure, candidates = find_erasure(record, identity)
        if erasure is None:
            return DiskAnswer(
                "other-disk", path, identity.token, approved=False, candidates=candidates
            )
        device.drop_cache()
        reading = _Reading(mode, clock.random_bytes(32), clock, stops, progress)
        return _compare(device, identity, erasure, path, reading, notes)
    except OSError as error:
        raise BenchLacks("key.read", file=path, reason=os_reason(error)) from None
    finally:
        device.close()


def find_erasure(
    record: WipeRecord, found: DiskIdentity
) -> tuple[Erasure | None, tuple[tuple[str, tuple[str, ...]], ...]]:
    """The record's erasure of this very disk; else the record's disks and what differs."""
    candidates = []
    for one in record.erasures:
        sizes = sizes_after(one.plan) if one.plan else frozenset({one.disk.size_bytes})
        # a copy of an image, at a donor's, has another inode and is the same content
        differing = tuple(
            name for name in guard.resumed_differences(one.disk, found, sizes) if name != "inode"
        )
        if not differing:
            return one, ()
        candidates.append((one.disk.token, differing))
    return None, tuple(sorted(candidates, key=lambda one: len(one[1])))


def _compare(
    device: BlockDevice,
    identity: DiskIdentity,
    erasure: Erasure,
    path: str,
    reading: _Reading,
    notes: tuple[Message, ...],
) -> DiskAnswer:
    approved, size = is_approved(erasure), identity.size_bytes
    if not approved:
        notes = (*notes, Message("recheck.disk.not-approved"))
    fill = expected_fill(erasure)
    if fill is None:
        return _by_ending(device, identity, erasure, path, reading, notes)
    context = VerifyContext(
        size=size,
        block=identity.logical_block_bytes,
        clock=reading.clock,
        should_stop=lambda: reading.stops.count > 0,
        progress=reading.progress,
        cool_down=lambda: None,
    )
    found = Verifier(device, fill, context).run(reading.mode, reading.seed)
    mismatch, unreadable = found.mismatch.ranges(), found.unreadable.ranges()
    word = _word(found.outcome, differs=bool(mismatch), unreadable=bool(unreadable))
    return DiskAnswer(
        word,
        path,
        identity.token,
        approved,
        (),
        found.compared,
        size,
        found.mismatch.total,
        mismatch,
        unreadable,
        reading.seed.hex(),
        notes,
    )


def _by_ending(
    device: BlockDevice,
    identity: DiskIdentity,
    erasure: Erasure,
    path: str,
    reading: _Reading,
    notes: tuple[Message, ...],
) -> DiskAnswer:
    """A drive's own erasure may leave noise or a pattern: only the kind can be compared."""
    expected, size = erasure.verification.ending, identity.size_bytes
    if expected not in ("pattern", "random"):
        return DiskAnswer(
            "unknown",
            path,
            identity.token,
            is_approved(erasure),
            size_bytes=size,
            notes=(*notes, Message("recheck.disk.no-expectation")),
        )
    stretches: tuple[Range, ...] = ((0, size),)
    if reading.mode is VerifyMode.SAMPLE:
        stretches = sample_places(reading.seed, size, identity.logical_block_bytes)
    found = read_ending(
        device,
        stretches,
        identity.logical_block_bytes,
        reading.clock,
        lambda: reading.stops.count > 0,
        reading.progress,
    )
    mismatch, unreadable = found.mismatch(), found.unreadable.ranges()
    main = found.main_kind()
    differs = bool(mismatch.total) or (main is not None and main[0] != expected)
    word = _word(found.outcome, differs=differs, unreadable=bool(unreadable))
    return DiskAnswer(
        word,
        path,
        identity.token,
        is_approved(erasure),
        (),
        found.compared,
        size,
        mismatch.total,
        mismatch.ranges(),
        unreadable,
        reading.seed.hex(),
        (*notes, Message("recheck.disk.kind-only")),
    )


def _word(outcome: str, *, differs: bool, unreadable: bool) -> str:
    """A difference that was seen is one, however the reading ended."""
    if differs:
        return "differs"
    if outcome != "done":
        return outcome
    return "unreadable" if unreadable else "same"


def verify_certificate_and_disk(
    path: str,
    certificate: Path,
    trusted: tuple[Path, ...],
    mode: VerifyMode,
    *,
    image: bool,
    state: Path,
    clock: Clock,
    on_event: OnEvent,
) -> tuple[Report, DiskAnswer]:
    """The certificate's own answers, and the disk's. A signal stops the reading, with an answer.

    Raises as `verify_disk` and `given_record` do, and `RecordInvalid` where another certificate
    came into the place of the one that was found to be true.
    """
    report = verify_paths((certificate,), trusted, state=state)
    record, raw = given_record(certificate)
    if not (report.exit_code or any(one.is_of(raw) for one in report.found)):
        raise RecordInvalid("recheck.record.changed", file=str(certificate))

    def progress(done: int, total: int) -> None:
        on_event(path, ProgressEvent(Phase.VERIFY, 0, 0, 1, done, total))

    with counted_stops() as stops:
        answer = verify_disk(
            path, record, mode, image=image, clock=clock, stops=stops, progress=progress
        )
    return report, answer


def parse_mode(word: str) -> VerifyMode:
    """`full` or `sample`. Raises `UsageError`: reading nothing compares nothing."""
    if word not in ("full", "sample"):
        raise UsageError("recheck.disk.mode", mode=word)
    return VerifyMode(word)
