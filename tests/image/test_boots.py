"""The image starts each kind of computer, erases its disks and leaves the proof on the stick.

What was erased is read from outside, from the disks' own files; the stick is read as a FAT
partition and compared with the image byte for byte everywhere else.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from subprocess import run
from typing import Any

import pytest

from tests.image.computer import DISK_BYTES, MARK, Computer

ROOT = Path(__file__).parents[2]

ORDER = """[stick]
mode = "unattended"
erase = "all"
lot = "LAB 1"
end = "poweroff"
[workshop]
name = "Bricol'Café du lab"
"""


def the_record(taken: Path) -> dict[str, Any]:
    """The one record on the stick, after its certificate was verified as a donor would."""
    (folder,) = (taken / "certificats").iterdir()
    done = run([sys.executable, "-m", "recond", "verify", folder, "--trust",
                taken / "recond" / "keys" / "bench.pem", "--state", taken / "no-state"],
               cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads((folder / "record.json").read_bytes())
    return found


@pytest.mark.parametrize(("firmware", "memory_mib"), [
    ("bios", 2048), ("uefi", 2048), ("secure", 2048), ("uefi", 1024), ("bios", 1024)])
def test_an_unattended_run(image: Path, tmp_path: Path, firmware: str, memory_mib: int) -> None:
    computer = Computer(tmp_path, image)
    computer.put("recond.toml", ORDER)
    computer.run(firmware, memory_mib)
    for disk in computer.disks.values():
        assert disk.stat().st_size == DISK_BYTES
        assert not any(disk.read_bytes())
    assert computer.check_fat() == 0
    assert not computer.changed_outside_fat()
    record = the_record(computer.take())
    assert record["lot"] == "LAB 1"
    assert record["workshop"]["name"] == "Bricol'Café du lab"
    results = {one["disk"]["serial"]: one["result"] for one in record["erasures"]}
    for serial in computer.disks:
        assert results[serial]["status"] == "erased"
        assert results[serial]["verdict"] == "approved"
    if "RECONDSTICK1" in results:
        assert results["RECONDSTICK1"]["status"] == "refused"
    secure = record["machine"]["firmware"]["secure_boot"].get("value")
    assert (secure is True) == (firmware == "secure")


def test_one_word_alone_erases_nothing(image: Path, tmp_path: Path) -> None:
    computer = Computer(tmp_path, image)
    computer.put("recond.toml", '[stick]\nmode = "unattended"\n')
    process = computer.start("bios", 2048)
    try:
        wait_for(computer, r"recond guided|LABNV0")
    finally:
        process.kill()
        process.wait()
    assert not computer.changed_outside_fat()
    for disk in computer.disks.values():
        assert disk.read_bytes().startswith(MARK * 1000)


def wait_for(computer: Computer, pattern: str, timeout_s: int = 900) -> None:
    """Until the serial line says something."""
    import time

    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if re.search(pattern, computer.said()):
            return
        time.sleep(1)
    raise AssertionError(computer.said()[-3000:])
