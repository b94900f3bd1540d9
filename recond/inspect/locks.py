"""The locks that an organisation leaves on a computer, each found, not found, or not to be told.

Why: see `recond.locks`. Every source proves its own part only: a firmware's structure speaks of its
passwords, a setting of the tracking module, a name on a disk of encryption; what only a server or a
screen of the firmware knows is a question, and is given as one. Reads names and flags, never
content, a key or a variable's value; asks nothing of a server.

Sources: DSP0134 7.25 (type 24), Documentation/ABI/testing/sysfs-class-firmware-attributes, ACS-4
9.11.5 (security status), Documentation/ABI/testing/sysfs-bus-mei, ChromiumOS "VPD" (RW_VPD),
"Windows Platform Binary Table" (Microsoft), ACPI 6.5 5.2.6 (signatures).
"""

from __future__ import annotations

import functools
import re

from recond.data import read_table
from recond.drive.identify import parse_identify
from recond.frozen import dataclass
from recond.host import Host
from recond.host.files import Files
from recond.host.identity.pages import read_identify
from recond.inspect.lsblk import BlockNode, read_block_nodes
from recond.inspect.smbios import Tables
from recond.model import Cpu, Device, Disk, Form, Known, Lock, Reading, System, Unknown, Why
from recond.naming import maker_name

OPAL_BUSES = frozenset({"sata", "ide", "nvme", "sas", "scsi"})
"""Where a self-encrypting disk is asked itself; a bridge on USB hides what it is."""
ATTRIBUTES = "/sys/class/firmware-attributes"
MEI = "/sys/bus/mei/devices"
VPD = "/sys/firmware/vpd"
ACPI = "/sys/firmware/acpi/tables"
_AMTHI = "12f80028-b4b7-4b2d-aca8-46e0ff65814c"  # the client that speaks for AMT
_APPLE_CHIP = "/proc/device-tree/compatible"
_AUTOPILOT_SINCE = "2015"  # Windows 10
_MOST = 4096
_SIGNATURE = 4  # bytes at the start of an ACPI table


@dataclass(frozen=True, slots=True)
class _Words:
    settings: re.Pattern[str]
    activated: frozenset[str]
    off: frozenset[str]
    possible: frozenset[str]
    roles: dict[str, str]
    models: re.Pattern[str]
    t2_parts: frozenset[str]
    encryption: dict[str, str]
    perhaps: dict[str, str]


@functools.cache
def _words() -> _Words:
    table = read_table("locks.toml")
    absolute, activation = table["absolute"], table["activation"]
    return _Words(
        re.compile(absolute["settings"], re.IGNORECASE),
        frozenset(absolute["activated"]),
        frozenset(absolute["off"]),
        frozenset(absolute["possible"]),
        table["roles"],
        re.compile(activation["models"]),
        frozenset(activation["t2_parts"]),
        table["encryption"],
        table["perhaps_encrypted"],
    )


def read_locks(
    host: Host,
    tables: Tables | Unknown,
    system: System,
    cpu: Cpu,
    devices: tuple[Device, ...],
    disks: tuple[Disk, ...] | Unknown,
) -> tuple[Lock, ...]:
    """Every lock that may be on this computer, in the order of `recond.locks.KINDS`."""
    if isinstance(system.form, Known) and system.form.value is Form.VIRTUAL:
        return tuple(_encryption(host))  # it has no firmware of an organisation's
    files = host.files
    maker = maker_name(system.maker.value) if isinstance(system.maker, Known) else ""
    listed = () if isinstance(disks, Unknown) else disks
    apple = maker == "Apple" or _has_apples_chip(files)
    chromebook = maker == "Google" or bool(files.list(VPD))
    found = [
        Lock("start-password", _password(files, tables, "start-password")),
        Lock("setup-password", _password(files, tables, "setup-password")),
        *_disk_passwords(files, listed),
        *read_opal_locks(host, listed),
        *([] if apple or chromebook else [Lock("absolute", _absolute(files))]),
        *_firmware_program(files),
        *([] if apple or chromebook else _autopilot(system)),
        *_amt(files, tables, cpu),
        *_activation(files, system, devices, apple=apple),
        *([Lock("enrolment", _enrolment(files))] if chromebook else []),
        *_encryption(host),
    ]
    return tuple(found)


# --- Passwords -------------------------------------------------------------------------------


def _password(files: Files, tables: Tables | Unknown, kind: str) -> Reading[bool]:
    """By the firmware's own driver and by its tables; where these differ, neither is believed."""
    by_driver = _driver_password(files, kind)
    by_tables = _tables_password(tables, kind)
    if isinstance(by_driver, Unknown) or isinstance(by_tables, Unknown):
        return by_driver if isinstance(by_driver, Known) else by_tables
    if by_driver.value != by_tables.value:
        return Unknown(Why.CONFLICT, f"{by_driver.source}, {by_tables.source}")
    return by_driver


def _driver_password(files: Files, kind: str) -> Reading[bool]:
    told: Reading[bool] = Unknown(
        Why.ABSENT if files.looked(ATTRIBUTES) else Why.NOT_READ, ATTRIBUTES
    )
    for driver in files.list(ATTRIBUTES):
        for one in files.list(f"{ATTRIBUTES}/{driver}/authentication"):
            place = f"{ATTRIBUTES}/{driver}/authentication/{one}"
            role, flag = (files.read_text(f"{place}/{name}") for name in ("role", "is_enabled"))
            if not isinstance(role, str) or _words().roles.get(role) != kind:
                continue
            if flag in ("0", "1") and not (isinstance(told, Known) and told.value):
                told = Known(flag == "1", f"{place}/is_enabled")
    return told


def _tables_password(tables: Tables | Unknown, kind: str) -> Reading[bool]:
    if isinstance(tables, Unknown):
        return tables
    power_on, administrator = tables.passwords
    word = power_on if kind == "start-password" else administrator
    if word is None:
        return Unknown(Why.ABSENT, f"{tables.source}:24")
    return Known(word == "enabled", f"{tables.source}:24")


def _disk_passwords(files: Files, disks: tuple[Disk, ...]) -> list[Lock]:
    """ATA security of each disk that speaks ATA; the firmware's word where it has one set."""
    found = []
    for disk in disks:
        if not isinstance(disk.bus, Known) or disk.bus.value not in ("sata", "ide"):
            continue
        path = f"/sys/block/{disk.path.removeprefix('/dev/').replace('/', '!')}"
        identity = parse_identify(read_identify(files, path))
        state: Reading[bool] = Unknown(Why.ABSENT, f"{path}/device/vpd_pg89")
        if identity is not None:
            state = Known(identity.security.enabled, f"{path}/device/vpd_pg89")
        found.append(Lock("disk-password", state, disk.path))
    by_driver = _driver_password(files, "disk-password")
    if isinstance(by_driver, Known) and by_driver.value:
        found.append(Lock("disk-password", by_driver))
    return found


# --- Tracking and management -----------------------------------------------------------------


def _absolute(files: Files) -> Reading[bool]:
    """Activated or off by a setting; a module that is only enabled, or no setting: not told."""
    words = _words()
    told: list[Reading[bool]] = []
    for driver in files.list(ATTRIBUTES):
        for name in files.list(f"{ATTRIBUTES}/{driver}/attributes"):
            if words.settings.fullmatch(name):
                path = f"{ATTRIBUTES}/{driver}/attributes/{name}/current_value"
                told.append(_absolute_setting(files, path))
    # one setting that says "activated" counts, then one that leaves it open, then "off"
    order = sorted(told, key=lambda one: 1 if isinstance(one, Unknown) else 2 - 2 * one.value)
    return order[0] if order else Unknown(Why.UNSUPPORTED, "firmware")


def _absolute_setting(files: Files, path: str) -> Reading[bool]:
    words, raw = _words(), files.read_text(path)
    if isinstance(raw, Unknown):
        return raw
    value = raw.partition(";")[0].strip().lower()
    if value in words.activated or value in words.off:
        return Known(value in words.activated, path)
    return Unknown(Why.UNSUPPORTED if value in words.possible else Why.UNPARSABLE, path)


def _firmware_program(files: Files) -> list[Lock]:
    """Whether the firmware hands Windows a program to start (WPBT): one of its maker's, or the
    agent of a tracking service. Whose it is stands outside the table; nothing without ACPI.
    """
    path = f"{ACPI}/WPBT"
    header = files.read(path, _SIGNATURE)
    if isinstance(header, bytes):
        whole = header == b"WPBT"
        found: Reading[bool] = Known(True, path) if whole else Unknown(Why.UNPARSABLE, path)
        return [Lock("firmware-program", found)]
    fixed = files.read(f"{ACPI}/FACP", _SIGNATURE)  # every computer with ACPI has this one
    if isinstance(fixed, Unknown) and fixed.why is Why.ABSENT:
        return []
    return [Lock("firmware-program", Known(False, path) if header.why is Why.ABSENT else header)]


def _autopilot(system: System) -> list[Lock]:
    """A list of Microsoft's that nothing on the computer tells: always a question, since 2015."""
    made = system.bios_date
    if isinstance(made, Known) and made.value < _AUTOPILOT_SINCE:
        return []
    return [Lock("autopilot", Unknown(Why.UNSUPPORTED, "offline"))]


def _amt(files: Files, tables: Tables | Unknown, cpu: Cpu) -> list[Lock]:
    """Not there, or switched off; that it is on says nothing of who has set it up."""
    if isinstance(tables, Tables) and tables.amt is not None:
        source = f"{tables.source}:130"
        on = all(tables.amt)
        return [Lock("amt", Unknown(Why.UNSUPPORTED, source) if on else Known(False, source))]
    clients = files.list(MEI)
    client = next((name for name in clients if _AMTHI in name.lower()), None)
    if client is not None:
        return [Lock("amt", Unknown(Why.UNSUPPORTED, f"{MEI}/{client}"))]
    if clients:
        return [Lock("amt", Known(False, MEI))]
    if isinstance(cpu.maker, Known) and cpu.maker.value != "GenuineIntel":
        return []
    return [Lock("amt", Unknown(Why.ABSENT if files.looked(MEI) else Why.NOT_READ, MEI))]


def _has_apples_chip(files: Files) -> bool:
    raw = files.read(_APPLE_CHIP, _MOST)
    return isinstance(raw, bytes) and b"apple,arm-platform" in raw


def _activation(
    files: Files, system: System, devices: tuple[Device, ...], *, apple: bool
) -> list[Lock]:
    """Only Apple's servers know; older computers of Apple's cannot be locked so."""
    if not apple:
        return []
    words = _words()
    model = system.model.value if isinstance(system.model, Known) else ""
    part = next((one.ids for one in devices if one.ids in words.t2_parts), None)
    if part or words.models.fullmatch(model) or _has_apples_chip(files):
        return [Lock("activation", Unknown(Why.UNSUPPORTED, part or model or _APPLE_CHIP))]
    if model and isinstance(system.model, Known):
        return [Lock("activation", Known(False, system.model.source))]
    return [Lock("activation", Unknown(Why.ABSENT, "model"))]


def _enrolment(files: Files) -> Reading[bool]:
    """A Chromebook that asks for its organisation after every reset."""
    path = f"{VPD}/rw/check_enrollment"
    told = files.read_text(path)
    if isinstance(told, Unknown):
        return told
    if told not in ("0", "1"):
        return Unknown(Why.UNPARSABLE, path)
    return Known(told == "1", path)


# --- Encryption ------------------------------------------------------------------------------


def _encryption(host: Host) -> list[Lock]:
    """Disks and parts that are encrypted, by the name of what they hold; content is not read."""
    nodes = read_block_nodes(host)
    if isinstance(nodes, Unknown):
        return []
    found: dict[str, Lock] = {}
    for node in (one for top in nodes for one in top.walk()):
        name = _words().encryption.get(node.fstype or "")
        perhaps = _words().perhaps.get(node.fstype or "") or _words().perhaps.get(
            node.part_type or ""
        )
        if name is not None and _is_of_a_disk(node):
            found[node.path] = Lock("encryption", Known(True, node.source), node.path, name)
        elif perhaps is not None and _is_of_a_disk(node):
            untold = Unknown(Why.UNSUPPORTED, node.source)
            found[node.path] = Lock("encryption", untold, node.path, perhaps)
    return [found[path] for path in sorted(found)]


def _is_of_a_disk(node: BlockNode) -> bool:
    return node.kind in ("disk", "part")


def read_opal_locks(host: Host, disks: tuple[Disk, ...]) -> list[Lock]:
    """A lock for each disk that may have one; found, not found, or not to be told."""
    asked = [
        (disk.path, disk.bus.value)
        for disk in disks
        if isinstance(disk.bus, Known) and disk.bus.value in OPAL_BUSES
    ]
    if not asked:
        return []
    from recond.inspect.opal import read_opal_lock  # late: it loads a drive's commands

    return [Lock("opal", read_opal_lock(host, path, bus), path) for path, bus in asked]
