"""The terminal that recond was started on: can it show a screen, and what a console keeps.

Why here: asking a terminal, and writing its escape sequences, touches the outside. What is said on
it is decided elsewhere.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from contextlib import suppress

NO_SCREEN = frozenset({"", "dumb", "unknown", "vt100", "vt102", "vt220", "ansi"})
"""Terminals of serial lines, and none: they are spoken to line by line."""
NO_COLOURS = frozenset({"", "dumb", "unknown"})
COLUMNS, ROWS = 80, 24
RINGS_OF_TROUBLE, RING_EVERY_S = 3, 0.5
"""A terminal that is rung faster takes it for one ring."""


def can_draw() -> bool:
    """Whether this terminal can show the screen: a terminal both ways, of a size that is known."""
    if not all(one.isatty() for one in (sys.stdin, sys.stdout, sys.stderr)):
        return False
    if os.environ.get("TERM", "") in NO_SCREEN:
        return False
    try:
        columns, rows = os.get_terminal_size(sys.stdout.fileno())
    except OSError:
        return False
    return columns >= COLUMNS and rows >= ROWS


def terminal_columns() -> int:
    """How wide the terminal is, in columns: COLUMNS, else what it says itself; 80 at worst."""
    return shutil.get_terminal_size().columns


def wants_colour() -> bool:
    """Whether colours are welcome: not where NO_COLOR is set (https://no-color.org), nor on a
    terminal that has none.
    """
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM", "") not in NO_COLOURS


def wipe_console() -> None:
    """Erase what a Linux console still shows once a screen is left: it has no second screen to come
    back from (console_codes(4), ED and SGR). The cursor is at its top.
    """
    if os.environ.get("TERM") == "linux" and sys.stderr.isatty():
        sys.stderr.write("\x1b[0m\x1b[J")
        sys.stderr.flush()


def ring(*, well: bool) -> None:
    """Ring the terminal: once where all went well, three times where not. A file gets nothing."""
    if not sys.stderr.isatty():
        return
    for number in range(1 if well else RINGS_OF_TROUBLE):
        time.sleep(RING_EVERY_S if number else 0)
        sys.stderr.write("\a")
        sys.stderr.flush()


def wait_for_end(descriptor: int) -> None:
    """Until nobody holds the other end of a pipe any more; at once where it is not open."""
    with suppress(OSError):
        while os.read(descriptor, 1 << 12):
            pass


def write_line(text: str) -> None:
    """One line to standard output, at once: a live system's console shows it as it comes."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def read_line(ask: str) -> str:
    """What a person types after `ask`; empty where nobody can, or the line was closed."""
    try:
        return input(ask)
    except EOFError:
        return ""
