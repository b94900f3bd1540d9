"""A table of targets that are not erased, and of disks that are not the one that was confirmed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from recond.erasure import DiskIdentity, Target, TargetKind
from recond.model import Use
from recond.wipe.guard import differences, refusals, resumed_differences
from tests.wipe.disks import HDD, STICK


def codes(disk: DiskIdentity = HDD, *uses: Use, read_only: bool = False) -> list[str]:
    target = Target("/dev/sda", disk, uses, read_only, "sda")
    return [message.code.removeprefix("wipe.refusal.") for message in refusals(target)]


@pytest.mark.parametrize(
    "kind", ["mount", "swap", "holder", "system", "medium", "open", "busy", "unreadable"]
)
def test_whatever_holds_a_disk_forbids_it(kind: str) -> None:
    use = Use(kind, "sda1", "/home")
    assert codes(HDD, use) == [kind]
    message = refusals(Target("/dev/sda", HDD, (use,), False, "sda"))[0]
    assert dict(message.args) == {"path": "/dev/sda", "node": "sda1", "where": "/home"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"logical_block_bytes": 4096}, []),
        ({"logical_block_bytes": 8192}, []),
        ({"logical_block_bytes": 520}, ["geometry"]),
        ({"logical_block_bytes": 524}, ["geometry"]),
        ({"logical_block_bytes": 528}, ["geometry"]),
        ({"logical_block_bytes": 4160}, ["geometry"]),
        ({"logical_block_bytes": 256}, ["geometry"]),
        ({"logical_block_bytes": 0}, ["geometry"]),
        ({"logical_block_bytes": -512}, ["geometry"]),
        ({"logical_block_bytes": 3072}, ["geometry"]),
        ({"size_bytes": 0}, ["empty"]),
        ({"size_bytes": -1}, ["empty"]),
        ({"size_bytes": 511}, ["too_small"]),
        ({"size_bytes": 512}, []),
        ({"size_bytes": 4095, "logical_block_bytes": 4096}, ["too_small"]),
        ({"size_bytes": 0, "logical_block_bytes": 520}, ["geometry", "empty"]),
    ],
)
def test_geometry(changes: dict[str, Any], expected: list[str]) -> None:
    assert codes(replace(HDD, **changes)) == expected


def test_every_reason_is_given() -> None:
    found = codes(HDD, Use("mount", "sda1", "/"), Use("swap", "sda2", "sda2"), read_only=True)
    assert found == ["mount", "swap", "read_only"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ()),
        ({"serial": "OTHER"}, ("serial",)),
        ({"serial": None}, ("serial",)),
        ({"wwn": "naa.5"}, ("wwn",)),
        ({"wwn": None}, ("wwn",)),
        ({"model": "OTHER"}, ("model",)),
        ({"vendor": None}, ("vendor",)),
        ({"size_bytes": 512}, ("size_bytes",)),
        ({"logical_block_bytes": 4096}, ("logical_block_bytes",)),
        ({"namespace": 2}, ("namespace",)),
        ({"kind": TargetKind.LOOP}, ("kind",)),
        ({"disk_seq": 8}, ("disk_seq",)),
        ({"disk_seq": None}, ()),  # an old kernel
        ({"firmware": "2.0"}, ()),
        ({"physical_block_bytes": 512}, ()),
        ({"serial": "OTHER", "disk_seq": 8}, ("serial", "disk_seq")),
    ],
)
def test_the_open_disk_is_the_one_of_the_plan(
    changes: dict[str, Any], expected: tuple[str, ...]
) -> None:
    assert differences(HDD, replace(HDD, **changes)) == expected


def test_what_was_unknown_and_is_known_now_is_another_disk() -> None:
    assert differences(STICK, replace(STICK, serial="X")) == ("serial",)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"disk_seq": 99}, ()),  # another boot
        ({"wwn": "usb.bridge", "model": "Bridge", "vendor": "JMicron"}, ()),
        ({"serial": "OTHER"}, ("serial",)),
        ({"serial": None}, ("serial",)),
        ({"size_bytes": 1 << 20}, ("size_bytes",)),
        ({"logical_block_bytes": 4096}, ("logical_block_bytes",)),
        ({"namespace": 2}, ("namespace",)),
    ],
)
def test_a_resumed_disk(changes: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert resumed_differences(HDD, replace(HDD, **changes)) == expected


def test_a_resumed_disk_may_have_a_size_that_the_plan_brought_about() -> None:
    grown = replace(HDD, size_bytes=1 << 20)
    assert resumed_differences(HDD, grown, frozenset({1 << 20})) == ()
    assert resumed_differences(HDD, replace(HDD, size_bytes=512), frozenset({1 << 20}))
