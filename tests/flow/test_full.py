"""Every command that writes, with the bench full or failing at a drawn one of its writes (`full`):
a code and a sentence, nothing false, nothing lost, and it goes on afterwards.

RECOND_FULL=N draws N (0: each write by each fault), RECOND_SEED draws others.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.flow.full import CASES
from tests.house import ROOT

COUNT = int(os.environ.get("RECOND_FULL", str(len(CASES))))


def test_each_write_may_be_refused(tmp_path: Path) -> None:
    done = subprocess.run(
        (sys.executable, "-m", "tests.flow.full", str(COUNT), str(tmp_path)),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300 + 30 * (COUNT or 5000),
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    found = json.loads(done.stdout)
    assert not found["broken"], "\n".join(found["broken"])
    # what makes it a test: each command was struck, and most of them felt it
    assert set(CASES) <= set(found["seen"]), found["seen"]
    assert found["seen"]["ended 9"] >= len(CASES) // 4, found["seen"]
