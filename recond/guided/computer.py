"""Step 1 as lines: what this computer is, whether it is ready, what would make it so. Pure."""

from __future__ import annotations

from recond.flow.run.run import Prepared
from recond.guided.words import BAD, CARE, FAINT, GOOD, PLAIN, STRONG, GuidedWords, Line, fold
from recond.locale import size_binary
from recond.locks import found_locks, holding_locks, lock_message, lock_word, open_locks
from recond.model import Assessment, Known, Lock, Machine, Outcome
from recond.naming import computer_name, processor_name

SIGNS = {Outcome.PASS: GOOD, Outcome.FIXABLE: CARE, Outcome.UNKNOWN: CARE, Outcome.FAIL: BAD}
SIGN_COLUMNS = 12
MOST_LINES = 4
"""Of what stands in the way; `recond check` says all."""


def computer_lines(words: GuidedWords, prepared: Prepared, width: int, more: int = 0) -> list[Line]:
    """The whole step. `more`: lines of room beyond those of the smallest screen."""
    number = prepared.context.property_number
    lines = [*_machine(words, prepared.machine, number, width), ("", PLAIN)]
    each = MOST_LINES + more // max(1, len(prepared.assessments))
    for one in prepared.assessments:
        lines += _assessment(words, one, width, each)
    for warning in prepared.warnings:
        lines += [("", PLAIN), *fold(words.say(warning), width, CARE)]
    return lines


def _machine(words: GuidedWords, machine: Machine, number: str | None, width: int) -> list[Line]:
    t, r, system, cpu = words.t, words.reading, machine.system, machine.cpu
    title = computer_name(system) or t("guided.computer.unnamed")
    form = f" – {t(f'cli.form.{system.form.value}')}" if isinstance(system.form, Known) else ""
    rows = [
        (t("cli.machine.serial"), r(system.serial)),
        *_asset(words, machine, number),
        (t("cli.machine.cpu"), processor_name(cpu) or r(cpu.name)),
        (t("cli.machine.memory"), _memory(words, machine)),
        *(
            (t("cli.machine.battery"), t("guided.computer.wear", wear=r(one.wear_percent)))
            for one in machine.batteries
        ),
        *(
            (t("cli.machine.display"), f"{r(one.width_px)} × {r(one.height_px)}")
            for one in machine.displays
        ),
    ]
    wide = max(len(name) for name, _ in rows) + 2
    return [
        *fold(title + form, width, STRONG),
        *(
            line
            for name, value in rows
            for line in fold(value, width, first=f"{name:<{wide}}", rest=" " * wide)
        ),
        *(
            line
            for text, mark in _locks(words, machine)
            for line in fold(
                text, width, mark, first=f"{t('guided.computer.locks'):<{wide}}", rest=" " * wide
            )
        ),
    ]


def _asset(words: GuidedWords, machine: Machine, number: str | None) -> list[tuple[str, str]]:
    """The workshop's number; without one, what the machine itself says it was given."""
    name = words.t("certify.field.property")
    if number:
        return [(name, number)]
    tag = machine.system.asset_tag
    told = isinstance(tag, Known)
    return [(name, words.t("guided.computer.tag", tag=words.reading(tag)))] if told else []


def _locks(words: GuidedWords, machine: Machine) -> list[Line]:
    """What was found first, with what to do; then what a person is to look at."""

    def named(locks: tuple[Lock, ...]) -> str:
        return ", ".join(dict.fromkeys(words.say(lock_message(lock)) for lock in locks))

    if not machine.locks:
        return []
    holding, asked = holding_locks(machine), open_locks(machine)
    lines: list[Line] = []
    if holding:
        lines.append((f"{named(holding)} – {words.t('inspect.lock.return')}", BAD))
    if harmless := tuple(one for one in found_locks(machine) if one not in holding):
        lines.append((named(harmless), PLAIN))
    if asked:
        code = "inspect.lock.to_ask" if lines else "inspect.lock.none_to_ask"
        short = ", ".join(dict.fromkeys(words.say(lock_word(lock)) for lock in asked))
        lines.append((words.t(code, locks=short), CARE))
    return lines or [(words.t("inspect.lock.none"), PLAIN)]


def _memory(words: GuidedWords, machine: Machine) -> str:
    memory = machine.memory
    if isinstance(memory.installed_bytes, Known):
        return size_binary(words.lang, memory.installed_bytes.value)
    if isinstance(memory.visible_bytes, Known):
        return words.t(
            "cli.machine.visible", seen=size_binary(words.lang, memory.visible_bytes.value)
        )
    return words.reading(memory.installed_bytes)


def _assessment(words: GuidedWords, found: Assessment, width: int, most: int) -> list[Line]:
    """The profile's verdict with its sign, then what is to be done, or what stands in the way."""
    sign = found.category or words.t(f"guided.ready.{found.verdict.value}")
    title = words.say(found.title) if found.title else found.profile
    lines = [(f"{sign:<{SIGN_COLUMNS}}{title}", SIGNS[found.verdict])]
    todo = [words.say(one) for one in found.remedies]
    if found.verdict is not Outcome.PASS:
        todo += [
            f"{words.say(line.title) if line.title else line.key} – {words.say(line.observed)}"
            for line in found.requirements
            if line.outcome in (Outcome.FAIL, Outcome.UNKNOWN)
            and line.remedy is None
            and line.tier in found.deciding
        ]
    for one in todo[:most]:
        lines += fold(one, width, first=" " * SIGN_COLUMNS + "- ", rest=" " * (SIGN_COLUMNS + 2))
    if len(todo) > most:
        lines += fold(
            words.t("guided.computer.more", n=len(todo) - most),
            width,
            FAINT,
            first=" " * SIGN_COLUMNS,
        )
    return lines
