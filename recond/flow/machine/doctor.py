"""What is missing on this bench: tools, rights, folders. Each with what it is for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from recond.errors import BenchLacks
from recond.host import Host
from recond.host.state import is_root, prepare_folder

TOOLS = (
    ("lsblk", "util-linux", True),
    ("smartctl", "smartmontools", True),
    ("dmidecode", "dmidecode", False),
    ("lscpu", "util-linux", False),
    ("rtcwake", "util-linux-extra", False),
    ("sedutil-cli", "sedutil-cli", False),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing of the bench. `needed`: without it the main job does not run."""

    name: str
    package: str
    present: bool
    needed: bool


def missing_packages(found: tuple[Finding, ...]) -> tuple[str, ...]:
    """The packages of Debian that would bring what is missing, each once."""
    tools = {name for name, _, _ in TOOLS}
    lacking = (one.package for one in found if one.name in tools and not one.present)
    return tuple(dict.fromkeys(lacking))


def examine(host: Host, state: Path) -> tuple[Finding, ...]:
    """Look for every tool, for root and for the state folder."""
    found = [Finding("root", "", is_root(), needed=False)]
    try:
        prepare_folder(state)
        found.append(Finding("state", str(state), present=True, needed=True))
    except BenchLacks:
        found.append(Finding("state", str(state), present=False, needed=True))
    for tool, package, needed in TOOLS:
        done = host.processes.run((tool, "--version"), timeout_s=5)
        found.append(Finding(tool, package, not done.missing, needed))
    return tuple(found)
