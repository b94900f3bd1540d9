"""Seeded histories of supervisor, certificate, ledger and queue (`histories`): nothing false,
nothing lost, the ledger never forked.

RECOND_HISTORIES=N runs N of them, RECOND_SEED=N replays one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import ROOT

COUNT = int(os.environ.get("RECOND_HISTORIES", "16"))
ONLY = os.environ.get("RECOND_SEED")
SHARES = 2


def histories(first: int, count: int, below: Path) -> dict[str, int]:
    """What was seen; a process of its own, because a history forks."""
    done = subprocess.run(
        (sys.executable, "-m", "tests.flow.histories", str(first), str(count), str(below)),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60 + 60 * count,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen: dict[str, int] = json.loads(done.stdout)["seen"]
    return seen


@pytest.mark.skipif(ONLY is not None, reason="RECOND_SEED replays one history")
@pytest.mark.parametrize("share", range(SHARES))
def test_nothing_false_and_nothing_lost_around_the_session(share: int, tmp_path: Path) -> None:
    count = COUNT // SHARES
    seen = histories(share * count, count, tmp_path)
    # what makes it a test: the moments are reached, and erasures come to their end all the same
    assert seen["killed"] >= count // 2, seen
    assert seen["erased"] >= count // 2, seen


@pytest.mark.skipif(ONLY is None, reason="RECOND_SEED names no history")
def test_a_history_replays(tmp_path: Path) -> None:
    histories(int(ONLY or "0"), 1, tmp_path)
