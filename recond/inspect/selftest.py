"""Self-tests of disks: started together, followed to their end, judged by the drives' own words.

Why: SMART's figures are a memory, a self-test is a look. All drives test at once, each for itself.
A test that was stopped, that never ended or of which the log shows nothing has no outcome; only
"completed without error" is a pass. Nothing is written to a disk; disks in use may be tested.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from recond.host.clock import Clock
from recond.host.selftest import SelfTests, SelfTestState
from recond.model import Known, Outcome, Reading, Unknown, Why

LIMITS_S = {"short": 15 * 60, "conveyance": 30 * 60, "long": 48 * 3600}
"""Kinds, and how long the slowest drive is waited for."""

_PASSED = re.compile(r"completed(, | )?(without error|\[?no error)?\]?( *[-–])?", re.IGNORECASE)
_FAILED = re.compile(r"fail|fatal|error|damage|unknown", re.IGNORECASE)
_STOPPED = re.compile(r"abort|interrupt|reset|host", re.IGNORECASE)
OnProgress = Callable[[str, int | None], None]
"""Told of a path and how far its test is, in percent; None where the drive does not say."""


@dataclass(frozen=True, slots=True)
class SelfTestResult:
    """How a disk's self-test ended. `words` are the drive's; `duration_s` as we waited."""

    path: str
    kind: str
    outcome: Outcome
    words: Reading[str]
    duration_s: int


def run_self_tests(
    tests: SelfTests,
    clock: Clock,
    paths: tuple[str, ...],
    kind: str,
    on_progress: OnProgress,
    poll_s: float = 5.0,
) -> tuple[SelfTestResult, ...]:
    """Test the disks at some paths, in their order; `kind` is one of `LIMITS_S`.

    Where the caller is interrupted the drives are told to stop, and the interruption goes on.
    """
    begun = clock.monotonic_s()
    ended: dict[str, Reading[str]] = {}
    durations: dict[str, int] = {}
    for path in paths:
        refused = tests.start(path, kind)
        if refused is not None:
            ended[path], durations[path] = refused, 0
    running = [path for path in paths if path not in ended]
    try:
        while running:
            for path in tuple(running):
                told = _ask(tests, path, on_progress)
                waited = int(clock.monotonic_s() - begun)
                if told is None and waited >= LIMITS_S[kind]:
                    tests.stop(path)
                    told = Unknown(Why.TIMEOUT, f"{waited} s")
                if told is not None:
                    ended[path], durations[path] = told, waited
                    running.remove(path)
            if running:
                clock.sleep(poll_s)
    finally:
        for path in running:
            tests.stop(path)
    return tuple(
        SelfTestResult(path, kind, judge_words(ended[path]), ended[path], durations[path])
        for path in paths
    )


def _ask(tests: SelfTests, path: str, on_progress: OnProgress) -> Reading[str] | None:
    """The drive's words where its test has ended, None where it runs."""
    state = tests.state(path)
    if not isinstance(state, SelfTestState):
        return state
    on_progress(path, state.percent)
    return None if state.running else Known(state.words, f"pySMART:{path}")


def judge_words(words: Reading[str]) -> Outcome:
    """A pass, a failure, or unknown where the drive does not say either.

    smartctl's words: "Completed without error", "Completed: read failure", "Fatal or unknown
    error", "Aborted by host", "Interrupted (host reset)" (ATA); "Completed", "Failed in segment"
    (SCSI); "Completed without error", "Completed: failed segments" (NVMe).
    """
    if isinstance(words, Unknown):
        return Outcome.UNKNOWN
    text = " ".join(words.value.split())
    if _PASSED.fullmatch(text):
        return Outcome.PASS
    if _STOPPED.search(text):
        return Outcome.UNKNOWN
    return Outcome.FAIL if _FAILED.search(text) else Outcome.UNKNOWN
