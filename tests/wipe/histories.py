"""One seeded history of an overwrite: a disk that may lie, a plan, kills and power cuts, a record.

Everything follows from the seed, so a failing one replays: RECOND_SEED=N.
"""

from __future__ import annotations

import errno
import random
from dataclasses import dataclass, field, replace
from typing import Any

from recond.certify.judge.expected_content import fill_bytes
from recond.erasure import DiskIdentity, Erasure, TargetKind, VerifyMode
from recond.host.sim.disk import Faults, SimCells
from recond.host.sim.drive import Killed, PowerCut, SimClock
from recond.host.tuning import Pace
from recond.model import Medium
from recond.wipe.position import read_standing
from tests.wipe.disks import Bay, letters, plan_for

METHODS = (
    "nist-clear",
    "nist-clear",
    "zero",
    "one",
    "random",
    "random",
    "flash-clear",
    "dod-short",
    "dod-short",
    "hmg-is5-enhanced",
    "bmb21-2019",
    "rcmp-ops2",
    "gutmann",
)
MOST_SESSIONS = 12


@dataclass(repr=False)
class History:
    """What a seed gave."""

    seed: int
    kinds: tuple[str, ...]
    bay: Bay
    first: SimCells
    stranger: SimCells | None
    content: bytes
    struck: list[str] = field(default_factory=list)
    end: str = "none"

    @property
    def erasure(self) -> Erasure:
        return self.bay.erasure

    def __repr__(self) -> str:
        plan, result = self.bay.plan, self.erasure.result
        return (
            f"RECOND_SEED={self.seed}: {plan.disk.size_bytes} bytes, {plan.method}, "
            f"{plan.verify.value}, faults {self.kinds} {self.first.faults}, struck "
            f"{self.struck}, ended {self.end}: {result.status.value} {result.verdict.value} "
            f"{[reason.code for reason in result.reasons]}"
        )


class Fate:
    """The n-th moment ends the program or the power, asks for a stop, or swaps the disk."""

    def __init__(self, chance: random.Random, history: History, moments: int) -> None:
        self._history = history
        count = chance.choice((0, 0, 0, 1, 1, 2, 3))
        kinds = ["kill", "power", "stop"] + (["swap"] if history.stranger else [])
        self._strikes = sorted(
            (chance.randrange(1, moments), chance.choice(kinds)) for _ in range(count)
        )
        self._moment = 0
        self._stop = False

    def __call__(self, moment: str) -> None:
        self._moment += 1
        if not self._strikes or self._moment < self._strikes[0][0]:
            return
        _, kind = self._strikes.pop(0)
        self._history.struck.append(f"{kind}@{self._moment}:{moment}")
        if kind == "kill":
            raise Killed
        if kind == "power":
            raise PowerCut
        if kind == "stop":
            self._stop = True
        if kind == "swap" and self._history.stranger is not None:
            # somebody pulls the disk out and puts another one in its place
            self._history.bay.drive.gone = True
            self._history.bay.drive = self._history.stranger

    def should_stop(self) -> bool:
        return self._stop

    def resumed(self) -> None:
        self._stop = False


def make_history(seed: int) -> tuple[History, Fate, random.Random]:
    chance = random.Random(seed)
    block = chance.choice((512, 512, 512, 4096))
    blocks = (
        chance.choice((24, 64, 97, 130))
        if block == 4096
        else chance.choice((1, 8, 65, 512, 1031, 2048))
    )
    verify = chance.choice((VerifyMode.FULL,) * 6 + (VerifyMode.SAMPLE, VerifyMode.NONE))
    if verify is VerifyMode.SAMPLE and block == 512:
        blocks = 4300  # large enough that a sample is not the whole
    method = chance.choice(METHODS) if blocks < 1000 else chance.choice(METHODS[:6])
    identity = _identity(chance, block, blocks)
    kinds, faults = _faults(chance, blocks)
    clock = SimClock(seed)
    content = _content(chance, identity.size_bytes)
    drive = SimCells(identity, content, clock, seed, faults)
    stranger = None
    if "swap" in kinds:
        # as like it as can be: often of the same serial, and a kernel without numbers of its own
        serial = chance.choice((identity.serial, identity.serial, identity.serial and "OTHER"))
        other = replace(identity, serial=serial)
        other = replace(other, disk_seq=99 if identity.disk_seq else None)
        fresh = chance.choice((letters(identity.size_bytes, b"fremd"), bytes(identity.size_bytes)))
        stranger = SimCells(other, fresh, clock, seed + 1)
    piece = chance.choice((4096, 4096, 8192, 16384))  # whole pages, as in reality
    depth = chance.choice((1,) * 7 + (3,))
    pace = Pace.of(max(block, piece), depth)
    plan = plan_for(identity, method, verify, seed=chance.randbytes(32))
    bay = Bay(drive, clock, plan, pace=pace)
    history = History(seed, kinds, bay, drive, stranger, content)
    pieces = -(-identity.size_bytes // max(block, piece))
    fate = Fate(chance, history, 60 + pieces * (2 * len(plan.steps) + 2))
    drive.strike = bay.sink.strike = fate
    bay.should_stop = fate.should_stop
    return history, fate, chance


def _identity(chance: random.Random, block: int, blocks: int) -> DiskIdentity:
    medium = chance.choice((Medium.HDD, Medium.SSD, Medium.USB_FLASH))
    named = chance.random() < 0.8
    return DiskIdentity(
        kind=TargetKind.BLOCK,
        serial="S1" if named else None,
        wwn=None,
        vendor="SIM",
        model="DISK",
        firmware=None,
        size_bytes=block * blocks,
        logical_block_bytes=block,
        physical_block_bytes=4096,
        bus="usb" if medium is Medium.USB_FLASH else "sata",
        medium=medium,
        disk_seq=chance.choice((None, 3)),
    )


def _content(chance: random.Random, size: int) -> bytes:
    kind = chance.choice(("letters", "letters", "noise", "blank", "sparse"))
    if kind == "noise":
        return chance.randbytes(size)
    if kind == "blank":
        return bytes(size)
    full = letters(size)
    if kind == "letters":
        return full
    return b"".join(
        full[at : at + 512] if chance.random() < 0.1 else bytes(512) for at in range(0, size, 512)
    )


def _faults(chance: random.Random, blocks: int) -> tuple[tuple[str, ...], Faults]:
    every = (
        "bad_writes",
        "bad_reads",
        "weak_writes",
        "weak_reads",
        "dropped",
        "torn",
        "misdirected",
        "stale",
        "short",
        "slow",
        "vanish",
        "wraps",
        "flush_lies",
        "flush_fails",
        "swap",
        "dead-zone",
    )
    count = chance.choice((0, 0, 1, 1, 1, 2, 3))
    kinds = tuple(sorted(chance.sample(every, count)))
    faults = Faults(
        bad_errno=chance.choice((errno.EIO, errno.ENODATA, errno.EREMOTEIO)),
        request_s=chance.choice((0.002, 0.3, 2.0)),
    )  # seldom or often a checkpoint

    def some() -> frozenset[int]:
        return frozenset(chance.randrange(blocks) for _ in range(chance.choice((1, 1, 3, 8))))

    def seldom() -> float:
        return chance.choice((0.01, 0.05, 0.3))

    for kind in kinds:
        if kind in ("bad_writes", "bad_reads", "weak_writes", "weak_reads"):
            faults = _with(faults, kind, getattr(faults, kind) | some())
        elif kind in ("dropped", "torn", "misdirected", "stale", "short", "slow"):
            faults = _with(faults, kind, seldom())
        elif kind == "vanish":
            faults = replace(
                faults,
                vanish_after=chance.randrange(400),
                unnoticed=chance.randrange(3),
                vanish_errno=chance.choice((errno.ENODEV, errno.ENOSPC, errno.EIO, errno.ENXIO)),
            )
        elif kind == "wraps":
            faults = replace(faults, real_blocks=max(1, blocks // chance.choice((2, 4))))
        elif kind == "flush_lies":
            faults = replace(faults, flush_lies=True)
        elif kind == "flush_fails":
            faults = replace(faults, flush_fails_after=chance.randrange(6))
        elif kind == "dead-zone":
            low = chance.randrange(blocks)
            zone = frozenset(range(low, min(blocks, low + 1 + blocks // 3)))
            faults = replace(faults, bad_writes=faults.bad_writes | zone)
    return kinds, faults


def _with(faults: Faults, name: str, value: Any) -> Faults:
    return replace(faults, **{name: value})


def run_history(seed: int) -> History:
    """Sessions until one ends by itself; what is struck is resumed, on another boot after a cut."""
    history, fate, chance = make_history(seed)
    bay = history.bay
    for session in range(MOST_SESSIONS):
        begun = _has_begun(bay)
        try:
            history.end = bay.resume() if begun else bay.run()
        except Killed:
            _tear(chance, bay)
        except PowerCut:
            _tear(chance, bay)
            bay.boot = f"boot{session + 1}"
            bay.drive.power_cut(chance.random())
            if chance.random() < 0.5:
                history.first.replug()
        if bay.entries and bay.entries[-1][0] == "end":
            # struck behind the last line: the session ended, though it never came back to say so
            history.end = str(bay.entries[-1][1]["outcome"])
            break
        if bay.entries and bay.entries[-1][0] == "interrupted" and "swap" in str(history.struck):
            bay.drive = history.first  # the technician puts the right one back
            history.first.replug()
        fate.resumed()
    return history


def _has_begun(bay: Bay) -> bool:
    try:
        read_standing(bay.entries, same_boot=False)
    except Exception:
        bay.sink.raw = b""  # no confirmed plan: nothing was begun
        return False
    return True


def _tear(chance: random.Random, bay: Bay) -> None:
    """The line that was being written is torn, if one was."""
    if bay.sink.raw.endswith(b"\n") and chance.random() < 0.5:
        bay.sink.raw += b'{"data":{"bad":[],"do'[: chance.randrange(20)]


def wrong_blocks(history: History, *, cut: bool) -> list[int]:
    """The blocks whose cells do not hold the last pass's content: the truth.

    `cut`: the power went off right after; a drive that lied about its cache keeps it, because no
    reading can tell (docs/guarantees.md).
    """
    drive, plan = history.first, history.bay.plan
    fill = plan.steps[-1].fill
    assert fill is not None
    if cut and not drive.faults.flush_lies:
        drive.power_cut(keeps=0.0)
    drive.settle()
    block = drive.block
    due = fill_bytes(fill, 0, drive.blocks * block)
    return [
        index
        for index in range(drive.blocks)
        if drive.held(index * block, block) != due[index * block : (index + 1) * block]
    ]
