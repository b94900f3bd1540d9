"""Piece size and depth for a device, chosen by measurement while the pass runs.

Why: the best setting differs between a USB stick, a SAS disk and an NVMe disk, and no table knows
tomorrow's. The first stretches of a large disk are done with each candidate in turn, with the real
content, so that nothing is spent on the search; the fastest goes on. Figures: docs/engine.md.
"""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1 << 20
SMALL_BYTES = 512 * MIB
TRIAL_BYTES = 48 * MIB


@dataclass(frozen=True, slots=True)
class Setting:
    """How to cut and how many at once; `window_bytes` is how long to keep to it."""

    piece_bytes: int
    depth: int
    window_bytes: int


CANDIDATES = ((1 * MIB, 2), (2 * MIB, 2), (1 * MIB, 3), (512 * 1024, 4), (4 * MIB, 2))


class Tuner:
    """Gives the setting for the next window and learns from how long it took."""

    def __init__(self, size_bytes: int, block_bytes: int) -> None:
        whole = max(block_bytes, 4096)
        self._candidates = [(-(-p // whole) * whole, d) for p, d in CANDIDATES]
        self._speeds: list[float] = []
        self._trying = size_bytes >= SMALL_BYTES
        self.current = Setting(*self._candidates[0], window_bytes=size_bytes)

    def next_setting(self, left_bytes: int) -> Setting:
        """The setting for the next window."""
        if self._trying:
            piece, depth = self._candidates[len(self._speeds)]
            self.current = Setting(piece, depth, min(left_bytes, TRIAL_BYTES))
        else:
            self.current = Setting(self.current.piece_bytes, self.current.depth, left_bytes)
        return self.current

    def report(self, done_bytes: int, seconds: float) -> None:
        """What the window brought."""
        if not self._trying:
            return
        self._speeds.append(done_bytes / seconds if seconds > 0 else 0.0)
        if len(self._speeds) == len(self._candidates):
            best = max(range(len(self._speeds)), key=self._speeds.__getitem__)
            self.current = Setting(*self._candidates[best], window_bytes=0)
            self._trying = False
