"""The lines of a journal, for a run that goes on: read, and not judged.

Why here: who looks whether a run is finished must not reach what erases. What the lines prove is
`recond.certify`'s business.
"""

from __future__ import annotations

from recond.documents import read_json
from recond.model import Json


def read_entries(raw: bytes) -> list[tuple[str, dict[str, Json]]]:
    """(kind, data) of each whole line, for a run that goes on; stops at the first that is not JSON.

    The chain is not checked here: `recond.certify` does, before anything is believed.
    """
    found = []
    for line in raw.splitlines():
        try:
            entry = read_json(line)
            found.append((str(entry["kind"]), dict(entry["data"])))
        except (ValueError, KeyError, TypeError):
            break
    return found


def has_ended(entries: list[tuple[str, dict[str, Json]]]) -> bool:
    """Whether the worker wrote its last line: nothing goes on."""
    return bool(entries) and entries[-1][0] == "end"
