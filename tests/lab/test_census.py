"""What a computer holds beside the disks that show, on emulated computers: a controller without a
driver, a RAID adapter, one disk by two paths, two boxes of one number. No sectors of 520 bytes:
scsi_debug of Linux 6.1 refuses them ("invalid sector_size 520"), QEMU's scsi-hd too ("not a power
of 2"). Metadata of NVMe: test_formats.py.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.lab.machine import Lab

pytestmark = pytest.mark.lab

NO_NVME = "rmmod nvme 2>/dev/null; modprobe -r nvme; sleep 1;"
LOOK = """
python3 -m recond inspect --json >machine.json
python3 -m recond plan --all --usb --json >plans.json
python3 -m recond plan --all >plan.txt
"""


def looked(lab: Lab, machine: str, before: str, *options: str) -> tuple[Any, Any, str]:
    """The machine, the plans, and the plan as a person sees it."""
    done = lab.run(machine, before + LOOK, *options, name=f"census-{machine}")
    assert done.code == 0, done.output
    read = {name: (lab.share / name).read_text() for name in ("machine.json", "plans.json")}
    seen = (lab.share / "plan.txt").read_text()
    return json.loads(read["machine.json"]), json.loads(read["plans.json"])["plans"], seen


def test_a_controller_without_its_driver(lab: Lab) -> None:
    machine, _, seen = looked(lab, "bench", NO_NVME, "--disk", "hdd0", "--disk", "nv0n1")
    census = machine["census"]["value"]
    assert [one["key"].partition(":")[0] for one in census["suspicions"]] == ["no-driver"]
    assert "n’a pas de pilote" in seen
    assert len(census["looked"]) == 6, census["gaps"]


def test_a_raid_adapter(lab: Lab) -> None:
    more = (
        "-device megasas,id=mega -drive if=none,id=md,format=raw,file.driver=null-co,"
        "file.size=64M,file.read-zeroes=on -device scsi-hd,bus=mega.0,drive=md,serial=MEGA0"
    )
    machine, _, seen = looked(lab, "plain", "modprobe megaraid_sas; sleep 2;", "--qemu", more)
    census = machine["census"]["value"]
    drivers = {one["driver"].get("value") for one in census["controllers"]}
    assert "megaraid_sas" in drivers
    # smartctl tells of the drive behind the adapter, and QEMU's adapter shows that same drive as a
    # disk: by its number they are one, nothing hides, and the adapter is not silent
    assert [one["serial"].get("value") for one in census["media"]].count("MEGA0") == 1, census
    assert [one["key"] for one in census["media"] if one["reach"] == "hidden"] == []
    assert census["suspicions"] == []
    assert "MEGA0" in seen


TWO = (
    "-drive if=none,id=pa,format=raw,cache=none,file={image},file.locking=off "
    "-drive if=none,id=pb,format=raw,cache=none,file={image},file.locking=off "
    "-device virtio-scsi-pci,id=vs1 "
    "-device scsi-hd,bus=vs1.0,drive=pa,serial=DUAL1,wwn=0x5000c50000000001,share-rw=on "
    "-device scsi-hd,bus=vs1.0,drive=pb,serial=DUAL1,wwn=0x5000c50000000001,share-rw=on"
)


def test_one_disk_by_two_paths_is_erased_once(lab: Lab) -> None:
    image = lab.share.parent / "dual.img"
    image.write_bytes(b"LABDATA!" * (4 << 17))  # 4 MiB
    wipe = (
        "python3 -m recond wipe $(lsblk -dno PATH,SERIAL | awk '$2==\"DUAL1\" {print $1}') "
        "--confirm DUAL1 --json >wiped.json;"
    )
    try:
        machine, plans, seen = looked(lab, "plain", "sleep 2;", "--qemu", TWO.format(image=image))
        mine = [plan for plan in plans if plan["disk"]["serial"] == "DUAL1"]
        assert len(mine) == 1
        assert len(mine[0]["paths"]) == 2
        assert "un seul disque" in seen
        media = [m for m in machine["census"]["value"]["media"] if len(m["paths"]) == 2]
        assert len(media) == 1
        done = lab.run("plain", wipe, "--qemu", TWO.format(image=image), name="census-dual")
        assert done.code == 0, done.output
        assert image.read_bytes().count(0) == image.stat().st_size
    finally:
        image.unlink(missing_ok=True)


BOXES = (
    "-drive if=none,id=ba,format=raw,file.driver=null-co,file.size=64M,file.read-zeroes=on "
    "-drive if=none,id=bb,format=raw,file.driver=null-co,file.size=64M,file.read-zeroes=on "
    "-device qemu-xhci,id=xb -device usb-storage,bus=xb.0,port=1,drive=ba,serial=BOX0001 "
    "-device usb-storage,bus=xb.0,port=2,drive=bb,serial=BOX0001"
)


def test_two_boxes_of_one_number_need_two_words(lab: Lab) -> None:
    before = (
        "sleep 3; D=$(lsblk -dno PATH,SERIAL | awk '$2==\"BOX0001\" {print $1}'); echo $D;"
        "python3 -m recond wipe $D --confirm BOX0001 >said.txt 2>&1; echo $? >code.txt;"
    )
    machine, plans, seen = looked(lab, "plain", before, "--qemu", BOXES)
    boxes = [plan for plan in plans if plan["disk"]["serial"] == "BOX0001"]
    assert len(boxes) == 2
    assert len({plan["place"] for plan in boxes}) == 2
    assert (lab.share / "code.txt").read_text().strip() == "4"
    assert "plusieurs disques" in (lab.share / "said.txt").read_text()
    assert "--usb" in seen  # they are left out of --all
    assert {m["place"] for m in machine["census"]["value"]["media"]} >= {"usb"}
