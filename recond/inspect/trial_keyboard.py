"""The keyboard: which of its keys arrive, by what the kernel hears of it.

Why not by characters: a terminal sees no Shift, no F1 that it keeps for itself, and one character
for two keys. What is looked at are the keys that every keyboard of this layout has; a key that did
not arrive was not pressed, or is broken, and only who pressed it knows which. Which keys arrived is
kept, never in what order. Sources: linux/input-event-codes.h; the kernel's
Documentation/input/event-codes.rst; /sys/class/input/*/device/capabilities.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from recond.host import Host
from recond.host.files import Files
from recond.host.senses import InputEvent, InputStream
from recond.inspect.trial import PartSeen, Trial
from recond.keyboards import layout_keys
from recond.model import Message

INPUTS = "/sys/class/input"
KEY, PRESSED, RELEASED = 1, 1, 0
ABOUT_S, MOST_S, IDLE_S, HELD_S = 60, 180, 20, 3
STEP_S = 0.1
LET_GO = 10
"""Rests before the keyboard is held: whoever pressed Enter to begin lets go of it."""

ENDS = (1, 28)  # Escape, Enter: either of them twice
LETTERS = (16, 30, 44, 28)
MOST_NAMED = 30


def bits_of(files: Files, path: str) -> int:
    """A bitmap of sysfs: words of 64 bits in hexadecimal, the highest first; 0 where unreadable."""
    text = files.read_text(path)
    if not isinstance(text, str) or not re.fullmatch(r"[0-9a-f]{1,16}( [0-9a-f]{1,16})*", text):
        return 0
    found = 0
    for word in text.split(" "):
        found = found << 64 | int(word, 16)
    return found


def input_nodes(files: Files) -> tuple[str, ...]:
    """The names of the input devices ("event3"), by number."""
    names = (name for name in files.list(INPUTS) if re.fullmatch(r"event\d{1,4}", name))
    return tuple(sorted(names, key=lambda name: int(name[5:])))


def keyboards(files: Files) -> tuple[str, ...]:
    """The input devices that have letters and Enter: no button, no remote control."""
    return tuple(
        name
        for name in input_nodes(files)
        if all(bits_of(files, _keys(name)) >> code & 1 for code in LETTERS)
    )


def _keys(name: str) -> str:
    return f"{INPUTS}/{name}/device/capabilities/key"


def console_layout(files: Files) -> str:
    """The layout that the console was set to (keyboard(5)); "" where nothing says so."""
    text = files.read_text("/etc/default/keyboard")
    found = re.search(r'(?m)^XKBLAYOUT="?([a-z]+)', text) if isinstance(text, str) else None
    return found[1] if found else ""


@dataclass(slots=True)
class _Heard:
    """What arrived from one keyboard."""

    stream: InputStream
    seen: set[int] = field(default_factory=set)
    down: set[int] = field(default_factory=set)
    last: int = 0
    ended: bool = False

    def hear(self, events: tuple[InputEvent, ...]) -> bool:
        """Take in what came; whether a key came that had not come before."""
        before = len(self.seen)
        for one in events:
            if one.kind != KEY:
                continue
            if one.value == PRESSED:
                self.ended = self.ended or (one.code == self.last and one.code in ENDS)
                self.last = one.code
                self.seen.add(one.code)
                self.down.add(one.code)
            elif one.value == RELEASED:
                self.down.discard(one.code)
        return len(self.seen) > before


def try_keyboard(host: Host) -> Trial:
    """Every key is pressed once; Escape or Enter twice, or some seconds without a new key, end."""
    names = keyboards(host.files)
    if not names:
        return (PartSeen.unknown("keyboard_absent"),)
    layout = console_layout(host.files)
    wanted = layout_keys(layout)
    for _ in range(LET_GO):
        yield _asked(layout, wanted, tuple(wanted.values()))
    with contextlib.ExitStack() as kept:
        heard: dict[str, _Heard] = {}
        for name in names:
            with contextlib.suppress(OSError):
                stream = host.senses.open_input(f"/dev/input/{name}", hold=True)
                kept.callback(stream.close)
                heard[name] = _Heard(stream)
        if not heard:
            return (PartSeen.unknown("input_refused"),)
        yield from _listen(host, heard, wanted, layout)
        return tuple(
            judge_keyboard(input_name(host.files, name), frozenset(one.seen), wanted)
            for name, one in heard.items()
            if one.seen
        ) or (PartSeen.unknown("keyboard_silent"),)


def _listen(host: Host, heard: dict[str, _Heard], wanted: Mapping[int, str], layout: str) -> Trial:
    """Until it is enough; what is held down then is waited for, or the terminal repeats it."""
    clock = host.clock
    began = newest = clock.monotonic_s()
    ended_s: float | None = None
    while True:
        now = clock.monotonic_s()
        for one in heard.values():
            with contextlib.suppress(OSError):  # pulled out: what came from it stays
                if one.hear(one.stream.read()):
                    newest = now
        seen = frozenset(code for one in heard.values() for code in one.seen)
        missing = [name for code, name in wanted.items() if code not in seen]
        over = now - newest > IDLE_S or now - began > MOST_S
        if ended_s is None and (over or not missing or any(one.ended for one in heard.values())):
            ended_s = now
        if ended_s is not None and (
            now - ended_s > HELD_S or not any(one.down for one in heard.values())
        ):
            return ()
        yield _asked(layout, wanted, tuple(missing))


def _asked(layout: str, wanted: Mapping[int, str], missing: tuple[str, ...]) -> Message:
    """How many keys arrived and which are to come; `layout` is for who draws them."""
    total = len(wanted)
    return Message.of(
        "inspect.part.keyboard_press",
        n=total - len(missing),
        total=total,
        keys=" ".join(missing) or "–",
        layout=layout,
    )


def judge_keyboard(device: str, seen: frozenset[int], wanted: Mapping[int, str]) -> PartSeen:
    """All of them, or which did not arrive: not pressed, or broken."""
    missing = [name for code, name in wanted.items() if code not in seen]
    if not missing:
        return PartSeen.passed("keyboard_all", device, n=len(wanted))
    named = " ".join(missing[:MOST_NAMED]) + (" …" if len(missing) > MOST_NAMED else "")
    return PartSeen.unknown(
        "keyboard_some", device, n=len(wanted) - len(missing), total=len(wanted), keys=named
    )


def input_name(files: Files, name: str) -> str:
    """What a device calls itself."""
    told = files.read_text(f"{INPUTS}/{name}/device/name")
    return told[:60] if isinstance(told, str) and told else name
