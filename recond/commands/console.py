"""What the image's consoles run before recond itself (packaging/image): the libraries of its
dialogue are loaded while the stick is read.

Why: on an old computer loading them takes longer than all that the stick is asked, and needs
nothing of it. What does depend on the stick (the language, the lot, where results go) is read when
it is there; the framework's words are settled at its first import, so it is loaded after that.
"""

from __future__ import annotations

import importlib
import os
from contextlib import suppress
from pathlib import Path

from recond.flow.live.start import ask, read_environment
from recond.flow.live.stick import Live, welcome
from recond.host import Host
from recond.host.terminal import can_draw, wait_for_end, write_line
from recond.locale import LANGS, text

SAID = ("recond.flow.answers", "recond.flow.config", "recond.flow.guided", "recond.guided.start")
"""What the dialogue needs on any line."""
DRAWN = ("recond.guided.app", "textual.drivers.linux_driver", "textual.layouts.factory")
"""What it needs besides where it is drawn."""


def prepare(host: Host, live: Live, ready: int) -> list[str]:
    """Load, wait until `ready` ends (the descriptor of a pipe, whose other end is held by who waits
    for the stick), say how the stick stands and ask whose it is. Returns the words of the command
    line that comes next, none where an unattended run is only watched. The environment and the
    working folder are then the stick's.
    """
    for lang in LANGS:  # whose computer it is, and so its language, stands on the stick
        write_line(text(lang, "stick.starting"))
    for name in (*SAID, *(DRAWN if can_draw() else ())):
        importlib.import_module(name)
    wait_for_end(ready)
    surroundings = _surround(live)
    if surroundings.get("RECOND_MODE") == "unattended":
        return []
    welcome(host, live)
    ask(host, live)
    surroundings = _surround(live)  # the answer may have brought a lot, a language, another place
    out, lot = surroundings.get("RECOND_OUT") or "recond-out", surroundings.get("RECOND_LOT")
    return ["guided", "--out", out, *(["--lot", lot] if lot else [])]


def _surround(live: Live) -> dict[str, str]:
    """Take what the stick says for the environment, and go where the results go, so that a plain
    `recond run` from here leaves its own there too.
    """
    surroundings = read_environment(live)
    os.environ.update(surroundings)
    with suppress(OSError):
        os.chdir(Path(surroundings.get("RECOND_OUT", "/root/recond-out")).parent)
    return surroundings
