"""The ledger as it stands, signed, stamped by an authority where one is set, in every receipt.

Why: certificates are made offline, by a clock that may be wrong. Once a day, with the network back,
one question to a time authority covers all of them: its token is over the ledger's root, and each
certificate's receipt leads from its own line to that root. Only receipts are written here; a record
is never touched, and no answer changes nothing.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

from recond.certify.ledger import Ledger
from recond.certify.receipt import (
    RECEIPT_FILE,
    Receipt,
    checkpoint_bytes,
    make_receipt,
    read_receipt,
)
from recond.certify.sign.jws import read_jws
from recond.certify.sign.keys import SigningKey, is_time_authority
from recond.certify.sign.timestamp import CONTENT_TYPE, read_answer, stamp_request, stamp_time
from recond.errors import BenchLacks, RecordInvalid, UploadFailed, UsageError
from recond.flow.config import timestamp_server
from recond.flow.keys.keyring import Keyring
from recond.flow.runfolder import all_runs
from recond.flow.statementnote import all_statements
from recond.host.clock import Clock
from recond.host.http import Https, Request
from recond.host.regular import read_regular
from recond.host.store import locked, write_whole

NONCE_BYTES = 8


@dataclass(frozen=True, slots=True)
class Stamped:
    """A checkpoint of `size` lines. `at` is the authority's time, None where none is set.

    `renewed` are the runs and statements whose receipt leads to it; `kept` had a stamp before,
    which is worth more; `away` could not be renewed: the folder is not here, or another key signed.
    """

    ledger_id: str
    size: int
    root: str
    at: str | None
    renewed: tuple[str, ...]
    kept: tuple[str, ...]
    away: tuple[str, ...]


def stamp(state: Path, clock: Clock) -> Stamped:
    """Sign the ledger, have it stamped, renew the receipts.

    Raises `BenchLacks` where the authority does not answer, `RecordInvalid` for a key that cannot
    sign, a damaged ledger or an answer that is worth nothing, `UsageError` for an empty ledger.
    """
    ring = Keyring(state)
    key = ring.signing_key("", clock)
    reading = _ledger(ring)
    root, token, at = reading.root(reading.size), None, None
    server = timestamp_server(state)
    if server is not None:
        stamped = checkpoint_bytes(reading.ledger_id, reading.size, root)
        token, at = _ask(Https(server.get("ca_file")), server["url"], stamped, ring, clock)
    encoded = base64.b64encode(token).decode() if token else None
    found: dict[str, list[str]] = {"renewed": [], "kept": [], "away": []}
    places = [(run.run_id, note.folder) for run in all_runs(state) if (note := run.note())]
    places += [(one.event_id, one.folder) for one in all_statements(state)]
    for number, folder in places:
        kind = _renew(Path(folder), reading, key, clock.now(), encoded)
        found[kind].append(number)
    return Stamped(
        reading.ledger_id,
        reading.size,
        root,
        at,
        tuple(found["renewed"]),
        tuple(found["kept"]),
        tuple(found["away"]),
    )


def _ledger(ring: Keyring) -> Ledger:
    """All lines, read and checked: a stamp is asked for once a day."""
    with locked(ring.lock()):
        reading = ring.read_ledger()
    if reading.problems:
        raise RecordInvalid(reading.problems[0].code, **dict(reading.problems[0].args))
    if not reading.lines:
        raise UsageError("recheck.ledger.empty")
    return reading


def _ask(client: Https, url: str, stamped: bytes, ring: Keyring, clock: Clock) -> tuple[bytes, str]:
    """The authority's token, believed already: one that nobody here can check is not kept."""
    authorities = tuple(filter(is_time_authority, ring.pinned()))
    if not authorities:
        raise RecordInvalid("certify.stamp.unknown")
    nonce = clock.random_bytes(NONCE_BYTES)
    try:
        answer = client.send(
            Request("POST", url, (("Content-Type", CONTENT_TYPE),), stamp_request(stamped, nonce))
        )
    except UploadFailed as error:
        raise BenchLacks("key.stamp.no-answer", url=url, reason=f"@{error.message.code}") from None
    if answer.status != 200:
        raise BenchLacks("key.stamp.no-answer", url=url, reason=f"HTTP {answer.status}")
    token = read_answer(answer.body, nonce)
    return token, stamp_time(token, stamped, authorities, ring.revoked())


def _renew(folder: Path, reading: Ledger, key: SigningKey, now: str, stamp: str | None) -> str:
    """Write the receipt anew where it is this ledger's and key chain's: the kind of outcome."""
    try:
        file = folder / RECEIPT_FILE
        signed = read_jws(read_regular(file))
        before = read_receipt(signed)
    except (OSError, ValueError, TypeError, KeyError, RecordInvalid):
        return "away"
    if before.stamp is not None:
        return "kept"
    if not _is_here(before, reading) or signed.chain[-1] != key.chain[-1]:
        return "away"
    try:
        write_whole(file, make_receipt(reading, before.number, key, now, stamp))
    except OSError:
        return "away"
    return "renewed"


def _is_here(receipt: Receipt, reading: Ledger) -> bool:
    """Whether the receipt's line stands in this ledger, in its place."""
    return (
        receipt.ledger_id == reading.ledger_id
        and 0 < receipt.number <= reading.size
        and reading.line(receipt.number - 1) == receipt.entry.encode("utf-8", "replace")
    )
