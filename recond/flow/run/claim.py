"""Which program of this bench may begin the erasure of a listed disk: the one that claims it.

Why: two programs with one list (two `recond watch`, or `recond run --manifest` beside one) both see
a disk, both find that nothing was done with it, and the second would erase again what the first has
just certified, or have its own run refused while the first writes. A lock on the disk's name in the
state decides; it dies with its holder. What is read of the disk's past counts once it is held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from recond.erasure import WipePlan
from recond.flow.run.history import Before, Past
from recond.flow.runfolder import disk_name
from recond.host.reason import as_lack
from recond.host.spool import Spool

CLAIMS = "claims"


@contextmanager
def claimed(state: Path, plan: WipePlan) -> Iterator[bool]:
    """Hold the claim of a plan's disk; false where another has it. Raises `OSError` where the state
    takes no claim.
    """
    name = disk_name(plan.disk, frozenset())
    with Spool(state / CLAIMS).locked_once(name, wait=False) as mine:
        yield mine


def claiming(
    state: Path, held: ExitStack, read_past: Callable[[WipePlan], Past]
) -> Callable[[WipePlan], Past]:
    """Claim each disk before its past is read, until `held` is closed: the past of one that another
    program has is that something goes on with it. Raises `BenchLacks` where no claim can be taken.
    """
    mine = dict[str, bool]()

    def look(plan: WipePlan) -> Past:
        name = disk_name(plan.disk, frozenset())  # two disks of one run may share it
        try:
            if name not in mine:
                mine[name] = held.enter_context(claimed(state, plan))
        except OSError as error:
            raise as_lack(error) from None
        return read_past(plan) if mine[name] else Past(Before.OPEN)

    return look
