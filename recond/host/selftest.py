"""A drive's self-test: started, asked how far it is, stopped. pySMART speaks to the drive.

Why: the test runs inside the drive and is followed by asking; pySMART knows the families' ways to
start one and to read its log. It is used for nothing else. A drive or a library that answers
with nonsense gives `Unknown`; the exceptions that pySMART lets out are not a reason to stop.
"""

from __future__ import annotations

import os
import re
import warnings
from dataclasses import field
from typing import Any, Protocol

from recond.frozen import dataclass
from recond.host.log import log_swallowed
from recond.model import Unknown, Why

RUNNING, ABORTED = 1, 3  # pySMART.Device.get_selftest_result
_STARTED = (0, 1)  # run_selftest: begun, or one is running already


@dataclass(frozen=True, slots=True)
class SelfTestState:
    """Where a test is: running at `percent` (None: not told), or ended with the drive's words."""

    running: bool
    percent: int | None = None
    words: str = ""


class SelfTests(Protocol):
    """The self-tests of the drives at some paths."""

    def start(self, path: str, kind: str) -> Unknown | None:
        """Start a test ("short", "long", "conveyance"); why not, or None where it runs."""

    def state(self, path: str) -> SelfTestState | Unknown:
        """Where the test that was started is."""

    def stop(self, path: str) -> None:
        """Have the drive stop its test."""


@dataclass(slots=True)
class SmartSelfTests:
    """Self-tests of this computer's drives."""

    _drives: dict[str, Any] = field(default_factory=dict)

    def start(self, path: str, kind: str) -> Unknown | None:
        """Start a test, or follow the one that is running already."""
        try:
            drive = _open(path)
            if drive.interface is None:
                return Unknown(Why.UNSUPPORTED, "pySMART: no drive that it knows")
            code, message, _ = drive.run_selftest(kind)
        except FileNotFoundError:
            return Unknown(Why.TOOL_MISSING, "smartctl")
        except Exception as error:  # whatever its parser meets in a drive's text
            log_swallowed("selftest", error)
            return Unknown(Why.UNREADABLE, f"pySMART: {type(error).__name__}")
        if code not in _STARTED:
            return Unknown(Why.UNSUPPORTED, f"pySMART: {message}"[:120])
        self._drives[path] = drive
        return None

    def state(self, path: str) -> SelfTestState | Unknown:
        """The progress, or the newest entry of the drive's log."""
        drive = self._drives[path]
        try:
            code, entry, percent = drive.get_selftest_result()
            if code == RUNNING:
                return SelfTestState(True, _percent(percent))
            # a log that is full or kept by the hour may show no new entry: the newest is it
            newest = entry if hasattr(entry, "status") else (drive.tests or [None])[0]
        except Exception as error:  # whatever its parser meets in a drive's text
            log_swallowed("selftest", error)
            return Unknown(Why.UNREADABLE, f"pySMART: {type(error).__name__}")
        if newest is None:
            return Unknown(Why.ABSENT, "pySMART: no entry in the drive's log")
        return SelfTestState(False, 100, str(newest.status))

    def stop(self, path: str) -> None:
        """Stop the drive's test; a drive that does not answer keeps it."""
        try:
            self._drives[path].abort_selftest()
        except Exception as error:  # the drive is gone, or was never asked
            log_swallowed("selftest", error)


class NoSelfTests:
    """The drives of a capture: they are not here to test themselves."""

    def start(self, path: str, kind: str) -> Unknown | None:  # noqa: ARG002 - a real one needs them
        """Why not."""
        return Unknown(Why.UNSUPPORTED, "capture")

    def state(self, path: str) -> SelfTestState | Unknown:  # noqa: ARG002
        """Never started."""
        return Unknown(Why.UNSUPPORTED, "capture")

    def stop(self, path: str) -> None:
        """Nothing runs."""


def _open(path: str) -> Any:
    before = os.environ.get("LANG")
    try:
        import pySMART  # sets LANG for the whole process when it is loaded
    finally:
        if before is None:
            os.environ.pop("LANG", None)
        else:
            os.environ["LANG"] = before
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns on stderr of what its answers say as well
        return pySMART.Device(path)


def _percent(told: object) -> int | None:
    found = re.match(r"\d{1,3}", str(told))
    return min(100, int(found[0])) if found else None
