"""Step 2: what only a person can say, with a quick try of keyboard, screen and sound."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Key
from textual.screen import Screen
from textual.widgets import Static

from recond.flow.guided import QUESTIONS, keyboard_layout, try_sound
from recond.guided.drawn import drawn
from recond.guided.questions import COLOURS, keyboard_lines, question_lines
from recond.guided.session import GuidedSession
from recond.guided.step import Step
from recond.guided.step_note import NoteStep
from recond.guided.words import CARE, PLAIN, Line, fold

TRIED = frozenset({"keyboard", "screen", "sound"})


class QuestionsStep(Step):
    """One question after the other; Enter on « no answer » leaves it out of the record."""

    NAME, NUMBER = "questions", 2
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "answer"),
        Binding("escape", "back"),
        Binding("up", "move(-1)"),
        Binding("down", "move(1)"),
        Binding("t", "try"),
        Binding("p", "skip"),
        Binding("n", "note"),
    ]

    def __init__(self, session: GuidedSession) -> None:
        super().__init__(session)
        self._asked = 0
        self._at = 0
        self._heard = ""
        self._point()

    @property
    def key(self) -> str:
        """The question that is asked."""
        return list(QUESTIONS)[self._asked]

    @property
    def _values(self) -> tuple[str, ...]:
        return ("", *QUESTIONS[self.key])

    def _point(self) -> None:
        """At the answer that was given; else at none, so that mere Enters say nothing."""
        self._at = self._values.index(self.session.answers.get(self.key, ""))

    def lines(self, width: int) -> list[Line]:
        """The question."""
        prepared = self.session.prepared
        if prepared is None:
            return []
        lines = question_lines(
            self.said, self.key, self.session.answers, self._at, prepared.machine, width
        )
        lines += fold(self._heard, width, CARE) if self._heard else []
        note = self.session.note
        return [*lines, *fold(self.said.t("guided.note.now", text=note), width)] if note else lines

    def keys(self) -> str:
        """« T » where there is something to try."""
        return "guided.keys.try" if self.key in TRIED else "guided.keys.questions"

    def action_move(self, by: int) -> None:
        """Point at another answer."""
        self._at = (self._at + by) % len(self._values)
        self.redraw()

    def action_answer(self) -> None:
        """Take the answer that is pointed at."""
        if self._at:
            self.session.answers[self.key] = self._values[self._at]
        else:
            self.session.answers.pop(self.key, None)
        self._turn(1)

    def action_back(self) -> None:
        """One question, or one step, back."""
        self._turn(-1)

    def action_note(self) -> None:
        """A remark of the operator's."""
        self.app.push_screen(NoteStep(self.session), lambda _: self.redraw())

    def action_skip(self) -> None:
        """Leave the questions."""
        self.session.go("disks")

    def _turn(self, by: int) -> None:
        self._asked, self._heard = self._asked + by, ""
        if 0 <= self._asked < len(QUESTIONS):
            self._point()
            self.redraw()
        else:
            self._asked = max(0, self._asked - by)
            self.session.go("disks" if by > 0 else "computer")

    def action_try(self) -> None:
        """Try the part that is asked about."""
        if self.key == "keyboard":
            self.app.push_screen(KeyboardTry(self.session))
        elif self.key == "screen":
            self.app.push_screen(ScreenTry())
        elif self.key == "sound":
            self._hear("guided.try.sound.playing")
            self.run_worker(self._play, thread=True, exclusive=True)

    def _play(self) -> None:
        played = try_sound(self.session.host)
        if not played:
            self.app.call_from_thread(self.app.bell)
        said = "guided.try.sound.played" if played else "guided.try.sound.no_card"
        self.app.call_from_thread(self._hear, said)

    def _hear(self, code: str) -> None:
        """What was tried, as long as the question is the same."""
        if self.key == "sound":
            self._heard = self.said.t(code)
            self.redraw()


class KeyboardTry(Screen[None]):
    """Shows each key that arrives; Escape twice ends it, or Enter twice: one of them may be what is
    broken."""

    def __init__(self, session: GuidedSession) -> None:
        super().__init__()
        self._words = session.words
        self._layout = keyboard_layout(session.host)
        self._seen: frozenset[str] = frozenset()
        self._last = ""

    def compose(self) -> ComposeResult:
        """The keys, and how to end."""
        yield Static(id="head")
        yield Static(id="lines")
        yield Static(f" {self._words.t('guided.keys.keyboard')}", id="foot")

    def on_mount(self) -> None:
        """Show it."""
        self._redraw()

    def on_key(self, event: Key) -> None:
        """A key works."""
        event.prevent_default()
        event.stop()
        if event.key == self._last and event.key in ("escape", "enter"):
            self.dismiss()
            return
        self._last = event.key
        printable = event.character is not None and event.character.isprintable()
        self._seen |= {event.character.lower() if printable and event.character else event.key}
        self._redraw()

    def _redraw(self) -> None:
        self.query_one("#head", Static).update(f" recond  {self._words.t('guided.title.keyboard')}")
        lines = [
            *fold(self._words.t("guided.try.keyboard.how"), 76),
            ("", PLAIN),
            *keyboard_lines(self._words, self._layout, self._seen),
        ]
        self.query_one("#lines", Static).update(drawn(lines))


class ScreenTry(Screen[None]):
    """The whole screen in one colour after the other; any key shows the next."""

    def __init__(self) -> None:
        super().__init__()
        self._shown = -1

    def on_mount(self) -> None:
        """The first colour."""
        self._next()

    def on_key(self, event: Key) -> None:
        """The next colour, and after the last one back."""
        event.prevent_default()
        event.stop()
        self._next()

    def _next(self) -> None:
        self._shown += 1
        if self._shown == len(COLOURS):
            self.dismiss()
        else:
            self.styles.background = COLOURS[self._shown]
