"""The seam to a drive's firmware: one transport a command set, each raw request → raw answer.

Why: a command's answer must be data that the journal can keep, not a tool's text. A transport never
judges and never raises for what a drive answered: an ioctl that failed is an answer with its errno.
Each protocol has a real form (`sgio`, `nvme`, `mmc`) and a simulated one (`simata`, `simnvme`,
`simscsi`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from recond.drive.types import (
    CdbAnswer,
    CdbRequest,
    MmcAnswer,
    MmcRequest,
    NvmeAnswer,
    NvmeRequest,
)
from recond.model import Medium

A = TypeVar("A")
Tick = Callable[[], None]
TICK_S = 1.0


class AtaTransport(Protocol):
    """ATA commands inside ATA PASS-THROUGH(16)."""

    def execute(self, request: CdbRequest, tick: Tick | None = None) -> CdbAnswer:
        """Issue it and wait; `tick` is called about once a second meanwhile."""


class ScsiTransport(Protocol):
    """SCSI commands."""

    def execute(self, request: CdbRequest, tick: Tick | None = None) -> CdbAnswer:
        """Issue it and wait; `tick` is called about once a second meanwhile."""


class NvmeTransport(Protocol):
    """NVMe admin commands of the controller that holds the namespace which was opened."""

    def namespace(self) -> int:
        """The namespace's id, from the descriptor. Raises `OSError`."""

    def execute(self, request: NvmeRequest, tick: Tick | None = None) -> NvmeAnswer:
        """Issue it and wait; `tick` is called about once a second meanwhile."""


class MmcTransport(Protocol):
    """The kernel's MMC and discard ioctls."""

    def execute(self, request: MmcRequest, tick: Tick | None = None) -> MmcAnswer:
        """Issue it and wait; `tick` is called about once a second meanwhile."""


@dataclass(frozen=True, slots=True)
class FirmwareDevice:
    """The transports of one disk; None where it does not speak that command set.

    `serial` is what the kernel says (None: nothing): the drive's own answer must equal it before
    anything that could lock or erase is sent.
    """

    path: str
    bus: str
    medium: Medium
    serial: str | None
    size_bytes: int
    ata: AtaTransport | None = None
    nvme: NvmeTransport | None = None
    scsi: ScsiTransport | None = None
    mmc: MmcTransport | None = None
    close: Callable[[], None] = lambda: None


def waiting(work: Callable[[], A], tick: Tick | None) -> A:
    """Do a blocking piece of work, in a thread of its own while somebody wants ticks.

    The thread holds an ioctl that may take hours; an exception in it is raised here.
    """
    if tick is None:
        return work()
    found: list[A] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            found.append(work())
        except BaseException as error:  # handed to the caller, all of it
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(TICK_S)
        if thread.is_alive():
            tick()
    if failed:
        raise failed[0]
    return found[0]
