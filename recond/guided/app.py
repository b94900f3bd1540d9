"""The screen itself: shows a step, goes to another. It holds nothing that an erasure needs."""

from __future__ import annotations

from typing import ClassVar

from textual.app import App
from textual.binding import Binding, BindingType

from recond.guided.session import GuidedSession
from recond.guided.step import Step
from recond.guided.step_computer import ComputerStep
from recond.guided.step_confirm import ConfirmStep
from recond.guided.step_disks import DisksStep
from recond.guided.step_progress import ProgressStep
from recond.guided.step_questions import QuestionsStep
from recond.guided.step_result import ResultStep
from recond.guided.step_sitting import SittingStep
from recond.guided.step_trials import TrialsStep
from recond.guided.step_words import WordsStep

STEPS: dict[str, type[Step]] = {
    one.NAME: one
    for one in (
        ComputerStep,
        SittingStep,
        TrialsStep,
        QuestionsStep,
        DisksStep,
        ConfirmStep,
        ProgressStep,
        ResultStep,
        WordsStep,
    )
}


class GuidedApp(App[None]):
    """The six steps. Ctrl-Q leaves the screen; an erasure that was begun goes on."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q,ctrl+c", "quit", priority=True, show=False)
    ]
    CSS = """
    Screen { background: #000000; color: #ffffff; }
    #head { height: 1; }
    #foot { height: auto; }
    #head, #foot { background: #ffffff; color: #000000; text-style: bold; }
    #head { dock: top; }
    #foot { dock: bottom; }
    #scroll { padding: 0 0 0 1; scrollbar-size: 0 0; background: #000000; }
    #lines, #code { width: auto; height: auto; background: #000000; }
    KeyboardTry #lines { padding: 1 2; }
    KeysScreen #lines { padding: 0 1; }
    #beside { height: 1fr; }
    #beside #scroll { width: 1fr; }
    ResultStep #scroll { max-width: 110; }
    ResultStep.good #beside, ResultStep.good #scroll { background: #00aa00; }
    ResultStep.bad #beside, ResultStep.bad #scroll { background: #aa0000; }
    ResultStep.care #beside, ResultStep.care #scroll { background: #ffff55; }
    #code { background: #ffffff; color: #000000; }
    """

    def __init__(self, session: GuidedSession, first: str) -> None:
        super().__init__()
        self.session = session
        self._first = first
        session.go = self.go

    def on_mount(self) -> None:
        """The first step."""
        self.push_screen(STEPS[self._first](self.session))

    def go(self, name: str) -> None:
        """Show a step in the place of the one that is shown."""
        self.switch_screen(STEPS[name](self.session))
