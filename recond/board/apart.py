"""What benches sent and was not found to be true: each with its bench and its reason.

Why it is kept: a workshop must be able to look at what a bench, or whoever holds its token, tried
to have kept. It is counted nowhere and can only be downloaded as bytes.
"""

from __future__ import annotations

import sqlalchemy as sa
from starlette.responses import Response

from recond.board.finding import download
from recond.board.frame import HANDS, WORKSHOP, Turned, Visit, Way, number_of
from recond.board.tables import APART, BENCHES, RECORDS
from recond.documents import read_json
from recond.locale import has
from recond.model import Message

SHOWN = 200


def apart_page(visit: Visit) -> Response:
    """The newest first; and how many records are true but signed by a key that nobody pinned."""
    with visit.context.database.reading() as db:
        rows = db.execute(
            sa.select(APART, BENCHES.c.name)
            .join(BENCHES, BENCHES.c.id == APART.c.bench)
            .order_by(APART.c.id.desc())
            .limit(SHOWN)
        ).all()
        signers = db.execute(
            sa.select(RECORDS.c.signer, sa.func.count(), sa.func.max(RECORDS.c.bench_name))
            .where(sa.not_(RECORDS.c.trusted), RECORDS.c.current)
            .group_by(RECORDS.c.signer)
            .order_by(sa.func.count().desc())
            .limit(SHOWN)
        ).all()
    found = [(row, Message.of(row.code, **read_json(row.args))) for row in rows if has(row.code)]
    return visit.context.render(visit, "apart.html", found=found, signers=signers)


def apart_file(visit: Visit) -> Response:
    """The bytes as they came."""
    with visit.context.database.reading() as db:
        digest = db.execute(
            sa.select(APART.c.digest).where(APART.c.id == number_of(visit))
        ).scalar()
    if digest is None:
        raise Turned(404, "board.error.absent")
    raw = visit.context.records.package_bytes(digest)
    return download(raw, f"{digest[:16]}.bin", "application/octet-stream")


WAYS = (
    Way("/apart", apart_page, WORKSHOP),
    Way("/apart/{number}/file", apart_file, HANDS),
)
