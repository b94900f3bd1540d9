"""A workshop of two benches under one root: erasures of simulated drives, statements of people.

Each record is judged from the journal of a session that ran on a simulated drive, and issued by the
code that a run issues with; each statement is signed as `recond custody` signs it.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from recond.census import OperatorWord
from recond.certify.sign.keys import SigningKey, issue_bench_key, make_root_key
from recond.custody import CustodyKind, Destroyed, Destruction, Thing, ThingKind
from recond.erasure import DiskIdentity, TargetKind
from recond.flow.config import Overrides, read_context
from recond.flow.custody.issue import Stated, Word, issue_statement
from recond.flow.keys.keyring import Keyring
from recond.flow.machine.inventory import inventory
from recond.flow.run.issue import Issued, Material, issue
from recond.host import Host
from recond.model import Machine, Medium
from tests.computers import computer
from tests.keys.bench import StillClock
from tests.upload.erased import journal
from tests.upload.records import disk_erasure, notebook

capture = partial(inventory, Host())
"""How a command reads a capture."""
NOW = "2026-11-24T08:00:00.000Z"
ROOT_FROM = "2026-01-01T00:00:00.000Z"


def drive(serial: str, model: str = "SSD 860 EVO", **changes: Any) -> DiskIdentity:
    """A simulated drive of a donated computer."""
    made = disk_erasure().disk
    given = {"serial": serial, "model": model, "wwn": None, "kind": TargetKind.BLOCK, **changes}
    return dataclasses.replace(made, **{"medium": Medium.SSD, **given})


def laptop(serial: str, *disks: DiskIdentity, **changes: Any) -> Machine:
    """A notebook with these drives in its census."""
    return computer(notebook(serial), *disks, **changes)


@dataclass
class Shop:
    """One bench: its folder, its clock, whom it signs as."""

    path: Path
    root: SigningKey
    name: str
    clock: StillClock = field(default_factory=lambda: StillClock(NOW))
    lot: str | None = "L7"

    @property
    def state(self) -> Path:
        return self.path / "state"

    @property
    def out(self) -> Path:
        return self.path / "out"

    def open(self) -> Shop:
        """With a key under the workshop's root, which it believes."""
        ring = Keyring(self.state)
        ring.save(issue_bench_key(self.root, self.name, self.clock.now()), None)
        ring.pin((self.root.certificate,))
        self.clock.calls = sum(self.name.encode()) * 1000
        return self

    def at(self, moment: str) -> None:
        """Set the clock."""
        self.clock.at = moment

    def erase(
        self,
        run: str,
        *disks: DiskIdentity,
        machine: Machine | None = None,
        fails: frozenset[str] = frozenset(),
        lot: str | None = "L7",
        later_s: int = 0,
        words: tuple[OperatorWord, ...] = (),
    ) -> Issued:
        """A run of simulated drives, issued as every run is; `later_s` after the others."""
        context = read_context(
            self.state, Overrides(operator="Ada", workshop="Atelier", lot=lot), self.clock
        )
        journals = {
            one.serial or "disk": journal(run, one, fails=one.serial in fails, later_s=later_s)
            for one in disks
        }
        context = dataclasses.replace(context, words=words)
        material = Material(context, machine, (), journals, run)
        return issue(self.state, self.out, material, lang="fr", clock=self.clock)

    def say(self, kind: CustodyKind, *serials: str, **more: Any) -> Stated:
        """A statement about disks, or of what `more` names."""
        given = {"operator": "Camille Martin", "lot": self.lot, **more}
        as_what = given.pop("of", ThingKind.DISK)
        label = {name: given.pop(name) for name in ("model", "size_bytes") if name in given}
        things = tuple(Thing(as_what, one, **label) for one in serials)
        word = Word(kind, things, **given)
        return issue_statement(self.state, self.out, word, lang="fr", clock=self.clock)

    def destroy(self, *serials: str, **more: Any) -> Stated:
        """A destruction with all that it may say."""
        how = Destroyed(Destruction.SHRED, "H-5", "Ana Diaz", "ab" * 32)
        return self.say(CustodyKind.DESTROYED, *serials, destroyed=how, **more)


def workshop(path: Path, *names: str) -> list[Shop]:
    """Benches of one workshop."""
    root = make_root_key("Atelier", ROOT_FROM)
    return [Shop(path / name, root, name).open() for name in names]
