"""The beginning of a listed disk's run: one program of this bench claims the disk first.

Why: two `recond watch` with one list both see a disk come, both find that nothing was done with it,
and the second would erase again what the first has just certified, or have its own run refused
while the first writes. A lock on the disk's name in the state decides (it dies with its holder);
under it the disk's past is read once more, in the run's own thread, for a disk may hang. Who has no
claim looks at the disk anew.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from recond.ends import ConfirmedBy
from recond.erasure import Context, WipePlan
from recond.flow.dock.order import WatchOrder
from recond.flow.run.background import Task
from recond.flow.run.history import Before, Past
from recond.flow.run.run import Finished, carry_out
from recond.flow.run.supervisor import confirm_all
from recond.flow.runfolder import OnEvent, RunFacts, disk_name, new_run_id
from recond.host import Host
from recond.host.signals import StopCount
from recond.host.spool import Spool

CLAIMS = "claims"


class Overtaken(Exception):
    """Something was done with the disk since it was looked at."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A run that may begin: its id, and the task, which gives the claim back at its end."""

    run_id: str
    task: Task


def begin(
    order: WatchOrder,
    context: Context,
    plan: WipePlan,
    host: Host,
    read_past: Callable[[WipePlan], Past],
) -> Claimed | None:
    """A new run of one disk; None where another program has claimed the disk. The task raises
    `Overtaken`. Raises `OSError` where the state takes no claim.
    """
    claim = ExitStack()
    name = disk_name(plan.disk, frozenset())
    mine = claim.enter_context(Spool(order.state / CLAIMS).locked(name, wait=False))
    if not mine:
        claim.close()
        return None
    facts = RunFacts(
        new_run_id(host.clock),
        host.clock.now(),
        str(order.out.resolve()),
        order.lang,
        context,
        None,
        (),
    )
    confirmed = confirm_all((plan,), ConfirmedBy.MANIFEST)

    def task(on_event: OnEvent, stops: StopCount) -> Finished:
        with claim:
            if read_past(plan).before is not Before.NOTHING:
                raise Overtaken
            return carry_out(order.state, facts, confirmed, host, on_event, stops)

    return Claimed(facts.run_id, task)
