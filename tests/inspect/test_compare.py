"""Two captures side by side: what was taken out, put in, changed."""

from __future__ import annotations

import json
from pathlib import Path

from recond.flow.machine.capture import record_capture
from recond.flow.machine.compare import Comparison, compare_captures
from recond.host import Host
from tests.cli.command import recond
from tests.inspect import laptop


def captures(root: Path) -> tuple[laptop.Tree, Path, Path]:
    tree = laptop.make_laptop(root / "live")
    first, second = root / "a.tar.gz", root / "b.tar.gz"
    first.write_bytes(record_capture(tree.host()).raw)
    return tree, first, second


def compared(tree: laptop.Tree, first: Path, second: Path) -> Comparison:
    second.write_bytes(record_capture(tree.host()).raw)
    return compare_captures(Host(), first, second)


def test_the_same_computer_twice_does_not_differ(tmp_path: Path) -> None:
    assert compared(*captures(tmp_path)) == Comparison((), ())


def test_a_module_that_is_gone_and_a_disk_that_was_swapped(tmp_path: Path) -> None:
    tree, first, second = captures(tmp_path)
    table = laptop.laptop_table().replace(b"M471A1K43CB1-CRC", b"M471A5244CB0-CTD")
    table = table.replace(laptop.MODULE_SERIAL.encode(), b"9A1B2C3D")
    tree.put("/sys/firmware/dmi/tables/DMI", table)
    disks = json.loads((tree.root / "lsblk.json").read_text())
    disks["blockdevices"][0].update(serial="OTHER0001", model="CT250MX500SSD1", wwn=None)
    tree.put("/lsblk.json", json.dumps(disks))
    smart = json.loads((tree.root / "smartctl/sda.json").read_text())
    smart.update(serial_number="OTHER0001", model_name="CT250MX500SSD1", wwn=None)
    tree.put("/smartctl/sda.json", json.dumps(smart))
    for name in ("vpd_pg80", "vpd_pg89"):
        place = "/sys/devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0"
        (tree.root / f"{place}/{name}".lstrip("/")).unlink()
    found = compared(tree, first, second)
    said = [(one.part, one.was, one.now) for one in found.changes]
    assert [part for part, _, _ in said] == ["memory", "memory", "disk", "disk"]
    assert laptop.MODULE_SERIAL in said[0][1]
    assert "9A1B2C3D" in said[1][2]
    assert (laptop.DISK_SERIAL in said[2][1], said[2][2]) == (True, "")
    assert "Crucial CT250MX500SSD1 OTHER0001" in said[3][2]
    assert found.doubts == ()


def test_another_computer_is_said(tmp_path: Path) -> None:
    tree, first, second = captures(tmp_path)
    table = laptop.laptop_table().replace(laptop.SERIAL.encode(), b"PF9ZZZZZ")
    tree.put("/sys/firmware/dmi/tables/DMI", table)
    found = compared(tree, first, second)
    assert [doubt.code for doubt in found.doubts] == ["inspect.diff.other_computer"]


def test_what_is_not_read_is_no_change(tmp_path: Path) -> None:
    tree, first, second = captures(tmp_path)
    (tree.root / "sys/firmware/dmi/tables/DMI").unlink()
    found = compared(tree, first, second)
    assert not [one for one in found.changes if one.part in ("computer", "cpu", "firmware")]
    assert "inspect.diff.memory_unread" in [doubt.code for doubt in found.doubts]


def test_the_command(tmp_path: Path) -> None:
    tree, first, second = captures(tmp_path)
    compared(tree, first, second)
    done = recond("inspect", "--diff", str(first), str(second), folder=tmp_path)
    assert (done.code, done.stdout.strip()) == (0, "Aucune différence.")
    as_json = recond("inspect", "--json", "--diff", str(first), str(second), folder=tmp_path)
    assert json.loads(as_json.stdout) == {
        "schema": "recond.inspect.diff/1",
        "changes": [],
        "doubts": [],
    }
