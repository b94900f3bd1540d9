"""`recond board --demo`: a made-up workshop of six benches that erase disk images, live.

Why real processes: what is shown is what a workshop would see, with the real erasure, certificates
and verification. One bench's key is not pinned, and one bench is killed in the middle of its work:
both look on the board as they would on a working day. No disk of this computer is touched, no root
is needed, and everything says that it is a demonstration.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from recond.board import people, tokens
from recond.board.people import Role
from recond.board.serve import BoardOrder, Opened, open_board, serve_opened
from recond.flow.deliver.upload import add_destination
from recond.flow.keys.keyring import Keyring
from recond.flow.lot.rows import Lot
from recond.flow.lot.store import LotStore
from recond.flow.runfolder import new_run_id
from recond.host.clock import Clock

BENCHES = 6
COMPUTERS = 8
LOT = "Démonstration"
STRANGER, KILLED = 5, 6
_BENCH = "from recond.flow.demo_bench import main; from recond.host import Host; main(Host())"


def demo(
    out: Path, listen: str, lang: str, clock: Clock, on_ready: Callable[[Opened, int], None]
) -> None:
    """Run it until a signal ends it. Raises as `open_board`."""
    folder = (out / f"demo-board-{new_run_id(clock)}").resolve()
    folder.mkdir(parents=True)
    order = BoardOrder(folder / "tableau", listen=listen, demonstration=True)
    opened = open_board(order, clock)
    children: list[subprocess.Popen[bytes]] = []

    def ready(port: int) -> None:
        children.extend(start_benches(opened, folder, lang, clock))
        on_ready(opened, port)

    try:
        serve_opened(opened, order, ready)
    finally:
        for child in children:
            child.kill()
            child.wait()


def start_benches(
    opened: Opened, folder: Path, lang: str, clock: Clock
) -> list[subprocess.Popen[bytes]]:
    """The six benches, each with its token, its key and its process."""
    with opened.database.writing() as db:
        LotStore(db).make(Lot(LOT, "Mairie (démonstration)", None, clock.now()), (), {})
        link = people.add_person(db, "demo", Role.READER, clock.now(), "demo")
        people.use_link(db, link, "demonstration", clock.now())
        named = {
            number: tokens.add_bench(db, f"Poste {number}", clock.now(), "demo")
            for number in range(1, BENCHES + 1)
        }
    found = []
    for number, token in named.items():
        place = folder / f"poste-{number}"
        place.mkdir()
        add_destination(
            place / "etat", "tableau", "board", {"url": opened.context.address, "token": token}
        )
        keyring = Keyring(place / "etat")
        keyring.signing_key(f"Poste {number}", clock)
        if number != STRANGER:
            Keyring(opened.context.state).pin(keyring.own())
        found.append(_start(place, number, lang))
    threading.Thread(
        target=_kill_at_work, args=(opened, found[KILLED - 1], clock), daemon=True
    ).start()
    return found


def _kill_at_work(opened: Opened, child: subprocess.Popen[bytes], clock: Clock) -> None:
    """Kill a bench in the middle of its second computer, as a power cut would."""
    name, seen = f"Poste {KILLED}", set[str]()
    while child.poll() is None:
        for view in opened.context.room.views(clock.monotonic_s()):
            for computer in view.computers if view.bench.name == name else ():
                at_work = any(slot.said.state == "working" for slot in computer.slots)
                seen |= {computer.said.session}
                if at_work and len(seen) > 1:
                    child.kill()
        clock.sleep(0.2)


def _start(place: Path, number: int, lang: str) -> subprocess.Popen[bytes]:
    asked = {
        "folder": str(place),
        "number": number,
        "computers": COMPUTERS,
        "lot": LOT,
        "lang": lang,
    }
    paths = [entry for entry in sys.path if entry and Path(entry).is_dir()]
    with (place / "bench.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-c", _BENCH, json.dumps(asked)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=dict(os.environ, PYTHONPATH=os.pathsep.join(paths)),
        )
