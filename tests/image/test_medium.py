"""The stick that recond came from is never offered, wherever its mount has gone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from recond.computer import Counts, Overall, conclude, counts
from recond.erasure import Status
from recond.flow.live.mirror import Places
from recond.flow.live.remaining import disks_left
from recond.flow.run.run import IN_USE
from recond.host.stick import MARKER, read_media, write_marker
from recond.host.stick_mount import Partition, booted_disks
from recond.host.usage import read_uses
from recond.locale import say
from recond.model import Message, Use
from recond.upload.facts import erasures_of
from tests.image.sysfs import INNER, STICK, FakeDisk, Machine, first_partition
from tests.upload.records import disk_erasure, record


@pytest.fixture
def live(tmp_path: Path) -> Machine:
    """A live system with its stick and the computer's own disk, after `boot`."""
    machine = Machine(tmp_path / "root")
    machine.plug(STICK)
    machine.plug(INNER)
    machine.came_from(STICK)
    mark(machine)
    return machine


def mark(machine: Machine) -> None:
    place = machine.root / MARKER.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    write_marker(read_media(machine.files, booted_disks(machine.files)), place)


def kinds(machine: Machine, name: str) -> set[str]:
    return {use.kind for use in read_uses(machine.files, name)}


def test_the_stick_is_the_medium_and_the_inner_disk_is_not(live: Machine) -> None:
    assert Use("medium", "sdb1", "RECOND") in read_uses(live.files, "sdb")
    assert kinds(live, "sda") == set()


def test_what_an_iso_file_lay_on_is_the_medium_whatever_it_is_called(tmp_path: Path) -> None:
    """Ventoy's stick, from memory: no mount names it any more, nothing on it is called RECOND."""
    machine = Machine(tmp_path / "root")
    ventoy = replace(STICK, label="Ventoy")
    for disk in (ventoy, INNER, FakeDisk("sdc", 32, "HOLIDAY", serial="OTHER")):
        machine.plug(disk)
    machine.came_from(ventoy)
    mark(machine)
    assert {name: kinds(machine, name) for name in ("sda", "sdb", "sdc")} == {
        "sda": set(),
        "sdb": {"medium"},
        "sdc": set(),
    }
    assert first_partition(machine.files) is None
    machine.pull(ventoy)
    machine.plug(replace(ventoy, name="sdd", number=48, diskseq=9))
    assert kinds(machine, "sdd") == {"medium"}
    machine.plug(FakeDisk("sde", 64, "RECOND", serial="ANOTHER"))
    found = first_partition(machine.files)
    assert found is not None
    assert (found.disk, found.own) == ("sde", False), "gets results, gives no orders and no keys"


@pytest.mark.parametrize("place", ["findiso", "fromiso"])
def test_where_the_iso_files_own_file_system_is_mounted_is_no_other_use(
    live: Machine, place: str
) -> None:
    """Below 2 GB the system runs from the file, and live-boot leaves it mounted there."""
    away = "21 1 0:20 / / rw - overlay overlay rw"
    there = f"29 1 8:17 / /run/live/{place} ro - vfat /dev/sdb1 ro"
    live.write("proc/self/mountinfo", f"{away}\n{there}")
    assert kinds(live, "sdb") == {"medium"}
    live.write("proc/self/mountinfo", f"{away}\n{there.replace('run/live/', 'mnt/')}")
    assert kinds(live, "sdb") == {"medium", "mount"}


def test_ventoys_mapping_of_its_iso_file_is_no_other_use_of_its_stick(live: Machine) -> None:
    """It stays when the system runs from memory: the stick is refused as the medium and as nothing
    else, and so does not count in the result. A mapping of the computer's own disk is a use.
    """
    away = "21 1 0:20 / / rw - overlay overlay rw"
    there = "30 1 254:0 / /run/live/medium ro - iso9660 /dev/mapper/ventoy ro"
    live.map_part(STICK)
    for mounts in (away, f"{away}\n{there}"):
        live.write("proc/self/mountinfo", mounts)
        assert kinds(live, "sdb") == {"medium"}
    live.write("proc/self/mountinfo", f"{away}\n31 1 254:0 / /mnt ro - iso9660 /dev/dm-0 ro")
    assert kinds(live, "sdb") == {"holder", "medium", "mount"}
    live.write("proc/self/mountinfo", away)
    live.map_part(INNER)
    assert kinds(live, "sda") == {"holder"}


def test_a_partition_of_that_name_beside_the_iso_file_is_this_starts_own(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "root")
    for disk in (STICK, FakeDisk("sdc", 32, "RECOND", serial="OTHER")):
        machine.plug(disk)
    machine.came_from(STICK)  # its first partition holds the file, says the memory disk
    found = first_partition(machine.files)
    assert found is not None
    assert (found.disk, found.own) == ("sdb", True)


def test_several_disks_below_one_iso_file_are_all_kept_and_none_gives_orders(
    tmp_path: Path,
) -> None:
    machine = Machine(tmp_path / "root")
    other = FakeDisk("sdc", 32, "RECOND", serial="OTHER")
    for disk in (STICK, other):
        machine.plug(disk)
    machine.write("run/recond/came-from", f"{STICK.plugging}\n{other.plugging}")
    mark(machine)
    assert booted_disks(machine.files) == {"sdb", "sdc"}
    assert kinds(machine, "sdb") == kinds(machine, "sdc") == {"medium"}
    found = first_partition(machine.files)
    assert found is not None
    assert not found.own


def test_put_back_in_another_place_before_udev_has_read_it(live: Machine) -> None:
    live.pull(STICK)
    live.plug(replace(STICK, name="sdc", number=32, label=None, diskseq=9))
    assert kinds(live, "sdc") == {"medium"}


def test_another_stick_with_our_label_is_never_offered_either(live: Machine) -> None:
    """Nor does it count as the stick: a donor's card of that label was not erased."""
    live.plug(FakeDisk("sdc", 32, "RECOND", serial="OTHER"))
    mark(live)
    assert kinds(live, "sdc") == {"label"}


def test_a_donors_card_of_our_label_is_left_of_the_computer(live: Machine, tmp_path: Path) -> None:
    card = FakeDisk("mmcblk0", 48, "RECOND", serial="0xc0ffee", plug="mmc_host", kind="SD")
    live.plug(card)
    mark(live)
    assert kinds(live, "mmcblk0") == {"label"}
    assert "mmcblk0" in disks_left(live.files, Places(tmp_path / "state", tmp_path / "out"))


def test_a_disk_like_the_stick_but_with_its_own_serial_is_offered(live: Machine) -> None:
    live.plug(replace(STICK, name="sdc", number=32, label=None, serial="STICK0002"))
    assert kinds(live, "sdc") == set()


def test_a_stick_without_serial_is_known_by_its_model_and_size(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    nameless = replace(STICK, serial=None)
    machine.plug(nameless)
    machine.came_from(nameless)
    mark(machine)
    machine.pull(nameless)
    machine.plug(replace(nameless, name="sdc", number=32, label=None))
    machine.plug(replace(nameless, name="sdd", number=48, label=None, size=4096))
    assert kinds(machine, "sdc") == {"medium"}
    assert kinds(machine, "sdd") == set()


LABELLED = replace(INNER, label="RECOND", diskseq=9)
"""A donor's own disk with a partition of our name."""


@pytest.mark.parametrize("label", ["RECOND", "RECOND_LIVE", "RECOND_EFI"])
def test_an_inner_disk_of_our_name_is_refused_and_is_not_the_stick(
    live: Machine, label: str
) -> None:
    live.plug(replace(INNER, label=label))
    mark(live)
    assert first_partition(live.files) == Partition("/dev/sdb1", "sdb1#116", "sdb", own=True)
    assert kinds(live, "sda") == {"label"}
    assert kinds(live, "sdb") == {"medium"}


@pytest.mark.parametrize(
    ("disk", "taken"),
    [
        (LABELLED, False),
        (replace(LABELLED, name="nvme0n1", plug="pci0"), False),
        (
            replace(LABELLED, name="mmcblk0", plug="mmc_host", kind="MMC"),
            False,
        ),  # eMMC: soldered in
        (replace(LABELLED, name="mmcblk0", plug="mmc_host", kind="SD"), True),
    ],
)
def test_settings_come_from_a_stick_or_a_card_only(
    live: Machine, disk: FakeDisk, taken: bool
) -> None:
    live.pull(INNER)
    live.plug(disk)
    found = first_partition(live.files)
    assert found is not None
    assert found.path == f"/dev/{STICK.part}"
    live.pull(STICK)
    assert (first_partition(live.files) is not None) is taken


@pytest.mark.parametrize("serial", ["INNER0001", None])
def test_the_inner_disk_that_the_system_came_from_is_its_medium(
    live: Machine, serial: str | None
) -> None:
    live.pull(INNER)
    live.plug(replace(LABELLED, serial=serial))
    live.write("run/recond/came-from", "")
    live.write("proc/self/mountinfo", "30 1 8:1 / /run/live/medium ro - iso9660 /dev/sda1 ro")
    mark(live)
    assert kinds(live, "sda") == {"medium"}
    found = first_partition(live.files)
    assert found is not None
    assert (found.path, found.own) == ("/dev/sda1", True)
    live.write("proc/self/mountinfo", "21 1 0:20 / / rw - overlay overlay rw")
    # without a name of its own it may be another one of that model
    assert kinds(live, "sda") == {"medium" if serial else "label"}


def test_an_inner_disk_of_our_name_makes_the_result_partial() -> None:
    """On page, seal, label and screen; the exit code keeps the computer from switching off."""
    refusal = Message.of("wipe.refusal.label", path="/dev/sda", node="sda1", where="RECOND")
    refused = disk_erasure(
        "INNER0001",
        status=Status.REFUSED,
        reasons=(refusal,),
    )
    whole = record(1, erasures=(disk_erasure("D"), refused))
    assert (counts(whole), conclude(whole).outcome) == (Counts(1, 1, 0), Overall.PARTIAL)
    assert erasures_of(whole) == whole.erasures
    assert "label" not in IN_USE
    for lang in ("fr", "en"):
        assert "wipefs --all /dev/sda1" in say(lang, refusal)


def test_elsewhere_an_old_stick_may_be_erased(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.plug(STICK)
    assert kinds(machine, "sdb") == set()


def test_where_the_boot_service_failed_the_label_still_counts(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.plug(STICK)
    (machine.root / "run/live").mkdir()
    assert kinds(machine, "sdb") == {"label"}


@pytest.mark.parametrize("text", ["", "{}", '{"media": [{}]}', '{"media": 1}', "[" * 100_000])
def test_a_damaged_marker_means_that_nothing_is_known(live: Machine, text: str) -> None:
    live.write(MARKER.lstrip("/"), text)
    assert "unreadable" in kinds(live, "sda")


def test_the_marker_keeps_what_was_known_before(live: Machine) -> None:
    live.pull(STICK)
    other = FakeDisk("sdc", 32, "RECOND_LIVE", serial="OTHER")
    live.plug(other)
    mark(live)
    live.pull(other)
    live.plug(replace(STICK, label=None))
    live.plug(replace(other, label=None))
    assert kinds(live, "sdb") == {"medium"}
    assert kinds(live, "sdc") == {"label"}, "never offered, and not the medium of this start"
