"""Keys for eyes or for a script, and the one place that asks for a passphrase.

Why: a passphrase is read here without echo and handed on; it is shown, kept and logged nowhere.
Where nobody can be asked, the environment gives it, or the command says which variable to set.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from recond.errors import UsageError
from recond.locale import date
from recond.show.screen import Screen

if TYPE_CHECKING:
    from pathlib import Path

    from recond.certify.sign.keys import KeyFacts, Revocation
    from recond.flow.keys.ledger_clock import ClockPutBack
    from recond.flow.keys.stamp import Stamped
    from recond.flow.keys.workshop import BenchMade, KeyReport, RootMade, Trusted


def ask_passphrase(
    screen: Screen, code: str, given: str | None, variable: str, *, twice: bool = False
) -> str:
    """The passphrase: `given` by the environment, else asked. Raises `UsageError`."""
    if given is not None:
        return given
    if not sys.stdin.isatty():
        raise UsageError("key.passphrase.needed", variable=variable)
    from getpass import getpass

    first = getpass(screen.t(code) + " ")
    if twice and getpass(screen.t("key.ask.again") + " ") != first:
        raise UsageError("key.ask.differ")
    return first


def show_keys(screen: Screen, report: KeyReport) -> None:
    """`recond key show`."""
    t = screen.t
    if report.bench is None and report.fault is None:
        screen.data(t("key.bench.none"))
    else:
        rows = _rows(screen, report.bench) if report.bench else []
        rows += [
            (t("key.field.protected"), t("key.yes" if report.protected else "key.no")),
            (t("key.field.state"), _state(screen, report)),
        ]
        screen.table(t("key.bench"), ("", ""), rows)
    screen.table(
        t("key.pinned"),
        (t("key.field.name"), t("key.field.fingerprint")),
        [(one.name, one.fingerprint) for one in report.pinned] or [(t("key.none"), "")],
    )
    if report.revoked:
        head = tuple(t(f"key.field.{name}") for name in ("fingerprint", "reason", "since"))
        screen.table(
            t("key.revoked"),
            head,
            [
                (one.fingerprint, t(f"key.reason.{one.reason}"), date(screen.lang, one.since))
                for one in report.revoked
            ],
        )
    _waiting(screen, report.waiting)


def _rows(screen: Screen, facts: KeyFacts) -> list[tuple[str, str]]:
    t = screen.t
    return [
        (t("key.field.name"), facts.name),
        (t("key.field.fingerprint"), facts.fingerprint),
        (
            t("key.field.issuer"),
            t("key.self-made") if facts.self_made and not facts.authority else facts.issuer,
        ),
        (t("key.field.until"), date(screen.lang, facts.not_after)),
    ]


def _state(screen: Screen, report: KeyReport) -> str:
    from recond.flow.keys.workshop import RENEW_DAYS

    if report.fault is not None:
        return screen.t("key.state.unusable", reason=screen.say(report.fault))
    if report.days_left is not None and report.days_left < RENEW_DAYS:
        return screen.t("key.state.renew", n=report.days_left)
    return screen.t("key.state.good")


def _waiting(screen: Screen, runs: tuple[str, ...]) -> None:
    if runs:
        screen.talk(screen.t("key.waiting", n=len(runs), runs=", ".join(runs)))


def root_fields(made: RootMade) -> dict[str, object]:
    """A root for a program."""
    return {
        **_facts_json(made.facts),
        "key": str(made.key),
        "page": str(made.page),
        "certificate": str(made.certificate),
    }


def show_root(screen: Screen, made: RootMade) -> None:
    """A root that was made, and what to do with its three files."""
    screen.data(screen.t("key.init.done", name=made.facts.name))
    _root(screen, made)


def show_root_again(screen: Screen, made: RootMade) -> None:
    """A root that was made again from its page."""
    screen.data(screen.t("key.restore.done", file=str(made.key)))
    _root(screen, made)


def _root(screen: Screen, made: RootMade) -> None:
    screen.table("", ("", ""), _rows(screen, made.facts))
    screen.data(
        screen.t(
            "key.init.next",
            page=str(made.page),
            key=str(made.key),
            certificate=str(made.certificate),
        )
    )


def bench_fields(made: BenchMade) -> dict[str, object]:
    """A bench's new key for a program."""
    return {**_facts_json(made.facts), "former": made.former, "waiting": made.waiting}


def show_bench_key(screen: Screen, made: BenchMade) -> None:
    """A bench's new key."""
    screen.data(screen.t("key.issue.done", name=made.facts.name, until_date=made.facts.not_after))
    screen.table("", ("", ""), _rows(screen, made.facts))
    if made.former:
        screen.data(screen.t("key.issue.former"))
    _waiting(screen, made.waiting)


def trusted_fields(taken: Trusted) -> dict[str, object]:
    """What was taken in, for a program."""
    certificates = [_facts_json(one) for one in taken.certificates]
    return {"certificates": certificates, "revocations": taken.revocations}


def show_trusted(screen: Screen, taken: Trusted) -> None:
    """What was taken in."""
    for one in taken.certificates:
        screen.data(screen.t("key.trust.done", name=one.name, fingerprint=one.fingerprint))
    if not taken.certificates:
        screen.data(screen.t("key.list.taken", n=taken.revocations))


def show_revoked(screen: Screen, entry: Revocation, *, file: Path | None) -> None:
    """A key that is believed no longer, and the signed list to give away."""
    screen.data(
        screen.t(
            "key.revoke.done", fingerprint=entry.fingerprint, reason=f"@key.reason.{entry.reason}"
        )
    )
    if file is not None:
        screen.data(screen.t("key.list.written", file=str(file)))


def show_stamped(screen: Screen, made: Stamped) -> None:
    """A checkpoint: the root to be kept or published, whose time it bears, whom it covers."""
    screen.data(screen.t("key.stamp.ledger", n=made.size, ledger=made.ledger_id, root=made.root))
    if made.at is None:
        screen.data(screen.t("key.stamp.none"))
    else:
        screen.data(screen.t("key.stamp.done", day_date=made.at, time=made.at[11:16]))
    screen.data(screen.t("key.stamp.renewed", n=len(made.renewed)))
    if made.kept:
        screen.data(screen.t("key.stamp.kept", n=len(made.kept)))
    if made.away:
        screen.talk(screen.t("key.stamp.away", n=len(made.away), runs=", ".join(made.away)))


def show_clock(screen: Screen, done: ClockPutBack) -> None:
    """A ledger's time that was put back, and what can be signed now."""
    screen.data(screen.t("key.clock.done", last=done.last, time=done.now, number=done.number))
    if done.fault is not None:
        screen.talk(screen.t("key.state.unusable", reason=screen.say(done.fault)))
    _waiting(screen, done.waiting)


def _facts_json(facts: KeyFacts) -> dict[str, object]:
    return {
        "name": facts.name,
        "fingerprint": facts.fingerprint,
        "issuer": facts.issuer,
        "self_made": facts.self_made,
        "not_after": facts.not_after,
    }
