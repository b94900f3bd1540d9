"""The words by which the image's services and consoles call a live system (packaging/image).

`boot` takes settings and keys, and starts an unattended run where the order says so; `ask` asks on
a console whose stick it is; `keep` carries results onto the stick; `welcome` says how it stands;
`settled` tells whether no run stands open; `left` whether there is a disk that no certificate
speaks of; `whole` whether the whole computer is erased; `end` waits until nothing is in memory
alone.
"""

from __future__ import annotations

from recond.flow.live.open_runs import is_settled
from recond.flow.live.remaining import disks_left, is_whole
from recond.flow.live.start import ask, boot
from recond.flow.live.stick import Live, end, keep, welcome
from recond.host import Host


def main(words: list[str], host: Host) -> int:
    """One word of the above, `left` and `whole` with `usb` too. Returns the process's exit code."""
    live = Live()
    if words == ["boot"]:
        boot(host, live)
    elif words == ["ask"]:
        ask(host, live)
    elif words == ["keep"]:
        keep(host, live)
    elif words == ["welcome"]:
        welcome(host, live)
    elif words == ["settled"]:
        return 0 if is_settled(host, live.places) else 1
    elif words in (["left"], ["left", "usb"]):
        return 0 if disks_left(host.files, live.places, usb="usb" in words) else 1
    elif words in (["whole"], ["whole", "usb"]):
        return 0 if is_whole(host.files, live.places, usb="usb" in words) else 1
    elif words == ["end"]:
        return 0 if end(host, live) else 1
    else:
        return 2
    return 0
