"""What a drive can do for its erasure, by its own answers. Reads only.

Why: a plan is made from the drive's capabilities, not from its model name, and an answer that came
by a doubtful way is worth nothing: IDENTIFY is asked twice, its checksum, serial and size must be
those that the kernel knows. What cannot be asked is left out with the reason (`problems`).
"""

from __future__ import annotations

from dataclasses import replace

from recond.drive import requests as rq
from recond.drive.answers import (
    believed_list,
    nvme_good,
    parse_ata_sanitize,
    parse_block_characteristics,
    parse_dco_sectors,
    parse_ext_csd,
    parse_inquiry,
    parse_nvme_controller,
    parse_nvme_namespace,
    parse_sanitize_log,
    parse_supported,
    parse_vpd_serial,
)
from recond.drive.identify import AtaIdentity, parse_identify
from recond.drive.sense import FIXED, AtaRegisters, ata_accepted, parse_registers, scsi_good
from recond.drive.types import (
    AtaCapabilities,
    Capabilities,
    CdbRequest,
    HiddenArea,
    NvmeCapabilities,
    NvmeController,
    ScsiCapabilities,
)
from recond.host.transport import AtaTransport, FirmwareDevice, NvmeTransport, ScsiTransport
from recond.model import Known, Medium, Message, Reading, Unknown, Why


def read_capabilities(device: FirmwareDevice) -> Capabilities:
    """Ask a disk by the command sets that its bus speaks. Never raises for what a drive answers."""
    if device.nvme is not None:
        return Capabilities(device.medium, device.bus, nvme=_read_nvme(device, device.nvme))
    if device.mmc is not None and device.medium is Medium.EMMC:
        card = parse_ext_csd(device.mmc.execute(rq.mmc_ext_csd()).data)
        return Capabilities(device.medium, device.bus, mmc=card)
    if device.ata is None or device.scsi is None:
        return Capabilities(device.medium, device.bus)
    inquiry = device.scsi.execute(rq.scsi_inquiry())
    names = parse_inquiry(inquiry.data) if scsi_good(inquiry.packed_status, inquiry.errno) else None
    if device.bus in ("sata", "usb") or (names is not None and names[0] == "ATA"):
        ata = read_ata(device, device.ata)
        silent = ata is None and device.bus != "usb"  # a stick has nothing to say, and is no fault
        problems = (Message.of("drive.note.no_identify", path=device.path),) if silent else ()
        return Capabilities(device.medium, device.bus, ata=ata, problems=problems)
    scsi = _read_scsi(device.scsi, names) if names else None
    return Capabilities(device.medium, device.bus, scsi=scsi)


# --- ATA -------------------------------------------------------------------------------------


def read_ata(device: FirmwareDevice, transport: AtaTransport) -> AtaCapabilities | None:
    """IDENTIFY twice, what is hidden, how SANITIZE stands; None where no ATA drive answers."""
    first = transport.execute(rq.ata_identify()).data
    identity = parse_identify(first)
    if identity is None:
        return None
    again = parse_identify(transport.execute(rq.ata_identify()).data)
    distrust = _distrust(device, identity, again)
    visible = identity.sectors
    hidden = HiddenArea(visible, Unknown(Why.NOT_READ), Unknown(Why.NOT_READ))
    status = None
    if distrust is None and device.bus != "usb":
        hidden = HiddenArea(visible, _native(device, identity), _real(transport, identity))
    if distrust is None and identity.sanitize:
        status = parse_ata_sanitize(_registers(device, rq.ata_sanitize_status()))
    return AtaCapabilities(identity, hidden, status, distrust)


def _distrust(
    device: FirmwareDevice, identity: AtaIdentity, again: AtaIdentity | None
) -> Message | None:
    """Why the way to this drive is not to be relied on; None where it is."""
    if again != identity or identity.checksum is False:
        return Message.of("drive.distrust.answers", path=device.path)
    if not identity.serial or identity.serial != device.serial:
        return Message.of(
            "drive.distrust.serial",
            path=device.path,
            kernel=device.serial or "–",
            drive=identity.serial or "–",
        )
    if identity.sectors * identity.logical_block_bytes != device.size_bytes:
        return Message.of("drive.distrust.size", path=device.path)
    return None


def _registers(device: FirmwareDevice, request: CdbRequest) -> AtaRegisters | None:
    """A command's registers; None where it failed or they did not come back whole.

    Fixed sense has no room for them: the kernel's (or the adapter's) translation is asked for
    descriptors, which changes nothing in the drive.
    """
    if device.ata is None or device.scsi is None:
        return None
    answer = device.ata.execute(request)
    found = parse_registers(answer.sense)
    if answer.sense[:1] in FIXED and not (found and found.whole):
        page = device.scsi.execute(rq.scsi_control_page())
        if scsi_good(page.packed_status, page.errno) and len(page.data) >= 16:
            device.scsi.execute(rq.scsi_ask_descriptors(page.data))
            answer = device.ata.execute(request)
            found = parse_registers(answer.sense)
    good = ata_accepted(answer.packed_status, answer.sense, answer.errno)
    return found if good and found is not None and found.whole else None


def _native(device: FirmwareDevice, identity: AtaIdentity) -> Reading[int]:
    """How many sectors the drive has without HPA or AMAC: the native greatest address plus one."""
    if identity.amac:
        request = rq.ata_amac_native()
    elif identity.hpa:
        request = rq.ata_read_native_max(extended=True)
    else:
        return Unknown(Why.UNSUPPORTED, "HPA, AMAC")
    registers = _registers(device, request)
    if registers is None:
        return Unknown(Why.UNREADABLE, request.name)
    if registers.lba + 1 < identity.sectors:
        return Unknown(Why.GARBAGE, request.name)
    return Known(registers.lba + 1, request.name)


def _real(transport: AtaTransport, identity: AtaIdentity) -> Reading[int]:
    """How many sectors the drive was made with, by DCO."""
    if not identity.dco:
        return Unknown(Why.UNSUPPORTED, "DCO")
    request = rq.ata_dco_identify()
    sectors = parse_dco_sectors(transport.execute(request).data)
    if sectors is None or sectors < identity.sectors:
        return Unknown(Why.GARBAGE, request.name)
    return Known(sectors, request.name)


# --- NVMe ------------------------------------------------------------------------------------


def _read_nvme(device: FirmwareDevice, transport: NvmeTransport) -> NvmeCapabilities | None:
    try:
        nsid = transport.namespace()
    except OSError:
        return None
    controller = parse_nvme_controller(transport.execute(rq.nvme_identify(1)).data)
    namespace = parse_nvme_namespace(transport.execute(rq.nvme_identify(0, nsid)).data)
    if controller is None or namespace is None or controller.serial != device.serial:
        return None
    namespaces = _namespaces(transport, controller, nsid)
    answer = transport.execute(rq.nvme_sanitize_log())
    good = nvme_good(answer.status, answer.errno)
    return NvmeCapabilities(
        controller,
        namespace,
        nsid,
        namespaces,
        parse_sanitize_log(answer.data) if good else None,
    )


def _namespaces(
    transport: NvmeTransport, controller: NvmeController, nsid: int
) -> tuple[int, ...] | None:
    """Every namespace that a list names; None where one is not answered and no other is seen."""
    lists = [
        believed_list(transport.execute(rq.nvme_identify(cns)), nsid) for cns in controller.lists
    ]
    found = frozenset[int]().union(*(one for one in lists if one is not None))
    return None if None in lists and not found - {nsid} else tuple(sorted(found))


# --- SCSI ------------------------------------------------------------------------------------


def _read_scsi(transport: ScsiTransport, names: tuple[str, str]) -> ScsiCapabilities:
    told: list[bool | None] = []

    def asks(opcode: int, action: int | None = None) -> bool:
        answer = transport.execute(rq.scsi_supports(opcode, action))
        good = scsi_good(answer.packed_status, answer.errno)
        told.append(parse_supported(answer.data) if good else None)
        return bool(told[-1])

    serial = transport.execute(rq.scsi_inquiry(0x80))
    page = transport.execute(rq.scsi_inquiry(0xB1))
    capacity = transport.execute(rq.scsi_read_capacity()).data
    rotation, after_block, after_crypto = parse_block_characteristics(page.data)
    found = ScsiCapabilities(
        serial=parse_vpd_serial(serial.data),
        vendor=names[0],
        product=names[1],
        block_bytes=int.from_bytes(capacity[8:12], "big"),
        rotation_rpm=rotation,
        overwrite=asks(0x48, 1),
        block=asks(0x48, 2),
        crypto=asks(0x48, 3),
        format_unit=asks(0x04),
        write_after_block=after_block,
        write_after_crypto=after_crypto,
    )
    return replace(found, unreported=not any(one is not None for one in told))
