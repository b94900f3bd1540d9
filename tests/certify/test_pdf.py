"""The page: the same bytes everywhere, an archive by its own checker, readable from paper."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pikepdf import pdfa
from PIL import Image

from recond.certify.pages.certificate import Sheet, render
from recond.certify.sign.jws import read_jws
from recond.certify.sign.keys import issue_bench_key, make_bench_key, make_root_key
from recond.certify.sign.pdf_sign import sign_pdf
from recond.certify.sign.seal import read_seal, seal_holds
from recond.certify.verify import pdf_read
from recond.codec import canonical_bytes
from recond.locale import Lang, text
from tests.certify.papers import KINDS, LONG, corpus, files_of, issued
from tests.house import ROOT

SIGNED = [kind for kind in KINDS if kind != "unsigned"]


def pdf_of(kind: str, lang: Lang = "fr") -> bytes:
    return issued(kind, lang).certificate.read_bytes()


def needs(tool: str) -> str:
    found = shutil.which(tool)
    if found is None:
        pytest.skip(f"needs {tool}")
    return found


def words_of(raw: bytes) -> str:
    """A page's words in their order."""
    done = subprocess.run(
        [needs("pdftotext"), "-raw", "-", "-"], input=raw, capture_output=True, check=True
    )
    return done.stdout.decode()


def words(kind: str, lang: Lang = "fr", *options: str) -> str:
    done = subprocess.run(
        [needs("pdftotext"), *options, str(issued(kind, lang).certificate), "-"],
        capture_output=True,
        check=True,
    )
    return done.stdout.decode()


def unsigned_part(raw: bytes) -> bytes:
    """The first revision of a signed file: what was rendered."""
    end = raw.index(b"%%EOF", raw.index(b"startxref")) + len(b"%%EOF\n")
    return raw[:end]


# --- The same everywhere ---------------------------------------------------------------------

RENDER = """
import sys, pathlib, hashlib
from recond.certify.verify import pdf_read
from recond.certify.sign.jws import read_jws
from recond.certify.pages.certificate import Sheet, render
from recond.certify.verify.paper import signer_of
for name in sys.argv[1:]:
    raw = pathlib.Path(name).read_bytes()
    inside = pdf_read.read_attachments(raw)
    jws, seal = inside.get("record.jws"), inside.get("seal.txt")
    signer = signer_of(read_jws(jws)) if jws else None
    page = render(Sheet(inside["record.json"], jws, seal.decode() if seal else None, signer,
                        pdf_read.read_language(raw)))
    print(raw.startswith(page), len(page), hashlib.sha256(page).hexdigest())
"""


def test_any_process_draws_the_same_bytes() -> None:
    kinds = ("erased", "many-bad", "unsigned", "logo")
    found = set()
    for seed, zone, language, order in (  # the order too: nothing is left of the page before
        ("0", "UTC", "C", 1),
        ("1", "Asia/Tokyo", "fr_FR.UTF-8", -1),
        ("4242", "America/Lima", "en_US.UTF-8", 1),
    ):
        files = [str(issued(kind).certificate) for kind in kinds[::order]]
        done = subprocess.run(
            [sys.executable, "-c", RENDER, *files],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LANG": language},
            capture_output=True,
            text=True,
            check=True,
        )
        found.add(tuple(done.stdout.splitlines()[::order]))
    assert len(found) == 1, found
    pages = found.pop()
    assert len(pages) == len(kinds)
    assert all(one.startswith("True") for one in pages), "the page is the file's beginning"


@pytest.mark.parametrize("kind", SIGNED)
def test_the_unsigned_bytes_are_the_files_beginning(kind: str) -> None:
    raw = pdf_of(kind)
    first = unsigned_part(raw)
    assert raw.startswith(first)
    with pikepdf.open(io.BytesIO(first)) as one, pikepdf.open(io.BytesIO(raw)) as two:
        assert len(one.pages) == len(two.pages)
        assert "/AcroForm" not in one.Root
        assert "/AcroForm" in two.Root


def test_each_chain_has_room_of_its_own() -> None:
    """How much a signature takes is measured once a chain: a bench's own key, one below a root."""
    first, now = unsigned_part(pdf_of("erased")), "2026-11-24T08:00:00.000Z"
    alone = make_bench_key("bench", now)
    below = issue_bench_key(make_root_key("workshop", now), "bench", now)
    rooms = []
    for key in (alone, below, alone, below):
        sealed = sign_pdf(first, key)
        begin = sealed.index(b"/Contents <", len(first))
        rooms.append(sealed.index(b">", begin) - begin)
    assert rooms[0] == rooms[2] < rooms[1] == rooms[3]


# --- An archive ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "lang"),
    [
        *((kind, "fr") for kind in KINDS),
        *((kind, "en") for kind in ("erased", "forty", "unsigned")),
    ],
)
def test_the_page_is_pdf_a(kind: str, lang: Lang) -> None:
    first = unsigned_part(pdf_of(kind, lang))
    report = pdfa.validate_written(io.BytesIO(first), "3b")
    assert report.verdict == "pass", report.summary()


@pytest.mark.parametrize("kind", KINDS)
def test_the_record_is_inside_byte_for_byte(kind: str) -> None:
    inside, files = pdf_read.read_attachments(pdf_of(kind)), files_of(kind)
    assert inside["record.json"] == files["record.json"]
    if kind == "unsigned":
        assert set(inside) == {"record.json"}
    else:
        assert inside["record.jws"] == files["record.jws"]
        claims, signature, body = read_seal(inside["seal.txt"].decode())
        assert seal_holds(signature, body, read_jws(files["record.jws"]).chain[0])
        assert claims.record_id == issued(kind).record.record_id
    with pikepdf.open(io.BytesIO(pdf_of(kind))) as document:
        kinds = {name: str(spec.obj.AFRelationship) for name, spec in document.attachments.items()}
    assert kinds["record.json"] == "/Source"


def test_a_plain_scan_finds_the_attachments() -> None:
    """The donor's page reads the file without a PDF library."""
    raw = pdf_of("erased")
    assert raw.count(b"/Type /EmbeddedFile") + raw.count(b"/EmbeddedFile") >= 3
    assert b"/ObjStm" not in raw


# --- Paper -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "dpi"),  # the code's size is its record's, the paper's grain the same for both
    [("erased", 100), ("erased", 150), ("erased", 300), ("forty", 100)],
)
def test_the_code_is_read_from_a_printed_page(kind: str, dpi: int, tmp_path: Path) -> None:
    zxingcpp = pytest.importorskip("zxingcpp")
    raw = pdf_of(kind)
    (tmp_path / "page.pdf").write_bytes(raw)
    subprocess.run(
        [needs("pdftoppm"), "-r", str(dpi), "-gray", "-l", "4", "-png", "page.pdf", "page"],
        cwd=tmp_path,
        check=True,
    )
    found = [
        code.text
        for page in sorted(tmp_path.glob("*.png"))
        for code in zxingcpp.read_barcodes(Image.open(page))
    ]
    assert found == [pdf_read.read_attachments(raw)["seal.txt"].decode()]


# --- What cannot be mistaken ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "must", "never"),
    [
        ("erased", "DONNÉES EFFACÉES", "NON EFFACÉ"),
        ("rejected", "DONNÉES NON EFFACÉES", "Effacé et validé"),
        ("many-bad", "DONNÉES NON EFFACÉES", "Effacé et validé"),
        ("refused", "DONNÉES NON EFFACÉES", "Effacé et validé"),
        ("interrupted", "DONNÉES NON EFFACÉES", "Effacé et validé"),
        ("demonstration", "DÉMONSTRATION", "NON EFFACÉ"),
        ("unsigned", "NON SIGNÉ", "NON EFFACÉ"),
    ],
)
def test_every_page_says_what_it_is(kind: str, must: str, never: str) -> None:
    pages = words(kind).split("\f")[:-1]
    assert all(must in page for page in pages), "in the head of each page, not of the first only"
    assert never not in "".join(pages)
    assert all(f"page {n} sur {len(pages)}" in page for n, page in enumerate(pages, 1))


def told(value: dict[str, Any], folder: Path) -> str:
    """The words of a page drawn from a record, in one line."""
    (folder / "x.pdf").write_bytes(render(Sheet(canonical_bytes(value), None, None, None, "fr")))
    shown = subprocess.run(
        [needs("pdftotext"), "-raw", folder / "x.pdf", "-"], capture_output=True, check=True
    ).stdout.decode()
    return " ".join(shown.split()).replace("\u00a0", " ")


def test_what_did_not_end_well_is_said_by_its_own_words() -> None:
    """No « terminé », no reading that never began, nobody who verified."""
    for kind, when in (("interrupted", "effacement arrêté le"), ("rejected", "effacement raté")):
        text = " ".join(words(kind).split()).replace("\u00a0", " ")
        assert when in text
        assert "effacement terminé le" not in text
        assert "personne : aucun effacement n’est validé" in text
        assert "Dominique Petit" not in text
    broken = " ".join(words("interrupted").split())
    assert "1 passe commencée sur 1, pas de relecture" in broken
    assert "relecture complète" not in broken
    assert "effacement terminé le" in " ".join(words("erased").split())


def test_a_page_is_drawn_in_the_zone_of_its_bench(tmp_path: Path) -> None:
    value = json.loads(files_of("erased")["record.json"])
    value["issued_at"] = "2026-11-24T23:30:00.000Z"
    assert "document fait le 24/11/2026 à 23:30 UTC" in told(value, tmp_path)
    value["bench"]["utc_offset_min"] = 60
    assert "document fait le 25/11/2026 à 00:30 UTC+1" in told(value, tmp_path)
    value["bench"]["utc_offset_min"] = -210
    assert "document fait le 24/11/2026 à 20:00 UTC−3:30" in told(value, tmp_path)
    value["bench"]["utc_offset_min"] = 10**9
    assert "document fait le 24/11/2026 à 23:30 UTC" in told(value, tmp_path)


@pytest.mark.parametrize(
    ("lang", "told"),
    [
        (
            "fr",
            ("Essais des pièces", "Mémoire", "réussi", "512 Mo essayés sans faute", "24/11/2026"),
        ),
        ("en", ("Trials of the parts", "Memory", "passed", "512 MB tried", "2026-11-24")),
    ],
)
def test_what_was_tried_stands_on_the_certificate(lang: Lang, told: tuple[str, ...]) -> None:
    shown = " ".join(words("word", lang).split()).replace("\u00a0", " ")
    assert [one for one in told if one not in shown] == []
    assert text(lang, "inspect.part.battery_cable") in shown
    assert "(BAT0)" in shown
    assert told[0] not in words("erased", lang), "nothing was tried, nothing is said"


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_photos_stand_on_the_certificate_by_their_digests(lang: Lang) -> None:
    shown = "".join(words("word", lang).split())
    assert "capot.jpg" in shown
    assert "ab" * 32 in shown
    assert "capot.jpg" not in words("erased", lang)


def test_an_english_certificate_is_english() -> None:
    text = words("erased", "en")
    assert "DATA ERASED" in text
    assert not re.search(r"\b(effacé|disque|atelier|relecture)\b", text, re.IGNORECASE)


@pytest.mark.parametrize("kind", ["long-names", "forty", "many-bad"])
def test_nothing_runs_over_the_edge(kind: str) -> None:
    """Every word lies inside the page's margins, by the places that pdftotext gives."""
    found = re.findall(
        r'<page width="([\d.]+)"|<word xMin="([\d.-]+)" yMin="([\d.-]+)" '
        r'xMax="([\d.]+)" yMax="([\d.]+)">([^<]*)<',
        words(kind, "fr", "-bbox"),
    )
    assert len(found) > 100
    outside = [
        word
        for _, left, top, right, bottom, word in found
        if word
        and not (
            float(left) >= 45 and float(right) <= 550 and float(top) >= 20 and float(bottom) <= 825
        )
    ]
    marks = {"NON", "EFFACÉ", "SIGNÉ"}  # the watermark goes across
    assert not [word for word in outside if word not in marks]


def test_a_long_name_stands_in_full() -> None:
    text = re.sub(r"\s", "", words("long-names"))
    assert re.sub(r"\s", "", LONG) in text


# --- Other readers ---------------------------------------------------------------------------


def written(tmp_path: Path, kind: str, *, root: bool = False) -> tuple[Path, Path]:
    from recond.certify.sign.keys import pem

    page, trust = tmp_path / "certificate.pdf", tmp_path / "root.pem"
    page.write_bytes(pdf_of(kind))
    trust.write_bytes(pem(corpus().root.certificate))
    return page, trust


@pytest.mark.parametrize("kind", ["erased", "rejected", "forty"])
def test_pdfsig_calls_it_valid_and_totally_signed(kind: str, tmp_path: Path) -> None:
    page, _ = written(tmp_path, kind)
    done = subprocess.run([needs("pdfsig"), "-nocert", str(page)], capture_output=True, text=True)
    assert "Signature Validation: Signature is Valid." in done.stdout
    assert "Total document signed" in done.stdout
    assert "ETSI.CAdES.detached" in done.stdout
    assert done.stdout.count("Signature #") == 1


@pytest.mark.parametrize("kind", ["erased", "forty"])
def test_mutool_finds_no_fault_but_the_unknown_root(kind: str, tmp_path: Path) -> None:
    page, _ = written(tmp_path, kind)
    done = subprocess.run(
        [needs("mutool"), "sign", "-v", str(page)], capture_output=True, text=True
    )
    said = done.stdout + done.stderr
    assert "Certificate error: Self-signed certificate in chain." in said, said
    assert "error" not in re.sub(r"(?i)certificate error[^\n]*", "", said).lower(), said
    assert "The document is unchanged since signing." in said, said


@pytest.mark.parametrize("kind", ["erased", "unsigned", "forty", "long-names"])
def test_qpdf_finds_no_fault(kind: str, tmp_path: Path) -> None:
    page, _ = written(tmp_path, kind)
    done = subprocess.run([needs("qpdf"), "--check", str(page)], capture_output=True, text=True)
    assert "No syntax or stream encoding errors" in done.stdout, done.stdout + done.stderr
    assert "WARNING" not in done.stdout + done.stderr


@pytest.mark.parametrize("kind", ["erased", "rejected"])
def test_pyhanko_agrees_and_trusts_by_the_root(kind: str) -> None:
    from asn1crypto import x509 as asn1
    from cryptography.hazmat.primitives.serialization import Encoding
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    root = asn1.Certificate.load(corpus().root.certificate.public_bytes(Encoding.DER))
    reader = PdfFileReader(io.BytesIO(pdf_of(kind)))
    (signature,) = reader.embedded_signatures
    import datetime as dt

    context = ValidationContext(
        trust_roots=[root],
        moment=dt.datetime.fromisoformat(issued(kind).record.issued_at),
        allow_fetching=False,
    )
    status = validate_pdf_signature(signature, context)
    assert (status.intact, status.valid, status.trusted) == (True, True, True)
    assert status.coverage.name == "ENTIRE_FILE"
    assert status.docmdp_ok
    assert reader.root.get("/Version", "/1.7") != "/2.0"


@pytest.mark.parametrize("kind", ["long-names", "forty", "many-bad", "unsigned", "demonstration"])
def test_no_word_stands_on_another(kind: str) -> None:
    """By the places that pdftotext gives; the watermark's large letters go across on purpose."""
    for page in words(kind, "fr", "-bbox").split("<page ")[1:]:
        boxes = [
            tuple(map(float, found))
            for found in re.findall(
                r'xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.]+)" yMax="([\d.]+)"', page
            )
        ]
        small = sorted((box for box in boxes if box[3] - box[1] < 30), key=lambda box: box[1])
        for index, (left, top, right, bottom) in enumerate(small):
            for other in small[index + 1 :]:
                if other[1] > bottom:
                    break
                wide = min(right, other[2]) - max(left, other[0])
                high = min(bottom, other[3]) - max(top, other[1])
                assert wide < 1 or high < 3, ((left, top, right, bottom), other)


def test_a_long_table_begins_where_the_page_has_room() -> None:
    pages = words("forty").split("\f")
    assert "WD-WCC6Y0000100" in pages[0], "forty disks begin on the first page"
    for page in pages[:-1]:
        lines = [line for line in page.splitlines() if line.strip()]
        assert not lines[-3].startswith(("Disque ", "Preuves", "Les disques")), lines[-4:]


def test_the_heading_of_the_nist_fields_stays_with_the_first_disk() -> None:
    """Rows of photos push it down the page: it stood alone there with 9 to 14 of them."""
    value = json.loads(files_of("word")["record.json"])
    heading, field = (text("fr", f"certify.{code}") for code in ("section.nist", "nist.category"))
    (one,) = value["photos"]
    for count in (8, 11, 14):
        given = canonical_bytes(value | {"photos": [one] * count})
        pages = words_of(render(Sheet(given, None, None, None, "fr"))).split("\f")
        (page,) = [page for page in pages if heading in page]
        assert field.split()[0] in page.partition(heading)[2], count


@pytest.mark.parametrize(
    ("kind", "sign"),
    [
        ("erased", "✓"),
        ("demonstration", "⚠"),
        ("unsigned", "⚠"),
        ("rejected", "✗"),
        ("refused", "✗"),
        ("interrupted", "✗"),
    ],
)
def test_the_large_sign_is_a_tick_only_where_it_holds(kind: str, sign: str) -> None:
    found = re.findall(
        r'yMin="([\d.]+)" xMax="[\d.]+" yMax="([\d.]+)">([✓✗⚠—])<', words(kind, "fr", "-bbox")
    )
    assert [one for top, bottom, one in found if float(bottom) - float(top) > 30] == [sign]


@pytest.mark.parametrize(("of", "shown"), [("box", "numéro du boîtier"), ("disk", "N° du boîtier")])
def test_a_boxs_number_is_said_to_be_the_boxs(of: str, shown: str, tmp_path: Path) -> None:
    value = json.loads(files_of("rejected")["record.json"])
    named = {"serial": "152D00539000", "serial_of": of, "box_serial": "152D00539000"}
    value["erasures"][0]["disk"] |= named
    assert shown in told(value, tmp_path)
