"""Who sits at this bench, for which lot and donor: asked once, kept for the day.

Why: forty computers a day have one operator, one lot and one donor, and who types them forty times
mistypes one. Kept in the state folder, readable by this user alone, and only until the next day or
the next start of the computer: on another day somebody else sits there, and a forgotten lot would
put a stranger's computer on a donor's certificate. A clock that is set back brings no day back: its
end is kept by the kernel's own clock, too. What the file says is not believed: a text that could
act on a terminal, or has no end, is no sitting. An option of the command wins over it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from recond.documents import read_json
from recond.errors import UsageError
from recond.flow.config import Overrides, read_context
from recond.flow.run.run import Prepared
from recond.foreign import printable_line
from recond.host import Host
from recond.host.machineinfo import read_boot_id, read_uptime_s, utc_offset_min
from recond.host.regular import read_regular
from recond.host.state import prepare_state
from recond.host.store import write_whole

FILE = "sitting.json"
SCHEMA = "recond.sitting/1"
MOST_BYTES = 1 << 14
MOST_CHARACTERS = 80
"""Of a name: what fits a line of the certificate and of a screen."""

_NO_TEXT = re.compile("[\ud800-\udfff]")
"""What Python makes of bytes of a command that are not UTF-8; no file holds it."""

FIELDS = ("operator", "lot", "donor")
"""In the order in which they are asked for."""


@dataclass(frozen=True, slots=True)
class Sitting:
    """What holds for all that is erased in this sitting; None was left empty."""

    operator: str | None = None
    lot: str | None = None
    donor: str | None = None


def read_sitting(state: Path, host: Host) -> Sitting | None:
    """The sitting of today and of this start of the computer; None where there is none, or where
    the file is not what `keep_sitting` writes.
    """
    try:
        told = read_json(read_regular(state / FILE, MOST_BYTES))
    except (OSError, ValueError):
        return None
    if not isinstance(told, dict) or told.get("schema") != SCHEMA:
        return None
    if (told.get("day"), told.get("boot")) != (_today(host), read_boot_id(host.files)):
        return None
    if not _goes_on(told.get("from_s"), told.get("until_s"), read_uptime_s(host.files)):
        return None
    found = {name: told.get(name) for name in FIELDS}
    if any(value is not None and not is_line(value) for value in found.values()):
        return None
    return Sitting(**found)


def keep_sitting(state: Path, host: Host, sitting: Sitting) -> None:
    """Keep it until the next day or the next start. Raises `UsageError` for a text that does not
    fit a line, `BenchLacks` and `OSError` for a state folder that cannot be written.
    """
    told = {name: getattr(sitting, name) for name in FIELDS}
    for name, value in told.items():
        if value is not None and not is_line(value):
            raise UsageError(
                "cli.sitting.too_long", field=f"@cli.sitting.field.{name}", most=MOST_CHARACTERS
            )
    prepare_state(state)
    now_s = read_uptime_s(host.files)
    kept = {
        "schema": SCHEMA,
        "day": _today(host),
        "boot": read_boot_id(host.files),
        "from_s": now_s,
        "until_s": None if now_s is None else now_s + _left_s(host),
        **told,
    }
    write_whole(state / FILE, json.dumps(kept, ensure_ascii=False).encode() + b"\n", mode=0o600)


def end_sitting(state: Path) -> None:
    """Forget it. Raises `OSError`."""
    (state / FILE).unlink(missing_ok=True)


def with_sitting(overrides: Overrides, sitting: Sitting | None) -> Overrides:
    """What was not said with the command, as the sitting says; an empty option is said, too."""
    if sitting is None:
        return overrides
    told = {name: getattr(overrides, name) for name in FIELDS}
    return replace(
        overrides,
        **{name: getattr(sitting, name) for name, value in told.items() if value is None},
    )


def seat(prepared: Prepared, overrides: Overrides, host: Host) -> Prepared:
    """A look at a computer with what is said now in the place of what was said before it."""
    order = replace(prepared.order, overrides=overrides)
    demonstration = prepared.context.bench.demonstration
    context = read_context(order.state, overrides, host.clock, demonstration=demonstration)
    was = prepared.context
    context = replace(context, answers=was.answers, tests=was.tests, photos=was.photos)
    return replace(prepared, order=order, context=context)


def is_asked(overrides: Overrides, sitting: Sitting | None) -> bool:
    """Whether to ask: nothing was said with the command, and nobody was asked in this sitting."""
    return sitting is None and all(getattr(overrides, name) is None for name in FIELDS)


def is_line(value: object) -> bool:
    """Whether a text fits a line, is not empty, is Unicode, and acts on nothing."""
    fits = isinstance(value, str) and 0 < len(value) <= MOST_CHARACTERS
    if not fits or _NO_TEXT.search(str(value)):
        return False
    return value == printable_line(str(value)).strip()


def _today(host: Host) -> str:
    """The local day: a sitting ends at midnight of whoever sits there."""
    return _local(host).date().isoformat()


def _left_s(host: Host) -> int:
    """How long the local day still is, but for a change to or from summer time."""
    now = _local(host)
    return 86_400 - now.hour * 3600 - now.minute * 60 - now.second


def _local(host: Host) -> datetime:
    utc = host.clock.now()
    return datetime.fromisoformat(utc) + timedelta(minutes=utc_offset_min(utc))


def _goes_on(from_s: object, until_s: object, now_s: int | None) -> bool:
    """Whether the sitting's time is not over by the kernel's clock; where that tells none, neither
    when it was kept, the day alone counts.
    """
    if now_s is None or type(from_s) is not int or type(until_s) is not int:
        return from_s is until_s is now_s is None
    return from_s <= now_s < until_s <= from_s + 86_400
