"""Starting: where it listens, with which key; and a restored backup."""

from __future__ import annotations

import re
import shutil
import signal
import sqlite3
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path

import pytest
import sqlalchemy as sa

from recond.board import audit
from recond.board.people import Role
from recond.board.serve import BoardOrder, open_board
from recond.board.tables import RECORDS
from recond.errors import UsageError
from recond.host.clock import SystemClock
from tests.board.workshop import PASSWORD, Maker, Workshop, board
from tests.house import ROOT
from tests.lot.databases import postgresql
from tests.upload.servers import make_certificates


@pytest.mark.parametrize(
    "listen", ["0.0.0.0:0", "[::]:0", "192.0.2.7:8630", "board.example:8630", "127.0.0.1.example:1"]
)
def test_beyond_this_computer_it_speaks_tls_or_not_at_all(tmp_path: Path, listen: str) -> None:
    with pytest.raises(UsageError) as refused:
        open_board(BoardOrder(tmp_path / "state", listen=listen), SystemClock())
    assert refused.value.message.code == "board.listen.tls"
    assert not (tmp_path / "state").exists()


def test_over_tls_it_is_called_as_its_certificate_is(tmp_path: Path) -> None:
    """The whole command, listening everywhere: the first link, plain HTTP, the cookie's name."""
    authority, pem = make_certificates(tmp_path, host="localhost", days=30)
    argv = [sys.executable, "-m", "recond", "--state", str(tmp_path / "state"), "--lang", "en"]
    argv += ["board", "--listen", "0.0.0.0:0", "--tls", str(pem), str(pem)]
    with subprocess.Popen(argv, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            told = ""
            while "/link/" not in told:
                line = process.stderr.readline()
                assert line, told
                told += line
            found = re.search(r"(https://localhost:(\d+))/link/\S+", told)
            assert found, told
            trusted = ssl.create_default_context(cafile=str(authority))
            with urllib.request.urlopen(found[0], context=trusted, timeout=20) as answer:
                assert answer.status == 200
                assert "max-age" in answer.headers["Strict-Transport-Security"]
            form = f"password={PASSWORD}&again={PASSWORD}".replace(" ", "+").encode()
            opener = urllib.request.build_opener(
                urllib.request.HTTPSHandler(context=trusted), NoRedirect()
            )
            with pytest.raises(urllib.error.HTTPError) as sent:
                opener.open(found[0], form, timeout=20)
            assert sent.value.code == 303
            cookie = sent.value.headers["Set-Cookie"]
            assert cookie.startswith("__Host-recond=")
            assert "Secure" in cookie
            with pytest.raises((urllib.error.URLError, HTTPException, OSError)):
                urllib.request.urlopen(f"http://127.0.0.1:{found[2]}/sign-in", timeout=20)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)


def test_who_forgot_the_only_leads_password_gets_a_link_at_the_boards_computer(
    workshop: Workshop,
) -> None:
    """While the board runs; nobody could make one on its pages."""
    workshop.person("Ada", Role.LEAD)
    argv = [sys.executable, "-m", "recond", "--state", str(workshop.state), "--lang", "en", "board"]
    done = subprocess.run(
        [*argv, "--link", "Ada"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found = re.search(r"(/link/\S+)", done.stderr)
    assert found, done.stderr
    new = "another one, longer"
    assert workshop.stranger().post(found[1], password=new, again=new).status == 303
    assert workshop.stranger().post("/sign-in", name="Ada", password=PASSWORD).status == 401
    assert workshop.sign_in("Ada", new).get("/people").status == 200
    nobody = subprocess.run(
        [*argv, "--link", "Nobody"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert nobody.returncode == 2


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Shows a redirection as it is."""

    def redirect_request(self, *_given: object) -> None:
        return None


def restored(before: Workshop, after: Workshop, packages: list[str], name: str) -> None:
    """All that was there is there: people, records with their files, the audit's chain."""
    reader = after.sign_in(name)
    with after.opened.database.reading() as db:
        rows = {row.record_id: row for row in db.execute(sa.select(RECORDS))}
        assert audit.faults(db) == ()
    for number in packages:
        file = f"/records/{rows[number].id}/certificate.pdf"
        assert reader.get(file).body.startswith(b"%PDF"), number
        assert rows[number].trusted
    assert before.state != after.state


def back_up(state: Path, backup: Path) -> None:
    """The folder, after the database: as docs/board.md says."""
    shutil.copytree(state / "board" / "packages", backup / "board" / "packages")
    shutil.copytree(state / "keys", backup / "keys")


def test_a_restored_sqlite_board_goes_on(tmp_path: Path, maker: Maker) -> None:
    """A record that came between the two steps of the backup is sent again, and kept once."""
    state, backup = tmp_path / "state", tmp_path / "backup"
    with board(state) as before:
        before.trust(maker)
        bench = before.bench("banc")
        first, between = maker.package(), maker.package()
        before.person("Lise", Role.READER)
        assert bench.upload(first).status == 201
        (backup / "board").mkdir(parents=True)
        with (
            sqlite3.connect(state / "board" / "records.sqlite") as there,
            sqlite3.connect(backup / "board" / "records.sqlite") as copy,
        ):
            there.backup(copy)  # what `sqlite3 FILE ".backup …"` does
        assert bench.upload(between).status == 201
        back_up(state, backup)
        with board(backup) as after:
            restored(before, after, [first.record_id], "Lise")
            bench.port = after.port
            assert bench.upload(first).status == 409
            assert bench.upload(between).status == 201
            assert bench.upload(between).status == 409


def test_a_restored_postgresql_board_goes_on(tmp_path: Path, maker: Maker) -> None:
    """By pg_dump and pg_restore, as docs/board.md says."""
    state, backup = tmp_path / "state", tmp_path / "backup"
    with postgresql() as url:
        if not shutil.which("pg_dump"):
            pytest.skip("no PostgreSQL here: pg_dump is not installed")
        dump, other = tmp_path / "board.dump", url.replace("/postgres", "/other")
        with board(state, url) as before:
            before.trust(maker)
            bench, package = before.bench("banc"), maker.package()
            before.person("Lise", Role.READER)
            assert bench.upload(package).status == 201
            run("pg_dump", "--format=custom", f"--file={dump}", url)
            back_up(state, backup)
            run("psql", "--quiet", url, "--command=CREATE DATABASE other")
            run("pg_restore", "--no-owner", f"--dbname={other}", str(dump))
            with board(backup, other) as after:
                restored(before, after, [package.record_id], "Lise")
                bench.port = after.port
                assert bench.upload(package).status == 409


def run(*argv: str) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]
