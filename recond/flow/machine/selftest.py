"""`recond inspect --self-test`: start the drives' own tests, follow them, judge.

Why: it joins the host's drives with the inspection's judgement; the exit code says whether a drive
failed its own test.
"""

from __future__ import annotations

from dataclasses import dataclass

from recond.errors import UsageError
from recond.host import Host
from recond.inspect.machine import read_machine
from recond.inspect.selftest import LIMITS_S, OnProgress, SelfTestResult, run_self_tests
from recond.model import Outcome


@dataclass(frozen=True, slots=True)
class SelfTested:
    """Every disk's outcome. `exit_code` is 3 where a drive failed or its outcome is unknown."""

    results: tuple[SelfTestResult, ...]

    @property
    def exit_code(self) -> int:
        """0 only where every drive completed without error."""
        return 0 if all(one.outcome is Outcome.PASS for one in self.results) else 3


def self_test(host: Host, kind: str, on_progress: OnProgress) -> SelfTested:
    """Test every disk of this computer. Raises `UsageError` for an unknown kind or no disk."""
    if kind not in LIMITS_S:
        raise UsageError("cli.selftest.kind", kind=kind, known=", ".join(LIMITS_S))
    paths = tuple(disk.path for disk in read_machine(host, smart=False).disks)
    if not paths:
        raise UsageError("cli.selftest.no_disk")
    return SelfTested(run_self_tests(host.self_tests, host.clock, paths, kind, on_progress))
