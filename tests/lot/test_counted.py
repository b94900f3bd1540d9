"""What the database counts is what all rows come to, whatever a lot holds."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from recond.certify.sign.keys import fingerprint, make_bench_key, pem
from recond.certify.verify.verdicts import Trust
from recond.custody import CustodyEvent, CustodyKind, Thing, ThingKind
from recond.erasure import Status
from recond.flow.lot.collect import machine_row
from recond.flow.lot.counted import CountedStatus, counted_status
from recond.flow.lot.lot import read_status
from recond.flow.lot.manifest import ExpectedDisk
from recond.flow.lot.remainder import remainder_of
from recond.flow.lot.rows import DiskRow, Lot, MachineRow, Remainder, StatementRow
from recond.flow.lot.store import LotStore, open_lots
from recond.model import Assessment, Outcome
from tests.lot.both import told
from tests.upload.records import NOW, bench_key, disk_erasure, record

LATER = "2026-11-25T10:00:00.000Z"
STRANGER = make_bench_key("étranger", NOW)
OURS, THEIRS = (fingerprint(key.certificate) for key in (bench_key(), STRANGER))
TRUST = Trust((bench_key().certificate,))
MANY = int(os.environ.get("RECOND_LOTS_DRAWN", "40"))
DRAWN = settings(derandomize=True, max_examples=MANY, database=None)

MADE = {
    status: record(1, erasures=(disk_erasure("D1", status),))
    for status in (Status.ERASED, Status.FAILED)
}
ROWS = {status: machine_row(one, "0", OURS, "here") for status, one in MADE.items()}
LEFT = {status: remainder_of(one) for status, one in MADE.items()}
COMPUTERS, DISKS = ("C1", "C2", "C3", "D1"), ("D1", "D2", "D3", "D4")
READY = Assessment("windows-10", "1", "0" * 64, Outcome.PASS, (), (), (), (), "A")
SCOPES = tuple(
    dict.fromkeys(
        one.readiness
        for one in (
            *ROWS.values(),
            machine_row(dataclasses.replace(MADE[Status.ERASED], machine=None), "0", OURS, ""),
            machine_row(
                dataclasses.replace(MADE[Status.ERASED], assessments=(READY, READY)), "0", OURS, ""
            ),
        )
    )
)


def often(usual: Any, *others: Any) -> st.SearchStrategy[Any]:
    """Mostly the usual one: else nothing in a lot is plain."""
    return st.sampled_from((*[usual] * (8 * len(others)), *others))


@st.composite
def machines(draw: st.DrawFn, number: int) -> tuple[MachineRow, Remainder | None]:
    own = f"{number}"
    disks = []
    for place in range(draw(often(1, 0, 2))):
        base: DiskRow = ROWS[draw(often(Status.ERASED, Status.FAILED))].disks[0]
        serial = draw(often(f"OWN{own}-{place}", None, *DISKS))
        size = draw(often(base.size_bytes, base.size_bytes + base.size_bytes // 39))
        disks.append(
            dataclasses.replace(
                base, position=place, serial=serial, found_by=serial, size_bytes=size
            )
        )
    computer = draw(often(f"PC{own}", None, *COMPUTERS))
    signed = draw(often(OURS, THEIRS, None))
    row = dataclasses.replace(
        ROWS[Status.ERASED],
        record_id=f"R{own}",
        digest=own,
        issued_at=draw(often(NOW, LATER, "2026-11-24T11:00:00+00:00")),
        ledger=draw(often("a" * 32, "b" * 32, None)) if signed == OURS else None,
        number=number + draw(often(0, 40)) if signed == OURS else None,
        signer=signed,
        serial=computer,
        found_by=computer,
        category=draw(st.sampled_from((None, "A"))),
        readiness=draw(often(ROWS[Status.ERASED].readiness, *SCOPES)),
        disks=tuple(disks),
    )
    nothing = LEFT[Status.ERASED]
    one = (draw(st.sampled_from((*DISKS, "OWN0-0", '],"left":[],"', '"'))),)
    changes = draw(
        often({}, {"left": one}, {"removed": one}, {"destroyed": one}, {"nameless": 1}, None)
    )
    held = tuple(disk.found_by for disk in disks if disk.found_by)
    left = None if changes is None else dataclasses.replace(nothing, held=held + one, **changes)
    return row, left


def statement(number: int, kind: CustodyKind, serial: str, is_disk: bool) -> CustodyEvent:
    made = MADE[Status.ERASED]
    assert made.ledger is not None
    thing = Thing(ThingKind.DISK if is_disk else ThingKind.COMPUTER, serial)
    plain: dict[str, Any] = {one.name: None for one in dataclasses.fields(CustodyEvent)}
    return CustodyEvent(
        **plain
        | {
            "schema": "recond.custody/1",
            "event_id": f"E{number}",
            "kind": kind,
            "happened_on": LATER[:10],
            "issued_at": LATER,
            "software": (),
            "workshop": made.workshop,
            "operator": made.operator,
            "bench": made.bench,
            "things": (thing,),
            "computer": "PC0" if kind is CustodyKind.REMOVED else None,
            "certificates": (),
            "ledger": made.ledger,
        }
    )


@st.composite
def listed(draw: st.DrawFn, line: int, serial: str) -> ExpectedDisk:
    size = ROWS[Status.ERASED].disks[0].size_bytes
    return ExpectedDisk(
        line,
        serial,
        serial.lower(),
        draw(st.sampled_from(("serial", "disk"))),
        draw(often(None, ROWS[Status.ERASED].disks[0].model, "WD Blue")),
        None,
        draw(often(None, size, size + size // 40, 2 * size)),
    )


def fill(store: LotStore, name: str, data: st.DataObject) -> None:
    """A lot of anything."""
    store.make(Lot(name, None, None, NOW), (), {})
    seen = ["C1", "D1", "D2", "LOST"]
    for number in range(data.draw(st.integers(1, 7))):
        row, left = data.draw(machines(number))
        store.put(name, row)
        if left is not None:
            store.keep_remainder(name, row.record_id, left)
        seen += [one for one in (row.found_by, *(d.found_by for d in row.disks)) if one]
    on_list = data.draw(st.sampled_from((0, 1, 2)))
    names = [one for one in dict.fromkeys(seen) if on_list and (on_list == 2 or len(one) > 2)]
    store.expect(name, [data.draw(listed(n, one)) for n, one in enumerate(names)], {})
    kinds = (CustodyKind.DESTROYED, CustodyKind.RETURNED, CustodyKind.RECEIVED, CustodyKind.REMOVED)
    for number in range(data.draw(often(0, 1, 2))):
        kind, serial = data.draw(st.sampled_from(kinds)), data.draw(st.sampled_from(seen))
        is_disk = kind is CustodyKind.REMOVED or data.draw(st.booleans())
        event = statement(number, kind, serial, is_disk)
        signer = data.draw(often(OURS, THEIRS))
        store.put_statement(name, StatementRow(event, "0", signer, ""))
    for key in (bench_key(), STRANGER):
        store.sign(name, fingerprint(key.certificate), pem(key.certificate))


def test_what_is_counted_is_what_every_row_says(tmp_path: Path) -> None:
    plain: list[int] = []
    lots = iter(range(10_000))
    with open_lots(tmp_path, None) as store:

        @DRAWN
        @given(st.data())
        def held(data: st.DataObject) -> None:
            name = f"L{next(lots)}"
            fill(store, name, data)
            counted = counted_status(store, name, TRUST)
            if counted is None:  # no key that is believed signed anything
                return
            assert told(counted) == told(read_status(store, name, TRUST))
            plain.append(counted.plain_machines)

        held()
    assert sum(plain) > MANY  # else nothing was compared


FIRST = 0
SIZE = ROWS[Status.ERASED].disks[0].size_bytes


def plain_row(number: int, **changes: Any) -> MachineRow:
    """A record of which there is nothing to judge."""
    disk = dataclasses.replace(
        ROWS[Status.ERASED].disks[0], serial=f"OWN{number}", found_by=f"OWN{number}"
    )
    base = dataclasses.replace(
        ROWS[Status.ERASED],
        record_id=f"R{number}",
        digest=str(number),
        number=number,
        serial=f"PC{number}",
        found_by=f"PC{number}",
        disks=(disk,),
    )
    return dataclasses.replace(base, **changes)


def with_disk(number: int, **changes: Any) -> MachineRow:
    row = plain_row(number)
    return dataclasses.replace(row, disks=(dataclasses.replace(row.disks[0], **changes),))


def line(serial: str, **changes: Any) -> ExpectedDisk:
    return dataclasses.replace(ExpectedDisk(1, serial, serial, "serial"), **changes)


def left_in(record: str, **changes: Any) -> tuple[str, Remainder]:
    return record, dataclasses.replace(LEFT[Status.ERASED], **changes)


FAILED = ROWS[Status.FAILED].disks[0]
MIXED: dict[str, tuple[int, Any]] = {
    # what is changed in a lot of three plain records whose disks are listed: how many stay plain
    "nothing": (3, []),
    "a stranger's key": (2, [plain_row(FIRST, signer=THEIRS)]),
    "no key": (2, [plain_row(FIRST, signer=None)]),
    "a time in another form": (2, [plain_row(FIRST, issued_at="2026-11-24T11:00:00+00:00")]),
    "a computer without a number": (2, [plain_row(FIRST, found_by=None)]),
    "not of a whole computer": (2, [plain_row(FIRST, readiness="disks=erased")]),
    "something is left": (2, [plain_row(FIRST, readiness="computer=left")]),
    "no disk": (2, [plain_row(FIRST, disks=())]),
    "a failed disk": (2, [with_disk(FIRST, status=FAILED.status, verdict=FAILED.verdict)]),
    "a rejected disk": (2, [with_disk(FIRST, verdict=FAILED.verdict)]),
    "a disk without a number": (2, [with_disk(FIRST, found_by=None)]),
    "an unlisted disk": (2, [with_disk(FIRST, found_by="NEW")]),
    "a disk twice": (1, [with_disk(FIRST, found_by="OWN1")]),
    "a computer twice": (1, [plain_row(FIRST, found_by="PC1")]),
    "a disk with a computer's number": (1, [with_disk(FIRST, found_by="PC1")]),
    "no remainder": (2, [("R0", None)]),
    "a remainder": (2, [left_in("R0", nameless=1)]),
    "another record's disk is left": (1, [left_in("R0", left=("OWN1",))]),
    "another record's disk was taken out": (1, [left_in("R0", removed=("OWN1",))]),
    "a listed computer": (3, [line("PC0")]),
    "a computer listed as a disk": (2, [line("PC0", kind="disk")]),
    "the same model": (3, [line("OWN0", kind="disk", model=FAILED.model)]),
    "another model": (2, [line("OWN0", kind="disk", model="WD Blue")]),
    "another model of a computer": (3, [line("OWN0", model="WD Blue")]),
    "a size as labels round it": (3, [line("OWN0", size_bytes=SIZE - SIZE // 50)]),
    "another size": (2, [line("OWN0", size_bytes=2 * SIZE)]),
    "a line that nobody saw": (3, [line("LOST")]),
    "a gap": (3, [dataclasses.replace(plain_row(FIRST), number=40)]),
    "destroyed": (2, [statement(1, CustodyKind.DESTROYED, "own0", True)]),
    "returned": (2, [statement(1, CustodyKind.RETURNED, "PC0", False)]),
    "of a computer": (1, [statement(1, CustodyKind.REMOVED, "OWN1", True)]),
    "of what nobody saw": (3, [statement(1, CustodyKind.RECEIVED, "LOST", True)]),
}


def test_what_is_not_plain_is_judged(tmp_path: Path) -> None:
    """One thing at a time is otherwise: the database counts that record no more."""
    with open_lots(tmp_path, None) as store:
        for name, (plain, changes) in MIXED.items():
            mix(store, name, changes)
            counted = counted_status(store, name, TRUST)
            assert isinstance(counted, CountedStatus)
            assert told(counted) == told(read_status(store, name, TRUST)), name
            assert counted.plain_machines == plain, name


def mix(store: LotStore, name: str, changes: list[Any]) -> None:
    store.make(Lot(name, None, None, NOW), (), {})
    lines = {f"OWN{n}": line(f"OWN{n}", line=n) for n in range(3)}
    left = dict(left_in(f"R{n}", held=(f"OWN{n}",)) for n in range(3))
    rows = {f"R{n}": plain_row(n) for n in range(3)}
    for one in changes:
        if isinstance(one, MachineRow):
            rows[one.record_id] = one
        elif isinstance(one, ExpectedDisk):
            lines[one.serial] = one
        elif isinstance(one, CustodyEvent):
            store.put_statement(name, StatementRow(one, "0", OURS, ""))
        else:
            left[one[0]] = one[1]
    for row in rows.values():
        store.put(name, dataclasses.replace(row, ledger=name))
    store.expect(name, list(lines.values()), {})
    for name_of, one in left.items():
        if one is not None:
            store.keep_remainder(name, name_of, one)
    for key in (bench_key(), STRANGER):
        store.sign(name, fingerprint(key.certificate), pem(key.certificate))
