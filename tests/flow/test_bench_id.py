"""A bench's number is whole or refused: an empty one would join two benches' ledgers."""

from __future__ import annotations

from pathlib import Path

import pytest

from recond.errors import UsageError
from recond.flow.config import bench_id
from recond.flow.live.mirror import Places
from recond.host.clock import SystemClock
from tests.cli.command import recond
from tests.flow.bench import donor_image


def test_it_is_made_once(tmp_path: Path) -> None:
    made = bench_id(tmp_path / "state", SystemClock())
    assert len(made) == 16
    assert bench_id(tmp_path / "state", SystemClock()) == made


@pytest.mark.parametrize("raw", [b"", b"\n", b"\x00\xff\xfe", b"../../etc", b"a b", b"x" * 65])
def test_a_damaged_one_is_refused_and_stays(tmp_path: Path, raw: bytes) -> None:
    file = tmp_path / "bench-id"
    file.write_bytes(raw)
    with pytest.raises(UsageError) as error:
        bench_id(tmp_path, SystemClock())
    assert error.value.message.code == "cli.config.bench_id"
    assert file.read_bytes() == raw
    assert not [name for _, name in Places(tmp_path, tmp_path / "out").pairs() if "bench" in name]


def test_it_is_said_and_nothing_is_erased(tmp_path: Path) -> None:
    image = donor_image(tmp_path / "a.img")
    before = image.read_bytes()
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "bench-id").write_bytes(b"\xff\x00")
    done = recond("wipe", "a.img", "--image", "--confirm", "a.img", "--lang", "en", folder=tmp_path)
    assert (done.code, "holds no bench number" in done.stderr) == (2, True), done.stderr
    assert image.read_bytes() == before
