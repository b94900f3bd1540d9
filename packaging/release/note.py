"""The release note: version, day and every file with its sum, signed for `recond version --check`.

Why beside SHA256SUMS: that one is for whoever has no recond yet and checks with openssl; the note
is for whoever has one, which then does it all and compares the versions.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from recond.certify.releasenote import ReleaseFile, ReleaseNote, sign_note
from recond.certify.sign.keys import SigningKey

UNSAFE_BEFORE: str | None = None
"""The first version whose word on an erasure can be relied on; None while that holds for all. It
stays in every later note: who comes from far behind skips notes.
"""


def write_note(dist: Path, version: str, day: str, signing: SigningKey) -> Path:
    """`recond-VERSION.release.jws` over everything in `dist`."""
    files = tuple(_file(one) for one in sorted(dist.iterdir()) if one.is_file())
    note = ReleaseNote(version, day, UNSAFE_BEFORE, files)
    file = dist / f"recond-{version}.release.jws"
    file.write_bytes(sign_note(note, signing))
    return file


def _file(path: Path) -> ReleaseFile:
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    return ReleaseFile(path.name, path.stat().st_size, found)
