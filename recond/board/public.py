"""What anybody may ask: the page that checks a certificate, and the link of a QR code.

Why the checking page is `recond verify --html`'s own: the donor's file is checked in the donor's
browser and never sent here. A link names a record and the beginning of its digest, so that none can
be guessed; it shows what the certificate says of the computer and its disks, and nobody's name.
"""

from __future__ import annotations

import sqlalchemy as sa
from starlette.responses import Response

from recond.board import reading
from recond.board.finding import LINK_DIGITS
from recond.board.frame import PUBLIC, Turned, Visit, Way
from recond.board.people import BoardPerson, Role
from recond.board.tables import RECORDS
from recond.certify.pages.donor_page import believed, donor_page
from recond.flow.keys.keyring import Keyring
from recond.upload.package import ID

ANYBODY = BoardPerson(0, "", Role.READER, "")


def verify_page(visit: Visit) -> Response:
    """The page that believes whom the board believes; it works without the board too."""
    trust = Keyring(visit.context.state).trust(())
    known = (*trust.pinned, *(one for one in trust.own if one.issuer == one.subject))
    if not believed(known, trust.revoked):
        raise Turned(404, "board.verify.nobody")
    return Response(
        donor_page(known, trust.revoked),
        media_type="text/html",
        # its own policy stands in the page and names the digest of its one script
        headers={"Content-Security-Policy": "frame-ancestors 'none'"},
    )


def link_page(visit: Visit) -> Response:
    """What the board holds under a certificate's number and digest."""
    record_id, _, beginning = visit.path["name"].rpartition(".")
    if len(beginning) != LINK_DIGITS or not ID.fullmatch(record_id):
        raise Turned(404, "board.error.absent")
    with visit.context.database.reading() as db:
        row = db.execute(
            sa.select(RECORDS.c.id, RECORDS.c.digest).where(RECORDS.c.record_id == record_id)
        ).all()
        number = next((one.id for one in row if one.digest.startswith(beginning)), None)
        line = reading.one(db, ANYBODY, number) if number is not None else None
    if line is None:
        raise Turned(404, "board.error.absent")
    return visit.context.render(visit, "public.html", line=line)


WAYS = (
    Way("/verify", verify_page, PUBLIC, pace="public"),
    Way("/c/{name}", link_page, PUBLIC, pace="public"),
)
