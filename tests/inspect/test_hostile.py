"""Every parser against what no machine should say: an answer, no exception, in bounded time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recond.codec import to_json
from recond.host.identity import garbage
from recond.host.identity.pages import parse_drive_pages
from recond.inspect import memory, system
from recond.inspect.cpu import parse_cpuinfo, parse_lscpu
from recond.inspect.displays import edid_of_file
from recond.inspect.dmidecode import parse_dmidecode
from recond.inspect.hardware_ids import find_name
from recond.inspect.lsblk import parse_lsblk
from recond.inspect.machine import read_machine
from recond.inspect.smart import parse_smart
from recond.inspect.smbios import Tables, parse_smbios
from recond.inspect.windows_key import parse_msdm
from recond.model import Unknown, Why
from tests.inspect import laptop

BOUND_S = 5.0
MIB = 1 << 20
NOTHING = Unknown(Why.NOT_READ)


def _tables(found: Tables) -> None:
    system.system_of(found)
    memory.memory_of(found, NOTHING)


PARSERS: dict[str, Callable[[bytes], object]] = {
    "smbios": lambda raw: _tables(parse_smbios(raw, raw[:32], "raw")),
    "smbios version": lambda raw: _tables(parse_smbios(laptop.laptop_table(), raw, "raw")),
    "dmidecode": lambda raw: _tables(parse_dmidecode(raw.decode("utf-8", "replace"))),
    "cpuinfo": lambda raw: parse_cpuinfo(raw.decode("utf-8", "replace")),
    "lscpu": lambda raw: parse_lscpu(raw.decode("utf-8", "replace")),
    "edid": edid_of_file,
    "edid body": lambda raw: edid_of_file(laptop.panel_edid()[:8] + raw),
    "edid extension": lambda raw: edid_of_file(laptop.panel_edid() + b"\x70" + raw),
    "msdm": parse_msdm,
    "lsblk": parse_lsblk,
    "smart": parse_smart,
    "vpd 80": lambda raw: parse_drive_pages(raw, b"", b""),
    "vpd b1": lambda raw: parse_drive_pages(b"", raw, b""),
    "vpd 89": lambda raw: parse_drive_pages(b"", b"", raw),
    "ids": lambda raw: find_name(raw.decode("utf-8", "replace"), "8086", "5917", "x"),
    "garbage": lambda raw: garbage.is_garbage(raw.decode("utf-8", "replace")),
    "uuid": lambda raw: garbage.is_garbage_uuid(raw.decode("utf-8", "replace")),
}

DMI_TEXT = (
    "Handle 0x0001, DMI type 1, 27 bytes\nSystem Information\n\tManufacturer: LENOVO\n"
    "Handle 0x1100, DMI type 17, 40 bytes\nMemory Device\n\tSize: {size}\n\tSpeed: {size}\n"
)
LSCPU = "CPU(s): {n}\nSocket(s): {n}\nCore(s) per socket: {n}\nModel: {n}\nCPU max MHz: {n}\n"
CPUINFO = "processor : {n}\nmodel : {n}\ncpu MHz : {n}\nphysical id : {n}\ncore id : {n}\n"
SMART = json.dumps(
    {
        "device": {"name": "/dev/sda"},
        "smartctl": {"exit_status": 4},
        "power_on_time": {"hours": -5},
        "temperature": {"current": -300},
        "ata_smart_attributes": {
            "table": [
                {"id": 5, "raw": {"value": -1, "string": "-1"}},
                {"id": "x"},
                None,
                7,
                {"name": {"a": 1}, "value": 999},
            ]
        },
        "nvme_smart_health_information_log": {"percentage_used": -1, "data_units_written": 10**40},
        "scsi_error_counter_log": {"write": {"gigabytes_processed": "-1,5"}},
    }
).encode()
SECTORS = "[" * 50000 + "]" * 50000
WEIRD_NUMBERS = ("-1", "0", "99999999999999999999999999", "1e9", "0x10", "٣", "NaN", "", " ", "\0")

HOSTILE: dict[str, bytes] = {
    "empty": b"",
    "nul": b"\0",
    "nuls": bytes(70000),
    "ones": b"\xff" * 70000,
    "latin-1": "Modèle: Ordinateur\n".encode("latin-1") * 100,
    "utf-16": "CPU(s): 4".encode("utf-16"),
    "bom": b"\xef\xbb\xbfCPU(s): 4\n",
    "crlf": b"CPU(s):\t4\r\nModel:\t2\r\n",
    "surrogate": b"Model name: \xed\xa0\x80\n",
    "escape": b"Model name: \x1b[31mred\x1b]0;x\x07\n",
    "one long line": b"Flags: " + b"a" * (4 * MIB),
    "many lines": b"Flags: a b c\n" * 200000,
    "many colons": b":" * MIB,
    "tabs": b"\t" * MIB,
    "newlines": b"\n" * MIB,
    "many handles": b"Handle 0x0001, DMI type 17, 40 bytes\n" * 20000,
    "many processors": b"processor : 1\nflags : a\n\n" * 1500,
    "nested json": SECTORS.encode(),
    "nested objects": b'{"blockdevices":' * 20000,
    "lsblk nested": (
        b'{"blockdevices":[' + b'{"name":"a","children":[' * 3000 + b"]}" * 3000 + b"]}"
    ),
    "lsblk list": b'{"blockdevices":[1,2,null,"x",[]]}',
    "lsblk null": b'{"blockdevices":null}',
    "lsblk types": b'{"blockdevices":[{"name":"a/b","size":-1}]}',
    "json number": b"7",
    "lsblk odd": b'{"blockdevices":[{"name":"a","size":1e400,"rota":"maybe","type":7}]}',
    "big number": b'{"blockdevices":[{"name":"a","size":' + b"9" * 5000 + b"}]}",
    "json string": b'"x"',
    "json list": b"[]",
    "smart": SMART,
    "truncated json": SMART[: len(SMART) // 2],
    "hex dump": b"00 ff ff ff ff ff ff 00 " + b"zz " * 100,
    "hex cut": b"00ffffffffffff00" + b"1",
    "hex long": b"00ffffffffffff00" + b"ab" * MIB,
    "edid head only": b"\0\xff\xff\xff\xff\xff\xff\0",
    "structures without end": b"\x11\x04\0\0\0\0" * 60000,
    "short structure": b"\x01\x03\0\0",
    "long structure": b"\x01\xff\0\0" + b"A" * 10,
    "no string end": b"\x01\x1b\0\0" + b"\1" * 60000,
    "msdm": b"MSDM" + b"\xff" * 100,
    "msdm cut": b"MSDM",
    **{f"dmi {n!r}": DMI_TEXT.format(size=f"{n} GB").encode() for n in WEIRD_NUMBERS},
    **{f"lscpu {n!r}": LSCPU.format(n=n).encode() for n in WEIRD_NUMBERS},
    **{f"cpuinfo {n!r}": CPUINFO.format(n=n).encode() for n in WEIRD_NUMBERS},
}


@pytest.mark.parametrize("parser", PARSERS)
def test_no_hostile_text_raises_or_takes_long(parser: str) -> None:
    for name, raw in HOSTILE.items():
        started = time.process_time()
        PARSERS[parser](raw)
        assert time.process_time() - started < BOUND_S, (parser, name)


@pytest.mark.parametrize("parser", PARSERS)
def test_every_cut_of_a_good_text_is_read(parser: str) -> None:
    good = (
        laptop.laptop_table(),
        laptop.panel_edid(),
        laptop.identify_page(),
        SMART,
        DMI_TEXT.format(size="8 GB").encode(),
        LSCPU.format(n=4).encode(),
    )
    for raw in good:
        for cut in range(0, len(raw), max(1, len(raw) // 120)):
            PARSERS[parser](raw[:cut])
            PARSERS[parser](raw[cut:])
            PARSERS[parser](raw[:cut] + b"\0\xff" + raw[cut + 2 :])


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(PARSERS)), st.binary(max_size=600))
def test_any_bytes_are_read(parser: str, raw: bytes) -> None:
    PARSERS[parser](raw)


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "blockdevices",
                    "name",
                    "kname",
                    "children",
                    "size",
                    "device",
                    "smartctl",
                    "messages",
                    "smart_status",
                    "passed",
                    "ata_smart_attributes",
                    "table",
                    "id",
                    "raw",
                    "value",
                    "string",
                    "nvme_smart_health_information_log",
                    "temperature",
                    "current",
                    "scsi_self_test_0",
                    "result",
                    "ata_device_statistics",
                    "pages",
                    "flags",
                    "valid",
                    "type",
                    "exit_status",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@settings(max_examples=300, deadline=None)
@given(JSONS)
def test_any_json_is_read(value: object) -> None:
    raw = json.dumps(value).encode()
    for wrapped in (
        raw,
        b'{"blockdevices":' + raw + b"}",
        b'{"device":{},"smartctl":' + raw + b"}",
    ):
        parse_lsblk(wrapped)
        parse_smart(wrapped)


FILES = (
    "sys/firmware/dmi/tables/DMI",
    "sys/firmware/dmi/tables/smbios_entry_point",
    "proc/cpuinfo",
    "proc/meminfo",
    "proc/self/mountinfo",
    "proc/swaps",
    "lsblk.json",
    "smartctl/sda.json",
    "sys/class/drm/card0-eDP-1/edid",
    "sys/class/power_supply/BAT0/energy_full",
    "sys/class/power_supply/BAT0/cycle_count",
    "sys/class/net/enp0s31f6/address",
    "sys/class/net/enp0s31f6/type",
    "sys/class/net/enp0s31f6/speed",
    "sys/class/tpm/tpm0/tpm_version_major",
    "sys/firmware/acpi/tables/MSDM",
    "sys/firmware/efi/fw_platform_size",
    "sys/bus/pci/devices/0000:00:02.0/class",
    "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
    "sys/block/sda/device/vpd_pg89",
    "sys/block/sda/wwid",
    "sys/block/sda/diskseq",
    "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq",
)
ANYWHERE = ("empty", "nuls", "ones", "latin-1", "nested json", "escape")
OF_ITS_KIND = {
    "lsblk.json": ("lsblk nested", "lsblk odd"),
    "proc/cpuinfo": ("many processors", "cpuinfo '-1'"),
    "sys/firmware/dmi/tables/DMI": ("many handles", "dmi '-1'"),
    "proc/meminfo": ("many processors", "many handles"),  # long, and of another kind
}


@pytest.mark.parametrize("path", FILES)
def test_a_hostile_file_costs_its_own_reading_only(path: str, tmp_path: Path) -> None:
    tree = laptop.make_laptop(tmp_path)
    for name in (*ANYWHERE, *OF_ITS_KIND.get(path, ())):
        (tmp_path / path).resolve().write_bytes(HOSTILE[name])
        started = time.process_time()
        machine = read_machine(tree.host())
        assert time.process_time() - started < BOUND_S, name
        assert not [p for p in machine.problems if p.code == "inspect.problem.reader"], name
        text = json.dumps(to_json(machine), ensure_ascii=False)
        assert not [c for c in text if ord(c) < 32 or 0x7F <= ord(c) < 0xA0], name
