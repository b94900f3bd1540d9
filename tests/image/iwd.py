"""iwd as recond asks it: `busctl` over its objects, `systemctl` that starts it anew, `ip`.

The forms are those that iwd 3 of Debian 13 gave in an emulated computer with two access points
(mac80211_hwsim): what `GetManagedObjects` holds, that a network counts as connected from the moment
that it is tried, and that a password is read when iwd starts and not again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from recond.flow.live.wifi import IWD, profile
from recond.host.process import Completed, Processes

STATION = "/net/connman/iwd/0/8"


class AccessPoint:
    """A network in reach: its name, kind, strength in dBm, and the password that opens it."""

    def __init__(self, name: str, kind: str, dbm: int, password: str = "") -> None:
        self.name, self.kind, self.dbm, self.password = name, kind, dbm, password

    @property
    def path(self) -> str:
        return f"{STATION}/{self.name.encode().hex()}_{self.kind}"


class FakeIwd:
    """The service, its radio and what is in reach. `radio`: "on", "off" (the adapter answers and
    cannot be used), "asleep" (its device is switched off), "" for none.
    """

    def __init__(
        self,
        folder: Path,
        points: Iterable[AccessPoint] = (),
        *,
        radio: str = "on",
        address: str = "192.168.1.77",
        behind: Processes | None = None,
    ) -> None:
        self.folder, self.points, self.radio = folder, tuple(points), radio
        self.address, self.behind = address, behind
        self.installed = True
        self.asked: list[tuple[str, ...]] = []
        self._known: dict[str, str] = {}
        self._trying: list[AccessPoint] = []
        self._joined: AccessPoint | None = None

    def run(self, argv: tuple[str, ...], *, timeout_s: float = 30.0) -> Completed:
        """What a tool would say."""
        self.asked.append(argv)
        match argv:
            case ("systemctl", "start" | "restart" as how, "iwd"):
                if self.installed and how == "restart":
                    self._start()
                return self._said(argv, "" if self.installed else None)
            case ("busctl", "--system", "--json=short", *rest):
                return self._said(argv, self._answer(tuple(rest)) if self.installed else None)
            case ("ip", "-json", "-4", "address", "show", "dev", "wlan0"):
                given = [{"local": self.address}] if self.address and self._joined else []
                return self._said(argv, json.dumps([{"addr_info": given}]))
        assert self.behind is not None, argv
        return self.behind.run(argv, timeout_s=timeout_s)

    def _said(self, argv: tuple[str, ...], text: str | None) -> Completed:
        return Completed(argv, 0 if text is not None else 1, (text or "").encode(), b"", 1)

    def _start(self) -> None:
        """What it knows is read now; it joins what it knows by itself, the strongest first."""
        self.folder.mkdir(parents=True, exist_ok=True)
        files = {file.name: file.read_bytes() for file in self.folder.iterdir()}
        self._joined = None
        self._trying = [
            one
            for one in sorted(self.points, key=lambda point: -point.dbm)
            if profile(one.name, "x" if one.kind == "psk" else "")[0] in files
        ]
        self._known = {
            one.name: files[profile(one.name, one.password)[0]].decode() for one in self._trying
        }
        self._polls = 0

    def _answer(self, rest: tuple[str, ...]) -> str | None:
        match rest:
            case ("call", _, "/", _, "GetManagedObjects"):
                return json.dumps({"type": "a{oa{sa{sv}}}", "data": [self._objects()]})
            case ("call", _, path, _, "Scan") if path == STATION:
                return json.dumps({"type": "", "data": []})
            case ("call", _, path, _, "GetOrderedNetworks") if path == STATION:
                order = [[one.path, one.dbm * 100] for one in self.points]
                return json.dumps({"type": "a(on)", "data": [order]})
            case ("set-property", _, _, _, "Powered", "b", "true"):
                if self.radio == "asleep":
                    self.radio = "on"
                return ""
        return None

    def _objects(self) -> dict[str, Any]:
        """Each asking is a moment later: a try takes two of them."""
        trying = self._trying[0] if self._trying else None
        if trying is not None:
            self._polls += 1
            if self._polls > 2:
                right = profile(trying.name, trying.password)[1].decode()
                well = self._known[trying.name] == right
                self._joined = trying if well else None
                self._trying = [] if well else self._trying[1:]
                trying, self._polls = None, 0
        found: dict[str, Any] = {"/net/connman/iwd": {f"{IWD}.Daemon": {}}}
        if not self.radio:
            return found
        on = self.radio == "on"
        adapter = {"Powered": self.radio != "off", "Name": "phy0"}
        found["/net/connman/iwd/0"] = {f"{IWD}.Adapter": _typed(adapter)}
        if self.radio == "off":
            return found
        device: dict[str, Any] = {f"{IWD}.Device": _typed({"Name": "wlan0", "Powered": on})}
        if on:
            state = "connecting" if trying else "connected" if self._joined else "disconnected"
            station: dict[str, Any] = {"Scanning": False, "State": state}
            at = trying or self._joined
            if at is not None:
                station["ConnectedNetwork"] = at.path
            device[f"{IWD}.Station"] = _typed(station)
            for one in self.points:
                about = {"Name": one.name, "Type": one.kind, "Connected": one is at}
                found[one.path] = {f"{IWD}.Network": _typed(about)}
        found[STATION] = device
        return found


def _typed(values: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        key: {"type": "b" if isinstance(value, bool) else "s", "data": value}
        for key, value in values.items()
    }
