"""Readers side by side: each in a thread of its own, its answer or its failure kept.

Why: the readers wait for tools and devices, not for each other. The standard library's executors
do the same and load a quarter of it first; an inventory starts nine readers once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar, cast

T = TypeVar("T")
A = TypeVar("A")


class Started(Generic[T]):
    """A call that runs in the background."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self._answer: list[T] = []
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._answer.append(self._call())
        except BaseException as error:  # given to whoever waits for the answer
            self._failure = error

    def result(self) -> T:
        """The answer, once it is there. Raises what the call raised."""
        self._thread.join()
        if self._failure is not None:
            raise self._failure
        return self._answer[0]


def ask_each(ask: Callable[[A], T], things: Iterable[A], at_once: int) -> list[T]:
    """The answers for some things, in their order; no more than `at_once` are asked together."""
    given = list(things)
    answers: list[T | None] = [None] * len(given)
    left = iter(range(len(given)))
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                number = next(left, None)
            if number is None:
                return
            answers[number] = ask(given[number])

    workers = [Started(work) for _ in range(min(at_once, len(given)))]
    for worker in workers:
        worker.result()
    return cast("list[T]", answers)
