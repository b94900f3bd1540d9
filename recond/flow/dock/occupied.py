"""A slot with a disk in it: what is kept of it while it is looked at, erased and pulled."""

from __future__ import annotations

from dataclasses import dataclass, field

from recond.erasure import Status
from recond.flow.dock.beginning import Beginning
from recond.flow.dock.slot import Found, SlotLook, SlotState, View
from recond.flow.run.background import BackgroundRun, Heard
from recond.flow.run.batch import Listed
from recond.host.docks import Docked
from recond.model import Message
from recond.progress import Meter

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


NO_PROGRESS: dict[str, object] = {"percent": None, "left_s": None, "event": None}
"""What a view shows of an erasure that is over."""


@dataclass(slots=True)
class Slot:
    """A disk in a slot, from its plugging until it is out and its work is over."""

    docked: Docked
    asked: bool
    view: View
    look: SlotLook | None = None
    found: Found | None = None
    work: BackgroundRun | None = None
    meter: Meter = field(default_factory=Meter)
    here: bool = True
    ended: bool = False
    doubted: bool = False
    begins: Beginning | None = None

    def take_begun(self) -> str | None:
        """The run that its work is, once, as soon as it is sure that there is one."""
        begins = self.begins
        if begins is None or (begins.sure is not None and not begins.sure.is_set()):
            return None
        self.begins = None
        return begins.run_id

    def progress(self, heard: Heard) -> dict[str, object]:
        """What an event of its disk's worker changes in the view."""
        self.meter.hear(heard.event, heard.time_s)
        percent = self.meter.percent
        return {
            "percent": self.view.percent if percent is None else percent,
            "left_s": self.meter.left_s(heard.time_s),
            "event": heard.event,
        }

    @property
    def unlabelled(self) -> Message | None:
        """Why its label was not printed, once its work is over."""
        said = self.work.said if self.work is not None and self.ended and self.work.over else None
        return said if said is not None and said.code.startswith("label.") else None

    @property
    def erasing(self) -> bool:
        """Whether work on its disk goes on."""
        return self.work is not None and not self.ended


def whose_end(slot: Slot) -> tuple[object, ...]:
    """Of which disk an end is: two that bear one number are told apart by all else they say."""
    disk = slot.view.disk
    if disk is None:
        return (slot.docked.mark,)
    return disk.token, disk.wwn, disk.model, disk.size_bytes, disk.inode


def after_pull(slot: Slot) -> str:
    """The word for a disk that was pulled, by what its slot showed before."""
    state = slot.view.state
    if state in (SlotState.DONE, SlotState.CERTIFIED):
        return "done"
    begun = state is SlotState.INTERRUPTED or (slot.work and state is SlotState.FAILED)
    return "midway" if begun else "untouched"
