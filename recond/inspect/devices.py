"""Parts on the PCI and USB buses, and optical drives: what each one is for.

Why: graphics decides a verdict, audio, camera and fingerprint reader decide a price. Bridges, hubs
and controllers that no buyer asks for are not listed. The role follows from the class code, which
the part gives itself. Sources: PCI Code and ID Assignment 1.11 1, USB-IF class codes, Linux
Documentation/ABI/testing/sysfs-bus-pci and -usb.
"""

from __future__ import annotations

import re
from dataclasses import replace

from recond.host import Host
from recond.host.files import Files
from recond.inspect.hardware_ids import read_name
from recond.inspect.radios import read_bluetooth
from recond.inspect.readings import file_int, file_text, first, text_reading
from recond.model import Device, Known, Reading, Unknown, Why

PCI = "/sys/bus/pci/devices"
USB = "/sys/bus/usb/devices"
INPUT = "/sys/class/input"
_PROP_DIRECT, _ABS_MT_POSITION_X = 1, 53
_PCI_ROLES = (
    ("03", "graphics"),
    ("0401", "audio"),
    ("0403", "audio"),
    ("01", "storage"),
    ("02", "other"),
    ("0d11", "bluetooth"),
    ("0d", "other"),
    ("0400", "camera"),
    ("0480", "camera"),
    ("12", "other"),
)
_USB_ROLES = (
    ("0e", "camera"),
    ("e00101", "bluetooth"),
    ("08", "storage"),
    ("0b", "other"),
    ("01", "audio"),
    ("e0", "other"),
)
# makers of fingerprint readers (libfprint's lists): Validity, Goodix, Synaptics, AuthenTec, Upek…
_FINGERPRINT = frozenset({"138a", "27c6", "06cb", "08ff", "147e", "1c7a", "2808", "298d"})
_HEX4 = re.compile(r"(?:0x)?([0-9a-f]{4})")


def read_devices(host: Host) -> tuple[Device, ...]:
    """Every part that has a role, by bus and address."""
    files, ids = host.files, host.bench
    pci = [_pci_device(files, ids, name) for name in files.list(PCI)]
    usb = [
        _usb_device(files, ids, name)
        for name in files.list(USB)
        if re.fullmatch(r"\d+-[\d.]+", name)
    ]
    optical = [
        _optical(files, name) for name in files.list("/sys/block") if re.fullmatch(r"sr\d+", name)
    ]
    touch = [_touch(files, name) for name in files.list(INPUT) if name.startswith("event")]
    found = [d for d in (*pci, *usb, *optical, *touch) if d is not None]
    if not any(one.role == "bluetooth" for one in found):
        return tuple(found)
    version = read_bluetooth(host)
    return tuple(replace(d, version=version) if d.role == "bluetooth" else d for d in found)


def _touch(files: Files, name: str) -> Device | None:
    """A touch screen: what is touched is what is seen (INPUT_PROP_DIRECT, input-event-codes.h),
    and several fingers are told apart (ABS_MT_POSITION_X); a pen's tablet is none.
    """
    place = f"{INPUT}/{name}/device"
    properties, axes = (
        _bits(files, f"{place}/{part}") for part in ("properties", "capabilities/abs")
    )
    if not properties & 1 << _PROP_DIRECT or not axes & 1 << _ABS_MT_POSITION_X:
        return None
    vendor, product = _hex4(files, f"{place}/id/vendor"), _hex4(files, f"{place}/id/product")
    return Device(
        "touch",
        "input",
        name,
        f"{vendor}:{product}" if vendor and product else "",
        file_text(files, f"{place}/name"),
        _driver(files, f"{place}/device"),
    )


def _bits(files: Files, path: str) -> int:
    """The bits of a file of hex words of 64 bits, the highest first; 0 where it is none."""
    raw = files.read_text(path)
    words = raw.split() if isinstance(raw, str) else []
    if not all(re.fullmatch(r"[0-9a-f]{1,16}", word) for word in words):
        return 0
    return sum(int(word, 16) << 64 * n for n, word in enumerate(reversed(words)))


def _pci_device(files: Files, ids: Files, address: str) -> Device | None:
    place = f"{PCI}/{address}"
    code = files.read_text(f"{place}/class")
    vendor, device = _hex4(files, f"{place}/vendor"), _hex4(files, f"{place}/device")
    if isinstance(code, Unknown) or vendor is None or device is None:
        return None
    digits = code.removeprefix("0x")
    role = next((r for start, r in _PCI_ROLES if digits.startswith(start)), None)
    # a network card with an interface stands among the networks
    if role is None or (digits.startswith("02") and _has_interface(files, place)):
        return None
    return Device(
        role,
        "pci",
        address,
        f"{vendor}:{device}",
        read_name(ids, "pci.ids", vendor, device),
        _driver(files, place),
        _graphics_memory(files, place) if role == "graphics" else Unknown(Why.NOT_READ),
    )


def _graphics_memory(files: Files, place: str) -> Reading[int]:
    """Memory of the card's own; amdgpu tells it, others do not (Documentation/gpu/amdgpu)."""
    return file_int(files, f"{place}/mem_info_vram_total", least=1)


def _has_interface(files: Files, place: str) -> bool:
    if files.list(f"{place}/net"):
        return True
    # a virtual card's interface hangs below its virtio device
    return any(
        files.list(f"{place}/{name}/net")
        for name in files.list(place)
        if re.fullmatch(r"virtio\d+", name)
    )


def _driver(files: Files, place: str) -> Reading[str]:
    real = files.resolve(f"{place}/driver")
    return (
        Known(real.rsplit("/", 1)[-1], f"{place}/driver")
        if real
        else Unknown(Why.ABSENT, f"{place}/driver")
    )


def _hex4(files: Files, path: str) -> str | None:
    raw = files.read_text(path)
    found = _HEX4.fullmatch(raw.lower()) if isinstance(raw, str) else None
    return found[1] if found else None


def _usb_device(files: Files, ids: Files, name: str) -> Device | None:
    place = f"{USB}/{name}"
    vendor, device = _hex4(files, f"{place}/idVendor"), _hex4(files, f"{place}/idProduct")
    if vendor is None or device is None:
        return None
    interfaces = [i for i in files.list(place) if i.startswith(f"{name}:")]
    classes = [_usb_class(files, f"{place}/{i}") for i in interfaces]
    role = _usb_role(vendor, classes)
    if role is None:
        return None
    told = [file_text(files, f"{place}/{part}") for part in ("manufacturer", "product")]
    words = " ".join(t.value for t in told if isinstance(t, Known))
    called = text_reading(words or None, f"{place}/product")
    drivers = [_driver(files, f"{place}/{i}") for i in interfaces]
    return Device(
        role,
        "usb",
        name,
        f"{vendor}:{device}",
        first(read_name(ids, "usb.ids", vendor, device), called),
        first(*drivers) if drivers else Unknown(Why.ABSENT, place),
    )


def is_on_usb(files: Files, kind: str) -> bool:
    """Whether some USB interface is of a class, subclass, protocol (hexadecimal) that begin so."""
    interfaces = (name for name in files.list(USB) if ":" in name)
    return any(_usb_class(files, f"{USB}/{name}").startswith(kind) for name in interfaces)


def _usb_class(files: Files, place: str) -> str:
    parts = [
        files.read_text(f"{place}/bInterface{part}") for part in ("Class", "SubClass", "Protocol")
    ]
    return "".join(p for p in parts if isinstance(p, str)).lower()


def _usb_role(vendor: str, classes: list[str]) -> str | None:
    if vendor in _FINGERPRINT and any(c.startswith("ff") for c in classes):
        return "fingerprint"
    for start, role in _USB_ROLES:
        if any(c.startswith(start) for c in classes):
            return role
    return None


def _optical(files: Files, name: str) -> Device:
    place = f"/sys/block/{name}/device"
    told = [file_text(files, f"{place}/{part}") for part in ("vendor", "model")]
    words = " ".join(t.value for t in told if isinstance(t, Known))
    return Device(
        "optical",
        "scsi",
        name,
        "",
        text_reading(words or None, f"{place}/model"),
        _driver(files, place),
    )
