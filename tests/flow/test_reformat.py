"""Disks of 520-byte sectors: what is offered, the exact bytes, and that this erases nothing.

The drive is simulated (`recond.host.sim.scsi`): no kernel of the lab makes such a disk.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest

from recond.certify.judge.journal_read import parse_journal
from recond.certify.record import fold_journal
from recond.drive.requests import scsi_sanitize
from recond.drive.sectors import (
    Capacity,
    judge_sectors,
    parse_capacity,
    parse_capacity_10,
    scsi_block_descriptor,
    scsi_set_block,
)
from recond.drive.types import CdbAnswer, CdbRequest
from recond.ends import ConfirmedBy
from recond.erasure import LevelWish, Status, TargetKind, Technique, WipePlan
from recond.errors import BenchLacks, SafetyRefusal
from recond.flow.run.reformat import FOLDER, ODD, Bay, odd_plans, reformat_confirmed
from recond.flow.run.run import Order, Prepared
from recond.flow.run.supervisor import confirm_all
from recond.host import sectors
from recond.host.journal_lines import read_entries
from recond.host.sectors import ask_erasing
from recond.host.sim.drive import SECTOR, SimClock
from recond.host.sim.nvme import SimNvme
from recond.host.sim.scsi import SimScsi
from recond.host.transport import Tick
from recond.inspect.census_disks import _ask_why
from recond.locale import LANGS, say
from recond.model import Message
from recond.wipe import guard
from recond.wipe.plan import Wish, plan_wipe
from tests.cli.command import recond
from tests.drive.histories import erase

PATH = "/dev/sdb"
REFUSAL = Message.of(ODD, path=PATH, block=520)


class Asked(SimScsi):
    """A drive that keeps what it was asked."""

    def __init__(self, *lies: str, sector_bytes: int = 520) -> None:
        super().__init__(SimClock(), 5, frozenset(lies), sector_bytes=sector_bytes)
        self.asked: list[CdbRequest] = []

    def execute(self, request: CdbRequest, tick: Tick | None = None) -> CdbAnswer:
        self.asked.append(request)
        return super().execute(request, tick)

    def bay(self) -> Bay:
        return bay_of(self)


def bay_of(drive: SimScsi | SimNvme) -> Bay:
    """Where a simulated drive is plugged in."""
    return Bay(
        drive.open,
        lambda path: (drive.device(path), drive.identity),
        lambda _: drive.rescan(),
        drive.clock,
    )


def odd_plan(
    drive: SimScsi | SimNvme,
    *more: Message,
    path: str = PATH,
    refusal: Message = REFUSAL,
    **changes: Any,
) -> WipePlan:
    target = replace(drive.target(path), faults=(refusal, *more))
    target = replace(target, identity=replace(target.identity, **changes))
    return plan_wipe(target, Wish(), bytes(32), guard.refusals(target))


def plan_again(drive: SimScsi) -> Prepared:
    target = drive.target(PATH)
    plan = plan_wipe(target, Wish(), bytes(32), guard.refusals(target))
    return replace_plans((plan,))


def replace_plans(plans: tuple[WipePlan, ...], state: Path = Path()) -> Prepared:
    order = Order(
        (), False, Wish(), False, (), Path(), state, "fr", cast(Any, None), sign_later=True
    )
    return Prepared(order, cast(Any, None), cast(Any, None), (), plans)


def reformat(drive: SimScsi, folder: Path) -> Prepared:
    odd = odd_plans((odd_plan(drive),))
    before = replace_plans(odd, folder)
    bay = cast(Asked, drive).bay()
    return reformat_confirmed(
        before, confirm_all(odd, ConfirmedBy.TYPED), bay, lambda: plan_again(drive)
    )


def test_a_bench_that_could_not_sign_reformats_nothing(tmp_path: Path) -> None:
    drive = Asked()
    odd = odd_plans((odd_plan(drive),))
    ready = replace_plans(odd, tmp_path)
    before = replace(ready, order=replace(ready.order, sign_later=False))
    with pytest.raises(BenchLacks):
        reformat_confirmed(
            before,
            confirm_all(odd, ConfirmedBy.TYPED),
            drive.bay(),
            lambda: plan_again(drive),
        )
    assert not (tmp_path / FOLDER).exists()


def journal_of(folder: Path) -> bytes:
    (file,) = (folder / FOLDER).iterdir()
    return file.read_bytes()


# --- What is offered -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "changes", "offered"),
    [
        ((), {}, True),
        ((), {"bus": "scsi"}, True),
        ((), {"bus": "usb"}, False),  # a box lets no such command by
        ((), {"bus": "sata"}, False),  # there is no such ATA disk: something is wrong
        ((), {"kind": TargetKind.VIRTUAL}, False),
        ((Message.of("wipe.refusal.mount", path=PATH, node="sdb1", where="/"),), {}, False),
        ((Message.of("wipe.refusal.which_disk", path=PATH, others="/dev/sdc"),), {}, False),
    ],
)
def test_only_a_disk_refused_for_its_sectors_alone(
    more: tuple[Message, ...], changes: dict[str, Any], offered: bool
) -> None:
    plan = odd_plan(Asked(), *more, **changes)
    assert plan.refusals
    assert [one.refusals for one in odd_plans((plan,))] == ([()] if offered else [])


def test_an_ordinary_disk_is_never_reformatted() -> None:
    drive = Asked(sector_bytes=SECTOR)
    assert odd_plans(plan_again(drive).plans) == ()


@pytest.mark.parametrize("lang", LANGS)
def test_the_plan_says_what_would_help(lang: Any) -> None:
    assert "--reformat-sectors" in say(lang, REFUSAL)


# --- The bytes -------------------------------------------------------------------------------

SHORT = bytes.fromhex("000e 0010 0000 0008 00200000 00 000208")  # 520, DPOFUA
LONG = bytes.fromhex("0016 0000 0100 0010 0000000000200000 00000000 00000210")  # LONGLBA, 528


def test_the_bytes_are_those_of_sg_format() -> None:
    assert scsi_block_descriptor().cdb.hex(" ") == "5a 00 01 00 00 00 00 00 fc 00"
    short, long = scsi_set_block(SHORT, 512), scsi_set_block(LONG, 512)
    assert short is not None
    assert long is not None
    assert short.cdb.hex(" ") == "55 11 00 00 00 00 00 00 10 00"
    assert short.data_out.hex(" ") == "00 00 00 00 00 00 00 08 00 00 00 00 00 00 02 00"
    assert long.cdb.hex(" ") == "55 11 00 00 00 00 00 00 18 00"
    assert long.data_out.hex(" ") == (
        "00 00 00 00 01 00 00 10 00 00 00 00 00 00 00 00 00 00 00 00 00 00 02 00"
    )
    for broken in (b"", SHORT[:15], LONG[:20], SHORT[:7] + b"\0" + SHORT[8:]):
        assert scsi_set_block(broken, 512) is None


def test_in_this_order_and_nothing_else_changes_the_drive(tmp_path: Path) -> None:
    drive = Asked()
    reformat(drive, tmp_path)
    changing = [one.cdb[0] for one in drive.asked if one.cdb[0] in (0x55, 0x04, 0x48)]
    assert changing == [0x55, 0x04]
    (unit,) = (one for one in drive.asked if one.cdb[0] == 0x04)
    assert (unit.cdb.hex(" "), unit.data_out.hex(" ")) == ("04 10 00 00 00 00", "00 02 00 00")
    first = [one.cdb[0] for one in drive.asked].index(0x55)
    asked = [one.cdb[:3] for one in drive.asked[:first]]
    assert any(cdb[0] == 0x12 and cdb[2] == 0x80 for cdb in asked)  # who it is, before


def test_a_drive_that_erases_itself_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Found so at the start it has the size zero, like a dead one: seen on an emulated drive."""
    drive = Asked(sector_bytes=SECTOR)
    assert not ask_erasing(drive)
    drive.execute(scsi_sanitize(Technique.SCSI_SANITIZE_BLOCK))
    assert ask_erasing(drive)
    monkeypatch.setattr(sectors, "read_sector_bytes", lambda _: None)
    monkeypatch.setattr(sectors, "read_formats", lambda _: None)
    monkeypatch.setattr(sectors, "is_erasing_itself", lambda _: ask_erasing(drive))
    assert _ask_why(PATH) == ("erasing_itself", {})
    for lang in LANGS:
        for part in ("what", "todo"):
            assert say(lang, Message.of(f"inspect.census.{part}.erasing_itself", place=PATH))
    drive.clock.sleep(7200)
    assert _ask_why(PATH) == ("size_zero", {})


def test_a_drive_that_saves_no_mode_pages_is_asked_without(tmp_path: Path) -> None:
    drive = Asked("unsaved")
    reformat(drive, tmp_path)
    changing = [one.cdb[:2].hex(" ") for one in drive.asked if one.cdb[0] in (0x55, 0x04)]
    assert changing == ["55 11", "55 10", "04 10"]


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ("00000000001fffff 00000208", Capacity(0x200000, 520)),
        ("00000000001fffff 00000000", None),
        ("00000000001fffff", None),
        ("", None),
    ],
)
def test_a_capacity_is_read_or_unknown(data: str, found: Capacity | None) -> None:
    raw = bytes.fromhex(data)
    assert parse_capacity(raw) == found
    short = parse_capacity_10(raw[4:12])
    assert short == found
    assert parse_capacity_10(b"\xff" * 4 + bytes([0, 0, 2, 0])) is None


@pytest.mark.parametrize(
    ("after", "why"),
    [
        (Capacity(1000, 512), None),
        (Capacity(1015, 512), None),  # as much as there is room for
        (Capacity(999, 512), "drive.reason.sectors_fewer"),
        (Capacity(1000, 520), "drive.reason.sectors_kept"),
        (Capacity(125, 4096), "drive.reason.sectors_kept"),
        (None, "drive.reason.no_answer"),
    ],
)
def test_the_capacity_is_held_against_before(after: Capacity | None, why: str | None) -> None:
    found = judge_sectors(Capacity(1000, 520), after, 512)
    assert (found.code if found else None) == why


# --- What it comes to ------------------------------------------------------------------------


def test_reformatted_then_erased_like_any_other(tmp_path: Path) -> None:
    drive = Asked()
    assert drive.identity.size_bytes == 0
    found = reformat(drive, tmp_path)
    (plan,) = found.plans
    assert not plan.refusals
    assert plan.disk.size_bytes == drive.cells.size
    note = plan.notes[-1]
    assert note.code == "wipe.note.reformatted"
    assert dict(note.args)["sha256"] == hashlib.sha256(journal_of(tmp_path)).hexdigest()
    history = erase(drive, drive.clock, LevelWish.CLEAR)
    assert history.outcome == "completed"
    assert drive.cells.shown() == 0


def test_a_reformat_alone_is_no_erasure(tmp_path: Path) -> None:
    """Even where the drive wiped everything: nobody compared, and no judge takes the journal."""
    drive = Asked()
    reformat(drive, tmp_path)
    raw = journal_of(tmp_path)
    kinds = [kind for kind, _ in read_entries(raw)]
    assert (kinds[0], kinds[-1]) == ("open", "end")
    lines = raw.splitlines()
    for line, after in pairwise(lines):
        assert json.loads(after)["prev"] == hashlib.sha256(line).hexdigest()
    assert parse_journal(raw).problems
    result = fold_journal(raw, "journals/x.jsonl").result
    assert result.status is not Status.ERASED
    assert result.level_achieved == "none"


def test_a_drive_that_formats_and_erases_nothing_is_overwritten(tmp_path: Path) -> None:
    drive = Asked("success")
    (plan,) = reformat(drive, tmp_path).plans
    assert drive.cells.shown() > 0, "the format left all of it"
    assert not plan.refusals
    assert [step.technique for step in plan.steps] == ["overwrite"]
    history = erase(drive, drive.clock, LevelWish.CLEAR)
    assert history.outcome == "completed"
    assert drive.cells.shown() == 0


@pytest.mark.parametrize(
    ("lie", "why"),
    [
        ("keeps", "drive.reason.sectors_kept"),
        ("shrinks", "drive.reason.sectors_fewer"),
        ("fails", "drive.reason.sanitize_failed"),
        ("fixed", "drive.reason.no_descriptor"),
        ("swaps", "drive.reason.other_drive"),
        ("renames", "drive.reason.no_answer"),
        ("stuck", "drive.reason.stuck"),
    ],
)
def test_what_did_not_take_is_refused_with_the_reason(lie: str, why: str, tmp_path: Path) -> None:
    drive = Asked(lie)
    with pytest.raises(SafetyRefusal) as refusal:
        reformat(drive, tmp_path)
    codes = [one.code for one in refusal.value.refusals]
    assert codes == ["wipe.reformat.failed", why]
    assert b'"kind":"end"' in journal_of(tmp_path)
    if lie in ("swaps", "fixed"):
        assert not any(one.cdb[0] in (0x55, 0x04) for one in drive.asked)


def test_another_disk_in_the_place_is_left_alone(tmp_path: Path) -> None:
    drive, other = Asked(), Asked()
    other.serial = "ANOTHER1"
    odd = odd_plans((odd_plan(drive),))
    before = replace_plans(odd, tmp_path)
    with pytest.raises(SafetyRefusal):
        reformat_confirmed(
            before, confirm_all(odd, ConfirmedBy.TYPED), other.bay(), lambda: plan_again(other)
        )
    assert not other.asked


def test_a_kernel_that_does_not_show_the_new_sectors_ends_it(tmp_path: Path) -> None:
    drive = Asked()
    drive.rescan = lambda: None  # type: ignore[method-assign]
    with pytest.raises(SafetyRefusal) as refusal:
        reformat(drive, tmp_path)
    assert refusal.value.refusals[1].code == "wipe.reformat.not_shown"


def test_one_that_takes_it_twice_is_not_formatted_twice(tmp_path: Path) -> None:
    """The kernel had not looked since: the drive has its sectors already."""
    drive = Asked()
    drive.sector_bytes = SECTOR
    found = reformat(drive, tmp_path)
    assert not any(one.cdb[0] in (0x55, 0x04) for one in drive.asked)
    assert not found.plans[0].refusals


def test_with_nothing_to_reformat_it_is_the_ordinary_command(tmp_path: Path) -> None:
    (tmp_path / "a.img").write_bytes(b"DONOR" * 9000)
    line = ("wipe", "a.img", "--image", "--reformat-sectors", "--confirm", "a.img")
    done = recond(*line, folder=tmp_path)
    assert done.code == 0, done.stderr
    assert not (tmp_path / "state" / FOLDER).exists()
