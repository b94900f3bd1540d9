"""What reading a disk again came to: for eyes or for a script.

Why: a difference does not say which of its two causes it has, and another disk says nothing at all;
the words here must not say more than the reading did.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recond.codec import to_json
from recond.show.result import report_json, show_report
from recond.show.screen import Screen

if TYPE_CHECKING:
    from recond.flow.verify.disk import DiskAnswer
    from recond.flow.verify.files import Report


Rechecked = tuple["Report", "DiskAnswer"]
"""A certificate's answers, and those of its disk."""


def disk_answer_fields(found: Rechecked) -> dict[str, object]:
    """Both for a program."""
    report, answer = found
    code = report.exit_code or answer.exit_code
    return {**report_json(report), "exit_code": code, "disk": to_json(answer)}


def show_disk_answer(screen: Screen, found: Rechecked) -> None:
    """The certificate's answers, then the disk's."""
    report, answer = found
    show_report(screen, report)
    screen.data("")
    for line in _lines(screen, answer):
        screen.data(line)
    for note in answer.notes:
        screen.data(screen.say(note))


def _lines(screen: Screen, found: DiskAnswer) -> list[str]:
    t, serial = screen.t, found.serial
    if found.answer == "other-disk":
        return [
            t("recheck.disk.other", serial=serial),
            *(
                "  "
                + t(
                    "recheck.disk.other.line",
                    serial=token,
                    fields=", ".join(t(f"recheck.disk.field.{name}") for name in names),
                )
                for token, names in found.candidates
            ),
        ]
    lines = []
    if found.answer == "same":
        lines.append(
            "✓ "
            + t("recheck.disk.same", serial=serial, n=found.compared_bytes, total=found.size_bytes)
        )
    elif found.answer == "differs":
        start = found.mismatch[0][0] if found.mismatch else 0
        lines.append("✗ " + t("recheck.disk.differs", n=found.mismatch_bytes, start=start))
    elif found.answer == "unreadable":
        lines.append(
            "✗ "
            + t(
                "recheck.disk.unreadable",
                serial=serial,
                n=sum(length for _, length in found.unreadable),
            )
        )
    elif found.answer == "stopped":
        lines.append("? " + t("recheck.disk.stopped", n=found.compared_bytes))
    elif found.answer == "vanished":
        lines.append("? " + t("recheck.disk.vanished", serial=serial))
    else:
        lines.append("? " + t("recheck.disk.unknown", serial=serial))
    if found.seed is not None and found.compared_bytes < found.size_bytes:
        lines.append("  " + t("recheck.disk.seed", seed=found.seed))
    return lines
