"""Sectors that Linux does not reach, on a real kernel: NVMe namespaces with metadata, in the block
(size 0) and apart from it (the blocks show), and a SCSI disk of 520-byte sectors; named, left,
reformatted and then erased.

QEMU's own scsi-hd has no such sectors. LAB_QEMU may name one whose scsi-hd has the property
`odd-sector`: READ CAPACITY and the block descriptor tell that size until MODE SELECT (512) and
FORMAT UNIT, which takes `sanitize-time` seconds, and nothing is read or written before.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
from pathlib import Path

import pytest

from recond.certify.record import parse_record
from recond.computer import Fate, conclude
from tests.lab.machine import Lab, Run

pytestmark = pytest.mark.lab
MIB = 1 << 20

NVME = (
    "-drive if=none,id=ma,format=raw,file={images}/META1.img "
    "-drive if=none,id=mb,format=raw,file={images}/META2.img "
    "-device nvme,id=nva,serial=META1 -device nvme-ns,bus=nva,drive=ma,nsid=1,ms=8,mset=1 "
    "-device nvme,id=nvb,serial=META2 -device nvme-ns,bus=nvb,drive=mb,nsid=1,ms=8,mset=0"
)
LEFT = """
sleep 3; rm -rf out state; export RECOND_STATE=$PWD/state
lsblk -adbno NAME,SIZE,SERIAL
python3 -m recond plan --all >plan.txt 2>&1
python3 -m recond run --unattended --all --operator Ada --out out --json >run.json 2>run.txt
echo "RAN $?"
"""
ODD = (
    "-device virtio-scsi-pci,id=vs -drive if=none,id=od,format=raw,file={images}/ODD520.img "
    "-device scsi-hd,bus=vs.0,drive=od,serial=ODD520,wwn=0x5000c50000000520,"
    "odd-sector=520,sanitize-time=5,nv-file={images}/ODD520.nv"
)
MENDED = """
rm -rf wiped; export RECOND_STATE=$PWD/state
D() { lsblk -adno NAME,SERIAL | awk -v s="$1" '$2==s {print "/dev/"$1}'; }
for serial in %s; do
  disk=$(D $serial)
  python3 -m recond wipe $disk --confirm $serial --out wiped >/tmp/out 2>&1
  echo "ASKED $serial $?"
  python3 -m recond wipe $disk --reformat-sectors --confirm $serial --out wiped >/tmp/out 2>&1
  echo "WIPED $serial $?"; tail -n 5 /tmp/out
done
"""


def codes(done: Run, word: str) -> dict[str, int]:
    found = [line.split() for line in done.output.splitlines() if line.startswith(word)]
    return {one[1]: int(one[-1]) for one in found if len(one) == 3}


def test_an_nvme_with_metadata_is_left_until_it_has_a_plain_format(lab: Lab) -> None:
    images = lab.share.parent
    for name in ("META1", "META2"):
        (images / f"{name}.img").write_bytes(b"LABDATA!" * (32 * MIB // 8))
    done = lab.run(
        "plain",
        LEFT + MENDED % "META1 META2",
        "--qemu",
        NVME.format(images=images),
        name="metadata",
    )
    assert "RAN 4" in done.output, done.output  # more is left than what is in use
    plan = (lab.share / "plan.txt").read_text()
    assert plan.count("--reformat-sectors") >= 2, plan
    (folder,) = (lab.share / "out").iterdir()
    record = parse_record(json.loads((folder / "record.json").read_bytes()))
    fates = {one.key: fate for one, fate in conclude(record).fates}
    assert {key: fate for key, fate in fates.items() if "META" in key} == {
        "META1-n1": Fate.UNREADABLE,
        "META2-n1": Fate.REFUSED,
    }
    assert codes(done, "ASKED") == {"META1": 4, "META2": 4}, done.output
    assert codes(done, "WIPED") == {"META1": 0, "META2": 0}, done.output
    for name in ("META1", "META2"):
        assert b"LABDATA" not in (images / f"{name}.img").read_bytes()
    journals = [*(lab.share / "state/reformats").iterdir()]
    sent = [bytes.fromhex(word) for one in journals for word in formats_sent(one)]
    assert [struct.unpack_from("<I", one, 40)[0] for one in sent] == [0, 0]  # 512 + 0
    for folder in (lab.share / "wiped").iterdir():
        told = parse_record(json.loads((folder / "record.json").read_bytes()))
        (erasure,) = told.erasures
        assert erasure.plan is not None
        assert "wipe.note.reformatted" in {note.code for note in erasure.plan.notes}


def has_odd_sectors() -> bool:
    qemu = os.environ.get("LAB_QEMU", "qemu-system-x86_64")
    told = subprocess.run([qemu, "-device", "scsi-hd,help"], capture_output=True, check=False)
    return b"odd-sector=" in told.stdout


def test_a_disk_of_520_byte_sectors_is_left_until_it_has_sectors_of_512(lab: Lab) -> None:
    if not has_odd_sectors():
        pytest.skip("this QEMU's scsi-hd has no sectors of 520 bytes")
    images = lab.share.parent
    image = images / "ODD520.img"
    image.write_bytes(b"LABDATA!" * (32 * MIB // 8))
    command = LEFT + MENDED % "ODD520"
    done = lab.run("plain", command, "--qemu", ODD.format(images=images), name="odd")
    assert "RAN 4" in done.output, done.output  # more is left than what is in use
    assert "--reformat-sectors" in (lab.share / "plan.txt").read_text()
    (folder,) = (lab.share / "out").iterdir()
    record = parse_record(json.loads((folder / "record.json").read_bytes()))
    fates = [fate for one, fate in conclude(record).fates if "ODD520" in one.key]
    assert fates == [Fate.UNREADABLE]
    assert codes(done, "ASKED") == {"ODD520": 4}, done.output
    assert codes(done, "WIPED") == {"ODD520": 0}, done.output
    assert b"LABDATA" not in image.read_bytes()
    (folder,) = (lab.share / "wiped").iterdir()
    (erasure,) = parse_record(json.loads((folder / "record.json").read_bytes())).erasures
    assert erasure.disk.size_bytes == image.stat().st_size
    assert erasure.plan is not None
    assert "wipe.note.reformatted" in {note.code for note in erasure.plan.notes}


def formats_sent(journal: Path) -> list[str]:
    """The Format NVM commands of a reformat's journal, in hexadecimal."""
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    return [
        line["data"]["request"]
        for line in lines
        if line["kind"] == "command" and line["data"]["request"].startswith("80")
    ]
