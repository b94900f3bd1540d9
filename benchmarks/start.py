"""A start's first screen: `python benchmarks/start.py NEW.iso [OLD.iso] [TIMES]`.

An emulated computer starts each image in turns, its kernel given directly (what the menu would
start, without the firmware and the five seconds of the menu). Printed: seconds of the wall and of
the emulator's processor time until the first screen of the guided dialogue stands on the text
screen, and NEW as a part of OLD. Beside each image lie its `.vmlinuz` and `.initrd`, as
`make image` makes them. Only the ratio says something: emulated seconds are not a computer's.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.image.computer import Computer  # noqa: E402

MEMORY_MIB = 2048
LIMIT_S = 400
FIRST = r"1 (sur|of) 6"
"""The first step's number, in French or English."""


def words() -> str:
    """What the menu's entry for a simple display puts on the kernel's line; no serial line."""
    menu = (ROOT / "packaging/image/boot/grub.cfg").read_text(encoding="utf-8")
    common = menu.partition('set common="')[2].partition('"')[0].replace("$from_file", "")
    return re.sub(r"console=ttyS\S*", "", common) + " nomodeset"


def processor_s(pid: int) -> float:
    """What a process has used so far, user and system (proc_pid_stat(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def start(image: Path) -> tuple[float, float]:
    """One start: seconds of the wall, and of processor time."""
    with tempfile.TemporaryDirectory(prefix="start-") as folder:
        computer = Computer(Path(folder), image)
        kernel, initrd = image.with_suffix(".vmlinuz"), image.with_suffix(".initrd")
        more = ("-kernel", str(kernel), "-initrd", str(initrd), "-append", words())
        began = time.monotonic()
        process = computer.start("bios", MEMORY_MIB, *more)
        try:
            while time.monotonic() - began < LIMIT_S:
                time.sleep(0.5)
                if (computer.folder / "monitor").exists() and re.search(FIRST, computer.screen()):
                    return time.monotonic() - began, processor_s(process.pid)
            raise TimeoutError(f"no first screen in {LIMIT_S} s; it shows:\n{computer.screen()}")
        finally:
            process.kill()
            process.wait()


def main(arguments: list[str]) -> None:
    images = [Path(one) for one in arguments if not one.isdecimal()]
    times = next((int(one) for one in arguments if one.isdecimal()), 1)
    seen: dict[Path, list[tuple[float, float]]] = {image: [] for image in images}
    for _ in range(times):
        for image in images:
            seen[image].append(start(image))
            wall_s, used_s = seen[image][-1]
            print(f"{image.parent.name}/{image.name}: {wall_s:.0f} s, processor {used_s:.0f} s")
    if len(images) > 1:
        new, old = (
            [median(one[which] for one in seen[image]) for which in (0, 1)] for image in images[:2]
        )
        print(
            f"new / old: {new[0] / old[0]:.2f} of the wall, {new[1] / old[1]:.2f} of processor time"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
