"""How often one address may ask: for what needs no sign-in, and for the sign-in itself.

Why in memory: it only slows down who guesses; a restart forgives, the lock on a name does not.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from recond.host.clock import Clock

MOST_ADDRESSES = 20_000
PACES = {"public": (30, 0.5), "sign-in": (12, 0.1), "bench": (400, 50.0)}
"""Name → (how many at once, how many more each second)."""


@dataclass(slots=True)
class _Bucket:
    left: float
    seen_s: float


class BoardPace:
    """Token buckets by name and address."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def may(self, name: str, address: str) -> bool:
        """Take one; whether there was one to take."""
        most, each_s = PACES[name]
        now = self._clock.monotonic_s()
        with self._lock:
            if len(self._buckets) >= MOST_ADDRESSES:
                self._buckets.clear()  # somebody comes from everywhere at once
            bucket = self._buckets.setdefault((name, address), _Bucket(float(most), now))
            bucket.left = min(float(most), bucket.left + (now - bucket.seen_s) * each_s)
            bucket.seen_s = now
            if bucket.left < 1:
                return False
            bucket.left -= 1
            return True
