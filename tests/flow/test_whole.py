"""The exit code of a whole computer, and an operator's word on what no reading can tell."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from recond.census import Kind, Look, Reach, Said
from recond.ends import ConfirmedBy
from recond.erasure import WipeRecord
from recond.errors import UsageError
from recond.flow.config import Overrides
from recond.flow.live.mirror import Places
from recond.flow.live.remaining import is_whole
from recond.flow.run.attach import follow
from recond.flow.run.issue import Issued
from recond.flow.run.late import note_late
from recond.flow.run.resume import resume_runs
from recond.flow.run.run import (
    NOT_WHOLE,
    Finished,
    Order,
    certify_again,
    certify_run,
    execute,
    finished_of,
    prepare,
)
from recond.flow.run.supervisor import confirm_all
from recond.flow.run.words import take_words
from recond.flow.runlist import RunState, list_runs
from recond.host import Host
from recond.host.cards import is_blank
from recond.host.signals import StopCount
from recond.model import Known
from recond.progress import Phase, ProgressEvent
from recond.wipe.plan import Wish
from tests.cli.command import recond
from tests.flow.bench import quiet
from tests.inspect.laptop import Tree, make_laptop


def run(
    folder: Path,
    *,
    every: bool,
    size_bytes: int = 1 << 20,
    stops: StopCount | None = None,
    during: Callable[[], None] = lambda: None,
    host: Host | None = None,
) -> tuple[Finished, Host]:
    """A laptop's run over an image: erased and approved, unless it is stopped when it begins to
    write; `every` as `--all` asks for it.
    """
    image = folder / "S3Z8NX0K123456"
    image.write_bytes(b"donor data " * 100_000)
    os.truncate(image, size_bytes)
    host = host or make_laptop(folder / "laptop").host()
    order = Order(
        targets=(str(image),),
        every_unused=False,
        wish=Wish(method="dod-short" if stops else "nist-clear"),
        image=True,
        profiles=(),
        out=folder / "out",
        state=folder / "state",
        lang="fr",
        overrides=Overrides(operator="Ada"),
    )
    prepared = prepare(order, host)
    asked = replace(prepared, order=replace(order, every_unused=every))

    def on_event(_name: str, event: ProgressEvent) -> None:
        if event.phase is Phase.CERTIFY:
            during()
        if stops is not None and not stops.count and event.phase is Phase.WRITE:
            stops.handle(signal.SIGTERM, None)

    return execute(
        asked, confirm_all(prepared.plans, ConfirmedBy.FLAG), host, on_event, stops
    ), host


@pytest.mark.parametrize(("every", "code"), [(True, NOT_WHOLE), (False, 0)])
def test_all_ends_well_only_where_the_computer_is_erased(
    every: bool, code: int, tmp_path: Path
) -> None:
    finished, _ = run(tmp_path, every=every)
    assert finished.exit_code == code


@pytest.mark.parametrize(
    ("plug", "late"),
    [
        ("pci0000:00/0000:00:17.0/ata3/host2/target2:0:0/2:0:0:0", True),  # spun up late
        ("pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/host6/target6:0:0/6:0:0:0", False),
    ],
)
def test_a_disk_that_came_while_the_run_worked_is_a_doubt(
    plug: str, late: bool, tmp_path: Path
) -> None:
    real = f"/sys/devices/{plug}/block/sdq"

    def come() -> None:
        laptop = Tree(tmp_path / "laptop")
        laptop.put(f"{real}/size", "4096")
        laptop.link("/sys/block/sdq", real)

    finished, host = run(tmp_path, every=True, during=come)
    note_late(finished.folder, host, ())  # a second look says it once more, and no more
    issued = certify_run(finished.folder, tmp_path / "state", host)
    machine = issued.record.machine
    assert machine is not None
    assert isinstance(machine.census, Known)
    told = [one for one in machine.census.value.gaps if one.why.code.endswith("came_later")]
    assert [dict(one.why.args)["names"] for one in told] == (["sdq"] if late else [])
    assert (Look.BLOCK in machine.census.value.looked) is not late
    assert finished.issued.record.machine == machine  # the run's own certificate has it


@pytest.mark.parametrize(
    ("again", "blank"),
    [
        (b"", True),
        (b"boot code of before", False),  # the card showed zeros at the census: it lied
        (None, False),  # it cannot be read any more
    ],
)
def test_an_area_that_read_as_blank_is_looked_at_again(
    again: bytes | None, blank: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no plan and no journal: the computer would count as erased, by one look alone."""
    area, size = tmp_path / "mmcblk0boot0", 64 << 10
    area.write_bytes(bytes(size))
    laptop = make_laptop(tmp_path / "laptop")
    laptop.put("/sys/block/mmcblk0boot0/size", str(size // 512))
    for module in ("census_cards", "late"):
        room = "recond.inspect" if module == "census_cards" else "recond.flow.run"
        monkeypatch.setattr(f"{room}.{module}.has_devices", lambda _: True, raising=False)
        monkeypatch.setattr(
            f"{room}.{module}.is_blank",
            lambda _path, count: is_blank(str(area), count),
            raising=False,
        )

    def lie() -> None:
        if again is None:
            area.unlink()
        else:
            area.write_bytes((again + bytes(size))[:size])

    finished, _ = run(tmp_path, every=True, during=lie, host=laptop.host())
    machine = finished.issued.record.machine
    assert machine is not None
    assert isinstance(machine.census, Known)
    (found,) = [one for one in machine.census.value.media if one.kind is Kind.BOOT_AREA]
    assert found.reach is (Reach.EMPTY if blank else Reach.READY)


LATE = "/sys/devices/pci0000:00/0000:00:17.0/ata3/host2/target2:0:0/2:0:0:0/block/sdq"


def plug_late(folder: Path, **dmi: str) -> Host:
    """The laptop with one disk more (or another computer, by its DMI strings)."""
    laptop = Tree(folder / "laptop")
    laptop.put(f"{LATE}/size", "4096")
    laptop.link("/sys/block/sdq", LATE)
    renumber(laptop, dmi)
    return laptop.host()


def renumber(laptop: Tree, dmi: dict[str, str]) -> None:
    """Give a computer other numbers; its tables, which tell the old ones, go."""
    if dmi:
        (laptop.root / "sys/firmware/dmi/tables/DMI").unlink()
    for name, text in dmi.items():
        laptop.put(f"/sys/class/dmi/id/{name}", text)


def late_of(record: WipeRecord) -> list[str]:
    machine = record.machine
    assert machine is not None
    assert isinstance(machine.census, Known)
    gaps = machine.census.value.gaps
    return [str(dict(one.why.args)["names"]) for one in gaps if one.why.code.endswith("came_later")]


def stopped_run(folder: Path) -> Finished:
    stopped, _ = run(folder, every=True, size_bytes=96 << 20, stops=StopCount())
    assert stopped.exit_code == 128 + signal.SIGTERM
    assert late_of(stopped.issued.record) == []
    return stopped


def test_a_disk_that_came_before_the_run_was_taken_up_is_a_doubt(tmp_path: Path) -> None:
    stopped_run(tmp_path)
    (again,) = resume_runs(tmp_path / "state", None, plug_late(tmp_path), quiet)
    assert again.exit_code == NOT_WHOLE
    assert late_of(again.issued.record) == ["sdq"]


def test_a_disk_that_came_before_the_first_record_is_a_doubt(tmp_path: Path) -> None:
    """Killed between the last byte and the record, the run is certified by another command."""
    finished, _ = run(tmp_path, every=True)
    finished.folder.issued.unlink()
    host = plug_late(tmp_path)
    issued = certify_again(finished.folder, tmp_path / "state", host, None, "fr")
    assert late_of(issued.record) == ["sdq"]
    again = certify_again(finished.folder, tmp_path / "state", host, None, "fr")
    assert late_of(again.record) == ["sdq"]


def test_another_computer_says_nothing_of_the_one_that_the_run_began_on(tmp_path: Path) -> None:
    stopped_run(tmp_path)
    other = {"product_serial": "PC0OTHER", "board_serial": "L1HF99G099R"}
    host = plug_late(tmp_path, **other, product_uuid="11112222-3333-4444-8555-666677778888")
    (again,) = resume_runs(tmp_path / "state", None, host, quiet)
    assert late_of(again.issued.record) == []
    assert not_looked_again(again.issued.record)
    assert again.exit_code == NOT_WHOLE
    assert not is_whole(host.files, Places(tmp_path / "state", tmp_path / "out"))


BOARD = "L1HF83G012R"
NAMELESS = dict.fromkeys(("product_serial", "product_uuid", "board_serial"), "None")


def not_looked_again(record: WipeRecord) -> bool:
    """Whether the census says that the list of disks was not made again where the run began."""
    assert record.machine is not None
    assert isinstance(record.machine.census, Known)
    census = record.machine.census.value
    told = any(one.why.code.endswith("gap.elsewhere") for one in census.gaps)
    assert told is (Look.BLOCK not in census.looked)
    return told


@pytest.mark.parametrize(
    ("dmi", "away"),
    [
        ({}, False),  # the same computer, booted again
        ({"product_serial": "PC0OTHER", "board_serial": BOARD}, True),  # which of them is true?
        ({"product_serial": "PF1ABCDE", "board_serial": BOARD}, False),
        (NAMELESS, True),
    ],
)
def test_only_the_computer_that_a_run_began_on_is_looked_at_for_it(
    dmi: dict[str, str], away: bool, tmp_path: Path
) -> None:
    stopped = stopped_run(tmp_path)
    laptop = Tree(tmp_path / "laptop")
    laptop.put("/proc/sys/kernel/random/boot_id", "another")
    renumber(laptop, dmi)
    note_late(stopped.folder, laptop.host(), ())
    issued = certify_run(stopped.folder, tmp_path / "state", laptop.host())
    assert not_looked_again(issued.record) is away


def test_back_where_it_began_a_run_is_looked_at_again(tmp_path: Path) -> None:
    stopped = stopped_run(tmp_path)
    home = Tree(tmp_path / "laptop").host()
    other = make_laptop(tmp_path / "other")
    renumber(other, {"product_serial": "PC0OTHER"})
    note_late(stopped.folder, other.host(), ())
    assert not_looked_again(certify_run(stopped.folder, tmp_path / "state", home).record)
    note_late(stopped.folder, home, ())
    assert not not_looked_again(certify_run(stopped.folder, tmp_path / "state", home).record)


def test_in_its_own_boot_a_computer_without_a_number_is_itself(tmp_path: Path) -> None:
    laptop = make_laptop(tmp_path / "laptop")
    renumber(laptop, NAMELESS)
    laptop.put("/proc/sys/kernel/random/boot_id", "6f1a0c1e-0d2b-4a55-9a37-0a4f5f4d7a11")
    finished, host = run(tmp_path, every=True, host=laptop.host())
    note_late(finished.folder, host, ())
    assert not not_looked_again(certify_run(finished.folder, tmp_path / "state", host).record)
    laptop.put("/proc/sys/kernel/random/boot_id", "11111111-0d2b-4a55-9a37-0a4f5f4d7a11")
    note_late(finished.folder, host, ())
    assert not_looked_again(certify_run(finished.folder, tmp_path / "state", host).record)


def test_certify_ends_as_the_run_did(tmp_path: Path) -> None:
    finished, host = run(tmp_path, every=True)
    again = certify_again(finished.folder, tmp_path / "state", host, None, "fr")
    assert finished_of(finished.folder, again).exit_code == NOT_WHOLE
    assert follow(finished.folder, tmp_path / "state", host, quiet).exit_code == NOT_WHOLE
    done = recond("certify", finished.folder.run_id, folder=tmp_path)
    assert done.code == NOT_WHOLE, done.stderr


def test_resume_ends_as_the_run_would_have(tmp_path: Path) -> None:
    stopped, _ = run(tmp_path, every=True, size_bytes=96 << 20, stops=StopCount())
    assert stopped.exit_code == 128 + signal.SIGTERM
    done = recond("resume", folder=tmp_path)
    assert done.code == NOT_WHOLE, done.stderr
    assert recond("resume", folder=tmp_path).code == 0  # nothing is left to go on with


def test_resume_of_named_disks_says_nothing_of_a_computer(tmp_path: Path) -> None:
    stopped, _ = run(tmp_path, every=False, size_bytes=96 << 20, stops=StopCount())
    assert stopped.exit_code == 128 + signal.SIGTERM
    assert recond("resume", folder=tmp_path).code == 0


def test_a_word_needs_a_name_and_a_key_of_its_kind(tmp_path: Path) -> None:
    finished, host = run(tmp_path, every=False)
    folder, machine = finished.folder, finished.issued.record.machine
    assert machine is not None
    assert isinstance(machine.census, Known)
    (medium, *_) = machine.census.value.media
    before = (folder.path / "run.json").read_bytes()
    for said, key, name in (
        (Said.REMOVED, "no-such-key", "Ada"),
        (Said.CHECKED, medium.key, "Ada"),  # a disk is never "checked"
        (Said.REMOVED, medium.key, "…"),
    ):
        with pytest.raises(UsageError):
            take_words(folder, ((said, key),), name, host.clock)
    assert (folder.path / "run.json").read_bytes() == before
    take_words(folder, ((Said.REMOVED, medium.key),), "Grace", host.clock)
    issued = certify_run(folder, tmp_path / "state", host)
    (word,) = issued.record.words
    assert (word.about, word.said, word.name) == (medium.key, Said.REMOVED, "Grace")
    take_words(folder, ((Said.DESTROYED, medium.key),), "Ada", host.clock)
    issued = certify_run(folder, tmp_path / "state", host)
    assert [(one.said, one.name) for one in issued.record.words] == [(Said.DESTROYED, "Ada")]


def test_no_word_is_taken_while_somebody_is_at_the_run(tmp_path: Path) -> None:
    finished, host = run(tmp_path, every=False)
    folder, machine = finished.folder, finished.issued.record.machine
    assert machine is not None
    assert isinstance(machine.census, Known)
    words = ((Said.REMOVED, machine.census.value.media[0].key),)
    before = (folder.path / "run.json").read_bytes()

    def again() -> Issued:
        return certify_again(
            folder, tmp_path / "state", host, None, "fr", words=words, operator="Ada"
        )

    with folder.supervised(wait=True) as mine:
        assert mine
        with pytest.raises(UsageError):
            again()
    assert (folder.path / "run.json").read_bytes() == before
    assert [one.name for one in again().record.words] == ["Ada"]


def test_a_word_before_a_power_cut_still_reaches_the_certificate(tmp_path: Path) -> None:
    """What `recond runs` tells of a run is what its certificate says, or that it is open."""
    finished, host = run(tmp_path, every=False)
    folder, machine = finished.folder, finished.issued.record.machine
    assert machine is not None
    assert isinstance(machine.census, Known)
    state = tmp_path / "state"
    take_words(folder, ((Said.REMOVED, machine.census.value.media[0].key),), "Ada", host.clock)
    (told,) = list_runs(state).runs
    assert (told.state, told.headline) == (RunState.OPEN, None)
    (again,) = resume_runs(state, None, host, lambda *_: None, StopCount())
    assert [one.name for one in again.issued.record.words] == ["Ada"]
    (told,) = list_runs(state).runs
    assert (told.state, told.signed) == (RunState.CERTIFIED, True)
