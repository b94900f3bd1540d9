"""Profiles as files: the shipped ones, every kind of mistake with its line and key, new ones."""

from __future__ import annotations

import re
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recond.errors import UsageError
from recond.flow.profiles import (
    check_profile_file,
    list_profiles,
    load_cpu_marks,
    load_profile,
    read_profile,
    write_new_profile,
)
from recond.locale import LANGS, has, say
from recond.readiness import assess_machine, check_profile, new_profile_toml, parse_profile
from recond.readiness.lines import Lines
from recond.readiness.lines import Path as Steps
from tests.readiness.machines import machine

SHIPPED = ("debian-13", "emmaus-connect", "grade", "linux-mint-22", "windows-10", "windows-11")

GOOD = """\
[profile]
format = 1
name = "atelier"
version = 2026-11-24
review_after = 2027-11-24
title = { fr = "Atelier", en = "Workshop" }

[[source]]
key = "us"
title = "Nous"
url = "https://example.org/"
read = 2026-11-24

[[support]]
key = "end"
ends = 2030-01-01
text = { fr = "mises à jour", en = "updates" }
source = "us"

[[tier]]
key = "minimum"
decides = true
title = { fr = "Minimum", en = "Minimum" }

[[requirement]]
key = "ram"
tier = "minimum"
source = "us"
title = { fr = "Mémoire", en = "Memory" }
reading = "memory.ram_bytes"
at_least = "4 GiB"
remedy = "ram"

[[requirement]]
key = "cpu"
tier = "minimum"
title = { fr = "Processeur", en = "Processor" }
accept = [
    { "cpu.flags" = ["lm", "nx"] },
    { "cpu.family" = { at_least = 6, at_most = 15 } },
]

[[scale]]
key = "disk"
title = { fr = "Disque", en = "Disk" }
reading = "disk.size_bytes"
below = ["64 GB", "128 GB"]

[[bonus]]
key = "nvme"
title = { fr = "NVMe", en = "NVMe" }
points = 1
when = [{ "disk.bus" = "nvme" }]

[[adjustment]]
key = "looks"
title = { fr = "Aspect", en = "Looks" }
reading = "operator.looks"
lowest = -1
highest = 1
default = 0

[[cap]]
category = "B"
title = { fr = "vieux", en = "old" }
when = [{ "system.bios_year" = { at_most = 2010 } }]

[[category]]
name = "B"
points = 0

[[category]]
name = "A"
points = 2
"""


def found(text: str) -> list[tuple[int, str, str]]:
    """Line, key and kind of every mistake."""
    mistakes = check_profile(text.encode(), "atelier.toml")
    for mistake in mistakes:
        for lang in LANGS:
            said = say(lang, mistake.message)
            assert "atelier.toml" in said
            assert re.search(rf"(ligne|line) {mistake.line},", said)
            assert mistake.key in said
            assert "readiness." not in said
            assert "@" not in said
    return [(m.line, m.key, m.message.code.rpartition(".")[2]) for m in mistakes]


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_profile_is_clean_dated_and_sourced(name: str) -> None:
    assert check_profile_file(name) == ()
    profile = load_profile(name)
    assert profile.name == name
    assert profile.version < profile.review_after
    assert profile.sources
    assert all(rule.source for rule in profile.rules)
    assert all(item.source for item in profile.support)


def test_the_shipped_profiles_are_listed() -> None:
    assert set(SHIPPED) <= set(list_profiles())


def paths(value: object, path: Steps = ()) -> Iterator[Steps]:
    yield path
    items = (
        value.items()
        if isinstance(value, dict)
        else (enumerate(value) if isinstance(value, list) else ())
    )
    for key, inner in items:
        yield from paths(inner, (*path, key))


@pytest.mark.parametrize("name", SHIPPED)
def test_every_key_of_every_shipped_profile_has_its_own_line(name: str) -> None:
    text = read_profile(name)[0].decode()
    lines, found = text.split("\n"), Lines(text)
    for path in paths(tomllib.loads(text)):
        if path and isinstance(path[-1], str):
            assert path[-1] in lines[found.of(path) - 1], path
        assert found.of(path) >= found.of(path[:-1])


def test_lines_follow_every_form_of_toml() -> None:
    triple = '"' * 3
    text = f"""a.b = 1
"c.d" = {{x = 1, 'y' = [1, # 2
 2, {{z = 3}}]}}
[[t]]
s = {triple}
[no]
x = 1 \\{triple}"
k = '''
[no]'''
[[t]]
[t.u.v]
w = "]"
"""
    found = Lines(text)
    tomllib.loads(text)
    assert [
        found.of(path)
        for path in (
            ("a", "b"),
            ("c.d", "x"),
            ("c.d", "y", 0),
            ("c.d", "y", 1),
            ("c.d", "y", 2, "z"),
            ("t", 0, "s"),
            ("t", 0, "k"),
            ("t", 1),
            ("t", 1, "u", "v", "w"),
            ("t", 1, "none"),
        )
    ] == [1, 2, 2, 3, 3, 5, 8, 10, 12, 10]


def test_the_good_example_is_clean() -> None:
    assert found(GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "key", "kind"),
    [
        ("format = 1", "format = 2", "profile.format", "format"),
        ("format = 1", 'format = "1"', "profile.format", "type"),
        ("format = 1", "format = true", "profile.format", "type"),
        ('name = "atelier"', 'name = "L’Atelier"', "profile.name", "name"),
        ('name = "atelier"\n', "", "profile.name", "missing"),
        ("version = 2026-11-24", 'version = "24/11/2026"', "profile.version", "day"),
        ("version = 2026-11-24", 'version = "2026-02-30"', "profile.version", "day"),
        ("version = 2026-11-24", "version = 2026-11-24T10:00:00", "profile.version", "day"),
        ("review_after = 2027-11-24", "review_after = 2025-01-01", "profile.review_after", "order"),
        ('title = { fr = "Atelier", en', "title = { en", "profile.title.fr", "missing"),
        ('en = "Workshop"', 'en = "Workshop", de = "X"', "profile.title.de", "unknown_key"),
        ('title = "Nous"', 'title = ""', "source[0].title", "empty"),
        ("https://example.org/", "file:///etc", "source[0].url", "url"),
        ('source = "us"\n\n', 'source = "them"\n\n', "support[0].source", "reference"),
        ("decides = true", "decides = 1", "tier[0].decides", "type"),
        ("decides = true\n", "", "tier", "nothing_decides"),
        (
            'tier = "minimum"\nsource',
            'tier = "maximum"\nsource',
            "requirement[0].tier",
            "reference",
        ),
        ("memory.ram_bytes", "memory.ram", "requirement[0].reading", "unknown_reading"),
        ('at_least = "4 GiB"', 'at_least = "4 barrettes"', "requirement[0].at_least", "amount"),
        ('at_least = "4 GiB"', "at_least = -4", "requirement[0].at_least", "amount"),
        ('at_least = "4 GiB"', 'at_laest = "4 GiB"', "requirement[0].at_laest", "unknown_key_near"),
        ('at_least = "4 GiB"', 'has = ["4 GiB"]', "requirement[0].has", "question"),
        (
            'at_least = "4 GiB"\n',
            "at_least = 4\nat_most = 5\n",
            "requirement[0].at_most",
            "one_question",
        ),
        ('reading = "memory.ram_bytes"\n', "", "requirement[0].reading", "missing"),
        ('remedy = "ram"', 'remedy = "pray"', "requirement[0].remedy", "word"),
        ('remedy = "ram"', 'remedy = "disk"', "requirement[0].remedy", "remedy_reading"),
        ('remedy = "ram"', "cost = 99999", "requirement[0].cost", "range"),
        (
            '{ "cpu.flags" = ["lm", "nx"] }',
            '{ "cpu.flgs" = ["lm"] }',
            "requirement[1].accept[0].cpu.flgs",
            "unknown_reading",
        ),
        (
            '{ "cpu.flags" = ["lm", "nx"] }',
            '{ "cpu.flags" = [3] }',
            "requirement[1].accept[0].cpu.flags",
            "type",
        ),
        ('{ "cpu.flags" = ["lm", "nx"] }', "{}", "requirement[1].accept[0]", "empty"),
        ('{ "cpu.flags" = ["lm", "nx"] }', "3", "requirement[1].accept[0]", "type"),
        ("at_most = 15", "at_most = 3", "requirement[1].accept[1].cpu.family.at_most", "order"),
        (
            "at_most = 15",
            "most = 15",
            "requirement[1].accept[1].cpu.family.most",
            "unknown_key_near",
        ),
        ('key = "cpu"', 'key = "ram"', "requirement[1].key", "duplicate"),
        ('["64 GB", "128 GB"]', '["128 GB", "64 GB"]', "scale[0].below[1]", "order"),
        ('["64 GB", "128 GB"]', '["64 GB", "plus"]', "scale[0].below[1]", "amount"),
        ('["64 GB", "128 GB"]', "[]", "scale[0].below", "empty"),
        (
            'reading = "disk.size_bytes"',
            'reading = "disk.flash"',
            "scale[0].reading",
            "not_a_number",
        ),
        ('when = [{ "disk.bus" = "nvme" }]\n', "", "bonus[0].when", "missing"),
        ("highest = 1", "highest = -3", "adjustment[0].highest", "order"),
        ("default = 0", "default = 9", "adjustment[0].default", "range"),
        ('category = "B"', 'category = "Z"', "cap[0].category", "reference"),
        ('name = "A"', 'name = "B"', "category[1].name", "duplicate"),
        ("points = 2", "points = 0", "category[1].points", "order"),
        ("[[bonus]]", "[[bnous]]", "bnous", "unknown_key_near"),
    ],
)
def test_each_mistake_is_found_at_its_line_and_key(old: str, new: str, key: str, kind: str) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    mistakes = found(text)
    assert (key, kind) in {(m[1], m[2]) for m in mistakes}
    at = next(m[0] for m in mistakes if (m[1], m[2]) == (key, kind))
    name = key.rpartition(".")[2].partition("[")[0]
    if kind not in ("missing", "nothing_decides") and "." in key:
        before = new[: new.index(name)] if name in new else ""
        assert at == line_of(GOOD, old) + before.count("\n")


@pytest.mark.parametrize(
    ("old", "new", "key", "kind"),
    [
        ("version = 2026-11-24", "version = 2026-13-40", "profile.version", "rest"),
        ("review_after = 2027-11-24", "review_after = 2027-02-30", "profile.review_after", "date"),
        ('key = "ram"', "key = ram", "requirement[0].key", "value"),
        ('key = "ram"', 'key = "ram', "requirement[0].key", "string"),
        ('key = "ram"', 'key "ram"', "requirement[0]", "statement"),
        ('key = "ram"', 'key = "r\\am"', "requirement[0].key", "escape"),
        ('remedy = "ram"', 'remedy = "ram"\nremedy = "ram"', "requirement[0].remedy", "twice"),
        ('["lm", "nx"] },', '["lm", "nx" },', "requirement[1].accept", "unclosed"),
        ('below = ["64 GB", "128 GB"]', 'below = ["64 GB", "128 GB"', "scale[0].below", "unclosed"),
        ("[[scale]]", "[[scale]", "scale", "header"),
    ],
)
def test_what_is_no_toml_is_found_with_the_mistakes_around_it(
    old: str, new: str, key: str, kind: str
) -> None:
    text = (
        GOOD.replace(old, new, 1)
        .replace("https://example.org/", "ici")
        .replace("points = 2", "points = 0")
    )
    mistakes = check_profile(text.encode(), "f.toml")
    syntax = [m for m in mistakes if m.message.code == "readiness.mistake.syntax"]
    assert [dict(m.message.args)["detail"] for m in syntax] == [f"@readiness.syntax.{kind}"]
    assert syntax[0].key.startswith(key)
    others = {m.key for m in mistakes} - {syntax[0].key}
    assert others == {"source[0].url", "category[1].points"}


def test_several_broken_places_are_all_found() -> None:
    text = (
        GOOD.replace("version = 2026-11-24", "version = demain", 1)
        .replace('key = "nvme"', "key = 'nvme", 1)
        .replace("points = 2", "points = = 2")
    )
    assert [(m[0], m[1], m[2]) for m in found(text)] == [
        (line_of(text, "version = demain"), "profile.version", "syntax"),
        (line_of(text, "key = 'nvme"), "bonus[0].key", "syntax"),
        (line_of(text, "points = = 2"), "category[1].points", "syntax"),
    ]


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"", "nothing"),
        (b"\xff\xfe", "encoding"),
        (b"a = 1\n" * 30_000, "too_big"),
        (b"a" * 3000, "long_line"),
        (b"a = " + b"[\n" * 20_000, "syntax"),
        (b"a = 1\nb = \x00\n", "syntax"),
        (b"[profile]\n[profile]\n", "syntax"),
    ],
)
def test_bytes_that_are_no_profile_give_a_mistake_in_bounded_time(raw: bytes, kind: str) -> None:
    start = time.monotonic()
    mistakes = check_profile(raw, "f.toml")
    assert time.monotonic() - start < 10
    assert kind in {m.message.code.rpartition(".")[2] for m in mistakes}
    with pytest.raises(UsageError):
        parse_profile(raw, "f.toml")


@given(st.binary(max_size=400))
def test_no_bytes_escape_as_another_exception(raw: bytes) -> None:
    for document in (raw, GOOD.encode()[:600] + raw):
        for mistake in check_profile(document, "f"):
            assert 1 <= mistake.line <= document.count(b"\n") + 1


@given(st.integers(0, len(GOOD)), st.integers(0, 40))
def test_a_piece_cut_out_gives_a_profile_or_mistakes(at: int, length: int) -> None:
    raw = (GOOD[:at] + GOOD[at + length :]).encode()
    if check_profile(raw, "f"):
        with pytest.raises(UsageError):
            parse_profile(raw, "f")
    else:
        assess_machine(machine(), parse_profile(raw, "f"), "2026-11-24")


def test_the_first_mistake_is_the_error() -> None:
    text = GOOD.replace("points = 2", "points = 0").replace("format = 1", "format = 2")
    with pytest.raises(UsageError) as caught:
        parse_profile(text.encode(), "f.toml")
    assert dict(caught.value.message.args)["key"] == "profile.format"
    assert caught.value.exit_code == 2


def test_memory_is_binary_whatever_its_unit_is_called_and_disks_are_not() -> None:
    for unit in ("GB", "Go", "GiB", "Gio"):
        profile = parse_profile(GOOD.replace("4 GiB", f"4 {unit}").encode(), "f")
        assert profile.rules[0].test is not None
        assert profile.rules[0].test.wanted == (4 << 30,)
    assert parse_profile(GOOD.encode(), "f").scales[0].below[0] == 64_000_000_000


# --- new profiles ----------------------------------------------------------------------------


@pytest.mark.parametrize("base", [None, *SHIPPED])
def test_a_new_profile_is_clean_and_judges_as_its_base(base: str | None, tmp_path: Path) -> None:
    path = tmp_path / "mon-atelier.toml"
    write_new_profile(path, base, "2028-02-29")
    raw = path.read_bytes()
    assert check_profile(raw, "n") == ()
    made = parse_profile(raw, "n")
    assert (made.name, made.version) == ("mon-atelier", "2028-02-29")
    assert tomllib.loads(raw.decode())["profile"]["review_after"] == "2029-02-28"
    if base is not None:
        old = load_profile(base)
        assert made.rules == old.rules
        assert made.scales == old.scales
        assert made.caps == old.caps
        assert made.support == old.support
        assert assess_machine(machine(), made, "2026-11-24").requirements == (
            assess_machine(machine(), old, "2026-11-24").requirements
        )


def test_a_new_profile_never_overwrites_and_says_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text("mine")
    with pytest.raises(UsageError) as caught:
        write_new_profile(path, None, "2026-11-24")
    assert "existe déjà" in say("fr", caught.value.message)
    assert path.read_text() == "mine"
    with pytest.raises(UsageError):
        write_new_profile(tmp_path / "Mon Atelier.toml", None, "2026-11-24")
    with pytest.raises(UsageError):
        write_new_profile(tmp_path / "no" / "a.toml", None, "2026-11-24")
    with pytest.raises(UsageError):
        write_new_profile(tmp_path / "b.toml", "windows-3", "2026-11-24")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.toml"]


def test_a_new_profile_needs_no_date() -> None:
    assert check_profile(new_profile_toml("a"), "a") == ()


# --- where profiles lie ----------------------------------------------------------------------


def test_the_workshops_own_profile_wins_over_the_shipped_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    folder = tmp_path / "recond" / "profiles"
    folder.mkdir(parents=True)
    write_new_profile(folder / "windows-10.toml", "debian-13", "2026-11-24")
    (folder / "atelier.toml").write_text(GOOD)
    assert load_profile("windows-10").rules == load_profile("debian-13").rules
    assert {"atelier", *SHIPPED} <= set(list_profiles())
    assert read_profile("atelier")[1] == str(folder / "atelier.toml")


@pytest.mark.parametrize(
    "name", ["windows-95", "/no/such.toml", "no.toml", "/dev/zero", "/", "a/\0"]
)
def test_a_profile_that_is_not_there_is_one_clear_message(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_profile(name)
    for lang in LANGS:
        assert has(caught.value.message.code, lang)
        assert "readiness." not in say(lang, caught.value.message)


def test_marks_are_read_from_a_file_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "marks.csv"
    path.write_text("Core i5-8350U;6200\n")
    assert load_cpu_marks(str(path)).of("Intel(R) Core(TM) i5-8350U CPU @ 1.70GHz") == (6200, 1)
    with pytest.raises(UsageError):
        load_cpu_marks(str(tmp_path))
