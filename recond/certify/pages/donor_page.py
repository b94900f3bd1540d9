"""The donor's page: one HTML file that checks certificates in a browser, without us.

Why: a donor has a PDF, a browser and no reason to install anything. The page is put together from
its pieces in `recond/data/donor`, the catalogues, the record's schema and the certificates that it
is to believe. It asks what `recond.certify.verify.bundle` asks, in the same order, and says what it
cannot check. It may not reach the network: its policy names the digest of its one script and allows
nothing else. The same input gives the same bytes. Pure: bytes out.

Source: W3C CSP Level 3, W3C Web Cryptography.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from importlib import resources

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from recond import __version__
from recond.certify import schema
from recond.certify.marks import MARKS, TAIL_BYTES
from recond.certify.sign import p256
from recond.certify.sign.keys import (
    KeyFacts,
    Revocation,
    chain_fault,
    facts_of,
    instant,
    is_authority,
    may_vouch,
)
from recond.certify.sign.purpose import may_issue
from recond.certify.statement import MOST_LETTERS, NAMES_THINGS, PARTS, VERDICTS
from recond.custody import MOST_THINGS
from recond.foreign import LONGEST, NAMES, QUOTED, QUOTES, SIGNS, SIGNS_IN_A_LINE
from recond.locale import LANGS, Lang, entries, text
from recond.model import Json

SCRIPTS = ("bytes", "der", "p256", "x509", "jws", "record", "pdf", "words", "check", "page")
GENERATOR = f"recond {__version__}"
_WORDS: dict[str, tuple[str, ...]] = {  # a room, and the families of it that the page can say
    "donor": (),
    "certify": (
        "answer",
        "axis",
        "computer",
        "disk",
        "ending",
        "fate",
        "field",
        "how",
        "interrupted",
        "jws",
        "left",
        "mark",
        "namespace",
        "not-recorded",
        "number",
        "outcome",
        "reason",
        "scope",
        "seal",
        "section",
        "title",
        "trust",
        "unknown",
        "verdict",
        "verify",
        "warn",
        "word",
    ),
    "cli": ("level", "why"),
    "custody": (
        "event",
        "field",
        "form",
        "headline",
        "kind",
        "no-erasure",
        "technique",
        "title",
        "verify",
        "word",
    ),
    "inspect": ("census",),
    "drive": (),  # why a disk was not erased may be any of these two rooms'
    "wipe": (),
}
_MARK = re.compile(r"\b(?:POLICY|GENERATOR|STYLE|NOSCRIPT|DATA|SCRIPT)\b")


def donor_page(trusted: tuple[x509.Certificate, ...], revoked: tuple[Revocation, ...]) -> bytes:
    """The page that believes these certificates (those of P-256) and not those revoked."""
    style = _piece("page.css")
    script = (
        '(() => {\n"use strict";\n'
        + "\n".join(_piece(f"{name}.js") for name in SCRIPTS)
        + "})();\n"
    )
    data: Json = {
        "version": __version__,
        "trusted": [
            {
                "der": base64.b64encode(one.public_bytes(Encoding.DER)).decode(),
                "authority": is_authority(one),
            }
            for one in believable(trusted)
        ],
        "revoked": [
            {
                "fingerprint": one.fingerprint.replace(" ", "").lower(),
                "reason": one.reason,
                "since": _microseconds(one.since),
            }
            for one in revoked
        ],
        "words": {lang: _words(lang) for lang in LANGS},
        "schema": schema.with_statements(),
        "statement": statement_rules(),
        "foreign": {
            "names": list[Json](sorted(NAMES)),
            "longest": LONGEST,
            "marks": [mark.decode("ascii") for mark in MARKS],
            "tail": TAIL_BYTES,
            "quoted": QUOTED,
            "quotes": QUOTES,
            "signs": SIGNS,
            "in_a_line": SIGNS_IN_A_LINE,
        },
    }
    parts = {
        "POLICY": f"default-src 'none'; script-src '{_digest(script)}'; style-src "
        f"'{_digest(style)}'; base-uri 'none'; form-action 'none'",
        "GENERATOR": GENERATOR,
        "STYLE": style,
        "SCRIPT": script,
        "NOSCRIPT": "".join(
            f'<p lang="{lang}">{text(lang, "donor.noscript")}</p>' for lang in LANGS
        ),
        # in a data block only `<` could end it or begin markup
        "DATA": json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")).replace(
            "<", "\\u003c"
        ),
    }
    return _MARK.sub(lambda mark: parts[mark.group()], _piece("page.html")).encode("utf-8")


def statement_rules() -> dict[str, Json]:
    """What a custody statement must be, beyond its form, as the page holds it to."""
    return {
        "schema": {"$ref": "#/$defs/CustodyEvent"},
        "verdicts": list[Json](sorted(VERDICTS)),
        "letters": MOST_LETTERS,
        "most_things": MOST_THINGS,
        "names_things": list[Json](sorted(NAMES_THINGS)),
        "parts": {
            name: {"must": list[Json](sorted(must)), "may": list[Json](sorted(may))}
            for name, must, may in PARTS
        },
    }


def believable(trusted: tuple[x509.Certificate, ...]) -> tuple[x509.Certificate, ...]:
    """Those that can ever be believed for a certificate, each once: of P-256, as all of recond's
    signatures, and not pinned for another purpose.
    """
    return tuple(
        one
        for one in dict.fromkeys(trusted)
        if p256.certificate_forms(one)
        and p256.is_p256(one.public_key())
        and _fault(one, ()) is None
    )


def believed(
    trusted: tuple[x509.Certificate, ...], revoked: tuple[Revocation, ...]
) -> tuple[KeyFacts, ...]:
    """Whom the page will name as believed: all but those whose key is compromised."""
    return tuple(
        facts_of(one)
        for one in believable(trusted)
        if _fault(one, revoked) != "certify.trust.compromised"
    )


def _fault(one: x509.Certificate, revoked: tuple[Revocation, ...]) -> str | None:
    """Why a certificate that is pinned as it is would not be believed on its first day; a root
    need not sign documents itself.
    """
    fault = chain_fault((one,), (one,), one.not_valid_before_utc.isoformat(), revoked)
    root = may_issue(one) and may_vouch(one)
    return None if fault == "certify.trust.purpose" and root else fault


def is_donor_page(raw: bytes) -> bool:
    """Whether the bytes are a page of ours, of whatever version: it may be replaced."""
    return b'name="generator" content="recond ' in raw[:4096]


def _piece(name: str) -> str:
    return resources.files("recond.data").joinpath("donor", name).read_text(encoding="utf-8")


def _digest(source: str) -> str:
    """A source's digest as a policy names it."""
    digest = hashlib.sha256(source.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _words(lang: Lang) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for room, families in _WORDS.items():
        for code, entry in entries(lang, room).items():
            if not families or code.split(".")[1] in families:
                found[code] = list(entry) if isinstance(entry, list) else entry
    return found


def _microseconds(utc: str) -> int:
    moment = instant(utc)
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond
