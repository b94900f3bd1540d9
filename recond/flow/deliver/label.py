"""`recond label`: certificates to stickers, each verified before a word of it is printed.

Why: nobody checks a sticker again. A certificate that is not true gets none; one that is unsigned,
or by a key that nobody here believes, gets one that says so in its largest line and bears no code.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from pathlib import Path

from recond.certify.pages.label import (
    COLUMNS,
    ROWS,
    Label,
    LabelProof,
    is_label_file,
    render_roll,
    render_sheets,
)
from recond.certify.sign.seal import read_seal
from recond.certify.verify.pdf_read import read_attachments
from recond.certify.verify.verdicts import Answer, Axis
from recond.drives import drives
from recond.erasure import WipeRecord
from recond.errors import BenchLacks, RecordInvalid, UsageError
from recond.flow.verify.files import verify_paths
from recond.flow.verify.given_record import given_record, records_in
from recond.host.process import Processes
from recond.host.reason import unwritten
from recond.host.regular import SMALL_BYTES, read_given, read_regular
from recond.host.store import write_whole
from recond.locale import Lang
from recond.upload.package import issue_order

ROLL, SHEET = "roll-62", "a4-24"
PLACES = COLUMNS * ROWS
_JOB = re.compile(r"\b(\S+-\d+)\b")
"""A job's name in what `lp` says: "request id is Etiquettes-12 (1 file(s))"."""


@dataclass(frozen=True, slots=True)
class LabelsMade:
    """The file, how many labels, of which paths what is not proven, and the printer's job."""

    file: Path
    count: int
    unproven: tuple[tuple[str, LabelProof], ...]
    job: str | None = None

    @property
    def exit_code(self) -> int:
        """7 where a label says that nothing proves what it is of."""
        return 7 if self.unproven else 0


def make_labels(
    paths: tuple[Path, ...],
    out: Path,
    *,
    form: str,
    start: int,
    lang: Lang,
    state: Path,
    per_disk: bool = False,
    only: WipeRecord | None = None,
) -> LabelsMade:
    """Write the labels of certificates, in their order; `per_disk`: one for each drive of each.

    Raises `UsageError`, and `RecordInvalid` for a certificate that is not true, or is not of `only`
    (somebody laid another one into its place): then none is made.
    """
    if not paths:
        raise UsageError("label.command.none")
    if form not in (ROLL, SHEET):
        raise UsageError("label.command.format", format=form)
    if not 1 <= start <= (PLACES if form == SHEET else 1):
        raise UsageError("label.command.start", places=PLACES)
    machines = newest([(one, _label(one, state)) for path in paths for one in records_in(path)])
    for path, one in machines:
        if only is not None and one.record != only:
            raise RecordInvalid("label.command.false", file=str(path))
    labels = tuple(
        replace(one, drive=drive)
        for _, one in machines
        for drive in (drives(one.record) if per_disk else (None,))
    )
    if not labels:
        raise UsageError("label.command.no-disk")
    raw = render_roll(labels, lang) if form == ROLL else render_sheets(labels, lang, start)
    try:
        if out.exists() and not is_label_file(read_regular(out)):
            raise UsageError("label.command.exists", file=str(out))
        write_whole(out, raw)
    except OSError as error:
        raise unwritten(error, "label.command.write", file=str(out)) from None
    return LabelsMade(
        out,
        len(labels),
        tuple(
            (str(path), one.proof) for path, one in machines if one.proof is not LabelProof.PROVEN
        ),
    )


def newest(found: list[tuple[Path, Label]]) -> list[tuple[Path, Label]]:
    """Each record once, by its last issue: a copy is no second computer, and what was said before a
    word or another look is said no more. One that is not proven takes the place of none, and gives
    way to none; of two that nothing puts in order both stay.
    """
    issues: dict[tuple[str, str], list[WipeRecord]] = {}
    for _, label in found:
        if label.proof is LabelProof.PROVEN:
            issues.setdefault(_key(label.record), []).append(label.record)
    last = {key: _last(records) for key, records in issues.items()}
    kept: list[tuple[Path, Label]] = []
    for path, label in found:
        if label.proof is LabelProof.PROVEN:
            wanted = last[_key(label.record)]
            if label.record not in wanted:
                continue
            wanted.remove(label.record)  # a copy of it is not wanted again
        kept.append((path, label))
    return kept


def _key(record: WipeRecord) -> tuple[str, str]:
    return record.record_id, record.bench.bench_id


def _last(records: list[WipeRecord]) -> list[WipeRecord]:
    """Those after which none was issued, each once."""
    order = [issue_order(one) for one in records]
    last = [
        one for one, at in zip(records, order, strict=True) if not any(o.after(at) for o in order)
    ]
    return [one for n, one in enumerate(last) if one not in last[:n]]


def print_labels(made: LabelsMade, processes: Processes, printer: str | None) -> LabelsMade:
    """Hand the file to a printer of CUPS at its true size, or to the one that is set as usual.

    Raises `BenchLacks` where `lp` is missing or refuses; the file is there all the same.
    """
    to = ("-d", printer) if printer else ()
    argv = ("lp", *to, "-o", "print-scaling=none", "--", str(made.file.absolute()))
    done = processes.run(argv)
    if done.missing:
        raise BenchLacks("label.print.missing", file=str(made.file))
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = said[-1][:200].rstrip(".") if said else str(done.returncode)
        raise BenchLacks("label.print.refused", reason=reason, file=str(made.file))
    job = _JOB.search(done.text)
    return replace(made, job=job[1] if job else "")


def _label(path: Path, state: Path) -> Label:
    """A certificate's label. Raises `RecordInvalid` where any question is answered "no"."""
    record, raw = given_record(path)
    found = verify_paths((path,), (), state=state).found
    if not all(one.is_of(raw) for one in found):
        raise RecordInvalid("label.command.false", file=str(path))
    refused = {axis for one in found for axis, answer in one.answers if answer is Answer.NO}
    if record.signature is not None and refused <= {Axis.VALID.value}:
        return Label(record, LabelProof.UNSIGNED, None)
    if refused:
        raise RecordInvalid("label.command.false", file=str(path))
    if not all(one.good for one in found):
        return Label(record, LabelProof.UNVERIFIED, None)
    return Label(record, LabelProof.PROVEN, _seal(path, raw))


def _seal(path: Path, record: bytes) -> str | None:
    """The code of a certificate that was found to be true, from its page; of this record alone."""
    page = path / "certificate.pdf" if path.is_dir() else path
    try:
        raw = read_given(page, SMALL_BYTES)
    except OSError:
        return None
    if not raw.startswith(b"%PDF-"):
        return None
    seal = read_attachments(raw).get("seal.txt", b"").decode("ascii", "replace")
    try:
        own = read_seal(seal)[0].record_sha256 == hashlib.sha256(record).hexdigest()
    except RecordInvalid:
        return None
    return seal if own else None
