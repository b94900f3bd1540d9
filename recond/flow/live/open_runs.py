"""What a live system's console says of the runs that something is left to do for.

Why: whoever left the screen, or lost it, reads one line and acts on it. "Interrupted" said of an
erasure that still writes sends a person to the wrong command, or to the switch. So each way in
which a run can stand open has a line and a command of its own, and none of them tells a result:
that is the certificate's.

What reads runs is loaded where there is one: the stick's first moments have none to read, and wait
for nothing else (a third of a second, twenty times that in emulation).
"""

from __future__ import annotations

from pathlib import Path

from recond.errors import RecondError
from recond.flow.live.mirror import Places, unfinished_runs
from recond.flow.runfolder import RunFolder
from recond.host import Host
from recond.model import Message

RUNNING = "stick.running"
"""Said where a worker writes: this computer must stay on."""


def has_runs(places: Places) -> bool:
    """Whether anything lies where runs are kept; in doubt yes."""
    try:
        return any((places.state / "runs").iterdir())
    except FileNotFoundError:
        return False
    except OSError:
        return True


def open_words(host: Host, places: Places) -> tuple[Message, ...]:
    """A sentence for each way in which runs stand open here; none where nothing is left to do."""
    if not has_runs(places):
        return ()
    from recond.flow.run.unfinished import Left, open_runs

    begun = unfinished_runs(places)
    try:
        runs = open_runs(places.state, host)
    except OSError:  # nothing can be told of any: what was begun is said all the same
        return _sentences({"stick.unfinished": len(begun)})
    told = {run.folder.path for run in runs}
    others = [path for path in begun if path not in told]
    missing = sum(map(_is_readable, others))
    return _sentences(
        {
            **{f"stick.{left}": sum(run.left is left for run in runs) for left in Left},
            "stick.missing": missing,
            "stick.unfinished": len(others) - missing,
        }
    )


def _is_readable(run: Path) -> bool:
    """Whether it can be told which disks a run is about."""
    from recond.flow.run.unfinished import plans_of

    try:
        return bool(plans_of(RunFolder(run)))
    except RecondError:
        return False


def is_settled(host: Host, places: Places) -> bool:
    """Whether no run here stands open, in doubt not."""
    from recond.flow.run.unfinished import open_runs

    try:
        return not open_runs(places.state, host) and not unfinished_runs(places)
    except OSError:
        return False


def _sentences(numbers: dict[str, int]) -> tuple[Message, ...]:
    return tuple(Message.of(code, n=n) for code, n in numbers.items() if n)
