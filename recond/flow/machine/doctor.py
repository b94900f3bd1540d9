"""What is missing on this bench: tools, rights, folders, the mains, memory; each with its use."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from recond.errors import BenchLacks, RecondError
from recond.flow.config import Overrides, read_context
from recond.flow.run.rehearsal import rehearse
from recond.flow.run.warnings import MIB, memory_needed
from recond.flow.runfolder import RunFacts, new_run_id
from recond.flow.stateform import open_state
from recond.host import Host
from recond.host.clock import Clock
from recond.host.condition import Condition
from recond.host.state import is_root, prepare_state
from recond.model import Known, Message

TOOLS = (
    ("lsblk", "util-linux", True),
    ("smartctl", "smartmontools", True),
    ("dmidecode", "dmidecode", False),
    ("lscpu", "util-linux", False),
    ("iw", "iw", False),
    ("memtester", "memtester", False),
    ("btmgmt", "bluez", False),
    ("rtcwake", "util-linux-extra", False),
    ("sedutil-cli", "sedutil-cli", False),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing of the bench. `needed`: without it the main job does not run. `why` it is missing,
    where that is known.
    """

    name: str
    package: str
    present: bool
    needed: bool
    why: Message | None = None


def missing_packages(found: tuple[Finding, ...]) -> tuple[str, ...]:
    """The packages of Debian that would bring what is missing, each once."""
    tools = {name for name, _, _ in TOOLS}
    lacking = (one.package for one in found if one.name in tools and not one.present)
    return tuple(dict.fromkeys(lacking))


def examine(host: Host, state: Path) -> tuple[Finding, ...]:
    """Look for every tool, for root and the state folder, for the mains and memory for one disk."""
    found = [Finding("root", "", is_root(), needed=False)]
    try:
        prepare_state(state)
        open_state(state)
        found.append(Finding("state", str(state), present=True, needed=True))
        found.append(_signs(state, host.clock))
    except BenchLacks as error:
        found.append(Finding("state", str(state), present=False, needed=True, why=error.message))
    for tool, package, needed in TOOLS:
        done = host.processes.run((tool, "--version"), timeout_s=5)
        found.append(Finding(tool, package, not done.missing, needed))
    return (*found, *_standing(host.conditions.read()))


def _signs(state: Path, clock: Clock) -> Finding:
    """Whether a certificate could be signed now, as every erasure asks before its first byte."""
    try:
        context = read_context(state, Overrides(), clock)
        run_id = new_run_id(clock)
        rehearse(state, RunFacts(run_id, clock.now(), "", "fr", context, None, ()), clock)
    except RecondError as error:
        return Finding("signature", "", present=False, needed=True, why=error.message)
    return Finding("signature", "", present=True, needed=True)


def _standing(condition: Condition) -> tuple[Finding, ...]:
    """The mains, where there is a battery instead, and the memory, where either is known."""
    found = []
    if isinstance(condition.on_mains, Known):
        found.append(Finding("mains", "", condition.on_mains.value, needed=False))
    if isinstance(condition.available_bytes, Known):
        left = condition.available_bytes.value
        enough = left >= memory_needed(1)
        found.append(Finding("memory", f"{left // MIB} MiB", enough, needed=False))
    return tuple(found)
