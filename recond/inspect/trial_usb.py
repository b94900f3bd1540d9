"""The USB sockets: something is plugged into each of them, one after the other.

Why: a socket that is bent or burnt is found only with a plug. A socket of USB 3 is two ports of two
controllers to the kernel, and firmware says which two are one. Ports are counted; what was plugged
in is not looked at. Source: the kernel's Documentation/ABI/testing/sysfs-bus-usb (`connect_type`,
`peer`).
"""

from __future__ import annotations

import re

from recond.host import Host
from recond.host.files import Files
from recond.inspect.trial import PartSeen, Trial
from recond.model import Message

DEVICES = "/sys/bus/usb/devices"
ABOUT_S, MOST_S, IDLE_S = 40, 180, 25
_DEVICE = re.compile(r"\d{1,3}-\d{1,3}(?:\.\d{1,3}){0,6}")
_PORT = re.compile(r".*-port\d{1,3}")


def socket_ports(files: Files) -> dict[str, str]:
    """Each port that firmware calls a socket outside → the socket's name: the first of its two
    ports. Empty where firmware says nothing.
    """
    found: dict[str, str] = {}
    for hub in files.list(DEVICES):
        if ":" not in hub:
            continue
        for port in files.list(f"{DEVICES}/{hub}"):
            place = f"{DEVICES}/{hub}/{port}"
            if _PORT.fullmatch(port) and files.read_text(f"{place}/connect_type") == "hotplug":
                own = files.resolve(place) or place
                peer = files.resolve(f"{place}/peer")
                found[own] = min(own, peer) if peer else own
    return found


def plugged(files: Files) -> frozenset[str]:
    """The sockets (by their port's path, else by the device's place) that hold something now."""
    sockets = socket_ports(files)
    found = set()
    for name in files.list(DEVICES):
        if not _DEVICE.fullmatch(name):
            continue
        port = files.resolve(f"{DEVICES}/{name}/port")
        if port is None or not sockets:
            found.add(name)
        elif port in sockets:
            found.add(sockets[port])
    return frozenset(found)


def try_usb(host: Host) -> Trial:
    """Whatever is plugged in meanwhile counts; of a socket that firmware names, also what was."""
    files, clock = host.files, host.clock
    sockets = frozenset(socket_ports(files).values())
    before = plugged(files)
    seen = set(before if sockets else ())
    began = newest = clock.monotonic_s()
    while True:
        now = clock.monotonic_s()
        fresh = (plugged(files) - before if not sockets else plugged(files)) - seen
        if fresh:
            seen |= fresh
            newest = now
        if (sockets and seen >= sockets) or now - newest > IDLE_S or now - began > MOST_S:
            return (judge_usb(len(seen), len(sockets)),)
        told = {"total": len(sockets)} if sockets else {}
        word = "usb_plug" if sockets else "usb_plug_any"
        yield Message.of(f"inspect.part.{word}", n=len(seen), **told)


def judge_usb(seen: int, total: int) -> PartSeen:
    """How many sockets were found to work, of how many the firmware speaks of (0: of none)."""
    if total and seen >= total:
        return PartSeen.passed("usb_all", n=seen)
    if total:
        return PartSeen.unknown("usb_some", n=seen, total=total)
    return PartSeen.passed("usb_seen", n=seen) if seen else PartSeen.unknown("usb_none")
