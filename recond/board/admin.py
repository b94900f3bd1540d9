"""What leads do: people and their links, benches and scripts with their tokens, the audit.

Why a secret is shown in the answer and nowhere else: it is kept as its hash; who loses it makes
another.
"""

from __future__ import annotations

from typing import Any

from starlette.responses import RedirectResponse, Response

from recond.board import audit, people, tokens
from recond.board.finding import download
from recond.board.frame import LEADS, Turned, Visit, Way, given, number_of
from recond.board.people import Role

SHOWN = 200


def people_page(visit: Visit) -> Response:
    """Everybody and everything that may come in."""
    with visit.context.database.reading() as db:
        values: dict[str, Any] = {
            "people": people.list_people(db, visit.now),
            "benches": tokens.list_benches(db),
            "keys": tokens.list_keys(db),
            "lines": audit.latest(db, SHOWN),
            "head": audit.head(db),
            "faults": audit.faults(db),
        }
    return visit.context.render(visit, "people.html", roles=list(Role), **values)


def _role(visit: Visit) -> Role:
    try:
        return Role(given(visit, "role"))
    except ValueError:
        raise Turned(400, "board.error.form") from None


def _back() -> Response:
    return RedirectResponse("/people", 303)


def _secret(visit: Visit, kind: str, name: str, secret: str) -> Response:
    return visit.context.render(
        visit,
        "secret.html",
        kind=kind,
        name=name,
        secret=secret,
        address=visit.context.address,
    )


def add_person(visit: Visit) -> Response:
    """Somebody new; their one-time link."""
    name, role = given(visit, "name"), _role(visit)
    with visit.context.database.writing() as db:
        token = people.add_person(db, name, role, visit.now, visit.who)
    return _secret(visit, "link", name.strip(), f"{visit.context.address}/link/{token}")


def renew_link(visit: Visit) -> Response:
    """Another one-time link: a password was forgotten."""
    with visit.context.database.writing() as db:
        name, token = people.renew_link(db, number_of(visit), visit.now, visit.who)
    return _secret(visit, "link", name, f"{visit.context.address}/link/{token}")


def leave(visit: Visit) -> Response:
    """Somebody may not come in any more."""
    with visit.context.database.writing() as db:
        people.leave(db, number_of(visit), visit.now, visit.who)
    return _back()


def grant(visit: Visit) -> Response:
    """A donor may see a lot."""
    lot = given(visit, "lot").strip()
    if not 0 < len(lot) <= 200:
        raise Turned(400, "board.error.form")
    with visit.context.database.writing() as db:
        people.grant(db, number_of(visit), lot, visit.now, visit.who)
    return _back()


def add_bench(visit: Visit) -> Response:
    """A bench's token."""
    name = given(visit, "name")
    with visit.context.database.writing() as db:
        token = tokens.add_bench(db, name, visit.now, visit.who)
    return _secret(visit, "bench", name.strip(), token)


def renew_bench(visit: Visit) -> Response:
    """Another token for a bench: the one before counts no more."""
    with visit.context.database.writing() as db:
        name, token = tokens.renew_bench(db, number_of(visit), visit.now, visit.who)
    visit.context.forget_tokens()
    return _secret(visit, "bench", name, token)


def revoke_bench(visit: Visit) -> Response:
    """A bench may report no more."""
    with visit.context.database.writing() as db:
        tokens.revoke_bench(db, number_of(visit), visit.now, visit.who)
    visit.context.forget_tokens()
    return _back()


def add_key(visit: Visit) -> Response:
    """A script's token."""
    name, role = given(visit, "name"), _role(visit)
    with visit.context.database.writing() as db:
        token = tokens.add_key(db, name, role, visit.now, visit.who)
    return _secret(visit, "key", name.strip(), token)


def revoke_key(visit: Visit) -> Response:
    """A script may read no more."""
    with visit.context.database.writing() as db:
        tokens.revoke_key(db, number_of(visit), visit.now, visit.who)
    return _back()


def audit_file(visit: Visit) -> Response:
    """The audit as a file in the ledger's form."""
    with visit.context.database.reading() as db:
        raw = b"".join(audit.read_lines(db))
    return download(raw, "audit.jsonl", "application/x-ndjson")


WAYS = (
    Way("/people", people_page, LEADS),
    Way("/people/add", add_person, LEADS, "POST"),
    Way("/people/{number}/link", renew_link, LEADS, "POST"),
    Way("/people/{number}/leave", leave, LEADS, "POST"),
    Way("/people/{number}/grant", grant, LEADS, "POST"),
    Way("/benches/add", add_bench, LEADS, "POST"),
    Way("/benches/{number}/renew", renew_bench, LEADS, "POST"),
    Way("/benches/{number}/revoke", revoke_bench, LEADS, "POST"),
    Way("/keys/add", add_key, LEADS, "POST"),
    Way("/keys/{number}/revoke", revoke_key, LEADS, "POST"),
    Way("/audit.jsonl", audit_file, LEADS),
)
