"""What became of one attempt to deliver, and when the next one is due. Pure.

Why three answers and no more: *delivered* (also when it was there already) is never tried again;
*parked* waits for a person, with the server's own words; *later* waits for time. What hits the
whole destination (no network, a wrong token, "slow down") is told apart from what hits one
record, so that forty records do not each wait for a dead line, and one record that breaks a
server stops no other.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TypeAlias

from recond.documents import read_json
from recond.host.clock import rfc3339
from recond.host.http import HttpAnswer
from recond.model import Message

FIRST_S = 30
LONGEST_S = 6 * 3600
LONGEST_ASKED_S = 24 * 3600
SAID_LETTERS, RAW_LETTERS = 300, 4000
_INSIDES = re.compile(r"<!doctype|<html|<head|<body|traceback \(most recent", re.IGNORECASE)
_WORDS = ("error", "message", "messages", "detail", "details")
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
        return Later(refusal(code, answer, said, secrets), whole, asked)
    if 300 <= answer.status < 400:
        there = clean(answer.headers.get("location", ""), secrets)
        return Parked(Message.of("upload.redirected", status=answer.status, where=there))
    return Parked(refusal("upload.refused", answer, said, secrets))


def judge_refused(answer: HttpAnswer, now: str, secrets: tuple[str, ...] = ()) -> Outcome:
    """The same of an answer that is no success, by a protocol that has no 409: where it comes all
    the same it says nothing of this record.
    """
    outcome = judge(answer, now, secrets)
    return Parked(outcome.words) if isinstance(outcome, Delivered) else outcome


def refusal(code: str, answer: HttpAnswer, said: str, secrets: tuple[str, ...]) -> Message:
    """A message with the server's words; what is no words to a person goes along unseen (`raw`)."""
    found: dict[str, str | int] = {"status": answer.status, "said": said or "—"}
    if not said and answer.body.strip():
        # for who looks for the cause: the state file has it, no screen shows it
        found["raw"] = clean(answer.body[:8192].decode("utf-8", "replace"), secrets, RAW_LETTERS)
    return Message.of(code, **found)


def said_by(answer: HttpAnswer, secrets: tuple[str, ...]) -> str:
    """The server's own words, at most 300 characters of one line; empty for a web page and for a
    program's insides, which are no words to a person.
    """
    text = answer.body[:65536].decode("utf-8", "replace")
    if _INSIDES.search(text):
        return ""
    try:
        value = read_json(answer.body)
    except ValueError:
        return clean(text, secrets)
    return clean(words_of(value) or text, secrets)


def words_of(value: object) -> str:
    """The words in a JSON answer, by the names under which servers put them; empty if none."""
    if not isinstance(value, dict):
        return ""
    found = [value[name] for name in _WORDS if value.get(name)]
    return ": ".join(
        one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in found
    )


def clean(text: str, secrets: tuple[str, ...], most: int = SAID_LETTERS) -> str:
    """Foreign text for a terminal and a file: no control characters, and no echo of a secret."""
    for secret in secrets:
        text = text.replace(secret, "…") if secret else text
    shown = "".join(c if c.isprintable() else " " for c in text)
    return re.sub(r"\s+", " ", shown).strip()[:most]


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
