"""A record as GLPI's native inventory. Pure: the same record gives the same JSON.

Source: inventory.schema.json of glpi-project/inventory_format 1.2.3 (draft-07). The root takes no
other key, so what GLPI does not know (record, digest, erasures) stands in `content.recond`. No
operating system is claimed: the disk is erased, and the live system is the bench's. Sizes are MB as
the schema says: 10^6 bytes for disks, 2^20 for memory.
"""

from __future__ import annotations

import re

from recond.computer import is_computer_erased
from recond.erasure import WipeRecord
from recond.model import Battery, Cpu, Form, Machine, System
from recond.naming import (
    computer_maker,
    model_name,
    part_name,
    processor_maker,
    screen_name,
)
from recond.upload.facts import (
    disk_maker,
    erasures_of,
    evidence_of,
    filled,
    known,
    machine_seed,
    memory_bytes,
    name_of,
    own_disks,
)

MIB = 1 << 20
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_CHASSIS = {
    Form.NOTEBOOK: "Notebook",
    Form.DESKTOP: "Desktop",
    Form.ALL_IN_ONE: "All in One",
    Form.MINI_PC: "Mini PC",
    Form.TABLET: "Tablet",
    Form.CONVERTIBLE: "Convertible",
    Form.SERVER: "Server",
    Form.STICK: "Stick PC",
    Form.VIRTUAL: "Other",
    Form.OTHER: "Other",
}
_X86 = frozenset({"GenuineIntel", "AuthenticAMD", "CentaurHauls", "HygonGenuine"})
_NETWORKS = frozenset({"ethernet", "wifi"})


def device_id(record: WipeRecord) -> str:
    """How GLPI knows the machine from one inventory to the next."""
    return f"recond-{machine_seed(record)}"


def inventory(record: WipeRecord, machine: Machine, digest: str) -> dict[str, object]:
    """The inventory message of a machine and its erasures."""
    version = version_of(record)
    content = filled(
        versionclient=f"recond_v{version}",
        versionprovider={"name": "recond", "program": "recond", "version": version},
        hardware=filled(
            name=name_of(machine, record.record_id),
            uuid=known(machine.system.uuid),
            chassis_type=_CHASSIS.get(known(machine.system.form) or Form.OTHER),
            memory=_mib(memory_bytes(machine)),
            # GLPI shows it as the computer's comment
            description=_comment(record, digest),
        ),
        bios=_bios(machine, record.property_number),
        cpus=_cpus(machine.cpu),
        memories=_memories(machine),
        storages=_storages(machine),
        batteries=[_battery(one) for one in machine.batteries],
        networks=_networks(machine),
        monitors=_monitors(machine),
        videos=[
            filled(name=part_name(one), pcislot=one.address)
            for one in machine.devices
            if one.role == "graphics"
        ],
        sounds=[
            filled(name=known(one.name) or one.ids)
            for one in machine.devices
            if one.role == "audio"
        ],
        recond=_evidence(record, digest),
    )
    message: dict[str, object] = {
        "action": "inventory",
        "deviceid": device_id(record),
        "itemtype": "Computer",
        "content": content,
    }
    if is_computer_erased(record):
        # `filled` would drop an empty list, and this one says: nothing is installed any more
        content["softwares"] = []
    return message | filled(tag=record.lot)


def version_of(record: WipeRecord) -> str:
    """The version of the recond that made the record."""
    return dict(record.software).get("recond", "")


def _comment(record: WipeRecord, digest: str) -> str:
    return "; ".join(f"{name}: {one}" for name, one in evidence_of(record, digest).items())


def _mib(size_bytes: int | None) -> int | None:
    return size_bytes // MIB if size_bytes else None


def _bios(machine: Machine, asset: str | None) -> dict[str, object]:
    system: System = machine.system
    date = known(system.bios_date)
    secure, capable = (
        known(machine.firmware.secure_boot),
        known(machine.firmware.secure_boot_capable),
    )
    state = (
        "enabled"
        if secure
        else "unsupported"
        if capable is False
        else ("disabled" if secure is False else None)
    )
    return filled(
        bmanufacturer=known(system.bios_vendor),
        bversion=known(system.bios_version),
        bdate=date if date and _DAY.fullmatch(date) else None,
        smanufacturer=computer_maker(system),
        smodel=model_name(system),
        ssn=known(system.serial),
        skunumber=known(system.sku),
        mmanufacturer=known(system.board_maker),
        mmodel=known(system.board_model),
        msn=known(system.board_serial),
        # what the workshop wrote on it comes before what the maker left in it
        assettag=asset or known(system.asset_tag),
        enclosureserial=known(system.chassis_serial),
        secure_boot=state,
    )


def _cpus(cpu: Cpu) -> list[dict[str, object]]:
    maker, bits = known(cpu.maker), known(cpu.bits)
    sockets, cores, threads = known(cpu.sockets) or 1, known(cpu.cores), known(cpu.threads)
    family = known(cpu.family)
    one = filled(
        name=known(cpu.name),
        manufacturer=processor_maker(cpu),
        speed=known(cpu.max_mhz),
        core=cores // sockets if cores else None,
        thread=threads // cores if threads and cores else None,
        familynumber=str(family) if family is not None else None,
        model=str(known(cpu.model)) if known(cpu.model) is not None else None,
        stepping=known(cpu.stepping),
        arch={64: "x86_64", 32: "i686"}.get(bits or 0) if maker in _X86 else None,
    )
    return [dict(one) for _ in range(sockets)] if one else []


def _memories(machine: Machine) -> list[dict[str, object]]:
    modules = known(machine.memory.modules) or ()
    return [
        filled(
            numslots=number,
            caption=known(one.slot),
            capacity=_mib(known(one.size_bytes)),
            type=known(one.kind),
            formfactor=known(one.form),
            manufacturer=known(one.maker),
            model=known(one.part),
            serialnumber=known(one.serial),
            speed=f"{known(one.speed_mts)} MT/s" if known(one.speed_mts) else None,
        )
        for number, one in enumerate(modules, start=1)
    ]


def _storages(machine: Machine) -> list[dict[str, object]]:
    return [
        filled(
            name=one.path.rpartition("/")[2],
            type="disk",
            interface=(known(one.bus) or "").upper(),
            manufacturer=disk_maker(one),
            model=known(one.model),
            serial=known(one.serial),
            firmware=known(one.firmware),
            wwn=known(one.wwn),
            disksize=(known(one.size_bytes) or 0) // 1_000_000 or None,
        )
        for one in own_disks(machine)
    ]


def _battery(one: Battery) -> dict[str, object]:
    in_mwh = known(one.unit) == "mWh"  # a charge in mAh is no energy without the voltage
    return filled(
        name=known(one.model) or one.name,
        manufacturer=known(one.maker),
        serial=known(one.serial),
        chemistry=known(one.technology),
        capacity=known(one.design_capacity) if in_mwh else None,
        real_capacity=known(one.full_capacity) if in_mwh else None,
    )


def _networks(machine: Machine) -> list[dict[str, object]]:
    return [
        filled(
            description=one.name,
            mac=known(one.mac),
            model=known(one.description),
            type=known(one.kind) if known(one.kind) in _NETWORKS else None,
            speed=str(known(one.speed_mbps)) if known(one.speed_mbps) else None,
        )
        for one in machine.networks
    ]


def _monitors(machine: Machine) -> list[dict[str, object]]:
    # an outside screen is the bench's
    return [
        filled(
            caption=screen_name(one),
            manufacturer=known(one.maker),
            serial=known(one.serial),
            port=one.connector,
        )
        for one in machine.displays
        if known(one.internal)
    ]


def _evidence(record: WipeRecord, digest: str) -> dict[str, object]:
    return {
        "record_id": record.record_id,
        "sha256": digest,
        "issued_at": record.issued_at,
        "erasures": [
            filled(
                serial=one.disk.serial,
                wwn=one.disk.wwn,
                model=one.disk.model,
                status=str(one.result.status),
                verdict=str(one.result.verdict),
                level=str(one.result.level_achieved),
            )
            for one in erasures_of(record)
        ],
        "assessments": [
            filled(
                profile=one.profile,
                version=one.profile_version,
                verdict=str(one.verdict),
                category=one.category,
            )
            for one in record.assessments
        ],
    }
