"""The records leave the bench: upload, queue."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

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
    print_json,
    screen,
    state_path,
)
from recond.errors import UsageError

UPLOAD = make_group("cli.help.upload", bare=True)
QUEUE = make_group("cli.help.queue", bare=True)
app.add_typer(UPLOAD, name="upload")
app.add_typer(QUEUE, name="queue")

KINDS_SHOWN = "folder|https|glpi|s3|devicehub|tectech|tectech-csv"
Names = Annotated[list[str] | None, option("to", "--to", metavar="NOM")]
Unsigned = Annotated[bool, option("allow_unsigned", "--allow-unsigned")]
Folder = Annotated[Path, argument("folder", "DOSSIER" if LANG == "fr" else "FOLDER")]


@UPLOAD.callback(invoke_without_command=True)
def upload_command(
    ctx: Context, to: Names = None,
    folder: Annotated[list[Path] | None, option("folder", "--folder", metavar="DIR")] = None,
    allow_unsigned: Unsigned = False,
    parked: Annotated[bool, option("parked", "--parked")] = False, json_: AsJson = False,
) -> None:
    """Send what waits."""
    if ctx.invoked_subcommand is not None:
        return
    from recond.flow.upload import send_now
    from recond.show.upload import show_uploaded

    done = send_now(state_path(), tuple(to or ()), tuple(folder or ()),
                    parked=parked, allow_unsigned=allow_unsigned)
    print_json(done) if json_ else show_uploaded(screen(), done)
    leave(done.exit_code)


@command("add", UPLOAD, about="cli.help.upload.add")
def upload_add_command(
    name: Annotated[str, argument("destination", "NOM")],
    kind: Annotated[str, option("kind", "--kind", metavar=KINDS_SHOWN)],
    value: Annotated[list[str] | None, argument("values", "X=VALEUR…")] = None,
) -> None:
    """A destination; its secrets are typed unseen, never given as arguments."""
    from recond.flow.upload import add_destination, secrets_of
    from recond.show.upload import ask_secret, show_added

    values = _pairs(value or [])
    for key in secrets_of(kind, values):
        values[key] = ask_secret(screen(), name, key)
    added = add_destination(state_path(), name, kind, values)
    show_added(screen(), added.name, added.kind, added.shown)


@command("list", UPLOAD, about="cli.help.upload.list")
def upload_list_command() -> None:
    """The destinations."""
    from recond.flow.upload import list_destinations

    for one in list_destinations(state_path()):
        screen().data(f"{one.name}  {one.kind}  {one.shown}")


@command("remove", UPLOAD, about="cli.help.upload.remove")
def upload_remove_command(name: Annotated[str, argument("destination", "NOM")]) -> None:
    """Forget a destination."""
    from recond.flow.upload import remove_destination
    from recond.show.upload import show_removed

    remove_destination(state_path(), name)
    show_removed(screen(), name)


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
    from recond.flow.queue import read_queue
    from recond.show.upload import show_queue

    view = read_queue(state_path())
    print_json(view) if json_ else show_queue(screen(), view)
    leave(0)


@command("export", QUEUE, about="cli.help.queue.export")
def queue_export_command(folder: Folder) -> None:
    """Copy what waits to a stick."""
    from recond.flow.queue import export_queue
    from recond.show.upload import show_moved

    moved = export_queue(state_path(), folder)
    show_moved(screen(), moved)
    leave(moved.exit_code)


@command("import", QUEUE, about="cli.help.queue.import")
def queue_import_command(folder: Folder, allow_unsigned: Unsigned = False) -> None:
    """Take over what another bench exported."""
    from recond.flow.queue import import_queue
    from recond.show.upload import show_moved

    moved = import_queue(state_path(), folder, allow_unsigned=allow_unsigned)
    show_moved(screen(), moved)
    leave(moved.exit_code)
