"""Custody: what became of computers and disks, declared by a person and signed."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from recond.commands.complete import complete_lots
from recond.commands.frame import (
    LANG,
    AsJson,
    app,
    argument,
    command,
    make_group,
    option,
    screen,
    state_path,
    state_to_read,
    this_host,
)

if TYPE_CHECKING:
    from recond.custody import Thing
    from recond.flow.custody.issue import Word

CUSTODY = make_group("custody.about")
app.add_typer(CUSTODY, name="custody")

Serials = Annotated[list[str] | None, argument("custody.option.serials", "SERIAL")]
OfComputers = Annotated[bool, option("custody.option.computers", "--computers")]
OfDisks = Annotated[bool, option("custody.option.disks", "--disks")]
Model = Annotated[str | None, option("custody.option.model", "--model", metavar="NAME")]
Size = Annotated[str | None, option("custody.option.size", "--size", metavar="SIZE")]
LotNamed = Annotated[
    str | None, option("custody.option.lot", "--lot", metavar="LOT", complete=complete_lots)
]
Who = Annotated[str | None, option("custody.option.operator", "--operator", metavar="NAME")]
Day = Annotated[str | None, option("custody.option.day", "--on", metavar="DATE")]
Note = Annotated[str | None, option("custody.option.note", "--note", metavar="TEXT")]
OutFolder = Annotated[Path, option("custody.option.out", "--out", metavar="DIR")]
To = Annotated[str | None, option("custody.option.to", "--to", metavar="NAME")]
Count = Annotated[int | None, option("custody.option.count", "--count", metavar="N")]
OUT = Path("recond-out")


@command("received", CUSTODY, about="custody.about.received")
def received_command(
    serials: Serials = None,
    lot: LotNamed = None,
    origin: Annotated[str | None, option("custody.option.from", "--from", metavar="NAME")] = None,
    slip: Annotated[str | None, option("custody.option.slip", "--slip", metavar="NUMBER")] = None,
    said_computers: Annotated[
        int | None, option("custody.option.said-computers", "--said-computers", metavar="N")
    ] = None,
    said_disks: Annotated[
        int | None, option("custody.option.said-disks", "--said-disks", metavar="N")
    ] = None,
    counted_computers: Annotated[
        int | None, option("custody.option.counted-computers", "--counted-computers", metavar="N")
    ] = None,
    counted_disks: Annotated[
        int | None, option("custody.option.counted-disks", "--counted-disks", metavar="N")
    ] = None,
    disks: OfDisks = False,
    operator: Who = None,
    on: Day = None,
    note: Note = None,
    out: OutFolder = OUT,
    json_: AsJson = False,
) -> None:
    """It came: from whom, how many by the delivery note, how many were counted."""
    from recond.custody import CustodyKind, DeliveryNote
    from recond.flow.custody.issue import Word

    counts = (said_computers, said_disks, counted_computers, counted_disks)
    word = Word(
        CustodyKind.RECEIVED,
        _things(serials, disks=disks),
        _day(on),
        operator,
        lot,
        party=origin,
        delivery=DeliveryNote(slip, *counts),
        note=note,
    )
    _issue(word, out, as_json=json_)


@command("removed", CUSTODY, about="custody.about.removed")
def removed_command(
    serials: Serials = None,
    computer: Annotated[
        str | None, option("custody.option.computer", "--from", metavar="SERIAL")
    ] = None,
    model: Model = None,
    size: Size = None,
    lot: LotNamed = None,
    operator: Who = None,
    on: Day = None,
    note: Note = None,
    out: OutFolder = OUT,
    json_: AsJson = False,
) -> None:
    """A disk was taken out of a computer."""
    from recond.custody import CustodyKind
    from recond.flow.custody.issue import Word
    from recond.flow.serials import clean

    things = _things(serials, disks=True, model=model, size=size)
    inside = clean(computer) if computer else None
    kind = CustodyKind.REMOVED
    word = Word(kind, things, _day(on), operator, lot, computer=inside, note=note)
    _issue(word, out, as_json=json_)


@command("destroyed", CUSTODY, about="custody.about.destroyed")
def destroyed_command(
    serials: Serials = None,
    method: Annotated[
        str | None,
        option(
            "custody.option.method",
            "--method",
            metavar="shred|disintegrate|pulverize|incinerate|melt",
        ),
    ] = None,
    level: Annotated[str | None, option("custody.option.class", "--class", metavar="H-5")] = None,
    by: Annotated[str | None, option("custody.option.by", "--by", metavar="NAME")] = None,
    seen_by: Annotated[
        str | None, option("custody.option.seen-by", "--seen-by", metavar="NAME")
    ] = None,
    photo: Annotated[Path | None, option("custody.option.photo", "--photo", metavar="FILE")] = None,
    computers: OfComputers = False,
    model: Model = None,
    size: Size = None,
    lot: LotNamed = None,
    operator: Who = None,
    on: Day = None,
    note: Note = None,
    out: OutFolder = OUT,
    json_: AsJson = False,
) -> None:
    """A disk was destroyed: how, by whom, before whom."""
    from recond.custody import CustodyKind, Destroyed
    from recond.flow.custody.given import parse_destruction, photo_digest
    from recond.flow.custody.issue import Word

    how = None
    if method is not None:
        digest = photo_digest(photo) if photo else None
        how = Destroyed(parse_destruction(method), level, seen_by, digest)
    word = Word(
        CustodyKind.DESTROYED,
        _things(serials, disks=not computers, model=model, size=size),
        _day(on),
        operator,
        lot,
        party=by,
        destroyed=how,
        note=note,
    )
    _issue(word, out, as_json=json_)


@command("handed-over", CUSTODY, about="custody.about.handed-over")
def handed_over_command(
    serials: Serials = None,
    to: To = None,
    certificate: Annotated[
        list[Path] | None, option("custody.option.certificate", "--certificate", metavar="PATH")
    ] = None,
    disks: OfDisks = False,
    lot: LotNamed = None,
    operator: Who = None,
    on: Day = None,
    note: Note = None,
    out: OutFolder = OUT,
    json_: AsJson = False,
) -> None:
    """It went to an organisation, with its certificates."""
    from recond.custody import CustodyKind
    from recond.flow.custody.given import certificates_of
    from recond.flow.custody.issue import Word

    things = _things(serials, disks=disks)
    word = Word(
        CustodyKind.HANDED_OVER,
        things,
        _day(on),
        operator,
        lot,
        party=to,
        certificates=certificates_of(tuple(certificate or ()), things, state=state_path()),
        note=note,
    )
    _issue(word, out, as_json=json_)


@command("returned", CUSTODY, about="custody.about.returned")
def returned_command(
    serials: Serials = None,
    to: To = None,
    disks: OfDisks = False,
    model: Model = None,
    size: Size = None,
    lot: LotNamed = None,
    operator: Who = None,
    on: Day = None,
    note: Note = None,
    out: OutFolder = OUT,
    json_: AsJson = False,
) -> None:
    """It went back to whom it came from."""
    from recond.custody import CustodyKind
    from recond.flow.custody.issue import Word

    things = _things(serials, disks=disks, model=model, size=size)
    kind = CustodyKind.RETURNED
    _issue(Word(kind, things, _day(on), operator, lot, party=to, note=note), out, as_json=json_)


@command("scrapped", CUSTODY, about="custody.about.scrapped")
def scrapped_command(
    serials: Serials = None,
    to: To = None,
    code: Annotated[str, option("custody.option.code", "--code", metavar="CODE")] = "",
    category: Annotated[str, option("custody.option.category", "--category", metavar="NAME")] = "",
    count: Count = None,
    mass: Annotated[str, option("custody.option.mass", "--mass", metavar="KG")] = "",
    slip: Annotated[str | None, option("custody.option.slip", "--slip", metavar="NUMBER")] = None,
    disks: OfDisks = False,
    lot: LotNamed = None,
    operator: Who = None,
    on: Day = None,
    note: Note = None,
    out: OutFolder = OUT,
    json_: AsJson = False,
) -> None:
    """It went to be scrapped: to which eco-organism, how many, how heavy, under which code."""
    from recond.custody import CustodyKind, Waste
    from recond.flow.custody.given import parse_mass
    from recond.flow.custody.issue import Word

    things = _things(serials, disks=disks)
    number = len(things) if count is None else count
    word = Word(
        CustodyKind.SCRAPPED,
        things,
        _day(on),
        operator,
        lot,
        party=to,
        waste=Waste(code, category, number, parse_mass(mass), slip),
        note=note,
    )
    _issue(word, out, as_json=json_)


@command("forget", CUSTODY, about="custody.about.forget")
def forget_command(
    older: Annotated[str, option("custody.option.older", "--older-than", metavar="5y")],
    database: Annotated[str | None, option("database", "--database", metavar="URL")] = None,
    json_: AsJson = False,
) -> None:
    """Take people's names out of the lots that were closed long ago."""
    from recond.flow.lot.forgetting import forget_names
    from recond.flow.lot.lot import LotDatabase
    from recond.show.custody import show_forgotten

    done = forget_names(LotDatabase(state_path(), database), older, this_host().clock)
    show_forgotten(screen(), done, as_json=json_)


@command("history", about="custody.about.history")
def history_command(
    asked: Annotated[str, argument("custody.option.asked", "SERIAL")],
    folder: Annotated[list[Path] | None, argument("custody.option.folders", "DIR")] = None,
    json_: AsJson = False,
) -> None:
    """Everything that is known of one computer or disk."""
    from recond.flow.custody.history import read_history
    from recond.flow.machine.inventory import inventory
    from recond.show.custody import show_history

    found = read_history(
        asked,
        tuple(folder or (OUT,)),
        state=state_to_read(),
        capture=partial(inventory, this_host()),
    )
    show_history(screen(), found, as_json=json_)


def _things(
    serials: list[str] | None,
    *,
    disks: bool,
    model: str | None = None,
    size: str | None = None,
) -> tuple[Thing, ...]:
    from recond.custody import ThingKind
    from recond.flow.custody.given import ThingLabel, things_of

    kind = ThingKind.DISK if disks else ThingKind.COMPUTER
    return things_of(tuple(serials or ()), kind, ThingLabel(model, size))


def _day(words: str | None) -> str | None:
    from recond.flow.custody.given import parse_day

    return None if words is None else parse_day(words)


def _issue(word: Word, out: Path, *, as_json: bool) -> None:
    from recond.flow.custody.issue import issue_statement
    from recond.show.custody import show_stated

    stated = issue_statement(state_path(), out, word, lang=LANG, clock=this_host().clock)
    show_stated(screen(), stated, as_json=as_json)
