"""What a watch is given, where it is shown, and what it comes to. Types only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from recond.flow import config
from recond.flow.dock.slot import SlotState, View
from recond.flow.lot.manifest import Manifest
from recond.flow.serials import compared
from recond.wipe.plan import Wish


@dataclass(frozen=True, slots=True)
class WatchOrder:
    """What the operator asked for. `present`: also the disks that are there at the start;
    `resume`: go on with what was interrupted when its disk is there.
    """

    manifest: Path
    wish: Wish
    out: Path
    state: Path
    lang: str
    overrides: config.Overrides
    present: bool = False
    resume: bool = False


@dataclass(frozen=True, slots=True)
class Summary:
    """What a watch came to: each disk's last state; the listed serials that have no certificate."""

    lot: str | None
    ends: tuple[View, ...]
    missing: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """The highest of the disks'."""
        return max((one.exit_code for one in self.ends), default=0)


def sum_up(lot: str | None, ends: tuple[View, ...], manifest: Manifest) -> Summary:
    """What a watch came to, from how each disk ended."""
    good = {
        compared(one.disk.serial)
        for one in ends
        if one.disk
        and one.disk.serial
        and one.exit_code == 0
        and one.state in (SlotState.DONE, SlotState.CERTIFIED)
    }
    missing = tuple(one.written for one in manifest.expected if one.serial not in good)
    return Summary(lot, ends, missing)


class DockListener(Protocol):
    """Where a watch is shown."""

    def title(self, lot: str, expected: int) -> None:
        """What is expected."""

    def show(self, view: View) -> None:
        """A slot has changed."""

    def stopping(self, count: int) -> None:
        """A stop was asked for, for the first, second, third time."""
