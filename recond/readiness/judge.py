"""One requirement against a machine: pass, fail, fixable or unknown, with the evidence.

Why: the rule of the answer is in one place. Met = (test or one of accept) and none of refuse, in
three-valued logic. Met is `pass`; what cannot be said is `unknown`; unmet is `fixable` where a
remedy is known to be possible, `unknown` where that is in doubt, else `fail`. A requirement whose
`when` does not hold is left out; one whose `when` is unknown can pass or be unknown, never fail.
"""

from __future__ import annotations

from recond.locale import has
from recond.model import Known, Machine, Message, Outcome, Requirement, Unknown
from recond.readiness import diskfacts, memory
from recond.readiness.facts import READINGS
from recond.readiness.logic import (
    Fact,
    Facts,
    Truth,
    any_holds,
    every,
    holds,
    negate,
    some,
)
from recond.readiness.profile import Rule, Test
from recond.readiness.settings import PARTS, SETTINGS


def judge(rule: Rule, machine: Machine, facts: Facts) -> Requirement | None:
    """The requirement's line of the assessment; None where it does not apply to this machine."""
    applies: Truth = any_holds(rule.when, facts) if rule.when else True
    if applies is False:
        return None
    outcome = _outcome(rule, facts)
    remedy: Message | None = None
    cost = 0
    if outcome in (Outcome.FAIL, Outcome.FIXABLE):
        outcome, remedy, cost = _remedied(rule, machine, facts, outcome)
    if applies is None and outcome is not Outcome.PASS:
        outcome = Outcome.UNKNOWN
    return Requirement(
        key=rule.key,
        tier=rule.tier,
        outcome=outcome,
        observed=_observed(rule, machine, facts, met=outcome is Outcome.PASS),
        required=_required(rule),
        evidence=_evidence(rule, facts),
        remedy=remedy,
        cost_rank=cost,
        title=rule.title.message(),
    )


def _met(rule: Rule, facts: Facts) -> Truth:
    ways: list[Truth] = []
    if rule.test is not None:
        ways.append(holds(rule.test, facts))
    if rule.accept:
        ways.append(any_holds(rule.accept, facts))
    good = some(ways) if ways else True
    return every((good, negate(any_holds(rule.refuse, facts))))


def _outcome(rule: Rule, facts: Facts) -> Outcome:
    met = _met(rule, facts)
    if met is None:
        return Outcome.UNKNOWN
    if met:
        return Outcome.PASS
    fixable, doubt = any_holds(rule.fixable, facts), any_holds(rule.doubt, facts)
    if fixable is True:
        return Outcome.FIXABLE
    if fixable is None or doubt is not False:
        return Outcome.UNKNOWN
    return Outcome.FAIL


def _remedied(
    rule: Rule,
    machine: Machine,
    facts: Facts,
    outcome: Outcome,
) -> tuple[Outcome, Message | None, int]:
    """The remedy in words; parts are computed from the machine and may turn a fail to fixable."""
    cost = rule.cost if rule.cost is not None else SETTINGS.get(rule.remedy, 50)
    if rule.remedy in ("ram", "disk", "ssd") and rule.test is not None:
        outcome, message, part_cost = _part(rule.remedy, rule.test, machine, facts)
        cost = part_cost if rule.cost is None else rule.cost
        return outcome, rule.advice.message() if rule.advice else message, cost
    if outcome is Outcome.FAIL and rule.remedy in PARTS and not rule.fixable:
        # another battery or screen is always possible; whether it pays is the workshop's question
        outcome, cost = Outcome.FIXABLE, PARTS[rule.remedy] if rule.cost is None else rule.cost
    if outcome is Outcome.FAIL:
        return outcome, None, 0
    if rule.advice is not None:
        return outcome, rule.advice.message(), cost
    return outcome, Message.of(f"readiness.remedy.{rule.remedy}") if rule.remedy else None, cost


def _part(
    remedy: str,
    test: Test,
    machine: Machine,
    facts: Facts,
) -> tuple[Outcome, Message, int]:
    wanted = test.wanted[0]
    need = wanted if isinstance(wanted, int) and not isinstance(wanted, bool) else 0
    possible: bool | None
    if remedy == "ram":
        have = facts("memory.ram_bytes")
        now = have.value if isinstance(have, Known) and isinstance(have.value, int) else 0
        upgrade = memory.upgrade(machine.memory, now, need)
        possible, message, cost = upgrade.possible, upgrade.remedy, upgrade.cost
    else:
        failing = test.reading == "disk.health"
        possible, message, cost = diskfacts.remedy(machine, need, failing=failing)
    if possible is None:
        return Outcome.UNKNOWN, message, cost
    return (Outcome.FIXABLE if possible else Outcome.FAIL), message, cost


# --- What is shown ---------------------------------------------------------------------------


def _main_reading(rule: Rule) -> str:
    if rule.show:
        return rule.show
    if rule.test is not None:
        return rule.test.reading
    for condition in (*rule.accept, *rule.refuse):
        for test in condition:
            return test.reading
    return ""


def _observed(rule: Rule, machine: Machine, facts: Facts, *, met: bool) -> Message:
    name = _main_reading(rule)
    if not name:
        return Message("readiness.observed.nothing")
    fact = facts(name)
    if isinstance(fact, Known) and rule.test is not None and rule.test.op == "has":
        return _flags(rule.test, fact, met=met)
    if name == "memory.ram_bytes" and isinstance(fact, Known):
        visible = machine.memory.visible_bytes
        if (
            isinstance(visible, Known)
            and isinstance(fact.value, int)
            and (fact.value != visible.value)
        ):
            return Message.of(
                "readiness.observed.ram_seen",
                value_ram_bytes=fact.value,
                seen_ram_bytes=visible.value,
            )
    return show(name, fact)


def _flags(test: Test, fact: Fact, *, met: bool) -> Message:
    flags = fact.value if isinstance(fact, Known) and isinstance(fact.value, tuple) else ()
    missing = [str(flag) for flag in test.wanted if flag not in flags]
    if missing and met:
        return Message.of("readiness.observed.flags_accepted", flags=", ".join(missing))
    if missing:
        return Message.of("readiness.observed.flags_missing", flags=", ".join(missing))
    return Message.of("readiness.observed.flags", flags=", ".join(map(str, test.wanted)))


def show(name: str, fact: Fact) -> Message:
    """A reading for people."""
    if isinstance(fact, Unknown):
        own = f"readiness.unknown.{name}.{fact.why}"
        if has(own):
            return Message.of(own, detail=fact.detail)
        if not fact.detail:
            return Message.of("readiness.observed.unknown", why=f"@readiness.why.{fact.why}")
        return Message.of(
            "readiness.observed.unknown_detail",
            why=f"@readiness.why.{fact.why}",
            detail=fact.detail,
        )
    return _value("observed", name, fact.value)


def _value(room: str, name: str, value: object) -> Message:
    unit = READINGS[name].unit
    if isinstance(value, bool):
        return Message(f"readiness.{room}.{'yes' if value else 'no'}")
    if isinstance(value, int):
        if unit == "bytes" and value == 0 and room == "observed":
            return Message("readiness.observed.no_disk")
        if unit in ("tenths_in", "wddm"):
            return Message.of(f"readiness.{room}.{unit}", whole=value // 10, tenth=value % 10)
        key = {"ram": "value_ram_bytes", "bytes": "value_bytes"}.get(unit, "value")
        return Message.of(f"readiness.{room}.{unit}", **{key: value})
    if isinstance(value, tuple):
        return Message.of(f"readiness.{room}.flags", flags=", ".join(value))
    word = f"readiness.word.{value}"
    return Message.of(f"readiness.{room}.word", value=f"@{word}" if has(word) else str(value))


def _required(rule: Rule) -> Message:
    if rule.required is not None:
        return rule.required.message()
    test = rule.test
    if test is None:
        return Message("readiness.required.yes")
    if test.op in ("at_least", "at_most"):
        return _value(test.op, test.reading, test.wanted[0])
    if test.op == "has":
        return Message.of("readiness.required.flags", flags=", ".join(map(str, test.wanted)))
    if test.op == "is" and isinstance(test.wanted[0], bool):
        return _value("required", test.reading, test.wanted[0])
    code = {"version_at_least": "version", "contains": "contains", "lacks": "lacks"}.get(
        test.op, "words"
    )
    words = [str(want) for want in test.wanted]
    if len(words) == 1 and has(f"readiness.word.{words[0]}"):
        words = [f"@readiness.word.{words[0]}"]
    return Message.of(f"readiness.required.{code}", value=" / ".join(words))


def _evidence(rule: Rule, facts: Facts) -> str:
    """The sources of the readings that decided, in the order they were asked."""
    names = [rule.show] if rule.show else []
    if rule.test is not None:
        names.append(rule.test.reading)
    if rule.test is None or holds(rule.test, facts) is not True:
        conditions = (*rule.accept, *rule.refuse)
        names.extend(test.reading for condition in conditions for test in condition)
    seen: list[str] = []
    for name in dict.fromkeys(names):
        fact = facts(name)
        source = fact.source if isinstance(fact, Known) else fact.detail
        if source and source not in seen:
            seen.append(source)
    return ", ".join(seen[:6])
