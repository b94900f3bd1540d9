"""The Wi-Fi of a live system: the files that iwd knows networks by, and what joining leaves."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from recond.errors import BenchLacks, RecondError, UsageError
from recond.flow.live.stick import Live
from recond.flow.live.wifi import WifiNetwork, join, networks, profile
from recond.host import Host
from recond.host.files import Files
from tests.guided.stage import HeldClock
from tests.image.iwd import AccessPoint, FakeIwd

SECRET = "un mot \\ de passe"
POINTS = (
    AccessPoint("Freebox-1234", "psk", -71, "freebox-secret"),
    AccessPoint("Atelier du lab", "psk", -48, SECRET),
    AccessPoint("Café", "open", -80),
    AccessPoint("eduroam", "8021x", -60),
)


@pytest.fixture
def live(tmp_path: Path) -> Live:
    wifi = tmp_path / "iwd"
    wifi.mkdir()
    return Live(wifi=wifi)


def host_with(iwd: FakeIwd, folder: Path) -> Host:
    """A computer whose tools are iwd's, and whose clock does not wait."""
    return replace(Host(iwd), files=Files(folder), clock=HeldClock())


def named(found: tuple[WifiNetwork, ...], name: str) -> WifiNetwork:
    (one,) = [network for network in found if network.name == name]
    return one


@pytest.mark.parametrize(
    ("name", "password", "file", "content"),
    [
        # iwd looks a plain name up as it is, and never by its hexadecimal
        ("Atelier du lab", "motdepasse", "Atelier du lab.psk", "Passphrase=motdepasse"),
        ("a-b_C 9", "motdepasse", "a-b_C 9.psk", "Passphrase=motdepasse"),
        ("Café", "motdepasse", "=436166c3a9.psk", "Passphrase=motdepasse"),
        ("x/../y", "motdepasse", "=782f2e2e2f79.psk", "Passphrase=motdepasse"),
        ("Bench", "a\\b", "Bench.psk", "Passphrase=a\\\\b"),
        ("Bench", "  two", "Bench.psk", "Passphrase=\\s two"),
        ("Bench", "a\tb\nc", "Bench.psk", "Passphrase=a\\tb\\nc"),
        ("Bench", "", "Bench.open", ""),
    ],
)
def test_a_profile(name: str, password: str, file: str, content: str) -> None:
    assert profile(name, password) == (
        file,
        f"[Security]\n{content}\n".encode() if content else b"",
    )


def test_the_strongest_stands_first(live: Live, tmp_path: Path) -> None:
    found = networks(host_with(FakeIwd(live.wifi, POINTS), tmp_path))
    assert [(one.name, one.kind, one.dbm, one.joined) for one in found] == [
        ("Atelier du lab", "psk", -48, False),
        ("eduroam", "8021x", -60, False),
        ("Freebox-1234", "psk", -71, False),
        ("Café", "open", -80, False),
    ]


def test_joining(live: Live, tmp_path: Path) -> None:
    iwd = FakeIwd(live.wifi, POINTS)
    host = host_with(iwd, tmp_path)
    found = networks(host)
    assert join(named(found, "Atelier du lab"), SECRET, host, live) == "192.168.1.77"
    (file,) = live.wifi.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in networks(host) if one.joined] == ["Atelier du lab"]
    assert SECRET not in str(iwd.asked), "a password on a command line is everybody's"
    # another one: what was known before would be joined in its place
    assert join(named(found, "Café"), "", host, live) == "192.168.1.77"
    assert [one.name for one in live.wifi.iterdir()] == [profile("Café", "")[0]]


def test_a_wrong_password_leaves_the_network_that_was(live: Live, tmp_path: Path) -> None:
    host = host_with(FakeIwd(live.wifi, POINTS), tmp_path)
    found = networks(host)
    join(named(found, "Freebox-1234"), "freebox-secret", host, live)
    before = {file.name: file.read_bytes() for file in live.wifi.iterdir()}
    with pytest.raises(BenchLacks, match=r"stick\.wifi\.refused"):
        join(named(found, "Atelier du lab"), "wrong-password", host, live)
    assert {file.name: file.read_bytes() for file in live.wifi.iterdir()} == before
    host.clock.sleep(1)
    networks(host)
    networks(host)
    assert [one.name for one in networks(host) if one.joined] == ["Freebox-1234"]
    assert join(named(found, "Atelier du lab"), SECRET, host, live), "and the right one gets in"


def test_no_address_is_said_as_none(live: Live, tmp_path: Path) -> None:
    host = host_with(FakeIwd(live.wifi, POINTS, address=""), tmp_path)
    assert join(named(networks(host), "Café"), "", host, live) == ""


@pytest.mark.parametrize(
    ("name", "password", "code", "kind"),
    [
        ("eduroam", "whatever1", "stick.wifi.kind", UsageError),
        ("Freebox-1234", "short", "stick.wifi.length", UsageError),
        ("Freebox-1234", "x" * 64, "stick.wifi.length", UsageError),
    ],
)
def test_what_cannot_be_joined(
    name: str, password: str, code: str, kind: type[RecondError], live: Live, tmp_path: Path
) -> None:
    iwd = FakeIwd(live.wifi, POINTS)
    host = host_with(iwd, tmp_path)
    with pytest.raises(kind) as caught:
        join(named(networks(host), name), password, host, live)
    assert caught.value.message.code == code
    assert not list(live.wifi.iterdir())
    assert ("systemctl", "restart", "iwd") not in iwd.asked


@pytest.mark.parametrize(
    ("radio", "installed", "code"),
    [
        ("", True, "stick.wifi.none"),
        ("off", True, "stick.wifi.off"),
        ("on", False, "stick.wifi.service"),
    ],
)
def test_no_wifi(radio: str, installed: bool, code: str, live: Live, tmp_path: Path) -> None:
    iwd = FakeIwd(live.wifi, POINTS, radio=radio)
    iwd.installed = installed
    with pytest.raises(BenchLacks) as caught:
        networks(host_with(iwd, tmp_path))
    assert caught.value.message.code == code


def test_a_radio_that_is_asleep_is_woken(live: Live, tmp_path: Path) -> None:
    iwd = FakeIwd(live.wifi, POINTS, radio="asleep")
    assert networks(host_with(iwd, tmp_path))
    woken = [one for one in iwd.asked if "set-property" in one]
    assert [one[3:] for one in woken] == [
        (
            "set-property",
            "net.connman.iwd",
            "/net/connman/iwd/0/8",
            "net.connman.iwd.Device",
            "Powered",
            "b",
            "true",
        )
    ]
