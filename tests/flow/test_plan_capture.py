"""`recond plan --from CAPTURE`: what a drive answered when it was captured is what is planned."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from recond.erasure import LevelWish, WipePlan
from recond.flow.machine.capture import record_capture
from recond.flow.machine.check import plan_only
from recond.host import Host
from recond.host.transport import FirmwareDevice
from recond.inspect.machine import read_machine
from recond.model import Known
from recond.wipe.plan import Wish
from tests.drive.test_lies import drive_of
from tests.inspect import laptop


@dataclass(frozen=True)
class OneDrive:
    """A computer whose only drive that answers is a simulated one."""

    path: str
    kind: str

    def open(self, path: str) -> FirmwareDevice:
        if path != self.path:
            raise FileNotFoundError(path)
        return drive_of(self.kind)[0].device(path)


@pytest.fixture(autouse=True)
def _no_real_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recond.flow.machine.capture.read_claim", lambda _path: False)
    monkeypatch.setattr("recond.inspect.uses.read_claim", lambda _path: False)


def planned(
    tmp_path: Path, kind: str, level: LevelWish, *, size_off: int = 0, anonymous: bool = False
) -> WipePlan:
    tree = laptop.make_laptop(tmp_path / "machine")
    size = drive_of(kind)[0].device("/dev/sda").size_bytes + size_off
    table = json.loads((tree.root / "lsblk.json").read_text())
    table["blockdevices"][0]["size"] = size
    tree.put("/lsblk.json", json.dumps(table))
    disk = read_machine(tree.host()).disks[0]
    assert disk.size_bytes == Known(size, disk.size_bytes.source)  # type: ignore[union-attr]
    host = replace(tree.host(), drives=OneDrive(disk.path, kind), origin="live")
    file = tmp_path / "c.tar.gz"
    file.write_bytes(record_capture(host, anonymous=anonymous).raw)
    found = plan_only(Host(), (), True, Wish(level=level), False, file)
    (one,) = [plan for plan in found.plans if plan.path == disk.path]
    return one


@pytest.mark.parametrize("anonymous", [False, True])
@pytest.mark.parametrize("kind", ["ata", "nvme", "scsi"])
def test_a_captured_drive_is_planned_as_it_answered(
    tmp_path: Path, kind: str, anonymous: bool
) -> None:
    plan = planned(tmp_path, kind, LevelWish.PURGE, anonymous=anonymous)
    own = {step.technique for step in plan.steps}
    assert all(word.value.startswith(kind) for word in own), own
    codes = [note.code for note in plan.notes]
    assert "wipe.note.as_captured" in codes
    assert "wipe.note.not_asked" not in codes
    assert "wipe.refusal.purge_not_asked" not in [one.code for one in plan.refusals]


def test_another_drives_answers_are_not_this_disks(tmp_path: Path) -> None:
    plan = planned(tmp_path, "nvme", LevelWish.PURGE, size_off=4096)
    assert "wipe.note.not_asked" in [note.code for note in plan.notes]
    assert "wipe.refusal.purge_not_asked" in [one.code for one in plan.refusals]
