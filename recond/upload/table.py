"""The destination that is a table in a folder: one line a record, by a template, one table a day.

Why the lines are kept beside the table: a workbook cannot be added to, and a record that comes
again must have one line. Where somebody has changed the table since, it is theirs: the next line
begins another one, and nothing of theirs is written over.
"""

from __future__ import annotations

import hashlib
import json

from recond.documents import read_json
from recond.errors import UsageError
from recond.model import Message
from recond.upload.folder import Folder
from recond.upload.mapping import Cell, line_of
from recond.upload.outcome import Delivered, Outcome, Parked
from recond.upload.package import Package
from recond.upload.settings import Settings
from recond.upload.sheet import table_bytes
from recond.upload.templates import load_template

_MOST = 1000


class Table(Folder):
    """Delivers lines into `MAP-YYYY-MM-DD.FORMAT` in a marked folder."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        wanted = settings.get("map")
        if wanted.endswith(".toml") and not wanted.startswith("/"):
            raise UsageError("upload.folder.relative", path=wanted)
        self._template = load_template(wanted)

    def _put(self, package: Package) -> Outcome:
        record = package.record()
        if record.machine is None:
            return Parked(Message("upload.no_machine"))
        line = line_of(self._template, record, package.digest)
        day = f"{self._template.name}-{record.issued_at[:10]}"
        for number in range(1, _MOST):
            stem = day if number == 1 else f"{day}-{number}"
            name = f"{stem}.{self._template.format}"
            there = self._spool.read(name)
            rows = self._rows(stem)
            mine = package.record_id in rows
            if there is None and set(rows) - {package.record_id}:
                continue  # it was taken away: its lines are not said twice
            if there is not None and hashlib.sha256(there).hexdigest() not in self._made(stem):
                if mine and rows[package.record_id] == line:
                    return Delivered(Message("upload.already"))
                continue  # somebody's hand is in it
            rows[package.record_id] = line
            table = table_bytes(self._template, list(rows.values()))
            # the lines first: killed in between, the same line makes the same table again
            self._keep(stem, rows, (*self._made(stem)[-1:], hashlib.sha256(table).hexdigest()))
            self._spool.save(name, table, mode=0o644)
            return Delivered(Message.of("upload.folder.sent", name=name))
        return Parked(Message.of("upload.folder.taken", name=day))

    def _beside(self, stem: str) -> dict[str, object]:
        raw = self._spool.read(f".{stem}.lines.json")
        try:
            found = read_json(raw) if raw else {}
        except ValueError:
            found = {}
        return found if isinstance(found, dict) else {}

    def _rows(self, stem: str) -> dict[str, list[Cell]]:
        rows = self._beside(stem).get("lines")
        return dict(rows) if isinstance(rows, dict) else {}

    def _made(self, stem: str) -> tuple[str, ...]:
        made = self._beside(stem).get("made")
        return tuple(map(str, made)) if isinstance(made, list) else ()

    def _keep(self, stem: str, rows: dict[str, list[Cell]], made: tuple[str, ...]) -> None:
        raw = json.dumps({"made": made, "lines": rows}, ensure_ascii=False).encode()
        self._spool.save(f".{stem}.lines.json", raw, mode=0o644)
