"""A board that answers in this process, benches with real certificates, and people who ask it.

Every record is made by recond's own code from the journal of a real erasure (tests.keys.bench).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import http.client
import itertools
import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from recond.board import people, tokens
from recond.board.people import Role
from recond.board.serve import BoardOrder, Opened, open_board, serve_in_thread
from recond.custody import CustodyKind, Thing, ThingKind
from recond.flow.custody.issue import Word, issue_statement
from recond.flow.keys.keyring import Keyring
from recond.flow.run.issue import Issued, draw, issue
from recond.host.clock import SystemClock, rfc3339
from recond.upload.package import Package, make_package, pack, read_folder
from tests.keys.bench import journal_of, material
from tests.upload.records import notebook

SEEDS = itertools.count(1)
PASSWORD = "cheval correct pile agrafe"


class Moving:
    """The computer's clock, moved on by a test; what it waits for passes at once."""

    def __init__(self) -> None:
        self._real, self.moved_s = SystemClock(), 0.0

    def now(self) -> str:
        moment = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=self.moved_s)
        return rfc3339(moment)

    def monotonic_s(self) -> float:
        return self._real.monotonic_s() + self.moved_s

    def sleep(self, seconds: float) -> None:
        self._real.sleep(seconds)

    def random_bytes(self, count: int) -> bytes:
        return self._real.random_bytes(count)


@dataclass
class Reply:
    """An answer."""

    status: int
    headers: dict[str, str]
    body: bytes
    cookies: list[str]

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Client:
    """Somebody who asks the board; keeps cookies as a browser does."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    bearer: str = ""
    csrf: str = ""

    def send(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            sent.setdefault("Cookie", "; ".join(f"{k}={v}" for k, v in self.cookies.items()))
        if self.bearer:
            sent.setdefault("Authorization", f"Bearer {self.bearer}")
        try:
            line.request(method, path, body=body, headers=sent)
            answer = line.getresponse()
            read = answer.read()
        finally:
            line.close()
        found = [v for k, v in answer.getheaders() if k.lower() == "set-cookie"]
        for cookie in found:
            name, _, rest = cookie.partition("=")
            self.cookies[name] = rest.partition(";")[0].strip('"')
        return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, read, found)

    def get(self, path: str, **headers: str) -> Reply:
        return self.send("GET", path, None, **headers)

    def post(self, path: str, **form: str) -> Reply:
        """A form of this board's own pages, with its secret."""
        if self.csrf:
            form.setdefault("csrf", self.csrf)
        return self.send(
            "POST",
            path,
            urlencode(form).encode(),
            Content_Type="application/x-www-form-urlencoded",
        )

    def upload(self, package: Package, **headers: str) -> Reply:
        return self.deliver(package.key, pack(package), **headers)

    def deliver(self, key: str, raw: bytes, **headers: str) -> Reply:
        sent = {"Idempotency_Key": key, "Content_Type": "application/zip", **headers}
        return self.send("POST", "/api/v1/records", raw, **sent)


@dataclass
class Workshop:
    """A board with its people and benches."""

    state: Path
    opened: Opened
    port: int
    clock: Moving

    def person(self, name: str, role: Role, lots: tuple[str, ...] = ()) -> Client:
        """Somebody who chose a password and is signed in."""
        with self.opened.database.writing() as db:
            token = people.add_person(db, name, role, self.clock.now(), "test")
            number = people.use_link(db, token, PASSWORD, self.clock.now())
            for lot in lots:
                people.grant(db, number, lot, self.clock.now(), "test")
        return self.sign_in(name)

    def sign_in(self, name: str, password: str = PASSWORD) -> Client:
        client = Client(self.port)
        answer = client.post("/sign-in", name=name, password=password)
        assert answer.status == 303, answer.text
        with self.opened.database.reading() as db:
            found = people.session_person(db, client.cookies["recond"], self.clock.now())
        assert found is not None
        client.csrf = found[0].csrf
        return client

    def bench(self, name: str) -> Client:
        """A bench that may report."""
        with self.opened.database.writing() as db:
            token = tokens.add_bench(db, name, self.clock.now(), "test")
        return Client(self.port, bearer=token)

    def trust(self, maker: Maker) -> None:
        """Believe a bench's key from now on."""
        Keyring(maker.state).signing_key("banc", SystemClock())
        Keyring(self.state).pin(Keyring(maker.state).own())

    def stranger(self) -> Client:
        return Client(self.port)


@dataclass
class Maker:
    """A bench that certifies: a state folder with its own key and ledger."""

    state: Path
    raw: bytes  # a real journal
    made: int = 0
    draw: random.Random = field(default_factory=lambda: random.Random(next(SEEDS)))

    def issue(self, record_id: str | None = None, **context: Any) -> Issued:
        """A certificate, as a run leaves it; `serial`, `lot`, `donor`, … in its context."""
        self.made += 1
        number = self.draw.getrandbits(32)
        record_id = record_id or f"20261128-{self.made:06d}-{number:08x}"
        serial, machine = context.pop("serial", None), context.pop("machine", None)
        given = material(journal_of(self.raw, record_id), record_id)
        given = dataclasses.replace(
            given,
            context=dataclasses.replace(given.context, **context),
            machine=machine or (notebook(serial) if serial else None),
        )
        return issue(self.state, self.state / "out", given, lang="fr", clock=SystemClock())

    def package(self, **context: Any) -> Package:
        return read_folder(self.issue(**context).folder)

    def word(self, serial: str, lot: str) -> Package:
        """A person's signed word that a computer was returned."""
        thing = Thing(ThingKind.COMPUTER, serial)
        said = Word(CustodyKind.RETURNED, (thing,), operator="Ada", lot=lot, party="Mairie")
        out = self.state / "out"
        return read_folder(
            issue_statement(self.state, out, said, lang="fr", clock=SystemClock()).folder
        )


def resigned(package: Package, forger: Maker) -> Package:
    """A record's own bytes, signed and drawn by somebody else, whose journals are the record's."""
    key = Keyring(forger.state).signing_key("banc", SystemClock())
    drawn = draw(package.record(), key, "fr").files
    journals = {name: raw for name, raw in package.files if name.startswith("journals/")}
    found = make_package({**drawn, **journals})
    assert found.digest == package.digest
    return found


@contextmanager
def board(state: Path, url: str | None = None, **order: Any) -> Iterator[Workshop]:
    """A board that answers until the block ends."""
    clock = Moving()
    opened = open_board(BoardOrder(state, database=url, listen="127.0.0.1:0", **order), clock)
    server, thread, port = serve_in_thread(opened)
    opened.context.address = f"http://127.0.0.1:{port}"
    try:
        yield Workshop(state, opened, port, clock)
    finally:
        server.should_exit = True
        thread.join(20)
        opened.context.close()
        opened.judging.close()
        opened.database.close()


def wait_for(what: Any, seconds: float = 20.0) -> Any:
    """The first true value that `what` returns."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        threading.Event().wait(0.05)
    raise AssertionError("it did not come")
