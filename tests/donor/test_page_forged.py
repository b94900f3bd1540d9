"""What a forger hands to a donor: the page never calls it true, nor more than recond does."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import datetime as dt
import io
import itertools
import json
import random
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID

from recond.certify.pages.donor_page import believed
from recond.certify.record import parse_record
from recond.certify.sign import p256
from recond.certify.sign import seal as seal_module
from recond.certify.sign.jws import sign_jws
from recond.certify.sign.keys import (
    BENCH_DAYS,
    Revocation,
    SigningKey,
    fingerprint,
    issue_bench_key,
    make_bench_key,
    make_root_key,
)
from recond.certify.sign.pdf_sign import sign_pdf
from recond.certify.sign.purpose import may_sign
from recond.certify.sign.seal import make_seal
from recond.certify.verify.verdicts import Trust
from recond.codec import canonical_bytes
from tests.certify import published
from tests.certify.journals import base_seed, how_many
from tests.certify.papers import corpus, files_of, verified
from tests.certify.purposes import FOREIGN, ODD, OURS, ROOTS, issued_for, odd_certificate, root_of
from tests.donor.pages import (
    JWS,
    PDF,
    RECORD,
    Files,
    Page,
    Papers,
    bench_key,
    changed,
    donor_trust,
    never_erased,
    never_more,
    record_of,
    shadowed,
    twin,
    twin_certificate,
    twin_sealed,
)

NOW = "2026-11-24T00:00:00.000Z"


def refused(page: Page, files: Files, *states: str) -> None:
    shown = page.one(files)
    assert shown.state in (states or ("false",)), shown
    never_erased(shown)
    never_more(shown, files, None)


# --- Bytes -----------------------------------------------------------------------------------


def flips(raw: bytes, draw: random.Random, places: list[int], count: int) -> Iterator[bytes]:
    """The bytes with one bit turned: at the places given, then anywhere."""
    for at in (*places, *(draw.randrange(len(raw)) for _ in range(count))):
        broken = bytearray(raw)
        broken[min(at, len(raw) - 1)] ^= 1 << draw.randrange(8)
        yield bytes(broken)


def test_no_flipped_bit_is_believed(page: Page) -> None:
    """In every structure of a PDF and of a signature; many files at once, each checked alone."""
    draw = random.Random(base_seed())
    pdf, jws = files_of("erased")[PDF], files_of("erased")[JWS]
    marks = (
        b"%PDF",
        b"/Filespec",
        b"/EmbeddedFile",
        b"(record.json)",
        b"/ByteRange",
        b"xref",
        b"/Contents <",
        b"trailer",
        b"startxref",
        b"%%EOF",
        b"/Type /Catalog",
        b"/Lang",
        b"endstream",
        b"/Length",
        b"/FlateDecode",
        b"/DocMDP",
        b"/Sig",
    )
    places = [pdf.rindex(mark) + draw.randrange(len(mark)) for mark in marks]
    cms = pdf.index(b"/Contents <") + 11
    places += [draw.randrange(cms, cms + 2640) for _ in range(50)]
    ends = itertools.accumulate(len(part) + 1 for part in jws.split(b"."))
    broken = {f"{n}.pdf": raw for n, raw in enumerate(flips(pdf, draw, places, how_many(60)))}
    broken |= {
        f"{n}.jws": raw
        for n, raw in enumerate(flips(jws, draw, [end - 2 for end in ends], how_many(90)))
    }
    shown = {one.text.splitlines()[0]: one for one in page.show(broken)}
    assert len(shown) == len(broken)
    for name, raw in broken.items():
        assert shown[name].state in ("false", "unproven"), f"{name} RECOND_SEED={base_seed()}"
        never_erased(shown[name])
        never_more(shown[name], {PDF if name.endswith("pdf") else JWS: raw})


def test_a_flipped_record_beside_its_signature(page: Page) -> None:
    draw, raw = random.Random(base_seed()), record_of()
    for broken in flips(raw, draw, [0, len(raw) - 1], how_many(10)):
        refused(page, {RECORD: broken, JWS: files_of("erased")[JWS]})


@pytest.mark.parametrize(
    "change",
    [
        lambda pdf: pdf + b"\n",
        lambda pdf: pdf[:-1],
        lambda pdf: pdf[: len(pdf) // 2],
        lambda pdf: pdf.replace(b"/Lang (fr)", b"/Lang (en)"),
        lambda pdf: (
            pdf + b"1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
        ),
        lambda pdf: b"\n" + pdf,
        lambda pdf: pdf.replace(b"/ByteRange", b"/ByteRang#65"),
        lambda pdf: pdf + pdf,
        lambda _pdf: b"%PDF-1.7\n",
        lambda _pdf: b"%PDF-1.7\n" + bytes(500),
        lambda pdf: re.sub(rb"/Contents <[0-9A-F]+>", lambda one: one[0].replace(b"A", b"a"), pdf),
        lambda pdf: re.sub(rb"00>(?=\n/ByteRange)", b"01>", pdf),
        lambda pdf: re.sub(rb"(?<=/ByteRange \[0 )(\d+) (\d+) (\d+)", _narrower, pdf),
    ],
    ids=[
        "newline",
        "cut",
        "half",
        "language",
        "update",
        "shift",
        "name",
        "twice",
        "empty",
        "zeros",
        "small letters",
        "padding",
        "range",
    ],
)
def test_a_changed_file(page: Page, change: Callable[[bytes], bytes]) -> None:
    changed_file = change(files_of("erased")[PDF])
    assert changed_file != files_of("erased")[PDF]
    refused(page, {PDF: changed_file})


def test_no_published_attack_on_signed_pdfs(page: Page) -> None:
    """Many files at once, each checked alone."""
    pdf = files_of("erased")[PDF]
    found = {f"{n}.pdf": raw for n, raw in enumerate(published.attacks(pdf).values())}
    shown = {one.text.splitlines()[0]: one for one in page.show(found)}
    assert len(shown) == len(found)
    for name, told in zip(found, published.attacks(pdf), strict=True):
        assert shown[name].state in ("false", "unproven"), told
        never_erased(shown[name])
        never_more(shown[name], {PDF: found[name]})


def _narrower(found: re.Match[bytes]) -> bytes:
    """The last bytes of the file left out of what is signed."""
    return b"%s %s %d" % (found[1], found[2], int(found[3]) - 6)


def test_an_incremental_update_by_a_tool(page: Page) -> None:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    pdf = io.BytesIO(files_of("erased")[PDF])
    writer = IncrementalPdfFileWriter(pdf)
    writer.root["/Lang"] = writer.root["/Lang"]
    writer.update_root()
    out = io.BytesIO()
    writer.write(out)
    assert out.getvalue().startswith(pdf.getvalue())
    refused(page, {PDF: out.getvalue()})


def test_two_signatures(page: Page) -> None:
    once = approved(Papers().page(), "recond", bench_key())
    refused(page, {PDF: approved(once, "second", bench_key())})


def approved(pdf: bytes, name: str, key: SigningKey) -> bytes:
    """The PDF with an approval signature, as any tool adds one, in a field of this name."""

    from asn1crypto import keys as asn1_keys
    from asn1crypto import x509 as asn1_x509
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import signers

    signer = signers.SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(key.certificate.public_bytes(Encoding.DER)),
        signing_key=asn1_keys.PrivateKeyInfo.load(
            key.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        ),
        cert_registry=None,
    )
    out = io.BytesIO()
    asyncio.run(
        signers.PdfSigner(signers.PdfSignatureMetadata(field_name=name), signer).async_sign_pdf(
            IncrementalPdfFileWriter(io.BytesIO(pdf)), output=out
        )
    )
    return out.getvalue()


# --- Attachments -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (RECORD, partial(record_of, "rejected")),
        (JWS, lambda: files_of("rejected")[JWS]),
        ("seal.txt", lambda: b"RECOND1:"),
        ("more.txt", lambda: b"more"),
    ],
)
def test_another_attachment_under_the_right_seal(
    page: Page, name: str, content: Callable[[], bytes]
) -> None:
    refused(page, {PDF: Papers().pdf(None, (name, content()))})


def test_an_attachment_taken_from_another_certificate(page: Page) -> None:
    """The bytes of a stream put in the place of another's: the seal no longer covers them."""
    pdf = files_of("erased")[PDF]
    begin = pdf.index(b"stream\n", pdf.index(b"/EmbeddedFile")) + 7
    refused(page, {PDF: pdf[:begin] + b"\0" * 40 + pdf[begin + 40 :]})


@pytest.mark.parametrize(
    "how",
    ["seal named record", "key differs", "untyped", "unnamed", "two trees", "EF and UF differ"],
)
def test_a_shadowed_attachment(page: Page, how: str) -> None:
    """Sealed by the right key: files so put inside that readers differ on what is there."""
    pdf = shadowed(Papers().page(), how)
    assert page.one({PDF: sign_pdf(pdf, bench_key())}).state == "false"


def test_an_object_that_is_there_twice(page: Page) -> None:
    raw = Papers().page()
    found = re.search(rb"/EF << /F (\d+) 0 R", raw)
    assert found is not None
    twice = raw.replace(b"\nstartxref", b"\n%s 0 obj\n<< >>\nendobj\nstartxref" % found[1])
    assert twice != raw
    assert page.one({PDF: sign_pdf(twice, bench_key())}).state == "false"


def test_the_record_of_one_with_the_signature_of_another(page: Page) -> None:
    refused(page, {RECORD: record_of("rejected"), JWS: files_of("erased")[JWS]})
    refused(page, {PDF: files_of("rejected")[PDF], JWS: files_of("erased")[JWS]})
    refused(page, {PDF: files_of("rejected")[PDF], RECORD: record_of("erased")})


def test_another_signature_of_the_same_record(page: Page) -> None:
    refused(page, {PDF: files_of("erased")[PDF], JWS: Papers().jws()})


def test_a_seal_for_paper_that_says_something_else(page: Page) -> None:
    for other in (record_of("rejected"), changed(issued_at=later(1))):
        claims = make_seal(parse_record(json.loads(other)), other, bench_key())
        refused(page, {PDF: Papers(seal=claims).pdf()})
    refused(page, {PDF: Papers(seal="RECOND1:AAA").pdf()})


def test_the_page_of_one_sealed_around_the_signature_of_another(page: Page) -> None:
    """A thief without the key: his page, his seal, the true signature of another machine."""
    stranger = make_bench_key("Bricol’Café de Lens, banc 1", NOW)
    papers = Papers(record_of("rejected"), stranger)
    forged = sign_pdf(papers.page(files_of("erased")[JWS], (RECORD, record_of())), stranger)
    refused(page, {PDF: forged})


# --- Signatures and keys -----------------------------------------------------------------------


def with_header(**changes: object) -> bytes:
    header, payload, signature = files_of("erased")[JWS].split(b".")
    value = json.loads(base64.urlsafe_b64decode(header + b"=="))
    value = {name: one for name, one in {**value, **changes}.items() if one is not None}
    anew = base64.urlsafe_b64encode(canonical_bytes(value)).rstrip(b"=")
    return b".".join((anew, payload, signature))


@pytest.mark.parametrize(
    "jws",
    [
        lambda: with_header(alg="none"),
        lambda: with_header(alg="HS256"),
        lambda: with_header(x5c=[]),
        lambda: with_header(x5c=None),
        lambda: with_header(crit=["b64"]),
        lambda: with_header(kid="x"),
        lambda: with_header(cty="text/plain"),
        lambda: with_header(typ="JWT"),
        lambda: with_header(x5c=["AAAA"]),
        lambda: files_of("erased")[JWS] + b"\n",
        lambda: b".".join((*files_of("erased")[JWS].split(b".")[:2], b"")),
        lambda: b".".join((*files_of("erased")[JWS].split(b".")[:2], b"A" * 86)),
        lambda: files_of("erased")[JWS].replace(b".", b"=.", 1),
        lambda: Papers().jws("vnd.recond.revoked+json"),
    ],
    ids=[
        "none",
        "HS256",
        "no chain",
        "chain gone",
        "crit",
        "kid",
        "cty",
        "typ",
        "junk",
        "newline",
        "unsigned",
        "zeros",
        "padding",
        "another content",
    ],
)
def test_another_form_of_a_signature(page: Page, jws: Callable[[], bytes]) -> None:
    refused(page, {JWS: jws()})
    refused(page, {JWS: jws(), RECORD: record_of()})


@pytest.mark.parametrize(
    "changes",
    [
        {"alg": "none"},
        {"alg": "ES384"},
        {"typ": "JWT"},
        {"kid": "x"},
        {"cty": "text/plain"},
        {"crit": ["b64"], "b64": False},
        {"x5c": ["AAAA"]},
        {"x5c": "twice"},
        {"cty": 1},
        {"typ": None},
    ],
    ids=str,
)
def test_another_header_that_the_right_key_signed(page: Page, changes: dict[str, Any]) -> None:
    header, payload, _ = with_header(
        **{name: one for name, one in changes.items() if one != "twice"}
    ).split(b".")
    if changes == {"x5c": "twice"}:  # the same name twice: readers differ on which counts
        plain = base64.urlsafe_b64decode(header + b"==")
        header = base64.urlsafe_b64encode(plain.replace(b'{"alg"', b'{"alg":"none","alg"'))
        header = header.rstrip(b"=")
    signature = p256.sign(bench_key().key, header + b"." + payload)
    made = b".".join((header, payload, base64.urlsafe_b64encode(signature).rstrip(b"=")))
    refused(page, {JWS: made})


def test_the_twin_of_each_signature(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    header, payload, signature = files_of("erased")[JWS].split(b".")
    other = base64.urlsafe_b64encode(twin(base64.urlsafe_b64decode(signature + b"==")))
    refused(page, {JWS: b".".join((header, payload, other.rstrip(b"=")))})
    refused(page, {PDF: twin_sealed(Papers().page(), monkeypatch)})
    text = make_seal(parse_record(json.loads(record_of())), record_of(), bench_key())
    _, good, body = seal_module.read_seal(text)
    refused(
        page, {PDF: Papers(seal=seal_module.PREFIX + seal_module.base45(twin(good) + body)).pdf()}
    )


def strangers() -> dict[str, SigningKey]:
    root = corpus().root
    named_alike = make_root_key("Bricol’Café de Lens", NOW)
    bench = bench_key()
    return {
        "self-made": make_bench_key("Bricol’Café de Lens, banc 1", NOW),
        "another root": issue_bench_key(named_alike, "Bricol’Café de Lens, banc 1", NOW),
        "issued by a bench": issue_bench_key(bench, "banc 2", NOW),
        "the chain of another": SigningKey(named_alike.key, bench.chain),
        "a root that is not": SigningKey(
            named_alike.key, (named_alike.certificate, root.certificate)
        ),
    }


@pytest.mark.parametrize(
    "name",
    [
        "self-made",
        "another root",
        "issued by a bench",
        "the chain of another",
        "a root that is not",
    ],
)
def test_another_key(page: Page, name: str) -> None:
    key = strangers()[name]
    papers = Papers(key=key)
    wrong = ("the chain of another", "a root that is not")  # a root's key signs no documents
    state = "false" if name in wrong else "unproven"
    refused(page, {JWS: papers.jws()}, state)
    if name == "self-made":
        refused(page, {PDF: papers.pdf()}, state)
    refused(page, {PDF: Papers(page_key=key).pdf()})


def later(days: int) -> str:
    start = dt.datetime.fromisoformat(json.loads(record_of())["issued_at"])
    return (start + dt.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


@pytest.mark.parametrize(
    ("at", "state"),
    [
        (0, "erased"),
        (BENCH_DAYS - 2, "erased"),
        (BENCH_DAYS, "false"),
        (-2, "false"),
        ("2026-11-24", "false"),
        ("never", "false"),
        ("2026-11-24T10:00:00+23:00", "false"),
    ],
)
def test_the_day_of_signing(page: Page, at: int | str, state: str) -> None:
    when = later(at) if isinstance(at, int) else at
    files = {JWS: Papers(changed(issued_at=when)).jws()}
    shown = page.one(files)
    assert shown.state == state
    never_more(shown, files)


REVOKED = [
    (of, form, reason, days)
    for of in ("bench", "root")
    for form in ("own", "twin")
    for reason, days in (("compromised", 5), ("retired", -5), ("retired", 5))
]


@pytest.mark.parametrize(("of", "form", "reason", "days"), REVOKED)
def test_a_revoked_key_in_either_form(
    page: Page, of: str, form: str, reason: str, days: int
) -> None:
    root, bench = corpus().root, bench_key()
    named = (bench if of == "bench" else root).certificate
    used = bench
    if form == "twin":  # the certificate in the other form than the one that was revoked
        twins = (twin_certificate(bench.certificate), root.certificate)
        used = dataclasses.replace(bench, chain=twins)
        named = named if of == "bench" else twin_certificate(named)
    trust = donor_trust((Revocation(fingerprint(named), reason, later(days)),))
    page.believe(trust)
    files = {JWS: Papers(key=used).jws()}
    shown = page.one(files)
    never_more(shown, files, trust)
    assert shown.state == ("erased" if (reason, days) == ("retired", 5) else "false")
    named_there = page.browser.ask("document.getElementById('believed').children.length")
    assert named_there == (0 if (of, reason) == ("root", "compromised") else 1)


def test_a_bench_that_is_pinned_by_itself(page: Page) -> None:
    alone = make_bench_key("banc seul", json.loads(record_of())["issued_at"])
    trust = Trust((alone.certificate,), (), (), None, corpus().trust().software)
    page.believe(trust)
    files = {JWS: Papers(key=alone).jws()}
    shown = page.one(files)
    assert shown.state == "erased"
    never_more(shown, files, trust)
    assert page.one({JWS: files_of("erased")[JWS]}).state == "unproven"


def test_a_pinned_bench_vouches_for_no_other(page: Page) -> None:
    bench = bench_key()
    trust = Trust((bench.certificate,), (), (), None, corpus().trust().software)
    page.believe(trust)
    files = {JWS: Papers(key=issue_bench_key(bench, "banc 2", later(0))).jws()}
    shown = page.one(files)
    assert shown.state == "unproven"
    never_more(shown, files, trust)


def test_a_pinned_time_authority_vouches_for_no_certificate(page: Page) -> None:
    root = corpus().root
    one = root.certificate
    certificate = (
        x509.CertificateBuilder()
        .subject_name(one.subject)
        .issuer_name(one.subject)
        .public_key(root.key.public_key())
        .serial_number(7)
        .not_valid_before(one.not_valid_before_utc)
        .not_valid_after(one.not_valid_after_utc)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .sign(root.key, hashes.SHA256())
    )
    assert believed((one, certificate), ()) == believed((one,), ())
    trust = Trust((certificate,), (), (), None, corpus().trust().software)
    page.believe(trust)
    files = {JWS: files_of("erased")[JWS]}
    shown = page.one(files)
    assert shown.state == "unproven"
    never_more(shown, files, trust)


@pytest.mark.parametrize("name", [*FOREIGN, *OURS])
def test_a_key_that_the_root_issued_for_another_purpose(page: Page, name: str) -> None:
    at = json.loads(record_of())["issued_at"]
    key = issued_for(corpus().root, {**FOREIGN, **OURS}[name], at)
    files = {JWS: Papers(key=key).jws()}
    shown = page.one(files)
    assert shown.state == ("false" if name in FOREIGN else "erased"), shown
    never_more(shown, files)


@pytest.mark.parametrize("name", ROOTS)
def test_a_root_of_another_maker_vouches_only_where_recond_says_so(page: Page, name: str) -> None:
    """The page read of a pinned root no more than that it called itself an authority."""
    extensions, vouches = ROOTS[name]
    root = root_of(corpus().root, extensions)
    trust = Trust(root.chain, (), (), None, corpus().trust().software)
    assert bool(believed(root.chain, ())) is (vouches or may_sign(root.certificate))
    page.believe(trust)
    files = {JWS: files_of("erased")[JWS]}
    shown = page.one(files)
    assert (shown.state == "erased") is vouches, shown
    never_more(shown, files, trust)


def test_a_certificate_in_a_form_that_is_none(page: Page) -> None:
    """The page read them, and believed what recond does not."""
    at = json.loads(record_of())["issued_at"]
    given: Files = {}
    for number, name in enumerate(ODD):
        key, der = odd_certificate(corpus().root, name, at)
        plain = sign_jws(record_of(), key)
        header = json.loads(unbase64url(plain.partition(b".")[0]))
        header["x5c"][0] = base64.b64encode(der).decode()
        said = base64url(canonical_bytes(header)) + b"." + plain.split(b".")[1]
        given[f"{number}.jws"] = said + b"." + base64url(p256.sign(key.key, said))
        assert page.one({JWS: plain}).state == "erased", "as it is meant to be"
    found = page.show(given)
    assert len(found) == len(ODD)
    for shown in found:
        assert shown.state in ("false", "unproven"), (list(ODD), shown.text)
        never_erased(shown)
    for raw in given.values():
        assert not verified({JWS: raw}, donor_trust()).good


def base64url(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def unbase64url(text: bytes) -> bytes:
    return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))


def test_the_root_s_key_under_another_name(page: Page) -> None:
    named = make_root_key("Un autre atelier", NOW)
    renamed = SigningKey(corpus().root.key, (named.certificate,))
    refused(page, {JWS: Papers(key=issue_bench_key(renamed, "banc 1", later(0))).jws()}, "unproven")


# --- Records that the right key signed, but that are none ----------------------------------------


def value_of(**fields: Any) -> bytes:
    return canonical_bytes({**json.loads(record_of()), **fields})


@pytest.mark.parametrize(
    "raw",
    [
        lambda: record_of().replace(b'{"answers"', b'{"lot":"A","answers"', 1),
        lambda: record_of().replace(b'"schema"', b'"schema":"x","schema"', 1),
        lambda: record_of() + b"\n",
        lambda: record_of().replace(b",", b", ", 1),
        lambda: b"\xef\xbb\xbf" + record_of(),
        lambda: value_of(more=1),
        lambda: re.sub(rb'(?<=":)(\d+)', rb"\1.0", record_of(), count=1),
        lambda: value_of(erasures=None),
        lambda: value_of(erasures=[{}]),
        lambda: b"{}",
        lambda: b"[]",
        lambda: value_of(issued_at=5),
        lambda: value_of(schema="recond.record/2"),
        lambda: value_of(bench={}),
        lambda: value_of(signature="key.absent"),
        lambda: canonical_bytes({k: v for k, v in json.loads(record_of()).items() if k != "lot"}),
        lambda: json.dumps(json.loads(record_of())).encode(),
        lambda: record_of().replace(b'"erased"', b'"erased\\u0000"', 1),
        lambda: record_of().replace(b'"lot":"LOT', b'"lot":"\\ud800LOT', 1),
    ],
    ids=range(19),
)
def test_a_record_of_another_form_under_the_right_signature(
    page: Page, raw: Callable[[], bytes]
) -> None:
    made = raw()
    assert made != record_of()
    shown = page.one({JWS: sign_jws(made, bench_key())})
    assert shown.state == "false"
    never_erased(shown)


def test_journals_beside_a_certificate(page: Page) -> None:
    files = {name: raw for name, raw in files_of("erased").items() if name != JWS}
    journals = [name for name in files if name.startswith("journals/")]
    shown = page.one(files)
    assert (shown.state, shown.answers["complete"]) == ("erased", "unknown")
    edited = {**files, journals[0]: files[journals[0]].replace(b"true", b"false", 1)}
    assert edited != files
    refused(page, edited)
    refused(page, {name: raw for name, raw in files.items() if name != journals[0]})
    refused(page, {**files, "journals/more.jsonl": files[journals[0]] + b"\n"})


@pytest.mark.parametrize(
    "kind", ["rejected", "interrupted", "refused", "many-bad", "demonstration"]
)
def test_a_true_document_of_no_erasure_never_says_erased(page: Page, kind: str) -> None:
    shown = page.one({PDF: files_of(kind)[PDF]})
    assert shown.state in ("not-erased", "demonstration")
    assert not shown.approved
    assert "DATA ERASED" not in shown.text
    assert "Erased and approved" not in shown.text


def test_a_demonstration_cannot_be_unmarked(page: Page) -> None:
    value = json.loads(record_of("demonstration"))
    value["bench"]["demonstration"] = False
    refused(page, {JWS: files_of("demonstration")[JWS], RECORD: canonical_bytes(value)})
