"""`recond update-stick`: another image around the workshop's own partition, cut off anywhere.

The sticks here are files with a table, a volume descriptor and a FAT partition as the image has
them; the real image was tried by hand.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import random
import shutil
import struct
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from recond.certify.releasenote import ReleaseFile, ReleaseNote, sign_note
from recond.certify.sign import keys
from recond.erasure import TargetKind
from recond.errors import BenchLacks, RecondError, RecordInvalid, SafetyRefusal, UsageError
from recond.flow.live import renew, stickcopy
from recond.flow.live.renew import Believed, StickUpdated, believe, update_stick
from recond.host import Host
from recond.host.block import BlockDevice, TakenPartition
from recond.host.realdisk import open_disk
from recond.host.stick_layout import ENTRY, OWN, TABLE_AT, is_own, marked, read_mark
from recond.host.target import read_target
from tests.cli.command import recond, valid

KIB, MIB = 1 << 10, 1 << 20
OWN_BYTES = 256 * KIB
NOW = "2026-12-02T10:00:00.000Z"


@pytest.fixture(scope="module")
def fat(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An own partition with a key, an order and results somewhere in it."""
    if shutil.which("mkfs.fat") is None:
        pytest.skip("no mkfs.fat on this computer")
    file = tmp_path_factory.mktemp("fat") / "own"
    file.write_bytes(bytes(OWN_BYTES))
    subprocess.run(["mkfs.fat", "-n", "RECOND", file], check=True, capture_output=True)
    raw = bytearray(file.read_bytes())
    for at in range(64 * KIB, OWN_BYTES, 64):
        raw[at : at + 64] = b"KEY, ORDERS AND RESULTS OF THE WORKSHOP ".ljust(64, b".")
    return bytes(raw)


def image(name: str, body_bytes: int, own: bytes) -> bytes:
    """What `make image` makes: table, volume, the system, and the own partition behind it."""
    raw = bytearray(random.Random(name).randbytes(body_bytes))
    raw[440:512] = bytes(72)
    raw[512:1024] = bytes(512)
    raw[16 * 2048 : 17 * 2048] = (b"\x01CD001\x01\0" + bytes(32) + b"RECOND_LIVE".ljust(32)).ljust(
        2048, b"\0"
    )
    for number, (kind, start, sectors) in enumerate(
        ((0xCD, 64, 64), (0xEF, 128, 8), (0x0C, body_bytes // 512, len(own) // 512))
    ):
        at = TABLE_AT + number * ENTRY.size
        raw[at : at + ENTRY.size] = ENTRY.pack(0, b"\0" * 3, kind, b"\0" * 3, start, sectors)
    raw[510:512] = b"\x55\xaa"
    return bytes(raw) + own


def expected(new: bytes, body_bytes: int, own: bytes) -> bytes:
    """The stick's first bytes once it is whole: written here without the code under test."""
    table = bytearray(new[:512])
    at = TABLE_AT + OWN * ENTRY.size
    struct.pack_into("<I", table, at + 12, len(own) // 512)
    if len(new) - body_bytes != len(own):
        table[at + 5 : at + 8] = b"\xfe\xff\xff"
    return bytes(table) + new[512:body_bytes] + own


class Bench:
    """A stick that has been in use, a newer image, and a state."""

    def __init__(self, folder: Path, fat: bytes, old_bytes: int, new_bytes: int) -> None:
        self.stick, self.iso, self.state = folder / "cle-4711.img", folder / "new.iso", folder / "s"
        self.own, self.new_bytes = fat, new_bytes
        self.stick.write_bytes(image("old", old_bytes, fat) + b"BEHIND" * (MIB // 6))
        empty = fat[: 64 * KIB] + bytes(OWN_BYTES - 64 * KIB)
        self.iso.write_bytes(image("new", new_bytes, empty))
        self.state.mkdir()

    @property
    def believed(self) -> Believed:
        return Believed(self.iso, hashlib.sha256(self.iso.read_bytes()).hexdigest(), None)

    def update(self, typed: str = "4711.img", believed: Believed | None = None) -> StickUpdated:
        return update_stick(
            str(self.stick),
            believed or self.believed,
            lambda _disk: typed,
            self.state,
            Host(),
            lambda _permille: None,
            is_image=True,
        )

    def is_whole(self) -> bool:
        wanted = expected(self.iso.read_bytes(), self.new_bytes, self.own)
        return self.stick.read_bytes()[: len(wanted)] == wanted


SIZES = ((512 * KIB, 512 * KIB), (512 * KIB, 640 * KIB), (640 * KIB, 512 * KIB), (MIB, 512 * KIB))
"""The old and the new system: as large, larger, smaller by less and by more than the partition."""


@pytest.mark.parametrize("sizes", SIZES)
def test_the_system_is_new_and_the_partition_as_it_was(
    sizes: tuple[int, int], tmp_path: Path, fat: bytes
) -> None:
    bench = Bench(tmp_path, fat, *sizes)
    found = bench.update()
    assert bench.is_whole()
    assert (found.kept_bytes, found.resumed, found.serial) == (OWN_BYTES, False, "cle-4711.img")
    assert not list((bench.state / "sticks").iterdir()), "no copy of the key is left"
    assert bench.update().resumed is False
    assert bench.is_whole()


class Cut(BaseException):
    """The stick is pulled, or the power goes."""


class Pulled:
    """A disk of which only so many bytes are written, the last write in part."""

    def __init__(self, disk: BlockDevice, bytes_left: int) -> None:
        self._disk, self.left = disk, bytes_left

    def __getattr__(self, name: str) -> object:
        return getattr(self._disk, name)

    def write(self, offset_bytes: int, data: memoryview) -> int:
        part = data[: min(len(data), self.left) // 512 * 512]
        if part:
            self._disk.write(offset_bytes, part)
        self.left -= len(data)
        if self.left < 0:
            raise Cut
        return len(data)


@pytest.mark.parametrize("seed", range(24))
def test_cut_off_anywhere_it_is_finished_from_the_copy(
    seed: int, tmp_path: Path, fat: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    print("seed", seed)
    drawn = random.Random(seed)
    bench = Bench(tmp_path, fat, *SIZES[seed % len(SIZES)])
    before = bench.stick.read_bytes()
    written = 512 + OWN_BYTES + bench.new_bytes
    for cut in sorted(drawn.sample(range(0, written, 512), 2)):
        with monkeypatch.context() as patch:
            patch.setattr(
                renew, "open_disk", lambda path, writing, n=cut: Pulled(open_disk(path, writing), n)
            )
            with pytest.raises(Cut):
                bench.update()
        mark = read_mark(bench.stick.read_bytes()[:512])
        assert mark is not None or bench.stick.read_bytes() == before, "nothing without a mark"
        copies = list((bench.state / "sticks").iterdir())
        assert [one.name for one in copies] == ([mark] if mark else []), "no key without a mark"
    held = bench.stick.read_bytes()
    if read_mark(held[:512]) is not None:
        elsewhere = Bench.__new__(Bench)
        elsewhere.__dict__ |= bench.__dict__ | {"state": tmp_path / "other"}
        elsewhere.state.mkdir()
        with pytest.raises(BenchLacks) as refused:
            elsewhere.update()
        assert refused.value.message.code == "stick.update.elsewhere"
        assert bench.stick.read_bytes() == held
    assert bench.update().resumed is (read_mark(held[:512]) is not None)
    assert bench.is_whole()


def test_a_copy_that_somebody_changed_goes_onto_no_stick(
    tmp_path: Path, fat: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path, fat, *SIZES[1])
    with monkeypatch.context() as patch:
        patch.setattr(renew, "open_disk", lambda path, on: Pulled(open_disk(path, on), 4096))
        with pytest.raises(Cut):
            bench.update()
    (copy,) = (bench.state / "sticks").glob("*/own.img")
    raw = bytearray(copy.read_bytes())
    raw[-1] ^= 1
    copy.write_bytes(raw)
    with pytest.raises(BenchLacks) as refused:
        bench.update()
    assert refused.value.message.code == "stick.update.copy_changed"
    assert read_mark(bench.stick.read_bytes()[:512]) is not None, "and it is not called whole"


def change(at: int, content: bytes) -> Callable[[Bench], None]:
    def do(bench: Bench) -> None:
        with bench.stick.open("r+b") as file:
            file.seek(at)
            file.write(content)

    return do


def other_label(bench: Bench) -> None:
    raw = bench.stick.read_bytes().replace(b"RECOND     ", b"PHOTOS     ")
    bench.stick.write_bytes(raw)


def table(number: int, kind: int, start: int, sectors: int) -> Callable[[Bench], None]:
    entry = ENTRY.pack(0, b"\0" * 3, kind, b"\0" * 3, start, sectors)
    return change(TABLE_AT + number * ENTRY.size, entry)


def cut_short(bench: Bench) -> None:
    os.truncate(bench.stick, 512 * KIB + OWN_BYTES)


REFUSED = {
    "a donor's disk": (change(0, bytes(64 * KIB)), "stick.update.not_ours"),
    "another volume": (change(16 * 2048 + 40, b"DEBIAN LIVE"), "stick.update.not_ours"),
    "a table of the new kind": (change(512, b"EFI PART"), "stick.update.not_ours"),
    "a partition of another name": (other_label, "stick.update.not_ours"),
    "a fourth partition": (
        change(TABLE_AT + 3 * ENTRY.size, ENTRY.pack(0, b"abc", 7, b"abc", 9000, 9)),
        "stick.update.fourth",
    ),
    "photos behind RECOND": (table(1, 0x0C, 1536, 512), "stick.update.table"),
    "an extended partition around it": (table(0, 0x05, 64, 1 << 20), "stick.update.table"),
    "RECOND past the end": (table(OWN, 0x0C, 1024, 1 << 20), "stick.update.table"),
    "RECOND beyond the end": (table(OWN, 0x0C, 0xFFFFFFFF, 0xFFFFFFFF), "stick.update.table"),
    "RECOND in the volume": (table(OWN, 0x0C, 8, 512), "stick.update.table"),
    "too small": (cut_short, "stick.update.small"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_nothing_is_written_onto_anything_else(name: str, tmp_path: Path, fat: bytes) -> None:
    bench = Bench(tmp_path, fat, *SIZES[1])
    spoil, code = REFUSED[name]
    spoil(bench)
    held = bench.stick.read_bytes()
    with pytest.raises(RecondError) as refused:
        bench.update()
    assert refused.value.message.code == code
    assert bench.stick.read_bytes() == held
    assert not (bench.state / "sticks").exists()


@pytest.mark.parametrize("start", [1, 64, 0x7FFFFFFF])
def test_an_image_of_an_odd_table_goes_onto_no_stick(
    start: int, tmp_path: Path, fat: bytes
) -> None:
    bench = Bench(tmp_path, fat, *SIZES[1])
    raw = bytearray(bench.iso.read_bytes())
    struct.pack_into("<I", raw, TABLE_AT + OWN * ENTRY.size + 8, start)
    raw[start * 512 : start * 512 + 512] = fat[:512] if start < len(raw) // 512 else b""
    raw[16 * 2048 : 16 * 2048 + 72] = b"\x01CD001\x01\0" + bytes(32) + b"RECOND_LIVE".ljust(32)
    bench.iso.write_bytes(raw)
    held = bench.stick.read_bytes()
    with pytest.raises(UsageError) as refused:
        bench.update()
    assert refused.value.message.code == "stick.update.table"
    assert bench.stick.read_bytes() == held


def cut_off(bench: Bench, monkeypatch: pytest.MonkeyPatch, after_bytes: int = 128 * KIB) -> str:
    """The number of the mark of a stick that was pulled in the middle."""
    with monkeypatch.context() as patch:
        patch.setattr(renew, "open_disk", lambda path, on: Pulled(open_disk(path, on), after_bytes))
        with pytest.raises(Cut):
            bench.update()
    number = read_mark(bench.stick.read_bytes()[:512])
    assert number is not None
    return number


def test_a_marked_stick_has_nothing_to_start_by(
    tmp_path: Path, fat: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of one system and half of another would be no system that may erase."""
    bench = Bench(tmp_path, fat, *SIZES[1])
    for after_bytes in (65 * KIB, 400 * KIB, bench.new_bytes + OWN_BYTES - KIB):
        cut_off(bench, monkeypatch, after_bytes)
        head = bench.stick.read_bytes()[: 64 * KIB]
        assert not any(head[8:440]), "no code"
        assert not any(head[TABLE_AT:510]), "no partition"
        assert not any(head[512:]), "no volume, no El Torito"


def test_what_was_made_of_a_marked_stick_since_is_not_written_over(
    tmp_path: Path, fat: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path, fat, *SIZES[1])
    cut_off(bench, monkeypatch)
    table(0, 0x0C, 1024, 512)(bench)  # fdisk keeps the signature and the two bytes behind it
    held = bench.stick.read_bytes()
    with pytest.raises(UsageError) as refused:
        bench.update()
    assert refused.value.message.code == "stick.update.not_ours"
    assert bench.stick.read_bytes() == held


def test_a_stick_that_changed_during_the_question_is_not_written(
    tmp_path: Path, fat: bytes
) -> None:
    bench = Bench(tmp_path, fat, *SIZES[0])

    def ask(_disk: object) -> str:
        table(3, 0x0C, 4096, 64)(bench)
        return "4711.img"

    words = (bench.believed, ask, bench.state, Host(), lambda _permille: None)
    with pytest.raises(SafetyRefusal) as refused:
        update_stick(str(bench.stick), *words, is_image=True)
    assert refused.value.message.code == "stick.update.other_table"
    assert not (bench.state / "sticks").exists()


class Odd:
    """A disk of which one answer is another one."""

    def __init__(self, disk: BlockDevice, **answers: object) -> None:
        self._disk = disk
        self.__dict__ |= answers

    def __getattr__(self, name: str) -> object:
        return getattr(self._disk, name)


def refused_by(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, make: Callable[[BlockDevice], object]
) -> str:
    with monkeypatch.context() as patch:
        patch.setattr(renew, "open_disk", lambda path, on: make(open_disk(path, on)))
        with pytest.raises(RecondError) as refused:
            bench.update()
    return refused.value.message.code


def test_a_partition_that_somebody_has_open_is_not_written_over(
    tmp_path: Path, fat: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path, fat, *SIZES[0])
    held = bench.stick.read_bytes()
    kept = (TakenPartition("sdx3", 3, 0, 512, errno.EBUSY),)
    code = refused_by(bench, monkeypatch, lambda disk: Odd(disk, take_partitions=lambda: kept))
    assert (code, bench.stick.read_bytes()) == ("wipe.refusal.partition", held)


def test_a_stick_that_reads_differently_each_time_leaves_no_copy_of_its_key(
    tmp_path: Path, fat: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path, fat, *SIZES[0])

    def make(disk: BlockDevice) -> Odd:
        def read(at: int, buffer: memoryview) -> int:
            done = disk.read_into(at, buffer)
            if len(buffer) > 512:
                buffer[-1] = next(reads)
            return done

        reads = iter(range(9))
        return Odd(disk, read_into=read)

    assert refused_by(bench, monkeypatch, make) == "stick.update.unsteady"
    assert not list((bench.state / "sticks").iterdir())


LIES: dict[str, tuple[Callable[[int], int | None], str]] = {
    "drops all": (lambda _at: None, "stick.update.deaf"),
    "drops past the middle": (lambda at: at if at < 384 * KIB else None, "stick.update.read_back"),
    "is half as large": (lambda at: at % (384 * KIB), "stick.update.read_back"),
}


@pytest.mark.parametrize("name", LIES)
def test_a_stick_that_lies_about_its_writing_is_not_called_whole(
    name: str, tmp_path: Path, fat: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The partition's copy stays where something was written, and finishes an honest stick."""
    bench = Bench(tmp_path, fat, *SIZES[1])
    place, code = LIES[name]
    held = bench.stick.read_bytes()

    def make(disk: BlockDevice) -> Odd:
        def write(at: int, data: memoryview) -> int:
            for start in range(0, len(data), 512):
                to = place(at + start)
                if to is not None:
                    disk.write(to, data[start : start + 512])
            return len(data)

        return Odd(disk, write=write)

    assert refused_by(bench, monkeypatch, make) == code
    copies = list((bench.state / "sticks").glob("*/own.img"))
    if code == "stick.update.deaf":
        assert (copies, bench.stick.read_bytes()) == ([], held)
        return
    assert [one.read_bytes() for one in copies] == [fat]
    bench.stick.write_bytes(marked(copies[0].parent.name) + held[512:])
    assert bench.update().resumed
    assert bench.is_whole()


@pytest.mark.parametrize("kind", ["12", "32"])
def test_a_partition_that_windows_formatted_is_known_by_its_root_folder(
    kind: str, tmp_path: Path, fat: bytes
) -> None:
    file = tmp_path / "own"
    file.write_bytes(bytes(MIB))
    made = ("mkfs.fat", "-F", kind, "-n", "RECOND", str(file))
    subprocess.run(made, check=True, capture_output=True)
    raw = bytearray(file.read_bytes())
    at = raw.index(b"RECOND     ", 0, 512)
    raw[at : at + 11] = b"NO NAME    "

    def is_named() -> bool:
        return is_own(lambda at, length: bytes(raw[at : at + length]), 0, len(raw))

    assert is_named()
    at = raw.index(b"RECOND     \x08")
    raw[at : at + 6] = b"PHOTOS"
    assert not is_named()
    raw[13:24], raw[36:48] = b"\xff" * 11, b"\xff" * 12
    assert not is_named(), "and a boot sector of nonsense is none"


def test_a_state_that_takes_no_copy_is_named(tmp_path: Path, fat: bytes) -> None:
    bench = Bench(tmp_path, fat, *SIZES[0])
    held = bench.stick.read_bytes()
    (bench.state / "sticks").write_bytes(b"")
    with pytest.raises(BenchLacks) as refused:
        bench.update()
    assert refused.value.message.code == "stick.update.cannot.keep"
    assert bench.stick.read_bytes() == held


def test_a_copy_that_stays_is_named(
    tmp_path: Path, fat: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds the key: one that could not be deleted, one of a stick that never came back."""
    bench = Bench(tmp_path, fat, *SIZES[0])
    with monkeypatch.context() as patch:
        patch.setattr("shutil.rmtree", lambda folder: folder.rmdir())  # not empty
        with pytest.raises(BenchLacks) as refused:
            bench.update()
    assert refused.value.message.code == "stick.update.copy_left"
    assert bench.is_whole()
    cut_off(bench, monkeypatch)
    bench.stick.write_bytes(image("old", 512 * KIB, fat) + b"BEHIND" * MIB)
    found = bench.update()
    assert found.copies_left == 1
    assert len(list((bench.state / "sticks").iterdir())) == 1, "the one without a note is gone"


def test_the_copys_folder_outlives_a_power_cut(
    tmp_path: Path, fat: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mark may be on the stick before the folder is in its own: all of them are synced."""
    bench = Bench(tmp_path, fat, *SIZES[0])
    synced: list[Path] = []
    monkeypatch.setattr(stickcopy, "sync_folder", synced.append)
    bench.update()
    assert {bench.state.parent, bench.state, bench.state / "sticks"} <= set(synced)


@pytest.mark.parametrize("typed", ["", "img", "9999", "x-cle-4711.img"])
def test_another_number_than_the_sticks_confirms_nothing(
    typed: str, tmp_path: Path, fat: bytes
) -> None:
    bench = Bench(tmp_path, fat, *SIZES[0])
    held = bench.stick.read_bytes()
    with pytest.raises(SafetyRefusal) as refused:
        bench.update(typed)
    assert refused.value.message.code == "stick.update.not_typed"
    assert bench.stick.read_bytes() == held
    assert not (bench.state / "sticks").exists()


def test_an_image_of_another_sum_is_not_begun_with(tmp_path: Path, fat: bytes) -> None:
    bench = Bench(tmp_path, fat, *SIZES[0])
    held = bench.stick.read_bytes()
    with pytest.raises(RecordInvalid):
        bench.update(believed=replace(bench.believed, sha256="0" * 64))
    assert bench.stick.read_bytes() == held
    assert not (bench.state / "sticks").exists()


def test_an_inner_disk_is_no_stick(tmp_path: Path, fat: bytes) -> None:
    bench = Bench(tmp_path, fat, *SIZES[0])
    target = read_target(str(bench.stick), image=True)
    inner = replace(target.identity, kind=TargetKind.BLOCK, bus="sata")
    with pytest.raises(SafetyRefusal) as refused:
        renew._refuse(replace(target, path="/dev/sdx", identity=inner), Host())
    assert [one.code for one in refused.value.reasons] == ["stick.update.no_stick"]


class Publisher:
    """A release as it is downloaded."""

    def __init__(self, folder: Path, iso: Path) -> None:
        self.iso, self.signing = iso, keys.make_bench_key("releases", "2026-12-01T00:00:00Z")
        self.pem, self.state = folder / "release.pem", folder / "state"
        self.pem.write_bytes(keys.pem(self.signing.certificate))
        self.publish("99.0.0")

    def publish(self, version: str) -> None:
        raw = self.iso.read_bytes()
        told = ReleaseFile(self.iso.name, len(raw), hashlib.sha256(raw).hexdigest())
        note = ReleaseNote(version, "2026-12-01", None, (told,))
        self.iso.with_suffix(".release.jws").write_bytes(sign_note(note, self.signing))

    def believe(self, note: Path | None = None, sha256: str | None = None) -> Believed:
        return believe(self.iso, note, sha256, self.pem, self.state, NOW)


def test_an_image_is_believed_by_a_note_or_by_its_sum(tmp_path: Path) -> None:
    iso = tmp_path / "recond.iso"
    iso.write_bytes(b"an image")
    release = Publisher(tmp_path, iso)
    assert release.believe().version == "99.0.0"
    assert release.believe(sha256="AB" * 32) == Believed(iso, "ab" * 32, None)
    with pytest.raises(UsageError):
        release.believe(sha256="12")
    release.publish("0.0.1")
    with pytest.raises(SafetyRefusal):
        release.believe()
    release.publish("99.0.0")
    elsewhere = tmp_path / "note" / "recond.release.jws"
    elsewhere.parent.mkdir()
    shutil.copy(iso.with_suffix(".release.jws"), elsewhere)
    assert release.believe(note=elsewhere).version == "99.0.0"
    with pytest.raises(UsageError, match="note_and_sum"):
        release.believe(note=elsewhere, sha256="ab" * 32)  # which one was meant to be checked?
    iso.write_bytes(b"another!")
    with pytest.raises(RecordInvalid):
        release.believe()
    iso.with_suffix(".release.jws").unlink()
    with pytest.raises(UsageError):
        release.believe()


def test_a_person_is_asked_and_told(tmp_path: Path, fat: bytes) -> None:
    bench = Bench(tmp_path, fat, *SIZES[1])
    words = (str(bench.stick), str(bench.iso), "--image", "--sha256", bench.believed.sha256)
    refused = recond("update-stick", *words, folder=tmp_path, stdin="\n")
    assert (refused.code, "rien n’a été écrit" in refused.stderr) == (4, True)
    done = recond("update-stick", *words, "--json", folder=tmp_path, stdin="4711.img\n")
    assert done.code == 0, done.stderr
    assert valid(json.loads(done.stdout))["kept_bytes"] == OWN_BYTES
    assert bench.is_whole()
    assert "relu" in recond("update-stick", *words, folder=tmp_path, stdin="4711.img\n").stdout
