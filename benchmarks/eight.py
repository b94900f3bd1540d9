"""Eight slow disks at once against one alone, in the lab's emulated computer.

    python benchmarks/eight.py [--size-mib 48] [--mbps 2]

Boots the lab's smallest machine and makes throttled disks in it: null_blk with memory behind it,
each held to a speed of its own by the kernel's io.max (null_blk's own `mbps` lost a request for
ever in two of three runs). One is erased alone, then eight at once, by the same command; printed is
what the slowest of the eight took for its pass and its reading against the one. An emulated
processor starts eight workers one after the other, so whole commands are not compared. Needs
../shared/lab, built.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LAB = ROOT.parent / "shared" / "lab" / "run"
AT_ONCE = 8
GUEST = r"""
set -e
modprobe null_blk nr_devices=0
mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
mkdir -p /tmp/cgroup
mount -t cgroup2 none /tmp/cgroup
echo +io > /tmp/cgroup/cgroup.subtree_control
mkdir /tmp/cgroup/bench
for i in 0 1 2 3 4 5 6 7 8; do
    d=/sys/kernel/config/nullb/nullb$i
    mkdir $d
    echo 1 > $d/memory_backed; echo %(size)d > $d/size; echo 512 > $d/blocksize; echo 1 > $d/power
    echo "$(cat /sys/block/nullb$i/dev) rbps=%(bps)d wbps=%(bps)d" > /tmp/cgroup/bench/io.max
done
echo $$ > /tmp/cgroup/bench/cgroup.procs
export PYTHONPATH=/mnt/share/site LANG=C.UTF-8 RECOND_STATE=/tmp/state
cd /mnt/share
sure="--confirm other@$((%(size)d << 20))"  # these disks have no serial number
python3 -m recond wipe /dev/nullb8 $sure --method zero --out one --json 2>one.log
python3 -m recond wipe /dev/nullb[0-7] $sure --method zero --out eight --json 2>eight.log
"""


def record_of(folder: Path) -> dict[str, Any]:
    """The only record under a folder."""
    (found,) = folder.rglob("record.json")
    value: dict[str, Any] = json.loads(found.read_bytes())
    return value


def seconds_of(erasure: dict[str, Any]) -> float:
    """The pass and the reading, as the record has them."""
    if erasure["result"]["status"] != "erased":
        raise SystemExit(f"not erased: {erasure['result']}")
    spent = sum(step["duration_ms"] for step in erasure["steps"])
    return float(spent + erasure["verification"]["duration_ms"]) / 1000


def main() -> None:
    reader = argparse.ArgumentParser()
    reader.add_argument("--size-mib", type=int, default=48)
    reader.add_argument("--mbps", type=int, default=2)
    asked = reader.parse_args()
    if not LAB.exists():
        raise SystemExit("../shared/lab is not here")
    with tempfile.TemporaryDirectory() as name:
        share = Path(name) / "share"
        share.mkdir()
        subprocess.run(
            [
                sys.executable,
                "-m",
                "pip",
                "install",
                "--quiet",
                "--target",
                str(share / "site"),
                str(ROOT),
            ],
            check=True,
            capture_output=True,
        )
        begun = time.monotonic()
        done = subprocess.run(
            [
                str(LAB),
                "-m",
                "plain",
                "--share",
                str(share),
                "--state",
                str(Path(name) / "state"),
                "--timeout",
                "1800",
                "--",
                GUEST % {"size": asked.size_mib, "bps": asked.mbps << 20},
            ],
            capture_output=True,
            text=True,
        )
        if done.returncode:
            logs = [log.read_text()[-2000:] for log in share.glob("*.log")]
            raise SystemExit("\n".join([done.stdout[-2000:], done.stderr[-2000:], *logs]))
        (alone,) = map(seconds_of, record_of(share / "one")["erasures"])
        together = [seconds_of(one) for one in record_of(share / "eight")["erasures"]]
    if len(together) != AT_ONCE:
        raise SystemExit(f"{len(together)} disks in the record")
    print(f"{asked.size_mib} MiB at {asked.mbps} MiB/s each; pass and reading of a disk")
    print(f"alone {alone:8.1f} s")
    print(
        f"eight {max(together):8.1f} s (slowest), {min(together):.1f} s (quickest)   "
        f"ratio {max(together) / alone:.3f}   wanted <= 1.05"
    )
    print(f"the whole run of the lab {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
