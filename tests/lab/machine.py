"""An emulated computer of the lab, with recond installed in it."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

LAB = Path(__file__).parents[3] / "shared" / "lab" / "run"


@dataclass(frozen=True)
class Run:
    """What a machine left: the command's exit status, all that was said, the images' folder."""

    code: int
    output: str
    state: Path


@dataclass(frozen=True)
class Lab:
    """`share` is /mnt/share in the guest; recond stands in its `site`."""

    share: Path

    def run(
        self, machine: str, command: str, *options: str, name: str = "one", timeout_s: int = 900
    ) -> Run:
        """Boot `machine` and run a shell command in it as root; `name` keeps the disks apart."""
        state = self.share.parent / f"lab-{name}"
        line = f"cd /mnt/share && export PYTHONPATH=/mnt/share/site LANG=fr_FR.UTF-8; {command}"
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
                *options,
                "--",
                line,
            ],
            capture_output=True,
            text=True,
            timeout=timeout_s + 120,
        )
        return Run(done.returncode, done.stdout + done.stderr, state)
