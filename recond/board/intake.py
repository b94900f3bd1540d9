"""Where benches report: their records, to be judged and kept; their state, to be shown.

Why nothing else is answered: a bench takes from the board whether a record was kept, and nothing
that it would act on.
"""

from __future__ import annotations

from starlette.responses import Response

from recond.board.context import BoardContext
from recond.board.frame import PUBLIC, Turned, Visit, Way, json_answer
from recond.board.live import read_live
from recond.board.records import IntakeAnswer
from recond.upload import live
from recond.upload.package import ID

MOST_PACKAGE_BYTES = 48 << 20
STATUS = {
    IntakeAnswer.KEPT: 201,
    IntakeAnswer.UNTRUSTED: 201,
    IntakeAnswer.KNOWN: 409,
    IntakeAnswer.APART: 422,
}


def take_record(visit: Visit) -> Response:
    """A package, whole. 201 kept, 409 there already, 422 not found to be true (and kept apart)."""
    if visit.bench is None:
        raise Turned(401, "board.error.token")
    key = visit.headers.get("idempotency-key", "")
    record_id, dot, beginning = key.rpartition(".")
    if not dot or not ID.fullmatch(record_id) or len(beginning) != 16:
        raise Turned(400, "board.error.key")
    done = visit.context.records.take_in(visit.bench, key, visit.body, visit.now)
    reason = visit.say(done.reason) if done.reason else None
    return json_answer(
        {"answer": done.answer.value, "record_id": done.record_id, "reason": reason},
        STATUS[done.answer],
    )


def take_live(visit: Visit) -> Response:
    """A bench's state, to be shown."""
    if visit.bench is None:
        raise Turned(401, "board.error.token")
    context: BoardContext = visit.context
    if not context.pace.may("live", str(visit.bench.id)):
        raise Turned(429, "board.error.pace")
    said = read_live(visit.body)
    context.room.hear(visit.bench, said, context.clock.monotonic_s(), visit.now)
    return Response(status_code=204)


WAYS = (
    Way(
        "/api/v1/records",
        take_record,
        PUBLIC,
        "POST",
        by="bench",
        most_bytes=MOST_PACKAGE_BYTES,
        lane="record",
    ),
    Way("/api/v1/live", take_live, PUBLIC, "POST", by="bench", most_bytes=live.MOST_BYTES),
)
