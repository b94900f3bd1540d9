"""Files are read to a bound that is never asked for at once."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from recond.host.regular import GROWN_BYTES, TooLarge, read_given, read_regular

HELD = """
import resource, sys
from pathlib import Path
from recond.host.regular import GROWN_BYTES, read_given, read_regular
resource.setrlimit(resource.RLIMIT_AS, (GROWN_BYTES // 2, GROWN_BYTES // 2))
file = Path(sys.argv[1])
assert len(read_regular(file, GROWN_BYTES)) == len(read_given(file, GROWN_BYTES)) == 3_000_000
"""


def test_a_small_file_is_read_where_little_memory_is_allowed(tmp_path: Path) -> None:
    """`ulimit -v`: the bound's own size was asked for, and a run ended after its erasure."""
    (tmp_path / "file").write_bytes(b"x" * 3_000_000)
    done = subprocess.run(
        [sys.executable, "-c", HELD, str(tmp_path / "file")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3_000_000])
def test_every_byte_is_read_and_no_more(tmp_path: Path, size: int) -> None:
    raw = os.urandom(size)
    (tmp_path / "file").write_bytes(raw)
    assert read_regular(tmp_path / "file", size) == raw
    assert read_given(tmp_path / "file", size) == raw
    if size:
        assert read_given(tmp_path / "file", size - 1) == raw[:-1]
        with pytest.raises(TooLarge):
            read_regular(tmp_path / "file", size - 1)


def test_what_tells_no_size_is_read_whole() -> None:
    assert read_regular(Path("/proc/self/status"), GROWN_BYTES).startswith(b"Name:")


def test_a_pipe_that_a_person_named_is_read_to_its_bound(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    raw = os.urandom(2_500_000)

    def write() -> None:
        with (tmp_path / "pipe").open("wb") as stream:
            stream.write(raw)

    writer = threading.Thread(target=write)
    writer.start()
    assert read_given(tmp_path / "pipe", GROWN_BYTES) == raw
    writer.join()


def test_nobody_waits_for_ever_for_a_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe without a writer, named as a key, a photo or a list, held a command for ever."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    monkeypatch.setattr("recond.host.regular.NOBODY_S", 0.02)
    with pytest.raises(OSError, match="nobody writes") as nobody:
        read_given(pipe, 100)
    assert nobody.value.errno == errno.EMEDIUMTYPE
    monkeypatch.setattr("recond.host.regular.SILENT_S", 0.02)
    writer = os.open(pipe, os.O_RDWR)
    os.write(writer, b"half")
    with pytest.raises(TimeoutError, match="nothing comes"):
        read_given(pipe, 100)
    assert read_given(Path("/dev/zero"), 3) == bytes(3)
    os.close(writer)
    with pytest.raises(IsADirectoryError):
        read_given(tmp_path, 1)
