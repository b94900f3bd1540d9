"""What a record comes to, of disks or of a computer: the one verdict that everything else says.

Why: a donor asks about a computer, a journal proves a disk. Page, label, seal, screens, stock,
lots, exit and power-off all ask here, so that none says more than another. Starts from "not all";
*all erased* needs a whole census, every medium of it erased and approved, and no open suspicion. A
medium that somebody took out or destroyed is *accounted for*. What an operator says counts only
with a name, and stays somebody's word. Pure.

Which disk an erasure was of is decided by names (serial, WWN, namespace), never by the path alone.
An image or a loop device is no medium of this computer; a disk that another computer makes up is
none that was erased: what became of it otherwise is told of the medium.
"""

from __future__ import annotations

from collections import Counter

from recond.census import Census, Kind, Look, OperatorWord, Place, Reach, Said, StorageMedium
from recond.erasure import DiskIdentity, Erasure, Status, TargetKind, Verdict, WipeRecord
from recond.frozen import answered_once, dataclass
from recond.model import Known, Machine, Medium, Message, Reading, Text, Unknown


class Overall(Text):
    """The outcome of a whole record."""

    ERASED = "erased"  # every disk erased and approved; of a computer: every medium
    ACCOUNTED = "accounted"  # some are, of every other one somebody says what became of it
    PARTIAL = "partial"  # some are; what is left is named
    UNKNOWN = "unknown"  # every disk seen is, but nobody knows whether these are all
    NOT_ERASED = "not-erased"
    NOTHING = "nothing"  # no disk was to be erased


class Scope(Text):
    """What a record speaks of."""

    COMPUTER = "computer"
    DISKS = "disks"  # what sat in a dock or on USB: nothing is said of a computer
    VIRTUAL = "virtual"  # image files and made-up disks: none that one can hold


class Fate(Text):
    """What became of one medium."""

    ERASED = "erased"
    REFUSED = "refused"
    FAILED = "failed"
    NOT_CHOSEN = "not-chosen"
    HIDDEN = "hidden"
    UNREADABLE = "unreadable"
    UNREACHED = "unreached"  # an eMMC's area of its own, which holds something
    REMOVED = "removed"  # an operator's word
    DESTROYED = "destroyed"  # an operator's word
    CHECKED = "checked"  # an operator's word: what such an area holds is the maker's
    BESIDE = "beside"  # on USB, in a dock, the bench's card, an empty reader or eMMC area


LEFT = frozenset(Fate) - {Fate.ERASED, Fate.REMOVED, Fate.DESTROYED, Fate.CHECKED, Fate.BESIDE}
"""The fates after which data may still be in the computer."""
ALL_ERASED = frozenset({"erased", "erased-disks", "erased-virtual"})
"""The words (`Conclusion.word`) after which all that a record speaks of is erased by evidence."""
ON_WORD = frozenset({Fate.REMOVED, Fate.DESTROYED, Fate.CHECKED})  # an operator's word alone
OUTSIDE = frozenset({Place.USB, Place.DOCK})
WENT_WELL = frozenset({"certify.reason.erased-full", "certify.reason.erased-sample"})
NO_MEDIUM = frozenset({TargetKind.IMAGE, TargetKind.LOOP, TargetKind.VIRTUAL})
NOT_ERASABLE = frozenset({Kind.DRIVE, Kind.NAMESPACE})  # without a block device of their own


@dataclass(frozen=True, slots=True)
class LeftOver:
    """What is left: a medium, or (`fate` None) a suspicion; `key` names it to an operator."""

    key: str
    name: str
    fate: Fate | None
    why: Message | None
    todo: Message | None


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What a record comes to. `doubts` say why it is not known whether these media are all."""

    scope: Scope
    outcome: Overall
    fates: tuple[tuple[StorageMedium, Fate], ...]
    left: tuple[LeftOver, ...]
    doubts: tuple[Message, ...]
    words: tuple[OperatorWord, ...]  # those that count

    @property
    def word(self) -> str:
        """The outcome; of single disks it never is the word of a whole computer."""
        alone = self.outcome is Overall.ERASED and self.scope is not Scope.COMPUTER
        return f"erased-{self.scope.value}" if alone else self.outcome.value

    @property
    def headline(self) -> str:
        """The headline's code."""
        return f"certify.verdict.{self.word}"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many disks were approved, how many not, and how many boot media stand beside."""

    approved: int
    others: int
    media: int


def is_approved(erasure: Erasure) -> bool:
    """Whether this disk's erasure holds: the status and the verdict, both."""
    result = erasure.result
    return result.status is Status.ERASED and result.verdict is Verdict.APPROVED


def is_boot_medium(erasure: Erasure) -> bool:
    """Whether the disk was refused only for being the stick that recond itself runs from.

    An inner disk that merely has the stick's label is refused by another word
    (`wipe.refusal.label`) and counts as not erased.
    """
    found = erasure.result
    codes = {reason.code for reason in found.reasons}
    return found.status is Status.REFUSED and codes == {"wipe.refusal.medium"}


def counts(record: WipeRecord) -> Counts:
    """Count the record's own disks; every seal, of whatever version, holds these numbers."""
    approved = sum(is_approved(one) for one in record.erasures)
    media = sum(is_boot_medium(one) for one in record.erasures)
    return Counts(approved, len(record.erasures) - approved - media, media)


def is_computer_erased(record: WipeRecord) -> bool:
    """Whether the whole computer is erased, by evidence of each medium: what a stock asks."""
    found = conclude(record)
    return found.scope is Scope.COMPUTER and found.outcome is Overall.ERASED


def is_computer_settled(record: WipeRecord) -> bool:
    """Whether nothing of the computer is left to be done: what an exit or a power-off asks."""
    found = conclude(record)
    return found.scope is Scope.COMPUTER and found.outcome in (Overall.ERASED, Overall.ACCOUNTED)


@answered_once  # a page that is drawn asks ten times
def conclude(record: WipeRecord) -> Conclusion:
    """The verdict of a record."""
    census = census_of(record.machine)
    media = census.media if census else ()
    owners = owners_of(media, record.erasures)
    scope = _scope(record, owners)
    words = _words(census, record.words)
    fates = tuple((one, _fate(one, owners, words)) for one in media)
    inner = scope is Scope.COMPUTER
    left = (
        *((_left(one, fate, owners) for one, fate in fates if fate in LEFT) if inner else ()),
        *_left_erasures(owners, dict(fates) if inner else {}),
        *(_suspicions(census, words) if inner and census else ()),
    )
    doubts = _doubts(record, census, owners) if inner else ()
    outcome = _outcome(owners, left, doubts)
    if inner and outcome is Overall.ERASED and any(fate in ON_WORD for _, fate in fates):
        outcome = Overall.ACCOUNTED
    return Conclusion(scope, outcome, fates if inner else (), left, doubts, words)


def _outcome(owners: Owners, left: tuple[LeftOver, ...], doubts: tuple[Message, ...]) -> Overall:
    if not any(is_approved(one) for one, _ in owners):
        failed = any(not is_stick(one, media) for one, media in owners)
        return Overall.NOT_ERASED if failed else Overall.NOTHING
    if left:
        return Overall.PARTIAL
    return Overall.UNKNOWN if doubts else Overall.ERASED


# --- Which medium an erasure was of ----------------------------------------------------------

Owners = tuple[tuple[Erasure, tuple[StorageMedium, ...]], ...]


def owners_of(media: tuple[StorageMedium, ...], erasures: tuple[Erasure, ...]) -> Owners:
    """Each erasure with the media that it may have been of: one of one alone is proven."""
    return tuple((one, _candidates(media, one)) for one in erasures)


def _candidates(media: tuple[StorageMedium, ...], erasure: Erasure) -> tuple[StorageMedium, ...]:
    made_up = erasure.disk.kind is TargetKind.VIRTUAL and not is_approved(erasure)
    if erasure.disk.kind in NO_MEDIUM and not made_up:
        return ()
    found = tuple(one for one in media if _is_same(one, erasure))
    if made_up:  # by its place too: a disk of the network may have the number of one that is here
        found = tuple(one for one in found if erasure.path in one.paths)
    if len(found) > 1:
        plugged = tuple(
            one for one in found if _differ(one.disk_seq, erasure.disk.disk_seq) is False
        )
        return plugged if len(plugged) == 1 else found
    return found


def _is_same(medium: StorageMedium, erasure: Erasure) -> bool:
    """By serial and WWN where there is one; a disk without either by path, size and plugging,
    which must be known to be the same.
    """
    disk: DiskIdentity = erasure.disk
    if medium.kind in NOT_ERASABLE:
        return False
    if medium.kind is Kind.BOOT_AREA:  # by its key, the disk's serial number with the area's name
        known = isinstance(medium.serial, Known) and disk.serial == medium.key
        return known and _differ(medium.size_bytes, disk.size_bytes) is False
    named = (_differ(medium.serial, disk.serial), _differ(medium.wwn, disk.wwn))
    parted = _differ(medium.namespace, disk.namespace), _differ(medium.size_bytes, disk.size_bytes)
    if True in (*named, *parted):
        return False
    if False in named:
        return True
    nameless = not any(isinstance(one, Known) for one in (medium.serial, medium.wwn))
    if not nameless or disk.serial or disk.wwn:
        return False
    return erasure.path in medium.paths and _differ(medium.disk_seq, disk.disk_seq) is False


def _differ(reading: Reading[str] | Reading[int], value: str | int | None) -> bool | None:
    """Whether two readings differ; None where one of them was not made."""
    if isinstance(reading, Unknown) or value is None:
        return None
    return reading.value != value


def _scope(record: WipeRecord, owners: Owners) -> Scope:
    """Of a computer where any erasure was, or may have been, of a medium inside it."""
    real = any(one.disk.kind not in NO_MEDIUM for one in record.erasures)
    alone = Scope.DISKS if real or not record.erasures else Scope.VIRTUAL
    if record.machine is None:
        return alone
    for erasure, media in owners:
        if erasure.disk.kind in NO_MEDIUM or is_stick(erasure, media):
            continue
        outside = all(one.place in OUTSIDE for one in media) if media else erasure.disk.bus == "usb"
        if not outside:
            return Scope.COMPUTER
    return alone


# --- What became of each medium --------------------------------------------------------------


def _fate(medium: StorageMedium, owners: Owners, words: tuple[OperatorWord, ...]) -> Fate:
    own = [erasure for erasure, media in owners if medium in media]
    sure = all(media == (medium,) for _, media in owners if medium in media)
    if own and sure and all(map(is_approved, own)) and medium.reach is Reach.READY:
        return Fate.ERASED
    for word in words:
        if word.about == medium.key:
            return Fate(word.said.value)
    if _is_beside(medium):
        return Fate.BESIDE
    if medium.kind is Kind.BOOT_AREA and not own:
        return Fate.UNREACHED
    if medium.reach is not Reach.READY:
        return Fate.HIDDEN if medium.reach is Reach.HIDDEN else Fate.UNREADABLE
    if not own:
        return Fate.NOT_CHOSEN
    refused = all(one.result.status is Status.REFUSED for one in own)
    return Fate.REFUSED if refused else Fate.FAILED


def is_stick(erasure: Erasure, media: tuple[StorageMedium, ...]) -> bool:
    """Whether it is the medium that recond runs from, and no part of the computer: one that is
    built in stays when the bench leaves, with all that was on it.
    """
    if not is_boot_medium(erasure):
        return False
    outside = erasure.disk.bus == "usb" or erasure.disk.medium is Medium.SD
    return all(map(_is_beside, media)) if media else outside


def _is_beside(medium: StorageMedium) -> bool:
    return (
        medium.place in OUTSIDE
        or (medium.of_bench and medium.place is Place.READER)
        or (
            medium.reach is Reach.EMPTY
            and (medium.place is Place.READER or medium.kind is Kind.BOOT_AREA)
        )
    )


def _left(medium: StorageMedium, fate: Fate, owners: Owners) -> LeftOver:
    own = [erasure for erasure, media in owners if medium in media]
    reasons = [reason for one in own for reason in _faults(one)]
    why = medium.why or (reasons[0] if reasons else None)
    if own and why is None:
        why = Message("certify.computer.ambiguous")
    return LeftOver(medium.key, medium_name(medium), fate, why, medium.remedy)


def _faults(erasure: Erasure) -> list[Message]:
    """Why it does not hold: the reasons without those that tell of what went well."""
    return [one for one in erasure.result.reasons if one.code not in WENT_WELL]


def medium_name(medium: StorageMedium) -> str:
    """What a person calls a medium: its model and key."""
    model = medium.model.value if isinstance(medium.model, Known) else ""
    return " ".join(filter(None, (model, medium.key)))


def _left_erasures(owners: Owners, fates: dict[StorageMedium, Fate]) -> tuple[LeftOver, ...]:
    """The record's own disks that are not approved and not told of as a medium already."""
    return tuple(
        LeftOver(
            one.disk.token,
            " ".join(filter(None, (one.disk.model, one.disk.token))),
            Fate.REFUSED if one.result.status is Status.REFUSED else Fate.FAILED,
            next(iter(_faults(one)), None),
            None,
        )
        for one, media in owners
        if not is_approved(one)
        and not is_stick(one, media)
        and not any(fates.get(medium, Fate.BESIDE) is not Fate.BESIDE for medium in media)
    )


def _suspicions(census: Census, words: tuple[OperatorWord, ...]) -> tuple[LeftOver, ...]:
    closed = {word.about for word in words if word.said is Said.CHECKED}
    return tuple(
        LeftOver(one.key, one.place, None, one.what, one.todo)
        for one in census.suspicions
        if one.key not in closed
    )


def _words(census: Census | None, given: tuple[OperatorWord, ...]) -> tuple[OperatorWord, ...]:
    """The words that count: by a name, on one medium or one suspicion of this census."""
    if census is None:
        return ()
    return tuple(
        word
        for word in given
        if any(sign.isalpha() for sign in word.name)
        and closable(census, word.said).count(word.about) == 1
    )


def closable(census: Census, said: Said) -> tuple[str, ...]:
    """The keys that a word of this kind can be about: a disk is never "checked", and what nobody
    sees is not taken out.
    """
    if said is not Said.CHECKED:
        return tuple(one.key for one in census.media)
    areas = [one.key for one in census.media if one.kind is Kind.BOOT_AREA]
    return (*(one.key for one in census.suspicions), *areas)


# --- Whether these are all -------------------------------------------------------------------


def census_of(machine: Machine | None) -> Census | None:
    """The census of a computer; None where there is none."""
    return machine.census.value if machine and isinstance(machine.census, Known) else None


def _doubts(record: WipeRecord, census: Census | None, owners: Owners) -> tuple[Message, ...]:
    """Why a census is not the whole truth of this computer; what contradicts it counts too."""
    machine = record.machine
    if census is None or machine is None:
        return (Message("certify.computer.no-census"),)
    found = [gap.why for gap in census.gaps]
    missing = set(Look) - set(census.looked)
    if missing and not found:
        found.append(Message("certify.computer.no-census"))
    spoken = {path for one in census.media for path in one.paths}
    unseen = [one.path for one in machine.disks if one.path not in spoken]
    unseen += [
        one.path
        for one, media in owners
        if one.disk.kind not in NO_MEDIUM and not media and not is_stick(one, media)
    ]
    keys = Counter(one.key for one in census.media)
    unseen += [key for key, number in keys.items() if number > 1]
    listed = {one.address for one in census.controllers}
    unseen += [
        one.address
        for one in machine.devices
        if one.role == "storage" and one.bus == "pci" and one.address not in listed
    ]
    found += [Message.of("certify.computer.not-in-census", what=one) for one in unseen]
    remapped = (one.remapped for one in census.controllers)
    hides = any(isinstance(one, Known) and one.value for one in remapped)
    if hides and not (census.suspicions or any(m.reach is Reach.HIDDEN for m in census.media)):
        found.append(Message.of("certify.computer.not-in-census", what="remapped_nvme"))
    return tuple(dict.fromkeys(found))
