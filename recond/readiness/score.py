"""Points and a category, as a range where a reading is unknown.

Why: some workshops sort machines by points instead of refusing them. Each scale gives the fewest
and the most points that the known readings allow; caps hold for the best category; the category is
one name, or "C-A" where the unknown readings could make a difference. Points are never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass

from recond.model import Known, Message, Outcome, Requirement
from recond.readiness.judge import show
from recond.readiness.logic import Facts, Truth, any_holds
from recond.readiness.profile import Adjustment, Cap, Category, Profile, Scale

SCORE_TIER = "score"


@dataclass(frozen=True, slots=True)
class Score:
    """The outcome of the points; `category` is None where the profile has no scales."""

    outcome: Outcome
    requirements: tuple[Requirement, ...] = ()
    notices: tuple[Message, ...] = ()
    category: str | None = None
    points: tuple[int, int] | None = None


def score(profile: Profile, facts: Facts) -> Score:
    """Count a machine's points and name its category, or the range of both."""
    if not profile.scales:
        return Score(Outcome.PASS)
    lines: list[Requirement] = []
    # two scales of one reading exclude each other (a disk is an SSD or it is not)
    spans: dict[str, tuple[int, int]] = {}
    for scale in profile.scales:
        span = _span(scale, facts)
        if span is not None:
            lines.append(_line(scale, span, facts))
            other = spans.get(scale.reading, span)
            spans[scale.reading] = min(span[0], other[0]), max(span[1], other[1])
    low, high = (sum(span[end] for span in spans.values()) for end in (0, 1))
    for bonus in profile.bonuses:
        given = any_holds(bonus.when, facts)
        if given is not False:
            low += min(bonus.points, 0) if given is None else bonus.points
            high += max(bonus.points, 0) if given is None else bonus.points
    given_points = [_adjusted(item, facts) for item in profile.adjustments]
    low, high = low + sum(given_points), high + sum(given_points)
    category = _range(profile, low, high, facts)
    return Score(
        Outcome.UNKNOWN if category[0] != category[1] else Outcome.PASS,
        tuple(lines), _notices(profile, facts),
        category[0] if category[0] == category[1] else f"{category[0]}-{category[1]}", (low, high),
    )


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
        key=scale.key, tier=SCORE_TIER,
        outcome=Outcome.PASS if span[0] == span[1] else Outcome.UNKNOWN,
        observed=show(scale.reading, fact),
        required=points, evidence=evidence, title=scale.title.message(),
    )


def _adjusted(item: Adjustment, facts: Facts) -> int:
    fact = facts(item.reading)
    if isinstance(fact, Known) and isinstance(fact.value, int):
        return min(max(fact.value, item.lowest), item.highest)
    return item.default


def _range(profile: Profile, low: int, high: int, facts: Facts) -> tuple[str, str]:
    worst, best = _category(profile.categories, low), _category(profile.categories, high)
    order = [category.name for category in profile.categories]
    for cap in profile.caps:
        holds = _cap_holds(cap, facts)
        limit = order.index(cap.category)
        if holds is not False:
            worst = min(worst, limit)
        if holds is True:
            best = min(best, limit)
    return order[worst], order[best]


def _cap_holds(cap: Cap, facts: Facts) -> Truth:
    holds = any_holds(cap.when, facts)
    return cap.assume if holds is None else holds


def _category(categories: tuple[Category, ...], points: int) -> int:
    """The place of the category for points; the lowest for fewer than it asks."""
    reached = [index for index, item in enumerate(categories) if points >= item.points]
    return reached[-1] if reached else 0


def _notices(profile: Profile, facts: Facts) -> tuple[Message, ...]:
    found = []
    for item in profile.adjustments:
        if not isinstance(facts(item.reading), Known):
            found.append(Message.of(
                "readiness.notice.adjustment", fr=item.title.fr, en=item.title.en,
                points=item.default, lowest=item.lowest, highest=item.highest))
    for cap in profile.caps:
        if any_holds(cap.when, facts) is None and cap.assume is False:
            found.append(Message.of("readiness.notice.cap_open", fr=cap.title.fr, en=cap.title.en,
                                    category=cap.category))
        if _cap_holds(cap, facts) is True:
            found.append(Message.of("readiness.notice.cap", fr=cap.title.fr, en=cap.title.en,
                                    category=cap.category))
    return tuple(found)
