"""The readings that a profile may ask about: a machine as named facts.

Why: a profile speaks of `memory.ram_bytes` or `disk.flash`, a `Machine` holds modules and disks.
What lies between (which disk counts, how reserved memory is allowed for) is decided here, once,
and is told in docs/readiness.md. An unknown reading stays unknown: where several parts could answer
(two disks, two graphics cards) and one of them is unknown, the best known answer is used only
where the unknown one could not be better. Pure: no input or output.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from recond.model import Known, Machine, Unknown, Why
from recond.readiness import diskfacts, graphics, memory
from recond.readiness.logic import Fact

X86_MAKERS = (
    "GenuineIntel",
    "AuthenticAMD",
    "CentaurHauls",
    "HygonGenuine",
    "GenuineTMx86",
    "TransmetaCPU",
    "  Shanghai  ",
    "Shanghai",
    "VIA VIA VIA",
    "CyrixInstead",
    "Geode by NSC",
    "Vortex86 SoC",
)
"""CPUID vendor strings of x86 processors (leaf 0)."""
ARM_MAKERS = ("ARM", "Qualcomm", "Apple", "Broadcom", "Cavium", "HiSilicon", "NVIDIA", "Samsung")
"""Implementer names that lscpu gives for ARM processors (util-linux, lscpu-arm.c)."""

PORTABLE = ("notebook", "convertible", "tablet", "all-in-one")

_GHZ = re.compile(r"@\s*([0-9]+)[.,]([0-9]+)\s*GHz", re.IGNORECASE)
_CURRENT = re.compile(r"cpu mhz|cur_freq", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that a judgement looks at. `answers` are a person's: ("operator.looks", 1)."""

    machine: Machine
    cpu_mark: Fact
    answers: Mapping[str, int | str]


@dataclass(frozen=True, slots=True)
class NamedFact:
    """A name that a profile may use. `unit` chooses how a value is shown and written."""

    kind: type  # bool, int, str or tuple
    unit: str
    read: Callable[[Inputs], Fact]


def facts_of(inputs: Inputs) -> Callable[[str], Fact]:
    """The facts of a machine by name; each is made once."""
    made: dict[str, Fact] = {}

    def fact(name: str) -> Fact:
        if name not in made:
            made[name] = READINGS[name].read(inputs)
        return made[name]

    return fact


def _plain(part: str, field: str) -> Callable[[Inputs], Fact]:
    def read(inputs: Inputs) -> Fact:
        found = getattr(getattr(inputs.machine, part), field)
        if isinstance(found, Known):
            value = found.value
            return Known(str(value) if not isinstance(value, bool | int) else value, found.source)
        return found if isinstance(found, Unknown) else Unknown(Why.UNPARSABLE, field)

    return read


def _flags(inputs: Inputs) -> Fact:
    flags = inputs.machine.cpu.flags
    if isinstance(flags, Known) and not flags.value:
        return Unknown(Why.UNPARSABLE, flags.source)
    return Known(tuple(flags.value), flags.source) if isinstance(flags, Known) else flags


def _x86(inputs: Inputs) -> Fact:
    maker, flags = inputs.machine.cpu.maker, inputs.machine.cpu.flags
    if isinstance(maker, Known):
        if maker.value in X86_MAKERS:
            return Known(True, maker.source)
        if maker.value in ARM_MAKERS:
            return Known(False, maker.source)
    # a virtual machine may hide the vendor; "cx8" and "tsc" are names of x86 flags only
    if isinstance(flags, Known) and {"tsc", "cx8"} <= set(flags.value):
        return Known(True, flags.source)
    return maker if isinstance(maker, Unknown) else Unknown(Why.UNPARSABLE, maker.value)


def _max_mhz(inputs: Inputs) -> Fact:
    """The highest clock. A present frequency under the limit proves nothing: it idles."""
    cpu = inputs.machine.cpu
    rated = _rated_mhz(cpu.name)
    read = cpu.max_mhz
    if isinstance(read, Known) and (rated is None or read.value >= rated.value):
        if read.value < 1000 and _CURRENT.search(read.source):
            return Unknown(Why.NOT_READ, f"{read.source}: {read.value} MHz now, not the maximum")
        return Known(read.value, read.source)
    if rated is not None:
        return Known(rated.value, rated.source)
    return read if isinstance(read, Unknown) else Unknown(Why.ABSENT)


def _rated_mhz(name: Known[str] | Unknown) -> Known[int] | None:
    found = _GHZ.search(name.value) if isinstance(name, Known) else None
    if found is None or isinstance(name, Unknown):
        return None
    whole, part = found.group(1)[:3], (found.group(2) + "000")[:3]
    return Known(int(whole) * 1000 + int(part), name.source)


def _bios_year(inputs: Inputs) -> Fact:
    date = inputs.machine.system.bios_date
    if isinstance(date, Unknown):
        return date
    if not re.match(r"(19|20)\d\d-", date.value):
        return Unknown(Why.UNPARSABLE, date.source)
    return Known(int(date.value[:4]), date.source)


def _tpm_active(inputs: Inputs) -> Fact:
    tpm = inputs.machine.tpm
    if isinstance(tpm.active, Known):
        return Known(tpm.active.value, tpm.active.source)
    # the kernel's driver gave the version: the chip answers, so it is on
    if isinstance(tpm.version, Known) and "/sys/class/tpm" in tpm.version.source:
        return Known(True, tpm.version.source)
    return tpm.active


def _tpm_present(inputs: Inputs) -> Fact:
    tpm = inputs.machine.tpm
    if isinstance(tpm.present, Unknown) and isinstance(tpm.version, Known):
        return Known(True, tpm.version.source)  # a chip that tells its version is there
    return _plain("tpm", "present")(inputs)


def _tpm_state(inputs: Inputs) -> Fact:
    """What a person wants to know of the TPM: its version, or that it is off or not there."""
    present, active = _tpm_present(inputs), _tpm_active(inputs)
    if isinstance(present, Known) and not present.value:
        return Known("tpm-none", present.source)
    if isinstance(active, Known) and not active.value:
        return Known("tpm-off", active.source)
    return _plain("tpm", "version")(inputs)


def _no_uefi(inputs: Inputs) -> Fact:
    """Whether the firmware's own tables say that it knows no UEFI; started by UEFI, it does."""
    firmware = inputs.machine.firmware
    if isinstance(firmware.mode, Unknown):
        return firmware.mode
    able = firmware.secure_boot_capable
    if firmware.mode.value == "bios" and isinstance(able, Known) and not able.value:
        return Known(True, able.source)
    return Known(False, firmware.mode.source)


def _secure_boot_state(inputs: Inputs) -> Fact:
    firmware = inputs.machine.firmware
    if isinstance(firmware.secure_boot, Known) and firmware.secure_boot.value:
        return Known("secure-boot-on", firmware.secure_boot.source)
    if isinstance(firmware.mode, Known) and firmware.mode.value == "bios":
        return Known("secure-boot-legacy", firmware.mode.source)
    able = firmware.secure_boot_capable
    if isinstance(able, Unknown):
        return able
    return Known("secure-boot-off" if able.value else "secure-boot-none", able.source)


def _ram(inputs: Inputs) -> Fact:
    return memory.ram(inputs.machine.memory)


def _portable(inputs: Inputs) -> Fact:
    form = inputs.machine.system.form
    if isinstance(form, Unknown):
        return form
    return Known(str(form.value) in PORTABLE, form.source)


def _has_display(inputs: Inputs) -> Fact:
    machine = inputs.machine
    if machine.displays:
        return Known(True, f"/sys/class/drm:{machine.displays[0].connector}")
    if machine.origin == "live":
        return Known(False, "/sys/class/drm")
    return Unknown(Why.NOT_READ, "/sys/class/drm")


def _display(field: str) -> Callable[[Inputs], Fact]:
    def read(inputs: Inputs) -> Fact:
        screens = inputs.machine.displays
        inside = [s for s in screens if isinstance(s.internal, Known) and s.internal.value]
        found = [getattr(screen, field) for screen in (inside or screens)]
        known = [value for value in found if isinstance(value, Known)]
        if known:
            best = max(known, key=lambda k: int(k.value))
            return Known(int(best.value), best.source)
        return found[0] if found else Unknown(Why.ABSENT, "/sys/class/drm")

    return read


def _battery_wear(inputs: Inputs) -> Fact:
    found = [battery.wear_percent for battery in inputs.machine.batteries]
    for wear in found:
        if isinstance(wear, Unknown):
            return wear
    known = [wear for wear in found if isinstance(wear, Known)]
    if not known:
        return Unknown(Why.ABSENT, "/sys/class/power_supply")
    worst = max(known, key=lambda wear: wear.value)
    return Known(worst.value, worst.source)


def _has_battery(inputs: Inputs) -> Fact:
    if inputs.machine.batteries:
        return Known(True, "/sys/class/power_supply")
    if inputs.machine.origin == "live":
        return Known(False, "/sys/class/power_supply")
    return Unknown(Why.NOT_READ, "/sys/class/power_supply")


def _graphics(field: str) -> Callable[[Inputs], Fact]:
    return lambda inputs: graphics.ability(inputs.machine.devices, field)


def _answer(name: str) -> Callable[[Inputs], Fact]:
    def read(inputs: Inputs) -> Fact:
        value = inputs.answers.get(name)
        if value is None:
            return Unknown(Why.NOT_READ, name)
        return Known(value, "operator")

    return read


def _disk(field: str) -> Callable[[Inputs], Fact]:
    return lambda inputs: diskfacts.fact(inputs.machine, field)


_TEXT: tuple[type, str] = (str, "word")
READINGS: dict[str, NamedFact] = {
    "cpu.x86": NamedFact(bool, "yes_no", _x86),
    "cpu.maker": NamedFact(*_TEXT, _plain("cpu", "maker")),
    "cpu.name": NamedFact(*_TEXT, _plain("cpu", "name")),
    "cpu.family": NamedFact(int, "number", _plain("cpu", "family")),
    "cpu.model": NamedFact(int, "number", _plain("cpu", "model")),
    "cpu.stepping": NamedFact(int, "number", _plain("cpu", "stepping")),
    "cpu.sockets": NamedFact(int, "number", _plain("cpu", "sockets")),
    "cpu.cores": NamedFact(int, "number", _plain("cpu", "cores")),
    "cpu.threads": NamedFact(int, "number", _plain("cpu", "threads")),
    "cpu.bits": NamedFact(int, "bits", _plain("cpu", "bits")),
    "cpu.max_mhz": NamedFact(int, "mhz", _max_mhz),
    "cpu.flags": NamedFact(tuple, "flags", _flags),
    "cpu.mark": NamedFact(int, "number", lambda inputs: inputs.cpu_mark),
    "memory.ram_bytes": NamedFact(int, "ram", _ram),
    "memory.soldered": NamedFact(bool, "yes_no", _plain("memory", "soldered")),
    "firmware.mode": NamedFact(*_TEXT, _plain("firmware", "mode")),
    "firmware.bits": NamedFact(int, "bits", _plain("firmware", "bits")),
    "firmware.no_uefi": NamedFact(bool, "yes_no", _no_uefi),
    "firmware.secure_boot": NamedFact(bool, "yes_no", _plain("firmware", "secure_boot")),
    "firmware.secure_boot_state": NamedFact(*_TEXT, _secure_boot_state),
    "firmware.secure_boot_capable": NamedFact(
        bool, "yes_no", _plain("firmware", "secure_boot_capable")
    ),
    "firmware.setup_mode": NamedFact(bool, "yes_no", _plain("firmware", "setup_mode")),
    "firmware.uefi_ca_2023": NamedFact(bool, "yes_no", _plain("firmware", "uefi_ca_2023")),
    "tpm.state": NamedFact(*_TEXT, _tpm_state),
    "tpm.present": NamedFact(bool, "yes_no", _tpm_present),
    "tpm.version": NamedFact(*_TEXT, _plain("tpm", "version")),
    "tpm.active": NamedFact(bool, "yes_no", _tpm_active),
    "disk.size_bytes": NamedFact(int, "bytes", _disk("size_bytes")),
    "disk.flash": NamedFact(bool, "yes_no", _disk("flash")),
    "disk.medium": NamedFact(*_TEXT, _disk("medium")),
    "disk.bus": NamedFact(*_TEXT, _disk("bus")),
    "disk.health": NamedFact(str, "health", _disk("health")),
    "display.present": NamedFact(bool, "yes_no", _has_display),
    "display.width_px": NamedFact(int, "px", _display("width_px")),
    "display.height_px": NamedFact(int, "px", _display("height_px")),
    "display.diagonal_tenths_in": NamedFact(int, "tenths_in", _display("diagonal_tenths_in")),
    "battery.present": NamedFact(bool, "yes_no", _has_battery),
    "battery.wear_percent": NamedFact(int, "percent", _battery_wear),
    "graphics.directx": NamedFact(int, "directx", _graphics("directx")),
    "graphics.wddm_tenths": NamedFact(int, "wddm", _graphics("wddm_tenths")),
    "system.form": NamedFact(*_TEXT, _plain("system", "form")),
    "system.portable": NamedFact(bool, "yes_no", _portable),
    "system.maker": NamedFact(*_TEXT, _plain("system", "maker")),
    "system.model": NamedFact(*_TEXT, _plain("system", "model")),
    "system.bios_year": NamedFact(int, "number", _bios_year),
    "operator.technical": NamedFact(int, "number", _answer("operator.technical")),
    "operator.looks": NamedFact(int, "number", _answer("operator.looks")),
    "operator.system": NamedFact(*_TEXT, _answer("operator.system")),
    "operator.keyboard": NamedFact(*_TEXT, _answer("operator.keyboard")),
    "operator.screen": NamedFact(*_TEXT, _answer("operator.screen")),
    "operator.sound": NamedFact(*_TEXT, _answer("operator.sound")),
    "operator.camera": NamedFact(*_TEXT, _answer("operator.camera")),
    "operator.battery": NamedFact(*_TEXT, _answer("operator.battery")),
}
"""Every reading that a profile may name, and in docs/readiness.md what each is."""

ANSWERS = {name: one.kind for name, one in READINGS.items() if name.startswith("operator.")}
"""What only a person can say, and whether it is a number (`int`) or a word (`str`)."""
