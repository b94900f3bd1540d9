"""The image's boots take minutes each: only where RECOND_IMAGE names the image to boot."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def image() -> Path:
    """The image that `make image` built."""
    named = os.environ.get("RECOND_IMAGE")
    if not named:
        pytest.skip("RECOND_IMAGE=FILE boots that image in emulated computers")
    for tool in ("qemu-system-x86_64", "mcopy", "fsck.fat"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    return Path(named)
