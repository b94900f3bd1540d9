"""The drives of a computer, opened to be asked: part of the seam that `Host` is.

Why: planning and capturing ask a drive what it offers. Which drive answers, the one in this
computer, a recorded or a simulated one, is decided where the `Host` is made, and nowhere below.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Protocol

from recond.frozen import dataclass
from recond.host.files import Files

if TYPE_CHECKING:
    from recond.host.transport import FirmwareDevice


class Drives(Protocol):
    """Opens drives, for questions only."""

    def open(self, path: str) -> FirmwareDevice:
        """The transports of the drive at a path. Raises `OSError` where there is none to ask."""


@dataclass(frozen=True, slots=True)
class LocalDrives:
    """Drives of this computer."""

    files: Files = field(default_factory=Files)

    def open(self, path: str) -> FirmwareDevice:
        """The transports of the drive at a path. Raises `OSError`."""
        from recond.host.drives import open_drive  # late: most commands ask no drive

        return open_drive(path, self.files)[0]
