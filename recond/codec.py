"""Values of the model to plain JSON and back, and the one canonical byte form.

Why: a plan's digest, a journal's chain and a record's signature all hang on bytes, so there is one
way to make them (RFC 8785) and one typed way to read them. Pure: no input or output. A dataclass is
an object with its fields; a tuple is an array; an enumeration is its word; `Known` is
{"value", "source"}; `Unknown` is {"unknown", "detail"}; a tuple of (name, value) pairs, like the
arguments of a message, is an object. A field that was added after records were signed without it
(`model.LATER`) is left out where it holds its default, so that old bytes stay their own.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import operator
from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar, cast

import rfc8785

from recond.decoding import ModelField, decoder_of, fields_of
from recond.documents import check_depth, read_json, read_to_compare
from recond.errors import FormatError
from recond.model import Json, Known, Unknown
from recond.plainform import FRACTION, is_plain_form, is_spelt_once

T = TypeVar("T")


def to_json(value: object) -> Json:
    """Plain JSON of any value of the model. Raises `TypeError` for what is not of the model."""
    if isinstance(value, Enum):
        return str(value.value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Known):
        return {"value": to_json(value.value), "source": value.source}
    if isinstance(value, Unknown):
        return {"unknown": str(value.why), "detail": value.detail}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _object_json(value)
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        return {str(key): to_json(item) for key, item in value.items()}
    raise TypeError(f"not a value of the model: {type(value).__name__}")


def _object_json(value: Any) -> Json:
    found: dict[str, Json] = {}
    for field in fields_of(value.__class__):
        inner = getattr(value, field.name)
        if field.later and inner == field.default:
            continue
        if field.pairs:
            found[field.name] = {key: to_json(item) for key, item in inner}
        else:
            found[field.name] = to_json(inner)
    return found


def canonical_bytes(value: object) -> bytes:
    """The RFC 8785 bytes of a value of the model or of plain JSON."""
    text = _WRITER.encode(value)
    try:
        raw = text.encode("utf-8")
    except UnicodeEncodeError:  # half of a pair: the library says it
        raw = b""
    if raw and text[0] in '{["tfn' and is_plain_form(raw) and not FRACTION.search(raw):
        return raw
    return rfc8785.dumps(cast(Any, to_json(value)))


def read_exact(raw: bytes) -> Json:
    """Plain JSON from the bytes that are RFC 8785's form of it. Raises `ValueError` for others."""
    value = cast(Json, read_to_compare(raw.decode("utf-8")))
    if not is_spelt_once(value, raw):
        check_depth(value)
        if not _are_bytes_of(value, raw):
            raise ValueError("not the canonical form")
    return value


def _are_bytes_of(value: Json, raw: bytes) -> bool:
    """Whether bytes without a fraction are the canonical ones of a value, by writing it again."""
    if not is_plain_form(raw):
        return canonical_bytes(value) == raw
    return _WRITER.encode(value).encode("utf-8") == raw


def _shallow(value: object) -> Json:
    """What the library's writer asks for: one thing of the model, what is in it as it is."""
    kind: Any = type(value)
    layout = _layout(kind)
    if layout is None:
        if isinstance(value, Enum):
            return str(value.value)
        raise TypeError(f"not a value of the model: {kind.__name__}")
    names, inner, special = layout
    found = dict(zip(names, inner(value), strict=True))
    for field in special:
        if field.later and found[field.name] == field.default:
            del found[field.name]
        elif field.pairs:
            found[field.name] = dict(found[field.name])
    return found


_WRITER = json.JSONEncoder(
    default=_shallow, ensure_ascii=False, sort_keys=True, separators=(",", ":")
)


def is_same(one: object, other: object) -> bool:
    """Whether two values of the model have the same canonical bytes."""
    return _are_alike(one, other) or canonical_bytes(one) == canonical_bytes(other)


def _are_alike(one: Any, other: Any) -> bool:
    """Whether two values are the same, each part by its type too: Python's 1 == True == 1.0."""
    if one is other:
        return True
    kind = type(one)
    if kind is not type(other):
        return False
    if kind in _LEAVES:
        return bool(one == other)
    if kind is tuple:
        return len(one) == len(other) and all(map(_are_alike, one, other))
    if isinstance(one, Enum):
        return one is other
    layout = _layout(cast(Any, kind))
    return layout is not None and all(map(_are_alike, layout[1](one), layout[1](other)))


_LEAVES = frozenset((str, int, bool, type(None)))


def digest(value: object) -> str:
    """SHA-256 of the canonical bytes, in hex."""
    return hashlib.sha256(canonical_bytes(value)).hexdigest()


def from_json(cls: type[T], value: Json) -> T:
    """Read a value of the model back from plain JSON.

    Raises `FormatError` with the path of the first thing that does not fit. Unknown keys are
    refused: a record with a field that this version does not know is not silently shortened.
    """
    return cast(T, decoder_of(cast(Any, cls), False)(value, cls.__name__))


def read_canonical(cls: type[T], raw: bytes) -> tuple[T, bool]:
    """A value of the model from its bytes, and whether these are its canonical form.

    Kept for those who ask again (a package, its verification, a lot): values do not change. Raises
    `FormatError`, and `ValueError` for what is no JSON.
    """
    return cast("tuple[T, bool]", _read_canonical(cast(Any, cls), raw))


@functools.lru_cache(maxsize=4)
def _read_canonical(cls: Any, raw: bytes) -> tuple[object, bool]:
    try:  # as a rule the bytes are those of their JSON, and that is what would be written
        return decoder_of(cls, True)(read_exact(raw), cls.__name__), True
    except (FormatError, ValueError, TypeError):
        pass  # said by the reader that looks for all of it
    value: object = from_json(cls, read_json(raw))
    return value, canonical_bytes(value) == raw


# --- How a class is written, once -------------------------------------------------------------

_Layout = tuple[tuple[str, ...], Callable[[object], Any], tuple[ModelField, ...]]
"""The names in an object, what takes their values, and which fields are written otherwise."""


@functools.cache
def _layout(cls: type) -> _Layout | None:
    """How a class is written; None for what is no class of the model."""
    if cls is Unknown:
        return ("unknown", "detail"), operator.attrgetter("why", "detail"), ()
    if not dataclasses.is_dataclass(cls):
        return None
    fields = fields_of(cls)
    names = tuple(one.name for one in fields)
    special = tuple(one for one in fields if one.later or one.pairs)
    if len(names) < 2:
        return names, lambda value: tuple(getattr(value, name) for name in names), special
    return names, operator.attrgetter(*names), special
