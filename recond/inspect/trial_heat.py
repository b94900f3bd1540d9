"""Heat: every processor busy for some minutes, its temperature, fan and brakes looked at.

Why: a laptop whose fan is dead or full of dust works for the ten minutes that it is looked at.
Whether the processor braked itself only its own counters tell; where they are not there (AMD,
virtual machines) a temperature below its limit proves nothing of it, and the answer is unknown.
Source: the kernel's Documentation/hwmon/sysfs-interface (m°C, rpm) and
Documentation/ABI/testing/sysfs-devices-system-cpu (thermal_throttle).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from recond.host import Host
from recond.host.files import Files
from recond.inspect.trial import PartSeen, Trial
from recond.model import Unknown

CPU_SENSORS = frozenset({"coretemp", "k10temp", "zenpower", "cpu_thermal"})
CPU_ZONES = frozenset({"x86_pkg_temp", "cpu-thermal", "cpu_thermal"})
HOT_C = 75  # a fan that stands still above it is broken or missing
HWMON, ZONES, CPUS = "/sys/class/hwmon", "/sys/class/thermal", "/sys/devices/system/cpu"
BRAKES = ("core_throttle_count", "package_throttle_count")


@dataclass(frozen=True, slots=True)
class Heat:
    """One look. `brakes` counts how often a processor braked itself since the start; None where
    nothing tells; `limit_c` is the lowest limit that its sensors name.
    """

    temperature_c: int | None
    limit_c: int | None
    fan_rpm: int | None
    brakes: int | None


def read_heat(files: Files) -> Heat:
    """The hottest sensor of a processor, the fastest fan, the sum of the brakes."""
    warm, limits, fans = list[int](), list[int](), list[int]()
    for name in files.list(HWMON):
        folder = f"{HWMON}/{name}"
        fans += _numbers(files, folder, "fan", "_input")
        if files.read_text(f"{folder}/name") in CPU_SENSORS:
            warm += _numbers(files, folder, "temp", "_input")
            limits += [one for one in _numbers(files, folder, "temp", "_crit") if one > 0]
    if not warm:
        zones = (one for one in files.list(ZONES) if one.startswith("thermal_zone"))
        for zone in (f"{ZONES}/{one}" for one in zones):
            if files.read_text(f"{zone}/type") in CPU_ZONES:
                warm += _number(files, f"{zone}/temp")
    brakes = [
        count
        for cpu in files.list(CPUS)
        if cpu.startswith("cpu") and cpu[3:].isdecimal()
        for name in BRAKES
        for count in _number(files, f"{CPUS}/{cpu}/thermal_throttle/{name}")
    ]
    return Heat(
        max(warm) // 1000 if warm else None,
        min(limits) // 1000 if limits else None,
        max(fans) if fans else None,
        sum(brakes) if brakes else None,
    )


def _numbers(files: Files, folder: str, begin: str, end: str) -> Iterator[int]:
    for name in files.list(folder):
        if name.startswith(begin) and name.endswith(end):
            yield from _number(files, f"{folder}/{name}")


def _number(files: Files, path: str) -> Iterator[int]:
    text = files.read_text(path)
    if not isinstance(text, Unknown) and text.removeprefix("-").isdecimal():
        yield int(text)


def try_heat(host: Host, seconds: int) -> Trial:
    """Busy for so many seconds, or until it reaches its limit."""
    first = read_heat(host.files)
    if first.temperature_c is None and first.brakes is None:
        return (PartSeen.unknown("heat_no_sensor"),)
    looks = [first]
    load, began = host.parts.load(), host.clock.monotonic_s()
    try:
        while host.clock.monotonic_s() - began < seconds:
            if load.poll() is not None:
                return (PartSeen.unknown("heat_no_load"),)
            yield None
            looks.append(read_heat(host.files))
            if _too_hot(looks[-1]):
                break
    finally:
        load.stop()
    return (judge_heat(tuple(looks), round(host.clock.monotonic_s() - began)),)


def _too_hot(look: Heat) -> bool:
    known = look.temperature_c is not None and look.limit_c is not None
    return known and (look.temperature_c or 0) >= (look.limit_c or 0)


def judge_heat(looks: tuple[Heat, ...], lasted_s: int) -> PartSeen:
    """From all looks, the first one before the load."""
    warm = [one.temperature_c for one in looks if one.temperature_c is not None]
    fans = [one.fan_rpm for one in looks if one.fan_rpm is not None]
    brakes = [one.brakes for one in looks if one.brakes is not None]
    most = max(warm, default=0)
    told = {"degrees": most if warm else "–", "rpm": max(fans) if fans else "–"}
    if any(map(_too_hot, looks)):
        return PartSeen.failed("heat_limit", lasted_s=lasted_s, **told)
    if brakes and brakes[-1] > brakes[0]:
        return PartSeen.failed(
            "heat_braked", times=brakes[-1] - brakes[0], lasted_s=lasted_s, **told
        )
    if fans and max(fans) == 0 and most >= HOT_C:
        return PartSeen.failed("heat_fan", lasted_s=lasted_s, **told)
    if not brakes:
        return PartSeen.unknown("heat_brakes_unread", lasted_s=lasted_s, **told)
    return PartSeen.passed("heat_passed", lasted_s=lasted_s, **told)
