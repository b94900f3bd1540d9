"""Which computer it is: garbage never names one, part swaps never rename one."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
from pathlib import Path

import pytest

from recond.host.identity.garbage import is_garbage, is_garbage_uuid
from recond.inspect.identity import identify
from recond.inspect.machine import read_machine
from recond.model import Form, Known, NetworkCard, System, Unknown, Why
from tests.inspect import laptop

NONE = Unknown(Why.ABSENT)


def known(text: str) -> Known[str]:
    return Known(text, "test")


def system(**changes: object) -> System:
    base = System(*[NONE] * len(dataclasses.fields(System)))
    base = dataclasses.replace(
        base, maker=known("LENOVO"), model=known("20L6S01V00"), form=Known(Form.NOTEBOOK, "test")
    )
    return dataclasses.replace(base, **changes)  # type: ignore[arg-type]


def card(mac: str = laptop.MAC, bus: str = "pci", kind: str = "ethernet") -> NetworkCard:
    return NetworkCard("eth0", known(kind), known(mac), known(bus), NONE, NONE)


FULL = system(serial=known("PF1ABCDE"), uuid=known(laptop.UUID), board_serial=known("L1HF83G012R"))


@pytest.mark.parametrize(
    "text",
    [
        "To Be Filled By O.E.M.",
        "to be filled by o.e.m.",
        "To be filled by O.E.M",
        "Default string",
        "System Serial Number",
        "None",
        "Not Specified",
        "Not Applicable",
        "0123456789",
        "0000000000",
        "FFFFFFFF",
        "ffffffff",
        "xxxxxxxx",
        "..............",
        "N/A",
        "Chassis Serial Number",
        "BSN12345678901234567",
        "MB-1234567890",
        "$(DEFAULT_STRING)",
        "OEM",
        "INVALID",
        "<BAD INDEX>",
        "123456789",
        "Type2 - Board Serial Number",
        "empty",
        "Unknown",
        "--",
        "",
        "   ",
        "SerNum0",
        "Array1_PartNumber0",
        "ModulePartNumber00",
        "System Product Name",
        "All Series",
    ],
)
def test_filler_is_garbage(text: str) -> None:
    assert is_garbage(text)


@pytest.mark.parametrize(
    "text",
    [
        "PF1ABCDE",
        "CNU4069Y46",
        "5CG1234567",
        "CZC1234567",
        "S4EWNX0M123456",
        "WD-WCC6Y0AB1234",
        "4C530001230615113322",
        "VMware-42 3f 8a",
        "20L6S01V00",
        "ThinkPad T480",
        "HP Laptop 15-bw0xx",
        "Aquarius",
        "MS-7B86",
        "P7xxDM(-G)",
        "X11DDW-L",
        "Latitude E6410",
        "1S20L6S01V00PF1ABCDE",
        "/4W2T7M2/CNWS20079E0123/",
        "C02SL1234567",
        "Samsung",
        "M471A1K43CB1-CRC",
        "0x5002538d",
    ],
)
def test_real_texts_are_not(text: str) -> None:
    assert not is_garbage(text)


def test_shared_uuids_are_garbage() -> None:
    for uuid in (
        "03000200-0400-0500-0006-000700080009",
        "00000000-0000-0000-0000-000000000000",
        "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
        "not a uuid",
        "",
        "12345678-1234-5678-1234-567812345678",
        "3d2a1c00-1111-2222-3333-000000000000",
    ):
        assert is_garbage_uuid(uuid), uuid
    assert not is_garbage_uuid(laptop.UUID)
    assert not is_garbage_uuid("{" + laptop.UUID.upper() + "}")


def test_the_confidence_says_how_much_is_known() -> None:
    assert identify(FULL, ()).confidence == "strong"
    assert identify(dataclasses.replace(FULL, uuid=NONE), ()).confidence == "medium"
    assert identify(system(board_serial=known("L1HF83G012R")), ()).confidence == "medium"
    assert identify(system(chassis_serial=known("CH123456")), ()).confidence == "weak"
    assert identify(system(), (card(),)).confidence == "weak"
    assert identify(system(), ()).confidence == "none"


def test_without_evidence_there_is_no_identity() -> None:
    """Two machines whose maker wrote nothing never become one: neither has an identity."""
    garbage = Unknown(Why.GARBAGE, "Default string")
    one = identify(system(serial=garbage, uuid=garbage, board_serial=garbage), ())
    assert isinstance(one.machine_id, Unknown)
    assert one.machine_id.why is Why.GARBAGE
    assert one.evidence == ()
    # USB and virtual cards are no part of the machine
    assert isinstance(identify(system(), (card(bus="usb"),)).machine_id, Unknown)
    assert isinstance(identify(system(), (card(bus="virtio"),)).machine_id, Unknown)


def test_two_garbage_machines_with_built_in_cards_stay_two() -> None:
    one, other = (identify(system(), (card(mac),)) for mac in (laptop.MAC, "8c:16:45:12:34:57"))
    assert isinstance(one.machine_id, Known)
    assert isinstance(other.machine_id, Known)
    assert one.machine_id.value != other.machine_id.value


def test_part_swaps_do_not_rename(tmp_path: Path) -> None:
    tree = laptop.make_laptop(tmp_path)
    before = read_machine(tree.host()).identity.machine_id
    (tmp_path / "lsblk.json").write_text('{"blockdevices": []}')
    (tmp_path / "sys/class/net/enp0s31f6").unlink()
    (tmp_path / "sys/class/power_supply/BAT0").unlink()
    (tmp_path / "proc/meminfo").write_text("MemTotal: 16000000 kB\n")
    after = read_machine(tree.host())
    assert after.disks == ()
    assert after.networks == ()
    assert after.identity.machine_id == before


def test_spelling_does_not_rename() -> None:
    other = dataclasses.replace(
        FULL, serial=known(" pf1-abcde "), maker=known("Lenovo"), model=known("20L6 S01V00")
    )
    found, again = identify(FULL, ()).machine_id, identify(other, ()).machine_id
    assert isinstance(found, Known)
    assert isinstance(again, Known)
    assert found.value == again.value


def test_values_cannot_move_between_fields() -> None:
    """Lengths stand before the values, so shifting a character makes another machine."""
    ids = set()
    for serial, uuid in itertools.permutations(("ABCD12345", "ABCD1234", "5ABCD1234"), 2):
        found = identify(system(serial=known(serial), uuid=known(uuid)), ()).machine_id
        assert isinstance(found, Known)
        ids.add(found.value)
    assert len(ids) == 6


def test_what_only_root_may_read_makes_no_identity() -> None:
    denied = Unknown(Why.DENIED, "/sys/class/dmi/id/product_serial")
    found = identify(dataclasses.replace(FULL, serial=denied), (card(),))
    assert found.machine_id == denied
    assert found.confidence == "none"


def test_the_evidence_names_fields_and_no_value() -> None:
    found = identify(FULL, ())
    assert found.evidence == ("board_serial", "maker", "model", "serial", "uuid")
    assert "PF1ABCDE" not in repr(found)


def test_ereuse24_is_the_servers() -> None:
    """devicehub-django joins manufacturer, model, chassis, serial_number and mac as they are."""
    found = identify(FULL, (card(),)).ereuse24
    joined = "LENOVO" + "20L6S01V00" + "Laptop" + "PF1ABCDE" + laptop.MAC
    assert found == Known(
        hashlib.sha3_256(joined.encode()).hexdigest(), "maker+model+type+serial+mac"
    )
    assert isinstance(identify(FULL, ()).ereuse24, Unknown)
    assert isinstance(identify(system(), (card(),)).ereuse24, Unknown)
