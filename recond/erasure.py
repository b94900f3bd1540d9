"""The types of an erasure: plan, journal, record.

Why: apart from `recond.model` only because a module has at most 400 lines; the same rules hold.
A plan says what is promised; a journal holds what happened; a record says what that proves, and is
only ever computed from journals (`recond.certify.record`), never written by hand.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from recond.census import OperatorWord
from recond.ends import ConfirmedBy, StepEnd
from recond.model import LATER, Assessment, Json, Machine, Medium, Message, Range, Text, Tried, Use
from recond.workshop import Photo, Workshop

JOURNAL_SCHEMA = "recond.journal/3"
JOURNAL_SCHEMAS = ("recond.journal/1", "recond.journal/2", JOURNAL_SCHEMA)
"""Every form of a journal that is judged; from the second on a resumed session proves its medium,
from the third on every session says who else had the disk (decisions 18 and 20)."""
RECORD_SCHEMA = "recond.record/1"


class Level(Text):
    """How far an erasure reaches (NIST SP 800-88 Rev. 2 3.1, IEEE 2883)."""

    NONE = "none"
    CLEAR = "clear"
    PURGE = "purge"

    @property
    def rank(self) -> int:
        """0 none, 1 clear, 2 purge: to compare levels."""
        return ("none", "clear", "purge").index(self.value)


class LevelWish(Text):
    """What the operator asks for; `best` takes the highest the disk can reach and says which."""

    CLEAR = "clear"
    PURGE = "purge"
    BEST = "best"


class TargetKind(Text):
    """What stands behind the target's path."""

    BLOCK = "block"  # a disk on a bus that real disks are on
    LOOP = "loop"
    IMAGE = "image"
    VIRTUAL = "virtual"  # a disk that another computer, or a host, makes up: none that one can hold


class FillKind(Text):
    """What a pass writes: a constant of one to four bytes repeated from byte 0, or what looks like
    chance and can be computed again."""

    CONSTANT = "constant"
    XTS = "xts"


XTS_UNIT_BYTES = 1 << 20
"""A data unit of `FillKind.XTS`: what one number (IEEE 1619 5.1) covers of the disk."""


@dataclass(frozen=True, slots=True)
class Fill:
    """The content of every byte of a pass as a function of its position.

    `CONSTANT`: `hex` is the pattern, repeated from byte 0 of the disk. `XTS`: a disk full of zero
    bytes, as XTS-AES-128 (IEEE 1619-2018) encrypts it in data units of `XTS_UNIT_BYTES`, numbered
    from 0; `hex` is Key1 and Key2, 16 bytes each, which differ. `complement_of` names the step
    whose content is inverted, for a person; the bytes are already in `hex`.
    """

    kind: FillKind
    hex: str
    complement_of: int | None = None


class Technique(Text):
    """Every way of erasing that recond knows."""

    OVERWRITE = "overwrite"
    RESTORE_HIDDEN = "restore-hidden"
    ATA_SECURITY_ERASE = "ata-security-erase"
    ATA_SECURITY_ERASE_ENHANCED = "ata-security-erase-enhanced"
    ATA_SANITIZE_CRYPTO = "ata-sanitize-crypto"
    ATA_SANITIZE_BLOCK = "ata-sanitize-block"
    ATA_SANITIZE_OVERWRITE = "ata-sanitize-overwrite"
    NVME_SANITIZE_CRYPTO = "nvme-sanitize-crypto"
    NVME_SANITIZE_BLOCK = "nvme-sanitize-block"
    NVME_SANITIZE_OVERWRITE = "nvme-sanitize-overwrite"
    NVME_FORMAT_USER = "nvme-format-user"
    NVME_FORMAT_CRYPTO = "nvme-format-crypto"
    SCSI_SANITIZE_CRYPTO = "scsi-sanitize-crypto"
    SCSI_SANITIZE_BLOCK = "scsi-sanitize-block"
    SCSI_SANITIZE_OVERWRITE = "scsi-sanitize-overwrite"
    SCSI_FORMAT_UNIT = "scsi-format-unit"
    MMC_SECURE_ERASE = "mmc-secure-erase"
    MMC_SANITIZE = "mmc-sanitize"
    OPAL_PSID_REVERT = "opal-psid-revert"


class VerifyMode(Text):
    """How much is read back; NONE never leads to an approved verdict."""

    FULL = "full"
    SAMPLE = "sample"
    NONE = "none"


class Status(Text):
    """What became of one disk."""

    ERASED = "erased"
    FAILED = "failed"
    REFUSED = "refused"
    INTERRUPTED = "interrupted"


class Verdict(Text):
    """The validation decision (NIST SP 800-88 Rev. 2 4.5.2)."""

    APPROVED = "approved"
    REJECTED = "rejected"
    ESCALATE = "escalate"


@dataclass(frozen=True, slots=True)
class DiskIdentity:
    """Which disk: what the plan names, and what is read again from the open descriptor.

    `None` means that the disk reports nothing there. Sizes come from BLKGETSIZE64, BLKSSZGET and
    BLKPBSZGET, never from /sys/block/*/size (that is always in units of 512 bytes). Behind a bridge
    `serial` is the drive's own and `box_serial` the box's; `serial_of` is "box" where only that is
    known. `box_hides_bytes`: what the box does not show of the drive's end.
    """

    kind: TargetKind
    serial: str | None
    wwn: str | None
    vendor: str | None
    model: str | None
    firmware: str | None
    size_bytes: int
    logical_block_bytes: int
    physical_block_bytes: int
    bus: str
    medium: Medium
    namespace: int | None = None
    disk_seq: int | None = None
    serial_of: str = field(default="disk", metadata=LATER)
    box_serial: str | None = field(default=None, metadata=LATER)
    box_hides_bytes: int = field(default=0, metadata=LATER)
    inode: str | None = field(default=None, metadata=LATER)
    """Of an image, or of a loop device's file: the numbers of its file system and of itself."""

    @property
    def token(self) -> str:
        """What the operator names to confirm: serial, else WWN, else model and size."""
        return self.serial or self.wwn or f"{self.model or self.bus}@{self.size_bytes}"


@dataclass(frozen=True, slots=True)
class Target:
    """A target as it was looked at, read-only, before any plan. `name` is the kernel's name.

    `paths` are all names of this one disk where it has several. `faults` say why it cannot be
    erased, where looking showed that."""

    path: str
    identity: DiskIdentity
    uses: tuple[Use, ...]
    read_only: bool
    name: str | None
    paths: tuple[str, ...] = ()
    faults: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class WipeStep:
    """One step of a plan. `options` are the technique's parameters as they will be issued."""

    technique: Technique
    reaches: Level  # what the technique reaches on this medium, if the evidence is there
    fill: Fill | None = None
    options: tuple[tuple[str, str | int], ...] = ()
    estimate_s: int | None = None
    fallback: bool = False  # runs only when the steps before it did not end well


@dataclass(frozen=True, slots=True)
class WipePlan:
    """What would be done to one disk. Made by `recond.wipe.plan`; pure data, with a digest.

    `path` is where the disk was seen; identity decides. A plan with refusals is never carried out.
    """

    disk: DiskIdentity
    path: str
    method: str
    level_requested: LevelWish
    level_promised: Level
    steps: tuple[WipeStep, ...]
    verify: VerifyMode
    seed: str  # 32 bytes in hex: the passes' keys and canary places come from it
    refusals: tuple[Message, ...] = ()
    not_reached: tuple[Message, ...] = ()
    notes: tuple[Message, ...] = ()
    estimate_s: int | None = None
    paths: tuple[str, ...] = field(default=(), metadata=LATER)  # all of one disk that has several
    place: str | None = field(default=None, metadata=LATER)  # tells it from one of an equal token


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One line of a journal. The chain: `prev` is the SHA-256 of the line before, without its line
    feed; 64 zeros in the first line. Kinds and their data: docs/journal-format.md."""

    seq: int
    prev: str
    time: str
    mono_ms: int
    kind: str
    data: dict[str, Json]


# --- Record ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StepResult:
    """One step as the journal shows it."""

    technique: Technique
    fill: Fill | None
    started_at: str | None
    ended_at: str | None
    outcome: StepEnd
    bytes_written: int
    bad_ranges: tuple[Range, ...]
    retries: int
    pauses: int
    duration_ms: int
    speed_profile_bytes_per_s: tuple[int, ...]
    commands: tuple[Message, ...] = ()  # firmware: each command with its answer, in short


@dataclass(frozen=True, slots=True)
class Canaries:
    """Places hashed before the first write and read again after the last."""

    seed: str | None
    places: int
    changed: int
    unchanged: int
    uninformative: int  # held the expected content already, or could not be read before


@dataclass(frozen=True, slots=True)
class Verification:
    """The separate reading after the last step."""

    mode: VerifyMode
    outcome: StepEnd
    seed: str | None
    bytes_compared: int
    places: int
    mismatch_bytes: int
    mismatch_ranges: tuple[Range, ...]
    unreadable_ranges: tuple[Range, ...]
    ending: str | None  # what the medium reads as: zeros, ones, pattern, random, …
    direct: bool  # read past the page cache
    duration_ms: int
    speed_profile_bytes_per_s: tuple[int, ...]
    canaries: Canaries


@dataclass(frozen=True, slots=True)
class Result:
    """The judgement, computed from journal entries alone."""

    status: Status
    level_requested: LevelWish
    level_achieved: Level
    verdict: Verdict
    reasons: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class JournalRef:
    """Which journal the erasure was computed from."""

    file: str  # journals/<disk>.jsonl
    sha256: str  # of the whole file
    head: str  # SHA-256 of the last whole line
    entries: int


@dataclass(frozen=True, slots=True)
class Erasure:
    """One disk's erasure in a record."""

    disk: DiskIdentity
    path: str
    plan: WipePlan | None
    plan_digest: str | None
    confirmed_by: ConfirmedBy | None
    started_at: str | None
    ended_at: str | None
    steps: tuple[StepResult, ...]
    verification: Verification
    interruptions: tuple[Message, ...]
    result: Result
    journal: JournalRef


@dataclass(frozen=True, slots=True)
class Person:
    """Who did something; every field may be unknown ("non renseigné")."""

    name: str | None = None
    title: str | None = None
    contact: str | None = None


@dataclass(frozen=True, slots=True)
class Bench:
    """Where the erasure ran."""

    bench_id: str  # random, made once, tied to the ledger
    name: str | None
    demonstration: bool
    kernel: str | None
    utc_offset_min: int = field(default=0, metadata=LATER)  # local time less UTC, when issued


@dataclass(frozen=True, slots=True)
class LedgerPosition:
    """The ledger as it stood when the record was made (before its own entry)."""

    ledger_id: str
    size: int
    root: str  # RFC 6962 Merkle tree hash, hex
    head: str  # SHA-256 of the ledger's last line; zeros where it is empty
    number: int  # the entry that this record will be: size + 1
    clock: int = field(default=0, metadata=LATER)  # the last line before it that put the time back


@dataclass(frozen=True, slots=True)
class Context:
    """What a run knows beside the hardware: people, place, donor, lot."""

    workshop: Workshop
    operator: Person
    verifier: Person
    bench: Bench
    lot: str | None = None
    donor: str | None = None
    property_number: str | None = None
    answers: tuple[tuple[str, str], ...] = ()  # the operator's word: looks, keyboard, screen, …
    words: tuple[OperatorWord, ...] = field(default=(), metadata=LATER)
    tests: tuple[Tried, ...] = field(default=(), metadata=LATER)  # made since the start
    photos: tuple[Photo, ...] = field(default=(), metadata=LATER)


@dataclass(frozen=True, slots=True)
class WipeRecord:
    """The record: a pure fold over journals, in RFC 8785 form `record.json`."""

    schema: str
    record_id: str
    issued_at: str
    software: tuple[tuple[str, str], ...]  # name, version, python, kernel
    workshop: Workshop
    operator: Person
    verifier: Person
    lot: str | None
    donor: str | None
    property_number: str | None
    answers: tuple[tuple[str, str], ...]
    bench: Bench
    machine: Machine | None
    assessments: tuple[Assessment, ...]
    erasures: tuple[Erasure, ...]
    ledger: LedgerPosition | None
    signature: str | None = None  # None: signed beside it; else why not: "unsigned:…"
    words: tuple[OperatorWord, ...] = field(default=(), metadata=LATER)  # on media and suspicions
    tests: tuple[Tried, ...] = field(default=(), metadata=LATER)  # of parts, before the erasure
    photos: tuple[Photo, ...] = field(default=(), metadata=LATER)  # the operator's word
