"""`recond verify --html`: the donor's page, written to a file.

Why: the page believes exactly whom this bench believes at that moment, and whoever writes it must
see whom that is. A file that is not such a page is never replaced.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from recond.certify.pages.donor_page import believed, donor_page, is_donor_page
from recond.certify.sign.keys import KeyFacts
from recond.errors import RecordInvalid, UsageError
from recond.flow.keys.keyring import Keyring
from recond.host.reason import unwritten
from recond.host.regular import read_regular
from recond.host.store import write_whole


@dataclass(frozen=True, slots=True)
class PageMade:
    """A page: whom it believes, how many revoked keys it knows, its SHA-256 in hex."""

    file: Path
    believed: tuple[KeyFacts, ...]
    revoked: int
    sha256: str


def write_donor_page(file: Path, certificates: tuple[Path, ...], *, state: Path) -> PageMade:
    """Write the page with what is pinned here, what is given, and this bench's self-made keys.

    Raises `RecordInvalid` where that is nobody, `UsageError` for a file that cannot be written.
    """
    trust = Keyring(state).trust(certificates)
    known = (*trust.pinned, *(one for one in trust.own if one.issuer == one.subject))
    named = believed(known, trust.revoked)
    if not named:
        raise RecordInvalid("donor.command.nobody")
    raw = donor_page(known, trust.revoked)
    try:
        if file.exists() and not is_donor_page(read_regular(file)):
            raise UsageError("donor.command.exists", file=str(file))
        write_whole(file, raw)
    except OSError as error:
        raise unwritten(error, "donor.command.write", file=str(file)) from None
    return PageMade(file, named, len(trust.revoked), hashlib.sha256(raw).hexdigest())
