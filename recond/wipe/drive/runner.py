"""A firmware step of a plan, carried out on its drive: the session's `FirmwareRunner`.

Why: the session knows steps, not command sets. This module opens the drive's transports, makes sure
that they lead to the very disk that the session holds, and hands the step to the module of its
command set. An error of the transport itself is an unknown outcome, never a failure or a success.
"""

from __future__ import annotations

from collections.abc import Callable

from recond.drive.types import StepOutcome
from recond.ends import StepEnd
from recond.erasure import DiskIdentity, Technique, WipeStep
from recond.host.block import BlockDevice
from recond.host.clock import Clock
from recond.host.transport import FirmwareDevice
from recond.model import Message
from recond.wipe.drive import ata, ata_hidden, mmc, nvme, opal, scsi
from recond.wipe.drive.conversation import Conversation, Entries, Log, failed, unknown

OpenDrive = Callable[[str], tuple[FirmwareDevice, DiskIdentity]]
Run = Callable[[Conversation, WipeStep], StepOutcome]
_SAME = ("kind", "serial", "wwn", "model", "size_bytes", "namespace", "disk_seq")

_ATA: dict[Technique, Run] = {
    Technique.ATA_SECURITY_ERASE: ata.run_security,
    Technique.ATA_SECURITY_ERASE_ENHANCED: ata.run_security,
    Technique.ATA_SANITIZE_CRYPTO: ata.run_sanitize,
    Technique.ATA_SANITIZE_BLOCK: ata.run_sanitize,
    Technique.ATA_SANITIZE_OVERWRITE: ata.run_sanitize,
}
_SCSI: dict[Technique, Run] = {
    Technique.SCSI_SANITIZE_CRYPTO: scsi.run_erase,
    Technique.SCSI_SANITIZE_BLOCK: scsi.run_erase,
    Technique.SCSI_SANITIZE_OVERWRITE: scsi.run_erase,
    Technique.SCSI_FORMAT_UNIT: scsi.run_erase,
}
_MMC = frozenset({Technique.MMC_SECURE_ERASE, Technique.MMC_SANITIZE})
_NVME: dict[Technique, Callable[[Conversation, WipeStep, int], StepOutcome]] = {
    Technique.NVME_FORMAT_USER: nvme.run_format,
    Technique.NVME_FORMAT_CRYPTO: nvme.run_format,
    Technique.NVME_SANITIZE_CRYPTO: nvme.run_sanitize,
    Technique.NVME_SANITIZE_BLOCK: nvme.run_sanitize,
    Technique.NVME_SANITIZE_OVERWRITE: nvme.run_sanitize,
}


class DriveRunner:
    """Runs firmware steps; `open_drive` opens a path's transports, `by_psid` is Opal's tool."""

    def __init__(
        self, open_drive: OpenDrive, clock: Clock, by_psid: opal.Opal | None = None
    ) -> None:
        self._open = open_drive
        self._clock = clock
        self._by_psid = by_psid

    def __call__(
        self,
        step: WipeStep,
        index: int,
        disk: BlockDevice,
        log: Log,
        should_stop: Callable[[], bool],
        progress: Callable[[int], None],
        entries: Entries,
    ) -> tuple[StepEnd, Message | None]:
        """Carry out one step: how it ended and why."""
        try:
            device, found = self._open(disk.path)
        except OSError:
            return StepEnd.UNKNOWN, Message("drive.reason.no_answer")
        try:
            held = disk.identity()
            if any(getattr(held, name) != getattr(found, name) for name in _SAME):
                return StepEnd.FAILED, Message("drive.reason.other_drive")
            line = Conversation(
                device, index, log, self._clock, should_stop, progress, list(entries)
            )
            outcome = _carry_out(line, step, self._by_psid)
        except OSError:
            outcome = unknown("no_answer")
        finally:
            device.close()
        return outcome.outcome, outcome.reason


def _carry_out(line: Conversation, step: WipeStep, by_psid: opal.Opal | None) -> StepOutcome:
    device, technique = line.device, step.technique
    if technique is Technique.OPAL_PSID_REVERT and by_psid is not None:
        return opal.run_revert(line, step, by_psid)
    if technique is Technique.RESTORE_HIDDEN and device.ata is not None:
        return ata_hidden.run_restore(line, step)
    if technique in _ATA and device.ata is not None:
        return ata_hidden.checked_by_canaries(line, step, _ATA[technique])
    if technique in _SCSI and device.scsi is not None:
        return _SCSI[technique](line, step)
    if technique in _NVME and device.nvme is not None:
        return _NVME[technique](line, step, device.nvme.namespace())
    if technique in _MMC and device.mmc is not None:
        return mmc.run_erase(line, step)
    return failed("no_transport")
