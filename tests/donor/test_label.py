"""Stickers: the code reads from a thermal print, and no other label looks like an approved one."""

from __future__ import annotations

import dataclasses
import functools
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageOps, ImageStat

from recond.certify.pages.label import (
    Label,
    LabelProof,
    headline,
    is_label_file,
    render_roll,
    render_sheets,
)
from recond.certify.record import parse_record
from recond.certify.sign.keys import make_root_key
from recond.certify.sign.seal import read_seal
from recond.certify.verify.pdf_read import read_attachments
from recond.errors import BenchLacks, RecordInvalid, UsageError
from recond.flow.deliver.label import LabelsMade, make_labels, newest, print_labels
from recond.flow.keys.keyring import Keyring
from recond.host.process import Completed
from recond.locale import LANGS, Lang, say, text
from recond.model import Known
from tests.certify.papers import KINDS, LONG, corpus, files_of
from tests.cli.command import recond
from tests.donor.pages import folder_of

PLAIN = {"erased", "forty", "long-names", "word", "dock", "logo"}  # of a dock: its disks, by name
CELL_MM = (70, 37)
poppler = pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="pdftoppm is not installed")


@functools.cache
def label(kind: str = "erased", proof: LabelProof = LabelProof.PROVEN) -> Label:
    files = files_of(kind)
    page = next(raw for name, raw in files.items() if name.endswith(".pdf"))
    seal = read_attachments(page).get("seal.txt")
    return Label(
        parse_record(json.loads(files["record.json"])),
        LabelProof.UNSIGNED if kind == "unsigned" else proof,
        seal.decode() if seal and proof is LabelProof.PROVEN else None,
    )


def pictures(raw: bytes, folder: Path, dpi: int) -> list[Image.Image]:
    """The pages as a thermal printer prints them: black or white, no grey."""
    (folder / "labels.pdf").write_bytes(raw)
    subprocess.run(
        ["pdftoppm", "-mono", "-r", str(dpi), folder / "labels.pdf", folder / "page"], check=True
    )
    return [Image.open(file) for file in sorted(folder.glob("page-*.pbm"))]


def ink(
    picture: Image.Image, left: float, top: float, right: float, bottom: float, dpi: int = 203
) -> float:
    """The share of black in a rectangle, in millimetres from the upper left."""
    box = tuple(round(side * dpi / 25.4) for side in (left, top, right, bottom))
    part = picture.convert("L").crop(box)  # type: ignore[arg-type] # four whole numbers
    return 1 - float(ImageStat.Stat(part).mean[0]) / 255


def changed(of: Label, **system: Any) -> Label:
    machine = of.record.machine
    assert machine is not None
    machine = dataclasses.replace(machine, system=dataclasses.replace(machine.system, **system))
    return dataclasses.replace(of, record=dataclasses.replace(of.record, machine=machine))


# --- What it says ----------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("kind", KINDS)
def test_only_a_proven_erasure_is_plain(kind: str, lang: Lang) -> None:
    line, _, plain = headline(label(kind), lang)
    assert plain is (kind in PLAIN)
    good = {
        text(lang, f"certify.verdict.{word}")
        for word in ("erased", "erased-disks", "erased-virtual")
    }
    assert (line in good) is plain
    assert kind != "dock" or line != text(lang, "certify.verdict.erased")  # of disks, no computer
    for proof in (LabelProof.UNSIGNED, LabelProof.UNVERIFIED):
        line, detail, plain = headline(label(kind, proof), lang)
        assert not plain
        assert text(lang, "certify.verdict.erased") not in line + detail


def test_a_part_of_the_disks_is_not_plain() -> None:
    one = label()
    more = (*one.record.erasures, *label("rejected").record.erasures)
    mixed = dataclasses.replace(one, record=dataclasses.replace(one.record, erasures=more))
    assert headline(mixed, "fr")[::2] == (text("fr", "certify.verdict.partial"), False)
    empty = dataclasses.replace(one, record=dataclasses.replace(one.record, erasures=()))
    assert headline(empty, "fr")[::2] == (text("fr", "certify.verdict.nothing"), False)


@poppler
@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
@pytest.mark.parametrize("render", [render_roll, render_sheets])
def test_the_words_of_the_record_are_on_it(render: Any, tmp_path: Path) -> None:
    record = label().record
    judged = (dataclasses.replace(record.assessments[0], category="B-A"),)
    one = dataclasses.replace(label(), record=dataclasses.replace(record, assessments=judged))
    (tmp_path / "x.pdf").write_bytes(render([one], "fr"))
    words = subprocess.run(
        ["pdftotext", "-raw", tmp_path / "x.pdf", "-"], check=True, capture_output=True, text=True
    ).stdout
    for said in (
        "Dell Latitude 5490",
        "Catégorie entre B et A",
        "DONNÉES EFFACÉES",
        record.record_id,
        "24/11/2026",
        "16,4 ko",
        "INV-00421",
    ):
        assert said in " ".join(words.split()), said


# --- How it looks ----------------------------------------------------------------------------


@poppler
@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("render", [render_roll, render_sheets])
def test_the_code_reads_from_a_print(render: Any, dpi: int, tmp_path: Path) -> None:
    zxingcpp = pytest.importorskip("zxingcpp")
    given = [label(kind) for kind in ("erased", "rejected", "demonstration")]
    codes = [
        code.text
        for picture in pictures(render(given, "fr"), tmp_path, dpi)
        for code in zxingcpp.read_barcodes(ImageOps.expand(picture.convert("L"), 20, 255))
        if code.format == zxingcpp.BarcodeFormat.QRCode
    ]
    assert sorted(codes) == sorted(str(one.seal) for one in given)
    assert {read_seal(code)[0].record_id for code in codes} == {
        one.record.record_id for one in given
    }


@poppler
@pytest.mark.parametrize(
    ("number", "read"),
    [
        ("INV-00421", True),
        ("2026/0815 b", True),
        ("0123456789ABCDE", True),
        ("x" * 40, False),  # too long for the roll
        ("N° 12", False),  # a sign that the code lacks
        (None, False),
    ],
)
@pytest.mark.parametrize("dpi", [203, 300])
def test_the_inventory_number_is_scanned_from_a_print(
    number: str | None, dpi: int, tmp_path: Path, *, read: bool
) -> None:
    zxingcpp = pytest.importorskip("zxingcpp")
    one = label("erased")
    numbered = dataclasses.replace(
        one, record=dataclasses.replace(one.record, property_number=number)
    )
    (picture,) = pictures(render_roll([numbered], "fr"), tmp_path, dpi)
    found = zxingcpp.read_barcodes(ImageOps.expand(picture.convert("L"), 20, 255))
    told = [code.text for code in found if code.format == zxingcpp.BarcodeFormat.Code128]
    assert told == ([number] if read else [])
    assert [code.text for code in found if code.format == zxingcpp.BarcodeFormat.QRCode] == [
        one.seal
    ]


@poppler
@pytest.mark.parametrize("lang", LANGS)
def test_black_and_white_show_the_difference(lang: Lang, tmp_path: Path) -> None:
    kinds = [*KINDS, "unproven"]
    given = [
        label(kind) if kind in KINDS else label("erased", LabelProof.UNVERIFIED) for kind in kinds
    ]
    for kind, picture in zip(kinds, pictures(render_roll(given, lang), tmp_path, 203), strict=True):
        band = ink(picture, 5, 5, 57, 17)
        edge = ink(picture, 1, 20, 2.7, 60)
        if kind in PLAIN:
            assert band < 0.3, kind
            assert edge == 0, kind
        else:
            assert band > 0.6, kind
            assert 0.2 < edge < 0.8, kind


@poppler
def test_nothing_runs_over_the_edge(tmp_path: Path) -> None:
    wide = Known(LONG, "dmi")
    given = [
        label("long-names"),
        changed(label("forty"), maker=wide, model=wide),
        changed(label("erased"), maker=Known("W" * 300, "dmi")),
    ]
    (sheet,) = pictures(render_sheets(given, "fr"), tmp_path, 203)
    for number in range(len(given)):
        left = number * CELL_MM[0]
        for x, y, right, bottom in (
            (0, 0.5, 70, 3.4),
            (0, 34.6, 70, 37.4),
            (0, 0.5, 3.2, 37.4),
            (67, 0.5, 70, 37.4),
        ):
            assert ink(sheet, left + x, y, left + right, bottom) == 0, (number, x, y)
    assert ink(sheet, 0, 38, 210, 296) == 0


@poppler
@pytest.mark.parametrize(
    ("start", "count", "places"),
    [
        (1, 1, [{1}]),
        (24, 2, [{24}, {1}]),
        (5, 3, [{5, 6, 7}]),
        (23, 26, [{23, 24}, set(range(1, 25))]),
    ],
)
def test_a_sheet_that_was_begun(
    start: int, count: int, places: list[set[int]], tmp_path: Path
) -> None:
    raw = render_sheets([label("rejected")] * count, "fr", start)
    found = [
        {
            place + 1
            for place in range(24)
            if ink(
                picture,
                place % 3 * 70 + 5,
                place // 3 * 37 + 5,
                place % 3 * 70 + 30,
                place // 3 * 37 + 12,
                60,
            )
            > 0.3
        }
        for picture in pictures(raw, tmp_path, 60)
    ]
    assert found == places


def test_the_same_labels_are_the_same_bytes() -> None:
    assert render_roll([label()], "fr") == render_roll([label()], "fr")
    assert is_label_file(render_roll([label()], "fr"))
    assert not is_label_file(files_of("erased")["certificate.pdf"])


# --- The command -------------------------------------------------------------------------------


def made(folder: Path, *paths: Path, **more: Any) -> LabelsMade:
    options: dict[str, Any] = {"form": "roll-62", "start": 1, "lang": "fr", "state": corpus().state}
    return make_labels(paths, folder / "out.pdf", **{**options, **more})


def test_a_true_certificate_and_an_unsigned_one(tmp_path: Path) -> None:
    folder = folder_of("erased")
    for path in (folder, folder / "certificate.pdf", folder / "record.jws"):
        found = made(tmp_path, path)
        assert (found.exit_code, found.count, found.unproven) == (0, 1, ())
    unsigned = folder_of("unsigned")
    found = made(tmp_path, folder, unsigned, form="a4-24", start=23)
    assert (found.exit_code, found.unproven) == (7, ((str(unsigned), LabelProof.UNSIGNED),))
    assert is_label_file((tmp_path / "out.pdf").read_bytes())


def test_a_record_alone_or_by_a_stranger_is_marked(tmp_path: Path) -> None:
    folder = folder_of("erased")
    alone = tmp_path / "alone.json"
    alone.write_bytes((folder / "record.json").read_bytes())
    assert made(tmp_path, alone).unproven == ((str(alone), LabelProof.UNVERIFIED),)
    elsewhere = Keyring(tmp_path / "elsewhere")
    elsewhere.pin((make_root_key("un autre", corpus().clock.now()).certificate,))
    found = made(tmp_path, folder / "certificate.pdf", state=elsewhere.state)
    assert [proof for _, proof in found.unproven] == [LabelProof.UNVERIFIED]


def test_what_is_not_true_gets_no_label(tmp_path: Path) -> None:
    folder, files = folder_of("erased"), files_of("erased")
    broken = tmp_path / "certificate.pdf"
    for raw in (
        files["certificate.pdf"] + b"\n",
        files["certificate.pdf"].replace(b"/Lang (fr)", b"/Lang (en)"),
    ):
        broken.write_bytes(raw)
        with pytest.raises(RecordInvalid, match="false"):
            made(tmp_path, folder, broken)
    swapped = tmp_path / "swapped"
    shutil.copytree(folder, swapped)
    (swapped / "record.json").write_bytes(files_of("rejected")["record.json"])
    with pytest.raises(RecordInvalid):
        made(tmp_path, swapped)
    assert not (tmp_path / "out.pdf").exists()


@pytest.mark.parametrize(
    "options",
    [
        {"form": "a5"},
        {"start": 2},
        {"form": "a4-24", "start": 0},
        {"form": "a4-24", "start": 25},
    ],
)
def test_a_wrong_option(options: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        made(tmp_path, folder_of("erased"), **options)
    with pytest.raises(UsageError, match="none"):
        made(tmp_path)


def test_another_file_is_never_replaced(tmp_path: Path) -> None:
    certificate = files_of("erased")["certificate.pdf"]
    (tmp_path / "out.pdf").write_bytes(certificate)
    with pytest.raises(UsageError, match="exists"):
        made(tmp_path, folder_of("erased"))
    assert (tmp_path / "out.pdf").read_bytes() == certificate


def test_a_folder_of_certificates_is_a_label_each(tmp_path: Path) -> None:
    """What `recond-out` holds: one label a certificate, by name; a folder without one has none."""
    for name in ("erased", "rejected"):
        shutil.copytree(folder_of(name), tmp_path / "certificates" / name)
    empty = tmp_path / "certificates" / "notes"
    empty.mkdir()
    assert made(tmp_path, tmp_path / "certificates").count == 2
    with pytest.raises(UsageError, match=r"recheck\.record\.none"):
        made(tmp_path, empty)


def test_a_copy_in_a_folder_is_no_second_machine(tmp_path: Path) -> None:
    for name in ("first", "copy"):
        shutil.copytree(folder_of("erased"), tmp_path / "certificates" / name)
    assert made(tmp_path, tmp_path / "certificates").count == 1
    twice = [tmp_path / "certificates" / name for name in ("first", "copy")]
    assert made(tmp_path, *twice).count == 1  # as the shell writes out a folder's names


def test_of_a_record_issued_anew_the_last_issue_has_the_label() -> None:
    one = label()
    ledger = one.record.ledger
    assert ledger is not None
    # the clock was set back between the two: the ledger says which is the later
    later = dataclasses.replace(
        one,
        record=dataclasses.replace(
            one.record,
            issued_at="2020-01-01T00:00:00.000Z",
            ledger=dataclasses.replace(ledger, number=ledger.number + 1),
        ),
    )
    unproven = dataclasses.replace(later, proof=LabelProof.UNVERIFIED, seal=None)
    a, b, c = (Path(name) for name in "abc")
    for found in ([(a, one), (b, later), (c, unproven)], [(b, later), (c, unproven), (a, one)]):
        assert newest(found) == [(b, later), (c, unproven)]


@poppler
def test_a_label_for_each_disk_is_scanned_from_a_print(tmp_path: Path) -> None:
    """Its number as bars, the certificate's code, and its own verdict in the largest line."""
    zxingcpp = pytest.importorskip("zxingcpp")
    given = tmp_path / "certificates"
    for name in ("forty", "rejected"):
        shutil.copytree(folder_of(name), given / name)
    records = [label(name).record for name in ("forty", "rejected")]
    wanted = [one.disk.serial for found in records for one in found.erasures]
    done = made(tmp_path, given, per_disk=True)
    assert (done.count, done.exit_code) == (len(wanted), 0)
    pages = pictures((tmp_path / "out.pdf").read_bytes(), tmp_path, 203)
    assert len(pages) == len(wanted)
    for number in (0, len(wanted) - 1):
        image = ImageOps.expand(pages[number].convert("L"), 20, 255)
        found = {code.format: code.text for code in zxingcpp.read_barcodes(image)}
        assert found[zxingcpp.BarcodeFormat.Code128] == wanted[number]
        code = read_seal(found[zxingcpp.BarcodeFormat.QRCode])[0]
        assert code.record_id == records[-1 if number else 0].record_id
    assert ink(pages[0], 5, 5, 57, 17) < 0.3
    assert ink(pages[-1], 5, 5, 57, 17) > 0.6


def test_a_certificate_of_no_disk_has_no_label_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    none = dataclasses.replace(label(), record=dataclasses.replace(label().record, erasures=()))
    monkeypatch.setattr("recond.flow.deliver.label._label", lambda _path, _state: none)
    assert made(tmp_path, folder_of("erased")).count == 1
    with pytest.raises(UsageError, match="no-disk"):
        made(tmp_path, folder_of("erased"), per_disk=True)


class Spooler:
    """`lp` as it answers; keeps what it was given."""

    def __init__(self, code: int, out: str = "", err: str = "") -> None:
        self.code, self.out, self.err = code, out, err
        self.asked: list[tuple[str, ...]] = []

    def run(self, argv: tuple[str, ...], *, timeout_s: float = 30.0) -> Completed:
        self.asked.append(argv)
        return Completed(argv, self.code, self.out.encode(), self.err.encode(), 1)


@pytest.mark.parametrize(
    ("printer", "to"), [(None, ()), ("Brother_QL", ("-d", "Brother_QL")), ("-o", ("-d", "-o"))]
)
def test_the_labels_go_to_the_printer(
    printer: str | None, to: tuple[str, ...], tmp_path: Path
) -> None:
    labels = made(tmp_path, folder_of("erased"))
    spooler = Spooler(0, "request id is Brother_QL-12 (1 file(s))\n")
    assert print_labels(labels, spooler, printer).job == "Brother_QL-12"
    file = str(tmp_path / "out.pdf")
    assert spooler.asked == [("lp", *to, "-o", "print-scaling=none", "--", file)]


@pytest.mark.parametrize(
    ("spooler", "code"),
    [
        (Spooler(127), "label.print.missing"),
        (Spooler(1, err="lp: The printer or class does not exist.\n"), "label.print.refused"),
        (Spooler(124), "label.print.refused"),
    ],
)
def test_a_printer_that_takes_nothing_is_said(spooler: Spooler, code: str, tmp_path: Path) -> None:
    labels = made(tmp_path, folder_of("erased"))
    with pytest.raises(BenchLacks) as refused:
        print_labels(labels, spooler, "X")
    assert refused.value.message.code == code
    assert ".." not in say("fr", refused.value.message)
    assert is_label_file((tmp_path / "out.pdf").read_bytes())


def test_the_command(tmp_path: Path) -> None:
    folder = folder_of("erased")
    done = recond("--state", str(corpus().state), "label", str(folder), "--json", folder=tmp_path)
    assert (done.code, json.loads(done.stdout)["labels"]) == (0, 1)
    assert is_label_file((tmp_path / "recond-labels.pdf").read_bytes())
    done = recond(
        "--state",
        str(corpus().state),
        "--lang",
        "en",
        "label",
        str(folder),
        str(folder / "record.json"),
        "--format",
        "a4-24",
        "--start",
        "24",
        folder=tmp_path,
    )
    assert done.code == 7
    assert text("en", "label.mark.unverified") in done.stderr
