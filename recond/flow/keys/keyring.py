"""The bench's keys and ledger on its own disk: made at first use, read with care.

Why: the main job never waits for paperwork, so a bench without a key makes one; a key that is
unreadable, expired, gone or open to others is not used, and the certificate says why it is
unsigned. A key that was issued and has vanished is not replaced in silence.

    keys/bench.p12   this bench's key and chain (mode 0600; RECOND_KEY_PASSPHRASE opens it)
    keys/token.json  in its place where the key lies in a PKCS#11 token (RECOND_TOKEN_PIN opens it)
    keys/bench.pem   its certificate, to be given to donors
    keys/former/     certificates that this bench had before
    keys/trust/      pinned certificates: workshops that this bench believes
    keys/revoked.json  keys that are no longer believed
    ledger.jsonl     every certificate issued here; .ledger-tree, .ledger-mark: see `ledger_file`
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from recond.certify.ledger import LedgerReading, opening_line
from recond.certify.sign import keys, revocations
from recond.certify.sign.keys import Revocation, SigningKey
from recond.certify.sign.token_key import TokenKey
from recond.certify.verify.verdicts import Trust
from recond.codec import canonical_bytes, from_json, to_json
from recond.documents import read_json
from recond.errors import FormatError, RecordInvalid
from recond.flow.keys.ledger_file import LedgerFile, StoredLedger
from recond.flow.software import versions
from recond.host.clock import Clock
from recond.host.reason import os_reason
from recond.host.regular import SMALL_BYTES, read_given, read_regular
from recond.host.store import append_line, is_private, locked, write_whole
from recond.host.token import Token, TokenPlace
from recond.model import Message

PASSPHRASE = "RECOND_KEY_PASSPHRASE"  # noqa: S105 - the variable's name
PIN, PIN_FILE = "RECOND_TOKEN_PIN", "RECOND_TOKEN_PIN_FILE"
PIN_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Keyring:
    """Where a bench keeps what it signs with. `state` is its state folder."""

    state: Path

    @property
    def folder(self) -> Path:
        """Where the keys lie."""
        return self.state / "keys"

    @property
    def key_file(self) -> Path:
        """The key and its chain."""
        return self.folder / "bench.p12"

    @property
    def token_file(self) -> Path:
        """Which token holds the key, where one does."""
        return self.folder / "token.json"

    @property
    def certificate_file(self) -> Path:
        """The certificate for others."""
        return self.folder / "bench.pem"

    @property
    def ledger_file(self) -> Path:
        """The ledger."""
        return self.state / "ledger.jsonl"

    def lock(self) -> Path:
        """The file that is held while the ledger grows."""
        return self.state / "ledger.lock"

    # --- This bench's key --------------------------------------------------------------------

    def signing_key(self, bench: str, clock: Clock) -> SigningKey:
        """The bench's key, made now if there never was one.

        Raises `RecordInvalid` (absent, open to others, locked, damaged, expired, revoked),
        `OSError`.
        """
        if self.token_file.exists():
            self._check_folder()
            found = self._token_key()
            self._check_use(found, clock.now())
            return found
        if not self.key_file.exists():
            with self.changing():
                if not self.key_file.exists():
                    if self.certificate_file.exists():
                        raise RecordInvalid("key.absent")
                    self.save(keys.make_bench_key(bench, clock.now()), None)
        self._check_folder()
        if not is_private(self.key_file):
            raise RecordInvalid("certify.key.mode")
        raw = read_regular(self.key_file)
        passphrase = os.environ.get(PASSPHRASE)
        if passphrase is None and keys.protects(raw):
            raise RecordInvalid("certify.key.passphrase")
        found = keys.unpack_key(raw, passphrase if keys.protects(raw) else None)
        self._check_use(found, clock.now())
        return found

    def _token_key(self) -> SigningKey:
        """The key in the token, if it is the one of this bench's certificate."""
        try:
            place = from_json(TokenPlace, read_json(read_regular(self.token_file)))
            ident = bytes.fromhex(place.key)
        except (FormatError, ValueError, TypeError):
            raise RecordInvalid("certify.token.file") from None
        pin = given_pin()
        if pin is None:
            raise RecordInvalid("certify.token.pin")
        token = Token(place, pin)
        key = TokenKey(token.point(ident), lambda digest: token.sign(ident, digest))
        chain = keys.read_certificates(read_regular(self.certificate_file))
        if not chain or chain[0].public_key() != key.public_key():
            raise RecordInvalid("certify.token.other")
        return SigningKey(key, chain)

    def _check_use(self, key: SigningKey, now: str) -> None:
        """A root signs benches only; a bench's key counts as long as its root does."""
        if keys.is_authority(key.certificate):
            raise RecordInvalid("key.not-bench")
        fault = keys.chain_fault(key.chain, (key.chain[-1],), now, self.revoked())
        if fault == "certify.trust.expired" and len(key.chain) == 1:
            raise RecordInvalid("certify.key.expired-self")  # another command mends it
        if fault == "certify.trust.expired":
            raise RecordInvalid("certify.key.expired")
        if fault is not None:
            raise RecordInvalid(fault)

    def _check_folder(self) -> None:
        """Whoever may write here may replace the key, or pin a root. Raises `RecordInvalid`."""
        if self.folder.exists() and self.folder.stat().st_mode & 0o022:
            raise RecordInvalid("key.mode.folder")

    def make_folder(self) -> None:
        """The keys' folder, for its owner only. Raises `OSError`."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def changing(self) -> AbstractContextManager[None]:
        """Hold the keys' folder: one process at a time makes or replaces a key. `OSError`."""
        self.make_folder()
        return locked(self.folder / "lock")

    def save(self, key: SigningKey, passphrase: str | None) -> None:
        """Put a key in place of the one there, whose certificate is kept. Raises `OSError`."""
        self.make_folder()
        for one in self._current():
            write_whole(self.folder / "former" / _file_name(one), keys.pem(one))
        write_whole(self.key_file, keys.pack_key(key, passphrase), mode=0o600)
        write_whole(self.certificate_file, b"".join(keys.pem(one) for one in key.chain))
        self.token_file.unlink(missing_ok=True)

    def save_token(self, key: SigningKey, place: TokenPlace) -> None:
        """As `save`, for a key that lies in a token: a key file there was is destroyed."""
        self.make_folder()
        for one in self._current():
            write_whole(self.folder / "former" / _file_name(one), keys.pem(one))
        write_whole(self.token_file, canonical_bytes(to_json(place)), mode=0o600)
        write_whole(self.certificate_file, b"".join(keys.pem(one) for one in key.chain))
        self.key_file.unlink(missing_ok=True)

    def _current(self) -> tuple[x509.Certificate, ...]:
        try:
            return keys.read_certificates(read_regular(self.certificate_file))[:1]
        except (OSError, RecordInvalid):
            return ()

    def own(self) -> tuple[x509.Certificate, ...]:
        """This bench's certificate, if it has one, then those that it had before."""
        found = list(self._current())
        for file in sorted((self.folder / "former").glob("*.pem")):
            found += keys.read_certificates(read_regular(file))
        return tuple(dict.fromkeys(found))

    # --- Whom it believes --------------------------------------------------------------------

    def pinned(self) -> tuple[x509.Certificate, ...]:
        """Every certificate that was pinned here. Raises `RecordInvalid` for a damaged one."""
        self._check_folder()
        found: list[x509.Certificate] = []
        for file in sorted((self.folder / "trust").glob("*.pem")):
            found += keys.read_certificates(read_regular(file))
        return tuple(found)

    def pin(self, found: Iterable[x509.Certificate]) -> None:
        """Believe certificates from now on. Raises `OSError`."""
        self.make_folder()
        for one in found:
            write_whole(self.folder / "trust" / _file_name(one), keys.pem(one))

    def revoked(self) -> tuple[Revocation, ...]:
        """Keys that are no longer believed. Raises `RecordInvalid`."""
        file = self.folder / "revoked.json"
        if not file.exists():
            return ()
        try:
            return revocations.read_entries(read_json(read_regular(file)))
        except (ValueError, TypeError, FormatError):
            raise RecordInvalid("certify.key.revocations") from None

    def revoke(self, entries: Iterable[Revocation]) -> tuple[Revocation, ...]:
        """Believe keys no longer; the whole list then. Raises `RecordInvalid`, `OSError`."""
        with self.changing():
            found = revocations.merged((*self.revoked(), *entries))
            write_whole(
                self.folder / "revoked.json", canonical_bytes([to_json(one) for one in found])
            )
        return found

    def trust(self, extra: tuple[Path, ...]) -> Trust:
        """Whom to believe: what is pinned here, this bench, and the files given."""
        given: list[x509.Certificate] = []
        for file in extra:
            try:
                given += keys.read_certificates(read_given(file, SMALL_BYTES))
            except OSError as error:
                raise RecordInvalid(
                    "certify.verify.file-missing", file=str(file), reason=os_reason(error)
                ) from None
        own = self.own()
        found = self.ledger.open(own) if self.ledger_file.exists() else None
        return Trust((*self.pinned(), *given), own, self.revoked(), found, versions())

    # --- Ledger ------------------------------------------------------------------------------

    @property
    def ledger(self) -> LedgerFile:
        """The ledger's file, with what lies beside it."""
        return LedgerFile(self.ledger_file)

    def read_ledger(self) -> LedgerReading:
        """The ledger as it stands, every line read and checked."""
        return self.ledger.read()

    def last_time(self) -> str:
        """When the ledger's last line was written (RFC 3339); empty where there is none. Nothing is
        set aside: that is for who writes.
        """
        return self.ledger.open(self._own_or_none()).last_time if self.ledger_file.exists() else ""

    def open_ledger(
        self, bench_id: str, clock: Clock
    ) -> tuple[StoredLedger | LedgerReading, Message | None]:
        """The ledger to go on with. A damaged one is set aside, never repaired (the fault is given
        back), and a new one begins.

        Must be called with the lock held. Raises `OSError`.
        """
        found = self.ledger.open(self._own_or_none())
        problems = found.problems if isinstance(found, LedgerReading) else ()
        if problems:
            stamp = clock.now()[:19].replace(":", "")
            self.ledger_file.rename(self.state / f"ledger-damaged-{stamp}.jsonl")
            found = self.read_ledger()
        if not found.size:
            ledger_id = f"{bench_id}-{clock.random_bytes(4).hex()}"
            append_line(self.ledger_file, opening_line(ledger_id, clock.now()))
            found = self.read_ledger()
        return found, problems[0] if problems else None

    def _own_or_none(self) -> tuple[x509.Certificate, ...]:
        try:
            return self.own()
        except (OSError, RecordInvalid):
            return ()


def given_pin() -> str | None:
    """The token's PIN: of the environment, else of the file that it names. Raises `RecordInvalid`
    for a file that others may read, or nobody.
    """
    pin, file = os.environ.get(PIN), os.environ.get(PIN_FILE)
    if pin is not None or file is None:
        return pin
    try:
        if is_private(Path(file)):
            return read_given(Path(file), PIN_BYTES).decode("utf-8").rstrip("\n")
    except (OSError, ValueError):
        pass
    raise RecordInvalid("certify.token.pin-file", file=file)


def _file_name(one: x509.Certificate) -> str:
    return keys.fingerprint(one).replace(" ", "")[:16].lower() + ".pem"
