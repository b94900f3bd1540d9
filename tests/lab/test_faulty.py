"""Disks with bad sectors, and disks that are pulled out in mid-pass: the record says which, the
others go on, and what the host reads in the images agrees.
"""

from __future__ import annotations

import json

import pytest

from tests.lab.machine import Lab

pytestmark = pytest.mark.lab
# the lab's actions wait for a text without a colon: each disk's first written bytes print one
COMMAND = r"""
python3 -m recond run --unattended --all --usb --json-events --state /tmp/state \
    --out /mnt/share/faulty --json 2>&1 >/tmp/result |
    sed -un 's/.*"disk". "\([A-Z]*\)[-n0-9]*", "phase". "write".*/WRITING \1 NOW/p'
exit ${PIPESTATUS[0]}
"""
PULLED = ("GONE", "USBGONE", "NVGONE")


def test_bad_sectors_and_pulled_disks(lab: Lab) -> None:
    pulls = [
        word for name in PULLED for word in ("--when", f"WRITING {name} NOW:unplug {name.lower()}")
    ]
    done = lab.run("faulty", COMMAND, *pulls, name="faulty")
    assert done.code == 6, done.output  # some failed (5), some read back wrongly (6): the highest
    (folder,) = (lab.share / "faulty").iterdir()
    record = json.loads((folder / "record.json").read_bytes())
    found = {one["disk"]["serial"]: one for one in record["erasures"]}
    for name in PULLED:
        result = found[name]["result"]
        assert result["status"] == "failed", (name, result)
        assert found[name]["steps"][0]["outcome"] == "vanished", name
    for name, image in (
        ("WBAD", "wbad"),
        ("RBAD", "rbad"),
        ("SATABAD", "satabad"),
        ("NVBAD", "nvbad"),
    ):
        one = found[name]
        assert one["result"]["status"] == "failed", (name, one["result"])
        assert one["result"]["verdict"] == "rejected", name
        bad = [
            *one["steps"][-1]["bad_ranges"],
            *one["verification"]["unreadable_ranges"],
            *one["verification"]["mismatch_ranges"],
        ]
        raw = (done.state / f"{image}.img").read_bytes()
        left = {at // 512 for at in range(0, len(raw), 512) if b"LABDATA" in raw[at : at + 512]}
        named = {
            sector
            for start, length in bad
            for sector in range(start // 512, (start + length) // 512)
        }
        assert bad, name
        assert left <= named, f"{name}: data left where the record names nothing"
        assert sum(length for _, length in bad) <= 64 * 512, "not narrowed to the bad sectors"
