"""A new profile as TOML, for a workshop to complete.

Why: nobody starts a file format from an empty page. Without a base it is a small profile that is
right as it stands; with a base it is the base under a new name, whole. What comes out always
passes `check_profile`. tomli-w is imported here only: no other command needs it.
"""

from __future__ import annotations

from typing import Any

from recond.errors import UsageError
from recond.readiness.facts import READINGS
from recond.readiness.parse import check_profile
from recond.readiness.profile import (
    FORMAT,
    Category,
    Condition,
    Profile,
    ProfileText,
    Rule,
    Scalar,
    Scale,
    Test,
)

_KIB = 1024


def new_profile_toml(name: str, base: Profile | None = None, today: str = "") -> bytes:
    """The TOML bytes of a new profile called `name`.

    `today` (YYYY-MM-DD) dates it; without it the base's own date, or a plain one, stands. Raises
    `UsageError` for a name that a profile cannot have.
    """
    import tomli_w

    document = _sample(today or "2026-01-01") if base is None else _copied(base, today)
    document["profile"]["name"] = name
    raw = tomli_w.dumps(document).encode()
    mistakes = check_profile(raw, f"{name}.toml")
    if mistakes:
        raise UsageError(mistakes[0].message.code, **dict(mistakes[0].message.args))
    return raw


def _year_later(day: str) -> str:
    return f"{int(day[:4]) + 1:04d}-{day[5:7]}-{min(int(day[8:10]), 28):02d}"


def _sample(today: str) -> dict[str, Any]:
    return {
        "profile": {
            "format": FORMAT,
            "name": "",
            "version": today[:10],
            "review_after": _year_later(today),
            "title": {"fr": "Profil de l’atelier", "en": "The workshop’s profile"},
        },
        "source": [
            {"key": "workshop", "title": "Atelier", "url": "docs/readiness.md", "read": today[:10]}
        ],
        "tier": [
            {"key": "minimum", "decides": True, "title": {"fr": "Minimum", "en": "Minimum"}},
            {"key": "recommended", "title": {"fr": "Recommandé", "en": "Recommended"}},
        ],
        "requirement": [
            {
                "key": "ram",
                "tier": "minimum",
                "source": "workshop",
                "title": {"fr": "Mémoire vive", "en": "Memory"},
                "reading": "memory.ram_bytes",
                "at_least": "4 GiB",
                "remedy": "ram",
            },
            {
                "key": "disk",
                "tier": "minimum",
                "source": "workshop",
                "title": {"fr": "Taille du disque", "en": "Disk size"},
                "reading": "disk.size_bytes",
                "at_least": "60 GB",
                "remedy": "disk",
            },
            {
                "key": "ssd",
                "tier": "recommended",
                "source": "workshop",
                "title": {"fr": "Disque SSD", "en": "Solid-state disk"},
                "reading": "disk.flash",
                "is": True,
                "remedy": "ssd",
            },
        ],
    }


def _copied(base: Profile, today: str) -> dict[str, Any]:
    day = today[:10] or base.version
    document: dict[str, Any] = {
        "profile": _some(
            format=FORMAT,
            name="?",  # `new_profile_toml` puts the right one
            version=day,
            review_after=_year_later(today) if today else base.review_after,
            title=_words(base.title),
            currency=base.currency,
        ),
        "source": [
            {"key": s.key, "title": s.title, "url": s.url, "read": s.read} for s in base.sources
        ],
        "support": [
            _some(
                key=s.key,
                ends=s.ends,
                text=_words(s.text),
                source=s.source,
                sure=s.sure,
                when=_conditions(s.when),
            )
            for s in base.support
        ],
        "tier": [
            {"key": t.key, "title": _words(t.title), "decides": t.decides} for t in base.tiers
        ],
        "requirement": [_rule(rule) for rule in base.rules],
        "scale": [_scale(s) for s in base.scales],
        "bonus": [
            _some(key=b.key, title=_words(b.title), points=b.points, when=_conditions(b.when))
            for b in base.bonuses
        ],
        "adjustment": [
            {
                "key": a.key,
                "title": _words(a.title),
                "reading": a.reading,
                "lowest": a.lowest,
                "highest": a.highest,
                "default": a.default,
            }
            for a in base.adjustments
        ],
        "cap": [
            _some(
                category=c.category,
                title=_words(c.title),
                when=_conditions(c.when),
                assume=c.assume,
            )
            for c in base.caps
        ],
        "category": [_category(c, scaled=bool(base.scales)) for c in base.categories],
        "note": [{"text": _words(note)} for note in base.notes],
    }
    return {key: value for key, value in document.items() if value}


def _category(one: Category, *, scaled: bool) -> dict[str, Any]:
    points, price = one.points if scaled else None, list(one.price or ())
    return _some(name=one.name, points=points, price=price)


def _scale(scale: Scale) -> dict[str, Any]:
    return _some(
        key=scale.key,
        title=_words(scale.title),
        reading=scale.reading,
        below=[_written(scale.reading, limit) for limit in scale.below],
        factor_percent=scale.factor_percent,
        when=_conditions(scale.when),
    )


def _rule(rule: Rule) -> dict[str, Any]:
    made = _some(
        key=rule.key,
        tier=rule.tier,
        title=_words(rule.title),
        source=rule.source,
        accept=_conditions(rule.accept),
        refuse=_conditions(rule.refuse),
        when=_conditions(rule.when),
        fixable=_conditions(rule.fixable),
        doubt=_conditions(rule.doubt),
        remedy=rule.remedy,
        show=rule.show,
        advice=_words(rule.advice) if rule.advice else None,
        required=_words(rule.required) if rule.required else None,
    )
    if rule.cost is not None:
        made["cost"] = rule.cost
    if rule.test is not None:
        made["reading"] = rule.test.reading
        made[rule.test.op] = _wanted(rule.test)
    return made


def _some(**values: object) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in (None, "", [], ())}


def _words(words: ProfileText) -> dict[str, str]:
    return {"fr": words.fr, "en": words.en}


def _conditions(conditions: tuple[Condition, ...]) -> list[dict[str, Any]]:
    made = []
    for condition in conditions:
        table: dict[str, dict[str, Any]] = {}
        for test in condition:
            table.setdefault(test.reading, {})[test.op] = _wanted(test)
        made.append(table)
    return made


def _wanted(test: Test) -> object:
    values = [_written(test.reading, want) for want in test.wanted]
    return values if test.op in ("one_of", "has", "contains", "lacks") else values[0]


def _written(reading: str, value: Scalar) -> Scalar:
    """A size as a person writes it, where that loses nothing."""
    if READINGS[reading].unit not in ("ram", "bytes") or isinstance(value, str | bool):
        return value
    for power, unit in ((4, "T"), (3, "G"), (2, "M")):
        for base, mark in ((_KIB, "iB"), (1000, "B")):
            if value and value % base**power == 0:
                return f"{value // base**power} {unit}{mark}"
    return value
