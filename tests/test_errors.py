"""Exit codes: the errors and their page say the same, and no code has two meanings by accident."""

from __future__ import annotations

import re

import pytest

from recond import errors
from recond.errors import RecondError, SafetyRefusal, UsageError
from recond.model import Message
from tests.house import ROOT

CLASSES = [
    cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, RecondError)
]


def test_the_page_names_every_error_with_its_code() -> None:
    page = (ROOT / "docs" / "exit-codes.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (\d+) \| ([^|]*) \|", page, re.MULTILINE))
    said = {
        name: int(code)
        for code, names in rows.items()
        for name in re.findall(r"\w+", names)
        if name != "–"
    }
    assert said == {cls.__name__: cls.exit_code for cls in CLASSES}
    assert sorted(map(int, rows)) == list(range(11))


def test_only_two_kinds_of_bad_file_share_a_code() -> None:
    codes = sorted(cls.exit_code for cls in CLASSES)
    assert codes == [1, 2, 3, 4, 7, 7, 8, 9]  # 5 and 6 are computed from the record, never raised


def test_an_error_carries_its_sentence_as_data() -> None:
    error = UsageError("cli.lang.unknown", lang="de")
    assert error.message == Message.of("cli.lang.unknown", lang="de")
    assert "cli.lang.unknown" in str(error)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_refusal_carries_all_its_reasons(count: int) -> None:
    reasons = tuple(Message.of("wipe.refusal.empty", path=f"/dev/sd{n}") for n in range(count))
    error = SafetyRefusal(reasons)
    assert error.refusals == reasons
    assert error.message == (reasons[0] if reasons else Message("wipe.refusal.unknown"))
