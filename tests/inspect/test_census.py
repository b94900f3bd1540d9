"""The census: each kind of storage that shows no disk is found, and what was not asked is a gap."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import pytest

from recond.census import Census, Kind, Look, Place, Reach
from recond.drive.answers import parse_controller_list
from recond.flow.machine.capture import host_from, write_capture
from recond.host import Host
from recond.host.nvme_namespaces import attached, unattached
from recond.host.process import Completed
from recond.host.sim.drive import SimClock
from recond.host.sim.nvme import SimNvme
from recond.inspect import census as census_module
from recond.inspect import census_cards, census_nvme
from recond.inspect.census import read_census
from recond.inspect.census_adapters import parse_scan
from recond.inspect.disks import read_disks
from recond.inspect.machine import read_machine
from recond.locale import text
from recond.model import Known, Message, Unknown, Why
from tests.inspect import laptop

AHCI, NVME_CODE, RAID = "0x010601", "0x010802", "0x010400"


@pytest.fixture
def tree(tmp_path: Path) -> laptop.Tree:
    made = laptop.Tree(tmp_path)
    made.put("/proc/self/mountinfo", "1 1 0:1 / / rw - rootfs rootfs rw\n")
    made.put("/proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n")
    disks(made, node("sda", serial="S1", tran="sata"))
    return made


def node(name: str, **more: Any) -> dict[str, Any]:
    base = {"kname": name, "type": "disk", "size": 256 * 10**9, "log-sec": 512, "phy-sec": 512,
            "rota": False, "rm": False, "ro": False}  # fmt: skip
    return {**base, **more}


def disks(tree: laptop.Tree, *nodes: dict[str, Any]) -> None:
    tree.put("/lsblk.json", json.dumps({"blockdevices": nodes}))


def controller(
    tree: laptop.Tree, address: str, code: str, driver: str | None = "ahci", ids: str = "8086:a282",
    real: str | None = None, **files: str,
) -> None:  # fmt: skip
    place = real or f"/sys/devices/pci0000:00/{address}"
    tree.link(f"/sys/bus/pci/devices/{address}", place)
    vendor, device = ids.split(":")
    told = {"class": code, "vendor": f"0x{vendor}", "device": f"0x{device}", **files}
    for name, value in told.items():
        tree.put(f"{place}/{name}", value + "\n")
    if driver:
        tree.link(f"{place}/driver", f"/sys/bus/pci/drivers/{driver}")


def census(tree: laptop.Tree, **options: Any) -> Census:
    host = tree.host()
    return read_census(host, read_disks(host), **options)


def kinds(found: Census) -> list[str]:
    return [one.key.partition(":")[0] for one in found.suspicions]


def hidden(found: Census) -> list[tuple[str, Kind]]:
    return [(one.key, one.kind) for one in found.media if one.reach is Reach.HIDDEN]


# --- Controllers -----------------------------------------------------------------------------


def test_a_plain_computer_raises_no_suspicion(tree: laptop.Tree) -> None:
    controller(tree, "0000:00:17.0", AHCI, remapped_nvme="0")
    found = census(tree)
    assert not found.suspicions
    assert [(one.key, one.place, one.reach) for one in found.media] == [
        ("S1", Place.INNER, Reach.READY)
    ]
    (ahci,) = found.controllers
    assert (ahci.address, ahci.ids) == ("0000:00:17.0", "8086:a282")
    assert isinstance(ahci.driver, Known)
    assert ahci.driver.value == "ahci"


def test_the_nvme_disks_that_a_sata_controller_hides_are_media(tree: laptop.Tree) -> None:
    controller(tree, "0000:00:17.0", RAID, remapped_nvme="2")
    assert hidden(census(tree)) == [
        ("remapped:0000:00:17.0:1", Kind.DRIVE),
        ("remapped:0000:00:17.0:2", Kind.DRIVE),
    ]


def test_a_controller_without_a_driver_is_suspected(tree: laptop.Tree) -> None:
    controller(tree, "0000:00:17.0", AHCI, remapped_nvme="0")
    controller(tree, "0000:01:00.0", NVME_CODE, driver=None, ids="144d:a808")
    controller(tree, "0000:02:00.0", "0x020000", driver=None)  # a network card: not ours
    controller(tree, "0000:03:00.0", "0x018000", driver=None, ids="1217:7130")  # a card reader
    found = census(tree)
    assert kinds(found) == ["no-driver"]
    assert found.suspicions[0].place == "0000:01:00.0"


@pytest.mark.parametrize("ids", ["1aed:1005", "8086:444e"])  # ioDrive, Turbo Memory
def test_a_flash_drive_of_no_known_kind_is_suspected(tree: laptop.Tree, ids: str) -> None:
    controller(tree, "0000:00:17.0", AHCI, remapped_nvme="0")
    controller(tree, "0000:01:00.0", "0x018000", driver=None, ids=ids)
    assert kinds(census(tree)) == ["no-driver"]


@pytest.mark.parametrize(
    ("driver", "behind", "said"),
    [(None, False, ["vmd-closed"]), ("vmd", False, ["vmd-empty"]), ("vmd", True, [])],
)
def test_vmd(tree: laptop.Tree, driver: str | None, behind: bool, said: list[str]) -> None:
    controller(tree, "0000:00:0e.0", RAID, driver=driver, ids="8086:9a0b")
    if behind:
        real = "/sys/devices/pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:06.0"
        controller(tree, "10000:e0:06.0", NVME_CODE, driver="nvme", real=real)
    assert kinds(census(tree)) == said


def test_a_class_that_cannot_be_read_is_a_gap(tree: laptop.Tree) -> None:
    controller(tree, "0000:00:17.0", AHCI)
    (tree.root / "sys/devices/pci0000:00/0000:00:17.0/class").unlink()
    found = census(tree)
    assert Look.CONTROLLERS not in found.looked
    assert Look.CONTROLLERS in {gap.look for gap in found.gaps}


# --- Disks -----------------------------------------------------------------------------------


def test_places_and_reach(tree: laptop.Tree) -> None:
    disks(
        tree,
        node("sda", serial="S1", tran="sata", rm=True),  # a hot-plug port
        node("sdb", serial="S2", tran="sas", size=0),
        node("sdc", serial="S3", tran="usb"),
        node("sdd", size=0, rm=True, tran="usb"),
        node("sde", serial="S1", tran="sata"),
    )
    found = {one.paths[0]: one for one in census(tree).media}
    assert {path: (one.place, one.reach) for path, one in found.items()} == {
        "/dev/sda": (Place.INNER, Reach.READY),
        "/dev/sdb": (Place.INNER, Reach.UNREADABLE),
        "/dev/sdc": (Place.USB, Reach.READY),
        "/dev/sdd": (Place.READER, Reach.EMPTY),
        "/dev/sde": (Place.INNER, Reach.READY),
    }
    assert len({one.key for one in found.values()}) == 5  # equal serials, keys of their own


def test_two_paths_are_one_medium(tree: laptop.Tree) -> None:
    one = {"serial": "KWG1", "wwn": "0x5000cca000000001", "tran": "sas", "model": "HUS"}
    disks(tree, node("sda", **one), node("sdb", **one))
    (medium,) = census(tree).media
    assert medium.paths == ("/dev/sda", "/dev/sdb")


@pytest.mark.parametrize(
    ("hub", "port", "place"),
    [
        ("fixed", "fixed", Place.READER),  # a laptop's reader: the card stays in it
        ("removable", "fixed", Place.USB),  # a hub that somebody plugged in
        ("fixed", "unknown", Place.USB),
        ("fixed", None, Place.USB),
    ],
)
def test_a_usb_disk_that_is_built_in_stays_with_the_computer(
    tree: laptop.Tree, hub: str, port: str | None, place: Place
) -> None:
    usb = "/sys/devices/pci0000:00/usb2/2-4"
    tree.link("/sys/block/sdb", f"{usb}/2-4.1/2-4.1:1.0/host5/target5:0:0/5:0:0:0/block/sdb")
    tree.put(f"{usb}/removable", hub)
    if port is not None:
        tree.put(f"{usb}/2-4.1/removable", port)
    disks(tree, node("sdb", serial="S3", tran="usb"))
    (medium,) = census(tree).media
    assert medium.place is place
    assert census(tree, docks=("USB 2-4",)).media[0].place is Place.DOCK


def test_a_declared_dock(tree: laptop.Tree) -> None:
    real = "/sys/devices/pci0000:00/usb2/2-4/2-4.1/2-4.1:1.0/host5/target5:0:0/5:0:0:0/block/sdb"
    tree.link("/sys/block/sdb", real)
    disks(tree, node("sdb", serial="S3", tran="usb"))
    for docks, place in (((), Place.USB), (("USB 2-4",), Place.DOCK), (("USB 2",), Place.USB)):
        assert [one.place for one in census(tree, docks=docks).media] == [place]


def test_a_disk_locked_by_a_password_is_unreadable(tree: laptop.Tree) -> None:
    identify = bytearray(512)
    identify[166] = 0x00
    identify[167] = 0x40
    identify[164] = 0x02  # word 82: security
    identify[256] = 0x07  # word 128: supported, enabled, locked
    page = b"\0\x89\x02\x38" + bytes(56) + bytes(identify)
    real = "/sys/devices/pci0000:00/ata1/host0/target0:0:0/0:0:0:0"
    tree.link("/sys/block/sda", f"{real}/block/sda")
    tree.link(f"{real}/block/sda/device", real)
    tree.put(f"{real}/vpd_pg89", page)
    (medium,) = census(tree).media
    assert medium.reach is Reach.UNREADABLE
    assert medium.why == Message.of("inspect.census.what.locked", place="/dev/sda")


def test_a_disk_that_the_inventory_lacks_is_a_gap(tree: laptop.Tree) -> None:
    tree.put("/sys/block/sda/size", "8\n")
    tree.put("/sys/block/sdz/size", "8\n")
    found = census(tree)
    (gap,) = [one for one in found.gaps if one.look is Look.BLOCK]
    assert dict(gap.why.args) == {"names": "sdz"}


# --- Ports -----------------------------------------------------------------------------------


def port(tree: laptop.Tree, number: str, speed: str, kind: str) -> None:
    tree.put(f"/sys/class/ata_link/link{number}/sata_spd", speed + "\n")
    tree.put(f"/sys/class/ata_device/dev{number}.0/class", kind + "\n")


def test_a_link_without_a_device(tree: laptop.Tree) -> None:
    port(tree, "1", "6.0 Gbps", "ata")
    port(tree, "2", "<unknown>", "none")
    port(tree, "3", "1.5 Gbps", "none")
    port(tree, "4.1", "3.0 Gbps", "unknown")
    found = census(tree)
    assert [one.place for one in found.suspicions] == ["ATA 3", "ATA 4.1"]


def test_a_disk_that_the_kernel_gave_up(tree: laptop.Tree) -> None:
    port(tree, "5", "3.0 Gbps", "ata_unsup")
    assert hidden(census(tree)) == [("silent:ATA 5.0", Kind.DRIVE)]


def test_a_unit_without_a_block_device(tree: laptop.Tree) -> None:
    tree.put("/sys/bus/scsi/devices/0:0:0:0/type", "0\n")
    tree.put("/sys/bus/scsi/devices/0:0:0:0/block/sda/size", "1\n")
    tree.put("/sys/bus/scsi/devices/1:0:0:0/type", "0\n")
    tree.put("/sys/bus/scsi/devices/2:0:0:0/type", "5\n")  # a CD drive
    assert hidden(census(tree)) == [("silent:SCSI 1:0:0:0", Kind.DRIVE)]


def test_a_sas_device_without_a_unit(tree: laptop.Tree) -> None:
    for name, below in (("end_device-3:0", ["target3:0:0"]), ("end_device-3:1", [])):
        real = f"/sys/devices/pci0000:00/host3/port-3:0/{name}"
        tree.link(f"/sys/class/sas_device/{name}", f"{real}/sas_device/{name}")
        for one in below:
            tree.put(f"{real}/{one}/power", "")
    assert [one.place for one in census(tree).suspicions] == ["SAS 3:1"]


# --- NVMe ------------------------------------------------------------------------------------


def nvme(tree: laptop.Tree, name: str, *spaces: str, state: str = "live", **files: str) -> None:
    for key, value in {"state": state, "serial": "S4EW", "transport": "pcie", **files}.items():
        tree.put(f"/sys/class/nvme/{name}/{key}", value + "\n")
    for space in spaces:
        tree.put(f"/sys/class/nvme/{name}/{space}/nsid", space.rpartition("n")[2] + "\n")


def test_controllers_that_show_nothing(tree: laptop.Tree) -> None:
    nvme(tree, "nvme0", "nvme0n1")
    nvme(tree, "nvme1", "nvme1c1n1")
    nvme(tree, "nvme2")
    nvme(tree, "nvme3", "nvme3n1", state="dead")
    nvme(tree, "nvme4", transport="tcp")
    assert [one.key for one in census(tree).suspicions] == ["nvme-empty:nvme2", "nvme-dead:nvme3"]


def test_a_namespace_that_is_not_attached(
    tree: laptop.Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    nvme(tree, "nvme0", "nvme0n1")
    monkeypatch.setattr(census_nvme, "has_devices", lambda _: True)
    monkeypatch.setattr("recond.host.nvme_namespaces.read_unattached", lambda _: Known((1, 3), "x"))
    found = census(tree)
    assert hidden(found) == [("S4EW-n3", Kind.NAMESPACE)]
    assert Look.NVME in found.looked
    monkeypatch.setattr(
        "recond.host.nvme_namespaces.read_unattached", lambda _: Unknown(Why.DENIED, "x")
    )
    assert Look.NVME not in census(tree).looked


@pytest.mark.parametrize(
    ("changes", "attached", "left"),
    [
        ({}, {1}, ["S4EW-n2"]),
        ({}, {0, 1}, ["S4EW-n2"]),
        ({}, set(), ["S4EW-n2", "S4EW-n3"]),  # it refuses the question
        ({}, {7}, ["S4EW-n2", "S4EW-n3"]),  # a controller of another computer
        ({"subsysnqn": "other"}, {1}, ["S4EW-n2", "S4EW-n3"]),
        ({"serial": "S4EX"}, {1}, ["S4EX-n2", "S4EW-n2", "S4EW-n3"]),
        ({"subsysnqn": "", "serial": ""}, {1}, ["nvme1-n2", "S4EW-n2", "S4EW-n3"]),
    ],
)
def test_a_namespace_that_another_controller_of_the_drive_shows(
    tree: laptop.Tree,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, str],
    attached: set[int],
    left: list[str],
) -> None:
    """Two controllers, one subsystem: namespace 1 at both, 3 at the second only, 2 at neither."""
    nvme(tree, "nvme0", "nvme0c0n1", subsysnqn="nqn.one", cntlid="0")
    nvme(
        tree,
        "nvme1",
        "nvme0c1n1",
        "nvme0c1n3",
        **{"subsysnqn": "nqn.one", "cntlid": "1", **changes},
    )
    monkeypatch.setattr(census_nvme, "has_devices", lambda _: True)
    held = {"nvme0": Known((2, 3), "x"), "nvme1": Known((2,), "x")}
    monkeypatch.setattr("recond.host.nvme_namespaces.read_unattached", held.__getitem__)
    monkeypatch.setattr(
        "recond.host.nvme_namespaces.read_attached",
        lambda name, number: frozenset(attached) if (name, number) == ("nvme0", 3) else frozenset(),
    )
    assert sorted(key for key, _ in hidden(census(tree))) == sorted(left)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"\x02\0\x00\0\x01\0" + bytes(4090), {0, 1}),
        (bytes(4096), set()),
        (b"\x02\0\x05\0", set()),  # cut short
        (b"", set()),
    ],
)
def test_a_list_of_controllers(data: bytes, told: set[int]) -> None:
    assert parse_controller_list(data) == told


def test_a_controller_that_refuses_the_list_of_controllers() -> None:
    assert attached(SimNvme(SimClock(5), 5), 1) == frozenset()


def test_a_capture_asked_no_namespace(tree: laptop.Tree) -> None:
    nvme(tree, "nvme0", "nvme0n1")
    assert Look.NVME not in census(tree).looked


def test_a_controller_without_namespace_management_has_none_unattached() -> None:
    drive = SimNvme(SimClock(5), 5)
    assert unattached(drive, "sim") == Known((), "sim")


# --- Adapters --------------------------------------------------------------------------------

SCAN = {"devices": [
    {"name": "/dev/sda", "type": "scsi"},
    {"name": "/dev/bus/0", "type": "megaraid,4"},
    {"name": "/dev/bus/0", "type": "sat+megaraid,5"},
]}  # fmt: skip


def drive(tree: laptop.Tree, kind: str, serial: str) -> None:
    told = {"device": {"name": "/dev/bus/0", "type": kind}, "model_name": "ST9",
            "serial_number": serial, "user_capacity": {"bytes": 10**12}}  # fmt: skip
    tree.put(f"/smartctl/0.{kind}.json", json.dumps(told))


def test_the_drives_behind_a_raid_adapter_are_media(tree: laptop.Tree) -> None:
    controller(tree, "0000:03:00.0", RAID, driver="megaraid_sas", ids="1000:005d")
    disks(tree, node("sda", serial="V1", vendor="DELL", model="PERC H730"))
    tree.put("/smartctl/--scan.json", json.dumps(SCAN))
    drive(tree, "megaraid,4", "D4")
    drive(tree, "megaraid,5", "D5")
    found = census(tree)
    assert hidden(found) == [("D4", Kind.DRIVE), ("D5", Kind.DRIVE)]
    assert not found.suspicions


def test_drives_that_are_disks_too_are_counted_once(tree: laptop.Tree) -> None:
    controller(tree, "0000:03:00.0", RAID, driver="megaraid_sas")
    disks(tree, node("sda", serial="D4", tran="sas"))  # JBOD
    tree.put("/smartctl/--scan.json", json.dumps(SCAN))
    drive(tree, "megaraid,4", "D4")
    assert not hidden(census(tree))


def test_an_adapter_that_tells_of_no_drive_is_suspected(tree: laptop.Tree) -> None:
    controller(tree, "0000:03:00.0", RAID, driver="aacraid")
    assert kinds(census(tree)) == ["adapter"]
    assert Look.ADAPTERS not in census(tree).looked  # and smartctl could not look


def test_an_hba_that_shows_its_disks_is_not(tree: laptop.Tree) -> None:
    controller(tree, "0000:03:00.0", "0x010700", driver="mpt3sas")
    tree.put("/smartctl/--scan.json", json.dumps({"devices": []}))
    assert not census(tree).suspicions
    disks(tree, node("sda", serial="V1", vendor="LSI", model="Logical Volume"))
    assert kinds(census(tree)) == ["adapter"]


@pytest.mark.parametrize("raw", [b"", b"[]", b'{"devices": 3}', b'{"devices": [{"name": 1}]}'])
def test_a_scan_that_says_nothing(raw: bytes) -> None:
    assert parse_scan(raw) == ()


# --- Cards -----------------------------------------------------------------------------------


class Log:
    """A kernel's log."""

    def __init__(self, said: str, code: int = 0) -> None:
        self.said, self.code = said, code

    def run(self, argv: tuple[str, ...], *, timeout_s: float = 30.0) -> Completed:
        return Completed(argv, self.code, self.said.encode(), b"", 0)


def cards(tree: laptop.Tree, log: Log, monkeypatch: pytest.MonkeyPatch) -> Census:
    monkeypatch.setattr(census_cards, "read_failed_cards", _with(log))
    host = tree.host()
    live = Host(host.processes, host.files, host.clock, "live")
    return read_census(live, read_disks(host))


def _with(log: Log) -> Any:
    from recond.host.cards import read_failed_cards

    return lambda _: read_failed_cards(log)


def test_a_card_that_failed_to_start(tree: laptop.Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    tree.put("/sys/class/mmc_host/mmc0/power", "")
    tree.put("/sys/class/mmc_host/mmc1/mmc1:0001/name", "x")
    monkeypatch.setattr(census_cards, "has_devices", lambda _: True)
    monkeypatch.setattr(census_cards, "is_blank", lambda *_: None)
    said = "".join(
        f"[ 2.1] mmc{n}: error -110 whilst initialising MMC card\n" for n in (0, 1)
    )  # mmc1's was tried again and works
    found = cards(tree, Log(said), monkeypatch)
    assert [one.key for one in found.suspicions] == ["card-failed:mmc0"]
    assert Look.CARDS in found.looked
    unread = cards(tree, Log("", 1), monkeypatch)
    assert Look.CARDS not in unread.looked


def test_a_card_host_that_is_on_no_pci_bus_and_has_no_driver(tree: laptop.Tree) -> None:
    place = "/sys/bus/platform/devices"
    for name in ("80860F14:00", "INT33FC:00"):  # an eMMC's host, and something else
        tree.put(f"{place}/{name}/modalias", f"acpi:{name}")
    found = census(tree)
    assert [one.place for one in found.suspicions] == ["80860F14:00"]
    tree.link(f"{place}/80860F14:00/driver", "/sys/bus/platform/drivers/sdhci-acpi")
    tree.put("/sys/bus/platform/drivers/sdhci-acpi/bind", "")
    assert not census(tree).suspicions


def test_the_boot_areas_of_an_emmc(tree: laptop.Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("mmcblk0", "mmcblk0boot0", "mmcblk0boot1", "mmcblk0rpmb"):
        tree.put(f"/sys/block/{name}/size", "8192\n")
    tree.put("/sys/block/mmcblk0/device/serial", "0xabcd1234\n")
    areas = [one for one in census(tree).media if one.kind is Kind.BOOT_AREA]
    assert [one.key for one in areas] == ["0xabcd1234-boot0", "0xabcd1234-boot1"]
    assert {one.reach for one in areas} == {Reach.READY}
    monkeypatch.setattr(census_cards, "has_devices", lambda _: True)
    monkeypatch.setattr(census_cards, "is_blank", lambda *_: True)
    assert {o.reach for o in census(tree).media if o.kind is Kind.BOOT_AREA} == {Reach.EMPTY}


# --- What was not asked ----------------------------------------------------------------------


def test_a_reader_that_breaks_is_a_gap_and_stops_no_other(
    tree: laptop.Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("x")

    monkeypatch.setattr(census_module, "look_at_ports", broken)
    found = census(tree)
    assert {gap.look for gap in found.gaps} >= {Look.PORTS}
    assert Look.CONTROLLERS in found.looked
    assert found.media


def test_a_folder_that_a_person_put_together_answers_nothing(tmp_path: Path) -> None:
    tree = laptop.Tree(tmp_path)
    disks(tree, node("sda", serial="S1"))
    found = read_machine(host_from(tmp_path, Host())).census
    assert isinstance(found, Known)
    assert found.value.looked == ()
    assert {gap.look for gap in found.value.gaps} == set(Look)
    assert [one.key for one in found.value.media] == ["S1"]  # what is there counts all the same


def test_a_capture_gives_the_same_census(tmp_path: Path) -> None:
    tree = laptop.make_laptop(tmp_path / "machine")
    controller(tree, "0000:00:17.0", RAID, remapped_nvme="1")
    controller(tree, "0000:01:00.0", NVME_CODE, driver=None)
    port(tree, "3", "1.5 Gbps", "none")
    made = write_capture(tree.host(), tmp_path / "c.tar.gz").census
    again = read_machine(host_from(tmp_path / "c.tar.gz", Host())).census
    assert isinstance(made, Known)
    assert isinstance(again, Known)
    assert again.value.suspicions == made.value.suspicions
    assert [one.key for one in again.value.media] == [one.key for one in made.value.media]
    assert again.value.gaps == made.value.gaps
    assert kinds(made.value) == ["no-driver", "link-no-device"]


def test_an_old_capture_did_not_look(tmp_path: Path) -> None:
    old = Path(__file__).parent / "captures"
    (capture,) = [path for path in old.iterdir() if "format" in path.name][:1]
    found = read_machine(host_from(capture, Host())).census
    assert isinstance(found, Known)
    assert Look.PORTS not in found.value.looked


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_every_sentence_is_in_the_catalogues(tree: laptop.Tree, lang: Literal["fr", "en"]) -> None:
    controller(tree, "0000:00:17.0", RAID, remapped_nvme="1")
    controller(tree, "0000:01:00.0", NVME_CODE, driver=None)
    port(tree, "3", "1.5 Gbps", "none")
    nvme(tree, "nvme2")
    found = census(tree)
    said = [m for s in found.suspicions for m in (s.what, s.todo)]
    said += [m for one in found.media for m in (one.why, one.remedy) if m is not None]
    said += [gap.why for gap in found.gaps]
    assert len(said) > 6
    for message in said:
        assert "{" not in text(lang, message.code, **dict(message.args))
