"""What `recond key` does: a workshop's root, a bench's key under it, whom to believe, whom not.

Why: keys are made, changed and forbidden in few places, with their files' modes, and never leave
them: no key and no passphrase stands in a message, a result or a log. The root's file lies where
the operator says (a stick), always locked by a passphrase; its page goes to paper.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from recond.certify.pages import key_backup
from recond.certify.sign import keys, revocations
from recond.certify.sign.keys import KeyFacts, Revocation, SigningKey, facts_of
from recond.certify.sign.purpose import may_issue
from recond.certify.sign.token_key import TokenKey
from recond.errors import BenchLacks, RecondError, RecordInvalid, UsageError
from recond.flow.config import Overrides, read_context
from recond.flow.keys.keyring import PASSPHRASE, Keyring
from recond.flow.runindex import seen_runs
from recond.host.clock import Clock
from recond.host.reason import os_reason
from recond.host.regular import read_given, read_regular
from recond.host.store import write_whole
from recond.host.token import Token, TokenPlace, parse_place
from recond.locale import Lang
from recond.model import Message

__all__ = ["TokenPlace", "parse_place"]  # for the command

ROOT_KEY, ROOT_CERTIFICATE = "recond-root.p12", "recond-root.pem"
ROOT_PAGE, REVOKED = "recond-root-backup.pdf", "recond-revoked.jws"
ROOT_VARIABLE, BENCH_VARIABLE = "RECOND_ROOT_PASSPHRASE", PASSPHRASE
LEAST_CHARACTERS = 12
LEAST_DIGITS = 8
RENEW_DAYS = 60
TOKEN_ID_BYTES = 8
MAX_FILE_BYTES = 4 << 20
_HEX = re.compile(rf"[0-9A-F]{{{LEAST_DIGITS},64}}")


@dataclass(frozen=True, slots=True)
class KeyReport:
    """This bench's keys. `fault` says why its key cannot sign now; None where it can.

    `waiting` are the runs whose record is unsigned.
    """

    bench: KeyFacts | None
    protected: bool
    fault: Message | None
    days_left: int | None
    pinned: tuple[KeyFacts, ...]
    revoked: tuple[Revocation, ...]
    waiting: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RootMade:
    """A root and its three files."""

    facts: KeyFacts
    key: Path
    certificate: Path
    page: Path


@dataclass(frozen=True, slots=True)
class BenchMade:
    """A bench's new key. `former`: there was another; `waiting`: runs that are unsigned."""

    facts: KeyFacts
    former: bool
    waiting: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trusted:
    """What `trust` took in: certificates, or how many entries of a revocation list."""

    certificates: tuple[KeyFacts, ...]
    revocations: int


def show(state: Path, clock: Clock) -> KeyReport:
    """Everything that can be said of this bench's keys without changing any."""
    ring = Keyring(state)
    bench, fault, protected = None, None, False
    if any(file.exists() for file in (ring.key_file, ring.token_file, ring.certificate_file)):
        own = ring.own()
        bench = facts_of(own[0]) if own else None
        try:
            protected = ring.token_file.exists() or (
                ring.key_file.exists() and keys.protects(read_regular(ring.key_file))
            )
            ring.signing_key("", clock)
        except RecondError as error:  # a token that is not there is `BenchLacks`
            fault = error.message
        except OSError:
            fault = Message("certify.key.file")
    left = None
    if bench is not None:
        left = (keys.instant(bench.not_after) - keys.instant(clock.now())).days
    return KeyReport(
        bench,
        protected,
        fault,
        left,
        tuple(map(facts_of, ring.pinned())),
        ring.revoked(),
        waiting_runs(state),
    )


# --- The root --------------------------------------------------------------------------------


def init(
    state: Path, name: str | None, out: Path | None, passphrase: str, lang: Lang, clock: Clock
) -> RootMade:
    """Make a workshop's root: key, certificate, page. It is pinned here.

    Raises `UsageError` for a short passphrase or a root that is there, `BenchLacks` for a folder
    that cannot be written.
    """
    check_passphrase(passphrase)
    folder = out or Keyring(state).folder / "root"
    if (folder / ROOT_KEY).exists():
        raise UsageError("key.exists", file=str(folder / ROOT_KEY))
    root = keys.make_root_key(name or _workshop(state, clock), clock.now())
    return _write_root(state, folder, root, keys.pack_key(root, passphrase), lang, clock)


def restore(
    state: Path,
    paper: Path,
    out: Path | None,
    passphrase: Callable[[], str],
    lang: Lang,
    clock: Clock,
) -> RootMade:
    """Make the root again from its page; the passphrase is asked for once the page is read.

    Raises `RecordInvalid` naming the line that is wrong.
    """
    typed = _read(paper).decode("utf-8", "replace")
    if not any(line.strip()[:2].isdecimal() for line in typed.splitlines()):
        raise RecordInvalid("key.paper.foreign", file=str(paper))
    packed = key_backup.read_paper(typed)
    root = _unlock(packed, passphrase(), paper)
    folder = out or Keyring(state).folder / "root"
    if (folder / ROOT_KEY).exists():
        raise UsageError("key.exists", file=str(folder / ROOT_KEY))
    return _write_root(state, folder, root, packed, lang, clock)


def _write_root(
    state: Path, folder: Path, root: SigningKey, packed: bytes, lang: Lang, clock: Clock
) -> RootMade:
    facts, made_at = facts_of(root.certificate), clock.now()[:10]
    page = key_backup.render_paper(
        key_backup.PaperKey(facts.name, facts.fingerprint, facts.not_after[:10], made_at, packed),
        lang,
    )
    made = RootMade(facts, folder / ROOT_KEY, folder / ROOT_CERTIFICATE, folder / ROOT_PAGE)
    try:
        Keyring(state).make_folder()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(made.page, page, mode=0o600)
        write_whole(made.certificate, keys.pem(root.certificate))
        write_whole(made.key, packed, mode=0o600)
        Keyring(state).pin((root.certificate,))
    except OSError as error:
        raise BenchLacks("key.write", file=str(folder), reason=os_reason(error)) from None
    return made


def check_passphrase(passphrase: str) -> None:
    """Raises `UsageError` for one that is too short to outlast a lost stick, or no text."""
    if len(passphrase) < LEAST_CHARACTERS or "\ufffd" in passphrase.encode(
        "utf-8", "surrogateescape"
    ).decode("utf-8", "replace"):
        raise UsageError("key.passphrase.short", least=LEAST_CHARACTERS)


def given_passphrase(*variables: str) -> str | None:
    """The first of these environment variables that is set."""
    return next((os.environ[name] for name in variables if name in os.environ), None)


def _workshop(state: Path, clock: Clock) -> str:
    context = read_context(state, Overrides(), clock)
    return context.workshop.name or f"recond {context.bench.bench_id}"


def _bench(state: Path, clock: Clock) -> str:
    context = read_context(state, Overrides(), clock)
    return context.bench.name or context.workshop.name or f"recond {context.bench.bench_id}"


def _name_below(root: SigningKey | None, name: str, state: Path, clock: Clock) -> str:
    """A bench's name that is not its root's: a certificate of one name for both is taken for one
    that signed itself, and a workshop that names itself names both.
    """
    if root is None or keys.common_name(root.certificate) != keys.fitting_name(name):
        return name
    return f"recond {read_context(state, Overrides(), clock).bench.bench_id}"


def open_root(state: Path, file: Path | None, passphrase: str, clock: Clock) -> SigningKey:
    """The root, unlocked, and still good for signing. Raises `RecordInvalid`, `UsageError`."""
    file = root_file(state, file)
    raw = _read(file)
    if not keys.protects(raw):
        raise RecordInvalid("key.mode.root", file=str(file))
    root = _unlock(raw, passphrase, file)
    now, until = keys.instant(clock.now()), root.certificate.not_valid_after_utc
    if not root.certificate.not_valid_before_utc <= now <= until:
        raise RecordInvalid("key.root-expired", until_date=until.strftime("%Y-%m-%d"))
    if any(
        _bare(one.fingerprint) == _bare(keys.fingerprint(root.certificate))
        for one in Keyring(state).revoked()
    ):
        raise RecordInvalid("key.root-revoked")
    return root


def root_file(state: Path, file: Path | None) -> Path:
    """Where the root is looked for."""
    return file or Keyring(state).folder / "root" / ROOT_KEY


def _unlock(raw: bytes, passphrase: str, file: Path) -> SigningKey:
    try:
        root = keys.unpack_key(raw, passphrase)
    except RecordInvalid:
        raise RecordInvalid("key.passphrase.wrong", file=str(file)) from None
    if not may_issue(root.certificate):
        raise RecordInvalid("key.not-root", file=str(file))
    return root


# --- The bench -------------------------------------------------------------------------------


def issue_bench(
    state: Path,
    name: str | None,
    root: SigningKey | None,
    passphrase: str | None,
    clock: Clock,
    token: tuple[TokenPlace, str] | None = None,
) -> BenchMade:
    """Give this bench a new key: under the root, or (None) one that signs itself; in its state
    folder, or in a token (its place and PIN).

    The key that it had is destroyed (in a token: left there, unused) and retired; what it signed
    stays valid, also of a clock that was ahead. Raises `UsageError`, `RecordInvalid`, `BenchLacks`.
    """
    if passphrase is not None:
        check_passphrase(passphrase)
    ring, now = Keyring(state), clock.now()
    name = _name_below(root, name or _bench(state, clock), state, clock)
    key, place = _key_in(*token, clock) if token else (None, None)
    made = (
        keys.issue_bench_key(root, name, now, key)
        if root
        else (keys.make_bench_key(name, now, key))
    )
    former = ring.own()[:1]
    try:
        with ring.changing():
            if place is None:
                ring.save(made, passphrase)
            else:
                ring.save_token(made, place)
        if root is not None:
            ring.pin((root.certificate,))
        if former:
            since = max(now, *(str(one["time"]) for one in ring.read_ledger().entries), now)
            ring.revoke((Revocation(keys.fingerprint(former[0]), "retired", since),))
    except OSError as error:
        raise BenchLacks("key.write", file=str(ring.folder), reason=os_reason(error)) from None
    return BenchMade(facts_of(made.certificate), bool(former), waiting_runs(state))


def _key_in(place: TokenPlace, pin: str, clock: Clock) -> tuple[TokenKey, TokenPlace]:
    """A new key in a token."""
    token, ident = Token(place, pin, write=True), clock.random_bytes(TOKEN_ID_BYTES)
    point = token.make_key(ident)
    return (
        TokenKey(point, lambda digest: token.sign(ident, digest)),
        dataclasses.replace(place, key=ident.hex()),
    )


def waiting_runs(state: Path) -> tuple[str, ...]:
    """The runs whose record waits for a signature, oldest first."""
    return tuple(one.run_id for one in seen_runs(state) if one.certificate and not one.signed)


# --- Trust -----------------------------------------------------------------------------------


def trust(state: Path, file: Path) -> Trusted:
    """Pin a certificate, or take in a revocation list that a pinned root signed.

    Raises `RecordInvalid`, `UsageError`, `BenchLacks`.
    """
    ring, raw = Keyring(state), _read(file)
    try:
        if raw.count(b".") == 2 and b"-----BEGIN" not in raw:
            found = revocations.read_list(raw, ring.pinned())
            ring.revoke(found)
            return Trusted((), len(found))
        certificates = keys.read_certificates(raw)
        ring.pin(certificates)
    except OSError as error:
        raise BenchLacks("key.write", file=str(ring.folder), reason=os_reason(error)) from None
    return Trusted(tuple(map(facts_of, certificates)), 0)


def revoke(
    state: Path,
    which: str,
    reason: str,
    since: str | None,
    root: SigningKey | None,
    clock: Clock,
    out: Path | None = None,
) -> tuple[Revocation, Path | None]:
    """Believe a key no longer; with the root, also the signed list for others (its path).

    Raises `UsageError` for a reason, a date or a key that is none, `BenchLacks`.
    """
    if reason not in revocations.REASONS:
        raise UsageError("key.reason.unknown", reason=reason)
    ring = Keyring(state)
    entry = Revocation(_find(ring, which), reason, _since(since, clock))
    file = None
    try:
        found = ring.revoke((entry,))
        if root is not None:
            file = out or ring.folder / REVOKED
            write_whole(file, revocations.sign_list(found, root, clock.now()))
    except OSError as error:
        raise BenchLacks("key.write", file=str(ring.folder), reason=os_reason(error)) from None
    return entry, file


def _since(since: str | None, clock: Clock) -> str:
    if since is None:
        return clock.now()
    try:
        return dt.date.fromisoformat(since).isoformat() + "T00:00:00.000Z"
    except ValueError:
        raise UsageError("key.since.form", since=since) from None


def _find(ring: Keyring, which: str) -> str:
    """The fingerprint that a certificate's file, a fingerprint or its beginning names."""
    bare = _bare(which)
    known = {keys.fingerprint(one) for one in (*ring.own(), *ring.pinned())}
    if _HEX.fullmatch(bare):
        found = [one for one in known if _bare(one).startswith(bare)]
        if len(bare) == 64:
            return found[0] if found else " ".join(re.findall(".{4}", bare))
        if len(found) == 1:
            return found[0]
    try:
        return keys.fingerprint(keys.read_certificates(_read(Path(which)))[0])
    except (RecordInvalid, UsageError):
        raise UsageError("key.revoke.unknown", which=which) from None


def _bare(fingerprint: str) -> str:
    return re.sub(r"[\s:]", "", fingerprint).upper()


def _read(file: Path) -> bytes:
    try:
        return read_given(file, MAX_FILE_BYTES)
    except OSError as error:
        raise UsageError("key.read", file=str(file), reason=os_reason(error)) from None
