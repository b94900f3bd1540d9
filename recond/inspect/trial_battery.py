"""The battery: how fast it empties without the cable, and how long it would last so.

Why: wear is what the battery says of itself; a cell that collapses says nothing before. Its charge
is read before and after some minutes of rest. Source: the kernel's
Documentation/ABI/testing/sysfs-class-power (µWh, µAh, %).
"""

from __future__ import annotations

from dataclasses import dataclass

from recond.host import Host
from recond.host.files import Files
from recond.inspect.trial import PartSeen, Trial
from recond.model import Message, Unknown

SUPPLIES = "/sys/class/power_supply"
PATIENCE_S = 60
"""How long somebody has to pull the cable."""

FEW_MINUTES = 30
"""Of a full charge at rest: less is a battery that does not hold."""
KINDS = ("energy", "charge")


@dataclass(frozen=True, slots=True)
class Charge:
    """What one battery holds now and holds full, in its own unit."""

    now: int
    full: int


def batteries(files: Files) -> tuple[str, ...]:
    """The folders of the computer's own batteries, not of a mouse."""
    return tuple(
        folder
        for name in files.list(SUPPLIES)
        if files.read_text(f"{(folder := f'{SUPPLIES}/{name}')}/type") == "Battery"
        and files.read_text(f"{folder}/scope") != "Device"
    )


def read_charge(files: Files, folder: str) -> Charge | None:
    """By energy, else by charge; None where the kernel tells neither."""
    for kind in KINDS:
        now, full = (_whole(files, f"{folder}/{kind}_{end}") for end in ("now", "full"))
        if now is not None and full:
            return Charge(now, full)
    return None


def _whole(files: Files, path: str) -> int | None:
    text = files.read_text(path)
    return int(text) if not isinstance(text, Unknown) and text.isdecimal() else None


def is_discharging(files: Files, folder: str) -> bool:
    """Whether it empties; a cable that is plugged in says charging, full or not charging."""
    return files.read_text(f"{folder}/status") == "Discharging"


def try_battery(host: Host, seconds: int) -> Trial:
    """Wait for the cable to be pulled, then so many seconds of rest."""
    files, clock = host.files, host.clock
    found = batteries(files)
    if not found:
        return (PartSeen.unknown("battery_absent"),)
    began = clock.monotonic_s()
    while not any(is_discharging(files, one) for one in found):
        if clock.monotonic_s() - began > PATIENCE_S:
            return tuple(PartSeen.unknown("battery_cable", _name(one)) for one in found)
        yield Message("inspect.part.pull_now")
    before = {one: read_charge(files, one) for one in found}
    began = clock.monotonic_s()
    while (lasted := clock.monotonic_s() - began) < seconds:
        if not any(is_discharging(files, one) for one in found):
            return tuple(PartSeen.unknown("battery_cable_back", _name(one)) for one in found)
        yield None
    return tuple(
        judge_charge(_name(one), before[one], read_charge(files, one), round(lasted))
        for one in found
    )


def _name(folder: str) -> str:
    return folder.rsplit("/", 1)[-1]


def judge_charge(name: str, before: Charge | None, after: Charge | None, lasted_s: int) -> PartSeen:
    """How long a full charge would last at this pace. A charge that did not change in the time
    tells nothing: many batteries count in whole percents.
    """
    if before is None or after is None:
        return PartSeen.unknown("battery_unread", name)
    used = before.now - after.now
    if used <= 0:
        return PartSeen.unknown("battery_no_change", name, lasted_s=lasted_s)
    lasts_s = after.full * lasted_s // used
    told = {"lasted_s": lasted_s, "lasts_s": lasts_s}
    if lasts_s < FEW_MINUTES * 60:
        return PartSeen.failed("battery_short", name, **told)
    return PartSeen.passed("battery_passed", name, **told)
