"""An emulated computer of the lab, with recond installed in it."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

LAB = Path(__file__).parents[3] / "shared" / "lab" / "run"
SITE = (
    "mkdir -p /tmp/site && "
    "mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=loose,ro site /tmp/site; "
)
"""The programs have a share of their own, whose files the guest may keep: each start of recond
reads a thousand of them, and what stands in the other share is read anew each time."""


@dataclass(frozen=True)
class Run:
    """What a machine left: the command's exit status, all that was said, the images' folder."""

    code: int
    output: str
    state: Path


@dataclass(frozen=True)
class Lab:
    """`share` is /mnt/share in the guest; recond stands in `site`, beside it."""

    share: Path

    def knows(self, device: str, option: str = "") -> bool:
        """Whether the lab's QEMU lets such a device be added, and it has such an option."""
        qemu = os.environ.get("LAB_QEMU", "qemu-system-x86_64")
        told = subprocess.run([qemu, "-device", f"{device},help"], capture_output=True, text=True)
        return told.returncode == 0 and option in told.stdout

    def run(
        self, machine: str, command: str, *options: str, name: str = "one", timeout_s: int = 900
    ) -> Run:
        """Boot `machine` and run a shell command in it as root; `name` keeps the disks apart."""
        state = self.share.parent / f"lab-{name}"
        line = f"{SITE}cd /mnt/share && export PYTHONPATH=/tmp/site LANG=fr_FR.UTF-8; {command}"
        site = f"local,path={self.share.parent / 'site'},mount_tag=site,security_model=none"
        done = subprocess.run(
            [
                str(LAB),
                "-m",
                machine,
                "--share",
                str(self.share),
                "--state",
                str(state),
                "--timeout",
                str(timeout_s),
                f"--qemu=-virtfs {site},readonly=on,id=fssite",
                *options,
                "--",
                line,
            ],
            capture_output=True,
            text=True,
            timeout=timeout_s + 120,
        )
        return Run(done.returncode, done.stdout + done.stderr, state)
