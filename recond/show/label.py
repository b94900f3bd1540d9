"""The labels that were written, and which of them say that nothing is proven."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recond.show.screen import Screen

if TYPE_CHECKING:
    from recond.flow.deliver.label import LabelsMade


def label_fields(made: LabelsMade) -> dict[str, object]:
    """`recond label` for a program."""
    return {
        "file": str(made.file),
        "labels": made.count,
        "exit_code": made.exit_code,
        "unproven": {path: proof.value for path, proof in made.unproven},
        "job": made.job,
    }


def show_labels(screen: Screen, made: LabelsMade) -> None:
    """`recond label`."""
    screen.data(screen.t("label.command.written", n=made.count, file=str(made.file)))
    if made.job is not None:
        screen.data(screen.t("label.print.done", job=made.job or "—"))
    for path, proof in made.unproven:
        screen.talk(
            screen.t("label.command.unproven", file=path, mark=f"@label.mark.{proof.value}")
        )
