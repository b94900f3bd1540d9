"""What the tests of the donor's page share: the page in a browser, and forgers' tools."""

from __future__ import annotations

import dataclasses
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pikepdf import (
    Array,
    AttachedFileSpec,
    Dictionary,
    Name,
    ObjectStreamMode,
    Pdf,
    String,
)

from recond.certify.pages.certificate import Sheet, render
from recond.certify.pages.donor_page import donor_page
from recond.certify.record import parse_record
from recond.certify.sign import p256
from recond.certify.sign.jws import CONTENT_TYPE, read_jws, sign_jws
from recond.certify.sign.keys import Revocation, SigningKey
from recond.certify.sign.pdf_sign import sign_pdf
from recond.certify.sign.seal import make_seal
from recond.certify.verify.paper import signer_of
from recond.certify.verify.verdicts import Answer, Trust
from recond.codec import canonical_bytes
from recond.locale import text
from tests.certify.papers import corpus, files_of, issued, verified
from tests.donor.browser import Browser, Shown

Files = dict[str, bytes]
PDF, RECORD, JWS = "certificate.pdf", "record.json", "record.jws"
TRUE = {"erased", "partial", "unknown", "not-erased", "nothing"}
RAW_CODE = re.compile(r"\b(?:donor|certify|wipe|drive|cli)\.[a-z]|undefined|\{\w+\}|NaN")
"""What a person must never read: a code without its sentence."""


class Page:
    """The page in the browser: it believes the corpus' root, or whom a test says."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self.browser, self.folder, self.turns, self.raw = browser, folder, 0, b""
        self.believe(donor_trust())

    def believe(self, trust: Trust) -> None:
        """Open the page anew, if it is another."""
        raw = donor_page(trust.pinned, trust.revoked)
        if raw != self.raw:
            self.folder.joinpath("verify.html").write_bytes(raw)
            self.browser.open(self.folder.joinpath("verify.html").as_uri())
            self.raw = raw

    def show(self, files: Files) -> list[Shown]:
        self.turns += 1
        paths = []
        for name, raw in files.items():
            paths.append(self.folder / str(self.turns) / name.rsplit("/", 1)[-1])
            paths[-1].parent.mkdir(exist_ok=True)
            paths[-1].write_bytes(raw)
        return self.browser.give(*paths)

    def one(self, files: Files) -> Shown:
        (found,) = self.show(files)
        return found


def donor_trust(revoked: tuple[Revocation, ...] = ()) -> Trust:
    """What a donor believes: the corpus' root, and no bench's ledger."""
    return dataclasses.replace(corpus().trust(), ledger=None, revoked=revoked)


def never_more(shown: Shown, files: Files, trust: Trust | None = None) -> None:
    """The page says no more than `recond verify` does of the same files."""
    theirs = verified(files, trust or donor_trust())
    said = dict(theirs.answers)
    assert shown.answers["complete"] != "yes"
    for axis, answer in shown.answers.items() if shown.state != "false" else ():
        assert answer != "yes" or said[axis] is Answer.YES, (axis, shown)
    if shown.state in TRUE:
        assert theirs.good
        assert not theirs.demonstration
    else:
        never_erased(shown)


def never_erased(shown: Shown) -> None:
    """Nothing that could be taken for the word of a true certificate."""
    assert shown.state not in TRUE
    assert not shown.approved
    for code in (
        "certify.verdict.erased",
        "certify.verdict.partial",
        "certify.disk.approved",
        "donor.state.authentic.lead",
        "donor.state.authentic.enclosed",
    ):
        assert text("en", code) not in shown.text, shown.text


# --- Forgers' tools --------------------------------------------------------------------------


@cache
def bench_key() -> SigningKey:
    """The key that the corpus is signed with."""
    return corpus().ring.signing_key("", corpus().clock)


def folder_of(kind: str) -> Path:
    """A certificate's folder; `issued` without the language would issue it a second time."""
    return issued(kind, "fr").folder


@cache
def record_of(kind: str = "erased") -> bytes:
    return files_of(kind)[RECORD]


def changed(kind: str = "erased", **fields: Any) -> bytes:
    """A record's canonical bytes with some top fields replaced."""
    return canonical_bytes({**json.loads(record_of(kind)), **fields})


@dataclass
class Papers:
    """A certificate signed to order: whatever the bytes of the record are."""

    raw: bytes = field(default_factory=record_of)
    key: SigningKey = field(default_factory=bench_key)
    page_key: SigningKey | None = None
    seal: str | None = None

    def jws(self, content_type: str = CONTENT_TYPE) -> bytes:
        return sign_jws(self.raw, self.key, content_type)

    def page(self, jws: bytes | None = None, *more: tuple[str, bytes]) -> bytes:
        """The page before its seal, with files put in or replaced."""
        jws = jws or self.jws()
        seal = self.seal or make_seal(parse_record(json.loads(self.raw)), self.raw, self.key)
        page = render(Sheet(self.raw, jws, seal, signer_of(read_jws(jws)), "fr"))
        return attached(page, dict(more)) if more else page

    def pdf(self, jws: bytes | None = None, *more: tuple[str, bytes]) -> bytes:
        return sign_pdf(self.page(jws, *more), self.page_key or self.key)


def attached(pdf: bytes, files: dict[str, bytes]) -> bytes:
    """The PDF with files put in, or replaced."""

    def put(opened: Pdf) -> None:
        for name, content in files.items():
            opened.attachments[name] = AttachedFileSpec(opened, content, filename=name)

    return edited(pdf, put)


def shadowed(pdf: bytes, how: str) -> bytes:
    """The PDF with its files so put inside that readers differ on them."""

    def change(opened: Pdf) -> None:
        names = opened.Root.Names.EmbeddedFiles.Names
        spec, seal = names[1], names[5]
        if how == "seal named record":
            seal.UF = seal.F = "record.json"
        elif how == "key differs":
            names[4] = String("record.json")
        elif how == "untyped":
            opened.attachments["more.txt"] = AttachedFileSpec(opened, b"x", filename="more.txt")
            more = opened.Root.Names.EmbeddedFiles.Names[1]
            del more.Type
            del more.EF.F.Type
        elif how == "unnamed":
            opened.Root.Old = opened.make_stream(b"{}", Type=Name.EmbeddedFile)
        elif how == "two trees":
            opened.Root.Old = Dictionary(
                EmbeddedFiles=opened.make_indirect(
                    Dictionary(Names=Array([String("record.json"), seal]))
                )
            )
        elif how == "EF and UF differ":
            spec.EF.UF = seal.EF.F

    return edited(pdf, change)


def edited(pdf: bytes, change: Callable[[Pdf], None]) -> bytes:
    with Pdf.open(io.BytesIO(pdf)) as opened:
        change(opened)
        out = io.BytesIO()
        opened.save(out, deterministic_id=True, object_stream_mode=ObjectStreamMode.disable)
    return out.getvalue()


def twin(signature: bytes) -> bytes:
    """(r, n - s) for (r, s)."""
    s = int.from_bytes(signature[32:], "big")
    return signature[:32] + (p256.ORDER - s).to_bytes(32, "big")


def twin_sealed(page: bytes, patch: pytest.MonkeyPatch) -> bytes:
    """The page sealed by the right key, with the other form of its signature."""
    lower = p256.lower
    with patch.context() as within:
        within.setattr(p256, "lower", lambda der: twin(lower(der)))
        return sign_pdf(page, bench_key())


def twin_certificate(one: x509.Certificate) -> x509.Certificate:
    der = one.public_bytes(Encoding.DER)
    (other,) = p256.certificate_forms(one) - {der}
    return x509.load_der_x509_certificate(other)
