"""What every request meets before a page does: who asks, may they, is it small, is it theirs.

Why one place: a page that forgot to ask would be a hole. A route says who may use it; the frame
looks up the session or the token, holds the form's secret against the session's (CSRF), bounds what
is read, runs the page in a thread and puts the same headers on every answer. Pages return values
and decide nothing of that.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from recond.board import people, tokens
from recond.board.context import BoardContext
from recond.board.pace import network_of
from recond.board.people import BoardPerson, Role
from recond.board.tokens import BenchToken
from recond.errors import BenchLacks, RecondError, UploadFailed, UsageError
from recond.locale import LANGS, Lang, say, text
from recond.model import Message

T = TypeVar("T")
SMALL_BYTES = 64 << 10
BODY_S = 120.0
PASS_OVER_S = 10.0
ROBOT = "api"
EVERYBODY = frozenset({Role.LEAD, Role.OPERATOR, Role.READER, Role.DONOR})
WORKSHOP = frozenset({Role.LEAD, Role.OPERATOR, Role.READER})
HANDS = frozenset({Role.LEAD, Role.OPERATOR})
LEADS = frozenset({Role.LEAD})
PUBLIC: frozenset[Role] = frozenset()
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@dataclass(slots=True)
class Visit:
    """A request as a page sees it. `person` None: nobody signed in, or a bench or a script."""

    context: BoardContext
    lang: Lang
    path: dict[str, str]
    query: dict[str, str]
    person: BoardPerson | None = None
    bench: BenchToken | None = None
    form: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    client: str = ""
    session: str = ""

    @property
    def now(self) -> str:
        """The time, RFC 3339."""
        return self.context.clock.now()

    @property
    def who(self) -> str:
        """Who asks, for the audit."""
        return self.person.name if self.person else ""

    def t(self, code: str, **args: str | int) -> str:
        """The sentence for a code in the reader's language."""
        return text(self.lang, code, **args)

    def say(self, message: Message) -> str:
        """A message in the reader's language."""
        return say(self.lang, message)


class Turned(Exception):
    """A page's other answer: `status` with its sentence."""

    def __init__(self, status: int, code: str, **args: str | int) -> None:
        self.status, self.message = status, Message.of(code, **args)
        super().__init__(code)


Page = Callable[[Visit], Response]


@dataclass(frozen=True, slots=True)
class Way:
    """A route: its path, its method, who may, and the page. `most_bytes` bounds the body.

    `by`: session (people), token (scripts, `Authorization: Bearer`), bench (a bench's token).
    `lane`: the threads that work on it (`recond.board.context`); "" those of all pages.
    """

    path: str
    page: Page
    roles: frozenset[Role]
    method: str = "GET"
    by: str = "session"
    most_bytes: int = SMALL_BYTES
    pace: str = ""
    lane: str = ""


def routes_of(context: BoardContext, ways: tuple[Way, ...]) -> list[Route]:
    """The ways as the framework knows them."""
    return [
        Route(way.path, _Frame(context, way), methods=[way.method], name=way.path) for way in ways
    ]


class _Frame:
    """One way, asked by the framework."""

    def __init__(self, context: BoardContext, way: Way) -> None:
        self._context, self._way = context, way

    async def __call__(self, scope: object, receive: object, send: object) -> None:
        request = Request(scope, receive)  # type: ignore[arg-type] # ASGI's own types
        answer = await self._answer(request)
        await answer(scope, receive, send)  # type: ignore[arg-type]

    async def _answer(self, request: Request) -> Response:
        visit = _visit(self._context, request)
        try:
            self._slow_down(visit)
            if self._way.lane == "record":
                answer = await self._take_large(visit, request)
            else:
                visit.body = await _read_body(request, self._way.most_bytes)
                answer = await self._work(self._in_thread, visit, request)
        except Turned as turned:
            answer = self._turn(visit, turned)
        except ClientDisconnect:
            return Response(status_code=400)
        except (BenchLacks, UploadFailed, OSError, sa.exc.SQLAlchemyError) as error:
            self._context.note(error)
            answer = self._turn(visit, Turned(503, "board.error.later"))
        except RecondError as error:
            answer = self._turn(visit, Turned(400, error.message.code, **dict(error.message.args)))
        return finish(self._context, visit, answer)

    def _slow_down(self, visit: Visit) -> None:
        if self._way.pace and not self._context.pace.may(self._way.pace, network_of(visit.client)):
            raise Turned(429, "board.error.pace")

    async def _work(self, work: Callable[[Visit, Request], T], visit: Visit, request: Request) -> T:
        """In a thread; what takes long has threads of its own, so that no page waits for it."""
        lane = self._context.lanes.get(self._way.lane)
        if lane is None:
            return await run_in_threadpool(work, visit, request)
        return await asyncio.get_running_loop().run_in_executor(lane, work, visit, request)

    async def _take_large(self, visit: Visit, request: Request) -> Response:
        """Who asks is known before anything large is read; each has a few such at a time."""
        try:
            await run_in_threadpool(self._let_in_large, visit, request)
        except Turned:
            await _pass_over(request, self._way.most_bytes)  # else the answer is lost on the way
            raise
        try:
            visit.body = await _read_body(request, self._way.most_bytes)
            return await self._work(self._page, visit, request)
        finally:
            self._context.let_go(visit.bench.id if visit.bench else 0)

    def _let_in_large(self, visit: Visit, request: Request) -> None:
        self._let_in(visit, request)
        if not self._context.hold(visit.bench.id if visit.bench else 0):
            raise Turned(429, "board.error.pace")

    def _page(self, visit: Visit, _request: Request) -> Response:
        return self._way.page(visit)

    def _in_thread(self, visit: Visit, request: Request) -> Response:
        self._let_in(visit, request)
        return self._way.page(visit)

    def _let_in(self, visit: Visit, request: Request) -> None:
        way, context = self._way, self._context
        if way.by == "bench":
            visit.bench = context.bench_of(_bearer(request))
            if visit.bench is None:
                raise Turned(401, "board.error.token")
            return
        if way.by == "token":
            with context.database.reading() as db:
                found = tokens.key_role(db, _bearer(request))
            if found is None:
                raise Turned(401, "board.error.token")
            if found[1] not in way.roles:
                raise Turned(403, "board.error.role")
            visit.person = BoardPerson(0, found[0], found[1], "")
            return
        visit.session = request.cookies.get(context.cookie, "")
        if visit.session:
            visit.person = _signed_in(context, visit)
        if way.roles and visit.person is None:
            raise Turned(401, "board.error.sign-in")
        if way.roles and visit.person is not None and visit.person.role not in way.roles:
            raise Turned(403, "board.error.role")
        if way.method == "POST":
            _check_origin(request)
            visit.form = _form(request, visit.body)
            given = request.headers.get("x-csrf") or visit.form.get("csrf", "")
            if way.roles and (
                visit.person is None or not hmac.compare_digest(given, visit.person.csrf)
            ):
                raise Turned(403, "board.error.form")

    def _turn(self, visit: Visit, turned: Turned) -> Response:
        sentence = visit.say(turned.message)
        if self._way.by != "session" or visit.headers.get("accept", "") == "application/json":
            headers = {"Retry-After": "30"} if turned.status in (429, 503) else {}
            if turned.status == 401:
                headers["WWW-Authenticate"] = "Bearer"
            return JSONResponse(
                {"error": turned.message.code, "reason": sentence}, turned.status, headers
            )
        if turned.status == 401 and self._way.method == "GET":
            return RedirectResponse("/sign-in", 303)
        return self._context.render(visit, "turned.html", turned.status, sentence=sentence)


def _signed_in(context: BoardContext, visit: Visit) -> BoardPerson | None:
    with context.database.reading() as db:
        found = people.session_person(db, visit.session, visit.now)
    if found is None:
        return None
    person, stale = found
    if stale:
        with context.database.writing() as db:
            people.touch(db, visit.session, visit.now)
    return person


def _visit(context: BoardContext, request: Request) -> Visit:
    query = dict(request.query_params.items())
    asked = query.get("lang") or request.cookies.get("lang", "")
    preferred = request.headers.get("accept-language", "fr").lower()
    lang: Lang = "fr"
    if asked in LANGS:
        lang = "en" if asked == "en" else "fr"
    elif not preferred.startswith("fr") and "en" in preferred:
        lang = "en"
    return Visit(
        context,
        lang,
        {name: str(value) for name, value in request.path_params.items()},
        query,
        headers=dict(request.headers.items()),
        client=request.client.host if request.client else "",
    )


async def _pass_over(request: Request, most: int) -> None:
    """Read what is sent and keep none of it, for a moment: a line that is closed over bytes that
    nobody read loses the answer too (RFC 9112 §9.6).
    """
    size = 0
    with contextlib.suppress(TimeoutError, ClientDisconnect):
        async with asyncio.timeout(PASS_OVER_S):
            async for part in request.stream():
                size += len(part)
                if size > most:
                    return


async def _read_body(request: Request, most: int) -> bytes:
    """The body, no more than allowed and not slower than allowed."""
    if request.method not in ("POST", "PUT"):
        return b""
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > most:
        raise Turned(413, "board.error.large", limit_bytes=most)
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_S):
            async for part in request.stream():
                size += len(part)
                if size > most:
                    raise Turned(413, "board.error.large", limit_bytes=most)
                parts.append(part)
    except TimeoutError:
        raise Turned(408, "board.error.slow") from None
    return b"".join(parts)


def _bearer(request: Request) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _check_origin(request: Request) -> None:
    """A form of another site is turned away, signed in or not (W3C Fetch Metadata, RFC 6454)."""
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site", "same-origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("host", "")
    if foreign or site not in ("same-origin", "none"):
        raise Turned(403, "board.error.form")


def _form(request: Request, body: bytes) -> dict[str, str]:
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return {}
    try:
        found = parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=40)
    except (UnicodeDecodeError, ValueError):
        raise Turned(400, "board.error.form") from None
    return {name: values[0] for name, values in found.items()}


def finish(context: BoardContext, visit: Visit, answer: Response) -> Response:
    """The headers that every answer has."""
    headers = answer.headers
    headers.setdefault("Content-Security-Policy", POLICY)
    headers.setdefault("Cache-Control", "no-store")
    headers["X-Content-Type-Options"] = "nosniff"
    # not "no-referrer": a browser would then say "Origin: null" of our own forms (Fetch §3.1)
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if context.secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    if visit.query.get("lang") in LANGS:
        answer.set_cookie("lang", visit.query["lang"], max_age=31536000, samesite="lax")
    return answer


def json_answer(value: object, status: int = 200) -> Response:
    """A value as JSON, in one line."""
    raw = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(raw, status, media_type="application/json")


def number_of(visit: Visit, name: str = "number") -> int:
    """A number in the path. Raises `Turned` 404 for what is none."""
    word = visit.path.get(name, "")
    if not word.isascii() or not word.isdigit() or len(word) > 15:
        raise Turned(404, "board.error.absent")
    return int(word)


def given(visit: Visit, name: str) -> str:
    """A form's field. Raises `UsageError` where it is absent."""
    if name not in visit.form:
        raise UsageError("board.error.form")
    return visit.form[name]
