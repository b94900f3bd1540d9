"""Thirteen drives with their own erasure × what disturbs it: the record says what the image holds.

RECOND_LAB=1, LAB_QEMU the lab's patched QEMU. RECOND_LAB_ROWS names a file that a row for each
drive is appended to: what the record says, and what the image held.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.lab.firmware import Row, Scene, as_json, play
from tests.lab.machine import Lab

pytestmark = pytest.mark.lab

ATA = ("ssd0", "hdd0", "liar0", "efail0")
NVME = ("nv0", "nvliar", "nvfail")
SAS = ("sas0", "sasliar", "sasfail")
SECURITY = ("ssd0", "hdd0")
FORMATS = ("nv0", "nvliar")


def no_sanitize(*drives: str) -> tuple[str, ...]:
    return tuple(f"{one}.sanitize=off" for one in drives)


def slow(*drives: str, seconds: int = 90) -> tuple[str, ...]:
    return tuple(f"{one}.sanitize-time={seconds}" for one in drives)


def flash(*drives: str) -> tuple[str, ...]:
    """The lab's SAS drives tell no rotation rate: of an unknown medium nothing is tried."""
    return tuple(f"{one}.rotation_rate=1" for one in drives)


def slow_format(*drives: str, seconds: int = 20) -> tuple[str, ...]:
    """Only of a QEMU that knows `format-time` (tests/lab/qemu-emmc-format.patch)."""
    return (*no_sanitize(*drives), *(f"{one}.format-time={seconds}" for one in drives))


SECURITY_SLOW = (
    *no_sanitize(*SECURITY),
    *(f"{one}.security-erase-time=90" for one in SECURITY),
)
# The lab's QEMU crashes where a drive is pulled out while it erases itself: the guest lets it go.
SCENES = (
    Scene("ata", ATA),
    Scene("nvme", (*NVME, "frozen0")),
    Scene("sas", SAS, changes=flash(*SAS)),
    Scene("security-cut", SECURITY, "cut", SECURITY_SLOW),
    Scene("cut-ata", ATA, "cut", slow(*ATA)),
    Scene("cut-nvme", (*NVME, "sas0"), "cut", (*slow(*NVME, "sas0"), *flash("sas0"))),
    Scene(
        "term",
        ("ssd0", "nv0", "sas0", "stuck0"),
        "term",
        (*slow("ssd0", "nv0", "sas0"), *flash("sas0")),
    ),
    Scene("security-term", SECURITY, "term", SECURITY_SLOW),
    Scene(
        "kill",
        ("hdd0", "nv0", "sas0", "nvstuck"),
        "kill",
        (*slow("hdd0", "nv0", "sas0"), *flash("sas0")),
    ),
    Scene("security-kill", SECURITY, "kill", SECURITY_SLOW),
    Scene("kill-sas", ("sas0",), "kill", (*slow("sas0"), *flash("sas0")), again_s=120),
    Scene("reset", ("nv0", "nvliar"), "reset", slow("nv0", "nvliar")),
    Scene("reset-format", ("nv0",), "reset", no_sanitize("nv0")),
    Scene("reset-in-format", FORMATS, "reset", slow_format(*FORMATS)),
    Scene("goes-on-format", ("nv0",), "reset", (*slow_format("nv0"), "nv0.format-goes-on=on")),
    Scene("kill-format", FORMATS, "kill", slow_format(*FORMATS, seconds=40), early=True),
    Scene("cut-format", FORMATS, "cut", slow_format(*FORMATS, seconds=40), early=True),
    Scene("fail-format", ("nvfail",), changes=(*slow_format("nvfail"), "nvfail.format-fault=fail")),
    Scene(
        "remove",
        ("ssd0", "nv0", "sas0"),
        "remove",
        (*slow("ssd0", "nv0", "sas0"), *flash("sas0")),
        again_s=120,
    ),
    Scene("remove-liars", ("liar0", "nvliar"), "remove", slow("liar0", "nvliar"), again_s=120),
    Scene("security-remove", SECURITY, "remove", SECURITY_SLOW),
    Scene(
        "security",
        (*ATA, "nv0", "nvliar"),
        changes=no_sanitize(*ATA, "nv0", "nvliar"),
    ),
)


def holds(row: Row) -> None:
    """The rule above all rules, and that nobody is left with a locked drive and no word of it."""
    if row.says_erased:
        assert row.marked_sectors == 0, row
    if row.locked:
        assert "recond" in Path(row.journal).read_text().lower(), row
        assert '"kind":"password"' in Path(row.journal).read_text(), row
        assert not row.says_erased, row


@pytest.mark.parametrize("scene", SCENES, ids=lambda one: one.name)
def test_the_record_says_what_the_image_holds(lab: Lab, scene: Scene) -> None:
    if "qemu-lab" not in os.environ.get("LAB_QEMU", ""):
        pytest.skip("LAB_QEMU names no patched QEMU (lab/build-qemu)")
    if any("format-time" in one for one in scene.changes) and not lab.knows("nvme", "format-time"):
        pytest.skip("this QEMU knows no Format that takes its time")
    found = play(lab, scene)
    kept = os.environ.get("RECOND_LAB_ROWS")
    if kept:
        with Path(kept).open("a", encoding="utf-8") as stream:
            stream.writelines(as_json(row) + "\n" for row in found)
    for row in found:
        holds(row)
    if scene.name == "security-cut":
        plans = json.loads((lab.share / scene.name / "locked.json").read_text())["plans"]
        told = {one["disk"]["serial"]: [note["code"] for note in one["notes"]] for one in plans}
        for drive in SECURITY:  # at the second boot, before resume opens it
            assert "drive.note.locked" in told[f"FW{drive.upper()}"]
