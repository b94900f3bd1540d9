"""The questions that a profile asks of readings, read from TOML.

Why: `at_least = "4 GiB"` beside a reading, and `{ "cpu.model" = { at_most = 95 } }` in a condition,
are one thing, a `Test`. A question that does not fit its reading (a flag asked of a
number) is a mistake in the profile, found here and not while judging. Pure.
"""

from __future__ import annotations

from recond.readiness.document import MAX_INT, Node, amount, shown
from recond.readiness.facts import READINGS
from recond.readiness.profile import Condition, Scalar, Test

OPS = ("is", "one_of", "at_least", "at_most", "has", "contains", "lacks", "version_at_least")
_FITS: dict[type, tuple[str, ...]] = {
    bool: ("is",),
    int: ("is", "one_of", "at_least", "at_most"),
    str: ("is", "one_of", "contains", "lacks", "version_at_least"),
    tuple: ("has", "lacks"),
}


def reading_name(node: Node, key: str, *, numeric: bool = False) -> str:
    """The name of a reading that exists; a number where one is needed."""
    name = node.text(key)
    if name and name not in READINGS:
        node.mistake(key, "unknown_reading", value=name[:64], known=_nearest(name))
    elif name and numeric and READINGS[name].kind is not int:
        node.mistake(key, "not_a_number", value=name)
    return name


def _nearest(name: str) -> str:
    # the same part of the machine is the likely meaning
    part = name.partition(".")[0]
    return ", ".join(sorted(r for r in READINGS if r.startswith(part + "."))) or ", ".join(
        sorted(READINGS)
    )


def question(node: Node, others: tuple[str, ...]) -> Test | None:
    """The one question in a table that names its `reading`; `others` are its further keys."""
    name = reading_name(node, "reading")
    asked = [op for op in OPS if op in node]
    node.unknown_keys((*others, *OPS))
    if len(asked) != 1:
        node.mistake("reading" if not asked else asked[1], "one_question", known=", ".join(OPS))
        return None
    if name not in READINGS:
        return None
    return _test(node, name, asked[0], asked[0])


def conditions(node: Node, key: str, *, needed: bool = False) -> tuple[Condition, ...]:
    """An array of conditions, each a table of readings and what they must be."""
    if needed and key not in node:
        node.mistake(key, "missing")
    found: list[Condition] = []
    for item in node.tables(key):
        tests: list[Test] = []
        if not item.value:
            item.mistake_at(item.path, "empty")
        for name in item.value:
            tests.extend(_asked(item, name))
        found.append(tuple(tests))
    return tuple(found)


def _asked(item: Node, name: str) -> list[Test]:
    if name not in READINGS:
        item.mistake(name, "unknown_reading", value=name[:64], known=_nearest(name))
        return []
    value = item.value[name]
    if not isinstance(value, dict):
        op = "is"
        if isinstance(value, list):
            op = "has" if READINGS[name].kind is tuple else "one_of"
        elif READINGS[name].kind is tuple:
            op = "has"
        test = _test(
            Node({op: value}, item.path, item.lines, item.file, item.mistakes), name, op, name
        )
        return [test] if test else []
    inner = item.table(name)
    inner.unknown_keys(OPS)
    if not value:
        item.mistake(name, "empty")
    made = [test for op in OPS if op in inner and (test := _test(inner, name, op, op))]
    limits = {test.op: test.wanted[0] for test in made if isinstance(test.wanted[0], int)}
    if limits.get("at_least", 0) > limits.get("at_most", MAX_INT):
        inner.mistake("at_most", "order")
    return made


def _test(node: Node, name: str, op: str, key: str) -> Test | None:
    """A test of a value in `node` under `op`; `key` is where a mistake is shown."""
    kind = READINGS[name].kind
    if op not in _FITS[kind]:
        node.mistake(key, "question", value=op, known=", ".join(_FITS[kind]))
        return None
    value = node.value[op]
    many = op in ("one_of", "has", "contains", "lacks")
    items = value if isinstance(value, list) and many else [value]
    if many and not items:
        node.mistake(key, "empty")
        return None
    wanted: list[Scalar] = []
    for item in items:
        fitted = _fit(item, kind, name)
        if fitted is None:
            if name.endswith("_bytes"):
                node.mistake(key, "amount", value=str(item)[:64])
                return None
            words = {bool: "flag", int: "whole", str: "text", tuple: "text"}
            node.mistake(key, "type", wanted=f"@readiness.type.{words[kind]}", found=shown(item))
            return None
        wanted.append(fitted)
    return Test(name, op, tuple(wanted))


def _fit(item: object, kind: type, name: str) -> Scalar | None:
    if kind is int:
        negative = name.startswith("operator.") and type(item) is int and -1000 <= item < 0
        return item if negative and isinstance(item, int) else (amount(item, name))
    if kind is bool:
        return item if isinstance(item, bool) else None
    return item if isinstance(item, str) and item and len(item) <= 200 else None
