"""Generations of Wi-Fi, versions of Bluetooth, layouts of keyboards: told, or unknown."""

from __future__ import annotations

from pathlib import Path

import pytest

from recond.flow.machine.capture import host_from, record_capture
from recond.host import Host
from recond.host.process import TIMED_OUT, Completed
from recond.inspect.keyboard import read_keyboard
from recond.inspect.machine import read_machine
from recond.inspect.radios import (
    parse_btmgmt,
    parse_iw,
    read_bluetooth,
    standard_of,
    without_names,
)
from recond.model import Form, Known, Reading, System, Unknown, Why
from recond.show.machine import show_machine
from recond.show.screen import Screen
from tests.inspect import laptop
from tests.test_naming import system

HT = "\tBand 1:\n\t\tCapabilities: 0x19ef\n\t\t\tRX LDPC\n\t\t\tHT20/HT40\n"
VHT = "\t\tVHT Capabilities (0x038071b0):\n\t\t\tMax MPDU length: 3895\n"
HE = "\t\tHE Iftypes: managed\n\t\t\tHE MAC Capabilities (0x780112a0abc0):\n"
EHT = "\t\tEHT Iftypes: managed\n\t\t\tEHT MAC Capabilities (0x0000):\n"
OLD = "\tBand 1:\n\t\tBitrates (non-HT):\n\t\t\t* 54.0 Mbps\n"


def phy(*parts: str, name: str = "phy0") -> str:
    return f"Wiphy {name}\n\twiphy index: 0\n\tmax # scan SSIDs: 20\n" + "".join(parts)


@pytest.mark.parametrize(
    ("parts", "standard"),
    [
        ((HT, VHT, HE, EHT), "802.11be"),
        ((HT, VHT, HE), "802.11ax"),
        ((HT, HE), "802.11ax"),  # a card of 2.4 GHz alone has no VHT
        ((HT, VHT), "802.11ac"),
        ((HT,), "802.11n"),
        ((OLD,), None),
    ],
)
def test_a_radio_tells_its_generation(parts: tuple[str, ...], standard: str | None) -> None:
    text = phy(*parts) + phy(HT, name="phy1")
    assert parse_iw(text).get("phy0") == standard
    assert parse_iw(text)["phy1"] == "802.11n"


@pytest.mark.parametrize(
    ("name", "standard"),
    [
        ("Intel Corporation Wi-Fi 6 AX200", "802.11ax"),
        ("Intel Corporation Wi-Fi 6E(802.11ax) AX210/AX1675* 2x2", "802.11ax"),
        ("Intel Corporation Wi-Fi 7(802.11be) AX1775*/BE200* 2x2", "802.11be"),
        ("Intel Corporation Wireless 8265 / 8275", "802.11ac"),
        ("Intel Corporation Wireless-AC 9560 [Jefferson Peak]", "802.11ac"),
        ("Intel Corporation Centrino Advanced-N 6205 [Taylor Peak]", "802.11n"),
        ("Intel Corporation PRO/Wireless 3945ABG [Golan] Network Connection", "802.11g"),
        ("Qualcomm Atheros QCA6174 802.11ac Wireless Network Adapter", "802.11ac"),
        ("Qualcomm Atheros AR9485 Wireless Network Adapter", None),
        ("Broadcom Inc. and subsidiaries BCM4313 802.11bgn Wireless Network Adapter", "802.11n"),
        ("Realtek Semiconductor Co., Ltd. RTL8822CE 802.11ac PCIe Wireless", "802.11ac"),
        ("Realtek RTL8188CUS 802.11n WLAN Adapter", "802.11n"),
        ("Realtek RTL8188EE Wireless Network Adapter", None),
        ("MEDIATEK Corp. MT7921 802.11ax PCI Express Wireless Network Adapter", "802.11ax"),
        ("Broadcom BCM4311 802.11a/b/g", "802.11g"),
        ("Intel Corporation Ethernet Connection I219-LM", None),
    ],
)
def test_a_name_tells_where_no_radio_does(name: str, standard: str | None) -> None:
    found = standard_of("phy0", {}, Known(name, "pci.ids"))
    assert (found.value if isinstance(found, Known) else None) == standard
    asked = standard_of("phy0", {"phy0": "802.11n"}, Known(name, "pci.ids"))
    assert asked == Known("802.11n", "iw:phy0")


BTMGMT = (
    "Index list with 1 item\nhci0:\tPrimary controller\n"
    "\taddr 9C:B6:D0:11:22:33 version {} manufacturer 2 class 0x6c010c\n"
    "\tname portable-de-marie\n\tshort name \n"
)


@pytest.mark.parametrize(
    ("number", "version"), [("11", "5.2"), ("6", "4.0"), ("14", "6.0"), ("99", None)]
)
def test_bluetooth_by_the_number_of_its_interface(number: str, version: str | None) -> None:
    text = BTMGMT.format(number)
    found = parse_btmgmt(text)
    assert (found.value if isinstance(found, Known) else None) == version
    kept = without_names(text.encode())
    assert parse_btmgmt(kept.decode()) == found
    assert b"marie" not in kept
    assert b"9C:B6" not in kept


def test_two_controllers_that_differ_are_no_version() -> None:
    found = parse_btmgmt(BTMGMT.format(6) + BTMGMT.format(11))
    assert isinstance(found, Unknown)
    assert found.why is Why.CONFLICT
    assert isinstance(parse_btmgmt(""), Unknown)


def test_a_tool_that_waits_for_a_terminal_is_not_waited_for() -> None:
    class Waiting:
        def run(self, argv: tuple[str, ...], *, timeout_s: float = 30.0) -> Completed:
            assert timeout_s <= 1
            return Completed(argv, TIMED_OUT, b"", b"", 1000)

    found = read_bluetooth(Host(Waiting()))
    assert found == Unknown(Why.TIMEOUT, "btmgmt")


@pytest.fixture
def tree(tmp_path: Path) -> laptop.Tree:
    return laptop.Tree(tmp_path)


def notebook(sku: str, form: Form = Form.NOTEBOOK) -> System:
    read = system("HP", "HP ProBook 640 G4", sku=sku)
    place = {name: getattr(read, name) for name in read.__slots__}
    return System(**{**place, "form": Known(form, "x")})


def layout(reading: Reading[str]) -> str | None:
    return reading.value if isinstance(reading, Known) else None


@pytest.mark.parametrize(
    ("countries", "sku", "form", "told"),
    [
        (("08",), "", Form.NOTEBOOK, "fr"),
        (("00", "21"), "3JY19EA#ABF", Form.NOTEBOOK, "us"),  # 33: the keys themselves
        (("00", "00"), "3JY19EA#ABF", Form.NOTEBOOK, "fr"),
        ((), "3JY19EA#UUG", Form.NOTEBOOK, "be"),
        ((), "3JY19EA#ABF", Form.DESKTOP, None),  # whose keyboard is anybody's
        ((), "3JY19EA", Form.NOTEBOOK, None),
        ((), "LENOVO_MT_20L6", Form.NOTEBOOK, None),
        (("08", "09"), "3JY19EA#ABF", Form.NOTEBOOK, None),
        (("zz",), "", Form.NOTEBOOK, None),
    ],
)
def test_a_keyboards_layout(
    tree: laptop.Tree, countries: tuple[str, ...], sku: str, form: Form, told: str | None
) -> None:
    for number, country in enumerate(countries):
        tree.put(f"/sys/bus/hid/devices/0003:05AC:0250.000{number}/country", f"{country}\n")
    assert layout(read_keyboard(tree.host().files, notebook(sku, form))) == told


def test_a_chromebook_tells_its_layout(tree: laptop.Tree) -> None:
    tree.put("/sys/firmware/vpd/ro/keyboard_layout", "xkb:fr::fra")
    assert layout(read_keyboard(tree.host().files, notebook(""))) == "fr"


def test_all_of_it_goes_through_a_capture_and_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = laptop.make_laptop(tmp_path / "live")
    (tree.root / "iw.txt").write_text(phy(HT, VHT, HE))
    (tree.root / "btmgmt.txt").write_text(BTMGMT.format(11))
    tree.put("/sys/bus/hid/devices/0003:05AC:0250.0001/country", "08\n")
    card = "/sys/devices/pci0000:00/0000:02:00.0"
    tree.put(f"{card}/net/wlp2s0/phy80211/name", "phy0\n")
    tree.link(f"{card}/net/wlp2s0/device", card)
    tree.link("/sys/class/net/wlp2s0", f"{card}/net/wlp2s0")
    file = tmp_path / "capture.tar.gz"
    for anonymous in (False, True):
        file.write_bytes(record_capture(tree.host(), anonymous=anonymous).raw)
        machine = read_machine(host_from(file, Host()))
        wifi = [n for n in machine.networks if n.kind == Known("wifi", f"/sys/class/net/{n.name}")]
        assert [layout(one.standard) for one in wifi] == ["802.11ax"]
        assert layout(machine.keyboard) == "fr"
    show_machine(Screen("fr"), machine)
    shown = capsys.readouterr().out
    assert "802.11ax" in shown
    assert "Barrette" in shown
