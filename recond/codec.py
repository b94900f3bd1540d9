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
import re
import types
import typing
from enum import Enum
from typing import Any, TypeVar, cast

import rfc8785

from recond.errors import FormatError
from recond.model import Json, Known, Unknown, Why

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
        hints = _hints(type(value))
        return {
            f.name: _field_to_json(hints[f.name], getattr(value, f.name))
            for f in dataclasses.fields(value)
            if not (f.metadata.get("later") and getattr(value, f.name) == f.default)
        }
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        return {str(key): to_json(item) for key, item in value.items()}
    raise TypeError(f"not a value of the model: {type(value).__name__}")


def _field_to_json(hint: Any, value: object) -> Json:
    if _is_pairs(hint):
        return {key: to_json(item) for key, item in cast(tuple[tuple[str, object], ...], value)}
    return to_json(value)


def canonical_bytes(value: object) -> bytes:
    """The RFC 8785 bytes of a value of the model or of plain JSON."""
    plain = to_json(value)
    text = json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    if _BEYOND.search(text) is None:
        return text.encode("utf-8")
    return rfc8785.dumps(cast(Any, plain))


_BEYOND = re.compile("[0-9]{16}|[\ud800-\U0010ffff]")
"""Where the standard library's form may not be RFC 8785's: a number that a double may not hold, and
names beyond U+D7FF, which UTF-16 sorts otherwise. Without both (there are no fractions in the
model) the two are byte for byte the same, and the library's is twenty times as fast.
"""


def digest(value: object) -> str:
    """SHA-256 of the canonical bytes, in hex."""
    return hashlib.sha256(canonical_bytes(value)).hexdigest()


def from_json(cls: type[T], value: Json) -> T:
    """Read a value of the model back from plain JSON.

    Raises `FormatError` with the path of the first thing that does not fit. Unknown keys are
    refused: a record with a field that this version does not know is not silently shortened.
    """
    return cast(T, _decode(cls, value, cls.__name__))


@functools.cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _is_pairs(hint: Any) -> bool:
    args = typing.get_args(hint)
    if typing.get_origin(hint) is not tuple or len(args) != 2 or args[1] is not Ellipsis:
        return False
    inner = typing.get_args(args[0])
    return typing.get_origin(args[0]) is tuple and len(inner) == 2 and inner[0] is str


def _decode(hint: Any, value: Json, where: str) -> object:
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return _decode_union(typing.get_args(hint), value, where)
    if origin is tuple:
        return _decode_tuple(hint, value, where)
    if origin is dict or hint is dict:
        return _expect(value, dict, where)
    if hint is Unknown or origin is Known:
        return _decode_reading((hint,), value, where)
    if isinstance(hint, type) and issubclass(hint, Enum):
        try:
            return hint(value)
        except ValueError:
            raise FormatError("codec.word", where=where, found=_short(value)) from None
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return _decode_dataclass(hint, value, where)
    if hint in (str, int, bool):
        return _expect(value, hint, where)
    raise TypeError(f"codec: cannot decode {hint!r} at {where}")


def _expect(value: Json, kind: type, where: str) -> object:
    if type(value) is not kind:
        raise FormatError("codec.type", where=where, wanted=kind.__name__, found=_short(value))
    return value


def _short(value: Json) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _decode_union(options: tuple[Any, ...], value: Json, where: str) -> object:
    if value is None and type(None) in options:
        return None
    rest = tuple(o for o in options if o is not type(None))
    if any(o is Unknown for o in rest):
        return _decode_reading(rest, value, where)
    failure: FormatError | None = None
    for option in rest:
        try:
            return _decode(option, value, where)
        except FormatError as error:
            failure = failure or error
    raise failure or FormatError("codec.type", where=where, wanted="value", found=_short(value))


def _decode_reading(options: tuple[Any, ...], value: Json, where: str) -> object:
    if isinstance(value, dict) and set(value) == {"unknown", "detail"}:
        why = _decode(Why, value["unknown"], where)
        return Unknown(cast(Why, why), cast(str, _expect(value["detail"], str, where)))
    for option in options:
        if typing.get_origin(option) is Known:
            found = cast(dict[str, Json], _expect(value, dict, where))
            if set(found) != {"value", "source"}:
                raise FormatError("codec.keys", where=where, found=", ".join(sorted(found)))
            inner = _decode(typing.get_args(option)[0], found["value"], where + ".value")
            return Known(inner, cast(str, _expect(found["source"], str, where)))
        if option is not Unknown:
            return _decode(option, value, where)
    raise FormatError("codec.type", where=where, wanted="reading", found=_short(value))


def _decode_tuple(hint: Any, value: Json, where: str) -> object:
    args = typing.get_args(hint)
    if _is_pairs(hint):
        found = cast(dict[str, Json], _expect(value, dict, where))
        inner = typing.get_args(args[0])[1]
        return tuple((k, _decode(inner, v, f"{where}.{k}")) for k, v in sorted(found.items()))
    items = cast(list[Json], _expect(value, list, where))
    if len(args) == 2 and args[1] is Ellipsis:
        return tuple(_decode(args[0], item, f"{where}[{i}]") for i, item in enumerate(items))
    if len(items) != len(args):
        raise FormatError("codec.length", where=where, wanted=len(args), found=len(items))
    return tuple(_decode(a, item, where) for a, item in zip(args, items, strict=True))


def _decode_dataclass(cls: Any, value: Json, where: str) -> object:
    found = cast(dict[str, Json], _expect(value, dict, where))
    hints = _hints(cls)
    names = {f.name for f in dataclasses.fields(cls)}
    optional = {f.name for f in dataclasses.fields(cls) if f.default is not dataclasses.MISSING}
    wrong = (set(found) - names) | (names - optional - set(found))
    if wrong:
        raise FormatError("codec.keys", where=where, found=", ".join(sorted(wrong)))
    return cls(**{k: _decode(hints[k], v, f"{where}.{k}") for k, v in found.items()})
