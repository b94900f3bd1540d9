"""Forgeries that need more than an editor: a key, a PDF library, another place.

As in test_tamper.py, each must be found by `recond verify`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from recond.certify.pages import certificate as pdf_module
from recond.certify.pages.certificate import Sheet
from recond.certify.record import parse_record
from recond.certify.sign.jws import read_jws, sign_jws
from recond.certify.sign.keys import (
    Revocation,
    SigningKey,
    fingerprint,
    issue_bench_key,
    make_bench_key,
    make_root_key,
)
from recond.certify.sign.pdf_sign import sign_pdf
from recond.certify.sign.seal import make_seal
from recond.certify.verify.paper import signer_of
from recond.certify.verify.pdf_read import read_sealed
from recond.codec import canonical_bytes
from recond.errors import FormatError
from recond.flow.lot.collect import collect, folder_sources
from recond.flow.lot.rows import Lot
from recond.flow.lot.store import open_lots
from recond.flow.verify.files import verify_paths
from tests.certify import published, tamper
from tests.certify.desk import Desk, desk, drawn_once
from tests.certify.papers import corpus, files_of
from tests.certify.tamper import JWS, PDF, RECORD, Files

__all__ = ["desk", "drawn_once"]


# --- Forgers with a key -----------------------------------------------------------------------

LATE = "2099-01-01T00:00:00.000Z"


def forged(kind: str, key: SigningKey, *, words_of: str | None = None, **changes: object) -> Files:
    """A whole certificate by this key; `words_of`: its page is that of another record."""
    files = files_of(kind)
    record = replace(parse_record(json.loads(files[RECORD])), **changes)  # type: ignore[arg-type]
    raw = canonical_bytes(record)
    jws, seal = sign_jws(raw, key), make_seal(record, raw, key)
    shown = files_of(words_of)[RECORD] if words_of else raw
    page = pdf_module.render(Sheet(shown, jws, seal, signer_of(read_jws(jws)), "fr"))
    if words_of:
        page = tamper.saved(page, lambda document: _attach(document, raw))
    journals = {name: one for name, one in files.items() if name.startswith("journals/")}
    return {RECORD: raw, JWS: jws, PDF: sign_pdf(page, key), **journals}


def _attach(document: object, raw: bytes) -> None:
    from pikepdf import AttachedFileSpec, Pdf

    assert isinstance(document, Pdf)
    document.attachments[RECORD] = AttachedFileSpec(
        document, raw, filename=RECORD, mime_type="application/json"
    )


def own_key() -> SigningKey:
    here = corpus()
    return here.ring.signing_key("", here.clock)


def behind(key: SigningKey) -> SigningKey:
    return replace(key, chain=(key.certificate, *corpus().root.chain))


def test_only_the_pinned_root_makes_a_certificate_trusted(desk: Desk) -> None:
    here, now = corpus(), corpus().clock.now()
    assert desk.verify(forged("erased", own_key())).exit_code == 7, "not the one in the ledger"
    unlisted = replace(here.trust(), ledger=None)
    assert desk.verify(forged("erased", own_key()), unlisted).exit_code == 0, "the forger is able"
    name = "Bricol’Café de Lens, banc 1"
    twin_root = make_root_key("Bricol’Café de Lens", now)
    bench = own_key()
    strangers = {
        "a key of its own": make_bench_key(name, now),
        "a root of the same name": issue_bench_key(twin_root, name, now),
        "a bench that issues": issue_bench_key(bench, name, now),
        "the true root behind a key of its own": behind(make_bench_key(name, now)),
        "the true root behind the twin's": behind(issue_bench_key(twin_root, name, now)),
    }
    for told, key in strangers.items():
        files = forged("erased", key)
        desk.refuses(files, told, unlisted)
        desk.refuses({PDF: files[PDF]}, told, unlisted)
        mixed = {**files_of("erased"), PDF: files[PDF]}
        desk.refuses(mixed, f"{told}: page only", unlisted)
        mixed = {**files, PDF: files_of("erased")[PDF]}
        desk.refuses(mixed, f"{told}: record only", unlisted)
    resealed = sign_pdf(
        files_of("erased")[PDF].split(b"%%EOF\n")[0] + b"%%EOF\n", strangers["a key of its own"]
    )
    codes = desk.refuses({PDF: resealed}, "sealed anew", unlisted)
    assert "certify.verify.pdf.other-key" in codes


def test_an_expired_or_revoked_key_is_found(desk: Desk) -> None:
    here, trust = corpus(), replace(corpus().trust(), ledger=None)
    old = issue_bench_key(here.root, "banc", "2020-01-01T00:00:00.000Z")
    assert "certify.verify.trust.no" in desk.refuses(forged("erased", old), "expired", trust)
    early = issue_bench_key(here.root, "banc", "2036-01-01T00:00:00.000Z")
    desk.refuses(forged("erased", early), "not yet valid", trust)
    for at in ("1999-01-01T00:00:00.000Z", "2099-01-01T00:00:00.000Z", "", "now", "2026-11-24"):
        try:
            files = forged("erased", own_key(), issued_at=at)
        except (ValueError, IndexError, FormatError):
            continue
        desk.refuses(files, f"issued at {at!r}", trust)
    leaf = fingerprint(own_key().certificate)
    for name, reason, since in (
        (leaf, "compromised", LATE),
        (leaf, "retired", "2020-01-01T00:00:00.000Z"),
        (fingerprint(here.root.certificate), "compromised", LATE),
    ):
        revoked = replace(trust, revoked=(Revocation(name, reason, since),))
        desk.refuses(files_of("erased"), reason, revoked)
    later = replace(trust, revoked=(Revocation(leaf, "retired", LATE),))
    assert desk.verify(files_of("erased"), later).exit_code == 0


def test_a_bench_whose_page_says_other_than_its_record_is_found(desk: Desk) -> None:
    """Its key is the true one; the page is not drawn from the record that is signed."""
    trust = replace(corpus().trust(), ledger=None)
    for kind, words in (("rejected", "erased"), ("refused", "erased"), ("erased", "rejected")):
        files = forged(kind, own_key(), words_of=words)
        codes = desk.refuses({PDF: files[PDF]}, f"{kind} as {words}", trust)
        assert "certify.verify.pdf.differs" in codes
        desk.refuses(files, f"{kind} as {words}", trust)


def test_a_record_that_says_more_than_its_journals_is_found(desk: Desk) -> None:
    trust = replace(corpus().trust(), ledger=None)
    good = parse_record(json.loads(files_of("erased")[RECORD])).erasures[0]
    for kind in ("rejected", "refused", "interrupted"):
        bad = parse_record(json.loads(files_of(kind)[RECORD])).erasures[0]
        lie = replace(bad, result=good.result)
        codes = desk.refuses(forged(kind, own_key(), erasures=(lie,)), kind, trust)
        assert "certify.verify.journal.result" in codes


# --- The PDF as a document ---------------------------------------------------------------------


def _append_words(writer: object) -> None:
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    assert isinstance(writer, IncrementalPdfFileWriter)
    stream = generic.StreamObject(stream_data=b"BT /F1 20 Tf 100 100 Td (EFFACE) Tj ET")
    writer.add_stream_to_page(0, writer.add_object(stream))


def _fewer_pages(writer: object) -> None:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    assert isinstance(writer, IncrementalPdfFileWriter)
    pages = writer.root["/Pages"]
    del pages["/Kids"][-1]
    writer.update_container(pages)


def _other_order(writer: object) -> None:
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    assert isinstance(writer, IncrementalPdfFileWriter)
    pages = writer.root["/Pages"]
    pages["/Kids"] = generic.ArrayObject(list.__reversed__(pages["/Kids"]))
    writer.update_container(pages)


def _touch(writer: object) -> None:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    assert isinstance(writer, IncrementalPdfFileWriter)
    writer.update_root()


def _swapped(name: str, content: bytes) -> Callable[[object], None]:
    def change(document: object) -> None:
        from pikepdf import AttachedFileSpec, Pdf

        assert isinstance(document, Pdf)
        document.attachments[name] = AttachedFileSpec(document, content, filename=name)

    return change


def _pages(order: Callable[[list[object]], list[object]]) -> Callable[[object], None]:
    def change(document: object) -> None:
        from pikepdf import Pdf

        assert isinstance(document, Pdf)
        kept = order(list(document.pages))
        del document.pages[:]
        document.pages.extend(kept)  # type: ignore[arg-type]

    return change


def _documents() -> dict[str, bytes]:
    raw, other = files_of("erased")[PDF], files_of("rejected")
    start, end = tamper.hole(raw)
    digits = raw[start:end]
    found = {
        "update: words": tamper.updated(raw, _append_words),
        "update: a page less": tamper.updated(raw, _fewer_pages),
        "update: pages turned": tamper.updated(raw, _other_order),
        "update: nothing": tamper.updated(raw, _touch),
        "comment behind": raw + b"% EFFACE\n",
        "line behind": raw + b"\n",
        "twice": raw + raw,
        "another behind": raw + other[PDF],
        "another before": other[PDF] + raw,
        "unsigned part": raw[: raw.index(b"%%EOF") + 6],
        "lower digits": raw[:start] + digits.lower() + raw[end:],
        "spaced digits": raw[:start] + digits[:-2] + b"  " + raw[end:],
        "padding": raw[:start] + digits[:-2] + b"01" + raw[end:],
        "free bytes in the padding": raw[:start] + digits[:-8] + b"DEADBEEF" + raw[end:],
        "cms of another": tamper.with_cms(raw, tamper.cms_of(other[PDF])),
    }
    for name in ("record.json", "record.jws", "seal.txt"):
        content = other.get(name, b"RECOND1:000")
        found[f"swapped {name}"] = tamper.saved(raw, _swapped(name, content))
    found["attachment more"] = tamper.saved(raw, _swapped("note.txt", b"true"))
    found["pages turned"] = tamper.saved(raw, _pages(lambda pages: pages[::-1]))
    found["page removed"] = tamper.saved(raw, _pages(lambda pages: pages[:-1]))
    found["page doubled"] = tamper.saved(raw, _pages(lambda pages: [*pages, pages[0]]))
    found["saved anew"] = tamper.saved(raw, lambda document: None)
    return found


def test_a_changed_document_is_found(desk: Desk) -> None:
    files = files_of("erased")
    for told, raw in _documents().items():
        desk.refuses({PDF: raw}, told)
        desk.refuses({**files, PDF: raw}, told)


def test_no_published_attack_on_signed_pdfs_is_believed(desk: Desk) -> None:
    """Alone; and one of each kind beside the true files, which are read the same way."""
    files, kinds = files_of("erased"), set[str]()
    for told, raw in published.attacks(files[PDF]).items():
        assert raw != files[PDF], told
        desk.refuses({PDF: raw}, told)
        if (kind := told.partition(":")[0]) not in kinds:
            kinds.add(kind)
            desk.refuses({**files, PDF: raw}, told)


def test_an_update_that_pdfsig_calls_valid_is_found(tmp_path: Path, desk: Desk) -> None:
    if shutil.which("pdfsig") is None:
        pytest.skip("needs pdfsig")
    for told in ("update: words", "update: a page less", "line behind", "padding"):
        (tmp_path / "page.pdf").write_bytes(_documents()[told])
        done = subprocess.run(
            ["pdfsig", "-nocert", "page.pdf"], cwd=tmp_path, capture_output=True, text=True
        )
        assert "Signature is Valid" in done.stdout, told


# --- Where it stands ---------------------------------------------------------------------------


def test_the_unsigned_certificate_is_never_good(desk: Desk) -> None:
    files = files_of("unsigned")
    desk.refuses(files, "unsigned")
    signed = files_of("erased")
    for name in (PDF, JWS, RECORD):
        desk.refuses({**files, name: signed[name]}, name)


def lay(folder: Path, files: Files) -> Path:
    for name, raw in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(raw)
    return folder


def test_a_certificate_that_counts_twice_is_found(tmp_path: Path) -> None:
    trust = corpus().trust()
    lay(tmp_path / "lot" / "a", files_of("erased"))
    lay(tmp_path / "lot" / "b", files_of("rejected"))
    assert verify_paths((tmp_path / "lot",), (), state=tmp_path, trust=trust).exit_code == 0
    lay(tmp_path / "lot" / "c", files_of("erased"))
    found = verify_paths((tmp_path / "lot",), (), state=tmp_path, trust=trust)
    assert found.exit_code == 7
    assert [one.good for one in found.found] == [True, True, False]
    shutil.rmtree(tmp_path / "lot" / "c")
    lay(tmp_path / "lot" / "c" / "deeper", {PDF: files_of("erased")[PDF]})
    assert verify_paths((tmp_path / "lot",), (), state=tmp_path, trust=trust).exit_code == 7


def test_a_certificate_below_another_is_looked_at(tmp_path: Path) -> None:
    """A true one laid in a lot's own folder must not hide the forged ones of the lot."""
    lot = lay(tmp_path / "lot", files_of("erased"))
    false = {**files_of("rejected"), RECORD: b"{}"}
    for name in ("b", "c/d"):
        lay(lot / name, false)
        found = verify_paths((lot,), (), state=tmp_path, trust=corpus().trust())
        assert (found.exit_code, len(found.found)) == (7, 2)
        shutil.rmtree(lot / name.split("/")[0])


def test_a_certificate_of_another_lot_is_not_taken_in(tmp_path: Path) -> None:
    source, trust = lay(tmp_path / "out" / "a", files_of("erased")).parent, corpus().trust()
    with open_lots(tmp_path / "state", None) as store:
        for name in ("LOT-2026-11", "LOT-2026-12"):
            store.make(Lot(name, None, None, "2026-11-24T08:00:00.000Z"), (), {})
        mine = collect(store, "LOT-2026-11", folder_sources(source), trust)
        again = collect(store, "LOT-2026-12", folder_sources(source), trust)
    assert (len(mine.new), mine.others) == (1, 0)
    assert (len(again.new), again.others) == (0, 1)


def test_the_seal_of_any_chain_is_written_the_one_way() -> None:
    """pyHanko makes it, recond writes it out again: the same for every name and depth."""
    now, page = corpus().clock.now(), files_of("erased")[PDF].split(b"%%EOF\n")[0] + b"%%EOF\n"
    for name in ("x", "Bricol’Café", "é" * 32, "W" * 64):
        root = make_root_key(name, now)
        for key in (make_bench_key(name, now), issue_bench_key(root, "banc " + name, now)):
            sealed = read_sealed(sign_pdf(page, key))
            assert sealed.fault(key.chain) is None, name
            assert sealed.fault(root.chain) is not None
            assert sealed.fault(()) is not None
            if len(key.chain) > 1:
                assert sealed.fault(key.chain[:1]) == "certify.verify.pdf.signature"
