"""1,637 real `dmidecode` texts: all are read, and the form agrees with the collection's own."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from recond.inspect.dmidecode import parse_dmidecode, parse_size
from recond.inspect.memory import memory_of
from recond.inspect.system import system_of
from recond.model import Form, Known, Unknown, Why
from tests.inspect.corpus import Sample, read_corpus

FORMS = {
    "All In One": Form.ALL_IN_ONE,
    "Convertible": Form.CONVERTIBLE,
    "Desktop": Form.DESKTOP,
    "Mini Pc": Form.MINI_PC,
    "Notebook": Form.NOTEBOOK,
    "Server": Form.SERVER,
    "Stick Pc": Form.STICK,
    "Tablet": Form.TABLET,
    "System On Chip": Form.MINI_PC,
    "Firewall": Form.OTHER,
}
# What the collection calls it, what recond calls it, and why recond does not follow.
EXPLAINED: dict[tuple[Form, Form | None], str] = {
    (
        Form.TABLET,
        Form.NOTEBOOK,
    ): "Surface Laptop: the keyboard is fixed; its chassis type says laptop",
    (
        Form.NOTEBOOK,
        Form.TABLET,
    ): "Latitude 5290 2-in-1: chassis type detachable, the screen comes off its keyboard",
    (
        Form.NOTEBOOK,
        Form.DESKTOP,
    ): "every text is filler and the type is desktop: only battery and panel could tell",
    (Form.MINI_PC, Form.DESKTOP): "an evaluation board's filler texts with the type desktop",
    (Form.MINI_PC, Form.OTHER): "an evaluation board's filler texts with the type other",
    (Form.MINI_PC, None): "single boards without any type or battery",
    (Form.DESKTOP, None): "an empty text: no structure at all",
    (Form.ALL_IN_ONE, Form.DESKTOP): "a board sold loose (X58A-UD3R) without a chassis structure",
}


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    return read_corpus("dmi")


def test_every_text_gives_a_system_and_a_memory(samples: list[Sample]) -> None:
    named = 0
    for sample in samples:
        tables = parse_dmidecode(sample.text)
        memory_of(tables, Unknown(Why.NOT_READ))
        system = system_of(tables)
        named += isinstance(system.board_model, Known) or isinstance(system.model, Known)
    assert len(samples) == 1637
    assert named >= 1600  # the others are filler


def test_form_agrees_with_the_collection(samples: list[Sample]) -> None:
    different: Counter[tuple[Form, Form | None]] = Counter()
    for sample in samples:
        form = system_of(parse_dmidecode(sample.text)).form
        found = form.value if isinstance(form, Known) else None
        if found is not FORMS[sample.folders[0]]:
            different[FORMS[sample.folders[0]], found] += 1
    agreement = 1 - different.total() / len(samples)
    assert agreement >= 0.97, f"{agreement:.2%}, {different}"
    assert set(different) <= set(EXPLAINED), f"a disagreement without an explanation: {different}"
    # a verdict about a portable machine must not depend on which of these words it is
    assert different.total() <= 15, different


def test_installed_memory_is_the_sum_of_the_modules(samples: list[Sample]) -> None:
    counted = 0
    for sample in samples:
        sizes = _system_module_sizes(sample.text)
        if not sizes or None in sizes:
            continue
        memory = memory_of(parse_dmidecode(sample.text), Unknown(Why.NOT_READ))
        assert memory.installed_bytes == Known(sum(s or 0 for s in sizes), "dmidecode:17"), sample
        assert isinstance(memory.modules, Known)
        assert len(memory.modules.value) == len(sizes)
        counted += 1
    assert counted > 1400


def test_free_slots_never_exceed_the_slots(samples: list[Sample]) -> None:
    known = 0
    for sample in samples:
        memory = memory_of(parse_dmidecode(sample.text), Unknown(Why.NOT_READ))
        if isinstance(memory.slots_free, Known):
            assert isinstance(memory.slots_total, Known), sample
            assert 0 <= memory.slots_free.value <= memory.slots_total.value, sample
            known += 1
        if isinstance(memory.maximum_bytes, Known) and isinstance(memory.installed_bytes, Known):
            assert memory.maximum_bytes.value >= memory.installed_bytes.value, sample
    assert known > 1200


def _system_module_sizes(text: str) -> list[int | None]:
    """The sizes of filled places of system memory, by a reading of the text of its own."""
    sections = [s for s in re.split(r"\n(?=Handle 0x)", text) if s.startswith("Handle")]
    foreign = {
        m[1]
        for s in sections
        if "DMI type 16," in s
        and "Use: System Memory" not in s
        and (m := re.match(r"Handle (0x\w+)", s))
    }
    found: list[int | None] = []
    for section in sections:
        if "DMI type 17," not in section:
            continue
        array = re.search(r"\tArray Handle: (0x\w+)", section)
        size = re.search(r"\tSize: (.*)", section)
        kind = re.search(r"\tType: (.*)", section)
        if (array and array[1] in foreign) or size is None:
            continue
        if size[1].strip() == "No Module Installed":
            continue
        if kind and kind[1].strip() in ("Flash", "Logical non-volatile device"):
            continue
        found.append(parse_size(size[1].strip()))
    return found
