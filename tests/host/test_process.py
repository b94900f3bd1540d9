"""Tools: their end, their absence, and those that do not end."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from recond.host import process
from recond.host.process import NOT_FOUND, TIMED_OUT, LocalProcesses
from recond.host.workers import worker_environment
from tests.processes import pids_of


def test_a_tool_that_is_not_there_is_an_answer() -> None:
    done = LocalProcesses().run(("no-such-tool-of-ours",))
    assert (done.returncode, done.missing, done.stdout) == (NOT_FOUND, True, b"")


def test_a_tool_is_killed_with_all_that_it_started() -> None:
    """The child holds the pipe: who kills the parent alone waits for the child."""
    length = f"97.{os.getpid()}"
    started = time.monotonic()
    done = LocalProcesses().run(
        ("sh", "-c", f"echo so far; sleep {length} & sleep {length}"), timeout_s=1.0
    )
    assert done.returncode == TIMED_OUT
    assert done.stdout == b"so far\n"
    assert time.monotonic() - started < 30
    assert not pids_of(f"^sleep {length}$")


def test_a_tool_that_no_signal_ends_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kill that does nothing is what a tool shows that hangs in the kernel."""
    monkeypatch.setattr(process, "AFTER_KILL_S", 0.2)
    killed: list[int] = []
    monkeypatch.setattr(os, "killpg", lambda pid, _signal: killed.append(pid))
    started = time.monotonic()
    done = LocalProcesses().run(("sleep", "60"), timeout_s=0.2)
    assert (done.returncode, len(killed)) == (TIMED_OUT, 1)
    assert time.monotonic() - started < 30
    os.kill(killed[0], 9)


def test_a_tool_that_says_too_much_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it was kept for half a minute: gigabytes, and the bench with them."""
    monkeypatch.setattr(process, "MOST_BYTES", 1 << 20, raising=False)
    started = time.monotonic()
    done = LocalProcesses().run(("sh", "-c", "echo why >&2; exec cat /dev/zero"), timeout_s=40.0)
    assert (done.returncode, done.stderr) == (TIMED_OUT, b"why\n")
    assert len(done.stdout) <= 1 << 20
    assert time.monotonic() - started < 30


def test_a_tool_that_closes_its_mouth_is_waited_for() -> None:
    done = LocalProcesses().run(("sh", "-c", "echo a; exec >&- 2>&-; sleep 0.3; exit 3"))
    assert (done.returncode, done.stdout) == (3, b"a\n")
    done = LocalProcesses().run(("sh", "-c", "exec >&- 2>&-; sleep 60"), timeout_s=0.3)
    assert done.returncode == TIMED_OUT


def test_a_worker_is_given_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RECOND_KEY_PASSPHRASE", "RECOND_ROOT_PASSPHRASE", "RECOND_TOKEN_PIN"):
        monkeypatch.setenv(name, "geheim")
    monkeypatch.setenv("RECOND_STATE", "/somewhere")
    env = worker_environment(["/a", "/b"])
    said = subprocess.run(
        [sys.executable, "-c", "import os; print(dict(os.environ))"],
        env=env,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "geheim" not in said
    assert env["RECOND_STATE"] == "/somewhere"
    assert env["PYTHONPATH"] == f"/a{os.pathsep}/b"


def test_what_a_tool_leaves_running_is_not_waited_for() -> None:
    """A printer's filter held `lp`'s stream: the label came out, and recond said the contrary."""
    done = LocalProcesses().run(("sh", "-c", "sleep 30 & echo request id is L-1"), timeout_s=25.0)
    assert (done.returncode, done.stdout) == (0, b"request id is L-1\n")
