"""The Windows key that the maker put into the firmware: its last five characters, and a hash.

Why: the record may say that the machine has a licence and tell whether two records speak of the
same one; the key itself is worth money and never leaves this module. Source: Microsoft, "OEM
Activation 3.0" table MSDM: 36 bytes of ACPI header, 20 bytes of head, 29 characters.
"""

from __future__ import annotations

import hashlib
import re

from recond.documents import read_json
from recond.host.files import Files
from recond.model import Known, Reading, Unknown, Why, WindowsKey

MSDM = "/sys/firmware/acpi/tables/MSDM"
DIGEST_FILE = "/recond/windows-key.json"  # in a capture, in the place of the table
_KEY_AT, _KEY_BYTES = 56, 29
_KEY = re.compile(rb"[A-Z0-9]{5}(-[A-Z0-9]{5}){4}")
# what the hash is salted with. A key has 25 characters of 24: no list of them can be tried
_SALT = b"recond windows key 1\0"


def read_windows_key(files: Files) -> Reading[WindowsKey]:
    """The key's digest, from the table or from a capture that kept only the digest."""
    kept = files.read(DIGEST_FILE, 4096)
    if isinstance(kept, bytes):
        return _parse_digest(kept)
    raw = files.read(MSDM, 4096)
    return raw if isinstance(raw, Unknown) else parse_msdm(raw)


def parse_msdm(raw: bytes) -> Reading[WindowsKey]:
    """The digest of the key in an MSDM table."""
    if raw[:4] != b"MSDM" or len(raw) < _KEY_AT + _KEY_BYTES:
        return Unknown(Why.UNPARSABLE, MSDM)
    key = raw[_KEY_AT : _KEY_AT + _KEY_BYTES]
    if _KEY.fullmatch(key) is None:
        return Unknown(Why.GARBAGE, "MSDM")
    last_five = key[-5:].decode("ascii")
    return Known(WindowsKey(last_five, hashlib.sha256(_SALT + key).hexdigest()), MSDM)


def _parse_digest(raw: bytes) -> Reading[WindowsKey]:
    try:
        table = read_json(raw)
        last_five, digest = str(table["last_five"]), str(table["salted_sha256"])
    except (ValueError, TypeError, KeyError):
        return Unknown(Why.UNPARSABLE, DIGEST_FILE)
    if not re.fullmatch(r"[A-Z0-9]{5}", last_five) or not re.fullmatch(r"[0-9a-f]{64}", digest):
        return Unknown(Why.UNPARSABLE, DIGEST_FILE)
    return Known(WindowsKey(last_five, digest), MSDM)
