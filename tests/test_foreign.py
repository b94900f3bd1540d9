"""What a stranger wrote acts on nothing and says nothing in recond's voice."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recond.foreign import LONGEST, NAMES, printable, printable_word
from recond.locale import LANGS, Lang, text
from recond.show.screen import Screen
from tests.house import PACKAGE

ESCAPES = (
    "\x1b[2J\x1b[H", "\x1b]0;title\x07", "\x1b]52;c;ZXZpbA==\x07", "\x9b31m", "\u202eesrever",
    "\u2066x", "a\u200bb", "\ufeffbom", "\x7f", "\r", "\u2028line", "\u206aold", "\U000e0041tag",
)  # fmt: skip
CONTROL = {"Cc", "Cf", "Zl", "Zp"}


def acts(shown: str, allowed: str = "") -> list[str]:
    return [s for s in shown if unicodedata.category(s) in CONTROL and s not in allowed]


@pytest.mark.parametrize("escape", ESCAPES)
@pytest.mark.parametrize("lang", LANGS)
def test_a_lot_with_escape_codes_reaches_no_terminal(
    escape: str, lang: Lang, capsys: pytest.CaptureFixture[str]
) -> None:
    screen = Screen(lang)
    screen.talk(screen.t("lot.made", lot=f"L{escape}", n=1))
    screen.data(f"serial {escape}")
    screen.table("t", ("a", "b"), ((f"x{escape}", "y"),))
    said = capsys.readouterr()
    assert not acts(said.out + said.err, "\n")


@pytest.mark.parametrize("name", sorted(NAMES))
@pytest.mark.parametrize("lang", LANGS)
def test_no_foreign_text_is_taken_for_a_code(name: str, lang: Lang) -> None:
    """A lot of this name made `recond verify` say « true, whole and signed » in its own words."""
    verdict = "@certify.verify.all-good"
    assert text(lang, "no.such.code", **{name: verdict})
    for code in codes_with(name):
        arguments = dict.fromkeys(fields(code), "x") | {name: verdict}
        try:
            shown = text(lang, code, **arguments)
        except KeyError:
            continue
        assert text(lang, verdict[1:]) not in shown
        assert verdict in shown


def catalogue() -> dict[str, object]:
    found: dict[str, object] = {}
    for file in (PACKAGE / "locale" / "fr").glob("*.json"):
        found |= json.loads(file.read_text(encoding="utf-8"))
    return found


def fields(code: str) -> set[str]:
    return set(re.findall(r"\{(\w+)", json.dumps(catalogue()[code])))


def codes_with(name: str) -> list[str]:
    return [code for code, entry in catalogue().items() if f"{{{name}}}" in str(entry)][:8]


def test_a_foreign_text_has_no_line_of_its_own_and_an_end() -> None:
    assert printable_word("L\nKey trusted – yes") == "L\\u000aKey trusted – yes"
    assert len(printable_word("x" * 100_000)) == LONGEST + 1
    assert printable("two\nlines\tof ours") == "two\nlines\tof ours"


BLANK = (
    *(0xAD, 0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810)),
    *(*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0x2800, 0x3164),
    *(*range(0xFE00, 0xFE10), 0xFEFF, 0xFFA0, *range(0xFFF0, 0xFFFC), 0x1D159),
    *(*range(0x1BCA0, 0x1BCA4), *range(0x1D173, 0x1D17B), *range(0xE0000, 0xE1000)),
)
"""What Unicode 15 calls Default_Ignorable_Code_Point, annotations, and two signs that are blank."""


@pytest.mark.parametrize("shown_by", [printable, printable_word])
def test_no_sign_that_draws_nothing_makes_two_names_look_like_one(
    shown_by: Callable[[str], str],
) -> None:
    """A lot « ᅠ » was shown as an empty one, and two serial numbers looked like one."""
    for number in BLANK:
        shown = shown_by(f"A{chr(number)}1")
        assert shown.isascii(), hex(number)
        assert json.loads(f'"{shown}"') == f"A{chr(number)}1", "still valid inside JSON"
    assert shown_by("é 한 ⠁ ☕ 🙂 Ω") == "é 한 ⠁ ☕ 🙂 Ω"


@given(st.text())
def test_nothing_acts_whatever_it_is(foreign: str) -> None:
    shown = printable_word(foreign)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b]", shown)
    assert json.loads(json.dumps(printable(foreign))) == printable(foreign)
