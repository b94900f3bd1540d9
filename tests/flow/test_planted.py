"""Somebody laid a link, a pipe, a hole or a folder where a file of the state or of a record was.

Every file that a real bench leaves is replaced in turn, by a drawn kind (RECOND_SEED; `all`: by
each), then everything that reads or writes the state is done. Nothing waits, nothing reads a
terabyte, nothing outside is changed, every trouble is a sentence, and no disk is called erased
whose evidence is gone.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import recond.certify.pages.certificate as page_room
import recond.certify.sign.pdf_sign as seal_room
import recond.flow.deliver.queue as queue_room
import recond.flow.deliver.upload as deliver_room
from recond.erasure import Status
from recond.errors import RecondError
from recond.flow.config import Overrides, read_context
from recond.flow.deliver.queue import export_queue, import_queue, read_queue
from recond.flow.deliver.upload import add_destination, upload
from recond.flow.keys import workshop
from recond.flow.keys.keyring import Keyring
from recond.flow.live.mirror import Mirror, Places, restore
from recond.flow.lot.lot import LotDatabase, add_to_lot, list_lots, new_lot
from recond.flow.run.attach import find_attachable, follow
from recond.flow.run.history import read_past
from recond.flow.run.issued import read_issued
from recond.flow.run.run import certify_again
from recond.flow.run.supervisor import plan_targets
from recond.flow.verify.files import verify_paths
from recond.host import Host
from recond.host.files import Files
from recond.upload.send import Urgency
from recond.wipe import worker
from recond.wipe.plan import Wish
from tests.cli.command import recond
from tests.flow.bench import Bench, donor_image, quiet
from tests.upload.believer import Believer

HOLE_BYTES = 1 << 40
IN_A_LOOP = ("resume", "worker")
"""One file that cannot be read does not keep these from the others."""
SHARES = 4
SEED = os.environ.get("RECOND_SEED", "1")
"""Draws the kind for each file; `all`: every file by every kind."""

KINDS = ("link", "dangling", "pipe", "hole", "folder")
SECRET = b"root:x:0:0:what another user must not have changed\n"


def real_bench(path: Path) -> Bench:
    """A bench that has done one of each: an erasure, a lot, a queue, a revocation, a pinned key."""
    bench = Bench(path)
    (path / "there").mkdir(parents=True)
    add_destination(bench.state, "there", "folder", {"path": str(path / "there")})
    (bench.state / "recond.toml").write_text('[workshop]\nname = "Atelier"\n')
    bench.run(donor_image(path / "a.img", 16 << 10))
    ring = Keyring(bench.state)
    ring.pin(ring.own())
    ring.revoke(())
    new_lot(LotDatabase(bench.state), "lot-1", Host().clock)
    upload(bench.state, (), Host().clock, urgency=Urgency(now=True, parked=True))
    return bench


@pytest.fixture(scope="module")
def bench_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of such a bench, never changed. What is drawn on a page is not the subject."""
    path = tmp_path_factory.mktemp("bench") / "left"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page_room, "render", lambda sheet: b"%PDF-" + sheet.record_bytes[:9])
        patch.setattr(seal_room, "sign_pdf", lambda page, _key: page)
        patch.setattr(deliver_room, "PackageCheck", Believer)
        patch.setattr(queue_room, "PackageCheck", Believer)
        handlers = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
        real_bench(path)
        yield path
        for one, handler in handlers.items():  # a worker's main takes them
            signal.signal(one, handler)


@pytest.fixture
def in_time() -> Iterator[None]:
    """Whoever waits for a pipe's other end fails."""
    allow_more()
    yield
    signal.alarm(0)


def allow_more() -> None:
    """The time of one more file: a sweep takes as long as it has files."""
    signal.alarm(500)


def plant(place: Path, kind: str, other: Path) -> None:
    """Lay it in a file's place."""
    place.unlink()
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "hole":
        with place.open("wb") as stream:
            stream.truncate(HOLE_BYTES)
    elif kind == "folder":
        place.mkdir()
    else:
        if kind == "link":
            other.write_bytes(SECRET)
        place.symlink_to(other)


def done_with(bench: Bench) -> dict[str, Callable[[], object]]:
    """Everything that a bench does with its state and with its certificates."""
    state, host = bench.state, Host()
    image = str(bench.path / "a.img")
    stick = bench.path / "stick"
    places = Places(state, bench.path / "out")

    def carry() -> None:
        stick.mkdir(exist_ok=True)
        Mirror(places, own=True).write(stick)
        restore(stick, Places(bench.path / "again", bench.path / "out"), frozenset())

    return {
        "context": lambda: read_context(state, Overrides(), host.clock),
        "keys": lambda: workshop.show(state, host.clock),
        "verify": lambda: verify_paths(
            tuple(sorted((bench.path / "out").glob("*"))), (), state=state
        ),
        "past": lambda: [
            read_past(state, one, None, Files())
            for one in plan_targets((image,), Wish(), image=True, host=host)
        ],
        "attach": lambda: follow(find_attachable(state, None, host), state, host, quiet),
        "issued": lambda: [read_issued(one) for one in bench.runs()],
        "certify": lambda: [certify_again(one, state, host, None, "fr") for one in bench.runs()],
        "resume": lambda: bench.resume(on_lost=lambda _run, _why: None),
        "queue": lambda: read_queue(state),
        "export": lambda: export_queue(state, bench.path / "export"),
        "import": lambda: import_queue(state, bench.path / "export"),
        "upload": lambda: upload(state, (), host.clock, urgency=Urgency(now=True, parked=True)),
        "lots": lambda: list_lots(LotDatabase(state)),
        "lot add": lambda: add_to_lot(LotDatabase(state), "lot-1", (str(bench.path / "out"),)),
        "stick": carry,
        "worker": lambda: [
            worker.main([str(one.job(name)), "resume"])
            for one in bench.runs()
            for name in one.jobs()
        ],
    }


def files_of(bench: Path) -> list[str]:
    """Every file that a bench left in its state and its output folder, by its name below both."""
    found = [path for top in ("state", "out") for path in (bench / top).rglob("*")]
    return sorted(str(path.relative_to(bench)) for path in found if path.is_file())


def test_a_real_bench_leaves_the_files_that_are_meant(bench_left: Path) -> None:
    """Else the test below would hold less than it says."""
    names = {Path(one).name for one in files_of(bench_left)}
    assert {
        *("recond.toml", "destinations.toml", "bench-id", "ledger.jsonl", "bench.p12", "bench.pem"),
        *("revoked.json", "run.json", "issued.json", "a.img.json", "a.img.jsonl", "lots.sqlite"),
        *("record.json", "record.jws", "certificate.pdf", "receipt.jws", ".ledger-tree"),
        *(".ledger-mark", "ledger.lock", "supervisor"),
    } <= names


@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.usefixtures("in_time")
def test_nothing_is_followed_waited_for_or_read_without_end(
    bench_left: Path, tmp_path: Path, share: int
) -> None:
    said: list[str] = []
    for number, name in enumerate(files_of(bench_left)):
        if number % SHARES == share:
            seed = f"{SEED} {number}"
            for kind in KINDS if SEED == "all" else (random.Random(seed).choice(KINDS),):
                allow_more()
                _plant_and_do(bench_left, tmp_path / f"{number}-{kind}", name, kind, said)
    assert not said, f"RECOND_SEED={SEED}\n" + "\n".join(said)


def _plant_and_do(left: Path, path: Path, name: str, kind: str, said: list[str]) -> None:
    shutil.copytree(left, path)
    _move(path, left)
    other = path.with_suffix(".other")
    plant(path / name, kind, other)
    bench = Bench(path)
    for what, doing in done_with(bench).items():
        try:
            doing()
        except RecondError:
            continue
        except OSError as error:  # the command line says it (`test_a_refusal_…`)
            if what in IN_A_LOOP or not error.filename:
                said.append(f"{name} {kind} {what}: {error!r}")
        except Exception as error:
            said.append(f"{name} {kind} {what}: {error!r}")
    if other.exists() and other.read_bytes() != SECRET:
        said.append(f"{name} {kind}: what the link led to was changed")
    _hold_records(bench, said, f"{name} {kind}")
    shutil.rmtree(path)


@pytest.mark.parametrize("kind", ["link", "pipe", "hole"])
def test_a_refusal_of_the_system_is_a_sentence_and_no_bug(tmp_path: Path, kind: str) -> None:
    state = tmp_path / "state"
    Keyring(state).revoke(())
    plant(state / "keys" / "revoked.json", kind, tmp_path / "other")
    done = recond("key", "show", folder=tmp_path)
    assert done.code == 9
    assert "revoked.json" in done.stderr
    assert "Traceback" not in done.stderr


def _move(path: Path, before: Path) -> None:
    """Have a copied bench's own files name the copy."""
    for file in (path / "state").rglob("*"):
        if file.suffix in (".json", ".toml") and file.is_file():
            raw = file.read_bytes()
            if str(before).encode() in raw:
                file.write_bytes(raw.replace(str(before).encode(), str(path).encode()))


def _hold_records(bench: Bench, said: list[str], where: str) -> None:
    for folder in bench.runs():
        try:
            issued = read_issued(folder)
        except (RecondError, OSError):
            continue
        for one in issued.record.erasures:
            held = (bench.path / one.disk.token).read_bytes()
            if one.result.status is Status.ERASED and b"DONOR" in held:
                said.append(f"{where}: {one.disk.token} is called erased")
