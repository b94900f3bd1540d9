"""The computer and its readiness, as tables of the certificate's inner pages.

Why: they come from the inventory and the profile, not from a journal; nothing here touches what was
erased. Pure.
"""

from __future__ import annotations

from typing import Any

from reportlab.platypus import Spacer

from recond.certify.pages import parts as part
from recond.certify.pages.front import known, pair
from recond.locale import Lang, say, size_binary, text
from recond.locks import found_locks, lock_message, open_locks
from recond.model import Assessment, Known, Machine, Reading
from recond.naming import processor_name, screen_name

CONFIDENCE = ("strong", "medium", "weak")


def inventory_part(machine: Machine, lang: Lang) -> list[Any]:
    """The computer as a table: what it is, its parts, its identity."""
    system, memory = machine.system, machine.memory
    ram = (
        size_of(memory.installed_bytes, lang)
        if isinstance(memory.installed_bytes, Known)
        else size_of(memory.visible_bytes, lang)
    )
    rows = [
        (text(lang, "certify.field.form"), _form(machine, lang)),
        (text(lang, "certify.field.board"), pair(system.board_maker, system.board_model, lang)),
        ("BIOS / UEFI", _words(lang, system.bios_vendor, system.bios_version, system.bios_date)),
        (
            text(lang, "certify.field.cpu"),
            processor_name(machine.cpu) or text(lang, "certify.unknown"),
        ),
        (text(lang, "certify.field.ram"), ram),
        ("TPM", known(machine.tpm.version, lang)),
        (
            text(lang, "certify.field.screens"),
            "\n".join(
                f"{screen_name(one) or text(lang, 'certify.unknown')} – {known(one.width_px, lang)}"
                f" × {known(one.height_px, lang)}"
                for one in machine.displays
            )
            or "—",
        ),
        (
            text(lang, "certify.field.battery"),
            "\n".join(
                text(lang, "certify.battery", name=one.name, wear=known(one.wear_percent, lang))
                for one in machine.batteries
            )
            or "—",
        ),
        *lock_rows(machine, lang),
        (text(lang, "certify.field.identity"), _identity(machine, lang)),
    ]
    return [part.heading(text(lang, "certify.section.inventory")), part.facts(rows, share=0.24)]


def lock_rows(machine: Machine, lang: Lang) -> list[tuple[str, str]]:
    """What was found, what was not, what cannot be told; no row where nobody looked."""
    if not machine.locks:
        return []
    unfound = [one for one in machine.locks if isinstance(one.found, Known) and not one.found.value]
    groups = (
        ("found", found_locks(machine)),
        ("not_found", unfound),
        ("untold", open_locks(machine)),
    )
    lines = [
        text(
            lang,
            f"certify.locks.{name}",
            locks=", ".join(say(lang, lock_message(one)) for one in locks),
        )
        for name, locks in groups
        if locks
    ]
    return [(text(lang, "certify.field.locks"), "\n".join(lines))]


def _words(lang: Lang, *readings: Reading[Any]) -> str:
    """What is known of several readings in a line; « inconnu » once where nothing is."""
    found = [str(one.value) for one in readings if isinstance(one, Known)]
    return " ".join(found) or text(lang, "certify.unknown")


def _identity(machine: Machine, lang: Lang) -> str:
    found = machine.identity
    if not isinstance(found.machine_id, Known) or found.confidence not in CONFIDENCE:
        return text(lang, "certify.unknown")
    return text(lang, f"certify.identity.{found.confidence}", id=found.machine_id.value)


def _form(machine: Machine, lang: Lang) -> str:
    form = machine.system.form
    return (
        text(lang, f"cli.form.{form.value.value}")
        if isinstance(form, Known)
        else (text(lang, "certify.unknown"))
    )


def size_of(reading: Any, lang: Lang) -> str:
    """A memory size, else « inconnu »."""
    return (
        size_binary(lang, reading.value)
        if isinstance(reading, Known)
        else (text(lang, "certify.unknown"))
    )


def assessment_part(found: Assessment, lang: Lang) -> list[Any]:
    """A profile's verdict with its requirements, each with what was seen and the remedy."""
    head = tuple(
        text(lang, f"cli.check.{name}") for name in ("outcome", "line", "seen", "asked", "remedy")
    )
    rows = [
        (
            text(lang, f"cli.outcome.{line.outcome}"),
            say(lang, line.title) if line.title else line.key,
            say(lang, line.observed),
            say(lang, line.required),
            say(lang, line.remedy) if line.remedy else "",
        )
        for line in found.requirements
    ]
    title = text(
        lang,
        "cli.check.title",
        profile=found.profile,
        version=found.profile_version,
        verdict=text(lang, f"readiness.verdict.{found.verdict}"),
    )
    return [
        part.heading(title),
        part.grid(head, rows, (16, 24, 34, 30, 40)),
        Spacer(1, 3),
        *(part.para("• " + say(lang, one), 7.4) for one in found.notices),
    ]
