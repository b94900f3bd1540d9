"""Bluetooth: does the adapter answer, and does it hear anything.

Why: as with Wi-Fi, a card whose antenna is unplugged is listed like any other. What it hears is
counted; names and addresses are dropped. Only a device that lets itself be found is heard (a
telephone whose Bluetooth settings are open). Sources: /sys/class/bluetooth, rfkill.
"""

from __future__ import annotations

import errno
import re

from recond.host import Host
from recond.host.files import Files
from recond.inspect.devices import is_on_usb
from recond.inspect.trial import PartSeen, Trial, refused

ADAPTERS, KILLS = "/sys/class/bluetooth", "/sys/class/rfkill"
USB_BLUETOOTH = "e00101"
HEAR_S = 10.0
ABOUT_S = 12


def try_bluetooth(host: Host) -> Trial:
    """Each adapter of this computer: how many devices it hears."""
    found: list[PartSeen] = []
    for name in host.files.list(ADAPTERS):
        if re.fullmatch(r"hci\d{1,3}", name):
            yield None
            found.append(_hear(host, name))
    if not found:
        if _is_killed(host.files):
            return (PartSeen.unknown("bluetooth_off"),)
        driverless = is_on_usb(host.files, USB_BLUETOOTH)
        return (PartSeen.unknown("no_driver" if driverless else "bluetooth_absent"),)
    return tuple(found)


def _hear(host: Host, name: str) -> PartSeen:
    try:
        count = host.senses.inquire(name, HEAR_S)
    except OSError as error:
        if error.errno == errno.ERFKILL or _is_killed(host.files):
            return PartSeen.unknown("bluetooth_off", name)
        if error.errno == errno.ETIMEDOUT:
            return PartSeen.failed("bluetooth_dead", name)
        return refused(error, name)
    if count:
        return PartSeen.passed("bluetooth_hears", name, n=count)
    return PartSeen.unknown("bluetooth_silent", name)


def _is_killed(files: Files) -> bool:
    """A switch or a key keeps it off."""
    return any(
        files.read_text(f"{KILLS}/{one}/type") == "bluetooth"
        and "1" in (files.read_text(f"{KILLS}/{one}/hard"), files.read_text(f"{KILLS}/{one}/soft"))
        for one in files.list(KILLS)
    )
