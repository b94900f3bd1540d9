"""The lock of a name that is asked for once: held by one at a time, and nothing stays of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from recond.flow.run.claim import CLAIMS, claimed
from recond.host.spool import Spool
from tests.wipe.disks import HDD, plan_for

HOLDERS, ROUNDS = 4, 120


def hold(folder: Path, wait: bool) -> int:
    """How often this process had the lock while another one had it too, or could not tell."""
    both = 0
    for _ in range(ROUNDS):
        with Spool(folder / "locks").locked_once("disk", wait=wait) as mine:
            if not mine:
                continue
            try:  # one at a time can make this file
                os.close(os.open(folder / "held", os.O_CREAT | os.O_EXCL))
                (folder / "held").unlink()
            except OSError:
                both += 1
    return both


@pytest.mark.parametrize("wait", [True, False])
def test_many_who_ask_have_it_one_at_a_time(tmp_path: Path, wait: bool) -> None:
    children = []
    for _ in range(HOLDERS):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                code = min(hold(tmp_path, wait), 9)
            finally:
                os._exit(code)
        children.append(child)
    assert [os.waitpid(one, 0)[1] for one in children] == [0] * HOLDERS
    assert list((tmp_path / "locks").iterdir()) == []


def test_a_claim_leaves_nothing_and_keeps_others_away(tmp_path: Path) -> None:
    plan = plan_for(HDD)
    with claimed(tmp_path, plan) as mine, claimed(tmp_path, plan) as other:
        assert (mine, other) == (True, False)
        assert len(list((tmp_path / CLAIMS).iterdir())) == 1
    assert list((tmp_path / CLAIMS).iterdir()) == []
    with claimed(tmp_path, plan) as again:
        assert again
