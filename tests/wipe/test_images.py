"""Real runs on image files: the bytes of the file are read back by the test itself."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from recond.certify.judge.expected_content import fill_bytes
from recond.certify.record import fold_journal
from recond.erasure import Status, Verdict, VerifyMode
from recond.errors import UsageError
from recond.host import realdisk
from recond.host.clock import SystemClock
from recond.host.target import read_target
from recond.methods import all_methods
from recond.wipe.start import run_job
from tests.wipe.disks import MIB, SEED, image_seam, job_for, letters, plan_for, wipe_image

CLOCK = SystemClock()
BENCH_SIZE = 64 * MIB + 7 * 512  # no multiple of a piece nor of a page


def image(folder: Path, size: int) -> Path:
    path = folder / "disque.img"
    block = letters(min(size, MIB))
    with path.open("wb") as stream:
        for _ in range(size // len(block)):
            stream.write(block)
        stream.write(block[: size % len(block)])
    return path


def holds(path: Path, method_fill: object, size: int) -> bool:
    from recond.erasure import Fill

    assert isinstance(method_fill, Fill)
    with path.open("rb") as stream:
        for at in range(0, size, MIB):
            count = min(MIB, size - at)
            if stream.read(count) != fill_bytes(method_fill, at, count):
                return False
        return stream.read(1) == b""


@pytest.mark.parametrize("method", ["nist-clear", "random", "flash-clear"])
def test_a_bench_sized_image(tmp_path: Path, method: str) -> None:
    path = image(tmp_path, BENCH_SIZE)
    outcome, plan, journal = wipe_image(path, CLOCK, method)
    assert outcome == "completed"
    assert plan.steps[-1].fill is not None
    assert holds(path, plan.steps[-1].fill, BENCH_SIZE)
    result = fold_journal(journal.read_bytes(), "j").result
    assert (result.status, result.verdict) == (Status.ERASED, Verdict.APPROVED)


@pytest.mark.parametrize("method", all_methods())
def test_every_method_on_a_small_image(tmp_path: Path, method: str) -> None:
    size = MIB + 7 * 512
    path = image(tmp_path, size)
    outcome, plan, journal = wipe_image(path, CLOCK, method)
    assert outcome == "completed"
    assert holds(path, plan.steps[-1].fill, size)
    erasure = fold_journal(journal.read_bytes(), "j")
    assert erasure.result.status is Status.ERASED
    assert [step.bytes_written for step in erasure.steps] == [size] * len(plan.steps)


@pytest.mark.parametrize(
    "size", [512, 513, 1023, 4095, 4096, 4097, 8191, MIB - 1, MIB + 1, 3 * MIB + 4095]
)
@pytest.mark.parametrize("method", ["nist-clear", "random", "gutmann"])
def test_every_size_to_its_last_byte(tmp_path: Path, size: int, method: str) -> None:
    path = image(tmp_path, size)
    outcome, plan, journal = wipe_image(path, CLOCK, method)
    assert outcome == "completed"
    assert holds(path, plan.steps[-1].fill, size)
    assert fold_journal(journal.read_bytes(), "j").result.status is Status.ERASED


@pytest.mark.parametrize("size", [1, 511])
def test_less_than_a_sector_is_no_image(tmp_path: Path, size: int) -> None:
    path = image(tmp_path, size)
    before = path.read_bytes()
    assert wipe_image(path, CLOCK)[0] == "refused"
    assert path.read_bytes() == before


def test_a_sample_of_an_image(tmp_path: Path) -> None:
    path = image(tmp_path, 8 * MIB)
    _, _, journal = wipe_image(path, CLOCK, "random", VerifyMode.SAMPLE)
    erasure = fold_journal(journal.read_bytes(), "j")
    assert erasure.result.status is Status.ERASED
    assert 8 * MIB // 10 <= erasure.verification.bytes_compared < 8 * MIB


def test_without_direct_access_the_cache_is_dropped_and_the_record_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(realdisk, "_open_direct", lambda _fd, _flags: None)
    path = image(tmp_path, MIB + 512)
    outcome, plan, journal = wipe_image(path, CLOCK)
    assert outcome == "completed"
    assert holds(path, plan.steps[-1].fill, MIB + 512)
    assert fold_journal(journal.read_bytes(), "j").verification.direct is False


def test_a_neighbour_is_not_touched(tmp_path: Path) -> None:
    path, other = image(tmp_path, MIB), tmp_path / "autre.img"
    other.write_bytes(b"precious")
    link = tmp_path / "lien.img"
    link.symlink_to(other)
    wipe_image(path, CLOCK)
    assert other.read_bytes() == b"precious"
    assert link.is_symlink()


def test_an_image_of_another_size_than_the_plans_is_refused(tmp_path: Path) -> None:
    path = image(tmp_path, MIB)
    plan = plan_for(read_target(str(path), image=True).identity, path=str(path))
    os.truncate(path, MIB // 2)
    before = path.read_bytes()
    job = job_for(plan, str(tmp_path / "j.jsonl"))
    assert run_job(job, image_seam(CLOCK), lambda: False, lambda _event: None) == "refused"
    assert path.read_bytes() == before


def test_an_image_that_another_program_has_locked_is_refused(tmp_path: Path) -> None:
    path = image(tmp_path, MIB)
    before = path.read_bytes()
    held = realdisk.open_disk(str(path), True)
    outcome, _, journal = wipe_image(path, CLOCK)
    held.close()
    assert outcome == "refused"
    assert path.read_bytes() == before
    (reason,) = fold_journal(journal.read_bytes(), "j").result.reasons
    assert reason.code == "wipe.refusal.busy"


def test_an_image_that_is_gone_is_said_to_be_gone_and_is_not_made(tmp_path: Path) -> None:
    path = image(tmp_path, MIB)
    plan = plan_for(read_target(str(path), image=True).identity, path=str(path))
    path.unlink()
    job = job_for(plan, str(tmp_path / "j.jsonl"))
    assert run_job(job, image_seam(CLOCK), lambda: False, lambda _event: None) == "refused"
    assert not path.exists()


def test_a_sparse_image_is_written_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "creux.img"
    with path.open("wb") as stream:
        stream.truncate(2 * MIB)
    outcome, plan, _ = wipe_image(path, CLOCK, "random")
    assert outcome == "completed"
    assert holds(path, plan.steps[-1].fill, 2 * MIB)


def test_two_plans_of_one_seed_write_the_same_and_others_do_not(tmp_path: Path) -> None:
    contents = []
    for name, seed in (("a", SEED), ("b", SEED), ("c", SEED[::-1])):
        folder = tmp_path / name
        folder.mkdir()
        path = image(folder, MIB)
        wipe_image(path, CLOCK, "random", seed=seed)
        contents.append(path.read_bytes())
    assert contents[0] == contents[1] != contents[2]


def test_a_plain_file_is_no_target_unless_it_is_called_an_image(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        read_target(str(image(tmp_path, MIB)), image=False)


@pytest.mark.parametrize("how", ["link", "file"])
def test_another_file_in_the_place_of_the_image(tmp_path: Path, how: str) -> None:
    """Same name, same size, another file: by a link, or moved there. It is not erased."""
    path, victim = image(tmp_path, MIB), tmp_path / "victim"
    victim.write_bytes(letters(MIB, b"victim"))
    target = read_target(str(path), image=True)
    assert target.identity.inode is not None
    plan = plan_for(target.identity, path=str(path))
    path.rename(tmp_path / "kept")
    if how == "link":
        path.symlink_to(victim)
    else:
        path.hardlink_to(victim)
    journal = tmp_path / "j.jsonl"
    outcome = run_job(
        job_for(plan, str(journal)), image_seam(CLOCK), lambda: False, lambda _event: None
    )
    assert outcome == "refused"
    assert victim.read_bytes() == letters(MIB, b"victim")
    erasure = fold_journal(journal.read_bytes(), "j")
    assert erasure.result.status is Status.REFUSED
