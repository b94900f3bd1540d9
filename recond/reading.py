"""What every type of the model is made of: a reading, a reason, a word, a sentence as data.

Why: the census (`recond.census`) is a part of a `Machine` and is itself made of readings, so these
stand below both. Everything here is also a name of `recond.model`, where the rules are. Standard
library only.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Generic, TypeAlias, TypeVar

from recond.frozen import dataclass

T = TypeVar("T", covariant=True)
Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"
Range: TypeAlias = tuple[int, int]
"""A stretch of a disk: (start in bytes, length in bytes)."""
LATER: Final = {"later": True}
"""Metadata of a field younger than the first records: at its default it is not written."""


class Text(StrEnum):
    """An enumeration whose value is the word that stands in the record."""


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence as data: a code of the catalogue (`room.name`) and its arguments.

    Text is made only where a person reads it (`recond.locale.text`), so a record holds no language.
    """

    code: str
    args: tuple[tuple[str, str | int], ...] = ()

    @staticmethod
    def of(code: str, **args: str | int) -> Message:
        """Build a message; arguments are kept in name order so that equal messages are equal."""
        return Message(code, tuple(sorted(args.items())))


class Why(Text):
    """Why a reading is unknown."""

    ABSENT = "absent"  # the source does not exist on this machine
    DENIED = "denied"  # it exists and we may not read it (root needed)
    UNREADABLE = "unreadable"  # an I/O error
    UNPARSABLE = "unparsable"  # it was read and makes no sense
    GARBAGE = "garbage"  # the maker's filler text ("To Be Filled By O.E.M.")
    UNSUPPORTED = "unsupported"  # the hardware says that it does not have it
    TOOL_MISSING = "tool-missing"
    TIMEOUT = "timeout"
    CONFLICT = "conflict"  # two sources disagree and neither can be preferred
    NOT_READ = "not-read"  # nobody asked


@dataclass(frozen=True, slots=True)
class Known(Generic[T]):
    """A value and where it was read: a path, or `tool:place` such as `dmidecode:17`."""

    value: T
    source: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """A reading that could not be made, and why; `detail` names the path, tool or text."""

    why: Why
    detail: str = ""


Reading: TypeAlias = Known[T] | Unknown
