"""A label for each disk, by itself, where a printer is set: what a dock does after a certificate.

Why by itself: eight disks of one make lie on a table, and whoever picks up the wrong label gives
away the wrong disk. A label is made from the certificate, which is verified first, and a printer
that is off, out of paper or not there changes nothing of what the disk's end is or of the exit
code: the slot says it, and `recond label --per-disk` prints it again.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from recond.codec import canonical_bytes
from recond.errors import RecondError
from recond.flow.config import label_printer
from recond.flow.deliver.label import ROLL, make_labels, print_labels
from recond.flow.dock.order import WatchOrder
from recond.flow.guided import send
from recond.flow.run.claim import CLAIMS
from recond.flow.run.run import Finished
from recond.host import Host
from recond.host.log import log_swallowed
from recond.host.reason import as_lack
from recond.host.spool import Spool
from recond.model import Message

FOLDER = "labels"


def after_end(order: WatchOrder, host: Host, done: Finished) -> Message | None:
    """Print the label, then send the record; what went wrong with the label, else what to say of
    sending.
    """
    unlabelled = print_sticker(order, host, done)
    sent = send(order.state, done, host.clock)
    return unlabelled or sent


def print_sticker(order: WatchOrder, host: Host, done: Finished) -> Message | None:
    """The labels of a certificate's disks to the printer of `[label] printer`; None where that went
    well or none is set, else why not. The file stays in the state, for another try.
    """
    try:
        printer = label_printer(order.state)
        if not printer:
            return None
        name = f"{done.folder.run_id}-{_issue(done)}"
        with Spool(order.state / CLAIMS).locked_once(f"label-{name}", wait=True):
            _print_once(order, host, done, order.state / FOLDER / f"{name}.pdf", printer)
    except RecondError as error:
        log_swallowed("flow.dock", error)
        return error.message
    except OSError as error:
        log_swallowed("flow.dock", error)
        return as_lack(error).message
    return None


def _issue(done: Finished) -> str:
    """Which issue of the run's certificate it is: a run that is resumed gets another one."""
    return hashlib.sha256(canonical_bytes(done.issued.record)).hexdigest()[:16]


def _print_once(order: WatchOrder, host: Host, done: Finished, file: Path, printer: str) -> None:
    """Nothing where the file is there: another watch that followed the run has handed it over, and
    of two labels of one disk the second is stuck on another. Raises `RecondError`, `OSError`.
    """
    if file.exists():
        return
    file.parent.mkdir(mode=0o700, exist_ok=True)
    made = make_labels(
        (done.issued.folder,),
        file,
        form=ROLL,
        start=1,
        lang="en" if order.lang == "en" else "fr",
        state=order.state,
        per_disk=True,
        only=done.issued.record,
    )
    print_labels(made, host.processes, printer)
