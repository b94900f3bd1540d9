"""The image's tests start emulated computers, minutes each: only where RECOND_LAB=1 asks for them.

RECOND_IMAGE names the image; else it is looked for where `make image` leaves it.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def image() -> Path:
    if os.environ.get("RECOND_LAB") != "1":
        pytest.skip("RECOND_LAB=1 boots the emulated computers")
    for tool in ("qemu-system-x86_64", "mcopy", "fsck.fat"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    named = os.environ.get("RECOND_IMAGE")
    found = [Path(named)] if named else sorted((ROOT / "build" / "image").glob("*.iso"))
    if not found:
        pytest.skip("no image: make image, or RECOND_IMAGE")
    return found[-1]
