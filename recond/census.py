"""The census of storage: everything in or at a computer that may hold data, and what was not seen.

Why: a certificate proves disks, a donor asks about a computer. The census says which media there
are, which of them nobody can reach, what hints at one that does not show, and which places were not
looked at. It judges nothing: what all of it comes to is `recond.certify.computer`'s business. Made
by `recond.inspect`. Standard library only, no input or output.
"""

from __future__ import annotations

import re

from recond.frozen import dataclass
from recond.reading import Message, Reading, Text


class Look(Text):
    """A question that a census asks of the whole computer. One that was not answered leaves the
    census incomplete."""

    BLOCK = "block"  # every whole disk of the kernel
    CONTROLLERS = "controllers"  # every storage controller (PCI class 01), its driver or none
    PORTS = "ports"  # ATA and SAS ports: a link without a device, a device that did not answer
    NVME = "nvme"  # controllers and namespaces, attached or not, remapped ones
    ADAPTERS = "adapters"  # drives behind a RAID adapter's logical volumes
    CARDS = "cards"  # MMC and SD hosts, eMMC with its boot areas


class Place(Text):
    """Where a medium sits. What sits in the computer is given away with it."""

    INNER = "inner"
    READER = "reader"  # a card or disc in a reader of the computer, a USB disk that is built in
    DOCK = "dock"  # in a dock that the bench's configuration declares
    USB = "usb"
    UNKNOWN = "unknown"  # counts as inner


class Kind(Text):
    """What a medium is to the kernel."""

    DISK = "disk"  # a block device of its own
    DRIVE = "drive"  # a drive behind an adapter, a port or a controller: no block device
    NAMESPACE = "namespace"  # of an NVMe subsystem, not attached here
    BOOT_AREA = "boot-area"  # of an eMMC (JESD84-B51 6.3.2)


class Reach(Text):
    """Whether a medium can be reached."""

    READY = "ready"
    EMPTY = "empty"  # a reader without a card or disc
    UNREADABLE = "unreadable"  # a block device that cannot be opened, or whose size is 0
    HIDDEN = "hidden"  # no block device at all


@dataclass(frozen=True, slots=True)
class StorageMedium:
    """One thing that may hold data. `key` is unique in a census and names it to an operator.

    `paths` are all paths of it among the machine's disks (several for a dual-ported disk, none
    where it has no block device). `why` and `remedy` are set where `reach` is unreadable or hidden.
    `of_bench`: the medium that recond itself runs from, wherever it sits.
    """

    key: str
    kind: Kind
    place: Place
    reach: Reach
    paths: tuple[str, ...]
    model: Reading[str]
    serial: Reading[str]
    wwn: Reading[str]
    size_bytes: Reading[int]
    namespace: Reading[int]
    disk_seq: Reading[int]  # BLKGETDISKSEQ: which plugging of it was looked at
    of_bench: bool = False
    why: Message | None = None
    remedy: Message | None = None


@dataclass(frozen=True, slots=True)
class Controller:
    """A storage controller. `address` is the PCI address; `remapped` counts NVMe disks that an
    AHCI controller in RAID mode hides (`remapped_nvme` in sysfs)."""

    address: str
    ids: str  # "8086:a282"
    name: Reading[str]
    driver: Reading[str]
    remapped: Reading[int]


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A hint at a medium that does not show. `key` is unique in a census, made of what and where.

    `place` is a PCI address, a port or a kernel name; `what` says what was seen, `todo` what to do.
    """

    key: str
    place: str
    what: Message
    todo: Message


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A question that was not answered, and why; `detail` names the path, tool or text."""

    look: Look
    why: Message


@dataclass(frozen=True, slots=True)
class Census:
    """Everything that was found, at one time. `looked` are the questions that were answered whole;
    the others stand among `gaps` with their reason."""

    taken_at: str
    media: tuple[StorageMedium, ...]
    controllers: tuple[Controller, ...]
    suspicions: tuple[Suspicion, ...]
    looked: tuple[Look, ...]
    gaps: tuple[Unanswered, ...]


# --- What a person says of it ----------------------------------------------------------------


class Said(Text):
    """What an operator can say of a medium or of a suspicion."""

    REMOVED = "removed"  # the medium was taken out of the computer
    DESTROYED = "destroyed"  # the medium was destroyed
    CHECKED = "checked"  # somebody looked: there is no further medium behind the suspicion


@dataclass(frozen=True, slots=True)
class OperatorWord:
    """Somebody's word on one medium or suspicion, by its `key`; never evidence, always shown as a
    word. It counts for nothing without a name."""

    about: str
    said: Said
    name: str
    at: str


# --- An eMMC's areas by the kernel's names -----------------------------------------------------


def emmc_area(name: str) -> str | None:
    """boot0, boot1, rpmb, gp0 to gp3: the area of an eMMC beside its user area; None for others."""
    found = re.fullmatch(r"mmcblk\d+(boot\d|rpmb|gp\d)", name)
    return found[1] if found else None


def is_erasable_area(name: str) -> bool:
    """Whether it is an area of an eMMC that anybody may write: RPMB's contents are its owner's."""
    return emmc_area(name) not in (None, "rpmb")


def is_boot_area(name: str) -> bool:
    """Whether it is boot0 or boot1, which Linux shows read-only of its own accord."""
    return (emmc_area(name) or "").startswith("boot")


def disk_of_area(name: str) -> str:
    """The eMMC of an area: mmcblk0boot1 is of mmcblk0."""
    return re.sub(r"(boot\d|rpmb|gp\d)$", "", name)
