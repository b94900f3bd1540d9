"""Page one: what the donor asks. Verdict, machine, disks, what was not reached, who, how to check.

Why: one page must be enough for a reader who knows nothing of disks. All of it comes from the
record. No drawing here (`pdf_parts`), no detail (`pdf_details`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import KeepTogether, Spacer, TableStyle

from recond.certify.pages import parts as part
from recond.certify.pages.tags import Side
from recond.computer import Conclusion, LeftOver, Overall, conclude, counts, is_approved
from recond.ends import StepEnd
from recond.erasure import (
    DiskIdentity,
    Erasure,
    Person,
    Verification,
    VerifyMode,
    WipeRecord,
)
from recond.locale import Lang, date, say, size, text, time_of_day
from recond.model import Known, Message, Reading
from recond.naming import computer_name, disk_name

QR_SIZE = 35 * mm


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose key signs: name, fingerprint, and whether the bench made its own certificate."""

    name: str
    fingerprint: str
    self_made: bool


def front_page(
    record: WipeRecord, lang: Lang, signer: Signer | None, seal: str | None
) -> list[Any]:
    """The flowables of page one (it may run over where there are many disks)."""
    found = conclude(record)
    outcome = found.outcome
    return [
        part.VerdictBox(
            outcome,
            headline(record, lang, signed=signer is not None),
            verdict_detail(record, lang),
            hatched=record.bench.demonstration or signer is None,
        ),
        *_left(found, lang),
        *_warnings(record, lang, signer),
        part.heading(text(lang, "certify.section.machine")),
        part.facts(_machine(record, lang)),
        part.heading(text(lang, "certify.section.disks")),
        _disks(record, lang),
        *_limits(record, lang, outcome),
        part.heading(text(lang, "certify.section.people")),
        part.facts(_people(record, lang)),
        _hands(record, lang),
        KeepTogether(
            [part.heading(text(lang, "certify.section.check")), how_to_check(lang, signer, seal)]
        ),
        Spacer(1, 3),
        part.para(text(lang, "certify.legal"), 6.6, soft=True),
    ]


def headline(record: WipeRecord, lang: Lang, *, signed: bool) -> str:
    """The verdict in a few words; a demonstration and an unsigned sheet say so before it."""
    words = text(lang, conclude(record).headline)
    if not signed:
        words = text(lang, "certify.marked", mark=text(lang, "certify.mark.unsigned"), words=words)
    if record.bench.demonstration:
        mark = text(lang, "certify.mark.demonstration")
        words = text(lang, "certify.marked", mark=mark, words=words)
    return words


def verdict_detail(record: WipeRecord, lang: Lang) -> str:
    """The verdict's sentence, and whether it is of a computer or of disks only."""
    found, approved = conclude(record), counts(record).approved
    detail = text(
        lang,
        f"certify.verdict.{found.outcome.value}.detail",
        n=approved,
        total=approved + len(found.left),
    )
    if found.outcome in (Overall.NOTHING, Overall.UNKNOWN, Overall.ACCOUNTED):
        return detail
    whole = "erased" if found.outcome is Overall.ERASED else "left"
    return f"{detail} {text(lang, f'certify.scope.{found.scope.value}.{whole}')}"


def left_line(one: LeftOver, lang: Lang) -> str:
    """One thing that is left: its name, what became of it, why, what to do."""
    fate = text(lang, f"certify.fate.{one.fate.value if one.fate else 'suspicion'}")
    words = [say(lang, found) for found in (one.why, one.todo) if found is not None]
    return text(lang, "certify.left.line", name=one.name, fate=fate, why=" ".join(words)).rstrip()


def left_words(record: WipeRecord, lang: Lang) -> list[str]:
    """What is left, what nobody knows, what rests on somebody's word: a sentence each."""
    found = conclude(record)
    return [*_open_lines(found, lang), *_word_lines(found, lang)]


def _open_lines(found: Conclusion, lang: Lang) -> list[str]:
    return [left_line(one, lang) for one in found.left] + [say(lang, one) for one in found.doubts]


def _word_lines(found: Conclusion, lang: Lang) -> list[str]:
    return [
        text(
            lang, f"certify.word.{one.said.value}", about=one.about, name=one.name, day_date=one.at
        )
        for one in found.words
    ]


def _left(found: Conclusion, lang: Lang) -> list[Any]:
    """Before everything else: what is left, what nobody knows, what rests on somebody's word."""
    lines = _open_lines(found, lang)
    shown = [part.para("✗ " + line, 8, bold=True, spaceBefore=2) for line in lines]
    shown += [part.para("☞ " + line, 8, spaceBefore=2) for line in _word_lines(found, lang)]
    return [part.heading(text(lang, "certify.section.left")), *shown] if lines else shown


def _warnings(record: WipeRecord, lang: Lang, signer: Signer | None) -> list[Any]:
    found = []
    if record.bench.demonstration:
        found.append(text(lang, "certify.warn.demonstration"))
    if signer is None:
        reason = record.signature or ""
        found.append(text(lang, "certify.warn.unsigned", reason=f"@{reason}"))
    elif signer.self_made:
        found.append(text(lang, "certify.warn.self-made"))
    return [part.para(line, 8, bold=True, spaceBefore=4) for line in found]


def known(reading: Reading[Any], lang: Lang) -> str:
    """A reading's value, else « inconnu »."""
    return str(reading.value) if isinstance(reading, Known) else text(lang, "certify.unknown")


def pair(one: Reading[str], other: Reading[str], lang: Lang) -> str:
    """Maker and model in a line; « inconnu » once where neither is known."""
    if not isinstance(one, Known) and not isinstance(other, Known):
        return text(lang, "certify.unknown")
    return f"{known(one, lang)} – {known(other, lang)}"


def given(value: str | None, lang: Lang) -> str:
    """A field's text, else « non renseigné »."""
    return value or text(lang, "certify.not-recorded")


def _machine(record: WipeRecord, lang: Lang) -> list[tuple[str, str]]:
    label = {
        name: text(lang, f"certify.field.{name}")
        for name in ("computer", "serial", "property", "donor", "lot")
    }
    rows = []
    if record.machine is not None:
        system = record.machine.system
        rows += [
            (label["computer"], computer_name(system) or text(lang, "certify.unknown")),
            (label["serial"], known(system.serial, lang)),
        ]
    else:
        rows.append((label["computer"], text(lang, "certify.not-recorded")))
    if record.property_number:
        rows.append((label["property"], record.property_number))
    rows.append((label["donor"], given(record.donor, lang)))
    if record.lot:
        rows.append((label["lot"], record.lot))
    return rows


def _disks(record: WipeRecord, lang: Lang) -> Any:
    head = tuple(
        text(lang, f"certify.disk.{name}") for name in ("which", "size", "how", "level", "result")
    )
    rows = []
    for one in record.erasures:
        disk = one.disk
        which = disk_name(disk.vendor, disk.model) or text(lang, "certify.unknown")
        serial = disk_serial(disk, lang) or disk.wwn or text(lang, "certify.unknown")
        if disk.namespace:
            serial += " " + text(lang, "certify.namespace", number=disk.namespace)
        rows.append(
            (
                f"{which}\n{text(lang, 'certify.field.serial')} {serial}",
                size(lang, disk.size_bytes),
                how(one, lang),
                text(lang, f"cli.level.{one.result.level_achieved.value}"),
                result(one, lang),
            )
        )
    return part.grid(head, rows, (36, 12, 23, 17, 28))


def disk_serial(disk: DiskIdentity, lang: Lang) -> str | None:
    """A disk's number; where only that of the USB box around it is known, it is said so."""
    if disk.serial and disk.serial_of == "box":
        return text(lang, "certify.disk.of-box", serial=disk.serial)
    return disk.serial


def how(one: Erasure, lang: Lang) -> str:
    """Method, passes and the reading back, in a line: what was done, not what was planned."""
    begun = sum(step.outcome is not StepEnd.NOT_RUN for step in one.steps)
    if one.plan is None or not begun:
        return text(lang, "certify.how.nothing")
    verify, method = read_back(one.verification, lang), one.plan.method
    meant = [
        step.outcome
        for step, planned in zip(one.steps, one.plan.steps, strict=False)
        if step.outcome is not StepEnd.NOT_RUN or not planned.fallback
    ]
    if is_approved(one) or all(outcome is StepEnd.DONE for outcome in meant):
        return text(lang, "certify.how", method=method, n=begun, verify=verify)
    done = meant.count(StepEnd.DONE)
    code = "certify.how.ended" if done else "certify.how.begun"
    return text(lang, code, method=method, n=begun, done=done, total=len(meant), verify=verify)


def read_back(found: Verification, lang: Lang) -> str:
    """The reading after the last step as far as it went: none is none, whatever was planned."""
    if found.outcome is StepEnd.DONE or found.mode is VerifyMode.NONE:
        return text(lang, f"certify.how.verify.{found.mode.value}")
    state = "not-run" if found.outcome is StepEnd.NOT_RUN else "broken"
    return text(lang, f"certify.how.verify.{state}")


def result(one: Erasure, lang: Lang) -> str:
    """✓ or ✗, the status, and the first reason."""
    if is_approved(one):
        return "✓ " + text(lang, "certify.disk.approved")
    verdict = text(lang, f"certify.disk.{one.result.status.value}")
    why = say(lang, one.result.reasons[0]) if one.result.reasons else ""
    return f"✗ {verdict}\n{why}"


def _limits(record: WipeRecord, lang: Lang, outcome: Overall) -> list[Any]:
    """What the erasure did not reach, each limit once, and what to do where it failed."""
    found: dict[Message, None] = {}
    for one in record.erasures:
        if one.plan is not None and is_approved(one):
            found.update(dict.fromkeys(one.plan.not_reached))
    lines = [part.para("• " + say(lang, message), 7.8) for message in found]
    if outcome in (Overall.PARTIAL, Overall.NOT_ERASED):
        lines.append(part.para("• " + text(lang, "certify.advice.not-erased"), 7.8, bold=True))
    if not lines:
        return []
    return [part.heading(text(lang, "certify.section.limits")), *lines]


def person(one: Person, lang: Lang) -> str:
    """A person in a line."""
    return ", ".join(filter(None, (one.name, one.title, one.contact))) or text(
        lang, "certify.not-recorded"
    )


def _people(record: WipeRecord, lang: Lang) -> list[tuple[str, str]]:
    workshop = ", ".join(
        filter(
            None,
            (
                record.workshop.name,
                record.workshop.address,
                record.workshop.contact,
                record.workshop.registration,
            ),
        )
    )
    when = max((one.ended_at for one in record.erasures if one.ended_at), default=None)
    software = dict(record.software)
    return [
        (text(lang, "certify.field.workshop"), given(workshop, lang)),
        (text(lang, "certify.field.operator"), person(record.operator, lang)),
        (text(lang, "certify.field.verifier"), verifier(record, lang)),
        (text(lang, "certify.field.date"), _when(record, when, lang)),
        (text(lang, "certify.field.tool"), f"recond {software.get('recond', '')}"),
    ]


def verifier(record: WipeRecord, lang: Lang) -> str:
    """Who verified; nobody where no erasure was approved, whoever would have."""
    if any(is_approved(one) for one in record.erasures):
        return person(record.verifier, lang)
    return text(lang, "certify.verifier.nobody")


def _when(record: WipeRecord, ended_at: str | None, lang: Lang) -> str:
    """When the last disk ended, by the word for how: « terminé », « arrêté »; and the document."""
    made = {"made_date": record.issued_at, "made": clock(record.issued_at)}
    if ended_at is None:
        return text(lang, "certify.when.made", **made)
    states = {one.result.status for one in record.erasures}
    how_ended = states.pop().value if len(states) == 1 else "mixed"
    ended = {"done_date": ended_at, "time": clock(ended_at)}
    return text(lang, f"certify.when.{how_ended}", **ended, **made)


def _hands(record: WipeRecord, lang: Lang) -> Any:
    """Room for two signatures by hand, with the name where it is known."""
    names = (record.operator.name, record.verifier.name)
    if not any(is_approved(one) for one in record.erasures):
        names = (names[0], None)
    cells = [
        [
            part.para(text(lang, f"certify.hand.{who}"), 7, soft=True),
            part.para(name or "", 8, bold=True),
        ]
        for who, name in zip(("operator", "workshop"), names, strict=True)
    ]
    return part.boxes(cells)


def clock(utc: str) -> str:
    """Hours and minutes of an RFC 3339 time, with the offset of the zone that the page is in."""
    return time_of_day(utc)


def how_to_check(lang: Lang, signer: Signer | None, seal: str | None) -> Any:
    """How a reader checks the document: whose key, its fingerprint, the seal as a QR code."""
    if signer is None:
        return part.para(text(lang, "certify.check.unsigned"), 8, bold=True)
    words = [
        part.para(text(lang, "certify.check.signed", name=signer.name), 8),
        part.para(text(lang, "certify.check.fingerprint"), 7.4, soft=True, spaceBefore=3),
        *(part.Typed(half, 7) for half in _halves(signer.fingerprint)),
        part.para(text(lang, "certify.check.how"), 8, spaceBefore=3),
    ]
    code = part.QrCode(seal, QR_SIZE, text(lang, "certify.figure.seal")) if seal else ""
    table = Side([[words, code]], colWidths=[part.WIDTH - QR_SIZE - 2 * mm, QR_SIZE + 2 * mm])
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("FONTNAME", (0, 0), (-1, -1), part.SANS),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 2),
            ]
        )
    )
    return table


def _halves(fingerprint: str) -> tuple[str, str]:
    """A fingerprint in two lines of as many groups."""
    groups = fingerprint.split(" ")
    middle = (len(groups) + 1) // 2
    return " ".join(groups[:middle]), " ".join(groups[middle:])


def day(utc: str | None, lang: Lang) -> str:
    """A time in a reader's form, else « non renseigné »."""
    return f"{date(lang, utc)} {clock(utc)}" if utc else text(lang, "certify.not-recorded")
