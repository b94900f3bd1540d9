"""A package that somebody made to hurt: it is a package, or it is refused in words.

What was tried: names upwards, absolute, of folders, doubled, foreign; a link's mode; other ways of
packing (an LZMA header asks for gigabytes), a password; entries that overlap; a package in a
package; sizes that lie; a hole of a terabyte, a pipe and a link in a folder; bits flipped in real
packages (seeded). RECOND_SEED=N replays one.
"""

from __future__ import annotations

import io
import os
import random
import signal
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from recond.errors import RecondError, RecordInvalid
from recond.flow.deliver.export import export_table
from recond.flow.deliver.queue import import_queue
from recond.upload.package import (
    FILE_BYTES,
    Package,
    make_package,
    pack,
    peek_digest,
    read_folder,
    unpack,
)
from tests.upload.records import files_of, record

SEED = os.environ.get("RECOND_SEED")
ENTRY = b"PK\x01\x02"


@pytest.fixture(autouse=True)
def in_time() -> Iterator[None]:
    """Whoever waits for a pipe's other end fails."""
    signal.alarm(60)
    yield
    signal.alarm(0)


@pytest.fixture(scope="module")
def package() -> Package:
    return make_package(files_of(record()))


def zipped(files: list[tuple[str, bytes]], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        for name, raw in files:
            archive.writestr(zipfile.ZipInfo(name), raw, how)
    return out.getvalue()


def refused(raw: bytes, name: str) -> str:
    with pytest.raises(RecordInvalid) as caught:
        unpack(raw, name)
    return caught.value.message.code


@pytest.mark.parametrize(
    "name",
    [
        "../record.json",
        "/etc/passwd",
        "journals/../../x.jsonl",
        "journals/",
        "C:\\x.pdf",
        "other/x.pdf",
        "inner.zip",
        ".hidden.pdf",
        "a\nb.pdf",
    ],
)
def test_a_foreign_name_is_refused(package: Package, name: str) -> None:
    raw = zipped([*package.files, (name, b"x")])
    assert refused(raw, package.record_id) == "upload.package.name"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_doubled_name_is_refused(package: Package) -> None:
    raw = zipped([*package.files, package.files[0]])
    assert refused(raw, package.record_id) == "upload.package.name"


@pytest.mark.parametrize("how", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_another_packing_is_refused_unread(package: Package, how: int) -> None:
    """Cut in its data too, where a reader would have begun."""
    raw = zipped(list(package.files), how)
    assert refused(raw, package.record_id) == "upload.package.unreadable"
    torn = bytearray(raw)
    torn[60:90] = b"\xff" * 30
    assert refused(bytes(torn), package.record_id) == "upload.package.unreadable"
    with pytest.raises(RecordInvalid):
        peek_digest(bytes(torn))


def test_entries_over_one_another_unpack_to_no_more_than_they_say(package: Package) -> None:
    """Four thousand names of one stream (the bomb of D. Fifield, 2019)."""
    raw = zipped([("journals/0000.jsonl", bytes(1 << 20))])
    start, end = raw.index(ENTRY), raw.index(b"PK\x05\x06")
    one = raw[start:end]
    entries = b"".join(one.replace(b"0000.jsonl", b"%04d.jsonl" % n) for n in range(4000))
    count = (4000).to_bytes(2, "little") * 2
    size, at = len(entries).to_bytes(4, "little"), start.to_bytes(4, "little")
    bomb = raw[:start] + entries + b"PK\x05\x06" + bytes(4) + count + size + at + bytes(2)
    assert refused(bomb, package.record_id) == "upload.package.too_large"


def test_a_password_is_no_package(package: Package) -> None:
    raw = bytearray(pack(package))
    raw[6] |= 1  # APPNOTE 4.4.4, bit 0
    raw[raw.index(ENTRY) + 8] |= 1
    assert refused(bytes(raw), package.record_id) == "upload.package.unreadable"


def test_a_package_in_a_package_is_none(package: Package) -> None:
    assert refused(zipped([("record.json", pack(package))]), package.record_id) in (
        "upload.package.unreadable",
        "upload.package.schema",
    )


def test_what_lies_in_a_folder_fills_no_memory_and_holds_nobody_up(
    tmp_path: Path, package: Package
) -> None:
    for name in ("record.json", "x.pdf"):
        folder = tmp_path / name
        folder.mkdir()
        for file, raw in package.files:
            (folder / file).parent.mkdir(exist_ok=True)
            (folder / file).write_bytes(raw)
        with (folder / name).open("ab") as stream:
            stream.truncate(1 << 34)
        with pytest.raises(RecordInvalid, match=r"upload\.package\.too_large"):
            read_folder(folder)


@pytest.mark.parametrize("laid", ["pipe", "link", "hole"])
def test_a_strange_file_on_a_stick_is_named(tmp_path: Path, package: Package, laid: str) -> None:
    stick, odd = tmp_path / "stick", tmp_path / "stick" / "odd.zip"
    stick.mkdir()
    if laid == "pipe":
        os.mkfifo(odd)
    elif laid == "link":
        odd.symlink_to("/dev/zero")
    else:
        odd.write_bytes(b"")
        os.truncate(odd, FILE_BYTES * 8)
    found = import_queue(tmp_path / "state", stick)
    assert [name for name, _ in found.problems] == ["odd.zip"]
    assert not found.new
    (stick / f"{package.record_id}.zip").write_bytes(pack(package))
    out = export_table("homebox", (stick,), None, state=tmp_path, allow_unsigned=True)
    assert {name for name, _ in out.left_out} >= {"odd.zip"}


def flipped(raw: bytes, chance: random.Random) -> bytes:
    out, table = bytearray(raw), raw.index(ENTRY)
    for _ in range(chance.randint(1, 5)):
        at = chance.randrange(table if chance.random() < 0.5 else 0, len(out))
        out[at] = chance.choice((0, 1, 0x80, 0xFF, chance.randrange(256)))
    return bytes(out)


def test_no_flipped_package_does_harm(package: Package) -> None:
    read = 0
    for how in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        whole = zipped(list(package.files), how)
        for seed in [int(SEED)] if SEED else range(300):
            raw = flipped(whole, random.Random(seed))
            for reader in (lambda one: unpack(one, package.record_id), peek_digest):
                try:
                    reader(raw)
                    read += 1
                except RecondError:
                    continue
                except Exception as error:
                    raise AssertionError(f"RECOND_SEED={seed} how={how}") from error
    assert SEED or read
