"""NVMe namespaces whose blocks carry metadata: what is offered, the exact bytes, what it erases.

The drive is simulated here (`recond.host.sim.nvme`); tests/lab/test_formats.py has it on a real
kernel.
"""

from __future__ import annotations

import struct
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from recond.certify.judge.journal_read import parse_journal
from recond.certify.record import fold_journal
from recond.drive.nvme_formats import (
    NvmeFormat,
    NvmeFormats,
    judge_format,
    nvme_reformat,
    parse_nvme_formats,
    plain_format,
)
from recond.drive.types import NvmeAnswer, NvmeRequest
from recond.ends import ConfirmedBy
from recond.erasure import LevelWish, Status
from recond.errors import SafetyRefusal
from recond.flow.run.reformat import METADATA, Bay, odd_plans, reformat_confirmed
from recond.flow.run.run import Prepared
from recond.flow.run.supervisor import confirm_all
from recond.host.sim.drive import SECTOR, SimClock
from recond.host.sim.nvme import SimNvme
from recond.host.transport import Tick
from recond.locale import LANGS, say
from recond.model import Message
from tests.drive.histories import erase
from tests.flow import test_reformat
from tests.flow.test_reformat import bay_of, journal_of, plan_again, replace_plans

PATH = "/dev/nvme0n1"
REFUSAL = Message.of(METADATA, path=PATH, block=512, metadata=8)
FORMATS = ((512, 8), (4096, 0), (512, 0), (4096, 8))


class Asked(SimNvme):
    """A drive that keeps what it was asked."""

    def __init__(self, *lies: str, formats: tuple[tuple[int, int], ...] = FORMATS) -> None:
        super().__init__(SimClock(), 5, frozenset(lies), formats=formats)
        self.asked: list[NvmeRequest] = []

    def execute(self, request: NvmeRequest, tick: Tick | None = None) -> NvmeAnswer:
        self.asked.append(request)
        return super().execute(request, tick)

    @property
    def formatted(self) -> list[NvmeRequest]:
        return [one for one in self.asked if one.command[0] == 0x80]

    def bay(self) -> Bay:
        return bay_of(self)


odd_plan = partial(test_reformat.odd_plan, path=PATH, refusal=REFUSAL)


def reformat(drive: Asked, folder: Path) -> Prepared:
    odd = odd_plans((odd_plan(drive),))
    before = replace_plans(odd, folder)
    return reformat_confirmed(
        before, confirm_all(odd, ConfirmedBy.TYPED), drive.bay(), lambda: again(drive)
    )


def again(drive: Asked) -> Prepared:
    (plan,) = plan_again(drive).plans  # type: ignore[arg-type]
    return replace_plans((replace(plan, path=PATH),))


# --- What is offered -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "changes", "offered"),
    [
        ((), {}, True),
        ((), {"size_bytes": 1 << 30}, True),  # metadata apart: Linux shows the blocks
        ((), {"bus": "usb"}, False),
        ((), {"bus": "sas"}, False),
        ((Message.of("wipe.refusal.mount", path=PATH, node="nvme0n1p1", where="/"),), {}, False),
    ],
)
def test_only_an_nvme_refused_for_its_metadata_alone(
    more: tuple[Message, ...], changes: dict[str, Any], offered: bool
) -> None:
    plan = odd_plan(Asked(), *more, **changes)
    assert plan.refusals
    assert [one.refusals for one in odd_plans((plan,))] == ([()] if offered else [])


@pytest.mark.parametrize("lang", LANGS)
def test_the_plan_says_what_would_help(lang: Any) -> None:
    assert "--reformat-sectors" in say(lang, REFUSAL)


# --- The bytes -------------------------------------------------------------------------------


def identify(
    current: int, *formats: tuple[int, int], blocks: int = 1000, dps: int = 0, flbas: int = 0
) -> bytes:
    raw = bytearray(4096)
    struct.pack_into("<Q", raw, 0, blocks)
    raw[25], raw[26], raw[29] = len(formats) - 1, current | flbas, dps
    for number, (exponent, metadata) in enumerate(formats):
        struct.pack_into("<HBB", raw, 128 + 4 * number, metadata, exponent, 2)
    return bytes(raw)


@pytest.mark.parametrize(
    ("raw", "current", "plain", "wanted"),
    [
        (identify(0, (9, 0)), (0, 512, 0), True, 0),
        (identify(1, (9, 0), (9, 8)), (1, 512, 8), False, 0),
        (identify(1, (9, 0), (9, 8), flbas=0x10), (1, 512, 8), False, 0),  # in the block
        (identify(1, (9, 0), (9, 8), dps=0x0B), (1, 512, 8), False, 0),  # PI, first bytes
        (identify(2, (9, 0), (12, 0), (12, 64)), (2, 4096, 64), False, 1),  # the same data
        (identify(0, (12, 8), (12, 8), (9, 0)), (0, 4096, 8), False, 2),
        (identify(0, (12, 8), (16, 0), (0, 0), (8, 0)), (0, 4096, 8), False, None),
        (identify(1, *[(9, 8)] * 17, (9, 0), flbas=0x20), (17, 512, 0), True, 17),
        (identify(1, *[(9, 8)] * 16, flbas=0x20), (1, 512, 8), False, None),  # no high bits then
    ],
)
def test_the_formats_are_read(
    raw: bytes, current: tuple[int, int, int], plain: bool, wanted: int | None
) -> None:
    found = parse_nvme_formats(raw)
    assert found is not None
    assert found.current == NvmeFormat(*current)
    assert found.is_plain is plain
    chosen = plain_format(found)
    assert (chosen.number if chosen else None) == wanted


def test_protection_without_metadata_is_not_believed_plain() -> None:
    found = parse_nvme_formats(identify(0, (9, 0), dps=1))
    assert found is not None
    assert not found.is_plain


@pytest.mark.parametrize(
    "raw", [b"", bytes(4096), identify(0, (9, 0))[:4000], identify(3, (9, 0)), identify(0, (0, 8))]
)
def test_what_says_nothing_is_unknown(raw: bytes) -> None:
    assert parse_nvme_formats(raw) is None


@pytest.mark.parametrize(
    ("number", "cdw10"), [(0, 0x0000), (2, 0x0002), (15, 0x000F), (17, 0x1001), (63, 0x300F)]
)
def test_the_bytes_are_those_of_nvme_format(number: int, cdw10: int) -> None:
    """`nvme format --lbaf=N --ses=0 --pi=0 --ms=0`: no erasure is asked for."""
    sent = nvme_reformat(7, number, timeout_s=900)
    assert (sent.command[0], sent.read_bytes, len(sent.command)) == (0x80, 0, 64)
    assert struct.unpack_from("<I", sent.command, 4)[0] == 7
    assert struct.unpack_from("<I", sent.command, 40)[0] == cdw10
    assert not any(sent.command[8:40])
    assert not any(sent.command[44:])


def test_in_this_order_and_nothing_else_changes_the_drive(tmp_path: Path) -> None:
    drive = Asked()
    reformat(drive, tmp_path)
    (sent,) = drive.formatted
    assert sent.command[40:44].hex() == "02000000"  # 512 bytes again, number 2
    first = drive.asked.index(sent)
    assert {one.command[0] for one in drive.asked} == {0x06, 0x80}
    assert [one.command[40] for one in drive.asked[:first]][:2] == [1, 0]  # who it is, before


# --- What it comes to ------------------------------------------------------------------------


def formats(blocks: int, data: int, metadata: int = 0, *, protected: bool = False) -> NvmeFormats:
    one = NvmeFormat(0, data, metadata)
    return NvmeFormats(one, (one,), blocks, protected)


@pytest.mark.parametrize(
    ("after", "wanted", "why"),
    [
        (formats(1000, 512), 512, None),
        (formats(1015, 512), 512, None),  # as much as there is room for
        (formats(999, 512), 512, "drive.reason.sectors_fewer"),
        (formats(125, 4096), 4096, None),
        (formats(124, 4096), 4096, "drive.reason.sectors_fewer"),
        (formats(1000, 512, 8), 512, "drive.reason.sectors_kept"),
        (formats(1000, 512, protected=True), 512, "drive.reason.sectors_kept"),
        (formats(1000, 4096), 512, "drive.reason.sectors_kept"),
        (None, 512, "drive.reason.no_answer"),
    ],
)
def test_what_it_has_is_held_against_before(
    after: NvmeFormats | None, wanted: int, why: str | None
) -> None:
    found = judge_format(formats(1000, 512, 8), after, NvmeFormat(0, wanted, 0))
    assert (found.code if found else None) == why


def test_reformatted_then_erased_like_any_other(tmp_path: Path) -> None:
    drive = Asked()
    assert drive.identity.size_bytes == 0
    (plan,) = reformat(drive, tmp_path).plans
    assert not plan.refusals
    assert plan.disk.size_bytes == drive.cells.size
    note = dict(plan.notes[-1].args)
    assert (plan.notes[-1].code, note["block"], note["to"]) == ("wipe.note.reformatted", 520, 512)
    assert drive.cells.shown() > 0, "a Format with SES 0 left all of it"
    history = erase(drive, drive.clock, LevelWish.CLEAR)
    assert history.outcome == "completed"
    assert drive.cells.shown() == 0


def test_other_blocks_where_the_drive_has_none_of_the_same_size(tmp_path: Path) -> None:
    drive = Asked(formats=((512, 8), (4096, 0)))
    (plan,) = reformat(drive, tmp_path).plans
    assert (plan.disk.size_bytes, plan.disk.logical_block_bytes) == (drive.cells.size, 4096)


def test_a_reformat_alone_is_no_erasure(tmp_path: Path) -> None:
    reformat(Asked(), tmp_path)
    raw = journal_of(tmp_path)
    assert parse_journal(raw).problems
    result = fold_journal(raw, "journals/x.jsonl").result
    assert (result.status is Status.ERASED, result.level_achieved) == (False, "none")


@pytest.mark.parametrize(
    ("lies", "formats", "why"),
    [
        (("keeps",), FORMATS, "drive.reason.sectors_kept"),
        (("shrinks",), FORMATS, "drive.reason.sectors_fewer"),
        (("fails",), FORMATS, "drive.reason.status"),
        (("renames",), FORMATS, "drive.reason.no_answer"),
        (("two",), FORMATS, "drive.reason.other_namespaces"),
        (("gone",), FORMATS, "drive.reason.no_answer"),
        ((), ((512, 8), (4096, 64)), "drive.reason.no_plain_format"),
    ],
)
def test_what_did_not_take_is_refused_with_the_reason(
    lies: tuple[str, ...], formats: tuple[tuple[int, int], ...], why: str, tmp_path: Path
) -> None:
    drive = Asked(*lies, formats=formats)
    with pytest.raises(SafetyRefusal) as refusal:
        reformat(drive, tmp_path)
    assert [one.code for one in refusal.value.refusals] == ["wipe.reformat.failed", why]
    assert b'"kind":"end"' in journal_of(tmp_path)
    assert bool(drive.formatted) is (lies != ("two",) and bool(lies))


def test_a_kernel_that_does_not_show_the_new_blocks_ends_it(tmp_path: Path) -> None:
    drive = Asked()
    drive.rescan = lambda: None  # type: ignore[method-assign]
    with pytest.raises(SafetyRefusal) as refusal:
        reformat(drive, tmp_path)
    assert refusal.value.refusals[1].code == "wipe.reformat.not_shown"


def test_another_disk_in_the_place_is_left_alone(tmp_path: Path) -> None:
    drive, other = Asked(), Asked()
    other.serial = "ANOTHER1"
    odd = odd_plans((odd_plan(drive),))
    with pytest.raises(SafetyRefusal):
        reformat_confirmed(
            replace_plans(odd, tmp_path),
            confirm_all(odd, ConfirmedBy.TYPED),
            other.bay(),
            lambda: again(other),
        )
    assert not other.asked


def test_one_that_is_plain_already_is_not_formatted(tmp_path: Path) -> None:
    drive = Asked()
    drive.number = 2
    reformat(drive, tmp_path)
    assert not drive.formatted
    assert drive.identity.logical_block_bytes == SECTOR
