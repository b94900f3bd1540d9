"""A bench of the tests: a state folder with destinations, a clock that stands still."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from recond.flow.deliver.upload import Uploaded, add_destination, queue_folder, upload
from recond.upload.outcome import later_than
from recond.upload.send import Urgency
from tests.upload.records import NOW, record, write_run

TOKEN = "s3cr3t-t0k3n"


@dataclass
class Still:
    """A clock that a test moves."""

    time: str = NOW

    def now(self) -> str:
        return self.time

    def monotonic_s(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        self.time = later_than(self.time, int(seconds))

    def random_bytes(self, count: int) -> bytes:
        return bytes(count)


@dataclass
class Workbench:
    """The state, its clock, and what a person does at it."""

    path: Path
    clock: Still

    @property
    def state(self) -> Path:
        return self.path / "state"

    def queue(self, *numbers: int) -> None:
        for number in numbers:
            folder = write_run(self.path / "out", record(number))
            assert queue_folder(self.state, folder).ids

    def folder(self, name: str = "stick") -> Path:
        target = self.path / name
        target.mkdir(parents=True)
        add_destination(self.state, name, "folder", {"path": str(target)})
        return target

    def endpoint(self, url: str, ca: str, name: str = "asso") -> None:
        add_destination(self.state, name, "https", {"url": url, "ca": ca, "token": TOKEN})

    def upload(self, *names: str, now: bool = False, parked: bool = False) -> Uploaded:
        return upload(self.state, names, self.clock, urgency=Urgency(now, parked))


def workbench(path: Path) -> Workbench:
    return Workbench(path, Still())
