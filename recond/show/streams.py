"""Standard output and error for every locale: what its letters cannot write is written plainly.

Why: a bench set to ISO-8859-15 has no narrow space, no quotes of typography and no dash; Python
ends in a traceback at the first of them. A reader does not miss them. And talk stops no work: a log
on a full disk, or a reader who is gone, would end an erasure's supervisor in the middle.
"""

from __future__ import annotations

import codecs
import io
import sys
import unicodedata
from typing import Any, TextIO

HANDLER = "recond.plain"
_PLAIN = {
    "\u202f": " ",
    "\u00a0": " ",
    "\u2019": "'",
    "\u2018": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u00ab": '"',
    "\u00bb": '"',
    "\u2013": "-",
    "\u2014": "-",
    "\u2026": "...",
    "\u2022": "-",
    "\u2192": "->",
    "\u2713": "+",
    "\u2714": "+",
    "\u2717": "x",
    "\u2718": "x",
    "\u26a0": "!",
    "\u00d7": "x",
    "\u0153": "oe",
    "\u0152": "OE",
    "\u2212": "-",
    "\u2116": "No",
}


def soften_streams() -> None:
    """Let standard output and error write any text. Call before the first word."""
    codecs.register_error(HANDLER, plain_letters)
    for stream in (sys.stdout, sys.stderr):
        change = getattr(stream, "reconfigure", None)
        if change is not None and not writes_all(stream.encoding):
            change(errors=HANDLER)
    own = sys.__stderr__
    if own is not None and sys.stderr is own:
        sys.stderr = talking(own)


def talking(stream: TextIO) -> TextIO:
    """The same stream, of which nobody hears when it cannot be written."""
    raw = io.BufferedWriter(Talk(stream.fileno(), "w", closefd=False))
    return io.TextIOWrapper(
        raw, encoding=stream.encoding, errors=stream.errors, line_buffering=True
    )


class Talk(io.FileIO):
    """A file that takes whatever it is given; what the system refuses is lost."""

    def write(self, data: Any) -> int:
        """How many bytes were taken: all of them, where none can be."""
        size = memoryview(data).nbytes
        try:
            return super().write(data) or size
        except OSError:
            return size


def writes_all(encoding: str | None) -> bool:
    """Whether an encoding has every letter."""
    return (encoding or "").lower().replace("_", "-").startswith(("utf-8", "utf8", "utf-16"))


def plain_letters(error: UnicodeError) -> tuple[str, int]:
    """What is written instead of letters that an encoding does not have; "?" at worst."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    given = error.object[error.start : error.end]
    plain = "".join(_PLAIN.get(c) or _bare(c) for c in given)
    return plain.encode("ascii", "replace").decode("ascii"), error.end


def _bare(letter: str) -> str:
    """A letter without its accent."""
    return unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode("ascii") or "?"
