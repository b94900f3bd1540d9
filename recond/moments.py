"""The two forms of a time in whatever is signed: a moment and a day, of the calendar.

Why: 31 February is written in the form of a day and is none. What a key signed is held to the
calendar where it is read (`recond.decoding`: fields named `…_at` and `…_on`), so that no reader
behind it has to ask again. By patterns, since a journal has a hundred thousand lines. Standard
library only.

Source: RFC 3339 5.6 and appendix C (leap years); UTC as `Z`, fractions of at most six digits, no
leap second (Python and browsers have none).
"""

from __future__ import annotations

import re

_LEAP = r"(?:\d\d(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"
_DAY = (
    r"(?!0000)(?:\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])"
    r"|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))"
    rf"|{_LEAP}-02-29)"
)
_is_day = re.compile(_DAY, re.ASCII).fullmatch
_is_moment = re.compile(
    rf"{_DAY}T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{{1,6}})?Z", re.ASCII
).fullmatch


def form_of(name: str) -> str | None:
    """Which form a field's name promises, by the word of JSON Schema for it; None for no time."""
    return "date-time" if name.endswith("_at") else "date" if name.endswith("_on") else None


def is_day(text: str) -> bool:
    """Whether a text is a day of the calendar, `YYYY-MM-DD`."""
    return _is_day(text) is not None


def is_moment(text: str) -> bool:
    """Whether a text is a moment in UTC, `2026-11-24T04:11:30.123Z`."""
    return _is_moment(text) is not None


HOLDS = {"date-time": is_moment, "date": is_day}
