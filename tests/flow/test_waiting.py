"""A command that waits for its workers holds nothing of what only the certificate needs; a process
of its own does, which is asked once.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from recond.host.apart import Waiting, waits_apart
from recond.host.process import LocalProcesses
from tests.house import ROOT

HEAVY = ("reportlab", "pikepdf", "pyhanko", "PIL", "lxml", "fontTools")
ERASES = """
import sys
from recond.cli import run_app
from recond.flow.run import run
issue = run.issue
def issued(*given, **named):
    done = issue(*given, **named)
    print("SIGNED", done.signed, [one for one in %r if one in sys.modules], file=sys.stderr)
    return done
run.issue = issued
sys.exit(run_app())
"""
"""Erases, and says when it has certified what is loaded until then."""


def test_the_certificates_libraries_are_never_loaded_by_who_waits(tmp_path: Path) -> None:
    """60 MiB for hours, and a second of processor time when the last byte is read: the certificate
    that is tried before the first byte is made apart, and the true one too.
    """
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
    assert "SIGNED True []\n" in done.stderr, done.stderr[-2000:]
    assert done.returncode == 0


def fails() -> NoReturn:
    raise OSError("no")


def succeeds_apart(work: Callable[[], object]) -> bool:
    """Whether it did, in a process that is not asked anything."""
    one = waits_apart(work, bytes.upper)
    if one is not None:
        one.end()
    return one is not None


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
        assert not succeeds_apart(fails)
        assert succeeds_apart(lambda: (tmp_path / "made").write_text("x"))
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
        assert waits_apart(lambda: (tmp_path / "made").write_text("x"), bytes.upper) is None
    finally:
        end.set()
        other.join()
    assert not (tmp_path / "made").exists()


# --- One that stays ---------------------------------------------------------------------------

LONG = b"question " * 100_000
"""More than the line between the two holds."""


def waiting_for(answer: Callable[[bytes], bytes]) -> Waiting:
    found = waits_apart(lambda: None, answer)
    assert found is not None
    return found


def is_gone(one: Waiting) -> bool:
    """Whether it ended and somebody looked at its end."""
    return not Path(f"/proc/{one._process}").exists()


def test_one_that_stays_answers_once(tmp_path: Path) -> None:
    one = waits_apart(lambda: (tmp_path / "made").write_text("x"), lambda q: q.upper() * 3)
    assert one is not None
    assert (tmp_path / "made").read_text() == "x"
    assert one.ask(LONG, 30) == LONG.upper() * 3
    assert is_gone(one)
    assert one.ask(LONG, 30) is None
    one.end()
    other = waiting_for(bytes.upper)
    other.end()
    assert is_gone(other)


@pytest.mark.parametrize(
    "answer", [lambda _: fails(), lambda _: os.kill(os.getpid(), 9), lambda _: os._exit(0)]
)
def test_one_that_fails_has_no_answer(answer: Callable[[bytes], bytes]) -> None:
    one = waiting_for(answer)
    assert one.ask(LONG, 30) is None
    assert is_gone(one)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM])
def test_one_that_was_killed_or_frozen_is_not_waited_for(number: int) -> None:
    one = waiting_for(bytes.upper)
    os.kill(one._process, number)
    assert one.ask(LONG, 0.2) is None
    assert is_gone(one)


def test_half_an_answer_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    one = waiting_for(bytes.upper)
    whole = Waiting._answer
    monkeypatch.setattr(Waiting, "_answer", lambda *given: whole(*given)[:-40])
    assert one.ask(LONG, 30) is None


@pytest.mark.parametrize("work", [fails, lambda: os.kill(os.getpid(), 9), lambda: sys.exit(0)])
def test_who_fails_before_does_not_stay(work: Callable[[], object]) -> None:
    assert waits_apart(work, bytes.upper) is None


def test_one_that_stays_holds_nothing_of_who_forked_it(tmp_path: Path) -> None:
    """Neither a lock that is let go here, nor a disk, nor the pipe that somebody reads."""
    with (tmp_path / "held").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        one = waiting_for(bytes.upper)
        listed = Path(f"/proc/{one._process}/fd").iterdir()
        kept = {str(path.readlink()) for path in listed}
        assert {name for name in kept if not name.startswith("socket:")} == {os.devnull}
        assert sum(name.startswith("socket:") for name in kept) == 1
    with (tmp_path / "held").open("w") as again:
        fcntl.flock(again, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert Path(f"/proc/{one._process}/oom_score_adj").read_text() == "1000\n"
    assert one.ask(b"a", 30) == b"A"


def test_one_that_stays_ends_with_who_forked_it() -> None:
    told = "import os; from recond.host.apart import waits_apart; "
    told += "print(waits_apart(int, bytes.upper)._process, flush=True); os.kill(os.getpid(), 9)"
    done = subprocess.run(
        [sys.executable, "-c", told], stdout=subprocess.PIPE, text=True, cwd=ROOT, check=False
    )
    until = time.monotonic() + 30
    while Path(f"/proc/{done.stdout.strip()}/exe").exists() and time.monotonic() < until:
        time.sleep(0.01)
    assert not Path(f"/proc/{done.stdout.strip()}/exe").exists()


def test_who_ignores_the_end_of_children_is_answered_too() -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        one = waiting_for(bytes.upper)
        assert one.ask(LONG, 30) == LONG.upper()
        gone = waiting_for(bytes.upper)
        os.kill(gone._process, signal.SIGKILL)
        assert gone.ask(LONG, 30) is None
    finally:
        signal.signal(signal.SIGCHLD, before)
