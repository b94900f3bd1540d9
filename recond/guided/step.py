"""What every step looks like: a bar that says where one is, the lines, a bar that says the keys."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.screen import Screen
from textual.widgets import Static

from recond.guided.drawn import drawn
from recond.guided.session import GuidedSession
from recond.guided.step_keys import KeysScreen
from recond.guided.words import BETWEEN, Line, fold_keys

MARGIN = 2  # a column at the left, one at the right
HEAD = 1
STEPS = 6
SMALLEST = 25  # lines of a bare console; what is higher shows more
TYPING = ("any", "typing")


class Step(Screen[None]):
    """One step. A subclass names itself, says its lines, and binds its keys."""

    NAME: ClassVar[str] = ""
    NUMBER: ClassVar[int] = 0
    TYPES: ClassVar[bool] = False  # text is typed: « ? » is a character of it
    BINDINGS: ClassVar[list[BindingType]] = [Binding("f1,question_mark", "list_keys")]

    def __init__(self, session: GuidedSession) -> None:
        super().__init__()
        self.session = session
        self.said = session.words
        self._count = 0  # lines shown
        self._foot = 1  # lines of the bar below

    def compose(self) -> ComposeResult:
        """Head, lines, foot."""
        yield Static(id="head")
        with VerticalScroll(id="scroll"):
            yield Static(id="lines")
        yield Static(id="foot")

    def lines(self, width: int) -> list[Line]:
        """What this step shows, in `width` columns."""
        raise NotImplementedError

    def keys(self) -> str:
        """The code of the sentence that says which keys do what."""
        return f"guided.keys.{self.NAME}"

    @property
    def types(self) -> bool:
        """Whether text is typed now."""
        return self.TYPES

    @property
    def foot(self) -> str:
        """The bar below: the keys, and the one that lists them all."""
        more = self.said.t(f"guided.more_keys.{TYPING[self.types]}")
        return BETWEEN.join((self.said.t(self.keys()), more))

    def action_list_keys(self) -> None:
        """Every key of this step, until another one is pressed."""
        self.app.push_screen(KeysScreen(self.said, self.keys()), lambda _: self.redraw())

    def on_mount(self) -> None:
        """Show it; the bar says whether something is below, so it follows the scrolling."""
        self.watch(self.query_one("#scroll"), "scroll_y", self._draw_head, init=False)
        self.redraw()

    def on_resize(self, _: Resize) -> None:
        """Lines are folded to the width."""
        self.redraw()

    def redraw(self) -> None:
        """Show what is known now."""
        lines = self.lines(self.app.size.width - MARGIN)
        self._count = len(lines)
        foot = fold_keys(self.foot, self.app.size.width)
        self._foot = len(foot)
        self.query_one("#foot", Static).update(Content("\n".join(foot)))
        self.query_one("#lines", Static).update(drawn(lines))
        self._draw_head()

    def _draw_head(self) -> None:
        title = self.said.t(f"guided.title.{self.NAME}")
        place = self.said.t("guided.place", number=self.NUMBER, total=STEPS) if self.NUMBER else ""
        # said in words: a scroll bar is a colour, drawn in glyphs that consoles do not have
        seen = self.query_one("#scroll").scroll_offset.y + self.app.size.height - HEAD - self._foot
        more = self.said.t("guided.more") if self._count > seen else ""
        self.query_one("#head", Static).update(Content(f" recond  {place}  {title}  {more}"))
