"""A dock tells its board of its slots; beside the display, as the display shows them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from recond.flow.dock.order import DockListener
from recond.flow.dock.slot import SlotState, View
from recond.flow.telling import Told, base_state, board_lines, cut, cut_message
from recond.host.clock import Clock
from recond.upload.live import SlotSaid, SlotWord, Teller

DOCKED = {
    SlotState.WAITING: SlotWord.WAITING,
    SlotState.IDENTIFYING: SlotWord.IDENTIFYING,
    SlotState.ERASING: SlotWord.WORKING,
    SlotState.DONE: SlotWord.OVER,
    SlotState.CERTIFIED: SlotWord.OVER,
    SlotState.FAILED: SlotWord.FAILED,
    SlotState.REFUSED: SlotWord.REFUSED,
    SlotState.STRANGER: SlotWord.STRANGER,
    SlotState.LEFT: SlotWord.LEFT,
    SlotState.INTERRUPTED: SlotWord.INTERRUPTED,
    SlotState.PULLED: SlotWord.PULLED,
}


@contextmanager
def telling_dock(
    state: Path, lot: str | None, operator: str | None, display: DockListener, clock: Clock
) -> Iterator[DockListener]:
    """Where a watch is shown, so that the board hears of it too."""
    lines = board_lines(state)
    if not lines:
        yield display
        return
    base = replace(base_state(clock, None), lot=cut(lot), operator=cut(operator))
    told = Told(base, clock)
    teller = Teller(lines, told.look)
    try:
        yield _Both(display, told)
    finally:
        teller.stop()


class _Both:
    """A display that also tells."""

    def __init__(self, display: DockListener, told: Told) -> None:
        self._display, self._told = display, told

    def title(self, lot: str, expected: int) -> None:
        """What is expected."""
        self._display.title(lot, expected)

    def show(self, view: View) -> None:
        """A slot has changed."""
        self._told.put(slot_said(view))
        self._display.show(view)

    def stopping(self, count: int) -> None:
        """A stop was asked for."""
        self._display.stopping(count)


def slot_said(view: View) -> SlotSaid:
    """A slot as the board hears of it."""
    disk = view.disk
    event = view.event if view.state is SlotState.ERASING else None
    return SlotSaid(
        place=cut(view.place) or "",
        state=DOCKED[view.state],
        serial=cut(disk.token if disk else None),
        model=cut(disk.model if disk else None),
        size_bytes=disk.size_bytes if disk else None,
        run=view.run,
        phase=event.phase if event else None,
        step=event.step if event else None,
        steps=event.steps if event else None,
        percent=view.percent,
        left_s=view.left_s,
        message=cut_message(view.message),
    )
