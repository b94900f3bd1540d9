"""Seeded histories of everything around the session: supervisor, certificate, ledger, queue.

A history is a bench with some disk images, and a dozen acts (erase, resume, certify again, upload,
two of them at once), most of them struck (`struck`). Everything follows from the seed. After each
act the invariants are looked at; at the end a bench without faults finishes what is left.

`python -m tests.flow.histories FIRST COUNT [FOLDER]` runs them and prints what was seen as JSON.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import recond.certify.pages.certificate as page_room
import recond.certify.sign.pdf_sign as seal_room
import recond.flow.deliver.upload as deliver_room
import recond.flow.run.supervisor as supervisor_room
import recond.host.holding as holding_room
import recond.wipe.worker as worker_room
from recond.certify.judge.expected_content import fill_bytes
from recond.certify.ledger import read_ledger
from recond.certify.record import parse_record
from recond.certify.sign.jws import read_jws
from recond.documents import read_json
from recond.ends import ConfirmedBy
from recond.erasure import Context, Erasure, Status, WipePlan, WipeRecord
from recond.errors import RecondError, RecordInvalid
from recond.flow import config
from recond.flow.deliver.checked import PackageCheck
from recond.flow.deliver.upload import add_destination, queue_of, upload
from recond.flow.keys.keyring import Keyring
from recond.flow.run.closing import read_job
from recond.flow.run.resume import resume_runs
from recond.flow.run.run import carry_out, certify_again
from recond.flow.run.supervisor import confirm_all, plan_targets
from recond.flow.runfolder import JWS, RECORD, RunFacts, all_runs, new_run_id
from recond.flow.runnote import is_issued
from recond.host import Host
from recond.host.clock import Clock, SystemClock, rfc3339
from recond.host.journal_lines import read_entries
from recond.host.opened import OpenFiles
from recond.host.signals import StopCount
from recond.model import Message
from recond.upload.outcome import Delivered, Outcome
from recond.upload.package import Package, read_folder
from recond.upload.send import Urgency
from recond.wipe.plan import Wish
from tests.flow.forked import ForkedWorkers
from tests.flow.struck import Storage, Strike, fork, living, strike

LINES = {"run": 1600, "resume": 900, "certify": 700, "upload": 700}
"""About how many watched lines an act has; the moments are drawn below."""
FRESH = {"run": 420, "resume": 400, "certify": 230, "upload": 330}
"""About how many different lines."""
CHANGES = {"run": 50, "resume": 15, "certify": 40, "upload": 15}
"""About how many changes of files."""
KINDS = ("kill", "kill", "power", "power", "stop", "full", "broken")
WORKERS = ("kill", "full", "broken", "stop")
WAIT_S = 30.0
LAST = ("end", "interrupted")
"""What a journal ends with when nobody writes it any more."""
SIZES = (16 << 10, 40 << 10, 96 << 10, 1 << 20)
BUGS = ("TypeError", "AttributeError", "NameError", "KeyError", "IndexError", "AssertionError")
"""A library's trouble is said on the record and not raised; these are ours."""
DONOR = b"DONOR"
"""What every disk is full of before an erasure, and again when it is in use again."""


class SteppedClock(SystemClock):
    """The computer's clock, set wrong by so many seconds, and set anew by so many more when it was
    asked so often; it does not wait.
    """

    def __init__(self, off_s: float, step: tuple[int, float] = (0, 0)) -> None:
        self._off, self._left, self._step_s = timedelta(seconds=off_s), step[0], step[1]

    def now(self) -> str:
        self._left -= 1
        if self._left == 0:
            self._off += timedelta(seconds=self._step_s)
        return rfc3339(datetime.now(UTC) + self._off)

    def sleep(self, seconds: float) -> None:
        time.sleep(min(seconds, 0.02))


@dataclass(frozen=True)
class Act:
    """One thing that is done: `name`, on which images or run, by whose clock, struck or not."""

    name: str
    images: tuple[str, ...] = ()
    pick: int = 0
    off_s: float = 0
    step: tuple[int, float] = (0, 0)
    key_gone: bool = False
    strike: Strike | None = None
    worker_strike: Strike | None = None

    def __str__(self) -> str:
        strikes = [one for one in (self.strike, self.worker_strike) if one]
        hit = [f"{s.kind}@{'~' * s.behind}{'^' * s.fresh}{s.at}" for s in strikes]
        more = [f"clock{self.off_s:+.0f}"] if self.off_s else []
        more += [f"clock{self.step[1]:+.0f}@{self.step[0]}"] if self.step[0] else []
        return " ".join([self.name, *self.images, *hit, *more, *(["no-key"] * self.key_gone)])


@dataclass
class Seen:
    """What was seen so far, and must stay true."""

    ledger: tuple[bytes, ...] = ()
    signed: dict[str, str] = field(default_factory=dict)  # JWS digest → run
    truth: dict[tuple[str, str], bool] = field(default_factory=dict)
    shared: set[str] = field(default_factory=set)  # disks that two had at once
    reused: dict[str, bytes] = field(default_factory=dict)
    erased: set[tuple[str, str]] = field(default_factory=set)
    journals: dict[Path, bytes] = field(default_factory=dict)


class Broken(AssertionError):
    """An invariant does not hold."""


class History:
    """One seed's bench."""

    def __init__(self, seed: int, path: Path) -> None:
        self.seed, self.path = seed, path
        self.chance = random.Random(seed)
        self.seen = Seen()
        self.acts: list[str] = []
        self.made = 0
        self.counts: Counter[str] = Counter()
        self.state, self.out = path / "state", path / "out"
        self.report, self.pids, self.sent = path / "bugs.txt", path / "pids", path / "sent"
        self.confirmed, self.said = path / "confirmed", path / "said"
        self.records: dict[str, WipeRecord] = {}
        for folder in (self.state, self.out):
            folder.mkdir(parents=True)
        add_destination(self.state, "there", "folder", {"path": str(self._there())})

    def _there(self) -> Path:
        folder = self.path / "there"
        folder.mkdir(exist_ok=True)
        return folder

    def storage(self) -> Storage:
        """What a power cut reaches."""
        return Storage((str(self.state), str(self.out)))

    # --- Acts --------------------------------------------------------------------------------

    def go(self) -> None:
        """The whole history. Raises `Broken`."""
        try:
            for _ in range(self.chance.randint(3, 9)):
                self._step()
                self._hold()
            self._finish()
        except Broken as error:
            bugs = self.report.read_text() if self.report.exists() else ""
            raise Broken(f"RECOND_SEED={self.seed}: {error}\n{self.acts}\n{bugs}") from None

    def _step(self) -> None:
        kind = self.chance.random()
        if kind < 0.05:
            self._take_over()
        elif kind < 0.15:
            self._reuse()
        elif kind < 0.35:
            first, second = self._draw(), self._draw()
            if "resume" in (first.name, second.name) or set(first.images) & set(second.images):
                # one may go on with the disk that the other begins: which was last is not known
                self.seen.shared |= {*first.images, *second.images}
            self._do((_unplugged(first), _unplugged(second)))
        else:
            self._do((self._draw(),))

    def _draw(self) -> Act:
        chance = self.chance
        runs = all_runs(self.state)
        names = ["run", "resume", "upload"] + (["certify"] if runs else [])
        name = "run" if not runs and chance.random() < 0.8 else chance.choice(names)
        many = chance.choice((1, 1, 2)) if name == "run" else 0
        images = tuple(self._image() for _ in range(many))
        off = chance.choice((0,) * 8 + (-7200, 7200, -86400 * 400, 86400 * 400))
        steps = (-7200.0, 7200.0, -86400.0)
        step = (chance.randint(1, 40), chance.choice(steps)) if chance.random() < 0.1 else (0, 0.0)
        return Act(
            name,
            tuple(dict.fromkeys(images)),
            chance.randrange(1000),
            off,
            step,
            chance.random() < 0.1,
            self._strike(name) if chance.random() < 0.75 else None,
            self._strike("resume", WORKERS) if images and chance.random() < 0.2 else None,
        )

    def _strike(self, name: str, kinds: tuple[str, ...] = KINDS) -> Strike:
        chance = self.chance
        kind = chance.choice(kinds)
        where, once = chance.random(), chance.random() < 0.5
        behind, fresh = where < 0.4, 0.4 <= where < 0.85
        most = (FRESH if fresh else LINES)[name]
        if behind or kind in ("full", "broken"):
            behind, fresh, most = True, False, CHANGES[name]
        at = chance.randint(1, most)
        if kind == "power" and chance.random() < 0.25:
            at = 0  # right behind its last word
        return Strike(kind, at, once, chance.randrange(1 << 30), behind, fresh)

    def _image(self) -> str:
        """A new disk; now and then one that was here before."""
        if self.made and self.chance.random() < 0.2:
            return self._again(f"disk{self.chance.randint(1, self.made)}.img")
        return self._new_image(self.chance.choice(SIZES))

    def _new_image(self, size: int) -> str:
        self.made += 1
        name = f"disk{self.made}.img"
        (self.path / name).write_bytes(self._donor(size))
        return name

    def _donor(self, size: int) -> bytes:
        return ((DONOR + f" {self.chance.random()} ".encode()) * (size // 8))[:size]

    def _again(self, name: str) -> str:
        """A disk that a person confirms anew: what earlier runs may say of it is decided."""
        if living(self.pids):  # asked first: a worker that ends meanwhile has done its disk
            self.seen.shared.add(name)
        self._note_truth()
        self.seen.reused.pop(name, None)
        return name

    def _reuse(self) -> None:
        """Somebody installs something on a disk, whatever became of its erasure; or changes a
        little of one whose last erasure has its certificate.
        """
        known = sorted({name for names in self._confirmed().values() for name in names})
        if not known or living(self.pids):
            return
        name = self.chance.choice(known)
        self._note_truth()
        last = [run for run, names in self._confirmed().items() if name in names][-1]
        little = (last, name) in self.seen.erased and self.chance.random() < 0.6
        if little and name not in self.seen.shared:
            self._change_a_little(name)
        else:
            self._put(name, self._donor((self.path / name).stat().st_size))

    def _take_over(self) -> None:
        """A run breaks off before its first checkpoint, another one has its disk to the end, and
        somebody changes a little of it where nothing on the disk tells the first run so.
        """
        name, zero = self._new_image(SIZES[-1]), 2
        early = Strike("kill", self.chance.randint(12, 22), behind=True)
        self._do((Act("run", (name,), zero, worker_strike=early),))
        self._wait_for_all()
        self._hold()
        self._do((Act("run", (self._again(name),), zero),))
        self._hold()
        self._change_a_little(name)

    def _change_a_little(self, name: str) -> None:
        held = (self.path / name).read_bytes()
        at = self.chance.randrange(len(held) // 512) * 512
        self._put(name, held[:at] + self._donor(512) + held[at + 512 :], "a little")

    def _put(self, name: str, new: bytes, how: str = "") -> None:
        self.acts.append(f"reuse {name} {how}".strip())
        self.counts["reused"] += 1
        self.seen.reused[name] = new
        with (self.path / name).open("r+b") as stream:
            stream.write(new)

    def _confirmed(self) -> dict[str, tuple[str, ...]]:
        """The disks that were confirmed for each run, as its process said before it began."""
        lines = self.confirmed.read_text().splitlines() if self.confirmed.exists() else []
        return {line.split()[0]: tuple(line.split()[1:]) for line in lines}

    def _do(self, acts: tuple[Act, ...]) -> None:
        """Do them, at once where there are several; those that were stopped go on at the end."""
        self.acts.append(" | ".join(map(str, acts)))
        left = {fork(self._work_of(act), self.report): act for act in acts}
        stopped: set[int] = set()
        since = time.monotonic()
        while left:
            for pid in list(left):
                found, status = os.waitpid(pid, os.WNOHANG | os.WUNTRACED)
                if not found:
                    continue
                if os.WIFSTOPPED(status):
                    stopped.add(pid)
                    self.counts["stopped"] += 1
                    continue
                act = left.pop(pid)
                self._ended(act, status)
            if (left and set(left) <= stopped) or time.monotonic() - since > 0.3:
                for pid in (*(stopped & set(left)), *living(self.pids)):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGCONT)
                stopped.clear()
            if time.monotonic() - since > WAIT_S:
                for pid in left:
                    os.kill(pid, signal.SIGKILL)
                raise Broken(f"hangs: {list(map(str, left.values()))}")
            time.sleep(0.002)
        self._wait_for_workers()

    def _ended(self, act: Act, status: int) -> None:
        self.counts[act.name] += 1
        if os.WIFSIGNALED(status):
            self.counts["killed"] += 1
        elif os.WEXITSTATUS(status):
            raise Broken(f"{act} broke")

    def _wait_for_workers(self) -> None:
        """Workers outlive their supervisor; now and then the next act finds them at work."""
        if self.chance.random() < 0.3:
            return
        until = time.monotonic() + WAIT_S
        while at_work := living(self.pids):
            if time.monotonic() > until:
                raise Broken("a worker does not end")
            for pid in at_work:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)
            time.sleep(0.005)

    def _work_of(self, act: Act) -> Callable[[], None]:
        def work() -> None:
            clock: Clock = SteppedClock(act.off_s, act.step)
            _replace(self, act)
            done = strike(act.strike, self.storage(), self.pids)
            try:
                _WORKS[act.name](self, act, Host(clock=clock))
            except (RecondError, OSError) as error:
                if any(word in str(error) for word in BUGS):
                    raise AssertionError(str(error)) from error
                struck = act.strike or act.worker_strike or act.key_gone
                if not struck and act.name not in ("certify", "run"):
                    raise
            done()

        return work

    # --- What must hold ----------------------------------------------------------------------

    def _hold(self) -> None:
        self._hold_ledger()
        self._hold_journals()
        self._note_truth()
        found: set[str] = set()
        for folder in self._certificates():
            jws, raw = _bytes(folder / JWS), _bytes(folder / RECORD)
            if jws is not None:
                found.add(hashlib.sha256(jws).hexdigest())
                self._hold_record(self._read_signed(folder, jws))
            if raw is not None:
                self._hold_record(self._read(raw))
        said = set(self.said.read_text().splitlines()) if self.said.exists() else set()
        lost = set(self.seen.signed) - found
        if lost or said - found:
            raise Broken(f"signed certificates lost: {[self.seen.signed.get(one) for one in lost]}")
        for name, content in self.seen.reused.items():
            if (self.path / name).read_bytes() != content:
                raise Broken(f"{name} was in use again and was written")

    def _read_signed(self, folder: Path, jws: bytes) -> WipeRecord:
        if (known := self.records.get(hashlib.sha256(jws).hexdigest())) is not None:
            return known
        try:
            signed = read_jws(jws)
        except RecordInvalid as error:
            raise Broken(f"torn signature in {folder.name}: {error}") from None
        if not signed.holds:
            raise Broken(f"signature of {folder} does not hold")
        self.records[hashlib.sha256(jws).hexdigest()] = found = self._read(signed.payload)
        return found

    def _read(self, raw: bytes) -> WipeRecord:
        digest = hashlib.sha256(raw).hexdigest()
        if digest not in self.records:
            self.records[digest] = parse_record(read_json(raw))
        return self.records[digest]

    def _hold_journals(self) -> None:
        """Lines that were there stay; the last one may be gone with the power, or be torn."""
        for path in self.state.glob("runs/*/journals/*.jsonl"):
            before, now = self.seen.journals.get(path, b""), path.read_bytes()
            self.seen.journals[path] = now
            safe = before[: before.rfind(b"\n", 0, max(before.rfind(b"\n"), 0)) + 1]
            if not now.startswith(safe):
                raise Broken(f"{path.name} of {path.parent.parent.name} lost lines")

    def _certificates(self) -> tuple[Path, ...]:
        places = [*self.out.glob("*"), *(self.state / "issues").glob("*/*")]
        folders = tuple(one for one in places if one.is_dir())
        for folder in folders:
            if (folder / JWS).exists():
                digest = hashlib.sha256((folder / JWS).read_bytes()).hexdigest()
                self.seen.signed.setdefault(digest, folder.name)
        return folders

    def _hold_record(self, record: WipeRecord) -> None:
        named = {one.disk.token for one in record.erasures}
        due = set(self._confirmed().get(record.record_id, ()))
        faults = any(word in act for act in self.acts for word in ("full@", "broken@"))
        if record.signature == "certify.unsigned.library" and not faults:
            raise Broken(f"{record.record_id} could not be signed: a bug")
        if named != due:
            raise Broken(f"{record.record_id} names {named} and {due} were confirmed")
        for one in record.erasures:
            if one.result.status is Status.ERASED:
                self._hold_erased(record.record_id, one)

    def _hold_erased(self, run_id: str, one: Erasure) -> None:
        self.seen.erased.add((run_id, one.disk.token))
        if not self.seen.truth.get((run_id, one.disk.token), False):
            raise Broken(f"{run_id}: erased, and the donor's data is on {one.disk.token}")

    def _note_truth(self) -> None:
        """Whether each disk holds what its plan ends with, as long as nobody has it again."""
        for run in all_runs(self.state):
            for name in run.jobs():
                with contextlib.suppress(RecondError):
                    plan = read_job(run, name).plan
                    key = (run.run_id, plan.disk.token)
                    if plan.disk.token not in self.seen.reused and not self._is_decided(*key):
                        held = self.seen.truth.get(key, False) or self._is_written(plan)
                        self.seen.truth[key] = held

    def _is_decided(self, run_id: str, name: str) -> bool:
        """Whether a later run has had the disk: what an earlier one left is not there any more."""
        order = list(self._confirmed().items())
        own = next((at for at, (run, _) in enumerate(order) if run == run_id), len(order))
        journals = (self.state / "runs" / run / "journals" for run, names in order[own + 1 :])
        had = any(b'"identity"' in (_bytes(one / f"{name}.jsonl") or b"") for one in journals)
        return had and name not in self.seen.shared

    def _is_written(self, plan: WipePlan) -> bool:
        fill = plan.steps[-1].fill
        content = Path(plan.path).read_bytes()
        if plan.disk.token in self.seen.shared:  # two erased it, one behind the other
            return DONOR not in content
        return fill is not None and content == fill_bytes(fill, 0, len(content))

    def _hold_ledger(self) -> None:
        file = self.state / "ledger.jsonl"
        raw = file.read_bytes() if file.exists() else b""
        read = read_ledger(raw[: raw.rfind(b"\n") + 1])
        if read.problems:
            raise Broken(f"ledger: {read.problems[0]}")
        before, self.seen.ledger = self.seen.ledger, read.lines
        if self.seen.ledger[: len(before)] != before:
            raise Broken("the ledger was forked or lost lines")
        if list(self.state.glob("ledger.*damaged*")):
            raise Broken("the ledger was set aside")
        listed = {
            entry["data"].get("jws_sha256")
            for entry in read.entries
            if isinstance(entry["data"], dict)
        }
        self._certificates()
        missing = set(self.seen.signed) - listed
        if missing:
            raise Broken(f"signed and not in the ledger: {[self.seen.signed[m] for m in missing]}")

    # --- Peace -------------------------------------------------------------------------------

    def _finish(self) -> None:
        """No more faults: everything comes to its end, and nothing is missing."""
        off = 86400 * 401  # behind every clock that was ahead
        for _ in range(3):
            self._wait_for_all()
            self._do((Act("resume", off_s=off),))
            self._hold()
        for number, run in enumerate(all_runs(self.state)):
            if not is_issued(run):
                self._do((Act("certify", pick=number, off_s=off),))
                self._hold()
            if not is_issued(run):
                raise Broken(f"{run.run_id} has begun and has no certificate")
        for _ in range(3):
            self._do((Act("upload", off_s=off),))
        self._hold_delivered()
        before = self.sent.read_text() if self.sent.exists() else ""
        self._do((Act("upload", off_s=off),))
        if before != (self.sent.read_text() if self.sent.exists() else ""):
            raise Broken("what everybody has was sent again")
        for run in all_runs(self.state):
            for name, raw in run.journals().items():
                if not raw.rstrip(b"\n").endswith(b"}") or read_entries(raw)[-1][0] not in LAST:
                    raise Broken(f"nothing says how {name} of {run.run_id} ended")
            note = run.note()
            folder = Path(note.folder if note else "")
            record = parse_record(read_json((folder / RECORD).read_bytes()))
            for one in record.erasures:
                self.counts[one.result.status.value] += 1

    def _wait_for_all(self) -> None:
        chance, self.chance = self.chance, random.Random(0)
        self.chance.random = lambda: 1.0  # type: ignore[method-assign]
        self._wait_for_workers()
        self.chance = chance

    def _hold_delivered(self) -> None:
        lines = self.sent.read_text().split("\n")[:-1] if self.sent.exists() else []
        for run in all_runs(self.state):
            note = run.note()
            if note is None or not note.signed:
                continue
            package = read_folder(Path(note.folder))
            if package.key not in lines:
                raise Broken(f"{run.run_id} was never delivered")
        waits = queue_of(self.state).ids()
        if waits:
            raise Broken(f"still in the queue: {waits}")


def _unplugged(act: Act) -> Act:
    """An act beside another: a power cut would end both, and takes back what one of them knows."""
    given = act.strike
    return (
        act
        if given is None or given.kind != "power"
        else replace(act, strike=replace(given, kind="kill"))
    )


# --- What the processes do ---------------------------------------------------------------------


def _work_run(history: History, act: Act, host: Host) -> None:
    wish = Wish(method=("nist-clear", "random", "zero")[act.pick % 3])
    paths = tuple(str(history.path / name) for name in act.images)
    plans = plan_targets(paths, wish, image=True, host=host)
    facts = RunFacts(
        new_run_id(host.clock),
        host.clock.now(),
        str(history.out),
        "fr",
        _context(history, host),
        None,
        (),
    )
    with history.confirmed.open("a") as stream:  # no part of recond: neither struck nor cut
        stream.write(f"{facts.run_id} {' '.join(plan.disk.token for plan in plans)}\n")
    confirmed = confirm_all(plans, ConfirmedBy.FLAG)
    done = carry_out(history.state, facts, confirmed, host, _quiet, StopCount())
    if done.issued.signed:
        jws = (done.issued.handed_over / JWS).read_bytes()
        with history.said.open("a") as stream:
            stream.write(f"{hashlib.sha256(jws).hexdigest()}\n")


def _work_resume(history: History, _act: Act, host: Host) -> None:
    resume_runs(history.state, None, host, _quiet, StopCount(), on_lost=lambda _run, _why: None)


def _work_certify(history: History, act: Act, host: Host) -> None:
    runs = all_runs(history.state)
    certify_again(runs[act.pick % len(runs)], history.state, host, None, "fr")


def _work_upload(history: History, _act: Act, host: Host) -> None:
    upload(history.state, (), host.clock, urgency=Urgency(now=True, parked=True))


_WORKS: dict[str, Callable[[History, Act, Host], None]] = {
    "run": _work_run,
    "resume": _work_resume,
    "certify": _work_certify,
    "upload": _work_upload,
}


def _context(history: History, host: Host) -> Context:
    return config.read_context(history.state, config.Overrides(), host.clock)


def _quiet(_name: str, _event: object) -> None: ...


@dataclass
class There:
    """A destination that knows a record by its key, and fails now and then."""

    history: History

    def prepare(self) -> None: ...

    def check(self, clock: Clock) -> Outcome:
        del clock
        return Delivered(Message("upload.check.folder"))

    def deliver(self, package: Package, clock: Clock) -> Outcome:
        del clock
        with self.history.sent.open("a") as stream:
            stream.write(package.key + "\n")
        return Delivered(Message.of("upload.folder.sent", name=package.record_id))


def _replace(history: History, act: Act) -> None:
    """In a child: what costs a second and is not the subject (the page, the look at all processes),
    the destination, and how workers are started.
    """
    rooms: Any = page_room
    rooms.render = lambda sheet: b"%PDF-" + hashlib.sha256(sheet.record_bytes).digest()
    rooms = seal_room
    rooms.sign_pdf = lambda page, _key: page
    rooms = deliver_room
    rooms.open_destination = lambda _settings: There(history)
    rooms.PackageCheck = SignedOnly
    rooms = holding_room
    rooms.read_opened = lambda _files: OpenFiles(processes=1)
    rooms = supervisor_room
    rooms.read_opened = lambda _files: OpenFiles(processes=1)
    rooms.Workers = lambda: StruckWorkers(history, act)
    rooms = worker_room
    rooms.SystemClock = lambda: SteppedClock(act.off_s, act.step)
    if act.key_gone:

        def no_key(*_args: object) -> object:
            raise RecordInvalid("certify.key.mode")

        keyring: Any = Keyring
        keyring.signing_key = no_key


class SignedOnly(PackageCheck):
    """The bench's check without the page, which is none here: whose a package is, is asked."""

    def __call__(self, package: Package) -> Message | None:
        """Why a package must not leave; None where it may."""
        return None if package.signed else Message("upload.unsigned")


class StruckWorkers(ForkedWorkers):
    """Workers as forks; one of them may be struck too."""

    def __init__(self, history: History, act: Act) -> None:
        super().__init__(history.pids)
        self._history, self._act = history, act

    def work(self, argv: tuple[str, ...]) -> None:
        done = strike(self._act.worker_strike, self._history.storage(), self._history.pids)
        super().work(argv)
        done()


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def warm(below: Path | None) -> None:
    """Do every act once in this process: its forks find all modules and patterns at hand."""
    path = Path(tempfile.mkdtemp(prefix="history-warm-", dir=below))
    history = History(0, path)
    run = Act("run", (history._image(),))
    for act in (run, Act("resume"), Act("certify"), Act("upload")):
        _replace(history, act)
        _WORKS[act.name](history, act, Host(clock=SteppedClock(0)))
    shutil.rmtree(path)
    gc.collect()
    gc.freeze()


def run_history(seed: int, below: Path | None = None) -> History:
    """One history in a folder of its own, which is removed where it holds. Raises `Broken`."""
    path = Path(tempfile.mkdtemp(prefix=f"history-{seed}-", dir=below))
    history = History(seed, path)
    history.go()
    shutil.rmtree(path)
    return history


def main() -> int:
    """`FIRST COUNT [FOLDER]`: what was seen, as JSON; 1 where an invariant broke.

    RECOND_SECONDS=N begins no further history after N seconds.
    """
    first, count = int(sys.argv[1]), int(sys.argv[2])
    below = Path(sys.argv[3]) if len(sys.argv) > 3 else None
    counts: Counter[str] = Counter()
    broken: list[str] = []
    began = time.monotonic()
    limit_s = float(os.environ.get("RECOND_SECONDS", "inf"))
    warm(below)
    for seed in range(first, first + count):
        if time.monotonic() - began > limit_s:
            break
        counts["histories"] += 1
        try:
            counts += run_history(seed, below).counts
        except Broken as error:
            broken.append(str(error))
            sys.stderr.write(f"{error}\n")
        except Exception:
            broken.append(f"RECOND_SEED={seed}\n{traceback.format_exc()}")
            sys.stderr.write(broken[-1])
    counts["seconds"] = round(time.monotonic() - began)
    sys.stdout.write(json.dumps({"seen": counts, "broken": broken}) + "\n")
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
