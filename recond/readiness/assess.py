"""A machine judged by a profile.

Why: the one door of the room. The verdict of a tier is the worst of its lines in the order
fail > unknown > fixable > pass: "ready once mended" is said only where nothing is left unknown. The
verdict of the profile is the worst of the tiers that decide. Tiers that do not decide
("recommended", "listed") are reported beside it. Remedies are those of the deciding tiers, cheapest
first; where one line fails for good there are none, because none would help. Pure: no input or
output, no clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from recond.model import Assessment, Known, Machine, Message, Outcome, Requirement, Unknown, Why
from recond.readiness.facts import Inputs, facts_of
from recond.readiness.judge import judge
from recond.readiness.locks import lock_lines
from recond.readiness.logic import Fact
from recond.readiness.marks import CpuMarks
from recond.readiness.notices import notices, unseen_storage
from recond.readiness.profile import Profile
from recond.readiness.score import SCORE_TIER, score
from recond.readiness.settings import firmware_key, is_setting, part_of

WORST_FIRST = (Outcome.FAIL, Outcome.UNKNOWN, Outcome.FIXABLE, Outcome.PASS)


def assess_machine(
    machine: Machine,
    profile: Profile,
    today: str,
    cpu_marks: CpuMarks | None = None,
    answers: Mapping[str, int | str] | None = None,
) -> Assessment:
    """Judge a machine by a profile on a day (`YYYY-MM-DD` or an RFC 3339 time).

    `cpu_marks` is the organisation's own table of processor marks; `answers` are what only a
    person can say, by the name of the reading ("operator.looks": 1).
    """
    facts = facts_of(Inputs(machine, _cpu_mark(machine, cpu_marks), answers or {}))
    found = [judge(rule, machine, facts) for rule in profile.rules]
    lines = [line for line in found if line is not None]
    result = score(profile, facts)
    lines.extend(result.requirements)
    deciding = tuple(tier.key for tier in profile.tiers if tier.decides)
    locks = lock_lines(machine, deciding[0] if deciding else SCORE_TIER)
    lines.extend(locks)
    # pairs stand in the order of their keys, as they come back from a record; the lines keep
    # the order of the profile
    by_key = sorted(profile.tiers, key=lambda tier: tier.key)
    tiers = tuple(
        (tier.key, worst(line.outcome for line in lines if line.tier == tier.key))
        for tier in by_key
    )
    outcomes = [line.outcome for line in locks]
    outcomes += [outcome for key, outcome in tiers if key in deciding]
    if result.category is not None:
        outcomes.append(result.outcome)
    verdict = worst(outcomes)
    return Assessment(
        profile=profile.name,
        profile_version=profile.version,
        profile_digest=profile.digest,
        verdict=verdict,
        tiers=tiers,
        requirements=tuple(lines),
        remedies=()
        if verdict is Outcome.FAIL
        else cheapest_first(line for line in lines if line.tier in deciding or line in locks),
        notices=(
            *_firmware_key(machine, lines),
            *result.notices,
            *_memory_gap(machine),
            *notices(profile, today, facts),
            *unseen_storage(machine),
        ),
        category=result.category,
        points=result.points,
        title=profile.title.message(),
        tier_titles=tuple((tier.key, tier.title.message()) for tier in by_key),
        deciding=deciding,
        price=result.price,
        currency=profile.currency if result.price else "",
    )


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The worst outcome in the order fail > unknown > fixable > pass; pass for none."""
    found = set(outcomes)
    return next((outcome for outcome in WORST_FIRST if outcome in found), Outcome.PASS)


def cheapest_first(lines: Iterable[Requirement]) -> tuple[Message, ...]:
    """The remedies of lines; of several purchases of one part the largest, which does for all."""
    chosen: dict[str | Message, tuple[int, Message]] = {}
    for line in lines:
        if line.remedy is not None:
            kind = part_of(line.remedy) or line.remedy
            before = chosen.get(kind, (-1, line.remedy))
            chosen[kind] = max(before, (line.cost_rank, line.remedy), key=lambda found: found[0])
    return tuple(remedy for _, remedy in sorted(chosen.values(), key=lambda found: found[0]))


def _firmware_key(machine: Machine, lines: list[Requirement]) -> tuple[Message, ...]:
    """How to enter the firmware's settings, where a remedy is one."""
    asked = any(line.remedy is not None and is_setting(line.remedy) for line in lines)
    return (firmware_key(machine.system.maker),) if asked else ()


def _cpu_mark(machine: Machine, marks: CpuMarks | None) -> Fact:
    if marks is None:
        return Unknown(Why.NOT_READ)
    name = machine.cpu.name
    if isinstance(name, Unknown):
        return name
    mark = marks.of(name.value)
    if mark is None:
        return Unknown(Why.ABSENT, f"{marks.file}: {name.value}")
    return Known(mark[0], f"{marks.file}:{mark[1]}")


def _memory_gap(machine: Machine) -> tuple[Message, ...]:
    """A kernel that sees much less than the modules hold: a 32-bit one, or a module at fault."""
    installed, visible = machine.memory.installed_bytes, machine.memory.visible_bytes
    if isinstance(installed, Unknown) or isinstance(visible, Unknown):
        return ()
    if visible.value * 4 >= installed.value * 3:
        return ()
    return (
        Message.of(
            "readiness.notice.memory_gap",
            installed_ram_bytes=installed.value,
            seen_ram_bytes=visible.value,
        ),
    )
