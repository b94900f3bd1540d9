"""Seeded histories: drives × lies × moments of a kill. RECOND_HISTORIES=10000 for the long run.

What is physically left on the simulated drive is the truth: an approval at purge with one old
sector anywhere, or at clear with one that a reader still finds, is a false success.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from recond.certify.record import fold_journal
from recond.erasure import Level, LevelWish, Status
from tests.drive.histories import HARMLESS, run_history

COUNT = int(os.environ.get("RECOND_HISTORIES", "120"))
SHARES = 4
UNTOLD = {"keeps-hidden", "dco1"}


@pytest.mark.parametrize("share", range(SHARES))
def test_no_history_ends_in_a_false_success(share: int) -> None:
    ends: Counter[str] = Counter()
    for seed in range(share, COUNT, SHARES):
        history = run_history(seed)
        cells, approved = history.drive.cells, history.approved
        judged = fold_journal(history.sink.raw, "sim").result if history.sink.raw else None
        if judged is not None and judged.status is Status.ERASED:
            # the judge of the record never grants more than the one of these tests
            assert approved is not None, (str(history), judged)
            assert judged.level_achieved.rank <= approved.rank, (str(history), judged)
        if judged is not None and judged.level_achieved is Level.PURGE and cells.left():
            # a hidden area that no answer tells of, and an erasure that breaks the standard's word
            # (docs/guarantees.md): nothing can read it, so the record says that it was not told
            assert history.lies >= UNTOLD, str(history)
            assert history.plan is not None
            said = {one.code for one in history.plan.not_reached}
            assert "drive.not_reached.hidden_unknown" in said, str(history)
        if approved is not None:
            assert not cells.shown(), str(history)
        if history.plan is not None and history.wish is LevelWish.PURGE:
            assert (
                all(
                    s.reaches is not Level.CLEAR or s.technique.value == "overwrite"
                    for s in history.plan.steps
                )
                or history.plan.refusals
            ), str(history)
        password = getattr(history.drive, "password", None)
        if password is not None and "owned" not in history.lies:
            assert f'"password":"{password.hex()}"'.encode() in history.sink.raw, str(history)
            assert history.outcome == "interrupted", str(history)  # resume finds it
            assert history.lies & {"locks", "jams", "frozen", "renames"}, str(history)
        # cut before anything of it was read, or where all is blank: a person decides
        unproven = history.outcome == "refused" and b"unproven_medium" in history.sink.raw
        clear = history.plan is not None and not history.plan.refusals and not unproven
        if history.lies <= HARMLESS and clear:
            assert approved is not None, str(history)
            assert judged is not None, str(history)
            # random content and no canary that could have changed: honest, yet not proven
            silent = [r.code for r in judged.reasons] == ["certify.reason.canary-silent"]
            assert silent or judged.status is Status.ERASED, (str(history), judged)
        ends[str(approved or history.outcome)] += 1
    assert ends["purge"], ends
    assert sum(ends.values()) >= COUNT // SHARES
