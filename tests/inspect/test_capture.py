"""Captures: what goes in, what never does, and that one reads back as the machine it was."""

from __future__ import annotations

import dataclasses
import gzip
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from recond.errors import FormatError, RecondError, UsageError
from recond.flow.machine import capture
from recond.flow.machine.capture import host_from, record_capture, write_capture
from recond.host import Host
from recond.host.files import Files
from recond.host.recorded import PackedFiles, Recording
from recond.inspect.anonymous import own_numbers
from recond.inspect.machine import read_machine
from recond.model import Known, Machine, Unknown, Why
from tests.inspect import laptop

FORMAT_1 = Path(__file__).parent / "captures" / "format-1.tar.gz"


def spellings(secret: str) -> set[bytes]:
    """A secret as text, as UTF-16, as ATA writes it, as bytes of its digits."""
    raw = secret.encode()
    padded = raw + b" " * (len(raw) % 2)
    found = {
        raw,
        raw.upper(),
        secret.encode("utf-16-le"),
        bytes(padded[i ^ 1] for i in range(len(padded))),
    }
    digits = secret.replace(":", "").replace("-", "")
    if all(c in "0123456789abcdef" for c in digits) and len(digits) % 2 == 0:
        packed = bytes.fromhex(digits)
        found |= {digits.encode(), packed}
        if len(packed) == 16:
            found.add(packed[3::-1] + packed[5:3:-1] + packed[7:5:-1] + packed[8:])
    return found


def contents(raw: bytes) -> bytes:
    return gzip.decompress(raw)


def without_sources(machine: Machine) -> object:
    from recond.codec import to_json

    def strip(value: object) -> object:
        if isinstance(value, dict):
            if set(value) == {"value", "source"}:
                return strip(value["value"])
            if set(value) == {"unknown", "detail"}:
                return value["unknown"]
            return {k: strip(v) for k, v in value.items() if k not in ("inspected_at", "taken_at")}
        return [strip(v) for v in value] if isinstance(value, list) else value

    return strip(to_json(machine))


def test_a_capture_reads_back_as_the_same_machine(tmp_path: Path) -> None:
    tree = laptop.make_laptop(tmp_path / "machine")
    machine = write_capture(tree.host(), tmp_path / "c.tar.gz")
    again = read_machine(host_from(tmp_path / "c.tar.gz", Host()))
    assert without_sources(again) == without_sources(machine)
    assert again.origin == "capture"
    assert isinstance(again.windows_key, Known)
    assert again.disks[0].serial == Known(laptop.DISK_SERIAL, "vpd_pg89")


def test_an_unpacked_capture_reads_the_same(tmp_path: Path) -> None:
    tree = laptop.make_laptop(tmp_path / "machine")
    machine = write_capture(tree.host(), tmp_path / "c.tar.gz")
    with tarfile.open(tmp_path / "c.tar.gz") as packed:
        safe: Any = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # Python 3.11.4
        packed.extractall(tmp_path / "folder", **safe)
    again = read_machine(host_from(tmp_path / "folder", Host()))
    assert without_sources(again) == without_sources(machine)


def test_no_capture_holds_people_networks_host_names_or_the_key(tmp_path: Path) -> None:
    tree = laptop.make_laptop(tmp_path)
    raw = contents(record_capture(tree.host()).raw)
    for name in laptop.NAMES:
        for spelling in spellings(name):
            assert spelling not in raw, name
    assert laptop.SERIAL.encode() in raw  # an ordinary capture does identify the machine


def test_an_anonymous_capture_holds_no_number_of_the_machine(tmp_path: Path) -> None:
    tree = laptop.make_laptop(tmp_path)
    raw = contents(record_capture(tree.host(), anonymous=True).raw)
    for number in (*laptop.NUMBERS, *laptop.NAMES):
        for spelling in spellings(number):
            assert spelling not in raw, (number, spelling)


def test_an_anonymous_capture_still_tells_the_machine(tmp_path: Path) -> None:
    tree = laptop.make_laptop(tmp_path / "machine")
    machine = write_capture(tree.host(), tmp_path / "a.tar.gz", anonymous=True)
    again = read_machine(host_from(tmp_path / "a.tar.gz", Host()))
    assert again.system.model == machine.system.model
    assert again.cpu == machine.cpu
    assert again.memory.installed_bytes == machine.memory.installed_bytes
    assert again.displays[0].width_px == machine.displays[0].width_px
    assert again.disks[0].model == machine.disks[0].model
    assert again.disks[0].size_bytes == machine.disks[0].size_bytes
    assert isinstance(again.system.serial, Unknown)
    assert isinstance(again.disks[0].serial, Unknown)
    assert isinstance(again.windows_key, Unknown)
    assert again.identity.confidence == "none"


def test_a_machine_record_holds_no_person_and_no_key(tmp_path: Path) -> None:
    from recond.codec import to_json

    text = json.dumps(to_json(read_machine(laptop.make_laptop(tmp_path).host())))
    for name in laptop.NAMES:
        assert name not in text, name


def test_what_was_denied_stays_denied(tmp_path: Path) -> None:
    nodes = {
        "/sys/class/dmi/id/sys_vendor": b"ACME\n",
        "/recond/capture.json": json.dumps(
            {
                "format": 1,
                "denied": ["/sys/class/dmi/id/product_serial", "/sys/firmware/dmi/tables/DMI"],
            }
        ).encode(),
    }
    (tmp_path / "c.tar.gz").write_bytes(capture._pack(dict(nodes)))
    tree = laptop.Tree(tmp_path / "folder")
    for name, content in nodes.items():
        tree.put(name, content)
    machine = read_machine(host_from(tmp_path / "c.tar.gz", Host()))
    assert read_machine(host_from(tree.root, Host())).system == machine.system
    assert machine.system.maker == Known("ACME", "/sys/class/dmi/id/sys_vendor")
    assert isinstance(machine.system.serial, Unknown)
    assert machine.system.serial.why is Why.DENIED
    assert machine.identity.confidence == "none"


def test_a_capture_of_format_1_is_read_for_ever() -> None:
    machine = read_machine(host_from(FORMAT_1, Host()))
    assert machine.system.serial == Known("PF1ABCDE", "/sys/firmware/dmi/tables/DMI:1")
    assert machine.tpm.version == Known("2.0", "/sys/class/tpm/tpm0/tpm_version_major")
    assert machine.disks[0].serial == Known("S3Z1NB0K222222", "vpd_pg89")
    assert machine.displays[0].diagonal_tenths_in == Known(140, "/sys/class/drm/card0-eDP-1/edid")
    assert [b.wear_percent for b in machine.batteries] == [
        Known(27, "/sys/class/power_supply/BAT0/energy_full")
    ]
    assert isinstance(machine.windows_key, Known)
    assert machine.windows_key.value.last_five == "HQRJR"


@pytest.mark.parametrize(
    ("index", "code"),
    [
        (b'{"format": 2}', "inspect.capture.newer"),
        (b'{"format": "1"}', "inspect.capture.broken"),
        (b'{"format": true}', "inspect.capture.broken"),
        (b"[]", "inspect.capture.broken"),
        (b"{", "inspect.capture.broken"),
        (b'{"format": 1, "denied": 7}', "inspect.capture.broken"),
    ],
)
def test_a_format_that_is_not_ours_is_refused(tmp_path: Path, index: bytes, code: str) -> None:
    path = tmp_path / "c.tar.gz"
    path.write_bytes(capture._pack({"/recond/capture.json": index, "/lscpu.txt": b"x"}))
    with pytest.raises(FormatError) as caught:
        host_from(path, Host())
    assert caught.value.message.code == code


def test_a_folder_of_texts_is_a_machine(tmp_path: Path) -> None:
    (tmp_path / "lscpu.txt").write_text(
        "Architecture: x86_64\nCPU(s): 4\nVendor ID: GenuineIntel\nModel name: Core\n"
    )
    (tmp_path / "edid").mkdir()
    (tmp_path / "edid" / "panel.hex").write_text(laptop.panel_edid().hex(" "))
    (tmp_path / "edid" / "panel.bin").write_bytes(laptop.panel_edid())
    machine = read_machine(host_from(tmp_path, Host()))
    assert machine.cpu.threads == Known(4, "lscpu")
    assert [d.name.value for d in machine.displays if isinstance(d.name, Known)] == ["LP140WF6"] * 2
    assert isinstance(machine.system.maker, Unknown)
    assert machine.firmware.mode == Unknown(Why.NOT_READ, "/sys/firmware/efi")
    assert machine.tpm.present == Unknown(Why.NOT_READ, "/sys/class/tpm")
    assert machine.disks == ()
    assert "inspect.problem.disks" in [p.code for p in machine.problems]


def test_smartctl_files_are_found_by_the_device_they_name(tmp_path: Path) -> None:
    (tmp_path / "smartctl").mkdir()
    (tmp_path / "lsblk.json").write_text(
        json.dumps(
            {
                "blockdevices": [
                    {"name": "nvme0n1", "type": "disk", "size": 256060514304, "tran": "nvme"}
                ]
            }
        )
    )
    (tmp_path / "smartctl" / "the disk.json").write_text(
        json.dumps(
            {
                "device": {"name": "/dev/nvme0"},
                "smart_status": {"passed": True},
                "power_on_time": {"hours": 12},
            }
        )
    )
    health = read_machine(host_from(tmp_path, Host())).disks[0].health
    assert not isinstance(health, Unknown)
    assert health.power_on_hours == Known(12, "smartctl:power_on_time")


def test_bad_paths_give_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "noise.tar.gz").write_bytes(b"\x1f\x8bnoise" * 100)
    (tmp_path / "nothing").write_bytes(b"")
    whole = record_capture(laptop.make_laptop(tmp_path / "m").host()).raw
    (tmp_path / "cut.tar.gz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "other.tar").write_bytes(_tar({"hello.txt": b"hello"}))
    for name, expected in (
        ("absent", UsageError),
        ("empty", UsageError),
        ("noise.tar.gz", FormatError),
        ("nothing", FormatError),
        ("cut.tar.gz", FormatError),
        ("other.tar", UsageError),
    ):
        with pytest.raises(RecondError) as caught:
            host_from(tmp_path / name, Host())
        assert isinstance(caught.value, expected), name


def test_links_and_names_lead_nowhere_outside(tmp_path: Path) -> None:
    path = tmp_path / "evil.tar"
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as packed:
        for name, target in (
            ("sys/firmware/dmi/tables/DMI", "/etc/passwd"),
            ("proc/cpuinfo", "../../../../etc/passwd"),
            ("sys/block", "block2"),
            ("sys/block2", "block"),
        ):
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, target
            packed.addfile(link)
        info = tarfile.TarInfo("../../outside.txt")
        info.size = 1
        packed.addfile(info, io.BytesIO(b"x"))
    path.write_bytes(buffer.getvalue())
    host = host_from(path, Host())
    assert isinstance(host.files.read("/sys/firmware/dmi/tables/DMI"), Unknown)
    assert isinstance(host.files.read("/proc/cpuinfo"), Unknown)
    assert host.files.list("/sys/block") == ()
    assert not (tmp_path.parent / "outside.txt").exists()
    assert isinstance(read_machine(host).system.maker, Unknown)


def test_a_folder_inside_the_archive_is_taken_for_the_capture(tmp_path: Path) -> None:
    (tmp_path / "c.tar").write_bytes(_tar({"my-machine/lscpu.txt": b"CPU(s): 2\n"}))
    assert read_machine(host_from(tmp_path / "c.tar", Host())).cpu.threads == Known(2, "lscpu")


def test_an_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    target = tmp_path / "mine.tar.gz"
    target.write_bytes(b"mine")
    with pytest.raises(UsageError):
        write_capture(laptop.make_laptop(tmp_path / "m").host(), target)
    assert target.read_bytes() == b"mine"


def test_a_packed_tree_answers_as_the_folder_does(tmp_path: Path) -> None:
    laptop.make_laptop(tmp_path)
    folder = Files(tmp_path)
    nodes: dict[str, bytes | str | None] = {}
    for place in tmp_path.rglob("*"):
        name = "/" + str(place.relative_to(tmp_path))
        if place.is_symlink():
            nodes[name] = str(place.readlink())
        else:
            nodes[name] = None if place.is_dir() else place.read_bytes()
    packed = PackedFiles.of("x", nodes, Recording())
    probes = [
        *nodes,
        "/sys/block/sda/device/vpd_pg89",
        "/absent",
        "/sys/block/sda/../loop0",
        "/sys/class/net/enp0s31f6/device/subsystem",
    ]
    for probe in probes:
        assert packed.read(probe) == folder.read(probe) or folder.resolve(probe) in {
            folder.resolve(p) for p in nodes if (tmp_path / p.lstrip("/")).is_dir()
        }, probe
        assert packed.list(probe) == folder.list(probe), probe
        assert packed.exists(probe) == folder.exists(probe), probe
        assert packed.resolve(probe) == folder.resolve(probe), probe


def _tar(entries: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as packed:
        for name, content in entries.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            packed.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def test_the_number_of_a_box_is_one_of_the_machines_own(tmp_path: Path) -> None:
    """A capture without numbers that still held the box's would tell which dock it was."""
    machine = read_machine(laptop.make_laptop(tmp_path).host())
    boxed = dataclasses.replace(machine.disks[0], box_serial="152D00539000")
    assert "152D00539000" not in own_numbers(machine)
    assert "152D00539000" in own_numbers(dataclasses.replace(machine, disks=(boxed,)))
