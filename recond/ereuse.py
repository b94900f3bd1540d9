"""How eReuse's bench and server name a computer: the words of `inxi`, and the identifier on them.

Why here: a computer that was first taken up by eReuse's own bench must be the same one when recond
sends it, so inspection and upload use the same words. devicehub joins maker, product, type, serial
and MAC address as inxi wrote them (its `EREUSE24`) and takes the SHA3-256 of it. What inxi does to
a text was seen at its output (3.3.26, Debian 12); the tests compare with the installed one.

What cannot be told from a record: chassis types 8, 14 and 32, which inxi calls Portable, Notebook
and Detachable; a board's version, by which inxi prefers the board's names to the system's.
"""

from __future__ import annotations

import hashlib
import re

from recond.model import Form, Known, NetworkCard, Reading, System

NOT_THERE = "N/A"
INXI_TYPES: dict[Form, str] = {
    Form.NOTEBOOK: "Laptop",
    Form.DESKTOP: "Desktop",
    Form.ALL_IN_ONE: "Desktop",
    Form.MINI_PC: "Mini-pc",
    Form.TABLET: "Tablet",
    Form.CONVERTIBLE: "Convertible",
    Form.SERVER: "Server",
    Form.STICK: "Stick-pc",
}
_FILLER = re.compile(
    r"^\.+$|^not |^base board |^chassis |^system |^0x0+$|\bnone\b|\bother\b|bad index|"
    r"default string|\[?empty\]?|n/a|not set|out of spec|to be filled|o\.?e\.?m|undefine|unknow|"
    r"unspecif|assettagnum|manufacturer| or motherboard|partnum|sernum",
    re.IGNORECASE,
)
_NO_NAMES = re.compile(r"\b(?:bios|acpi)\b", re.IGNORECASE)
# alternatives are tried in this order, also inside a word, as inxi does
_FIRM = re.compile(
    r"chipset|company|components|computing|computer|corporation|communications|electronics?|"
    r"electric(?:al)?|group|incorporation|industrial|international|limited|\bnee\b|"
    r"<?no\sstring>?|revision|semiconductor|software|technolog(?:ies|y)|<?unknown>?|"
    r"ltd\.|<ltd>|\bltd\b|inc\.|<inc>|\binc\b|intl\.|co\.|<co>|corp\.|<corp>|"
    r"\(tm\)|\(r\)|®|\(rev ..\)|['\"?]",
    re.IGNORECASE,
)
_RADIO = re.compile(r"wireless|wi-?fi|wlan|802\.11|centrino", re.IGNORECASE)


def inxi_name(text: str) -> str:
    """A text of the firmware as inxi shows it: filler is empty, a word stands once."""
    if _FILLER.search(text):
        return ""
    text = _NO_NAMES.sub("", text).strip(" \t\r\n\f\v'\"")
    seen: dict[str, str] = {}
    for word in text.split():
        seen.setdefault(word.lower(), word)
    return " ".join(seen.values())


def inxi_maker(text: str) -> str:
    """A maker as inxi shows it: "Dell Inc." is "Dell"."""
    found = _FIRM.sub("", inxi_name(text)).replace(",", " ").replace("*", " ")
    return re.sub(r"\s\s+", " ", found.strip())


def first_card(networks: tuple[NetworkCard, ...]) -> NetworkCard | None:
    """The card that inxi shows with a port first: on the PCI bus, not called wireless. `networks`
    are in the order of their bus numbers.
    """
    return next((card for card in networks if has_port(card)), None)


def has_port(card: NetworkCard) -> bool:
    """Whether inxi gives the card a port."""
    if not isinstance(card.bus, Known) or card.bus.value not in ("pci", "virtio"):
        return False
    if isinstance(card.description, Known):
        return _RADIO.search(card.description.value) is None
    return not isinstance(card.kind, Known) or card.kind.value != "wifi"


def type_word(form: Reading[Form]) -> str:
    """The computer's type in inxi's words; empty where it has none for it."""
    return INXI_TYPES.get(form.value, "") if isinstance(form, Known) else ""


def names(system: System, *, battery: bool) -> tuple[str, str, str, bool]:
    """Maker, product, serial as inxi shows them, and whether they are the system's (else the
    board's). `battery`: the computer has one.
    """
    maker, product, serial, version = (
        _name(one) for one in (system.maker, system.model, system.serial, system.version)
    )
    board = _name(system.board_maker), _name(system.board_model), _name(system.board_serial)
    same = maker == board[0] != ""
    bare = not product and not version and not serial
    unfitted = not battery and not version and product == board[1] != ""
    if not maker or (same and (bare or unfitted)):
        maker, product, serial = board
        return inxi_maker(maker) or NOT_THERE, product or NOT_THERE, serial or NOT_THERE, False
    return inxi_maker(maker), product or NOT_THERE, serial or NOT_THERE, True


def _name(reading: Reading[str]) -> str:
    return inxi_name(reading.value) if isinstance(reading, Known) else ""


def ereuse24(maker: str, product: str, kind: str, serial: str, mac: str) -> str:
    """The identifier, in hex, of texts as inxi shows them; `mac` may be empty."""
    return hashlib.sha3_256((maker + product + kind + serial + mac).encode()).hexdigest()
