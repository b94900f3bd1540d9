"""A record as a snapshot of eReuse's devicehub. Pure.

devicehub reads what its own bench script collects: the text of `dmidecode` and the JSON of `inxi`.
Both are written here from the record, with what its readers ask for and no more. Traps of theirs:
any other `software` takes an older reader that merges all machines into one; a snapshot without
`Network` or without a BIOS structure breaks the reading; a disk counts only when a line with
`cycles` follows the line with its serial. Every value is a text. Source: devicehub-django,
evidence/normal_parse*.py.
"""

from __future__ import annotations

import json

from recond.erasure import WipeRecord
from recond.errors import RecordInvalid
from recond.model import Disk, Form, Known, Machine, Medium, MemoryModule, NetworkCard, Reading
from recond.upload.facts import erasures_of, filled, known, memory_bytes, own_disks, stable_uuid

Block = dict[str, str]
SOFTWARE = "workbench-script"
_TYPES = {
    Form.NOTEBOOK: "Laptop",
    Form.CONVERTIBLE: "Convertible",
    Form.TABLET: "Tablet",
    Form.DESKTOP: "Desktop",
    Form.ALL_IN_ONE: "All in One",
    Form.MINI_PC: "Mini PC",
    Form.SERVER: "Server",
    Form.STICK: "Stick PC",
    Form.VIRTUAL: "Virtual Machine",
}
GB, GIB = 1_000_000_000, 1 << 30


def snapshot(record: WipeRecord, digest: str, key: str) -> dict[str, object]:
    """The body of the POST. Raises `RecordInvalid` for a machine that devicehub could not tell from
    another: neither a serial nor a network address is known.
    """
    machine = record.machine
    if machine is None:
        raise RecordInvalid("upload.no_machine")
    if not known(machine.system.serial) and not _mac(machine):
        raise RecordInvalid("upload.devicehub.anonymous")
    return {
        "timestamp": record.issued_at[:19].replace("T", " "),
        "type": "Snapshot",
        "uuid": stable_uuid(key, 4),
        "software": SOFTWARE,
        "version": "0.0.1",
        "operator_id": "",
        "erase": [],
        "data": {
            "smartctl": "[]",
            "dmidecode": _dmidecode(machine),
            "inxi": json.dumps(_inxi(machine)),
            # kept whole by devicehub, read by nobody there: the evidence goes with the machine
            "recond": {
                "record_id": record.record_id,
                "sha256": digest,
                "erasures": [
                    {
                        "serial": one.disk.serial or "",
                        "status": str(one.result.status),
                        "verdict": str(one.result.verdict),
                        "level": str(one.result.level_achieved),
                    }
                    for one in erasures_of(record)
                ],
            },
        },
    }


def _mac(machine: Machine) -> str:
    macs = [known(one.mac) for one in machine.networks if known(one.bus) != "usb"]
    return next((mac for mac in macs if mac), "")


def _block(**values: object) -> Block:
    return {key.replace("_", "-"): str(value) for key, value in filled(**values).items()}


def _inxi(machine: Machine) -> list[dict[str, list[Block]]]:
    system, cpu = machine.system, machine.cpu
    sections: dict[str, list[Block]] = {
        "Machine": [
            _block(
                Type=_type(machine),
                System=known(system.maker) or "unknown",
                product=known(system.model),
                v=known(system.version),
                serial=known(system.serial),
            ),
            _block(
                Mobo=known(system.board_maker),
                model=known(system.board_model),
                serial=known(system.board_serial),
                uuid=known(system.uuid),
                part_nu=known(system.sku),
                date=known(system.bios_date),
            ),
        ],
        "CPU": [
            _block(
                model=known(cpu.name),
                bits=known(cpu.bits),
                cores=known(cpu.cores),
                threads=known(cpu.threads),
            )
        ],
        "Memory": [
            _block(
                total=_size(memory_bytes(machine), GIB, "GiB"),
                slots=known(machine.memory.slots_total),
            ),
            *(_module(one) for one in known(machine.memory.modules) or ()),
        ],
        "Graphics": [
            _block(Device=known(one.name) or one.ids, vendor=one.ids.partition(":")[0])
            for one in machine.devices
            if one.role == "graphics"
        ],
        "Audio": [
            _block(Device=known(one.name) or one.ids)
            for one in machine.devices
            if one.role == "audio"
        ],
        "Network": [block for one in machine.networks for block in _network(one)],
        "Drives": [block for one in own_disks(machine) for block in _drive(one)],
        "Battery": [
            _block(
                ID=one.name,
                model=known(one.model),
                serial=known(one.serial),
                cycles=known(one.cycles),
            )
            for one in machine.batteries
        ],
    }
    return [{name: blocks} for name, blocks in sections.items()]


def _network(one: NetworkCard) -> tuple[Block, Block]:
    return (
        _block(
            Device=known(one.description) or one.name,
            **({"type": "USB"} if known(one.bus) == "usb" else {"port": "N/A"}),
        ),
        _block(IF=one.name, mac=known(one.mac), speed=known(one.speed_mbps)),
    )


def _type(machine: Machine) -> str:
    return _TYPES.get(known(machine.system.form) or Form.OTHER, "Other")


def _size(size_bytes: int | None, unit: int, word: str) -> str | None:
    return f"{round(size_bytes / unit)} {word}" if size_bytes else None


def _module(one: MemoryModule) -> Block:
    return _block(
        Device=known(one.slot) or "DIMM",
        size=_size(known(one.size_bytes), GIB, "GiB"),
        type=known(one.kind),
        speed=known(one.speed_mts),
        manufacturer=known(one.maker),
        part_no=known(one.part),
        serial=known(one.serial),
    )


def _drive(disk: Disk) -> list[Block]:
    serial = known(disk.serial)
    if not serial:
        return []
    health = disk.health
    hours: Reading[int] | None = getattr(health, "power_on_hours", None)
    tech = {Medium.HDD: "HDD", Medium.SSD: "SSD"}.get(disk.medium)
    return [
        _block(
            ID=disk.path,
            vendor=known(disk.vendor),
            model=known(disk.model),
            serial=serial,
            size=_size(known(disk.size_bytes), GB, "GB"),
            tech=tech,
            rpm=known(disk.rpm),
            fw_rev=known(disk.firmware),
        ),
        # "unknown" where the disk does not count its starts: the line itself must be there
        _block(cycles="unknown", on=f"{hours.value}h" if isinstance(hours, Known) else None),
    ]


def _dmidecode(machine: Machine) -> str:
    system = machine.system
    tables = (
        (
            0,
            "BIOS Information",
            {
                "Vendor": known(system.bios_vendor),
                "Version": known(system.bios_version),
                "Release Date": known(system.bios_date),
            },
        ),
        (
            1,
            "System Information",
            {
                "Manufacturer": known(system.maker),
                "Product Name": known(system.model),
                "Version": known(system.version),
                "Serial Number": known(system.serial),
                "UUID": known(system.uuid),
                "SKU Number": known(system.sku),
            },
        ),
        (
            2,
            "Base Board Information",
            {
                "Manufacturer": known(system.board_maker),
                "Product Name": known(system.board_model),
                "Serial Number": known(system.board_serial),
            },
        ),
        (
            3,
            "Chassis Information",
            {"Type": _type(machine), "Serial Number": known(system.chassis_serial)},
        ),
    )
    lines = ["# dmidecode 3.4", "Getting SMBIOS data from sysfs.", ""]
    for number, title, values in tables:
        lines += [f"Handle 0x{number:04X}, DMI type {number}, 24 bytes", title]
        lines += [f"\t{key}: {value or 'Not Specified'}" for key, value in values.items()]
        lines.append("")
    return "\n".join(lines)
