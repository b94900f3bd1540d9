"""The image's boots take minutes each: only where RECOND_IMAGE names the image to boot."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def image() -> Path:
    """The image that `make image` built."""
    return named("RECOND_IMAGE", "boots that image in emulated computers")


@pytest.fixture(scope="session")
def ventoy() -> Path:
    """A stick, as a file, that Ventoy's own installer made: its first partition holds the image and
    a `ventoy/ventoy.json` that starts it unasked, its third one is called RECOND (docs/image.md).
    """
    return named("RECOND_VENTOY", "boots that stick of Ventoy's in emulated computers")


def named(variable: str, purpose: str) -> Path:
    """The file that the variable names; skips the test where there is none, or no emulator."""
    file = os.environ.get(variable)
    if not file:
        pytest.skip(f"{variable}=FILE {purpose}")
    for tool in ("qemu-system-x86_64", "mcopy", "fsck.fat"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    return Path(file)
