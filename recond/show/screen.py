"""The terminal: tables on standard output, talk on standard error.

Why: data and talk never mix, so that a script can read the one while a person reads the other.
`rich` is imported here only, and only when a table or a progress line is really shown.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

from recond.foreign import printable
from recond.frozen import dataclass
from recond.locale import Lang, say, text
from recond.model import Json, Known, Message, Reading, Unknown
from recond.show.folding import EDGE, GAP, blocks, column_widths, fold_line
from recond.show.streams import writes_all

if TYPE_CHECKING:
    from rich.console import Console

Row = tuple[str, ...]
PLAIN_COLUMNS = 100  # where the stream is no terminal
NBSP_CODE, NNBSP_CODE = 0xA0, 0x202F
HELD_NBSP, HELD_NNBSP = 0xE000, 0xE001  # of the private use area: no word has them


@dataclass(frozen=True, slots=True)
class Screen:
    """Where a person reads, and in which language; `columns` where that is a terminal."""

    lang: Lang
    columns: int = 80

    def t(self, code: str, **args: str | int) -> str:
        """The sentence for a code."""
        return text(self.lang, code, **args)

    def say(self, message: Message) -> str:
        """The sentence of a message."""
        return say(self.lang, message)

    def talk(self, line: str) -> None:
        """A sentence to standard error, folded between words on a terminal."""
        self._write(line, sys.stderr)

    def data(self, line: str) -> None:
        """A sentence to standard output, folded between words on a terminal."""
        self._write(line, sys.stdout)

    def document(self, text: str) -> None:
        """A text that is made elsewhere (a script, a table, help) to standard output, as it is."""
        print(printable(text), flush=True)  # noqa: T201 - this is the one place

    def answer(self, form: str, value: object) -> None:
        """An answer to a program, to standard output: one object on one line (`show.answer`)."""
        from recond.show.answer import answer_line

        self.document(answer_line(form, value, all_letters=writes_all(sys.stdout.encoding)))

    def answer_long(
        self, form: str, key: str, items: Iterable[object], rest: Callable[[], Mapping[str, Json]]
    ) -> None:
        """An answer whose list `key` is written while it is found; `rest` are its last keys."""
        from recond.show.answer import answer_pieces

        letters = writes_all(sys.stdout.encoding)
        for piece in answer_pieces(form, key, items, rest, all_letters=letters):
            print(printable(piece), end="", flush=True)  # noqa: T201 - this is the one place
        print(flush=True)  # noqa: T201 - this is the one place

    def event(self, value: object) -> None:
        """What happens, for a program, to standard error: one object on one line."""
        from recond.show.answer import answer_line

        line = answer_line("event", value, all_letters=writes_all(sys.stderr.encoding))
        print(printable(line), file=sys.stderr, flush=True)  # noqa: T201 - this is the one place

    def _write(self, words: str, stream: TextIO) -> None:
        width = self._width(stream)
        for line in words.split("\n"):
            shown = printable(line)
            print(fold_line(shown, width) if width else shown, file=stream, flush=True)

    def _width(self, stream: TextIO) -> int | None:
        """The columns of a terminal; None where a stream is none."""
        if not stream.isatty():
            return None
        return self.columns

    def reading(self, reading: Reading[object], shown: str | None = None) -> str:
        """A known value (or `shown` for it), else why it is not known, in brackets."""
        if isinstance(reading, Known):
            return shown if shown is not None else str(reading.value)
        return self.unknown(reading)

    def unknown(self, reading: Unknown) -> str:
        """« [inconnu : accès refusé] »."""
        return "[" + self.t("cli.unknown", why=self.t(f"cli.why.{reading.why}")) + "]"

    def console(self, *, error: bool = False) -> Console:
        """A rich console for what moves; plain where the stream is no terminal."""
        from rich.console import Console

        stream = sys.stderr if error else sys.stdout
        width = None if stream.isatty() else PLAIN_COLUMNS
        return Console(file=stream, highlight=False, width=width, markup=False)

    def table(self, title: str, head: Sequence[str], rows: Sequence[Row]) -> None:
        """A table to standard output. No word is broken: where the terminal is too narrow for its
        columns, each row becomes a block of lines.
        """
        room = self._width(sys.stdout) or PLAIN_COLUMNS
        shown = [tuple(printable(cell) for cell in row) for row in rows]
        cells = [tuple(head), *shown]
        widths = column_widths(cells, room) if shown else None
        if widths is None and not sys.stdout.isatty() and shown:
            widths = column_widths(cells, 10 * PLAIN_COLUMNS)  # no terminal: as wide as it takes
        if widths is None and shown:
            labels = [self.t("cli.frame.heading", name=name) if name else "" for name in head]
            self.data("\n".join((title, *blocks(labels, shown, room), "")).lstrip("\n"))
            return
        self._draw(title, head, shown, widths or [])

    def _draw(self, title: str, head: Sequence[str], rows: list[Row], widths: list[int]) -> None:
        from rich import box
        from rich.console import Console
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
            made.add_column(_held(name), width=widths[number] if widths else None)
        for row in rows:
            made.add_row(*(_held(cell) for cell in row))
        room = sum(widths) + GAP * len(head) + EDGE
        console = Console(file=sys.stdout, highlight=False, markup=False, width=max(room, 40))
        with console.capture() as capture:
            console.print(made)
        drawn = (line.rstrip(" ") for line in capture.get().splitlines())
        print(_freed("\n".join(drawn)), flush=True)  # noqa: T201 - this is the one place


def _held(words: str) -> str:
    """No-break spaces as signs that no library takes for a place to break."""
    return words.translate({NBSP_CODE: HELD_NBSP, NNBSP_CODE: HELD_NNBSP})


def _freed(words: str) -> str:
    return words.translate({HELD_NBSP: NBSP_CODE, HELD_NNBSP: NNBSP_CODE})
