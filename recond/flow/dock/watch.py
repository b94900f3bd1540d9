"""A dock bench: disks come and go, and what the list names is erased and certified.

Why here and not in a run: a run knows its disks beforehand. Each disk that is plugged in becomes a
run of its own, by the same plan, list, guard, supervisor and certificate as `recond run`; this loop
only sees who is there, and says so. A disk that was there at the start is left alone unless it was
asked for; nothing is begun after the first stop. No computer in the record: a dock is none.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from recond.computer import is_approved
from recond.erasure import DiskIdentity, WipePlan
from recond.errors import RecondError, UsageError
from recond.flow import config
from recond.flow.deliver.settings import read_settings
from recond.flow.deliver.upload import upload
from recond.flow.dock.beginning import Beginning, Overtaken, begin
from recond.flow.dock.occupied import ENDED, LEFT_STATE, NO_PROGRESS, Slot, after_pull, whose_end
from recond.flow.dock.order import DockListener, Summary, WatchOrder, sum_up
from recond.flow.dock.slot import Found, SlotLook, SlotState, View, listed_past
from recond.flow.dock.sticker import after_end
from recond.flow.dock.telling import telling_dock
from recond.flow.lot.manifest import read_manifest
from recond.flow.run.attach import follow
from recond.flow.run.background import BackgroundRun, Task
from recond.flow.run.batch import Judged, Listed, judge
from recond.flow.run.history import Before, Past, read_past
from recond.flow.run.resume import resume_runs
from recond.flow.run.run import Finished, erasure_exit
from recond.flow.runfolder import OnEvent, RunFolder, disk_name
from recond.flow.serials import compared
from recond.host import Host
from recond.host.docks import Docked, Docks, FolderDocks, SysfsDocks
from recond.host.reason import as_lack
from recond.host.signals import StopCount, counted_stops
from recond.host.state import prepare_out, prepare_state
from recond.model import Message
from recond.progress import Meter, Phase
from recond.upload.send import Urgency

TICK_S = 0.5
SETTLE_S = 1.0
HOLD_S = 10.0
"""How long a judgement waits for the look at another disk, which may claim the same serial."""


class Watch:
    """Watches a dock until it is stopped; `display` hears of every change of a slot."""

    def __init__(
        self,
        order: WatchOrder,
        docks: Docks,
        host: Host,
        display: DockListener,
        *,
        tick_s: float = TICK_S,
        settle_s: float = SETTLE_S,
    ) -> None:
        self._order, self._docks, self._host, self._display = order, docks, host, display
        self._tick_s, self._settle_s = tick_s, settle_s
        self.manifest = read_manifest(order.manifest)
        prepare_state(order.state)
        prepare_out(order.out, order.state)
        self._context = config.read_context(order.state, order.overrides, host.clock)
        self._slots: list[Slot] = []
        self._shown: dict[str, View] = {}
        self._ends: dict[tuple[object, str], View] = {}
        self._doubted: list[DiskIdentity] = []
        self._stops = 0

    def run(self, stops: StopCount) -> Summary:
        """Watch until a stop is asked for and what was begun has ended.

        The first stop begins nothing more; the second asks the workers to stop at their next safe
        point, the third ends them.
        """
        at_start = True
        while True:
            self._hear_stops(stops)
            self._see(self._docks.look(), at_start=at_start)
            for slot in self._slots:
                self._advance(slot)
            at_start = False
            if self._stops and not any(self._is_busy(slot) for slot in self._slots):
                break
            self._host.clock.sleep(self._tick_s)
        self._send_rest()
        return sum_up(self._context.lot, tuple(self._ends.values()), self.manifest)

    def _is_busy(self, slot: Slot) -> bool:
        """Whether the end waits for this slot; not for another's workers once stopped twice."""
        if slot.work is None or slot.work.over:
            return slot.erasing
        return slot.work.stoppable or self._stops < 2

    def _hear_stops(self, stops: StopCount) -> None:
        while self._stops < stops.count:
            self._stops += 1
            self._display.stopping(self._stops)
            for slot in self._slots if self._stops > 1 else ():
                if slot.work is not None and slot.work.stoppable and not slot.work.ended:
                    slot.work.stop()

    # --- Who is here -------------------------------------------------------------------------

    def _see(self, docked: tuple[Docked, ...], *, at_start: bool) -> None:
        for slot in self._slots:
            if slot.here and slot.docked not in docked:
                slot.here = False
                self._pull(slot)
        here = {slot.docked for slot in self._slots if slot.here}
        fresh = [one for one in docked if one not in here]
        places = {one.place for one in fresh}
        self._slots = [
            slot
            for slot in self._slots
            if slot.here or slot.erasing or slot.docked.place not in places
        ]
        for one in fresh:
            slot = Slot(
                one,
                self._order.present or not at_start,
                View(one.place, one.path, SlotState.IDENTIFYING),
            )
            self._slots.append(slot)
            self._look(slot)

    def _look(self, slot: Slot) -> None:
        slot.found = None
        slot.look = SlotLook(
            slot.docked,
            self._order.wish,
            self._host,
            self._past,
            image=self._docks.image,
            settle_s=self._settle_s,
        )
        self._put(slot, state=SlotState.IDENTIFYING, message=None)

    def _past(self, plan: WipePlan) -> Past:
        return listed_past(
            self.manifest.names(plan.disk.serial),
            lambda one: read_past(self._order.state, one, self._context.lot, self._host.files),
            plan,
        )

    def _pull(self, slot: Slot) -> None:
        word = "erasing" if slot.erasing else after_pull(slot)
        self._put(
            slot,
            state=SlotState.PULLED,
            message=Message.of(
                f"dock.pulled.{word}", path=slot.docked.path, run=slot.view.run or "—"
            ),
        )

    # --- What becomes of it ------------------------------------------------------------------

    def _advance(self, slot: Slot) -> None:
        if slot.work is not None:
            self._follow(slot, slot.work)
        elif slot.here and slot.look is not None and slot.look.over:
            slot.found, error, slot.look = slot.look.found, slot.look.error, None
            if slot.found is not None:
                self._put(slot, disk=slot.found.plan.disk)
            else:
                self._fail(slot, error)
        waits = slot.here and slot.work is None and slot.view.state is SlotState.IDENTIFYING
        if waits and slot.found is not None:
            self._judge(slot, slot.found)

    def _judge(self, slot: Slot, found: Found) -> None:
        others = [one for one in self._slots if one is not slot]
        now = self._host.clock.monotonic_s()
        if any(
            one.here and one.look is not None and now - one.look.since_s < HOLD_S for one in others
        ):
            return
        serial = compared(found.plan.disk.serial or "")
        same = [
            one
            for one in others
            if one.found is not None and compared(one.found.plan.disk.serial or "") == serial
        ]
        if any(one.erasing and not one.here for one in same):
            return  # the same disk, pulled and put back: its own work ends first
        if (
            any(one.work is not None and not one.here and one.found is not None for one in same)
            and found.past.before is Before.OPEN
        ):
            for one in same:
                one.found = None
            self._look(slot)
            return
        here = tuple(one.found.plan.disk for one in others if one.here and one.found is not None)
        judged = judge(self.manifest, found.plan, (*here, *self._doubted), lambda _: found.past)
        if judged.listed is Listed.AMBIGUOUS:
            self._doubt(slot, found, [one for one in same if one.here])
        self._decide(slot, judged)

    def _doubt(self, slot: Slot, found: Found, same: list[Slot]) -> None:
        """Two disks claim one serial: neither is erased, nor is one that comes with it later."""
        slot.doubted = True
        if found.plan.disk not in self._doubted:
            self._doubted.append(found.plan.disk)
        for one in same:
            one.doubted = True
            if one.erasing and one.work is not None and one.work.stoppable:
                one.work.stop()

    def _decide(self, slot: Slot, judged: Judged) -> None:
        folder = judged.past.folder
        if judged.listed is Listed.OPEN and folder is not None and judged.past.own:
            self._begin(slot, Beginning(folder.run_id, self._following(folder)), stoppable=False)
        elif judged.listed is Listed.STOPPED and folder is not None and self._goes_on(folder):
            self._begin(slot, Beginning(folder.run_id, self._resuming(folder)))
        elif judged.listed is not Listed.ERASE:
            self._put(
                slot,
                state=LEFT_STATE[judged.listed],
                message=judged.message,
                run=folder.run_id if folder else None,
                record=judged.past.certificate,
                exit_code=judged.exit_code,
            )
            self._settle(slot)
        elif not slot.asked or self._stops:
            why = "stopping" if slot.asked else "present"
            self._put(
                slot,
                state=SlotState.WAITING,
                message=Message.of(f"dock.waiting.{why}", path=slot.docked.path),
            )
        else:
            self._begin_new(slot, judged.plan)

    def _begin_new(self, slot: Slot, plan: WipePlan) -> None:
        """Unless another program of this bench is at the disk: then it is looked at anew."""
        try:
            begun = begin(self._order, self._context, plan, self._host, self._past)
        except OSError as error:
            self._fail(slot, as_lack(error))
            return
        if begun is None:
            self._look(slot)
        else:
            self._begin(slot, begun)

    def _goes_on(self, folder: RunFolder) -> bool:
        """Whether to resume a run: not one of several disks, which the list may not name."""
        return self._order.resume and not self._stops and len(folder.journals()) == 1

    def _following(self, folder: RunFolder) -> Task:
        return lambda on_event, _stops: follow(folder, self._order.state, self._host, on_event)

    def _resuming(self, folder: RunFolder) -> Task:
        def task(on_event: OnEvent, stops: StopCount) -> Finished | None:
            done = resume_runs(
                self._order.state, folder.run_id, self._host, on_event, stops, tells=False
            )
            return done[0] if done else None

        return task

    def _begin(self, slot: Slot, work: Beginning, *, stoppable: bool = True) -> None:
        after = partial(after_end, self._order, self._host)
        slot.work = BackgroundRun(work.task, self._host.clock, after, stoppable=stoppable)
        slot.meter, slot.begins = Meter(), work
        self._show_begun(slot)

    def _show_begun(self, slot: Slot) -> None:
        run = slot.take_begun()
        if run is not None and slot.here:
            self._put(slot, state=SlotState.ERASING, run=run, percent=0, message=None)

    # --- How it goes on ----------------------------------------------------------------------

    def _follow(self, slot: Slot, work: BackgroundRun) -> None:
        disk = slot.view.disk
        name = disk_name(disk, frozenset()) if disk else ""
        self._show_begun(slot)
        for heard in work.heard():
            own = heard.disk == name and slot.here and not slot.ended
            if own and heard.event.phase is not Phase.END:
                self._put(slot, **slot.progress(heard))
        if work.ended and not slot.ended:
            slot.ended = True
            if isinstance(work.failure, Overtaken):
                slot.work, slot.begins, slot.ended = None, None, False
                self._look(slot)
            elif work.finished is not None:
                self._end(slot, work.finished, disk.token if disk else "")
            else:
                self._fail(slot, work.failure or UsageError("guided.attach.nothing"))
        if slot.here and slot.unlabelled not in (None, slot.view.message):
            self._put(slot, message=slot.unlabelled)

    def _end(self, slot: Slot, done: Finished, token: str) -> None:
        """The record says how it ended, whatever was heard."""
        one = next((e for e in done.issued.record.erasures if e.disk.token == token), None)
        if one is None:
            self._fail(slot, UsageError("wipe.run.unknown", run=done.folder.run_id))
            return
        asked = slot.found.plan.level_promised.rank if slot.found else 0
        low = one.result.level_achieved.rank < asked  # begun before, for less than is asked now
        approved, signed = is_approved(one) and not low, done.issued.signed
        number = slot.work.stops.number if slot.work else 0
        code = erasure_exit(one, frozenset(), number) or (6 if low else 0 if signed else 7)
        state = SlotState.DONE if approved else ENDED.get(one.result.status, SlotState.FAILED)
        message = next(iter(one.result.reasons), None)
        if approved and not signed:
            message = done.issued.why_unsigned
        elif slot.doubted and not approved:
            message, code = (
                Message.of("cli.manifest.ambiguous", path=slot.docked.path, token=token),
                4,
            )
        elif state is SlotState.INTERRUPTED:
            message = Message.of(
                "dock.before.stopped", path=slot.docked.path, token=token, run=done.folder.run_id
            )
        self._put(
            slot,
            state=state,
            message=message,
            **NO_PROGRESS,
            exit_code=code,
            record=done.issued.folder,
        )
        self._settle(slot)
        if not slot.here:
            self._pull(slot)

    def _fail(self, slot: Slot, error: Exception | None) -> None:
        message = (
            error.message
            if isinstance(error, RecondError)
            else Message.of("guided.failed.bug", what=f"{type(error).__name__} {error}")
        )
        code = error.exit_code if isinstance(error, RecondError) else 1
        if isinstance(error, UsageError):
            code = 5  # nobody wrote anything wrongly: the disk could not be identified
        self._put(slot, state=SlotState.FAILED, message=message, exit_code=code, **NO_PROGRESS)
        if slot.asked or slot.work is not None:
            self._settle(slot)

    def _put(self, slot: Slot, **changes: object) -> None:
        """Change what a slot shows; a slot whose disk was replaced shows nothing any more."""
        slot.view = replace(slot.view, **changes)  # type: ignore[arg-type] # of View
        covered = not slot.here and any(
            one.here and one.docked.place == slot.docked.place for one in self._slots
        )
        if not covered and self._shown.get(slot.view.place) != slot.view:
            self._shown[slot.view.place] = slot.view
            self._display.show(slot.view)

    def _settle(self, slot: Slot) -> None:
        """Keep how a disk ended; its last end counts, but a doubt counts for each slot."""
        alone = slot.view.state is SlotState.LEFT or slot.doubted
        self._ends[(whose_end(slot), slot.docked.place if alone else "")] = slot.view

    # --- The end -----------------------------------------------------------------------------

    def _send_rest(self) -> None:
        """What was queued while another slot was sending."""
        try:
            if read_settings(self._order.state) and self._ends:
                upload(self._order.state, (), self._host.clock, urgency=Urgency())
        except RecondError:
            return  # it waits in the queue, and `recond queue` says why


def watch(order: WatchOrder, images: Path | None, host: Host, display: DockListener) -> Summary:
    """Watch this computer's slots, or a folder of images, until a signal stops it.

    Raises `UsageError` for a file that is no manifest or a folder that is none, `BenchLacks` for an
    output folder that cannot be written, before any disk is looked at.
    """
    if images is not None and not images.is_dir():
        raise UsageError("dock.folder", folder=str(images))
    docks: Docks = SysfsDocks(host.files) if images is None else FolderDocks(images)
    said = order.overrides
    with telling_dock(order.state, said.lot, said.operator, display, host.clock) as shown:
        bench = Watch(order, docks, host, shown)
        shown.title(said.lot or "—", len(bench.manifest.expected))
        with counted_stops() as stops:
            return bench.run(stops)
