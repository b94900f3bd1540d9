"""The terminal: tables on standard output, talk on standard error.

Why: data and talk never mix, so that a script can read the one while a person reads the other.
`rich` is imported here only, and only when a table or a progress line is really shown.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TextIO, TypeVar

from recond.foreign import printable
from recond.frozen import dataclass
from recond.locale import Lang, clause, say, text
from recond.model import Json, Known, Message, Reading, Unknown
from recond.show.folding import EDGE, GAP, blocks, column_widths, fold_line
from recond.show.streams import writes_all
from recond.show.tones import SIGNS, Tone, paint, paint_cell, paint_sign

if TYPE_CHECKING:
    from rich.console import Console

T = TypeVar("T")
Row = tuple[str, ...]
PLAIN_COLUMNS = 100  # where the stream is no terminal
NBSP_CODE, NNBSP_CODE = 0xA0, 0x202F
HELD_NBSP, HELD_NNBSP = 0xE000, 0xE001  # of the private use area: no word has them


@dataclass(frozen=True, slots=True)
class Screen:
    """Where a person reads, and in which language; `columns` where that is a terminal, and
    `coloured` where it may show colours.
    """

    lang: Lang
    columns: int = 80
    coloured: bool = False

    def t(self, code: str, **args: str | int) -> str:
        """The sentence for a code."""
        return text(self.lang, code, **args)

    def say(self, message: Message) -> str:
        """The sentence of a message."""
        return say(self.lang, message)

    def pair(self, name: str, words: str) -> str:
        """A name, the language's colon, and what is told of it, in words that are ready."""
        return f"{name}{self.t('cli.colon')} {words}"

    def clause(self, message: Message) -> str:
        """The sentence of a message as it goes on after a colon."""
        return clause(self.lang, message)

    def talk(self, line: str, tone: Tone | None = None) -> None:
        """A sentence to standard error, folded between words on a terminal."""
        self._write(line, sys.stderr, tone)

    def data(self, line: str, tone: Tone | None = None) -> None:
        """A sentence to standard output, folded between words on a terminal."""
        self._write(line, sys.stdout, tone)

    def document(self, text: str) -> None:
        """A text that is made elsewhere (a script, a table, help) to standard output, as it is; the
        lines of a CSV end in CR LF (RFC 4180), those of a terminal do not.
        """
        print(printable(text.replace("\r\n", "\n")), flush=True)  # noqa: T201 - this is the one place

    def answer(self, form: str, value: object) -> None:
        """An answer to a program, to standard output: one object on one line (`show.answer`)."""
        from recond.show.answer import answer_line

        self.document(answer_line(form, value, all_letters=writes_all(sys.stdout.encoding)))

    def give(
        self,
        form: str,
        value: T,
        show: Callable[[Screen, T], None],
        *,
        as_json: bool,
        fields: Callable[[T], object] | None = None,
    ) -> None:
        """A command's answer: an object for a program (of the `fields`, else of the value itself),
        or what a person is shown.
        """
        if as_json:
            self.answer(form, fields(value) if fields else value)
        else:
            show(self, value)

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

    def _write(
        self,
        words: str,
        stream: TextIO,
        tone: Tone | None,
        tones: Mapping[str, Tone] = SIGNS,
    ) -> None:
        width, coloured = self._width(stream), self.coloured and stream.isatty()
        for line in words.split("\n"):
            shown = printable(line)
            folded = fold_line(shown, width) if width else shown
            if coloured and folded:
                folded = paint(folded, tone) if tone else paint_cell(paint_sign(folded), tones)
            print(folded, file=stream, flush=True)

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
        return Console(
            file=stream, highlight=False, width=width, markup=False, no_color=not self.coloured
        )

    def table(
        self,
        title: str,
        head: Sequence[str],
        rows: Sequence[Row],
        *,
        tone: Tone | None = None,
        tones: Mapping[str, Tone] = SIGNS,
    ) -> None:
        """A table to standard output. No word is broken: where the terminal is too narrow for its
        columns, each row becomes a block of lines. `tone` is the title's, `tones` those of cells.
        """
        room = self._width(sys.stdout) or PLAIN_COLUMNS
        shown = [tuple(printable(cell) for cell in row) for row in rows]
        cells = [tuple(head), *shown]
        widths = column_widths(cells, room) if shown else None
        if widths is None and not sys.stdout.isatty() and shown:
            widths = column_widths(cells, 10 * PLAIN_COLUMNS)  # no terminal: as wide as it takes
        if widths is None and shown:
            labels = [self.t("cli.frame.heading", name=name) if name else "" for name in head]
            told = "\n".join((*blocks(labels, shown, room), ""))
            if title:
                self.data(title, tone)
            shown_below = told if title else told.lstrip("\n")
            self._write(shown_below, sys.stdout, None, {**SIGNS, **tones})
            return
        self._draw((title, tone), head, shown, widths or [], {**SIGNS, **tones})

    def _draw(
        self,
        title: tuple[str, Tone | None],
        head: Sequence[str],
        rows: list[Row],
        widths: list[int],
        tones: Mapping[str, Tone],
    ) -> None:
        from rich import box
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        words, tone = title
        made: Table = Table(
            title=words,
            title_justify="left",
            box=box.SIMPLE_HEAD,
            pad_edge=False,
            title_style=f"bold {tone}" if tone else "bold",
            show_header=any(head),
        )
        for number, name in enumerate(head):
            made.add_column(_held(name), width=widths[number] if widths else None)
        for row in rows:
            made.add_row(*(Text(_held(cell), style=tones.get(cell, "")) for cell in row))
        room = sum(widths) + GAP * len(head) + EDGE
        console = Console(
            file=sys.stdout,
            highlight=False,
            markup=False,
            width=max(room, 40),
            no_color=not self.coloured,
        )
        with console.capture() as capture:
            console.print(made)
        drawn = (line.rstrip(" ") for line in capture.get().splitlines())
        print(_freed("\n".join(drawn)), flush=True)  # noqa: T201 - this is the one place


def _held(words: str) -> str:
    """No-break spaces as signs that no library takes for a place to break."""
    return words.translate({NBSP_CODE: HELD_NBSP, NNBSP_CODE: HELD_NNBSP})


def _freed(words: str) -> str:
    return words.translate({HELD_NBSP: NBSP_CODE, HELD_NNBSP: NNBSP_CODE})
