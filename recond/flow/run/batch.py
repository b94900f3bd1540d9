"""A batch over a lot: the donor's list confirms the disks, nobody types.

Why: `--unattended` and the dock erase what the donor listed and nothing else, and nothing twice. A
disk whose serial is not in the list, that shares its serial with another one, or that this bench
has certified already for this lot, is left alone and named. One rule for both (`judge`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from recond.ends import ConfirmedBy
from recond.erasure import DiskIdentity, WipePlan
from recond.errors import SafetyRefusal
from recond.flow.lot.manifest import Manifest, Named, is_named, read_manifest
from recond.flow.run.history import Before, Past
from recond.flow.run.run import IN_USE
from recond.flow.run.supervisor import Confirmed, confirm_all
from recond.model import Message, Text

ReadPast = Callable[[WipePlan], Past]


class Listed(Text):
    """What becomes of a disk by the list; from `certified` on, what `Before` says of it."""

    ERASE = "erase"
    STRANGER = "stranger"
    AMBIGUOUS = "ambiguous"
    REFUSED = "refused"
    CERTIFIED = "certified"
    UNSIGNED = "unsigned"
    CHANGED = "changed"
    STOPPED = "stopped"
    OPEN = "open"


LEFT_EXIT = {
    Listed.AMBIGUOUS: 4,
    Listed.REFUSED: 4,
    Listed.CHANGED: 4,
    Listed.OPEN: 4,
    Listed.STOPPED: 5,
    Listed.UNSIGNED: 7,
}
"""The exit code of a listed disk that is left alone; the others are as they should be."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One disk, what becomes of it, and what to say where it is left alone."""

    plan: WipePlan
    listed: Listed
    message: Message | None
    past: Past

    @property
    def exit_code(self) -> int:
        """As in docs/exit-codes.md; 0 for a disk that is to be erased."""
        return LEFT_EXIT.get(self.listed, 0)


@dataclass(frozen=True, slots=True)
class Batch:
    """What the list confirms, and what it leaves alone with the reason."""

    confirmed: tuple[Confirmed, ...]
    left: tuple[Judged, ...]

    @property
    def exit_code(self) -> int:
        """The highest of the disks that are left alone; one in use does not count (decision 7)."""
        return max((one.exit_code for one in self.left if not _in_use(one.plan)), default=0)


def _in_use(plan: WipePlan) -> bool:
    return bool(IN_USE & {message.code.rsplit(".", 1)[-1] for message in plan.refusals})


def judge(
    manifest: Manifest, plan: WipePlan, others: tuple[DiskIdentity, ...], read_past: ReadPast
) -> Judged:
    """What becomes of one disk among the `others` that are here."""
    named = is_named(manifest, plan.disk, others)
    if named is not Named.ONCE:
        listed = Listed.STRANGER if named is Named.NOT else Listed.AMBIGUOUS
        message = Message.of(f"cli.manifest.{listed.value}", path=plan.path, token=plan.disk.token)
        return Judged(plan, listed, message, Past())
    past = read_past(plan)
    if plan.refusals and past.before is not Before.OPEN:  # its own worker holds it
        return Judged(plan, Listed.REFUSED, plan.refusals[0], Past())
    if past.before is Before.NOTHING:
        return Judged(plan, Listed.ERASE, None, past)
    return Judged(plan, Listed(past.before.value), past.message(plan), past)


def confirm_by_manifest(plans: tuple[WipePlan, ...], manifest: Path, read_past: ReadPast) -> Batch:
    """Confirm the plans whose disk the manifest names and that were not done before.

    What it names and the guard refuses goes along, so that the record says why; not where nothing
    is left to erase. Raises `UsageError` for a file that is no manifest, `SafetyRefusal` where it
    names no disk here that was or may be erased.
    """
    read = read_manifest(manifest)
    found = [
        judge(read, plan, tuple(p.disk for p in plans if p is not plan), read_past)
        for plan in plans
    ]
    left = tuple(one for one in found if one.listed not in (Listed.ERASE, Listed.REFUSED))
    if any(one.listed is Listed.ERASE for one in found):
        going = (Listed.ERASE, Listed.REFUSED)
        return Batch(
            confirm_all(
                tuple(one.plan for one in found if one.listed in going), ConfirmedBy.MANIFEST
            ),
            left,
        )
    refused = tuple(one for one in found if one.listed is Listed.REFUSED)
    if not any(one.past.before is not Before.NOTHING for one in left):
        refusals = [refusal for one in refused for refusal in one.plan.refusals]
        said = [one.message for one in left if one.message is not None]
        raise SafetyRefusal((*refusals, *said, Message("cli.manifest.none")))
    return Batch((), (*left, *refused))
