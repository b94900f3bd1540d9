"""The pure views: figures, graph, letters, and what fits a console of 80 by 25."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from pathlib import Path

import pytest

from recond.flow.guided import DiskEnd, End
from recond.flow.live.stick import StickState, StickStatus
from recond.flow.run.background import Heard
from recond.guided.letters import HEIGHT, big, big_lines
from recond.guided.progress import Board, Track, draw_bar, draw_graph, phase_words, track_lines
from recond.guided.result import code_lines, detail_lines, result_lines
from recond.guided.step import TYPING
from recond.guided.step_keys import key_lines
from recond.guided.words import (
    BETWEEN,
    PLAIN,
    GuidedWords,
    cut,
    cut_front,
    fold,
    fold_keys,
    fold_path,
    texts,
)
from recond.locale import LANGS, NBSP, NNBSP, Lang, text
from recond.model import Message
from recond.progress import DRIVE_TOTAL, Phase, ProgressEvent, WorkerEnd, ended
from tests.guided.stage import SCREENS
from tests.house import PACKAGE
from tests.wipe.disks import HDD, STICK, plan_for

CONSOLE = (
    set(map(chr, range(0x20, 0x7F)))
    | set(map(chr, range(0xA0, 0x100)))
    | set("œŒ€’“”…–")
    | set("█▀▄░")
)
"""Latin 9 with its quotation marks, and blocks: what a console font of 256 glyphs holds."""


def said(phase: Phase, done: int, at_s: float, step: int = 0, total: int = 1000) -> Heard:
    return Heard(at_s, "d", ProgressEvent(phase, step, 2, 3, done, total))


# --- How far, how fast ------------------------------------------------------------------------


def test_a_refused_disk_never_starts_and_does_not_count() -> None:
    free = plan_for(HDD)
    stick = plan_for(
        STICK,
        refusals=(Message.of("wipe.refusal.medium", path="/dev/sdd", where="/run/live/medium"),),
    )
    board = Board.of({"free": free, "stick": stick})
    (refused,) = (one for one in board.tracks.values() if one.is_refused)
    for _ in range(2):
        assert phase_words(GuidedWords("fr"), refused) == text("fr", "cli.phase.end.refused")
        assert board.percent == 0
        board.hear([Heard(0.0, refused.name, ProgressEvent(Phase.CANARY))])
    board.hear([Heard(9.0, "free", ended(WorkerEnd.COMPLETED))])
    assert board.percent == 100


def test_a_reading_back_that_is_watched_has_no_percentage() -> None:
    track = Track("d", None)
    track.hear(said(Phase.WRITE, 1000, 0))
    track.hear(Heard(1, "d", ProgressEvent(Phase.VERIFY, 2, 2, 3)))
    assert "– %" in track_lines(GuidedWords("fr"), track, 1, 78)[1][0]


def test_each_disks_number_is_of_the_same_way_as_the_large_one() -> None:
    """A bar of 34 % beside a large 11 %, as it once was, is read as a mistake."""
    board = Board({})
    board.hear([said(Phase.WRITE, 340, 0)])
    assert board.percent == 11
    assert " 11 %" in track_lines(GuidedWords("fr"), board.tracks["d"], 0, 78)[1][0]


def test_the_run_ends_with_its_last_disk_and_says_nothing_while_one_is_unknown() -> None:
    board = Board({})
    for disk, speed in (("slow", 10), ("fast", 100)):
        board.hear(
            [
                Heard(at, disk, ProgressEvent(Phase.WRITE, 0, 1, 1, at * speed, 1000))
                for at in (0, 1)
            ]
        )
    assert board.left_s(1) == 99
    board.hear([Heard(1, "drive", ProgressEvent(Phase.DRIVE, 0, 1, 1, 5, DRIVE_TOTAL))])
    assert board.left_s(1) is None
    board.hear([Heard(2, "drive", ended(WorkerEnd.COMPLETED))])
    assert board.left_s(1) == 99


@pytest.mark.parametrize("outcome", [one for one in WorkerEnd if one is not WorkerEnd.RUNNING])
def test_each_end_has_its_words(outcome: WorkerEnd) -> None:
    track = Track("d", None)
    track.hear(said(Phase.WRITE, 500, 0))
    track.hear(Heard(9.0, "d", ended(outcome)))
    assert phase_words(GuidedWords("fr"), track) == text("fr", f"cli.phase.end.{outcome}")


def test_a_run_that_still_writes_never_shows_100() -> None:
    track = Track("d", None)
    track.hear(said(Phase.VERIFY, 1000, 0, step=2))
    board = Board({"d": track})
    assert board.percent == 99
    board.hear([Heard(9.0, "d", ended(WorkerEnd.COMPLETED))])
    assert board.percent == 100


def test_the_board_hears_of_a_disk_it_did_not_know_and_of_the_run() -> None:
    board = Board({})
    board.hear([said(Phase.WRITE, 1, 0), Heard(0, "", ProgressEvent(Phase.CERTIFY))])
    assert list(board.tracks) == ["d"]
    assert board.notice is Phase.CERTIFY
    board.sample(0)
    assert list(board.speeds) == [0]


# --- Drawing ----------------------------------------------------------------------------------


def test_the_graph_fills_its_height_with_the_highest() -> None:
    rows = draw_graph([0, 5, 10], 5, rows=2)
    assert rows == ("    █", "   ██")
    assert draw_graph([1] * 100, 3, rows=1) == ("███",)
    assert draw_graph([], 2, rows=2) == ("  ", "  ")


def test_the_bar() -> None:
    assert draw_bar(50, 4) == "[██░░]"
    assert draw_bar(None, 4) == "[····]"
    assert [len(draw_bar(percent, 10)) for percent in (0, 33, 100)] == [12, 12, 12]


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("word", ["erased", "partial", "not-erased", "nothing"])
def test_the_large_word_stands_beside_the_code(word: str, lang: Lang) -> None:
    rows = big_lines(text(lang, f"guided.word.{word}"), 37)
    assert max(map(len, rows)) <= 37
    assert len(rows) <= 2 * HEIGHT


def test_every_figure_can_be_large() -> None:
    assert {len(big(f"{n}%")) for n in range(101)} == {HEIGHT}


def test_the_code_can_be_read_back(tmp_path: Path) -> None:
    """Half blocks to cells to the very modules that segno makes, with four quiet ones around."""
    import segno

    code = "RECOND:20261124-041130-1F2E3D4C:" + "0F" * 32
    rows = code_lines(code)
    cells = [[(block in "▀█", block in "▄█") for block in row] for row in rows]
    flat = [[pair[half] for pair in row] for row in cells for half in (0, 1)]
    made = segno.make_qr(code, error="l")
    modules = [[bool(cell) for cell in row] for row in made.matrix]
    end = 4 + len(modules)
    assert [row[4:-4] for row in flat[4:end]] == modules
    assert not any(any(row) for row in flat[:4] + flat[end:])
    assert len(rows) <= 22, "it fits between the bars of 24 rows"
    assert max(map(len, rows)) <= 41


# --- Words ------------------------------------------------------------------------------------


def test_lines_break_at_plain_spaces_only() -> None:
    lines = fold(f"un disque{NBSP}: prêt{NBSP}!", 12, first="- ", rest="  ")
    assert [line for line, _ in lines] == ["- un", f"  disque{NBSP}:", f"  prêt{NBSP}!"]
    assert fold("", 10) == [("", "")]
    assert cut("abcdef", 4) == "abc…"
    assert cut("abcd", 4) == "abcd"
    assert cut_front("abcdef", 4) == "…def"
    assert cut_front("abcd", 4) == "abcd"


@pytest.mark.parametrize(("width", "shown"), [(78, "S3Z1NB0K222222"), (32, "…0K222222")])
def test_a_serial_is_whole_where_it_fits_and_says_where_it_is_cut(width: int, shown: str) -> None:
    track = Track("d", plan_for(replace(HDD, serial="S3Z1NB0K222222")))
    line = track_lines(GuidedWords("fr"), track, 0, width)[0][0]
    assert f" {shown} " in line
    assert len(line) <= width


@pytest.mark.parametrize(
    ("lang", "zone", "said"),
    [
        ("fr", "Europe/Paris", "Interrompu le 27/11/2026 à 22:39"),
        ("fr", "Asia/Tokyo", "Interrompu le 28/11/2026 à 06:39"),
        ("en", "UTC", "2026-11-27 at 21:39"),
    ],
)
def test_a_moment_is_on_the_readers_clock(
    lang: Lang, zone: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        shown = GuidedWords(lang).say(
            Message.of("certify.interrupted", time="2026-11-27T21:39:36.154Z", reason="x")
        )
    finally:
        monkeypatch.undo()
        time.tzset()
    assert said in shown


SCREENS_OF_THEIR_OWN = {"guided.keys.keyboard"}
TYPED_OR_ARROWS = {"Tapez", "Type", "Flèches", "Arrows"}
"""What the list says in other words: the characters, and which arrows."""


@pytest.mark.parametrize("lang", LANGS)
def test_the_keys_fit_the_foot(lang: Lang) -> None:
    entries = json.loads((PACKAGE / "locale" / lang / "guided.json").read_text(encoding="utf-8"))
    keys = {code: GuidedWords(lang).t(code) for code in entries if code.startswith("guided.keys.")}
    more = {typing: GuidedWords(lang).t(f"guided.more_keys.{typing}") for typing in TYPING}
    assert keys.keys() >= SCREENS_OF_THEIR_OWN
    for code in keys.keys() - SCREENS_OF_THEIR_OWN:
        keys[code] += BETWEEN + max(more.values(), key=len)
    assert not {code: len(said) for code, said in keys.items() if len(said) > 79}


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("width", [48, 60, 72])
def test_a_narrow_screen_loses_no_key_of_the_foot(lang: Lang, width: int) -> None:
    entries = json.loads((PACKAGE / "locale" / lang / "guided.json").read_text(encoding="utf-8"))
    words = GuidedWords(lang)
    for code in (one for one in entries if one.startswith("guided.keys.")):
        foot = BETWEEN.join((words.t(code), words.t("guided.more_keys.typing")))
        lines = fold_keys(foot, width)
        assert max(map(len, lines)) <= width, code
        assert [one for one in " ".join(lines).split() if one != "|"] == [
            one for one in foot.split() if one != "|"
        ]


def test_a_path_is_parted_behind_a_slash() -> None:
    path = "/media/RECOND/certificats/20261124-041130-1f2e3d4c/certificate-NON-SIGNE.pdf"
    assert fold_path(path, 70) == [path[:51], path[51:]]
    assert fold_path("/a/" + "b" * 25, 10) == ["/a/", "b" * 10, "b" * 10, "b" * 5]


def test_a_wide_screen_gives_each_disk_one_line_with_its_whole_words() -> None:
    words, plan = GuidedWords("fr"), plan_for(HDD)
    for width in (170, 198):
        track = Track("x", plan)
        track.hear(said(Phase.WRITE, 100, 0.0, total=10**12))
        track.hear(said(Phase.WRITE, 10**11, 10.0, total=10**12))
        ((line, _),) = track_lines(words, track, 10.0, width)
        assert plan.disk.token in line
        assert phase_words(words, track) in line
        track.hear(said(Phase.END, 0, 11.0))
        for end in WorkerEnd:
            track.meter.end = end
            ((line, _),) = track_lines(words, track, 10.0, width)
            assert len(line) <= width
            assert line.endswith(phase_words(words, track))


@pytest.mark.parametrize("lang", LANGS)
def test_the_list_of_keys_says_all_that_the_foot_does_and_fits_a_screen(lang: Lang) -> None:
    words = GuidedWords(lang)
    entries = json.loads((PACKAGE / "locale" / lang / "guided.json").read_text(encoding="utf-8"))
    feet = {code for code in entries if code.startswith("guided.keys.")} - SCREENS_OF_THEIR_OWN
    assert {code.replace("keys", "list", 1) for code in feet} == {
        code for code in entries if code.startswith("guided.list.")
    }
    for code in feet:
        listed = words.t(code.replace("keys", "list", 1))
        names = [one.partition(words.t("cli.colon"))[0] for one in words.t(code).split(BETWEEN)]
        asked = {re.sub("^(puis|then) ", "", key) for name in names for key in name.split(", ")}
        assert not {key for key in asked - TYPED_OR_ARROWS if key not in listed}, code
        assert len(key_lines(words, code, 80)) <= 23, code


@pytest.mark.parametrize("lang", LANGS)
def test_a_console_has_every_glyph(lang: Lang) -> None:
    entries = json.loads((PACKAGE / "locale" / lang / "guided.json").read_text(encoding="utf-8"))
    words = GuidedWords(lang)
    shown = {
        code: words.t(code, **dict.fromkeys(re.findall(r"{(\w+)}", str(entry)), "x"))
        for code, entry in entries.items()
    }
    shown |= {file.name: file.read_text(encoding="utf-8") for file in (SCREENS / lang).iterdir()}
    missing = {name: sorted(set(said) - CONSOLE - {"\n"}) for name, said in shown.items()}
    assert not {name: glyphs for name, glyphs in missing.items() if glyphs}
    assert NNBSP not in "".join(shown.values())


@pytest.mark.parametrize(
    ("state", "where", "words"),
    [
        ("saved", "RECOND/certificats/r1/certificate.pdf", "Tout est sur la clé"),
        ("copying", "/srv/recond-out/r1/certificate.pdf", "Copie sur la clé"),
        ("absent", "/srv/recond-out/r1/certificate.pdf", "restent en mémoire"),
        ("full", "/srv/recond-out/r1/certificate.pdf", "La clé est pleine"),
    ],
)
def test_the_result_says_on_the_stick_only_what_is_there(
    state: str, where: str, words: str
) -> None:
    end = End(
        "erased",
        (),
        Path("/srv/recond-out/r1/certificate.pdf"),
        None,
        None,
        "2026-11-24",
        "1F2E3D4C",
        "RECOND:X",
        (),
        demonstration=False,
    )
    shown = "\n".join(
        texts(result_lines(GuidedWords("fr"), end, None, 78, StickStatus(StickState(state), 2)))
    )
    assert where in shown
    assert words in shown
    assert ("RECOND/" in shown) == ("peut être éteint" in shown) == (state == "saved")
    assert "clé" not in "\n".join(texts(result_lines(GuidedWords("fr"), end, None, 78)))


def test_the_stick_is_listed_and_not_counted() -> None:
    disks = (
        DiskEnd("LABNV0", True, False, "erased", "clear", ()),
        DiskEnd("STICK1", False, True, "refused", "none", ()),
    )
    end = End(
        "erased",
        disks,
        Path("/x/r1/certificate.pdf"),
        None,
        None,
        "2026-11-24",
        "1F2E3D4C",
        "RECOND:X",
        (),
        demonstration=False,
    )
    shown = "\n".join(texts(result_lines(GuidedWords("fr"), end, None, 78)))
    assert "1 sur 1" in shown
    listed = dict(detail_lines(GuidedWords("fr"), end, 78))
    assert [mark for text, mark in listed.items() if "STICK1" in text] == [PLAIN]
