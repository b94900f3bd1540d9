"""One step of a plan as a journal tells it. Pure; `recond.certify.judge.timeline` fills it in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from recond.erasure import JournalEntry
from recond.model import Json, Range


def ranges_of(value: Json) -> tuple[Range, ...]:
    """Ranges of an entry whose form was checked (`journal_kinds`)."""
    return tuple((start, length) for start, length in cast(list[tuple[int, int]], value))


@dataclass(slots=True)
class StepTimeline:
    """One step: `starts` has one entry a session; positions are indices of journal entries."""

    starts: list[tuple[int, JournalEntry]] = field(default_factory=list)
    checkpoints: list[tuple[int, JournalEntry]] = field(default_factory=list)
    flushes: list[tuple[int, JournalEntry]] = field(default_factory=list)
    commands: list[JournalEntry] = field(default_factory=list)
    bad: list[Range] = field(default_factory=list)
    retries: int = 0
    pauses: int = 0
    last_write: int = -1
    end: JournalEntry | None = None
    end_at: int = -1
