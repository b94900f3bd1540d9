"""Emmaüs Connect's categories: points, caps, ranges, an organisation's own processor marks."""

from __future__ import annotations

import contextlib
import time

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
    result = assess_machine(machine(**changes), load_profile("emmaus-connect"), DAY, marks, answers)  # type: ignore[arg-type]  # a test's keyword
    assert (result.verdict is Outcome.UNKNOWN) == ("-" in (result.category or ""))
    return result.category, result.points


HDD = disk(medium=Medium.HDD, size_bytes=known(500 * GB))
NVME = disk(path="/dev/nvme0n1", bus=known("nvme"), size_bytes=known(512 * GB))


@pytest.mark.parametrize(
    ("mark", "gib", "drive", "category", "points"),
    [
        (6000, 8, disk(), "A", 9),  # 3 + 3 + 3
        (8000, 16, NVME, "Premium", 13),  # 4 + 4 + 4 + 1
        (1000, 2, disk(size_bytes=known(32 * GB)), "D", 0),
        (1879, 4, disk(), "C", 4),  # just below 2000 × 0.94: 0 + 1 + 3
        (1880, 4, disk(), "C", 5),  # just at it
        (6000, 16, HDD, "B", 9),  # a hard disk is never above B
        (2499, 16, HDD, "C", 7),  # 1 + 4 + 2, capped
        (2499, 16, disk(), "B", 8),  # 1 + 4 + 3, capped
        (2500, 16, disk(), "A", 8),
    ],
)
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
        "Premium",
        (11, 11),
    )
    assert judged(6000, answers={"operator.technical": -9}) == ("B", (7, 7))
    assert judged(6000, answers={"operator.system": "windows-10"})[0] == "B"


def test_open_questions_are_said() -> None:
    result = assess_machine(machine(), load_profile("emmaus-connect"), DAY)
    said = " ".join(say("fr", notice) for notice in result.notices)
    assert "opérateur" in said
    assert "Windows 10" in said


def test_every_limit_of_a_scale_is_lowered_by_six_percent() -> None:
    # 480 GB ≥ 500 × 0.94 gives 4 points, 120 GB < 128 × 0.94 gives 1; a cap's 2500 is not lowered
    assert judged(6000, disks=(disk(size_bytes=known(480 * GB)),)) == ("A", (10, 10))
    assert judged(6000, disks=(disk(size_bytes=known(120 * GB)),)) == ("B", (7, 7))
    small = disk(medium=Medium.HDD, size_bytes=known(242 * GB))
    assert judged(1000, disks=(small,), memory=memory(16)) == ("C", (6, 6))


def test_only_a_cap_that_lowers_the_category_is_said() -> None:
    poor = machine(memory=memory(2), disks=(HDD,))
    codes = [n.code for n in assess_machine(poor, load_profile("emmaus-connect"), DAY).notices]
    assert "readiness.notice.cap_open" not in codes
    rich = machine(memory=memory(16), disks=(HDD,))
    said = [say("fr", n) for n in assess_machine(rich, load_profile("emmaus-connect"), DAY).notices]
    assert any(text.startswith("Catégorie limitée à B") for text in said)


def test_a_machine_without_a_disk_gets_no_points_for_its_size() -> None:
    assert judged(6000, disks=()) == ("B", (6, 7))  # the one to come may be NVMe


@pytest.mark.parametrize(
    "raw",
    [
        b"Core i5-8350U,6200\n",
        b"Core i5-8350U\t6200\r\n",
        b'"Core i5-8350U";"6 200"\n',
        "\ufeffmodèle;note\nCore i5-8350U;6200".encode(),
        "Modèle;Note\nCore™ i5-8350U;6200\n".encode("cp1252"),
        'name,mark\nIntel Core i5-8350U @ 1.70GHz,"6,200"\n'.encode("utf-16"),
        b"Intel(R) Core(TM) i5-8350U CPU @ 1.70GHz,6200.0,12\n# end\n\n",
        b"CPU Name,Cores,CPU Mark,Rank\nIntel Core i5-8350U @ 1.70GHz,4,6200,1800\n",
        b"Core i5-8350U,n/a\n# comment\nCore i5-8350U,6200\nCore i5-8350U,9999\n",
    ],
)
def test_marks_in_every_dress(raw: bytes) -> None:
    found = parse_cpu_marks(raw, "m.csv").of("Intel(R) Core(TM) i5-8350U CPU @ 1.70GHz")
    assert found is not None
    assert found[0] == 6200


def test_the_evidence_of_a_mark_is_the_files_line() -> None:
    marks = parse_cpu_marks(b"name;mark\n\nCore i5-8350U;6200\n", "marks.csv")
    result = assess_machine(machine(), load_profile("emmaus-connect"), DAY, marks)
    line = next(r for r in result.requirements if r.key == "cpu-mark")
    assert (line.evidence, line.outcome) == ("marks.csv:3", Outcome.PASS)


def test_a_processor_that_the_table_lacks_leaves_a_range_and_says_so() -> None:
    marks = parse_cpu_marks(b"Core i5-3320M;2500\n", "marks.csv")
    result = assess_machine(machine(), load_profile("emmaus-connect"), DAY, marks)
    line = next(r for r in result.requirements if r.key == "cpu-mark")
    assert (result.category, result.points) == ("B-A", (6, 10))
    assert "marks.csv" in say("fr", line.observed)
    assert "i5-8350U" in say("fr", line.observed)


def test_a_name_without_a_model_number_never_matches() -> None:
    marks = parse_cpu_marks(b"Intel Xeon @ 2.8GHz;500\nCore i5-8350U;6200\n", "m.csv")
    assert marks.of("Intel(R) Xeon(TM) CPU 3.20GHz") is None
    assert marks.of("Intel(R) Xeon(R) CPU @ 2.00GHz") is None
    assert marks.of("") is None


@pytest.mark.parametrize(
    "raw",
    [
        b"," * 2_000_000,
        b"Core i5-8350U;6200\n" + b"x," * 1_000_000,
        b'"' * 1_000_000 + b"\n;1",
    ],
)
def test_a_monstrous_table_is_read_in_bounded_time(raw: bytes) -> None:
    start = time.monotonic()
    with contextlib.suppress(UsageError):
        parse_cpu_marks(raw, "m.csv")
    assert time.monotonic() - start < 5


def test_a_likeness_is_no_match() -> None:
    marks = parse_cpu_marks(b"Intel Core i5-8350U,6200\n", "m.csv")
    assert marks.of("Intel(R) Core(TM) i5-8350 CPU") is None
    assert marks.of("Intel(R) Core(TM) i5-8350UE CPU") is None


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("AMD Ryzen 5 2600 Six-Core Processor", "AMD Ryzen 5 2600"),
        ("11th Gen Intel(R) Core(TM) i5-1135G7 @ 2.40GHz", "Intel Core i5-1135G7 @ 2.40GHz"),
        ("AMD A6-5400K APU with Radeon(tm) HD Graphics", "AMD A6-5400K"),
        ("Intel(R) Celeron(R) CPU        P4500  @ 1.87GHz", "intel celeron p4500"),
        ("Intel(R) Core(TM)2 Duo CPU     E8400  @ 3.00GHz", "Intel Core2 Duo E8400 @ 3.00GHz"),
        ("Intel(R) Core(TM) i5 CPU       M 520  @ 2.40GHz", "Intel Core i5-520M @ 2.40GHz"),
        ("Intel(R) Core(TM) i7 CPU       Q 720  @ 1.60GHz", "Intel Core i7-720QM @ 1.60GHz"),
        ("Intel(R) Core(TM) i3 CPU         530  @ 2.93GHz", "Intel Core i3-530 @ 2.93GHz"),
        ("AMD FX(tm)-8300 Eight-Core Processor", "AMD FX-8300 Eight-Core"),
        ("AMD A9-9420 RADEON R5, 5 COMPUTE CORES 2C+3G", "AMD A9-9420"),
        ("AMD Ryzen 5 PRO 2500U w/ Radeon Vega Mobile Gfx", "AMD Ryzen 5 PRO 2500U"),
    ],
)
def test_names_that_are_one(first: str, second: str) -> None:
    assert normal_name(first) == normal_name(second)


@pytest.mark.parametrize("raw", [b"", b"\0\0\0", b"a,b\nc,d", b"\xff\xfe", b",\n;\n", b"x;-5\n"])
def test_a_table_without_marks_is_refused(raw: bytes) -> None:
    with pytest.raises(UsageError):
        parse_cpu_marks(raw, "m.csv")
