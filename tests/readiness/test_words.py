"""The words: every machine is told of in whole sentences of one language; the format in docs."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from recond.flow.profiles import list_profiles, load_profile
from recond.locale import LANGS, Lang, has, say
from recond.model import (
    Assessment,
    Firmware,
    HealthVerdict,
    Machine,
    Medium,
    Outcome,
    Tpm,
    Unknown,
    Why,
    WindowsKey,
)
from recond.readiness import (
    assess_machine,
    check_profile,
    describe,
    lay_out,
    parse_profile,
)
from recond.readiness.facts import READINGS
from recond.readiness.settings import _MAKERS, COMPUTED, REMEDIES
from recond.show.machine import licence
from recond.show.screen import Screen
from tests.readiness.machines import (
    GB,
    GOOD_FLAGS,
    NOTHING,
    cpu,
    disk,
    display,
    graphics,
    known,
    machine,
    memory,
)

DAY = "2026-11-24"
ROOT = Path(__file__).parents[2]


def poor() -> Machine:
    """A Latitude set up for Windows 7: NX and TPM off, BIOS mode, 2 GB, an old hard disk."""
    flags = known(tuple(f for f in GOOD_FLAGS if f != "nx"), "/proc/cpuinfo")
    base = machine(
        cpu=cpu(flags=flags),
        memory=memory(2, free=1),
        disks=(disk(medium=Medium.HDD, size_bytes=known(40 * GB)),),
    )
    absent = Unknown(Why.ABSENT, "/sys/firmware/efi/efivars")
    return dataclasses.replace(
        base,
        tpm=Tpm(known(True), known("2.0"), known(False)),
        firmware=Firmware(known("bios"), absent, absent, absent, absent, absent),
    )


def hard() -> list[Machine]:
    """Machines that bring out the rare sentences."""
    nothing = machine()
    for part in ("cpu", "memory", "firmware", "tpm"):
        value = getattr(nothing, part)
        unread = {field.name: Unknown(Why.DENIED, "/a/path") for field in dataclasses.fields(value)}
        nothing = dataclasses.replace(nothing, **{part: dataclasses.replace(value, **unread)})
    health = dataclasses.replace(disk().health, verdict=known(HealthVerdict.FAILING))
    return [
        machine(),
        poor(),
        dataclasses.replace(nothing, displays=(), devices=(), disks=()),
        machine(memory=memory(2, most=2), devices=(graphics("1234:1111"),)),
        machine(disks=(disk(), disk(path="/dev/sdb", model=known("ST500LM012"), health=health))),
        machine(disks=(disk(medium=Medium.EMMC, bus=known("mmc"), size_bytes=known(16 * GB)),)),
        machine(memory=memory(2, free=2, slots_free=NOTHING, soldered=known(True))),
        machine(displays=(display(width_px=known(640), height_px=known(480)),)),
        machine(origin="capture", disks=()),
    ]


@pytest.mark.parametrize("lang", LANGS)
def test_whatever_the_code_builds_has_its_sentence(lang: Lang) -> None:
    codes = [f"readiness.why.{why}" for why in Why]
    codes += [
        f"readiness.{room}.{outcome}"
        for outcome in Outcome
        for room in ("outcome", "verdict", "tier_verdict")
    ]
    codes += [f"readiness.remedy.{name}" for name in REMEDIES if name not in COMPUTED]
    codes += [f"readiness.key.{name}" for name in (*_MAKERS, "other")]
    units = {reading.unit for reading in READINGS.values()} - {"yes_no", "health"}
    codes += [f"readiness.observed.{unit}" for unit in units]
    numbers = {reading.unit for reading in READINGS.values() if reading.kind is int}
    codes += [f"readiness.{op}.{unit}" for unit in numbers for op in ("at_least", "at_most")]
    assert [code for code in codes if not has(code, lang)] == []


@pytest.mark.parametrize("lang", LANGS)
def test_every_sentence_of_every_machine_is_whole(lang: Lang) -> None:
    for subject in hard():
        for profile in list_profiles():
            for line in describe(assess_machine(subject, load_profile(profile), DAY), lang):
                assert "readiness." not in line
                assert "{" not in line
                assert not re.search(r"@\w", line), line
                assert "  " not in line.strip(), line
                if lang == "fr":
                    assert not re.search(r" [;:!?»%](\s|$)|« ", line), line
                else:
                    assert not re.search(
                        "[éèàêç«»’]|demandé", line.replace("Emmaüs", "").replace("’s", "")
                    ), line


def said(result: Assessment, lang: Lang = "fr") -> list[str]:
    return [line.replace("\u00a0", " ").replace("\u202f", " ") for line in describe(result, lang)]


def test_a_volunteer_is_told_what_to_do_cheapest_first() -> None:
    lines = said(assess_machine(poor(), load_profile("windows-11"), DAY))
    assert lines[0] == ("Windows 11 (24H2, 25H2) : À RÉGLER (profil windows-11 du 24/11/2026)")
    at = lines.index("À régler, le moins cher d’abord :")
    assert lines[at + 1 : at + 5] == [
        "  1. activer le TPM dans le BIOS (il s’y appelle « TPM », « Security Chip », « PTT » chez "
        "Intel ou « fTPM » chez AMD)",
        "  2. passer le BIOS en mode UEFI (désactiver « CSM » ou « Legacy ») ; le système sera à "
        "réinstaller",
        "  3. ajouter 4 Go DDR4 SODIMM, 1 emplacement libre",
        "  4. remplacer le disque par un SSD SATA de 120 Go ou plus",
    ]
    assert "! Pour ouvrir le BIOS : juste après l’allumage, appuyer plusieurs fois sur F2." in lines
    assert "D’après l’installateur : à régler" in lines
    assert "D’après la liste de Microsoft : prêt" in lines


def test_what_cannot_be_mended_is_said_as_such() -> None:
    old = machine(cpu=cpu(model=known(58), stepping=known(9), name=known("Intel Core i5-3320M")))
    lines = said(assess_machine(old, load_profile("windows-11"), DAY))
    at = lines.index("Ce qui l’empêche, et ne se répare pas :")
    assert lines[at + 1] == "  - Génération du processeur – Intel Core i5-3320M"
    assert not any("À régler" in line for line in lines)


def test_what_is_unknown_is_listed_as_to_be_found_out() -> None:
    subject = machine(devices=(graphics("1234:1111"),), memory=memory(1, free=1, kind="DDR3"))
    lines = said(assess_machine(subject, load_profile("windows-10"), DAY))
    assert "À VÉRIFIER" in lines[0]
    assert any(line.startswith("  - Carte graphique") and "1234:1111" in line for line in lines)
    at = lines.index("À faire de toute façon, le moins cher d’abord :")
    assert lines[at + 1] == "  1. ajouter 2 Go DDR3 SODIMM, 1 emplacement libre"


def test_what_would_be_better_stands_apart_from_what_is_needed() -> None:
    subject = machine(memory=memory(4, free=1))
    result = assess_machine(subject, load_profile("windows-11"), DAY)
    lines = said(result)
    assert result.verdict is Outcome.PASS
    at = lines.index("Pour faire mieux que le minimum :")
    assert lines[at + 1] == "  - ajouter 4 Go DDR4 SODIMM, 1 emplacement libre"


def test_a_category_is_said_with_its_points() -> None:
    lines = said(assess_machine(machine(), load_profile("emmaus-connect"), DAY))
    assert lines[0] == (
        "Catégories d’Emmaüs Connect : catégorie entre B et A, de 6 à 10 points "
        "(profil emmaus-connect du 24/11/2026)"
    )


def test_the_parts_for_a_front_end_are_those_of_the_text() -> None:
    result = assess_machine(poor(), load_profile("windows-10"), DAY)
    parts, text = lay_out(result, "fr"), describe(result, "fr")
    assert text[0] == parts.heading
    assert text[-len(parts.closing) :] == parts.closing
    rows = [row for group in parts.groups for row in group.rows]
    assert len(rows) == len(result.requirements)
    assert all(row[1] in "\n".join(text) for row in rows)


def test_an_authors_plain_spaces_become_french_ones() -> None:
    title = load_profile("debian-13").title.message()
    assert "« trixie »" not in say("fr", title)
    assert "«\u00a0trixie\u00a0»" in say("fr", title)


# --- docs/readiness.md -----------------------------------------------------------------------


def test_the_guide_for_authors_tells_every_reading_remedy_and_profile() -> None:
    guide = (ROOT / "docs" / "readiness.md").read_text("utf-8")
    told = set(re.findall(r"`([a-z0-9_.-]+)`", guide))
    assert set(READINGS) <= told, set(READINGS) - told
    assert set(REMEDIES) <= told, set(REMEDIES) - told
    assert set(list_profiles()) <= told
    for name in told:
        if re.fullmatch(
            r"(cpu|memory|firmware|tpm|disk|display|battery|graphics|system|operator)"
            r"\.[a-z0-9_]+",
            name,
        ):
            assert name in READINGS, name


def test_the_guides_example_is_a_profile_without_a_mistake() -> None:
    guide = (ROOT / "docs" / "readiness.md").read_text("utf-8")
    example = re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)[0]
    assert check_profile(example.encode(), "guide.toml") == ()
    subject = machine(cpu=cpu(flags=known((*GOOD_FLAGS, "vmx"))), memory=memory(4, free=1))
    result = assess_machine(subject, parse_profile(example.encode(), "guide.toml"), DAY)
    assert result.verdict is Outcome.FIXABLE


def test_the_licence_in_the_firmware_is_said_and_its_key_never() -> None:
    screen = Screen("fr")
    key = known(WindowsKey("ABCDE", "0" * 64))
    said = licence(screen, machine(windows_key=key))
    assert said.replace("\u00a0", " ") == "présente : oui"
    absent = licence(screen, machine(windows_key=Unknown(Why.ABSENT, "MSDM")))
    assert absent == "aucune trouvée"
    denied = licence(screen, machine(windows_key=Unknown(Why.DENIED, "MSDM")))
    assert denied not in (said, absent)
