"""What becomes of a command whose output nobody reads, or cannot be written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import environment
from tests.flow.bench import donor_image

FULL = Path("/dev/full")


def code_of(folder: Path, *words: str, stdout: int | None = None, stderr: int | None = None) -> int:
    """A command's code; without `stdout` its reader has gone before the first word."""
    gone, ours = os.pipe()
    os.close(gone)
    done = subprocess.run(
        (sys.executable, "-m", "recond", *words),
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=ours if stdout is None else stdout,
        stderr=subprocess.DEVNULL if stderr is None else stderr,
        timeout=120,
        check=False,
    )
    os.close(ours)
    return done.returncode


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("wipe", "a.img", "--image", "--confirm", "WRONG", "--json"), 4),  # it was 0: "done"
        (("verify", "a.img", "--json"), 141),
        (("methods",), 141),  # it was 1: "a bug of ours"
        (("methods", "--json"), 141),
        (("--version",), 141),
    ],
)
def test_a_reader_who_is_gone_makes_no_success(
    words: tuple[str, ...], code: int, tmp_path: Path
) -> None:
    donor_image(tmp_path / "a.img", 4096)
    assert code_of(tmp_path, *words) == code


def test_a_log_that_is_full_stops_no_erasure(tmp_path: Path) -> None:
    """Its supervisor died by its own progress line: erased, and without a certificate."""
    donor_image(tmp_path / "a.img", 1 << 16)
    wipe = ("wipe", "a.img", "--image", "--confirm", "a.img")
    with FULL.open("wb") as full:
        assert code_of(tmp_path, *wipe, stdout=subprocess.DEVNULL, stderr=full.fileno()) == 0
        (certificate,) = (tmp_path / "recond-out").glob("*/certificate.pdf")
        assert certificate.exists()
        assert code_of(tmp_path, "methods", stdout=full.fileno()) == 9
        assert code_of(tmp_path, "methods", "--json", stdout=full.fileno()) == 9
