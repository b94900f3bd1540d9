"""An NVMe subsystem with two controllers on a real kernel, with and without native multipath: what
was not confirmed is whole, what is called erased is empty, and two names of one medium are one.

RECOND_LAB=1, LAB_QEMU the lab's patched QEMU, RECOND_LAB_ROWS as in test_firmware.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.lab.firmware import as_json
from tests.lab.machine import Lab
from tests.lab.two_controllers import ALL, ONE, SIZE, Subsystem, play

pytestmark = pytest.mark.lab

THREE = ("n1", "n2", "n3")
HELD = (
    "python3 -c \"import os, time; d = os.open('$OTHER', os.O_RDWR); time.sleep(6000)\" & sleep 3"
)
MOUNTED = "mkfs.ext4 -q -E nodiscard -F $OTHER; mkdir /tmp/m; mount $OTHER /tmp/m"


def scenes(multipath: bool) -> tuple[Subsystem, ...]:
    kind = "multi" if multipath else "single"
    return (
        Subsystem(f"{kind}-all", THREE, (ALL,), multipath, erased=("n1", "n3")),
        Subsystem(f"{kind}-one", THREE, (ONE,), multipath, erased=("n1",)),
        Subsystem(f"{kind}-alone", ("n1",), (ALL,), multipath, erased=("n1",)),
        Subsystem(f"{kind}-liar", THREE, (ALL,), multipath, ",format-fault=lie"),
        Subsystem(
            f"{kind}-unmanaged", ("n1", "n3"), (ONE,), multipath, ",no-manage=on", erased=("n1",)
        ),
        Subsystem(f"{kind}-held", ("n1", "n3"), (ONE,), multipath, before=HELD),
        Subsystem(f"{kind}-mounted", ("n1", "n3"), (ONE,), multipath, before=MOUNTED),
    )


@pytest.mark.parametrize("scene", [*scenes(True), *scenes(False)], ids=lambda one: one.name)
def test_what_was_not_confirmed_is_whole(
    lab: Lab, scene: Subsystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "qemu-lab" not in os.environ.get("LAB_QEMU", ""):
        pytest.skip("LAB_QEMU names no patched QEMU (lab/build-qemu)")
    if "no-manage" in scene.options and not lab.knows("nvme", "no-manage"):
        pytest.skip("this QEMU's controllers all manage namespaces")
    monkeypatch.setenv("LAB_APPEND", f"nvme_core.multipath={'Y' if scene.multipath else 'N'}")
    found = play(lab, scene)
    kept = os.environ.get("RECOND_LAB_ROWS")
    if kept:
        with Path(kept).open("a", encoding="utf-8") as stream:
            stream.writelines(as_json(row) + "\n" for row in found.rows)
    for row in found.rows:
        name = row.drive.split()[-1]
        if row.says_erased:
            assert row.marked_sectors == 0, row
        if name in scene.erased:
            assert row.says_erased, (row, found.output)
        elif "mounted" not in scene.name or name != "n1":
            assert row.marked_sectors == SIZE // 512, row
    if scene.name.endswith(("held", "mounted")):
        assert found.codes == (4,), found.output
        assert not found.told
    if scene.name.endswith("-all"):
        assert [one for one in found.left if one.endswith("-n2")], found.left
        assert not [one for one in found.left if one.endswith("-n3")], found.left
    level = "purge" if scene.name.endswith("-alone") else "clear"
    assert {row.level for row in found.rows if row.says_erased} <= {level}
