"""Wi-Fi networks as lines of the guided screen. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from recond.flow.live.wifi import OPEN, WifiNetwork
from recond.foreign import printable_line
from recond.guided.words import CARE, PLAIN, STRONG, GuidedWords, Line, cut, fold
from recond.model import Message

STRONG_DBM, FAIR_DBM = -60, -75
NAME_COLUMNS = 34


def strength(dbm: int) -> str:
    """The word for how strong a network is: `strong`, `fair` or `weak`."""
    return "strong" if dbm >= STRONG_DBM else "fair" if dbm >= FAIR_DBM else "weak"


def network_row(words: GuidedWords, one: WifiNetwork) -> str:
    """A network in one line: its name, how strong it is, what it asks for."""
    said = [words.t(f"guided.wifi.{strength(one.dbm)}")]
    if one.joined:
        said.append(words.t("guided.wifi.joined"))
    elif not one.can_be_joined:
        said.append(words.t("guided.wifi.more_than_a_password"))
    elif one.kind == OPEN:
        said.append(words.t("guided.wifi.open"))
    name = cut(printable_line(one.name), NAME_COLUMNS)
    return f"{name:<{NAME_COLUMNS}} {', '.join(said)}"


def list_lines(words: GuidedWords, found: Sequence[WifiNetwork], at: int, width: int) -> list[Line]:
    """The networks in reach, the strongest first, and which one is pointed at."""
    lines = [*fold(words.t("guided.wifi.about"), width), ("", PLAIN)]
    if not found:
        return [*lines, *fold(words.t("guided.wifi.nothing"), width, CARE)]
    for number, one in enumerate(found):
        here = number == at
        lines.append(
            (
                f" {'>' if here else ' '} {network_row(words, one)}"[:width],
                STRONG if here else PLAIN,
            )
        )
    return lines


def password_lines(words: GuidedWords, name: str, typed: str, width: int) -> list[Line]:
    """The password is typed in plain sight: on a keyboard that one does not know, one looks."""
    about = fold(words.t("guided.wifi.password", name=name), width)
    return [*about, ("", PLAIN), *fold(f"{typed}_", width - 2, STRONG, first="> ", rest="  ")]


def joined_message(network: WifiNetwork, address: str) -> Message:
    """It is joined: with which address, or that none came."""
    code = "guided.wifi.done" if address else "guided.wifi.no_address"
    return Message.of(code, name=network.name, address=address)
