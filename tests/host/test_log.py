"""The log is silent until it is asked for, names a failed tool once, and holds no secret."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from recond.ends import ConfirmedBy
from recond.flow.config import Overrides
from recond.flow.run.run import Order, execute, prepare
from recond.flow.run.supervisor import confirm_all
from recond.host import Host, log
from recond.host.log import pasteable
from recond.wipe.plan import Wish
from tests.cli.command import recond


@pytest.mark.parametrize(
    ("argv", "shown"),
    [
        (("smartctl", "-j", "/dev/sda"), "smartctl -j /dev/sda"),
        (("mount", "/a b", "x'y"), "mount '/a b' 'x'\"'\"'y'"),
        (("tool", "--PSID", "ABC123", "/dev/sda"), "tool --PSID … /dev/sda"),
        (
            ("sedutil-cli", "--yesIreallywanttoERASEALLmydatausingthePSID", "ABC", "/dev/sda"),
            "sedutil-cli --yesIreallywanttoERASEALLmydatausingthePSID … /dev/sda",
        ),
        (("x", "--passphrase", "geheim"), "x --passphrase …"),
    ],
)
def test_a_command_line_can_be_pasted_and_tells_no_secret(
    argv: tuple[str, ...], shown: str
) -> None:
    assert pasteable(argv) == shown


def said(debug: bool) -> str:
    code = (
        "from recond.host.log import start_log; from recond.host.process import LocalProcesses\n"
        "start_log()\n"
        "for _ in range(2):\n"
        "    LocalProcesses().run(('sh', '-c', 'echo broken >&2; exit 3'))\n"
        "LocalProcesses().run(('true',)); LocalProcesses().run(('no-such-tool',))\n"
    )
    env = {name: value for name, value in os.environ.items() if name != "RECOND_DEBUG"}
    env |= {"RECOND_DEBUG": "1"} if debug else {}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    return done.stderr


def test_a_failed_tool_is_logged_once_with_its_exit_code_and_words() -> None:
    assert said(debug=False) == ""
    lines = said(debug=True).splitlines()
    assert len(lines) == 1, lines
    assert "sh -c 'echo broken >&2; exit 3'" in lines[0]
    assert "exit 3: 'broken'" in lines[0]


def test_debug_goes_to_standard_error_wherever_it_stands(tmp_path: Path) -> None:
    before = recond("--debug", "methods", "--json", folder=tmp_path)
    after = recond("methods", "--json", "--debug", folder=tmp_path)
    plain = recond("methods", "--json", folder=tmp_path)
    assert before.code == after.code == plain.code == 0
    assert before.stdout == after.stdout == plain.stdout


def test_what_is_swallowed_goes_into_the_runs_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECOND_KEY_PASSPHRASE", "quatre chats noirs")
    monkeypatch.setattr(log, "_recent", type(log._recent)(maxlen=3))

    def fail(word: str) -> None:
        try:
            raise ValueError(word)  # noqa: TRY301 - a traceback of one line
        except ValueError as error:
            log.log_swallowed("inspect.disks", error)

    fail("before the run had a folder")
    file, other = tmp_path / "_recond.txt", tmp_path / "other.txt"
    with log.errors_kept(file), log.errors_kept(file):
        with log.errors_kept(other):
            fail("in it, quatre chats noirs")
        log.log_failed_tool(("tool-of-this-test", "--psid", "ABC"), 3, b"no such drive")
    fail("behind it")
    text = file.read_text()
    assert "before the run had a folder" in text
    assert "behind it" not in text
    assert text.count("ValueError: in it, …") == 1
    assert other.read_text().count("ValueError: in it, …") == 1
    assert "raise ValueError(word)" in text, "the traceback, not the name alone"
    assert "tool-of-this-test --psid …  # exit 3: 'no such drive'" in text
    assert "quatre" not in text
    assert file.stat().st_mode & 0o077 == 0


def test_a_run_that_cannot_draw_its_certificate_says_why_beside_its_journals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception's name stands on the page; its traceback is in the run's errors/."""

    def broken(*_: object) -> bytes:
        raise ZeroDivisionError("of this test")

    image = tmp_path / "d.img"
    image.write_bytes(b"donor" * 20_000)
    host = Host()
    order = Order(
        (str(image),), False, Wish(), True, (), tmp_path / "out", tmp_path / "state", "fr",
        Overrides(), sign_later=True,
    )  # fmt: skip
    prepared = prepare(order, host)
    monkeypatch.setattr("recond.certify.pages.certificate.render", broken)
    done = execute(prepared, confirm_all(prepared.plans, ConfirmedBy.FLAG), host, lambda *_: None)
    assert not done.issued.signed
    text = done.folder.own_errors.read_text()
    assert "ZeroDivisionError: of this test" in text
    assert "in broken" in text
