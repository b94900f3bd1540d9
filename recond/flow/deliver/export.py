"""`recond export`: records as somebody's own table, by a template.

Only records that may leave the bench stand in it; what is left out is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from recond.custody import is_statement
from recond.errors import BenchLacks, RecordInvalid, UsageError
from recond.flow.deliver.checked import PackageCheck
from recond.host.reason import os_reason
from recond.host.store import write_whole
from recond.model import Message
from recond.upload.mapping import line_of
from recond.upload.package import RECORD, Package, read_place
from recond.upload.sheet import table_bytes
from recond.upload.templates import load_template


@dataclass(frozen=True, slots=True)
class Exported:
    """A table that was made, how many lines it has, what was left out and why. `text` is the table
    where it went into no file.
    """

    text: str
    lines: int
    left_out: tuple[tuple[str, Message], ...]
    file: str | None

    @property
    def exit_code(self) -> int:
        """7 when a record was not what it should be."""
        return 7 if self.left_out else 0


def export_table(
    template: str,
    sources: tuple[Path, ...],
    out: Path | None,
    *,
    state: Path,
    allow_unsigned: bool = False,
) -> Exported:
    """A table of the records in folders and packages, one line each, oldest first; what is not true
    of itself is left out, as it is not sent.

    `out` None: the caller shows the bytes. Raises `UsageError` for the template or for nothing to
    export, `BenchLacks` for a file that cannot be written.
    """
    form = load_template(template)
    if form.format == "xlsx" and out is None:
        raise UsageError("upload.export.out", map=template)
    check = PackageCheck(state, allow_unsigned, page=False)
    found: dict[str, Package] = {}
    left_out: list[tuple[str, Message]] = []
    for place in (place for source in sources for place in _places(source)):
        try:
            package = read_place(place)
            package.record()  # a statement, where one is named, has none
            fault = check(package)
            if fault is not None:
                left_out.append((place.name, fault))
                continue
        except RecordInvalid as error:
            left_out.append((place.name, error.message))
        except OSError as error:
            words = Message.of("upload.folder.unusable", path=str(place), reason=os_reason(error))
            left_out.append((place.name, words))
        else:
            known = found.get(package.record_id)
            if known is None or package.issue.after(known.issue):
                found[package.record_id] = package
    if not found and not left_out:
        raise UsageError("upload.export.nothing", path=", ".join(map(str, sources)))
    lines = [line_of(form, one.record(), one.digest) for _, one in sorted(found.items())]
    table = table_bytes(form, lines)
    if out is not None:
        try:
            write_whole(out, table)
        except OSError as error:
            raise BenchLacks(
                "upload.folder.unusable", path=str(out), reason=os_reason(error)
            ) from None
    text = "" if out else table.decode(form.encoding).lstrip("\ufeff").rstrip("\r\n")
    return Exported(text, len(lines), tuple(left_out), str(out) if out else None)


def _places(source: Path) -> list[Path]:
    """A record's folder, a folder of such, a package, a folder of packages; no statement."""
    if not source.is_dir() or (source / RECORD).exists():
        return [source]
    folders = [path.parent for path in source.glob(f"*/{RECORD}")]
    packages = (one for one in source.glob("[!.]*.zip") if not is_statement(one.stem))
    return sorted((*folders, *packages))
