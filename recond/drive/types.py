"""The types of a drive's firmware commands: what it can do, what it is asked, what it answered.

Why: `host` carries requests to a drive, `wipe` sends them and `certify` judges the answers that
the journal kept; they share these frozen values and nothing else. A request is the exact bytes that
are issued, an answer the exact bytes that came back: meaning is given to them elsewhere
(`recond.drive.answers`). Standard library only, no input or output.
"""

from __future__ import annotations

from dataclasses import dataclass

from recond.drive.identify import AtaIdentity
from recond.ends import StepEnd
from recond.erasure import Level, Technique, WipePlan, WipeStep
from recond.model import Medium, Message, Reading

# --- Requests and answers --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CdbRequest:
    """A SCSI command: an ATA PASS-THROUGH(16) (SAT-4 12.2.3) or a SCSI drive's own.

    `cdb` 6, 10, 12 or 16 bytes; either `data_out` is sent or `read_bytes` are wanted, never both.
    """

    name: str
    cdb: bytes
    data_out: bytes = b""
    read_bytes: int = 0
    timeout_s: int = 30


@dataclass(frozen=True, slots=True)
class CdbAnswer:
    """What SG_IO brought back. `status` is the SCSI status, `host` and `driver` the kernel's.

    `errno` is set when the ioctl itself failed: then nothing else means anything.
    """

    status: int
    host: int = 0
    driver: int = 0
    sense: bytes = b""
    data: bytes = b""
    errno: int | None = None
    duration_ms: int = 0

    @property
    def packed_status(self) -> int:
        """The three statuses as the journal's one integer: SCSI, host << 8, driver << 24."""
        return self.status | self.host << 8 | self.driver << 24


@dataclass(frozen=True, slots=True)
class NvmeRequest:
    """An NVMe admin command: the 64 bytes of its submission entry with the data pointer zero."""

    name: str
    command: bytes
    read_bytes: int = 0
    timeout_s: int = 30


@dataclass(frozen=True, slots=True)
class NvmeAnswer:
    """`status` is the status field of the completion (SCT and SC), `result` its dword 0."""

    status: int
    result: int = 0
    data: bytes = b""
    errno: int | None = None
    duration_ms: int = 0


@dataclass(frozen=True, slots=True)
class MmcRequest:
    """An ioctl of the kernel's MMC driver or block layer: its number and its argument's bytes.

    For BLKSECDISCARD and BLKDISCARD the argument is (start, length) in bytes, two u64; for
    MMC_IOC_CMD the 72 bytes of `struct mmc_ioc_cmd` with the data pointer zero.
    """

    name: str
    ioctl: int
    argument: bytes
    read_bytes: int = 0
    timeout_s: int = 60


@dataclass(frozen=True, slots=True)
class MmcAnswer:
    """`response` is the card's R1 word where there is one (eMMC 5.1 6.13)."""

    response: int = 0
    data: bytes = b""
    errno: int | None = None
    duration_ms: int = 0


# --- Capabilities ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AtaSanitizeStatus:
    """SANITIZE STATUS EXT's normal output (ACS-4 7.36.6). `permille` of the running operation."""

    done: bool
    running: bool
    frozen: bool
    antifreeze: bool
    permille: int


@dataclass(frozen=True, slots=True)
class HiddenArea:
    """Sectors beyond those that the drive shows: by HPA or AMAC (native), by DCO (real)."""

    visible: int
    native: Reading[int]
    real: Reading[int]

    @property
    def hidden(self) -> int:
        """How many sectors are known to be hidden."""
        found = [r.value for r in (self.native, self.real) if hasattr(r, "value")]
        return max([0, *(value - self.visible for value in found)])


@dataclass(frozen=True, slots=True)
class AtaCapabilities:
    """What an ATA drive can do. `distrust` says why the passage to it cannot be relied on."""

    identity: AtaIdentity
    hidden: HiddenArea
    sanitize: AtaSanitizeStatus | None
    distrust: Message | None


@dataclass(frozen=True, slots=True)
class SanitizeLog:
    """NVMe Sanitize Status log, 81h (NVMe Base 2.1 5.1.12.1.33). Times in s, None: not told."""

    sprog: int
    state: int  # SSTAT 2:0: 0 never, 1 done, 2 running, 3 failed, 4 done with deallocation
    purged: bool  # PRGD
    scdw10: int
    overwrite_s: int | None
    block_s: int | None
    crypto_s: int | None
    blank: bool  # all bytes are zero


@dataclass(frozen=True, slots=True)
class NvmeController:
    """Identify Controller (NVMe Base 2.1 figure 313), the parts an erasure needs."""

    serial: str
    model: str
    firmware: str
    can_format: bool  # OACS bit 1
    can_manage: bool  # OACS bit 3: there may be namespaces that are not attached
    several: bool  # CMIC bit 1: other controllers of the drive may have namespaces of their own
    format_all: bool  # FNA bit 0: a format takes all namespaces
    erase_all: bool  # FNA bit 1: a secure erase takes all namespaces
    format_crypto: bool  # FNA bit 2
    crypto: bool  # SANICAP bits 0, 1, 2
    block: bool
    overwrite: bool
    deallocates: bool  # SANICAP bit 29 (NDI): "do not deallocate" cannot be asked
    purge_reporting: bool  # SANICAP 5:4: PREQ may be asked and PRGD answered

    @property
    def lists(self) -> tuple[int, ...]:
        """The lists (CNS) that must be told before anybody says which namespaces the drive has: the
        active ones are those of this controller only (NVMe Base 2.1 5.1.13.2.2, 5.1.13.2.10).
        """
        return (2, 0x10) if self.can_manage or self.several else (2,)


@dataclass(frozen=True, slots=True)
class NvmeNamespace:
    """Identify Namespace. `left_percent`: of a format under way (FPI), None where not told."""

    flbas: int
    dps: int
    left_percent: int | None


@dataclass(frozen=True, slots=True)
class NvmeCapabilities:
    """What an NVMe controller can do. `namespaces`: every one that holds data, attached or not;
    None where the controller did not say so.
    """

    controller: NvmeController
    namespace: NvmeNamespace
    nsid: int
    namespaces: tuple[int, ...] | None
    log: SanitizeLog | None


@dataclass(frozen=True, slots=True)
class ScsiCapabilities:
    """INQUIRY, VPD, READ CAPACITY(16) and REPORT SUPPORTED OPERATION CODES."""

    serial: str | None
    vendor: str
    product: str
    block_bytes: int
    rotation_rpm: int | None
    crypto: bool
    block: bool
    overwrite: bool
    format_unit: bool
    write_after_block: bool  # WABEREQ, WACEREQ: blocks are unreadable until written
    write_after_crypto: bool
    unreported: bool = False  # it answers no question about its commands: nobody knows


@dataclass(frozen=True, slots=True)
class MmcCapabilities:
    """EXT_CSD of an eMMC (JESD84-B51 7.4). Sizes in bytes; RPMB and boot are not user area."""

    revision: int
    secure_erase: bool
    sanitize: bool
    boot_bytes: int  # each of boot0 and boot1
    rpmb_bytes: int


@dataclass(frozen=True, slots=True)
class Capabilities:
    """All that the firmware of one disk can do for an erasure; None where it does not apply."""

    medium: Medium
    bus: str
    ata: AtaCapabilities | None = None
    nvme: NvmeCapabilities | None = None
    scsi: ScsiCapabilities | None = None
    mmc: MmcCapabilities | None = None
    problems: tuple[Message, ...] = ()


# --- Plan and outcome ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FirmwarePlan:
    """Steps for the level asked, the best first and the others as fallback; none: overwrite.

    `not_reached` is for the certificate; `notes` say what the drive has and cannot use now, and
    what would help.
    """

    steps: tuple[WipeStep, ...] = ()
    not_reached: tuple[Message, ...] = ()
    notes: tuple[Message, ...] = ()
    refusals: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """How a step of the drive's own ended, and why.

    After `UNKNOWN` nothing else is tried on the drive: `recond resume` looks at it again.
    """

    outcome: StepEnd
    reason: Message | None = None


def sizes_after(plan: WipePlan) -> frozenset[int]:
    """The sizes in bytes that the plan's disk may show in a later session.

    Hidden sectors that a step shows again are seen by the kernel after the next power cycle.
    """
    block, disk = plan.disk.logical_block_bytes, plan.disk
    return frozenset({disk.size_bytes}) | {
        int(count) * block
        for step in plan.steps
        if step.technique is Technique.RESTORE_HIDDEN
        for _, count in step.options
    }


# --- What techniques reach and leave behind --------------------------------------------------

_T = Technique
_FLASH, _DISK = frozenset({Medium.SSD}), frozenset({Medium.HDD})
PURGES: dict[Technique, frozenset[Medium]] = {
    _T.ATA_SANITIZE_CRYPTO: _FLASH | _DISK,
    _T.ATA_SANITIZE_BLOCK: _FLASH,
    _T.ATA_SANITIZE_OVERWRITE: _DISK,
    _T.ATA_SECURITY_ERASE_ENHANCED: _DISK,
    _T.NVME_SANITIZE_CRYPTO: _FLASH,
    _T.NVME_SANITIZE_BLOCK: _FLASH,
    _T.NVME_SANITIZE_OVERWRITE: _FLASH,
    _T.SCSI_SANITIZE_CRYPTO: _FLASH | _DISK,
    _T.SCSI_SANITIZE_BLOCK: _FLASH,
    _T.SCSI_SANITIZE_OVERWRITE: _DISK,
    _T.OPAL_PSID_REVERT: _FLASH | _DISK,
}
"""On which media a technique purges (the table of docs/methods.md); on others it clears at most."""

_NEVER = frozenset({Medium.USB_FLASH, Medium.SD, Medium.IMAGE})
_CRYPTO = frozenset(
    {
        _T.ATA_SANITIZE_CRYPTO,
        _T.NVME_SANITIZE_CRYPTO,
        _T.NVME_FORMAT_CRYPTO,
        _T.SCSI_SANITIZE_CRYPTO,
        _T.OPAL_PSID_REVERT,
    }
)


def reach_of(technique: Technique, medium: Medium) -> Level:
    """The highest level that a technique reaches on a medium, if everything went well."""
    if technique in (_T.OVERWRITE, _T.RESTORE_HIDDEN) or medium in _NEVER:
        return Level.NONE
    return Level.PURGE if medium in PURGES.get(technique, ()) else Level.CLEAR


def endings_of(technique: Technique, medium: Medium) -> frozenset[str]:
    """What the medium may read as afterwards: words of a journal's `verify_end.ending`.

    Random content is an ending only where a key was thrown away or flash was erased whole: on a
    disk that says that it wrote zeros, it is somebody's data.
    """
    plain = {"zeros", "ones", "pattern"}
    if technique in (
        _T.ATA_SANITIZE_OVERWRITE,
        _T.NVME_SANITIZE_OVERWRITE,
        _T.SCSI_SANITIZE_OVERWRITE,
    ):
        return frozenset({"zeros", "pattern"})
    if technique in (_T.MMC_SECURE_ERASE, _T.MMC_SANITIZE):
        return frozenset({"zeros", "ones"})
    flash = medium in (Medium.SSD, Medium.HYBRID)
    erases_flash = technique in (
        _T.ATA_SANITIZE_BLOCK,
        _T.NVME_SANITIZE_BLOCK,
        _T.SCSI_SANITIZE_BLOCK,
        _T.ATA_SECURITY_ERASE_ENHANCED,
    )
    if technique in _CRYPTO or (flash and erases_flash):
        plain.add("random")
    return frozenset(plain)
