"""The lab's tests boot computers, minutes each: only where RECOND_LAB=1 asks for them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab.machine import LAB, Lab

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not LAB.exists():
        pytest.skip("../shared/lab is not here")
    if os.environ.get("RECOND_LAB") != "1":
        pytest.skip("RECOND_LAB=1 boots the emulated computers")
    share = tmp_path_factory.mktemp("lab") / "share"
    share.mkdir()
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--target",
            str(share.parent / "site"),
            str(ROOT),
        ],
        check=True,
    )
    return share


@pytest.fixture
def lab(site: Path) -> Lab:
    return Lab(site)
