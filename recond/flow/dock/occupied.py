"""A slot with a disk in it: what is kept of it while it is looked at, erased and pulled."""

from __future__ import annotations

from dataclasses import dataclass

from recond.erasure import Status
from recond.flow.dock.slot import Found, SlotLook, SlotState, View
from recond.flow.run.background import BackgroundRun
from recond.flow.run.batch import Listed
from recond.host.docks import Docked

LEFT_STATE = {
    Listed.STRANGER: SlotState.STRANGER,
    Listed.REFUSED: SlotState.REFUSED,
    Listed.CERTIFIED: SlotState.CERTIFIED,
    Listed.UNSIGNED: SlotState.CERTIFIED,
    Listed.AMBIGUOUS: SlotState.LEFT,
    Listed.CHANGED: SlotState.LEFT,
    Listed.STOPPED: SlotState.INTERRUPTED,
    Listed.OPEN: SlotState.LEFT,
}
ENDED = {
    Status.FAILED: SlotState.FAILED,
    Status.REFUSED: SlotState.REFUSED,
    Status.INTERRUPTED: SlotState.INTERRUPTED,
}


@dataclass(slots=True)
class Slot:
    """A disk in a slot, from its plugging until it is out and its work is over."""

    docked: Docked
    asked: bool
    view: View
    look: SlotLook | None = None
    found: Found | None = None
    work: BackgroundRun | None = None
    here: bool = True
    ended: bool = False
    doubted: bool = False

    @property
    def erasing(self) -> bool:
        """Whether work on its disk goes on."""
        return self.work is not None and not self.ended


def after_pull(slot: Slot) -> str:
    """The word for a disk that was pulled, by what its slot showed before."""
    state = slot.view.state
    if state in (SlotState.DONE, SlotState.CERTIFIED):
        return "done"
    begun = state is SlotState.INTERRUPTED or (slot.work and state is SlotState.FAILED)
    return "midway" if begun else "untouched"
