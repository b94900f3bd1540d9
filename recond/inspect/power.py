"""Batteries: what they were made for, what they still hold.

Why: wear is the one figure that a buyer asks for, and the kernel gives it in two units. Only
batteries of the computer count, not those of a mouse. A capacity of zero, or a present one far
above the design, is a broken gauge: unknown. Source: Linux
Documentation/ABI/testing/sysfs-class-power.
"""

from __future__ import annotations

from recond.host.files import Files
from recond.inspect.readings import file_int, file_text, first
from recond.model import Battery, Known, Reading, Unknown, Why

CLASS = "/sys/class/power_supply"
_GAUGE_LIMIT_PERCENT = 150


def read_batteries(files: Files) -> tuple[Battery, ...]:
    """The computer's batteries by name."""
    return tuple(_battery(files, name) for name in files.list(CLASS) if _is_ours(files, name))


def _is_ours(files: Files, name: str) -> bool:
    place = f"{CLASS}/{name}"
    return (
        files.read_text(f"{place}/type") == "Battery"
        and files.read_text(f"{place}/scope") != "Device"
        and files.read_text(f"{place}/present") != "0"
    )


def _battery(files: Files, name: str) -> Battery:
    place = f"{CLASS}/{name}"
    kind, unit = "charge", "mAh"
    if files.exists(f"{place}/energy_full_design") or files.exists(f"{place}/energy_full"):
        kind, unit = "energy", "mWh"
    design = _thousandth(files, f"{place}/{kind}_full_design")
    full = _thousandth(files, f"{place}/{kind}_full")
    known = isinstance(design, Known) or isinstance(full, Known)
    return Battery(
        name=name,
        maker=file_text(files, f"{place}/manufacturer"),
        model=file_text(files, f"{place}/model_name"),
        serial=file_text(files, f"{place}/serial_number"),
        technology=file_text(files, f"{place}/technology"),
        unit=Known(unit, place) if known else Unknown(Why.ABSENT, place),
        design_capacity=design,
        full_capacity=full,
        wear_percent=_wear(design, full, place),
        cycles=_cycles(files, place),
        charge_percent=file_int(files, f"{place}/capacity"),
        design_voltage_mv=_thousandth(files, f"{place}/voltage_min_design"),
        made=_made(files, place),
    )


def _made(files: Files, place: str) -> Reading[str]:
    """When it was made, as far as the gauge tells it: year and month, and the day where it does."""
    parts = [
        file_int(files, f"{place}/manufacture_{part}", least=1) for part in ("year", "month", "day")
    ]
    year, month, day = parts
    if isinstance(year, Unknown):
        return year
    if not 1990 <= year.value <= 2100 or isinstance(month, Unknown) or month.value > 12:
        return Unknown(Why.UNPARSABLE, year.source)
    text = f"{year.value:04d}-{month.value:02d}"
    if isinstance(day, Known) and day.value <= 31:
        text += f"-{day.value:02d}"
    return Known(text, year.source)


def _thousandth(files: Files, path: str) -> Reading[int]:
    found = file_int(files, path)
    if isinstance(found, Known):
        return (
            Known(found.value // 1000, path)
            if found.value >= 1000
            else Unknown(Why.UNPARSABLE, f"{path}: {found.value}")
        )
    return found


def _wear(design: Reading[int], full: Reading[int], place: str) -> Reading[int]:
    """Share of the design capacity that is lost, in percent; a new one may hold more than it."""
    if isinstance(design, Unknown) or isinstance(full, Unknown):
        return first(*(r for r in (design, full) if isinstance(r, Unknown)))
    if full.value * 100 > design.value * _GAUGE_LIMIT_PERCENT:
        return Unknown(Why.CONFLICT, f"{place}: {full.value} of {design.value}")
    return Known(max(0, 100 - round(full.value * 100 / design.value)), full.source)


def _cycles(files: Files, place: str) -> Reading[int]:
    found = file_int(files, f"{place}/cycle_count")
    # 0 is what the kernel shows where the battery does not count
    return (
        Unknown(Why.UNSUPPORTED, found.source)
        if found == Known(0, f"{place}/cycle_count") and (isinstance(found, Known))
        else found
    )
