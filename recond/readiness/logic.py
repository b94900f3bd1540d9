"""Three-valued answers: a reading that was not made is neither yes nor no.

Why: Kleene's logic is the whole of "unknown is an answer". `None` stands for unknown: false and
unknown is false, true and unknown is unknown, true or unknown is true. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from recond.model import Known, Unknown
from recond.readiness.profile import Condition, Scalar, Test

Value = bool | int | str | tuple[str, ...]
Fact = Known[Value] | Unknown
Facts = Callable[[str], Fact]
Truth = bool | None


def every(truths: Iterable[Truth]) -> Truth:
    """Kleene's and; true for none."""
    answer: Truth = True
    for truth in truths:
        if truth is False:
            return False
        if truth is None:
            answer = None
    return answer


def some(truths: Iterable[Truth]) -> Truth:
    """Kleene's or; false for none."""
    answer: Truth = False
    for truth in truths:
        if truth is True:
            return True
        if truth is None:
            answer = None
    return answer


def negate(truth: Truth) -> Truth:
    """Kleene's not."""
    return None if truth is None else not truth


def any_holds(conditions: tuple[Condition, ...], facts: Facts) -> Truth:
    """Whether one of several conditions holds."""
    return some(every(holds(test, facts) for test in condition) for condition in conditions)


def holds(test: Test, facts: Facts) -> Truth:
    """Whether a test holds for the machine's readings; `None` where its reading is unknown."""
    fact = facts(test.reading)
    if isinstance(fact, Unknown):
        return None
    return _compare(test.op, fact.value, test.wanted)


def _compare(op: str, value: Value, wanted: tuple[Scalar, ...]) -> Truth:
    if op in ("is", "one_of"):
        return any(type(value) is type(want) and _same(value, want) for want in wanted)
    if isinstance(value, tuple):
        found = [flag in value for flag in wanted]
        return all(found) if op == "has" else not any(found)
    if op in ("contains", "lacks"):
        text = str(value).casefold()
        return any(str(want).casefold() in text for want in wanted) is (op == "contains")
    if op == "version_at_least":
        return _version(str(value), str(wanted[0]))
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    limit = wanted[0]
    if not isinstance(limit, int):
        return None
    return value >= limit if op == "at_least" else value <= limit


def _same(value: Value, want: Scalar) -> bool:
    if isinstance(value, str) and isinstance(want, str):
        return value.casefold() == want.casefold()
    return value == want


def _version(value: str, wanted: str) -> Truth:
    # "2" and "2.0" are one version
    try:
        have, want = ([int(part) for part in text.split(".")] for text in (value, wanted))
    except ValueError:
        return None
    width = max(len(have), len(want))
    return have + [0] * (width - len(have)) >= want + [0] * (width - len(want))
