"""What became of one attempt to deliver, and when the next one is due. Pure.

Why three answers and no more: *delivered* (also when it was there already) is never tried again;
*parked* waits for a person, with the server's own words; *later* waits for time. What hits the
whole destination (no network, a wrong token, "slow down") is told apart from what hits one
record, so that forty records do not each wait for a dead line, and one record that breaks a
server stops no other.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TypeAlias

from recond.host.clock import rfc3339
from recond.host.http import HttpAnswer
from recond.model import Message

FIRST_S = 30
LONGEST_S = 6 * 3600
LONGEST_ASKED_S = 24 * 3600
_AGAIN = frozenset({401, 408, 425, 429})
_WHOLE = frozenset({401, 429, 503})


@dataclass(frozen=True, slots=True)
class Delivered:
    """The destination has the record; `words` say how it calls it there."""

    words: Message


@dataclass(frozen=True, slots=True)
class Parked:
    """The destination does not want this record; trying again as it is would not help."""

    words: Message


@dataclass(frozen=True, slots=True)
class Later:
    """Not now. `whole`: no record would get through; `asked_s`: seconds the server asked for."""

    words: Message
    whole: bool = False
    asked_s: int | None = None


Outcome: TypeAlias = Delivered | Parked | Later


def judge(answer: HttpAnswer, now: str, secrets: tuple[str, ...] = ()) -> Outcome:
    """An HTTP answer (RFC 9110 15) as an outcome; 409 says "already there"."""
    said = said_by(answer, secrets)
    if 200 <= answer.status < 300:
        return Delivered(Message("upload.sent"))
    if answer.status == 409:
        return Delivered(Message("upload.already"))
    if answer.status >= 500 or answer.status in _AGAIN:
        asked = retry_after_s(answer.headers.get("retry-after"), now)
        whole = answer.status in _WHOLE or asked is not None
        code = "upload.token_refused" if answer.status == 401 else "upload.busy"
        return Later(_message(code, answer, said), whole, asked)
    if 300 <= answer.status < 400:
        there = clean(answer.headers.get("location", ""), secrets)
        return Parked(Message.of("upload.redirected", status=answer.status, where=there))
    return Parked(_message("upload.refused", answer, said))


def _message(code: str, answer: HttpAnswer, said: str) -> Message:
    return Message.of(code, status=answer.status, said=said or "—")


def said_by(answer: HttpAnswer, secrets: tuple[str, ...]) -> str:
    """The server's own words, at most 300 characters of one line."""
    return clean(answer.body[:4096].decode("utf-8", "replace"), secrets)


def clean(text: str, secrets: tuple[str, ...]) -> str:
    """Foreign text for a terminal and a file: no control characters, and no echo of a secret."""
    for secret in secrets:
        text = text.replace(secret, "…") if secret else text
    shown = "".join(c if c.isprintable() else " " for c in text)
    return re.sub(r"\s+", " ", shown).strip()[:300]


def retry_after_s(value: str | None, now: str) -> int | None:
    """`Retry-After` (RFC 9110 10.2.3): seconds or a date; None where it is absent or nonsense."""
    if value is None:
        return None
    if re.fullmatch(r"[0-9]{1,9}", value.strip()):
        seconds = int(value)
    else:
        try:
            then = parsedate_to_datetime(value)
            if then.tzinfo is None:
                then = then.replace(tzinfo=UTC)
            seconds = int((then - datetime.fromisoformat(now)).total_seconds())
        except (ValueError, TypeError):
            return None
    return min(max(seconds, 0), LONGEST_ASKED_S)


def backoff_s(attempt: int, seed: str) -> int:
    """Seconds to wait after the `attempt`th failure (1, 2, …): doubling, half to all of it.

    The jitter is drawn from the seed (record and destination): benches that lost the same server
    do not come back together, and a test can say what will happen.
    """
    full = min(FIRST_S << min(attempt - 1, 12), LONGEST_S)
    drawn = hashlib.sha256(f"{seed}\0{attempt}".encode()).digest()
    return full // 2 + int.from_bytes(drawn[:4], "big") * (full // 2) // 0xFFFFFFFF


def later_than(now: str, seconds: int) -> str:
    """The time `seconds` after `now`, RFC 3339."""
    return rfc3339(datetime.fromisoformat(now) + timedelta(seconds=seconds))


def is_due(until: str | None, now: str) -> bool:
    """Whether a waiting time is over; one too far off is a clock's mistake."""
    return until is None or until <= now or until > later_than(now, LONGEST_ASKED_S + 60)
