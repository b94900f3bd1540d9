"""The plan: what would be done to one disk, as data. Pure; touches nothing.

Why: the operator confirms the digest of a plan, so everything that decides what happens stands in
it: the disk's identity, the steps with the bytes each writes, the level promised and what is not
reached. No silent downgrade: what cannot be had is a refusal, said before anything is written.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from recond import methods
from recond.codec import digest
from recond.drive.types import FirmwarePlan
from recond.erasure import (
    DiskIdentity,
    Fill,
    Level,
    LevelWish,
    Target,
    TargetKind,
    Technique,
    VerifyMode,
    WipePlan,
    WipeStep,
)
from recond.model import Medium, Message

FLASH_TWO_PASSES = frozenset({Medium.USB_FLASH, Medium.SD, Medium.EMMC})
ASSUMED_BYTES_PER_S = {
    Medium.HDD: 110_000_000,
    Medium.SSD: 350_000_000,
    Medium.USB_FLASH: 15_000_000,
    Medium.SD: 15_000_000,
    Medium.EMMC: 60_000_000,
    Medium.IMAGE: 500_000_000,
}


NOT_ASKED = FirmwarePlan(notes=(Message("wipe.note.not_asked"),))
"""Of a drive that is not here: what it offers for its own erasure nobody knows."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the operator asks for. `method` None takes the one that suits the medium.

    `restore_hidden`: whether sectors that HPA, AMAC or DCO hide are shown again first; None leaves
    it to the level (`recond.wipe.drive.choosing`). `psid`: erase by the PSID on the drive's label.
    `try_unreported`: give a drive that does not say which commands it has those of an erasure.
    """

    level: LevelWish = LevelWish.CLEAR
    method: str | None = None
    verify: VerifyMode = VerifyMode.FULL
    restore_hidden: bool | None = None
    psid: bool = False
    try_unreported: bool = False


def needs_two_passes(identity: DiskIdentity) -> bool:
    """Whether one overwrite is not clear on this medium (removable flash: erasure.md table).

    A USB disk of unknown medium counts as flash: the doubt costs a pass, not somebody's data.
    """
    unknown_usb = identity.bus == "usb" and identity.medium is Medium.UNKNOWN
    return identity.medium in FLASH_TWO_PASSES or unknown_usb


def overwrite_reach(identity: DiskIdentity, fills: tuple[Fill, ...]) -> Level:
    """What overwriting reaches on this medium: clear at most, and never without its passes."""
    if not fills:
        return Level.NONE
    if needs_two_passes(identity) and not methods.has_complement_pair(fills):
        return Level.NONE
    return Level.CLEAR


def plan_wipe(
    target: Target,
    wish: Wish,
    seed: bytes,
    refusals: tuple[Message, ...],
    firmware: FirmwarePlan | None = None,
    *,
    area: bool = False,
) -> WipePlan:
    """The plan for one target. `seed` is 32 unpredictable bytes, `refusals` the guard's answer.

    `firmware` is what `recond.wipe.drive.choosing` found that the drive can do for the level that
    was asked; its steps come instead of the overwrite, which stays behind them at level `best`.
    `area`: it is one of an eMMC, beside its user area. Raises `UsageError` for an unknown method.
    """
    identity, drive = target.identity, firmware or FirmwarePlan()
    name = wish.method or (methods.FLASH if needs_two_passes(identity) else methods.DEFAULT)
    fills = methods.plan_fills(methods.find_method(name), seed)
    reach = overwrite_reach(identity, fills)
    overwrite = tuple(
        WipeStep(Technique.OVERWRITE, reach, fill, estimate_s=_pass_s(identity)) for fill in fills
    )
    steps = _with_fallback(drive.steps, overwrite, wish) if drive.steps else overwrite
    promised = max((s.reaches for s in steps if not s.fallback), key=lambda level: level.rank)
    estimate = sum(step.estimate_s or 0 for step in steps if not step.fallback)
    if wish.verify is not VerifyMode.NONE:
        share = 1 if wish.verify is VerifyMode.FULL else 10
        estimate += max(1, _pass_s(identity) // share)
    plan = WipePlan(
        disk=identity,
        path=target.path,
        method="firmware" if drive.steps else name,
        level_requested=wish.level,
        level_promised=promised,
        steps=steps,
        verify=wish.verify,
        seed=seed.hex(),
        not_reached=_not_reached(identity, steps, area=area) + drive.not_reached,
        notes=_notes(identity, wish, drive, area=area) + drive.notes,
        estimate_s=estimate,
        paths=target.paths,
    )
    return replace(plan, refusals=refusals + drive.refusals + _level_refusals(plan, name))


def _with_fallback(
    steps: tuple[WipeStep, ...], overwrite: tuple[WipeStep, ...], wish: Wish
) -> tuple[WipeStep, ...]:
    """At `best` a drive that refuses all its own commands is overwritten, as the plan shows.

    Not where hidden sectors are shown again: the kernel does not see them before the next boot.
    Nor where two passes are needed: a fallback runs alone.
    """
    own = {step.technique for step in steps}
    alone = len(overwrite) == 1 and not own & {Technique.OVERWRITE, Technique.RESTORE_HIDDEN}
    if wish.level is not LevelWish.BEST or not alone:
        return steps
    return (*steps, replace(overwrite[0], fallback=True))


def parts_of(plan: WipePlan) -> int:
    """How many steps and readings of the whole disk a plan has: for telling how far it is."""
    return len(plan.steps) + (plan.verify is VerifyMode.FULL)


def plan_digest(plan: WipePlan) -> str:
    """SHA-256 of the plan's canonical bytes: what the operator confirms."""
    return digest(plan)


def _pass_s(identity: DiskIdentity) -> int:
    speed = ASSUMED_BYTES_PER_S.get(identity.medium, 80_000_000)
    return max(1, identity.size_bytes // speed)


def _level_refusals(plan: WipePlan, method: str) -> tuple[Message, ...]:
    promised = plan.level_promised
    if plan.level_requested is LevelWish.PURGE and promised is not Level.PURGE:
        if set(NOT_ASKED.notes) <= set(plan.notes):
            return (Message.of("wipe.refusal.purge_not_asked", path=plan.path),)
        return (Message.of("wipe.refusal.no_purge", path=plan.path),)
    if promised is Level.NONE:
        return (
            Message.of(
                "wipe.refusal.method_too_weak", path=plan.path, method=method, better=methods.FLASH
            ),
        )
    return ()


def _not_reached(
    identity: DiskIdentity, steps: tuple[WipeStep, ...], *, area: bool
) -> tuple[Message, ...]:
    """What stays out of reach on this medium, in words for the certificate."""
    if identity.box_hides_bytes:
        part = Message.of("wipe.not_reached.box", size_bytes=identity.box_hides_bytes)
        return (part, *_not_reached(replace(identity, box_hides_bytes=0), steps, area=area))
    if any(step.technique is not Technique.OVERWRITE for step in steps):
        return ()
    if identity.kind is TargetKind.VIRTUAL:
        return (Message("wipe.not_reached.virtual"),)
    if identity.kind is not TargetKind.BLOCK:
        return (Message("wipe.not_reached.image"),)
    if identity.medium is Medium.HDD:
        return (Message("wipe.not_reached.remapped"), Message("wipe.not_reached.hidden"))
    if area:
        return (Message("wipe.not_reached.spare"),)
    if identity.medium is Medium.EMMC:
        return (Message("wipe.not_reached.spare"), Message("wipe.not_reached.emmc_boot"))
    if identity.medium is Medium.UNKNOWN:
        return (Message("wipe.not_reached.unknown_medium"),)
    if identity.bus in ("sata", "usb"):
        return (Message("wipe.not_reached.spare"), Message("wipe.not_reached.hidden"))
    return (Message("wipe.not_reached.spare"),)


def _notes(
    identity: DiskIdentity, wish: Wish, drive: FirmwarePlan, *, area: bool
) -> tuple[Message, ...]:
    notes: list[Message] = []
    if area:
        notes.append(Message.of("wipe.note.emmc_area", token=identity.token))
    if identity.serial_of == "box":
        notes.append(Message.of("wipe.note.box_serial", serial=identity.serial or ""))
    if identity.serial is None:
        notes.append(Message.of("wipe.note.no_serial", token=identity.token))
    if wish.verify is VerifyMode.NONE:
        notes.append(Message("wipe.note.no_verify"))
    if wish.verify is VerifyMode.SAMPLE:
        notes.append(Message("wipe.note.sample"))
    if wish.method is not None and methods.find_method(wish.method).obsolete:
        notes.append(Message.of("wipe.note.obsolete", method=wish.method))
    if identity.bus == "usb" and wish.level is not LevelWish.CLEAR and not drive.steps:
        notes.append(Message("wipe.note.usb_bridge"))
    return tuple(notes)
