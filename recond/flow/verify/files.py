"""Verifying files and folders: which of them belong together, and what each question answers.

Why: a person gives whatever is at hand: a PDF, a folder, a pile of four files. Files of one folder
are one certificate and are checked against each other; what a file is, its content says, never
its name alone. Reads only.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from recond.certify.ledger import read_ledger
from recond.certify.marks import bears_a_mark
from recond.certify.receipt import RECEIPT_FILE
from recond.certify.sign.seal import PREFIX
from recond.certify.verify.bundle import verify_bundle
from recond.certify.verify.verdicts import Answer, Axis, Bundle, Check, Trust, Verdicts
from recond.errors import UsageError
from recond.flow.keys.keyring import Keyring
from recond.host.reason import os_reason
from recond.model import Message

MAX_BYTES = 512 << 20


@dataclass(frozen=True, slots=True)
class Report:
    """Every certificate found, each with its answers. `exit_code`: 0 where all are good, else 7."""

    found: tuple[Verdicts, ...]

    @property
    def exit_code(self) -> int:
        """0 only where everything given is intact, valid and from a trusted key."""
        return 0 if self.found and all(one.good for one in self.found) else 7


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
    found: list[Verdicts] = []
    groups: dict[Path, list[Path]] = {}
    for path in paths:
        if path.is_dir():
            found += _once_each(_folder(path, trust))
        else:
            groups.setdefault(_home(path), []).append(path)
    for files in groups.values():
        found += _files(files, trust)
    return Report(tuple(found))


def _home(path: Path) -> Path:
    """The folder that a certificate's file belongs to; a journal lies one below."""
    parent = path.resolve().parent
    return parent.parent if parent.name == "journals" else parent


def _folder(folder: Path, trust: Trust) -> list[list[Verdicts]]:
    """Each certificate's folder at any depth is one certificate; a loose file is one alone.

    A group for each: the certificate, then what lay beside it and is not of it.
    """
    entries = sorted(folder.iterdir())
    files = [entry for entry in entries if entry.is_file()]
    own = any(
        file.name in ("record.json", "record.jws")
        or (file.name.startswith("certificate") and file.suffix == ".pdf")
        for file in files
    )
    if own:
        journals = sorted((folder / "journals").glob("*"))
        found = [_files([*files, *(one for one in journals if one.is_file())], trust, whole=True)]
    else:
        found = [_files([file], trust) for file in files if _kind(file, _read(file)) != "unknown"]
    for entry in entries:
        if entry.is_dir() and not (own and entry.name == "journals"):
            found += _folder(entry, trust)
    return found


def _once_each(groups: list[list[Verdicts]]) -> list[Verdicts]:
    """All of a folder's, in order. A certificate that stands in two places is two machines to
    whoever counts: the second is refused.
    """
    where: dict[str, str] = {}
    for group in groups:
        for place, one in enumerate(group[:1]):
            if one.record_id is not None and where.setdefault(one.record_id, one.name) != one.name:
                check = Check(
                    Axis.COMPLETE,
                    Answer.NO,
                    one.name,
                    Message.of("certify.verify.twice", where=where[one.record_id]),
                )
                group[place] = Verdicts.of(
                    one.name,
                    (*one.checks, check),
                    one.outcome,
                    demonstration=one.demonstration,
                    record_id=one.record_id,
                )
    return [one for group in groups for one in group]


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


def _read(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise UsageError("certify.verify.file-missing", file=str(path), reason="")
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES)
    except OSError as error:
        raise UsageError(
            "certify.verify.file-missing", file=str(path), reason=os_reason(error)
        ) from None


def _kind(path: Path, raw: bytes) -> str:
    """What a file is, by its content first."""
    if raw.startswith(b"%PDF-"):
        return "pdf"
    if raw.startswith(PREFIX.encode()):
        return "seal"
    head = raw[:4096]
    if path.name == RECEIPT_FILE:
        return "receipt"
    if path.suffix == ".jws" or (
        head.count(b".") and not head.startswith(b"{") and raw.count(b".") == 2 and b"\n" not in raw
    ):
        return "jws"
    if path.suffix == ".jsonl" or b'"mono_ms"' in head:
        return "ledger" if b"recond.ledger/" in head or path.stem == "ledger" else "journal"
    if path.name.endswith(".json") or head.startswith(b"{"):
        return "record"
    return "pdf" if path.suffix == ".pdf" else "unknown"


def _files(paths: list[Path], trust: Trust, *, whole: bool = False) -> list[Verdicts]:
    """Files of one folder: one certificate, and what cannot belong to it each alone."""
    kinds: dict[str, list[tuple[str, bytes]]] = {}
    found: list[Verdicts] = []
    several = len(paths) > 1
    for path in paths:
        raw = _read(path)
        label = _label(path) if several else str(path)
        kind = _kind(path, raw)
        if not raw or kind == "unknown":
            if not whole or not raw:
                found.append(_not_ours(label, raw))
            continue
        if kind == "ledger":
            found.append(_ledger(label, raw))
            continue
        kinds.setdefault(kind, []).append((label, raw))
    for kind in ("pdf", "record", "jws", "seal", "receipt"):
        for extra in kinds.get(kind, [])[1:]:
            found.append(verify_bundle(_bundle({kind: [extra]}), trust, extra[0]))
    if kinds:
        name = str(_home(paths[0])) if several else str(paths[0])
        found.insert(0, verify_bundle(_bundle(kinds), trust, name))
    return found


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
