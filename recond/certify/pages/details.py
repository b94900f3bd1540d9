"""The pages after the first: each disk in full, the inventory, the readiness, the NIST fields.

Why: the donor's security officer and the workshop's own technician read these; nothing here changes
the verdict. Lists that could be endless are cut with a sentence that says so: the record, inside
the file, has them all.
"""

from __future__ import annotations

from typing import Any

from reportlab.platypus import KeepTogether, PageBreak, Spacer

from recond.certify.pages import parts as part
from recond.certify.pages.front import (
    clock,
    day,
    disk_serial,
    given,
    how,
    person,
    read_back,
    result,
    verifier,
)
from recond.certify.pages.inventory import assessment_part, inventory_part
from recond.ends import StepEnd
from recond.erasure import (
    DiskIdentity,
    Erasure,
    StepResult,
    Verification,
    VerifyMode,
    WipeRecord,
)
from recond.locale import Lang, duration, has, number, say, size, text
from recond.methods import find_method
from recond.model import Range, Tried
from recond.workshop import Photo

RANGES_SHOWN = 60


def detail_pages(record: WipeRecord, lang: Lang) -> list[Any]:
    """All pages after the first."""
    flow: list[Any] = [PageBreak()]
    for index, one in enumerate(record.erasures, 1):
        flow += _disk(index, one, lang)
    if record.machine is not None:
        flow += inventory_part(record.machine, lang)
    for assessment in record.assessments:
        flow += assessment_part(assessment, lang)
    if record.answers:
        flow.append(part.heading(text(lang, "certify.section.answers")))
        flow.append(part.facts([_answer(key, value, lang) for key, value in record.answers]))
    if record.tests:
        head = tuple(
            text(lang, f"inspect.part.head.{name}") for name in ("part", "outcome", "said")
        )
        flow.append(part.heading(text(lang, "certify.section.tests")))
        flow.append(part.grid(head, [_tried(one, lang) for one in record.tests], (24, 14, 62)))
    if record.photos:
        flow.append(part.heading(text(lang, "certify.section.photos")))
        flow.append(part.facts([_photo(one, lang) for one in record.photos]))
    flow += _nist(record, lang)
    flow += _evidence(record, lang)
    return flow


def _tried(one: Tried, lang: Lang) -> tuple[str, str, str]:
    """A part, what its trial came to, and what it saw, with its day: a part may break since."""
    name = text(lang, f"inspect.part.name.{one.part}")
    shown = f"{name} ({one.device})" if one.device else name
    outcome = text(lang, f"cli.selftest.{one.outcome}")
    return shown, outcome, f"{say(lang, one.said)} ({day(one.at, lang)})"


def _photo(one: Photo, lang: Lang) -> tuple[str, str]:
    """A photo's name, its size and its digest: which one it is, not what it shows."""
    return one.name, f"{size(lang, one.size_bytes)}, SHA-256 {one.sha256}"


def _answer(key: str, value: str, lang: Lang) -> tuple[str, str]:
    """An answer of the guided questions in words; any other as the operator gave it."""
    if not has(f"guided.asked.{key}"):
        return key, value
    code = f"guided.answer.looks.{value}" if key == "looks" else f"guided.answer.{value}"
    return text(lang, f"guided.asked.{key}"), text(lang, code) if has(code) else value


# --- One disk --------------------------------------------------------------------------------


def _disk(index: int, one: Erasure, lang: Lang) -> list[Any]:
    disk = one.disk
    title = text(
        lang,
        "certify.section.disk",
        number=index,
        token=disk.token if disk.size_bytes else text(lang, "certify.unknown"),
    )
    reasons = "\n".join("• " + say(lang, reason) for reason in one.result.reasons)
    rows = [
        (text(lang, "certify.disk.result"), result(one, lang).partition("\n")[0]),
        (text(lang, "certify.field.reasons"), reasons),
        *identity_rows(disk, lang),
        (
            text(lang, "certify.field.when"),
            f"{day(one.started_at, lang)} → {day(one.ended_at, lang)}",
        ),
        (
            text(lang, "certify.field.confirmed"),
            text(lang, f"certify.confirmed.{one.confirmed_by or 'nobody'}"),
        ),
    ]
    flow: list[Any] = [
        KeepTogether([part.heading(title), part.facts(rows[:4], share=0.24)]),
        part.facts(rows[4:], share=0.24),
    ]
    if one.interruptions:
        flow += [part.para("• " + say(lang, told), 7.8) for told in one.interruptions]
    if any(step.outcome is not StepEnd.NOT_RUN for step in one.steps):
        flow += [Spacer(1, 3), _steps(one, lang), *_read_back(one.verification, lang)]
        flow += _plots(one, lang)
    bad = [found for step in one.steps for found in step.bad_ranges]
    for title_code, ranges in (
        ("certify.ranges.bad", tuple(bad)),
        ("certify.ranges.mismatch", one.verification.mismatch_ranges),
        ("certify.ranges.unreadable", one.verification.unreadable_ranges),
    ):
        flow += _ranges(title_code, ranges, disk.logical_block_bytes or 512, lang)
    return flow


def identity_rows(disk: DiskIdentity, lang: Lang) -> list[tuple[str, str]]:
    """Who the disk is."""
    unknown = text(lang, "certify.unknown")
    blocks = text(
        lang, "certify.blocks", logical=disk.logical_block_bytes, physical=disk.physical_block_bytes
    )
    rows = [
        (
            text(lang, "certify.field.model"),
            " ".join(filter(None, (disk.vendor, disk.model))) or unknown,
        ),
        (text(lang, "certify.field.serial"), disk_serial(disk, lang) or unknown),
        ("WWN / EUI", disk.wwn or unknown),
        (text(lang, "certify.field.firmware"), disk.firmware or unknown),
        (
            text(lang, "certify.field.medium"),
            f"{text(lang, f'cli.medium.{disk.medium.value}')} ({disk.bus})",
        ),
        (
            text(lang, "certify.field.size"),
            f"{size(lang, disk.size_bytes)} ({number(lang, disk.size_bytes)} "
            f"{text(lang, 'certify.unit.bytes')}), {blocks}",
        ),
    ]
    if disk.box_serial and disk.serial_of != "box":
        rows.append((text(lang, "certify.field.box-serial"), disk.box_serial))
    if disk.namespace:
        rows.append((text(lang, "certify.field.namespace"), str(disk.namespace)))
    return rows


def _steps(one: Erasure, lang: Lang) -> Any:
    head = tuple(
        text(lang, f"certify.step.{name}")
        for name in ("number", "what", "outcome", "written", "bad", "time", "speed")
    )
    rows = []
    for index, step in enumerate(one.steps, 1):
        seconds = step.duration_ms / 1000
        speed = (
            size(lang, int(step.bytes_written / seconds)) + "/s"
            if seconds > 0 and (step.bytes_written)
            else "—"
        )
        rows.append(
            (
                str(index),
                _what(step, lang),
                text(lang, f"certify.outcome.{step.outcome}"),
                size(lang, step.bytes_written),
                number(lang, len(step.bad_ranges)),
                duration(lang, round(seconds)),
                speed,
            )
        )
        rows += [("", "→ " + say(lang, told), "", "", "", "", "") for told in step.commands[:12]]
    return part.grid(head, rows, (6, 46, 18, 16, 12, 16, 18))


def _what(step: StepResult, lang: Lang) -> str:
    if step.fill is None:
        return text(lang, f"certify.technique.{step.technique.value}")
    shown = step.fill.hex.upper() if step.fill.kind.value == "constant" else ""
    return text(lang, f"certify.fill.{step.fill.kind.value}", hex=shown)


def _read_back(found: Verification, lang: Lang) -> list[Any]:
    canaries = found.canaries
    rows = [
        (
            text(lang, "certify.field.verification"),
            read_back(found, lang)
            if found.outcome is StepEnd.NOT_RUN
            else f"{text(lang, f'certify.how.verify.{found.mode.value}')} – "
            f"{text(lang, f'certify.outcome.{found.outcome}')}",
        ),
        (
            text(lang, "certify.field.compared"),
            text(
                lang,
                "certify.compared",
                read_bytes=found.bytes_compared,
                n=found.places,
                wrong_bytes=found.mismatch_bytes,
            ),
        ),
        (
            text(lang, "certify.field.canaries"),
            text(
                lang,
                "certify.canaries",
                n=canaries.places,
                changed=canaries.changed,
                unchanged=canaries.unchanged,
                blank=canaries.uninformative,
            ),
        ),
        (
            text(lang, "certify.field.cache"),
            text(lang, "certify.direct.yes" if found.direct else "certify.direct.no"),
        ),
    ]
    if found.mode is VerifyMode.SAMPLE:
        rows.append((text(lang, "certify.field.seed"), found.seed or ""))
        rows.append((text(lang, "certify.field.chance"), text(lang, "certify.chance")))
    return [Spacer(1, 3), part.facts(rows, share=0.24)]


def _plots(one: Erasure, lang: Lang) -> list[Any]:
    series = [
        (text(lang, "certify.plot.pass", number=i), step.speed_profile_bytes_per_s)
        for i, step in enumerate(one.steps, 1)
    ]
    series.append((text(lang, "certify.plot.verify"), one.verification.speed_profile_bytes_per_s))
    end = size(lang, one.disk.size_bytes)
    return [
        part.SpeedPlot(
            title, text(lang, "certify.plot.top", speed_bytes=max(points)), "0", end, points
        )
        for title, points in series[:8]
        if points and max(points) > 0
    ]


def _ranges(code: str, ranges: tuple[Range, ...], block: int, lang: Lang) -> list[Any]:
    if not ranges:
        return []
    shown = ", ".join(
        f"{start // block}–{(start + length - 1) // block}"
        for start, length in ranges[:RANGES_SHOWN]
    )
    more = len(ranges) - RANGES_SHOWN
    if more > 0:
        shown += " " + text(lang, "certify.ranges.more", n=more)
    return [
        part.para(text(lang, code, n=len(ranges)), 8, bold=True, spaceBefore=4),
        part.para(shown, 7),
    ]


# --- NIST SP 800-88 Rev. 2 appendix C, evidence ------------------------------------------------


def _nist(record: WipeRecord, lang: Lang) -> list[Any]:
    """The fields of the sample certificate; what is not known reads « non renseigné »."""
    t = text
    # the heading goes with the first disk, whose fields are kept in one piece
    head, flow = [part.heading(t(lang, "certify.section.nist"))], list[Any]()
    software = dict(record.software)
    for one in record.erasures:
        disk = one.disk
        rows = [
            (t(lang, "certify.nist.maker"), given(disk.vendor, lang)),
            (t(lang, "certify.nist.model"), given(disk.model, lang)),
            (t(lang, "certify.nist.serial"), given(disk_serial(disk, lang), lang)),
            (t(lang, "certify.nist.property"), given(record.property_number, lang)),
            (t(lang, "certify.nist.media-type"), t(lang, f"cli.medium.{disk.medium.value}")),
            (t(lang, "certify.nist.source"), given(record.donor, lang)),
            (t(lang, "certify.nist.category"), t(lang, "certify.not-recorded")),
            (
                t(lang, "certify.nist.method"),
                t(lang, f"cli.level.{one.result.level_achieved.value}"),
            ),
            (t(lang, "certify.nist.technique"), how(one, lang)),
            (t(lang, "certify.nist.standard"), _source(one, lang)),
            (t(lang, "certify.nist.tool"), f"recond {software.get('recond', '')}"),
            (
                t(lang, "certify.nist.verification"),
                read_back(one.verification, lang),
            ),
            (
                t(lang, "certify.nist.validation"),
                t(lang, f"certify.validation.{one.result.verdict.value}"),
            ),
        ]
        name = disk.token if disk.size_bytes else one.path
        named = part.para(name, 8, bold=True, spaceBefore=3)
        flow.append(KeepTogether([*head, named, part.facts(rows, share=0.3)]))
        head = []
    people = [
        (t(lang, "certify.field.operator"), person(record.operator, lang)),
        (t(lang, "certify.field.verifier"), verifier(record, lang)),
        (t(lang, "certify.nist.date"), f"{day(record.issued_at, lang)}"),
        (t(lang, "certify.nist.location"), given(record.workshop.address, lang)),
        (t(lang, "certify.nist.contact"), given(record.workshop.contact, lang)),
    ]
    return [*flow, *head, Spacer(1, 3), part.facts(people, share=0.3)]


def _source(one: Erasure, lang: Lang) -> str:
    if one.plan is None or one.plan.method == "firmware":
        return text(lang, "certify.not-recorded")
    words = f"wipe.origin.{one.plan.method}"
    return text(lang, words) if has(words) else find_method(one.plan.method).source


def _evidence(record: WipeRecord, lang: Lang) -> list[Any]:
    """Digests: which journals this was computed from, and the ledger's place."""
    head = tuple(text(lang, f"certify.evidence.{name}") for name in ("journal", "lines", "sha256"))
    rows = [
        (one.journal.file, str(one.journal.entries), one.journal.sha256) for one in record.erasures
    ]
    flow: list[Any] = [part.heading(text(lang, "certify.section.evidence"))]
    if rows:
        flow += [part.grid(head, rows, (40, 10, 70), size=6.8), Spacer(1, 3)]
    if record.ledger is not None:
        flow.append(
            part.para(
                text(
                    lang,
                    "certify.evidence.ledger",
                    number=record.ledger.number,
                    ledger=record.ledger.ledger_id,
                    root=record.ledger.root,
                ),
                7,
            )
        )
        if record.ledger.clock:
            step = text(lang, "certify.evidence.step", line=record.ledger.clock)
            flow.append(part.para(step, 7))
    flow.append(
        part.para(text(lang, "certify.evidence.clock", time=clock(record.issued_at)), 7, soft=True)
    )
    return flow
