"""The same work for each of many things, on all processors, answered in the order asked.

Why processes: what is done a thousand times here (folding a journal, drawing a page, checking a
signature) is Python and holds the interpreter. Why forked ones: what the work needs is read once
and is there, certificates and ledgers cannot be sent. A process with several threads must not fork:
then, and for few things, the work is done here.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")
R = TypeVar("R")

FEW = 24
"""So many things are done before other processes would have begun."""
CHUNK = 4
"""Things handed over at once."""
AHEAD = 4
"""Chunks for each process that are waited for at once: what is not asked for yet costs nothing."""

RUBBISH = 10_000
"""Things made between two searches for what nobody holds any more: with the interpreter's own 700 a
thirtieth of a verification was such searches, with 50,000 a process held 40 MiB more.
"""

PR_SET_PDEATHSIG = 1  # Linux, <sys/prctl.h>

_work: list[Callable[[Any], Any]] = []


def for_each(
    work: Callable[[T], R],
    things: Iterable[T],
    lost: Callable[[T], R],
    processes: int | None = None,
    chunk: int = CHUNK,
) -> Iterator[R]:
    """What `work` answers for each thing, in order, as soon as it is there.

    `lost` answers for what was in hand when a process was killed: for want of memory, as a rule.
    Things and answers are pickled, `work` is not; it should raise nothing. `processes` None: one a
    processor. `chunk`: how many are handed over at once; more where each is done in no time.
    """
    source = iter(things)
    first = list(islice(source, FEW))
    count = processes or len(os.sched_getaffinity(0))
    rest = chain(first, source)
    if len(first) < FEW or count < 2 or threading.active_count() > 1:
        yield from map(work, rest)
        return
    left = True
    while left:
        left = yield from _with_pool(work, rest, lost, count, chunk)


def _with_pool(
    work: Callable[[T], R], things: Iterator[T], lost: Callable[[T], R], count: int, chunk: int
) -> Generator[R, None, bool]:
    """Until nothing is left (False) or a process was killed (True)."""
    # loaded late: most commands have few things to do
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    begin = partial(_begin, work, os.getpid())
    pool = ProcessPoolExecutor(count, get_context("fork"), initializer=begin)
    in_hand: deque[list[T]] = deque()
    answers: deque[Future[list[R]]] = deque()
    try:
        while True:
            while len(in_hand) < count * AHEAD and (some := list(islice(things, chunk))):
                in_hand.append(some)
                answers.append(pool.submit(_do, some))
            if not in_hand:
                return False
            found = answers.popleft().result()
            in_hand.popleft()
            yield from found
    except BrokenProcessPool:
        for some in in_hand:
            yield from map(lost, some)
        return True
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _begin(work: Callable[[Any], Any], parent: int) -> None:
    """Ctrl-C is the parent's; a process does not outlive it (it would wait for more for ever)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    gc.freeze()  # what was there before is nobody's rubbish
    gc.set_threshold(RUBBISH)
    _work[:] = [work]


def _do(things: list[Any]) -> list[Any]:
    return [_work[0](one) for one in things]
