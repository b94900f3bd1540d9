"""The whole job on an emulated bench: NVMe with two namespaces, SATA, SAS, 4Kn, USB, and a disk
that is mounted and must never be touched. The host reads what the disks really hold afterwards.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.lab.machine import Lab

pytestmark = pytest.mark.lab
IMAGES = {
    "4C530001230615113322": "usb0",
    "K4G5PAAA": "sas4k",
    "S0M3TH1NG": "sas0",
    "S3Z8NB0K111111": "ssd0",
    "WD-WCC6Y0AB1234": "hdd0",
    "MOUNTED0001": "used0",
}


def test_every_disk_that_is_not_in_use(lab: Lab, tmp_path: Path) -> None:
    done = lab.run(
        "bench",
        "python3 -m recond run --unattended --all --usb --state /tmp/state"
        " --out /mnt/share/out --json; code=$?; cat /mnt/used/file >&2; exit $code",
    )
    assert done.code == 0, done.output
    assert "keep-me" in done.output
    (folder,) = (lab.share / "out").iterdir()
    record = json.loads((folder / "record.json").read_bytes())
    seen = set()
    for one in record["erasures"]:
        disk = one["disk"]
        if disk["serial"] == "LABROOT":
            assert one["result"]["status"] == "refused"
            continue
        name = IMAGES.get(disk["serial"], f"nv0n{disk['namespace']}")
        raw = (done.state / f"{name}.img").read_bytes()
        seen.add(name)
        assert len(raw) == disk["size_bytes"]
        if name == "used0":
            assert one["result"]["status"] == "refused"
            assert any(r["code"] == "wipe.refusal.mount" for r in one["result"]["reasons"])
            continue
        assert one["result"]["status"] == "erased", one["result"]
        fill = bytes.fromhex(one["plan"]["steps"][-1]["fill"]["hex"])
        assert raw == fill * (len(raw) // len(fill)), name
    assert seen == {*IMAGES.values(), "nv0n1", "nv0n2"}
