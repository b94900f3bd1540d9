"""A donor's list on an emulated bench, run twice: the second run writes to no disk, says what is
done already, and ends with the same code. What the list does not name keeps every byte.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.lab.machine import Lab

pytestmark = pytest.mark.lab

LISTED = {
    "K4G5PAAA": "sas4k",
    "S3Z8NB0K111111": "ssd0",
    "WD-WCC6Y0AB1234": "hdd0",
    "4C530001230615113322": "usb0",
}
STRANGERS = {"nv0n1", "nv0n2", "sas0"}
SCRIPT = r"""
printf 'Numéro de série;Modèle\r\n%(rows)s' | iconv -f UTF-8 -t CP1252 > /tmp/liste.csv
for turn in 1 2; do
    python3 -m recond run --unattended --lot Mairie --manifest /tmp/liste.csv --state /tmp/state \
        --out /mnt/share/twice --json > /mnt/share/twice-$turn.json 2> /mnt/share/twice-$turn.txt
    echo "TURN $turn $?"
    grep -c . /tmp/state/runs/*/journals/*.jsonl | cksum
    for disk in $(lsblk -dno NAME | grep -v vda); do
        echo "$disk $(cksum < /dev/$disk)"
    done | cksum
done
cat /mnt/used/file
"""


def test_a_list_run_twice(lab: Lab) -> None:
    rows = "".join(rf"{serial};x\r\n" for serial in (*LISTED, "MOUNTED0001", "PERDU"))
    done = lab.run("bench", SCRIPT % {"rows": rows}, name="twice")
    lines = done.output.splitlines()
    at = [number for number, line in enumerate(lines) if line.startswith("TURN")]
    assert [lines[number] for number in at] == ["TURN 1 0", "TURN 2 0"], done.output
    assert lines[at[0] + 1 : at[0] + 3] == lines[at[1] + 1 : at[1] + 3], "the second run wrote"
    assert "keep-me" in done.output
    first, second = (json.loads((lab.share / f"twice-{n}.json").read_text()) for n in (1, 2))
    assert (first["outcome"], first["exit_code"]) == ("partial", 0), first
    status = {one["serial"]: one["result"]["status"] for one in first["disks"]}
    assert status == {**dict.fromkeys(LISTED, "erased"), "MOUNTED0001": "refused"}
    assert (second["outcome"], second["exit_code"], second["disks"]) == ("nothing-begun", 0, [])
    left = {one["serial"]: one["listed"] for one in second["left"]}
    assert {left[serial] for serial in LISTED} == {"certified"}, left
    assert left["MOUNTED0001"] == "refused"
    assert "déjà effacé et certifié" in (lab.share / "twice-2.txt").read_text()
    assert len(list((lab.share / "twice").iterdir())) == 1, "one certificate, not two"
    for name in LISTED.values():
        raw = (done.state / f"{name}.img").read_bytes()
        assert b"LABDATA" not in raw, name
    for name in STRANGERS:
        check_untouched(done.state / f"{name}.img", name)


def check_untouched(image: Path, name: str) -> None:
    """Every sector still says which disk and which sector it is (lab/README.md)."""
    tail = bytes(range(1, 256)) * 2
    want = hashlib.sha256()
    for sector in range(image.stat().st_size // 512):
        head = b"LABDATA %s %010d " % (name.encode(), sector)
        want.update(head + tail[: 512 - len(head)])
    assert hashlib.sha256(image.read_bytes()).hexdigest() == want.hexdigest(), name
