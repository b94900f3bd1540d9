"""Windows 10 by its profile, and the traps of the field, one test each.

- PREFETCHW: the flag 3dnowprefetch is absent on every Intel before Broadwell, where Windows 10 runs
- a missing nx may be a firmware setting: fixable with the remedy, not a fail
- the first Celeron M has no NX at all: a fail
- UEFI and TPM are optional for Windows 10
- DirectX and WDDM cannot be read: inferred from the PCI id, else unknown, never a pass
- RAM: modules first, then what the kernel sees, allowing for reserved memory
- RAM: never 9 or 17 GB
- RAM: 1 GB for 32-bit, 2 GB for 64-bit
- RAM: firmware that reports less than the kernel sees is wrong
- eMMC is a disk, and one sold as 32 GB holds less
- the live stick and the bench's USB disks are not the machine's disk
- no disk on a live machine is fixable; in a capture it is unknown
- a present clock under 1 GHz is an idle processor, not a slow one
- a desktop without a screen is not missing one; a notebook with no readable EDID is unknown
- end of support: past and coming dates are said, with the day
"""

from __future__ import annotations

import dataclasses

import pytest

from recond.flow.profiles import load_profile
from recond.locale import LANGS, say
from recond.model import Assessment, Form, Known, Machine, Medium, Outcome, Unknown, Why
from recond.readiness import assess_machine
from tests.readiness.machines import (
    GB,
    GIB,
    GOOD_FLAGS,
    NOTHING,
    cpu,
    disk,
    graphics,
    known,
    machine,
    memory,
    stick,
)

DAY = "2026-11-24"


def judged(subject: Machine, day: str = DAY) -> Assessment:
    return assess_machine(subject, load_profile("windows-10"), day)


def line(result: Assessment, key: str, tier: str = "minimum") -> Outcome | None:
    found = [r.outcome for r in result.requirements if r.key == key and r.tier == tier]
    return found[0] if found else None


def without(*flags: str) -> Known[tuple[str, ...]]:
    return Known(tuple(flag for flag in GOOD_FLAGS if flag not in flags), "/proc/cpuinfo")


def test_a_good_machine_passes_every_line() -> None:
    result = judged(machine())
    assert result.verdict is Outcome.PASS
    assert dict(result.tiers)["recommended"] is Outcome.PASS
    assert {r.outcome for r in result.requirements} == {Outcome.PASS}
    assert result.remedies == ()


@pytest.mark.parametrize(
    ("model", "stepping"), [(15, 11), (23, 10), (26, 5), (42, 7), (58, 9), (69, 1)]
)
def test_prefetchw_is_met_by_64_bit_intel_without_the_flag(model: int, stepping: int) -> None:
    older = cpu(model=known(model), stepping=known(stepping), flags=without("3dnowprefetch"))
    result = judged(machine(cpu=older))
    assert line(result, "prefetchw") is Outcome.PASS
    assert result.verdict is Outcome.PASS
    seen = next(r.observed for r in result.requirements if r.key == "prefetchw")
    assert say("fr", seen) == "admis sur ce processeur (3dnowprefetch n’y est pas affiché)"


def test_prefetchw_is_executed_by_every_64_bit_amd_and_not_known_of_via() -> None:
    amd = cpu(maker=known("AuthenticAMD"), family=known(15), flags=without("3dnowprefetch"))
    assert line(judged(machine(cpu=amd)), "prefetchw") is Outcome.PASS
    via = dataclasses.replace(amd, maker=known("CentaurHauls"), family=known(6))
    assert line(judged(machine(cpu=via)), "prefetchw") is Outcome.UNKNOWN
    other = dataclasses.replace(amd, maker=known("GenuineTMx86"))
    assert line(judged(machine(cpu=other)), "prefetchw") is Outcome.FAIL


def test_prefetchw_with_an_unknown_maker_is_unknown() -> None:
    hidden = cpu(maker=Unknown(Why.ABSENT), flags=without("3dnowprefetch"))
    assert line(judged(machine(cpu=hidden)), "prefetchw") is Outcome.UNKNOWN


def test_missing_nx_is_fixable_with_its_remedy() -> None:
    result = judged(machine(cpu=cpu(flags=without("nx"))))
    assert result.verdict is Outcome.FIXABLE
    assert [message.code for message in result.remedies] == ["readiness.remedy.nx"]
    assert "NX" in say("fr", result.remedies[0])


def test_a_processor_that_has_no_nx_fails() -> None:
    dothan = cpu(model=known(13), stepping=known(6), bits=known(32), flags=without("nx", "lm"))
    assert line(judged(machine(cpu=dothan)), "nx") is Outcome.FAIL


def test_early_64_bit_processor_fails_but_the_32_bit_edition_is_reported() -> None:
    pentium_d = cpu(family=known(15), model=known(4), stepping=known(4), flags=without("lahf_lm"))
    result = judged(machine(cpu=pentium_d))
    assert line(result, "lahf-sahf") is Outcome.FAIL
    assert result.verdict is Outcome.FAIL
    assert result.remedies == ()
    assert dict(result.tiers)["minimum-32"] is Outcome.PASS


def test_uefi_and_tpm_are_optional() -> None:
    subject = machine()
    old = dataclasses.replace(
        subject,
        firmware=dataclasses.replace(subject.firmware, mode=known("bios")),
        tpm=dataclasses.replace(subject.tpm, present=known(False)),
    )
    assert judged(old).verdict is Outcome.PASS


@pytest.mark.parametrize(
    ("ids", "outcome"),
    [
        ("8086:5917", Outcome.PASS),
        ("8086:27a2", Outcome.PASS),
        ("8086:2592", Outcome.FAIL),
        ("1002:15d8", Outcome.PASS),
        ("10de:1c82", Outcome.PASS),
        ("1234:1111", Outcome.UNKNOWN),
        ("nonsense", Outcome.UNKNOWN),
    ],
)
def test_wddm_is_inferred_or_unknown(ids: str, outcome: Outcome) -> None:
    result = judged(machine(devices=(graphics(ids),)))
    assert line(result, "graphics") is outcome
    evidence = next(r.evidence for r in result.requirements if r.key == "graphics")
    assert ids in evidence


def test_no_graphics_chip_read_is_unknown() -> None:
    assert line(judged(machine(devices=())), "graphics") is Outcome.UNKNOWN


def test_unknown_card_beside_an_old_one_is_unknown() -> None:
    two = (graphics("8086:2592"), graphics("1234:1111"))
    assert line(judged(machine(devices=two)), "graphics") is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("visible_mib", "shown"),
    [
        (1900, "2 Go"),
        (3300, "3,22 Go"),
        (3700, "4 Go"),
        (7600, "8 Go"),
        (15800, "16 Go"),
        (8192, "8 Go"),
        (11900, "12 Go"),
    ],
)
def test_visible_memory_is_raised_to_what_modules_make(visible_mib: int, shown: str) -> None:
    ram = memory(
        8,
        installed_bytes=NOTHING,
        modules=NOTHING,
        visible_bytes=known(visible_mib << 20, "/proc/meminfo"),
    )
    result = judged(machine(memory=ram))
    observed = next(r for r in result.requirements if r.key == "ram")
    assert say("fr", observed.observed).replace("\u00a0", " ").startswith(shown)
    assert observed.evidence == "/proc/meminfo"


@pytest.mark.parametrize("visible_mib", range(200, 40_000, 97))
def test_never_nine_or_seventeen(visible_mib: int) -> None:
    from recond.readiness.memory import nominal_bytes

    assert nominal_bytes(visible_mib << 20) not in (9 * GIB, 17 * GIB)
    assert nominal_bytes(visible_mib << 20) >= visible_mib << 20


def test_modules_decide_before_what_the_kernel_sees() -> None:
    result = judged(machine(memory=memory(4, 4, visible_bytes=known(3 * GIB))))
    assert line(result, "ram-comfort", "recommended") is Outcome.PASS
    assert "readiness.notice.memory_gap" in {notice.code for notice in result.notices}


def test_firmware_that_tells_less_than_the_kernel_sees_is_wrong() -> None:
    ram = memory(1, visible_bytes=known(7 * GIB + GIB // 2, "/proc/meminfo"))
    found = next(r for r in judged(machine(memory=ram)).requirements if r.key == "ram")
    assert found.outcome is Outcome.PASS
    assert found.evidence == "/proc/meminfo"


def test_one_gigabyte_is_enough_for_32_bit_only() -> None:
    small = memory(1, kind="DDR2", free=1)
    assert line(judged(machine(memory=small)), "ram") is Outcome.FIXABLE
    old = machine(memory=small, cpu=cpu(bits=known(32)))
    assert line(judged(old), "ram-32") is Outcome.PASS
    assert line(judged(old), "ram") is None


def test_memory_unknown_in_both_readings_is_unknown() -> None:
    ram = memory(8, installed_bytes=NOTHING, visible_bytes=NOTHING)
    assert line(judged(machine(memory=ram)), "ram") is Outcome.UNKNOWN


def test_emmc_is_a_disk_and_32_gb_of_it_is_enough() -> None:
    emmc = disk(
        path="/dev/mmcblk0", bus=known("mmc"), medium=Medium.EMMC, size_bytes=known(31_268_536_320)
    )
    result = judged(machine(disks=(emmc, stick())))
    assert line(result, "disk") is Outcome.PASS
    assert line(result, "ssd", "recommended") is Outcome.PASS


def test_a_small_emmc_may_not_be_replaceable() -> None:
    emmc = disk(bus=known("mmc"), medium=Medium.EMMC, size_bytes=known(16 * GB))
    assert line(judged(machine(disks=(emmc,))), "disk") is Outcome.UNKNOWN


def test_sticks_and_usb_disks_are_not_the_machines_disk() -> None:
    usb = disk(path="/dev/sdc", bus=known("usb"), medium=Medium.HDD, size_bytes=known(4000 * GB))
    result = judged(machine(disks=(stick(), usb)))
    assert line(result, "disk") is Outcome.FIXABLE
    assert "readiness.remedy.disk_add" in {message.code for message in result.remedies}


def test_no_disk_in_a_capture_is_unknown() -> None:
    assert line(judged(machine(disks=(), origin="capture")), "disk") is Outcome.UNKNOWN
    assert line(judged(machine(disks=(), origin="live")), "disk") is Outcome.FIXABLE


def test_a_present_clock_proves_nothing_when_it_idles() -> None:
    idle = cpu(max_mhz=known(798, "/proc/cpuinfo:cpu MHz"), name=known("AMD E-300 APU"))
    assert line(judged(machine(cpu=idle)), "clock") is Outcome.UNKNOWN
    rated = cpu(max_mhz=known(798, "/proc/cpuinfo:cpu MHz"))
    assert line(judged(machine(cpu=rated)), "clock") is Outcome.PASS  # "@ 1.70GHz" in its name
    slow = cpu(
        max_mhz=known(800, "/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq"),
        name=known("Intel(R) Atom(TM) CPU Z500 @ 0.80GHz"),
    )
    assert line(judged(machine(cpu=slow)), "clock") is Outcome.FAIL


def test_a_desktop_without_a_screen_is_not_missing_one() -> None:
    subject = machine(displays=())
    desktop = dataclasses.replace(
        subject, system=dataclasses.replace(subject.system, form=known(Form.DESKTOP))
    )
    assert line(judged(desktop), "screen-width") is None
    assert judged(desktop).verdict is Outcome.PASS
    assert line(judged(subject), "screen-width") is Outcome.UNKNOWN


def test_support_dates_are_said() -> None:
    result = judged(machine())
    said = [say("fr", notice) for notice in result.notices]
    assert any("14/10/2025" in text and "fini" in text for text in said)
    assert any("12/10/2027" in text for text in said)
    assert any("à vérifier" in text and "10/10/2028" in text for text in said)
    soon = {notice.code for notice in judged(machine(), "2027-08-01").notices}
    assert "readiness.notice.soon" in soon
    assert "readiness.notice.review_soon" not in {n.code for n in result.notices}
    late = [say("en", notice) for notice in judged(machine(), "2033-01-01T00:00:00Z").notices]
    assert any("2027-10-12" in text and "reviewed" in text for text in late)


def test_every_word_is_in_both_catalogues() -> None:
    hard = machine(
        cpu=cpu(flags=without("nx"), max_mhz=NOTHING, name=NOTHING),
        memory=memory(1, free=1),
        disks=(stick(),),
        displays=(),
        devices=(),
    )
    result = judged(hard)
    messages = [*result.remedies, *result.notices]
    for found in result.requirements:
        messages += [found.observed, found.required]
        messages += [m for m in (found.remedy, found.title) if m]
    for message in messages:
        for lang in LANGS:
            assert message.code not in say(lang, message)
            assert "@" not in say(lang, message).replace("@ ", "")
