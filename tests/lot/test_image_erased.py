"""An image that bears the number of a listed disk, really erased and certified by the workshop's
own bench: whatever its name and its size are, it settles no line of a lot and counts for no disk.
"""

from __future__ import annotations

import csv
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from recond.ends import ConfirmedBy
from recond.erasure import Status, TargetKind, WipeRecord
from recond.errors import NotReady
from recond.flow.deliver.queue import export_queue
from recond.flow.lot.closing import SignsFor, close_lot
from recond.flow.lot.lot import LotDatabase, add_to_lot, new_lot, report_lot, status_of
from recond.flow.lot.rows import State
from recond.flow.lot.standing import LEAST_DISK_BYTES
from recond.flow.run.run import execute, prepare
from recond.flow.run.supervisor import confirm_all
from recond.host import Host
from recond.host.signals import StopCount
from tests.flow.bench import Bench, donor_image, quiet

LISTED = "S3Z8NX0K123456"
MIB = 1 << 20
LARGE = LEAST_DISK_BYTES // MIB * MIB + 8 * MIB
"""No size tells it from a small disk."""


def image(folder: Path, size: int) -> Path:
    file = donor_image(folder / LISTED, MIB)
    os.truncate(file, size)
    return file


@pytest.fixture
def attach() -> Iterator[Callable[[Path], Path]]:
    """A file as a block device, which the test detaches."""
    made: list[str] = []

    def attach_file(file: Path) -> Path:
        argv = ("losetup", "--find", "--show", str(file))
        try:
            done = subprocess.run(argv, check=True, capture_output=True, text=True)
        except (subprocess.CalledProcessError, FileNotFoundError) as error:
            pytest.skip(f"no loop device here: {error}")
        made.append(done.stdout.strip())
        return Path(made[-1])

    yield attach_file
    for device in made:
        subprocess.run(("losetup", "--detach", device), check=True)


def erased(bench: Bench, target: Path) -> WipeRecord:
    """The record of what was erased, by everything that a real erasure goes through."""
    order = replace(bench.order(target), image=target.is_file())
    prepared, host = prepare(order, Host()), Host()
    confirmed = confirm_all(prepared.plans, ConfirmedBy.FLAG)
    return execute(prepared, confirmed, host, quiet, StopCount()).issued.record


def settles_nothing(bench: Bench, kind: TargetKind, *targets: Path) -> None:
    for target in targets:
        (one,) = erased(bench, target).erasures
        # the erasure is true, and of what bears the listed number: else nothing is held here
        assert (one.disk.serial, one.disk.kind) == (LISTED, kind)
        assert one.result.status is Status.ERASED
    where, clock = LotDatabase(bench.state), Host().clock
    (bench.path / "liste.csv").write_text(f"n° de série\n{LISTED}\n")
    new_lot(where, "L", clock, manifest=bench.path / "liste.csv")
    new_lot(where, "N", clock, counts={"disk": 1})
    export_queue(bench.state, bench.path / "usb")
    for lot in ("L", "N"):
        for source in ("usb", "out"):
            added = add_to_lot(where, lot, (str(bench.path / source),))
            named = {why.code for _, why in added.problems}
            assert named == ({"lot.apart.image"} if source == "usb" else set())
        status = status_of(where, lot)
        assert (status.erased, len(status.machines), status.complete) == (0, len(targets), False)
        assert [one.state for one in status.open_items] == [State.MISSING]
        assert status.balance.erased == 0
        with pytest.raises(NotReady):
            close_lot(where, lot, bench.path / "out", SignsFor(), lang="fr", clock=clock)
    made = report_lot(where, "L", bench.path / "report", lang="fr", clock=clock).files
    (table,) = (file for file in made if file.suffix == ".csv")
    rows = list(csv.reader(table.read_text("utf-8-sig").splitlines(), delimiter=";"))
    assert not [row for row in rows if LISTED in row]


def test_an_image_named_like_the_listed_disk_is_not_it(tmp_path: Path) -> None:
    images = (image(tmp_path / "a", MIB), image(tmp_path / "b", LARGE))
    settles_nothing(Bench(tmp_path), TargetKind.IMAGE, *images)


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root for loop devices")
def test_a_loop_device_over_it_neither(tmp_path: Path, attach: Callable[[Path], Path]) -> None:
    settles_nothing(Bench(tmp_path), TargetKind.LOOP, attach(image(tmp_path / "a", LARGE)))
