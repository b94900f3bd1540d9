"""What a person gives for a statement: serials, a label's words, a photo, certificates.

Why here: a mistyped number is found now or never. A certificate that goes with a thing is verified
first, and what it says is read from it and never typed.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from recond.certify.verify.verdicts import Trust
from recond.computer import conclude, is_approved
from recond.custody import Destruction, NamedCertificate, Thing, ThingKind
from recond.drives import not_erased
from recond.erasure import TargetKind, WipeRecord
from recond.errors import RecordInvalid, UsageError
from recond.flow.keys.keyring import Keyring
from recond.flow.serials import clean, compared
from recond.flow.verify.files import verify_paths
from recond.flow.verify.given_record import given_record
from recond.host.reason import os_reason
from recond.host.regular import read_given
from recond.model import Known

PHOTO_BYTES = 64 << 20
_SIZE = re.compile(r"(\d{1,6})(?:[.,](\d{1,3}))?\s*([gt])[bo]?", re.IGNORECASE)
_MASS = re.compile(r"(\d{1,6})(?:[.,](\d{1,3}))?")
_UNITS = {"g": 1_000_000_000, "t": 1_000_000_000_000}


@dataclass(frozen=True, slots=True)
class ThingLabel:
    """What stands on one thing's label beside its serial, as it was typed."""

    model: str | None = None
    size: str | None = None


def things_of(
    serials: tuple[str, ...], kind: ThingKind, label: ThingLabel = ThingLabel()
) -> tuple[Thing, ...]:
    """The things of a statement. Raises `UsageError` for a label of several things."""
    if len(serials) != 1 and (label.model or label.size):
        raise UsageError("custody.label-of-one")
    measured = None if label.size is None else parse_size(label.size)
    model = clean(label.model) if label.model else None
    return tuple(Thing(kind, clean(one), model or None, measured) for one in serials)


def parse_size(words: str) -> int:
    """Bytes of `500 Go`, `1,5 To`, `256GB`. Raises `UsageError`."""
    found = _SIZE.fullmatch(clean(words))
    if found is None:
        raise UsageError("custody.size-form", found=words[:40])
    unit = _UNITS[found[3].lower()]
    return int(found[1]) * unit + int((found[2] or "0").ljust(3, "0")) * unit // 1000


def parse_mass(words: str) -> int:
    """Grams of kilogrammes as a person writes them: `12`, `12,5`. Raises `UsageError`."""
    found = _MASS.fullmatch(clean(words))
    if found is None:
        raise UsageError("custody.mass-form", found=words[:40])
    return int(found[1]) * 1000 + int((found[2] or "0").ljust(3, "0"))


def parse_day(words: str) -> str:
    """A day, `YYYY-MM-DD`. Raises `UsageError`."""
    try:
        return date.fromisoformat(words).isoformat()
    except ValueError:
        raise UsageError("custody.day-form", found=words[:40]) from None


def parse_destruction(words: str) -> Destruction:
    """A way of destroying. Raises `UsageError`, with what counts as one, for any other."""
    try:
        return Destruction(words)
    except ValueError:
        known = ", ".join(one.value for one in Destruction)
        raise UsageError("custody.technique-unknown", found=words[:40], known=known) from None


def photo_digest(file: Path) -> str:
    """The SHA-256 of a photo. Raises `UsageError` for one that is not there, empty or too large."""
    try:
        raw = read_given(file, PHOTO_BYTES + 1)
    except OSError as error:
        raise UsageError("key.read", file=str(file), reason=os_reason(error)) from None
    if not 0 < len(raw) <= PHOTO_BYTES:
        raise UsageError("custody.photo", file=str(file))
    return hashlib.sha256(raw).hexdigest()


def certificates_of(
    paths: tuple[Path, ...], things: tuple[Thing, ...], *, state: Path
) -> tuple[NamedCertificate, ...]:
    """Each certificate with the thing that it is of, and what it says of it.

    Raises `RecordInvalid` for one that is not to be believed, `UsageError` for one of none of these
    things or a second of one.
    """
    trust = Keyring(state).trust(())
    found: dict[str, NamedCertificate] = {}
    for path in paths:
        record, raw = _believed(path, trust, state)
        named = [(one, word) for one in things if (word := verdict_on(record, one)) is not None]
        if not named:
            raise UsageError("custody.certificate-other", file=str(path), id=record.record_id)
        for thing, word in named:
            if thing.serial in found:
                raise UsageError("custody.certificate-two", serial=thing.serial)
            digest = hashlib.sha256(raw).hexdigest()
            found[thing.serial] = NamedCertificate(thing.serial, record.record_id, digest, word)
    return tuple(found.values())


def _believed(path: Path, trust: Trust, state: Path) -> tuple[WipeRecord, bytes]:
    report = verify_paths((path,), (), state=state, trust=trust)
    if report.exit_code or any(one.demonstration for one in report.found):
        raise RecordInvalid("custody.certificate-false", file=str(path))
    record, raw = given_record(path)
    if [one.is_of(raw) for one in report.found] != [True]:
        raise RecordInvalid("custody.certificate-false", file=str(path))
    return record, raw


def verdict_on(record: WipeRecord, thing: Thing) -> str | None:
    """What a record says of a thing, by its word for a verdict; None where it is of another."""
    serial = compared(thing.serial)
    if thing.kind is ThingKind.COMPUTER:
        system = record.machine.system if record.machine else None
        own = system.serial.value if system and isinstance(system.serial, Known) else None
        found = conclude(record)
        same = own is not None and compared(own) == serial
        return found.word if same and found.scope == "computer" else None
    own_disks = [
        one
        for one in record.erasures
        if one.disk.kind is TargetKind.BLOCK and compared(one.disk.serial or "") == serial
    ]
    if not own_disks:
        return None
    # a drive is as erased as each part of it: an area or another name space may be left
    whole = serial not in {compared(token) for token in not_erased(record)}
    return "erased-disks" if whole and all(map(is_approved, own_disks)) else "not-erased"
