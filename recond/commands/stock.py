"""The records leave the bench: upload, queue, lots."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from recond.commands.complete import complete_destinations, complete_lots
from recond.commands.frame import (
    LANG,
    AsJson,
    Context,
    app,
    argument,
    command,
    leave,
    make_group,
    option,
    screen,
    state_path,
    state_to_read,
    this_host,
)
from recond.errors import UsageError

if TYPE_CHECKING:
    from recond.flow.lot.lot import LotDatabase

UPLOAD = make_group("cli.help.upload", bare=True)
QUEUE = make_group("cli.help.queue", bare=True)
app.add_typer(UPLOAD, name="upload")
app.add_typer(QUEUE, name="queue")
LOT = make_group("cli.help.lot", bare=True)
app.add_typer(LOT, name="lot")

KINDS_SHOWN = "folder|table|board|https|glpi|s3|devicehub|snipeit|tectech|tectech-csv"
Names = Annotated[
    list[str] | None, option("to", "--to", metavar="NAME", complete=complete_destinations)
]
DestinationName = Annotated[str, argument("destination", "NAME", complete=complete_destinations)]
Unsigned = Annotated[bool, option("allow_unsigned", "--allow-unsigned")]
LotName = Annotated[str, argument("lot_name", "LOT", complete=complete_lots)]
Database = Annotated[str | None, option("database", "--database", metavar="URL")]
Stick = Annotated[Path, argument("export_to", "DIR")]
Exported = Annotated[Path, argument("import_from", "DIR")]


@UPLOAD.callback(invoke_without_command=True)
def upload_command(
    ctx: Context,
    to: Names = None,
    folder: Annotated[list[Path] | None, option("folder", "--folder", metavar="DIR")] = None,
    allow_unsigned: Unsigned = False,
    parked: Annotated[bool, option("parked", "--parked")] = False,
    since: Annotated[str | None, option("upload_since", "--since", metavar="DATE")] = None,
    all_: Annotated[bool, option("upload_all", "--all")] = False,
    json_: AsJson = False,
) -> None:
    """Send what waits; with a day, also what left the queue before a destination was there."""
    if ctx.invoked_subcommand is not None:
        return
    from recond.flow.deliver.older import EVERY_DAY, parse_day, send_older
    from recond.flow.deliver.upload import send_now
    from recond.show.upload import show_uploaded

    names, folders = tuple(to or ()), tuple(folder or ())
    day = EVERY_DAY if all_ else None if since is None else parse_day(since)
    if day is None:
        done = send_now(
            state_path(),
            names,
            folders,
            parked=parked,
            allow_unsigned=allow_unsigned,
            clock=this_host().clock,
        )
    else:
        done = send_older(
            state_path(),
            names,
            folders,
            since=day,
            parked=parked,
            allow_unsigned=allow_unsigned,
            clock=this_host().clock,
        )
    screen().give("upload", done, show_uploaded, as_json=json_)
    leave(done.exit_code)


@command("add", UPLOAD, about="cli.help.upload.add")
def upload_add_command(
    name: DestinationName,
    kind: Annotated[str, option("kind", "--kind", metavar=KINDS_SHOWN)],
    value: Annotated[list[str] | None, argument("values", "X=VALUE")] = None,
    json_: AsJson = False,
) -> None:
    """A destination; its secrets are typed unseen, never given as arguments."""
    from recond.flow.deliver.upload import add_destination, secrets_of
    from recond.show.upload import ask_secret, destination_fields, show_added

    values = _pairs(value or [])
    for key in secrets_of(kind, values):
        values[key] = ask_secret(screen(), name, key)
    added = add_destination(state_path(), name, kind, values)
    screen().give("upload.add", added, show_added, as_json=json_, fields=destination_fields)


@command("list", UPLOAD, about="cli.help.upload.list")
def upload_list_command(json_: AsJson = False) -> None:
    """The destinations."""
    from recond.flow.deliver.upload import list_destinations
    from recond.show.upload import destinations_fields, show_destinations

    screen().give(
        "upload.list",
        list_destinations(state_to_read()),
        show_destinations,
        as_json=json_,
        fields=destinations_fields,
    )


@command("check", UPLOAD, about="cli.help.upload.check")
def upload_check_command(
    name: DestinationName,
    json_: AsJson = False,
) -> None:
    """Is a destination ready; nothing is delivered."""
    from recond.flow.deliver.check import check_destination
    from recond.show.upload import show_checked

    found = check_destination(state_path(), name, this_host().clock)
    screen().give("upload.check", found, show_checked, as_json=json_)
    leave(found.exit_code)


@command("export", about="cli.help.export")
def export_command(
    folder: Annotated[list[Path], argument("export_folder", "DIR")],
    template: Annotated[str, option("map", "--map", metavar="NAME")],
    out: Annotated[Path | None, option("export_out", "--out", metavar="FILE")] = None,
    allow_unsigned: Unsigned = False,
    json_: AsJson = False,
) -> None:
    """Records as a table by a template."""
    from recond.flow.deliver.export import export_table
    from recond.show.upload import show_exported

    done = export_table(
        template, tuple(folder), out, state=state_to_read(), allow_unsigned=allow_unsigned
    )
    screen().give("export", done, show_exported, as_json=json_)
    leave(done.exit_code)


@command("remove", UPLOAD, about="cli.help.upload.remove")
def upload_remove_command(
    name: DestinationName,
    json_: AsJson = False,
) -> None:
    """Forget a destination."""
    from recond.flow.deliver.upload import remove_destination
    from recond.show.upload import show_removed

    remove_destination(state_path(), name)
    screen().give(
        "upload.remove", name, show_removed, as_json=json_, fields=lambda name: {"name": name}
    )


def _pairs(words: list[str]) -> dict[str, str]:
    found = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise UsageError("cli.answer.form", word=word)
        found[key] = value
    return found


@QUEUE.callback(invoke_without_command=True)
def queue_command(ctx: Context, json_: AsJson = False) -> None:
    """What waits."""
    if ctx.invoked_subcommand is not None:
        return
    from recond.flow.deliver.queue import read_queue
    from recond.show.upload import show_queue

    view = read_queue(state_to_read())
    screen().give("queue", view, show_queue, as_json=json_)
    leave(0)


@command("export", QUEUE, about="cli.help.queue.export")
def queue_export_command(folder: Stick, json_: AsJson = False) -> None:
    """Copy what waits to a stick."""
    from recond.flow.deliver.queue import export_queue
    from recond.show.upload import show_moved

    moved = export_queue(state_path(), folder)
    screen().give("queue.export", moved, show_moved, as_json=json_)
    leave(moved.exit_code)


@command("import", QUEUE, about="cli.help.queue.import")
def queue_import_command(
    folder: Exported, allow_unsigned: Unsigned = False, json_: AsJson = False
) -> None:
    """Take over what another bench exported."""
    from recond.flow.deliver.queue import import_queue
    from recond.show.upload import show_moved

    moved = import_queue(state_path(), folder, allow_unsigned=allow_unsigned)
    screen().give("queue.import", moved, show_moved, as_json=json_)
    leave(moved.exit_code)


@LOT.callback(invoke_without_command=True)
def lot_command(ctx: Context, json_: AsJson = False, database: Database = None) -> None:
    """Every lot."""
    if ctx.invoked_subcommand is not None:
        return
    from recond.flow.lot.lot import list_lots
    from recond.show.lot import show_lots

    lots = list_lots(_where(database, reads=True))
    screen().give("lot", lots, show_lots, as_json=json_, fields=lambda lots: {"lots": lots})


@command("list", LOT, about="cli.help.lot.list")
def lot_list_command(json_: AsJson = False, database: Database = None) -> None:
    """Every lot, by its own word."""
    from recond.flow.lot.lot import list_lots
    from recond.show.lot import show_lots

    lots = list_lots(_where(database, reads=True))
    screen().give("lot.list", lots, show_lots, as_json=json_, fields=lambda lots: {"lots": lots})


def _where(database: str | None, *, reads: bool = False) -> LotDatabase:
    from recond.flow.lot.lot import LotDatabase

    return LotDatabase(state_to_read() if reads else state_path(), database)


@command("new", LOT, about="cli.help.lot.new")
def lot_new_command(
    lot: LotName,
    donor: Annotated[str | None, option("donor", "--donor", metavar="NAME")] = None,
    date: Annotated[str | None, option("lot_date", "--date", metavar="DATE")] = None,
    manifest: Annotated[Path | None, option("manifest", "--manifest", metavar="CSV")] = None,
    trust: Annotated[list[Path] | None, option("trust", "--trust", metavar="CERT")] = None,
    computers: Annotated[
        int | None, option("lot.option.computers", "--computers", metavar="N")
    ] = None,
    disks: Annotated[int | None, option("lot.option.disks", "--disks", metavar="N")] = None,
    database: Database = None,
    json_: AsJson = False,
) -> None:
    """A lot with its donor and manifest."""
    from recond.flow.lot.lot import new_lot
    from recond.show.lot import new_lot_fields, show_new_lot

    made = new_lot(
        _where(database),
        lot,
        this_host().clock,
        donor=donor,
        date=date,
        manifest=manifest,
        trust=tuple(trust or ()),
        counts={
            kind: many
            for kind, many in (("computer", computers), ("disk", disks))
            if many is not None
        },
    )
    screen().give("lot.new", made, show_new_lot, as_json=json_, fields=new_lot_fields)
    leave(made.exit_code)


@command("add", LOT, about="cli.help.lot.add")
def lot_add_command(
    lot: LotName,
    source: Annotated[list[str], argument("sources", "DIR")],
    database: Database = None,
    json_: AsJson = False,
) -> None:
    """Take the records of benches."""
    from recond.flow.lot.lot import add_to_lot
    from recond.show.lot import show_added_to_lot

    added = add_to_lot(_where(database), lot, tuple(source))
    screen().give("lot.add", added, show_added_to_lot, as_json=json_)
    leave(added.exit_code)


@command("status", LOT, about="cli.help.lot.status")
def lot_status_command(lot: LotName, json_: AsJson = False, database: Database = None) -> None:
    """Expected, seen, erased, rejected, missing."""
    from recond.flow.lot.lot import shown_status, status_of
    from recond.show.lot import show_lot_status

    status = (status_of if json_ else shown_status)(_where(database, reads=True), lot)
    screen().give("lot.status", status, show_lot_status, as_json=json_)
    leave(status.exit_code)


@command("report", LOT, about="cli.help.lot.report")
def lot_report_command(
    lot: LotName,
    out: Annotated[Path, option("report_out", "--out", metavar="DIR")] = Path("recond-lot"),
    database: Database = None,
    json_: AsJson = False,
) -> None:
    """The donor's report: PDF, XLSX, CSV."""
    from recond.flow.lot.lot import report_lot
    from recond.show.lot import reported_fields, show_reported

    done = report_lot(_where(database), lot, out, lang=LANG, clock=this_host().clock)
    screen().give("lot.report", done, show_reported, as_json=json_, fields=reported_fields)
    leave(done.exit_code)


@command("waste", LOT, about="cli.help.lot.waste")
def lot_waste_command(
    lot: LotName,
    out: Annotated[Path, option("lot.option.waste", "--out", metavar="FILE")] = Path(
        "recond-waste.csv"
    ),
    database: Database = None,
    json_: AsJson = False,
) -> None:
    """The scrap part as a table."""
    from recond.flow.lot.lot import write_waste

    file, rows = write_waste(_where(database), lot, out, lang=LANG)
    if json_:
        screen().answer("lot.waste", {"file": str(file), "rows": rows})
    else:
        screen().talk(screen().t("lot.written", file=str(file)))


@command("close", LOT, about="cli.help.lot.close")
def lot_close_command(
    lot: LotName,
    opened: Annotated[
        list[str] | None, option("lot.option.open", "--open", metavar="SERIAL")
    ] = None,
    anyway: Annotated[bool, option("anyway", "--anyway")] = False,
    operator: Annotated[
        str | None, option("lot.option.operator", "--operator", metavar="NAME")
    ] = None,
    note: Annotated[str | None, option("custody.option.note", "--note", metavar="TEXT")] = None,
    out: Annotated[Path, option("custody.option.out", "--out", metavar="DIR")] = Path("recond-out"),
    database: Database = None,
    json_: AsJson = False,
) -> None:
    """It balances, or a person signs for what is open; nothing comes into it any more."""
    from recond.flow.lot.closing import SignsFor, close_lot
    from recond.show.lot import closed_fields, show_closed

    signs = SignsFor(tuple(opened or ()), anyway, operator, note)
    done = close_lot(_where(database), lot, out, signs, lang=LANG, clock=this_host().clock)
    screen().give("lot.close", done, show_closed, as_json=json_, fields=closed_fields)
    leave(0)
