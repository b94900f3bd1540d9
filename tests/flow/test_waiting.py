"""A command that waits for its workers holds nothing of what only the certificate needs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from recond.host.apart import succeeds_apart
from recond.host.process import LocalProcesses
from tests.house import ROOT

HEAVY = ("reportlab", "pikepdf", "pyhanko", "PIL", "lxml", "fontTools")
ERASES = """
import sys
from recond.cli import run_app
from recond.flow.run import run
def issued(*given, **named):
    sys.exit("LOADED" + " ".join(one for one in %r if one in sys.modules) + ".")
run.issue = issued
sys.exit(run_app())
"""
"""Erases, and says when it begins to certify what is loaded until then."""


def test_the_certificates_libraries_are_not_kept_while_a_disk_is_erased(tmp_path: Path) -> None:
    """60 MiB for hours: the certificate that is tried before the first byte is made apart."""
    image = tmp_path / "before.img"
    image.write_bytes(b"donor" * 300_000)
    argv = ["wipe", "--image", str(image), "--confirm", image.name, "--out", str(tmp_path / "out")]
    done = subprocess.run(
        [sys.executable, "-c", ERASES % (HEAVY,), *argv],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "RECOND_STATE": str(tmp_path / "state")},
        check=False,
    )
    assert "LOADED.\n" in done.stderr, done.stderr[-2000:]


def fails() -> None:
    raise OSError("no")


def test_what_is_tried_apart_leaves_nothing_here(tmp_path: Path) -> None:
    there: list[int] = []
    assert succeeds_apart(lambda: there.append(os.getpid()))
    assert succeeds_apart(lambda: (tmp_path / "made").write_text("x"))
    assert not there
    assert (tmp_path / "made").read_text() == "x"


@pytest.mark.parametrize(
    "work", [fails, lambda: os.kill(os.getpid(), 9), lambda: os._exit(3), lambda: sys.exit(2)]
)
def test_what_fails_apart_did_not_succeed(work: object) -> None:
    assert callable(work)
    assert not succeeds_apart(work)


def test_who_ignores_the_end_of_children_is_not_misled(tmp_path: Path) -> None:
    """A starter that ignores SIGCHLD hands it on: the trial ended every erasure with 9, and a tool
    that failed seemed to have ended well.
    """
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        assert not succeeds_apart(lambda: (tmp_path / "made").write_text("x"))
        assert LocalProcesses().run(("false",)).returncode == 0, "what Python makes of it"
        told = "import sys; from recond.cli import run_app; sys.argv = ['recond', 'methods']; "
        told += "run_app(); from recond.host.process import LocalProcesses; "
        told += "print('CODE', LocalProcesses().run(('false',)).returncode)"
        done = subprocess.run(
            [sys.executable, "-c", told], stdout=subprocess.PIPE, text=True, cwd=ROOT, check=False
        )
    finally:
        signal.signal(signal.SIGCHLD, before)
    assert (tmp_path / "made").read_text() == "x"
    assert done.stdout.endswith("CODE 1\n")


def test_a_process_with_threads_does_not_fork(tmp_path: Path) -> None:
    end = threading.Event()
    other = threading.Thread(target=end.wait)
    other.start()
    try:
        assert not succeeds_apart(lambda: (tmp_path / "made").write_text("x"))
    finally:
        end.set()
        other.join()
    assert not (tmp_path / "made").exists()
