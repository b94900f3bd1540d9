"""A bench tells its board how far it is: the events of a run as one state.

Why beside the work and never in it: whoever listens takes nothing from the erasure, and a board
that is slow, gone or hostile changes nothing here; no answer is read. Only a bench with a
destination of kind `board` says anything. What it says holds no result: how an erasure ended is the
certificate's word.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from recond.erasure import WipePlan
from recond.errors import RecondError
from recond.flow.deliver.settings import read_settings
from recond.flow.runfolder import OnEvent, RunFacts
from recond.host.clock import Clock
from recond.model import Known, Machine, Message, Reading
from recond.naming import computer_maker, model_name
from recond.progress import Meter, Phase, ProgressEvent, WorkerEnd
from recond.upload.live import (
    SCHEMA,
    BoardLine,
    ComputerSaid,
    LiveSaid,
    SlotSaid,
    SlotWord,
    Teller,
)

LONGEST = 100
ENDED = {
    WorkerEnd.COMPLETED: SlotWord.OVER,
    WorkerEnd.FAILED: SlotWord.FAILED,
    WorkerEnd.REFUSED: SlotWord.REFUSED,
    WorkerEnd.INTERRUPTED: SlotWord.INTERRUPTED,
    WorkerEnd.LOST: SlotWord.LEFT,
    WorkerEnd.RUNNING: None,
}
"""The worker's last word as the board hears it. "completed" is no result: the judge was not yet
asked."""


class Told:
    """The state as it is told, changed by the work's thread and looked at by the tellers'."""

    def __init__(self, base: LiveSaid, clock: Clock) -> None:
        self._base, self._clock = base, clock
        self._lock = threading.Lock()
        self._slots: dict[str, SlotSaid] = {one.place: one for one in base.slots}
        self._meters: dict[str, Meter] = {}

    def look(self, seq: int, ended: bool) -> LiveSaid:
        """The state as it is now."""
        with self._lock:
            slots = tuple(self._slots[place] for place in sorted(self._slots))
        return replace(self._base, seq=seq, ended=ended, slots=slots)

    def hear(self, place: str, event: ProgressEvent) -> None:
        """An event of a disk's worker."""
        with self._lock:
            before = self._slots.get(place)
            if before is None:
                return
            if event.phase is Phase.END:
                word = ENDED[event.outcome] if event.outcome else None
                if word is not None:
                    self._slots[place] = replace(
                        before, state=word, percent=None, left_s=None, phase=None
                    )
                return
            self._slots[place] = self._moved(replace(before, state=SlotWord.WORKING), event)

    def put(self, slot: SlotSaid) -> None:
        """A slot as it is now."""
        with self._lock:
            self._slots[slot.place] = slot

    def _moved(self, slot: SlotSaid, event: ProgressEvent) -> SlotSaid:
        meter, now_s = self._meters.setdefault(slot.place, Meter()), self._clock.monotonic_s()
        meter.hear(event, now_s)
        percent = meter.percent
        return replace(
            slot,
            phase=event.phase,
            step=meter.step,
            steps=meter.steps,
            percent=slot.percent if percent is None else percent,
            left_s=meter.left_s(now_s),
        )


def board_lines(state: Path) -> tuple[BoardLine, ...]:
    """A line to each board of this bench. A configuration with a mistake gives none: the upload
    names the mistake, and no erasure waits for it.
    """
    try:
        return tuple(BoardLine(one) for one in read_settings(state) if one.kind == "board")
    except RecondError:
        return ()


@contextmanager
def telling(
    state: Path, facts: RunFacts, plans: Mapping[str, WipePlan], on_event: OnEvent, clock: Clock
) -> Iterator[OnEvent]:
    """Whom to tell a run's events, so that the board hears of them too. `plans` by the disk's name
    in the run.
    """
    lines = board_lines(state)
    if not lines:
        yield on_event
        return
    base = base_state(clock, computer_said(facts.machine, facts.context.property_number))
    slots = tuple(_slot(name, plan, facts.run_id) for name, plan in plans.items())
    told = Told(
        replace(
            base,
            lot=cut(facts.context.lot),
            operator=cut(facts.context.operator.name),
            slots=slots,
        ),
        clock,
    )

    def hear(disk: str, event: ProgressEvent) -> None:
        told.hear(disk, event)
        on_event(disk, event)

    teller = Teller(lines, told.look)
    try:
        yield hear
    finally:
        teller.stop()


def base_state(clock: Clock, computer: ComputerSaid | None) -> LiveSaid:
    """The state of a process that has just begun."""
    session = clock.random_bytes(8).hex()
    return LiveSaid(SCHEMA, session, 0, computer, None, None, ended=False, slots=())


def _slot(name: str, plan: WipePlan, run: str) -> SlotSaid:
    return SlotSaid(
        place=name[:LONGEST],
        state=SlotWord.REFUSED if plan.refusals else SlotWord.WAITING,
        serial=cut(plan.disk.token),
        model=cut(plan.disk.model),
        size_bytes=plan.disk.size_bytes,
        run=run,
        message=cut_message(plan.refusals[0] if plan.refusals else None),
    )


def computer_said(machine: Machine | None, property_number: str | None) -> ComputerSaid | None:
    """Which computer it is, in few words."""
    if machine is None:
        return None
    system = machine.system
    return ComputerSaid(
        computer_maker(system) or None,
        model_name(system) or None,
        _known(system.serial),
        cut(property_number),
    )


def _known(reading: Reading[str]) -> str | None:
    return cut(reading.value) if isinstance(reading, Known) else None


def cut(text: str | None) -> str | None:
    """A text that fits a message."""
    return text[:LONGEST] if text is not None else None


def cut_message(message: Message | None) -> Message | None:
    """A message whose arguments fit; a longer one is cut, it is only shown."""
    if message is None:
        return None
    return Message(
        message.code,
        tuple((key, one[:LONGEST] if isinstance(one, str) else one) for key, one in message.args),
    )
