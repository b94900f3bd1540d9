"""Wi-Fi of a live system: which networks are in reach, and joining one with its password.

Why: a bench without a cable has its record for upload and no way to send it; who stands there knows
the workshop's network and not how a file of iwd is written. The password goes into iwd's own folder
(in memory, readable by root alone), never onto a command line, and no further than this start.
iwd is asked over D-Bus (its doc/station-api.txt, device-api.txt, network-api.txt) by systemd's
`busctl`. What a network is called comes from whoever runs it: foreign text, shown as such.
Must not: touch a computer that is no live system; there the network is its owner's.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from recond.documents import read_json
from recond.errors import BenchLacks, FormatError, UsageError
from recond.flow.live.stick import Live
from recond.host import Host
from recond.host.process import Completed
from recond.host.reason import os_reason
from recond.host.regular import read_regular
from recond.host.store import write_whole

IWD = "net.connman.iwd"
LEAST, MOST = 8, 63
"""Characters of a WPA passphrase (IEEE 802.11-2020, J.4.1)."""
OPEN, PASSPHRASE = "open", "psk"
SCAN_S, JOIN_S, ADDRESS_S, LOOK_S = 12.0, 40.0, 15.0, 0.5
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_ ")
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}

Objects: TypeAlias = dict[str, dict[str, dict[str, Any]]]
"""What iwd has: a D-Bus path → an interface → its properties."""


@dataclass(frozen=True, slots=True)
class WifiNetwork:
    """One in reach. `kind` is iwd's word: `open`, `psk`, `8021x`, `wep`. `dbm`: how strong (0 is
    far beyond any). `joined`: connected now.
    """

    name: str
    kind: str
    dbm: int
    joined: bool = False

    @property
    def can_be_joined(self) -> bool:
        """Whether a password, or none, is all that it takes."""
        return self.kind in (OPEN, PASSPHRASE)


def profile(name: str, password: str) -> tuple[str, bytes]:
    """(file name, content) by which iwd knows a network (iwd.network(5)); "" for an open one.

    iwd looks a name of letters, digits, `-`, `_` and spaces up as it is, and any other by its bytes
    in hexadecimal. In a value a backslash escapes, and a leading space would be dropped.
    """
    plain = bool(name) and set(name) <= _PLAIN
    stem = name if plain else "=" + name.encode().hex()
    if not password:
        return f"{stem}.{OPEN}", b""
    value = "".join(_ESCAPES.get(one, one) for one in password)
    value = "\\s" + value[1:] if value.startswith(" ") else value
    return f"{stem}.{PASSPHRASE}", f"[Security]\nPassphrase={value}\n".encode()


def has_radio(host: Host) -> bool:
    """Whether the kernel drives a Wi-Fi adapter here."""
    return bool(host.files.list("/sys/class/ieee80211"))


def networks(host: Host) -> tuple[WifiNetwork, ...]:
    """Look around; the strongest first. Takes some seconds. Raises `BenchLacks` where there is no
    radio, where it is switched off, and where iwd does not answer.
    """
    _start(host)
    found = _objects(host)
    for path, device in _of(found, "Device"):
        if device.get("Powered") is False:  # left so by the firmware, or by a key of the computer
            argv = ("set-property", IWD, path, f"{IWD}.Device", "Powered", "b", "true")
            _busctl(host, *argv)
            found = _objects(host)
    stations = [path for path, _ in _of(found, "Station")]
    if not stations:
        off = any(one.get("Powered") is False for _, one in _of(found, "Adapter"))
        raise BenchLacks("stick.wifi.off" if off or _of(found, "Device") else "stick.wifi.none")
    for station in stations:
        _busctl(host, "call", IWD, station, f"{IWD}.Station", "Scan")  # « busy »: one goes on
    found = _wait(
        host, SCAN_S, lambda now: not any(s.get("Scanning") for _, s in _of(now, "Station"))
    )
    return tuple(sorted(_seen(host, found, stations), key=lambda one: -one.dbm))


def _seen(host: Host, found: Objects, stations: Iterable[str]) -> Iterable[WifiNetwork]:
    for station in stations:
        told = _busctl(host, "call", IWD, station, f"{IWD}.Station", "GetOrderedNetworks")
        for path, strength in _data(told, [[]])[0]:
            about = found.get(path, {}).get(f"{IWD}.Network")
            if about is not None and about.get("Name"):
                joined = _network_joined(found, station) == path
                yield WifiNetwork(about["Name"], about["Type"], strength // 100, joined)


def _network_joined(found: Objects, station: str) -> str:
    about = found.get(station, {}).get(f"{IWD}.Station", {})
    return str(about.get("ConnectedNetwork", "")) if about.get("State") == "connected" else ""


def join(network: WifiNetwork, password: str, host: Host, live: Live) -> str:
    """Connect, and return the address that was got; "" for none yet. iwd joins the network again by
    itself until this computer is switched off, and no other one. Where it fails, things stay as
    they were.

    Raises `UsageError` for a password of an impossible length and for a network that asks for more
    than one, `BenchLacks` where it was not joined.
    """
    if not network.can_be_joined:
        raise UsageError("stick.wifi.kind", name=network.name, kind=network.kind)
    if network.kind == PASSPHRASE and not LEAST <= len(password.encode()) <= MOST:
        raise UsageError("stick.wifi.length", least=LEAST, most=MOST)
    name, content = profile(network.name, password if network.kind == PASSPHRASE else "")
    former = _take_away(live)  # iwd would join any other that it knows
    try:
        write_whole(live.wifi / name, content, mode=0o600)
        _get_in(network, host)
    except OSError as error:
        _put_back(former, host, live)
        raise BenchLacks("stick.wifi.failed", name=network.name, reason=os_reason(error)) from None
    except BenchLacks:
        _put_back(former, host, live)
        raise
    return _address(host)


def _get_in(network: WifiNetwork, host: Host) -> None:
    """Have iwd read its folder and join. Anew: it keeps a password that it has read, also when the
    file holds another one since.
    """
    _start(host, "restart")
    if not _is_joined(network, host):
        code = "refused" if network.kind == PASSPHRASE else "lost"
        raise BenchLacks(f"stick.wifi.{code}", name=network.name)


def _take_away(live: Live) -> dict[Path, bytes]:
    """No network with a password, or without, is known any more; what was."""
    found = {}
    for kind in (OPEN, PASSPHRASE):
        for path in live.wifi.glob(f"*.{kind}"):
            with contextlib.suppress(OSError):
                found[path] = read_regular(path)
                path.unlink()
    return found


def _put_back(former: dict[Path, bytes], host: Host, live: Live) -> None:
    """What was known before, and nothing else."""
    _take_away(live)
    for path, content in former.items():
        with contextlib.suppress(OSError):
            write_whole(live.wifi / path.name, content, mode=0o600)
    with contextlib.suppress(BenchLacks):
        _start(host, "restart")


def _is_joined(network: WifiNetwork, host: Host) -> bool:
    """Whether iwd, which joins a network that it knows by itself, got in. A try that ended is the
    answer: iwd would go on trying with a wrong password.
    """
    until_s, tried = host.clock.monotonic_s() + JOIN_S, False
    while host.clock.monotonic_s() < until_s:
        host.clock.sleep(LOOK_S)
        found = _objects(host)
        stations = _of(found, "Station")
        for path, _ in stations:  # a network is « Connected » as soon as it is tried
            if joined := _network_joined(found, path):
                about = _network(found, joined)
                return about.get("Name") == network.name and about.get("Type") == network.kind
        if any(one.get("State") == "connecting" for _, one in stations):
            tried = True
        elif tried:
            return False
    return False


def _address(host: Host) -> str:
    """The first address of a radio, once DHCP has answered."""
    until_s = host.clock.monotonic_s() + ADDRESS_S
    while True:
        names = [str(one["Name"]) for _, one in _of(_objects(host), "Device") if "Name" in one]
        for name in names:
            done = host.processes.run(("ip", "-json", "-4", "address", "show", "dev", name))
            with contextlib.suppress(ValueError, FormatError, LookupError, TypeError):
                for address in read_json(done.stdout)[0]["addr_info"]:
                    return str(address["local"])
        if host.clock.monotonic_s() >= until_s:
            return ""
        host.clock.sleep(LOOK_S)


# --- iwd ------------------------------------------------------------------------------------


def _start(host: Host, how: str = "start") -> None:
    done = host.processes.run(("systemctl", how, "iwd"))
    if done.returncode != 0:
        raise BenchLacks("stick.wifi.service")


def _wait(host: Host, most_s: float, until: Callable[[Objects], bool]) -> Objects:
    """What iwd has once `until` holds of it, or after so long."""
    end_s = host.clock.monotonic_s() + most_s
    host.clock.sleep(LOOK_S)
    while True:
        found = _objects(host)
        if until(found) or host.clock.monotonic_s() >= end_s:
            return found
        host.clock.sleep(LOOK_S)


def _network(found: Objects, path: str) -> dict[str, Any]:
    return found.get(path, {}).get(f"{IWD}.Network", {})


def _of(found: Objects, kind: str) -> list[tuple[str, dict[str, Any]]]:
    """Every object with an interface of iwd's, and what that says."""
    name = f"{IWD}.{kind}"
    return [(path, faces[name]) for path, faces in sorted(found.items()) if name in faces]


def _objects(host: Host) -> Objects:
    """Everything that iwd has now. Raises `BenchLacks` where it does not answer."""
    done = _busctl(
        host, "call", IWD, "/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects"
    )
    if done.returncode != 0:
        raise BenchLacks("stick.wifi.service")
    told = _data(done, [{}])[0]
    return {
        path: {
            face: {key: value["data"] for key, value in kept.items()}
            for face, kept in faces.items()
        }
        for path, faces in told.items()
    }


def _data(done: Completed, otherwise: Any) -> Any:
    """What a method gave back (`busctl --json=short`); `otherwise` where it failed."""
    if done.returncode != 0:
        return otherwise
    try:
        return read_json(done.stdout)["data"]
    except (ValueError, FormatError, LookupError, TypeError):
        return otherwise


def _busctl(host: Host, *argv: str, timeout_s: float = 30.0) -> Completed:
    return host.processes.run(("busctl", "--system", "--json=short", *argv), timeout_s=timeout_s)
