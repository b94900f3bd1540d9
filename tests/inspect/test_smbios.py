"""Raw tables and the text that the real dmidecode makes of them give the same machine."""

from __future__ import annotations

import shutil
import struct
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recond.host.files import Files
from recond.inspect.dmidecode import parse_dmidecode, parse_size
from recond.inspect.memory import memory_of
from recond.inspect.smbios import (
    MIB,
    Tables,
    parse_smbios,
    parse_structures,
    uuid_text,
    x86_signature,
)
from recond.inspect.system import date_reading, read_system, system_of
from recond.model import Form, Known, Unknown, Why
from tests.inspect.laptop import (
    MODULE_SERIAL,
    SERIAL,
    UUID,
    entry_point,
    laptop_table,
    smbios_structure,
)

NOTHING = Unknown(Why.NOT_READ)
GIB = 1 << 30


def raw_tables(table: bytes) -> Tables:
    return parse_smbios(table, entry_point(table), "raw")


def text_tables(table: bytes, folder: Path) -> Tables:
    """The tables of what dmidecode prints for a dump of this table."""
    dump = folder / "dump.bin"
    dump.write_bytes(entry_point(table).ljust(32, b"\0") + table)
    done = subprocess.run([_dmidecode(), "--from-dump", str(dump)], capture_output=True, check=True)
    return parse_dmidecode(done.stdout.decode("utf-8", "replace"))


def _dmidecode() -> str:
    tool = shutil.which("dmidecode", path="/usr/sbin:/usr/bin:/sbin:/bin")
    if tool is None:
        pytest.skip("dmidecode is not installed")
    return tool


def same(table: bytes, folder: Path) -> Tables:
    raw = raw_tables(table)
    assert replace(text_tables(table, folder), source="raw") == raw
    return raw


def test_the_laptop_raw_and_as_text(tmp_path: Path) -> None:
    tables = same(laptop_table(), tmp_path)
    system, memory = system_of(tables), memory_of(tables, NOTHING)
    assert system.maker == Known("LENOVO", "raw:1")
    assert system.model == Known("20L6S01V00", "raw:1")
    assert system.version == Known("ThinkPad T480", "raw:1")
    assert system.serial == Known(SERIAL, "raw:1")
    assert system.uuid == Known(UUID, "raw:1")
    assert system.form == Known(Form.NOTEBOOK, "raw:3")
    assert system.bios_date == Known("2024-02-27", "raw:0")
    assert isinstance(system.asset_tag, Unknown)
    assert system.asset_tag.why is Why.GARBAGE
    assert memory.installed_bytes == Known(8 * GIB, "raw:17")
    assert memory.maximum_bytes == Known(32 * GIB, "raw:16")
    assert memory.slots_total == Known(2, "raw:16")
    assert memory.slots_free == Known(1, "raw:17")
    assert memory.soldered == Known(False, "raw:17")
    assert isinstance(memory.modules, Known)
    (module,) = memory.modules.value
    assert (module.kind, module.form) == (Known("DDR4", "raw:17"), Known("SODIMM", "raw:17"))
    assert module.serial == Known(MODULE_SERIAL, "raw:17")
    assert module.slot == Known("ChannelA-DIMM0 BANK 0", "raw:17")
    (processor,) = tables.processors
    assert processor.signature == (6, 142, 10)
    assert (processor.cores, processor.threads, processor.bits) == (4, 8, 64)
    assert tables.batteries == 1


TEXT = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)


@st.composite
def tables(draw: st.DrawFn) -> bytes:
    """A table with a system, a board, a case, an array and modules of any size and kind."""
    strings = tuple(draw(st.lists(TEXT, min_size=3, max_size=6)))
    index = st.integers(0, len(strings) + 1)
    uuid = draw(st.binary(min_size=16, max_size=16))
    parts = [
        smbios_structure(
            0,
            0,
            bytes((draw(index), draw(index), 0, 0xE0, draw(index), 3))
            + struct.pack("<QBB", 1 << 11, 3, draw(st.sampled_from((5, 13)))),
            strings,
        ),
        smbios_structure(
            1,
            1,
            bytes(draw(index) for _ in range(4)) + uuid + bytes((6, draw(index), draw(index))),
            strings,
        ),
        smbios_structure(2, 2, bytes(draw(index) for _ in range(5)), strings),
        smbios_structure(
            3,
            3,
            bytes(
                (
                    draw(index),
                    draw(st.integers(1, 0x24)),
                    draw(index),
                    draw(index),
                    draw(index),
                    3,
                    3,
                    3,
                    2,
                )
            ),
            strings,
        ),
    ]
    maximum = draw(st.sampled_from((0, 1, 512, MIB, 3 * MIB, 32 * MIB, 0x80000000)))
    array = struct.pack(
        "<BBBIHH", 3, draw(st.sampled_from((3, 4))), 3, maximum, 0xFFFE, draw(st.integers(0, 8))
    )
    parts.append(
        smbios_structure(
            16, 0x1000, array + struct.pack("<Q", draw(st.sampled_from((0, 1 << 41, 3 << 40)))), ()
        )
    )
    for number in range(draw(st.integers(0, 4))):
        parts.append(smbios_structure(17, 0x1100 + number, draw(module(index)), strings))
    parts.append(smbios_structure(127, 0x7F00, b"", ()))
    return b"".join(parts)


@st.composite
def module(draw: st.DrawFn, index: st.SearchStrategy[int]) -> bytes:
    size = draw(st.sampled_from((0, 1, 512, 1024, 4096, 32767 - 1, 0x7FFF, 0x8000 | 512, 0xFFFF)))
    extended = draw(st.sampled_from((0, 32 << 10, 64 << 10, 96 << 10, 1 << 20, 33)))
    speed = draw(st.sampled_from((0, 800, 1600, 2667, 4800)))
    return struct.pack(
        "<HHHHHBBBBBHHBBBBBIHHHH",
        draw(st.sampled_from((0x1000, 0x1001))),
        0xFFFE,
        64,
        64,
        size,
        draw(st.integers(1, 0x10)),
        0,
        draw(index),
        draw(index),
        draw(st.integers(1, 0x23)),
        0x80,
        speed,
        draw(index),
        draw(index),
        draw(index),
        draw(index),
        1,
        extended,
        speed,
        1200,
        1200,
        1200,
    )


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(tables())
def test_any_table_raw_and_as_text(tmp_path: Path, table: bytes) -> None:
    same(table, tmp_path)


@pytest.mark.parametrize(
    ("eax", "signature"),
    [
        (0x000806EA, (6, 142, 10)),
        (0x000906E9, (6, 158, 9)),
        (0x00000F4A, (15, 4, 10)),
        (0x00800F11, (23, 1, 1)),
        (0x000006FD, (6, 15, 13)),
        (0x00A20F12, (25, 33, 2)),
    ],
)
def test_cpuid_signature(eax: int, signature: tuple[int, int, int]) -> None:
    assert x86_signature(eax) == signature


def test_uuid_by_version() -> None:
    raw = bytes.fromhex("44454c4c420010358051b4c04f4b4c32")
    assert uuid_text(raw, (2, 6)) == "4c4c4544-0042-3510-8051-b4c04f4b4c32"
    assert uuid_text(raw, (2, 5)) == "44454c4c-4200-1035-8051-b4c04f4b4c32"
    assert uuid_text(bytes(16), (3, 0)) is None
    assert uuid_text(b"\xff" * 16, (3, 0)) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("16 GB", 16 * GIB),
        ("8192 MB", 8 * GIB),
        ("512 kB", 512 << 10),
        ("64 bytes", 64),
        ("1 TB", 1 << 40),
        ("16 GiB", 16 * GIB),
        ("Unknown", None),
        ("", None),
        ("-1 GB", None),
        ("GB", None),
        ("16", None),
        ("1e9 GB", None),
        ("9" * 30 + " GB", None),
    ],
)
def test_sizes(text: str, value: int | None) -> None:
    assert parse_size(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("02/27/2024", "2024-02-27"),
        ("02/27/09", "2009-02-27"),
        ("02/27/98", "1998-02-27"),
        ("2/7/2024", "2024-02-07"),
        ("13/01/2024", None),
        ("2024-02-27", None),
        ("02/27/1024", None),
    ],
)
def test_bios_dates(text: str, value: str | None) -> None:
    found = date_reading(text, "x")
    assert (found.value if isinstance(found, Known) else None) == value


def test_a_module_without_a_size_makes_the_sum_unknown() -> None:
    table = smbios_structure(16, 0x1000, struct.pack("<BBBIHH", 3, 3, 3, 32 << 20, 0xFFFE, 2), ())
    for size in (4096, 0xFFFF):
        table += smbios_structure(17, 0x1100, struct.pack("<HHHHH", 0x1000, 0, 64, 64, size), ())
    memory = memory_of(raw_tables(table), NOTHING)
    assert isinstance(memory.installed_bytes, Unknown)
    assert isinstance(memory.slots_free, Unknown)
    assert isinstance(memory.modules, Known)
    assert len(memory.modules.value) == 2


def test_a_maximum_below_what_is_installed_is_no_maximum() -> None:
    table = smbios_structure(16, 0x1000, struct.pack("<BBBIHH", 3, 3, 3, 4 << 20, 0xFFFE, 1), ())
    table += smbios_structure(17, 0x1100, struct.pack("<HHHHH", 0x1000, 0, 64, 64, 8192), ())
    memory = memory_of(raw_tables(table), NOTHING)
    assert isinstance(memory.maximum_bytes, Unknown)
    assert memory.maximum_bytes.why is Why.CONFLICT
    assert memory.installed_bytes == Known(8 * GIB, "raw:17")


def test_an_empty_place_beside_soldered_memory_is_not_a_free_slot() -> None:
    def place(size: int, form: int) -> bytes:
        return smbios_structure(
            17, 0x1100, struct.pack("<HHHHHBBBBB", 0x1000, 0, 64, 64, size, form, 0, 0, 0, 30), ()
        )

    head = smbios_structure(16, 0x1000, struct.pack("<BBBIHH", 3, 3, 3, 32 << 20, 0xFFFE, 2), ())
    chips = memory_of(raw_tables(head + place(8192, 11) + place(0, 11)), NOTHING)
    assert isinstance(chips.slots_free, Unknown)
    assert chips.soldered == Known(True, "raw:17")
    mixed = memory_of(raw_tables(head + place(8192, 11) + place(0, 13)), NOTHING)
    assert mixed.slots_free == Known(1, "raw:17")


def test_a_broken_table_gives_what_stands_before_the_break() -> None:
    table = laptop_table()
    whole = parse_structures(table)
    assert [s.kind for s in whole] == [0, 1, 2, 3, 4, 16, 17, 17, 22, 127]
    for cut in range(0, len(table), 7):
        found = parse_structures(table[:cut])
        assert len(found) <= len(whole)
        for ours, theirs in zip(found[:-1], whole, strict=False):
            assert ours == theirs


@pytest.mark.parametrize(
    ("maker", "model", "known"),
    [
        ("Framework", "Laptop", True),
        ("framework", " Laptop ", True),
        ("Framework", "To be filled by O.E.M.", False),
        ("SGIN", "laptop", False),
        ("", "Laptop", False),
    ],
)
def test_a_word_that_is_filler_elsewhere_names_a_computer_of_its_maker(
    maker: str, model: str, known: bool, tmp_path: Path
) -> None:
    """From the tables and from the kernel's copies of them alike."""
    texts = "Handle 0x0001, DMI type 1, 27 bytes\nSystem Information\n"
    texts += f"\tManufacturer: {maker}\n\tProduct Name: {model}\n"
    folder = tmp_path / "sys/class/dmi/id"
    folder.mkdir(parents=True)
    (folder / "sys_vendor").write_text(f"{maker}\n")
    (folder / "product_name").write_text(f"{model}\n")
    for read in (
        system_of(parse_dmidecode(texts)),
        read_system(Files(tmp_path), Unknown(Why.NOT_READ)),
    ):
        assert isinstance(read.model, Known) is known, read.model
