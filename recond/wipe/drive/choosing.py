"""Which of a drive's own commands erase it, for the level that is asked. Pure.

Why: the operator confirms what will be issued, so the choice is data: the first step is what will
run, the steps marked as fallback run only where the drive refused the ones before. At `purge` no
step reaches less than purge; at `best` the lesser ones follow and are shown; `clear` is left to the
overwrite, whose result can be compared byte by byte. What the drive has and cannot use now is said
with what would help, and nothing that takes more than the named disk is ever planned.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from recond.drive.identify import SecurityState
from recond.drive.password import ways_out
from recond.drive.types import (
    AtaCapabilities,
    Capabilities,
    FirmwarePlan,
    MmcCapabilities,
    NvmeCapabilities,
    ScsiCapabilities,
    reach_of,
)
from recond.erasure import Fill, FillKind, Level, LevelWish, Technique, WipeStep
from recond.model import Known, Medium, Message

_T = Technique
HDD_OVERWRITE_BYTES_PER_S = 120_000_000
SSD_OVERWRITE_BYTES_PER_S = 400_000_000
WRITE_AFTER: tuple[tuple[str, str | int], ...] = (("write_after", 1),)
_KNOWN_MEDIA = (Medium.HDD, Medium.SSD, Medium.HYBRID)
USUAL_S = {"crypto": 30, "block": 120, "format": 60}


@dataclass(frozen=True, slots=True)
class _Way:
    """One technique that the drive offers now."""

    technique: Technique
    estimate_s: int
    not_reached: tuple[Message, ...] = ()
    options: tuple[tuple[str, str | int], ...] = ()
    unseen: bool = False  # what it leaves reads as zeros whether it erased or not
    usual_s: int | None = None  # ours, where `estimate_s` is the drive's own

    def reach(self, medium: Medium) -> Level:
        """The highest level that can be shown for it."""
        if self.unseen or self.options == WRITE_AFTER:
            return Level.CLEAR
        return reach_of(self.technique, medium)


def plan_firmware(
    capabilities: Capabilities,
    wish: LevelWish,
    size_bytes: int,
    *,
    restore_hidden: bool | None = None,
    try_unreported: bool = False,
) -> FirmwarePlan:
    """The drive's steps for a level: none where its firmware is not to be used.

    `size_bytes` is what the kernel shows; `restore_hidden` asks for hidden sectors to be shown
    first, or to be left: None shows them where the drive purges. Left, they hold the level at
    clear. `try_unreported`: a drive that does not say which commands it has is given them, and its
    refusal is the answer. The overwrite that may stand behind the steps is `recond.wipe.plan`'s.
    """
    count = _hidden_bytes(capabilities.ata)
    if wish is LevelWish.CLEAR:
        return _beside_overwrite(count, restore_hidden, ())
    notes = list(capabilities.problems)
    ways = _ways(_asked(capabilities, try_unreported, notes), size_bytes, notes)
    least = Level.PURGE if wish is LevelWish.PURGE else Level.CLEAR
    most = Level.CLEAR if count and restore_hidden is False else Level.PURGE
    medium = capabilities.medium

    def reach(way: _Way) -> Level:
        return min(way.reach(medium), most, key=lambda level: level.rank)

    kept = sorted(
        (way for way in ways if reach(way).rank >= least.rank), key=lambda way: -reach(way).rank
    )  # stable: the order of preference
    if most is Level.CLEAR and least is Level.PURGE:
        notes.append(Message.of("drive.note.hidden_kept", size_bytes=count))
    if not kept:
        return _beside_overwrite(count, restore_hidden, tuple(notes))
    if kept[0].usual_s is not None:
        times = {"told_s": kept[0].estimate_s, "usual_s": kept[0].usual_s}
        notes.append(Message.of("drive.note.estimate", **times))
    restores = bool(count) and (
        reach(kept[0]) is Level.PURGE if restore_hidden is None else restore_hidden
    )
    steps = tuple(
        WipeStep(
            way.technique,
            reach(way),
            None,
            way.options + _shown(capabilities.ata, restores),
            way.estimate_s,
            fallback=place > 0,
        )
        for place, way in enumerate(kept)
    )
    if steps and steps[0].options == WRITE_AFTER:
        zeros = Fill(FillKind.CONSTANT, "00")
        whole = _overwrite_s(size_bytes, Medium.HDD)
        steps = (steps[0], WipeStep(Technique.OVERWRITE, Level.CLEAR, zeros, (), whole))
    hidden, said = _hidden(capabilities.ata, restore=restores, notes=notes)
    return FirmwarePlan(hidden + steps, kept[0].not_reached + said, tuple(notes))


def _asked(capabilities: Capabilities, try_unreported: bool, notes: list[Message]) -> Capabilities:
    """A SCSI drive that says nothing of its commands: unknown, and said; or SANITIZE is tried."""
    scsi = capabilities.scsi
    if capabilities.medium is Medium.UNKNOWN and _may_erase(capabilities):
        notes.append(Message("drive.note.medium_unknown"))
    if scsi is None or not scsi.unreported or capabilities.medium not in _KNOWN_MEDIA:
        return capabilities
    usb = capabilities.bus == "usb"  # a bridge that passes on no question passes on no SANITIZE
    word = "unreported_usb" if usb else "unreported_tried" if try_unreported else "unreported"
    notes.append(Message(f"drive.note.{word}"))
    if usb or not try_unreported:
        return capabilities
    flash = capabilities.medium is Medium.SSD
    tried = replace(scsi, crypto=True, block=flash, overwrite=not flash)
    return replace(capabilities, scsi=tried)


def _may_erase(capabilities: Capabilities) -> bool:
    """Whether the drive has erase commands, or does not say so: of which level is another thing."""
    ata, scsi = capabilities.ata, capabilities.scsi
    if ata is not None:
        unlocked = ata.identity.security.state is not SecurityState.UNSUPPORTED
        return ata.distrust is None and (ata.identity.sanitize or unlocked)
    if scsi is None:
        return False
    untold = scsi.unreported and capabilities.bus != "usb"
    return untold or scsi.crypto or scsi.block or scsi.overwrite


def _beside_overwrite(
    count: int, restore_hidden: bool | None, notes: tuple[Message, ...]
) -> FirmwarePlan:
    """No step of the drive: what an overwrite does not reach, and that it cannot be made to.

    Sectors that are shown again are seen by the kernel after the next power cycle only: handed on
    without it, they would be open and full.
    """
    if not count:
        return FirmwarePlan(notes=notes)
    refusals = (Message.of("drive.refusal.hidden_overwrite", size_bytes=count),)
    return FirmwarePlan(
        (),
        (Message.of("drive.not_reached.hidden", size_bytes=count),),
        notes,
        refusals if restore_hidden else (),
    )


def _ways(capabilities: Capabilities, size_bytes: int, notes: list[Message]) -> list[_Way]:
    """What can be used now, the preferred first; `notes` gets what cannot, and why."""
    medium = capabilities.medium
    if medium is Medium.EMMC and capabilities.mmc is not None:
        return _mmc(capabilities.mmc)
    if medium not in _KNOWN_MEDIA:
        return []
    if capabilities.nvme is not None:
        return _nvme(capabilities.nvme, size_bytes, notes)
    if capabilities.ata is not None:
        return _ata(capabilities.ata, medium, capabilities.bus, size_bytes, notes)
    if capabilities.scsi is not None:
        return _scsi(capabilities.scsi, medium, size_bytes, notes)
    return []


def _mmc(card: MmcCapabilities) -> list[_Way]:
    """Secure erase and SANITIZE of an eMMC's user area; the areas beside it stay as they are."""
    left = (Message("wipe.not_reached.emmc_boot"),)
    ways = [_Way(_T.MMC_SANITIZE, USUAL_S["block"], left)] if card.sanitize else []
    if card.secure_erase:
        ways.append(_Way(_T.MMC_SECURE_ERASE, USUAL_S["block"], left))
    return ways


def _told(technique: Technique, told_s: int | None, usual_s: int) -> _Way:
    """A way whose time the drive announces, or does not."""
    return _Way(technique, told_s or usual_s, usual_s=usual_s if told_s else None)


def _overwrite_s(size_bytes: int, medium: Medium) -> int:
    flash = medium is Medium.SSD
    speed = SSD_OVERWRITE_BYTES_PER_S if flash else HDD_OVERWRITE_BYTES_PER_S
    return max(60, size_bytes // speed)


def _nvme(nvme: NvmeCapabilities, size_bytes: int, notes: list[Message]) -> list[_Way]:
    controller, log = nvme.controller, nvme.log
    others = None if nvme.namespaces is None else len(nvme.namespaces) - 1
    sanitizes = controller.crypto or controller.block or controller.overwrite
    format_takes_all = controller.can_format and (controller.format_all or controller.erase_all)
    if others is None and (sanitizes or format_takes_all):
        notes.append(Message("drive.note.namespaces_unknown"))
    ways: list[_Way] = []
    if sanitizes and others is not None:
        if others:
            notes.append(Message.of("drive.note.sanitize_takes_all", n=others))
        else:
            ways += [
                replace(_told(technique, told, ours), unseen=controller.deallocates)
                for has, technique, told, ours in (
                    (
                        controller.block,
                        _T.NVME_SANITIZE_BLOCK,
                        log.block_s if log else None,
                        USUAL_S["block"],
                    ),
                    (
                        controller.crypto,
                        _T.NVME_SANITIZE_CRYPTO,
                        log.crypto_s if log else None,
                        USUAL_S["crypto"],
                    ),
                    (
                        controller.overwrite,
                        _T.NVME_SANITIZE_OVERWRITE,
                        log.overwrite_s if log else None,
                        _overwrite_s(size_bytes, Medium.SSD),
                    ),
                )
                if has
            ]
            if controller.deallocates:
                notes.append(Message("drive.note.deallocates"))
    if format_takes_all and others:
        notes.append(Message.of("drive.note.format_takes_all", n=others))
    elif controller.can_format and not (format_takes_all and others is None):
        left: tuple[Message, ...] = (Message("drive.not_reached.format"),)
        if others:
            left += (Message.of("drive.not_reached.namespaces", n=others),)
        elif others is None:
            left += (Message("drive.not_reached.namespaces_unknown"),)
        if controller.format_crypto:
            ways.append(_Way(_T.NVME_FORMAT_CRYPTO, USUAL_S["format"], left))
        ways.append(_Way(_T.NVME_FORMAT_USER, USUAL_S["format"], left))
    return ways


def _ata(
    ata: AtaCapabilities, medium: Medium, bus: str, size_bytes: int, notes: list[Message]
) -> list[_Way]:
    if ata.distrust is not None:
        notes.append(ata.distrust)
        return []
    identity, status = ata.identity, ata.sanitize
    ways: list[_Way] = []
    if identity.sanitize and (status is None or status.frozen):
        word = "sanitize_frozen" if status is not None else "sanitize_unreadable"
        notes.append(Message(f"drive.note.{word}"))
    elif identity.sanitize:
        block = [_Way(_T.ATA_SANITIZE_BLOCK, USUAL_S["block"])] if identity.block else []
        crypto = [_Way(_T.ATA_SANITIZE_CRYPTO, USUAL_S["crypto"])] if identity.crypto else []
        whole = _overwrite_s(size_bytes, medium)
        over = [_Way(_T.ATA_SANITIZE_OVERWRITE, whole)] if identity.overwrite else []
        # flash is erased whole in seconds; a hard disk's key is thrown away faster than that
        ways += crypto + over if medium is Medium.HDD else block + crypto + over
    security = identity.security
    if security.state is SecurityState.UNSUPPORTED:
        return ways
    if bus == "usb":
        notes.append(Message("drive.note.no_security_over_usb"))
    elif security.state is SecurityState.SEC2:
        notes.append(Message("drive.note.frozen"))
    elif security.state is not SecurityState.SEC1:
        notes.extend(ways_out(security))
    else:
        ways += _security(ata, medium, size_bytes)
    return ways


def _security(ata: AtaCapabilities, medium: Medium, size_bytes: int) -> list[_Way]:
    """SECURITY ERASE: on a hard disk only the enhanced form is more than an overwrite."""
    security = ata.identity.security
    whole = USUAL_S["block"] if medium is not Medium.HDD else _overwrite_s(size_bytes, medium)
    ways = []
    if security.enhanced:
        left = () if medium is Medium.HDD else (Message("drive.not_reached.security"),)
        way = _told(_T.ATA_SECURITY_ERASE_ENHANCED, security.enhanced_s, whole)
        ways.append(replace(way, not_reached=left))
    if medium is not Medium.HDD:
        way = _told(_T.ATA_SECURITY_ERASE, security.normal_s, whole)
        ways.append(replace(way, not_reached=(Message("drive.not_reached.security"),)))
    return ways


def _scsi(
    scsi: ScsiCapabilities, medium: Medium, size_bytes: int, notes: list[Message]
) -> list[_Way]:
    """SANITIZE. Where blocks cannot be read until they are written (WABEREQ, WACEREQ), writing them
    covers what the drive left: such a way is taken only where there is no other, as clear.
    """
    block = [_Way(_T.SCSI_SANITIZE_BLOCK, USUAL_S["block"])] if scsi.block else []
    crypto = [_Way(_T.SCSI_SANITIZE_CRYPTO, USUAL_S["crypto"])] if scsi.crypto else []
    whole = _overwrite_s(size_bytes, medium)
    over = [_Way(_T.SCSI_SANITIZE_OVERWRITE, whole)] if scsi.overwrite else []
    ways = crypto + over if medium is Medium.HDD else block + crypto + over
    blind = {
        _T.SCSI_SANITIZE_BLOCK: scsi.write_after_block,
        _T.SCSI_SANITIZE_CRYPTO: scsi.write_after_crypto,
    }
    shown = [way for way in ways if not blind.get(way.technique)]
    if len(shown) < len(ways):
        notes.append(Message("drive.note.unreadable"))
    if not shown:
        return [replace(way, options=WRITE_AFTER) for way in ways[:1]]
    if scsi.format_unit:  # alone it reaches no more than an overwrite and shows less
        shown.append(_Way(_T.SCSI_FORMAT_UNIT, _overwrite_s(size_bytes, Medium.HDD)))
    return shown


def _hidden_bytes(ata: AtaCapabilities | None) -> int:
    """How much the drive is known to hide; nothing is believed of a doubtful passage."""
    if ata is None or ata.distrust is not None:
        return 0
    return ata.hidden.hidden * ata.identity.logical_block_bytes


def _shown(ata: AtaCapabilities | None, restores: bool) -> tuple[tuple[str, str | int], ...]:
    """The first sector that the kernel does not see: from there on the drive itself is read."""
    return (("shown_from", ata.hidden.visible),) if ata is not None and restores else ()


def _hidden(
    ata: AtaCapabilities | None, *, restore: bool, notes: list[Message]
) -> tuple[tuple[WipeStep, ...], tuple[Message, ...]]:
    """The step that shows hidden sectors again, or what the certificate says of them."""
    if ata is None or ata.distrust is not None:
        return (), ()
    hidden, identity, count = ata.hidden, ata.identity, _hidden_bytes(ata)
    unknown = ((identity.hpa or identity.amac) and not isinstance(hidden.native, Known)) or (
        identity.dco and not isinstance(hidden.real, Known)
    )
    said = (Message("drive.not_reached.hidden_unknown"),) if unknown else ()
    if not count:
        return (), said
    if not restore:
        return (), (Message.of("drive.not_reached.hidden", size_bytes=count), *said)
    notes.append(Message.of("drive.note.hidden_shown", size_bytes=count))
    options: list[tuple[str, str | int]] = [("visible_sectors", hidden.visible)]
    if isinstance(hidden.native, Known):
        options.append(("native_sectors", hidden.native.value))
    if isinstance(hidden.real, Known) and hidden.real.value > hidden.visible:
        options.append(("real_sectors", hidden.real.value))
    return (WipeStep(_T.RESTORE_HIDDEN, Level.NONE, None, tuple(sorted(options)), 10),), said
