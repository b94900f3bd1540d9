"""What may not be erased is refused on a real kernel: mounted, partition, read-only, the system's
own disk, swap, RAID, and an output folder without room, before the first byte.
"""

from __future__ import annotations

import pytest

from tests.lab.machine import Lab

pytestmark = pytest.mark.lab

SCRIPT = r"""
D() { lsblk -dno NAME,SERIAL | awk -v s="$1" '$2==s {print "/dev/"$1}'; }
R() { python3 -m recond "$@" >/tmp/out 2>&1; echo "RESULT $NAME $?"; cat /tmp/out; }
HDD=$(D WD-WCC6Y0AB1234); SSD=$(D S3Z8NB0K111111); USED=$(D MOUNTED0001); SAS=$(D S0M3TH1NG)
export RECOND_STATE=/tmp/st
echo ',,' | sfdisk -q $HDD; udevadm settle
NAME=partition R wipe ${HDD}1 --out /tmp/o
NAME=mounted R wipe $USED --confirm MOUNTED0001 --out /tmp/o
NAME=system R wipe /dev/vda --confirm LABROOT --out /tmp/o
blockdev --setro $SSD
NAME=readonly R wipe $SSD --confirm S3Z8NB0K111111 --out /tmp/o
blockdev --setrw $SSD
mkswap -q $SSD >/dev/null 2>&1; swapon $SSD
NAME=swap R wipe $SSD --confirm S3Z8NB0K111111 --out /tmp/o
swapoff $SSD
NAME=serial R wipe $SSD --confirm WD-WCC6Y0AB1234 --out /tmp/o
mkdir -p /tmp/small && mount -t tmpfs -o size=1m tmpfs /tmp/small
NAME=full R wipe $SAS --confirm S0M3TH1NG --out /tmp/small/out
mount -o remount,ro /tmp/small
NAME=rofolder R wipe $SAS --confirm S0M3TH1NG --out /tmp/small/out2
head -c 24 $SAS; echo
cat /mnt/used/file
"""


def test_refusals(lab: Lab) -> None:
    done = lab.run("bench", SCRIPT, name="refusals")
    codes = {
        line.split()[1]: int(line.split()[2])
        for line in done.output.splitlines()
        if line.startswith("RESULT ")
    }
    assert codes == {
        "partition": 2,
        "mounted": 4,
        "system": 4,
        "readonly": 4,
        "swap": 4,
        "serial": 4,
        "full": 9,
        "rofolder": 9,
    }, done.output
    assert "Traceback" not in done.output
    assert "LABDATA sas0" in done.output, "the disk was touched"
    assert "keep-me" in done.output
