"""The table of docs/firmware.md from the rows that the lab's runs left.

`python -m tests.lab.firmware_table rows.jsonl` writes Markdown. Of rows of the same scene and drive
the last one stands.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

HEAD = "| drive | disturbed by | techniques, how each ended | the record says | image held | s |"
DISTURBANCES = {
    "none": "–",
    "cut": "power cut, resume",
    "term": "SIGTERM, resume",
    "kill": "SIGKILL, resume",
    "reset": "controller reset, resume",
    "remove": "taken out of the kernel, found again, resume",
}


def table(rows: list[dict[str, Any]]) -> str:
    """The rows by drive and disturbance, one line each."""
    last = {(one["scene"], one["drive"]): one for one in rows}
    order = list(DISTURBANCES)
    kept = sorted(last.values(), key=lambda one: (one["drive"], order.index(one["disturbance"])))
    return "\n".join([HEAD, "|---|---|---|---|---|---|", *map(_line, kept)]) + "\n"


def _line(row: dict[str, Any]) -> str:
    parts = (row["outcome"], row["verdict"], row["level"])
    says = ", ".join(one for one in parts if one not in ("-", "none"))
    reasons = ", ".join(one.rpartition(".")[2] for one in row["reasons"])
    cells = (
        row["drive"],
        DISTURBANCES[row["disturbance"]],
        row["technique"] or "none begun",
        f"{says} ({reasons})" if reasons else says,
        _held(row) + (", locked" if row["locked"] else ""),
        str(row["seconds"]),
    )
    return f"| {' | '.join(cells)} |"


def _held(row: dict[str, Any]) -> str:
    marked, sectors = row["marked_sectors"], row["sectors"]
    if not marked:
        return "nothing of the donor"
    if marked == sectors:
        return "everything"
    return f"{marked} of {sectors} sectors"


if __name__ == "__main__":
    lines = [line for name in sys.argv[1:] for line in Path(name).read_text().splitlines()]
    sys.stdout.write(table([json.loads(line) for line in lines]))
