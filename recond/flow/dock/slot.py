"""One slot of a dock bench: what is seen of the disk in it, and how that is found out.

Why a thread for each look: a dying disk can hold an opening up for minutes, and nothing of that may
reach the other slots. A look reads only; it judges nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from recond.erasure import DiskIdentity, WipePlan
from recond.errors import RecondError, SafetyRefusal
from recond.flow.run.history import NEVER, Past
from recond.flow.run.supervisor import plan_targets
from recond.host import Host
from recond.host.docks import Docked
from recond.host.log import log_swallowed
from recond.host.target import read_target
from recond.model import Message, Text
from recond.progress import ProgressEvent
from recond.wipe.plan import Wish

TRIES = 12
"""Looks at a disk that was just plugged in; it may need ten seconds to spin up and to answer."""


class SlotState(Text):
    """What a slot shows."""

    WAITING = "waiting"  # a disk that was here already, or came when nothing is begun any more
    IDENTIFYING = "identifying"
    ERASING = "erasing"
    DONE = "done"  # erased, approved and certified by this bench just now
    CERTIFIED = "certified"  # so it was before
    FAILED = "failed"
    REFUSED = "refused"
    STRANGER = "stranger"  # not expected: the list does not name it
    LEFT = "left"  # it is not clear which disk this is: a person decides
    INTERRUPTED = "interrupted"
    PULLED = "pulled"


@dataclass(frozen=True, slots=True)
class View:
    """A slot at a moment. `percent`, `left_s` (seconds) and `event` while its disk is erased;
    `exit_code` as in docs/exit-codes.md once that is over; `record` is the folder of the disk's
    certificate.
    """

    place: str
    path: str
    state: SlotState
    disk: DiskIdentity | None = None
    percent: int | None = None
    left_s: int | None = None
    event: ProgressEvent | None = None
    message: Message | None = None
    run: str | None = None
    record: Path | None = None
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """What a look came to: the plan of a disk that was the same twice, and its past."""

    plan: WipePlan
    past: Past


class SlotLook:
    """A disk is looked at until it says the same of itself twice. `found` or `error` once `over`.

    `read_past` is asked of a disk that holds still.
    """

    def __init__(
        self,
        docked: Docked,
        wish: Wish,
        host: Host,
        read_past: Callable[[WipePlan], Past],
        *,
        image: bool,
        settle_s: float,
    ) -> None:
        self.found: Found | None = None
        self.error: Exception | None = None
        self.since_s = host.clock.monotonic_s()
        self._docked, self._wish, self._host = docked, wish, host
        self._read_past, self._image, self._settle_s = read_past, image, settle_s
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def over(self) -> bool:
        """Whether there is an answer."""
        return not self._thread.is_alive()

    def _run(self) -> None:
        before: DiskIdentity | None = None
        path = self._docked.path
        for _ in range(TRIES):
            try:
                identity = read_target(path, image=self._image).identity
                if identity == before:
                    (plan,) = plan_targets((path,), self._wish, image=self._image, host=self._host)
                    if plan.disk == identity:
                        self.found = Found(plan, self._read_past(plan))
                        return
                before = identity
                self.error = SafetyRefusal((Message.of("dock.unsteady", path=path),))
            except RecondError as error:
                before, self.error = None, error
            except Exception as error:
                log_swallowed("flow.dock", error)
                self.error = error
                return
            self._host.clock.sleep(self._settle_s)


def listed_past(named: bool, read_past: Callable[[WipePlan], Past], plan: WipePlan) -> Past:
    """The past of a disk that the list names; no other disk's content is looked at."""
    return read_past(plan) if named else NEVER
