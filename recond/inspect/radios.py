"""What a radio can do: the generation of Wi-Fi, the version of Bluetooth.

Why: a buyer asks for both, and no file of the kernel tells them. The radio's own capabilities are
asked of `iw phy`, which needs no root and names no network; where it is not installed the card's
name may tell. A Bluetooth controller's version is asked of `btmgmt`. Nothing is switched on: what
does not answer is unknown. Sources: nl80211 (iw's output), Bluetooth Core 5.4 vol 4 E 7.4.1.
"""

from __future__ import annotations

import functools
import re

from recond.data import read_table
from recond.host import Host
from recond.host.process import TIMED_OUT
from recond.model import Known, Reading, Unknown, Why

IW, BTMGMT = ("iw", "phy"), ("btmgmt", "info")
_TIMEOUT_S = 1.0  # both answer in milliseconds; some versions of btmgmt wait for a terminal
_MOST_CHARS = 1 << 20


@functools.cache
def _patterns(part: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    table = read_table("radios.toml")["wifi"][part]
    flags = re.MULTILINE | (re.IGNORECASE if part == "names" else 0)
    return tuple((standard, re.compile(pattern, flags)) for standard, pattern in table.items())


def read_standards(host: Host) -> dict[str, str]:
    """The generation of each radio by its kernel's name ("phy0": "802.11ax"); empty without iw."""
    done = host.processes.run(IW, timeout_s=_TIMEOUT_S)
    return parse_iw(done.text) if done.stdout else {}


def parse_iw(text: str) -> dict[str, str]:
    """The newest generation that each part of `iw phy` names; a radio that names none is older
    than 2009 and left out.
    """
    parts = re.split(r"^Wiphy (\S+)\s*$", text[:_MOST_CHARS], flags=re.MULTILINE)
    return {
        name: standard
        for name, body in zip(parts[1::2], parts[2::2], strict=True)
        if (standard := _first_of("capabilities", body))
    }


def standard_of(
    phy: str | None, standards: dict[str, str], description: Reading[str]
) -> Reading[str]:
    """The generation of a card: by its radio's capabilities, else by its name."""
    if phy in standards:
        return Known(standards[phy], f"iw:{phy}")
    told = _first_of("names", description.value) if isinstance(description, Known) else None
    if isinstance(description, Known) and told:
        return Known(told, description.source)
    return Unknown(Why.ABSENT, "iw")


def _first_of(part: str, text: str) -> str | None:
    return next((name for name, pattern in _patterns(part) if pattern.search(text)), None)


def read_bluetooth(host: Host) -> Reading[str]:
    """The version of the computer's Bluetooth; unknown where two controllers differ."""
    done = host.processes.run(BTMGMT, timeout_s=_TIMEOUT_S)
    if done.missing:
        return Unknown(Why.TOOL_MISSING, "btmgmt")
    if done.returncode == TIMED_OUT and not done.stdout:
        return Unknown(Why.TIMEOUT, "btmgmt")
    return parse_btmgmt(done.text)


def parse_btmgmt(text: str) -> Reading[str]:
    """The version in the output of `btmgmt info`."""
    table = read_table("radios.toml")["bluetooth"]
    numbers = set(re.findall(r"\bversion (\d{1,3}) manufacturer\b", text[:_MOST_CHARS]))
    if not numbers:
        return Unknown(Why.ABSENT, "btmgmt")
    if len(numbers) > 1:
        return Unknown(Why.CONFLICT, f"btmgmt: version {', '.join(sorted(numbers))}")
    told = table.get(numbers.pop())
    return Known(told, "btmgmt") if told else Unknown(Why.UNPARSABLE, "btmgmt")


def without_names(raw: bytes) -> bytes:
    """`btmgmt info` without addresses and names: a controller is called after its computer."""
    lines = re.findall(rb"^hci\d+:|\bversion \d+ manufacturer \d+", raw, re.MULTILINE)
    return b"\n".join(lines) + b"\n"
