"""Single readers on what real machines show: parts, batteries, TPM, firmware, network, names."""

from __future__ import annotations

from pathlib import Path

import pytest

from recond.host.files import Files
from recond.host.usage import public_place
from recond.inspect.cpu import parse_cpuinfo, parse_lscpu, read_cpu
from recond.inspect.devices import read_devices
from recond.inspect.displays import read_displays
from recond.inspect.edid import parse_edid, parse_hex
from recond.inspect.firmware import read_firmware
from recond.inspect.form import decide_form
from recond.inspect.hardware_ids import find_name
from recond.inspect.network import read_networks
from recond.inspect.power import read_batteries
from recond.inspect.smbios import Bios, Tables
from recond.inspect.tpm import read_tpm
from recond.inspect.windows_key import parse_msdm
from recond.model import Form, Known, Unknown, Why
from tests.inspect import laptop

NOTHING = Unknown(Why.NOT_READ)


@pytest.fixture
def tree(tmp_path: Path) -> laptop.Tree:
    return laptop.Tree(tmp_path)


def files(tree: laptop.Tree) -> Files:
    return Files(tree.root)


# --- TPM and firmware ------------------------------------------------------------------------


def test_a_tpm_of_version_1_2_by_its_caps(tree: laptop.Tree) -> None:
    tree.put("/sys/class/tpm/tpm0/device/caps", "Manufacturer: 0x49465800\nTCG version: 1.2\n")
    found = read_tpm(files(tree), NOTHING)
    assert (found.version, found.active) == (
        Known("1.2", "/sys/class/tpm/tpm0/device/caps"),
        Known(True, "/sys/class/tpm/tpm0"),
    )


def test_a_tpm_that_the_firmware_offers_and_the_kernel_has_not(tree: laptop.Tree) -> None:
    (tree.root / "sys/class").mkdir(parents=True)
    tree.put("/sys/firmware/acpi/tables/TPM2", b"TPM2")
    found = read_tpm(files(tree), NOTHING)
    assert isinstance(found.present, Known)
    assert isinstance(found.active, Unknown)


def test_a_tpm_that_is_off_leaves_its_structure(tree: laptop.Tree) -> None:
    (tree.root / "sys/class").mkdir(parents=True)
    found = read_tpm(files(tree), Tables("dmidecode", tpm="2.0"))
    assert found.present == Known(True, "dmidecode:43")
    assert found.active == Known(False, "/sys/class/tpm")


def test_no_trace_of_a_tpm(tree: laptop.Tree) -> None:
    (tree.root / "sys/class").mkdir(parents=True)
    found = read_tpm(files(tree), Tables("dmidecode"))
    assert found.present == Known(False, "/sys/class/tpm")
    assert isinstance(found.version, Unknown)


def test_a_bios_without_uefi_has_no_secure_boot(tree: laptop.Tree) -> None:
    (tree.root / "sys/firmware").mkdir(parents=True)
    old = read_firmware(files(tree), Tables("dmidecode", bios=Bios(uefi=False)))
    assert old.mode == Known("bios", "/sys/firmware/efi")
    assert old.secure_boot_capable == Known(False, "dmidecode:0")
    new = read_firmware(files(tree), Tables("dmidecode", bios=Bios(uefi=True)))
    assert isinstance(new.secure_boot_capable, Unknown)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\6\0\0\0\1", True),
        (b"\6\0\0\0\0", False),
        (b"\1", None),
        (b"", None),
        (b"\6\0\0\0\7", None),
        (b"\6\0\0\0\1\1", None),
    ],
)
def test_secure_boot_is_the_byte_after_the_attributes(
    tree: laptop.Tree, content: bytes, expected: bool | None
) -> None:
    tree.put("/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", content)
    found = read_firmware(files(tree), NOTHING).secure_boot
    assert (found.value if isinstance(found, Known) else None) is expected


def test_a_uefi_without_the_variable_cannot_secure_boot(tree: laptop.Tree) -> None:
    tree.put("/sys/firmware/efi/efivars/BootOrder-8be4df61-93ca-11d2-aa0d-00e098032b8c", b"\0" * 6)
    assert read_firmware(files(tree), NOTHING).secure_boot_capable == Known(
        False, "/sys/firmware/efi/efivars"
    )
    (tree.root / "sys/firmware/efi/efivars/BootOrder-8be4df61-93ca-11d2-aa0d-00e098032b8c").unlink()
    assert isinstance(read_firmware(files(tree), NOTHING).secure_boot_capable, Unknown)


def test_the_windows_key_is_never_kept() -> None:
    found = parse_msdm(b"MSDM" + bytes(52) + b"AAAAA-BBBBB-CCCCC-DDDDD-EEEEE")
    other = parse_msdm(b"MSDM" + bytes(52) + b"AAAAA-BBBBB-CCCCC-DDDDD-FEEEE")
    assert isinstance(found, Known)
    assert isinstance(other, Known)
    assert found.value.last_five == "EEEEE"
    assert found.value.salted_sha256 != other.value.salted_sha256
    assert "AAAAA" not in repr(found)
    assert isinstance(parse_msdm(b"MSDM" + bytes(52) + b"no key at all, but long enough"), Unknown)


# --- Batteries -------------------------------------------------------------------------------


def battery(tree: laptop.Tree, name: str = "BAT0", **values: str) -> None:
    for key, text in {"type": "Battery", "present": "1", **values}.items():
        tree.put(f"/sys/class/power_supply/{name}/{key}", text + "\n")


def test_a_battery_in_ampere_hours(tree: laptop.Tree) -> None:
    battery(tree, charge_full_design="4400000", charge_full="2200000", cycle_count="0")
    (found,) = read_batteries(files(tree))
    assert found.unit == Known("mAh", "/sys/class/power_supply/BAT0")
    assert found.design_capacity.value == 4400  # type: ignore[union-attr]
    assert found.wear_percent == Known(50, "/sys/class/power_supply/BAT0/charge_full")
    assert isinstance(found.cycles, Unknown)  # 0 is "does not count"


@pytest.mark.parametrize(
    ("design", "full", "wear"),
    [
        ("50000000", "50000000", 0),
        ("50000000", "55000000", 0),
        ("50000000", "1000000", 98),
        ("0", "1000000", None),
        ("50000000", "0", None),
        ("50000000", "-1", None),
        ("50000000", "99000000", None),
        ("x", "1000000", None),
    ],
)
def test_wear(tree: laptop.Tree, design: str, full: str, wear: int | None) -> None:
    battery(tree, energy_full_design=design, energy_full=full)
    (found,) = read_batteries(files(tree))
    assert (found.wear_percent.value if isinstance(found.wear_percent, Known) else None) == wear


def test_only_the_computers_own_batteries_count(tree: laptop.Tree) -> None:
    battery(tree, "BAT0", energy_full="40000000")
    battery(tree, "BAT1", present="0")
    battery(tree, "hidpp_battery_0", scope="Device")
    tree.put("/sys/class/power_supply/AC/type", "Mains\n")
    assert [b.name for b in read_batteries(files(tree))] == ["BAT0"]


# --- Network ---------------------------------------------------------------------------------


def network(tree: laptop.Tree, name: str, **values: str) -> str:
    place = f"/sys/devices/pci0000:00/{name}/net/{name}"
    for key, text in {
        "type": "1",
        "addr_assign_type": "0",
        "address": laptop.MAC,
        **values,
    }.items():
        tree.put(f"{place}/{key.replace('__', '/')}", text + "\n")
    tree.link(f"{place}/device", f"/sys/devices/pci0000:00/{name}")
    tree.link(f"/sys/class/net/{name}", place)
    return place


def test_a_card_with_an_address_of_its_own(tree: laptop.Tree) -> None:
    network(tree, "eth0", speed="1000")
    (card,) = read_networks(tree.host())
    assert card.kind == Known("ethernet", "/sys/class/net/eth0/type")
    assert card.mac == Known(laptop.MAC, "/sys/class/net/eth0/address")
    assert card.speed_mbps == Known(1000, "/sys/class/net/eth0/speed")


@pytest.mark.parametrize(
    "values",
    [
        {"addr_assign_type": "1"},
        {"addr_assign_type": "3"},
        {"address": "00:00:00:00:00:00"},
        {"address": "ff:ff:ff:ff:ff:ff"},
        {"address": "x"},
        {"address": ""},
        {"address": laptop.MAC * 2},
    ],
)
def test_an_address_that_is_not_the_makers_is_no_reading(
    tree: laptop.Tree, values: dict[str, str]
) -> None:
    network(tree, "eth0", **values)
    assert isinstance(read_networks(tree.host())[0].mac, Unknown)


def test_a_radio_tells_its_permanent_address(tree: laptop.Tree) -> None:
    network(
        tree,
        "wlan0",
        addr_assign_type="3",
        address="02:11:22:33:44:55",
        phy80211__macaddress=laptop.MAC,
    )
    (card,) = read_networks(tree.host())
    assert card.kind == Known("wifi", "/sys/class/net/wlan0")
    assert card.mac == Known(laptop.MAC, "/sys/class/net/wlan0/phy80211/macaddress")


def test_virtual_interfaces_are_no_cards(tree: laptop.Tree) -> None:
    for name in ("lo", "docker0", "tun0"):
        tree.put(f"/sys/class/net/{name}/address", "02:00:00:00:00:01\n")
    network(tree, "wwan0", uevent="DEVTYPE=wwan\nINTERFACE=wwan0", type="65534")
    (card,) = read_networks(tree.host())
    assert card.kind == Known("mobile", "/sys/class/net/wwan0/uevent")


# --- Devices and names -----------------------------------------------------------------------


def test_parts_by_their_class(tree: laptop.Tree) -> None:
    for address, code, vendor, device in (
        ("0000:00:00.0", "0x060000", "0x8086", "0x5914"),
        ("0000:00:02.0", "0x030000", "0x8086", "0x5917"),
        ("0000:00:1f.3", "0x040300", "0x8086", "0x9d71"),
        ("0000:00:17.0", "0x010601", "0x8086", "0x9d03"),
        ("0000:01:00.0", "0x030200", "0x10de", "0x1d10"),
        ("0000:02:00.0", "junk", "0x8086", "0x1"),
    ):
        for key, text in (("class", code), ("vendor", vendor), ("device", device)):
            tree.put(f"/sys/bus/pci/devices/{address}/{key}", text + "\n")
    for name, vendor, device, classes in (
        ("1-8", "5986", "2113", ("0e0100", "0e0200")),
        ("1-9", "06cb", "009a", ("ff0000",)),
        ("1-7", "8087", "0a2b", ("e00101",)),
        ("1-1", "046d", "c52b", ("030101",)),
    ):
        tree.put(f"/sys/bus/usb/devices/{name}/idVendor", vendor + "\n")
        tree.put(f"/sys/bus/usb/devices/{name}/idProduct", device + "\n")
        for number, code in enumerate(classes):
            place = f"/sys/bus/usb/devices/{name}/{name}:1.{number}"
            for part, start in (("Class", 0), ("SubClass", 2), ("Protocol", 4)):
                tree.put(f"{place}/bInterface{part}", code[start : start + 2] + "\n")
    tree.put("/sys/block/sr0/device/vendor", "HL-DT-ST\n")
    tree.put("/sys/block/sr0/device/model", "DVDRAM GUD0N\n")
    assert [(d.role, d.ids) for d in read_devices(tree.host())] == [
        ("graphics", "8086:5917"),
        ("storage", "8086:9d03"),
        ("audio", "8086:9d71"),
        ("graphics", "10de:1d10"),
        ("bluetooth", "8087:0a2b"),
        ("camera", "5986:2113"),
        ("fingerprint", "06cb:009a"),
        ("optical", ""),
    ]


IDS = (
    "\n# comment\n8086  Intel Corporation\n\t5917  UHD Graphics 620\n\t\t17aa 225d  ThinkPad\n"
    "10de  NVIDIA Corporation\n\t1d10  GP108M [GeForce MX150]\nC 03  Display controller\n"
    "\t5918  not a device\n"
)


@pytest.mark.parametrize(
    ("vendor", "device", "name"),
    [
        ("8086", "5917", "Intel Corporation UHD Graphics 620"),
        ("10de", "1d10", "NVIDIA Corporation GP108M [GeForce MX150]"),
        ("8086", "1d10", None),
        ("10de", "5918", None),
        ("1234", "5917", None),
        ("8086", "225d", None),
    ],
)
def test_names_stand_below_their_maker(vendor: str, device: str, name: str | None) -> None:
    found = find_name(IDS, vendor, device, "pci.ids")
    assert (found.value if isinstance(found, Known) else None) == name


# --- Processor -------------------------------------------------------------------------------


def test_two_sockets_and_threads_are_counted_over_the_machine() -> None:
    block = "processor : {n}\nphysical id : {p}\ncore id : {c}\nvendor_id : AuthenticAMD\n"
    text = "\n".join(block.format(n=n, p=n // 8, c=n % 4) for n in range(16))
    found = parse_cpuinfo(text)
    assert (found.sockets, found.cores, found.threads) == (
        Known(2, "/proc/cpuinfo"),
        Known(8, "/proc/cpuinfo"),
        Known(16, "/proc/cpuinfo"),
    )


def test_a_32_bit_processor_is_known_as_one_only_with_its_flags() -> None:
    old = parse_cpuinfo("processor : 0\nflags : fpu tsc cx8 pae sse2\n")
    assert old.bits == Known(32, "/proc/cpuinfo")
    arm = parse_cpuinfo("processor : 0\nFeatures : half thumb\n")
    assert isinstance(arm.bits, Unknown)
    assert isinstance(arm.flags, Unknown)


def test_a_clock_that_idles_is_not_called_the_maximum(tree: laptop.Tree) -> None:
    tree.put("/proc/cpuinfo", "processor : 0\ncpu MHz : 800.1\n")
    assert read_cpu(files(tree), NOTHING, NOTHING).max_mhz == Known(800, "/proc/cpuinfo:cpu MHz")
    told = "CPU(s): 1\nCPU max MHz: 3600.0000\nCPU MHz: 800.0\n"
    assert read_cpu(files(tree), told, NOTHING).max_mhz == Known(3600, "lscpu:CPU max MHz")


def test_an_indented_lscpu_of_later_days() -> None:
    found = parse_lscpu(
        "CPU(s):                   8\n  On-line CPU(s) list:    0-7\n"
        "Vendor ID:                GenuineIntel\n  Model name:  Core i5\n"
        "    CPU family:           6\n    Model:                142\n"
        "    Thread(s) per core:   2\n    Core(s) per socket:   4\n"
        "    Socket(s):            1\n    Stepping:             10\n"
    )
    assert (found.family, found.model, found.cores, found.threads) == (
        Known(6, "lscpu"),
        Known(142, "lscpu"),
        Known(4, "lscpu"),
        Known(8, "lscpu"),
    )


@pytest.mark.parametrize("name", ["unknown", "Unknown CPU", "06/8e", "00/00", ""])
def test_a_name_that_names_nothing(name: str) -> None:
    found = parse_cpuinfo(f"processor : 0\nmodel name : {name}\n").name
    assert isinstance(found, Unknown)


# --- Screens and form ------------------------------------------------------------------------


def test_a_connector_without_a_screen_is_not_listed(tree: laptop.Tree) -> None:
    tree.put("/sys/class/drm/card0-HDMI-A-1/status", "disconnected\n")
    tree.put("/sys/class/drm/card0-HDMI-A-1/edid", b"")
    tree.put("/sys/class/drm/card0-VGA-1/status", "connected\n")
    tree.put("/sys/class/drm/card0-VGA-1/edid", b"")
    tree.put("/sys/class/drm/card0-Virtual-1/status", "connected\n")
    tree.put("/sys/class/drm/card0-Virtual-1/edid", laptop.panel_edid())
    vga, virtual = read_displays(files(tree))
    assert (vga.connector, vga.internal) == ("VGA-1", Known(False, "VGA-1"))
    assert isinstance(vga.width_px, Unknown)
    assert isinstance(virtual.internal, Unknown)
    assert isinstance(virtual.width_px, Known)


def test_an_edid_with_a_wrong_checksum_is_still_read() -> None:
    block = bytearray(laptop.panel_edid())
    block[127] ^= 0x55
    found = parse_edid(bytes(block))
    assert found is not None
    assert (found.maker, found.name, found.serial) == ("LGD", "LP140WF6", laptop.PANEL_SERIAL)


def test_a_size_that_is_a_ratio_is_no_size() -> None:
    block = bytearray(laptop.panel_edid())
    block[21:23] = bytes((16, 0))
    block[66:69] = bytes((16, 9, 0))
    found = parse_edid(bytes(block))
    assert found is not None
    assert found.diagonal_tenths_in is None


def test_hex_dumps_in_their_usual_forms() -> None:
    raw = laptop.panel_edid()
    spaced = "\n".join(raw[i : i + 16].hex(" ") for i in range(0, 128, 16))
    xrandr = "\tEDID: \n" + "\n".join("\t\t" + raw[i : i + 16].hex() for i in range(0, 128, 16))
    for text in (
        raw.hex(),
        raw.hex().upper(),
        spaced,
        f"edid-decode (hex):\n\n{spaced}\n\n----",
        xrandr,
    ):
        assert parse_hex(text) == raw, text[:40]
    assert parse_hex("no hex here") is None


@pytest.mark.parametrize(
    ("chassis", "maker", "names", "form"),
    [
        (("notebook",), "LENOVO", ("ThinkPad T480",), Form.NOTEBOOK),
        (("laptop", "docking station"), "Dell Inc.", ("Latitude E6410",), Form.NOTEBOOK),
        (("docking station", "laptop"), "Dell Inc.", ("Latitude E6410",), Form.NOTEBOOK),
        (("other",), "QEMU", ("Standard PC (Q35 + ICH9, 2009)",), Form.VIRTUAL),
        (("notebook",), "LENOVO", ("KVMThing",), Form.NOTEBOOK),
        (("laptop",), "Apple Inc.", ("iMac18,3",), Form.ALL_IN_ONE),
        (("desktop",), "Intel Corporation", ("NUC7i3BNH", "J31191-309", "Intel NUC"), Form.MINI_PC),
        (("lunch box",), "Apple Inc.", ("Macmini6,2",), Form.MINI_PC),
        (("laptop",), "Microsoft Corporation", ("Surface Pro 4",), Form.TABLET),
        (("laptop",), "Microsoft Corporation", ("Surface Laptop 3",), Form.NOTEBOOK),
        (("other",), "Other", ("Thing",), Form.OTHER),
    ],
)
def test_forms(chassis: tuple[str, ...], maker: str, names: tuple[str, ...], form: Form) -> None:
    found = decide_form(chassis, maker, names, False, "x")
    assert isinstance(found, Known)
    assert found.value is form


def test_a_form_without_any_sign_is_unknown() -> None:
    assert isinstance(decide_form((), "ACME", ("Thing",), False, "x"), Unknown)
    assert decide_form((), "ACME", ("Thing",), True, "x") == Known(Form.NOTEBOOK, "x")


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        ("/home/marie/data", "/home/…"),
        ("/media/marie/PHOTOS", "/media/…"),
        ("/run/media/marie/X", "/run/media/…"),
        ("/run/user/1000/doc", "/run/user/…"),
        ("/home", "/home"),
        ("/", "/"),
        ("/boot/efi", "/boot/efi"),
        ("/homestead/x", "/homestead/x"),
    ],
)
def test_mount_points_name_nobody(place: str, shown: str) -> None:
    assert public_place(place) == shown


# --- What peers' users ask for ---------------------------------------------------------------


def test_a_battery_tells_its_voltage_and_its_date(tree: laptop.Tree) -> None:
    battery(
        tree,
        energy_full="40000000",
        voltage_min_design="11400000",
        manufacture_year="2018",
        manufacture_month="3",
    )
    battery(tree, "BAT1", energy_full="40000000", manufacture_year="1980", manufacture_month="3")
    found, other = read_batteries(files(tree))
    place = "/sys/class/power_supply/BAT0"
    assert found.design_voltage_mv == Known(11400, f"{place}/voltage_min_design")
    assert found.made == Known("2018-03", f"{place}/manufacture_year")
    assert isinstance(other.made, Unknown)


def test_a_touch_screen_is_no_touchpad(tree: laptop.Tree) -> None:
    for name, properties, axes in (
        ("event3", "2", "273800000000003"),  # direct, several fingers
        ("event4", "5", "273800000000003"),  # a pointer below the keyboard
        ("event5", "2", "1000003"),  # a pen
        ("event6", "x", "y"),
    ):
        place = f"/sys/class/input/{name}/device"
        tree.put(f"{place}/properties", properties + "\n")
        tree.put(f"{place}/capabilities/abs", axes + "\n")
        tree.put(f"{place}/name", f"ELAN {name}\n")
        tree.put(f"{place}/id/vendor", "04f3\n")
        tree.put(f"{place}/id/product", "2234\n")
    (found,) = read_devices(tree.host())
    assert (found.role, found.ids, found.address) == ("touch", "04f3:2234", "event3")


def test_a_card_tells_its_own_memory(tree: laptop.Tree) -> None:
    place = "/sys/bus/pci/devices/0000:01:00.0"
    for key, text in (("class", "0x030000"), ("vendor", "0x1002"), ("device", "0x683f")):
        tree.put(f"{place}/{key}", text + "\n")
    tree.put(f"{place}/mem_info_vram_total", "2147483648\n")
    (found,) = read_devices(tree.host())
    assert found.memory_bytes == Known(2147483648, f"{place}/mem_info_vram_total")
