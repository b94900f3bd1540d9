"""Coming in and going out: sign in, the one-time link, sign out, the reader's language."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from recond.board import people
from recond.board.frame import EVERYBODY, PUBLIC, Turned, Visit, Way, given
from recond.board.people import Role

HOME = {Role.DONOR: "/lots"}


def sign_in_page(visit: Visit) -> Response:
    """Name and password."""
    if visit.person is not None:
        return RedirectResponse(HOME.get(visit.person.role, "/"), 303)
    return visit.context.render(visit, "sign_in.html", wrong=False)


def sign_in(visit: Visit) -> Response:
    """A new session for who says the right words; the one before, whosever, is not taken over."""
    context = visit.context
    name, password = given(visit, "name"), given(visit, "password")
    person = people.check_password(context.database, name, password, visit.now)
    if person is None:
        return context.render(visit, "sign_in.html", 401, wrong=True)
    return _begin(visit, person)


def _begin(visit: Visit, person: int) -> Response:
    context = visit.context
    with context.database.writing() as db:
        if visit.session:
            people.sign_out(db, visit.session)
        people.sweep(db, visit.now)
        token = people.sign_in(db, person, visit.now)
        found = people.session_person(db, token, visit.now)
    role = found[0].role if found else Role.READER
    answer = RedirectResponse(HOME.get(role, "/"), 303)
    answer.set_cookie(
        context.cookie,
        token,
        max_age=people.LONGEST_S,
        httponly=True,
        samesite="lax",
        secure=context.secure,
    )
    return answer


def sign_out(visit: Visit) -> Response:
    """End the session."""
    with visit.context.database.writing() as db:
        people.sign_out(db, visit.session)
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(visit.context.cookie, secure=visit.context.secure, httponly=True)
    return answer


def link_page(visit: Visit) -> Response:
    """Choose a password, by a one-time link."""
    with visit.context.database.reading() as db:
        name = people.link_person(db, visit.path["token"], visit.now)
    if name is None:
        raise Turned(404, "board.link.void")
    return visit.context.render(
        visit,
        "link.html",
        name=name,
        token=visit.path["token"],
        shortest=people.SHORTEST,
        problem=None,
    )


def use_link(visit: Visit) -> Response:
    """The password is chosen; the link is spent, and its person is signed in."""
    context, password = visit.context, given(visit, "password")
    problem = None
    if len(password) < people.SHORTEST:
        problem = visit.t("board.password.short", shortest=people.SHORTEST, longest=people.LONGEST)
    elif password != given(visit, "again"):
        problem = visit.t("board.password.again")
    if problem is not None:
        with context.database.reading() as db:
            name = people.link_person(db, visit.path["token"], visit.now)
        if name is None:
            raise Turned(404, "board.link.void")
        return context.render(
            visit,
            "link.html",
            400,
            name=name,
            token=visit.path["token"],
            shortest=people.SHORTEST,
            problem=problem,
        )
    with context.database.writing() as db:
        person = people.use_link(db, visit.path["token"], password, visit.now)
    return _begin(visit, person)


WAYS = (
    Way("/sign-in", sign_in_page, PUBLIC),
    Way("/sign-in", sign_in, PUBLIC, "POST", pace="sign-in", lane="password"),
    Way("/sign-out", sign_out, EVERYBODY, "POST"),
    Way("/link/{token}", link_page, PUBLIC, pace="sign-in"),
    Way("/link/{token}", use_link, PUBLIC, "POST", pace="sign-in", lane="password"),
)
