"""An assessment as words in one language.

Why: the terminal, a log and a test show the same words in the same order; colours and tables are
the front end's. A tier is a group of lines; what is to be done stands after all of them, because
that is what a person leaves with. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from recond.locale import Lang, has, say, text
from recond.model import Assessment, Outcome, Requirement
from recond.readiness.assess import cheapest_first
from recond.readiness.score import SCORE_TIER

Row = tuple[str, str, str, str, str]
"""The outcome, what the line is about, what was seen, what is asked, where it was read."""


@dataclass(frozen=True, slots=True)
class Group:
    """The lines of one tier under its name and verdict."""

    title: str
    rows: tuple[Row, ...]
    scored: bool  # the lines give points, and the first column is empty where they are known


@dataclass(frozen=True, slots=True)
class Described:
    """An assessment in words: the verdict, the groups, then what to do and to know."""

    heading: str
    groups: tuple[Group, ...]
    closing: tuple[str, ...]


def describe(assessment: Assessment, lang: Lang) -> tuple[str, ...]:
    """The whole assessment as lines of plain text."""
    found = lay_out(assessment, lang)
    lines = [found.heading]
    for group in found.groups:
        lines += ["", group.title]
        lines += [_line(row, lang, scored=group.scored) for row in group.rows]
    return (*lines, *(("", *found.closing) if found.closing else ()))


def _line(row: Row, lang: Lang, *, scored: bool) -> str:
    outcome, title, observed, required, evidence = row
    code = "readiness.line_score" if scored else "readiness.line"
    shown = text(lang, code, outcome=outcome, title=title, observed=observed, required=required)
    return f"  {shown} [{evidence}]" if evidence else f"  {shown}"


def lay_out(assessment: Assessment, lang: Lang) -> Described:
    """The parts of an assessment in words, for a front end to set."""
    keys = dict.fromkeys(line.tier for line in assessment.requirements)
    return Described(
        _heading(assessment, lang),
        tuple(_group(assessment, key, lang) for key in keys),
        (
            *_why(assessment, lang),
            *_what(assessment, lang),
            *(f"! {say(lang, notice)}" for notice in assessment.notices),
        ),
    )


def _heading(assessment: Assessment, lang: Lang) -> str:
    title = say(lang, assessment.title) if assessment.title else assessment.profile
    return text(
        lang,
        "readiness.heading",
        title=title,
        profile=assessment.profile,
        verdict=_verdict(assessment, lang),
        version_date=assessment.profile_version,
    )


def _verdict(assessment: Assessment, lang: Lang) -> str:
    """The words of the verdict; a scored profile's is its category."""
    words = [text(lang, f"readiness.verdict.{assessment.verdict}")]
    if assessment.category is not None:
        category = _category(assessment, assessment.category, lang)
        words = [*words, category] if assessment.tiers else [category]
    return ", ".join(words)


def _category(assessment: Assessment, name: str, lang: Lang) -> str:
    worst, _, best = name.partition("-")
    if assessment.points is None:
        code = "readiness.grade_range" if best else "readiness.grade"
        return text(lang, code, category=worst, best=best)
    low, high = assessment.points
    points = text(
        lang, "readiness.points" if low == high else "readiness.points_range", n=high, low=low
    )
    code = "readiness.category_range" if best else "readiness.category"
    return text(lang, code, category=worst, best=best, points=points)


def _group(assessment: Assessment, key: str, lang: Lang) -> Group:
    titles, outcomes = dict(assessment.tier_titles), dict(assessment.tiers)
    title = say(lang, titles[key]) if key in titles else _known_tier(lang, key)
    if key in outcomes:
        title = text(
            lang,
            "readiness.tier_heading",
            title=title,
            verdict=text(lang, f"readiness.tier_verdict.{outcomes[key]}"),
        )
    rows = tuple(_row(line, lang) for line in assessment.requirements if line.tier == key)
    return Group(title, rows, key == SCORE_TIER)


def _known_tier(lang: Lang, key: str) -> str:
    code = f"readiness.tier.{key}"
    return text(lang, code) if has(code, lang) else key


def _row(line: Requirement, lang: Lang) -> Row:
    known_points = line.tier == SCORE_TIER and line.outcome is Outcome.PASS
    outcome = "" if known_points else text(lang, f"readiness.outcome.{line.outcome}")
    return (
        outcome,
        _title(line, lang),
        say(lang, line.observed),
        say(lang, line.required),
        line.evidence,
    )


def _title(line: Requirement, lang: Lang) -> str:
    return say(lang, line.title) if line.title else line.key


def _why(assessment: Assessment, lang: Lang) -> list[str]:
    """What stands in the way for good, or what is left to find out."""
    verdict = assessment.verdict
    if verdict not in (Outcome.FAIL, Outcome.UNKNOWN) or assessment.category is not None:
        return []
    lines = [
        line
        for line in assessment.requirements
        if line.outcome is verdict and line.tier in assessment.deciding
    ]
    items = [
        text(
            lang,
            "readiness.item",
            title=_title(line, lang),
            text=say(lang, line.observed if line.remedy is None else line.remedy),
        )
        for line in lines
    ]
    return [text(lang, f"readiness.why_{verdict}"), *(f"  - {item}" for item in items)]


def _what(assessment: Assessment, lang: Lang) -> list[str]:
    """The remedies, then what would make it better than it has to be."""
    found = assessment.remedies
    lines: list[str] = []
    if found:
        code = "remedies" if assessment.verdict is Outcome.FIXABLE else "remedies_known"
        lines = [
            text(lang, f"readiness.{code}"),
            *(f"  {number}. {say(lang, one)}" for number, one in enumerate(found, 1)),
        ]
    if assessment.verdict is Outcome.FAIL:
        return lines
    better = [one for one in cheapest_first(assessment.requirements) if one not in found]
    if better:
        lines += [text(lang, "readiness.better"), *(f"  - {say(lang, one)}" for one in better)]
    return lines
