"""The board put together: every way, the files that pages need, and what goes on beside requests.

Why the ways stand in one tuple: a test walks them all and asks each as everybody.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from importlib import resources

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from recond.board import (
    admin,
    apart,
    api,
    entry,
    finding,
    intake,
    lots,
    numbers,
    public,
    room,
    said,
)
from recond.board.context import BoardContext
from recond.board.frame import Visit, Way, finish, routes_of
from recond.board.judge import trust_digest
from recond.errors import RecondError

WAYS: tuple[Way, ...] = (
    *entry.WAYS,
    *room.WAYS,
    *finding.WAYS,
    *said.WAYS,
    *apart.WAYS,
    *admin.WAYS,
    *lots.WAYS,
    *numbers.WAYS,
    *public.WAYS,
    *intake.WAYS,
    *api.WAYS,
)
STATIC = {"style.css": "text/css", "script.js": "text/javascript", "icon.svg": "image/svg+xml"}
REFRESH_S = 2.0
TRUST_S = 30.0
AGAIN_EACH = 10


def make_app(context: BoardContext) -> ASGIApp:
    """The board as an ASGI application."""

    @contextlib.asynccontextmanager
    async def beside(_app: Starlette) -> AsyncIterator[None]:
        tasks = [
            asyncio.create_task(_again_and_again(context, room.refresh, REFRESH_S)),
            asyncio.create_task(_again_and_again(context, judge_again, TRUST_S)),
        ]
        yield
        for task in tasks:
            task.cancel()

    routes = [*routes_of(context, WAYS), room.watching(context), *_static(context)]
    app = Starlette(routes=routes, lifespan=beside)
    return app if context.secure else _OnlyHere(app)


async def _again_and_again(
    context: BoardContext, work: Callable[[BoardContext], None], seconds: float
) -> None:
    while True:
        try:
            await run_in_threadpool(work, context)
        except Exception as error:  # the board goes on; whoever runs it is told
            context.note(error)
        await asyncio.sleep(seconds)


def judge_again(context: BoardContext) -> None:
    """Records that were judged when others were believed, some at a time."""
    try:
        digest = trust_digest(context.state)
    except RecondError as error:
        context.note(error)
        return
    while context.records.judge_again(digest, AGAIN_EACH) == AGAIN_EACH:
        pass


def _static(context: BoardContext) -> list[Route]:
    found = []
    for name, kind in STATIC.items():
        raw = resources.files("recond.board").joinpath("static", name).read_bytes()
        found.append(Route(f"/static/{name}", _serving(context, raw, kind), methods=["GET"]))
    return found


def _serving(context: BoardContext, raw: bytes, kind: str) -> Callable[[Request], Response]:
    def serve(_request: Request) -> Response:
        answer = Response(raw, media_type=kind, headers={"Cache-Control": "max-age=3600"})
        return finish(context, Visit(context, "fr", {}, {}), answer)

    return serve


class _OnlyHere:
    """Without TLS the board answers to this computer's own names only: a page elsewhere whose name
    was made to lead here (DNS rebinding) names another host.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
            name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
            if name not in ("127.0.0.1", "localhost", "[::1]"):
                await Response(status_code=421)(scope, receive, send)
                return
        await self._app(scope, receive, send)
