"""Touchpad, pointing stick, mouse: does it follow over its whole width, do its buttons arrive.

Why: a touchpad that is dead in a corner still moves the arrow. How far a finger was followed is
told in percent of what the device says of itself. Sources: the kernel's
Documentation/input/event-codes.rst and multi-touch-protocol.rst.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field

from recond.host import Host
from recond.host.files import Files
from recond.host.senses import InputEvent, InputStream
from recond.inspect.trial import PartSeen, Trial
from recond.inspect.trial_keyboard import INPUTS, bits_of, input_name, input_nodes
from recond.model import Message

KEY, REL, ABS = 1, 2, 3
LEFT, BUTTONS = 0x110, range(0x110, 0x118)
X_AXES, Y_AXES = (0x00, 0x35), (0x01, 0x36)  # ABS_X, ABS_MT_POSITION_X, and of Y
INPUT_PROP_POINTER = 0
ABOUT_S, MOST_S, IDLE_S = 30, 90, 20
STEP_S = 0.1
ENOUGH_PERCENT = 60
"""Of each side: fingers do not reach the edge, whose last tenth many pads leave out."""


def pointers(files: Files) -> tuple[str, ...]:
    """Devices that move an arrow: a touchpad (no touch screen), or one that moves by steps."""
    found = []
    for name in input_nodes(files):
        place = f"{INPUTS}/{name}/device"
        keys, steps, axes, properties = (
            bits_of(files, f"{place}/{path}")
            for path in ("capabilities/key", "capabilities/rel", "capabilities/abs", "properties")
        )
        pad = axes & 3 == 3 and properties >> INPUT_PROP_POINTER & 1
        if keys >> LEFT & 1 and (pad or steps & 3 == 3):
            found.append(name)
    return tuple(found)


@dataclass(slots=True)
class PointerSeen:
    """What arrived from one device: how far in each direction, and which buttons."""

    stream: InputStream
    reach: dict[int, tuple[int, int]] = field(default_factory=dict)  # axis → least, largest
    steps: set[tuple[int, bool]] = field(default_factory=set)  # axis, towards the larger
    buttons: set[int] = field(default_factory=set)

    def hear(self, events: tuple[InputEvent, ...]) -> bool:
        """Take in what came; whether anything did."""
        for one in events:
            if one.kind == ABS and one.code in (*X_AXES, *Y_AXES):
                least, largest = self.reach.get(one.code, (one.value, one.value))
                self.reach[one.code] = (min(least, one.value), max(largest, one.value))
            elif one.kind == REL and one.code in (0, 1) and one.value:
                self.steps.add((one.code, one.value > 0))
            elif one.kind == KEY and one.code in BUTTONS and one.value:
                self.buttons.add(one.code)
        return bool(events)

    def percent(self, axes: tuple[int, int]) -> int | None:
        """How much of an axis was reached; None where it has no such axis."""
        for axis in axes:
            limits = self.stream.axis(axis)
            if limits is not None:
                least, largest = self.reach.get(axis, (0, 0))
                return min(100, 100 * (largest - least) // (limits[1] - limits[0]))
        return None

    @property
    def is_done(self) -> bool:
        """Whether it was followed far enough everywhere and clicked."""
        across, down = self.percent(X_AXES), self.percent(Y_AXES)
        if across is None or down is None:
            return len(self.steps) == 4 and LEFT in self.buttons
        return min(across, down) >= ENOUGH_PERCENT and LEFT in self.buttons

    @property
    def is_touched(self) -> bool:
        """Whether anything came from it at all."""
        return bool(self.reach or self.steps or self.buttons)


def try_pointer(host: Host) -> Trial:
    """A finger into every corner, a click; some seconds without anything end it."""
    names = pointers(host.files)
    if not names:
        return (PartSeen.unknown("pointer_absent"),)
    with contextlib.ExitStack() as kept:
        moved: dict[str, PointerSeen] = {}
        for name in names:
            with contextlib.suppress(OSError):
                stream = host.senses.open_input(f"/dev/input/{name}")
                kept.callback(stream.close)
                moved[name] = PointerSeen(stream)
        if not moved:
            return (PartSeen.unknown("input_refused"),)
        yield from _listen(host, moved)
        return tuple(
            judge_pointer(input_name(host.files, name), one)
            for name, one in moved.items()
            if one.is_touched
        ) or (PartSeen.unknown("pointer_silent"),)


def _listen(host: Host, moved: dict[str, PointerSeen]) -> Trial:
    clock = host.clock
    began = newest = clock.monotonic_s()
    while True:
        now = clock.monotonic_s()
        for one in moved.values():
            with contextlib.suppress(OSError):
                if one.hear(one.stream.read()):
                    newest = now
        touched = [one for one in moved.values() if one.is_touched]
        done = bool(touched) and all(one.is_done for one in touched)
        idle = now - newest > IDLE_S or now - began > MOST_S
        if idle or (done and now - newest > 2):
            return ()
        yield Message("inspect.part.pointer_move")


def judge_pointer(device: str, moved: PointerSeen) -> PartSeen:
    """How far it was followed, and how many buttons arrived."""
    across, down, n = moved.percent(X_AXES), moved.percent(Y_AXES), len(moved.buttons)
    seen = PartSeen.passed if moved.is_done else PartSeen.unknown
    word = "passed" if moved.is_done else "some"
    if across is None or down is None:
        return seen(f"stick_{word}", device, n=n, directions=len(moved.steps))
    return seen(f"pad_{word}", device, n=n, across=across, down=down)
