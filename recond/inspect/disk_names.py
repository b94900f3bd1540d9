"""What each disk is called, for the inventory: everything that can be asked without writing.

Why: `recond.host.identity` decides, for the eraser too; here is gathered what only the inventory
has: lsblk's strings (udev's database, and all that a capture may hold) and, of a computer that is
not here, the drive's own words as `smartctl -j` kept them. Opens devices for reading only.
"""

from __future__ import annotations

from dataclasses import replace

from recond.host import Host
from recond.host.diskid import ask_device, asked_of_sysfs
from recond.host.identity.medium import Evidence
from recond.host.identity.names import Asked, DiskStrings, DriveWords, name_disk
from recond.inspect.census_sighting import has_devices
from recond.inspect.lsblk import BlockNode
from recond.inspect.smart import smart_argv
from recond.inspect.smart_fields import Document, document_wwn


def read_names(host: Host, node: BlockNode) -> DiskStrings:
    """The names of one disk."""
    asked = _with_lsblk(asked_of_sysfs(host.files, node.name), node)
    words = _asked_now(host, node) or asked.drive or _kept_words(host, node)
    return name_disk(replace(asked, drive=words))


def _asked_now(host: Host, node: BlockNode) -> DriveWords | None:
    if not has_devices(host):
        return None
    return ask_device(node.path, host.files)


def _kept_words(host: Host, node: BlockNode) -> DriveWords | None:
    """The drive's own words in a capture's smartctl document."""
    if host.origin == "live":
        return None
    argv = (
        smart_argv(node.smart_path, node.smart_type) if node.smart_path else smart_argv(node.path)
    )
    done = host.processes.run(argv)
    return parse_words(done.stdout) if done.returncode == 0 else None


def parse_words(raw: bytes) -> DriveWords | None:
    """What a `smartctl -j` document says of the drive, by its own command set; None without."""
    document = Document.of(raw)
    if document is None:
        return None
    rate = document.count("rotation_rate")
    protocol = document.text("device", "protocol")
    if protocol == "SCSI" and rate is not None:
        # a box answers SCSI for its drive: names may be the box's, a rate is nobody else's
        return DriveWords("smartctl", None, None, None, None, None, 1 if rate == 0 else rate)
    if protocol not in ("ATA", "NVMe"):
        return None
    return DriveWords(
        "smartctl",
        document.text("serial_number"),
        document.text("model_name"),
        document.text("firmware_version"),
        document_wwn(document),
        document.count("user_capacity", "bytes") or document.count("nvme_total_capacity"),
        1 if rate == 0 else rate,
    )


def _with_lsblk(asked: Asked, node: BlockNode) -> Asked:
    source = node.source
    return replace(
        asked,
        evidence=_evidence(asked.evidence, node),
        serials=(*asked.serials, (node.serial, source)),
        wwns=((node.wwn, source), *asked.wwns),
        vendors=((node.vendor, source), *asked.vendors),
        models=((node.model, source), *asked.models),
        firmwares=(*asked.firmwares, (node.revision, source)),
        size_bytes=asked.size_bytes or node.size_bytes,
    )


def _evidence(found: Evidence, node: BlockNode) -> Evidence:
    return replace(
        found,
        transport=found.transport or node.transport or "",
        subsystems=node.subsystems or found.subsystems,
        vendor=found.vendor or node.vendor or "",
        model=found.model or node.model or "",
        rotational=found.rotational if node.rotational is None else node.rotational,
        removable=found.removable if node.removable is None else node.removable,
    )
