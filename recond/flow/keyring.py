"""The bench's keys and ledger on its own disk: made at first use, read with care.

Why: the main job never waits for paperwork, so a bench without a key makes one; a key that is
unreadable, expired or open to others is not used, and the certificate says why it is unsigned.

    keys/bench.p12   this bench's key and chain (mode 0600; RECOND_KEY_PASSPHRASE opens it)
    keys/bench.pem   its certificate, to be given to donors
    keys/trust/      pinned certificates: workshops that this bench believes
    keys/revoked.json  keys that are no longer believed
    ledger.jsonl     every certificate issued here
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from recond.certify import keys, ledger
from recond.certify.keys import Revocation, SigningKey
from recond.certify.verdicts import Trust
from recond.codec import from_json
from recond.errors import RecordInvalid
from recond.flow.software import versions
from recond.host.clock import Clock
from recond.host.store import append_line, is_private, locked, write_whole

PASSPHRASE = "RECOND_KEY_PASSPHRASE"  # noqa: S105 - the variable's name


@dataclass(frozen=True, slots=True)
class Keyring:
    """Where a bench keeps what it signs with. `state` is its state folder."""

    state: Path

    @property
    def key_file(self) -> Path:
        """The key and its chain."""
        return self.state / "keys" / "bench.p12"

    @property
    def certificate_file(self) -> Path:
        """The certificate for others."""
        return self.state / "keys" / "bench.pem"

    @property
    def ledger_file(self) -> Path:
        """The ledger."""
        return self.state / "ledger.jsonl"

    def lock(self) -> Path:
        """The file that is held while the ledger grows."""
        return self.state / "ledger.lock"

    def signing_key(self, bench: str, clock: Clock) -> SigningKey:
        """The bench's key, made now if there is none. Raises `RecordInvalid`, `OSError`."""
        if not self.key_file.exists():
            with locked(self.state / "keys" / "lock"):
                if not self.key_file.exists():
                    self.save(keys.make_bench_key(bench, clock.now()), None)
        if not is_private(self.key_file):
            raise RecordInvalid("certify.key.mode")
        raw = self.key_file.read_bytes()
        passphrase = os.environ.get(PASSPHRASE)
        if passphrase is None and keys.protects(raw):
            raise RecordInvalid("certify.key.passphrase")
        found = keys.unpack_key(raw, passphrase if keys.protects(raw) else None)
        fault = keys.chain_fault(found.chain, (found.certificate,), clock.now(), self.revoked())
        if fault is not None:
            raise RecordInvalid("certify.key.expired" if fault.endswith("expired") else fault)
        return found

    def save(self, key: SigningKey, passphrase: str | None) -> None:
        """Put a key in place of the one there. Raises `OSError`."""
        (self.state / "keys").mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(self.key_file, keys.pack_key(key, passphrase), mode=0o600)
        write_whole(self.certificate_file, b"".join(keys.pem(one) for one in key.chain))

    def own(self) -> tuple[x509.Certificate, ...]:
        """This bench's certificate, if it has one."""
        try:
            return keys.read_certificates(self.certificate_file.read_bytes())[:1]
        except (OSError, RecordInvalid):
            return ()

    def pinned(self) -> tuple[x509.Certificate, ...]:
        """Every certificate that was pinned here. Raises `RecordInvalid` for a damaged one."""
        found: list[x509.Certificate] = []
        for file in sorted((self.state / "keys" / "trust").glob("*.pem")):
            found += keys.read_certificates(file.read_bytes())
        return tuple(found)

    def pin(self, raw: bytes) -> tuple[str, ...]:
        """Believe certificates from now on; their fingerprints. Raises `RecordInvalid`."""
        found = keys.read_certificates(raw)
        for one in found:
            name = keys.fingerprint(one).replace(" ", "")[:16].lower()
            write_whole(self.state / "keys" / "trust" / f"{name}.pem", keys.pem(one))
        return tuple(keys.fingerprint(one) for one in found)

    def revoked(self) -> tuple[Revocation, ...]:
        """Keys that are no longer believed. Raises `RecordInvalid`."""
        file = self.state / "keys" / "revoked.json"
        if not file.exists():
            return ()
        try:
            entries = json.loads(file.read_bytes())
            return tuple(from_json(Revocation, one) for one in entries)
        except (ValueError, TypeError):
            raise RecordInvalid("certify.key.revocations") from None

    def trust(self, extra: tuple[Path, ...]) -> Trust:
        """Whom to believe: what is pinned here, this bench, and the files given."""
        given: list[x509.Certificate] = []
        for file in extra:
            try:
                given += keys.read_certificates(file.read_bytes())
            except OSError as error:
                raise RecordInvalid("certify.verify.file-missing", file=str(file),
                                    reason=error.strerror or "") from None
        reading = self.read_ledger() if self.ledger_file.exists() else None
        return Trust((*self.pinned(), *given), self.own(), self.revoked(), reading, versions())

    # --- Ledger ------------------------------------------------------------------------------

    def read_ledger(self) -> ledger.LedgerReading:
        """The ledger as it stands."""
        raw = self.ledger_file.read_bytes() if self.ledger_file.exists() else b""
        return ledger.read_ledger(raw)

    def open_ledger(self, bench_id: str, clock: Clock) -> ledger.LedgerReading:
        """The ledger to go on with. A damaged one is set aside, never repaired; a new one begins.

        Must be called with the lock held. Raises `OSError`.
        """
        reading = self.read_ledger()
        if reading.problems:
            stamp = clock.now()[:19].replace(":", "")
            self.ledger_file.rename(self.state / f"ledger-damaged-{stamp}.jsonl")
            reading = self.read_ledger()
        if not reading.lines:
            ledger_id = f"{bench_id}-{clock.random_bytes(4).hex()}"
            append_line(self.ledger_file, ledger.opening_line(ledger_id, clock.now()))
            reading = self.read_ledger()
        return reading
