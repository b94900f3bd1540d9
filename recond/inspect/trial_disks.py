"""The disks' own short self-test, as `recond inspect --self-test short` asks for it."""

from __future__ import annotations

from recond.host import Host
from recond.host.selftest import SelfTestState
from recond.inspect.machine import read_machine
from recond.inspect.selftest import LIMITS_S, judge_words
from recond.inspect.trial import PartSeen, Trial
from recond.model import Known, Outcome, Reading, Unknown, Why

KIND = "short"
ABOUT_S = 150


def try_disks(host: Host) -> Trial:
    """Every disk at once, each for itself; a drive whose test was stopped has no outcome."""
    paths = [disk.path for disk in read_machine(host, smart=False).disks]
    if not paths:
        return (PartSeen.unknown("disk_absent"),)
    ended: dict[str, Reading[str]] = {}
    for path in paths:
        refused = host.self_tests.start(path, KIND)
        if refused is not None:
            ended[path] = refused
    began = host.clock.monotonic_s()
    try:
        while len(ended) < len(paths):
            late = host.clock.monotonic_s() - began > LIMITS_S[KIND]
            for path in (one for one in paths if one not in ended):
                state = host.self_tests.state(path)
                if not isinstance(state, SelfTestState):
                    ended[path] = state
                elif not state.running:
                    ended[path] = Known(state.words, f"pySMART:{path}")
                elif late:
                    host.self_tests.stop(path)
                    ended[path] = Unknown(Why.TIMEOUT, f"{LIMITS_S[KIND]} s")
            if len(ended) < len(paths):
                yield None
    finally:
        for path in (one for one in paths if one not in ended):
            host.self_tests.stop(path)
    return tuple(_judged(path, ended[path]) for path in paths)


def _judged(path: str, words: Reading[str]) -> PartSeen:
    outcome = judge_words(words)
    if isinstance(words, Unknown):
        return PartSeen.unknown("disk_unread", path, why=f"@cli.why.{words.why}")
    told = {"text": words.value[:80]}
    if outcome is Outcome.PASS:
        return PartSeen.passed("disk_passed", path, **told)
    if outcome is Outcome.FAIL:
        return PartSeen.failed("disk_failed", path, **told)
    return PartSeen.unknown("disk_unsure", path, **told)
