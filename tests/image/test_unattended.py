"""The stick's script: when it erases more, and when the computer goes off by itself."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "packaging/image/root/usr/lib/recond/unattended"
PATHS = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def end(folder: Path, **answers: int) -> list[str]:
    """What the script called, where the programs of the image end with these codes."""
    tools, log = folder / "bin", folder / "log"
    tools.mkdir()
    (folder / "console.env").write_text(
        f"RECOND_UNFINISHED={answers.pop('unfinished')}\nRECOND_END=poweroff\nRECOND_OUT=/out\n"
    )
    for name in ("recond", "stick", "systemctl"):
        codes = "".join(f'[ "$1" = {word} ] && exit {code}\n' for word, code in answers.items())
        (tools / name).write_text(f'#!/bin/sh\necho "{name} $1" >>{log}\n{codes}exit 0\n')
        (tools / name).chmod(0o755)
    text = SCRIPT.read_text(encoding="utf-8")
    assert PATHS in text
    for old, new in (
        (PATHS, f"PATH={tools}:/usr/bin:/bin"),
        ("/usr/lib/recond/stick", str(tools / "stick")),
        ("/run/recond/console.env", str(folder / "console.env")),
        ("cd /root", f"cd {folder}"),
    ):
        text = text.replace(old, new)
    subprocess.run(["/bin/sh", "-c", text], check=False, capture_output=True)
    return log.read_text().splitlines()


@pytest.mark.parametrize(
    ("unfinished", "resume", "left", "run", "whole", "runs", "goes_off"),
    [
        (0, 0, 1, 0, 0, True, True),
        (0, 0, 1, 10, 1, True, False),  # something of the computer is left
        (0, 0, 1, 5, 0, True, False),
        (1, 0, 1, 0, 0, False, True),
        (1, 10, 0, 0, 0, True, True),  # a disk that had not begun: it is erased too
        (1, 10, 1, 0, 1, False, False),  # what is left cannot be erased
        (1, 10, 1, 0, 0, False, True),  # two records are the whole that one is not
        (1, 5, 0, 0, 0, False, False),
        (1, 6, 1, 0, 0, False, False),
        (1, 7, 1, 0, 0, False, False),
    ],
)
def test_when_it_erases_and_goes_off(
    tmp_path: Path,
    unfinished: int,
    resume: int,
    left: int,
    run: int,
    whole: int,
    runs: bool,
    goes_off: bool,
) -> None:
    called = end(tmp_path, unfinished=unfinished, resume=resume, left=left, run=run, whole=whole)
    assert ("recond run" in called) is runs
    assert ("systemctl poweroff" in called) is goes_off


@pytest.mark.parametrize("end_code", [1])
def test_results_in_memory_alone_keep_it_on(tmp_path: Path, end_code: int) -> None:
    called = end(tmp_path, unfinished=0, run=0, whole=0, left=1, end=end_code)
    assert "systemctl poweroff" not in called
