"""Disks of a capture that holds `smartctl` documents only.

Why: what a bench kept of a machine is often no more than `smartctl -j` of each disk; it names the
disk, its size and its serial. Asked last, and of captures only: on a live machine the kernel knows
its disks. Pure, apart from reading.
"""

from __future__ import annotations

import json
import re

from recond.host.files import Files
from recond.inspect.lsblk import BlockNode
from recond.inspect.smart_fields import Document

_FOLDER = "/smartctl"
_TRANSPORTS = {"ATA": "sata", "NVMe": "nvme", "SCSI": "sas"}


def read_smart_nodes(files: Files) -> tuple[BlockNode, ...]:
    """One node for each device that a document speaks of, by name."""
    found: dict[str, BlockNode] = {}
    for entry in files.list(_FOLDER):
        raw = files.read(f"{_FOLDER}/{entry}")
        node = parse_smart_node(raw) if isinstance(raw, bytes) else None
        if node is not None:
            found.setdefault(node.name, node)
    return tuple(found[name] for name in sorted(found))


def parse_smart_node(raw: bytes) -> BlockNode | None:
    """The disk of one `smartctl -j` document; None where it names none."""
    try:
        loaded = json.loads(raw.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    document = Document(loaded if isinstance(loaded, dict) else {})
    device = re.fullmatch(r"/dev/([a-z]+[a-z0-9]*)", document.text("device", "name") or "")
    size = document.count("user_capacity", "bytes") or document.count("nvme_total_capacity")
    if device is None or not size:
        return None
    # smartctl speaks to an NVMe controller; its first namespace is the disk
    name = re.sub(r"^(nvme\d+)$", r"\1n1", device[1])
    rate = document.count("rotation_rate")
    block = document.count("logical_block_size")
    return BlockNode(
        name=name,
        kind="disk",
        size_bytes=size,
        logical_block_bytes=block,
        physical_block_bytes=document.count("physical_block_size") or block,
        rotational=None if rate is None else rate > 0,
        vendor=document.text("scsi_vendor"),
        model=document.text("model_name") or document.text("scsi_product"),
        revision=document.text("firmware_version") or document.text("scsi_revision"),
        serial=document.text("serial_number"),
        wwn=_wwn(document),
        transport=_TRANSPORTS.get(document.text("device", "protocol") or ""),
        source="smartctl",
    )


def _wwn(document: Document) -> str | None:
    parts = [document.count("wwn", key) for key in ("naa", "oui", "id")]
    if None in parts:
        return None
    naa, oui, number = (part or 0 for part in parts)
    return f"0x{naa:x}{oui:06x}{number:09x}"
