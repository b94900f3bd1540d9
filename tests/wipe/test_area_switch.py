"""The write protection of an eMMC's area is set again, whoever was killed or refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from recond.certify.judge.journal_read import parse_journal
from recond.erasure import Target, Verdict
from recond.flow.run.closing import close_journal
from recond.host import Host
from recond.host.realdisk import open_disk
from recond.host.sim.drive import Killed
from recond.model import Use
from tests.wipe.disks import Bay, job_for
from tests.wipe.test_areas import Tree, area_bay, tree

__all__ = ["tree"]
SWITCH = "/sys/block/mmcblk0boot0/force_ro"
BOOT_ID = "/proc/sys/kernel/random/boot_id"


def killed(tree: Tree) -> Bay:
    """A session that a kill ended while it wrote: the switch says 0."""
    found = area_bay(tree)
    tree.put(BOOT_ID, found.boot)

    def strike(moment: str) -> None:
        if moment == "journalled" and found.of("step_start"):
            raise Killed

    found.sink.strike = strike
    with pytest.raises(Killed):
        found.run()
    found.sink.strike = lambda _: None
    assert tree.read_text(SWITCH) == "0"
    return found


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("resumed", [False, True])
def test_a_kill_before_the_line_that_the_switch_was_turned_leaves_it_shut(
    tree: Tree, tmp_path: Path, *, turned: bool, resumed: bool
) -> None:
    """Between the turning and its line nothing in the journal told of it: it stayed open."""
    found, journal = area_bay(tree), tmp_path / "area.jsonl"
    tree.put(BOOT_ID, found.boot)

    def strike(moment: str) -> None:
        if (moment == "journal" if turned else moment == "journalled") and (
            tree.read_text(SWITCH) == "0" if turned else found.of("write_protect")
        ):
            raise Killed

    found.sink.strike = strike
    with pytest.raises(Killed):
        found.run()
    found.sink.strike = lambda _: None
    assert [one["phase"] for one in found.of("write_protect")] == ["intend"]
    assert tree.read_text(SWITCH) == ("0" if turned else "1")
    if resumed:
        assert found.resume() == "refused", "nothing was read of it yet that tells the area"
    else:
        journal.write_bytes(found.sink.raw)
        host = replace(Host(), files=tree)
        assert close_journal(journal, job_for(found.plan, str(journal)), host, "killed")
        assert not parse_journal(journal.read_bytes()).problems
    assert tree.read_text(SWITCH) == "1"


@pytest.mark.parametrize("boot", ["boot0", "another"])
def test_who_closes_a_killed_workers_journal_shuts_the_area(
    tree: Tree, tmp_path: Path, boot: str
) -> None:
    """It stayed open to everybody until the computer was started again."""
    found, journal = killed(tree), tmp_path / "area.jsonl"
    journal.write_bytes(found.sink.raw)
    tree.put(BOOT_ID, boot)  # in another boot the switch is somebody else's
    host = replace(Host(), files=tree)
    assert close_journal(journal, job_for(found.plan, str(journal)), host, "killed")
    assert tree.read_text(SWITCH) == ("1" if boot == "boot0" else "0")
    found.sink.raw = journal.read_bytes()
    last = [(kind, data.get("phase")) for kind, data in found.entries[-2:]]
    assert last[1] == ("interrupted", None)
    assert (last[0] == ("write_protect", "restore")) is (boot == "boot0")
    assert not close_journal(journal, job_for(found.plan, str(journal)), host, "killed")
    tree.put(SWITCH, "1")
    assert found.resume() == "completed"
    assert found.erasure.result.verdict is Verdict.APPROVED
    assert tree.read_text(SWITCH) == "1"


@pytest.mark.parametrize("who", ["another card", "another run"])
def test_who_closes_a_journal_shuts_no_area_of_anybody_else(
    tree: Tree, tmp_path: Path, who: str
) -> None:
    """Two runs of one area within a boot: closing the older one stopped the other's erasure."""
    found, journal = killed(tree), tmp_path / "area.jsonl"
    journal.write_bytes(found.sink.raw)
    tree.put(found.plan.path, "x" * 512)
    other = open_disk(str(tree.at(found.plan.path)), True) if who == "another run" else None
    if other is None:
        tree.put("/sys/block/mmcblk0/device/serial", "0xdeadbeef")
    host = replace(Host(), files=tree)
    assert close_journal(journal, job_for(found.plan, str(journal)), host, "killed")
    assert tree.read_text(SWITCH) == "0"
    if other is not None:
        other.close()


def test_a_resume_that_is_refused_shuts_it_too(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    found = killed(tree)
    held = Target(
        found.plan.path, found.plan.disk, (Use("mount", "mmcblk0boot0", "/mnt"),), False, None
    )
    monkeypatch.setattr(found.drive, "target", lambda _path: held)
    assert found.resume() == "refused"
    assert tree.read_text(SWITCH) == "1"
    assert [one["phase"] for one in found.of("write_protect")] == ["intend", "lift", "restore"]
