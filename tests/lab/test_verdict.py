"""What a certificate of a whole run says of emulated computers that hold more than what shows.

Every one of them also has the lab's own system disk (virtio, in use): it is refused, and left.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from recond.certify.pages.front import headline, left_words
from recond.certify.record import parse_record
from recond.computer import Conclusion, Fate, Overall, conclude, is_computer_erased
from recond.erasure import WipeRecord
from recond.locale import text
from recond.upload.tectech_row import stock_line
from tests.lab.machine import Lab
from tests.lab.test_census import BOXES, NO_NVME, TWO

pytestmark = pytest.mark.lab

ALL = """
rm -rf out state; export RECOND_STATE=$PWD/state
python3 -m recond run --unattended --all {more} --operator Ada --out out --json >run.json 2>run.txt
echo $? >code.txt
python3 -m recond label out/*/ --out label.pdf --lang fr >label.txt 2>&1
python3 - >whole.txt <<'PY'
from pathlib import Path
from recond.flow.live.mirror import Places
from recond.flow.live.remaining import is_whole
from recond.host import Host
print(is_whole(Host().files, Places(Path("state"), Path("out"))))
PY
true
"""


@dataclass(frozen=True)
class Ended:
    """What a run left on the share, and what the record comes to."""

    record: WipeRecord
    found: Conclusion
    code: int
    whole: str
    certificate: Path

    def fate(self, part: str) -> list[str]:
        """The fates of the media whose key holds `part`."""
        return [fate.value for one, fate in self.found.fates if part in one.key]

    def left(self, part: str) -> bool:
        """Whether page one names something of this kind as left."""
        return any(part in line for line in left_words(self.record, "fr"))


def erased(
    lab: Lab, machine: str, name: str, *options: str, before: str = "", more: str = ""
) -> Ended:
    done = lab.run(machine, before + ALL.format(more=more), *options, name=f"verdict-{name}")
    assert done.code == 0, done.output
    (folder,) = (lab.share / "out").iterdir()
    keep = lab.share.parent / f"certificate-{name}"
    folder.rename(keep)
    record = parse_record(json.loads((keep / "record.json").read_bytes()))
    (lab.share / "label.pdf").rename(keep / "label.pdf")
    read: dict[str, Any] = {
        one: (lab.share / f"{one}.txt").read_text().strip() for one in ("code", "whole")
    }
    ended = Ended(record, conclude(record), int(read["code"]), read["whole"], keep)
    never_whole(ended)
    return ended


def never_whole(ended: Ended) -> None:
    """The system disk is always left: nothing may say that the computer is erased."""
    assert not is_computer_erased(ended.record)
    assert ended.found.outcome is Overall.PARTIAL
    assert headline(ended.record, "fr", signed=True) == text("fr", "certify.verdict.partial")
    assert ended.code == 10
    assert ended.whole == "False"
    row = stock_line(ended.record, "0" * 64, "stock", "PRET_A_DISTRIBUER")
    assert row["statut"] != "PRET_A_DISTRIBUER"
    assert ended.fate("LABROOT") == [Fate.BESIDE]  # the running system's own medium …
    assert ended.left("LABROOT")  # … which was refused, and that is said
    assert (ended.certificate / "label.pdf").exists()


def test_a_controller_without_its_driver(lab: Lab) -> None:
    ended = erased(lab, "bench", "nvme", "--disk", "hdd0", "--disk", "nv0n1", before=NO_NVME)
    assert ended.fate("WD-WCC6Y0AB1234") == [Fate.ERASED]
    assert ended.left("n’a pas de pilote")


def test_a_raid_adapter(lab: Lab) -> None:
    more = (
        "-device megasas,id=mega -drive if=none,id=md,format=raw,file.driver=null-co,"
        "file.size=64M,file.read-zeroes=on -device scsi-hd,bus=mega.0,drive=md,serial=MEGA0"
    )
    ended = erased(
        lab, "plain", "megasas", "--qemu", more, before="modprobe megaraid_sas; sleep 2;"
    )
    assert ended.fate("LABNV0") == [Fate.ERASED]
    assert ended.left("RAID") or ended.left("adapt"), left_words(ended.record, "fr")


def test_one_disk_by_two_paths(lab: Lab) -> None:
    image = lab.share.parent / "two-paths.img"
    image.write_bytes(b"LABDATA!" * (4 << 17))  # 4 MiB
    ended = erased(lab, "plain", "paths", "--qemu", TWO.format(image=image), before="sleep 2;")
    assert ended.fate("LABNV0") == [Fate.ERASED]
    assert ended.fate("DUAL1") == [Fate.ERASED]
    (medium,) = (one for one, _ in ended.found.fates if "DUAL1" in one.key)
    assert len(medium.paths) == 2
    assert [one.name.split()[-1] for one in ended.found.left] == ["LABROOT"]
    assert image.read_bytes().count(0) == image.stat().st_size


@pytest.mark.parametrize("usb", [False, True])
def test_two_boxes_of_one_number(lab: Lab, usb: bool) -> None:
    """Beside the computer, unless they are asked for; then both are erased or named."""
    name = f"boxes-{usb}"
    ended = erased(
        lab, "plain", name, "--qemu", BOXES, before="sleep 3;", more="--usb" if usb else ""
    )
    assert ended.fate("LABNV0") == [Fate.ERASED]
    boxes = [one for one in ended.record.erasures if one.disk.serial == "BOX0001"]
    assert len(boxes) == (2 if usb else 0)
    assert len({one.disk.disk_seq for one in boxes}) == len(boxes)
    assert set(ended.fate("BOX0001")) <= {Fate.BESIDE, Fate.ERASED}
