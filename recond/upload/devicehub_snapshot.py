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
from recond.ereuse import NOT_THERE, ereuse24, first_card, has_port, names, type_word
from recond.errors import RecordInvalid
from recond.model import (
    Battery,
    Cpu,
    Device,
    Disk,
    Display,
    Health,
    HealthVerdict,
    Machine,
    Medium,
    MemoryModule,
    NetworkCard,
)
from recond.upload.facts import (
    disk_maker,
    erasures_of,
    filled,
    known,
    memory_bytes,
    own_disks,
    stable_uuid,
)

Block = dict[str, str]
SOFTWARE = "workbench-script"
GB, GIB = 1_000_000_000, 1 << 30
PCI_MAKERS = {
    "1002": "AMD",
    "102b": "Matrox",
    "10de": "NVIDIA",
    "1234": "QEMU",
    "13f6": "C-Media",
    "1414": "Microsoft",
    "15ad": "VMware",
    "1a03": "ASPEED",
    "1af4": "Red Hat",
    "1b36": "Red Hat",
    "8086": "Intel",
}


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


def device_id(machine: Machine) -> str:
    """How devicehub will call the computer of this snapshot (its `ereuse24`), with the prefix that
    its addresses take.
    """
    maker, product, serial, _ = names(machine.system, battery=bool(machine.batteries))
    kind = type_word(machine.system.form)
    return f"ereuse24:{ereuse24(maker, product, kind, serial, _mac(machine))}"


def _mac(machine: Machine) -> str:
    card = first_card(machine.networks)
    return (known(card.mac) if card else None) or ""


def _block(**values: object) -> Block:
    return {key.replace("_", "-"): str(value) for key, value in filled(**values).items()}


def _inxi(machine: Machine) -> list[dict[str, list[Block]]]:
    sections: dict[str, list[Block]] = {
        "Machine": _machine(machine),
        "CPU": _cpu(machine.cpu),
        "Memory": _memory(machine),
        "Graphics": [
            *(_graphics(one) for one in machine.devices if one.role == "graphics"),
            *(_screen(one) for one in machine.displays if known(one.internal)),
        ],
        "Audio": [
            _block(Device=known(one.name) or one.ids, vendor=_maker_of(one))
            for one in machine.devices
            if one.role == "audio"
        ],
        "Network": [block for one in machine.networks for block in _network(one)],
        "Drives": [block for one in own_disks(machine) for block in _drive(one)],
        "Battery": [_battery(one) for one in machine.batteries],
    }
    return [{name: blocks} for name, blocks in sections.items()]


def _machine(machine: Machine) -> list[Block]:
    system = machine.system
    maker, product, serial, of_the_system = names(system, battery=bool(machine.batteries))
    board = _block(
        Mobo=known(system.board_maker) or NOT_THERE,
        model=known(system.board_model) or NOT_THERE,
        serial=known(system.board_serial) or NOT_THERE,
        uuid=known(system.uuid),
        part_nu=known(system.sku),
        date=known(system.bios_date) or NOT_THERE,
    )
    kind = {"Type": type_word(system.form)}
    if not of_the_system:  # inxi shows no system then, and the board's names count
        return [{**kind, **board, "Mobo": maker, "model": product, "serial": serial}]
    named = _block(System=maker, product=product, v=known(system.version) or NOT_THERE)
    return [{**kind, **named, "serial": serial}, board]


def _cpu(cpu: Cpu) -> list[Block]:
    family = known(cpu.family)
    return [
        _block(
            model=known(cpu.name),
            bits=known(cpu.bits),
            family=str(family) if family is not None else None,
        ),
        # without a cache in it the line is not read, and cores and threads are lost
        _block(
            L1=NOT_THERE,
            cpus=known(cpu.sockets),
            cores=known(cpu.cores),
            threads=known(cpu.threads),
        ),
    ]


def _memory(machine: Machine) -> list[Block]:
    memory = machine.memory
    modules = known(memory.modules) or ()
    return [
        _block(total=_size(memory_bytes(machine), GIB, "GiB")),
        _block(
            Array="",
            capacity=_size(known(memory.maximum_bytes), GIB, "GiB"),
            slots=known(memory.slots_total),
            modules=len(modules) or None,
        ),
        *(_module(one) for one in modules),
    ]


def _maker_of(device: Device) -> str:
    return PCI_MAKERS.get(device.ids.partition(":")[0], "") or device.ids.partition(":")[0]


def _graphics(device: Device) -> Block:
    return _block(Device=known(device.name) or device.ids, vendor=_maker_of(device))


def _screen(one: Display) -> Block:
    width, height = known(one.width_px), known(one.height_px)
    tenths = known(one.diagonal_tenths_in)
    return _block(
        Monitor=one.connector,
        model=known(one.name),
        vendor=known(one.maker),
        serial=known(one.serial),
        built=known(one.year),
        res=f"{width}x{height}" if width and height else None,
        diag=f'{tenths * 254 // 100}mm ({tenths // 10}.{tenths % 10}")' if tenths else None,
    )


def _battery(one: Battery) -> Block:
    full, design = known(one.full_capacity), known(one.design_capacity)
    unit = {"mWh": "Wh", "mAh": "Ah"}.get(known(one.unit) or "")
    left = None
    if full and design and unit:
        share = full * 1000 // design
        left = f"{_tenths(full)}/{_tenths(design)} {unit} ({share // 10}.{share % 10}%)"
    return _block(
        ID=one.name,
        condition=left,
        model=known(one.model),
        serial=known(one.serial),
        cycles=known(one.cycles),
    )


def _tenths(thousandths: int) -> str:
    return f"{thousandths // 1000}.{thousandths % 1000 // 100}"


def _network(one: NetworkCard) -> tuple[Block, Block]:
    speed = known(one.speed_mbps)
    return (
        _block(
            Device=known(one.description) or one.name,
            **({"type": "USB"} if known(one.bus) == "usb" else {}),
            **({"port": NOT_THERE} if has_port(one) else {}),
        ),
        _block(IF=one.name, mac=known(one.mac), speed=f"{speed} Mbps" if speed else None),
    )


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
    health = disk.health if isinstance(disk.health, Health) else None
    hours = known(health.power_on_hours) if health else None
    written = known(health.written_bytes) if health else None
    verdict = known(health.verdict) if health else None
    said = "FAILED" if verdict is HealthVerdict.FAILING else "PASSED"
    tech = {Medium.HDD: "HDD", Medium.SSD: "SSD"}.get(disk.medium)
    return [
        _block(
            ID=disk.path,
            vendor=disk_maker(disk),
            model=known(disk.model),
            serial=serial,
            size=_size(known(disk.size_bytes), GB, "GB"),
            tech=tech,
            rpm=known(disk.rpm),
            fw_rev=known(disk.firmware),
        ),
        # "unknown" where the disk does not count its starts: the line itself must be there
        _block(
            cycles="unknown",
            health=said if verdict else None,
            on=f"{hours // 24}d {hours % 24}h" if hours is not None else None,
            written_units=_size(written, GB, "GB"),
        ),
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
                # shown there as the version; without it the server makes up a "1"
                "BIOS Revision": known(system.bios_version),
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
            {"Type": type_word(system.form), "Serial Number": known(system.chassis_serial)},
        ),
    )
    lines = ["# dmidecode 3.4", "Getting SMBIOS data from sysfs.", ""]
    for number, title, values in tables:
        lines += [f"Handle 0x{number:04X}, DMI type {number}, 24 bytes", title]
        lines += [f"\t{key}: {value or 'Not Specified'}" for key, value in values.items()]
        lines.append("")
    return "\n".join(lines)
