"""Real machines judged: all without an exception, none failed for a flag it need not have.

The rules of Windows 11's installer are written here a second time, as plain code from the facts,
and both ways of writing them must agree on every processor.
"""

from __future__ import annotations

import dataclasses
import functools

import pytest

from recond.flow.profiles import list_profiles, load_profile
from recond.inspect.cpu import parse_lscpu
from recond.inspect.dmidecode import parse_dmidecode
from recond.inspect.memory import memory_of
from recond.inspect.system import system_of
from recond.locale import LANGS
from recond.model import Assessment, Cpu, Known, Machine, Memory, Outcome, Unknown, Why
from recond.readiness import Profile, assess_machine, describe
from tests.inspect.corpus import read_corpus
from tests.readiness.machines import machine

DAY = "2026-11-24"
LISTED_9 = ("m3-8100Y", "i5-8200Y", "i5-8210Y", "i5-8310Y", "i7-8500Y", "4425Y", "4417U", "3867U")


@functools.cache
def processors() -> tuple[Cpu, ...]:
    return tuple(parse_lscpu(sample.text) for sample in read_corpus("lscpu"))


def judged(subject: Machine, profile: str) -> Assessment:
    return assess_machine(subject, load_cached(profile), DAY)


@functools.cache
def load_cached(name: str) -> Profile:
    return load_profile(name)


def outcomes(result: Assessment, tier: str = "minimum") -> dict[str, Outcome]:
    return {line.key: line.outcome for line in result.requirements if line.tier == tier}


def ids(cpu: Cpu) -> tuple[str, int, int, int] | None:
    read = (cpu.maker, cpu.family, cpu.model, cpu.stepping)
    if any(isinstance(reading, Unknown) for reading in read):
        return None
    maker, family, model, stepping = (r.value for r in read if isinstance(r, Known))
    return str(maker), int(family), int(model), int(stepping)


def test_every_processor_is_judged_by_every_profile_in_both_languages() -> None:
    profiles = list_profiles()
    # many were captured twice: the same facts are the same judgement
    for number, cpu in enumerate(dict.fromkeys(processors())):
        subject = machine(cpu=cpu)
        for profile in profiles:
            result = judged(subject, profile)
            assert "readiness." not in "\n".join(describe(result, LANGS[number % 2]))


def test_no_processor_fails_for_want_of_3dnowprefetch() -> None:
    without = 0
    for cpu in processors():
        result = judged(machine(cpu=cpu), "windows-10")
        found = outcomes(result).get("prefetchw")
        flags = cpu.flags.value if isinstance(cpu.flags, Known) else ()
        assert found is not Outcome.FAIL, cpu.name
        who = ids(cpu)
        if who and who[:2] == ("GenuineIntel", 6) and "lm" in flags:
            assert found is Outcome.PASS, cpu.name
            without += "3dnowprefetch" not in flags
    assert without > 300  # the trap is in the collection, not only in a test's head


def test_processors_of_ten_years_meet_windows_10() -> None:
    """From Nehalem and K10 on, told flags pass every line of the processor."""
    lines = ("architecture", "pae", "nx", "sse2", "cmpxchg16b", "lahf-sahf", "prefetchw")
    for cpu in processors():
        who = ids(cpu)
        if who is None or isinstance(cpu.flags, Unknown):
            continue
        maker, family, model, _ = who
        modern = (maker == "GenuineIntel" and family == 6 and model >= 26) or (
            maker == "AuthenticAMD" and family >= 16
        )
        if not modern or cpu.bits != Known(64, "lscpu:CPU op-mode(s)"):
            continue
        found = outcomes(judged(machine(cpu=cpu), "windows-10"))
        nx_off = "nx" not in cpu.flags.value
        for key in lines:
            expected = Outcome.FIXABLE if key == "nx" and nx_off else Outcome.PASS
            assert found[key] is expected, (key, cpu.name)


def test_an_untold_flag_is_never_a_fail() -> None:
    silent = [cpu for cpu in processors() if isinstance(cpu.flags, Unknown)]
    assert len(silent) > 100
    for cpu in silent:
        for profile in ("windows-10", "windows-11"):
            result = judged(machine(cpu=cpu), profile)
            for line in result.requirements:
                if line.key in ("pae", "nx", "sse2", "sse4-2", "cmpxchg16b", "lahf-sahf"):
                    assert line.outcome is Outcome.UNKNOWN, (line.key, cpu.name)


def refused_by_installer(who: tuple[str, int, int, int], name: str) -> bool | None:
    """readiness.md, word by word; None where it names no rule."""
    maker, family, model, stepping = who
    if maker == "GenuineIntel":
        if family != 6:
            return True if family < 16 else None
        if model <= 95:
            return model != 85
        if model in (142, 158) and stepping == 9:
            if "i7-7820HQ" in name:
                return None  # accepted in some computers
            return not any(exception in name for exception in LISTED_9)
        return False
    if maker == "AuthenticAMD":
        return family <= 22 or (family == 23 and model in (1, 17))
    return None


def test_windows_11_refuses_the_processors_that_its_installer_refuses() -> None:
    counts = dict.fromkeys((True, False), 0)
    for cpu in processors():
        who = ids(cpu)
        name = cpu.name.value if isinstance(cpu.name, Known) else ""
        expected = refused_by_installer(who, name) if who else None
        if expected is None:
            continue
        counts[expected] += 1
        result = judged(machine(cpu=cpu), "windows-11")
        found = outcomes(result)
        refused = Outcome.FAIL in (found.get("processor"), found.get("processor-stepping-9"))
        assert refused is expected, (who, name)
        if expected:
            assert result.verdict is Outcome.FAIL
            assert result.remedies == ()
            assert dict(result.tiers)["listed"] is Outcome.FAIL, (who, name)
    assert counts[True] > 900
    assert counts[False] > 100


def test_other_makes_of_processor_are_no_pc_or_unknown() -> None:
    for cpu in processors():
        maker = cpu.maker.value if isinstance(cpu.maker, Known) else ""
        if maker in ("ARM", "Qualcomm"):
            assert outcomes(judged(machine(cpu=cpu), "windows-10"))["architecture"] is Outcome.FAIL


@pytest.fixture(scope="module")
def computers() -> list[Machine]:
    """The collection of dmidecode texts, as captures of that text alone give them."""
    base = machine(origin="capture", disks=(), displays=(), devices=())
    cpu = Cpu(*[Unknown(Why.NOT_READ, "lscpu")] * 11)
    found = []
    for sample in read_corpus("dmi"):
        tables = parse_dmidecode(sample.text)
        unread = Unknown(Why.NOT_READ, "/proc/meminfo")
        found.append(
            dataclasses.replace(
                base, cpu=cpu, memory=memory_of(tables, unread), system=system_of(tables)
            )
        )
    return found


def test_every_computer_is_judged_by_every_profile(computers: list[Machine]) -> None:
    profiles = list_profiles()
    for subject in computers:
        for profile in profiles:
            result = judged(subject, profile)
            assert "readiness." not in "\n".join(describe(result, "fr"))


def test_memory_remedies_never_pass_the_board_or_the_slots(computers: list[Machine]) -> None:
    """What is to be bought fits: in the free slots, below the board's maximum, and is enough."""
    added = 0
    for subject in computers:
        for line in judged(subject, "windows-10").requirements:
            if line.remedy is None or not line.remedy.code.startswith("readiness.remedy.ram_add"):
                continue
            args, ram = dict(line.remedy.args), subject.memory
            new, count = args["total_ram_bytes"], args["count"]
            assert isinstance(new, int)
            assert isinstance(count, int)
            have, free, most = (
                value(ram, name) for name in ("installed_bytes", "slots_free", "maximum_bytes")
            )
            needed = dict(line.required.args)["value_ram_bytes"]
            assert have is not None
            assert free is not None
            assert isinstance(needed, int)
            assert count <= free
            assert have + new >= needed
            assert most is None or have + new <= most
            added += 1
    assert added > 100


def value(memory: Memory, name: str) -> int | None:
    reading = getattr(memory, name)
    return reading.value if isinstance(reading, Known) else None
