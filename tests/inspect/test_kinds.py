"""Kinds of input that were read wrongly: texts of other times and languages, tables, screens."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from recond.flow.machine.capture import host_from, record_capture
from recond.host import Host
from recond.host.files import Files
from recond.host.identity.garbage import is_garbage
from recond.host.usage import read_uses
from recond.inspect.cpu import lscpu_understood, parse_cpuinfo, parse_lscpu, read_cpu
from recond.inspect.dmidecode import not_understood, parse_dmidecode
from recond.inspect.edid import parse_edid
from recond.inspect.lsblk import parse_lsblk
from recond.inspect.machine import read_machine
from recond.inspect.memory import memory_of
from recond.inspect.module_names import maker_of_code, part_of_code
from recond.inspect.smart_disks import parse_smart_nodes
from recond.inspect.smbios import guess_version, parse_smbios, parse_structures, parse_version
from recond.model import Disk, Known, Medium, Reading, Unknown, Use, Why
from tests.inspect import laptop

NOTHING = Unknown(Why.NOT_READ)


def value(reading: Reading[object]) -> object:
    return reading.value if isinstance(reading, Known) else None


# --- What is absent is unknown ---------------------------------------------------------------


def folder(root: Path, **files: str) -> Host:
    for name, text in files.items():
        place = root / name.replace("__", "/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return host_from(root, Host())


def test_a_folder_says_nothing_by_what_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "sys/firmware/acpi/tables").mkdir(parents=True)
    (tmp_path / "sys/class").mkdir(parents=True)
    machine = read_machine(host_from(tmp_path, Host()))
    for reading in (machine.firmware.mode, machine.firmware.secure_boot, machine.tpm.present):
        assert isinstance(reading, Unknown)


def test_a_capture_of_ours_says_that_it_looked(tmp_path: Path) -> None:
    tree = laptop.make_laptop(tmp_path / "live")
    (tree.root / "sys/firmware/efi").rename(tmp_path / "efi")
    (tree.root / "sys/firmware/acpi/tables/TPM2").unlink()
    (tree.root / "sys/class/tpm").rename(tmp_path / "tpm")
    file = tmp_path / "capture.tar.gz"
    for anonymous in (False, True):
        file.write_bytes(record_capture(tree.host(), anonymous=anonymous).raw)
        again = read_machine(host_from(file, Host()))
        assert again.firmware.mode == Known("bios", "/sys/firmware/efi")
        assert again.tpm.present == Known(False, "/sys/class/tpm")


def test_a_variable_that_nobody_looked_for_may_be_there(tmp_path: Path) -> None:
    variables = tmp_path / "sys/firmware/efi/efivars"
    variables.mkdir(parents=True)
    (variables / "BootOrder-8be4df61-93ca-11d2-aa0d-00e098032b8c").write_bytes(b"\0" * 6)
    firmware = read_machine(host_from(tmp_path, Host())).firmware
    assert firmware.mode == Known("uefi", "/sys/firmware/efi")
    assert isinstance(firmware.secure_boot_capable, Unknown)


MOUNT = "39 0 {number} / {point} rw,relatime - ext4 {source} rw\n"


@pytest.mark.parametrize(
    ("mount", "kinds"),
    [
        (MOUNT.format(number="8:4", point="/", source="/dev/sda4"), {"system"}),
        (MOUNT.format(number="8:4", point="/srv", source="/dev/root"), {"mount"}),
        # a mapping whose parts nobody recorded may lie on this disk
        (MOUNT.format(number="254:0", point="/", source="/dev/mapper/vg-root"), {"unreadable"}),
        (MOUNT.format(number="0:31", point="/", source="/dev/mapper/x"), {"unreadable"}),
        (MOUNT.format(number="0:31", point="/tmp", source="tmpfs"), set()),
        (MOUNT.format(number="8:17", point="/", source="/dev/sdb1"), set()),
    ],
)
def test_uses_without_the_list_of_block_devices(
    tmp_path: Path, mount: str, kinds: set[str]
) -> None:
    files = {
        "sys__block__sda__dev": "8:0\n",
        "sys__block__sda__sda4__dev": "8:4\n",
        "sys__block__sda__sda4__partition": "4\n",
        "sys__block__sdb__dev": "8:16\n",
        "sys__block__sdb__sdb1__dev": "8:17\n",
        "sys__block__sdb__sdb1__partition": "1\n",
        "proc__self__mountinfo": mount,
        "proc__swaps": "Filename\tType\tSize\tUsed\tPriority\n",
    }
    host = folder(tmp_path, **files)
    found = read_uses(host.files, "sda")
    if mount.startswith("39 0 8:17"):
        assert read_uses(host.files, "sdb") == (Use("system", "sdb1", "/"),)
        assert all(use.kind == "unreadable" for use in found)
    else:
        assert {use.kind for use in found} == kinds


def test_a_disk_without_a_number_cannot_be_called_free(tmp_path: Path) -> None:
    host = folder(
        tmp_path,
        sys__block__sda__size="1000\n",
        proc__self__mountinfo="1 1 0:1 / / rw - tmpfs t rw\n",
    )
    assert {use.kind for use in read_uses(host.files, "sda")} == {"unreadable"}
    assert read_uses(Files(tmp_path), "sda") == ()  # on a live computer the kernel has said all


# --- Screens ---------------------------------------------------------------------------------


def screen(
    *descriptors: bytes, revision: int = 3, features: int = 0x0A, extra: bytes = b""
) -> bytes:
    block = bytearray(128)
    block[:8] = b"\0\xff\xff\xff\xff\xff\xff\0"
    block[8:18] = b"\x04\x21" + bytes(8)
    block[18:25] = bytes((1, revision, 0x80, 30, 20, 120, features))
    block[38:54] = b"\1" * 16
    for at, descriptor in zip((54, 72, 90, 108), descriptors, strict=False):
        block[at : at + 18] = descriptor.ljust(18, b"\0")
    return bytes(block) + extra


def timing(width: int, height: int) -> bytes:
    return bytes(
        (
            *(0x20, 0x40),
            *(width & 0xFF, 0x20, (width >> 8) << 4),
            *(height & 0xFF, 0x20, (height >> 8) << 4),
            *bytes(9),
            0x18,
        )
    )


def pixels(raw: bytes) -> tuple[int | None, int | None]:
    edid = parse_edid(raw)
    assert edid is not None
    return edid.width_px, edid.height_px


SMALL, LARGE = timing(720, 400), timing(1920, 1080)


def test_the_first_timing_where_it_is_promised() -> None:
    assert pixels(screen(SMALL, LARGE)) == (720, 400)
    assert pixels(screen(SMALL, LARGE, revision=4, features=0)) == (720, 400)
    assert pixels(screen(SMALL, LARGE, features=0x08)) == (1920, 1080)
    assert pixels(screen(SMALL, LARGE, revision=1, features=0x08)) == (1920, 1080)


@pytest.mark.parametrize("byte", [0x01, 0x20, 0xFF, 0x55])
def test_a_filled_up_place_is_no_timing(byte: int) -> None:
    filled = bytes([byte]) * 18
    assert pixels(screen(filled, filled, filled, filled)) == (None, None)
    assert pixels(screen(filled, LARGE)) == (1920, 1080)


def test_a_timing_of_a_few_pixels_is_none() -> None:
    assert pixels(screen(timing(1, 1), LARGE)) == (1920, 1080)


def displayid(*parts: bytes) -> bytes:
    body = b"".join(parts)
    return (b"\x70\x13" + bytes((len(body), 0, 0)) + body).ljust(128, b"\0")


def test_displayid_tells_the_whole_of_a_large_panel() -> None:
    native = struct.pack("<HHHH", 6000, 3400, 5120, 2880).ljust(12, b"\0")
    raw = screen(LARGE, extra=displayid(b"\x01\0\x0c" + native))
    assert pixels(raw) == (5120, 2880)
    second = bytes((0, 0, 0, 0)) + struct.pack("<H", 1279) + bytes(6) + struct.pack("<H", 799)
    first = bytes((0, 0, 0, 0x80)) + struct.pack("<H", 2559) + bytes(6) + struct.pack("<H", 1599)
    listed = second.ljust(20, b"\0") + first.ljust(20, b"\0")
    assert pixels(screen(extra=displayid(b"\x03\0\x28" + listed))) == (2560, 1600)


def displayid_timing(width: int, height: int, *, preferred: bool) -> bytes:
    begun = bytes((0, 0, 0, 0x80 * preferred)) + struct.pack("<H", width - 1)
    return (begun + bytes(6) + struct.pack("<H", height - 1)).ljust(20, b"\0")


@pytest.mark.parametrize("tag", [0x03, 0x22])
def test_a_timing_that_displayid_prefers_is_the_panels_own(tag: int) -> None:
    """A base block holds 4095 pixels at most; a screen of 5120 tells the rest here."""

    def shown(*, preferred: bool) -> tuple[int | None, int | None]:
        timings = displayid_timing(5120, 2880, preferred=preferred)
        return pixels(screen(LARGE, extra=displayid(bytes((tag, 0, 20)) + timings)))

    assert shown(preferred=True) == (5120, 2880)
    assert shown(preferred=False) == (1920, 1080)


def tile(across: int, down: int, *, one_screen: bool) -> bytes:
    topology = bytes((0x80 * one_screen, (across - 1) << 4 | (down - 1), 0, 0))
    return topology + struct.pack("<HH", 2559, 1439) + bytes(13)


@pytest.mark.parametrize("tag", [0x12, 0x28])
@pytest.mark.parametrize(
    ("across", "down", "one_screen", "seen"),
    [
        (2, 2, True, (5120, 2880)),
        (2, 1, True, (5120, 1440)),
        (1, 1, True, (2560, 1440)),
        (2, 2, False, (1920, 1080)),  # a wall of four screens: this is one of them
    ],
)
def test_a_screen_of_several_tiles_is_the_whole(
    tag: int, across: int, down: int, one_screen: bool, seen: tuple[int, int]
) -> None:
    body = tile(across, down, one_screen=one_screen)
    assert pixels(screen(LARGE, extra=displayid(bytes((tag, 0, len(body))) + body))) == seen


@pytest.mark.parametrize("tag", [0x00, 0x20])
def test_a_screens_name_by_displayid(tag: int) -> None:
    product = b"DEL" + struct.pack("<HI", 0x1234, 5) + bytes((1, 20, 7)) + b"U5224KB"
    raw = screen(LARGE, extra=displayid(bytes((tag, 0, len(product))) + product))
    edid = parse_edid(raw)
    assert edid is not None
    assert edid.name == "U5224KB"


def text(tag: int, words: bytes) -> bytes:
    return (b"\0\0\0" + bytes((tag, 0)) + words + b"\n").ljust(18, b" ")


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ((b"AUO", b"B156XTN02.1"), "B156XTN02.1"),
        ((b"LG Display", b"LP140WF3-SPD1"), "LP140WF3-SPD1"),
        ((b"HNJ6M\x80B140HAN", b"\x01A1\x91\x9e"), "B140HAN"),
        ((b"G124UAN01.0", b"RQ93H2FW7D34"), "G124UAN01.0"),
        ((b"AUO",), ""),
    ],
)
def test_a_panels_name_is_free_text(words: tuple[bytes, ...], name: str) -> None:
    edid = parse_edid(screen(LARGE, *(text(0xFE, word) for word in words)))
    assert edid is not None
    assert edid.name == name
    told = parse_edid(screen(LARGE, text(0xFE, b"B156XTN02.1"), text(0xFC, b"DELL U2412M")))
    assert told is not None
    assert told.name == "DELL U2412M"


# --- SMBIOS and dmidecode --------------------------------------------------------------------

MODULE = (
    "Handle 0x0039, DMI type 17, 40 bytes\nMemory Device\n\tArray Handle: 0x0038\n\tSize: 2 GB\n"
    "\tForm Factor: {form}\n\tLocator: DIMM1\n\tType: {kind}\n\tManufacturer: 80CE\n"
    "\tPart Number: 0x4D34373142353137334448302D434B302020\n"
)


@pytest.mark.parametrize(
    ("form", "kind"), [("DIMM", "DDR3"), ("RIMM", "RAM"), ("Die", "ROM"), ("Chip", "Flash")]
)
def test_words_of_an_enumeration_are_no_filler(form: str, kind: str) -> None:
    modules = memory_of(parse_dmidecode(MODULE.format(form=form, kind=kind)), NOTHING).modules
    if kind in ("ROM", "Flash"):
        assert isinstance(modules, Unknown)  # no RAM
        return
    assert isinstance(modules, Known)
    (module,) = modules.value
    assert (value(module.form), value(module.kind)) == (form, kind)
    assert (value(module.maker), value(module.part)) == ("Samsung", "M471B5173DH0-CK0")


@pytest.mark.parametrize(
    ("code", "maker"),
    [
        ("0x80CE", "Samsung"),
        ("CE80", "Samsung"),
        ("00CE04B300CE", "Samsung"),
        ("0xCE00000000000000", "Samsung"),
        ("JEDEC ID:80 AD", "SK Hynix"),
        ("Unknown - [0x9E02]", "Corsair"),
        ("7F7F9E0000000000", "Corsair"),
        ("0x7F98000000000000", "Kingston"),
        ("859B0000802C", "Crucial"),
        ("0x59B", "Crucial"),
        ("0443", "Ramaxel"),
        ("Unknown ID:0xD306", "Silicon Power"),
        ("Manufacturer ID 0x80AD", "SK Hynix"),
        ("JEDEC:802C", "Micron"),
        ("(0x859B)", "Crucial"),
        ("Undefined 0x0198", "Kingston"),
        ("Bank 6, Hex 0x1B", "Crucial"),
        ("Samsung (0xCE80)", "Samsung"),
        ("Hynix/Hyundai", "Hynix/Hyundai"),
        ("Samsung", "Samsung"),
        ("17", "17"),
        ("7F7F7F", "7F7F7F"),
        ("0xFE7F", "0xFE7F"),
    ],
)
def test_a_jedec_code_is_a_maker(code: str, maker: str) -> None:
    assert maker_of_code(code) == maker


@pytest.mark.parametrize(
    ("told", "part"),
    [
        ("0x4D34373142353137334448302D434B302020", "M471B5173DH0-CK0"),
        ("4B424E31333333443353392F344720202020", "KBN1333D3S9/4G"),
        ("M471B5173DH0-CK0", "M471B5173DH0-CK0"),
        ("012345678901234567", "012345678901234567"),
        ("0x000000000000000000", "0x000000000000000000"),
        ("99U5428", "99U5428"),
        ("484D41383147533643 4A52384E2D58 4E", "HMA81GS6CJR8N-XN"),
        ("4D 34 37 31 42 35 31 37", "M471B517"),
        ("12 34", "12 34"),
    ],
)
def test_a_part_number_in_hex(told: str, part: str) -> None:
    assert part_of_code(told) == part


@pytest.mark.parametrize(
    "text_",
    [
        "To be filled by O.E.M.",
        "None.",
        "(none)",
        "Not Specified.",
        "*Default string*",
        "[Unknown]",
        "N/A.",
        "System Serial Number.",
        "--None--",
        '"Not Applicable"',
        "Unknown!",
        "to_be_filled_by_O.E.M",
        "TO-BE-FILLED-BY-OEM",
        "S/N: To be filled",
        "N / A",
        "n\\a",
        "Not-Available",
        "not_specified",
        "none none",
        "—",
        "\xff\xff\xff\xff",
        "0x202020202020202020202020",
        "6B6B6B6B6B6B6B6B",
        "Mfg 0",
    ],
)
def test_filler_with_punctuation_is_filler(text_: str) -> None:
    assert is_garbage(text_)


@pytest.mark.parametrize(
    "text_",
    [
        *("OptiPlex 7020", "PF1ABCDE", "(c) X1", "MS-7680", "1.0.3", "A-1"),
        *("NoneSuch", "Nulltech 5", "OEMR 9100", "X-10", "No. 5", "2020202", "A1A1A1"),
    ],
)
def test_a_name_is_no_filler(text_: str) -> None:
    assert not is_garbage(text_)


def test_a_table_without_entry_point_shows_its_version() -> None:
    strings = ("A", "B")
    body = bytes((1, 2, 0, 0)) + bytes(range(16)) + bytes((6,))
    system = laptop.smbios_structure(1, 1, body, strings)
    bare = parse_smbios(system, b"", "x").system
    assert bare is not None
    assert bare.uuid is None
    for length, version, uuid in (
        (0x1B, (2, 5), "00010203-0405-0607-0809-0a0b0c0d0e0f"),
        (0x22, (2, 6), "03020100-0504-0706-0809-0a0b0c0d0e0f"),
    ):
        table = system + laptop.smbios_structure(17, 2, bytes(length - 4), ())
        assert guess_version(parse_structures(table)) == version
        found = parse_smbios(table, b"", "x").system
        assert found is not None
        assert found.uuid == uuid


def test_versions_that_firmwares_write_wrongly() -> None:
    head = b"_SM_\0\x1f\x02"
    assert parse_version(head + b"\x1f") == (2, 3)
    assert parse_version(head + b"\x33") == (2, 6)
    assert parse_version(b"") is None


def corpus_text() -> str:
    return (
        "# dmidecode 3.3\nSMBIOS 2.8 present.\n\n"
        "Handle 0x0001, DMI type 1, 27 bytes\nSystem Information\n\tManufacturer: Dell Inc.\n"
        "\tProduct Name: OptiPlex 7020\n\n"
        "Handle 0x0004, DMI type 4, 42 bytes\nProcessor Information\n\tType: Central Processor\n"
        "\tManufacturer: Intel\n\tStatus: Populated, Enabled\n\tCore Count: 4\n"
        "\tCharacteristics:\n\t\t64-bit capable\n\n" + MODULE.format(form="DIMM", kind="DDR3")
    )


@pytest.mark.parametrize("tab", ["        ", "    ", "  ", " "])
def test_tabs_that_became_spaces(tab: str) -> None:
    whole = parse_dmidecode(corpus_text())
    assert parse_dmidecode(corpus_text().replace("\t", tab)) == whole
    quoted = "".join(f"    {line}\n" for line in corpus_text().replace("\t", tab).splitlines())
    assert parse_dmidecode(quoted).system == whole.system


def test_steps_that_are_gone() -> None:
    found = parse_dmidecode(corpus_text().replace("\t", ""))
    assert found == parse_dmidecode(corpus_text())


def test_a_text_in_another_language_is_not_understood(tmp_path: Path) -> None:
    french = corpus_text()
    for english, other in (
        ("Manufacturer", "Fabricant"),
        ("Product Name", "Nom du produit"),
        ("Size", "Taille"),
        ("Array Handle", "Descripteur"),
        ("Form Factor", "Format"),
        ("Type:", "Genre :"),
    ):
        french = french.replace(english, other)
    assert not_understood(french) == "language"
    assert not_understood(french.replace("DMI type", "DMI genre").replace("bytes", "octets"))
    assert not_understood(corpus_text()) is None
    machine = read_machine(folder(tmp_path, **{"dmidecode.txt": french}))
    assert [p.code for p in machine.problems][:1] == ["inspect.problem.dmidecode_language"]
    assert isinstance(machine.memory.slots_total, Unknown)
    assert machine.memory.slots_total.why is Why.UNPARSABLE


def test_a_text_of_before_2_7_is_too_old(tmp_path: Path) -> None:
    old = (
        "# dmidecode 2.4\nSMBIOS 2.3 present.\nHandle 0x0000\n\tDMI type 0, 20 bytes.\n"
        "\tBIOS Information\n\t\tVendor: Dell\nHandle 0x0100\n\tDMI type 1, 25 bytes.\n"
        "\tSystem Information\n\t\tManufacturer: Dell\n"
    )
    assert not_understood(old) == "old"
    machine = read_machine(folder(tmp_path, **{"dmidecode.txt": old}))
    assert [p.code for p in machine.problems][:1] == ["inspect.problem.dmidecode_old"]


# --- Processors ------------------------------------------------------------------------------

BIG_LITTLE = (
    "Architecture:        aarch64\nCPU(s):              8\nVendor ID:           ARM\n"
    "Model name:          Cortex-A55\n  Model:             0\n  Thread(s) per core: 1\n"
    "  Core(s) per {part}: {little}\n  {parts}:         1\n  CPU max MHz:       1800.0000\n"
    "Model name:          Cortex-A76\n  Model:             0\n  Thread(s) per core: 1\n"
    "  Core(s) per {part}: {big}\n  {parts}:         1\n  CPU max MHz:       2400.0000\n"
)


@pytest.mark.parametrize(("part", "parts"), [("socket", "Socket(s)"), ("cluster", "Cluster(s)")])
def test_kinds_of_core_are_summed(part: str, parts: str) -> None:
    found = parse_lscpu(BIG_LITTLE.format(part=part, parts=parts, little=6, big=2))
    assert [value(r) for r in (found.sockets, found.cores, found.threads)] == [1, 8, 8]
    assert value(found.max_mhz) == 2400
    assert value(found.name) == "Cortex-A76 + Cortex-A55"


def test_the_fastest_core_tells_the_clock(tmp_path: Path) -> None:
    tree = laptop.Tree(tmp_path)
    for policy, kilohertz in (("policy0", 1800000), ("policy4", 2400000)):
        tree.put(f"/sys/devices/system/cpu/cpufreq/{policy}/cpuinfo_max_freq", f"{kilohertz}\n")
    for cpu in range(8):
        place = f"/sys/devices/system/cpu/cpu{cpu}/topology"
        tree.put(f"{place}/physical_package_id", "0\n")
        tree.put(f"{place}/cluster_id", f"{cpu // 4}\n")
        tree.put(f"{place}/core_id", f"{cpu % 4}\n")
    tree.put("/proc/cpuinfo", "\n".join(f"processor : {n}\nBogoMIPS : 38.40\n" for n in range(8)))
    found = read_cpu(Files(tmp_path), NOTHING, NOTHING)
    assert [value(r) for r in (found.sockets, found.cores, found.threads)] == [1, 8, 8]
    assert value(found.max_mhz) == 2400


def test_a_hybrid_processor_counts_each_core_once(tmp_path: Path) -> None:
    # six cores of two threads, eight of one: the product of lscpu 2.34 is 20 / 2
    ids = [core for core in range(6) for _ in range(2)] + list(range(8, 16))
    blocks = [f"processor : {n}\nphysical id : 0\ncore id : {c}\n" for n, c in enumerate(ids)]
    laptop.Tree(tmp_path).put("/proc/cpuinfo", "\n".join(blocks))
    lscpu = "CPU(s): 20\nThread(s) per core: 2\nCore(s) per socket: 10\nSocket(s): 1\n"
    found = read_cpu(Files(tmp_path), lscpu, NOTHING)
    assert [value(r) for r in (found.sockets, found.cores, found.threads)] == [1, 14, 20]


@pytest.mark.parametrize(
    "text",
    [
        # Italian, Portuguese, Japanese: "CPU(s)" is all that is alike
        "Architettura: x86_64\nCPU(s): 8\nThread per core: 2\nCore per socket: 4\n",
        "Arquitetura: x86_64\nCPU(s): 8\nThread(s) per núcleo: 2\nNúcleo(s) por soquete: 4\n",
        "CPU(s): 8\nコアあたりのスレッド数: 2\nソケットあたりのコア数: 4\n",
        "Процессор(ы): 8\nПотоков на ядро: 2\n",
    ],
)
def test_lscpu_in_a_language_that_is_not_known_says_so(text: str, tmp_path: Path) -> None:
    assert not lscpu_understood(text)
    problems = read_machine(folder(tmp_path, **{"lscpu.txt": text})).problems
    assert "inspect.problem.lscpu_language" in [one.code for one in problems]


def test_one_thread_is_one_core() -> None:
    assert value(parse_cpuinfo("processor : 0\nflags : fpu tsc\n").cores) == 1
    assert isinstance(parse_cpuinfo("processor : 0\n\nprocessor : 1\n").cores, Unknown)


@pytest.mark.parametrize(
    "lines",
    [
        "Processeur(s) :\u00a0 8\nThread(s) par cœur : 2\nCœur(s) par socket : 4\nSocket(s) : 1\n"
        "Identifiant constructeur : GenuineIntel\nNom de modèle : Intel(R) Core(TM) i5\n"
        "Vitesse maximale du processeur en MHz : 3600,0000\nDrapeaux : fpu lm\n",
        "CPU(s): 8\nThread(s) pro Kern: 2\nKern(e) pro Sockel: 4\nSockel: 1\n"
        "Anbieterkennung: GenuineIntel\nModellname: Intel(R) Core(TM) i5\n"
        "Maximale Taktfrequenz der CPU: 3600,0000\nMarkierungen: fpu lm\n",
        "CPU(s): 8\nHilo(s) de procesamiento por núcleo: 2\nNúcleo(s) por «socket»: 4\n"
        "«Socket(s)»: 1\nID de fabricante: GenuineIntel\nNombre del modelo: Intel(R) Core(TM) i5\n"
        "CPU MHz máx.: 3600,0000\nIndicadores: fpu lm\n",
    ],
)
def test_lscpu_in_the_language_of_the_bench(lines: str) -> None:
    found = parse_lscpu(lines)
    assert [value(r) for r in (found.sockets, found.cores, found.threads)] == [1, 4, 8]
    assert value(found.maker) == "GenuineIntel"
    assert (value(found.max_mhz), value(found.bits)) == (3600, 64)


def test_lscpu_in_a_language_that_nobody_knows(tmp_path: Path) -> None:
    lines = "プロセッサー: 8\nソケット数: 1\nモデル名: Intel\n"
    assert isinstance(parse_lscpu(lines).threads, Unknown)
    machine = read_machine(folder(tmp_path, **{"lscpu.txt": lines}))
    assert "inspect.problem.lscpu_language" in [p.code for p in machine.problems]
    assert isinstance(machine.cpu.threads, Unknown)
    assert machine.cpu.threads.why is Why.UNPARSABLE


# --- Disks by smartctl and lsblk -------------------------------------------------------------


def smart(**more: object) -> dict[str, object]:
    return {
        "device": {"name": "/dev/sda", "info_name": "/dev/sda", "type": "scsi", "protocol": "SCSI"},
        "user_capacity": {"bytes": 4000787030016},
        "logical_block_size": 512,
        "serial_number": "Z1Z5DWJK",
        "rotation_rate": 7200,
        **more,
    }


def test_scsi_keys_of_before_7_3() -> None:
    old = smart(
        vendor="SEAGATE", product="ST4000NM0043", model_name="SEAGATE ST4000NM0043", revision="0004"
    )
    new = smart(
        scsi_vendor="SEAGATE",
        scsi_product="ST4000NM0043",
        scsi_revision="0004",
        scsi_model_name="SEAGATE ST4000NM0043",
    )
    (one,), (other,) = (parse_smart_nodes(json.dumps(d).encode()) for d in (old, new))
    assert (one.vendor, one.model, one.revision) == ("SEAGATE", "ST4000NM0043", "0004")
    assert one == other


@pytest.mark.parametrize(
    ("kind", "info", "protocol", "transport"),
    [
        ("usbjmicron", "/dev/sdc [USB JMicron]", "ATA", "usb"),
        ("usbcypress", "/dev/sdc", "ATA", "usb"),
        ("sntasmedia", "/dev/sdc", "NVMe", "usb"),
        ("sat", "/dev/sdc [USB SAT]", "ATA", "usb"),
        ("sat", "/dev/sdc [SAT]", "ATA", "sata"),
        ("sat+megaraid,0", "/dev/sda [megaraid_disk_00] [SAT]", "ATA", "sata"),
        ("nvme", "/dev/nvme0", "NVMe", "nvme"),
        ("scsi", "/dev/sda", "SCSI", "scsi"),
        ("usbprolific", "/dev/sdc", "ATA", "usb"),
        ("sntjmicron", "/dev/sdc", "NVMe", "usb"),
        ("usbasm1352r,0", "/dev/sdc", "ATA", "usb"),
    ],
)
def test_a_bridge_is_usb(kind: str, info: str, protocol: str, transport: str | None) -> None:
    device = {"name": "/dev/sdc", "info_name": info, "type": kind, "protocol": protocol}
    (node,) = parse_smart_nodes(json.dumps(smart(device=device)).encode())
    assert node.transport == transport


def disks_of(root: Path, *documents: dict[str, object]) -> list[Disk]:
    (root / "smartctl").mkdir()
    for number, document in enumerate(documents):
        (root / f"smartctl/{number}.json").write_text(json.dumps(document))
    return list(read_machine(host_from(root, Host())).disks)


@pytest.mark.parametrize(
    "kind",
    [
        *("megaraid,{}", "sat+megaraid,{}", "cciss,{}", "3ware,{}", "areca,{}/1", "aacraid,0,0,{}"),
        *("sssraid,0,{}", "hpt,1/{}/1", "jmb39x-q,{}", "usbasm1352r,{}"),
    ],
)
def test_disks_behind_one_device_are_each_kept(tmp_path: Path, kind: str) -> None:
    documents = [
        smart(
            device={"name": "/dev/sda", "type": kind.format(n), "protocol": "SCSI"},
            serial_number=f"SERIAL{n}",
            power_on_time={"hours": 100 + n},
            smart_status={"passed": True},
        )
        for n in range(3)
    ]
    disks = disks_of(tmp_path, *documents, documents[0])
    assert [value(d.serial) for d in disks] == ["SERIAL0", "SERIAL1", "SERIAL2"]
    assert len({d.path for d in disks}) == 3
    hours = [value(d.health.power_on_hours) for d in disks if not isinstance(d.health, Unknown)]
    assert hours == [100, 101, 102]


@pytest.mark.parametrize(
    ("rate", "medium"), [(10500, Medium.HDD), (0, Medium.SSD), (None, Medium.UNKNOWN)]
)
@pytest.mark.parametrize("name", ["/dev/cciss/c0d0", "/dev/bus/0", "/dev/sda"])
def test_a_scsi_disk_tells_whether_it_turns(
    tmp_path: Path, rate: int | None, medium: Medium, name: str
) -> None:
    document = smart(device={"name": name, "type": "cciss,1", "protocol": "SCSI"})
    document["rotation_rate"] = rate
    (disk,) = disks_of(tmp_path, document)
    assert (value(disk.bus), disk.medium) == ("scsi", medium)


def test_a_disk_without_a_size_is_listed(tmp_path: Path) -> None:
    document = smart()
    del document["user_capacity"]
    (disk,) = disks_of(tmp_path, document)
    assert isinstance(disk.size_bytes, Unknown)


def test_namespaces_of_one_controller(tmp_path: Path) -> None:
    spaces = [{"id": n, "size": {"bytes": n * 10**11}, "formatted_lba_size": 4096} for n in (1, 3)]
    device = {"name": "/dev/nvme0", "type": "nvme", "protocol": "NVMe"}
    disks = disks_of(tmp_path, smart(device=device, nvme_namespaces=spaces))
    assert [(d.path, value(d.size_bytes)) for d in disks] == [
        ("/dev/nvme0n1", 10**11),
        ("/dev/nvme0n3", 3 * 10**11),
    ]


def test_one_odd_name_spoils_no_other() -> None:
    devices = [
        {"name": "cciss/c0d0", "kname": "cciss/c0d0", "type": "disk", "size": 1},
        {"name": None, "kname": None, "type": "disk", "size": 1},
        {"name": "../x", "type": "disk", "size": 1},
        {"name": "sda", "kname": "sda", "type": "disk", "size": 1, "children": [{"name": "a b"}]},
    ]
    found = parse_lsblk(json.dumps({"blockdevices": devices}).encode())
    assert not isinstance(found, Unknown)
    assert [(n.name, n.path) for n in found] == [
        ("cciss!c0d0", "/dev/cciss/c0d0"),
        ("sda", "/dev/sda"),
    ]


def test_places_for_cards_and_memory_channels() -> None:
    table = (
        "Handle 0x0009, DMI type 9, 17 bytes\nSystem Slot Information\n\tDesignation: {name}\n"
        "\tCurrent Usage: {usage}\n"
    )
    text_ = "".join(
        table.format(name=name, usage=usage)
        for name, usage in (("PCIE1", "In Use"), ("PCIE2", "Available"), ("M2_1", "Unknown"))
    )
    assert parse_dmidecode(text_).expansion == (("PCIE1", True), ("PCIE2", False), ("M2_1", None))
    raw = laptop.smbios_structure(9, 9, bytes((1, 0xA5, 13, 4, 4, 0, 0, 0, 0)), ("PCIE1",))
    assert parse_smbios(raw, b"", "x").expansion == (("PCIE1", True),)
    for locator, channel in (
        ("ChannelA-DIMM0", "A"),
        ("P0 CHANNEL B", "B"),
        ("Controller0-ChannelA-DIMM0", "A"),
        ("DIMM1", None),
    ):
        module = MODULE.format(form="DIMM", kind="DDR4").replace("DIMM1", locator)
        modules = memory_of(parse_dmidecode(module), NOTHING).modules
        assert isinstance(modules, Known)
        assert value(modules.value[0].channel) == channel
