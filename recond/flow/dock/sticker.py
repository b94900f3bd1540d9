"""A label for each disk, by itself, where a printer is set: what a dock does after a certificate.

Why by itself: eight disks of one make lie on a table, and whoever picks up the wrong label gives
away the wrong disk. A label is made from the certificate, which is verified first, and a printer
that is off, out of paper or not there changes nothing of what the disk's end is or of the exit
code: the slot says it, and `recond label --per-disk` prints it again.
"""

from __future__ import annotations

from recond.errors import RecondError
from recond.flow.config import label_printer
from recond.flow.deliver.label import ROLL, make_labels, print_labels
from recond.flow.dock.order import WatchOrder
from recond.flow.guided import send
from recond.flow.run.run import Finished
from recond.host import Host
from recond.host.log import log_swallowed
from recond.host.reason import as_lack
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
        place = order.state / FOLDER
        place.mkdir(mode=0o700, exist_ok=True)
        made = make_labels(
            (done.issued.folder,),
            place / f"{done.folder.run_id}.pdf",
            form=ROLL,
            start=1,
            lang="en" if order.lang == "en" else "fr",
            state=order.state,
            per_disk=True,
        )
        print_labels(made, host.processes, printer)
    except RecondError as error:
        log_swallowed("flow.dock", error)
        return error.message
    except OSError as error:
        log_swallowed("flow.dock", error)
        return as_lack(error).message
    return None
