"""A profile's TOML to a `Profile`, or every mistake in it with its line and key.

Why: a workshop writes profiles by hand, so a typing mistake is the usual case and one run must show
all of them. A mistake never stops the reading: the part is left out and the reading goes on. Bounds
on size and line length keep the time short for any bytes. Pure: bytes in, values out.
"""

from __future__ import annotations

import hashlib
import re

from recond.errors import UsageError
from recond.model import Message
from recond.readiness.document import Node
from recond.readiness.facts import READINGS
from recond.readiness.lines import Lines
from recond.readiness.profile import (
    FORMAT,
    Adjustment,
    Bonus,
    Cap,
    Category,
    Mistake,
    Profile,
    ProfileText,
    Rule,
    Scale,
    Source,
    Support,
    Tier,
)
from recond.readiness.questions import OPS, conditions, question, reading_name
from recond.readiness.settings import COMPUTED, REMEDIES
from recond.readiness.source import Broken, read_source

MAX_BYTES = 128 << 10
MAX_LINE = 2000
MAX_MISTAKES = 200

MOST_PRICE = 100_000

_CURRENCY = re.compile(r"[A-Z]{3}")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_SECTIONS = (
    "profile",
    "source",
    "support",
    "tier",
    "requirement",
    "scale",
    "bonus",
    "adjustment",
    "cap",
    "category",
    "note",
)
_OF_THE_WHOLE = ("nothing", "nothing_decides", "half_scored")
"""Mistakes that may be the shadow of any other part that could not be read."""


def parse_profile(raw: bytes, file: str) -> Profile:
    """The profile in a TOML file's bytes; `file` names it in messages.

    Raises `UsageError` with file, line and key for the first mistake.
    """
    profile, mistakes = _read(raw, file)
    if mistakes or profile is None:
        first = mistakes[0].message
        raise UsageError(first.code, **dict(first.args))
    return profile


def check_profile(raw: bytes, file: str) -> tuple[Mistake, ...]:
    """Every mistake in a profile, in the order of lines; none for a good one."""
    return _read(raw, file)[1]


def _read(raw: bytes, file: str) -> tuple[Profile | None, tuple[Mistake, ...]]:
    def alone(line: int, code: str, **args: str | int) -> tuple[None, tuple[Mistake, ...]]:
        message = Message.of(
            f"readiness.mistake.{code}", file=file, line=line, key="@readiness.type.file", **args
        )
        return None, (Mistake(line, "", message),)

    if len(raw) > MAX_BYTES:
        return alone(1, "too_big", most_bytes=MAX_BYTES)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return alone(raw.count(b"\n", 0, error.start) + 1, "encoding")
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > MAX_LINE:
            return alone(number, "long_line", most=MAX_LINE)
    source = read_source(text)
    top = Node(source.tables, (), Lines(source.text), file, [])
    profile = _profile(top, hashlib.sha256(raw).hexdigest())
    top.unknown_keys(_SECTIONS)
    found = [mistake for mistake in top.mistakes if not _is_shadow(mistake, source.broken)]
    for place in source.broken:
        message = Message.of(
            "readiness.mistake.syntax",
            file=file,
            line=place.line,
            key=place.key or "@readiness.type.file",
            detail=f"@readiness.syntax.{place.kind}",
        )
        found.append(Mistake(place.line, place.key, message))
    mistakes = tuple(sorted(found, key=lambda mistake: mistake.line))[:MAX_MISTAKES]
    return (None if mistakes else profile), mistakes


def _is_shadow(mistake: Mistake, broken: list[Broken]) -> bool:
    """Whether a mistake may come only from what could not be read."""
    code, key = mistake.message.code.rpartition(".")[2], mistake.key
    if broken and (code in _OF_THE_WHOLE or (code == "missing" and "." not in key)):
        return True
    return any(
        place.hides(key)
        or (code == "one_question" and key.startswith(place.section + "."))
        or (code == "reference" and place.section.startswith(key.rpartition(".")[2]))
        for place in broken
    )


def _profile(top: Node, digest: str) -> Profile:
    head = top.table("profile")
    if head.whole("format", 1, 1 << 30) not in (FORMAT, -1):
        head.mistake("format", "format", known=FORMAT)
    sources = tuple(_source(node) for node in top.tables("source"))
    tiers = tuple(_tier(node) for node in top.tables("tier"))
    known = {source.key for source in sources}
    categories = _categories(top)
    profile = Profile(
        name=_name(head, "name"),
        version=head.day("version"),
        review_after=head.day("review_after"),
        title=head.words("title"),
        digest=digest,
        sources=sources,
        tiers=tiers,
        support=tuple(_support(node, known) for node in top.tables("support")),
        rules=tuple(
            _rule(node, known, {t.key for t in tiers}) for node in top.tables("requirement")
        ),
        scales=tuple(_scale(node) for node in top.tables("scale")),
        bonuses=tuple(_bonus(node) for node in top.tables("bonus")),
        adjustments=tuple(_adjustment(node) for node in top.tables("adjustment")),
        caps=tuple(_cap(node, {c.name for c in categories}) for node in top.tables("cap")),
        categories=categories,
        currency=_currency(head, categories),
        notes=tuple(_note(node) for node in top.tables("note")),
    )
    head.unknown_keys(("format", "name", "version", "review_after", "title", "currency"))
    if profile.version and profile.review_after and profile.review_after < profile.version:
        head.mistake("review_after", "order")
    _whole_profile(top, profile)
    return profile


def _whole_profile(top: Node, profile: Profile) -> None:
    """What only the whole shows: duplicates, nothing to judge, a tier that decides."""
    for section, keys in (
        ("source", [s.key for s in profile.sources]),
        ("tier", [t.key for t in profile.tiers]),
        ("support", [s.key for s in profile.support]),
        ("requirement", [f"{r.tier}/{r.key}" for r in profile.rules]),
        ("scale", [s.key for s in profile.scales]),
        ("bonus", [b.key for b in profile.bonuses]),
        ("adjustment", [a.key for a in profile.adjustments]),
    ):
        for index, key in enumerate(keys):
            if key.rpartition("/")[2] and key in keys[:index]:
                top.mistake_at((section, index, "key"), "duplicate", value=key.rpartition("/")[2])
    scored = bool(profile.scales or (profile.caps and not _has_points(top)))
    if not profile.rules and not scored:
        top.mistake_at((), "nothing", section="requirement")
    if profile.rules and profile.tiers and not any(t.decides for t in profile.tiers):
        top.mistake_at(("tier",), "nothing_decides")
    if scored != bool(profile.categories):
        top.mistake_at(("category" if profile.categories else "scale",), "half_scored")


def _name(node: Node, key: str) -> str:
    value = node.text(key)
    if value and not _NAME.fullmatch(value):
        node.mistake(key, "name", value=value[:64])
    return value


def _reference(node: Node, key: str, known: set[str], optional: bool = False) -> str:
    if optional and key not in node:
        return ""
    value = node.text(key)
    if value and value not in known:
        node.mistake(key, "reference", value=value[:64], known=", ".join(sorted(known)))
    return value


def _source(node: Node) -> Source:
    url = node.text("url")
    if url and not url.startswith(("https://", "http://", "docs/")):
        node.mistake("url", "url", value=url[:64])
    node.unknown_keys(("key", "title", "url", "read"))
    return Source(_name(node, "key"), node.text("title"), url, node.day("read"))


def _support(node: Node, sources: set[str]) -> Support:
    node.unknown_keys(("key", "ends", "text", "source", "sure", "when"))
    return Support(
        _name(node, "key"),
        node.day("ends"),
        node.words("text"),
        _reference(node, "source", sources),
        node.flag("sure", default=True),
        conditions(node, "when"),
    )


def _tier(node: Node) -> Tier:
    node.unknown_keys(("key", "title", "decides"))
    return Tier(_name(node, "key"), node.words("title"), node.flag("decides", default=False))


_RULE_KEYS = (
    "key",
    "tier",
    "title",
    "source",
    "reading",
    "accept",
    "refuse",
    "when",
    "fixable",
    "doubt",
    "remedy",
    "advice",
    "required",
    "show",
    "cost",
)


def _rule(node: Node, sources: set[str], tiers: set[str]) -> Rule:
    accept, refuse = conditions(node, "accept"), conditions(node, "refuse")
    test = question(node, _RULE_KEYS) if "reading" in node else None
    if "reading" not in node:
        node.unknown_keys((*_RULE_KEYS, *OPS))
        if any(op in node for op in OPS) or not (accept or refuse):
            node.mistake("reading", "missing")
    remedy = _remedy(node) if "remedy" in node else ""
    show = reading_name(node, "show") if "show" in node else ""
    return Rule(
        key=_name(node, "key"),
        tier=_reference(node, "tier", tiers),
        title=node.words("title"),
        source=_reference(node, "source", sources, optional=True),
        test=test,
        accept=accept,
        refuse=refuse,
        when=conditions(node, "when"),
        fixable=conditions(node, "fixable"),
        doubt=conditions(node, "doubt"),
        remedy=remedy,
        advice=node.words("advice") if "advice" in node else None,
        required=node.words("required") if "required" in node else None,
        show=show,
        cost=node.whole("cost", 0, 10_000) if "cost" in node else None,
    )


def _remedy(node: Node) -> str:
    """A remedy that exists and that mends what the rule asks about."""
    remedy, reading = node.text("remedy"), node.value.get("reading")
    if remedy and remedy not in REMEDIES:
        node.mistake("remedy", "word", value=remedy[:64], known=", ".join(REMEDIES))
    mended = COMPUTED.get(remedy)
    if mended and reading not in mended and (reading is None or reading in READINGS):
        node.mistake("remedy", "remedy_reading", value=remedy, known=", ".join(mended))
    return remedy


def _scale(node: Node) -> Scale:
    reading = reading_name(node, "reading", numeric=True)
    below = node.limits("below", reading)
    node.unknown_keys(("key", "title", "reading", "below", "factor_percent", "when"))
    factor = node.whole("factor_percent", 1, 1000) if "factor_percent" in node else 100
    return Scale(
        _name(node, "key"), node.words("title"), reading, below, factor, conditions(node, "when")
    )


def _bonus(node: Node) -> Bonus:
    node.unknown_keys(("key", "title", "points", "when"))
    return Bonus(
        _name(node, "key"),
        node.words("title"),
        node.whole("points", -100, 100),
        conditions(node, "when", needed=True),
    )


def _adjustment(node: Node) -> Adjustment:
    node.unknown_keys(("key", "title", "reading", "lowest", "highest", "default"))
    lowest, highest = node.whole("lowest", -100, 100), node.whole("highest", -100, 100)
    if lowest > highest:
        node.mistake("highest", "order")
    return Adjustment(
        _name(node, "key"),
        node.words("title"),
        reading_name(node, "reading", numeric=True),
        lowest,
        highest,
        node.whole("default", lowest, max(lowest, highest)),
    )


def _cap(node: Node, names: set[str]) -> Cap:
    node.unknown_keys(("category", "title", "when", "assume"))
    return Cap(
        _reference(node, "category", names),
        node.words("title"),
        conditions(node, "when", needed=True),
        node.flag("assume", default=False) if "assume" in node else None,
    )


def _has_points(top: Node) -> bool:
    """Whether the categories are names for points: there is a scale, or one of them says so."""
    nodes = top.value.get("category")
    told = [one for one in nodes if isinstance(one, dict)] if isinstance(nodes, list) else []
    return "scale" in top or any("points" in one for one in told)


def _price(node: Node) -> tuple[int, int] | None:
    """`price = [80, 120]`: the least and the most."""
    return node.pair("price", 0, MOST_PRICE) if "price" in node else None


def _currency(head: Node, categories: tuple[Category, ...]) -> str:
    """Needed where a category has a price: a number alone is no price."""
    if "currency" not in head and not any(one.price for one in categories):
        return ""
    value = head.text("currency")
    if value and not _CURRENCY.fullmatch(value):
        head.mistake("currency", "currency", value=value[:64])
    return value


def _note(node: Node) -> ProfileText:
    node.unknown_keys(("text",))
    return node.words("text")


def _categories(top: Node) -> tuple[Category, ...]:
    """From the lowest up. Without a scale there are no points: a machine is of the best category
    that no cap forbids.
    """
    found: list[Category] = []
    nodes, scaled = top.tables("category"), _has_points(top)
    for place, node in enumerate(nodes, 1):
        node.unknown_keys(("name", "points", "price") if scaled else ("name", "price"))
        points = node.whole("points", -1000, 1000) if scaled else place - len(nodes)
        category = Category(node.text("name"), points, _price(node))
        if found and category.points <= found[-1].points:
            node.mistake("points", "order")
        if category.name and category.name in (other.name for other in found):
            node.mistake("name", "duplicate", value=category.name[:64])
        found.append(category)
    return tuple(found)
