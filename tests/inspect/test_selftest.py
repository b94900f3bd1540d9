"""Self-tests: started, followed, judged; and the library that speaks to the drives."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from recond.flow.machine.selftest import SelfTested
from recond.host.selftest import SelfTestState, SmartSelfTests
from recond.inspect.selftest import LIMITS_S, judge_words, run_self_tests
from recond.model import Known, Outcome, Unknown, Why
from recond.show.answer import answer_line
from tests.cli.command import valid


@dataclass
class FakeClock:
    at: float = 0.0

    def now(self) -> str:
        return "2026-11-24T00:00:00.000Z"

    def monotonic_s(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds

    def random_bytes(self, count: int) -> bytes:
        return bytes(count)


@dataclass
class FakeDrives:
    """Each path: the states that the drive goes through."""

    states: dict[str, Iterator[SelfTestState | Unknown]]
    refused: dict[str, Unknown] = field(default_factory=dict)
    stopped: list[str] = field(default_factory=list)

    def start(self, path: str, kind: str) -> Unknown | None:
        return self.refused.get(path)

    def state(self, path: str) -> SelfTestState | Unknown:
        return next(self.states[path])

    def stop(self, path: str) -> None:
        self.stopped.append(path)


def running(*percents: int | None) -> list[SelfTestState | Unknown]:
    return [SelfTestState(True, p) for p in percents]


def test_all_disks_are_followed_to_their_end() -> None:
    drives = FakeDrives(
        {
            "/dev/sda": iter(
                [*running(10, 60), SelfTestState(False, 100, "Completed without error")]
            ),
            "/dev/sdb": iter(
                [*running(None), SelfTestState(False, 100, "Completed: read failure")]
            ),
        },
        {"/dev/sdc": Unknown(Why.UNSUPPORTED, "pySMART: no")},
    )
    heard: list[tuple[str, int | None]] = []
    found = run_self_tests(
        drives,
        FakeClock(),
        ("/dev/sda", "/dev/sdb", "/dev/sdc"),
        "short",
        lambda path, percent: heard.append((path, percent)),
    )
    answer = json.loads(answer_line("inspect.self-test", SelfTested(found)))
    assert [one["outcome"] for one in valid(answer)["results"]] == ["pass", "fail", "unknown"]
    assert [(r.path, r.outcome, r.duration_s) for r in found] == [
        ("/dev/sda", Outcome.PASS, 10),
        ("/dev/sdb", Outcome.FAIL, 5),
        ("/dev/sdc", Outcome.UNKNOWN, 0),
    ]
    assert heard == [
        ("/dev/sda", 10),
        ("/dev/sdb", None),
        ("/dev/sda", 60),
        ("/dev/sdb", 100),
        ("/dev/sda", 100),
    ]
    assert drives.stopped == []


def test_a_test_that_never_ends_is_stopped_and_unknown() -> None:
    drives = FakeDrives({"/dev/sda": iter(lambda: SelfTestState(True, 90), None)})
    (found,) = run_self_tests(drives, FakeClock(), ("/dev/sda",), "short", lambda *_: None, 60)
    assert found.outcome is Outcome.UNKNOWN
    assert isinstance(found.words, Unknown)
    assert found.words.why is Why.TIMEOUT
    assert found.duration_s == LIMITS_S["short"]
    assert drives.stopped == ["/dev/sda"]


def test_an_interruption_stops_the_drives_and_goes_on() -> None:
    drives = FakeDrives({"/dev/sda": iter(running(1, 2))})

    def interrupt(_path: str, percent: int | None) -> None:
        if percent == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_self_tests(drives, FakeClock(), ("/dev/sda",), "short", interrupt)
    assert drives.stopped == ["/dev/sda"]


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        ("Completed without error", Outcome.PASS),
        ("Completed", Outcome.PASS),
        ("Completed                   -", Outcome.PASS),
        ("completed without error", Outcome.PASS),
        ("Completed: read failure", Outcome.FAIL),
        ("Completed: electrical failure", Outcome.FAIL),
        ("Completed: handling damage??", Outcome.FAIL),
        ("Fatal or unknown error", Outcome.FAIL),
        ("Failed in segment -->", Outcome.FAIL),
        ("Completed: failed segments", Outcome.FAIL),
        ("Aborted by host", Outcome.UNKNOWN),
        ("Interrupted (host reset)", Outcome.UNKNOWN),
        ("Aborted: Controller Reset", Outcome.UNKNOWN),
        ("", Outcome.UNKNOWN),
        ("Self-test routine in progress", Outcome.UNKNOWN),
    ],
)
def test_the_drives_words(words: str, outcome: Outcome) -> None:
    assert judge_words(Known(words, "x")) is outcome


def test_what_is_not_known_is_no_pass() -> None:
    assert judge_words(Unknown(Why.ABSENT)) is Outcome.UNKNOWN


SMARTCTL = r"""#!/bin/sh
# A drive whose test is half done when first asked, and done when asked again.
case "$*" in
*-t\ short*) touch "$STATE.started"; echo 'Testing has begun.'; exit 0;;
*-X*) touch "$STATE.stopped"; exit 0;;
*-d\ test*) echo "/dev/sdz: Device of type 'sat' [ATA] opened"; exit 0;;
esac
if [ -f "$STATE.started" ] && [ ! -f "$STATE.asked" ]; then
  status='( 245)	Self-test routine in progress...
					50% of test remaining.'
  touch "$STATE.asked"; log='No self-tests have been logged.'
elif [ -f "$STATE.started" ]; then
  status='(   0)	The previous self-test routine completed'
  log='# 1  Short offline       Completed without error       00%      4321         -'
else
  status='(   0)	The previous self-test routine completed'; log='No self-tests have been logged.'
fi
cat <<END
smartctl 7.3 2022-02-28 r5338 [x86_64-linux-6.1.0] (local build)
=== START OF INFORMATION SECTION ===
Device Model:     TESTDRIVE
Serial Number:    Z1
User Capacity:    1,000,204,886,016 bytes [1.00 TB]
Sector Size:      512 bytes logical/physical
ATA Version is:   ACS-2
SMART support is: Available - device has SMART capability.
SMART support is: Enabled
=== START OF READ SMART DATA SECTION ===
SMART overall-health self-assessment test result: PASSED
Self-test execution status:      $status
SMART capabilities:            (0x0003)	Saves SMART data
					Self-test supported.
SMART Self-test log structure revision number 1
Num  Test_Description    Status                  Remaining  LifeTime(hours)  LBA_of_first_error
$log
END
"""


def test_the_library_starts_follows_and_reads_a_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against a smartctl that answers as a drive does; pySMART itself is the real one."""
    import pySMART.smartctl as library

    tool = tmp_path / "smartctl"
    tool.write_text(SMARTCTL)
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("STATE", str(tmp_path / "drive"))
    monkeypatch.setattr(library.SMARTCTL, "smartctl_path", str(tool))
    tests = SmartSelfTests()
    assert tests.start("/dev/sdz", "short") is None
    assert tests.state("/dev/sdz") == SelfTestState(True, 50)
    assert tests.state("/dev/sdz") == SelfTestState(False, 100, "Completed without error")
    tests.stop("/dev/sdz")
    assert (tmp_path / "drive.stopped").exists()


def test_a_drive_without_self_tests_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pySMART.smartctl as library

    tool = tmp_path / "smartctl"
    tool.write_text("#!/bin/sh\nexit 2\n")
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(library.SMARTCTL, "smartctl_path", str(tool))
    assert isinstance(SmartSelfTests().start("/dev/sdz", "short"), Unknown)
    monkeypatch.setattr(library.SMARTCTL, "smartctl_path", None)
    assert SmartSelfTests().start("/dev/sdz", "short") == Unknown(Why.TOOL_MISSING, "smartctl")


def test_loading_the_library_leaves_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    import subprocess
    import sys

    code = (
        "import os; from recond.host import selftest\n"
        "try: selftest._open('/dev/null')\nexcept Exception: pass\nprint(os.environ['LANG'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "LANG": "fr_FR.UTF-8", "PYTHONPATH": str(Path.cwd())},
    )
    assert done.stdout.strip() == "fr_FR.UTF-8"
