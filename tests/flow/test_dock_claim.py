"""Two programs of one bench at one dock: a disk is erased by one of them, once."""

from __future__ import annotations

from pathlib import Path

import pytest

from recond.flow.config import Overrides, read_context
from recond.flow.dock.beginning import Overtaken, begin
from recond.flow.dock.order import WatchOrder
from recond.flow.dock.slot import SlotState
from recond.flow.run.history import NEVER, Before, Past
from recond.flow.run.supervisor import plan_targets
from recond.flow.runfolder import all_runs
from recond.host import Host
from recond.host.signals import StopCount
from recond.wipe.plan import Wish
from tests.flow.bench import quiet
from tests.flow.dock import FakeDocks, disk, is_blank, records, watching

ENDED = (SlotState.DONE, SlotState.CERTIFIED, SlotState.FAILED, SlotState.REFUSED)


def test_two_watches_erase_a_disk_once(tmp_path: Path) -> None:
    """Each began a run of its own: one was refused while the other wrote, or wrote it all again."""
    there = disk(tmp_path / "là", "A1")
    docks = FakeDocks()
    with watching(tmp_path, "A1", docks=docks) as one, watching(tmp_path, "A1", docks=docks) as two:
        docks.plug("1", there)
        ended = [bench.seen.state("1", *ENDED) for bench in (one, two)]
    assert {end.state for end in ended} <= {SlotState.DONE, SlotState.CERTIFIED}
    assert [end.exit_code for end in ended] == [0, 0]
    assert [one.end().exit_code, two.end().exit_code] == [0, 0]
    assert is_blank(there)
    assert len(all_runs(tmp_path / "state")) == len(records(tmp_path)) == 1


def test_a_claim_is_one_program_s_and_what_was_done_since_counts(tmp_path: Path) -> None:
    there, host = disk(tmp_path, "A1"), Host()
    order = WatchOrder(
        manifest=tmp_path / "liste.csv",
        wish=Wish(method=None),
        out=tmp_path / "out",
        state=tmp_path / "state",
        lang="fr",
        overrides=Overrides(lot="L"),
    )
    context = read_context(order.state, order.overrides, host.clock)
    (plan,) = plan_targets((str(there),), order.wish, image=True, host=host)

    late = begin(order, context, plan, host, lambda _: Past(Before.CERTIFIED))
    assert late is not None
    with pytest.raises(Overtaken):
        late.task(quiet, StopCount())
    assert not is_blank(there)
    first = begin(order, context, plan, host, lambda _: NEVER)
    assert first is not None
    assert begin(order, context, plan, host, lambda _: NEVER) is None
    done = first.task(quiet, StopCount())
    assert done is not None
    assert (done.folder.run_id, done.exit_code) == (first.run_id, 0)
    assert begin(order, context, plan, host, lambda _: NEVER) is not None, "given back"
