"""A tone from the loudspeakers, so that a person can say whether sound is heard.

Why: a terminal's bell is the mainboard's buzzer, where there is one at all; what is asked about is
the sound card. Nothing is recorded, and what was heard is the person's word, never ours.
"""

from __future__ import annotations

import math
import struct
import tempfile
import wave
from pathlib import Path

from recond.host.process import Processes

RATE_HZ, TONE_HZ, SECONDS, LOUDNESS = 48_000, 440, 1.2, 0.5
CONTROLS = ("Master", "Speaker", "Headphone", "PCM")
"""What a sound card mutes after a start (amixer(1)); cards have some of them."""


def play_tone(processes: Processes) -> bool:
    """Whether a sound card took the tone; it lasts as long as the tone."""
    for control in CONTROLS:
        processes.run(("amixer", "-q", "sset", control, "80%", "unmute"), timeout_s=5.0)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "tone.wav"
        write_tone(file)
        return processes.run(("aplay", "-q", str(file)), timeout_s=10.0).returncode == 0


def write_tone(file: Path) -> None:
    """A sine on both sides, 16 bits, faded in and out. Raises `OSError`."""
    count = int(RATE_HZ * SECONDS)
    fade = RATE_HZ // 20
    with wave.open(str(file), "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        out.writeframes(
            b"".join(
                struct.pack("<hh", *2 * (_sample(at, min(1.0, at / fade, (count - at) / fade)),))
                for at in range(count)
            )
        )


def _sample(at: int, gain: float) -> int:
    return int(32767 * LOUDNESS * gain * math.sin(2 * math.pi * TONE_HZ * at / RATE_HZ))
