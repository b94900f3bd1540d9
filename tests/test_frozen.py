"""`recond.frozen` does what the standard decorator does, and compiles nothing."""

from __future__ import annotations

import builtins
import copy
import dataclasses
import importlib
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from recond import frozen
from recond.model import Battery, Known, Machine, Unknown, Why
from tests.house import modules

OPTIONS = {"frozen": True, "slots": True}


def declare(decorator: Callable[..., Any]) -> Any:
    class Part:
        """A part."""

        name: str
        size: int = 3
        tags: list[str] = dataclasses.field(default_factory=list)

        def double(self) -> int:
            return 2 * self.size

    return decorator(**OPTIONS)(Part)


OURS, THEIRS = declare(frozen.dataclass), declare(dataclasses.dataclass)


def told(call: Callable[[], object]) -> object:
    """What a call gives, or the type of what it raises."""
    try:
        return call()
    except Exception as error:
        return type(error)


@pytest.mark.parametrize(
    "act",
    [
        lambda c: repr(c("a")),
        lambda c: repr(c("a", tags=["x"], size=4)),
        lambda c: c("a") == c("a"),
        lambda c: c("a") == c("b"),
        lambda c: c("a") == ("a", 3, []),
        lambda c: c("a") != c("a", 4),
        lambda c: hash(c("a", 3, ())) == hash(c(name="a", tags=())),
        lambda c: hash(c("a")),  # a list has no hash
        lambda c: c(),
        lambda c: c("a", 1, [], 2),
        lambda c: c("a", name="b"),
        lambda c: c("a", nothing=1),
        lambda c: setattr(c("a"), "name", "b"),
        lambda c: delattr(c("a"), "name"),
        lambda c: c("a").__dict__,
        lambda c: c("a").double(),
        lambda c: c("a").tags is c("b").tags,
        lambda c: [(f.name, f.type) for f in dataclasses.fields(c)],
        lambda c: dataclasses.asdict(c("a", tags=["x"])),
        lambda c: repr(dataclasses.replace(c("a"), size=5)),
        lambda c: dataclasses.replace(c("a"), other=5),
        lambda c: repr(copy.deepcopy(c("a", tags=["x"]))),
        lambda c: c.__slots__,
        lambda c: c.__match_args__,
        lambda c: c.__doc__,
        lambda c: dataclasses.is_dataclass(c),
    ],
)
def test_a_class_does_the_same(act: Callable[[Any], object]) -> None:
    assert told(lambda: act(OURS)) == told(lambda: act(THEIRS))


def test_a_class_below_another_keeps_its_fields() -> None:
    for decorator in (frozen.dataclass, dataclasses.dataclass):

        @decorator(**OPTIONS)  # type: ignore[call-overload,untyped-decorator,unused-ignore]
        class Below(OURS):  # type: ignore[misc,valid-type]
            extra: int = 1

        one = Below("a", extra=2)
        assert [getattr(one, name) for name in ("name", "size", "tags", "extra")] == ["a", 3, [], 2]
        assert one == copy.copy(one)
        assert one != OURS("a")
    with pytest.raises(TypeError):  # a frozen class has no other above it, in either form
        dataclasses.dataclass(type("Loose", (OURS,), {"__annotations__": {}}))


def test_a_value_goes_through_pickle() -> None:
    unread = Unknown(Why.ABSENT, "x")
    battery = Battery("BAT0", Known("LGC", "y"), *[unread] * 9)
    assert pickle.loads(pickle.dumps(battery)) == battery


def test_nothing_is_compiled_when_a_class_is_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    run = builtins.exec

    def refuse(text: str, *rest: Any) -> None:
        if text.count("def ") > 1:
            raise AssertionError("compiled")
        run(text, *rest)  # from Python 3.13 on, one text a class that holds no function

    monkeypatch.setattr(builtins, "exec", refuse)
    assert declare(frozen.dataclass)("a").size == 3
    with pytest.raises(AssertionError, match="compiled"):
        declare(dataclasses.dataclass)


def test_the_start_declares_no_frozen_class_the_dear_way() -> None:
    """What an inventory loads takes its decorator from `recond.frozen`."""
    used = {module for module in modules() if "recond.frozen" in module.imports}
    assert len(used) > 20
    for module in used:
        if "from dataclasses import dataclass" in module.text:
            pytest.fail(f"{module.name} has both decorators")
    assert dataclasses.fields(Machine)[0].name == "inspected_at"
    assert importlib.import_module("recond.model").Machine.__dataclass_params__.frozen


def test_an_answer_is_kept_for_the_very_value_and_no_equal_one() -> None:
    asked: list[Known[int]] = []

    @frozen.answered_once
    def answer(value: Known[int]) -> tuple[int]:
        asked.append(value)
        return (value.value,)

    one, equal, other = Known(1, "x"), Known(1, "x"), Known(2, "x")
    assert answer(one) is answer(one)
    assert asked == [one]
    assert answer(other) == (2,)
    assert answer(equal) == answer(one) == (1,)
    assert [*map(id, asked)] == [*map(id, (one, other, equal, one))]
