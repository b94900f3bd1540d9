"""Starting the board: where it listens, with which key, and how its first user comes in.

Why it refuses to listen beyond this computer without TLS: passwords and tokens would pass the wire
for everybody to read.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from cryptography import x509

from recond.board import people
from recond.board.app import make_app
from recond.board.context import BoardContext
from recond.board.database import Database, open_database
from recond.board.door import Door
from recond.board.judging import Judging
from recond.board.live import Room
from recond.board.pace import BoardPace
from recond.board.people import Role
from recond.board.records import Records
from recond.board.store import open_store
from recond.certify.sign.keys import read_certificates
from recond.errors import BenchLacks, RecordInvalid, UsageError
from recond.flow.deliver.settings import read_settings
from recond.host.clock import Clock
from recond.host.regular import SMALL_BYTES, read_given
from recond.host.state import prepare_folder

FOLDER = "board"
KEEP_ALIVE_S = 30
FIRST = "lead"


@dataclass(frozen=True, slots=True)
class BoardOrder:
    """How to start. `listen` is HOST:PORT; `tls` the certificate's chain and its key, PEM."""

    state: Path
    database: str | None = None
    listen: str = "127.0.0.1:8630"
    tls: tuple[Path, Path] | None = None
    store: str | None = None
    name: str | None = None
    demonstration: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """A board that is ready to answer; `first` is the token of the first user's link, where nobody
    was let in yet.
    """

    context: BoardContext
    judging: Judging
    database: Database
    host: str
    port: int
    first: str | None

    @property
    def address(self) -> str:
        """Where it is reached."""
        return self.context.address

    @property
    def first_link(self) -> str | None:
        """The one-time link, whole."""
        return f"{self.address}/link/{self.first}" if self.first else None


def open_board(order: BoardOrder, clock: Clock) -> Opened:
    """Open everything that a board needs. Raises `UsageError` (an address beyond this computer
    without TLS, a wrong URL), `BenchLacks` (no database, no folder).
    """
    host, port = read_listen(order.listen)
    secure = order.tls is not None
    if not secure and not _is_here(host):
        raise UsageError("board.listen.tls", listen=order.listen)
    if order.tls is not None:
        _check_tls(*order.tls)
    folder = order.state / FOLDER
    prepare_folder(order.state)
    prepare_folder(folder)
    folder.chmod(0o700)
    database = open_database(order.database, folder)
    store = open_store(order.store, folder, read_settings(order.state))
    judging = Judging(order.state, demonstration=order.demonstration)
    room = Room()
    context: BoardContext

    def kept(record_id: str) -> None:
        context.look_up((record_id,))

    context = BoardContext(
        state=order.state,
        database=database,
        records=Records(database, store, judging.judge, kept),
        room=room,
        clock=clock,
        pace=BoardPace(clock),
        address=order.name or _address(_reached(host, order.tls), port, secure),
        secure=secure,
        demonstration=order.demonstration,
    )
    first = None
    with database.writing() as db:
        if people.is_empty(db):
            first = people.add_person(db, FIRST, Role.LEAD, clock.now(), "recond board")
        elif people.nobody_can_lead(db):
            first = people.renew_first(db, clock.now())
    return Opened(context, judging, database, host, port, first)


def new_link(order: BoardOrder, name: str, clock: Clock) -> str:
    """Another one-time link for somebody, asked for on the board's own computer: who alone could
    make one has forgotten their password. Also while the board runs. Raises as `open_board`.
    """
    host, port = read_listen(order.listen)
    database = open_database(order.database, order.state / FOLDER)
    try:
        with database.writing() as db:
            person = people.named(db, name)
            _, token = people.renew_link(db, person, clock.now(), "recond board")
    finally:
        database.close()
    here = _address(_reached(host, order.tls), port, order.tls is not None)
    return f"{order.name or here}/link/{token}"


def read_listen(listen: str) -> tuple[str, int]:
    """HOST:PORT taken apart. Raises `UsageError`."""
    host, colon, port = listen.rpartition(":")
    host = host.strip("[]")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise UsageError("board.listen.form", listen=listen)
    return host, int(port)


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _reached(host: str, tls: tuple[Path, Path] | None) -> str:
    """The name under which others reach what listens everywhere: the certificate's first (RFC 9525:
    it is the one that a bench checks), else this computer's. Links and QR codes bear it.
    """
    try:
        everywhere = ipaddress.ip_address(host).is_unspecified
    except ValueError:
        everywhere = False
    if tls is None or not everywhere:
        return host
    try:
        leaf = read_certificates(read_given(tls[0], SMALL_BYTES))[0]
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, RecordInvalid, ValueError, IndexError, x509.ExtensionNotFound):
        return socket.getfqdn()
    named = names.get_values_for_type(x509.DNSName)
    named += [str(one) for one in names.get_values_for_type(x509.IPAddress)]
    return next((one for one in named if not one.startswith("*")), socket.getfqdn())


def _address(host: str, port: int, secure: bool) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if secure else 'http'}://{shown}:{port}"


def _check_tls(certificate: Path, key: Path) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(
            "board.listen.key", file=str(certificate), reason=str(error)[:200]
        ) from None


class Server(uvicorn.Server):
    """uvicorn's server, which says when it answers."""

    def __init__(
        self, config: uvicorn.Config, context: BoardContext, on_ready: Callable[[int], None]
    ) -> None:
        super().__init__(config)
        self._context, self._on_ready = context, on_ready

    async def startup(self, sockets: object = None) -> None:
        """Listen, then say on which port."""
        await super().startup(sockets)  # type: ignore[arg-type] # uvicorn's own list
        if self.started and self.servers:
            self._on_ready(int(self.servers[0].sockets[0].getsockname()[1]))

    async def shutdown(self, sockets: object = None) -> None:
        """Let whoever watches the room go, then end."""
        self._context.closing = True
        await super().shutdown(sockets)  # type: ignore[arg-type] # uvicorn's own list


def make_server(
    opened: Opened, tls: tuple[Path, Path] | None, on_ready: Callable[[int], None]
) -> Server:
    """The server of a board that was opened."""
    config = uvicorn.Config(
        make_app(opened.context),
        host=opened.host,
        port=opened.port,
        ssl_certfile=str(tls[0]) if tls else None,
        ssl_keyfile=str(tls[1]) if tls else None,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=3,
        http=Door,
        h11_max_incomplete_event_size=32 << 10,
        limit_concurrency=2000,
        lifespan="on",
    )
    return Server(config, opened.context, on_ready)


def serve(order: BoardOrder, clock: Clock, on_ready: Callable[[Opened, int], None]) -> None:
    """Run a board until a signal ends it. Raises as `open_board`; `BenchLacks` where the port is
    taken.
    """
    opened = open_board(order, clock)
    serve_opened(opened, order, lambda port: on_ready(opened, port))


def serve_opened(opened: Opened, order: BoardOrder, on_ready: Callable[[int], None]) -> None:
    """Run a board that was opened, until a signal ends it; it is closed then."""

    def ready(port: int) -> None:
        if order.name is None:  # port 0 is whichever was free
            host = _reached(opened.host, order.tls)
            opened.context.address = _address(host, port, opened.context.secure)
        on_ready(port)

    server = make_server(opened, order.tls, ready)
    try:
        server.run()
    except SystemExit:
        raise BenchLacks("board.listen.taken", listen=order.listen) from None
    finally:
        opened.context.close()
        opened.judging.close()
        opened.database.close()
    if not server.started:
        raise BenchLacks("board.listen.taken", listen=order.listen)


def serve_in_thread(opened: Opened) -> tuple[Server, threading.Thread, int]:
    """A board that answers in a thread of this process: (server, thread, port)."""
    ready = threading.Event()
    ports: list[int] = []

    def on_ready(port: int) -> None:
        ports.append(port)
        ready.set()

    server = make_server(opened, None, on_ready)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    if not ready.wait(30):
        raise BenchLacks("board.listen.taken", listen=f"{opened.host}:{opened.port}")
    return server, thread, ports[0]
