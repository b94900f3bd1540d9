"""`dataclass(frozen=True, slots=True)` that compiles nothing when a class is declared.

Why: the standard decorator writes six functions for each class and compiles them, 1.7 ms on a
bench's computer; sixty classes are declared before an inventory reads its first byte. Here the
standard decorator finds the fields, and the functions are shared by all classes. What a class does
is the same (a test compares the two): `fields`, `replace`, `copy` and `pickle` work, and whoever
checks types reads the standard decorator. Standard library only.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import wraps
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(cls: type | None = None, /, **options: bool) -> Any:
        """The decorator; options other than the two are the standard one's."""
        if cls is not None or options != {"frozen": True, "slots": True}:
            return dataclasses.dataclass(cls, **options)
        return _frozen


def _frozen(cls: type) -> type:
    """The class with its slots, and with functions that go by the names of its fields."""
    if any(dataclasses.is_dataclass(base) for base in cls.__bases__):
        return dataclasses.dataclass(frozen=True, slots=True)(cls)  # two of ours; not worth more
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True)(cls)
    # `dataclasses` asks this of a base class, and refuses to mix frozen ones with others
    params = made.__dataclass_params__
    params.init = params.repr = params.eq = params.frozen = True
    names = tuple(field.name for field in dataclasses.fields(made))
    values = _values_of(names)
    functions: dict[str, Callable[..., Any]] = {
        "__init__": _initialiser(made, names),
        "__repr__": _representation(names),
        "__eq__": _equality(values),
        "__hash__": lambda self: hash(values(self)),
        "__setattr__": _refuse_to_assign,
        "__delattr__": _refuse_to_delete,
        "__getstate__": lambda self: list(values(self)),
        "__setstate__": _restorer(made, names),
    }
    for name, function in functions.items():
        if name not in cls.__dict__:
            function.__name__, function.__qualname__ = name, f"{made.__qualname__}.{name}"
            setattr(made, name, function)
    return made  # type: ignore[no-any-return] # the class of slots that was made


def _values_of(names: tuple[str, ...]) -> Callable[[object], tuple[Any, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda self: tuple(getattr(self, name) for name in names)


def _setters(made: Any, names: tuple[str, ...]) -> tuple[Callable[[object, object], None], ...]:
    """How each slot is filled: by its descriptor, past the refusal to assign."""
    return tuple(getattr(made, name).__set__ for name in names)


def _initialiser(made: Any, names: tuple[str, ...]) -> Callable[..., None]:
    setters, count = _setters(made, names), len(names)
    finish = getattr(made, "__post_init__", None)
    makers = {field.name: _maker(field) for field in dataclasses.fields(made)}

    def initialise(self: object, *given: object, **named: object) -> None:
        if named or len(given) != count:
            values: Sequence[object] = _complete(made.__name__, makers, given, named)
        else:
            values = given
        for put, value in zip(setters, values):  # noqa: B905 - as many as there are, seen above
            put(self, value)
        if finish is not None:
            finish(self)

    if count == 2 and finish is None:
        put_first, put_second = setters  # a reading and its source: most of what is made

        def initialise_two(self: object, *given: object, **named: object) -> None:
            if named or len(given) != 2:
                initialise(self, *given, **named)
            else:
                put_first(self, given[0])
                put_second(self, given[1])

        return initialise_two
    return initialise


def _maker(field: dataclasses.Field[Any]) -> Callable[[], object] | None:
    """What makes a field's value where none is given; None for a field that must be given."""
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory
    default = field.default
    return None if default is dataclasses.MISSING else lambda: default


def _complete(
    called: str,
    makers: dict[str, Callable[[], object] | None],
    given: tuple[object, ...],
    named: dict[str, object],
) -> list[object]:
    """The values of all fields, in order. Raises `TypeError` for too many, unknown or missing."""
    found = list(given)
    for name in list(makers)[len(given) :]:
        if name in named:
            found.append(named.pop(name))
        elif (make := makers[name]) is not None:
            found.append(make())
        else:
            raise TypeError(f"{called}() lacks a value for {name!r}")
    if named:
        raise TypeError(f"{called}() has no field, or two values for, {min(named)!r}")
    if len(given) > len(makers):
        raise TypeError(f"{called}() takes {len(makers)} values, {len(given)} were given")
    return found


def _representation(names: tuple[str, ...]) -> Callable[[object], str]:
    def represent(self: object) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{type(self).__qualname__}({shown})"

    return represent


def _equality(values: Callable[[object], tuple[Any, ...]]) -> Callable[[object, object], object]:
    def equal(self: object, other: object) -> object:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return values(self) == values(other)

    return equal


def _restorer(made: Any, names: tuple[str, ...]) -> Callable[[object, list[object]], None]:
    setters = _setters(made, names)

    def restore(self: object, state: list[object]) -> None:
        for put, value in zip(setters, state, strict=True):
            put(self, value)

    return restore


def _refuse_to_assign(self: object, name: str, value: object) -> None:  # noqa: ARG001
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: object, name: str) -> None:  # noqa: ARG001
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def answered_once(ask: Callable[[T], R]) -> Callable[[T], R]:
    """A pure function of a frozen value that knows its last answer, by the very value: to find an
    equal one by its hash would cost more than most answers.
    """
    kept: list[tuple[T, R]] = []

    @wraps(ask)
    def answer(value: T) -> R:
        for one, found in kept:  # no more than one; other threads may put theirs in its place
            if one is value:
                return found
        found = ask(value)
        kept[:] = [(value, found)]
        return found

    return answer
