"""Closing a lot: it balances, or a named person signs for each open item.

Why signed: a lot that is closed with a disk missing is the sentence that a security officer will
be shown in three years. So it is a custody statement, in the ledger, which names each open item and
the state it was in; the report carries it on. A lot that balances needs nobody's word.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from recond.custody import CustodyKind
from recond.errors import NotReady, UsageError
from recond.flow.custody.issue import Stated, Word, issue_statement
from recond.flow.lot.balance import things_of_items
from recond.flow.lot.lot import LotDatabase, status_of, trust_of
from recond.flow.lot.statements import read_statement_source, take_statement
from recond.flow.lot.status import LotStatus
from recond.flow.lot.store import open_lots
from recond.flow.serials import compared
from recond.host.clock import Clock
from recond.locale import Lang

SHOWN = 12


@dataclass(frozen=True, slots=True)
class SignsFor:
    """Who signs for which open items: `named` by their serials, or with `every` all that there
    are; `operator` None: the configuration's.
    """

    named: tuple[str, ...] = ()
    every: bool = False
    operator: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Closed:
    """A lot that was closed; `stated` None: it balanced."""

    status: LotStatus
    stated: Stated | None


def close_lot(
    where: LotDatabase, name: str, out: Path, signs: SignsFor, *, lang: Lang, clock: Clock
) -> Closed:
    """Say that a lot is complete; nothing comes into it any more.

    Raises `NotReady` where it does not balance and somebody has not signed for every open item,
    `UsageError` for a lot that is closed, an item that is not open or nobody who signs.
    """
    status = status_of(where, name)
    if status.lot.closed_at:
        raise UsageError("lot.closed", lot=name, at_date=status.lot.closed_at)
    stated = None
    if not status.complete:
        _check_named(status, signs)
        stated = issue_statement(where.state, out, _word(status, signs), lang=lang, clock=clock)
    with open_lots(where.state, where.url) as store:
        if stated is not None:
            source = str(stated.folder)
            files = read_statement_source(source)
            take_statement(store, name, source, files, trust_of(store, name, where.state))
        store.close(name, clock.now())
    return Closed(status_of(where, name), stated)


def _check_named(status: LotStatus, signs: SignsFor) -> None:
    """Every open item is signed for, and nothing else."""
    opened = {compared(one.serial): one.serial for one in status.open_items}
    named = {compared(one): one for one in signs.named}
    for key, serial in named.items():
        if key not in opened:
            raise UsageError("lot.not-open", lot=status.lot.name, serial=serial)
    if signs.every:
        return
    left = [serial for key, serial in opened.items() if key not in named]
    if left or not named:
        shown = ", ".join(left[:SHOWN]) + (" …" if len(left) > SHOWN else "")
        raise NotReady("lot.incomplete", lot=status.lot.name, opened=shown or "—")


def _word(status: LotStatus, signs: SignsFor) -> Word:
    return Word(
        CustodyKind.CLOSED,
        things_of_items(status.open_items),
        operator=signs.operator,
        lot=status.lot.name,
        closing=status.balance,
        note=signs.note,
    )
