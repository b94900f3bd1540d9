"""What is known of one computer or disk: every record and statement at hand, oldest first.

Why: « where is this disk » is asked years later, of folders from several benches. Each entry says
whether it is proven (a record whose journals give its result), somebody's word (a statement, by a
known key), or not to be believed here. A disk is joined to the computer that it came from by a
statement that it was taken out, by the census of a record, or by an inspection that somebody kept
(`recond.flow.custody.inspected`), which nobody signed. Reads only, and keeps nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from recond.certify.statement import read_statement
from recond.certify.verify.verdicts import Belief, Trust, Verdicts
from recond.computer import conclude, is_approved, is_boot_medium
from recond.custody import EVENT, CustodyEvent, CustodyKind
from recond.drives import not_erased
from recond.erasure import TargetKind, WipeRecord
from recond.errors import RecondError, UsageError
from recond.flow.custody.inspected import Inspection, ReadCapture, inspections_of
from recond.flow.custody.namesakes import bearers_of, namesakes
from recond.flow.keys.keyring import Keyring
from recond.flow.serials import compared
from recond.flow.verify.files import FileGroup, groups_of, verify_groups
from recond.flow.verify.given_record import given_record
from recond.host.regular import read_regular
from recond.model import Known, Message, Text

MOST_BYTES = 16 << 20


class Worth(Text):
    """What an entry of a history is worth."""

    PROVEN = "proven"  # a record by a known key, whose journals give the same result
    SIGNED = "signed"  # a record by a known key; its journals are not at hand
    WORD = "word"  # a statement by a known key
    UNSIGNED = "unsigned"  # an inspection that was kept: anybody can write such a file
    UNPROVEN = "unproven"
    FALSE = "false"


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One document that speaks of the thing. `at` is when it happened, RFC 3339 or a day."""

    at: str
    worth: Worth
    what: Message
    about: str  # the thing that it speaks of: itself, its computer, or a disk of it
    number: str  # of the document
    bench: str
    lot: str | None
    folder: str


@dataclass(frozen=True, slots=True)
class History:
    """What is known. `disks` and `computers` are what it was joined to, by their serials;
    `warnings` name the numbers that two things bear.
    """

    asked: str
    entries: tuple[HistoryEntry, ...]
    computers: tuple[str, ...]
    disks: tuple[str, ...]
    warnings: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """A document at hand: a record or a statement, and what its verification says."""

    folder: Path
    verdicts: Verdicts
    document: WipeRecord | CustodyEvent

    @property
    def number(self) -> str:
        one = self.document
        return one.event_id if isinstance(one, CustodyEvent) else one.record_id


def read_history(
    asked: str, folders: tuple[Path, ...], *, state: Path, capture: ReadCapture
) -> History:
    """The history of a serial, an asset number, or what a certificate is of. `capture` reads one.

    Raises `UsageError` for a folder that cannot be read, or a word that nothing here bears.
    """
    groups = groups_of(folders)
    found = list(_documents(groups, Keyring(state).trust(())))
    inspected = tuple(inspections_of(groups, capture))
    names = _names(compared(asked), found)
    names |= {compared(asked)} & {one for kept in inspected for one in (kept.computer, *kept.disks)}
    if not names:
        raise UsageError("custody.history.none", asked=asked[:80])
    computers, disks = _joined(names, found, inspected)
    entries = [entry for one in found for entry in _entries(one, computers, disks)]
    entries += [entry for one in inspected for entry in _kept(one, computers, disks)]
    entries.sort(key=lambda one: (one.at, one.number))
    told = (one for one in found if _worth(one.verdicts) is not Worth.FALSE)
    bearers = (bearer for one in told for bearer in bearers_of(one.document))
    joined = (one for one in bearers if one.serial in computers | disks)
    serials = (tuple(sorted(computers)), tuple(sorted(disks)))
    return History(asked, tuple(entries), *serials, tuple(namesakes(joined)))


def _documents(groups: tuple[FileGroup, ...], trust: Trust) -> Iterator[_Found]:
    for verdicts in verify_groups(groups, trust):
        folder = Path(verdicts.name)
        try:
            if verdicts.event_id is not None:
                raw = read_regular(folder / EVENT, MOST_BYTES)
                found = _Found(folder, verdicts, read_statement(raw))
            elif verdicts.record_id is not None:
                record, raw = given_record(folder)
                found = _Found(folder, verdicts, record)
            else:
                continue
        except (RecondError, OSError, OverflowError):
            continue
        if verdicts.is_of(raw):
            yield found


# --- Which things ----------------------------------------------------------------------------


def _serial_of(record: WipeRecord) -> str | None:
    system = record.machine.system if record.machine else None
    own = system.serial if system else None
    return compared(own.value) if isinstance(own, Known) else None


def _disks_of(record: WipeRecord) -> set[str]:
    """The disks that a record was of."""
    return {
        compared(one.disk.serial)
        for one in record.erasures
        if one.disk.serial and one.disk.kind is TargetKind.BLOCK and not is_boot_medium(one)
    }


def _inside(record: WipeRecord) -> set[str]:
    """The media that a record's census shows in its computer."""
    media = (medium.serial for medium, _ in conclude(record).fates)
    return {compared(serial.value) for serial in media if isinstance(serial, Known)}


def _names(asked: str, found: list[_Found]) -> set[str]:
    """The serials that are meant: itself, or those of a document or an asset number."""
    names: set[str] = set()
    for one in found:
        document = one.document
        if isinstance(document, CustodyEvent):
            things = {compared(thing.serial) for thing in document.things}
            own = {*things, compared(document.computer or "")}
            names |= things if document.event_id.upper() == asked else own & {asked}
            continue
        serial, disks = _serial_of(document), _disks_of(document)
        own = {serial} if serial else set()
        meant = asked in (document.record_id.upper(), compared(document.property_number or ""))
        names |= (own or disks) if meant else ({*own, *disks} | _inside(document)) & {asked}
    return names - {""}


def _joined(
    names: set[str], found: list[_Found], inspected: tuple[Inspection, ...]
) -> tuple[set[str], set[str]]:
    """The computers and disks that the names are, and what they were joined to."""
    computers: set[str] = set()
    disks: set[str] = set()
    for kept in inspected:
        if kept.computer in names or kept.disks & names:
            computers.add(kept.computer)
            disks |= kept.disks if kept.computer in names else kept.disks & names
    for one in found:
        if one.verdicts.belief is Belief.FALSE:
            continue
        document = one.document
        if isinstance(document, CustodyEvent):
            taken = {compared(thing.serial) for thing in document.things}
            if document.kind is CustodyKind.REMOVED and document.computer:
                serial = compared(document.computer)
                if serial in names:
                    computers.add(serial)
                    disks |= taken
                elif taken & names:
                    computers.add(serial)
            continue
        own, inside = _serial_of(document), _inside(document)
        if own and (own in names or inside & names):
            computers.add(own)
            disks |= inside if own in names else inside & names
        disks |= _disks_of(document) & names
    return computers, disks | (names - computers)


# --- What they say ---------------------------------------------------------------------------


def _entries(one: _Found, computers: set[str], disks: set[str]) -> Iterator[HistoryEntry]:
    document = one.document
    if isinstance(document, CustodyEvent):
        for thing in document.things:
            serial = compared(thing.serial)
            if serial in computers | disks:
                what = _said(document)
                same_day = document.happened_on == document.issued_at[:10]
                at = document.issued_at if same_day else document.happened_on
                yield _entry(one, at, what, thing.serial)
        return
    computer = _serial_of(document)
    if computer in computers and conclude(document).scope == "computer":
        what = Message.of("custody.history.computer", verdict=f"@{conclude(document).headline}")
        yield _entry(one, document.issued_at, what, computer or "")
    left = {compared(token) for token in not_erased(document)}  # of which a part is not erased
    for erasure in document.erasures:
        own = compared(erasure.disk.serial or "")
        if own in disks and own in _disks_of(document):
            code = "approved" if is_approved(erasure) and own not in left else "not"
            at = erasure.ended_at or document.issued_at
            yield _entry(one, at, Message(f"custody.history.disk.{code}"), own)


def _said(event: CustodyEvent) -> Message:
    words = {"event": f"@custody.event.{event.kind.value}", "who": event.operator.name or "—"}
    to = event.party or event.computer
    return Message.of(
        "custody.history.said.to" if to else "custody.history.said",
        **words,
        **({"to": to} if to else {}),
    )


def _kept(one: Inspection, computers: set[str], disks: set[str]) -> Iterator[HistoryEntry]:
    """Of each disk that is asked for, in which computer it was; of the computer, which it held."""
    about = sorted(one.disks & disks) if one.computer in computers else []
    for disk in about:
        what = Message.of("custody.history.inspected", computer=one.computer)
        yield HistoryEntry(
            one.at, Worth.UNSIGNED, what, disk, one.file.name, "—", None, str(one.file.parent)
        )
    if not about and one.computer in computers:
        what = Message("custody.history.inspected.none")
        yield HistoryEntry(
            one.at,
            Worth.UNSIGNED,
            what,
            one.computer,
            one.file.name,
            "—",
            None,
            str(one.file.parent),
        )


def _entry(one: _Found, at: str, what: Message, about: str) -> HistoryEntry:
    document = one.document
    bench = document.bench.name or document.bench.bench_id
    return HistoryEntry(
        at, _worth(one.verdicts), what, about, one.number, bench, document.lot, str(one.folder)
    )


def _worth(found: Verdicts) -> Worth:
    """Of a record that was only signed the result is not recomputed here."""
    if found.demonstration or found.belief in (Belief.FALSE, Belief.FOREIGN):
        return Worth.FALSE
    if found.belief is Belief.WHOLE:
        return Worth.PROVEN
    if found.belief in (Belief.SIGNED, Belief.PARTLY):
        return Worth.SIGNED
    return Worth.WORD if found.belief is Belief.WORD else Worth.UNPROVEN
