"""The keys: show, init, issue, trust, revoke, restore, stamp, clock."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from recond.commands.frame import (
    LANG,
    AsJson,
    Speaker,
    app,
    argument,
    command,
    make_group,
    option,
    screen,
    state_path,
    state_to_read,
    this_host,
)
from recond.errors import UsageError

if TYPE_CHECKING:
    from recond.flow.keys.workshop import TokenPlace

KEY = make_group("key.about")
app.add_typer(KEY, name="key")

Name = Annotated[str | None, option("key.option.name", "--name", metavar="NAME")]
Root = Annotated[Path | None, option("key.option.root", "--root", metavar="FILE")]
RootFolder = Annotated[Path | None, option("key.option.out", "--out", metavar="DIR")]


@command("show", KEY, about="key.about.show")
def show_command(json_: AsJson = False) -> None:
    """This bench's key, whom it believes, what is revoked."""
    from recond.flow.keys.workshop import show
    from recond.show.key import show_keys

    screen().give("key.show", show(state_to_read(), this_host().clock), show_keys, as_json=json_)


@command("init", KEY, about="key.about.init")
def init_command(name: Name = None, out: RootFolder = None, json_: AsJson = False) -> None:
    """Make the workshop's root."""
    from recond.flow.keys.workshop import init
    from recond.show.key import root_fields, show_root

    phrase = _root_passphrase(twice=True)
    made = init(state_path(), name, out, phrase, LANG, this_host().clock)
    screen().give("key.init", made, show_root, as_json=json_, fields=root_fields)


@command("restore", KEY, about="key.about.restore")
def restore_command(
    paper: Annotated[Path, argument("key.option.paper", "FILE")],
    out: RootFolder = None,
    json_: AsJson = False,
) -> None:
    """Make the root again from its page."""
    from recond.flow.keys.workshop import restore
    from recond.show.key import root_fields, show_root_again

    made = restore(state_path(), paper, out, _root_passphrase, LANG, this_host().clock)
    screen().give("key.restore", made, show_root_again, as_json=json_, fields=root_fields)


@command("issue", KEY, about="key.about.issue")
def issue_command(
    name: Name = None,
    root: Root = None,
    protect: Annotated[bool, option("key.option.protect", "--protect")] = False,
    self_signed: Annotated[bool, option("key.option.self", "--self-signed")] = False,
    token: Annotated[
        str | None, option("key.option.token", "--token", metavar="MODULE:LABEL")
    ] = None,
    json_: AsJson = False,
) -> None:
    """Give this bench a key under the root."""
    from recond.flow.keys.workshop import BENCH_VARIABLE, given_passphrase, issue_bench, open_root
    from recond.show.key import ask_passphrase, bench_fields, show_bench_key

    state, clock = state_path(), this_host().clock
    if token and protect:
        raise UsageError("key.token.protect")
    signer = None if self_signed else open_root(state, root, _root_passphrase(), clock)
    phrase = (
        ask_passphrase(
            screen(), "key.ask.bench", given_passphrase(BENCH_VARIABLE), BENCH_VARIABLE, twice=True
        )
        if protect
        else None
    )
    made = issue_bench(state, name, signer, phrase, clock, _token(token) if token else None)
    screen().give("key.issue", made, show_bench_key, as_json=json_, fields=bench_fields)


@command("trust", KEY, about="key.about.trust")
def trust_command(
    certificate: Annotated[Path, argument("key.option.certificate", "FILE")], json_: AsJson = False
) -> None:
    """Pin a root, or take in a revocation list."""
    from recond.flow.keys.workshop import trust
    from recond.show.key import show_trusted, trusted_fields

    taken = trust(state_path(), certificate)
    screen().give("key.trust", taken, show_trusted, as_json=json_, fields=trusted_fields)


@command("revoke", KEY, about="key.about.revoke")
def revoke_command(
    which: Annotated[str, argument("key.option.which", "CERT")],
    reason: Annotated[str, option("key.option.reason", "--reason", metavar="compromised|retired")],
    since: Annotated[str | None, option("key.option.since", "--since", metavar="DATE")] = None,
    root: Root = None,
    json_: AsJson = False,
) -> None:
    """No longer believe a key."""
    from recond.flow.keys.workshop import open_root, revoke
    from recond.show.key import show_revoked

    state, clock = state_path(), this_host().clock
    signer = open_root(state, root, _root_passphrase(), clock) if root else None
    entry, file = revoke(state, which, reason, since, signer, clock)
    screen().give("key.revoke", entry, partial(show_revoked, file=file), as_json=json_)


@command("stamp", KEY, about="key.about.stamp")
def stamp_command(json_: AsJson = False) -> None:
    """Sign the ledger, have it time-stamped, renew the receipts."""
    from recond.flow.keys.stamp import stamp
    from recond.show.key import show_stamped

    screen().give("key.stamp", stamp(state_path(), this_host().clock), show_stamped, as_json=json_)


@command("clock", KEY, about="key.about.clock")
def clock_command(
    today: Annotated[str | None, option("key.option.today", "--today", metavar="DATE")] = None,
    operator: Speaker = None,
    json_: AsJson = False,
) -> None:
    """Put the ledger's time back, in sight of everybody."""
    from recond.flow.keys.ledger_clock import put_clock_back
    from recond.show.key import show_clock

    done = put_clock_back(state_path(), today, operator, this_host().clock)
    screen().give("key.clock", done, show_clock, as_json=json_)


def _token(text: str) -> tuple[TokenPlace, str]:
    from recond.flow.keys.keyring import PIN, given_pin
    from recond.flow.keys.workshop import parse_place
    from recond.show.key import ask_passphrase

    place = parse_place(text)  # a mistake in it is said before anybody is asked for the PIN
    return place, ask_passphrase(screen(), "key.ask.pin", given_pin(), PIN)


def _root_passphrase(*, twice: bool = False) -> str:
    from recond.flow.keys.workshop import BENCH_VARIABLE, ROOT_VARIABLE, given_passphrase
    from recond.show.key import ask_passphrase

    given = given_passphrase(ROOT_VARIABLE, BENCH_VARIABLE)
    return ask_passphrase(screen(), "key.ask.root", given, ROOT_VARIABLE, twice=twice)
