"""What kind of computer it is, as a person would call it.

Why: the chassis type decides, but makers misuse it: an all-in-one is a "laptop", a stick is a
"desktop". Then the product's name, which is on the box, tells more. Names that decide stand in
data/forms.toml beside the machines that showed the need. Pure.
"""

from __future__ import annotations

import dataclasses
import functools
import re

from recond.data import read_table
from recond.model import Battery, Display, Form, Known, Reading, System, Unknown, Why

_BY_CHASSIS: dict[str, Form] = {
    "desktop": Form.DESKTOP,
    "low profile desktop": Form.DESKTOP,
    "pizza box": Form.DESKTOP,
    "mini tower": Form.DESKTOP,
    "tower": Form.DESKTOP,
    "space-saving": Form.DESKTOP,
    "lunch box": Form.DESKTOP,
    "sealed-case pc": Form.DESKTOP,
    "portable": Form.NOTEBOOK,
    "laptop": Form.NOTEBOOK,
    "notebook": Form.NOTEBOOK,
    "sub notebook": Form.NOTEBOOK,
    "hand held": Form.TABLET,
    "tablet": Form.TABLET,
    "detachable": Form.TABLET,
    "convertible": Form.CONVERTIBLE,
    "all in one": Form.ALL_IN_ONE,
    "mini pc": Form.MINI_PC,
    "embedded pc": Form.MINI_PC,
    "stick pc": Form.STICK,
    "main server chassis": Form.SERVER,
    "rack mount chassis": Form.SERVER,
    "blade": Form.SERVER,
    "blade enclosing": Form.SERVER,
    "multi-system": Form.SERVER,
    "raid chassis": Form.SERVER,
    "compactpci": Form.SERVER,
    "advancedtca": Form.SERVER,
    "iot gateway": Form.OTHER,
}
_BESIDE = frozenset(
    {
        "docking station",
        "expansion chassis",
        "sub chassis",
        "bus expansion chassis",
        "peripheral chassis",
    }
)


def decide_form(
    chassis: tuple[str, ...], maker: str, names: tuple[str, ...], battery: bool, source: str
) -> Reading[Form]:
    """The form from chassis words, maker, the product's names, and a battery (type 22)."""
    text = " | ".join((maker, *names))
    word = next((c for c in chassis if c not in _BESIDE), "")
    base = _BY_CHASSIS.get(word)
    for form, when, pattern in _rules():
        if (not when or (base or "unknown") in when) and pattern.search(text):
            return Known(form, f"{source}, name")
    if base is not None:
        return Known(base, source)
    if battery:
        return Known(Form.NOTEBOOK, source)
    if word == "other":
        return Known(Form.OTHER, source)
    return Unknown(Why.ABSENT, source)


@functools.cache
def _rules() -> tuple[tuple[Form, frozenset[str], re.Pattern[str]], ...]:
    return tuple(
        (
            Form(rule["form"]),
            frozenset(rule.get("when", ())),
            re.compile("|".join(rule["names"]), re.IGNORECASE),
        )
        for rule in read_table("forms.toml")["rule"]
    )


def refine_form(
    system: System, batteries: tuple[Battery, ...], displays: tuple[Display, ...]
) -> System:
    """A "desktop" that nobody named, with a battery and a panel of its own, is a notebook."""
    form = system.form
    inside = [d for d in displays if isinstance(d.internal, Known) and d.internal.value]
    unsure = isinstance(form, Unknown) or form.value in (Form.DESKTOP, Form.OTHER)
    if not unsure or not batteries or not inside or isinstance(system.model, Known):
        return system
    found: Reading[Form] = Known(Form.NOTEBOOK, f"{batteries[0].name}, {inside[0].connector}")
    return dataclasses.replace(system, form=found)
