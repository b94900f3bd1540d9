"""The list of keys that are no longer believed, signed by the workshop's root.

Why: a bench that forbids a key tells nobody; whoever verifies elsewhere needs the workshop's own
word, and must be able to tell it from a stranger's. So the list is a JWS by the root itself, never
by a bench, and counts only where that root is pinned. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import cast

from cryptography import x509

from recond.certify.sign.jws import read_jws, sign_jws
from recond.certify.sign.keys import Revocation, SigningKey, instant, is_authority
from recond.codec import canonical_bytes, from_json, to_json
from recond.documents import read_json
from recond.errors import FormatError, RecordInvalid
from recond.model import Json

SCHEMA = "recond.revoked/1"
CONTENT_TYPE = "vnd.recond.revoked+json"
REASONS = ("compromised", "retired")
_FINGERPRINT = re.compile(r"[0-9A-F]{64}")


def is_sound(entry: Revocation) -> bool:
    """Whether an entry can be applied: a whole fingerprint, a known reason, a time."""
    try:
        aware = instant(entry.since).tzinfo is not None
    except ValueError:
        return False
    bare = entry.fingerprint.replace(" ", "")
    return aware and entry.reason in REASONS and _FINGERPRINT.fullmatch(bare) is not None


def read_entries(value: Json) -> tuple[Revocation, ...]:
    """Entries of plain JSON. Raises `FormatError` for any that cannot be applied: a list that is
    half understood would let a revoked key through.
    """
    if not isinstance(value, list):
        raise FormatError("key.list.form")
    found = tuple(from_json(Revocation, one) for one in value)
    if not all(map(is_sound, found)):
        raise FormatError("key.list.form")
    return found


def merged(entries: Iterable[Revocation]) -> tuple[Revocation, ...]:
    """One entry a key, sorted: compromise outweighs retirement, the earlier time counts."""
    best: dict[str, Revocation] = {}
    for one in entries:
        name = one.fingerprint.replace(" ", "")
        known = best.get(name)
        if known is None or _weight(one) < _weight(known):
            best[name] = one
    return tuple(best[name] for name in sorted(best))


def _weight(one: Revocation) -> tuple[int, str]:
    return REASONS.index(one.reason), one.since


def sign_list(entries: tuple[Revocation, ...], root: SigningKey, now: str) -> bytes:
    """The list as a compact JWS by the root."""
    payload = canonical_bytes(
        {"schema": SCHEMA, "issued_at": now, "revoked": [to_json(one) for one in merged(entries)]}
    )
    return sign_jws(payload, root, CONTENT_TYPE)


def read_list(raw: bytes, pinned: tuple[x509.Certificate, ...]) -> tuple[Revocation, ...]:
    """The entries of a list that a pinned root signed. Raises `RecordInvalid`, `FormatError`."""
    signed = read_jws(raw.strip())
    root = signed.chain[0]
    if signed.content_type != CONTENT_TYPE:
        raise RecordInvalid("key.list.form")
    if not signed.holds or root not in pinned or not is_authority(root):
        raise RecordInvalid("key.list.foreign")
    try:
        value = read_json(signed.payload)
        whole = set(value) == {"schema", "issued_at", "revoked"} and value["schema"] == SCHEMA
    except (ValueError, TypeError):
        whole = False
    if not whole:
        raise RecordInvalid("key.list.form")
    return read_entries(cast(dict[str, Json], value)["revoked"])
