"""Every kind of destination by its name in the configuration: one table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from recond.custody import is_statement
from recond.host.clock import Clock
from recond.upload.board import BoardUpload
from recond.upload.devicehub import Devicehub
from recond.upload.folder import Folder
from recond.upload.glpi import Glpi
from recond.upload.https import Endpoint
from recond.upload.outcome import Outcome
from recond.upload.package import Package
from recond.upload.s3 import S3
from recond.upload.settings import Settings
from recond.upload.snipeit import SnipeIt
from recond.upload.table import Table
from recond.upload.tectech import TecTable, TecTech


class Destination(Protocol):
    """Somewhere records go."""

    def prepare(self) -> None:
        """What is done once, when the destination is added. Raises `UsageError`."""

    def check(self, clock: Clock) -> Outcome:
        """A question that changes nothing there: would a record be taken? May raise `NoAnswer`."""

    def deliver(self, package: Package, clock: Clock) -> Outcome:
        """One attempt. A server's refusal and a dead line are outcomes, not errors."""


_MAKERS: dict[str, Callable[[Settings], Destination]] = {
    "folder": Folder,
    "board": BoardUpload,
    "https": Endpoint,
    "glpi": Glpi,
    "devicehub": Devicehub,
    "tectech": TecTech,
    "tectech-csv": TecTable,
    "s3": S3,
    "snipeit": SnipeIt,
    "table": Table,
}


TAKE_STATEMENTS = frozenset({"board", "folder", "s3"})
"""The kinds that keep whatever is signed. The others are told of computers, from a record alone."""


def takes(kind: str, number: str) -> bool:
    """Whether a destination of this kind is sent the document of that number."""
    return kind in TAKE_STATEMENTS or not is_statement(number)


def open_destination(settings: Settings) -> Destination:
    """The destination of these settings. Raises `UsageError` for a value that cannot be right."""
    return _MAKERS[settings.kind](settings)
