"""Data of the package: quirks of hardware, methods, names, as files beside this module."""

from __future__ import annotations

import functools
import pkgutil
from typing import Any


@functools.cache
def read_table(name: str) -> dict[str, Any]:
    """A TOML file of this folder, read once; cheaper than `importlib.resources`."""
    import tomllib

    return tomllib.loads((pkgutil.get_data(__name__, name) or b"").decode("utf-8"))


def read_schemas() -> str:
    """The JSON Schema of every answer to a program, as packaging/schema.py wrote it."""
    raw = pkgutil.get_data(__name__, "schemas/answers.schema.json") or b""
    return raw.decode("utf-8").rstrip()
