"""Loop devices that the test makes itself: the real block device path, as root only."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from recond.certify.judge.expected_content import fill_bytes
from recond.certify.record import fold_journal
from recond.erasure import Status, TargetKind
from recond.errors import UsageError
from recond.flow.run.supervisor import plan_targets
from recond.host import Host
from recond.host.clock import SystemClock
from recond.host.realdisk import open_disk
from recond.host.target import read_target
from recond.model import Medium
from recond.wipe import guard
from recond.wipe.plan import Wish, plan_wipe
from recond.wipe.start import run_job
from tests.wipe.disks import MIB, SEED, image_seam, job_for, letters

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root for loop devices"),
]
Attach = Callable[..., str]
made: list[str] = []


def run(*argv: str) -> str:
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def attach(tmp_path: Path) -> Iterator[Attach]:
    def attach_file(path: Path, *options: str) -> str:
        try:
            made.append(run("losetup", "--find", "--show", *options, str(path)))
        except (subprocess.CalledProcessError, FileNotFoundError) as error:
            pytest.skip(f"no loop device here: {error}")
        return made[-1]

    yield attach_file
    for device in reversed(made):  # one may lie on a file system of one before it
        subprocess.run(["umount", device], check=False, capture_output=True)
        subprocess.run(["losetup", "--detach", device], check=True)
    made.clear()


def backing(folder: Path, size: int) -> Path:
    path = folder / "boucle.img"
    path.write_bytes((letters(MIB) * (size // MIB + 1))[:size])
    return path


def erase(device: str, folder: Path, method: str) -> tuple[str, Path, object]:
    target = read_target(device, image=False)
    plan = plan_wipe(target, Wish(method=method), SEED, guard.refusals(target))
    journal = folder / "boucle.jsonl"
    outcome = run_job(
        job_for(plan, str(journal)), image_seam(SystemClock()), lambda: False, lambda _event: None
    )
    return outcome, journal, plan.steps[-1].fill


@pytest.mark.parametrize(
    ("size", "sector"), [(64 * MIB + 7 * 512, 512), (3 * MIB + 5 * 4096, 4096), (512, 512)]
)
@pytest.mark.parametrize("method", ["nist-clear", "random"])
def test_a_loop_device_to_its_last_sector(
    tmp_path: Path, attach: Attach, size: int, sector: int, method: str
) -> None:
    from recond.erasure import Fill

    path = backing(tmp_path, size)
    device = attach(path, "--sector-size", str(sector))
    identity = read_target(device, image=False).identity
    assert (identity.kind, identity.medium) == (TargetKind.LOOP, Medium.IMAGE)
    assert (identity.serial, identity.size_bytes) == ("boucle.img", size)
    assert identity.logical_block_bytes == sector
    outcome, journal, fill = erase(device, tmp_path, method)
    assert outcome == "completed"
    os.sync()
    assert isinstance(fill, Fill)
    assert path.read_bytes() == fill_bytes(fill, 0, size)
    erasure = fold_journal(journal.read_bytes(), "j")
    assert erasure.result.status is Status.ERASED
    assert erasure.verification.direct


@pytest.mark.parametrize(
    ("size", "options"),
    [
        (513, ()),  # the last byte is in no sector
        (2 * MIB, ("--offset", "4096")),
        (2 * MIB, ("--sizelimit", str(MIB))),
    ],
)
def test_a_part_of_a_file_is_not_the_file(
    tmp_path: Path, attach: Attach, size: int, options: tuple[str, ...]
) -> None:
    path = backing(tmp_path, size)
    device = attach(path, *options)
    target = read_target(device, image=False)
    assert target.identity.size_bytes < size
    assert [message.code for message in guard.refusals(target)] == ["wipe.refusal.part"]
    assert erase(device, tmp_path, "nist-clear")[0] == "refused"
    assert path.read_bytes() == backing(tmp_path, size).read_bytes()


def test_a_file_that_grew_below_its_loop_device(tmp_path: Path, attach: Attach) -> None:
    path = backing(tmp_path, MIB)
    device = attach(path)
    with path.open("ab") as stream:
        stream.write(letters(MIB))
    codes = [m.code for m in guard.refusals(read_target(device, image=False))]
    assert codes == ["wipe.refusal.part"]


def test_a_view_of_a_device_is_not_the_device(tmp_path: Path, attach: Attach) -> None:
    view = attach(Path(attach(backing(tmp_path, MIB))))
    codes = [m.code for m in guard.refusals(read_target(view, image=False))]
    assert codes == ["wipe.refusal.part"]


def test_another_file_below_the_same_loop_device(tmp_path: Path, attach: Attach) -> None:
    """The plan was for one file; under the device's name there is another one of its name now."""
    path = backing(tmp_path, MIB)
    device = attach(path)
    target = read_target(device, image=False)
    plan = plan_wipe(target, Wish(method="nist-clear"), SEED, guard.refusals(target))
    run("losetup", "--detach", device)
    path.rename(tmp_path / "kept")
    run("losetup", device, str(backing(tmp_path, MIB)))
    seam = image_seam(SystemClock())
    job = job_for(plan, str(tmp_path / "j.jsonl"))
    assert run_job(job, seam, lambda: False, lambda _event: None) == "refused"
    assert path.read_bytes() == backing(tmp_path, MIB).read_bytes()


def test_a_mounted_disk_is_refused_at_any_depth(tmp_path: Path, attach: Attach) -> None:
    if shutil.which("mkfs.ext4") is None:
        pytest.skip("needs mkfs.ext4")
    path = backing(tmp_path, 16 * MIB)
    device, where = attach(path), tmp_path / "là monté"
    run("mkfs.ext4", "-q", "-F", device)
    where.mkdir()
    run("mount", device, str(where))
    (where / "garde").write_text("moi")
    inner = backing(where, 2 * MIB)
    try:
        codes = [m.code for m in guard.refusals(read_target(device, image=False))]
        assert set(codes) == {"wipe.refusal.mount"}
        outcome, journal, _ = erase(device, tmp_path, "nist-clear")
        assert outcome == "refused"
        assert fold_journal(journal.read_bytes(), "j").result.status is Status.REFUSED
        with pytest.raises(OSError, match="busy"):
            open_disk(device, True)
        # a loop device over a file on it is a disk of its own
        upper = attach(inner)
        assert not guard.refusals(read_target(upper, image=False))
        run("losetup", "--detach", upper)
        made.remove(upper)
    finally:
        run("umount", str(where))
    run("mount", device, str(where))
    assert (where / "garde").read_text() == "moi"
    run("umount", str(where))


def test_a_read_only_disk_is_refused(tmp_path: Path, attach: Attach) -> None:
    device = attach(backing(tmp_path, MIB), "--read-only")
    codes = [m.code for m in guard.refusals(read_target(device, image=False))]
    assert codes == ["wipe.refusal.read_only"]


def test_an_image_below_a_loop_device_is_in_use(tmp_path: Path, attach: Attach) -> None:
    path = backing(tmp_path, MIB)
    attach(path)
    codes = [m.code for m in guard.refusals(read_target(str(path), image=True))]
    assert codes == ["wipe.refusal.holder"]


def test_a_partition_is_no_disk(tmp_path: Path, attach: Attach) -> None:
    if shutil.which("sfdisk") is None:
        pytest.skip("needs sfdisk")
    path = backing(tmp_path, 16 * MIB)
    subprocess.run(["sfdisk", "-q", str(path)], input=b"label: dos\n,4M,83\n,,83\n", check=True)
    device = attach(path, "--partscan")
    if not Path(f"{device}p1").exists():
        pytest.skip("this kernel makes no partitions of loop devices")
    with pytest.raises(UsageError) as raised:
        read_target(f"{device}p1", image=False)
    assert dict(raised.value.message.args)["disk"] == device


def test_an_exclusive_opening_is_exclusive(tmp_path: Path, attach: Attach) -> None:
    device = attach(backing(tmp_path, MIB))
    held = open_disk(device, True)
    with pytest.raises(OSError, match="busy"):
        open_disk(device, True)
    held.close()
    open_disk(device, True).close()


# --- Two paths to one medium that nothing tells -------------------------------------------------


@pytest.fixture
def shown_twice(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """One file of which two file systems make two inodes: it, and what an overlay shows of it."""
    lower, merged = tmp_path / "lower", tmp_path / "merged"
    for folder in (lower, merged, tmp_path / "empty"):
        folder.mkdir()
    path = backing(lower, 8 * MIB)
    made = subprocess.run(["mkfs.ext4", "-Fq", str(path)], check=False, capture_output=True)
    options = f"lowerdir={lower}:{tmp_path / 'empty'}"
    argv = ["mount", "-t", "overlay", "overlay", "-o", options, str(merged)]
    if made.returncode or subprocess.run(argv, check=False, capture_output=True).returncode:
        pytest.skip("no overlay or no mkfs.ext4 here")
    yield path, merged / path.name
    subprocess.run(["umount", "--lazy", str(merged)], check=True)


def test_a_medium_that_another_path_has_mounted_is_not_erased(
    tmp_path: Path, shown_twice: tuple[Path, Path], attach: Attach
) -> None:
    one, other = attach(shown_twice[0]), attach(shown_twice[1], "--read-only")
    place = tmp_path / "in-use"
    place.mkdir()
    run("mount", "-o", "ro,noload", other, str(place))
    before = shown_twice[0].read_bytes()
    (plan,) = plan_targets((one,), Wish(), image=False, host=Host())
    # in a chroot each mount has two names, its own and that of the namespace above
    assert {m.code for m in plan.refusals} == {"wipe.refusal.same"}
    assert str(place) in {dict(m.args)["where"] for m in plan.refusals}
    outcome, journal, _ = erase(one, tmp_path, "nist-clear")
    assert outcome == "refused"
    assert "wipe.refusal.same" in journal.read_text()
    assert shown_twice[0].read_bytes() == before
    run("umount", str(place))
    assert erase(one, tmp_path / "lower", "nist-clear")[0] == "completed"


def test_a_copy_that_is_free_is_no_reason(tmp_path: Path, attach: Attach) -> None:
    """A row of equal machines is erased at once; nothing but a use makes a likeness a reason."""
    first = backing(tmp_path, 8 * MIB)
    second = tmp_path / "copy.img"
    shutil.copy(first, second)
    one, _ = attach(first), attach(second)
    assert erase(one, tmp_path, "nist-clear")[0] == "completed"
