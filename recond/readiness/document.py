"""A part of a TOML document that is read key by key and collects what is wrong with it.

Why: reading and complaining go together; a wrong value gives its default and a `Mistake`, so that
the reading goes on to the next key. Pure.
"""

from __future__ import annotations

import datetime
import re
from difflib import get_close_matches
from typing import Any

from recond.model import Message
from recond.readiness.lines import Lines, Path
from recond.readiness.profile import Mistake, ProfileText

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_SIZE = re.compile(r"(\d{1,9})(?:[.,](\d{1,3}))?\s*([kKMGT])(i?)(?:B|o)")
_NAMES = {"str": "text", "int": "whole", "bool": "flag", "list": "array", "dict": "table"}
MAX_INT = (1 << 53) - 1
MAX_TEXT = 1000


class Node:
    """A table of the document at a path; all nodes share one list of mistakes."""

    def __init__(
        self,
        value: dict[str, Any],
        path: Path,
        lines: Lines,
        file: str,
        mistakes: list[Mistake],
    ) -> None:
        self.value = value
        self.path = path
        self.lines = lines
        self.file = file
        self.mistakes = mistakes

    def __contains__(self, key: str) -> bool:
        return key in self.value

    def mistake(self, key: str, code: str, **args: str | int) -> None:
        """Note a mistake at a key of this table."""
        self.mistake_at((*self.path, key), code, **args)

    def mistake_at(self, path: Path, code: str, **args: str | int) -> None:
        """Note a mistake at a path of the document."""
        line, key = self.lines.of(path), dotted(path) or "—"
        message = Message.of(
            f"readiness.mistake.{code}", file=self.file, line=line, key=key, **args
        )
        self.mistakes.append(Mistake(line, dotted(path), message))

    def unknown_keys(self, known: tuple[str, ...]) -> None:
        """Note every key that is not one of the known ones."""
        for key in self.value:
            if key not in known:
                near = get_close_matches(key, known, 1)
                if near:
                    self.mistake(key, "unknown_key_near", near=near[0])
                else:
                    self.mistake(key, "unknown_key")

    def _get(self, key: str, kind: type) -> Any:
        if key not in self.value:
            self.mistake(key, "missing")
            return None
        found = self.value[key]
        if type(found) is not kind:
            self.wrong_type(key, kind.__name__, found)
            return None
        return found

    def wrong_type(self, key: str | int, wanted: str, found: object) -> None:
        """Note that a value is of another type than the one wanted."""
        self.mistake_at(
            (*self.path, key),
            "type",
            found=shown(found),
            wanted=f"@readiness.type.{_NAMES.get(wanted, wanted)}",
        )

    def text(self, key: str) -> str:
        """A text that is not empty."""
        found = self._get(key, str)
        if found is None:
            return ""
        if not found.strip():
            self.mistake(key, "empty")
        elif len(found) > MAX_TEXT:
            self.mistake(key, "range", lowest=1, highest=MAX_TEXT)
        return str(found)

    def flag(self, key: str, *, default: bool) -> bool:
        """True or false; the default where the key is absent."""
        if key not in self.value:
            return default
        return bool(self._get(key, bool))

    def whole(self, key: str, lowest: int, highest: int) -> int:
        """A whole number within bounds; -1 (or the nearest bound) where it is wrong."""
        found = self._get(key, int)
        if found is None:
            return max(lowest, -1)
        if not lowest <= found <= highest:
            self.mistake(key, "range", lowest=lowest, highest=highest)
            return max(lowest, -1)
        return int(found)

    def pair(self, key: str, lowest: int, highest: int) -> tuple[int, int] | None:
        """Two whole numbers within bounds, the lower one first; None where it is wrong."""
        found = self._get(key, list)
        if found is None:
            return None
        if len(found) != 2 or any(type(one) is not int for one in found):
            self.wrong_type(key, "pair", found)
            return None
        low, high = found
        if not lowest <= low <= high <= highest:
            self.mistake(key, "range", lowest=lowest, highest=highest)
            return None
        return low, high

    def day(self, key: str) -> str:
        """A date, written as a TOML date or as a text YYYY-MM-DD."""
        found = self.value.get(key)
        if type(found) is datetime.date:
            return found.isoformat()
        if type(found) is datetime.datetime:
            self.mistake(key, "day", value=found.isoformat())
            return ""
        text = self._get(key, str)
        if text is None:
            return ""
        try:
            if _DAY.fullmatch(text):
                return datetime.date.fromisoformat(text).isoformat()
        except ValueError:
            pass  # 2026-02-30
        self.mistake(key, "day", value=text[:64])
        return ""

    def words(self, key: str) -> ProfileText:
        """A text in both languages: { fr = "…", en = "…" }."""
        node = self.table(key)
        if key not in self.value or not isinstance(self.value[key], dict):
            return ProfileText("", "")
        node.unknown_keys(("fr", "en"))
        return ProfileText(node.text("fr"), node.text("en"))

    def table(self, key: str) -> Node:
        """A table below this one; an empty one where it is missing or wrong."""
        found = self._get(key, dict)
        # what is not there is one mistake, not one for each key that it should hold
        mistakes = self.mistakes if found is not None else []
        return Node(found or {}, (*self.path, key), self.lines, self.file, mistakes)

    def tables(self, key: str) -> list[Node]:
        """An array of tables; none where the key is absent."""
        if key not in self.value:
            return []
        found = self.value[key]
        if not isinstance(found, list):
            self.wrong_type(key, "tables", found)
            return []
        nodes = []
        for index, item in enumerate(found):
            if isinstance(item, dict):
                path = (*self.path, key, index)
                nodes.append(Node(item, path, self.lines, self.file, self.mistakes))
            else:
                self.mistake_at(
                    (*self.path, key, index),
                    "type",
                    found=shown(item),
                    wanted="@readiness.type.table",
                )
        return nodes

    def limits(self, key: str, reading: str) -> tuple[int, ...]:
        """Numbers or sizes that rise."""
        found = self._get(key, list)
        if found is None:
            return ()
        if not found:
            self.mistake(key, "empty")
        limits: list[int] = []
        for index, item in enumerate(found):
            number = amount(item, reading)
            if number is None:
                self.mistake_at((*self.path, key, index), "amount", value=str(item)[:64])
            elif limits and number <= limits[-1]:
                self.mistake_at((*self.path, key, index), "order")
            else:
                limits.append(number)
        return tuple(limits)


def shown(value: object) -> str:
    """A value of the document for a message: as it is written, or what kind of thing it is."""
    if isinstance(value, list | dict):
        return f"@readiness.type.{'array' if isinstance(value, list) else 'table'}"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value[:60]}"' if isinstance(value, str) else str(value)[:60]


def amount(value: object, reading: str) -> int | None:
    """A whole number, or bytes from a size such as "4 GiB" or "64 GB"; None for anything else.

    Memory is counted in binary units whatever the unit's name (JEDEC JESD100B.01), disks are not.
    """
    if type(value) is int:
        return value if 0 <= value <= MAX_INT else None
    sizes = reading.endswith("_bytes")
    found = _SIZE.fullmatch(value.strip()) if sizes and isinstance(value, str) else None
    if found is None:
        return None
    whole, part, unit, binary = found.groups()
    base = 1024 if binary or reading.startswith("memory.") else 1000
    scale = base ** ("KMGT".index(unit.upper()) + 1)
    total = int(whole) * scale
    if part:
        total += int(part) * scale // 10 ** len(part)
    return total if total <= MAX_INT else None


def dotted(path: Path) -> str:
    """`requirement[3].title.fr` for a path."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += ("." if text else "") + (step if step.isprintable() else repr(step))
    return text[:200]
