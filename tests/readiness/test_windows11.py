"""Windows 11 by its profile.

Traps: two verdicts (the installer, the list); SSE4.2 and POPCNT; stepping 9 of models 142 and 158
with its exceptions; Skylake-X between refused models; Ryzen 2000 desktop and its refused APU; a TPM
that is off is fixable, an old 1.2 is not; legacy start on a UEFI machine is fixable; Secure Boot
off is accepted; the certificates of 2011 expire.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from recond.flow.profiles import load_profile
from recond.locale import say
from recond.model import Assessment, Form, Machine, Outcome, Unknown, Why
from recond.readiness import assess_machine
from tests.readiness.machines import (
    GB,
    GOOD_FLAGS,
    NOTHING,
    cpu,
    disk,
    display,
    known,
    machine,
    memory,
)

DAY = "2026-11-24"
P, F, U, X = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN, Outcome.FIXABLE


def judged(subject: Machine) -> Assessment:
    return assess_machine(subject, load_profile("windows-11"), DAY)


def line(result: Assessment, key: str, tier: str = "minimum") -> Outcome | None:
    found = [r.outcome for r in result.requirements if r.key == key and r.tier == tier]
    return found[0] if found else None


def firmware(**changes: Any) -> Machine:
    subject = machine()
    return dataclasses.replace(subject, firmware=dataclasses.replace(subject.firmware, **changes))


def tpm(**changes: Any) -> Machine:
    subject = machine()
    return dataclasses.replace(subject, tpm=dataclasses.replace(subject.tpm, **changes))


def test_a_good_machine_passes_both_verdicts() -> None:
    result = judged(machine())
    assert result.verdict is P
    assert dict(result.tiers) == {"minimum": P, "listed": P, "recommended": P}


@pytest.mark.parametrize(
    ("maker", "family", "model", "stepping", "name", "accepted", "listed"),
    [
        ("GenuineIntel", 6, 58, 9, "Core i5-3320M", F, F),
        ("GenuineIntel", 6, 94, 3, "Core i5-6500", F, F),
        ("GenuineIntel", 6, 95, 1, "Atom C3558", F, F),
        ("GenuineIntel", 6, 85, 4, "Core i7-7820X", P, P),
        ("GenuineIntel", 6, 142, 9, "Core i5-7200U", F, F),
        ("GenuineIntel", 6, 142, 9, "Core i5-8200Y", P, P),
        ("GenuineIntel", 6, 142, 10, "Core i5-8250U", P, P),
        ("GenuineIntel", 6, 158, 9, "Core i7-7700", F, F),
        ("GenuineIntel", 6, 158, 9, "Core i7-7820HQ", U, P),
        ("GenuineIntel", 6, 158, 10, "Core i5-8400", P, P),
        ("GenuineIntel", 6, 102, 3, "Core i3-8121U", P, U),
        ("GenuineIntel", 6, 122, 1, "Celeron N4000", P, P),
        ("GenuineIntel", 15, 4, 4, "Pentium D", F, F),
        ("AuthenticAMD", 21, 16, 1, "A6-5400K", F, F),
        ("AuthenticAMD", 23, 1, 1, "Ryzen 5 1600", F, F),
        ("AuthenticAMD", 23, 17, 0, "Ryzen 5 2500U", F, F),
        ("AuthenticAMD", 23, 8, 2, "Ryzen 5 2600", P, P),
        ("AuthenticAMD", 23, 8, 2, "Ryzen 5 1600 Six-Core", P, U),
        ("AuthenticAMD", 23, 144, 2, "Custom APU 0405", P, U),
        ("AuthenticAMD", 25, 80, 0, "Ryzen 7 5800U", P, P),
        ("CentaurHauls", 6, 15, 13, "VIA Nano", U, F),
    ],
)
def test_processor_generations(
    maker: str,
    family: int,
    model: int,
    stepping: int,
    name: str,
    accepted: Outcome,
    listed: Outcome,
) -> None:
    chip = cpu(
        maker=known(maker),
        family=known(family),
        model=known(model),
        stepping=known(stepping),
        name=known(name),
    )
    result = judged(machine(cpu=chip))
    lines = [line(result, "processor"), line(result, "processor-stepping-9")]
    assert next(o for o in (F, U, P) if o in lines) is accepted
    assert dict(result.tiers)["listed"] is listed


def test_the_7820hq_is_accepted_in_the_computers_that_have_it() -> None:
    chip = cpu(model=known(158), stepping=known(9), name=known("Intel(R) Core(TM) i7-7820HQ"))
    subject = machine(cpu=chip)
    dell = dataclasses.replace(
        subject, system=dataclasses.replace(subject.system, model=known("Precision 5520"))
    )
    assert judged(dell).verdict is P


@pytest.mark.parametrize("flag", ["sse4_2", "popcnt"])
def test_sse42_and_popcnt_are_a_hard_stop(flag: str) -> None:
    flags = known(tuple(f for f in GOOD_FLAGS if f != flag))
    result = judged(machine(cpu=cpu(flags=flags)))
    assert result.verdict is F
    assert result.remedies == ()


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, P),
        ({"active": known(False)}, X),
        ({"active": known(False), "version": NOTHING}, X),
        ({"present": known(False), "version": NOTHING, "active": NOTHING}, X),
        ({"version": known("1.2")}, X),  # the processor brings a 2.0 of its own
        ({"present": NOTHING, "version": NOTHING, "active": NOTHING}, U),
        ({"active": NOTHING}, U),
        ({"active": NOTHING, "version": known("2", "/sys/class/tpm/tpm0/tpm_version_major")}, P),
    ],
)
def test_tpm(changes: dict[str, Any], outcome: Outcome) -> None:
    result = judged(tpm(**changes))
    assert line(result, "tpm") is outcome
    assert result.verdict is outcome
    if outcome is X:
        assert [m.code for m in result.remedies] == ["readiness.remedy.tpm"]


def test_an_old_tpm_with_an_old_processor_fails() -> None:
    subject = tpm(version=known("1.2"))
    old = dataclasses.replace(subject, cpu=cpu(model=known(58), stepping=known(9)))
    assert line(judged(old), "tpm") is F


@pytest.mark.parametrize(
    ("date", "outcome"),
    [
        ("2021-05-04", X),
        ("2011-05-04", U),
        ("2008-05-04", F),
    ],
)
def test_legacy_start(date: str, outcome: Outcome) -> None:
    subject = firmware(
        mode=known("bios"), secure_boot=NOTHING, secure_boot_capable=NOTHING, uefi_ca_2023=NOTHING
    )
    dated = dataclasses.replace(
        subject, system=dataclasses.replace(subject.system, bios_date=known(date))
    )
    result = judged(dated)
    assert line(result, "uefi") is outcome
    assert result.verdict is outcome
    if outcome is X:
        assert [m.code for m in result.remedies] == ["readiness.remedy.uefi-mode"]


def test_secure_boot_off_is_accepted_and_recommended() -> None:
    result = judged(firmware(secure_boot=known(False)))
    assert result.verdict is P
    assert line(result, "secure-boot-on", "recommended") is X


def test_certificates_of_2011_expire() -> None:
    result = judged(firmware(uefi_ca_2023=known(False)))
    assert line(result, "certificates-2023", "recommended") is X
    assert any("24/06/2026" in say("fr", notice) for notice in result.notices)
    unknown = judged(firmware(uefi_ca_2023=Unknown(Why.DENIED, "efivars/db")))
    assert line(unknown, "certificates-2023", "recommended") is U
    assert not any("24/06/2026" in say("fr", notice) for notice in unknown.notices)


def test_remedies_stand_cheapest_first() -> None:
    subject = tpm(active=known(False))
    poor = dataclasses.replace(
        subject, memory=memory(2, free=1), disks=(disk(size_bytes=known(32 * GB)),)
    )
    result = judged(poor)
    assert result.verdict is X
    assert [m.code for m in result.remedies] == [
        "readiness.remedy.tpm",
        "readiness.remedy.ram_add",
        "readiness.remedy.disk_replace",
    ]


def test_a_small_screen_fails_on_a_notebook_and_is_replaced_at_a_desktop() -> None:
    netbook = machine(displays=(display(width_px=known(1024), height_px=known(600)),))
    assert line(judged(netbook), "screen-height") is F
    desktop = dataclasses.replace(
        netbook, system=dataclasses.replace(netbook.system, form=known(Form.DESKTOP))
    )
    assert line(judged(desktop), "screen-height") is X
