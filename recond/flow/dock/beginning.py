"""The beginning of a listed disk's run: one program of this bench claims the disk first.

Why: `recond.flow.run.claim`. Under the claim the disk's past is read once more, in the run's own
thread, for a disk may hang; until then nothing is begun, and nobody is told so. Who has no claim
looks at the disk anew.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from recond.ends import ConfirmedBy
from recond.erasure import Context, WipePlan
from recond.flow.dock.order import WatchOrder
from recond.flow.run.background import Task
from recond.flow.run.claim import claimed
from recond.flow.run.history import Before, Past
from recond.flow.run.run import Finished, carry_out
from recond.flow.run.supervisor import confirm_all
from recond.flow.runfolder import OnEvent, RunFacts, new_run_id
from recond.host import Host
from recond.host.signals import StopCount


class Overtaken(Exception):
    """Something was done with the disk since it was looked at."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """A run that may begin: its id, and the task, which gives the claim back at its end. `sure` is
    set once there will be such a run; None: there is.
    """

    run_id: str
    task: Task
    sure: threading.Event | None = None


def begin(
    order: WatchOrder,
    context: Context,
    plan: WipePlan,
    host: Host,
    read_past: Callable[[WipePlan], Past],
) -> Beginning | None:
    """A new run of one disk; None where another program has claimed the disk. The task raises
    `Overtaken`. Raises `OSError` where the state takes no claim.
    """
    claim = ExitStack()
    if not claim.enter_context(claimed(order.state, plan)):
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
    confirmed, sure = confirm_all((plan,), ConfirmedBy.MANIFEST), threading.Event()

    def task(on_event: OnEvent, stops: StopCount) -> Finished:
        with claim:
            if read_past(plan).before is not Before.NOTHING:
                raise Overtaken
            sure.set()
            return carry_out(order.state, facts, confirmed, host, on_event, stops)

    return Beginning(facts.run_id, task, sure)
