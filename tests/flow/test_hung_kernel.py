"""A worker that hangs in the kernel, for real: its disk's requests do not return, not even for
SIGKILL. The others go on, and its own record says interrupted, never erased.

The disk is a loop device whose file lies on a file system that is frozen in the middle of the pass.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from recond.certify.record import fold_journal
from recond.ends import ConfirmedBy
from recond.erasure import Status, Verdict, WipePlan
from recond.flow.run.supervisor import Supervisor, confirm_all, write_jobs
from recond.flow.runfolder import RunFolder
from recond.host import Host
from recond.host.journalfile import is_held
from recond.host.signals import StopCount
from recond.host.target import read_target
from recond.progress import Phase, ProgressEvent, WorkerEnd
from recond.wipe import guard
from recond.wipe.plan import Wish, plan_wipe
from tests.wipe.disks import MIB, SEED, letters

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root for loop devices"),
]
HANG_S = 4.0


def run(*argv: str) -> str:
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()


class Freezer:
    """A loop device over a file on a file system that can be frozen."""

    def __init__(self, folder: Path) -> None:
        self.place = folder / "mounted"
        self.place.mkdir()
        (folder / "system.img").write_bytes(b"")
        os.truncate(folder / "system.img", 64 * MIB)
        run("mkfs.ext4", "-q", str(folder / "system.img"))
        run("mount", "-o", "loop", str(folder / "system.img"), str(self.place))
        (self.place / "gele.img").write_bytes(letters(32 * MIB))
        os.sync()
        self.device = run("losetup", "--find", "--show", str(self.place / "gele.img"))
        self.frozen = False

    def freeze(self) -> None:
        run("fsfreeze", "--freeze", str(self.place))
        self.frozen = True

    def thaw(self) -> None:
        if self.frozen:
            run("fsfreeze", "--unfreeze", str(self.place))
        self.frozen = False

    def close(self) -> None:
        self.thaw()
        run("losetup", "--detach", self.device)
        run("umount", str(self.place))


@contextmanager
def freezer(folder: Path) -> Iterator[Freezer]:
    try:
        made = Freezer(folder)
    except (subprocess.CalledProcessError, FileNotFoundError) as error:
        pytest.skip(f"no file system on a loop device here: {error}")
    try:
        yield made
    finally:
        made.close()


def plan(path: str, *, image: bool) -> WipePlan:
    target = read_target(path, image=image)
    return plan_wipe(target, Wish(method="nist-clear"), SEED, guard.refusals(target))


def wait_for(there: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not there():
        assert time.monotonic() < end
        time.sleep(0.1)


def run_folder(folder: Path) -> RunFolder:
    made = RunFolder(folder / "runs" / "20261127-000000-aaaaaaaa")
    for name in ("jobs", "journals", "errors"):
        (made.path / name).mkdir(parents=True)
    return made


def test_a_disk_whose_requests_do_not_return(tmp_path: Path) -> None:
    good = tmp_path / "sain.img"
    good.write_bytes(letters(8 * MIB))
    folder = run_folder(tmp_path)
    with freezer(tmp_path) as ice:
        plans = (plan(ice.device, image=False), plan(str(good), image=True))
        jobs = write_jobs(folder, confirm_all(plans, ConfirmedBy.FLAG), demonstration=False)
        hung, sound = jobs
        ended: list[tuple[str, WorkerEnd | None]] = []

        def on_event(name: str, event: ProgressEvent) -> None:
            if event.phase is Phase.END:
                ended.append((name, event.outcome))

        ice.freeze()  # every write from here on waits for the thaw
        began = time.monotonic()
        Supervisor(folder, jobs, on_event, StopCount(), Host(), hang_s=HANG_S).run()
        assert time.monotonic() - began < 60
        assert is_held(folder.journal(hung)), "the kernel has let it go: this was no hang"
        journal = folder.journal(hung).read_bytes()
        assert dict(ended)[hung] == "interrupted"

        erasure = fold_journal(journal, hung)
        assert erasure.result.status is Status.INTERRUPTED
        assert erasure.result.verdict is not Verdict.APPROVED
        whole = fold_journal(folder.journal(sound).read_bytes(), sound)
        assert whole.result.status is Status.ERASED
        assert not any(good.read_bytes())

        ice.thaw()  # the request returns, and with it the kill
        wait_for(lambda: not is_held(folder.journal(hung)))
        assert folder.journal(hung).read_bytes() == journal, "a dead worker wrote on"

        # the disk answers again: what was begun is ended, and the interruption stays in the record
        del jobs[sound]
        Supervisor(folder, jobs, on_event, StopCount(), Host()).run(resume=True)
        erasure = fold_journal(folder.journal(hung).read_bytes(), hung)
        assert erasure.result.status is Status.ERASED
        assert len(erasure.interruptions) == 1
        os.sync()
        assert not any((ice.place / "gele.img").read_bytes())
