"""Over step 1, on a live system with a radio: join the workshop's Wi-Fi, so that records can leave.

Looking and joining take seconds and run in a thread. Nothing of the erasure depends on this.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Key

from recond.flow.live.wifi import MOST, PASSPHRASE, WifiNetwork, join, networks
from recond.guided.session import GuidedSession
from recond.guided.step import Step
from recond.guided.wifi import joined_message, list_lines, password_lines
from recond.guided.words import BAD, CARE, GOOD, PLAIN, Line, fold
from recond.host.log import log_swallowed
from recond.model import Message


class WifiStep(Step):
    """A list to choose from, then a password, then whether it worked."""

    NAME, NUMBER = "wifi", 1
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose"),
        Binding("escape", "back"),
        Binding("backspace", "rub"),
        Binding("up", "move(-1)", priority=True),
        Binding("down", "move(1)", priority=True),
        Binding("f5", "look"),
    ]

    def __init__(self, session: GuidedSession) -> None:
        super().__init__(session)
        self._found: tuple[WifiNetwork, ...] = ()
        self._at = 0
        self._asked: WifiNetwork | None = None  # whose password is typed
        self._typed = ""
        self._busy: Message | None = None
        self._said: Message | None = None
        self._well = False

    def on_mount(self) -> None:
        """Look around at once."""
        self.action_look()

    @property
    def types(self) -> bool:
        """The password is typed; in the list « ? » asks for the keys."""
        return self._asked is not None

    def lines(self, width: int) -> list[Line]:
        """What goes on, or the list, or the password; and how the last try ended."""
        if self._busy is not None:
            return fold(self.said.say(self._busy), width, CARE)
        if self._asked is not None:
            return password_lines(self.said, self._asked.name, self._typed, width)
        lines = list_lines(self.said, self._found, self._at, width)
        if self._said is None:
            return lines
        mark = GOOD if self._well else BAD
        return [*fold(self.said.say(self._said), width, mark), ("", PLAIN), *lines]

    def keys(self) -> str:
        """Of the list, or of the password."""
        if self._busy is not None:
            return "guided.keys.wifi_busy"
        return "guided.keys.wifi_password" if self._asked else "guided.keys.wifi"

    # --- In a thread -----------------------------------------------------------------------------

    def action_look(self) -> None:
        """Which networks are in reach."""
        if self._busy is None and self._asked is None:
            self._do(Message("guided.wifi.looking"), self._look)

    def _look(self) -> tuple[Message | None, bool]:
        self._found = networks(self.session.host)
        return self._said, self._well

    def _join(self, network: WifiNetwork, password: str) -> tuple[Message | None, bool]:
        address = join(network, password, self.session.host, self.session.live)
        self._found = tuple(replace(one, joined=one == network) for one in self._found)
        return joined_message(network, address), True

    def _do(self, busy: Message, work: Callable[[], tuple[Message | None, bool]]) -> None:
        self._busy = busy
        self.redraw()
        self.run_worker(partial(self._beside, work), thread=True, exclusive=True)

    def _beside(self, work: Callable[[], tuple[Message | None, bool]]) -> None:
        try:
            said, well = work()
        except Exception as error:  # a bug of ours too: said here, and the rest goes its way
            log_swallowed("guided", error)
            said, well = self.session.reason_of(error), False
        self.app.call_from_thread(self._over, said, well)

    def _over(self, said: Message | None, well: bool) -> None:
        self._busy, self._said, self._well = None, said, well
        self._at = min(self._at, max(0, len(self._found) - 1))
        if self.is_current:
            self.redraw()

    # --- Keys ------------------------------------------------------------------------------------

    def on_key(self, event: Key) -> None:
        """A character of the password."""
        if self._asked is None or event.character is None or not event.character.isprintable():
            return
        event.prevent_default()
        event.stop()
        if len(self._typed) < MOST:
            self._typed += event.character
            self.redraw()

    def action_rub(self) -> None:
        """Take the last character back."""
        self._typed = self._typed[:-1]
        self.redraw()

    def action_move(self, by: int) -> None:
        """Point at another network."""
        if self._busy is None and self._asked is None and self._found:
            self._at = (self._at + by) % len(self._found)
            self.redraw()

    def action_choose(self) -> None:
        """This network: its password first, where it has one. With the password: join it."""
        if self._busy is not None:
            return
        network = self._asked
        if network is None and self._found:
            one = self._found[self._at]
            if one.kind == PASSPHRASE:
                self._asked, self._typed = one, ""
                self.redraw()
                return
            network = one
        if network is None:
            return
        self._asked = None
        going = Message.of("guided.wifi.joining", name=network.name)
        self._do(going, partial(self._join, network, self._typed))

    def action_back(self) -> None:
        """From the password to the list; from there to the computer."""
        if self._asked is not None:
            self._asked, self._typed = None, ""
            self.redraw()
        elif self._busy is None:
            self.dismiss()
