"""An assessment as lines of text in one language.

Why: the terminal, a log and a test show the same words; colours and tables are the front end's.
Pure.
"""

from __future__ import annotations

from recond.locale import Lang, has, say, text
from recond.model import Assessment, Requirement

SIGNS = {"pass": "✓", "fail": "✗", "unknown": "?", "fixable": "→"}


def tier_name(lang: Lang, key: str) -> str:
    """The name of a tier for people; a workshop's own tier is shown by its key."""
    code = f"readiness.tier.{key}"
    return text(lang, code) if has(code, lang) else key


def describe(assessment: Assessment, lang: Lang) -> tuple[str, ...]:
    """The verdict, each line with its evidence, the remedies and the notices."""
    verdict = text(lang, f"readiness.verdict.{assessment.verdict}")
    lines = [text(lang, "readiness.heading", profile=assessment.profile, verdict=verdict,
                  version_date=assessment.profile_version)]
    if assessment.category is not None and assessment.points is not None:
        low, high = assessment.points
        points = str(low) if low == high else f"{low}-{high}"
        lines.append(text(lang, "readiness.category", category=assessment.category, points=points))
    outcomes = dict(assessment.tiers)
    for tier in dict.fromkeys(line.tier for line in assessment.requirements):
        name = tier_name(lang, tier)
        if tier in outcomes:
            name += " — " + text(lang, f"readiness.verdict.{outcomes[tier]}")
        lines.append(name)
        lines.extend(
            _line(lang, line) for line in assessment.requirements if line.tier == tier)
    if assessment.remedies:
        lines.append(text(lang, "readiness.remedies"))
        lines.extend(
            f"  {number}. {say(lang, remedy)}"
            for number, remedy in enumerate(assessment.remedies, 1))
    lines.extend(f"! {say(lang, notice)}" for notice in assessment.notices)
    return tuple(lines)


def _line(lang: Lang, line: Requirement) -> str:
    title = say(lang, line.title) if line.title else line.key
    shown = text(lang, "readiness.line", sign=SIGNS[str(line.outcome)], title=title,
                 observed=say(lang, line.observed), required=say(lang, line.required))
    if line.evidence:
        shown += f" [{line.evidence}]"
    if line.remedy is not None:
        shown += " → " + say(lang, line.remedy)
    return "  " + shown
