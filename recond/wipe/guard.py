"""The guard: every reason why a disk must not be erased. Pure: raises and opens nothing.

Why: one place answers "may this disk be destroyed?", from facts read by `recond.host.target`, and
it is asked twice: when the plan is made, and again on the open descriptor just before the first
destructive byte (`differences`). There is no way round it: no flag, no environment variable.
"""

from __future__ import annotations

from collections.abc import Iterable

from recond.erasure import DiskIdentity, Target
from recond.model import Message, Use

_COMPARED = (
    "kind",
    "serial",
    "wwn",
    "vendor",
    "model",
    "size_bytes",
    "logical_block_bytes",
    "namespace",
    "inode",
)
BOX_KEEPS_BYTES = 64 << 20
"""What a bridge may keep of a drive's end for itself; more is a part of the disk out of reach."""
ODD_SECTORS = (520, 524, 528, 4160, 4224)


def refusals(target: Target) -> tuple[Message, ...]:
    """Why this target is not erased; empty when nothing forbids it."""
    found: list[Message] = list(target.faults)
    found += use_refusals(target.path, target.uses)
    if target.read_only:
        found.append(Message.of("wipe.refusal.read_only", path=target.path))
    if target.faults:  # nobody could look at it: nothing else of it is to be believed
        return tuple(found)
    if target.identity.box_hides_bytes > BOX_KEEPS_BYTES:
        hidden = target.identity.box_hides_bytes
        found.append(Message.of("wipe.refusal.box_hides", path=target.path, size_bytes=hidden))
    block = target.identity.logical_block_bytes
    if block in ODD_SECTORS or block < 512 or block & (block - 1):
        found.append(Message.of("wipe.refusal.geometry", path=target.path, block=block))
    if target.identity.size_bytes <= 0:
        found.append(Message.of("wipe.refusal.empty", path=target.path))
    elif target.identity.size_bytes < block:
        found.append(Message.of("wipe.refusal.too_small", path=target.path, block=block))
    return tuple(found)


def use_refusals(path: str, uses: Iterable[Use]) -> tuple[Message, ...]:
    """Why a disk is not erased that is in use so, one for each use."""
    return tuple(
        Message.of(f"wipe.refusal.{use.kind}", path=path, node=use.node, where=use.where)
        for use in uses
    )


def differences(planned: DiskIdentity, found: DiskIdentity) -> tuple[str, ...]:
    """The names of what differs between the plan's disk and the open one; empty: the same disk.

    A WWN, serial or model that was unknown and is known now is a difference too: it is not the
    disk that was confirmed. The sequence number counts only where both are known (Linux 5.15);
    it changes with every plugging, so a swap of equal sticks without serials is seen.
    """
    names = [name for name in _COMPARED if getattr(planned, name) != getattr(found, name)]
    if None not in (planned.disk_seq, found.disk_seq) and planned.disk_seq != found.disk_seq:
        names.append("disk_seq")
    return tuple(names)


def resumed_differences(
    planned: DiskIdentity, found: DiskIdentity, sizes: frozenset[int] = frozenset()
) -> tuple[str, ...]:
    """Like `differences`, for a resumed run: the machine was restarted, or it is another one.

    The sequence number is new then, and a USB bridge may show another model or WWN for the same
    disk; what must agree is the serial (or, without one, the WWN or the model) and the geometry.
    `sizes` are those that the plan itself may have brought about (hidden sectors shown again).
    """
    names = [
        name
        for name in ("kind", "logical_block_bytes", "namespace", "inode")
        if getattr(planned, name) != getattr(found, name)
    ]
    if found.size_bytes not in sizes | {planned.size_bytes}:
        names.append("size_bytes")
    if planned.token != found.token:
        names.append("serial")
    return tuple(names)
