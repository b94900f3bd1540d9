"""An eMMC with boot0, boot1 and a general-purpose area on a real kernel: each area's record says
what its part of the image holds, and the kernel's switches are as they were.

RECOND_LAB=1, LAB_QEMU a QEMU whose `emmc` may be added by hand: a newer one, or the lab's with
`tests/lab/qemu-emmc-format.patch`, which also has gp0, SANITIZE, locks and cards that lie.
RECOND_LAB_ROWS as in test_firmware.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.lab.emmc import SERIAL, Card, Played, play
from tests.lab.firmware import as_json
from tests.lab.machine import Lab

pytestmark = pytest.mark.lab

FULL = ",ext-rev=6,sec-feature=85"  # secure erase, trim, SANITIZE (JESD84-B51 7.4.16)
SWITCH = "/sys/block/mmcblk0boot1/force_ro"
ZEROS = "dd if=/dev/zero of=/dev/mmcblk0boot1 bs=64k count=16 oflag=direct status=none"
BLANK = f"echo 0 >{SWITCH}; {ZEROS}; echo 1 >{SWITCH}"
SHUT = "echo 1 >/sys/block/mmcblk0gp0/force_ro"
SLOW_S = 256 << 10  # a pass of boot0 takes some ten seconds
CARDS = (
    Card("plain"),
    Card("full", FULL, gp_mib=2),
    Card("secure-erase", ",ext-rev=6,sec-feature=21", gp_mib=2),
    Card("blank", FULL, before=BLANK),
    Card("left-out", FULL, more=f"--exclude {SERIAL}-boot0", gp_mib=2, left=("boot0",)),
    Card("gp-shut", FULL, before=SHUT, gp_mib=2, left=("gp0",)),
    Card("locked", f"{FULL},boot-wp=1", gp_mib=2, left=("boot0", "boot1")),
    Card("locked-for-good", f"{FULL},boot-wp=4", gp_mib=2, left=("boot0", "boot1")),
    Card("kill", FULL, "kill", gp_mib=2, bps=SLOW_S, total_mib=8),
    Card("cut", FULL, "cut", gp_mib=2, bps=SLOW_S, total_mib=8),
    Card("liar", f"{FULL},fault=erase-lie", gp_mib=2),
    Card("areas-drop", f"{FULL},fault=area-drop", gp_mib=2, left=("boot0", "boot1", "gp0")),
)


@pytest.mark.parametrize("card", CARDS, ids=lambda one: one.name)
def test_each_area_is_what_its_record_says(lab: Lab, card: Card) -> None:
    if not lab.knows("emmc", "boot-partition-size"):
        pytest.skip("this QEMU lets no eMMC be added")
    if card.options and not lab.knows("emmc", "sec-feature"):
        pytest.skip("this QEMU's eMMC has boot areas only")
    found = play(lab, card)
    kept = os.environ.get("RECOND_LAB_ROWS")
    if kept:
        with Path(kept).open("a", encoding="utf-8") as stream:
            stream.writelines(as_json(row) + "\n" for row in found.rows)
    holds(card, found)
    if card.disturbance == "kill":  # what the kill left open is shut again
        between = found.output.partition("BETWEEN")[0]
        assert "SWITCH /sys/block/mmcblk0boot0/force_ro 0" in between, between


def holds(card: Card, found: Played) -> None:
    """The rule above all rules, area by area; what stays is named; the switches are as before."""
    left = {one["key"] for one in found.computer["left"]}
    for row in found.rows:
        area = row.drive.split()[1]
        key = SERIAL if area == "user" else f"{SERIAL}-{area}"
        if row.says_erased:
            assert row.marked_sectors == 0, row
        if area in card.left:
            assert row.marked_sectors == row.sectors, row
            assert not row.says_erased, row
        if row.marked_sectors:
            assert key in left, (row, found.computer)
            assert not found.computer["erased"]
        elif card.disturbance == "none" and "fault" not in card.options and row.journal:
            assert row.says_erased, row
    assert found.switches["boot0"] == found.switches["boot1"] == "1", found.switches
