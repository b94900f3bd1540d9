"""Piece size and depth for a device, chosen by measurement while the work goes on.

Why: the best setting differs between a USB stick, a SAS disk and an NVMe disk, and no table knows
tomorrow's. The first stretches of a disk are done with each candidate in turn, with the real
content, so that nothing is spent on the search; the fastest goes on. A disk that is done in seconds
keeps the first candidate: it would end before the search. Figures: docs/benchmarks.md.
"""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1 << 20
FIRST_BYTES = 64 * MIB
WINDOW_S = 0.5
WORTH_S = 20.0

PLAIN = ((2 * MIB, 3), (1 * MIB, 4), (1 * MIB, 2), (512 * 1024, 4), (4 * MIB, 2), (256 * 1024, 2))
"""Candidates (piece in bytes, depth) where the content stands ready."""
MADE = ((2 * MIB, 4), (1 * MIB, 4), (2 * MIB, 3), (1 * MIB, 2), (4 * MIB, 2), (512 * 1024, 4))
"""Where each lane makes its content: more lanes, so that one is always in the kernel, and whole
data units of the cipher but for the last candidate, which makes half of them twice."""
CHECKED = ((2 * MIB, 4), (2 * MIB, 6), (1 * MIB, 4), (1 * MIB, 2), (4 * MIB, 3), (512 * 1024, 4))
"""Where each lane deciphers what it read."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What a tuner may try. With one candidate there is nothing to try: a simulated disk's pace."""

    plain: tuple[tuple[int, int], ...] = PLAIN
    made: tuple[tuple[int, int], ...] = MADE
    checked: tuple[tuple[int, int], ...] = CHECKED

    @classmethod
    def of(cls, piece_bytes: int, depth: int) -> Pace:
        """The one candidate for everything."""
        only = ((piece_bytes, depth),)
        return cls(only, only, only)


REAL_PACE = Pace()


@dataclass(frozen=True, slots=True)
class Setting:
    """How to cut and how many at once; `window_bytes` is how long to keep to it."""

    piece_bytes: int
    depth: int
    window_bytes: int


class Tuner:
    """Gives the setting for the next window and learns from how long it took."""

    def __init__(
        self, size_bytes: int, block_bytes: int, candidates: tuple[tuple[int, int], ...]
    ) -> None:
        self._size = size_bytes
        self._candidates = [(-(-p // block_bytes) * block_bytes, d) for p, d in candidates]
        self._speeds: list[float] = []
        self._best = 0
        self._trying = len(candidates) > 1 and size_bytes > FIRST_BYTES

    def next_setting(self, left_bytes: int) -> Setting:
        """The setting for the next window of what is left."""
        if not self._trying:
            return Setting(*self._candidates[self._best], left_bytes)
        piece, depth = self._candidates[len(self._speeds)]
        window = FIRST_BYTES
        if self._speeds:
            window = max(window, int(self._speeds[0] * WINDOW_S) // piece * piece)
        return Setting(piece, depth, min(left_bytes, window))

    def report(self, done_bytes: int, seconds: float) -> None:
        """What the window brought."""
        if not self._trying:
            return
        self._speeds.append(done_bytes / max(seconds, 1e-6))
        self._best = max(range(len(self._speeds)), key=self._speeds.__getitem__)
        quick = self._size < self._speeds[0] * WORTH_S
        self._trying = len(self._speeds) < len(self._candidates) and not quick
