"""Certificates for the tests: whole folders as a run leaves them, of every kind of outcome."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from recond.census import OperatorWord, Said
from recond.certify.record import fold_journal
from recond.certify.sign.keys import SigningKey, issue_bench_key, make_root_key
from recond.certify.verify.bundle import verify_bundle
from recond.certify.verify.verdicts import Bundle, Trust, Verdicts
from recond.erasure import Bench, Context, DiskIdentity, Person
from recond.flow.keys.keyring import Keyring
from recond.flow.profiles import load_profile
from recond.flow.run.issue import Issued, Material, issue
from recond.flow.software import versions
from recond.host.sim.disk import Faults
from recond.host.sim.drive import PowerCut, SimClock
from recond.inspect.census_sighting import suspect
from recond.locale import Lang
from recond.model import Machine, Medium, Message, Outcome, Tried
from recond.readiness import assess_machine
from recond.wipe.journal import Journal
from recond.wipe.session import Session
from recond.workshop import Photo, Workshop, packed
from tests.certify.journals import true_journal
from tests.computers import computer
from tests.readiness.machines import machine
from tests.wipe.disks import HDD, bay, job_for, plan_for

KIB = 1024
LONG = "WWWWWWWWWW-MMMMMMMMMM-0123456789-ÀÉÎÕÜ-éèàçù-WWWWWWWWWW-60-X"  # no break, wide letters


def sim_journal(
    run: str,
    identity: DiskIdentity = HDD,
    method: str | None = None,
    faults: Faults | None = None,
    *,
    cut_after: int = 0,
    refusals: tuple[Message, ...] = (),
) -> bytes:
    """A simulated disk's journal, as a worker of this run leaves it."""
    here = bay(identity, method, faults=faults, seed=3)
    if refusals:
        here.plan = plan_for(identity, method, refusals=refusals)
    writes = 0

    def strike(moment: str) -> None:
        nonlocal writes
        writes += moment == "write"
        if cut_after and writes > cut_after:
            raise PowerCut

    here.drive.strike = strike
    job = replace(job_for(here.plan), run_id=run)
    session = Session(
        job, here.seam(), Journal(here.sink, here.clock), lambda: False, here.told.append
    )
    try:
        session.run()
    except PowerCut:
        assert cut_after
    return here.sink.raw


def disk(number: int, size_bytes: int = 16 * KIB, **changes: object) -> DiskIdentity:
    return replace(
        HDD,
        serial=f"WD-WCC6Y{number:07}",
        wwn=f"naa.50014ee2{number:08x}",
        vendor="ATA",
        model="WDC WD10EZEX-08WN4A0",
        firmware="01.01A01",
        size_bytes=size_bytes,
        **changes,  # type: ignore[arg-type]
    )


def erased(run: str) -> dict[str, bytes]:
    return {"disk.img": true_journal(run=run), "WD-WCC6Y0000001": sim_journal(run, disk(1))}


def rejected(run: str) -> dict[str, bytes]:
    bad = Faults(bad_writes=frozenset({5, 6, 7, 19}))
    return {"WD-WCC6Y0000002": sim_journal(run, disk(2), "dod-short", bad)}


def many_bad(run: str) -> dict[str, bytes]:
    bad = Faults(bad_writes=frozenset(range(1, 1002, 2)))
    return {"WD-WCC6Y0000003": sim_journal(run, disk(3, 512 * KIB), None, bad)}


def refused(run: str) -> dict[str, bytes]:
    why = Message.of("wipe.refusal.mount", path="/dev/sda", node="sda1", where="/")
    return {"WD-WCC6Y0000004": sim_journal(run, disk(4), refusals=(why,))}


def interrupted(run: str) -> dict[str, bytes]:
    return {"WD-WCC6Y0000005": sim_journal(run, disk(5, 64 * KIB), cut_after=5)}


def demonstration(run: str) -> dict[str, bytes]:
    return {"disk.img": true_journal(run=run, demonstration=True)}


def forty(run: str) -> dict[str, bytes]:
    return {f"WD-WCC6Y{n:07}": sim_journal(run, disk(n)) for n in range(100, 140)}


def long_names(run: str) -> dict[str, bytes]:
    wide = replace(
        HDD,
        serial="S" + LONG[:39],
        wwn="naa." + "5" * 40,
        vendor=LONG[:16],
        model=LONG,
        firmware="F" * 32,
        size_bytes=16 * KIB,
        medium=Medium.SSD,
        bus="nvme",
        namespace=2,
    )
    return {"long": sim_journal(run, wide), "two": sim_journal(run, disk(6), "gutmann")}


KINDS: dict[str, Callable[[str], dict[str, bytes]]] = {
    "erased": erased,
    "rejected": rejected,
    "many-bad": many_bad,
    "refused": refused,
    "interrupted": interrupted,
    "demonstration": demonstration,
    "unsigned": erased,
    "forty": forty,
    "long-names": long_names,
    "left": erased,
    "hidden": erased,
    "word": erased,
    "no-census": erased,
    "dock": erased,
    "logo": erased,
}
LOGO = packed(120, 30, "c81e1e" + "1414a0", bytes(([0] * 60 + [1] * 60) * 30))
"""Left half red, right half blue."""


@dataclass(frozen=True)
class Workbench:
    """A bench with its state folder, its key under a root, and its clock."""

    state: Path
    clock: SimClock
    root: SigningKey

    @property
    def ring(self) -> Keyring:
        return Keyring(self.state)

    def trust(self) -> Trust:
        """What a donor believes who pinned the workshop's root; the bench's own ledger."""
        return Trust((self.root.certificate,), (), (), self.ring.read_ledger(), versions())


def workbench(folder: Path) -> Workbench:
    clock = SimClock(11)
    root = make_root_key("Bricol’Café de Lens", clock.now())
    here = Workbench(folder, clock, root)
    here.ring.save(issue_bench_key(root, "Bricol’Café de Lens, banc 1", clock.now()), None)
    return here


def context(kind: str) -> Context:
    wide = kind == "long-names"
    return Context(
        workshop=Workshop(
            LONG if wide else "Bricol’Café de Lens",
            "12 rue de la Gare, 62300 Lens",
            "contact@bricol.cafe",
            "SIRET 123 456 789 00012",
            logo_image=LOGO if kind == "logo" else None,
        ),
        operator=Person(LONG if wide else "Camille Martin", "bénévole", None),
        verifier=Person("Dominique Petit", None, None),
        bench=Bench("0011223344556677", "banc 1", kind == "demonstration", "6.1.0"),
        lot="LOT-2026-11" if kind != "demonstration" else None,
        donor=LONG if wide else "Mairie de Lens",
        property_number=LONG[:40] if wide else "INV-00421",
        answers=(("looks", "2"), ("keyboard", "1")),
        tests=TRIED if kind == "word" else (),
        photos=PHOTOS if kind == "word" else (),
    )


PHOTOS = (Photo("capot.jpg", 2_400_000, "ab" * 32),)
SEEN = Message.of("inspect.part.memory_passed", tried_ram_bytes=512 << 20)
CABLE = Message.of("inspect.part.battery_cable")
TRIED = (
    Tried("memory", "", Outcome.PASS, SEEN, "2026-11-24T07:30:00.000Z", 120),
    Tried("battery", "BAT0", Outcome.UNKNOWN, CABLE, "2026-11-24T07:35:00.000Z", 300),
)
SECOND = disk(77)
DOUBT = suspect("no-driver", "0000:00:0e.0", ids="8086:9a0b", name="Intel VMD", driver="vmd")
WORD = OperatorWord(DOUBT.key, Said.CHECKED, "Camille Dupont", "2026-11-24T09:00:00.000Z")


def computer_of(kind: str, journals: dict[str, bytes]) -> Machine | None:
    """The computer of a kind of certificate: in most, its disks are those that were treated."""
    disks = [fold_journal(raw, name).disk for name, raw in sorted(journals.items())]
    if kind == "dock":
        return None
    if kind == "no-census":
        return machine()
    if kind == "left":
        disks.append(SECOND)
    doubts = (DOUBT,) if kind in ("hidden", "word") else ()
    return computer(machine(), *disks, suspicions=doubts)


def make(here: Workbench, out: Path, kind: str, lang: Lang = "fr") -> Issued:
    """Issue a certificate of a kind; "unsigned": by a bench whose key is open to others."""
    run = f"20261124-080000-{kind}"
    judged = assess_machine(machine(), load_profile("windows-10"), here.clock.now(), None, {})
    journals = KINDS[kind](run)
    given = replace(context(kind), words=(WORD,) if kind == "word" else ())
    material = Material(given, computer_of(kind, journals), (judged,), journals, run)
    here.clock.sleep(1)
    here.ring.key_file.chmod(0o644 if kind == "unsigned" else 0o600)
    issued = issue(here.state, out, material, lang=lang, clock=here.clock)
    here.ring.key_file.chmod(0o600)
    return issued


# --- The corpus, each made when it is first asked for, once a process ----------------------------


@cache
def corpus() -> Workbench:
    """The bench that all certificates below come from."""
    return workbench(Path(mkdtemp(prefix="recond-papers-")) / "state")


@cache
def issued(kind: str, lang: Lang = "fr") -> Issued:
    """A certificate of a kind, of the corpus' bench."""
    return make(corpus(), corpus().state.parent / f"out-{lang}", kind, lang)


def files_of(kind: str, lang: Lang = "fr") -> dict[str, bytes]:
    """The files of a certificate's folder by their name in it."""
    folder = issued(kind, lang).folder
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def bundle_of(files: dict[str, bytes]) -> Bundle:
    """The files as `recond verify` sorts them."""

    def one(*names: str) -> tuple[str, bytes] | None:
        return next(((name, files[name]) for name in names if name in files), None)

    return Bundle(
        pdf=one("certificate.pdf", "certificate-NON-SIGNE.pdf"),
        record=one("record.json"),
        jws=one("record.jws"),
        receipt=one("receipt.jws"),
        journals=tuple((name, raw) for name, raw in files.items() if name.startswith("journals/")),
    )


def verified(files: dict[str, bytes], trust: Trust | None = None) -> Verdicts:
    return verify_bundle(bundle_of(files), trust or corpus().trust(), "test")
