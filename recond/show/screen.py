"""The terminal: tables on standard output, talk on standard error.

Why: data and talk never mix, so that a script can read the one while a person reads the other.
`rich` is imported here only, and only when a table or a progress line is really shown.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recond.foreign import printable
from recond.locale import Lang, say, text
from recond.model import Known, Message, Reading, Unknown

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

Row = tuple[str, ...]
SHORT = 12  # characters: a cell that is never broken


@dataclass(frozen=True, slots=True)
class Screen:
    """Where a person reads, and in which language."""

    lang: Lang

    def t(self, code: str, **args: str | int) -> str:
        """The sentence for a code."""
        return text(self.lang, code, **args)

    def say(self, message: Message) -> str:
        """The sentence of a message."""
        return say(self.lang, message)

    def talk(self, line: str) -> None:
        """One line to standard error."""
        print(printable(line), file=sys.stderr, flush=True)  # noqa: T201 - this is the one place

    def data(self, line: str) -> None:
        """One line to standard output."""
        print(printable(line), flush=True)  # noqa: T201 - this is the one place

    def reading(self, reading: Reading[object], shown: str | None = None) -> str:
        """A known value (or `shown` for it), else why it is not known, in brackets."""
        if isinstance(reading, Known):
            return shown if shown is not None else str(reading.value)
        return self.unknown(reading)

    def unknown(self, reading: Unknown) -> str:
        """« [inconnu : accès refusé] »."""
        return "[" + self.t("cli.unknown", why=self.t(f"cli.why.{reading.why}")) + "]"

    def console(self, *, error: bool = False) -> Console:
        """A rich console; plain where the stream is no terminal."""
        from rich.console import Console

        stream = sys.stderr if error else sys.stdout
        width = None if stream.isatty() else 100
        return Console(file=stream, highlight=False, width=width, markup=False)

    def table(self, title: str, head: Sequence[str], rows: Sequence[Row]) -> None:
        """A table to standard output; its last column takes what room is left."""
        from rich import box
        from rich.table import Table

        made: Table = Table(
            title=title,
            title_justify="left",
            box=box.SIMPLE_HEAD,
            pad_edge=False,
            title_style="bold",
            show_header=any(head),
        )
        for number, name in enumerate(head):
            short = all(len(row[number]) <= SHORT for row in rows)
            made.add_column(name, overflow="fold", no_wrap=short and len(head) > 2)
        for row in rows:
            made.add_row(*(printable(cell) for cell in row))
        self.console().print(made)
