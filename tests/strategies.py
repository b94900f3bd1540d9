"""Hypothesis strategies for any value of the model, made from its type hints.

Sizes are small on purpose: the shapes matter, not the lengths.
"""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from datetime import UTC, date
from enum import Enum
from typing import Any

from hypothesis import strategies as st

from recond.model import Json, Known
from recond.moments import form_of

MAX_INT = 2**53 - 1
INTEGERS = st.integers(-MAX_INT, MAX_INT)
TEXTS = st.text(max_size=8)

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | INTEGERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
"""Any JSON that the canonical form can hold."""

_LEAVES: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXTS,
    int: INTEGERS,
    bool: st.booleans(),
    type(None): st.none(),
    Json: JSON,
}
_TIMES = {
    "date-time": st.datetimes(timezones=st.just(UTC)).map(
        lambda at: at.isoformat().replace("+00:00", "Z")
    ),
    "date": st.dates().map(date.isoformat),
}


@functools.cache
def values(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a type hint of the model."""
    if hint in _LEAVES:
        return _LEAVES[hint]
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return st.one_of([values(option) for option in args])
    if origin is Known:
        return st.builds(Known, values(args[0]), TEXTS)
    if origin is dict:
        return st.dictionaries(TEXTS, JSON, max_size=3)
    if origin is tuple and is_pairs(hint):
        pairs = st.dictionaries(TEXTS, values(typing.get_args(args[0])[1]), max_size=3)
        return pairs.map(lambda found: tuple(sorted(found.items())))
    if origin is tuple and args[-1] is Ellipsis:
        return st.lists(values(args[0]), max_size=2).map(tuple)
    if origin is tuple:
        return st.tuples(*map(values, args))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(list(hint))
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        hints = typing.get_type_hints(hint)
        return st.builds(
            hint, **{f.name: _field(f.name, hints[f.name]) for f in dataclasses.fields(hint)}
        )
    raise TypeError(f"no strategy for {hint!r}")


def _field(name: str, hint: Any) -> st.SearchStrategy[Any]:
    """Values of a field, of which a text is a time where its name promises one."""
    times = _TIMES.get(form_of(name) or "")
    if times is None or str not in (hint, *typing.get_args(hint)):
        return values(hint)
    return times if hint is str else times | st.none()


def is_pairs(hint: Any) -> bool:
    """Whether a tuple is one of (name, value) pairs, which stands in JSON as an object."""
    args = typing.get_args(hint)
    inner = typing.get_args(args[0])
    return args[-1] is Ellipsis and len(inner) == 2 and inner[0] is str
