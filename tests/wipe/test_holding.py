"""Somebody else has the medium: named and refused, or the erasure is none.

Image files need no root: another process has them open by another name. Loop devices (root) show
the same of disks: partitions, file systems in user space, block servers, second paths.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from recond.certify.record import fold_journal
from recond.erasure import Erasure, Status, Verdict
from recond.flow.run.supervisor import plan_targets
from recond.host import Host
from recond.host.clock import SystemClock
from recond.host.files import Files
from recond.host.loops import LOOP_GET_STATUS64
from recond.host.opened import OpenFiles, read_opened
from recond.host.realdisk import open_disk
from recond.host.stacked import look_beneath
from recond.host.target import read_target
from recond.model import Message
from recond.progress import Phase, ProgressEvent
from recond.wipe import guard
from recond.wipe.plan import Wish, plan_wipe
from recond.wipe.start import run_job
from tests.wipe.disks import MIB, SEED, image_seam, job_for, letters

Attach = Callable[..., str]
Meddle = Callable[[], None]
LOOP_SET_STATUS64 = 0x4C04  # linux/loop.h
HOLDER = """
import mmap, os, sys
how, path = sys.argv[1:]
descriptor = os.open(path, os.O_RDWR)
if how == "map":
    memory = mmap.mmap(descriptor, 4096)
    os.close(descriptor)
if how == "dirty":
    os.pwrite(descriptor, b"SECRET line\\n" * 20000, 65536)
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recond.wipe.holding.SETTLE_S", 0.0)


@contextmanager
def holder(path: str | Path, how: str = "open") -> Iterator[int]:
    """Another process that has a file open for writing, or shares its memory with it."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, how, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield process.pid
        assert process.stdin is not None
        process.stdin.close()


def nothing() -> None:
    """Nobody meddles."""


def nobody() -> None:
    """Nobody meddles, and the erasure is expected to begin: another worker's look is waited out."""


def erase(
    path: str | Path, folder: Path, meddle: Meddle = nothing, phase: Phase = Phase.VERIFY
) -> tuple[str, Erasure]:
    """Erase as a worker does; `meddle` is called once the last byte was read back (or written)."""
    target = read_target(str(path), image=True)
    plan = plan_wipe(target, Wish(method="nist-clear"), SEED, guard.refusals(target))
    journal = folder / "journal.jsonl"
    reached: list[int] = []

    def tell(event: ProgressEvent) -> None:
        if event.phase is phase and event.done == event.total:
            reached.append(1)
            meddle()

    for _ in range(3):
        journal.unlink(missing_ok=True)
        seam = image_seam(SystemClock())
        outcome = run_job(job_for(plan, str(journal)), seam, lambda: False, tell)
        # another worker's test may be looking at every disk here in that very moment
        if reached or meddle is nothing or outcome != "refused":
            break
    return outcome, fold_journal(journal.read_bytes(), "j")


def codes(erasure: Erasure) -> list[str]:
    return [message.code for message in erasure.result.reasons]


def said(erasure: Erasure) -> str:
    """The arguments of all reasons: whom they name."""
    return " ".join(str(value) for one in erasure.result.reasons for _, value in one.args)


def looks(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "journal.jsonl").read_text().splitlines()
    return [e["data"] for e in map(json.loads, lines) if e["kind"] == "holders"]


def image(folder: Path, size: int = 2 * MIB) -> Path:
    path = folder / "disque.img"
    path.write_bytes(letters(size))
    return path


# --- Images ------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["open", "map"])
def test_an_image_in_use_by_another_name(tmp_path: Path, how: str) -> None:
    path = image(tmp_path)
    other = tmp_path / "other name"
    other.hardlink_to(path)
    with holder(other, how) as pid:
        outcome, erasure = erase(path, tmp_path)
    assert outcome == "refused"
    assert erasure.result.status is Status.REFUSED
    assert codes(erasure) == ["wipe.refusal.open"]
    assert f"(pid {pid})" in said(erasure)
    assert path.read_bytes() == letters(2 * MIB)
    (look,) = looks(tmp_path)
    assert look["phase"] == "write"
    assert f"(pid {pid})" in look["holders"][0]["where"]


@pytest.mark.parametrize(
    ("then", "phase", "code"),
    [
        ("another", Phase.WRITE, "wipe.reason.moved"),
        ("gone", Phase.WRITE, "wipe.reason.moved"),
        ("back", Phase.WRITE, "certify.reason.erased-full"),
        ("another", Phase.VERIFY, "certify.reason.moved"),
    ],
)
def test_an_image_that_got_another_name_while_it_was_erased(
    tmp_path: Path, then: str, phase: Phase, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The certificate names it by its path: another file stood there, with all its data."""
    monkeypatch.setattr("recond.wipe.holding.SETTLE_S", 0.0)
    path = image(tmp_path)

    def meddle() -> None:
        path.rename(tmp_path / "moved")
        if then == "another":
            path.write_bytes(letters(2 * MIB))
        elif then == "back":
            (tmp_path / "moved").rename(path)

    outcome, erasure = erase(path, tmp_path, meddle, phase)
    good = (outcome, erasure.result.verdict) == ("completed", Verdict.APPROVED)
    assert good is (then == "back")
    assert code in codes(erasure)


@pytest.fixture
def overlay(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """(the folder that is written, the folder that shows it); taken away afterwards."""
    if os.geteuid() != 0:
        pytest.skip("needs root to mount an overlay")
    written, shown = tmp_path / "upper", tmp_path / "shown"
    for folder in (tmp_path / "lower", tmp_path / "work", written, shown):
        folder.mkdir()
    told = f"lowerdir={tmp_path}/lower,upperdir={written},workdir={tmp_path}/work"
    mount = ("mount", "-t", "overlay", "overlay", "-o", told, str(shown))
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs root to mount an overlay")
    yield written, shown
    subprocess.run(("umount", str(shown)), check=True)


@pytest.mark.parametrize("how", ["open", "map"])
def test_an_image_in_use_beneath_an_overlay(
    tmp_path: Path, overlay: tuple[Path, Path], how: str
) -> None:
    """There it has another device number, and the kernel grants a lease of the upper file."""
    written, shown = overlay
    beneath = image(written)
    with holder(beneath, how) as pid:
        outcome, erasure = erase(shown / beneath.name, tmp_path)
    assert (outcome, codes(erasure)) == ("refused", ["wipe.refusal.open"])
    assert f"(pid {pid})" in said(erasure)
    assert beneath.read_bytes() == letters(2 * MIB)


def test_what_lies_beneath_is_said_to_be_unseen(tmp_path: Path, overlay: tuple[Path, Path]) -> None:
    outcome, erasure = erase(image(overlay[1]), tmp_path, nobody)
    assert (outcome, erasure.result.status) == ("completed", Status.ERASED)
    assert "host.unseen.beneath" in codes(erasure)
    assert [one["unseen"][-1]["code"] for one in looks(tmp_path)] == ["host.unseen.beneath"] * 3


def test_who_has_it_is_named_when_planning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a person confirms, and not when the worker starts."""
    monkeypatch.setattr("recond.flow.run.supervisor.SETTLE_S", 0.0)
    path = image(tmp_path)
    with holder(path) as pid:
        (plan,) = plan_targets((str(path),), Wish(), image=True, host=Host())
    assert [one.code for one in plan.refusals] == ["wipe.refusal.open"]
    assert f"(pid {pid})" in str(dict(plan.refusals[0].args)["where"])
    (plan,) = plan_targets((str(path),), Wish(), image=True, host=Host())
    assert not plan.refusals


def test_whoever_had_it_for_a_moment_is_waited_for(tmp_path: Path) -> None:
    path = image(tmp_path)
    with holder(path) as pid:
        threading.Timer(0.5, os.kill, (pid, signal.SIGKILL)).start()
        (plan,) = plan_targets((str(path),), Wish(), image=True, host=Host())
    assert not plan.refusals


def test_a_write_behind_the_reading(tmp_path: Path) -> None:
    path = image(tmp_path)

    def meddle() -> None:
        with path.open("r+b") as stream:
            stream.write(b"SECRET")
        os.utime(path, ns=(1, 1))  # the time of the last write can be set back, the change's not

    outcome, erasure = erase(path, tmp_path, meddle)
    assert outcome == "failed"
    assert erasure.result.status is Status.FAILED
    assert "certify.reason.written-meanwhile" in codes(erasure)


def test_an_image_that_grew_behind_the_reading(tmp_path: Path) -> None:
    path = image(tmp_path)

    def meddle() -> None:
        with path.open("ab") as stream:
            stream.write(letters(MIB))

    _, erasure = erase(path, tmp_path, meddle)
    assert erasure.result.status is Status.FAILED
    assert "certify.reason.other-size" in codes(erasure)


def test_an_image_that_is_opened_during_the_reading(tmp_path: Path) -> None:
    path = image(tmp_path)
    holding = holder(path)
    pids: list[int] = []
    outcome, erasure = erase(path, tmp_path, lambda: pids.append(holding.__enter__()))
    holding.__exit__(None, None, None)
    assert outcome == "failed"
    assert erasure.result.status is Status.FAILED
    assert "certify.reason.held" in codes(erasure)
    assert f"(pid {pids[0]})" in said(erasure)


def test_an_image_is_ours_until_the_end(tmp_path: Path) -> None:
    path = image(tmp_path)

    def second() -> None:
        with pytest.raises(BlockingIOError):
            open_disk(str(path), True)

    outcome, erasure = erase(path, tmp_path, second)
    assert (outcome, erasure.result.status) == ("completed", Status.ERASED)
    assert [look["phase"] for look in looks(tmp_path)] == ["write", "read", "end"]


def test_a_link_in_the_place_of_an_image(tmp_path: Path) -> None:
    """The plan named a file; a link to another file of the same size is not followed."""
    path, victim = image(tmp_path), tmp_path / "victim"
    victim.write_bytes(letters(2 * MIB, b"other"))
    path.unlink()
    path.symlink_to(victim)
    with pytest.raises(OSError, match="symbolic links"):
        open_disk(str(path), True)


def test_one_reading_of_all_processes(tmp_path: Path) -> None:
    """One pass over /proc answers for any number of files; our own descriptors are not others'."""
    one, two = tmp_path / "1", tmp_path / "2"
    one.write_bytes(b"x" * 4096)
    two.write_bytes(b"y" * 4096)
    with holder(one) as first, holder(two, "map") as second, one.open("rb"):
        opened = read_opened(Files())
    found = {
        path.name: {
            (holder.pid, holder.how)
            for holder in opened.inodes[
                os.major(path.stat().st_dev), os.minor(path.stat().st_dev), path.stat().st_ino
            ]
        }
        for path in (one, two)
    }
    assert found["1"] == {(first, "open")}
    assert (second, "map") in found["2"]  # Python's map keeps a descriptor as well


# --- Loop devices ------------------------------------------------------------------------------

root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root for loop devices")
made: list[str] = []


def run(*argv: str) -> str:
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def attach() -> Iterator[Attach]:
    def attach_file(path: Path | str, *options: str) -> str:
        try:
            made.append(run("losetup", "--find", "--show", *options, str(path)))
        except (subprocess.CalledProcessError, FileNotFoundError) as error:
            pytest.skip(f"no loop device here: {error}")
        return made[-1]

    yield attach_file
    for device in reversed(made):
        subprocess.run(["partx", "--delete", device], check=False, capture_output=True)
        run("losetup", "--detach", device)
    made.clear()


def secrets(path: Path) -> int:
    os.sync()
    return path.read_bytes().count(b"SECRET")


def partitioned(path: Path, attach: Attach) -> str:
    """A loop device with a partition on it."""
    table = b"label: dos\n2048,,83\n"
    try:
        subprocess.run(["sfdisk", "-q", str(path)], input=table, check=True)
    except FileNotFoundError:
        pytest.skip("needs sfdisk")
    device = attach(path)
    run("partx", "--add", device)  # the kernel itself may not know this kind of table
    assert Path(f"{device}p1").exists()
    return device


@root
def test_a_loop_device_whose_file_is_in_use_beneath_an_overlay(
    tmp_path: Path, attach: Attach, overlay: tuple[Path, Path]
) -> None:
    written, shown = overlay
    beneath = image(written)
    device = attach(shown / beneath.name)
    with holder(beneath) as pid:
        outcome, erasure = erase(device, tmp_path)
    run("losetup", "--detach", made.pop())  # before what it stands on goes
    assert (outcome, codes(erasure)) == ("refused", ["wipe.refusal.open"])
    assert f"(pid {pid})" in said(erasure)


@root
@pytest.mark.parametrize(("at", "unlooked"), [(0, False), (1, True)])
def test_a_loop_device_whose_file_has_no_path_any_more(
    tmp_path: Path, attach: Attach, overlay: tuple[Path, Path], at: int, unlooked: bool
) -> None:
    """Its device says that it is on no other file system's files, or nobody could look beneath."""
    path = image(overlay[at])
    device = attach(path)
    path.unlink()
    outcome, erasure = erase(device, tmp_path, nobody)
    run("losetup", "--detach", made.pop())
    assert (outcome, erasure.result.status) == ("completed", Status.ERASED)
    said_unlooked = [
        [one["code"] for one in look["unseen"]].count("host.unseen.no_look_beneath")
        for look in looks(tmp_path)
    ]
    assert said_unlooked == [int(unlooked)] * 3
    assert ("host.unseen.no_look_beneath" in codes(erasure)) is unlooked


def test_a_file_of_which_nothing_tells_the_file_system_says_so(tmp_path: Path) -> None:
    for path in (str(tmp_path / "away"), str(tmp_path)):
        found = look_beneath(path, (0, 0xFFFFF, 1), OpenFiles())
        assert found == (set(), (Message("host.unseen.no_look_beneath"),))


def test_a_file_on_an_ordinary_file_system_needs_no_word(tmp_path: Path) -> None:
    mounts = Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape").splitlines()
    if not any(line.split()[4] == "/" for line in mounts):
        pytest.skip("no mount of / here: a chroot, where nothing tells the file system")
    there = tmp_path.stat()
    number = (os.major(there.st_dev), os.minor(there.st_dev), there.st_ino)
    assert look_beneath(str(tmp_path), number, OpenFiles()) == (set(), ())


@root
def test_a_loop_device_that_shows_another_part_of_its_file_by_then(
    tmp_path: Path, attach: Attach, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writing went on behind the place that it was moved to: what lay before it stayed."""
    monkeypatch.setattr("recond.wipe.holding.SETTLE_S", 0.0)
    path = image(tmp_path)
    device = attach(path)

    def shift() -> None:
        os.truncate(path, 3 * MIB)
        with Path(device).open("rb") as loop:
            status = bytearray(fcntl.ioctl(loop, LOOP_GET_STATUS64, bytes(232)))
            status[24:32] = MIB.to_bytes(8, sys.byteorder)  # lo_offset (linux/loop.h)
            fcntl.ioctl(loop, LOOP_SET_STATUS64, bytes(status))

    outcome, erasure = erase(device, tmp_path, shift, Phase.WRITE)
    assert (outcome, erasure.result.status) == ("failed", Status.FAILED)
    assert "wipe.reason.moved" in codes(erasure)


@root
def test_a_partition_that_is_held_open(tmp_path: Path, attach: Attach) -> None:
    path = image(tmp_path, 8 * MIB)
    device = partitioned(path, attach)
    with holder(f"{device}p1", "dirty") as pid:
        outcome, erasure = erase(device, tmp_path)
    assert outcome == "refused"
    assert codes(erasure) == ["wipe.refusal.open"]
    assert f"(pid {pid})" in said(erasure)
    assert f"{device[5:]}p1" in said(erasure)
    assert Path(f"{device}p1").exists()
    assert secrets(path)  # nothing was written over them


@root
def test_a_partition_whose_cache_is_dirty(tmp_path: Path, attach: Attach) -> None:
    """Nobody has it any more, but its pages were never written: they go before the first byte."""
    path = image(tmp_path, 8 * MIB)
    device = partitioned(path, attach)
    with holder(f"{device}p1", "dirty"):
        pass
    outcome, erasure = erase(device, tmp_path, nobody)
    assert (outcome, erasure.result.status) == ("completed", Status.ERASED)
    first = looks(tmp_path)[0]["partitions"]
    assert [(one["name"], one["errno"]) for one in first] == [(f"{device[5:]}p1", None)]
    assert first[0]["range"] == [MIB, 7 * MIB]
    assert secrets(path) == 0
    assert not Path(f"/sys/class/block/{device[5:]}p1").exists()


@root
def test_partitions_come_back_where_nothing_was_erased(tmp_path: Path, attach: Attach) -> None:
    path = image(tmp_path, 8 * MIB)
    device = partitioned(path, attach)
    held = open_disk(device, True)
    assert [one.errno for one in held.take_partitions()] == [None]
    assert not Path(f"/sys/class/block/{device[5:]}p1").exists()
    held.close()
    assert Path(f"/sys/class/block/{device[5:]}p1").exists()


@root
def test_a_disk_is_claimed_until_the_end(tmp_path: Path, attach: Attach) -> None:
    device = attach(image(tmp_path))

    def second() -> None:
        with pytest.raises(OSError, match="busy"):
            os.open(device, os.O_RDWR | os.O_EXCL)
        with pytest.raises(OSError, match="busy"):
            open_disk(device, True)

    outcome, erasure = erase(device, tmp_path, second)
    assert (outcome, erasure.result.status) == ("completed", Status.ERASED)


@root
@pytest.mark.parametrize("flags", [os.O_WRONLY, os.O_WRONLY | os.O_SYNC])
def test_a_write_to_a_disk_behind_the_reading(tmp_path: Path, attach: Attach, flags: int) -> None:
    """A program that does not ask for the disk alone gets it: the kernel's count shows it."""
    device = attach(image(tmp_path))

    def meddle() -> None:
        descriptor = os.open(device, flags)
        os.pwrite(descriptor, b"SECRET" * 100, 0)
        os.close(descriptor)

    outcome, erasure = erase(device, tmp_path, meddle)
    assert outcome == "failed"
    assert erasure.result.status is Status.FAILED
    assert "certify.reason.written-meanwhile" in codes(erasure)


@root
def test_a_disk_that_grew_behind_the_reading(tmp_path: Path, attach: Attach) -> None:
    path = image(tmp_path)
    device = attach(path)

    def meddle() -> None:
        with path.open("ab") as stream:
            stream.write(letters(MIB))
        run("losetup", "--set-capacity", device)

    _, erasure = erase(device, tmp_path, meddle)
    assert erasure.result.status is Status.FAILED
    assert "certify.reason.other-size" in codes(erasure)


@root
def test_two_loop_devices_over_one_file(tmp_path: Path, attach: Attach) -> None:
    path = image(tmp_path, 8 * MIB)
    other = tmp_path / "other name"
    other.hardlink_to(path)
    device, second = attach(path), attach(other)
    outcome, erasure = erase(device, tmp_path)
    assert outcome == "refused"
    assert second[5:] in said(erasure)
    assert path.read_bytes() == letters(8 * MIB)


@root
def test_a_file_system_in_user_space(tmp_path: Path, attach: Attach) -> None:
    """fuse2fs claims nothing, and its mount stands in another namespace."""
    path = image(tmp_path, 8 * MIB)
    device, where = attach(path), tmp_path / "mnt"
    where.mkdir()
    script = 'fuse2fs "$1" "$2" -o fakeroot && echo ready && cat >/dev/null; umount "$2"'
    try:
        run("mkfs.ext4", "-q", "-F", device)
        run("which", "fuse2fs")
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("needs mkfs.ext4 and fuse2fs")
    before = path.read_bytes()
    argv = ["unshare", "--mount", "sh", "-c", script, "sh", device, str(where)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        if process.stdout.readline() != b"ready\n":
            pytest.skip("no FUSE here")
        outcome, erasure = erase(device, tmp_path)
        assert process.stdin is not None
        process.stdin.close()
    assert outcome == "refused"
    assert "fuse2fs (pid " in said(erasure)
    assert path.read_bytes()[MIB:] == before[MIB:]


@root
def test_a_block_server(tmp_path: Path, attach: Attach) -> None:
    device, socket = attach(image(tmp_path)), tmp_path / "nbd"
    argv = ["qemu-nbd", "--format=raw", "--persistent", f"--socket={socket}", device]
    try:
        server = subprocess.Popen(argv)
    except FileNotFoundError:
        pytest.skip("needs qemu-nbd")
    with server:
        while not socket.exists() and server.poll() is None:
            os.sched_yield()
        outcome, erasure = erase(device, tmp_path)
        server.terminate()
    assert outcome == "refused"
    assert f"qemu-nbd (pid {server.pid})" in said(erasure)
