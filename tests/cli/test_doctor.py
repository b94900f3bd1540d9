"""What is missing on a bench ends in the one line that brings it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from recond.flow.machine.doctor import TOOLS, examine
from recond.host import Host
from recond.host.process import Completed
from recond.show.result import show_bench
from recond.show.screen import Screen


class Bench:
    """The processes of a bench that has only some tools."""

    def __init__(self, *tools: str) -> None:
        self.tools = tools

    def run(self, argv: tuple[str, ...], *, timeout_s: float = 30.0) -> Completed:
        del timeout_s
        return Completed(argv, 0 if argv[0] in self.tools else 127, b"", b"", 0)


def last_line(bench: Bench, folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    found = examine(replace(Host(), processes=bench), folder / "state")
    show_bench(Screen("fr"), found)
    return capsys.readouterr().out.splitlines()[-1]


def test_each_package_stands_once_in_the_last_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = last_line(Bench("dmidecode", "sedutil-cli"), tmp_path, capsys)
    assert said.endswith(
        "sudo apt install util-linux smartmontools iw memtester bluez util-linux-extra"
    )


def test_nothing_missing_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = last_line(Bench(*(name for name, _, _ in TOOLS)), tmp_path, capsys)
    assert said == "Rien ne manque à ce poste."
