"""Verifying files and folders: which of them belong together, and what each question answers.

Why: a person gives whatever is at hand: a PDF, a folder, a pile of four files. Files of one folder
are one certificate and are checked against each other; what a file is, its content says, never
its name alone. Reads only.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from recond.certify.ledger import read_ledger
from recond.certify.seal import PREFIX
from recond.certify.verdicts import Answer, Axis, Bundle, Check, Trust, Verdicts
from recond.certify.verify import verify_bundle
from recond.errors import UsageError
from recond.flow.keyring import Keyring
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
    paths: tuple[Path, ...], certificates: tuple[Path, ...], *, state: Path,
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
            found += _folder(path, trust)
        else:
            groups.setdefault(_home(path), []).append(path)
    for files in groups.values():
        found += _files(files, trust)
    return Report(tuple(found))


def _home(path: Path) -> Path:
    """The folder that a certificate's file belongs to; a journal lies one below."""
    parent = path.resolve().parent
    return parent.parent if parent.name == "journals" else parent


def _folder(folder: Path, trust: Trust) -> list[Verdicts]:
    """A certificate's own folder is one certificate; any other is gone through."""
    if (folder / "record.json").exists() or list(folder.glob("certificate*.pdf")):
        files = [*sorted(folder.glob("*")), *sorted((folder / "journals").glob("*"))]
        return _files([file for file in files if file.is_file()], trust, whole=True)
    found: list[Verdicts] = []
    for entry in sorted(folder.iterdir()):
        if entry.is_dir():
            found += _folder(entry, trust)
        elif _kind(entry, _read(entry)) != "unknown":
            found += _files([entry], trust)
    return found


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
        raise UsageError("certify.verify.file-missing", file=str(path),
                         reason=error.strerror or "") from None


def _kind(path: Path, raw: bytes) -> str:
    """What a file is, by its content first."""
    if raw.startswith(b"%PDF-"):
        return "pdf"
    if raw.startswith(PREFIX.encode()):
        return "seal"
    head = raw[:4096]
    if path.suffix == ".jws" or (head.count(b".") and not head.startswith(b"{")
                                 and raw.count(b".") == 2 and b"\n" not in raw):
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
                code = "certify.verify.empty" if not raw else "certify.verify.not-ours"
                found.append(_not_ours(label, code))
            continue
        if kind == "ledger":
            found.append(_ledger(label, raw))
            continue
        kinds.setdefault(kind, []).append((label, raw))
    for kind in ("pdf", "record", "jws", "seal"):
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
        pdf=one("pdf"), record=one("record"), jws=one("jws"),
        seal=(seal[0], seal[1].decode("ascii", "replace")) if seal else None,
        journals=tuple(kinds.get("journal", ())),
    )


def _not_ours(name: str, code: str) -> Verdicts:
    check = Check(Axis.INTACT, Answer.NO, name, Message(code))
    answers = tuple((axis.value, Answer.NO if axis is Axis.INTACT else Answer.UNKNOWN)
                    for axis in Axis)
    return Verdicts(name, answers, (check,), None, demonstration=False, record_id=None)


def _ledger(name: str, raw: bytes) -> Verdicts:
    """A ledger alone: its chain. Nobody signed it; the certificates hold its roots."""
    reading = read_ledger(raw)
    checks = [Check(Axis.INTACT, Answer.NO, name, problem) for problem in reading.problems]
    if not checks:
        checks = [Check(Axis.INTACT, Answer.YES, name, Message.of(
            "certify.verify.ledger.whole", n=len(reading.lines)))]
    answer = Answer.NO if reading.problems else Answer.YES
    answers = ((Axis.INTACT.value, answer), (Axis.VALID.value, Answer.UNKNOWN),
               (Axis.TRUSTED.value, Answer.UNKNOWN), (Axis.COMPLETE.value, Answer.UNKNOWN))
    return Verdicts(name, answers, tuple(checks), None, demonstration=False, record_id=None)

