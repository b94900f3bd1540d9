"""Which computer this is: a hash of what the maker wrote into it, with a stated confidence.

Why: a record must name one machine and no other, still after its disk, memory or network card was
changed; and two machines whose maker wrote nothing must never become one. So the evidence is the
board's and the case's, filler text is no evidence, and without evidence there is no identity. What
could be read only by root makes no identity for somebody else: it would be another one.

`ereuse24` is the identifier of eReuse's server, on the words of `recond.ereuse`.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

from recond.ereuse import ereuse24, first_card, names, type_word
from recond.model import Identity, Known, NetworkCard, Reading, System, Unknown, Why

_DOMAIN = b"recond.machine/1"
_UNIQUE = ("serial", "uuid", "board_serial")
_COMMON = ("maker", "model")
# a serial shorter than this is shared by chance
_LEAST_SERIAL = 4


def identify(system: System, networks: tuple[NetworkCard, ...], battery: bool = True) -> Identity:
    """The identity by the system's strings; a built-in network card is the last resort.

    `networks` are in the order of their bus numbers; `battery`: the computer has one.
    """
    ereuse = _ereuse24(system, networks, battery=battery)
    hidden = [getattr(system, name) for name in _UNIQUE]
    for reading in hidden:
        if isinstance(reading, Unknown) and reading.why is Why.DENIED:
            return Identity(reading, "none", (), ereuse)
    evidence = {
        name: value
        for name in _UNIQUE
        if (value := _normal(getattr(system, name))) and len(value) >= _LEAST_SERIAL
    }
    confidence = "strong" if {"serial", "uuid"} <= set(evidence) else "medium"
    if not evidence:
        evidence, confidence = _weak(system, networks), "weak"
    if not evidence:
        reasons = [r for r in hidden if isinstance(r, Unknown)]
        return Identity(reasons[0] if reasons else Unknown(Why.ABSENT), "none", (), ereuse)
    for name in _COMMON:
        if value := _normal(getattr(system, name)):
            evidence[name] = value
    names = tuple(sorted(evidence))
    return Identity(Known(_digest(evidence), "+".join(names)), confidence, names, ereuse)


def _digest(evidence: dict[str, str]) -> str:
    """SHA-256 over names and values, each with its length before it, in name order."""
    digest = hashlib.sha256(_DOMAIN)
    for name in sorted(evidence):
        for part in (name.encode(), evidence[name].encode()):
            digest.update(len(part).to_bytes(4, "big") + part)
    return digest.hexdigest()


def _normal(reading: Reading[str]) -> str:
    """A text as evidence: one form of each letter, no case, no spaces or punctuation."""
    if isinstance(reading, Unknown):
        return ""
    folded = unicodedata.normalize("NFKC", reading.value).casefold()
    return re.sub(r"[\W_]+", "", folded)


def _weak(system: System, networks: tuple[NetworkCard, ...]) -> dict[str, str]:
    chassis = _normal(system.chassis_serial)
    if len(chassis) >= _LEAST_SERIAL:
        return {"chassis_serial": chassis}
    card = integrated_card(networks)
    return {"integrated_mac": card} if card else {}


def integrated_card(networks: tuple[NetworkCard, ...]) -> str | None:
    """The permanent address of the first card on the PCI bus; wired before wireless."""
    inside = [
        n
        for n in networks
        if isinstance(n.bus, Known) and n.bus.value == "pci" and isinstance(n.mac, Known)
    ]
    wired = [n for n in inside if isinstance(n.kind, Known) and n.kind.value == "ethernet"]
    for card in (*wired, *inside):
        if isinstance(card.mac, Known):
            return card.mac.value
    return None


def _ereuse24(system: System, networks: tuple[NetworkCard, ...], *, battery: bool) -> Reading[str]:
    for reading in (system.maker, system.model, system.form, system.serial):
        if isinstance(reading, Unknown):
            return reading
    if not networks:
        return Unknown(Why.ABSENT, "mac")
    card = first_card(networks)
    if card is not None and isinstance(card.mac, Unknown):
        return card.mac
    mac = card.mac.value if card is not None and isinstance(card.mac, Known) else ""
    maker, product, serial, _ = names(system, battery=battery)
    found = ereuse24(maker, product, type_word(system.form), serial, mac)
    return Known(found, "maker+model+type+serial+mac")
