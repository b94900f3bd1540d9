"""What a program reads: one JSON object on one line, whose first key names its form.

Why one place: a script that knows one answer knows them all, and a test finds whoever writes JSON
elsewhere. The forms are listed in `recond.show.forms`; docs/json.md says what each is for. A form's
number grows when a key changes its meaning or goes; a key that is added leaves it. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping

from recond.codec import to_json
from recond.locale import Lang, say
from recond.model import Json, Message

SCHEMA = "schema"
VERSIONS: Mapping[str, int] = {}
"""Forms that are no longer of their first version."""


def form_name(form: str) -> str:
    """`recond.lot.status/1` for `lot.status`: a command's path, and what of it was asked for."""
    return f"recond.{form}/{VERSIONS.get(form, 1)}"


def answer_line(form: str, value: object, *, all_letters: bool = True) -> str:
    """An answer as a program reads it; `value` is an object of the model or a mapping.

    With escapes where the reader's locale has not `all_letters`. Raises `TypeError` for a value
    that is no object, or has a key of the envelope's.
    """
    plain = to_json(value)
    if not isinstance(plain, dict) or SCHEMA in plain:
        raise TypeError(f"{form}: no object to put into the envelope")
    whole: dict[str, Json] = {SCHEMA: form_name(form), **plain}
    return json.dumps(whole, ensure_ascii=not all_letters)


def answer_pieces(
    form: str,
    key: str,
    items: Iterable[object],
    rest: Callable[[], Mapping[str, Json]],
    *,
    all_letters: bool = True,
) -> Iterator[str]:
    """An answer with a long list, piece by piece: the envelope, each item of `key`, then `rest`,
    which is asked when the last item is out. Joined they are one object on one line.
    """
    yield f'{{"{SCHEMA}": "{form_name(form)}", "{key}": ['
    for n, item in enumerate(items):
        text = json.dumps(to_json(item), ensure_ascii=not all_letters)
        yield f"{', ' if n else ''}{text}"
    last = json.dumps(dict(rest()), ensure_ascii=not all_letters)
    yield f"], {last[1:]}"


def error_fields(lang: Lang, messages: tuple[Message, ...], code: int) -> dict[str, Json]:
    """What went wrong, as the fields of `recond.error/1`: the first reason, and all of them."""
    reasons = [{**_fields(one), "message": say(lang, one)} for one in messages]
    return {**reasons[0], "exit": code, "reasons": list[Json](reasons)}


def _fields(message: Message) -> dict[str, Json]:
    return {"code": message.code, "args": dict(message.args)}
