"""Disks of a capture that holds `smartctl` documents only.

Why: what a bench kept of a machine is often no more than `smartctl -j` of each disk; it names the
disk, its size and its serial. Asked last, and of captures only: on a live machine the kernel knows
its disks. Behind a RAID adapter several disks answer under one device name: each is kept. Pure,
apart from reading.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

from recond.host.files import Files
from recond.inspect.lsblk import BlockNode, kernel_name
from recond.inspect.smart_fields import Document, document_wwn

_FOLDER = "/smartctl"
_TRANSPORTS = {"ATA": "sata", "NVMe": "nvme"}
# smartctl's device types for what hangs on a USB bridge (smartctl(8), -d)
_USB_TYPES = ("usb", "snt")


def read_smart_nodes(files: Files) -> tuple[BlockNode, ...]:
    """One node for each disk that a document speaks of, by name; a document twice counts once."""
    found: dict[tuple[str, str, str], BlockNode] = {}
    for entry in files.list(_FOLDER):
        raw = files.read(f"{_FOLDER}/{entry}")
        for node in parse_smart_nodes(raw) if isinstance(raw, bytes) else ():
            # two readings of one disk, one of them by another type, are still one disk
            key = (node.name, node.serial or "", "" if node.serial else node.smart_type or "")
            found.setdefault(key, node)
    names = Counter(node.name for node in found.values())
    nodes = [_apart(node) if names[node.name] > 1 else node for node in found.values()]
    return tuple(sorted(nodes, key=lambda node: node.name))


def _apart(node: BlockNode) -> BlockNode:
    """A disk that shares its device with others, under the name that smartctl reaches it by."""
    kind = (node.smart_type or "").rpartition("+")[2] or node.serial or ""
    return replace(node, name=f"{node.name}:{kind}", smart_path=node.path)


def parse_smart_nodes(raw: bytes) -> tuple[BlockNode, ...]:
    """The disk of one `smartctl -j` document, or each namespace of it; none where it names none."""
    document = Document.of(raw)
    if document is None:
        return ()
    told = document.text("device", "name") or ""
    name = kernel_name(told.removeprefix("/dev/"))
    if not told.startswith("/dev/") or name is None or not _tells_a_disk(document):
        return ()
    node = _node(document, name)
    if re.fullmatch(r"nvme\d+", name) is None:
        return (node,)
    # smartctl speaks to an NVMe controller; its namespaces are the disks
    spaces = document.items("nvme_namespaces")
    if len(spaces) < 2:
        return (_namespace(replace(node, name=f"{name}n1"), spaces[0] if spaces else None),)
    return tuple(
        _namespace(
            replace(
                node,
                name=f"{name}n{space.count('id') or number}",
                size_bytes=space.count("size", "bytes") or space.count("capacity", "bytes"),
            ),
            space,
        )
        for number, space in enumerate(spaces, 1)
    )


def _tells_a_disk(document: Document) -> bool:
    """Whether the device answered: one that could not be opened names no disk."""
    keys = ("serial_number", "model_name", "scsi_product", "scsi_model_name", "product")
    size = document.count("user_capacity", "bytes") or document.count("nvme_total_capacity")
    return bool(size) or any(document.text(key) for key in keys)


def _node(document: Document, name: str) -> BlockNode:
    rate = document.count("rotation_rate")
    block = document.count("logical_block_size")
    size = document.count("user_capacity", "bytes") or document.count("nvme_total_capacity")
    return BlockNode(
        name=name,
        kind="disk",
        size_bytes=size or None,
        logical_block_bytes=block,
        physical_block_bytes=document.count("physical_block_size") or block,
        rotational=None if rate is None else rate > 0,
        # smartctl up to 7.2 wrote the SCSI keys without "scsi_"
        vendor=document.text("scsi_vendor") or document.text("vendor"),
        model=next(
            (
                text
                for key in ("scsi_product", "product", "model_name", "scsi_model_name")
                if (text := document.text(key))
            ),
            None,
        ),
        revision=next(
            (
                text
                for key in ("firmware_version", "scsi_revision", "revision")
                if (text := document.text(key))
            ),
            None,
        ),
        serial=document.text("serial_number"),
        wwn=document_wwn(document),
        transport=_transport(document),
        smart_type=document.text("device", "type"),
        source="smartctl",
    )


def _transport(document: Document) -> str | None:
    """lsblk's word for the bus: of the bridge, where smartctl went through one."""
    kinds = re.split(r"[+,]", document.text("device", "type") or "")
    if any(kind.startswith(_USB_TYPES) for kind in kinds):
        return "usb"
    if "[USB" in (document.text("device", "info_name") or ""):
        return "usb"
    protocol = document.text("device", "protocol") or ""
    if protocol != "SCSI":
        return _TRANSPORTS.get(protocol)
    told = (document.text("scsi_transport_protocol", "name") or "").lower()
    words = (("sas", "sas"), ("fibre", "fc"), ("iscsi", "iscsi"), ("usb", "usb"))
    return next((bus for word, bus in words if word in told), "scsi")


def _namespace(node: BlockNode, space: Document | None) -> BlockNode:
    """The disk with what its namespace says for itself: its block size and its EUI-64."""
    if space is None:
        return node
    block = space.count("formatted_lba_size")
    oui, number = space.count("eui64", "oui"), space.count("eui64", "ext_id")
    told = oui is not None and number is not None
    return replace(
        node,
        logical_block_bytes=block or node.logical_block_bytes,
        physical_block_bytes=block or node.physical_block_bytes,
        wwn=f"eui.{oui:06x}{number:010x}" if told else node.wwn,
    )
