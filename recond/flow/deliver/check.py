"""`recond upload check`: is a destination ready, and what would it be told?

Nothing is delivered: each kind has a question that changes nothing at the other end.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from recond.errors import UsageError
from recond.flow.deliver.upload import find_package, find_settings
from recond.host.clock import Clock
from recond.host.http import NoAnswer
from recond.model import Message
from recond.upload.facts import evidence_of, known, name_of
from recond.upload.kinds import open_destination
from recond.upload.outcome import Delivered, Outcome, Parked
from recond.upload.package import Package

_NET = ("network", "certificate", "token")
_AT = {
    "upload.net.certificate": "certificate",
    "upload.net.tls": "certificate",
    "upload.token_refused": "token",
}


@dataclass(frozen=True, slots=True)
class CheckStep:
    """One line: what was looked at, whether it is good (None: not reached), and in words."""

    key: str
    good: bool | None
    words: Message | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found. `example`: what the newest record here would tell, by name."""

    name: str
    kind: str
    where: str
    steps: tuple[CheckStep, ...]
    record_id: str | None
    example: tuple[tuple[str, str], ...]

    @property
    def exit_code(self) -> int:
        """0 when a record would be taken, else 8."""
        return 0 if all(step.good for step in self.steps) else 8


def check_destination(state: Path, name: str, clock: Clock) -> Checked:
    """Ask a destination whether it would take a record. Raises `UsageError` for its settings."""
    settings = find_settings(state, name)
    destination = open_destination(settings)
    outcome: Outcome | NoAnswer
    try:
        destination.prepare() if settings.kind == "devicehub" else None
        outcome = destination.check(clock)
    except NoAnswer as error:
        outcome = error
    except UsageError as error:
        outcome = Parked(error.message)
    speaks = bool(settings.get("url"))
    steps = _steps(outcome) if speaks else (_last("folder", outcome),)
    package = find_package(state)
    return Checked(
        settings.name,
        settings.kind,
        settings.shown,
        steps,
        package.record_id if package else None,
        _example(package) if package else (),
    )


def _steps(outcome: Outcome | NoAnswer) -> tuple[CheckStep, ...]:
    """The way to a server, up to where it ended."""
    message = outcome.message if isinstance(outcome, NoAnswer) else outcome.words
    if isinstance(outcome, Delivered):
        return (*(CheckStep(key, True) for key in _NET), CheckStep("answer", True))
    default = "network" if isinstance(outcome, NoAnswer) else "answer"
    at = _AT.get(message.code, default)
    keys = (*_NET, "answer")
    ended = keys.index(at)
    # an answer that is none of the kind's says nothing of the token
    passed = [key for key in keys[:ended] if not (at == "answer" and key == "token")]
    return tuple(
        CheckStep(
            key,
            True if key in passed else False if key == at else None,
            message if key == at else None,
        )
        for key in keys
    )


def _last(key: str, outcome: Outcome | NoAnswer) -> CheckStep:
    if isinstance(outcome, NoAnswer):
        return CheckStep(key, False, outcome.message)
    return CheckStep(key, isinstance(outcome, Delivered), outcome.words)


def _example(package: Package) -> tuple[tuple[str, str], ...]:
    record = package.record()
    machine = record.machine
    found = {} if machine is None else {"computer": name_of(machine, record.record_id)}
    if machine is not None and (model := known(machine.system.model)):
        found["model"] = model
    told = evidence_of(record, package.digest)
    found |= {key: told[key] for key in ("verdict", "level", "date") if key in told}
    return tuple(found.items())
