"""What to buy: modules by free slots, kind and the board's maximum; disks by what is there."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from recond.locale import say
from recond.model import Medium, Memory
from recond.readiness.diskfacts import remedy
from recond.readiness.memory import GIB, upgrade
from tests.readiness.machines import GB, NOTHING, disk, known, machine, memory, module, stick


def said(ram: Memory, need_gib: int) -> str:
    have = ram.installed_bytes
    found = upgrade(ram, have.value if hasattr(have, "value") else 0, need_gib * GIB)
    return say("fr", found.remedy).replace("\u00a0", " ")


def test_one_module_in_the_one_free_slot() -> None:
    assert said(memory(4, free=1), 8) == ("ajouter 4 Go DDR4 SODIMM, 1 emplacement libre")


def test_several_free_slots() -> None:
    assert "2 emplacements libres" in said(memory(4, 4, free=2, kind="DDR3", form="DIMM"), 10)


def test_two_modules_where_one_would_pass_the_slots_limit() -> None:
    text = said(memory(2, 2, free=2, most=16, kind="DDR3"), 12)
    assert text == "ajouter 8 Go DDR3 SODIMM (2 barrettes de 4 Go), 2 emplacements libres"


def test_no_module_smaller_than_those_that_are_sold() -> None:
    assert "ajouter 4 Go DDR4" in said(memory(2, free=1), 3)
    assert "ajouter 2 Go DDR3" in said(memory(2, free=1, kind="DDR3"), 3)


def test_replace_where_no_slot_is_free() -> None:
    assert said(memory(2, 2), 8).startswith(
        "remplacer 1 barrette (2 Go) par une barrette de 8 Go DDR4"
    )
    assert said(memory(2, 2, kind="DDR3", most=8), 8).startswith(
        "remplacer 2 barrettes (4 Go en tout) par 2 barrettes de 4 Go DDR3"
    )


def test_the_boards_maximum_is_the_end() -> None:
    ram = memory(2, most=2, kind="DDR2")
    found = upgrade(ram, 2 * GIB, 4 * GIB)
    assert found.possible is False
    assert found.remedy.code == "readiness.remedy.ram_maximum"


def test_a_maximum_below_what_is_installed_is_not_believed() -> None:
    assert upgrade(memory(4, free=1, most=2), 4 * GIB, 8 * GIB).remedy.code != (
        "readiness.remedy.ram_maximum"
    )


@pytest.mark.parametrize(
    ("changes", "possible", "code"),
    [
        (
            {
                "slots_free": known(0),
                "modules": known((module(4, "LPDDR3", "Row Of Chips"),)),
                "soldered": known(True),
            },
            False,
            "ram_soldered",
        ),
        ({"slots_free": NOTHING, "soldered": known(True)}, None, "ram_soldered_slots"),
        ({"slots_free": NOTHING}, True, "ram_slots_unknown"),
        ({"slots_free": NOTHING, "soldered": NOTHING}, None, "ram_slots_unknown"),
        ({"slots_free": known(0), "modules": NOTHING}, None, "ram_modules_unknown"),
    ],
)
def test_soldered_or_unread(changes: dict[str, Any], possible: bool | None, code: str) -> None:
    ram = dataclasses.replace(memory(4), **changes)
    found = upgrade(ram, 4 * GIB, 8 * GIB)
    assert found.possible is possible
    assert found.remedy.code == f"readiness.remedy.{code}"


def test_the_kind_beside_soldered_memory_is_not_guessed() -> None:
    mixed = dataclasses.replace(
        memory(4, free=1), modules=known((module(4, "LPDDR4", "Row Of Chips"),))
    )
    assert "LPDDR" not in said(mixed, 8)


def test_disks() -> None:
    old = machine(disks=(disk(medium=Medium.HDD, size_bytes=known(40 * GB)), stick()))
    possible, message, _ = remedy(old, 64 * GB)
    assert possible is True
    assert say("fr", message).replace("\u00a0", " ") == (
        "remplacer le disque par un SSD SATA de 120 Go ou plus"
    )
    possible, message, _ = remedy(machine(disks=(stick(),)), 200 * GB)
    assert possible is True
    assert "put in an SSD of 240 GB or more" in say("en", message).replace("\u00a0", " ")
    assert "AHCI" in say("fr", message)
