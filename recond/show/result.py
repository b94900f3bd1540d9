"""What a run came to, what a verification found, the methods, the bench: for eyes or for a script.

Why: the result stands in the record; here it is only said. One line a disk, the worst first to
read, then where the certificate is. With `--json` one object, whose keys scripts may rely on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recond.certify.verify.verdicts import Answer, Belief, Verdicts
from recond.codec import to_json
from recond.computer import Overall, Scope, conclude, is_approved, is_computer_erased
from recond.erasure import Status
from recond.foreign import LONGEST, cut, printable_line
from recond.locale import size_binary
from recond.model import Json
from recond.show.screen import Screen
from recond.show.tones import SIGNS, Tone

if TYPE_CHECKING:
    from recond.erasure import Erasure, WipeRecord
    from recond.flow.machine.doctor import Finding
    from recond.flow.run.batch import Judged
    from recond.flow.run.run import Finished
    from recond.flow.run.unlock import Unlocked
    from recond.flow.verify.files import Report
    from recond.methods import Method

SIGN = {Answer.YES: "✓", Answer.NO: "✗", Answer.UNKNOWN: "?"}
BELIEVED = {
    Belief.WHOLE: "certify.verify.all-good",
    Belief.SIGNED: "certify.verify.signed",
    Belief.PARTLY: "certify.verify.partly",
    Belief.WORD: "custody.verify.good",
    Belief.UNPROVEN: "certify.verify.unproven",
    Belief.FOREIGN: "certify.verify.foreign",
    Belief.FALSE: "certify.verify.not-good",
}
OUTCOME_TONE = {
    Overall.ERASED: Tone.GOOD,
    Overall.ACCOUNTED: Tone.DOUBT,
    Overall.PARTIAL: Tone.BAD,
    Overall.UNKNOWN: Tone.DOUBT,
    Overall.NOT_ERASED: Tone.BAD,
    Overall.NOTHING: Tone.DOUBT,
}
BELIEF_SIGN = {
    Belief.WHOLE: SIGN[Answer.YES],
    Belief.SIGNED: SIGN[Answer.YES],
    Belief.PARTLY: SIGN[Answer.YES],
    Belief.WORD: "☞",
    Belief.UNPROVEN: SIGN[Answer.UNKNOWN],
    Belief.FOREIGN: "–",
    Belief.FALSE: SIGN[Answer.NO],
}


def finished_fields(finished: Finished, left: tuple[Judged, ...] = ()) -> dict[str, Json]:
    """The result of a run for a program; `left` are the disks that its list left alone."""
    return finished_json(finished) | {"left": _left_json(left)}


def show_finished(screen: Screen, finished: Finished) -> None:
    """The result of a run."""
    issued = finished.issued
    t = screen.t
    rows = [
        (
            "✓" if is_approved(one) else "✗",
            _name(one),
            t(f"cli.status.{one.result.status.value}"),
            t(f"cli.level.{one.result.level_achieved}"),
            t(f"cli.verdict.{one.result.verdict.value}"),
            "\n".join(screen.say(reason) for reason in one.result.reasons),
        )
        for one in issued.record.erasures
    ]
    head = (
        "",
        *(t(f"cli.result.{name}") for name in ("disk", "status", "level", "verdict", "why")),
    )
    found = conclude(issued.record)
    screen.table(t(found.headline), head, rows, tone=OUTCOME_TONE[found.outcome])
    for line in left_lines(issued.record, screen):
        screen.data(line)
    if not issued.signed and issued.why_unsigned is not None:
        screen.data(t("cli.result.unsigned", reason=screen.say(issued.why_unsigned)))
    if issued.set_aside is not None:
        screen.data(screen.say(issued.set_aside))
    if issued.kept is not None:
        screen.data(t("cli.result.kept", folder=str(issued.kept)))
    heading = t("cli.frame.heading", name=t("cli.result.certificate"))
    screen.data(f"{heading} {issued.certificate}")
    screen.data(t("cli.result.run", run=finished.folder.run_id))
    if any(one.result.status is Status.INTERRUPTED for one in issued.record.erasures):
        screen.data(t("cli.result.go_on", run=finished.folder.run_id))


def left_lines(record: WipeRecord, screen: Screen) -> list[str]:
    """What is left in the computer, by name and reason; whether the words are of disks only."""
    from recond.certify.pages.front import left_line  # with what draws the page

    found = conclude(record)
    lines = [f"✗ {left_line(one, screen.lang)}" for one in found.left]
    lines += [f"? {screen.say(doubt)}" for doubt in found.doubts]
    keys = [one.key for one in found.left if found.scope is Scope.COMPUTER]
    if keys:
        lines.append(screen.t("cli.result.left_keys", run=record.record_id))
        lines += [f"    {key}" for key in keys]
    if found.scope is not Scope.COMPUTER:
        lines.append(screen.t(f"certify.scope.{found.scope.value}.erased"))
    return lines


def nothing_begun_fields(exit_code: int, left: tuple[Judged, ...] = ()) -> dict[str, Json]:
    """Nothing was left to erase, for a program: no run, no record, and why."""
    return {
        "run": None,
        "record_id": None,
        "outcome": "nothing-begun",
        "exit_code": exit_code,
        "disks": [],
        "left": _left_json(left),
    }


def _left_json(left: tuple[Judged, ...]) -> list[Json]:
    return [
        {
            "path": one.plan.path,
            "serial": one.plan.disk.serial,
            "listed": one.listed.value,
            "run": one.past.folder.run_id if one.past.folder else None,
            "exit_code": one.exit_code,
            "message": to_json(one.message) if one.message else None,
        }
        for one in left
    ]


def _name(one: Erasure) -> str:
    """The disk's serial, with the namespace where several share one."""
    token = one.disk.token if one.disk.size_bytes else one.path
    return f"{token} (ns {one.disk.namespace})" if one.disk.namespace else token


def finished_json(finished: Finished) -> dict[str, Json]:
    """The result as one object."""
    issued = finished.issued
    return {
        "run": finished.folder.run_id,
        "record_id": issued.record.record_id,
        "outcome": conclude(issued.record).outcome.value,
        "computer": _computer_json(issued.record),
        "exit_code": finished.exit_code,
        "folder": str(issued.folder),
        "certificate": str(issued.certificate),
        "signed": issued.signed,
        "fingerprint": issued.fingerprint,
        "why_unsigned": to_json(issued.why_unsigned) if issued.why_unsigned else None,
        "kept": str(issued.kept) if issued.kept else None,
        "ledger_set_aside": to_json(issued.set_aside) if issued.set_aside else None,
        "disks": [_disk_json(one) for one in issued.record.erasures],
    }


def _computer_json(record: WipeRecord) -> Json:
    """The verdict of the computer, or of disks only; what is left, and why it may not be all."""
    found = conclude(record)
    return {
        "scope": found.scope.value,
        "outcome": found.outcome.value,
        "erased": is_computer_erased(record),
        "left": [to_json(one) for one in found.left],
        "doubts": [to_json(one) for one in found.doubts],
        "media": [{"key": one.key, "fate": fate.value} for one, fate in found.fates],
        "words": [to_json(one) for one in found.words],
    }


def _disk_json(one: Erasure) -> Json:
    from recond.flow.run.run import erasure_exit  # with all that erases

    return {
        "path": one.path,
        "serial": one.disk.serial,
        "wwn": one.disk.wwn,
        "model": one.disk.model,
        "size_bytes": one.disk.size_bytes,
        "namespace": one.disk.namespace,
        "result": to_json(one.result),
        "exit_code": erasure_exit(one, frozenset()),
    }


def show_unlocked(screen: Screen, found: Unlocked) -> None:
    """A drive whose password is off."""
    screen.data(screen.t("cli.unlock.done", path=found.path, journal=found.journal))


# --- Verification ----------------------------------------------------------------------------


def show_report(screen: Screen, report: Report) -> None:
    """Each certificate: the four answers, what was looked at, what the document itself says."""
    for one in report.found:
        _show_verdicts(screen, one)
    screen.data("")
    _data_by_sign(screen, _last_line(screen, report))


def report_json(report: Report) -> dict[str, Json]:
    """A report as one object."""
    return {"exit_code": report.exit_code, "found": [verdicts_json(one) for one in report.found]}


def _last_line(screen: Screen, report: Report) -> str:
    """The verdict again; of several files the worst one's, with how many are to be believed."""
    worst = max(report.found, key=lambda one: list(Belief).index(one.belief), default=None)
    if worst is None:
        return screen.t("certify.verify.nothing")
    if len(report.found) == 1:
        return belief_line(screen, worst.belief)
    good = sum(one.good for one in report.found)
    if good == len(report.found):
        return belief_line(screen, worst.belief, n=good)
    return screen.t("certify.verify.some", n=good, total=len(report.found))


def belief_line(screen: Screen, belief: Belief, n: int = 1) -> str:
    """The one word for all four answers, of one document or of `n`."""
    words = screen.t(BELIEVED[belief])
    line = words if n == 1 else screen.t("certify.verify.all", n=n, verdict=words)
    return f"{BELIEF_SIGN[belief]} {line}"


def _data_by_sign(screen: Screen, line: str) -> None:
    """A verdict, whole in the colour of the sign that it begins with."""
    screen.data(line, SIGNS.get(line.strip()[:1]))


def _show_verdicts(screen: Screen, found: Verdicts) -> None:
    from recond.flow.verify.files import near

    t = screen.t
    screen.data("\n" + t("certify.verify.file", file=near(found.name)))
    _data_by_sign(screen, f"  {belief_line(screen, found.belief)}")
    if found.outcome is not None:
        screen.data("  → " + printable_line(screen.say(found.outcome)))
    if found.demonstration:
        screen.data("  ! " + t("certify.verify.demonstration"))
    if found.belief is Belief.FOREIGN:
        return
    for axis, answer in found.answers:
        words = f"{t(f'certify.axis.{axis}')} – {t(f'certify.answer.{answer}')}"
        screen.data(f"  {SIGN[answer]} {words}")
    short = near(found.name).rpartition("/")[2]  # its folder stands in the line above
    lines = (
        f"      {SIGN[check.answer]} "
        + printable_line(
            f"{cut(_about(check.about, found.name, short), LONGEST)} – {screen.say(check.message)}"
        )
        for check in found.checks
    )
    for line in dict.fromkeys(lines):  # one finding may answer two questions
        screen.data(line)


def _about(about: str, name: str, short: str) -> str:
    """What was looked at, without the folder of the file that was given."""
    return short + about.removeprefix(name) if about.startswith(name) else about


def verdicts_json(found: Verdicts) -> Json:
    """A certificate's answers as one object."""
    return {
        "name": found.name,
        "record_id": found.record_id,
        "event_id": found.event_id,
        "good": found.good,
        "belief": found.belief.value,
        "demonstration": found.demonstration,
        **{axis: answer.value for axis, answer in found.answers},
        "outcome": to_json(found.outcome) if found.outcome else None,
        "checks": [to_json(check) for check in found.checks],
    }


# --- Methods and bench -----------------------------------------------------------------------


def show_methods(screen: Screen, methods: tuple[Method, ...]) -> None:
    """What each method writes, where it comes from, what overwriting promises."""
    t = screen.t
    rows = [
        (
            one.name,
            str(len(one.passes)),
            t(f"wipe.about.{one.name}"),
            t(f"wipe.origin.{one.name}") + (f" ({t('cli.methods.old')})" if one.obsolete else ""),
        )
        for one in methods
    ]
    head = tuple(t(f"cli.methods.{name}") for name in ("name", "passes", "about", "source"))
    screen.table(t("cli.methods.title"), head, rows)
    screen.data(t("cli.methods.promise"))


STANDING = {"mains": "on_battery", "memory": "little", "signature": "cannot_sign"}
"""What no package brings, and the word for its lack."""
NAMED = {"root": "root", "state": "folder"} | {name: name for name in STANDING}
"""What is no tool, by its name in the catalogue."""


def _lack(one: Finding) -> str:
    return STANDING.get(one.name, "needed" if one.needed else "missing")


def _lack_tone(one: Finding) -> Tone:
    return Tone.BAD if one.needed else Tone.DOUBT


def _package(screen: Screen, one: Finding) -> str:
    """What brings it; of memory how much is left."""
    number, _, unit = one.package.partition(" ")
    return size_binary(screen.lang, int(number) << 20) if unit == "MiB" else one.package


def show_bench(screen: Screen, found: tuple[Finding, ...]) -> None:
    """What is there and what is missing, and the one line that brings it."""
    from recond.flow.machine.doctor import missing_packages

    t = screen.t
    rows = [
        (
            t(f"cli.bench.{NAMED[one.name]}") if one.name in NAMED else one.name,
            _package(screen, one),
            t("cli.bench.present") if one.present else t(f"cli.bench.{_lack(one)}"),
        )
        for one in found
    ]
    lacks = {t(f"cli.bench.{_lack(one)}"): _lack_tone(one) for one in found if not one.present}
    screen.table(
        t("cli.bench.title"),
        tuple(t(f"cli.bench.{name}") for name in ("name", "package", "state")),
        rows,
        tones={t("cli.bench.present"): Tone.GOOD, **lacks},
    )
    for one in found:
        if one.why is not None:
            screen.data(screen.say(one.why))
    packages = missing_packages(found)
    screen.data(
        t("cli.bench.install", n=len(packages), packages=" ".join(packages))
        if packages
        else t("cli.bench.whole")
    )
