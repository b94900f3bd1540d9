"""Who else has the disk: asked before the first byte, before the reading, and after it.

Why: an erasure is worth what nobody else can undo. A program that had the disk open while it was
erased, or wrote to it while it was read back, may leave the donor's data on it. What was found, and
what could not be looked at, goes into the journal; `recond.certify` demands it.
"""

from __future__ import annotations

import errno
from collections.abc import Callable

from recond.codec import to_json
from recond.host.block import BlockDevice, HolderLook, TakenPartition
from recond.host.clock import Clock
from recond.model import Json, Message, Use

SETTLE_S = 10.0
"""udev and its like open a disk for a moment after every change; who stays longer, stays."""
AGAIN_S = 0.5


class Holding:
    """The looks of one session."""

    def __init__(
        self, path: str, log: Callable[[str, dict[str, Json]], None], clock: Clock
    ) -> None:
        self._path = path
        self._log = log
        self._clock = clock
        self._writes: str | None = None

    def before_writing(self, device: BlockDevice) -> tuple[Message, ...]:
        """Why the disk must not be erased now; where nobody has it, its partitions are away."""
        look = self._settled(device)
        taken = () if look.uses else device.take_partitions()
        self._journal("write", look, taken)
        busy = tuple(Use("open", one.name, "?") for one in taken if one.errno == errno.EBUSY)
        stuck = tuple(one for one in taken if one.errno not in (None, errno.EBUSY))
        return (
            *(self._refusal(use) for use in (*look.uses, *busy)),
            *(self._stuck(one) for one in stuck),
        )

    def before_reading(self, device: BlockDevice) -> Message | None:
        """Who got hold of the disk since; None where nobody did."""
        look = self._settled(device)
        self._writes = look.writes
        self._journal("read", look, ())
        return self._reason(look)

    def after_reading(self, device: BlockDevice) -> Message | None:
        """Who got hold of it, or wrote to it, while it was read back; None where nobody did."""
        look = self._settled(device)
        self._journal("end", look, ())
        if look.writes != self._writes:
            return Message("wipe.reason.written_meanwhile")
        return self._reason(look)

    def _settled(self, device: BlockDevice) -> HolderLook:
        began = self._clock.monotonic_s()
        look = device.look()
        while look.uses and self._clock.monotonic_s() - began < SETTLE_S:
            self._clock.sleep(AGAIN_S)
            look = device.look()
        return look

    def _journal(self, phase: str, look: HolderLook, taken: tuple[TakenPartition, ...]) -> None:
        self._log(
            "holders",
            {
                "phase": phase,
                "nodes": list(look.nodes),
                "holders": [to_json(use) for use in look.uses],
                "unseen": [to_json(message) for message in look.unseen],
                "processes": look.processes,
                "size_bytes": look.size_bytes,
                "writes": look.writes,
                "partitions": [
                    {
                        "name": one.name,
                        "range": [one.start_bytes, one.length_bytes],
                        "errno": one.errno,
                    }
                    for one in taken
                ],
            },
        )

    def _refusal(self, use: Use) -> Message:
        code = "open_unseen" if use.where == "?" else use.kind
        return Message.of(f"wipe.refusal.{code}", path=self._path, node=use.node, where=use.where)

    def _stuck(self, one: TakenPartition) -> Message:
        name = errno.errorcode.get(one.errno or 0, str(one.errno))
        return Message.of("wipe.refusal.partition", path=self._path, node=one.name, errno=name)

    def _reason(self, look: HolderLook) -> Message | None:
        if not look.uses:
            return None
        use = look.uses[0]
        code = "wipe.reason.moved" if use.kind == "moved" else "wipe.reason.held"
        return Message.of(code, node=use.node, where=use.where)
