"""What a bench tells its board while it works, and the line on which it does.

Why so little: it is progress for people's eyes, not evidence. There is no word in it for "erased":
a slot whose work has ended is `over`, and what that came to is for the certificate to say. A
message is at most one a second; one that does not get through is lost, and nothing that erases ever
waits for it: a thread of its own sends the newest there is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from recond.codec import canonical_bytes
from recond.errors import RecondError
from recond.model import Message, Text
from recond.upload.settings import Settings

SCHEMA = "recond.live/1"
MOST_BYTES = 64 << 10
MOST_SLOTS = 64
EVERY_S = 1.0
QUIET_EVERY_S = 5.0
LAST_WORD_S = 3.0


class SlotWord(Text):
    """What a slot does. None of these says what became of the disk's data."""

    WAITING = "waiting"
    IDENTIFYING = "identifying"
    WORKING = "working"
    OVER = "over"
    FAILED = "failed"
    REFUSED = "refused"
    STRANGER = "stranger"
    LEFT = "left"
    INTERRUPTED = "interrupted"
    PULLED = "pulled"


@dataclass(frozen=True, slots=True)
class SlotSaid:
    """One disk. `phase`, `step`, `steps` as the worker counts them; `percent` of all of it."""

    place: str
    state: SlotWord
    serial: str | None = None
    model: str | None = None
    size_bytes: int | None = None
    run: str | None = None
    phase: str | None = None
    step: int | None = None
    steps: int | None = None
    percent: int | None = None
    left_s: int | None = None
    message: Message | None = None


@dataclass(frozen=True, slots=True)
class ComputerSaid:
    """Which computer the disks are in; None for what was not read."""

    maker: str | None = None
    model: str | None = None
    serial: str | None = None
    property_number: str | None = None


@dataclass(frozen=True, slots=True)
class LiveSaid:
    """One message: the whole state of one process on a bench, so that any may be lost."""

    schema: str
    session: str
    seq: int
    computer: ComputerSaid | None
    lot: str | None
    operator: str | None
    ended: bool
    slots: tuple[SlotSaid, ...]


Look = Callable[[int, bool], LiveSaid]
"""(seq, ended) → the state as it is now."""


class Teller:
    """Sends the newest state until it is told to stop. `stop` waits a moment for the last word."""

    def __init__(self, lines: tuple[BoardLine, ...], look: Look) -> None:
        self._lines, self._look = lines, look
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._tell, args=(line,), daemon=True) for line in lines
        ]
        for thread in self._threads:
            thread.start()

    def _tell(self, line: BoardLine) -> None:
        seq, before, quiet = 0, b"", 0.0
        while True:
            ended = self._stop.is_set()
            seq += 1
            state = canonical_bytes(self._look(0, ended))
            if state != before or ended or quiet >= QUIET_EVERY_S:
                line.say(canonical_bytes(self._look(seq, ended)))
                before, quiet = state, 0.0
            if ended:
                line.close()
                return
            quiet += EVERY_S
            self._stop.wait(EVERY_S)

    def stop(self) -> None:
        """Say the last word, and wait for it no longer than a moment."""
        self._stop.set()
        for thread in self._threads:
            thread.join(LAST_WORD_S)


class BoardLine:
    """The line to one board. Never raises: what does not get through is lost."""

    def __init__(self, settings: Settings) -> None:
        # loaded late: HTTP is a sixth of a command's start, and most benches have no board
        from recond.host.line import Line

        self._line = Line(
            settings.get("url").rstrip("/") + "/api/v1/live",
            (("Authorization", f"Bearer {settings.get('token')}"),),
            settings.get("ca") or None,
        )

    def say(self, body: bytes) -> None:
        """Send one message."""
        if len(body) <= MOST_BYTES:
            try:
                self._line.post(body)
            except (RecondError, OSError, ValueError):
                return

    def close(self) -> None:
        """Hang up."""
        self._line.close()
