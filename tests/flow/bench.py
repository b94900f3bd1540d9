"""A bench of the tests that runs in this process: images erased, certified and gone on with."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from recond.ends import ConfirmedBy
from recond.flow.config import Overrides
from recond.flow.run.resume import OnLost, resume_runs
from recond.flow.run.run import Finished, Order, execute, prepare
from recond.flow.run.supervisor import confirm_all
from recond.flow.runfolder import RunFolder, all_runs
from recond.host import Host
from recond.host.signals import StopCount
from recond.progress import ProgressEvent
from recond.wipe.plan import Wish

KIB = 1 << 10


def donor_image(file: Path, size_bytes: int = 1 << 20) -> Path:
    """A disk image full of a donor's words."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes((b"DONOR DATA 42 " * (size_bytes // 14 + 1))[:size_bytes])
    return file


@dataclass
class Bench:
    """One state and one output folder below `path`."""

    path: Path
    seen: list[str] = field(default_factory=list)

    @property
    def state(self) -> Path:
        return self.path / "state"

    def runs(self) -> tuple[RunFolder, ...]:
        """As they were made: two of one second have no order by their names."""
        found = {one.run_id: one for one in all_runs(self.state)}
        self.seen += [name for name in found if name not in self.seen]
        return tuple(found[name] for name in self.seen if name in found)

    def order(self, *images: Path, method: str = "nist-clear") -> Order:
        """To erase these."""
        return Order(
            targets=tuple(str(one) for one in images),
            every_unused=False,
            wish=Wish(method=method),
            image=True,
            profiles=(),
            out=self.path / "out",
            state=self.state,
            lang="fr",
            overrides=Overrides(),
        )

    def run(self, *images: Path, method: str = "nist-clear") -> Finished:
        """All of it, confirmed."""
        host = Host()
        prepared = prepare(self.order(*images, method=method), host)
        confirmed = confirm_all(prepared.plans, ConfirmedBy.FLAG)
        done = execute(prepared, confirmed, host, quiet, StopCount())
        self.runs()
        return done

    def resume(self, run: str | None = None, on_lost: OnLost | None = None) -> tuple[Finished, ...]:
        return resume_runs(self.state, run, Host(), quiet, StopCount(), on_lost=on_lost)


def quiet(_name: str, _event: ProgressEvent) -> None:
    """Nobody looks."""


def status_of(finished: Finished) -> dict[str, str]:
    """Each disk's status in the record, by the disk's token."""
    return {one.disk.token: one.result.status.value for one in finished.issued.record.erasures}
