"""Points and a category, as a range where a reading is unknown.

Why: some workshops sort machines by points instead of refusing them. Each scale gives the fewest
and the most points that the known readings allow; caps hold for the best category; the category is
one name, or "C-A" where the unknown readings could make a difference. Points are never guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from recond.model import Known, Message, Outcome, Requirement, Unknown
from recond.readiness.facts import READINGS
from recond.readiness.judge import show
from recond.readiness.logic import Fact, Facts, Truth, any_holds
from recond.readiness.profile import Adjustment, Bonus, Cap, Category, Profile, Scale

SCORE_TIER = "score"
MAX_OPEN = 6
"""How many unknown yes-or-no readings are tried both ways."""


@dataclass(frozen=True, slots=True)
class Score:
    """The outcome of the points; `category` is None where the profile has no scales."""

    outcome: Outcome
    requirements: tuple[Requirement, ...] = ()
    notices: tuple[Message, ...] = ()
    category: str | None = None
    points: tuple[int, int] | None = None
    price: tuple[int, int] | None = None


def score(profile: Profile, facts: Facts) -> Score:
    """Count a machine's points and name its category, or the range of both. A profile of caps alone
    has no points.
    """
    if not profile.categories:
        return Score(Outcome.PASS)
    points: list[int] = []
    places: list[int] = []
    for world in _worlds(profile, facts):
        counted = _points(profile, world)
        points.extend(counted)
        places.extend(_places(profile, counted, world))
    low, high = (profile.categories[place].name for place in (min(places), max(places)))
    lines = [
        _line(scale, span, facts)
        for scale in profile.scales
        if (span := _span(scale, facts)) is not None
    ]
    return Score(
        Outcome.PASS if low == high else Outcome.UNKNOWN,
        tuple(lines),
        (*_unanswered(profile, facts), *_caps(profile, facts, max(points))),
        low if low == high else f"{low}-{high}",
        (min(points), max(points)) if profile.scales else None,
        _price(profile.categories[min(places) : max(places) + 1]),
    )


def _price(categories: tuple[Category, ...]) -> tuple[int, int] | None:
    """From the least to the most of what may be asked; None where one of them has no price."""
    prices = [one.price for one in categories if one.price is not None]
    if not prices or len(prices) < len(categories):
        return None
    return min(low for low, _ in prices), max(high for _, high in prices)


def _worlds(profile: Profile, facts: Facts) -> Iterator[Facts]:
    """The facts with every answer to the yes-or-no readings that the rules turn on.

    A disk of unknown kind is an SSD or it is not, for all rules at once: judged rule by rule, the
    range would hold sums that no machine can have.
    """
    rules: Sequence[Scale | Bonus | Cap] = (*profile.scales, *profile.bonuses, *profile.caps)
    conditions = [condition for rule in rules for condition in rule.when]
    names = {test.reading for condition in conditions for test in condition}
    unknown = [
        name
        for name in sorted(names)
        if READINGS[name].kind is bool and isinstance(facts(name), Unknown)
    ][:MAX_OPEN]
    for answers in product((False, True), repeat=len(unknown)):
        yield _told(
            {name: Known(yes, name) for name, yes in zip(unknown, answers, strict=True)}, facts
        )


def _told(told: Mapping[str, Fact], facts: Facts) -> Facts:
    return lambda name: told[name] if name in told else facts(name)


def _points(profile: Profile, facts: Facts) -> tuple[int, int]:
    """The fewest and the most points that the facts allow."""
    spans = [span for scale in profile.scales if (span := _span(scale, facts)) is not None]
    for bonus in profile.bonuses:
        given = any_holds(bonus.when, facts)
        if given is not False:
            certain = 0 if given is None else bonus.points
            spans.append((min(bonus.points, certain), max(bonus.points, certain)))
    added = sum(_adjusted(item, facts) for item in profile.adjustments)
    return sum(span[0] for span in spans) + added, sum(span[1] for span in spans) + added


def _span(scale: Scale, facts: Facts) -> tuple[int, int] | None:
    """The fewest and most points; None where the scale does not apply."""
    applies = any_holds(scale.when, facts) if scale.when else True
    if applies is False:
        return None
    fact = facts(scale.reading)
    best = len(scale.below)
    if isinstance(fact, Known) and isinstance(fact.value, int):
        points = points_of(fact.value, scale)
        # a scale that may not apply gives no points at the least
        return (points, points) if applies else (0, points)
    return 0, best


def points_of(value: int, scale: Scale) -> int:
    """How many of the limits a value reaches; limits are lowered by `factor_percent`."""
    return sum(value * 100 >= limit * scale.factor_percent for limit in scale.below)


def _line(scale: Scale, span: tuple[int, int], facts: Facts) -> Requirement:
    fact = facts(scale.reading)
    evidence = fact.source if isinstance(fact, Known) else fact.detail
    most = len(scale.below)
    points = Message.of("readiness.required.points", n=span[0], most=most)
    if span[0] != span[1]:
        points = Message.of("readiness.required.points_range", n=span[1], low=span[0], most=most)
    return Requirement(
        key=scale.key,
        tier=SCORE_TIER,
        outcome=Outcome.PASS if span[0] == span[1] else Outcome.UNKNOWN,
        observed=show(scale.reading, fact),
        required=points,
        evidence=evidence,
        title=scale.title.message(),
    )


def _adjusted(item: Adjustment, facts: Facts) -> int:
    fact = facts(item.reading)
    if isinstance(fact, Known) and isinstance(fact.value, int):
        return min(max(fact.value, item.lowest), item.highest)
    return item.default


def _places(profile: Profile, points: tuple[int, int], facts: Facts) -> tuple[int, int]:
    """The places of the worst and the best category, caps applied."""
    worst, best = (_category(profile.categories, end) for end in points)
    for cap in profile.caps:
        holds, limit = _cap_holds(cap, facts), _limit(profile, cap)
        if holds is not False:
            worst = min(worst, limit)
        if holds is True:
            best = min(best, limit)
    return worst, best


def _limit(profile: Profile, cap: Cap) -> int:
    return [category.name for category in profile.categories].index(cap.category)


def _cap_holds(cap: Cap, facts: Facts) -> Truth:
    holds = any_holds(cap.when, facts)
    return cap.assume if holds is None else holds


def _category(categories: tuple[Category, ...], points: int) -> int:
    """The place of the category for points; the lowest for fewer than it asks."""
    reached = [index for index, item in enumerate(categories) if points >= item.points]
    return reached[-1] if reached else 0


def _unanswered(profile: Profile, facts: Facts) -> list[Message]:
    return [
        item.title.message(
            "readiness.notice.adjustment",
            points=item.default,
            lowest=item.lowest,
            highest=item.highest,
        )
        for item in profile.adjustments
        if not isinstance(facts(item.reading), Known)
    ]


def _caps(profile: Profile, facts: Facts, points: int) -> list[Message]:
    """The caps that hold or may hold, of those that are below what the points would give."""
    found = []
    for cap in profile.caps:
        if _limit(profile, cap) >= _category(profile.categories, points):
            continue
        if any_holds(cap.when, facts) is None and cap.assume is False:
            found.append(cap.title.message("readiness.notice.cap_open", category=cap.category))
        elif _cap_holds(cap, facts) is True:
            found.append(cap.title.message("readiness.notice.cap", category=cap.category))
    return found
