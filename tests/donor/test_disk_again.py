"""`recond verify --disk`: the disk is read again, never written, and compared with its record."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from recond.certify.judge.expected_content import expected_fill
from recond.erasure import VerifyMode
from recond.flow.verify.disk import find_erasure, verify_disk
from recond.flow.verify.given_record import given_record
from recond.host.clock import SystemClock
from recond.host.realdisk import open_disk
from recond.host.signals import StopCount
from tests.cli.command import recond

SIZE = 3 * (1 << 20) + 5 * 512


def make_image(folder: Path, name: str = "donneur.img") -> Path:
    image = folder / name
    image.write_bytes((b"DONOR DATA %05d " % 7) * (SIZE // 17 + 1))
    with image.open("r+b") as stream:
        stream.truncate(SIZE)
    return image


def erased(folder: Path, image: Path, *more: str) -> Path:
    done = recond(
        "wipe", str(image), "--image", "--confirm", image.name, "--json", *more, folder=folder
    )
    return Path(str(json.loads(done.stdout)["folder"]))


def again(
    folder: Path, image: Path, certificate: Path, *more: str
) -> tuple[int, dict[str, object]]:
    done = recond(
        "verify", "--disk", str(image), "--image", "--json", str(certificate), *more, folder=folder
    )
    assert done.stdout, done.stderr
    return done.code, json.loads(done.stdout)["disk"]


def poke(image: Path, at: int, raw: bytes) -> None:
    with image.open("r+b") as stream:
        stream.seek(at)
        stream.write(raw)


@pytest.mark.parametrize("method", ["nist-clear", "dod-short", "bmb21-2019"])
def test_the_same_disk_then_one_changed_byte(method: str, tmp_path: Path) -> None:
    image = make_image(tmp_path)
    folder = erased(tmp_path, image, "--method", method)
    before = hashlib.sha256(image.read_bytes()).digest()
    code, disk = again(tmp_path, image, folder / "certificate.pdf")
    assert (code, disk["answer"], disk["compared_bytes"]) == (0, "same", SIZE)
    code, disk = again(tmp_path, image, folder, "--verify", "sample")
    assert (code, disk["answer"]) == (0, "same")
    assert hashlib.sha256(image.read_bytes()).digest() == before, "nothing was written"
    at = SIZE - 700
    poke(image, at, bytes([image.read_bytes()[at] ^ 1]))
    code, disk = again(tmp_path, image, folder / "record.jws")
    assert (code, disk["answer"], disk["mismatch_bytes"]) == (6, "differs", 512)
    assert disk["mismatch"] == [[at // 512 * 512, 512]]


def test_another_disk_is_not_compared(tmp_path: Path) -> None:
    image = make_image(tmp_path)
    folder = erased(tmp_path, image)
    other = make_image(tmp_path, "autre.img")
    code, disk = again(tmp_path, other, folder)
    assert (code, disk["answer"], disk["compared_bytes"]) == (4, "other-disk", 0)
    assert disk["candidates"] == {"donneur.img": ["serial"]}
    poke(image, SIZE, bytes(512))
    code, disk = again(tmp_path, image, folder)
    assert (code, disk["answer"]) == (4, "other-disk")
    assert disk["candidates"] == {"donneur.img": ["size_bytes"]}


def test_a_forged_certificate_does_not_pass_because_the_disk_is_blank(tmp_path: Path) -> None:
    image = make_image(tmp_path)
    folder = erased(tmp_path, image)
    raw = (folder / "record.json").read_bytes()
    forged = tmp_path / "forged.json"
    forged.write_bytes(raw.replace(b'"operator"', b'"operator" '))
    code, disk = again(tmp_path, image, forged)
    assert (code, disk["answer"]) == (7, "same")


def test_a_record_that_was_never_approved_says_so(tmp_path: Path) -> None:
    image = make_image(tmp_path)
    folder = erased(tmp_path, image, "--verify", "none")
    code, disk = again(tmp_path, image, folder)
    assert code == 6
    assert (disk["answer"], disk["approved"]) == ("unknown", False)
    notes = disk["notes"]
    assert isinstance(notes, list)
    assert {note["code"] for note in notes} == {
        "recheck.disk.not-approved",
        "recheck.disk.no-expectation",
    }


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("nowhere.img",), 2),
        (("donneur.img", "second"), 2),
        ((), 2),
        (("certificate", "--verify", "none"), 2),
        (("junk",), 2),
    ],
)
def test_bad_input_is_one_clear_line(arguments: tuple[str, ...], code: int, tmp_path: Path) -> None:
    image = make_image(tmp_path)
    (tmp_path / "junk").write_bytes(b"nothing of use")
    done = recond("verify", "--disk", str(image), "--image", *arguments, folder=tmp_path)
    assert done.code == code, done.stdout
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr


def endings(folder: Path) -> Callable[[str | None], object]:
    record, _ = given_record(folder)
    erasure = record.erasures[0]
    return lambda word: expected_fill(
        dataclasses.replace(
            erasure, verification=dataclasses.replace(erasure.verification, ending=word)
        )
    )


def test_what_the_record_expects_nothing_of_is_unknown(tmp_path: Path) -> None:
    fill = endings(erased(tmp_path, make_image(tmp_path)))
    assert fill("expected") == fill("zeros")
    assert fill("ones") not in (None, fill("zeros"))
    for word in ("mixed", "unreadable", "random", "pattern", "data", None):
        assert fill(word) is None


def test_a_stop_is_no_conclusion_but_a_difference_is_one(tmp_path: Path) -> None:
    image = make_image(tmp_path)
    folder = erased(tmp_path, image)
    stops = StopCount()
    stops.count = 1
    record, _ = given_record(folder)
    found = verify_disk(
        str(image),
        record,
        VerifyMode.FULL,
        image=True,
        clock=SystemClock(),
        stops=stops,
        progress=lambda done, total: None,
    )
    assert (found.answer, found.exit_code) == ("stopped", 130)
    poke(image, 0, b"\xaa" * 512)
    found = verify_disk(
        str(image),
        record,
        VerifyMode.FULL,
        image=True,
        clock=SystemClock(),
        stops=stops,
        progress=lambda done, total: None,
    )
    assert (found.answer, found.exit_code) == ("differs", 6)


def test_the_nearest_disk_comes_first(tmp_path: Path) -> None:
    image = make_image(tmp_path)
    record, _ = given_record(erased(tmp_path, image))
    one = record.erasures[0]
    far = dataclasses.replace(
        one,
        disk=dataclasses.replace(one.disk, serial="Z", size_bytes=512, logical_block_bytes=4096),
        plan=None,
    )
    near = dataclasses.replace(one, disk=dataclasses.replace(one.disk, serial="Y"))
    device = open_disk(str(image), False)
    try:
        identity = device.identity()
    finally:
        device.close()
    two = dataclasses.replace(record, erasures=(far, near))
    found, candidates = find_erasure(two, identity)
    assert found is None
    assert [token for token, _ in candidates] == ["Y", "Z"]
    assert find_erasure(record, identity)[0] == one
