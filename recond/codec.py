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
import types
import typing
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any, TypeVar, cast

import rfc8785

from recond.documents import read_json, read_to_compare
from recond.errors import FormatError
from recond.model import Json, Known, Unknown, Why
from recond.moments import HOLDS, form_of
from recond.plainform import FRACTION, is_plain_form

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
    for field in _fields(value.__class__):
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
    if not _are_bytes_of(value, raw):
        raise ValueError("not the canonical form")
    return value


def _are_bytes_of(value: object, raw: bytes) -> bool:
    """Whether bytes without a fraction are the canonical ones of a value."""
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


def digest(value: object) -> str:
    """SHA-256 of the canonical bytes, in hex."""
    return hashlib.sha256(canonical_bytes(value)).hexdigest()


def from_json(cls: type[T], value: Json) -> T:
    """Read a value of the model back from plain JSON.

    Raises `FormatError` with the path of the first thing that does not fit. Unknown keys are
    refused: a record with a field that this version does not know is not silently shortened.
    """
    return cast(T, _decoder(cast(Any, cls))(value, cls.__name__))


def read_canonical(cls: type[T], raw: bytes) -> tuple[T, bool]:
    """A value of the model from its bytes, and whether these are its canonical form.

    Kept for those who ask again (a package, its verification, a lot): values do not change. Raises
    `FormatError`, and `ValueError` for what is no JSON.
    """
    return cast("tuple[T, bool]", _read_canonical(cast(Any, cls), raw))


@functools.lru_cache(maxsize=4)
def _read_canonical(cls: Any, raw: bytes) -> tuple[object, bool]:
    try:  # as a rule the bytes are the canonical ones, which shows that nothing is in them twice
        value: object = from_json(cls, cast(Json, read_to_compare(raw.decode("utf-8"))))
        if _are_bytes_of(value, raw):
            return value, True
    except (FormatError, ValueError, TypeError):
        pass  # said by the reader that looks for all of it
    value = from_json(cls, read_json(raw))
    return value, canonical_bytes(value) == raw


# --- What is known of a class, once ----------------------------------------------------------


class _Field(typing.NamedTuple):
    name: str
    hint: Any
    pairs: bool  # stands as an object
    needed: bool
    later: bool
    default: object


@functools.cache
def _fields(cls: type) -> tuple[_Field, ...]:
    hints = typing.get_type_hints(cls)
    return tuple(
        _Field(
            one.name,
            hints[one.name],
            _is_pairs(hints[one.name]),
            one.default is dataclasses.MISSING,
            bool(one.metadata.get("later")),
            one.default,
        )
        for one in dataclasses.fields(cls)
    )


_Layout = tuple[tuple[str, ...], Callable[[object], Any], tuple[_Field, ...]]
"""The names in an object, what takes their values, and which fields are written otherwise."""


@functools.cache
def _layout(cls: type) -> _Layout | None:
    """How a class is written; None for what is no class of the model."""
    if cls is Unknown:
        return ("unknown", "detail"), operator.attrgetter("why", "detail"), ()
    if not dataclasses.is_dataclass(cls):
        return None
    fields = _fields(cls)
    names = tuple(one.name for one in fields)
    special = tuple(one for one in fields if one.later or one.pairs)
    if len(names) < 2:
        return names, lambda value: tuple(getattr(value, name) for name in names), special
    return names, operator.attrgetter(*names), special


def _is_pairs(hint: Any) -> bool:
    args = typing.get_args(hint)
    if typing.get_origin(hint) is not tuple or len(args) != 2 or args[1] is not Ellipsis:
        return False
    inner = typing.get_args(args[0])
    return typing.get_origin(args[0]) is tuple and len(inner) == 2 and inner[0] is str


# --- Reading back: a decoder for each type, made once ----------------------------------------

_Where = Any
"""A place: the name of a type, or a place with the name of a field or the number of an item in it.
Text is made of it only where something does not fit.
"""
_Decoder = Callable[[Json, _Where], object]


@functools.cache
def _decoder(hint: Any) -> _Decoder:
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return _union(typing.get_args(hint))
    if origin is tuple:
        return _tuple(hint)
    if origin is dict or hint is dict:
        return functools.partial(_expect, dict)
    if hint is Unknown or origin is Known:
        return _reading((hint,))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _word(hint)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return functools.partial(_decode_object, hint)
    if hint in (str, int, bool):
        return functools.partial(_expect, hint)
    raise TypeError(f"codec: cannot decode {hint!r}")


def _expect(kind: type, value: Json, where: _Where) -> Any:
    if type(value) is not kind:
        raise _misfit("codec.type", where, value, wanted=kind.__name__)
    return value


def _misfit(code: str, where: _Where, value: Json, **more: str | int) -> FormatError:
    text = repr(value)
    short = text if len(text) <= 60 else text[:57] + "..."
    return FormatError(code, where=_place(where), **more, found=short)


def _place(where: _Where) -> str:
    if isinstance(where, str):
        return where
    outer, inner = where
    return f"{_place(outer)}[{inner}]" if isinstance(inner, int) else f"{_place(outer)}.{inner}"


def _word(cls: type[Enum]) -> _Decoder:
    words = {one.value: one for one in cls}

    def decode(value: Json, where: _Where) -> object:
        found = words.get(value) if isinstance(value, str) else None
        if found is None:
            raise _misfit("codec.word", where, value)
        return found

    return decode


def _union(options: tuple[Any, ...]) -> _Decoder:
    rest = tuple(one for one in options if one is not type(None))
    optional = len(rest) < len(options)
    if any(one is Unknown for one in rest):
        inner: tuple[_Decoder, ...] = (_reading(rest),)
    else:
        inner = tuple(map(_decoder, rest))

    def decode(value: Json, where: _Where) -> object:
        if value is None and optional:
            return None
        failure: FormatError | None = None
        for one in inner:
            try:
                return one(value, where)
            except FormatError as error:
                failure = failure or error
        raise failure or _misfit("codec.type", where, value, wanted="value")

    return decode


def _reading(options: tuple[Any, ...]) -> _Decoder:
    """Of `Unknown`, and of the first other option: `Known` of something, or a plain type."""
    why = _decoder(Why)
    other = next((one for one in options if one is not Unknown), None)
    known = typing.get_origin(other) is Known
    inner = None if other is None else _decoder(typing.get_args(other)[0] if known else other)

    def decode(value: Json, where: _Where) -> object:
        if isinstance(value, dict) and value.keys() == {"unknown", "detail"}:
            reason = cast(Why, why(value["unknown"], where))
            return Unknown(reason, _expect(str, value["detail"], where))
        if inner is None:
            raise _misfit("codec.type", where, value, wanted="reading")
        if not known:
            return inner(value, where)
        found = _expect(dict, value, where)
        if found.keys() != {"value", "source"}:
            raise _keys(where, found)
        read = inner(found["value"], (where, "value"))
        return Known(read, _expect(str, found["source"], where))

    return decode


def _keys(where: _Where, found: Iterable[str]) -> FormatError:
    return FormatError("codec.keys", where=_place(where), found=", ".join(sorted(found)))


def _tuple(hint: Any) -> _Decoder:
    args = typing.get_args(hint)
    if _is_pairs(hint):
        return functools.partial(_decode_pairs, _decoder(typing.get_args(args[0])[1]))
    if len(args) == 2 and args[1] is Ellipsis:
        return functools.partial(_decode_items, _decoder(args[0]))
    inner = tuple(map(_decoder, args))

    def decode(value: Json, where: _Where) -> object:
        items = _expect(list, value, where)
        if len(items) != len(inner):
            wanted = len(inner)
            raise FormatError("codec.length", where=_place(where), wanted=wanted, found=len(items))
        return tuple(one(item, where) for one, item in zip(inner, items, strict=True))

    return decode


def _decode_pairs(inner: _Decoder, value: Json, where: _Where) -> object:
    found = _expect(dict, value, where)
    return tuple((name, inner(item, (where, name))) for name, item in sorted(found.items()))


def _decode_items(inner: _Decoder, value: Json, where: _Where) -> object:
    items = _expect(list, value, where)
    return tuple([inner(item, (where, n)) for n, item in enumerate(items)])


def _decode_object(cls: Any, value: Json, where: _Where) -> object:
    found = _expect(dict, value, where)
    fields, names, needed = _decoders(cls)
    if not needed <= found.keys() <= names:
        raise _keys(where, (found.keys() - names) | (needed - found.keys()))
    values = {
        name: item if type(item) in plain else inner(item, (where, name))
        for name, plain, inner in fields
        if (item := found.get(name, _ABSENT)) is not _ABSENT
    }
    # in order, where all are there: half as long
    return cls(*values.values()) if len(values) == len(fields) else cls(**values)


_ABSENT: Any = object()


@functools.cache
def _decoders(
    cls: type,
) -> tuple[tuple[tuple[str, frozenset[type], _Decoder], ...], frozenset[str], frozenset[str]]:
    """Of each field its name, the types of which any value is one of it, and its decoder; all the
    names, and those that must be there. Asked when a value of the class is met, not before: a class
    may hold itself.
    """
    fields = _fields(cls)
    return (
        tuple(
            (one.name, *(_timed(one) or (_plain_types(one.hint), _decoder(one.hint))))
            for one in fields
        ),
        frozenset(one.name for one in fields),
        frozenset(one.name for one in fields if one.needed),
    )


def _timed(field: _Field) -> tuple[frozenset[type], _Decoder] | None:
    """How a time is read, which its field's name tells."""
    plain, form = _plain_types(field.hint), form_of(field.name)
    if str not in plain or form is None:
        return None
    holds, inner = HOLDS[form], _decoder(field.hint)

    def decode(value: Json, where: _Where) -> object:
        if isinstance(value, str) and not holds(value):
            raise _misfit("codec.time", where, value)
        return inner(value, where)

    return plain - {str}, decode


def _plain_types(hint: Any) -> frozenset[type]:
    options = (
        typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else ()
    )
    return frozenset(one for one in options or (hint,) if one in (str, int, bool, type(None)))
