"""Photos from a folder: named by their digests, kept by the bench, in no erasure's way."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

import pytest

from recond.codec import from_json
from recond.documents import read_json
from recond.erasure import WipeRecord
from recond.errors import UsageError
from recond.flow.photos import FOLDER, MOST, find_photos, keep_photos
from recond.flow.runfolder import RunFolder
from recond.host.regular import read_regular
from recond.host.state import ROOM_BYTES
from recond.locale import NBSP, say
from recond.workshop import Photo
from tests.cli.command import recond
from tests.flow.bench import Bench, donor_image
from tests.guided.stage import MIB, images

PICTURE = b"\xff\xd8\xff\xe0 a scratch"


def album(folder: Path, *names: str) -> Path:
    place = folder / "album"
    place.mkdir(exist_ok=True)
    for name in names:
        (place / name).write_bytes(PICTURE + name.encode())
    return place


def codes(folder: Path) -> list[str]:
    return [one.code.removeprefix("cli.photos.") for one in find_photos(folder).left_out]


def test_pictures_of_a_folder_by_name_and_digest(tmp_path: Path) -> None:
    place = album(tmp_path, "b.JPG", "a.png", "notes.txt")
    (place / "b.JPG").rename(os.fsdecode(os.fsencode(place) + b"/b\x1b[31m\xff.JPG"))
    found = find_photos(place)
    assert found.photos[0].name == "a.png"
    assert "\x1b" not in found.photos[1].name
    assert found.photos[1].name.encode("utf-8").startswith(b"b")
    raw = PICTURE + b"a.png"
    assert found.photos[0] == Photo("a.png", len(raw), hashlib.sha256(raw).hexdigest())
    assert found.left_out == ()


def test_what_cannot_be_taken_over_is_left_out_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = album(tmp_path, "a.jpg")
    (place / "link.jpg").symlink_to(place / "a.jpg")
    os.mkfifo(place / "pipe.jpg")
    (unread,) = find_photos(place).left_out  # one line for all of a kind
    assert say("fr", unread) == (
        f"2 photos laissées, illisibles ou des liens{NBSP}: link.jpg, pipe.jpg"
    )
    assert len(find_photos(place).photos) == 1
    monkeypatch.setattr("recond.flow.photos.MOST_BYTES", 4)
    assert codes(place) == ["too_large", "unread"]
    monkeypatch.undo()
    many = album(tmp_path / "album", *(f"{number:02}.jpg" for number in range(MOST + 3)))
    assert codes(many) == ["too_many"]
    assert len(find_photos(many).photos) == MOST
    (tmp_path / "empty").mkdir()
    assert codes(tmp_path / "empty") == ["none"]
    with pytest.raises(UsageError):
        find_photos(tmp_path / "nowhere")
    assert find_photos(None).photos == ()


def test_what_changed_or_cannot_be_written_is_not_kept(tmp_path: Path) -> None:
    place, run = album(tmp_path, "a.jpg", "b.jpg"), tmp_path / "run"
    photos = find_photos(place).photos
    (place / "a.jpg").write_bytes(b"another one")
    keep_photos(place, photos, run)  # no such folder: the erasure goes on
    run.mkdir()
    keep_photos(place, photos, run)
    assert [one.name for one in (run / FOLDER).iterdir()] == [f"{photos[1].sha256}.jpg"]
    keep_photos(tmp_path / "pulled out", photos, run)


def test_an_album_is_not_read_through_nor_put_into_the_room_of_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A telephone's three thousand pictures stand between the confirmation and the erasure."""
    place, run = album(tmp_path, *(f"{number:02}.jpg" for number in range(60))), tmp_path / "run"
    photos = find_photos(place).photos
    run.mkdir()
    read: list[Path] = []

    def counted(file: Path, most_bytes: int) -> bytes:
        read.append(file)
        return read_regular(file, most_bytes)

    monkeypatch.setattr("recond.flow.photos.read_regular", counted)
    keep_photos(place, photos, run)
    assert len(list((run / FOLDER).iterdir())) == len(read) == MOST
    full = tmp_path / "full"
    full.mkdir()
    monkeypatch.setattr("recond.flow.photos.room_bytes", lambda _: ROOM_BYTES)
    keep_photos(place, photos, full)
    assert not list(full.iterdir())


def test_a_folder_that_does_not_answer_holds_nothing_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A share whose server is gone, a telephone that was unplugged: read for ever, before the
    question and again between the confirmation and the erasure.
    """
    place, run, never = album(tmp_path, "a.jpg", "b.jpg"), tmp_path / "run", threading.Event()
    run.mkdir()

    def hangs(file: Path, most_bytes: int) -> bytes:
        if file.name == "b.jpg":
            never.wait()
        return read_regular(file, most_bytes)

    whole = find_photos(place).photos
    monkeypatch.setattr("recond.flow.photos.read_regular", hangs)
    monkeypatch.setattr("recond.flow.photos.LOOK_S", 0.8)
    found = find_photos(place)
    assert [one.code for one in found.left_out] == ["cli.photos.slow"]
    assert found.photos == whole[:1]
    keep_photos(place, whole, run)
    assert [one.name for one in (run / FOLDER).iterdir()] == [f"{whole[0].sha256}.jpg"]
    never.set()


def test_the_record_bears_them_and_the_bench_keeps_them(tmp_path: Path) -> None:
    images(tmp_path, "a.img", size_bytes=MIB)
    place = album(tmp_path, "lid.jpg")
    (place / "link.jpg").symlink_to(place / "lid.jpg")
    erase = ("wipe", "--image", "a.img", "--confirm", "a.img", "--out", "out")
    done = recond("--state", "state", *erase, "--photos", str(place), folder=tmp_path)
    assert done.code == 0, done.stderr
    assert "link.jpg" in done.stderr
    (file,) = (tmp_path / "out").glob("*/record.json")
    record = from_json(WipeRecord, read_json(file.read_bytes()))
    assert [one.name for one in record.photos] == ["lid.jpg"]
    (kept,) = (tmp_path / "state" / "runs").glob(f"*/{FOLDER}/*")
    assert hashlib.sha256(kept.read_bytes()).hexdigest() == record.photos[0].sha256
    assert kept.stat().st_mode & 0o777 == 0o600
    assert recond("verify", str(file.parent), folder=tmp_path).code == 0


def test_no_resume_takes_up_a_run_while_its_pictures_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run was there and nobody held it: another terminal certified it as interrupted."""
    bench, held = Bench(tmp_path), list[bool]()

    def copies(folder: Path | None, photos: tuple[Photo, ...], place: Path) -> None:
        held.append(RunFolder(place).is_supervised())
        keep_photos(folder, photos, place)

    monkeypatch.setattr("recond.flow.run.run.keep_photos", copies)
    done = bench.run(donor_image(tmp_path / "a.img", 64 << 10))
    assert (done.exit_code, held) == (0, [True])
