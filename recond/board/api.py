"""What scripts may read: records and the room; JSON, by a token of their own.

Why the same readers as the pages': what a token's role may not see on a page it may not read here.
Everything is a GET: nothing can be changed by a script's token. `recond.board.openapi` describes
each of these ways, and a test holds every answer to that description.
"""

from __future__ import annotations

import dataclasses

from starlette.responses import Response

from recond.board import finding, reading
from recond.board.frame import PUBLIC, WORKSHOP, Visit, Way, json_answer
from recond.board.live import BenchView
from recond.board.reading import RecordLine
from recond.documents import read_json
from recond.model import Json


def records(visit: Visit) -> Response:
    """The newest records, or those that meet `q`; `next` goes on where the list ended."""
    found = finding.found_records(visit)
    rest = found[-1].id if len(found) == reading.SHOWN else None
    return json_answer({"records": [line_json(one) for one in found], "next": rest})


def record(visit: Visit) -> Response:
    """One record, whole: the line, and the signed record itself."""
    line = finding.record_line(visit)
    package = finding.package_of(visit, line)
    return json_answer({**line_json(line), "record": read_json(package.record_bytes)})


def room(visit: Visit) -> Response:
    """Every bench as it was last heard. None of it is evidence."""
    context = visit.context
    views = context.room.views(context.clock.monotonic_s())
    return json_answer({"benches": [bench_json(one) for one in views]})


def line_json(line: RecordLine) -> dict[str, Json]:
    """A record's line; `package`, where the board keeps it, is its own business."""
    found = dataclasses.asdict(line)
    del found["package"]
    found["disks"] = [dataclasses.asdict(one) for one in line.disks]
    return found


def bench_json(view: BenchView) -> dict[str, Json]:
    """A bench with its slots."""
    return {
        "bench": view.bench.name,
        "seen_at": view.seen_at,
        "slots": [
            {
                "place": slot.said.place,
                "state": "silent" if slot.silent else slot.said.state.value,
                "serial": slot.said.serial,
                "model": slot.said.model,
                "size_bytes": slot.said.size_bytes,
                "percent": slot.said.percent,
                "left_s": slot.said.left_s,
                "run": slot.said.run,
                "certificate": {
                    "number": slot.certificate.number,
                    "outcome": slot.certificate.outcome,
                    "trusted": slot.certificate.trusted,
                }
                if slot.certificate
                else None,
            }
            for computer in view.computers
            for slot in computer.slots
        ],
    }


def description(visit: Visit) -> Response:
    """The OpenAPI description of all this."""
    from recond.board.openapi import build

    return json_answer(build(visit.context.address))


WAYS = (
    Way("/api/v1/records", records, WORKSHOP, by="token"),
    Way("/api/v1/records/{number}", record, WORKSHOP, by="token"),
    Way(
        "/api/v1/records/{number}/certificate.pdf",
        finding.certificate_file,
        WORKSHOP,
        by="token",
    ),
    Way("/api/v1/room", room, WORKSHOP, by="token"),
    Way("/api/v1/openapi.json", description, PUBLIC, pace="public"),
)
