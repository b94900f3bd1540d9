"""Media are gone through anew only where something may have changed, and nothing is overlooked."""

from __future__ import annotations

import random
import socket
import time
from dataclasses import replace
from pathlib import Path

import pytest

from recond.flow.live import service
from recond.host import Host, stick_mount
from recond.host.stick_mount import CAME_FROM, Media, Partition, find_partitions
from tests.image.sysfs import INNER, STICK, FakeDisk, Machine

CARDS = (STICK, FakeDisk("sdc", 32, "RECOND", serial="CARD0002"), FakeDisk("sdd", 48, "DATEN"))


class Kernel:
    """Numbers its events, as `plug` and `pull` raise them."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.number = 1000
        self.event()

    def event(self) -> None:
        self.number += 1
        self.machine.write("sys/kernel/uevent_seqnum", str(self.number))


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One more for each time that all disks are gone through."""
    seen: list[int] = []

    def look(files: object) -> tuple[Partition, ...]:
        seen.append(1)
        return find_partitions(files)  # type: ignore[arg-type]

    monkeypatch.setattr(stick_mount, "find_partitions", look)
    return seen


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_it_is_what_a_whole_look_finds(tmp_path: Path, seed: int) -> None:
    print(f"seed {seed}")
    chance, machine = random.Random(seed), Machine(tmp_path)
    machine.plug(INNER)
    machine.came_from(STICK)
    kernel, media, here = Kernel(machine), Media(machine.files), dict[FakeDisk, FakeDisk]()
    for step in range(120):
        disk = chance.choice(CARDS)
        match chance.randrange(4):
            case 0 if disk not in here:
                here[disk] = replace(disk, diskseq=2000 + step)
                machine.plug(here[disk])
                kernel.event()
            case 1 if disk in here:
                machine.pull(disk)
                del here[disk]
                kernel.event()
            case 2:  # a person names it, or one that is not there
                machine.write(CAME_FROM.lstrip("/"), str(here.get(disk, disk).plugging))
        assert media.partitions(float(step)) == find_partitions(machine.files), (seed, step)


def test_where_nothing_happens_nothing_is_gone_through(tmp_path: Path, looks: list[int]) -> None:
    machine = Machine(tmp_path)
    machine.plug(STICK)
    machine.came_from(STICK)
    media = Media(machine.files)
    Kernel(machine)
    for now_s in (0.0, 2.0, 4.0, 14.0):
        assert [one.disk for one in media.partitions(now_s)] == ["sdb"]
    assert len(looks) == 1
    media.partitions(15.0)
    assert len(looks) == 2, "and now and then all the same"


def test_without_numbered_events_each_look_is_a_whole_one(tmp_path: Path, looks: list[int]) -> None:
    machine = Machine(tmp_path)
    media = Media(machine.files)
    media.partitions(0.0)
    media.partitions(2.0)
    assert len(looks) == 2


def test_a_label_that_udev_learns_after_the_event_is_seen(tmp_path: Path) -> None:
    """The kernel numbers an event before udev has looked at the disk."""
    machine = Machine(tmp_path)
    media, kernel = Media(machine.files), Kernel(machine)
    machine.plug(replace(STICK, label=None))
    kernel.event()
    assert media.partitions(0.0) == ()
    time.sleep(0.02)  # a file system's clock has steps
    machine.plug(STICK)  # its label comes into the database, without another event
    assert [one.disk for one in media.partitions(2.0)] == ["sdb"]


def test_another_disk_in_the_same_place_is_seen(tmp_path: Path) -> None:
    """Pulled and put back between two looks, and udev's database says what it said before."""
    machine = Machine(tmp_path)
    media, kernel = Media(machine.files), Kernel(machine)
    machine.plug(STICK)
    before = media.partitions(0.0)
    machine.write("sys/block/sdb/diskseq", "7777")
    kernel.event()
    assert before != media.partitions(2.0) == find_partitions(machine.files)


def test_who_waits_for_the_service_is_told_once_the_orders_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)

        def heard() -> str:
            try:
                return manager.recv(64).decode()
            except BlockingIOError:
                return "nothing"

        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setattr(service, "boot", lambda *_: said.append(f"boot {heard()}"))
        monkeypatch.setattr(service, "keep", lambda *_: said.append(f"keep {heard()}"))
        assert service.main(["serve"], Host()) == 0
    assert said == ["boot nothing", "keep READY=1"]
    monkeypatch.delenv("NOTIFY_SOCKET")
    service.tell_ready()  # nobody listens: nothing


def test_a_word_of_no_meaning_does_nothing() -> None:
    assert service.main(["boot"], Host()) == 2
