"""The hashes beside the ledger: the same answers as the whole file, for a few of its bytes; and
whatever is damaged, stale or forged is dropped, never believed.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import random
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recond.certify.ledger import (
    LedgerReading,
    clock_line,
    ledger_line,
    position_after,
    position_fault,
)
from recond.certify.merkle import is_consistent, is_included, node_count, place_of
from recond.certify.receipt import make_receipt, read_receipt
from recond.certify.sign.jws import read_jws, sign_jws
from recond.certify.sign.keys import SigningKey, make_bench_key
from recond.codec import canonical_bytes
from recond.documents import read_json
from recond.errors import RecordInvalid
from recond.flow.keys import ledger_file
from recond.flow.keys.keyring import Keyring
from recond.flow.keys.ledger_file import MARK, MARK_TYPE, TREE, LedgerFile, StoredLedger
from recond.host.clock import SystemClock
from recond.host.store import append_line, locked
from recond.model import Json
from tests.certify.journals import base_seed

NOW = "2026-11-24T09:00:00.000Z"
KILLS = int(os.environ.get("RECOND_KILLS", "24"))


class Bench:
    """A state folder with a key; what `flow.run.issue` does with its ledger, and nothing else."""

    def __init__(self, state: Path) -> None:
        self.ring = Keyring(state)
        self.key: SigningKey = make_bench_key("bench", NOW)
        self.ring.save(self.key, None)

    @property
    def file(self) -> LedgerFile:
        return self.ring.ledger

    def open(self) -> StoredLedger | LedgerReading:
        return self.file.open(self.ring.own())

    def issue(self, name: str = "run") -> bytes:
        with locked(self.ring.lock()):
            kept, _ = self.ring.open_ledger("bench", SystemClock())
            data: dict[str, Json] = {"record_id": f"{name}-{kept.size}"}
            line = ledger_line(kept, max(kept.last_time, NOW), "issued", data)
            grown = self.file.append(kept, line)
            receipt = make_receipt(grown, grown.size, self.key, NOW)
            self.file.mark(grown, receipt, self.key)
        return receipt


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "state")


def grown(bench: Bench, count: int) -> Bench:
    for _ in range(count):
        bench.issue()
    return bench


def check_same(
    bench: Bench, found: StoredLedger | LedgerReading, some: random.Random | None = None
) -> None:
    """Every answer (or some, drawn) is that of the whole file."""
    whole = bench.file.read()
    assert whole.problems == ()
    assert position_after(found) == position_after(whole)
    assert (found.last_time, found.ledger_id) == (whole.last_time, whole.ledger_id)
    places = range(whole.size)
    for index in some.choices(places, k=6) if some else places:
        assert found.line(index) == whole.lines[index]
        assert found.inclusion(index) == whole.inclusion(index)
        assert found.root(index + 1) == whole.root(index + 1)
        assert found.consistency(index + 1) == whole.consistency(index + 1)


def check_receipt(bench: Bench, raw: bytes) -> None:
    whole, receipt = bench.file.read(), read_receipt(read_jws(raw))
    assert (receipt.size, receipt.root) == (whole.size, whole.root(whole.size))
    line, index = receipt.entry.encode(), receipt.number - 1
    assert is_included(line, index, receipt.size, receipt.inclusion, receipt.root)
    assert is_consistent(index, whole.root(index), receipt.size, receipt.root, receipt.consistency)


def test_subtrees_stand_in_the_order_of_their_endings() -> None:
    places = []
    for leaves in range(1, 70):
        ended = [
            (level, leaves // (1 << level) - 1) for level in range(8) if not leaves % (1 << level)
        ]
        places += [place_of(level, index) for level, index in ended]
        assert len(places) == node_count(leaves)
    assert places == list(range(len(places)))


def test_a_ledger_that_grows_by_its_tree_is_the_ledger(bench: Bench) -> None:
    for _ in range(21):
        check_receipt(bench, bench.issue())
        found = bench.open()
        assert isinstance(found, StoredLedger)
        check_same(bench, found)


def test_after_the_first_certificate_the_file_is_not_read_whole(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    grown(bench, 2)

    def refuse(*_: object) -> LedgerReading:
        raise AssertionError("the whole ledger was read")

    monkeypatch.setattr(ledger_file, "read_ledger", refuse)
    for _ in range(40):
        bench.issue()
    position = position_after(bench.open())
    bench.issue()
    assert position_fault(bench.open(), position) is None


def test_what_one_certificate_reads_grows_with_the_logarithm(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0
    true = StoredLedger._node

    def counting(self: StoredLedger, level: int, index: int) -> tuple[int, bytes]:
        nonlocal asked
        asked += 1
        return true(self, level, index)

    bench.issue()
    counts = {}
    for size in (16, 4096):
        lengthen(bench, size)
        bench.issue()  # another program wrote: read whole, the tree made anew
        monkeypatch.setattr(StoredLedger, "_node", counting)
        asked = 0
        bench.issue()
        counts[size] = asked
        monkeypatch.setattr(StoredLedger, "_node", true)
        assert isinstance(bench.open(), StoredLedger)
    assert bench.file.read().problems == ()
    assert counts[4096] < 4 * counts[16], counts  # 256 times the lines, three times the depth


def lengthen(bench: Bench, size: int) -> None:
    """Lines of other certificates, as a recond that keeps no tree would have written them."""
    reading = bench.file.read()
    end = Bare(reading.size, reading.ledger_id, reading.last_time, reading.head)
    with bench.file.file.open("ab") as stream:
        while end.size < size:
            data: dict[str, Json] = {"record_id": f"bulk-{end.size}"}
            line = ledger_line(end, end.last_time, "issued", data)
            stream.write(line)
            end = Bare(
                end.size + 1, end.ledger_id, end.last_time, hashlib.sha256(line[:-1]).hexdigest()
            )


@dataclasses.dataclass(frozen=True)
class Bare:
    """What of a ledger's end its next line needs."""

    size: int
    ledger_id: str
    last_time: str
    head: str

    def clock_before(self, size: int) -> int:
        raise NotImplementedError

    def line(self, index: int) -> bytes:
        raise NotImplementedError

    def root(self, size: int) -> str:
        raise NotImplementedError

    def inclusion(self, index: int) -> tuple[str, ...]:
        raise NotImplementedError

    def consistency(self, before: int) -> tuple[str, ...]:
        raise NotImplementedError


# --- Damage ----------------------------------------------------------------------------------


def beside(bench: Bench, name: str) -> Path:
    return bench.file.file.with_name(name)


def restamped(bench: Bench) -> None:
    """The mark says that the file is as it was left: what a forger with the clock would do."""
    mark = json.loads(beside(bench, MARK).read_text())
    mark["file"] = bench.file._stamp()
    beside(bench, MARK).write_text(json.dumps(mark))


def rename_line(path: Path, index: int) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    lines[index] = lines[index].replace(b"run-", b"ruX-")
    path.write_bytes(b"".join(lines))


@pytest.mark.parametrize("index", range(1, 12))
def test_a_changed_line_is_found_when_the_next_certificate_is_issued(
    bench: Bench, index: int
) -> None:
    grown(bench, 11)
    rename_line(bench.file.file, index)
    kept, damage = bench.ring.open_ledger("bench", SystemClock())
    if index == 11:  # nothing stands behind the last line yet: the whole file cannot tell it
        assert isinstance(kept, LedgerReading)
        assert kept.size == 12
        return
    assert damage is not None
    assert damage.code == "certify.ledger.chain"
    assert kept.size == 1


def test_a_line_changed_behind_the_files_times_is_contradicted_when_it_is_asked_for(
    bench: Bench,
) -> None:
    grown(bench, 30)
    position = position_after(bench.open())
    bench.issue()
    rename_line(bench.file.file, 7)
    restamped(bench)
    found = bench.file._stored
    for _ in range(20):  # chance may pick the changed line at once: then it is read whole
        ledger = bench.open()
        fault = position_fault(ledger, position)
        assert ledger.line(7) in (b"", *bench.file.read().lines)
        if isinstance(ledger, LedgerReading):
            assert ledger.problems
            assert fault == "certify.ledger.cut"
        else:
            assert fault is None  # every line that it covers was, as signed, what it says
    assert found is not None


def test_a_cut_tail_is_not_the_file_that_was_left(bench: Bench) -> None:
    grown(bench, 9)
    later = position_after(bench.open())
    bench.issue()
    lines = bench.file.file.read_bytes().splitlines(keepends=True)
    for keep in (9, 5, 1):
        bench.file.file.write_bytes(b"".join(lines[:keep]))
        for stamped in (False, True):
            if stamped:
                restamped(bench)
            found = bench.open()
            assert isinstance(found, LedgerReading)
            assert position_fault(found, later) == "certify.ledger.cut"


def test_a_stale_tree_and_mark_give_way_to_the_file(bench: Bench) -> None:
    grown(bench, 6)
    old = {name: beside(bench, name).read_bytes() for name in (TREE, MARK)}
    grown(bench, 5)
    for names in ((TREE,), (MARK,), (TREE, MARK)):
        for name in names:
            beside(bench, name).write_bytes(old[name])
        check_same(bench, bench.open())
        check_receipt(bench, bench.issue())
        check_same(bench, bench.open())


def test_any_damage_of_the_tree_changes_no_answer(bench: Bench) -> None:
    grown(bench, 25)
    seed = base_seed()
    draw = random.Random(seed)
    whole = beside(bench, TREE).read_bytes()
    for _ in range(80):
        raw = bytearray(whole)
        for _ in range(draw.choice((1, 1, 3))):
            raw[draw.randrange(len(raw))] ^= 1 << draw.randrange(8)
        beside(bench, TREE).write_bytes(raw[: draw.choice((len(raw), draw.randrange(len(raw))))])
        try:
            check_same(bench, bench.open())
        except AssertionError as error:
            raise AssertionError(f"RECOND_SEED={seed}") from error


@pytest.mark.parametrize(
    "note",
    [b"", b"{}", b"[]", b"null", b'{"schema":"recond.ledger-mark/2"}', b"\xff" * 9, b"[" * 100_000],
    ids=repr,
)
def test_a_mark_that_is_none_is_not_believed(bench: Bench, note: bytes) -> None:
    grown(bench, 4)
    beside(bench, MARK).write_bytes(note)
    assert isinstance(bench.open(), LedgerReading)
    check_receipt(bench, bench.issue())
    assert isinstance(bench.open(), StoredLedger)


@pytest.mark.parametrize("receipt", [1, None, "", "a.b.c", "é"])
def test_a_mark_with_a_receipt_that_is_none_is_not_believed(bench: Bench, receipt: object) -> None:
    grown(bench, 4)
    mark = json.loads(beside(bench, MARK).read_text())
    beside(bench, MARK).write_text(json.dumps({**mark, "receipt": receipt}))
    assert isinstance(bench.open(), LedgerReading)


def step_back(bench: Bench, day: int) -> None:
    with locked(bench.ring.lock()):
        whole = bench.file.read()
        bench.file.append(whole, clock_line(whole, f"2026-11-{day}T09:00:00.000Z", None))


def test_a_mark_that_hides_a_step_of_the_clock_is_not_believed(bench: Bench) -> None:
    """Every later record names the last step: none may be signed that leaves it out."""
    grown(bench, 2)
    step_back(bench, 23)
    grown(bench, 2)
    first = json.loads(beside(bench, MARK).read_text())["clock"]
    step_back(bench, 22)
    bench.issue()
    kept = bench.open()
    assert isinstance(kept, StoredLedger)
    assert kept.clock == position_after(bench.file.read()).clock == 7
    mark = json.loads(beside(bench, MARK).read_text())
    stranger = make_bench_key("bench", NOW)
    hidden = canonical_bytes({**read_json(read_jws(mark["clock"].encode()).payload), "clock": 0})
    forged = sign_jws(hidden, stranger, MARK_TYPE).decode()
    for clock in (0, 4, 7, None, "", first, mark["receipt"], forged):
        beside(bench, MARK).write_text(json.dumps({**mark, "clock": clock}))
        check_same(bench, bench.open())
    bench.issue()
    check_same(bench, bench.open())
    assert isinstance(bench.open(), StoredLedger)


def test_a_tree_forged_with_the_consistent_hashes_of_another_file_is_not_believed(
    bench: Bench, tmp_path: Path
) -> None:
    grown(bench, 9)
    forger = Bench(tmp_path / "forger")  # a whole bench of its own, with another key
    grown(forger, 9)
    for name in (TREE, MARK):
        beside(bench, name).write_bytes(beside(forger, name).read_bytes())
    restamped(bench)
    assert isinstance(bench.open(), LedgerReading)
    check_same(bench, bench.open())
    check_receipt(bench, bench.issue())


def test_this_benchs_own_signed_tree_of_another_ledger_is_not_believed(
    bench: Bench, tmp_path: Path
) -> None:
    """The bench's key signed the other file's root too: only the file tells that it is not this."""
    grown(bench, 9)
    other = Bench(tmp_path / "other")
    other.key = bench.key
    other.ring.save(bench.key, None)
    grown(other, 9)
    for name in (TREE, MARK):
        beside(bench, name).write_bytes(beside(other, name).read_bytes())
    restamped(bench)
    assert isinstance(bench.open(), LedgerReading)
    check_same(bench, bench.open())


def test_another_program_that_appends_without_the_tree_is_seen(bench: Bench) -> None:
    grown(bench, 5)
    whole = bench.file.read()
    append_line(
        bench.file.file, ledger_line(whole, whole.last_time, "issued", {"record_id": "of-before"})
    )
    check_same(bench, bench.open())
    check_receipt(bench, bench.issue())
    assert isinstance(bench.open(), StoredLedger)


def test_a_full_disk_beside_the_ledger_costs_the_tree_only(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    grown(bench, 5)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(LedgerFile, "_grown", full)
    check_receipt(bench, bench.issue())
    monkeypatch.undo()
    check_same(bench, bench.open())
    check_receipt(bench, bench.issue())
    assert isinstance(bench.open(), StoredLedger)


def test_a_clock_that_stepped_back_writes_no_line(bench: Bench) -> None:
    grown(bench, 3)
    found = bench.open()
    assert isinstance(found, StoredLedger)
    with pytest.raises(RecordInvalid, match="clock"):
        ledger_line(found, "2026-11-24T08:59:59.999Z", "issued", {})


# --- Several processes, and kills --------------------------------------------------------------


def forked(work: Callable[[], None]) -> int:
    """Run in a child that leaves nothing of pytest behind; its wait status."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            os._exit(9)
    return child


def twelve(bench: Bench) -> None:
    grown(bench, 12)


def test_two_processes_that_issue_at_once_leave_one_ledger(bench: Bench) -> None:
    bench.issue()
    children = [forked(lambda: twelve(bench)) for _ in range(2)]
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
    whole = bench.file.read()
    assert (whole.size, whole.problems) == (26, ())
    assert isinstance(bench.open(), StoredLedger)
    check_same(bench, bench.open())


class Killer:
    """Kills its process at the `at`th thing that is done to a file, a write perhaps half done."""

    def __init__(self, at: int, draw: random.Random) -> None:
        self.left, self.draw = at, draw

    def count(self) -> None:
        self.left -= 1
        if self.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def arm(self, patch: pytest.MonkeyPatch) -> None:
        """Every write, truncation, rename and sync of the ledger's modules goes through here."""
        true_open, true_replace, true_sync = os.fdopen, Path.replace, os.fsync
        killer = self

        class Stream:
            def __init__(self, inner: object) -> None:
                self.inner = inner

            def write(self, raw: bytes) -> int:
                if killer.left == 0:
                    self.inner.write(raw[: killer.draw.randrange(len(raw) + 1)])  # type: ignore[attr-defined]
                    self.inner.flush()  # type: ignore[attr-defined]
                killer.count()
                done = self.inner.write(raw)  # type: ignore[attr-defined]
                self.inner.flush()  # type: ignore[attr-defined]
                return int(done)

            def truncate(self, *args: int) -> int:
                killer.count()
                return int(self.inner.truncate(*args))  # type: ignore[attr-defined]

            def __enter__(self) -> Stream:
                return self

            def __exit__(self, *_: object) -> None:
                self.inner.close()  # type: ignore[attr-defined]

            def __getattr__(self, name: str) -> object:
                return getattr(self.inner, name)

        def opened(descriptor: int, mode: str = "r", **more: Any) -> object:
            name = str(Path(f"/proc/self/fd/{descriptor}").readlink())
            found = true_open(descriptor, mode, **more)
            writes = any(one in mode for one in "wa+") and not name.endswith("lock")
            return Stream(found) if writes else found

        def replaced(path: Path, target: Path) -> Path:
            killer.count()
            return true_replace(path, target)

        def synced(descriptor: int) -> None:
            killer.count()
            true_sync(descriptor)

        patch.setattr(os, "fdopen", opened)
        patch.setattr(Path, "replace", replaced)
        patch.setattr(os, "fsync", synced)


def test_a_kill_between_any_two_writes_leaves_a_true_ledger(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two dozen here, `RECOND_KILLS=500` for a night. What was issued before a kill stays so."""
    seed = base_seed()
    draw = random.Random(seed)
    killed = 0
    for round_ in range(KILLS):
        before = bench.file.read()
        if draw.random() < 0.3:  # as after a lost cache: the next one makes it anew
            beside(bench, draw.choice((TREE, MARK))).unlink(missing_ok=True)
        at = draw.randrange(30)

        def work(at: int = at) -> None:
            Killer(at, draw).arm(monkeypatch)
            grown(bench, 3)

        status = os.waitpid(forked(work), 0)[1]
        told = f"RECOND_SEED={seed}, round {round_}, at {at}"
        assert os.WIFSIGNALED(status) or status == 0, told
        killed += os.WIFSIGNALED(status)
        after = bench.file.read()
        assert after.problems == (), told
        assert after.lines[: before.size] == before.lines, told
        assert after.size <= before.size + 4, told
        found = bench.open()
        if found.size:
            check_same(bench, found, draw)
    assert killed > KILLS // 3, f"RECOND_SEED={seed}"
    check_receipt(bench, bench.issue())
    assert isinstance(bench.open(), StoredLedger)
