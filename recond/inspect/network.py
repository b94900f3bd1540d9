"""Physical network cards: kind, permanent address, bus, name.

Why: the address on a card may be one that the system made up for privacy; only a permanent one is a
reading. No name of a network, no address that somebody was given, is read. Source: Linux
Documentation/ABI/testing/sysfs-class-net (`addr_assign_type` 0: permanent).
"""

from __future__ import annotations

import re
from dataclasses import replace

from recond.host import Host
from recond.host.files import Files
from recond.inspect.hardware_ids import read_name
from recond.inspect.radios import read_standards, standard_of
from recond.inspect.readings import first
from recond.model import Known, NetworkCard, Reading, Unknown, Why

CLASS = "/sys/class/net"
_PCI = re.compile(r"[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]")
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_LOCAL_BIT = 0x02  # IEEE 802 8.2.2: given by an administrator, not by a maker


def read_networks(host: Host) -> tuple[NetworkCard, ...]:
    """Cards with hardware behind them, in the order of their bus numbers: PCI, then the rest.

    By number and not by path: a card behind a bridge (00:1c.0/02:00.0) comes after one on the
    first bus (00:1f.6), as in every list that a person compares with.
    """
    files = host.files
    names = [n for n in files.list(CLASS) if files.exists(f"{CLASS}/{n}/device")]
    places = {name: files.resolve(f"{CLASS}/{name}/device") or name for name in names}
    cards = [
        _card(files, host.bench, name) for name in sorted(names, key=lambda n: _order(places[n], n))
    ]
    if not any(_is_wifi(card) for card in cards):
        return tuple(cards)
    standards = read_standards(host)
    return tuple(_with_standard(files, card, standards) for card in cards)


def _is_wifi(card: NetworkCard) -> bool:
    return isinstance(card.kind, Known) and card.kind.value == "wifi"


def _with_standard(files: Files, card: NetworkCard, standards: dict[str, str]) -> NetworkCard:
    if not _is_wifi(card):
        return card
    radio = files.read_text(f"{CLASS}/{card.name}/phy80211/name")
    name = radio if isinstance(radio, str) else None
    return replace(card, standard=standard_of(name, standards, card.description))


def _order(place: str, name: str) -> tuple[int, str, str, str]:
    parts = [part for part in place.split("/") if not part.startswith("virtio")]
    number = parts[-1] if _PCI.fullmatch(parts[-1]) else ""
    return (0 if number else 1, number, place, name)


def _card(files: Files, ids: Files, name: str) -> NetworkCard:
    place = f"{CLASS}/{name}"
    return NetworkCard(
        name=name,
        kind=_kind(files, place),
        mac=_mac(files, place),
        bus=_bus(files, place),
        description=_description(files, ids, place),
        speed_mbps=_speed(files, place),
    )


def _kind(files: Files, place: str) -> Reading[str]:
    if files.exists(f"{place}/wireless") or files.exists(f"{place}/phy80211"):
        return Known("wifi", place)
    event = files.read_text(f"{place}/uevent")
    if isinstance(event, str) and "DEVTYPE=wwan" in event.split():
        return Known("mobile", f"{place}/uevent")
    kind = files.read_text(f"{place}/type")
    if kind == "1":  # ARPHRD_ETHER
        return Known("ethernet", f"{place}/type")
    return kind if isinstance(kind, Unknown) else Unknown(Why.UNSUPPORTED, f"{place}/type: {kind}")


def _mac(files: Files, place: str) -> Reading[str]:
    radio = files.read_text(f"{place}/phy80211/macaddress")
    if isinstance(radio, str) and (found := _maker_mac(radio)):
        return Known(found, f"{place}/phy80211/macaddress")
    path = f"{place}/address"
    raw = files.read_text(path)
    if isinstance(raw, Unknown):
        return raw
    if files.read_text(f"{place}/addr_assign_type") not in (
        "0",
        Unknown(Why.ABSENT, f"{place}/addr_assign_type"),
    ):
        return Unknown(Why.CONFLICT, f"{path}: not the permanent one")
    found = raw.lower() if _MAC.fullmatch(raw.lower()) else None
    if found is None or found in ("00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"):
        return Unknown(Why.UNPARSABLE, path)
    return Known(found, path)


def _maker_mac(text: str) -> str | None:
    found = text.lower()
    if _MAC.fullmatch(found) is None or int(found[:2], 16) & _LOCAL_BIT:
        return None
    return None if found == "00:00:00:00:00:00" else found


def _bus(files: Files, place: str) -> Reading[str]:
    real = files.resolve(f"{place}/device/subsystem")
    return (
        Known(real.rsplit("/", 1)[-1], f"{place}/device")
        if real
        else Unknown(Why.ABSENT, f"{place}/device/subsystem")
    )


def _description(files: Files, ids: Files, place: str) -> Reading[str]:
    # behind USB the ids stand with the device, one level above the interface
    for folder, names, listed in (
        (f"{place}/device", ("vendor", "device"), "pci.ids"),
        (f"{place}/device/../", ("idVendor", "idProduct"), "usb.ids"),
        (f"{place}/device/../", ("vendor", "device"), "pci.ids"),
    ):
        told = [files.read_text(f"{_parent(files, folder)}/{name}") for name in names]
        plain = [i.removeprefix("0x").lower() for i in told if isinstance(i, str)]
        if len(plain) == 2 and all(re.fullmatch(r"[0-9a-f]{4}", i) for i in plain):
            return read_name(ids, listed, plain[0], plain[1])
    return Unknown(Why.ABSENT, f"{place}/device")


def _parent(files: Files, folder: str) -> str:
    if not folder.endswith("/../"):
        return folder
    real = files.resolve(folder.removesuffix("/../"))
    return real.rsplit("/", 1)[0] if real else folder


def _speed(files: Files, place: str) -> Reading[int]:
    """What the cable or radio runs at now; without a link nothing is told."""
    path = f"{place}/speed"
    raw = files.read_text(path)
    if isinstance(raw, str) and re.fullmatch(r"[0-9]{1,7}", raw) and raw != "0":
        return Known(int(raw), path)
    return first(Unknown(Why.ABSENT, path))
