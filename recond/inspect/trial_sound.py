"""Sound: does the microphone hear what the loudspeakers play.

Why a loop: that a sound card takes a tone says nothing of the loudspeaker, and that the microphone
gives numbers nothing of what it hears. A tone of one pitch that comes back proves both at once;
where it does not, nobody knows which of them failed, or whether a plug is in. The recording is
looked at for that one pitch and forgotten. Source: G. Goertzel, "An Algorithm for the Evaluation of
Finite Trigonometric Series", 1958; arecord(1).
"""

from __future__ import annotations

import array
import errno
import math
import sys
from collections.abc import Sequence

from recond.host import Host
from recond.host.sound import TONE_HZ, play_tone
from recond.inspect.trial import PartSeen, Trial, refused

CARDS = "/proc/asound/cards"
RATE_HZ, RECORD_S, ABOUT_S = 16_000, 4, 8
LIMIT_S = 30
"""A card whose clock stands still gives no samples, and whoever records waits for them."""
RECORD = (
    *("arecord", "-q", "-t", "raw", "-f", "S16_LE", "-c", "1"),
    *("-r", str(RATE_HZ), "-d", str(RECORD_S)),
)
CAPTURES = ("Capture", "Mic", "Internal Mic")
WINDOW = RATE_HZ // 5
SHARE_PERCENT = 20
"""Of a window's whole power, at the tone's pitch: a voice or a fan spreads over hundreds."""

SILENCE = 30
"""Below this mean amplitude of 32768 a window is the card's own noise."""


def try_sound_loop(host: Host) -> Trial:
    """Record while the tone is played, and look for it."""
    cards = host.files.read_text(CARDS)
    if not isinstance(cards, str) or "[" not in cards:
        return (PartSeen.unknown("sound_absent"),)
    for control in CAPTURES:
        host.processes.run(("amixer", "-q", "sset", control, "80%", "cap"), timeout_s=5.0)
    tool, began = host.parts.start(RECORD), host.clock.monotonic_s()
    try:
        yield None
        played = play_tone(host.processes)
        while (ended := tool.poll()) is None:
            if host.clock.monotonic_s() - began > LIMIT_S:
                return (refused(OSError(errno.ETIMEDOUT, "arecord")),)
            yield None
    finally:
        tool.stop()
    if ended.missing:
        return (PartSeen.unknown("no_tool", tool="arecord"),)
    if not played:
        return (PartSeen.unknown("sound_not_played"),)
    if ended.returncode != 0:
        return (PartSeen.unknown("sound_not_recorded", exit=ended.returncode),)
    if hears_tone(ended.stdout):
        return (PartSeen.passed("sound_heard", hertz=TONE_HZ),)
    return (PartSeen.unknown("sound_not_heard", hertz=TONE_HZ),)


def hears_tone(raw: bytes) -> bool:
    """Whether some fifth of a second of 16-bit samples is mostly the tone."""
    samples = array.array("h", raw[: len(raw) - len(raw) % 2])
    if sys.byteorder == "big":
        samples.byteswap()
    return any(
        _share(samples[at : at + WINDOW]) >= SHARE_PERCENT
        for at in range(0, len(samples) - WINDOW + 1, WINDOW)
    )


def _share(window: Sequence[int]) -> float:
    """The percent of a window's power that is at the tone's pitch; 0 for silence."""
    mean = sum(window) / len(window)
    power = sum((one - mean) ** 2 for one in window)
    if power < SILENCE**2 * len(window):
        return 0.0
    turn = 2 * math.cos(2 * math.pi * TONE_HZ / RATE_HZ)
    older = newer = 0.0
    for one in window:
        older, newer = newer, one - mean + turn * newer - older
    at_tone = newer**2 + older**2 - turn * newer * older
    return 100 * 2 * at_tone / (len(window) * power)
