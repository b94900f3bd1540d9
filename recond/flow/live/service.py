"""The words by which the image's services and consoles call a live system (packaging/image).

`serve` takes settings and keys, starts an unattended run where the order says so, tells systemd
that this is done, and carries results onto the stick; `welcome` says on a console how it stands,
`ask` asks whose stick it is; `settled` tells whether no run stands open; `left` whether there is a
disk that no certificate speaks of; `whole` whether the whole computer is erased; `end` waits until
nothing is in memory alone. What a console shows first is `recond.commands.console`'s.
"""

from __future__ import annotations

import os
import socket

from recond.flow.live.open_runs import is_settled
from recond.flow.live.start import ask, boot
from recond.flow.live.stick import Live, end, keep, welcome
from recond.host import Host


def main(words: list[str], host: Host) -> int:
    """One word of the above, `left` and `whole` with `usb` too. Returns the process's exit code."""
    live = Live()
    if words == ["serve"]:  # one process: starting Python is most of its time
        boot(host, live)
        tell_ready()
        keep(host, live)
    elif words == ["ask"]:
        ask(host, live)
    elif words == ["welcome"]:
        welcome(host, live)
    elif words == ["settled"]:
        return 0 if is_settled(host, live.places) else 1
    elif words in (["left"], ["left", "usb"]):
        from recond.flow.live.remaining import disks_left  # reads records: not before the screen

        return 0 if disks_left(host.files, live.places, usb="usb" in words) else 1
    elif words in (["whole"], ["whole", "usb"]):
        from recond.flow.live.remaining import is_whole

        return 0 if is_whole(host.files, live.places, usb="usb" in words) else 1
    elif words == ["end"]:
        return 0 if end(host, live) else 1
    else:
        return 2
    return 0


def tell_ready() -> None:
    """What waits for this service may start (sd_notify(3)); nothing where nobody listens."""
    if address := os.environ.get("NOTIFY_SOCKET", ""):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
            line.connect("\0" + address[1:] if address.startswith("@") else address)
            line.sendall(b"READY=1")
