"""Print the oldest version of each library that pyproject.toml allows, those of extras too.

Why: a lower bound that nobody ever installed is a guess; one was, and a certificate stayed unsigned
after the erasure. `make lowest` installs exactly these and runs the main job.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXTRAS = ("board", "postgresql", "token")
"""What a workshop may install beside; `packaging/setup` names the same."""


def lowest(requirements: list[str]) -> list[str]:
    """Each requirement held to its lower bound, without extras. Raises `SystemExit` by one without.

    >>> lowest(["pikepdf[pdfa]>=10.14", "pyHanko>=0.32,<0.39"])
    ['pikepdf==10.14', 'pyHanko==0.32']
    """
    held = []
    for one in requirements:
        found = re.fullmatch(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?.*?>=\s*([0-9][0-9.]*).*", one)
        if found is None:
            raise SystemExit(f"pyproject.toml: {one} has no lower bound")
        held.append(f"{found[1]}=={found[2]}")
    return held


if __name__ == "__main__":
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project.get("optional-dependencies", {})
    asked = [*project["dependencies"], *(one for name in EXTRAS for one in extras.get(name, []))]
    sys.stdout.write("\n".join(lowest(asked)) + "\n")
