"""Verifying files and folders: which of them belong together, and what each question answers.

Why: a person gives whatever is at hand: a PDF, a folder, a pile of four files. Files of one folder
are one certificate and are checked against each other; what a file is, its content says, never
its name alone. Reads only.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from recond.certify.ledger import read_ledger
from recond.certify.marks import bears_a_mark
from recond.certify.receipt import RECEIPT_FILE
from recond.certify.sign.jws import read_jws
from recond.certify.sign.seal import PREFIX
from recond.certify.statement import EVENT_TYPE
from recond.certify.verify.bundle import verify_bundle
from recond.certify.verify.statement import verify_statement
from recond.certify.verify.verdicts import (
    Answer,
    Axis,
    Bundle,
    Check,
    Trust,
    Verdicts,
    answers_of,
)
from recond.custody import CUSTODY_SCHEMA, EVENT, EVENT_JWS, PAPER
from recond.errors import RecordInvalid, UsageError
from recond.flow.keys.keyring import Keyring
from recond.host.parallel import FEW, for_each
from recond.host.reason import os_reason
from recond.host.regular import read_given
from recond.model import Message

MAX_BYTES = 512 << 20
_STATEMENT = f'"schema":"{CUSTODY_SCHEMA}"'.encode()
"""Stands so in every statement's bytes, and in no record's: there a quote is escaped."""
_STATEMENTS = {"statement": "record", "statement-jws": "jws", "statement-pdf": "pdf"}
"""A custody statement's files, and in which place of a bundle each is."""


@dataclass(frozen=True, slots=True)
class Report:
    """Every certificate found, each with its answers. `exit_code`: 0 where all are good, else 7."""

    found: tuple[Verdicts, ...]

    @property
    def exit_code(self) -> int:
        """0 only where everything given is intact, valid and from a trusted key."""
        return exit_of(sum(one.good for one in self.found), len(self.found))


def exit_of(good: int, total: int) -> int:
    """The exit code where `good` of `total` documents are to be believed; of none it is 7 too."""
    return 0 if total and good == total else 7


@dataclass(frozen=True, slots=True)
class FileGroup:
    """What is looked at together: files that were given, or a folder's. `of` is the folder that was
    given; `loose`: a file that lies in it beside others, and is not ours unless it looks so.
    """

    files: tuple[Path, ...] = ()
    folder: Path | None = None
    of: Path | None = None
    loose: bool = False


def verify_paths(
    paths: tuple[Path, ...],
    certificates: tuple[Path, ...],
    *,
    state: Path,
    trust: Trust | None = None,
) -> Report:
    """Verify files and folders; `trust` in place of what this bench believes.

    Raises `UsageError` for a path that cannot be read.
    """
    trust = trust or Keyring(state).trust(certificates)
    return Report(tuple(verify_groups(groups_of(paths), trust)))


def groups_of(paths: tuple[Path, ...]) -> tuple[FileGroup, ...]:
    """What is to be looked at. Reads the folders' lists and nothing of the files.

    Raises `UsageError` for a path that cannot be read.
    """
    groups: list[FileGroup] = []
    files: dict[Path, list[Path]] = {}
    for path in paths:
        if path.is_dir():
            groups += _folder(path)
        else:
            _read(path, 1)
            files.setdefault(_home(path), []).append(path)
    return (*groups, *(FileGroup(tuple(some)) for some in files.values()))


def verify_groups(groups: tuple[FileGroup, ...], trust: Trust) -> Iterator[Verdicts]:
    """Each group's verdicts, in order, as soon as they are there; many on all processors.

    A certificate that stands in two places of a folder is two machines to whoever counts: the
    second is refused.
    """
    where: dict[tuple[Path, str], str] = {}
    if len(groups) >= FEW:
        from recond.certify.pages.certificate import make_ready

        make_ready()  # once, before there are several processes
    looked = for_each(partial(_look, trust), groups, _lost)
    for group, found in zip(groups, looked, strict=True):
        for place, one in enumerate(found):
            number = one.record_id or one.event_id
            if place == 0 and group.of is not None and number is not None:
                first = where.setdefault((group.of, number), one.name)
                yield one if first == one.name else _twice(one, first)
            else:
                yield one


def _twice(one: Verdicts, first: str) -> Verdicts:
    message = Message.of("certify.verify.twice", where=first)
    checks = (*one.checks, Check(Axis.COMPLETE, Answer.NO, one.name, message))
    return replace(one, checks=checks, answers=answers_of(checks))


def _home(path: Path) -> Path:
    """The folder that a certificate's file belongs to; a journal lies one below."""
    parent = path.resolve().parent
    return parent.parent if parent.name == "journals" else parent


def _folder(given: Path) -> Iterator[FileGroup]:
    """Each certificate's folder at any depth is one certificate; a loose file is one alone.

    A link back to a folder that this one lies in leads nowhere new, and one in a circle nowhere.
    """
    left: list[tuple[Path, frozenset[tuple[int, int]]]] = [(given, frozenset())]
    while left:  # no recursion: a stranger's folder may be deeper than Python's stack
        folder, above = left.pop()
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda one: one.name)
                found = folder.stat()
        except OSError:
            yield FileGroup((folder,), of=given)  # said when it is looked at
            continue
        this = (found.st_dev, found.st_ino)
        if this in above:
            continue
        files = [entry.name for entry in entries if _is(entry.is_file)]
        own = any(map(_is_own, files))
        if own:
            yield FileGroup(folder=folder, of=given)
        else:
            yield from (FileGroup((folder / name,), of=given, loose=True) for name in files)
        below = [one.name for one in entries if _is(one.is_dir)]
        left += [
            (folder / name, above | {this})
            for name in reversed(below)
            if not (own and name == "journals")
        ]


def _is(kind: Callable[[], bool]) -> bool:
    """Whether an entry of a folder leads to one of a kind."""
    try:
        return kind()
    except OSError:
        return False


def _is_own(name: str) -> bool:
    return name in ("record.json", "record.jws", EVENT, EVENT_JWS, PAPER) or (
        name.startswith("certificate") and name.endswith(".pdf")
    )


def _look(trust: Trust, group: FileGroup) -> list[Verdicts]:
    """A group's verdicts: the certificate, then what lay beside it and is not of it."""
    try:
        if group.folder is not None:
            return _files(_files_of(group.folder), trust, whole=True)
        if group.loose and _kind(group.files[0], _read(group.files[0])) == "unknown":
            return []
        return _files(list(group.files), trust)
    except UsageError as error:
        return [_unread(_name_of(group), error.message)]
    except OSError as error:
        name = _name_of(group)
        reason = Message.of("certify.verify.file-missing", file=name, reason=os_reason(error))
        return [_unread(name, reason)]


def _lost(group: FileGroup) -> list[Verdicts]:
    return [_unread(_name_of(group), Message("certify.verify.killed"))]


def _name_of(group: FileGroup) -> str:
    return str(group.folder or group.files[0])


def _unread(name: str, why: Message) -> Verdicts:
    """What could not be read is not known; it is not passed over either."""
    return Verdicts.of(name, (Check(Axis.INTACT, Answer.UNKNOWN, name, why),))


def _files_of(folder: Path) -> list[Path]:
    """A certificate's own files, in order, its journals last."""
    journals = folder / "journals"
    below = sorted(journals.iterdir()) if journals.is_dir() else []
    return [one for one in (*sorted(folder.iterdir()), *below) if one.is_file()]


def near(name: str) -> str:
    """A path as it is typed from where one is; whole where it lies elsewhere."""
    here, path = Path.cwd(), Path(name)
    try:
        below = path.resolve().relative_to(here) if path.is_absolute() else path
    except (ValueError, OSError):
        return name
    return str(below) if str(below) != "." else "./"


def _label(path: Path) -> str:
    """A file's name below its certificate's folder."""
    return f"journals/{path.name}" if path.resolve().parent.name == "journals" else path.name


def _read(path: Path, most: int = MAX_BYTES) -> bytes:
    try:
        if path.exists() and not path.is_file():
            reason = "@certify.verify.not-file"
            raise UsageError("certify.verify.file-missing", file=str(path), reason=reason)
        return read_given(path, most)
    except OSError as error:
        raise UsageError(
            "certify.verify.file-missing", file=str(path), reason=os_reason(error)
        ) from None


def _kind(path: Path, raw: bytes) -> str:
    """What a file is, by its content first."""
    if raw.startswith(b"%PDF-"):
        own = b"(event.json)" in raw and b"(record.json)" not in raw
        return "statement-pdf" if own else "pdf"
    if raw.startswith(PREFIX.encode()):
        return "seal"
    head = raw[:4096]
    if path.name == RECEIPT_FILE:
        return "receipt"
    if path.suffix == ".jws" or (
        head.count(b".") and not head.startswith(b"{") and raw.count(b".") == 2 and b"\n" not in raw
    ):
        return "statement-jws" if _is_statement(raw) else "jws"
    if path.suffix == ".jsonl" or b'"mono_ms"' in head:
        return "ledger" if b"recond.ledger/" in head or path.stem == "ledger" else "journal"
    if path.name == EVENT or (head.startswith(b"{") and _STATEMENT in raw):
        return "statement"
    if path.name.endswith(".json") or head.startswith(b"{"):
        return "record"
    return "pdf" if path.suffix == ".pdf" else "unknown"


def _is_statement(jws: bytes) -> bool:
    """Whether a signature says that it is over a custody statement."""
    try:
        return read_jws(jws).content_type == EVENT_TYPE
    except RecordInvalid:
        return False


def _files(paths: list[Path], trust: Trust, *, whole: bool = False) -> list[Verdicts]:
    """Files of one folder: one certificate, and what cannot belong to it each alone."""
    kinds: dict[str, list[tuple[str, bytes]]] = {}
    found: list[Verdicts] = []
    several = len(paths) > 1
    home = _home(paths[0]) if paths else Path()
    for path in paths:
        raw = _read(path)
        label = _label(path) if several else str(path)
        kind = _kind(path, raw)
        if not raw or kind == "unknown":
            if not whole or not raw:
                found.append(_not_ours(_placed(home, label, whole=whole), raw))
            continue
        if kind == "ledger":
            found.append(_ledger(label, raw))
            continue
        kinds.setdefault(kind, []).append((label, raw))
    for kind in (*_STATEMENTS, "pdf", "record", "jws", "seal", "receipt"):
        for extra in kinds.get(kind, [])[1:]:
            place = _placed(home, extra[0], whole=whole)
            found.append(_verified({kind: [extra]}, trust, place))
    if kinds:
        name = str(home) if several else str(paths[0])
        found.insert(0, _verified(kinds, trust, name))
    return found


def _verified(kinds: dict[str, list[tuple[str, bytes]]], trust: Trust, name: str) -> Verdicts:
    """What one folder holds: a certificate, or a statement where nothing is of a certificate."""
    if not kinds.keys() & _STATEMENTS.keys():
        return verify_bundle(_bundle(kinds), trust, name)
    if kinds.keys() & {"pdf", "record", "jws", "seal"}:
        message = Message("custody.verify.mixed")
        return Verdicts.of(name, (Check(Axis.INTACT, Answer.NO, name, message),))
    own = {_STATEMENTS.get(kind, kind): files for kind, files in kinds.items()}
    return verify_statement(_bundle(own), trust, name)


def _placed(home: Path, label: str, *, whole: bool) -> str:
    """What a file beside a certificate is called: of many folders, its folder is said too."""
    return str(home / label) if whole else label


def _bundle(kinds: dict[str, list[tuple[str, bytes]]]) -> Bundle:
    def one(kind: str) -> tuple[str, bytes] | None:
        return kinds[kind][0] if kinds.get(kind) else None

    seal = one("seal")
    return Bundle(
        pdf=one("pdf"),
        record=one("record"),
        jws=one("jws"),
        seal=(seal[0], seal[1].decode("ascii", "replace")) if seal else None,
        receipt=one("receipt"),
        journals=tuple(kinds.get("journal", ())),
    )


def _not_ours(name: str, raw: bytes) -> Verdicts:
    """A file of no kind that we know: somebody else's, or what is left of ours."""
    if not raw:
        answer, code = Answer.NO, "certify.verify.empty"
    elif bears_a_mark(raw):
        answer, code = Answer.NO, "certify.verify.mangled"
    else:
        answer, code = Answer.UNKNOWN, "certify.verify.not-ours"
    return Verdicts.of(name, (Check(Axis.INTACT, answer, name, Message(code)),))


def _ledger(name: str, raw: bytes) -> Verdicts:
    """A ledger alone: its chain. Nobody signed it; the certificates hold its roots."""
    reading = read_ledger(raw)
    checks = [Check(Axis.INTACT, Answer.NO, name, problem) for problem in reading.problems]
    if not checks:
        checks = [
            Check(
                Axis.INTACT,
                Answer.YES,
                name,
                Message.of("certify.verify.ledger.whole", n=len(reading.lines)),
            )
        ]
    return Verdicts.of(name, checks)
