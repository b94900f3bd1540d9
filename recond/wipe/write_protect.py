"""The kernel's write protection of a medium, in one session: lifted, journalled, set again.

Why: an eMMC's boot areas are read-only until somebody turns their switch. It is turned only for the
writing, and where it does not turn nothing is written. That it will be turned stands in the journal
first: whoever comes behind a kill knows then whose the open switch is. What it said stands there
too; that the area was erased is shown by its reading alone.
"""

from __future__ import annotations

from collections.abc import Callable

from recond.host.write_switch import FREE, SwitchTurned, WriteSwitch
from recond.model import Json, Message


class WriteProtect:
    """The protection of one session's medium; `switch` None where nothing is ever protected."""

    def __init__(
        self, path: str, log: Callable[[str, dict[str, Json]], None], switch: WriteSwitch | None
    ) -> None:
        self._path = path
        self._log = log
        self._switch = switch
        self._turned: SwitchTurned | None = None

    def take_over(self) -> None:
        """A session before lifted the switch and was killed: this one puts it back, whatever else
        it does.
        """
        self._turned = self._switch.left_open(self._path) if self._switch else None

    def lift(self) -> tuple[Message, ...]:
        """Allow writing; why the medium stays protected, where it does."""
        held = self._switch.held(self._path) if self._switch else None
        if held is None or self._switch is None:
            return ()
        self._journal("intend", held)
        turned = self._switch.lift(held)
        self._journal("lift", turned)
        if turned.now != FREE:
            return (Message.of("wipe.refusal.force_ro", path=self._path),)
        self._turned = turned
        return ()

    def restore(self) -> None:
        """Put back what was found, once."""
        turned, self._turned = self._turned, None
        if turned is not None and self._switch is not None:
            self._journal("restore", self._switch.restore(turned))

    def _journal(self, phase: str, turned: SwitchTurned) -> None:
        self._log(
            "write_protect",
            {
                "phase": phase,
                "node": turned.node,
                "was": turned.was,
                "now": turned.now,
                "errno": turned.errno,
            },
        )
