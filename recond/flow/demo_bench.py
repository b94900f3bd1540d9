"""A bench of the board's demonstration: made-up computers whose disks are image files, for real.

Why a process of its own for each bench: so is a bench. The erasure, the journals, the certificates
and what is told to the board are the real path (`recond.flow.run`); the computers are invented and
the disks are files, every record says that it is a demonstration, and only a demonstration's board
takes it.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from recond.documents import read_json
from recond.ends import ConfirmedBy
from recond.erasure import VerifyMode
from recond.flow.config import Overrides
from recond.flow.deliver.settings import read_settings
from recond.flow.demo import MIB, fill_image
from recond.flow.profiles import load_profile
from recond.flow.run.run import Finished, Order, execute, prepare
from recond.flow.run.supervisor import confirm_all
from recond.host import Host
from recond.model import Form, Known, Machine
from recond.progress import ProgressEvent
from recond.readiness import assess_machine
from recond.upload.kinds import open_destination
from recond.upload.outcome import Later
from recond.upload.package import read_folder
from recond.wipe.plan import Wish

PROFILE = "linux-mint-22"
COMPUTERS = (
    ("Lenovo", "ThinkPad T480", Form.NOTEBOOK),
    ("Dell", "Latitude 5490", Form.NOTEBOOK),
    ("HP", "EliteBook 840 G5", Form.NOTEBOOK),
    ("HP", "ProDesk 600 G4", Form.DESKTOP),
    ("Fujitsu", "Lifebook U748", Form.NOTEBOOK),
    ("Dell", "OptiPlex 7060", Form.MINI_PC),
)
METHODS = ("nist-clear", "dod-short", "nist-clear")
TRIES = 20
SOURCE = "demonstration"


def invented(machine: Machine, number: int, serial: str) -> Machine:
    """This computer's inventory under another name: no number of it goes into a demonstration."""
    maker, model, form = COMPUTERS[number % len(COMPUTERS)]
    system = replace(
        machine.system,
        maker=Known(maker, SOURCE),
        model=Known(model, SOURCE),
        serial=Known(serial, SOURCE),
        form=Known(form, SOURCE),
    )
    identity = replace(machine.identity, machine_id=Known(f"demo-{serial}", SOURCE))
    return replace(machine, system=system, identity=identity, disks=())


def bench(host: Host, folder: Path, number: int, computers: int, lot: str, lang: str) -> None:
    """Erase the disks of some made-up computers, one after the other, and send the records."""
    for count in range(computers):
        serial = f"DEMO{number}{count:02d}"
        images = []
        for disk in range(1 + (number + count) % 2):
            image = folder / f"{serial}-DISQUE-{disk + 1}.img"
            fill_image(image, (48 + 16 * ((number + count) % 4)) * MIB)
            images.append(image)
        order = Order(
            targets=tuple(map(str, images)),
            every_unused=False,
            wish=Wish(method=METHODS[count % len(METHODS)], verify=VerifyMode.FULL),
            image=True,
            profiles=(PROFILE,),
            out=folder / "certificats",
            state=folder / "etat",
            lang=lang,
            overrides=Overrides(lot=lot, donor="Mairie (démonstration)", operator="Camille"),
            demonstration=True,
        )
        prepared = prepare(order, host)
        machine = invented(prepared.machine, number + count, serial)
        profile = load_profile(PROFILE)
        prepared = replace(
            prepared,
            machine=machine,
            assessments=(assess_machine(machine, profile, host.clock.now()[:10]),),
        )
        confirmed = confirm_all(prepared.plans, ConfirmedBy.DEMONSTRATION)
        deliver(execute(prepared, confirmed, host, _nobody), folder / "etat", host)
        for image in images:
            image.unlink()


def _nobody(_disk: str, _event: ProgressEvent) -> None:
    """Nobody stands before this bench."""


def deliver(finished: Finished, state: Path, host: Host) -> None:
    """Send a demonstration's record to the demonstration's board; the queue takes none."""
    package = read_folder(finished.issued.folder)
    for settings in read_settings(state):
        for _ in range(TRIES):
            outcome = open_destination(settings).deliver(package, host.clock)
            if not isinstance(outcome, Later):
                break
            host.clock.sleep(1)


def main(host: Host) -> None:
    """Run as a process: the order is one JSON object, the only argument."""
    order = read_json(sys.argv[1])
    bench(
        host,
        Path(order["folder"]),
        order["number"],
        order["computers"],
        order["lot"],
        order["lang"],
    )
