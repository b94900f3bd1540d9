"""What the server of `forked.py` loads before it forks: recond and what it loads late."""

from __future__ import annotations

import gc
import importlib
import pkgutil

import recond

LATE = (
    "tests.cli.forked",
    "recond.board.judge",
    "pyhanko.sign.signers",
    "pikepdf.pdfa",
    "reportlab.platypus",
    "rich.console",
    "typer",
)
NOT_BEFORE = ("recond.board", "recond.guided", "recond.data", "recond.commands", "recond.cli")
"""What has libraries of its own, is no module, or looks at the arguments as it is loaded."""

for module in pkgutil.walk_packages(recond.__path__, "recond."):
    if not module.name.startswith(NOT_BEFORE) and not module.name.endswith("__main__"):
        importlib.import_module(module.name)
for name in LATE:
    importlib.import_module(name)
gc.collect()
gc.freeze()  # a fork's collections leave the pages alone that all forks share
