"""A release note: which files a version of recond consists of, signed by whoever released it.

Why: a workshop that has a newer version on a stick, or is told of one, must know that it comes from
where its own came from, and that the file is whole. The note is one JWS of the record's form with a
content type of its own: no record, statement or list of revocations is ever taken for one, nor it
for them. What it cannot say is that no newer version exists; it carries its day instead. Pure.

Source: RFC 7515 (JWS); version numbers: PEP 440, the part of it that releases use.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from recond.certify.sign.jws import Signed, read_jws, sign_jws
from recond.certify.sign.keys import SigningKey
from recond.codec import canonical_bytes, from_json
from recond.documents import read_json
from recond.errors import FormatError, RecordInvalid

RELEASE_TYPE = "vnd.recond.release+json"
RELEASE_SCHEMA = "recond.release/1"
MOST_FILES = 100
MOST_BYTES = 1 << 20
"""Of a whole note: a hundred files with their sums take a fiftieth of it."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+~-]{0,199}")
_DAY = re.compile(r"20\d{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])")
_HEX = re.compile(r"[0-9a-f]{64}")
_VERSION = re.compile(r"(\d{1,6}(?:\.\d{1,6}){0,5})(?:(a|b|rc)(\d{1,6}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class ReleaseFile:
    """One file of a release: a plain name, its bytes, their SHA-256 in hex."""

    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ReleaseNote:
    """A release. `released_on` is its day. Versions before `unsafe_before` could say of an erasure
    what is not so, and should not be used any more; None where there is no such version.
    """

    version: str
    released_on: str
    unsafe_before: str | None
    files: tuple[ReleaseFile, ...]
    schema: str = RELEASE_SCHEMA


def sign_note(note: ReleaseNote, signing: SigningKey) -> bytes:
    """The note's JWS. Raises `RecordInvalid` for a note that no reader would take."""
    _check(note)
    return sign_jws(canonical_bytes(note), signing, RELEASE_TYPE)


def read_note(raw: bytes) -> tuple[ReleaseNote, Signed]:
    """A note whose signature is its signer's, and that signature: whether the signer is to be
    believed is for the reader (`keys.chain_fault`). Raises `RecordInvalid`.
    """
    if len(raw) > MOST_BYTES:
        raise RecordInvalid("certify.release.form")
    signed = read_jws(raw)
    if signed.content_type != RELEASE_TYPE:
        raise RecordInvalid("certify.release.form")
    if not signed.holds:
        raise RecordInvalid("certify.release.changed")
    try:
        note = from_json(ReleaseNote, read_json(signed.payload))
        same = canonical_bytes(note) == signed.payload
    except (FormatError, ValueError, TypeError):
        raise RecordInvalid("certify.release.form") from None
    if not same:
        raise RecordInvalid("certify.release.form")
    _check(note)
    return note, signed


def _check(note: ReleaseNote) -> None:
    """Names are plain ones: a note leads no reader out of its folder."""
    names = [one.name for one in note.files]
    sound = (
        note.schema == RELEASE_SCHEMA
        and _VERSION.fullmatch(note.version) is not None
        and _DAY.fullmatch(note.released_on) is not None
        and (note.unsafe_before is None or _VERSION.fullmatch(note.unsafe_before) is not None)
        and 1 <= len(names) <= MOST_FILES
        and len({name.casefold() for name in names}) == len(names)
        and all(_NAME.fullmatch(name) for name in names)
        and all(one.size_bytes >= 0 and _HEX.fullmatch(one.sha256) for one in note.files)
    )
    if not sound:
        raise RecordInvalid("certify.release.form")


def version_order(version: str) -> tuple[tuple[int, ...], str, int]:
    """What versions are compared by: 1.2 is 1.2.0, and 1.2rc1 comes before it. Raises
    `RecordInvalid` for a text that is no version.
    """
    found = _VERSION.fullmatch(version)
    if found is None:
        raise RecordInvalid("certify.release.form")
    numbers = [int(part) for part in found[1].split(".")]
    while len(numbers) > 1 and not numbers[-1]:
        numbers.pop()
    return tuple(numbers), found[2] or "~", int(found[3] or 0)
