"""A ledger's time put back, after a certificate that was made with the clock ahead.

Why: no line may be older than the one above it, so one wrong year would leave every later record
unsigned until that year comes. Whoever could put the time back unseen could also write any date on
a certificate. So it takes a person's word, a line of its own in the ledger, and each later record
names that line; the lines before it stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from recond.certify.ledger import clock_line
from recond.certify.sign.keys import instant
from recond.errors import BenchLacks, UsageError
from recond.flow.config import Overrides, read_context
from recond.flow.keys.keyring import Keyring
from recond.flow.keys.workshop import show, waiting_runs
from recond.host.clock import Clock
from recond.host.store import locked
from recond.model import Message


@dataclass(frozen=True, slots=True)
class ClockPutBack:
    """A ledger's time put back: from the last line's time to now, by its `number`th line.

    `waiting` are the runs that can be signed now; `fault` says why the key cannot yet.
    """

    last: str
    now: str
    number: int
    waiting: tuple[str, ...]
    fault: Message | None


def put_clock_back(
    state: Path, today: str | None, operator: str | None, clock: Clock
) -> ClockPutBack:
    """Let the ledger go on after a certificate that was made with the clock ahead. It says so by a
    line of its own, and each later record by that line's number.

    `today` is what the operator says the date is; this computer must say the same. Raises
    `UsageError` where it does not, where nothing is to be put back, or the ledger is damaged.
    """
    ring, now = Keyring(state), clock.now()
    operator = read_context(state, Overrides(operator=operator), clock).operator.name
    try:
        with locked(ring.lock()):
            ledger = ring.read_ledger()
            if ledger.problems:
                raise UsageError("key.clock.damaged", line=dict(ledger.problems[0].args)["line"])
            if not ledger.size or now >= ledger.last_time:
                raise UsageError("key.clock.right", time=now, last=ledger.last_time or now)
            if today not in _dates(now):
                code = "key.clock.ask" if today is None else "key.clock.differs"
                told = {"time": now, "last": ledger.last_time, "today": today or ""}
                raise UsageError(code, **told)
            ring.ledger.append(ledger, clock_line(ledger, now, operator))
    except OSError as error:
        raise BenchLacks("key.write", file=str(ring.ledger_file), reason=str(error)) from None
    fault = show(state, clock).fault
    return ClockPutBack(ledger.last_time, now, ledger.size + 1, waiting_runs(state), fault)


def _dates(now: str) -> frozenset[str]:
    """The day, here and in UTC: a person says the one on the wall."""
    return frozenset({now[:10], instant(now).astimezone().date().isoformat()})
