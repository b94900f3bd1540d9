"""What a certificate of a whole run says of emulated computers that hold more than what shows.

Every one of them also has the lab's own system disk (virtio, in use): it is refused, and left.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from recond.certify.pages.front import headline, left_words
from recond.certify.record import parse_record
from recond.computer import Conclusion, Fate, Overall, conclude, is_computer_erased
from recond.erasure import WipeRecord
from recond.locale import text
from recond.model import Form, Known
from recond.upload.tectech_row import FIRST_STATE, stock_line
from tests.lab.machine import Lab
from tests.lab.test_census import BOXES, NO_NVME, TWO

pytestmark = pytest.mark.lab

NOTHING = "file.driver=null-co,file.size=64M,file.read-zeroes=on"
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


def notebook(record: WipeRecord) -> WipeRecord:
    """QEMU gives no kind of computer and no serial number, and a stock asks for both."""
    assert record.machine is not None
    system = replace(
        record.machine.system, form=Known(Form.NOTEBOOK, "dmi"), serial=Known("PF1", "dmi")
    )
    return replace(record, machine=replace(record.machine, system=system))


def never_whole(ended: Ended) -> None:
    """The system disk is always left: nothing may say that the computer is erased."""
    assert not is_computer_erased(ended.record)
    assert ended.found.outcome is Overall.PARTIAL
    assert headline(ended.record, "fr", signed=True) == text("fr", "certify.verdict.partial")
    assert ended.code == 10
    assert ended.whole == "False"
    row = stock_line(notebook(ended.record), "0" * 64, "stock", "PRET_A_DISTRIBUER")
    assert row["statut"] == FIRST_STATE
    assert ended.fate("LABROOT") == [Fate.REFUSED]  # the running system's own medium, built in …
    assert ended.left("LABROOT")  # … so it is left, and that is said
    assert (ended.certificate / "label.pdf").exists()


def judge_no_driver(ended: Ended) -> None:
    assert ended.fate("WD-WCC6Y0AB1234") == [Fate.ERASED]
    assert ended.left("n’a pas de pilote")


def judge_adapter(ended: Ended) -> None:
    """QEMU's adapter shows its drive as a disk of the same number: erased, and nothing hides."""
    assert ended.fate("LABNV0") == [Fate.ERASED]
    assert ended.fate("MEGA0") == [Fate.ERASED]
    assert [one.name.split()[-1] for one in ended.found.left] == ["LABROOT"]


def judge_paths(ended: Ended) -> None:
    assert ended.fate("LABNV0") == [Fate.ERASED]
    assert ended.fate("DUAL1") == [Fate.ERASED]
    (medium,) = (one for one, _ in ended.found.fates if "DUAL1" in one.key)
    assert len(medium.paths) == 2
    assert [one.name.split()[-1] for one in ended.found.left] == ["LABROOT"]


def judge_boxes(ended: Ended, *, usb: bool) -> None:
    """Beside the computer, unless they are asked for; then each is erased, as itself."""
    assert ended.fate("LABNV0") == [Fate.ERASED]
    boxes = [one for one in ended.record.erasures if one.disk.serial == "BOX0001"]
    assert len(boxes) == (2 if usb else 0)
    assert len({one.disk.disk_seq for one in boxes}) == len(boxes)
    assert ended.fate("BOX0001") == [Fate.ERASED if usb else Fate.BESIDE] * 2


def test_a_controller_without_its_driver(lab: Lab) -> None:
    disks = ("--disk", "hdd0", "--disk", "nv0n1")
    judge_no_driver(erased(lab, "bench", "nvme", *disks, before=NO_NVME))


def test_a_raid_adapter(lab: Lab) -> None:
    more = (
        "-device megasas,id=mega -drive if=none,id=md,format=raw,file.driver=null-co,"
        "file.size=64M,file.read-zeroes=on -device scsi-hd,bus=mega.0,drive=md,serial=MEGA0"
    )
    before = "modprobe megaraid_sas; sleep 2;"
    judge_adapter(erased(lab, "plain", "megasas", "--qemu", more, before=before))


def test_one_disk_by_two_paths(lab: Lab) -> None:
    image = lab.share.parent / "two-paths.img"
    image.write_bytes(b"LABDATA!" * (4 << 17))  # 4 MiB
    two = TWO.format(image=image)
    judge_paths(erased(lab, "plain", "paths", "--qemu", two, before="sleep 2;"))
    assert image.read_bytes().count(0) == image.stat().st_size


@pytest.mark.parametrize("usb", [False, True])
def test_two_boxes_of_one_number(lab: Lab, usb: bool) -> None:
    images = [lab.share.parent / f"box-{usb}-{number}.img" for number in (1, 2)]
    boxes = BOXES
    for image in images:  # the null device of the census' test keeps nothing that is written
        image.write_bytes(b"LABDATA!" * (4 << 17))  # 4 MiB
        boxes = boxes.replace(NOTHING, f"file={image}", 1)
    more = "--usb" if usb else ""
    ended = erased(lab, "plain", f"boxes-{usb}", "--qemu", boxes, before="sleep 3;", more=more)
    judge_boxes(ended, usb=usb)
    assert [b"LABDATA!" in image.read_bytes() for image in images] == [not usb] * 2
