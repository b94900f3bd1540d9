"""The log is silent until it is asked for, names a failed tool once, and holds no secret."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from recond.host.log import pasteable
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
