"""Which line of a TOML text holds which key.

Why: tomllib gives values without places, and "line 41, key requirement[7].reading" is what lets a
technician repair a profile. Only for a text that tomllib has accepted: this scanner follows the
grammar of TOML 1.0 and checks nothing. A path is a tuple of keys and array indexes.
"""

from __future__ import annotations

import bisect
import re

Path = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_PLAIN = re.compile(r"[^,\]}#\n]*")
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_INLINE = re.compile(r"[ \t]*")


class Lines:
    """The lines of a document's keys; the nearest known parent answers for the rest."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0] + [m.end() for m in re.finditer("\n", text)]
        self._at: dict[Path, int] = {(): 1}
        self._arrays: dict[Path, int] = {}
        try:
            self._document()
        except (IndexError, RecursionError, ValueError):
            # a place is a courtesy: what was found so far still answers
            return

    def of(self, path: Path) -> int:
        """The line of a path, or of its nearest parent."""
        while path not in self._at:
            path = path[:-1]
        return self._at[path]

    def _line(self, pos: int) -> int:
        return bisect.bisect_right(self._starts, pos)

    def _mark(self, path: Path, pos: int) -> None:
        self._at.setdefault(path, self._line(pos))

    def _document(self) -> None:
        pos = self._skip(_BLANK, 0)
        base: Path = ()
        while pos < len(self._text):
            if self._text.startswith("[[", pos):
                keys, end = self._keys(pos + 2)
                base, pos = self._enter(keys, array=True, pos=pos), self._after(end, "]]")
            elif self._text[pos] == "[":
                keys, end = self._keys(pos + 1)
                base, pos = self._enter(keys, array=False, pos=pos), self._after(end, "]")
            else:
                pos = self._pair(base, pos)
            pos = self._skip(_BLANK, pos)

    def _after(self, pos: int, closing: str) -> int:
        return self._text.index(closing, pos) + len(closing)

    def _enter(self, keys: list[str], *, array: bool, pos: int) -> Path:
        path: Path = ()
        for depth, key in enumerate(keys):
            path = (*path, key)
            last = depth == len(keys) - 1
            if last and array:
                self._arrays[path] = self._arrays.get(path, -1) + 1
            self._mark(path, pos)
            if path in self._arrays:
                path = (*path, self._arrays[path])
                self._mark(path, pos)
        return path

    def _skip(self, pattern: re.Pattern[str], pos: int) -> int:
        found = pattern.match(self._text, pos)
        return found.end() if found else pos

    def _keys(self, pos: int) -> tuple[list[str], int]:
        keys: list[str] = []
        while True:
            pos = self._skip(_INLINE, pos)
            key, pos = self._key(pos)
            keys.append(key)
            pos = self._skip(_INLINE, pos)
            if not self._text.startswith(".", pos):
                return keys, pos
            pos += 1

    def _key(self, pos: int) -> tuple[str, int]:
        if self._text[pos] in "\"'":
            end = self._string_end(pos)
            return self._text[pos + 1 : end - 1], end
        found = _BARE.match(self._text, pos)
        if found is None:
            raise ValueError(pos)
        return found.group(), found.end()

    def _pair(self, base: Path, pos: int) -> int:
        start = pos
        keys, pos = self._keys(pos)
        path = base
        for key in keys:
            path = (*path, key)
            self._mark(path, start)
        pos = self._skip(_INLINE, self._after(pos, "="))
        return self._value(path, pos)

    def _value(self, path: Path, pos: int) -> int:
        first = self._text[pos]
        if first in "\"'":
            return self._string_end(pos)
        if first == "[":
            return self._array(path, pos + 1)
        if first == "{":
            return self._table(path, pos + 1)
        return self._skip(_PLAIN, pos)

    def _array(self, path: Path, pos: int) -> int:
        index = 0
        while True:
            pos = self._skip(_BLANK, pos)
            if self._text[pos] == "]":
                return pos + 1
            self._mark((*path, index), pos)
            pos = self._skip(_BLANK, self._value((*path, index), pos))
            index += 1
            if self._text[pos] == ",":
                pos += 1

    def _table(self, path: Path, pos: int) -> int:
        while True:
            pos = self._skip(_BLANK, pos)
            if self._text[pos] == "}":
                return pos + 1
            pos = self._skip(_BLANK, self._pair(path, pos))
            if self._text[pos] == ",":
                pos += 1

    def _string_end(self, pos: int) -> int:
        quote = self._text[pos]
        triple = quote * 3
        if self._text.startswith(triple, pos):
            end = self._closing(pos + 3, triple, quote == '"')
            # up to two more quotes may belong to the string (TOML 1.0, "Strings")
            while self._text.startswith(quote, end):
                end += 1
            return end
        return self._closing(pos + 1, quote, quote == '"')

    def _closing(self, pos: int, closing: str, escapes: bool) -> int:
        while not self._text.startswith(closing, pos):
            if pos >= len(self._text):
                raise ValueError(pos)
            pos += 2 if escapes and self._text[pos] == "\\" else 1
        return pos + len(closing)
