"""The whole machine: every reader asked, side by side, none able to stop another.

Why: `recond inspect`, `check` and `run` start here. A reader that fails leaves `Unknown` with the
reason in its place and a line among the problems; the rest of the machine is read all the same.
Decides nothing itself beyond which reader gets what.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from recond.census import Census
from recond.host import Host
from recond.host.cpubrand import read_brand
from recond.host.kernelram import read_visible_bytes
from recond.host.log import log_swallowed
from recond.host.process import TIMED_OUT
from recond.inspect.census import read_census
from recond.inspect.cpu import kernel_says_all, lscpu_understood, name_reading, read_cpu, unread_cpu
from recond.inspect.devices import read_devices
from recond.inspect.disks import read_disks
from recond.inspect.displays import read_displays
from recond.inspect.firmware import read_firmware
from recond.inspect.form import refine_form
from recond.inspect.identity import identify
from recond.inspect.keyboard import read_keyboard
from recond.inspect.locks import read_locks
from recond.inspect.memory import memory_of
from recond.inspect.network import read_networks
from recond.inspect.power import read_batteries
from recond.inspect.readings import text_reading
from recond.inspect.sidebyside import Started
from recond.inspect.smbios import Tables, parse_smbios
from recond.inspect.system import read_system, unread_system
from recond.inspect.tpm import read_tpm
from recond.inspect.windows_key import read_windows_key
from recond.model import (
    Cpu,
    Disk,
    Firmware,
    Identity,
    Known,
    Machine,
    Memory,
    Message,
    Reading,
    Tpm,
    Unknown,
    Why,
)

T = TypeVar("T")
DMI_TABLES = "/sys/firmware/dmi/tables"
_DMIDECODE = "dmidecode"


class Readers:
    """Readers side by side; what went wrong is collected."""

    def __init__(self) -> None:
        self.problems: list[Message] = []

    def start(self, read: Callable[..., T], *args: object, **options: object) -> Started[T]:
        """Start a reader in the background."""
        return Started(lambda: read(*args, **options))

    def take(self, name: str, started: Started[T], instead: Callable[[Unknown], T]) -> T:
        """A reader's answer, or what stands instead where it failed."""
        try:
            return started.result()
        except Exception as error:  # a bug in one reader must not cost the others
            log_swallowed(f"inspect.{name}", error)
            self.problems.append(
                Message.of(
                    "inspect.problem.reader",
                    reader=f"@inspect.reader.{name}",
                    error=type(error).__name__,
                )
            )
            return instead(Unknown(Why.UNREADABLE, name))


def read_machine(host: Host, *, smart: bool = True, docks: tuple[str, ...] = ()) -> Machine:
    """Everything that can be known of the host without touching it.

    `smart` asks each disk for its health with smartctl (0.1 to some seconds a disk). `docks` are
    the plugs that the bench's configuration calls a dock.
    """
    files = host.files
    readers = Readers()
    tables_soon = readers.start(read_tables, host)
    disks_soon = readers.start(read_disks, host, smart=smart)
    lscpu_soon = readers.start(_read_lscpu, host)
    devices_soon = readers.start(read_devices, host)
    displays_soon = readers.start(read_displays, files)
    networks_soon = readers.start(read_networks, host)
    batteries_soon = readers.start(read_batteries, files)
    visible_soon = readers.start(read_visible_bytes, files)
    key_soon = readers.start(read_windows_key, files)
    tables = readers.take("smbios", tables_soon, _same)
    _not_understood(readers, tables)
    system_soon = readers.start(read_system, files, tables)
    firmware_soon = readers.start(read_firmware, files, tables)
    tpm_soon = readers.start(read_tpm, files, tables)
    lscpu = readers.take("cpu", lscpu_soon, _same)
    if isinstance(lscpu, str) and not lscpu_understood(lscpu):
        readers.problems.append(Message.of("inspect.problem.lscpu_language"))
    cpu_soon = readers.start(_read_whole_cpu, host, lscpu, tables)
    visible = readers.take("memory", visible_soon, _same)
    memory_soon = readers.start(memory_of, tables, visible)
    networks = readers.take("network", networks_soon, lambda _: ())
    batteries = readers.take("battery", batteries_soon, lambda _: ())
    displays = readers.take("display", displays_soon, lambda _: ())
    system = readers.take("system", system_soon, unread_system)
    system = refine_form(system, batteries, displays)
    keyboard_soon = readers.start(read_keyboard, files, system)
    disks = readers.take("disks", disks_soon, _same)
    cpu = readers.take("cpu", cpu_soon, unread_cpu)
    devices = readers.take("devices", devices_soon, lambda _: ())
    locks_soon = readers.start(read_locks, host, tables, system, cpu, devices, disks)
    census_soon = readers.start(_read_census, host, disks, docks)
    return Machine(
        inspected_at=host.clock.now(),
        origin=host.origin,
        system=system,
        cpu=cpu,
        memory=readers.take("memory", memory_soon, lambda u: Memory(*[u] * 7)),
        firmware=readers.take("firmware", firmware_soon, lambda u: Firmware(*[u] * 6)),
        tpm=readers.take("tpm", tpm_soon, lambda u: Tpm(u, u, u)),
        batteries=batteries,
        displays=displays,
        networks=networks,
        devices=devices,
        disks=_listed(readers, disks),
        windows_key=readers.take("windows_key", key_soon, _same),
        identity=_identity(readers, system, networks, bool(batteries)),
        census=readers.take("census", census_soon, _same),
        problems=tuple(readers.problems),
        slots=_slots(tables),
        keyboard=readers.take("keyboard", keyboard_soon, _same),
        locks=readers.take("locks", locks_soon, lambda _: ()),
    )


def _read_census(
    host: Host, disks: tuple[Disk, ...] | Unknown, docks: tuple[str, ...]
) -> Reading[Census]:
    return Known(read_census(host, disks, docks), "census")


def _slots(tables: Tables | Unknown) -> tuple[tuple[str, str], ...]:
    """The board's places for cards by name, each "free", "used" or "unknown", in name order."""
    words = {True: "used", False: "free", None: "unknown"}
    found: dict[str, str] = {}
    for told, used in () if isinstance(tables, Unknown) else tables.expansion:
        name = text_reading(told, "")
        if isinstance(name, Known):
            number = sum(one.partition(" #")[0] == name.value for one in found) + 1
            found[f"{name.value} #{number}" if number > 1 else name.value] = words[used]
    return tuple(sorted(found.items()))


def _same(reason: Unknown) -> Unknown:
    return reason


def _not_understood(readers: Readers, tables: Tables | Unknown) -> None:
    """Say of a text of dmidecode that is there and is not read: it is no computer without parts."""
    if isinstance(tables, Unknown) and tables.detail.startswith(f"{_DMIDECODE}: "):
        reason = tables.detail.partition(": ")[2]
        readers.problems.append(Message.of(f"inspect.problem.dmidecode_{reason}"))


def _listed(readers: Readers, disks: tuple[Disk, ...] | Unknown) -> tuple[Disk, ...]:
    if isinstance(disks, Unknown):
        readers.problems.append(Message.of("inspect.problem.disks", why=f"@cli.why.{disks.why}"))
        return ()
    return disks


def _identity(readers: Readers, *args: object) -> Identity:
    started = readers.start(identify, *args)
    return readers.take("identity", started, lambda u: Identity(u, "none", (), u))


def read_tables(host: Host) -> Tables | Unknown:
    """SMBIOS: the raw tables, else the text of dmidecode, else why there is neither."""
    raw = host.files.read(f"{DMI_TABLES}/DMI")
    if isinstance(raw, bytes):
        entry = host.files.read(f"{DMI_TABLES}/smbios_entry_point", 64)
        tables = parse_smbios(raw, entry if isinstance(entry, bytes) else b"", f"{DMI_TABLES}/DMI")
        if tables != Tables(tables.source):
            return tables
        raw = Unknown(Why.UNPARSABLE, f"{DMI_TABLES}/DMI")
    # not above: where the tables can be read, the text and its reader are not needed

    # not above: where the tables can be read, the text and its reader are not needed
    from recond.inspect.dmidecode import not_understood, parse_dmidecode

    done = host.processes.run(("dmidecode",), timeout_s=10.0)
    if done.stdout:
        reason = not_understood(done.text)
        if reason is not None:
            return Unknown(Why.UNPARSABLE, f"{_DMIDECODE}: {reason}")
        tables = parse_dmidecode(done.text)
        if tables != Tables(tables.source):
            return tables
    if done.returncode == TIMED_OUT:
        return Unknown(Why.TIMEOUT, "dmidecode")
    return raw


def _read_lscpu(host: Host) -> str | Unknown:
    """What `lscpu` says, where the kernel's own files do not say it all."""
    if host.origin == "live" and kernel_says_all(host.files):
        return Unknown(Why.NOT_READ, "lscpu")
    done = host.processes.run(("lscpu",), timeout_s=10.0)
    if done.missing:
        return Unknown(Why.TOOL_MISSING, "lscpu")
    if done.returncode == TIMED_OUT:
        return Unknown(Why.TIMEOUT, "lscpu")
    return done.text if done.stdout else Unknown(Why.UNREADABLE, "lscpu")


def _read_whole_cpu(host: Host, lscpu: str | Unknown, tables: Tables | Unknown) -> Cpu:
    cpu = read_cpu(host.files, lscpu, tables)
    if isinstance(cpu.name, Unknown) and host.origin == "live" and host.files.root == Path("/"):
        named: Reading[str] = name_reading(read_brand(), "cpuinfo:brand_raw")
        if isinstance(named, Known):
            return dataclasses.replace(cpu, name=named)
    return cpu
