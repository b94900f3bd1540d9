"""The proof: verify."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from recond.commands.frame import (
    LANG,
    AsJson,
    argument,
    command,
    leave,
    option,
    screen,
    state_path,
)


@command("verify")
def verify_command(
    files: Annotated[list[Path], argument("files", "FICHIER…" if LANG == "fr" else "FILE…")],
    trust: Annotated[list[Path] | None, option("trust", "--trust", metavar="CERT")] = None,
    json_: AsJson = False,
) -> None:
    """Is this certificate, record or journal true, whole, and signed by whom."""
    from recond.flow.verify_files import verify_paths
    from recond.show.result import show_report

    report = verify_paths(tuple(files), tuple(trust or ()), state=state_path())
    show_report(screen(), report, as_json=json_)
    leave(report.exit_code)
