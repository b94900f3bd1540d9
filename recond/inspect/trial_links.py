"""Wi-Fi and cable: does the card hear networks, is there a link.

Why: that a card is listed does not mean that its antenna is plugged in. Networks are counted, and
their names, which tell where somebody lives, are neither kept nor shown. An interface that is down
is put up for the look and down again. Sources: iw(8); the kernel's
Documentation/ABI/testing/sysfs-class-net (carrier, speed, type).
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager

from recond.host import Host
from recond.host.files import Files
from recond.inspect.trial import PartSeen, Trial

NETS, KILLS = "/sys/class/net", "/sys/class/rfkill"
ETHERNET = "1"  # ARPHRD_ETHER
SCAN_TRIES = 4
LINK_S, SCAN_S = 8, 15  # about how long each takes
_NETWORK = re.compile(rb"(?m)^BSS [0-9a-fA-F:]{17}")


def cards(files: Files, *, wireless: bool) -> tuple[str, ...]:
    """The names of real network cards of one of both kinds."""
    return tuple(
        name
        for name in files.list(NETS)
        if files.exists(f"{NETS}/{name}/device")
        and files.read_text(f"{NETS}/{name}/type") == ETHERNET
        and files.exists(f"{NETS}/{name}/phy80211") == wireless
    )


@contextmanager
def _up(host: Host, name: str) -> Iterator[None]:
    """The interface up for as long as it is looked at."""
    flags = host.files.read_text(f"{NETS}/{name}/flags")
    was_up = isinstance(flags, str) and flags[:2] == "0x" and int(flags, 16) & 1 == 1
    if not was_up:
        host.processes.run(("ip", "link", "set", name, "up"), timeout_s=10.0)
    try:
        yield
    finally:
        if not was_up:
            host.processes.run(("ip", "link", "set", name, "down"), timeout_s=10.0)


def try_wifi(host: Host) -> Trial:
    """Each Wi-Fi card: how many networks it hears."""
    found: list[PartSeen] = []
    names = cards(host.files, wireless=True)
    if not names:
        return (PartSeen.unknown("wifi_absent"),)
    for name in names:
        if _is_killed(host.files):
            found.append(PartSeen.unknown("wifi_off", name))
            continue
        with _up(host, name):
            found.append((yield from _scan(host, name)))
    return tuple(found)


def _is_killed(files: Files) -> bool:
    """A switch or a key keeps the radio off (rfkill)."""
    return any(
        files.read_text(f"{KILLS}/{one}/type") == "wlan"
        and "1" in (files.read_text(f"{KILLS}/{one}/hard"), files.read_text(f"{KILLS}/{one}/soft"))
        for one in files.list(KILLS)
    )


def _scan(host: Host, name: str) -> Generator[None, None, PartSeen]:
    for number in range(SCAN_TRIES):
        if number:
            yield  # a card that was just put up is busy, and hears little at first
        ended = host.processes.run(("iw", "dev", name, "scan"), timeout_s=20.0)
        if ended.missing:
            return PartSeen.unknown("no_tool", name, tool="iw")
        count = len(_NETWORK.findall(ended.stdout))
        if count:
            return PartSeen.passed("wifi_hears", name, n=count)
    if ended.returncode != 0:
        return PartSeen.unknown("wifi_refused", name, exit=ended.returncode)
    return PartSeen.unknown("wifi_silent", name)


def try_ethernet(host: Host) -> Trial:
    """Each card for a cable: whether there is a link, and how fast."""
    found: list[PartSeen] = []
    names = cards(host.files, wireless=False)
    if not names:
        return (PartSeen.unknown("ethernet_absent"),)
    for name in names:
        with _up(host, name):
            found.append((yield from _link(host, name)))
    return tuple(found)


def _link(host: Host, name: str) -> Generator[None, None, PartSeen]:
    for _ in range(LINK_S):
        if host.files.read_text(f"{NETS}/{name}/carrier") == "1":
            speed = host.files.read_text(f"{NETS}/{name}/speed")
            if isinstance(speed, str) and speed.isdecimal():
                return PartSeen.passed("ethernet_link", name, speed=speed)
            return PartSeen.passed("ethernet_link_only", name)
        yield
    return PartSeen.unknown("ethernet_no_link", name)
