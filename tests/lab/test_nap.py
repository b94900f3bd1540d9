"""The guided screen's nap on an emulated computer: a drive that its BIOS froze is not frozen after
it, and its own SECURITY ERASE is planned and carried out. Needs the lab's patched QEMU.

The lab's shares do not live through the sleep: they are let go before it and taken up after it, and
recond sleeps from a copy in memory. A computer that slept does not switch itself off in this QEMU:
it is ended from outside.
"""

from __future__ import annotations

import json
import os

import pytest

from tests.lab.machine import Lab

pytestmark = pytest.mark.lab

NAP = r"""
cat >/tmp/nap.sh <<'END'
cd /mnt/share; export RECOND_STATE=/mnt/share/napstate
python3 -m recond plan --all --level best --json >/tmp/before.json 2>/tmp/said
mkdir /tmp/local; cp -r /tmp/site/recond /tmp/local/
cd /tmp; umount /mnt/share /tmp/site /lab/ctl && modprobe -r 9p 9pnet_virtio
PYTHONPATH=/tmp/local python3 -c '
from recond.host import Host
from recond.host.suspend import can_nap, nap
host = Host()
print("NAP", can_nap(host.files), nap(host.files, host.processes), flush=True)'
modprobe -a 9p 9pnet_virtio
share() { mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000 $1 $2; }
share ctl /lab/ctl; share share /mnt/share; share site /tmp/site
cd /mnt/share; cp /tmp/before.json .
python3 -m recond plan --all --level best --json >after.json
D=$(lsblk -dno PATH,SERIAL | awk '$2=="FWFROZEN0" {print $1}')
python3 -m recond wipe $D --level best --confirm FWFROZEN0 --out napped --json >wiped.json
echo "WIPED $?"
sync; echo "ALL DONE"; sleep 60
END
exec bash /tmp/nap.sh
"""


QUIT = ("--when", 'ALL DONE:qmp {"execute": "quit"}')


def notes(raw: str) -> list[str]:
    """What the plan says of the drive."""
    (plan,) = (one for one in json.loads(raw)["plans"] if one["disk"]["serial"] == "FWFROZEN0")
    return [note["code"] for note in plan["notes"]]


def test_a_nap_frees_a_frozen_drive(lab: Lab) -> None:
    if "qemu-lab" not in os.environ.get("LAB_QEMU", ""):
        pytest.skip("LAB_QEMU names no patched QEMU (lab/build-qemu)")
    done = lab.run("firmware", NAP, "--disk", "frozen0", *QUIT, name="nap")
    assert "NAP True True" in done.output, done.output
    assert "drive.note.frozen" in notes((lab.share / "before.json").read_text())
    assert "drive.note.frozen" not in notes((lab.share / "after.json").read_text())
    assert "WIPED 0" in done.output, done.output
    (folder,) = (lab.share / "napped").iterdir()
    record = json.loads((folder / "record.json").read_bytes())
    steps = record["erasures"][0]["steps"]
    assert steps[0]["technique"].startswith("ata-security-erase")
    assert steps[0]["outcome"] == "done"
    assert b"LABDATA" not in (done.state / "frozen0.img").read_bytes()
