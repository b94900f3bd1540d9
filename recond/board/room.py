"""The room: every bench and slot on one page, alarms first, kept up to date by the server.

Why whole cards are sent and not numbers: the page is drawn in one place, by the same template as
the first time, with everything escaped; the script only puts a card where its older self was. A
card that did not change is not drawn again.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from recond.board import people
from recond.board.context import BoardContext
from recond.board.frame import HANDS, WORKSHOP, Visit, Way, finish, number_of
from recond.board.live import TONES, BenchView
from recond.board.tokens import list_benches
from recond.locale import LANGS, Lang

TICK_S = 1.0
BEAT_S = 15.0
MOST_WATCHERS = 200


def draw_card(context: BoardContext, view: BenchView, lang: Lang) -> str:
    """A bench's card, drawn once for each change and language."""
    key = (view.bench.id, lang)
    known = context.cards.get(key)
    if known is not None and known[0] == view.version:
        return known[1]
    card = context.draw(lang, "card.html", view=view)
    context.cards[key] = (view.version, card)
    return card


def tally(views: tuple[BenchView, ...]) -> dict[str, int]:
    """How many slots look how, and how many benches there are."""
    counts = dict.fromkeys(TONES, 0)
    for view in views:
        for computer in view.computers:
            for slot in computer.slots:
                counts[slot.tone] += 1
    return {**counts, "benches": len(views)}


def refresh(context: BoardContext) -> None:
    """What the room knows beside what benches say: who they are, and their runs' certificates."""
    with context.database.reading() as db:
        context.room.know(list_benches(db))
    context.look_up(context.room.unknown_runs())


def room_page(visit: Visit) -> Response:
    """The whole room."""
    context = visit.context
    views = context.room.views(context.clock.monotonic_s())
    cards = [draw_card(context, view, visit.lang) for view in views]
    return context.render(visit, "room.html", cards=cards, tally=tally(views))


def dismiss(visit: Visit) -> Response:
    """Somebody has looked at a bench's alarm."""
    visit.context.room.dismiss(number_of(visit))
    return Response(status_code=204)


def watching(context: BoardContext) -> Route:
    """`GET /room/events`: the cards that change, once a second at most (WHATWG server-sent events).

    Who watches is asked again at each beat: a session that ended sees no more.
    """
    watchers = asyncio.Semaphore(MOST_WATCHERS)

    def may(token: str) -> bool:
        with context.database.reading() as db:
            found = people.session_person(db, token, context.clock.now())
        return found is not None and found[0].role in WORKSHOP

    async def events(request: Request) -> Response:
        token = request.cookies.get(context.cookie, "")
        if not token or not await run_in_threadpool(may, token):
            return Response(status_code=401)
        if watchers.locked():
            return Response(status_code=503)
        lang: Lang = "en" if request.query_params.get("lang") == LANGS[1] else "fr"
        visit = Visit(context, lang, {}, {})
        stream = StreamingResponse(told(token, lang), media_type="text/event-stream")
        return finish(context, visit, stream)

    async def told(token: str, lang: Lang) -> AsyncIterator[bytes]:
        seen: dict[int, int] = {}
        quiet = 0.0
        async with watchers:
            while not context.closing:
                views = context.room.views(context.clock.monotonic_s())
                piece = _piece(context, views, seen, lang)
                if piece:
                    yield b"data: " + json.dumps(piece, ensure_ascii=False).encode() + b"\n\n"
                if quiet >= BEAT_S:
                    if not await run_in_threadpool(may, token):
                        return
                    quiet = 0.0
                    yield b": beat\n\n"
                quiet += TICK_S
                await asyncio.sleep(TICK_S)

    return Route("/room/events", events, methods=["GET"])


def _piece(
    context: BoardContext, views: tuple[BenchView, ...], seen: dict[int, int], lang: Lang
) -> dict[str, object]:
    """What changed since the watcher last heard; nothing where nothing did."""
    changed = {
        str(view.bench.id): draw_card(context, view, lang)
        for view in views
        if seen.get(view.bench.id) != view.version
    }
    order = [view.bench.id for view in views]
    if not changed and seen.keys() == set(order):
        return {}
    seen.clear()
    seen.update({view.bench.id: view.version for view in views})
    return {"order": order, "cards": changed, "tally": tally(views)}


WAYS = (
    Way("/", room_page, WORKSHOP),
    Way("/room/{number}/dismiss", dismiss, HANDS, "POST"),
)
