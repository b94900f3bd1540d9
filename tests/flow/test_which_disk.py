"""Which disk is meant, and that none is lost: rows, words and refusals of the plan."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from recond.erasure import DiskIdentity, LevelWish, Target, TargetKind, WipePlan
from recond.errors import SafetyRefusal, UsageError
from recond.flow.config import declared_docks
from recond.flow.machine.check import plan_only
from recond.flow.machine.inventory import inventory
from recond.flow.run import supervisor
from recond.flow.run.supervisor import (
    confirm_by_flag,
    placed,
    plan_targets,
)
from recond.flow.run.typed import typed_end
from recond.host import Host
from recond.host.files import Files
from recond.model import Medium, Message
from recond.readiness.diskfacts import inner_disks
from recond.show.ask import ask_each
from recond.show.screen import Screen
from recond.wipe import guard
from recond.wipe.plan import Wish, plan_wipe
from tests.inspect import laptop
from tests.wipe.disks import HDD, plan_for

TB = 10**12


def identity(**more: Any) -> DiskIdentity:
    base: dict[str, Any] = {
        "kind": TargetKind.BLOCK, "serial": "152D00539000", "wwn": None, "vendor": "HGST",
        "model": "HDN726060ALE614", "firmware": "0205", "size_bytes": 6 * TB,
        "logical_block_bytes": 512, "physical_block_bytes": 4096, "bus": "usb",
        "medium": Medium.UNKNOWN,
    }  # fmt: skip
    return DiskIdentity(**{**base, **more})


def plan(path: str, disk: DiskIdentity, **more: Any) -> WipePlan:
    target = Target(path, disk, (), False, path.rsplit("/", 1)[-1], **more)
    return plan_wipe(target, Wish(), bytes(32), guard.refusals(target))


def dock(tmp_path: Path) -> tuple[tuple[WipePlan, ...], Files]:
    """Two disks in one box, which gives both its own number."""
    tree = laptop.Tree(tmp_path)
    for name, lun in (("sdb", 0), ("sdc", 1)):
        folder = f"/sys/devices/pci0000:00/usb2/2-4/2-4:1.0/host5/target5:0:0/5:0:0:{lun}"
        tree.put(f"{folder}/block/{name}/size", "1\n")
        tree.link(f"/sys/block/{name}", f"{folder}/block/{name}")
    files = tree.host().files
    return placed((plan("/dev/sdb", identity()), plan("/dev/sdc", identity())), files), files


def said(refusal: pytest.ExceptionInfo[SafetyRefusal]) -> list[str]:
    return [message.code for message in refusal.value.refusals]


def test_one_word_never_erases_two_disks(tmp_path: Path) -> None:
    plans, _ = dock(tmp_path)
    with pytest.raises(SafetyRefusal) as refusal:
        confirm_by_flag(plans, ("152D00539000",))
    assert said(refusal)[:2] == ["wipe.confirm.several"] * 2
    shown = dict(refusal.value.refusals[1].args)
    assert (shown["place"], shown["size_bytes"]) == ("'USB 2-4 (1)'", 6 * TB)


def test_the_plug_tells_two_disks_of_one_number_apart(tmp_path: Path) -> None:
    plans, _ = dock(tmp_path)
    assert [one.place for one in plans] == ["USB 2-4", "USB 2-4 (1)"]
    found = confirm_by_flag(plans, ("USB 2-4", "USB 2-4 (1)"))
    assert [one.plan.path for one in found] == ["/dev/sdb", "/dev/sdc"]
    with pytest.raises(SafetyRefusal) as refusal:
        confirm_by_flag(plans, ("USB 2-4",))
    assert said(refusal) == ["wipe.confirm.missing"]
    assert [typed_end(one) for one in plans] == ["USB 2-4", "USB 2-4 (1)"]


def test_disks_with_numbers_of_their_own_are_confirmed_by_them() -> None:
    plans = placed(
        (plan("/dev/sda", identity(serial="A1")), plan("/dev/sdb", identity(serial="B1"))), Files()
    )
    assert [one.place for one in plans] == [None, None]
    assert len(confirm_by_flag(plans, ("A1", "B1"))) == 2


def test_the_box_keeps_a_piece_and_the_plan_says_so() -> None:
    small = plan("/dev/sdb", identity(box_hides_bytes=12288, box_serial="152D", serial="N1"))
    assert not small.refusals
    assert small.not_reached[0] == Message.of("wipe.not_reached.box", size_bytes=12288)
    large = plan("/dev/sdb", identity(box_hides_bytes=TB))
    assert [m.code for m in large.refusals] == ["wipe.refusal.box_hides"]
    whole = plan("/dev/sdb", identity(serial_of="box", box_serial="152D00539000"))
    assert "wipe.note.box_serial" in {m.code for m in whole.notes}


# --- Rows ------------------------------------------------------------------------------------


def looked(path: str, **_: object) -> Target:
    if path == "/dev/none":
        raise UsageError("host.target.unknown", path=path)
    if path == "/dev/dead":
        fault = Message.of("wipe.refusal.cannot_open", path=path, errno="EIO")
        return Target(path, identity(size_bytes=0), (), False, "dead", faults=(fault,))
    names = ("/dev/one", "/dev/two") if path in ("/dev/one", "/dev/two") else ()
    return Target(path, identity(serial=path), (), False, path[5:], paths=names)


def test_a_disk_that_cannot_be_opened_is_a_row_and_stops_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(supervisor, "look_at_target", looked)
    plans = plan_targets(("/dev/a", "/dev/dead", "/dev/b"), Wish(), image=False, host=Host())
    assert [one.path for one in plans] == ["/dev/a", "/dev/dead", "/dev/b"]
    assert [[m.code for m in one.refusals] for one in plans] == [
        [], ["wipe.refusal.cannot_open"], []
    ]  # fmt: skip


def test_one_disk_by_two_paths_is_planned_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "look_at_target", looked)
    plans = plan_targets(("/dev/two", "/dev/one"), Wish(), image=False, host=Host())
    assert [one.path for one in plans] == ["/dev/two"]
    assert plans[0].paths == ("/dev/one", "/dev/two")


# --- Computers that are not here -------------------------------------------------------------


def lsblk(tmp_path: Path, *disks: dict[str, Any]) -> Path:
    base = {"type": "disk", "size": 500107862016, "log-sec": 512, "phy-sec": 512, "rota": False,
            "rm": False, "ro": False, "tran": "sata"}  # fmt: skip
    table = {"blockdevices": [{**base, **one} for one in disks]}
    (tmp_path / "lsblk.json").write_text(json.dumps(table))
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/mountinfo").write_text("1 1 0:1 / / rw - rootfs rootfs rw\n")
    (tmp_path / "proc/swaps").write_text("Filename Type Size Used Priority\n")
    for number, one in enumerate(disks):
        folder = tmp_path / "sys/class/block" / one["kname"]
        folder.mkdir(parents=True)
        (folder / "dev").write_text(f"8:{16 * number}\n")
    return tmp_path


def test_a_fixed_disk_of_size_zero_is_there_and_keeps_its_data(tmp_path: Path) -> None:
    source = lsblk(
        tmp_path,
        {"kname": "sda", "serial": "W1"},
        {"kname": "sdb", "serial": "KWG1", "size": 0, "tran": "sas", "vendor": "NETAPP"},
        {"kname": "sdc", "serial": "2014", "size": 0, "tran": "usb", "rm": True},
        {"kname": "sdd", "serial": "DEAD", "size": 0, "rm": True},
    )
    plans = {one.path: one for one in plan_only(Host(), (), True, Wish(), False, source).plans}
    assert list(plans) == ["/dev/sda", "/dev/sdb", "/dev/sdd"]
    for path in ("/dev/sdb", "/dev/sdd"):
        assert [m.code for m in plans[path].refusals] == ["wipe.refusal.no_size"]


def test_an_unknown_block_size_is_a_row(tmp_path: Path) -> None:
    source = lsblk(tmp_path, {"kname": "sda", "serial": "W1", "log-sec": None})
    (one,) = plan_only(Host(), (), True, Wish(), False, source).plans
    assert [m.code for m in one.refusals] == ["wipe.refusal.no_block_size"]


def test_no_disk_is_no_empty_plan(tmp_path: Path) -> None:
    source = lsblk(tmp_path)
    with pytest.raises(UsageError, match="no_disk"):
        plan_only(Host(), (), True, Wish(), False, source)


def test_a_disk_in_a_hot_plug_port_is_the_computers(tmp_path: Path) -> None:
    source = lsblk(tmp_path, {"kname": "sda", "serial": "W1", "rm": True})
    assert [disk.path for disk in inner_disks(inventory(Host(), source))] == ["/dev/sda"]


def test_a_drive_that_nobody_asked_is_not_said_to_offer_nothing(tmp_path: Path) -> None:
    source = lsblk(tmp_path, {"kname": "sda", "serial": "W1"})
    (one,) = plan_only(Host(), (), True, Wish(level=LevelWish.PURGE), False, source).plans
    assert [m.code for m in one.refusals] == ["wipe.refusal.purge_not_asked"]
    (best,) = plan_only(Host(), (), True, Wish(level=LevelWish.BEST), False, source).plans
    assert Message("wipe.note.not_asked") in best.notes


def test_the_drives_in_a_dock_are_told_by_what_they_said_themselves(tmp_path: Path) -> None:
    source = lsblk(
        tmp_path,
        *(
            {"kname": n, "serial": "152D00539000", "tran": "usb", "model": "X"}
            for n in ("sdb", "sdc")
        ),
    )
    (tmp_path / "smartctl").mkdir()
    for name, serial in (("sdb", "NAAAAAA1"), ("sdc", "NAAAAAA2")):
        told = {"device": {"name": f"/dev/{name}", "type": "sat", "protocol": "ATA"},
                "model_name": "HGST HDN726060ALE614", "serial_number": serial,
                "user_capacity": {"bytes": 500107874304}}  # fmt: skip
        (tmp_path / "smartctl" / f"{name}.json").write_text(json.dumps(told))
    plans = plan_only(Host(), (), True, Wish(), False, source, usb=True).plans
    assert [one.disk.token for one in plans] == ["NAAAAAA1", "NAAAAAA2"]
    assert {one.disk.box_serial for one in plans} == {"152D00539000"}
    for disk in inventory(Host(), source).disks:
        assert disk.box_serial == "152D00539000"
        assert disk.serial_of == "disk"


# --- What "all" means ------------------------------------------------------------------------


def mixed(tmp_path: Path) -> Path:
    return lsblk(
        tmp_path,
        {"kname": "sda", "serial": "INNER1"},
        {"kname": "sdb", "serial": "HOTPLUG", "rm": True},
        {"kname": "sdc", "serial": "BACKUP", "tran": "usb"},
        {"kname": "sdd", "serial": "STICK", "tran": "usb", "rm": True},
        {"kname": "nvme0n1", "serial": "NV1", "tran": "nvme"},
    )


def planned(source: Path, **options: Any) -> tuple[list[str], list[str]]:
    found = plan_only(Host(), (), True, Wish(), False, source, **options)
    return [str(p.disk.serial) for p in found.plans], [m.code for m in found.left_out]


def test_all_is_what_the_computer_holds_and_nothing_on_usb(tmp_path: Path) -> None:
    serials, left = planned(mixed(tmp_path))
    assert serials == ["NV1", "INNER1", "HOTPLUG"]
    assert left == ["cli.left_out.usb"] * 2


def test_usb_takes_everything(tmp_path: Path) -> None:
    serials, left = planned(mixed(tmp_path), usb=True)
    assert serials == ["NV1", "INNER1", "HOTPLUG", "BACKUP", "STICK"]
    assert left == []


def test_exclude_leaves_a_disk_and_says_so(tmp_path: Path) -> None:
    serials, left = planned(mixed(tmp_path), usb=True, exclude=("BACKUP", "NV1"))
    assert serials == ["INNER1", "HOTPLUG", "STICK"]
    assert left == ["cli.left_out.excluded"] * 2


def test_an_exclusion_that_names_no_disk_stops_all(tmp_path: Path) -> None:
    with pytest.raises(SafetyRefusal) as refusal:
        planned(mixed(tmp_path), exclude=("BACKUB",))
    assert said(refusal) == ["cli.exclude.no_such_disk"]


def test_the_declared_docks_come_from_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "recond.toml").write_text('[bench]\ndock = "USB 2-4, SATA 5"\n')
    assert declared_docks(tmp_path) == ("USB 2-4", "SATA 5")
    (tmp_path / "recond.toml").write_text("[bench]\ndock = 3\n")
    with pytest.raises(UsageError):
        declared_docks(tmp_path)


@pytest.mark.parametrize(
    ("serial", "typed"), [("S3Z8NB0K111 222", "1222"), ("WX 1 2 3", "X123"), ("A B", "AB")]
)
def test_an_end_with_spaces_can_be_typed(
    serial: str, typed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_for(replace(HDD, serial=serial))
    monkeypatch.setattr("builtins.input", lambda _: f" {typed} ")
    (confirmed,) = ask_each(Screen("fr"), (plan,))
    assert (confirmed.plan, confirmed.by) == (plan, "typed")
