"""What people call a computer and its parts."""

from __future__ import annotations

import dataclasses
import re

import pytest

from recond.inspect.cpu import unread_cpu
from recond.inspect.dmidecode import parse_dmidecode
from recond.inspect.system import system_of, unread_system
from recond.model import Device, Display, Known, Reading, System, Unknown, Why
from recond.naming import (
    computer_maker,
    computer_name,
    disk_name,
    maker_name,
    model_name,
    part_name,
    processor_maker,
    processor_name,
    screen_name,
)
from tests.inspect.corpus import read_corpus

NOTHING = Unknown(Why.ABSENT)


def told(text: str) -> Reading[str]:
    return Known(text, "x") if text else NOTHING


def system(maker: str = "", model: str = "", version: str = "", **more: str) -> System:
    read = unread_system(NOTHING)
    for name, text in {"maker": maker, "model": model, "version": version, **more}.items():
        read = dataclasses.replace(read, **{name: told(text)})  # type: ignore[arg-type] # a text
    return read


@pytest.mark.parametrize(
    ("read", "name"),
    [
        (system("LENOVO", "20L6S01V00", "ThinkPad T480"), "Lenovo ThinkPad T480 (20L6S01V00)"),
        (system("LENOVO", "80QR", "Lenovo B50-10", family="IDEAPAD"), "Lenovo B50-10 (80QR)"),
        (system("LENOVO", "20150", "Lenovo G580"), "Lenovo G580 (20150)"),
        (system("LENOVO", "82L0", family="Yoga Slim 7"), "Lenovo Yoga Slim 7 (82L0)"),
        (system("LENOVO", "10A8S0AB00", "1.0"), "Lenovo 10A8S0AB00"),
        (system("LENOVO", "11FJ0077SP", "V50a-24IMB"), "Lenovo V50a-24IMB (11FJ0077SP)"),
        (system("LENOVO", "82C3", "V14 G2"), "Lenovo V14 G2 (82C3)"),
        (system("LENOVO", "10A8S0AB00", "v2.1a"), "Lenovo 10A8S0AB00"),
        (system("LENOVO", "10A8S0AB00", "Rev A1"), "Lenovo 10A8S0AB00"),
        (system("HP-Pavilion", "NY429AA-ABA p6110y"), "HP Pavilion p6110y (NY429AA-ABA)"),
        (system("HP Pavilion 061", "EX280AA-ABF t3440.fr"), "HP Pavilion t3440.fr (EX280AA-ABF)"),
        (system("Compaq-Presario", "KJ385AA-ABA SR5710Y"), "Compaq Presario SR5710Y (KJ385AA-ABA)"),
        (system("HP", "HP Pavilion Notebook"), "HP Pavilion Notebook"),
        (
            system("Lenovo", "ThinkSystem SR590 -[7X99CTO1WW]-", "04"),
            "Lenovo ThinkSystem SR590 (7X99CTO1WW)",
        ),
        (system("IBM", "9210D7G", "ThinkCentre M52"), "IBM ThinkCentre M52 (9210D7G)"),
        (system("Apple Inc.", "iMac13,2", "1.0"), "Apple iMac13,2"),
        (system("Dell Inc.", "Latitude E6320", "01"), "Dell Latitude E6320"),
        (system("Dell Inc.", "Dell System XPS L502X"), "Dell System XPS L502X"),
        (
            system("Hewlett-Packard", "HP EliteBook 8570p", "A1029D1102"),
            "HP EliteBook 8570p",
        ),
        (system("HP", "HP ProBook 640 G4"), "HP ProBook 640 G4"),
        (system("Hewlett-Packard", "", "F.07", board_model="30C2"), "HP 30C2"),
        (system("", "", "Rev 1.xx", board_maker="ASUSTeK", board_model="P5GC-MX"), "ASUS P5GC-MX"),
        (system("Supermicro", "Super Server", board_model="X11SSH-LN4F"), "Supermicro X11SSH-LN4F"),
        (system("ASUS", "All Series", board_model="Z97-A"), "ASUS Z97-A"),
        (
            system("SAMSUNG ELECTRONICS CO., LTD.", "930QED", family="Galaxy Book2 Pro 360"),
            "Samsung Galaxy Book2 Pro 360 (930QED)",
        ),
        (system("SAMSUNG", "535U4C", family="SAMSUNG SENS"), "Samsung 535U4C"),
        (system("CSL-Computer GmbH & Co. KG", "Mini PN41"), "CSL Mini PN41"),
        (system("TOSHIBA", "SATELLITE L855", "PSKAEE-00F004HU"), "Toshiba SATELLITE L855"),
        (system("Acer", "Aspire 4820TG", "V1.19"), "Acer Aspire 4820TG"),
        (
            system("ASUSTeK COMPUTER INC.", "VivoBook_ASUSLaptop X513EA_K513EA", "1.0"),
            "ASUS VivoBook X513EA K513EA",
        ),
        (
            system("ASUSTeK COMPUTER INC.", "ROG Zephyrus G14 GA401IV_GA401IV", "1.0"),
            "ASUS ROG Zephyrus G14 GA401IV",
        ),
        (
            system("HUAWEI", "KLVL-WXX9", "M1010", family="MateBook 14"),
            "Huawei MateBook 14 (KLVL-WXX9)",
        ),
        (system("Microsoft Corporation", "Surface Pro 4", "124000"), "Microsoft Surface Pro 4"),
        (
            system("MSI", "MS-7817", "1.0", board_maker="MSI", board_model="H81M-E33 (MS-7817)"),
            "MSI H81M-E33 (MS-7817)",
        ),
        (
            system(board_maker="ASUSTeK COMPUTER INC.", board_model="PRIME Z270-K"),
            "ASUS PRIME Z270-K",
        ),
        (system("ACME Widgets Co., Ltd.", "Thing 5"), "ACME Widgets Thing 5"),
        (system("TUXEDO", "TUXEDO Pulse 15 Gen1"), "Tuxedo Pulse 15 Gen1"),
        (system("Dell Inc."), "Dell"),
        (system(model="Visconte4U"), "Visconte4U"),
        (system(), ""),
    ],
)
def test_a_computer_is_called_by_what_stands_on_its_lid(read: System, name: str) -> None:
    assert computer_name(read) == name
    parts = (computer_maker(read), model_name(read))
    assert " ".join(part for part in parts if part) == name


@pytest.mark.parametrize("text", ["", "   ", "Inc.", "Co., Ltd.", "(", "[", "\\", "*" * 300])
def test_any_text_has_a_name(text: str) -> None:
    assert isinstance(computer_name(system(text, text, text)), str)
    assert isinstance(maker_name(text), str)
    assert isinstance(disk_name(text, text), str)


def test_the_collections_names_are_found_again() -> None:
    """The folder's name is the collection's own judgement of the model."""
    samples = read_corpus("dmi")
    other = 0
    for sample in samples:
        name = re.sub(
            r"[^a-z0-9]+", "", computer_name(system_of(parse_dmidecode(sample.text))).lower()
        )
        # what they write twice or join by "_" is one word here
        words = re.split(
            r"[\s/(_]+", sample.folders[3].replace("ASUSLaptop", "").replace("ASUS Laptop", "")
        )
        plain = [p for word in words if (p := re.sub(r"[^a-z0-9]+", "", word.lower()))]
        other += sum(word in name for word in plain) < 0.67 * len(plain)
    assert other <= len(samples) * 0.04, other


def test_no_title_of_the_collection_ends_in_a_version() -> None:
    for sample in read_corpus("dmi"):
        name = computer_name(system_of(parse_dmidecode(sample.text)))
        assert not re.search(r"\b(1\.0|V\d\.\d\d|F\.\d\d|INVALID)$", name), (sample, name)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Intel(R) Core(TM) i5-8350U CPU @ 1.70GHz", "Intel Core i5-8350U"),
        ("AMD Ryzen 5 3600 6-Core Processor", "AMD Ryzen 5 3600"),
        ("11th Gen Intel(R) Core(TM) i7-1165G7 @ 2.80GHz", "11th Gen Intel Core i7-1165G7"),
        ("Cortex-A76 + Cortex-A55", "Cortex-A76 + Cortex-A55"),
        ("", ""),
    ],
)
def test_processors(name: str, shown: str) -> None:
    cpu = dataclasses.replace(unread_cpu(NOTHING), name=told(name), maker=told("GenuineIntel"))
    assert processor_name(cpu) == shown
    assert processor_maker(cpu) == "Intel"


@pytest.mark.parametrize(
    ("vendor", "model", "shown"),
    [
        (None, "ST1000DM010-2EP102", "Seagate ST1000DM010-2EP102"),
        ("ATA", "WDC WD10EZEX-08WN4A0", "Western Digital WD10EZEX-08WN4A0"),
        (None, "SAMSUNG MZ7LN256HAJQ-000L7", "Samsung MZ7LN256HAJQ-000L7"),
        (None, "Samsung SSD 860 EVO 500GB", "Samsung SSD 860 EVO 500GB"),
        (None, "KXG60ZNV512G TOSHIBA", "Toshiba KXG60ZNV512G TOSHIBA"),
        (None, "CT250MX500SSD1", "Crucial CT250MX500SSD1"),
        ("SEAGATE", "ST4000NM0043", "Seagate ST4000NM0043"),
        ("NETAPP", "X422_HCOBE600A10", "NETAPP X422 HCOBE600A10"),
        ("QEMU", "QEMU HARDDISK", "QEMU HARDDISK"),
        (None, None, ""),
    ],
)
def test_disks(vendor: str | None, model: str | None, shown: str) -> None:
    assert disk_name(vendor, model) == shown


@pytest.mark.parametrize(
    ("ids", "name", "shown"),
    [
        ("8086:5917", "Intel Corporation UHD Graphics 620", "Intel UHD Graphics 620"),
        (
            "1002:683f",
            "Advanced Micro Devices, Inc. [AMD/ATI] Cape Verde PRO [Radeon HD 7750]",
            "AMD Radeon HD 7750 (Cape Verde PRO)",
        ),
        (
            "10de:1d10",
            "NVIDIA Corporation GP108M [GeForce MX150]",
            "NVIDIA GeForce MX150 (GP108M)",
        ),
        ("10de:ffff", "", "NVIDIA 10de:ffff"),
        ("abcd:0001", "", "abcd:0001"),
    ],
)
def test_parts(ids: str, name: str, shown: str) -> None:
    device = Device("graphics", "pci", "0000:00:02.0", ids, told(name), NOTHING)
    assert part_name(device) == shown


@pytest.mark.parametrize(
    ("maker", "name", "shown"),
    [
        ("DEL", "DELL U2412M", "Dell U2412M"),
        ("LGD", "LP140WF6", "LG Display LP140WF6"),
        ("AUO", "", "AU Optronics"),
        ("XYZ", "Q1", "XYZ Q1"),
        ("", "", ""),
    ],
)
def test_screens(maker: str, name: str, shown: str) -> None:
    unread = Display("eDP-1", *[NOTHING] * 9)
    screen = dataclasses.replace(unread, maker=told(maker), name=told(name))
    assert screen_name(screen) == shown
