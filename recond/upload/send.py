"""One pass over the queue: every waiting record, one attempt at each destination that is due.

Why no waiting here: a bench without a network goes on working; what is not due now is due at the
next pass. The answer is written down before the next record is touched, so that a killed pass
repeats at most one delivery, which the destination recognises by its key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from recond.errors import RecordInvalid, UsageError
from recond.host.clock import Clock
from recond.model import Message
from recond.upload.kinds import Destination, takes
from recond.upload.outcome import Delivered, Later, Outcome, Parked, backoff_s, is_due, later_than
from recond.upload.package import Package
from recond.upload.queue import Delivery, DeliveryState, Entry, Hold, Queue

OnDelivery = Callable[[str, Delivery], None]
Check = Callable[[Package], Message | None]
"""Why a package must not leave; None where it may."""


@dataclass(frozen=True, slots=True)
class Urgency:
    """What an operator who asks by hand overrides: our own waiting times, parked records."""

    now: bool = False  # also what waits for its time, but not where the server named the time
    parked: bool = False  # also what was refused


def send_pass(
    queue: Queue,
    destinations: dict[str, Destination],
    everywhere: Mapping[str, str],
    clock: Clock,
    urgency: Urgency,
    on_delivery: OnDelivery,
    check: Check,
) -> None:
    """Attempt what is due. Call it with the sending lock held.

    A record leaves the queue when it is at each destination of `everywhere` (name → kind) that
    takes it: `destinations` may be fewer, when the operator named some.
    """
    queue.sweep()
    for name, destination in destinations.items():
        _send_to(queue, name, destination, everywhere[name], clock, urgency, on_delivery, check)
    for entry in queue.entries():
        wanted = [name for name, kind in everywhere.items() if takes(kind, entry.record_id)]
        if wanted and entry.problem is None and all(map(entry.has, wanted)):
            queue.finish(entry)


def _send_to(
    queue: Queue,
    name: str,
    destination: Destination,
    kind: str,
    clock: Clock,
    urgency: Urgency,
    on_delivery: OnDelivery,
    check: Check,
) -> None:
    holds = queue.holds()
    hold = holds.get(name)
    if hold and not _may(hold.until, clock.now(), urgency.now and not hold.asked):
        return
    for entry in _in_turn(queue, name):
        before = entry.at(name)
        if not takes(kind, entry.record_id):
            continue
        if entry.problem or not _wanted(before, clock.now(), urgency):
            continue
        try:
            package = queue.package(entry.record_id)
        except RecordInvalid:
            continue  # its state is readable and it is not; the next reading of its state says so
        if package is None or package.digest != entry.digest:
            continue  # issued anew since
        outcome = _attempt(destination, package, clock, check)
        now = clock.now()
        delivery = _delivery(name, entry, before, outcome, now)
        queue.write(entry.with_delivery(delivery))
        on_delivery(entry.record_id, delivery)
        if isinstance(outcome, Later) and outcome.whole:
            queue.write_holds({**queue.holds(), name: _hold(name, hold, outcome, now)})
            return
        if hold:
            hold = None
            queue.write_holds({n: h for n, h in queue.holds().items() if n != name})


def _attempt(destination: Destination, package: Package, clock: Clock, check: Check) -> Outcome:
    fault = check(package)
    if fault is not None:
        return Parked(fault)
    try:
        return destination.deliver(package, clock)
    except UsageError as error:  # its settings' mistake (an authority's file that has gone)
        return Later(error.message, whole=True)  # stops no other destination


def _in_turn(queue: Queue, name: str) -> list[Entry]:
    # the last tried comes last: a record at which the whole server stumbles stops no other for long
    def turn(entry: Entry) -> tuple[str, str]:
        tried = entry.at(name)
        return (tried.at if tried else "", entry.record_id)

    return sorted(queue.entries(), key=turn)


def _wanted(delivery: Delivery | None, now: str, urgency: Urgency) -> bool:
    if delivery is None:
        return True
    if delivery.where is DeliveryState.PARKED:
        return urgency.parked
    return delivery.where is DeliveryState.WAITING and _may(delivery.until, now, urgency.now)


def _may(until: str | None, now: str, hurry: bool) -> bool:
    return hurry or is_due(until, now)


def _delivery(
    name: str, entry: Entry, before: Delivery | None, outcome: Outcome, now: str
) -> Delivery:
    attempts = before.attempts if before else 0
    if isinstance(outcome, Delivered):
        return Delivery(name, DeliveryState.SENT, attempts, now, None, outcome.words)
    if isinstance(outcome, Later):
        if outcome.whole:  # it says nothing about this record: the destination's hold makes it wait
            return Delivery(name, DeliveryState.WAITING, attempts, now, None, outcome.words)
        wait = backoff_s(attempts + 1, f"{entry.record_id}\0{name}")
        return Delivery(
            name, DeliveryState.WAITING, attempts + 1, now, later_than(now, wait), outcome.words
        )
    return Delivery(name, DeliveryState.PARKED, attempts + 1, now, None, outcome.words)


def _hold(name: str, before: Hold | None, outcome: Later, now: str) -> Hold:
    attempts = (before.attempts if before else 0) + 1
    wait = outcome.asked_s if outcome.asked_s is not None else backoff_s(attempts, name)
    return Hold(name, later_than(now, wait), attempts, outcome.asked_s is not None, outcome.words)
