"""Every command that writes, with the bench's disk full or failing at each of its writes in turn.

A bench with two erased images, a lot, a queue and a stick is copied; one command is done in a fork
whose nth change of a file is refused by the system (ENOSPC, EIO; once, or from then on), or on a
file system that has so much room and no more (root only; SQLite's writes are met there too). It
ends with a code and a sentence; then the same is done without, and everything comes to its end.

`python -m tests.flow.full COUNT FOLDER` draws so many (all, for 0) and prints what was seen as
JSON; RECOND_SEED draws others.
"""

from __future__ import annotations

import gc
import hashlib
import importlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import recond.certify.pages.certificate as page_room
import recond.certify.sign.pdf_sign as seal_room
import recond.flow.deliver.queue as queue_room
import recond.flow.deliver.upload as deliver_room
import recond.flow.lot.paper as paper_room
import recond.flow.run.supervisor as supervisor_room
import recond.host.holding as holding_room
import recond.host.state as state_room
from recond.certify.ledger import read_ledger
from recond.certify.sign.jws import read_jws
from recond.flow.deliver.upload import queue_of
from recond.flow.lot.lot import LotDatabase, list_lots, status_of
from recond.flow.runfolder import JWS, RECORD, all_runs
from recond.flow.runnote import is_issued
from recond.host.opened import OpenFiles
from tests.flow.forked import ForkedWorkers
from tests.flow.struck import Strike, each_change, fork, living, strike
from tests.upload.believer import Believer

DONOR = b"DONOR DATA 42 "
IMAGES = ("a.img", "b.img")
SIZE = 40 << 10
WIPE = ("wipe", *IMAGES, "--image", *(w for one in IMAGES for w in ("--confirm", one)))
CODES = frozenset({0, 5, 7, 8, 9})
"""Done; the disk failed, the record could not be signed, it waits, the bench lacks something."""
SAID_OF_IT = (
    "place",
    "erreur",
    "Erreur",
    "système",
    "support",
    "signé",
    "attend",
    "écarté",
    "lire",
)
WAIT_S = 60
ROOM, PAGE_KIB, MORE_KIB = "room", 4, 24
"""A strike of this kind leaves `at` KiB free; how much a command may need beyond what it leaves."""


@dataclass(frozen=True)
class Case:
    """A command, the bench that it is done on, and the codes that it ends with the second time."""

    argv: tuple[str, ...]
    on: str
    again: tuple[int, ...] = (0,)
    state: str = "state"


CASES: dict[str, Case] = {
    "wipe": Case(WIPE, "fresh"),
    "resume": Case(("resume",), "cut", (0, 2)),
    "certify": Case(("certify", "RUN"), "done"),
    "export": Case(("queue", "export", "usb"), "done"),
    "import": Case(("queue", "import", "stick"), "done", state="other"),
    "upload": Case(("upload",), "done"),
    "lot new": Case(("lot", "new", "M", "--manifest", "list.csv"), "done", (0, 2)),
    "lot add": Case(("lot", "add", "L", "recond-out"), "done", (0, 7)),
    "lot add stick": Case(("lot", "add", "L", "stick"), "done", (0, 7)),
    "lot report": Case(("lot", "report", "L", "--out", "report"), "done"),
    "lot close": Case(("lot", "close", "L", "--anyway", "--operator", "Camille"), "done", (0, 2)),
    "custody": Case(("custody", "destroyed", "S1", "--method", "shred", "--operator", "C"), "done"),
    "trust": Case(("key", "trust", "root.pem"), "done"),
    "retire": Case(("key", "issue", "--self-signed", "--name", "neuf"), "done"),
    "upload add": Case(("upload", "add", "two", "--kind", "folder", "path=HERE/two"), "done"),
    "export table": Case(("export", "--map", "tableur", "--out", "t.csv", "recond-out"), "done"),
}


@dataclass
class Ended:
    """How a command ended, what it said, and how often it changed a file."""

    code: int
    text: str
    changes: int


class Broken(AssertionError):
    """Something that must hold does not."""


def command(
    folder: Path, argv: tuple[str, ...], given: Strike | None = None, state: str = "state"
) -> Ended:
    """A command of the command line in a fork, struck or not."""
    # outside of the bench's file system, which may be full
    said, count, pids = (Path(f"{folder.parent}.{folder.name}.{n}") for n in ("said", "n", "pids"))
    count.unlink(missing_ok=True)

    def work() -> None:
        _as_a_program(folder, argv, said, state)
        _replace(pids)
        if given is None or given.kind == ROOM:
            each_change(lambda _half: _count(count))
        else:
            strike(given, None, pids)  # type: ignore[arg-type] # no power is cut here
        from recond.cli import run_app

        code = run_app()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)

    pid, since = fork(work, said), time.monotonic()
    while not (found := os.waitpid(pid, os.WNOHANG))[0]:
        if time.monotonic() - since > WAIT_S:
            os.kill(pid, signal.SIGKILL)
            raise Broken(f"{argv} hangs")
        time.sleep(0.002)
    while living(pids):
        time.sleep(0.002)
    changes = count.stat().st_size if count.exists() else 0
    return Ended(os.waitstatus_to_exitcode(found[1]), said.read_text(), changes)


def _count(file: Path) -> None:
    with file.open("ab", buffering=0) as stream:  # `open` itself is not listened to
        stream.write(b".")


def _as_a_program(folder: Path, argv: tuple[str, ...], said: Path, state: str) -> None:
    out = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for number in (1, 2):
        os.dup2(out, number)
    os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - for this process's life
    sys.stdout, sys.stderr = (os.fdopen(n, "w", closefd=False) for n in (1, 2))
    os.environ.update(RECOND_STATE=str(folder / state), COLUMNS="200")
    os.chdir(folder)
    sys.argv = ["recond", *(word.replace("HERE", str(folder)) for word in argv)]


def _replace(pids: Path) -> None:
    """In a child: what costs a second and writes nothing, and how workers are started."""
    rooms: Any = page_room
    rooms.render = lambda sheet: b"%PDF-" + hashlib.sha256(sheet.record_bytes).digest()
    rooms = seal_room
    rooms.sign_pdf = lambda page, _key: page
    for rooms in (deliver_room, queue_room):
        rooms.PackageCheck = Believer
    for rooms in (holding_room, supervisor_room):
        rooms.read_opened = lambda _files: OpenFiles(processes=1)
    rooms = paper_room
    rooms.sign_pdf = lambda page, _key: page
    rooms = state_room  # else the small file system is refused before anything is written
    rooms.ROOM_BYTES = 0
    rooms = supervisor_room
    rooms.Workers = lambda: ForkedWorkers(pids)


# --- The benches ---------------------------------------------------------------------------------


def make_benches(below: Path) -> dict[str, Path]:
    """One that has not begun, one whose workers were cut off, one that has done one of each."""
    fresh, cut, done = below / "fresh", below / "cut", below / "done"
    fresh.mkdir()
    for name in IMAGES:
        (fresh / name).write_bytes((DONOR * (SIZE // 14 + 1))[:SIZE])
    (fresh / "list.csv").write_text("serial\nS1\nS2\n")
    (fresh / "there").mkdir()
    (fresh / "two").mkdir()
    _must(fresh, "upload", "add", "there", "--kind", "folder", "path=HERE/there")
    copy_of(fresh, done)
    for point in range(30, 200, 3):  # killed where both have begun, and the run goes on
        shutil.rmtree(cut, ignore_errors=True)
        copy_of(fresh, cut)
        command(cut, WIPE, Strike("kill", point, behind=True))
        run = all_runs(cut / "state")
        if run and len(run[0].journal_files()) == len(IMAGES) and not is_issued(run[0]):
            break
    (done / "there").rename(done / "elsewhere")
    (done / "there").touch()  # a destination that does not answer: the record waits
    _must(done, *WIPE)
    (done / "there").unlink()
    (done / "elsewhere").rename(done / "there")
    _must(done, "lot", "new", "L", "--manifest", "list.csv")
    _must(done, "queue", "export", "stick")
    shutil.copy(done / "state" / "keys" / "bench.pem", done / "root.pem")
    return {"fresh": fresh, "cut": cut, "done": done}


def _must(folder: Path, *argv: str) -> None:
    ended = command(folder, argv)
    if ended.code:
        raise Broken(f"{argv} without a fault: {ended}")


def copy_of(bench: Path, path: Path) -> Path:
    """A bench of its own, whose files name it."""
    shutil.copytree(bench, path)
    for file in path.rglob("*"):
        if file.suffix in (".json", ".toml") and file.is_file() and file.name != RECORD:
            raw = file.read_bytes()
            if str(bench).encode() in raw:
                file.write_bytes(raw.replace(str(bench).encode(), str(path).encode()))
    return path


# --- What must hold ------------------------------------------------------------------------------


@dataclass
class Kept:
    """What a bench has that must not be lost: signatures, the ledger's lines, keys, lots."""

    signed: frozenset[str]
    ledger: tuple[bytes, ...]
    files: dict[str, bytes] = field(default_factory=dict)
    lots: frozenset[str] = frozenset()
    waits: frozenset[str] = frozenset()


def kept_by(folder: Path) -> Kept:
    """What there is now. Raises `Broken` for what is torn, and for an erasure that is none."""
    state = folder / "state"
    ledger = state / "ledger.jsonl"
    raw = ledger.read_bytes() if ledger.exists() else b""
    read = read_ledger(raw[: raw.rfind(b"\n") + 1])  # a torn last line is cut off by the next
    if read.problems or list(state.glob("ledger.*damaged*")):
        raise Broken(f"ledger: {read.problems}")
    for record in folder.rglob(RECORD):
        _hold_record(folder, json.loads(record.read_bytes()))
    for jws in folder.rglob(JWS):
        if not read_jws(jws.read_bytes()).holds:
            raise Broken(f"{jws} does not hold")
    names = ("bench-id", "keys/bench.p12", "keys/bench.pem", "destinations.toml")
    return Kept(
        frozenset(hashlib.sha256(one.read_bytes()).hexdigest() for one in folder.rglob(JWS)),
        read.lines,
        {name: (state / name).read_bytes() for name in names if (state / name).exists()},
        frozenset(one.name for one in list_lots(LotDatabase(state))),
        frozenset(queue_of(state).ids()),
    )


def _hold_record(folder: Path, record: Any) -> None:
    if {one["disk"]["serial"] for one in record["erasures"]} != set(IMAGES):
        raise Broken(f"{record['record_id']} does not name every disk")
    for one in record["erasures"]:
        erased = one["result"]["status"] == "erased"
        if erased and _holds_donor(folder / one["disk"]["serial"]):
            raise Broken(f"{one['disk']['serial']} is called erased")


def hold(before: Kept, now: Kept, case: str) -> None:
    """Nothing of before is lost."""
    if before.signed - now.signed:
        raise Broken("a signed certificate is lost")
    if now.ledger[: len(before.ledger)] != before.ledger:
        raise Broken("the ledger lost lines")
    if before.lots - now.lots or (before.waits - now.waits and case != "upload"):
        raise Broken("a lot or a package is lost")
    changed = {name for name, raw in before.files.items() if now.files.get(name) != raw}
    allowed = {"retire": {"keys/bench.p12", "keys/bench.pem"}, "upload add": {"destinations.toml"}}
    if changed - allowed.get(case, set()) or set(before.files) - set(now.files):
        raise Broken(f"changed or lost: {changed}")


def try_one(name: str, benches: dict[str, Path], given: Strike, path: Path) -> Ended:
    """One command, struck once; then again without, and everything to its end. Raises `Broken`."""
    path.mkdir()
    with _of_its_own(path) if given.kind == ROOM else nullcontext():
        ended = _try(name, copy_of(benches[CASES[name].on], path / "bench"), given)
    shutil.rmtree(path)
    return ended


@contextmanager
def _of_its_own(path: Path) -> Iterator[None]:
    """A small file system there."""
    subprocess.run(("mount", "-t", "tmpfs", "-o", "size=4m", "recond", path), check=True)
    try:
        yield
    finally:
        subprocess.run(("umount", path), check=True)


def _fill(folder: Path, free_kib: int) -> Path:
    """Leave so much room and no more; what takes it."""
    file = folder / ".filler"
    room = os.statvfs(folder)
    file.write_bytes(bytes(max(0, room.f_bavail * room.f_frsize - (free_kib << 10))))
    return file


def _try(name: str, folder: Path, given: Strike) -> Ended:
    case = CASES[name]
    run = next((one.run_id for one in all_runs(folder / "state")), "")
    argv = tuple(run if word == "RUN" else word for word in case.argv)
    before = kept_by(folder)
    filler = _fill(folder, given.at) if given.kind == ROOM else None
    ended = command(folder, argv, given, case.state)
    if filler is not None:
        filler.unlink()
    if ended.code not in CODES or "Traceback" in ended.text:
        raise Broken(f"ended with {ended.code}: {ended.text}")
    if ended.code and not any(word in ended.text for word in SAID_OF_IT):
        raise Broken(f"ended with {ended.code} and does not say why: {ended.text!r}")
    now = kept_by(folder)
    hold(before, now, name)
    if name == "wipe" and ended.code and not all_runs(folder / "state"):
        again = command(folder, argv)  # nothing was begun
    else:
        again = command(folder, ("resume",) if name == "wipe" else argv, None, case.state)
    # a disk that was confirmed and not begun is interrupted (5), and is erased by another run
    allowed = (0, 2, 5) if name == "wipe" else case.again
    if again.code not in allowed or "Traceback" in again.text:
        raise Broken(f"{ended}, and then without a fault: {again}")
    hold(now, kept_by(folder), name)
    _finish(folder, name)
    return ended


def _images(folder: Path) -> tuple[Path, ...]:
    return tuple(folder / name for name in IMAGES)


def _holds_donor(image: Path) -> bool:
    return any(image.read_bytes())


def _finish(folder: Path, name: str) -> None:
    """Without faults everything comes to its end, and nothing is missing."""
    before = kept_by(folder)
    state = folder / "state"
    anew = (WIPE,) if name == "wipe" and any(map(_holds_donor, _images(folder))) else ()
    for argv in (*anew, ("resume",), ("upload",)):
        ended = command(folder, argv)
        # an interrupted run whose disks another run had is told of again, and nothing is done
        told = (5,) if argv == ("resume",) and anew and all(map(is_issued, all_runs(state))) else ()
        if ended.code not in (0, 2, *told):
            raise Broken(f"at the end {argv}: {ended}")
    for run in all_runs(state):
        if not is_issued(run):
            raise Broken(f"{run.run_id} has no certificate")
    if not (folder / "state").exists() or not all_runs(state):
        raise Broken("no run at the end")
    if any(map(_holds_donor, _images(folder))):
        raise Broken("a disk is not erased at the end")
    if not any((folder / "there").iterdir()) or queue_of(state).ids():
        raise Broken("a record was not delivered")
    hold(Kept(before.signed, before.ledger, before.files, before.lots), kept_by(folder), name)
    if name.startswith("lot add"):
        status = status_of(LotDatabase(state), "L")
        if len(status.machines) != 1 or status.erased:  # images stand for no disk
            raise Broken(f"the lot holds {len(status.machines)} records, {status.erased} erased")


def warm() -> None:
    """Load every command here: its forks find all modules at hand."""
    os.environ["LANG"] = "fr_FR.UTF-8"
    sys.argv = ["recond"]
    for name in ("erase", "prove", "stock", "custody", "key", "program"):
        importlib.import_module(f"recond.commands.{name}")
    gc.collect()
    gc.freeze()


def main() -> int:
    """`COUNT FOLDER`: what was seen, as JSON; 1 where something broke."""
    many, below = int(sys.argv[1]), Path(tempfile.mkdtemp(prefix="full-", dir=sys.argv[2]))
    seed = int(os.environ.get("RECOND_SEED", "1"))
    warm()
    benches, counts, broken = make_benches(below), Counter[str](), list[str]()
    draws = _draws(benches, below)
    random.Random(seed).shuffle(draws)
    if many:
        draws = _from_each(draws)[:many]
    for number, (name, given) in enumerate(draws):
        try:
            ended = try_one(name, benches, given, below / f"{number}")
            counts[f"ended {ended.code}"] += 1
            counts[name] += 1
        except Broken as error:
            broken.append(f"RECOND_SEED={seed} {name} {given}: {error}")
        except Exception:
            broken.append(f"RECOND_SEED={seed} {name} {given}: {traceback.format_exc()}")
    shutil.rmtree(below)
    sys.stdout.write(json.dumps({"seen": counts, "broken": broken}) + "\n")
    return 1 if broken else 0


def _from_each(draws: list[tuple[str, Strike]]) -> list[tuple[str, Strike]]:
    """The same, the commands in turn: a short one is not drowned by an erasure's many writes."""
    turn = Counter[str]()
    placed: list[tuple[int, int, tuple[str, Strike]]] = []
    for number, (name, given) in enumerate(draws):
        turn[name] += 1
        placed.append((turn[name], number, (name, given)))
    return [one for _, _, one in sorted(placed, key=lambda place: place[:2])]


def _draws(benches: dict[str, Path], below: Path) -> list[tuple[str, Strike]]:
    """Each change of each command, by each fault."""
    found: list[tuple[str, Strike]] = []
    for number, (name, case) in enumerate(CASES.items()):
        folder = copy_of(benches[case.on], below / f"count-{number}")
        before = _kib(folder)
        run = next((one.run_id for one in all_runs(folder / "state")), "")
        ended = command(
            folder, tuple(run if word == "RUN" else word for word in case.argv), None, case.state
        )
        if ended.code not in case.again or not ended.changes:
            raise Broken(f"{name} without a fault: {ended}")
        if os.geteuid() == 0:
            most = _kib(folder) - before + MORE_KIB
            found += [(name, Strike(ROOM, at)) for at in range(0, most, PAGE_KIB)]
        shutil.rmtree(folder)
        for at in range(1, ended.changes + 1):
            for kind in ("full", "broken"):
                found += [(name, Strike(kind, at, once)) for once in (True, False)]
    return found


def _kib(folder: Path) -> int:
    return sum(-(-file.lstat().st_size // 4096) * PAGE_KIB for file in folder.rglob("*"))


if __name__ == "__main__":
    raise SystemExit(main())
