"""Two programs of one bench at one dock: a disk is erased by one of them, once."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from recond.flow.config import Overrides, read_context
from recond.flow.dock.beginning import Overtaken, begin
from recond.flow.dock.order import WatchOrder
from recond.flow.dock.slot import SlotState
from recond.flow.dock.sticker import print_sticker
from recond.flow.run.claim import claimed, claiming
from recond.flow.run.history import NEVER, Before, Past, read_past
from recond.flow.run.issued import read_issued
from recond.flow.run.run import certify_again
from recond.flow.run.supervisor import plan_targets
from recond.flow.runfolder import all_runs
from recond.host import Host
from recond.host.process import Completed
from recond.host.signals import StopCount
from recond.wipe.plan import Wish
from tests.cli.command import answers, recond
from tests.flow.bench import Bench, donor_image, quiet
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
    assert late.sure is not None
    assert not late.sure.is_set()
    assert not is_blank(there)
    first = begin(order, context, plan, host, lambda _: NEVER)
    assert first is not None
    assert begin(order, context, plan, host, lambda _: NEVER) is None
    done = first.task(quiet, StopCount())
    assert done is not None
    assert (done.folder.run_id, done.exit_code) == (first.run_id, 0)
    assert begin(order, context, plan, host, lambda _: NEVER) is not None, "given back"


def test_a_run_that_never_comes_is_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another watch had ended meanwhile was shown as being erased, in a run without a folder:
    the board and `--json` were told a number that nobody finds again.
    """
    there, docks = disk(tmp_path / "là", "A1"), FakeDocks()
    with watching(tmp_path, "A1") as first:
        first.plug("1", there)
        first.seen.state("1", SlotState.DONE)
    stale = [NEVER]

    def late(*asked: Any) -> Past:
        return stale.pop() if stale else read_past(*asked)

    monkeypatch.setattr("recond.flow.dock.watch.read_past", late)
    with watching(tmp_path, "A1", docks=docks) as second:
        docks.plug("1", there)
        assert second.seen.state("1", *ENDED).state is SlotState.CERTIFIED
    assert not stale
    (run,) = all_runs(tmp_path / "state")
    assert {one.run for one in second.seen.views} <= {None, run.run_id}
    assert SlotState.ERASING not in {one.state for one in second.seen.views}


def test_a_run_by_a_list_takes_the_same_claim(tmp_path: Path) -> None:
    """Beside a watch it erased anew what the watch had just certified, or was refused."""
    there, state = disk(tmp_path, "A1"), tmp_path / "state"
    (plan,) = plan_targets((str(there),), Wish(), image=True, host=Host())
    (tmp_path / "liste.csv").write_text("serial\nA1\n")
    by_list = ("run", "A1", "--image", "--unattended", "--manifest", "liste.csv", "--json")
    with claimed(state, plan) as mine:
        assert mine
        done = recond(*by_list, folder=tmp_path)
    (answer,) = answers(done.stdout)
    assert (done.code, answer["outcome"]) == (4, "nothing-begun")
    assert [one["message"]["code"] for one in answer["left"]] == ["dock.before.claimed"]
    assert not is_blank(there)
    with ExitStack() as held:
        look = claiming(state, held, lambda _: NEVER)
        assert (look(plan), look(plan)) == (NEVER, NEVER), "its own is no other's"
        with claimed(state, plan) as mine:
            assert not mine
    assert recond(*by_list, folder=tmp_path).code == 0, "given back"
    assert is_blank(there)


def test_whoever_followed_a_run_prints_no_second_label(tmp_path: Path) -> None:
    """The second label of a disk is stuck on another one; another issue has a label of its own."""
    bench, printer = Bench(tmp_path), Printer()
    done = bench.run(donor_image(tmp_path / "a.img", 64 << 10))
    (bench.state / "recond.toml").write_text('[label]\nprinter = "Brother_QL"\n')
    order, host = order_of(bench), Host(printer)
    assert print_sticker(order, host, done) is print_sticker(order, host, done) is None
    assert len(printer.jobs) == 1
    assert certify_again(done.folder, bench.state, host, None, "fr").record != done.issued.record
    anew = replace(done, issued=read_issued(done.folder))
    assert print_sticker(order, host, anew) is None
    assert len(printer.jobs) == 2


def test_no_label_is_printed_of_what_lies_in_a_certificates_place(tmp_path: Path) -> None:
    """Others may write into `--out`: the label of their certificate came out for our disk."""
    bench, other, printer = Bench(tmp_path / "a"), Bench(tmp_path / "b"), Printer()
    done = bench.run(donor_image(bench.path / "a.img", 64 << 10))
    theirs = other.run(donor_image(other.path / "b.img", 64 << 10))
    (bench.state / "recond.toml").write_text('[label]\nprinter = "Brother_QL"\n')
    shutil.rmtree(done.issued.folder)
    shutil.copytree(theirs.issued.folder, done.issued.folder)
    why = print_sticker(order_of(bench), Host(printer), done)
    assert (why and why.code, printer.jobs) == ("label.command.false", [])


def order_of(bench: Bench) -> WatchOrder:
    """A watch over a bench's state."""
    return WatchOrder(
        manifest=bench.path / "liste.csv",
        wish=Wish(method=None),
        out=bench.path / "out",
        state=bench.state,
        lang="fr",
        overrides=Overrides(lot="L"),
    )


class Printer:
    """CUPS, of which nothing but the jobs is asked."""

    def __init__(self) -> None:
        self.jobs: list[tuple[str, ...]] = []

    def run(self, argv: tuple[str, ...], *, timeout_s: float = 30.0) -> Completed:
        self.jobs += [argv] if argv[0] == "lp" else []
        return Completed(argv, 0, b"request id is Brother_QL-1 (1 file(s))", b"", 1)
