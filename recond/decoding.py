"""Plain JSON to values of the model: a reader for each type, made once.

Why apart from `recond.codec`, which it serves: what is written has one form, what is read comes
from anywhere. Each reader is made from the type's hint, asks everything of a value and names the
place of the first thing that does not fit. An `exact` one asks further whether the value is the
one that would be written: a younger field (`model.LATER`) that stands at its default is another
spelling of the same, and so is a field with a default that is left out. Pure.
"""

from __future__ import annotations

import dataclasses
import functools
import operator
import types
import typing
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any, cast

from recond.errors import FormatError
from recond.model import Json, Known, Unknown, Why
from recond.moments import HOLDS, form_of

Where = Any
"""A place: the name of a type, or a place with the name of a field or the number of an item in it.
Text is made of it only where something does not fit.
"""
Decoder = Callable[[Json, Where], object]


class AnotherSpelling(ValueError):
    """The value is of the type, and would not be written so."""


# --- What is known of a class, once ----------------------------------------------------------


class ModelField(typing.NamedTuple):
    """A field of a class of the model."""

    name: str
    hint: Any
    pairs: bool  # stands as an object
    needed: bool
    later: bool
    default: object


@functools.cache
def fields_of(cls: type) -> tuple[ModelField, ...]:
    """A class's fields, in order."""
    hints = typing.get_type_hints(cls)
    return tuple(
        ModelField(
            one.name,
            hints[one.name],
            _is_pairs(hints[one.name]),
            one.default is dataclasses.MISSING,
            bool(one.metadata.get("later")),
            one.default,
        )
        for one in dataclasses.fields(cls)
    )


def _is_pairs(hint: Any) -> bool:
    args = typing.get_args(hint)
    if typing.get_origin(hint) is not tuple or len(args) != 2 or args[1] is not Ellipsis:
        return False
    inner = typing.get_args(args[0])
    return typing.get_origin(args[0]) is tuple and len(inner) == 2 and inner[0] is str


# --- A reader for each type ------------------------------------------------------------------


@functools.cache
def decoder_of(hint: Any, exact: bool = False) -> Decoder:
    """What reads a value of a type. The reader raises `FormatError` with the place of the first
    thing that does not fit, and an exact one `AnotherSpelling`.
    """
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return _union(typing.get_args(hint), exact)
    if origin is tuple:
        return _tuple(hint, exact)
    if origin is dict or hint is dict:
        return functools.partial(_expect, dict)
    if hint is Unknown or origin is Known:
        return _reading((hint,), exact)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _word(hint)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return functools.partial(_decode_object, hint, exact)
    if hint in (str, int, bool):
        return functools.partial(_expect, hint)
    raise TypeError(f"codec: cannot decode {hint!r}")


def _expect(kind: type, value: Json, where: Where) -> Any:
    if type(value) is not kind:
        raise _misfit("codec.type", where, value, wanted=kind.__name__)
    return value


def _misfit(code: str, where: Where, value: Json, **more: str | int) -> FormatError:
    text = repr(value)
    short = text if len(text) <= 60 else text[:57] + "..."
    return FormatError(code, where=_place(where), **more, found=short)


def _place(where: Where) -> str:
    if isinstance(where, str):
        return where
    outer, inner = where
    return f"{_place(outer)}[{inner}]" if isinstance(inner, int) else f"{_place(outer)}.{inner}"


def _word(cls: type[Enum]) -> Decoder:
    words = {one.value: one for one in cls}

    def decode(value: Json, where: Where) -> object:
        found = words.get(value) if isinstance(value, str) else None
        if found is None:
            raise _misfit("codec.word", where, value)
        return found

    return decode


def _union(options: tuple[Any, ...], exact: bool) -> Decoder:
    rest = tuple(one for one in options if one is not type(None))
    optional = len(rest) < len(options)
    if any(one is Unknown for one in rest):
        inner: tuple[Decoder, ...] = (_reading(rest, exact),)
    else:
        inner = tuple(decoder_of(one, exact) for one in rest)
    if len(inner) == 1 and not optional:
        return inner[0]

    def decode(value: Json, where: Where) -> object:
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


def _reading(options: tuple[Any, ...], exact: bool) -> Decoder:
    """Of `Unknown`, and of the first other option: `Known` of something, or a plain type."""
    why = decoder_of(Why)
    other = next((one for one in options if one is not Unknown), None)
    known = typing.get_origin(other) is Known
    hint = typing.get_args(other)[0] if known else other
    plain = _plain_types(hint)
    inner = None if other is None else decoder_of(hint, exact)

    def decode(value: Json, where: Where) -> object:
        if inner and known and type(value) is dict and len(value) == 2 and "value" in value:
            item, source = value["value"], value.get("source")
            if type(source) is str:  # as nearly all of a machine's are
                read = item if type(item) in plain else inner(item, (where, "value"))
                return Known(read, source)
        if isinstance(value, dict) and len(value) == 2 and "unknown" in value and "detail" in value:
            reason = cast(Why, why(value["unknown"], where))
            return Unknown(reason, _expect(str, value["detail"], where))
        if inner is None:
            raise _misfit("codec.type", where, value, wanted="reading")
        if not known:
            return inner(value, where)
        found = _expect(dict, value, where)
        if len(found) != 2 or "value" not in found or "source" not in found:
            raise _keys(where, found)
        item = found["value"]
        read = item if type(item) in plain else inner(item, (where, "value"))
        return Known(read, _expect(str, found["source"], where))

    return decode


def _keys(where: Where, found: Iterable[str]) -> FormatError:
    return FormatError("codec.keys", where=_place(where), found=", ".join(sorted(found)))


def _tuple(hint: Any, exact: bool) -> Decoder:
    args = typing.get_args(hint)
    if _is_pairs(hint):
        second = typing.get_args(args[0])[1]
        return functools.partial(_decode_pairs, _plain_types(second), decoder_of(second, exact))
    if len(args) == 2 and args[1] is Ellipsis:
        return functools.partial(_decode_items, _plain_types(args[0]), decoder_of(args[0], exact))
    inner = tuple(decoder_of(one, exact) for one in args)

    def decode(value: Json, where: Where) -> object:
        items = _expect(list, value, where)
        if len(items) != len(inner):
            wanted = len(inner)
            raise FormatError("codec.length", where=_place(where), wanted=wanted, found=len(items))
        return tuple([one(item, where) for one, item in zip(inner, items, strict=True)])

    return decode


def _decode_pairs(plain: frozenset[type], inner: Decoder, value: Json, where: Where) -> object:
    found = _expect(dict, value, where)
    return tuple(
        [
            (name, item if type(item) in plain else inner(item, (where, name)))
            for name, item in sorted(found.items())
        ]
    )


def _decode_items(plain: frozenset[type], inner: Decoder, value: Json, where: Where) -> object:
    items = _expect(list, value, where)
    if plain.issuperset(map(type, items)):
        return tuple(items)
    return tuple(
        [item if type(item) in plain else inner(item, (where, n)) for n, item in enumerate(items)]
    )


# --- Objects ---------------------------------------------------------------------------------


class _Shape(typing.NamedTuple):
    """How an object with these names is read."""

    take: Callable[[dict[str, Json]], tuple[Json, ...]]  # its values, in the order of the fields
    readers: tuple[tuple[str, frozenset[type], Decoder], ...]
    absent: tuple[tuple[int, object], ...]  # where a default stands, from the first place on
    later: tuple[tuple[int, object], ...]  # what must not stand there, if it is to be exact
    written: bool  # whether all are there that would be written


def _decode_object(cls: Any, exact: bool, value: Json, where: Where) -> object:
    found = value if type(value) is dict else _expect(dict, value, where)
    try:
        take, readers, absent, later, written = _shape_of(cls, tuple(found), exact)
    except LookupError:
        names = {one.name for one in fields_of(cls)}
        needed = {one.name for one in fields_of(cls) if one.needed}
        raise _keys(where, (found.keys() - names) | (needed - found.keys())) from None
    given = [
        item if type(item) in plain else inner(item, (where, name))
        for item, (name, plain, inner) in zip(take(found), readers)  # noqa: B905
    ]
    for at, default in absent:
        given.insert(at, default)
    kept = not later or all(given[at] != one for at, one in later)
    if exact and not (written and kept):
        raise AnotherSpelling(_place(where))
    return cls(*given)


@functools.lru_cache(maxsize=512)
def _shape_of(cls: type, names: tuple[str, ...], exact: bool) -> _Shape:
    """Raises `LookupError` where a name is missing, or none of the class's: what somebody made up
    is not kept. Asked when a value of the class is met, not before: a class may hold itself.
    """
    fields, there = fields_of(cls), frozenset(names)
    given = [one for one in fields if one.name in there]
    if len(given) < len(there) or any(one.needed and one.name not in there for one in fields):
        raise LookupError
    taken = [one.name for one in given]
    places = list(enumerate(fields))
    return _Shape(
        _taker(taken),
        tuple((one.name, *_reader_of(one, exact)) for one in given),
        tuple((at, one.default) for at, one in places if one.name not in there),
        tuple((at, one.default) for at, one in places if one.later and one.name in there),
        all(one.later for one in fields if one.name not in there),
    )


def _reader_of(field: ModelField, exact: bool) -> tuple[frozenset[type], Decoder]:
    """Of which types any value is one of the field, and what reads the others: a time must be one,
    and its field's name tells which.
    """
    plain, inner, form = (
        _plain_types(field.hint),
        decoder_of(field.hint, exact),
        form_of(field.name),
    )
    if str not in plain or form is None:
        return plain, inner
    holds = HOLDS[form]

    def decode(value: Json, where: Where) -> object:
        if isinstance(value, str) and not holds(value):
            raise _misfit("codec.time", where, value)
        return inner(value, where)

    return plain - {str}, decode


def _taker(names: list[str]) -> Callable[[dict[str, Json]], tuple[Json, ...]]:
    if len(names) > 1:
        return operator.itemgetter(*names)
    return lambda found: tuple([found[name] for name in names])


@functools.cache
def _plain_types(hint: Any) -> frozenset[type]:
    """The types of which any value is one of the hint."""
    options = (
        typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else ()
    )
    return frozenset(one for one in options or (hint,) if one in (str, int, bool, type(None)))
