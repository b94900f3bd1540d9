"""French and English catalogues: every sentence that a person reads.

Why: code carries `Message`s (a code and arguments); the sentence is made here, in one language,
when it is shown. A catalogue is one JSON file a room and a language, `fr/wipe.json` for the codes
`wipe.*`. An entry is a template for `str.format_map`, or a pair [singular, plural] chosen by the
argument `n`. Translators write plain spaces: the no-break spaces of French typography (before
; : ! ? » and %, after «) are put in here, so that nobody can forget them. French is the first
language. Pure, apart from reading the package's own files.
"""

from __future__ import annotations

import functools
import json
import pkgutil
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Literal

from recond.foreign import NAMES, QUOTED, printable_word, quotable

if TYPE_CHECKING:  # the help of the program needs no types
    from datetime import datetime, timezone

    from recond.model import Message

Lang = Literal["fr", "en"]
LANGS: tuple[Lang, ...] = ("fr", "en")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z")
NBSP = "\u00a0"
NNBSP = "\u202f"

_FRENCH_SPACES = (
    (re.compile(r" (?=[;!?](?:\s|$|[)»]))"), NNBSP),
    (re.compile(r" (?=:(?:\s|$))"), NBSP),
    (re.compile(r"(?<=«) "), NBSP),
    (re.compile(r" (?=»)"), NBSP),
    (re.compile(r" (?=%)"), NBSP),
)


def french_spaces(text: str) -> str:
    """Put the no-break spaces of French typography where plain spaces were typed."""
    for pattern, space in _FRENCH_SPACES:
        text = pattern.sub(space, text)
    return text


def language(argument: str | None, environ: dict[str, str]) -> Lang:
    """The language to speak: `--lang`, else LC_ALL, LC_MESSAGES, LANG; else French.

    A locale of neither language ("C", "de_DE") gives French where it is C or unset, English else.
    """
    if argument in LANGS:
        return "fr" if argument == "fr" else "en"
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = environ.get(name, "")
        if value:
            if value.split(".")[0] in ("C", "POSIX"):
                return "fr"
            return "fr" if value.lower().startswith("fr") else "en"
    return "fr"


@functools.cache
def _catalogue(lang: Lang, room: str) -> dict[str, str | list[str]]:
    try:
        raw = pkgutil.get_data(__name__, f"{lang}/{room}.json")
    except FileNotFoundError:
        return {}
    entries: dict[str, str | list[str]] = json.loads(raw or b"{}")
    return entries


def entries(lang: Lang, room: str) -> dict[str, str | list[str]]:
    """A room's templates as they are shown: for what makes its sentences elsewhere (a web page)."""
    return (
        {
            code: [french_spaces(form) for form in entry]
            if isinstance(entry, list)
            else french_spaces(entry)
            for code, entry in _catalogue(lang, room).items()
        }
        if lang == "fr"
        else dict(_catalogue(lang, room))
    )


_QUOTED = re.compile(QUOTED)


def has(code: str, lang: Lang = "fr") -> bool:
    """Whether the catalogue holds a code."""
    return code in _catalogue(lang, code.partition(".")[0])


def text(lang: Lang, code: str, /, **args: str | int) -> str:
    """The sentence for a code. An unknown code shows itself: a person still sees something.

    Arguments whose name ends in `_bytes` or `_s` are shown as sizes and durations, in `_ram_bytes`
    as a size of memory (binary units), in `_date` as a day. A moment (RFC 3339, UTC) is shown as
    its day and time, the system's name of an error (`errno`) with its word.
    """
    entry = _catalogue(lang, code.partition(".")[0]).get(code)
    if entry is None:
        shown = " ".join(f"{key}={value}" for key, value in sorted(args.items()))
        return f"{code} ({shown})" if shown else code
    if isinstance(entry, list):
        n = args.get("n", 0)
        number = n if isinstance(n, int) else 0
        entry = entry[0 if (abs(number) < 2 if lang == "fr" else number == 1) else 1]
    template, quoted = _template(lang, entry)
    words = {key: _shown(lang, key, value, args) for key, value in args.items()}
    for key in quoted:
        if key in words:
            words[key] = quotable(words[key])
    return template.format_map(_Filled(words))


@functools.cache  # of the catalogues' own entries, which are so many and no more
def _template(lang: Lang, entry: str) -> tuple[str, tuple[str, ...]]:
    """An entry as it is shown, and the names that stand in quotes in it."""
    shown = french_spaces(entry) if lang == "fr" else entry
    return shown, tuple(key for key in _QUOTED.findall(shown) if key in NAMES)


class _Filled(dict[str, str]):
    """A template's arguments. One that is missing is "?": the message may be a stranger's."""

    def __missing__(self, key: str) -> str:
        return "?"


def _shown(lang: Lang, key: str, value: str | int, args: dict[str, str | int]) -> str:
    if isinstance(value, int) and key.endswith("_ram_bytes"):
        return size_binary(lang, value)
    if isinstance(value, int) and key.endswith("_bytes"):
        return size(lang, value)
    if isinstance(value, int) and key.endswith("_s"):
        return duration(lang, value)
    if isinstance(value, int):
        return number(lang, value)
    if key.endswith("_date") and _DAY.match(value):
        return date(lang, value)
    if key in NAMES:  # foreign text: "@certify.verify.all-good" is a lot's name here, not a verdict
        return printable_word(value)
    if _MOMENT.fullmatch(value):
        return moment(lang, value)
    if key == "errno" and has(f"host.errno.{value}", lang):
        return text(lang, f"host.errno.{value}")
    # an argument may itself be a catalogue code written as "@code": a word, or a sentence that
    # shares the other arguments, whose own codes are words (so that nothing goes round)
    if value.startswith("@") and has(value[1:], lang):
        others = {k: _word(lang, v) for k, v in args.items() if k != key}
        return text(lang, value[1:], **others)
    return value


def _word(lang: Lang, value: str | int) -> str | int:
    is_code = isinstance(value, str) and value.startswith("@") and has(value[1:], lang)
    return text(lang, str(value)[1:]) if is_code else value


def say(lang: Lang, message: Message) -> str:
    """The sentence of a message."""
    return text(lang, message.code, **dict(message.args))


_NAME = re.compile(r"Windows|Linux|Opal|Intel|Apple|DirectX|Debian|Autopilot|Snipe-IT|Ctrl")
_BEGINS_GREAT = re.compile(r"[A-ZÀ-Ý](?=[a-zà-ÿ’ ])")


def clause(lang: Lang, message: Message) -> str:
    """The sentence of a message as it goes on after a colon: it begins small, but for a name and
    for what the catalogue did not write (a file, a serial number).
    """
    said = say(lang, message)
    entry = _catalogue(lang, message.code.partition(".")[0]).get(message.code, "")
    template = entry[0] if isinstance(entry, list) else entry
    if not _BEGINS_GREAT.match(template) or _NAME.match(template):
        return said
    return said[:1].lower() + said[1:]


def number(lang: Lang, value: int) -> str:
    """An integer with the language's thousands separator; four digits stay together."""
    if abs(value) < 10_000:
        return str(value)
    return f"{value:,}".replace(",", NNBSP if lang == "fr" else ",")


def size(lang: Lang, value_bytes: int) -> str:
    """A size in decimal units, three significant digits: 256 Go, 64,0 Mo, 512 octets."""
    units = (
        ("octets", "ko", "Mo", "Go", "To", "Po")
        if lang == "fr"
        else ("bytes", "kB", "MB", "GB", "TB", "PB")
    )
    return _scaled(lang, value_bytes, 1000, units)


def size_binary(lang: Lang, value_bytes: int) -> str:
    """A RAM size in binary units named as people name them: 8 Go for 8 GiB."""
    units = (
        ("octets", "ko", "Mo", "Go", "To", "Po")
        if lang == "fr"
        else ("bytes", "KB", "MB", "GB", "TB", "PB")
    )
    return _scaled(lang, value_bytes, 1024, units)


def voltage(lang: Lang, millivolts: int) -> str:
    """A voltage with one decimal: 11,4 V."""
    told = f"{millivolts / 1000:.1f}{NBSP}V"
    return told.replace(".", ",") if lang == "fr" else told


def _scaled(lang: Lang, value: int, base: int, units: tuple[str, ...]) -> str:
    scaled, step = float(value), 0
    while scaled >= base and step < len(units) - 1:
        scaled /= base
        step += 1
    if step == 0 or scaled >= 100 or scaled == int(scaled):
        shown = f"{scaled:.0f}"
    else:
        shown = f"{scaled:.1f}" if scaled >= 10 else f"{scaled:.2f}".rstrip("0").rstrip(".")
    if lang == "fr":
        shown = shown.replace(".", ",")
    return f"{shown}{NBSP}{units[step]}"


def duration(lang: Lang, seconds: int) -> str:  # noqa: ARG001 - like its siblings
    """A duration: « 45 s », « 3 min 20 s », « 2 h 05 min »."""
    if seconds < 60:
        return f"{seconds}{NBSP}s"
    minutes, s = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes}{NBSP}min" + (f"{NBSP}{s:02d}{NBSP}s" if s else "")
    hours, m = divmod(minutes, 60)
    return f"{hours}{NBSP}h{NBSP}{m:02d}{NBSP}min"


def clock_time(lang: Lang, utc: str, after_s: int) -> str:
    """The local time of day so many seconds after an RFC 3339 time, with its day where that is
    another: « 17 h 42 », 17:42.
    """
    from datetime import datetime, timedelta

    now, fr = datetime.fromisoformat(utc).astimezone(_zone()), lang == "fr"
    moment = now + timedelta(seconds=after_s)
    time = f"{moment:%H}{NBSP}h{NBSP}{moment:%M}" if fr else f"{moment:%H:%M}"
    if moment.date() == now.date():
        return time
    return f"{moment:%d/%m} à {time}" if fr else f"{time} on {moment:%Y-%m-%d}"


MOST_OFFSET_MIN = 18 * 60
"""Of a zone: XML Schema's bound of 14 hours and some room."""
_OFFSET_MIN: ContextVar[int | None] = ContextVar("offset_min", default=None)


@contextmanager
def zone_of(offset_min: int) -> Iterator[None]:
    """Within, moments are shown so many minutes from UTC: a document is drawn in its bench's zone,
    the same everywhere; a screen shows the reader's own. An offset of no zone is taken for none.
    """
    kept = _OFFSET_MIN.set(offset_min if abs(offset_min) <= MOST_OFFSET_MIN else 0)
    try:
        yield
    finally:
        _OFFSET_MIN.reset(kept)


def _zone() -> timezone | None:
    """The zone that a document is drawn in; None for the reader's own."""
    from datetime import timedelta, timezone

    offset_min = _OFFSET_MIN.get()
    return None if offset_min is None else timezone(timedelta(minutes=offset_min))


def _local(utc: str) -> datetime | None:
    """An RFC 3339 time where it is shown; None for a day alone, and for what is no time."""
    from datetime import datetime

    if "T" not in utc:
        return None
    try:
        return datetime.fromisoformat(utc).astimezone(_zone())
    except (ValueError, OverflowError):
        return None


def moment(lang: Lang, utc: str) -> str:
    """A day and time of day of an RFC 3339 time: « 24/11/2026 à 09:53:18 UTC+1 »."""
    return f"{date(lang, utc)} {'à ' if lang == 'fr' else ''}{time_of_day(utc, seconds=True)}"


def time_of_day(utc: str, *, seconds: bool = False) -> str:
    """The time of day of an RFC 3339 time, with its offset: « 09:53 UTC+1 »."""
    local = _local(utc)
    if local is None:
        return f"{utc[11:19] if seconds else utc[11:16]}{NBSP}UTC"
    return (
        f"{local:%H:%M:%S}{NBSP}{_offset(local)}"
        if seconds
        else (f"{local:%H:%M}{NBSP}{_offset(local)}")
    )


def _offset(local: datetime) -> str:
    """UTC, UTC+1, UTC−3:30."""
    offset = local.utcoffset()
    minutes = round(offset.total_seconds() / 60) if offset else 0
    if not minutes:
        return "UTC"
    hours, left = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '−'}{hours}" + (f":{left:02d}" if left else "")


def date(lang: Lang, utc: str) -> str:
    """A day, or an RFC 3339 time's where it is shown: 24/11/2026, or 2026-11-24 in English."""
    local = _local(utc)
    year, month, day = (f"{local:%Y-%m-%d}" if local else utc[:10]).split("-")
    return f"{day}/{month}/{year}" if lang == "fr" else f"{year}-{month}-{day}"
