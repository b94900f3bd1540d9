"""The whole main job on two scratch disk images, without root, without touching any disk.

Why: a workshop tries recond before it trusts it; what it sees here is the real path (the same
inspect, check, plan, worker processes, record, signature and verification), only the disks are
files, filled with recognisable "donor" data, and everything says that it is a demonstration.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from recond.ends import ConfirmedBy
from recond.erasure import VerifyMode
from recond.flow.config import Overrides
from recond.flow.run.run import Finished, Order, Prepared, execute, prepare
from recond.flow.run.supervisor import confirm_all
from recond.flow.runfolder import OnEvent, new_run_id
from recond.flow.verify.files import Report, verify_paths
from recond.host import Host
from recond.host.regular import SMALL_BYTES, open_regular, read_given
from recond.wipe.plan import Wish

MIB = 1 << 20
IMAGES = (
    ("DEMO-DISQUE-A.img", 64 * MIB, "nist-clear"),
    ("DEMO-DISQUE-B.img", 64 * MIB + 7 * 512, "dod-short"),
)
DONOR_TEXT = b"DONNEES DU DONATEUR - DONOR DATA - photos, mails, mots de passe %010d "


class DemoScreen(Protocol):
    """Whom the demonstration tells how far it is."""

    def begin(self, folder: Path) -> None:
        """The demonstration begins."""

    def prepared(self, prepared: Prepared) -> None:
        """Inventory, verdict and plan are there."""

    def erasing(self, prepared: Prepared, method: str, totals: dict[str, int]) -> OnEvent:
        """An erasure begins; returns whom to tell its events."""

    def finished(self, finished: Finished) -> None:
        """An erasure has its certificate."""

    def verified(self, report: Report, traces: int, folder: Path) -> None:
        """Everything made was verified; `traces` of donor data were counted in the images."""


def fill_image(path: Path, size_bytes: int) -> None:
    """An image in which each sector says what it is; not one byte of it is zero."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    with os.fdopen(open_regular(path, flags, 0o644), "wb") as stream:
        for sector in range(size_bytes // 512):
            text = DONOR_TEXT % sector
            stream.write((text * (512 // len(text) + 1))[:512])


def count_traces(path: Path) -> int:
    """How many places of an image still hold the donor's words."""
    return read_given(path, SMALL_BYTES + MIB).count(DONOR_TEXT.split(b" -")[0])


def demo(host: Host, out: Path, lang: str, screen: DemoScreen) -> int:
    """Run it all; returns the exit code. Makes a new folder below `out` each time."""
    folder = (out / f"demo-{new_run_id(host.clock)}").resolve()
    folder.mkdir(parents=True)
    screen.begin(folder)
    records: list[Path] = []
    worst = 0
    shown = False
    for name, size, method in IMAGES:
        image = folder / name
        fill_image(image, size)
        order = Order(
            targets=(str(image),),
            every_unused=False,
            wish=Wish(method=method, verify=VerifyMode.FULL),
            image=True,
            profiles=("windows-10",),
            out=folder / "certificats",
            state=folder / "etat",
            lang=lang,
            overrides=Overrides(),
            demonstration=True,
        )
        prepared = prepare(order, host)
        if not shown:
            screen.prepared(prepared)
            shown = True
        confirmed = confirm_all(prepared.plans, ConfirmedBy.DEMONSTRATION)
        on_event = screen.erasing(prepared, method, {name: size})
        finished = execute(prepared, confirmed, host, on_event)
        screen.finished(finished)
        records.append(finished.issued.folder)
        worst = max(worst, finished.exit_code)
    report = verify_paths(tuple(records), (), state=folder / "etat")
    traces = sum(count_traces(folder / name) for name, _, _ in IMAGES)
    screen.verified(report, traces, folder)
    if traces:
        return 6
    return worst or report.exit_code
