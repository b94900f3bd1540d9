"""The workshop's board: start it, and what is done to it from its own computer.

Why lazily: the board's libraries are an optional part (`recond[board]`), which no bench needs.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

from recond.commands.frame import (
    LANG,
    DemoOut,
    command,
    option,
    screen,
    state_path,
    t,
    this_host,
)
from recond.errors import BenchLacks

if TYPE_CHECKING:
    from recond.board.serve import Opened

T = TypeVar("T")
Url = Annotated[str | None, option("board.command.database", "--database", metavar="URL")]
Store = Annotated[str | None, option("board.command.store", "--store", metavar="DIR|s3:NAME")]


@command("board", about="board.command.about")
def board_command(
    listen: Annotated[
        str, option("board.command.listen", "--listen", metavar="HOST:PORT")
    ] = "127.0.0.1:8630",
    tls: Annotated[
        tuple[Path, Path] | None, option("board.command.tls", "--tls", metavar="CERT KEY")
    ] = None,
    address: Annotated[
        str | None, option("board.command.address", "--address", metavar="URL")
    ] = None,
    database: Url = None,
    store: Store = None,
    link: Annotated[str | None, option("board.command.link", "--link", metavar="NAME")] = None,
    demo: Annotated[bool, option("board.command.demo", "--demo")] = False,
    out: DemoOut = Path("demo-out"),
) -> None:
    """Start the board."""
    if demo:
        _needs(_demo)(listen, out)
        return
    _needs(_serve)(listen, tls, address, database, store, link)


def _serve(
    listen: str,
    tls: tuple[Path, Path] | None,
    address: str | None,
    database: str | None,
    store: str | None,
    link: str | None,
) -> None:
    from recond.board.serve import BoardOrder, new_link, serve

    order = BoardOrder(
        state=state_path(),
        database=_database(database),
        listen=listen,
        tls=tls,
        store=store,
        name=address.rstrip("/") if address else None,
    )
    if link is not None:
        made = new_link(order, link, this_host().clock)
        screen().talk(t("board.command.linked", name=link, link=made))
        return
    serve(order, this_host().clock, _ready)


def _demo(listen: str, out: Path) -> None:
    from recond.board.demo import demo

    demo(out, listen, LANG, this_host().clock, _demo_ready)


def _demo_ready(opened: Opened, port: int) -> None:
    del port
    shown = screen()
    shown.talk(t("board.command.ready", address=opened.address))
    shown.talk(t("board.command.demo.people"))
    shown.talk(t("board.command.end"))


def _database(url: str | None) -> str | None:
    """The option, else the file that systemd's LoadCredential= gives, else SQLite."""
    from recond.host.state import credential

    return url or credential("database")


def _ready(opened: Opened, port: int) -> None:
    del port
    shown = screen()
    shown.talk(t("board.command.ready", address=opened.address))
    if opened.first_link:
        shown.talk(t("board.command.first", link=opened.first_link))
    shown.talk(t("board.command.end"))


def _needs(work: Callable[..., T]) -> Callable[..., T]:
    """The work, or one sentence where the optional part is not installed."""

    def done(*args: object, **named: object) -> T:
        try:
            return work(*args, **named)
        except ModuleNotFoundError as error:
            raise BenchLacks("board.command.absent", name=str(error.name)) from None

    return done
