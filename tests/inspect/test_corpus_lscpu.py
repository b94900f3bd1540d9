"""1,295 real `lscpu` texts: the processor is read as the collection names it, and judged."""

from __future__ import annotations

import dataclasses
import re

import pytest

from recond.flow.profiles import load_profile
from recond.inspect.cpu import parse_lscpu
from recond.model import Known, Outcome
from recond.readiness import assess_machine
from tests.inspect.corpus import Sample, read_corpus
from tests.readiness.machines import machine

MAKERS = {"Intel": "GenuineIntel", "AMD": "AuthenticAMD", "ARM": "ARM", "Qualcomm": "Qualcomm"}
WANTED_FLAGS = ("pae", "nx", "sse2", "cx16", "lahf_lm", "3dnowprefetch", "sse4_2", "popcnt", "lm")


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    return read_corpus("lscpu")


def _line(text: str, label: str) -> str | None:
    found = re.search(rf"^\s*{re.escape(label)}:\s*(.*)$", text, re.MULTILINE)
    return found[1].strip() if found else None


def test_maker_family_model_and_stepping_are_those_of_the_collection(samples: list[Sample]) -> None:
    for sample in samples:
        cpu = parse_lscpu(sample.text)
        maker, numbers = sample.folders[0], sample.folders[3]
        if maker in MAKERS:
            assert cpu.maker == Known(MAKERS[maker], "lscpu"), sample
        if maker in ("ARM", "Qualcomm"):  # MODEL-REVISION: ARM counts no families
            assert cpu.model == Known(int(numbers.split("-")[0]), "lscpu"), sample
            continue
        family, model, stepping = (int(n) for n in numbers.split("-"))
        assert cpu.family == Known(family, "lscpu"), sample
        assert cpu.model == Known(model, "lscpu"), sample
        assert cpu.stepping == Known(stepping, "lscpu"), sample
    assert len(samples) == 1295


def test_cores_threads_and_flags_are_those_of_the_text(samples: list[Sample]) -> None:
    with_flags = 0
    for sample in samples:
        cpu = parse_lscpu(sample.text)
        threads = _line(sample.text, "CPU(s)")
        assert cpu.threads == Known(int(threads or 0), "lscpu"), sample
        sockets, each = _line(sample.text, "Socket(s)"), _line(sample.text, "Core(s) per socket")
        if sockets and each and sockets.isdigit() and each.isdigit():
            assert cpu.cores == Known(int(sockets) * int(each), "lscpu"), sample
        told = set((_line(sample.text, "Flags") or "").split())
        if told:
            assert isinstance(cpu.flags, Known), sample
            assert {f for f in WANTED_FLAGS if f in cpu.flags.value} == told & set(WANTED_FLAGS)
            with_flags += 1
    assert with_flags > 1100


def test_every_processor_is_judged_and_none_fails_for_want_of_a_flag_it_has(
    samples: list[Sample],
) -> None:
    profiles = [load_profile("windows-10"), load_profile("windows-11")]
    base = machine()
    judged = 0
    for sample in samples:
        cpu = parse_lscpu(sample.text)
        candidate = dataclasses.replace(base, cpu=cpu)
        for profile in profiles:
            found = assess_machine(candidate, profile, "2026-11-24")
            judged += 1
            for line in found.requirements:
                if "prefetch" not in line.key:
                    continue
                # 64-bit Intel processors of family 6 run Windows 10 without the flag
                intel64 = cpu.maker == Known("GenuineIntel", "lscpu") and cpu.bits == Known(
                    64, "lscpu:CPU op-mode(s)"
                )
                if intel64:
                    assert line.outcome is not Outcome.FAIL, (sample, profile, line)
                if isinstance(cpu.flags, Known) and "3dnowprefetch" in cpu.flags.value:
                    assert line.outcome is Outcome.PASS, (sample, line)
    assert judged == 2 * len(samples)
