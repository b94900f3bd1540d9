"""Emmaüs Connect's categories: points, caps, ranges, an organisation's own processor marks."""

from __future__ import annotations

import pytest

from recond.errors import UsageError
from recond.flow.profiles import load_profile
from recond.locale import say
from recond.model import Medium, Outcome
from recond.readiness import assess_machine, parse_cpu_marks
from recond.readiness.marks import normal_name
from tests.readiness.machines import GB, NOTHING, disk, known, machine, memory

DAY = "2026-11-24"
MARKS = "modèle;note\nIntel Core i5-8350U @ 1.70GHz;{}\n"


def judged(mark: int | None, **changes: object) -> tuple[str | None, tuple[int, int] | None]:
    answers = changes.pop("answers", None)
    marks = None if mark is None else parse_cpu_marks(MARKS.format(mark).encode(), "marks.csv")
    result = assess_machine(machine(**changes), load_profile("emmaus-connect"), DAY, marks,
                            answers)  # type: ignore[arg-type]  # a test's keyword
    assert (result.verdict is Outcome.UNKNOWN) == ("-" in (result.category or ""))
    return result.category, result.points


HDD = disk(medium=Medium.HDD, size_bytes=known(500 * GB))
NVME = disk(path="/dev/nvme0n1", bus=known("nvme"), size_bytes=known(512 * GB))


@pytest.mark.parametrize(("mark", "gib", "drive", "category", "points"), [
    (6000, 8, disk(), "A", 9),            # 3 + 3 + 3
    (8000, 16, NVME, "Premium", 13),      # 4 + 4 + 4 + 1
    (1000, 2, disk(size_bytes=known(32 * GB)), "D", 0),
    (1879, 4, disk(), "C", 4),            # just below 2000 × 0.94: 0 + 1 + 3
    (1880, 4, disk(), "C", 5),            # just at it
    (6000, 16, HDD, "B", 9),              # a hard disk is never above B
    (2499, 16, HDD, "C", 7),              # 1 + 4 + 2, capped
    (2499, 16, disk(), "B", 8),           # 1 + 4 + 3, capped
    (2500, 16, disk(), "A", 8),
])
def test_categories(mark: int, gib: int, drive: object, category: str, points: int) -> None:
    assert judged(mark, memory=memory(gib), disks=(drive,)) == (category, (points, points))


def test_without_marks_the_category_is_a_range() -> None:
    assert judged(None) == ("B-A", (6, 10))
    assert judged(None, disks=(HDD,)) == ("C-B", (5, 9))


def test_unknown_medium_counts_one_scale_only() -> None:
    drive = disk(medium=Medium.UNKNOWN, size_bytes=known(500 * GB))
    assert judged(6000, disks=(drive,)) == ("B-A", (8, 10))  # 6 and 2 as HDD, 4 as SSD


def test_unknown_memory_is_a_range() -> None:
    ram = memory(8, installed_bytes=NOTHING, visible_bytes=NOTHING)
    assert judged(6000, memory=ram) == ("B-A", (6, 10))


def test_answers_of_the_operator_count_within_bounds() -> None:
    assert judged(6000, answers={"operator.technical": 1, "operator.looks": 1}) == (
        "Premium", (11, 11))
    assert judged(6000, answers={"operator.technical": -9}) == ("B", (7, 7))
    assert judged(6000, answers={"operator.system": "windows-10"})[0] == "B"


def test_open_questions_are_said() -> None:
    result = assess_machine(machine(), load_profile("emmaus-connect"), DAY)
    said = " ".join(say("fr", notice) for notice in result.notices)
    assert "opérateur" in said
    assert "Windows 10" in said


@pytest.mark.parametrize("raw", [
    b"Core i5-8350U,6200\n", b"Core i5-8350U\t6200\r\n", b'"Core i5-8350U";"6 200"\n',
    "\ufeffmodèle;note\nCore i5-8350U;6200".encode(),
    "Modèle;Note\nCore™ i5-8350U;6200\n".encode("cp1252"),
    "name,mark\nIntel Core i5-8350U @ 1.70GHz,\"6,200\"\n".encode("utf-16"),
    b"Intel(R) Core(TM) i5-8350U CPU @ 1.70GHz,12,6200.0\n# end\n\n",
])
def test_marks_in_every_dress(raw: bytes) -> None:
    marks = parse_cpu_marks(raw, "m.csv")
    found = marks.of("Core(TM) i5-8350U") or marks.of("Intel(R) Core(TM) i5-8350U CPU @ 1.70GHz")
    assert found is not None
    assert found[0] in (6200, 12)


def test_a_likeness_is_no_match() -> None:
    marks = parse_cpu_marks(b"Intel Core i5-8350U,6200\n", "m.csv")
    assert marks.of("Intel(R) Core(TM) i5-8350 CPU") is None
    assert marks.of("Intel(R) Core(TM) i5-8350UE CPU") is None


@pytest.mark.parametrize(("first", "second"), [
    ("AMD Ryzen 5 2600 Six-Core Processor", "AMD Ryzen 5 2600"),
    ("11th Gen Intel(R) Core(TM) i5-1135G7 @ 2.40GHz", "Intel Core i5-1135G7 @ 2.40GHz"),
    ("AMD A6-5400K APU with Radeon(tm) HD Graphics", "AMD A6-5400K"),
    ("Intel(R) Celeron(R) CPU        P4500  @ 1.87GHz", "intel celeron p4500"),
])
def test_names_that_are_one(first: str, second: str) -> None:
    assert normal_name(first) == normal_name(second)


@pytest.mark.parametrize("raw", [b"", b"\0\0\0", b"a,b\nc,d", b"\xff\xfe", b",\n;\n", b"x;-5\n"])
def test_a_table_without_marks_is_refused(raw: bytes) -> None:
    with pytest.raises(UsageError):
        parse_cpu_marks(raw, "m.csv")
