"""Work that may hang in somebody else's folder, given up after a time.

Why: a network share or a telephone that went away answers no request, and a reader of it waits for
ever, with the erasure or the certificate behind it. A request in the kernel cannot be taken back:
its thread is left behind and ends with it, or with this process.
"""

from __future__ import annotations

import threading
from collections.abc import Callable


def ended_within(limit_s: float, work: Callable[[], object]) -> bool:
    """Whether `work` came to its end by then; what it raised is raised here."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # handed to the caller, all of it
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(limit_s)
    if thread.is_alive():
        return False
    if failed:
        raise failed[0]
    return True
