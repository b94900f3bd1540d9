"""A dock bench of the tests: image files for disks, plugged in and pulled by a test."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from recond.flow.config import Overrides
from recond.flow.dock.order import Summary, WatchOrder
from recond.flow.dock.slot import SlotState, View
from recond.flow.dock.watch import Watch
from recond.host import Host
from recond.host.clock import Clock, SystemClock
from recond.host.docks import Docked
from recond.host.signals import StopCount
from recond.wipe.plan import Wish

MIB = 1 << 20
PATIENCE_S = 60.0
CONTENT = b"DONOR DATA 42 "


@dataclass
class FakeDocks:
    """Slots that a test fills and empties."""

    image: bool = True
    docked: dict[str, Docked] = field(default_factory=dict)
    plugged: int = 0

    def look(self) -> tuple[Docked, ...]:
        return tuple(self.docked[place] for place in sorted(self.docked))

    def plug(self, place: str, path: Path) -> None:
        self.plugged += 1
        self.docked[place] = Docked(place, str(path), f"plugging {self.plugged}")

    def pull(self, place: str) -> None:
        del self.docked[place]


@dataclass
class Seen:
    """What was shown; a test waits for it."""

    views: list[View] = field(default_factory=list)
    stops: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)

    def title(self, lot: str, expected: int) -> None: ...

    def stopping(self, count: int) -> None:
        self.stops = count

    def show(self, view: View) -> None:
        with self.changed:
            self.views.append(view)
            self.changed.notify_all()

    def wait(self, place: str, wanted: Callable[[View], bool], since: int = 0) -> View:
        """The first view of a slot, from the `since`th on, that is as wanted."""

        def there() -> View | None:
            return next((v for v in self.views[since:] if v.place == place and wanted(v)), None)

        with self.changed:
            assert self.changed.wait_for(there, PATIENCE_S), [
                (v.place, v.state.value, v.percent, v.message) for v in self.views
            ]
            found = there()
        assert found is not None
        return found

    def state(self, place: str, *states: SlotState, since: int = 0) -> View:
        return self.wait(place, lambda view: view.state in states, since)


@dataclass
class Bench:
    """A watch that runs in a thread, its dock, what it shows, and the folder of it all."""

    folder: Path
    docks: FakeDocks = field(default_factory=FakeDocks)
    seen: Seen = field(default_factory=Seen)
    stops: StopCount = field(default_factory=StopCount)
    summary: Summary | None = None

    def stop(self) -> None:
        self.stops.handle(2, None)

    def plug(self, place: str, path: Path) -> int:
        """Plug a disk in; how many views there were before."""
        self.docks.plug(place, path)
        return len(self.seen.views)

    def end(self) -> Summary:
        """The summary, after the watch has ended."""
        assert self.summary is not None
        return self.summary


def disk(folder: Path, name: str, *, size_bytes: int = MIB, content: bytes = CONTENT) -> Path:
    """A disk image full of somebody's words; its serial is its file's name."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_bytes((content * (size_bytes // len(content) + 1))[:size_bytes])
    return file


@contextmanager
def watching(
    folder: Path,
    *listed: str,
    docks: FakeDocks | None = None,
    method: str | None = None,
    present: bool = False,
    resume: bool = False,
    lot: str = "L",
    clock: Clock | None = None,
) -> Iterator[Bench]:
    """A watch over a list, until the block ends; it is then asked to stop once, and must end."""
    manifest = folder / "liste.csv"
    manifest.write_text("serial\n" + "\n".join(listed) + "\n")
    bench = Bench(folder, docks or FakeDocks())
    order = WatchOrder(
        manifest=manifest,
        wish=Wish(method=method),
        out=folder / "out",
        state=folder / "state",
        lang="fr",
        overrides=Overrides(lot=lot),
        present=present,
        resume=resume,
    )
    watch = Watch(
        order,
        bench.docks,
        Host(clock=clock or SystemClock()),
        bench.seen,
        tick_s=0.01,
        settle_s=0.01,
    )

    def run() -> None:
        bench.summary = watch.run(bench.stops)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield bench
    finally:
        bench.stop()
        thread.join(PATIENCE_S)
    assert not thread.is_alive(), "the watch did not end"


@contextmanager
def slowed(path: Path) -> Iterator[None]:
    """Whoever of this test's programs has a file open runs a twentieth of the time: a quick
    computer ends 35 passes over 32 MiB before anything else can happen.
    """
    done = threading.Event()

    def run() -> None:
        while not done.is_set():
            held = [one for one in psutil.Process().children(recursive=True) if _holds(one, path)]
            for signal, pause_s in (("suspend", 0.04), ("resume", 0.002)):
                for one in held:
                    with suppress(psutil.Error):
                        getattr(one, signal)()
                done.wait(pause_s)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _holds(process: psutil.Process, path: Path) -> bool:
    """By /proc alone: what it has open, not what it says."""
    folder = Path(f"/proc/{process.pid}/fd")
    with suppress(OSError):
        return any(one.readlink() == path for one in folder.iterdir())
    return False


def records(folder: Path) -> list[Path]:
    """The folders of the certificates."""
    out = folder / "out"
    return sorted(out.iterdir()) if out.is_dir() else []


def is_blank(path: Path) -> bool:
    return not any(path.read_bytes())


def restless(path: Path) -> Clock:
    """A clock at whose every pause a disk shows another size."""

    class Restless(SystemClock):
        def sleep(self, seconds: float) -> None:
            os.truncate(path, path.stat().st_size + 512)
            super().sleep(seconds)

    return Restless()
