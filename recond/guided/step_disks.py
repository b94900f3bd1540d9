"""Step 3: which disks."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll

from recond.flow.guided import chosen_plans, disk_of, nap_word, outside_paths, take_nap
from recond.guided.disks import Row, disk_line, disk_lines, grade_line, summary
from recond.guided.session import GuidedSession
from recond.guided.step import Step
from recond.guided.words import CARE, FAINT, PLAIN, STRONG, Line, fold


class DisksStep(Step):
    """Every disk in a line, the one that is pointed at with all that is known of it; Space ticks,
    Enter goes on with what is ticked.
    """

    NAME, NUMBER = "disks", 3
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "next"),
        Binding("escape", "back"),
        Binding("space", "tick"),
        Binding("a", "all"),
        Binding("up", "move(-1)", priority=True),
        Binding("down", "move(1)", priority=True),
        Binding("f5", "again"),
        Binding("v", "nap"),
    ]

    def __init__(self, session: GuidedSession) -> None:
        super().__init__(session)
        self._at = 0
        self._notice = ""
        self._grade = grade_line(self.said, session.grade())
        self._rows: list[int] = []

    def lines(self, width: int) -> list[Line]:
        """The sum first, then disk by disk."""
        prepared = self.session.prepared
        if prepared is None:
            return []
        lines = fold(summary(self.said, chosen_plans(prepared, self.session.chosen)), width, STRONG)
        if not prepared.to_erase:
            lines = [*fold(self.said.t("guided.disks.nothing"), width, CARE), ("", PLAIN)]
        if self._grade:
            lines += fold(self._grade, width)
        lines += fold(self._notice, width, CARE)
        self._rows = []
        outside = outside_paths(prepared, prepared.plans)
        for number, plan in enumerate(prepared.plans):
            self._rows.append(len(lines))
            at = number == self._at
            row = Row(plan.path in self.session.chosen, at, plan.path in outside)
            if at:
                lines += disk_lines(self.said, plan, disk_of(prepared, plan), row, width)
            else:
                lines.append(disk_line(self.said, plan, row, width))
        if prepared.plans:
            lines.append(("", PLAIN))
        if nap := nap_word(prepared, self.session.host):
            lines += fold(self.said.t(nap), width, CARE)
        return [*lines, *fold(self.said.t("guided.disks.missing"), width, FAINT)]

    def keys(self) -> str:
        """Where nothing can be ticked, how to get out."""
        prepared = self.session.prepared
        lost = prepared is not None and not prepared.to_erase
        return "guided.keys.no_disk" if lost else "guided.keys.disks"

    def action_move(self, by: int) -> None:
        """Point at another disk, and have it in sight."""
        prepared = self.session.prepared
        if prepared is None or not prepared.plans:
            return
        self._at = (self._at + by) % len(prepared.plans)
        self._notice = ""
        self.redraw()
        place = self._rows[self._at] if self._at else 0
        self.query_one("#scroll", VerticalScroll).scroll_to(
            y=max(0, place - self.size.height // 2), animate=False
        )

    def action_tick(self) -> None:
        """Take the disk, or leave it; one that is refused cannot be taken."""
        prepared = self.session.prepared
        if prepared is None or not prepared.plans:
            return
        plan = prepared.plans[self._at]
        self._notice = self.said.t("guided.disks.cannot") if plan.refusals else ""
        if not plan.refusals:
            self.session.toggle(plan.path)
        self.redraw()

    def action_all(self) -> None:
        """Take every disk of the computer that may be taken; where all of them are, none."""
        self.session.toggle_all()
        left = self.session.left_by_all
        self._notice = self.said.t("guided.disks.left_outside", n=left) if left else ""
        self.redraw()

    def action_next(self) -> None:
        """To the confirmation, where there is something to confirm."""
        prepared = self.session.prepared
        if prepared is not None and chosen_plans(prepared, self.session.chosen):
            self.session.go("confirm")
        else:
            can = prepared is not None and prepared.to_erase
            self._notice = self.said.t("guided.disks.choose") if can else ""
            self.redraw()

    def action_back(self) -> None:
        """To the questions."""
        self.session.go("questions")

    def action_again(self) -> None:
        """A disk was plugged in: read everything again."""
        self.session.prepared = None
        self.session.go("computer")

    def action_nap(self) -> None:
        """Free what the BIOS froze, then read everything again."""
        prepared = self.session.prepared
        if prepared is None or nap_word(prepared, self.session.host) != "guided.nap.offer":
            return
        self._notice = self.said.t("guided.nap.now")
        self.redraw()
        self.run_worker(self._nap, thread=True, exclusive=True)

    def _nap(self) -> None:
        why_not = take_nap(self.session.state, self.session.host)
        self.app.call_from_thread(self._woken, why_not)

    def _woken(self, why_not: str) -> None:
        if why_not:
            self._notice = self.said.t(why_not)
            self.redraw()
        elif self.is_current:
            self.action_again()
