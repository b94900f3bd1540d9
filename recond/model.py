"""The types that travel from one stage to the next.

Why: `inspect → check → plan → wipe → certify → upload` are joined by these frozen values and by
nothing else. A reading that was not made is `Unknown` with its reason; it is never zero, an empty
string or `None`. This module does no input or output and imports the standard library only.

Units stand last in a name. Numbers are integers (the canonical record has no floats, RFC 8785):
percentages are whole, temperatures are degrees Celsius, times are UTC in RFC 3339 form with `Z`.
"""

from __future__ import annotations

from dataclasses import field

from recond.census import Census
from recond.frozen import dataclass
from recond.reading import LATER as LATER
from recond.reading import Json as Json
from recond.reading import Known as Known
from recond.reading import Message as Message
from recond.reading import Range as Range
from recond.reading import Reading as Reading
from recond.reading import Text as Text
from recond.reading import Unknown as Unknown
from recond.reading import Why as Why


class Form(Text):
    """What kind of computer it is, as a person would call it (SMBIOS 3.x 7.4.1 grouped)."""

    NOTEBOOK = "notebook"
    DESKTOP = "desktop"
    ALL_IN_ONE = "all-in-one"
    MINI_PC = "mini-pc"
    TABLET = "tablet"
    CONVERTIBLE = "convertible"
    SERVER = "server"
    STICK = "stick"
    VIRTUAL = "virtual"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class System:
    """Who made the computer and how it calls itself (SMBIOS types 0 to 3)."""

    maker: Reading[str]
    model: Reading[str]
    version: Reading[str]
    serial: Reading[str]
    uuid: Reading[str]
    sku: Reading[str]
    family: Reading[str]
    form: Reading[Form]
    chassis_serial: Reading[str]
    asset_tag: Reading[str]
    board_maker: Reading[str]
    board_model: Reading[str]
    board_serial: Reading[str]
    bios_vendor: Reading[str]
    bios_version: Reading[str]
    bios_date: Reading[str]  # YYYY-MM-DD


@dataclass(frozen=True, slots=True)
class Cpu:
    """The processor; `flags` in the kernel's spelling; counts are of the whole machine."""

    maker: Reading[str]  # the vendor id: GenuineIntel, AuthenticAMD, …
    name: Reading[str]
    family: Reading[int]
    model: Reading[int]
    stepping: Reading[int]
    sockets: Reading[int]
    cores: Reading[int]
    threads: Reading[int]
    bits: Reading[int]  # 32 or 64: what the processor can run
    max_mhz: Reading[int]
    flags: Reading[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class MemoryModule:
    """One populated slot (SMBIOS type 17)."""

    slot: Reading[str]
    size_bytes: Reading[int]
    kind: Reading[str]  # DDR3, DDR4, LPDDR4, …
    form: Reading[str]  # DIMM, SODIMM, soldered ("Row Of Chips"), …
    speed_mts: Reading[int]
    maker: Reading[str]
    part: Reading[str]
    serial: Reading[str]
    channel: Reading[str] = field(default=Unknown(Why.NOT_READ), metadata=LATER)  # "A", "0", …


@dataclass(frozen=True, slots=True)
class Memory:
    """RAM: what the kernel sees and what the modules add up to are two readings."""

    visible_bytes: Reading[int]
    installed_bytes: Reading[int]
    maximum_bytes: Reading[int]
    slots_total: Reading[int]
    slots_free: Reading[int]
    soldered: Reading[bool]
    modules: Reading[tuple[MemoryModule, ...]]


@dataclass(frozen=True, slots=True)
class Firmware:
    """How the computer was started and what its firmware is set to."""

    mode: Reading[str]  # "uefi" or "bios"
    bits: Reading[int]
    secure_boot: Reading[bool]
    secure_boot_capable: Reading[bool]
    setup_mode: Reading[bool]
    uefi_ca_2023: Reading[bool]  # "Windows UEFI CA 2023" stands in db


@dataclass(frozen=True, slots=True)
class Tpm:
    """The trusted platform module; version "2.0", "1.2"; `present` may come from ACPI alone."""

    present: Reading[bool]
    version: Reading[str]
    active: Reading[bool]  # the system can use it (off in the firmware: present but not active)


@dataclass(frozen=True, slots=True)
class Battery:
    """Capacities are in `unit` (mWh or mAh) as the battery reports them."""

    name: str
    maker: Reading[str]
    model: Reading[str]
    serial: Reading[str]
    technology: Reading[str]
    unit: Reading[str]
    design_capacity: Reading[int]
    full_capacity: Reading[int]
    wear_percent: Reading[int]
    cycles: Reading[int]
    charge_percent: Reading[int]
    design_voltage_mv: Reading[int] = field(default=Unknown(Why.NOT_READ), metadata=LATER)
    made: Reading[str] = field(default=Unknown(Why.NOT_READ), metadata=LATER)  # YYYY-MM or -DD


@dataclass(frozen=True, slots=True)
class Display:
    """A screen by its EDID (VESA E-EDID 1.4)."""

    connector: str
    internal: Reading[bool]
    maker: Reading[str]  # three-letter PNP id
    product_code: Reading[int]
    name: Reading[str]
    serial: Reading[str]
    year: Reading[int]
    width_px: Reading[int]
    height_px: Reading[int]
    diagonal_tenths_in: Reading[int]


@dataclass(frozen=True, slots=True)
class NetworkCard:
    """A physical network interface."""

    name: str
    kind: Reading[str]  # ethernet, wifi, mobile
    mac: Reading[str]
    bus: Reading[str]  # pci, usb, …
    description: Reading[str]
    speed_mbps: Reading[int]
    standard: Reading[str] = field(default=Unknown(Why.NOT_READ), metadata=LATER)  # "802.11ax"


@dataclass(frozen=True, slots=True)
class Device:
    """A part known by its bus ids: graphics, audio, camera, optical drive, …"""

    role: str  # graphics, audio, camera, optical, storage, bluetooth, touch, fingerprint, other
    bus: str  # pci, usb, scsi
    address: str
    ids: str  # "8086:5917"
    name: Reading[str]
    driver: Reading[str]
    memory_bytes: Reading[int] = field(default=Unknown(Why.NOT_READ), metadata=LATER)  # graphics
    version: Reading[str] = field(default=Unknown(Why.NOT_READ), metadata=LATER)  # Bluetooth: "5.2"


class Medium(Text):
    """What the bits are stored on; it decides which technique reaches which level."""

    HDD = "hdd"
    SSD = "ssd"
    USB_FLASH = "usb-flash"
    SD = "sd"
    EMMC = "emmc"
    HYBRID = "hybrid"
    IMAGE = "image"
    UNKNOWN = "unknown"


class HealthVerdict(Text):
    """What SMART says of a disk, in one word."""

    OK = "ok"
    WORN = "worn"
    FAILING = "failing"


@dataclass(frozen=True, slots=True)
class Health:
    """A disk's own account of itself (`smartctl -j`)."""

    verdict: Reading[HealthVerdict]
    reasons: tuple[Message, ...]
    power_on_hours: Reading[int]
    reallocated: Reading[int]
    pending: Reading[int]
    uncorrectable: Reading[int]
    wear_percent: Reading[int]
    written_bytes: Reading[int]
    temperature_c: Reading[int]
    temperature_limit_c: Reading[int]
    self_test: Reading[str]
    life_left_percent: Reading[int] = field(default=Unknown(Why.NOT_READ), metadata=LATER)


@dataclass(frozen=True, slots=True)
class Use:
    """What holds a disk or a part of it: the reason that it is not erased."""

    # mount, swap, system, holder, open, medium (the live one), label (only its name), same (another
    # device in use that reads as this one does), moved (an image's name, or a
    # loop device, leads elsewhere)
    kind: str
    node: str  # the node that is held, e.g. "sda1"
    where: str  # mount point, holder's name, …


@dataclass(frozen=True, slots=True)
class Disk:
    """A whole disk as the kernel knows it. `path` is where it is now, never what it is."""

    path: str
    bus: Reading[str]  # nvme, sata, sas, scsi, usb, mmc, virtio, loop, ide
    medium: Medium
    vendor: Reading[str]
    model: Reading[str]
    firmware: Reading[str]
    serial: Reading[str]
    wwn: Reading[str]
    size_bytes: Reading[int]
    logical_block_bytes: Reading[int]
    physical_block_bytes: Reading[int]
    rotational: Reading[bool]
    rpm: Reading[int]
    removable: Reading[bool]
    read_only: Reading[bool]
    disk_seq: Reading[int]  # BLKGETDISKSEQ: changes at each (re)plugging
    controller: Reading[str]  # NVMe: the subsystem's controller, by sysfs
    namespace: Reading[int]
    uses: tuple[Use, ...]
    health: Health | Unknown
    serial_of: str = field(default="disk", metadata=LATER)  # "box" where only that is known
    box_serial: str | None = field(default=None, metadata=LATER)  # of the USB box around it
    paths: tuple[str, ...] = field(default=(), metadata=LATER)  # all of one disk with several


@dataclass(frozen=True, slots=True)
class WindowsKey:
    """The OEM key in ACPI MSDM: a salted hash and the last five characters, never the key."""

    last_five: str
    salted_sha256: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Which computer this is: a hash of normalised evidence that survives part swaps."""

    machine_id: Reading[str]
    confidence: str  # strong, medium, weak, none
    evidence: tuple[str, ...]  # names of the fields used, never their values
    ereuse24: Reading[str]


@dataclass(frozen=True, slots=True)
class Lock:
    """Something by which others still rule over a computer; `found` unknown: it cannot be told."""

    kind: str  # one of recond.locks.KINDS
    found: Reading[bool]
    where: str = ""  # the device it is on; "" for the computer's own
    name: str = ""  # as it is called where several kinds are alike: "BitLocker"


@dataclass(frozen=True, slots=True)
class Machine:
    """What the hardware is. Made by `recond.inspect`."""

    inspected_at: str
    origin: str  # live, or capture
    system: System
    cpu: Cpu
    memory: Memory
    firmware: Firmware
    tpm: Tpm
    batteries: tuple[Battery, ...]
    displays: tuple[Display, ...]
    networks: tuple[NetworkCard, ...]
    devices: tuple[Device, ...]
    disks: tuple[Disk, ...]
    windows_key: Reading[WindowsKey]
    identity: Identity
    problems: tuple[Message, ...]  # readers that failed, and how
    census: Reading[Census] = field(default=Unknown(Why.NOT_READ), metadata=LATER)
    slots: tuple[tuple[str, str], ...] = field(default=(), metadata=LATER)  # name: free, used, …
    keyboard: Reading[str] = field(default=Unknown(Why.NOT_READ), metadata=LATER)  # "fr", as in XKB
    locks: tuple[Lock, ...] = field(default=(), metadata=LATER)


class Outcome(Text):
    """The answer to one requirement, or to a whole profile."""

    PASS = "pass"  # noqa: S105 - a word of the record, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"
    FIXABLE = "fixable"


@dataclass(frozen=True, slots=True)
class Tried:
    """What a trial of a part saw (`recond test`): the machine's word, on one day, of what the
    sentence says and no more. `device` is "" where there is one of the kind; `at` is RFC 3339.
    """

    part: str  # memory, heat, battery, wifi, …: `recond.flow.parts.PARTS`
    device: str
    outcome: Outcome  # pass, fail, unknown
    said: Message
    at: str
    duration_s: int


@dataclass(frozen=True, slots=True)
class Requirement:
    """One line of a profile, judged. `evidence` is the source of the reading that decided."""

    key: str
    tier: str  # minimum, recommended, listed, …
    outcome: Outcome
    observed: Message
    required: Message
    evidence: str
    remedy: Message | None = None
    cost_rank: int = 0  # cheapest remedy first
    title: Message | None = None  # what the line is about, for people


@dataclass(frozen=True, slots=True)
class Assessment:
    """A machine judged by one profile. Made by `recond.readiness`."""

    profile: str
    profile_version: str
    profile_digest: str
    verdict: Outcome
    tiers: tuple[tuple[str, Outcome], ...]
    requirements: tuple[Requirement, ...]
    remedies: tuple[Message, ...]  # what would make it ready, cheapest first
    notices: tuple[Message, ...]  # support dates, an expiring profile
    category: str | None = None  # a scored profile: "B", or a range "B-A"
    points: tuple[int, int] | None = None
    title: Message | None = None  # the profile's name for people
    tier_titles: tuple[tuple[str, Message], ...] = ()
    deciding: tuple[str, ...] = ()  # the tiers that make the verdict
    price: tuple[int, int] | None = field(default=None, metadata=LATER)  # least, most
    currency: str = field(default="", metadata=LATER)  # of the price, ISO 4217
