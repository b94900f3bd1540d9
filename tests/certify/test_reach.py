"""The law of levels, written as a table: what a technique reaches on which medium, at most."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from recond.certify.judge.levels import FIRMWARE, firmware_level, overwrite_level
from recond.erasure import DiskIdentity, Fill, FillKind, Level, TargetKind, Technique
from recond.methods import all_methods, find_method, plan_fills
from recond.model import Medium
from recond.wipe.plan import overwrite_reach
from tests.wipe.disks import HDD

N, C, P = Level.NONE, Level.CLEAR, Level.PURGE
DISKS: dict[str, DiskIdentity] = {
    "hdd": HDD,
    "ssd": replace(HDD, medium=Medium.SSD),
    "hybrid": replace(HDD, medium=Medium.HYBRID),
    "emmc": replace(HDD, medium=Medium.EMMC, bus="mmc"),
    "stick": replace(HDD, medium=Medium.USB_FLASH, bus="usb"),
    "sd": replace(HDD, medium=Medium.SD, bus="mmc"),
    "bridge": replace(HDD, medium=Medium.UNKNOWN, bus="usb"),
    "image": replace(HDD, medium=Medium.IMAGE, kind=TargetKind.IMAGE, bus="file"),
    "loop": replace(HDD, medium=Medium.IMAGE, kind=TargetKind.LOOP, bus="loop"),
}

# NIST SP 800-88 Rev. 2 and IEEE 2883-2022 as quoted publicly; purge is never claimed in doubt
TABLE: dict[Technique, dict[str, Level]] = {
    Technique.ATA_SECURITY_ERASE: {"hdd": C, "ssd": C},
    Technique.ATA_SECURITY_ERASE_ENHANCED: {"hdd": P, "ssd": C},
    Technique.ATA_SANITIZE_CRYPTO: {"hdd": P, "ssd": P},
    Technique.ATA_SANITIZE_BLOCK: {"hdd": C, "ssd": P},
    Technique.ATA_SANITIZE_OVERWRITE: {"hdd": P, "ssd": C},
    Technique.NVME_SANITIZE_CRYPTO: {"ssd": P},
    Technique.NVME_SANITIZE_BLOCK: {"ssd": P},
    Technique.NVME_SANITIZE_OVERWRITE: {"ssd": P},
    Technique.NVME_FORMAT_USER: {"ssd": C},
    Technique.NVME_FORMAT_CRYPTO: {"ssd": C},
    Technique.SCSI_SANITIZE_CRYPTO: {"hdd": P, "ssd": P},
    Technique.SCSI_SANITIZE_BLOCK: {"hdd": C, "ssd": P},
    Technique.SCSI_SANITIZE_OVERWRITE: {"hdd": P, "ssd": C},
    Technique.SCSI_FORMAT_UNIT: {"hdd": C, "ssd": C},
    Technique.MMC_SECURE_ERASE: {"emmc": C},
    Technique.MMC_SANITIZE: {"emmc": C},
    Technique.OPAL_PSID_REVERT: {"hdd": P, "ssd": P},
}


@pytest.mark.parametrize("technique", Technique)
@pytest.mark.parametrize("name", DISKS)
def test_a_drives_own_erasure_reaches_what_the_table_says(technique: Technique, name: str) -> None:
    disk, found = DISKS[name], firmware_level(technique, DISKS[name])
    if technique in (Technique.OVERWRITE, Technique.RESTORE_HIDDEN):
        assert technique not in FIRMWARE
        assert found is N, "an overwrite reaches what it covers; showing hidden sectors, nothing"
    elif disk.kind is not TargetKind.BLOCK:
        assert found is N, "a file has no firmware"
    elif disk.medium in (Medium.HDD, Medium.SSD, Medium.EMMC) and name in TABLE[technique]:
        assert found is TABLE[technique][name]
    else:
        assert found.rank <= C.rank, "what the table does not name is never purge"


def test_the_table_names_every_technique() -> None:
    assert (
        TABLE.keys()
        == FIRMWARE.keys()
        == set(Technique) - {Technique.OVERWRITE, Technique.RESTORE_HIDDEN}
    )


@pytest.mark.parametrize("name", DISKS)
@pytest.mark.parametrize("method", sorted(all_methods()))
def test_an_overwrite_is_clear_at_most_and_nothing_on_a_stick_without_a_complement(
    method: str, name: str
) -> None:
    fills, disk = plan_fills(find_method(method), bytes(32)), DISKS[name]
    constants = [
        bytes.fromhex(one.hex) * 12 if one.kind is FillKind.CONSTANT else b"" for one in fills
    ]
    pair = any(
        one and two and all(a ^ b == 255 for a, b in zip(one[:12], two[:12], strict=True))
        for one, two in itertools.pairwise(constants)
    )
    two_passes = name in ("stick", "sd", "emmc", "bridge")
    assert overwrite_level(disk, fills) is (C if pair or not two_passes else N)
    assert overwrite_reach(disk, fills) is overwrite_level(disk, fills), "promised as judged"
    assert overwrite_level(disk, ()) is N


def test_complements_need_not_be_of_one_length() -> None:
    one, two = Fill(FillKind.CONSTANT, "aa"), Fill(FillKind.CONSTANT, "5555")
    assert overwrite_level(DISKS["stick"], (one, two)) is C
    assert overwrite_level(DISKS["stick"], (one, Fill(FillKind.CONSTANT, "5554"))) is N
    key = Fill(FillKind.XTS, "aa" * 16 + "55" * 16)
    assert overwrite_level(DISKS["stick"], (key, Fill(FillKind.XTS, "55" * 16 + "aa" * 16))) is N
