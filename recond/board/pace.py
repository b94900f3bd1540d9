"""How often one address may ask: for what needs no sign-in, and for the sign-in itself; and how
often one bench may tell its state.

Why in memory: it only slows down who guesses; a restart forgives, the lock on a name does not.
"""

from __future__ import annotations

import ipaddress
import threading
from dataclasses import dataclass

from recond.host.clock import Clock

MOST_ADDRESSES = 20_000
PACES = {"public": (30, 0.5), "sign-in": (12, 0.1), "live": (60, 5.0)}
"""Name → (how many at once, how many more each second)."""


@dataclass(slots=True)
class _Bucket:
    left: float
    seen_s: float


def network_of(address: str) -> str:
    """What counts as one address: of IPv6 the network of one line, for whoever has one has all of
    its 2^64 addresses (RFC 6177).
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((int(found), 64), strict=False))
    return str(found)


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
