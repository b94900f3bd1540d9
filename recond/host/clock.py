"""Clock and identifiers, so that a test can hold them still.

Wall time says when, for people; monotonic time measures. A live system's wall clock may be wrong,
so both go into the journal.
"""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Time and randomness of the host."""

    def now(self) -> str:
        """UTC wall time, RFC 3339 with milliseconds and `Z`."""

    def monotonic_s(self) -> float:
        """Seconds that never go back."""

    def sleep(self, seconds: float) -> None:
        """Wait."""

    def random_bytes(self, count: int) -> bytes:
        """Unpredictable bytes."""


class SystemClock:
    """The computer's own clock and the kernel's random source."""

    def now(self) -> str:
        """UTC wall time, RFC 3339 with milliseconds and `Z`."""
        return rfc3339(datetime.now(UTC))

    def monotonic_s(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def random_bytes(self, count: int) -> bytes:
        """Bytes from the kernel's random source."""
        return os.urandom(count)  # what `secrets` calls, which loads hmac and random


def rfc3339(moment: datetime) -> str:
    """`2026-11-24T04:11:30.123Z` for an aware time."""
    utc = moment.astimezone(UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03d}Z"
