"""One seeded history: a drive that may lie, a plan, an erasure that may be killed, a judgement.

The judge here is small and of its own: the journal must hold together, the last step that ran must
be proven by the drive's bytes, the reading must end as the technique ends, canaries must be gone.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from recond.certify.judge.drive_proof import prove
from recond.certify.judge.hidden_sectors import hidden_bytes, shown_reasons
from recond.certify.judge.journal_read import parse_journal
from recond.certify.judge.timeline import Timeline, read_timeline
from recond.codec import digest
from recond.drive.answers import parse_opal
from recond.drive.types import endings_of, reach_of
from recond.ends import ConfirmedBy
from recond.erasure import Level, LevelWish, Technique, VerifyMode, WipePlan
from recond.host.journal_lines import read_entries
from recond.host.sim.ata import SimAta
from recond.host.sim.drive import Killed, PowerCut, SimClock
from recond.host.sim.nvme import SimNvme
from recond.host.sim.opal import PSID, SimOpal
from recond.host.sim.scsi import SimScsi
from recond.wipe.drive.capabilities import read_capabilities
from recond.wipe.drive.choosing import plan_firmware
from recond.wipe.drive.opal import Opal
from recond.wipe.drive.opal_choosing import plan_opal
from recond.wipe.drive.runner import DriveRunner
from recond.wipe.job import Job, Seam
from recond.wipe.journal import FIRST, Journal
from recond.wipe.plan import Wish, plan_wipe
from recond.wipe.position import read_standing
from recond.wipe.session import Session

PATH = "/dev/sim"
CONTENTS = ("text", "text", "noise", "sparse", "blank", "trimmed")
LIES: dict[str, tuple[str, ...]] = {
    "ata": (
        "success",
        "half",
        "fails",
        "locks",
        "jams",
        "stuck",
        "frozen",
        "drops",
        "swaps",
        "dco1",
        "fixed",
        "no-estimate",
        "one-change",
        "keeps-hidden",
        "forgets",
        "renames",
        "owned",
        "drops-upper",
        "cuts-lba",
    ),
    "nvme": (
        "success",
        "half",
        "fails",
        "stuck",
        "blank",
        "estimate-0",
        "estimate-f",
        "ignores-ses",
        "other-command",
        "deallocates",
        "no-sanitize",
        "crypto-only",
        "two",
        "gone",
        "no-preq",
        "stale-log",
        "forgets",
        "renames",
    ),
    "scsi": (
        "success",
        "half",
        "fails",
        "stuck",
        "breaks",
        "unreadable",
        "swaps",
        "forgets",
        "renames",
    ),
}
HARMLESS = frozenset(
    {
        "fixed",
        "no-estimate",
        "estimate-0",
        "estimate-f",
        "dco1",
        "crypto-only",
        "unreadable",
        "no-preq",
        "no-sanitize",
    }
)
OPAL_LIES = (
    "success",
    "keeps-key",
    "half",
    "wrong-psid",
    "hangs",
    "lets-go",
    "locked",
    "inactive",
    "swaps",
    "plain",
    "silent",
    "exit-1",
)
Drive = SimAta | SimNvme | SimScsi | SimOpal


class MemorySink:
    """A journal in memory whose appends may be the last thing that happens."""

    def __init__(self) -> None:
        self.raw = b""
        self.strike: Any = lambda _moment: None

    def append(self, line: bytes) -> None:
        self.strike("journal-before")
        self.raw += line
        self.strike("journal-after")

    def close(self) -> None: ...


@dataclass(slots=True)
class History:
    """What a seed gave."""

    seed: int
    kind: str
    lies: frozenset[str]
    wish: LevelWish
    drive: Drive
    sink: MemorySink = field(default_factory=MemorySink)
    plan: WipePlan | None = None
    outcome: str = "refused"
    opal: Opal | None = None
    struck: list[str] = field(default_factory=list)
    approved: Level | None = None
    why_not: str = ""

    def __str__(self) -> str:
        steps = [step.technique.value for step in self.plan.steps] if self.plan else []
        return (
            f"seed {self.seed}: {self.kind} {sorted(self.lies)} {self.wish.value} {steps} "
            f"struck {self.struck} -> {self.outcome}, approved {self.approved} {self.why_not}"
        )


class Fate:
    """Strikes at given points: the n-th moment ends the program or the power."""

    def __init__(self, history: History, chance: random.Random | None) -> None:
        self._history = history
        count = chance.choice((0, 0, 1, 1, 2, 3)) if chance else 0
        chance = chance or random.Random(0)
        self._at = sorted(chance.randrange(1, 120) for _ in range(count))
        self._kinds = [chance.choice((Killed, PowerCut)) for _ in self._at]
        self._moments = 0
        self.stop_after = chance.choice((None, None, None, chance.randrange(60))) if count else None
        self.armed = True

    def __call__(self, moment: str) -> None:
        self._moments += 1
        if self.armed and self._at and self._moments >= self._at[0]:
            self._at.pop(0)
            kind = self._kinds.pop(0)
            self._history.struck.append(f"{kind.__name__}@{self._moments}:{moment}")
            raise kind

    def should_stop(self) -> bool:
        if self.stop_after is not None and self.armed and self._moments > self.stop_after:
            self.stop_after = None
            self._history.struck.append(f"stop@{self._moments}")
            return True
        return False


def make_drive(seed: int, chance: random.Random, clock: SimClock) -> tuple[str, Drive]:
    kind = chance.choice(("ata", "ata", "nvme", "nvme", "scsi"))
    count = chance.choice((0, 1, 1, 1, 2))
    lies = frozenset(chance.sample(LIES[kind], count))
    content = chance.choice(CONTENTS)
    if kind == "ata":
        return kind, SimAta(
            clock,
            seed,
            lies,
            content=content,
            rotating=chance.random() < 0.4,
            hidden=chance.random() < 0.3,
            sanitizes=chance.random() < 0.6,
            by=chance.choice(("hpa", "hpa+dco", "dco", "amac", "amac+dco")),
        )
    if kind == "nvme":
        return kind, SimNvme(
            clock,
            seed,
            lies,
            content=content,
            inhibits=chance.random() < 0.4,
            purge_reporting=chance.random() < 0.3,
        )
    return kind, SimScsi(clock, seed, lies, content=content, rotating=chance.random() < 0.5)


def run_history(seed: int) -> History:
    chance, clock = random.Random(seed), SimClock(seed)
    _, drive = make_drive(seed, chance, clock)
    wish = chance.choice((LevelWish.PURGE, LevelWish.BEST))
    verify = chance.choice((VerifyMode.FULL, VerifyMode.SAMPLE))
    restore = chance.choice((None, None, None, True, False))
    return erase(drive, clock, wish, verify, chance, restore)


def erase(
    drive: Drive,
    clock: SimClock,
    wish: LevelWish = LevelWish.BEST,
    verify: VerifyMode = VerifyMode.FULL,
    chance: random.Random | None = None,
    restore: bool | None = None,
    try_unreported: bool = False,
) -> History:
    """Plan, erase (killed here and there where there is a chance for it), resume and judge."""
    history = History(int(drive.serial[3:]), drive.bus, drive.lies, wish, drive)
    found = plan_firmware(
        read_capabilities(drive.device(PATH)),
        wish,
        drive.cells.size,
        restore_hidden=restore,
        try_unreported=try_unreported,
    )
    history.plan = plan = plan_wipe(
        drive.target(PATH), Wish(wish, None, verify, restore), clock.random_bytes(32), (), found
    )
    if plan.refusals:
        return history
    fate = Fate(history, chance)
    drive.strike = history.sink.strike = fate
    _live(history, plan, clock, fate)
    fate.armed = False
    for _ in range(2):  # what a technician is told to do
        if history.outcome == "interrupted":
            drive.power_cycle()
            history.outcome = _session(history, plan, clock, fate, "technician")
    judge(history)
    drive.power_cycle()  # whoever gets the disk turns it on
    return history


def erase_opal(
    drive: SimOpal,
    wish: LevelWish = LevelWish.CLEAR,
    chance: random.Random | None = None,
    *,
    tool: Opal | None = None,
    again: bool = True,
    strike_at: int = 0,
    struck: type[Exception] = Killed,
) -> History:
    """The same by PSID; who resumes has no PSID any more."""
    clock = drive.clock
    history = History(int(drive.serial[3:]), "opal", drive.lies, wish, drive)
    state = parse_opal(drive._query(PATH).encode())
    found = plan_opal(drive.identity, PATH, read_capabilities(drive.device(PATH)), state)
    history.plan = plan = plan_wipe(
        drive.target(PATH), Wish(wish, psid=True), clock.random_bytes(32), (), found
    )
    if plan.refusals:
        return history
    history.opal = tool or Opal(drive, PSID)
    fate = Fate(history, chance)
    if strike_at:
        fate._at, fate._kinds = [strike_at], [struck]  # type: ignore[list-item]
    drive.strike = history.sink.strike = fate
    first = True
    while first or (history.outcome == "interrupted" and again and len(history.struck) < 9):
        try:
            history.outcome = _session(history, plan, clock, fate, f"boot{len(history.struck)}")
            history.struck.append("ended")
        except (Killed, PowerCut) as cut:
            history.outcome = "interrupted"
            if isinstance(cut, PowerCut):
                drive.power_cycle()
        first = False
        history.opal = Opal(history.opal.processes)
    judge(history)
    return history


def run_opal_history(seed: int) -> tuple[History, SimOpal]:
    chance = random.Random(seed)
    lies = frozenset(chance.sample(OPAL_LIES, chance.choice((0, 1, 1, 1, 2))))
    drive = SimOpal(SimClock(seed), seed, lies, content=chance.choice(CONTENTS))
    wish = chance.choice((LevelWish.CLEAR, LevelWish.PURGE))
    return erase_opal(drive, wish, chance), drive


def _live(history: History, plan: WipePlan, clock: SimClock, fate: Fate) -> None:
    """Sessions until one comes to its end without being struck."""
    boot = 0
    while True:
        try:
            history.outcome = _session(history, plan, clock, fate, f"boot{boot}")
        except Killed:
            continue
        except PowerCut:
            boot += 1
            history.drive.power_cycle()
            continue
        if history.outcome == "interrupted" and "stop" in (history.struck or [""])[-1]:
            history.struck.append("resumed")
            continue
        return


def _session(history: History, plan: WipePlan, clock: SimClock, fate: Fate, boot: str) -> str:
    drive, sink = history.drive, history.sink
    seam = Seam(
        open_disk=drive.open,
        read_target=lambda path, _image: drive.target(path),
        clock=clock,
        boot_id=boot,
        temperature=lambda _path: None,
        firmware=DriveRunner(
            lambda path: (drive.device(path), drive.identity), clock, history.opal
        ),
    )
    job = Job("run", plan, digest(plan), PATH, ConfirmedBy.FLAG, plan.disk.token, "memory")
    entries = read_entries(sink.raw)
    if not {"plan", "confirmation"} <= {kind for kind, _ in entries}:
        sink.raw = b""  # nothing was confirmed: a new run
        return Session(job, seam, Journal(sink, clock), fate.should_stop, lambda _e: None).run()
    if entries[-1][0] == "end":
        return str(entries[-1][1]["outcome"])
    prev = __import__("hashlib").sha256(sink.raw.splitlines()[-1]).hexdigest()
    journal = Journal(sink, clock, len(entries), prev if entries else FIRST)
    last_boot = next(d.get("boot") for k, d in reversed(entries) if k in ("open", "resume"))
    standing = read_standing(entries, last_boot == boot)
    session = Session(job, seam, journal, fate.should_stop, lambda _e: None)
    return session.resume(standing.position)


# --- Judgement -------------------------------------------------------------------------------


def judge(history: History) -> None:
    reading = parse_journal(history.sink.raw)
    timeline, plan = read_timeline(reading.entries), history.plan
    assert plan is not None
    assert not reading.problems, (str(history), reading.problems)
    assert not timeline.contradictions, (str(history), timeline.contradictions)
    level, history.why_not = _proven(timeline, plan)
    if level is Level.PURGE and hidden_bytes(timeline, plan):
        level = Level.CLEAR
    if level is not None and (against := shown_reasons(timeline, plan)):
        level, history.why_not = None, against[0].code
    ended = timeline.end is not None and timeline.end.data["outcome"] == "completed"
    if level is not None and ended:
        history.approved = level


def _proven(timeline: Timeline, plan: WipePlan) -> tuple[Level | None, str]:
    index = max(timeline.steps, default=0)
    step = plan.steps[index]
    told = timeline.steps.get(index)
    if told is None or told.end is None or told.end.data["outcome"] != "done":
        return None, "not done"
    after = timeline.verify_end.data if timeline.verify_end else None
    if after is None or after["outcome"] != "done" or after["mismatch"] or after["unreadable"]:
        return None, f"read back {after and after['ending']}"
    if _canaries_unchanged(timeline, step.technique is Technique.OVERWRITE):
        return None, "canary"
    if step.technique is Technique.OVERWRITE:
        if after["ending"] != "expected":
            return None, "content"
        proofs = [
            plan.steps[i]
            for i in timeline.steps
            if plan.steps[i].fill is None and not plan.steps[i].fallback and not step.fallback
        ]
        levels = [Level.CLEAR] + [
            min(
                prove(one, plan.disk, [e.data for e in timeline.steps[i].commands]).highest,
                reach_of(one.technique, plan.disk.medium),
                key=lambda level: level.rank,
            )
            for i, one in enumerate(plan.steps)
            if one in proofs
        ]
        return max(levels, key=lambda level: level.rank), ""
    proof = prove(step, plan.disk, [entry.data for entry in told.commands])
    if proof.faults:
        return None, proof.faults[0].code
    if after["ending"] not in endings_of(step.technique, plan.disk.medium):
        return None, f"ending {after['ending']}"
    reach = reach_of(step.technique, plan.disk.medium)
    return min(reach, proof.highest, key=lambda level: level.rank), ""


def _canaries_unchanged(timeline: Timeline, overwritten: bool) -> bool:
    if timeline.canary_before is None or timeline.canary_after is None:
        return True
    before: Any = {p["offset"]: p for p in timeline.canary_before.data["places"]}  # type: ignore
    for place in timeline.canary_after.data["places"]:  # type: ignore[union-attr]
        was = before[place["offset"]]  # type: ignore[index,call-overload]
        if place["sha256"] is None:  # type: ignore[index,call-overload]
            return True
        if overwritten:
            if place["sha256"] != place["expected"]:  # type: ignore[index,call-overload]
                return True
        elif was["sha256"] == place["sha256"] and not was["uniform"]:  # type: ignore
            return True
    return False
