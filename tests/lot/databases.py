"""The databases of the lots' tests: SQLite, and a real PostgreSQL where one can be started."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def postgresql() -> Iterator[str]:
    """A server of this test's own, without a port to the outside; its URL.

    It stands in a folder of its own: PostgreSQL runs as nobody, who may not pass pytest's folders.
    """
    programs = [
        shutil.which(name)
        or next(map(str, Path("/usr/lib/postgresql").glob(f"*/bin/{name}")), None)
        for name in ("initdb", "pg_ctl")
    ]
    pytest.importorskip("psycopg", reason="no PostgreSQL here: psycopg is not installed")
    if None in programs:
        pytest.skip("no PostgreSQL here: initdb and pg_ctl are not installed")
    initdb, pg_ctl = map(str, programs)
    data = Path(tempfile.mkdtemp(prefix="recond-pg-"))
    before: list[str] = []
    if os.geteuid() == 0:  # PostgreSQL refuses root
        if not shutil.which("setpriv"):
            pytest.skip("no PostgreSQL here: it refuses root, and setpriv is not installed")
        before = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        shutil.chown(data, 65534, 65534)
    try:
        yield from _serve(data, before, initdb, pg_ctl)
    finally:
        shutil.rmtree(data, ignore_errors=True)


def _serve(data: Path, before: list[str], initdb: str, pg_ctl: str) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    _run(*before, initdb, "-D", str(data), "-U", "recond", "-A", "trust", "-E", "UTF8", "-N")
    _run(
        *before,
        pg_ctl,
        "-D",
        str(data),
        "-w",
        "-l",
        str(data / "log"),
        "-o",
        f"-p {port} -h 127.0.0.1 -c fsync=off -c unix_socket_directories=''",
        "start",
    )
    try:
        yield f"postgresql://recond@127.0.0.1:{port}/postgres"
    finally:
        _run(*before, pg_ctl, "-D", str(data), "-m", "immediate", "stop")


def _run(*argv: str) -> None:
    done = subprocess.run(
        argv,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
    )
    assert done.returncode == 0, f"{argv}: {done.stdout[-500:]} {done.stderr[-500:]}"
