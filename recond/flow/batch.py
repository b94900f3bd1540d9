"""A batch over a lot: the donor's list confirms the disks, nobody types.

Why: `--unattended` erases what the donor listed and nothing else. A disk whose serial is not in the
list, or that shares its serial with another one, is left alone and named.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from recond.erasure import WipePlan
from recond.errors import SafetyRefusal
from recond.flow.lot_manifest import choose, read_manifest
from recond.flow.wipe import Confirmed, confirm_all
from recond.model import Message


@dataclass(frozen=True, slots=True)
class Batch:
    """What the list confirms, and what it leaves alone with the reason."""

    confirmed: tuple[Confirmed, ...]
    left: tuple[Message, ...]


def confirm_by_manifest(plans: tuple[WipePlan, ...], manifest: Path) -> Batch:
    """Confirm the plans whose disk the manifest names.

    Raises `UsageError` for a file that is no manifest, `SafetyRefusal` where it names no disk here
    that may be erased.
    """
    chosen = choose(read_manifest(manifest), plans)
    left = [Message.of("cli.manifest.stranger", path=one.path, token=one.disk.token)
            for one in chosen.strangers]
    left += [Message.of("cli.manifest.ambiguous", path=one.path, token=one.disk.token)
             for one in chosen.ambiguous]
    if not any(not one.refusals for one in chosen.named):
        refusals = [refusal for one in chosen.named for refusal in one.refusals]
        raise SafetyRefusal((*refusals, *left, Message("cli.manifest.none")))
    return Batch(confirm_all(chosen.named, "manifest"), tuple(left))
