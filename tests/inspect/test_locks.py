"""Locks that an organisation leaves on a computer: found, not found, or not to be told."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from recond.certify.pages.inventory import lock_rows
from recond.certify.pages.label import lock_line
from recond.certify.record import parse_record
from recond.codec import from_json, to_json
from recond.flow.machine.capture import host_from, write_capture
from recond.flow.profiles import load_profile
from recond.guided.computer import computer_lines
from recond.guided.words import BAD, GuidedWords
from recond.host import Host
from recond.host.process import Completed
from recond.inspect.dmidecode import parse_dmidecode
from recond.inspect.machine import read_machine
from recond.locale import LANGS, Lang, has, say, text
from recond.locks import (
    HARMLESS,
    KINDS,
    found_locks,
    holding_locks,
    lock_message,
    lock_question,
    open_locks,
)
from recond.model import Known, Lock, Machine, Message, Outcome, Reading, Unknown, Why
from recond.readiness import assess_machine
from recond.show.machine import show_machine
from recond.show.screen import Screen
from tests.certify.papers import files_of
from tests.computers import prepared_image
from tests.inspect import laptop
from tests.inspect.corpus import read_corpus
from tests.inspect.test_smbios import same

WPBT = "/sys/firmware/acpi/tables/WPBT"
DRIVERS = "/sys/class/firmware-attributes"


@pytest.fixture
def tree(tmp_path: Path) -> laptop.Tree:
    return laptop.make_laptop(tmp_path)


def locks(tree: laptop.Tree) -> dict[str, Lock]:
    return {one.kind: one for one in read_machine(tree.host()).locks}


def state(tree: laptop.Tree, kind: str) -> bool | None:
    found = locks(tree)[kind].found
    return found.value if isinstance(found, Known) else None


def with_smbios(tree: laptop.Tree, *structures: bytes) -> None:
    end = laptop.smbios_structure(127, 0x7F00, b"", ())
    whole = laptop.laptop_table()
    assert end in whole
    table = whole.replace(end, b"") + b"".join(structures) + end
    tree.put("/sys/firmware/dmi/tables/DMI", table)
    tree.put("/sys/firmware/dmi/tables/smbios_entry_point", laptop.entry_point(table))


def security(power_on: int, administrator: int) -> bytes:
    return laptop.smbios_structure(24, 0x24, bytes((power_on << 6 | administrator << 2,)), ())


def password(tree: laptop.Tree, driver: str, name: str, role: str, *, on: bool) -> None:
    place = f"{DRIVERS}/{driver}/authentication/{name}"
    tree.put(f"{place}/role", f"{role}\n")
    tree.put(f"{place}/is_enabled", f"{int(on)}\n")


def setting(tree: laptop.Tree, driver: str, name: str, value: str) -> None:
    tree.put(f"{DRIVERS}/{driver}/attributes/{name}/current_value", f"{value}\n")


# --- Passwords -------------------------------------------------------------------------------


@pytest.mark.parametrize(("bits", "expected"), [(0, False), (1, True), (2, False), (3, None)])
def test_passwords_by_the_firmwares_tables(
    tree: laptop.Tree, bits: int, expected: bool | None
) -> None:
    with_smbios(tree, security(bits, 0))
    assert (state(tree, "start-password"), state(tree, "setup-password")) == (expected, False)
    with_smbios(tree, security(0, bits))
    assert (state(tree, "start-password"), state(tree, "setup-password")) == (False, expected)


def test_without_the_structure_nothing_is_told(tree: laptop.Tree) -> None:
    assert state(tree, "start-password") is None
    assert state(tree, "setup-password") is None


@pytest.mark.parametrize(
    ("driver", "name", "role", "kind"),
    [
        ("dell-wmi-sysman", "Admin", "bios-admin", "setup-password"),
        ("dell-wmi-sysman", "System", "power-on", "start-password"),
        ("thinklmi", "Admin", "bios-admin", "setup-password"),
        ("thinklmi", "Power-on", "power-on", "start-password"),
        ("hp-bioscfg", "Setup Password", "bios-admin", "setup-password"),
    ],
)
def test_passwords_by_the_firmwares_driver(
    tree: laptop.Tree, driver: str, name: str, role: str, kind: str
) -> None:
    password(tree, driver, name, role, on=False)
    assert state(tree, kind) is False
    password(tree, driver, name, role, on=True)
    assert state(tree, kind) is True
    (lock,) = holding_locks(read_machine(tree.host()))
    assert (lock.kind, lock.found) == (
        kind,
        Known(True, f"{DRIVERS}/{driver}/authentication/{name}/is_enabled"),
    )


def test_driver_and_tables_that_differ_are_no_reading(tree: laptop.Tree) -> None:
    with_smbios(tree, security(0, 1))
    password(tree, "thinklmi", "Admin", "bios-admin", on=False)
    found = locks(tree)["setup-password"].found
    assert isinstance(found, Unknown)
    assert found.why is Why.CONFLICT


def test_a_disk_with_a_password(tree: laptop.Tree) -> None:
    assert locks(tree)["disk-password"].where == "/dev/sda"
    assert state(tree, "disk-password") is False
    page = next(tree.root.glob("sys/devices/**/vpd_pg89"))
    raw = bytearray(page.read_bytes())
    raw[60 + 2 * 85] |= 2  # word 85 bit 1: SECURITY is enabled
    raw[60 + 2 * 82] |= 2
    raw[60 + 2 * 128] |= 3  # supported, enabled; not locked at this moment
    page.write_bytes(bytes(raw))
    assert state(tree, "disk-password") is True
    page.unlink()
    assert state(tree, "disk-password") is None


# --- Tracking and management -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("driver", "name", "value", "expected"),
    [
        ("thinklmi", "AbsolutePersistenceModuleActivation", "Enable", None),
        ("thinklmi", "AbsolutePersistenceModuleActivation", "Disable", False),
        ("thinklmi", "AbsolutePersistenceModuleActivation", "PermanentlyDisable", False),
        ("thinklmi", "ComputraceModuleActivation", "Enable;[Optional:Disable,Enable]", None),
        ("dell-wmi-sysman", "Absolute", "Enabled", None),
        ("dell-wmi-sysman", "Absolute", "PermanentlyDisabled", False),
        ("dell-wmi-sysman", "Computrace", "Deactivate", False),
        ("dell-wmi-sysman", "Computrace", "Activate", True),
        ("hp-bioscfg", "Absolute Persistence Module Current State", "Active", True),
        ("hp-bioscfg", "Absolute Persistence Module Current State", "Inactive", False),
        ("hp-bioscfg", "Permanent Disable Absolute Persistence Module Set Once", "No", None),
        ("hp-bioscfg", "Absolute Persistence Module Current State", "Aktiv", None),
    ],
)
def test_the_tracking_module_by_the_firmwares_settings(
    tree: laptop.Tree, driver: str, name: str, value: str, expected: bool | None
) -> None:
    setting(tree, driver, name, value)
    assert state(tree, "absolute") is expected


def test_one_setting_that_says_activated_counts(tree: laptop.Tree) -> None:
    setting(tree, "x", "Absolute", "Disabled")
    setting(tree, "x", "Computrace", "Enabled")
    assert state(tree, "absolute") is None
    setting(tree, "x", "Computrace State", "Activated")
    assert state(tree, "absolute") is True


def amt(there: int, on: int, mark: bytes = b"$AMT") -> bytes:
    return laptop.smbios_structure(130, 0x82, mark + bytes((there, on)) + bytes(10), ())


def test_remote_control_that_is_off_or_not_there(tree: laptop.Tree) -> None:
    for one, expected in ((amt(0, 0), False), (amt(1, 0), False), (amt(1, 1), None)):
        with_smbios(tree, one)
        assert state(tree, "amt") is expected
    with_smbios(tree, amt(0, 0, b"ABCD"))  # another maker's type 130
    assert state(tree, "amt") is None


def test_remote_control_by_the_engines_clients(tree: laptop.Tree) -> None:
    tree.put("/sys/bus/mei/devices/0000:00:16.0-082ee5a7-7c25-470a-9643-0c06f0466ea1/name", "x")
    assert state(tree, "amt") is False
    tree.put("/sys/bus/mei/devices/0000:00:16.0-12f80028-b4b7-4b2d-aca8-46e0ff65814c/name", "x")
    assert state(tree, "amt") is None


def system_of(tree: laptop.Tree, maker: str, model: str, bios_date: str = "01/02/2020") -> None:
    (tree.root / "sys/firmware/dmi/tables/DMI").unlink(missing_ok=True)
    tree.put("/sys/class/dmi/id/sys_vendor", maker)
    tree.put("/sys/class/dmi/id/product_name", model)
    tree.put("/sys/class/dmi/id/bios_date", bios_date)


@pytest.mark.parametrize(
    ("model", "asked"),
    [
        ("MacBookPro15,2", True),
        ("MacBookAir9,1", True),
        ("Macmini8,1", True),
        ("iMac20,2", True),
        ("MacBookPro14,1", False),
        ("iMac13,2", False),
        ("MacBookAir8,12", False),
    ],
)
def test_a_computer_of_apples_with_a_t2_is_asked_for(
    tree: laptop.Tree, model: str, asked: bool
) -> None:
    system_of(tree, "Apple Inc.", model)
    assert (state(tree, "activation") is None) is asked
    assert not {"autopilot", "absolute"} & locks(tree).keys()


def test_apples_own_chip_is_asked_for(tree: laptop.Tree) -> None:
    assert "activation" not in locks(tree)
    tree.put("/proc/device-tree/compatible", b"apple,j293\0apple,t8103\0apple,arm-platform\0")
    assert isinstance(locks(tree)["activation"].found, Unknown)


@pytest.mark.parametrize(("told", "expected"), [("1", True), ("0", False), ("x", None)])
def test_a_chromebook_that_is_enrolled(tree: laptop.Tree, told: str, expected: bool | None) -> None:
    assert "enrolment" not in locks(tree)
    tree.put("/sys/firmware/vpd/rw/check_enrollment", told)
    assert state(tree, "enrolment") is expected
    (tree.root / "sys/firmware/vpd/rw/check_enrollment").unlink()
    tree.put("/sys/firmware/vpd/ro/region", "fr")
    assert state(tree, "enrolment") is None


def test_autopilot_is_always_a_question_since_2015(tree: laptop.Tree) -> None:
    lock = locks(tree)["autopilot"]
    assert isinstance(lock.found, Unknown)
    machine = read_machine(tree.host())
    for lang in LANGS:
        assert laptop.SERIAL in say(lang, lock_question(lock, machine))
    system_of(tree, "Dell Inc.", "Latitude E6320", "05/21/2012")
    assert "autopilot" not in locks(tree)


# --- Encryption ------------------------------------------------------------------------------


class _Lsblk:
    def __init__(self, inner: object, answer: bytes) -> None:
        self._inner, self._answer = inner, answer

    def run(self, argv: tuple[str, ...], **options: object) -> Completed:
        if argv[0] == "lsblk":
            return Completed(argv, 0, self._answer, b"", 1)
        return self._inner.run(argv, **options)  # type: ignore[attr-defined,no-any-return] # a fake


def test_encryption_is_told_by_its_name_and_holds_nothing_up(tree: laptop.Tree) -> None:
    answer = (
        b'{"blockdevices":[{"kname":"sda","type":"disk","size":1000,"children":['
        b'{"kname":"sda1","type":"part","size":500,"fstype":"BitLocker"},'
        b'{"kname":"sda2","type":"part","size":500,"fstype":"crypto_LUKS","children":['
        b'{"kname":"dm-0","type":"crypt","size":400,"fstype":"ext4"}]},'
        b'{"kname":"sda3","type":"part","size":500,"fstype":"ext4"}]}]}'
    )
    host = tree.host()
    host = replace(host, processes=_Lsblk(host.processes, answer))
    machine = read_machine(host, smart=False)
    found = [one for one in found_locks(machine) if one.kind == "encryption"]
    assert [(one.where, one.name) for one in found] == [
        ("/dev/sda1", "BitLocker"),
        ("/dev/sda2", "LUKS"),
    ]
    assert holding_locks(machine) == ()
    assert "BitLocker (/dev/sda1)" in say("fr", lock_message(found[0]))


# --- What is made of them --------------------------------------------------------------------


def test_every_kind_has_its_words(tree: laptop.Tree) -> None:
    machine = read_machine(tree.host())
    for lang in LANGS:
        for kind in (*KINDS, "other"):
            assert has(f"inspect.lock.{kind}", lang), kind
            assert has(f"inspect.lock.ask.{kind}", lang), kind
            assert has(f"inspect.lock.short.{kind}", lang), kind
        later = Lock("of-a-later-recond", Unknown(Why.NOT_READ))
        assert not say(lang, lock_message(later)).startswith("inspect.")
        assert not say(lang, lock_question(later, machine)).startswith("inspect.")
    assert set(KINDS) >= HARMLESS


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        ({}, None),
        ({"FACP": b"FACP...."}, Known(False, WPBT)),
        ({"FACP": b"FACP....", "WPBT": b"WPBT4..."}, Known(True, WPBT)),
        ({"FACP": b"FACP....", "WPBT": b""}, Unknown(Why.UNPARSABLE, WPBT)),
    ],
)
def test_a_program_that_the_firmware_hands_over_is_named_and_holds_nothing_up(
    tables: dict[str, bytes], expected: Reading[bool] | None, tree: laptop.Tree, tmp_path: Path
) -> None:
    for name, raw in tables.items():
        tree.put(f"/sys/firmware/acpi/tables/{name}", raw)
    bench, file = tree.host(), tmp_path / "capture.tar.gz"
    machine = write_capture(bench, file, smart=False)
    for one in (machine, read_machine(host_from(file, bench), smart=False)):
        found = [lock for lock in one.locks if lock.kind == "firmware-program"]
        assert [lock.found for lock in found] == ([expected] if expected else [])
        assert holding_locks(one) == ()


def test_what_apples_encryption_may_be_on_is_a_question(tree: laptop.Tree) -> None:
    answer = (
        b'{"blockdevices":[{"kname":"sda","type":"disk","size":1000,"children":['
        b'{"kname":"sda2","type":"part","size":500,"fstype":"apfs"},'
        b'{"kname":"sda3","type":"part","size":500,"fstype":null,'
        b'"parttype":"53746F72-6167-11AA-AA11-00306543ECAC"}]}]}'
    )
    host = tree.host()
    machine = read_machine(replace(host, processes=_Lsblk(host.processes, answer)), smart=False)
    found = [one for one in open_locks(machine) if one.kind == "encryption"]
    assert [(one.where, one.name) for one in found] == [
        ("/dev/sda2", "FileVault, APFS"),
        ("/dev/sda3", "FileVault, CoreStorage"),
    ]
    assert found_locks(machine) == ()


def test_a_capture_tells_the_same_locks(tree: laptop.Tree, tmp_path: Path) -> None:
    with_smbios(tree, security(0, 1), amt(1, 1))
    setting(tree, "thinklmi", "AbsolutePersistenceModuleActivation", "Disable")
    password(tree, "thinklmi", "Power-on", "power-on", on=False)
    tree.put("/sys/firmware/vpd/rw/check_enrollment", "1")
    bench, file = tree.host(), tmp_path / "capture.tar.gz"
    machine = write_capture(bench, file, smart=False)
    again = read_machine(host_from(file, bench), smart=False)
    assert again.locks == machine.locks
    assert {one.kind for one in holding_locks(again)} == {"setup-password", "enrolment"}


def test_a_lock_that_was_found_is_a_line_of_every_profile(tree: laptop.Tree) -> None:
    def judged(name: str) -> tuple[Outcome, list[str], list[str]]:
        found = assess_machine(read_machine(tree.host()), load_profile(name), "2026-11-29")
        lines = [line.key for line in found.requirements if line.key.startswith("lock-")]
        told = [say("fr", remedy) for remedy in found.remedies]
        return found.verdict, lines, [one for one in told if "donateur" in one]

    for name in ("debian-13", "linux-mint-22", "windows-10"):
        before, lines, told = judged(name)
        assert (lines, told) == ([], [])
        password(tree, "thinklmi", "Admin", "bios-admin", on=True)
        after, lines, told = judged(name)
        assert lines == ["lock-setup-password"]
        if after is not Outcome.FAIL:
            assert len(told) == 1
        assert after is (Outcome.FIXABLE if before is Outcome.PASS else before)
        shutil.rmtree(tree.root / DRIVERS.lstrip("/"))


def test_tables_raw_and_as_text_tell_the_same(tree: laptop.Tree, tmp_path: Path) -> None:
    for one in (security(1, 0), security(2, 1), security(3, 3)):
        for other in (amt(1, 1), amt(1, 0), amt(0, 0)):
            with_smbios(tree, one, other)
            same((tree.root / "sys/firmware/dmi/tables/DMI").read_bytes(), tmp_path)


def test_real_texts_tell_passwords() -> None:
    """Of 1,637 computers some hundreds tell theirs, and few have one set."""
    found = [parse_dmidecode(sample.text) for sample in read_corpus("dmi")]
    told = [one.passwords[1] for one in found if one.passwords[1] is not None]
    assert len(told) > 400
    assert 20 < told.count("enabled") < 60
    assert sum(one.amt is not None for one in found) > 100


def test_open_questions_are_those_that_cannot_be_told(tree: laptop.Tree) -> None:
    machine: Machine = read_machine(tree.host())
    assert {one.kind for one in open_locks(machine)} == {
        *("start-password", "setup-password", "absolute", "autopilot", "amt")
    }


# --- Where a person reads them ---------------------------------------------------------------


def held(tree: laptop.Tree) -> Machine:
    """A laptop with a password on its settings, and one encrypted part."""
    password(tree, "thinklmi", "Admin", "bios-admin", on=True)
    setting(tree, "thinklmi", "AbsolutePersistenceModuleActivation", "Disable")
    machine = read_machine(tree.host(), smart=False)
    encrypted = Lock("encryption", Known(True, "lsblk"), "/dev/sda3", "BitLocker")
    return replace(machine, locks=(*machine.locks, encrypted))


def test_inspect_shows_each_with_what_to_do(
    tree: laptop.Tree, capsys: pytest.CaptureFixture[str]
) -> None:
    show_machine(Screen("fr"), held(tree))
    shown = " ".join(capsys.readouterr().out.split())
    assert "mot de passe des réglages du BIOS : ! trouvé, à faire débloquer" in shown
    assert "Absolute (Computrace) : non trouvé" in shown
    assert f"n° de série {laptop.SERIAL} est retiré d’Autopilot" in shown
    assert "chiffrement BitLocker (/dev/sda3) : trouvé [lsblk]" in shown


@pytest.mark.parametrize("width", [78, 118])
def test_the_first_screen_tells_what_holds_the_computer(
    tree: laptop.Tree, tmp_path: Path, width: int
) -> None:
    words = GuidedWords("fr")
    prepared = replace(prepared_image(tmp_path, Host()), machine=held(tree), assessments=())
    lines = computer_lines(words, prepared, width)
    assert all(len(line) <= width for line, _ in lines)
    bad = " ".join(" ".join(line for line, mark in lines if mark == BAD).split())
    assert "mot de passe des réglages du BIOS – à faire débloquer par le donateur" in bad
    assert "BitLocker" not in bad
    free = replace(prepared, machine=replace(prepared.machine, locks=()))
    assert not any("Verrous" in line for line, _ in computer_lines(words, free, width))
    asked = tuple(one for one in prepared.machine.locks if one.kind == "autopilot")
    quiet = replace(prepared, machine=replace(prepared.machine, locks=asked))
    told = computer_lines(words, quiet, width)
    shown = [" ".join(line.split()) for line, _ in told]
    assert any("aucun trouvé ; à vérifier : Autopilot" in line for line in shown)
    assert not any(mark == BAD for _, mark in told)


@pytest.mark.parametrize("lang", LANGS)
def test_the_certificate_and_the_label_tell_them(tree: laptop.Tree, lang: Lang) -> None:
    machine = held(tree)
    found, unfound, untold = (
        text(lang, f"certify.locks.{name}", locks="") for name in ("found", "not_found", "untold")
    )
    (told,) = [words for _, words in lock_rows(machine, lang)]
    lines = told.splitlines()
    assert [line.startswith(one) for line, one in zip(lines, (found, unfound, untold), strict=True)]
    assert "BitLocker" in lines[0]
    assert lock_rows(replace(machine, locks=()), lang) == []
    record = parse_record(json.loads(files_of("erased")["record.json"]))
    assert record.machine is not None
    free = lock_line(record, lang)
    assert free == ""
    line = lock_line(replace(record, machine=replace(record.machine, locks=machine.locks)), lang)
    assert say(lang, Message.of("inspect.lock.setup-password")) in line
    assert "BitLocker" not in line


def test_a_record_keeps_them_and_an_earlier_one_has_none(tree: laptop.Tree) -> None:
    machine = held(tree)
    value = to_json(machine)
    assert isinstance(value, dict)
    assert from_json(Machine, value) == machine
    earlier = to_json(replace(machine, locks=()))
    assert isinstance(earlier, dict)
    assert "locks" not in earlier  # its bytes stay what they were (decision 16)
    assert from_json(Machine, earlier) == replace(machine, locks=())
