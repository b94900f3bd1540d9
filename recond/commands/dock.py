"""The dock bench: watch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from recond.commands.complete import complete_lots
from recond.commands.frame import (
    LANG,
    AsJson,
    Donor,
    Level,
    Method,
    Operator,
    Out,
    Verify,
    command,
    leave,
    option,
    screen,
    state_path,
    this_host,
)


@command("watch")
def watch_command(
    lot: Annotated[str, option("lot", "--lot", metavar="LOT", complete=complete_lots)],
    manifest: Annotated[Path, option("dock.option.manifest", "--manifest", metavar="CSV")],
    out: Out = Path("recond-out"),
    all_: Annotated[bool, option("dock.option.all", "--all")] = False,
    resume: Annotated[bool, option("dock.option.resume", "--resume")] = False,
    level: Level = "clear",
    method: Method = None,
    verify: Verify = "full",
    operator: Operator = None,
    donor: Donor = None,
    images: Annotated[Path | None, option("dock.option.images", "--images", metavar="DIR")] = None,
    json_: AsJson = False,
) -> None:
    """Each disk that is plugged in and listed is erased and certified."""
    from recond.flow.config import Overrides
    from recond.flow.dock.order import WatchOrder
    from recond.flow.dock.watch import watch
    from recond.flow.machine.check import parse_wish
    from recond.show.dock import DockDisplay, show_summary, summary_fields

    order = WatchOrder(
        manifest=manifest,
        wish=parse_wish(level, method, verify),
        out=out,
        state=state_path(),
        lang=LANG,
        overrides=Overrides(operator=operator, lot=lot, donor=donor),
        present=all_,
        resume=resume,
    )
    with DockDisplay(screen(), as_json=json_) as display:
        found = watch(order, images, this_host(), display)
    screen().give("watch", found, show_summary, as_json=json_, fields=summary_fields)
    leave(found.exit_code)
