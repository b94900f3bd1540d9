"""Who else has a disk, on a real kernel: each kind of member active and let go, a partition that a
program has open, two paths to one disk, and a disk that another one of its serial number replaces.

btrfs and bcache are tried where the guest has their tools, installed or unpacked into the folder
that RECOND_LAB_TOOLS names.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from typing import Any

import pytest

from tests.lab.machine import Lab

pytestmark = pytest.mark.lab
MIB = 1 << 20

WORDS = r"""
D() { lsblk -dno NAME,SERIAL | awk -v s="$1" '$2==s {print "/dev/"$1}' | sed -n "${2:-1}p"; }
R() { python3 -m recond "$@" --lang en >/tmp/out 2>&1; echo "RESULT $NAME $?"; tail -n 3 /tmp/out; }
W() { R wipe $1 --confirm $2 --out /tmp/o --verify full; }
HDD=$(D WD-WCC6Y0AB1234); SSD=$(D S3Z8NB0K111111); SAS=$(D S0M3TH1NG); K4=$(D K4G5PAAA)
export RECOND_STATE=/tmp/st
T=/mnt/share/tools; export PATH=$PATH:$T/sbin:$T/usr/sbin:$T/bin:/sbin:/usr/sbin
export LD_LIBRARY_PATH=$T/lib/x86_64-linux-gnu
"""


@dataclass(frozen=True)
class Member:
    """A way to have a disk: what takes it, wipes while it is had, lets go and wipes. `refused` and
    `erased` are the wipes' names; `maybe` where the guest may lack the tools.
    """

    command: str
    refused: tuple[str, ...]
    erased: tuple[str, ...]
    disks: tuple[str, ...]
    maybe: bool = False


MEMBERS = {
    "open": Member(
        r"""
echo ',,' | sfdisk -q $HDD; udevadm settle
python3 -c "import os, time
d = os.open('${HDD}1', os.O_RDWR); os.pwrite(d, b'SECRET' * 9000, 1 << 20); time.sleep(6000)" &
HOLDER=$!; sleep 3
NAME=open-plan R plan $HDD
echo "NAMED $(grep -c "pid $HOLDER" /tmp/out)"
NAME=open W $HDD WD-WCC6Y0AB1234
kill $HOLDER; wait $HOLDER 2>/dev/null
NAME=open-left W $HDD WD-WCC6Y0AB1234
echo "SECRETS $(grep -c SECRET $HDD)"
""",
        ("open-plan", "open"),
        ("open-left",),
        ("hdd0",),
    ),
    "md": Member(
        r"""
mdadm --quiet --create /dev/md7 --run --force --level=1 --raid-devices=2 missing $SSD </dev/null
NAME=md W $SSD S3Z8NB0K111111
mdadm --quiet --stop /dev/md7
NAME=md-stopped W $SSD S3Z8NB0K111111
""",
        ("md",),
        ("md-stopped",),
        ("ssd0",),
    ),
    "lvm": Member(
        r"""
pvcreate -qq -y $SAS && vgcreate -qq lab $SAS && lvcreate -qq -y -an -L 8M -n one lab
lvchange -ay lab/one
NAME=lvm W $SAS S0M3TH1NG
vgchange -qq -an lab
NAME=lvm-inactive W $SAS S0M3TH1NG
""",
        ("lvm",),
        ("lvm-inactive",),
        ("sas0",),
    ),
    "crypt": Member(
        r"""
head -c 32 /dev/urandom >/tmp/key
cryptsetup open --type plain --cipher aes-xts-plain64 --key-size 256 --key-file /tmp/key $K4 lab
NAME=crypt W $K4 K4G5PAAA
cryptsetup close lab
NAME=crypt-closed W $K4 K4G5PAAA
""",
        ("crypt",),
        ("crypt-closed",),
        ("sas4k",),
    ),
    "btrfs": Member(
        r"""
if command -v mkfs.btrfs >/dev/null && modprobe btrfs; then
  mkfs.btrfs -q -f -M -m single -d single $HDD $SSD; mkdir -p /tmp/b; mount $HDD /tmp/b
  NAME=btrfs W $SSD S3Z8NB0K111111
  umount /tmp/b; NAME=btrfs-unmounted W $SSD S3Z8NB0K111111
else echo LACKING; fi
""",
        ("btrfs",),
        ("btrfs-unmounted",),
        ("hdd0", "ssd0"),
        maybe=True,
    ),
    "bcache": Member(
        r"""
if command -v make-bcache >/dev/null && modprobe bcache; then
  make-bcache -B $SAS >/dev/null; echo $SAS >/sys/fs/bcache/register; sleep 2
  NAME=bcache W $SAS S0M3TH1NG
  echo 1 >/sys/block/bcache0/bcache/stop; sleep 2
  NAME=bcache-stopped W $SAS S0M3TH1NG
else echo LACKING; fi
""",
        ("bcache",),
        ("bcache-stopped",),
        ("sas0",),
        maybe=True,
    ),
}


def wipes(output: str) -> dict[str, int]:
    """The exit codes of the wipes, by name."""
    words = [line.split() for line in output.splitlines()]
    return {one[1]: int(one[2]) for one in words if one[:1] == ["RESULT"] and len(one) == 3}


@pytest.mark.parametrize("name", MEMBERS)
def test_a_member_is_refused_while_it_is_active(lab: Lab, name: str) -> None:
    tools, place = os.environ.get("RECOND_LAB_TOOLS"), lab.share / "tools"
    if tools and not place.exists():  # one folder for all the boots; links cannot be laid twice
        shutil.copytree(tools, place, symlinks=True)
    one = MEMBERS[name]
    disks = [word for disk in one.disks for word in ("--disk", disk)]
    done = lab.run("bench", WORDS + one.command, *disks, name=f"held-{name}", timeout_s=1500)
    found = wipes(done.output)
    if one.maybe and "LACKING" in done.output.split():
        pytest.skip(f"the guest has no {name}")
    assert found == dict.fromkeys(one.refused, 4) | dict.fromkeys(one.erased, 0), done.output
    assert "Traceback" not in done.output
    image = (done.state / f"{one.disks[-1]}.img").read_bytes()  # the one that was let go
    assert image.count(0) == len(image)
    if name == "open":
        assert "NAMED 1" in done.output, "the program is not named when planning"
        assert "SECRETS 0" in done.output, "what the program had in its cache came back"


def qmp(command: str, **arguments: Any) -> str:
    return "qmp " + json.dumps({"execute": command, "arguments": arguments})


def raw_file(name: str, path: str) -> str:
    return qmp(
        "blockdev-add",
        **{"driver": "raw", "node-name": name, "file": {"driver": "file", "filename": path}},
    )


PATHS = r"""
for i in $(seq 90); do B=$(D TWOPATHS 2); [ -n "$B" ] && break; sleep 1; done
A=$(D TWOPATHS 1); echo "PATHS $A $B"
mkfs.ext4 -Fq $A; mkdir -p /tmp/m; mount $A /tmp/m; echo keep-me >/tmp/m/file
NAME=path-mounted W $B TWOPATHS
cat /tmp/m/file; umount /tmp/m
N=$(blockdev --getsz $A)
dmsetup create mpath --table "0 $N multipath 0 0 1 1 round-robin 0 2 1 $A 1000 $B 1000"
NAME=multipath W $A TWOPATHS
dmsetup remove mpath
NAME=path-free W $B TWOPATHS
"""


def test_each_path_of_a_disk_is_guarded(lab: Lab) -> None:
    shared = lab.share.parent / "two-held-paths.img"
    shared.write_bytes((b"LABDATA two paths " * MIB)[: 16 * MIB])
    path = {"driver": "scsi-hd", "bus": "scsi0.0", "serial": "TWOPATHS", "drive": "two",
            "wwn": 0x5000C500000000AA, "share-rw": True}  # fmt: skip
    options = ["--disk", "sas0", "--at", "0:" + raw_file("two", str(shared))]
    for number in (5, 6):
        plug = qmp("device_add", id=f"path{number}", **{**path, "scsi-id": number})
        options += ["--at", f"1:{plug}"]
    done = lab.run("bench", WORDS + PATHS, *options, name="held-paths", timeout_s=1500)
    assert wipes(done.output) == {"path-mounted": 4, "multipath": 4, "path-free": 0}, done.output
    assert "keep-me" in done.output
    assert "Traceback" not in done.output
    assert b"LABDATA" not in shared.read_bytes()


SWAPPED = r"""
D() { lsblk -dno NAME,SERIAL | awk -v s="$1" '$2==s {print "/dev/"$1}'; }
export RECOND_STATE=/tmp/st
python3 -m recond wipe $(D USBGONE) --confirm USBGONE --out /tmp/o --lang en &
until ls /tmp/st/runs/*/journals/*.jsonl >/dev/null 2>&1; do sleep 1; done; sleep 4; echo "PULL NOW"
wait $!; echo "RESULT pulled $?"
echo "PLUG NOW"; sleep 15; echo "PLUGGED $(D USBGONE)"
python3 -m recond resume --lang en >/tmp/out 2>&1; echo "RESULT resumed $?"; tail -n 12 /tmp/out
cp -r /tmp/o /mnt/share/swapped
"""


def test_a_stick_that_another_of_its_number_replaces_is_not_gone_on_with(lab: Lab) -> None:
    other = lab.share.parent / "other.img"
    theirs = (b"SOMEBODY ELSE'S " * (4 * MIB))[: 64 * MIB]
    other.write_bytes(theirs)
    plug = qmp("device_add", driver="usb-storage", id="other", bus="xhci.0", serial="USBGONE",
               removable=True, drive="other")  # fmt: skip
    done = lab.run(
        "faulty",
        SWAPPED,
        *("--disk", "usbgone", "--at", "0:" + raw_file("other", str(other))),
        *("--when", "PULL NOW:unplug usbgone", "--when", f"PLUG NOW:{plug}"),
        name="swapped",
        timeout_s=900,
    )
    assert "PLUGGED /dev/sd" in done.output, done.output
    assert other.read_bytes() == theirs, "it was written"
    assert "RESULT pulled 5" in done.output, done.output
    for record in (lab.share / "swapped").glob("*/record.json"):
        for one in json.loads(record.read_bytes())["erasures"]:
            assert one["result"]["status"] != "erased", one["result"]
