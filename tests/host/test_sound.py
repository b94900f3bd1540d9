"""The tone is a real sound file, and only a sound card that took it counts as played."""

from __future__ import annotations

import struct
import wave
from itertools import pairwise
from pathlib import Path

import pytest

from recond.host.process import Completed
from recond.host.sound import RATE_HZ, SECONDS, TONE_HZ, play_tone, write_tone


def test_the_tone_is_heard_on_both_sides_at_its_pitch(tmp_path: Path) -> None:
    write_tone(tmp_path / "tone.wav")
    with wave.open(str(tmp_path / "tone.wav")) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (2, 2, RATE_HZ)
        raw = sound.readframes(sound.getnframes())
    pairs = list(struct.iter_unpack("<hh", raw))
    left = [pair[0] for pair in pairs]
    assert left == [pair[1] for pair in pairs]
    rises = sum(a < 0 <= b for a, b in pairwise(left))
    assert abs(rises / SECONDS - TONE_HZ) < 3
    assert 15_000 < max(left) < 17_000
    assert abs(left[0]) + abs(left[-1]) < 10, "it begins and ends without a click"


@pytest.mark.parametrize(("code", "played"), [(0, True), (1, False), (127, False), (124, False)])
def test_played_is_what_the_card_took(code: int, played: bool) -> None:
    said: list[tuple[str, ...]] = []

    class Card:
        def run(self, argv: tuple[str, ...], *, timeout_s: float = 30.0) -> Completed:
            said.append(argv)
            if argv[0] == "aplay":
                assert Path(argv[-1]).read_bytes()[:4] == b"RIFF"
                return Completed(argv, code, b"", b"", 1)
            return Completed(argv, 1, b"", b"no such control", 1)

    assert play_tone(Card()) is played
    assert not Path(said[-1][-1]).exists(), "nothing is left behind"
