"""What benches say of themselves while they work: one small message a second, checked, in memory.

Why no word of it is evidence: whoever holds a token may say anything. A message knows no word for
"erased"; a disk whose work is over shows that its certificate is awaited, until a record that was
found to be true arrives. A message that is lost is made good by the next; a bench that falls silent
in the middle of its work is an alarm, never "goes on". Nothing is answered that a bench would act
on. The clock is given, so that a test can hold it still.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from recond.board.tokens import BenchToken
from recond.codec import from_json
from recond.computer import ALL_ERASED, Overall
from recond.documents import read_json
from recond.errors import FormatError, RecordInvalid
from recond.flow.serials import compared
from recond.locale import has
from recond.model import Json, Message
from recond.upload.live import MOST_BYTES, MOST_SLOTS, SCHEMA, LiveSaid, SlotSaid

SILENT_S = 20.0
FORGET_S = 12 * 3600.0
MOST_REPORTS = 16
LONGEST = 120
ENDS_BADLY = frozenset({"failed", "refused", "left", "interrupted", "stranger"})
AT_WORK = frozenset({"working", "identifying"})


def read_live(raw: bytes) -> LiveSaid:
    """A message from its bytes. Raises `RecordInvalid` for anything but the form, whole."""
    if len(raw) > MOST_BYTES:
        raise RecordInvalid("board.live.form", what="size")
    try:
        value: Json = read_json(raw)
        found = from_json(LiveSaid, value)
    except ValueError:
        raise RecordInvalid("board.live.form", what="JSON") from None
    except FormatError as error:
        where = str(dict(error.message.args).get("where", "?"))
        raise RecordInvalid("board.live.form", what=where[:80]) from None
    if found.schema != SCHEMA or len(found.slots) > MOST_SLOTS or not _fits(value):
        raise RecordInvalid("board.live.form", what="schema")
    return found


def _fits(value: Json) -> bool:
    """Whether no text is longer than a line, and no number larger than a disk."""
    if isinstance(value, str):
        return len(value) <= LONGEST
    if isinstance(value, dict):
        return all(len(key) <= LONGEST and _fits(one) for key, one in value.items())
    if isinstance(value, list):
        return all(_fits(one) for one in value)
    return not isinstance(value, int) or abs(value) < 1 << 63


@dataclass(slots=True)
class BenchReport:
    """The last message of one process on a bench; `heard_s` is monotonic."""

    said: LiveSaid
    heard_s: float
    heard_at: str


@dataclass(frozen=True, slots=True)
class Certificate:
    """What the board holds for a run: the record's own word, whether its signer is trusted, and
    the disks that it is of, by their numbers as they are compared.
    """

    number: int
    outcome: str
    trusted: bool
    serials: frozenset[str] = frozenset()

    def is_of(self, slot: SlotSaid) -> bool:
        """Whether the record is of the disk that a bench shows: whoever holds a token may name
        another's run beside any disk.
        """
        return slot.serial is not None and compared(slot.serial) in self.serials


@dataclass(slots=True)
class BenchStanding:
    """A bench with all that it said lately. `version` grows with each change that shows."""

    bench: BenchToken
    reports: dict[str, BenchReport] = field(default_factory=dict)
    version: int = 0
    was_silent: bool = False


@dataclass(frozen=True, slots=True)
class SlotView:
    """A slot as it is shown. `tone`: alarm, care, work, good, calm."""

    said: SlotSaid
    silent: bool
    certificate: Certificate | None
    tone: str
    heard_at: str

    @property
    def message(self) -> Message | None:
        """The bench's own words where the catalogue has them; nothing else is shown."""
        one = self.said.message
        return one if one is not None and has(one.code) else None


@dataclass(frozen=True, slots=True)
class ComputerView:
    """One process of a bench: a computer with its disks, or a dock with its slots."""

    said: LiveSaid
    slots: tuple[SlotView, ...]


@dataclass(frozen=True, slots=True)
class BenchView:
    """A bench as it is shown; `seen_at` None: nothing heard since the board started."""

    bench: BenchToken
    computers: tuple[ComputerView, ...]
    seen_at: str | None
    version: int

    @property
    def tone(self) -> str:
        """The worst of its slots'."""
        tones = {slot.tone for one in self.computers for slot in one.slots}
        return next((tone for tone in TONES if tone in tones), "calm")


TONES = ("alarm", "care", "work", "good", "calm")


class Room:
    """Every bench, as it was last heard. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._benches: dict[int, BenchStanding] = {}
        self._certificates: dict[str, Certificate | None] = {}

    def know(self, benches: tuple[BenchToken, ...]) -> None:
        """The benches that may report: one that never did is shown all the same."""
        with self._lock:
            known = {one.id: one for one in benches}
            for number in self._benches.keys() - known.keys():
                del self._benches[number]
            for one in benches:
                self._benches.setdefault(one.id, BenchStanding(one)).bench = one

    def hear(self, bench: BenchToken, said: LiveSaid, now_s: float, now: str) -> None:
        """A bench has said something. An older message than the last is passed over."""
        with self._lock:
            standing = self._benches.setdefault(bench.id, BenchStanding(bench))
            before = standing.reports.get(said.session)
            if before is not None and said.seq <= before.said.seq:
                return
            if before is None:
                self._make_room(standing, said, now_s)
            standing.reports[said.session] = BenchReport(said, now_s, now)
            standing.version += 1

    def _make_room(self, standing: BenchStanding, said: LiveSaid, now_s: float) -> None:
        """A new process: what ended before, or is about the same runs, gives way."""
        runs = {slot.run for slot in said.slots if slot.run}
        for session, report in list(standing.reports.items()):
            same = runs & {slot.run for slot in report.said.slots}
            if report.said.ended or same or now_s - report.heard_s > FORGET_S:
                del standing.reports[session]
        while len(standing.reports) >= MOST_REPORTS:
            oldest = min(standing.reports, key=lambda one: standing.reports[one].heard_s)
            del standing.reports[oldest]

    def dismiss(self, bench: int) -> None:
        """Somebody has looked: what a bench said last is shown no more."""
        with self._lock:
            standing = self._benches.get(bench)
            if standing is not None:
                standing.reports.clear()
                standing.version += 1

    # --- Certificates ------------------------------------------------------------------------

    def unknown_runs(self) -> tuple[str, ...]:
        """The runs whose certificate nobody has looked up yet."""
        with self._lock:
            runs = {
                slot.run
                for standing in self._benches.values()
                for report in standing.reports.values()
                for slot in report.said.slots
                if slot.run
            }
            for run in self._certificates.keys() - runs:
                del self._certificates[run]
            return tuple(sorted(runs - self._certificates.keys()))

    def certify(self, found: dict[str, Certificate | None]) -> None:
        """What the database holds for runs; a run without a record is `None`."""
        with self._lock:
            for run, certificate in found.items():
                if self._certificates.get(run) == certificate and run in self._certificates:
                    continue
                self._certificates[run] = certificate
                for standing in self._benches.values():
                    if any(
                        slot.run == run
                        for report in standing.reports.values()
                        for slot in report.said.slots
                    ):
                        standing.version += 1

    # --- Views -------------------------------------------------------------------------------

    def views(self, now_s: float) -> tuple[BenchView, ...]:
        """Every bench, alarms first, then by name."""
        with self._lock:
            found = [self._view(one, now_s) for one in self._benches.values()]
        return tuple(sorted(found, key=lambda one: (TONES.index(one.tone), one.bench.name)))

    def _view(self, standing: BenchStanding, now_s: float) -> BenchView:
        silent = any(_is_silent(one, now_s) for one in standing.reports.values())
        if silent != standing.was_silent:
            standing.was_silent = silent
            standing.version += 1
        computers = tuple(
            ComputerView(
                report.said,
                tuple(self._slot(slot, report, now_s) for slot in report.said.slots),
            )
            for report in standing.reports.values()
        )
        seen = max((one.heard_at for one in standing.reports.values()), default=None)
        return BenchView(standing.bench, computers, seen, standing.version)

    def _slot(self, said: SlotSaid, report: BenchReport, now_s: float) -> SlotView:
        held = self._certificates.get(said.run) if said.run else None
        certificate = held if held is not None and held.is_of(said) else None
        silent = _is_silent(report, now_s) and said.state in AT_WORK
        return SlotView(
            said, silent, certificate, tone_of(said, silent, certificate), report.heard_at
        )


def _is_silent(report: BenchReport, now_s: float) -> bool:
    return not report.said.ended and now_s - report.heard_s > SILENT_S


def tone_of(said: SlotSaid, silent: bool, certificate: Certificate | None) -> str:
    """How a slot looks. Good only where a trusted record says so of the whole."""
    if certificate is not None and said.state not in AT_WORK:
        if certificate.outcome in ALL_ERASED:
            return "good" if certificate.trusted else "care"
        return "care" if certificate.outcome == Overall.ACCOUNTED else "alarm"
    if silent:
        return "alarm"
    if said.state in ENDS_BADLY:
        return "care" if said.state in ("stranger", "refused") else "alarm"
    return "work" if said.state in AT_WORK or said.state == "over" else "calm"
