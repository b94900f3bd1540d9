"""One form of a signature: the record's JWS, and the seal for paper."""

from __future__ import annotations

import base64
import itertools
import json
import random

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from jwcrypto import jwk, jws

from recond.certify.sign import p256
from recond.certify.sign.jws import CONTENT_TYPE, Signed, read_jws, sign_jws
from recond.certify.sign.keys import (
    Revocation,
    SigningKey,
    chain_fault,
    fingerprint,
    issue_bench_key,
    make_bench_key,
    make_root_key,
    public_der,
    read_certificates,
)
from recond.certify.sign.seal import (
    PREFIX,
    base45,
    make_seal,
    read_seal,
    seal_holds,
    unbase45,
)
from recond.codec import canonical_bytes
from recond.errors import RecordInvalid
from tests.certify.journals import base_seed, how_many
from tests.upload.records import record

NOW = "2026-11-24T10:00:00.000Z"
KEY = make_bench_key("banc", NOW)
ROOT = make_root_key("atelier", NOW)
BENCH = issue_bench_key(ROOT, "banc 1", NOW)
PAYLOAD = canonical_bytes({"a": 1, "é": "ü"})


def test_a_signature_has_the_lower_s_and_its_twin_is_not_believed() -> None:
    public = KEY.certificate.public_key()
    for _ in range(20):
        signature = p256.sign(KEY.key, b"message")
        r, s = signature[:32], int.from_bytes(signature[32:], "big")
        assert s <= p256.ORDER // 2
        assert p256.holds(public, signature, b"message")
        twin = r + (p256.ORDER - s).to_bytes(32, "big")
        assert not p256.holds(public, twin, b"message")
        assert not p256.holds(public, signature, b"another")
        assert not p256.holds(BENCH.certificate.public_key(), signature, b"message")
        assert not p256.holds(public, signature + b"\0", b"message")
    for odd in (bytes(64), b"\xff" * 64, b""):
        assert not p256.holds(public, odd, b"message")


# --- JWS -------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [KEY, BENCH])
def test_another_library_reads_the_same_from_our_jws(key: SigningKey) -> None:
    raw = sign_jws(PAYLOAD, key)
    token = jws.JWS()
    token.deserialize(raw.decode())
    header = json.loads(token.objects["protected"])
    leaf = base64.b64decode(header["x5c"][0])
    public = jwk.JWK.from_pem(
        b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(leaf) + b"-----END CERTIFICATE-----\n"
    )
    token.verify(public)
    assert token.payload == PAYLOAD
    assert (header["alg"], header["cty"]) == ("ES256", CONTENT_TYPE)
    signed = read_jws(raw)
    assert signed.holds
    assert signed.payload == PAYLOAD
    assert len(signed.chain) == len(header["x5c"])


def test_what_another_library_signs_in_another_form_is_refused() -> None:
    token = jws.JWS(PAYLOAD)
    token.add_signature(
        jwk.JWK.from_pyca(KEY.key), alg="ES256", protected=json.dumps({"alg": "ES256"})
    )
    with pytest.raises(RecordInvalid, match="header"):
        read_jws(token.serialize(compact=True).encode())


def with_header(**changes: object) -> bytes:
    header, payload, signature = sign_jws(PAYLOAD, KEY).split(b".")
    value = json.loads(base64.urlsafe_b64decode(header + b"=="))
    value.update(changes)
    value = {name: one for name, one in value.items() if one is not None}
    anew = base64.urlsafe_b64encode(canonical_bytes(value)).rstrip(b"=")
    return b".".join((anew, payload, signature))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b".",
        b"..",
        b"a.b",
        b"a.b.c",
        b"e30.e30.AAAA",
        sign_jws(PAYLOAD, KEY) + b"\n",
        b" " + sign_jws(PAYLOAD, KEY),
        sign_jws(PAYLOAD, KEY) + b".x",
        sign_jws(PAYLOAD, KEY).replace(b".", b"=.", 1),
        sign_jws(PAYLOAD, KEY)[:-1],
        with_header(alg="none"),
        with_header(alg="HS256"),
        with_header(x5c=None),
        with_header(x5c=[]),
        with_header(x5c=["AAAA"]),
        with_header(x5c="AAAA"),
        with_header(x5c=[1]),
        with_header(crit=["b64"]),
        with_header(cty=1),
        with_header(typ="JWT"),
        with_header(kid="x"),
    ],
    ids=range(22),
)
def test_any_other_form_is_none_of_ours(raw: bytes) -> None:
    with pytest.raises(RecordInvalid):
        read_jws(raw)


def test_every_flipped_bit_of_a_jws_is_found() -> None:
    seed, raw = base_seed(), sign_jws(PAYLOAD, BENCH)
    draw = random.Random(seed)
    for _ in range(how_many(300)):
        broken = bytearray(raw)
        broken[draw.randrange(len(raw))] ^= 1 << draw.randrange(8)
        try:
            found = read_jws(bytes(broken))
        except RecordInvalid:
            continue
        assert not found.holds or found.chain != BENCH.chain, f"RECOND_SEED={seed}"
        assert not found.holds, f"RECOND_SEED={seed}"


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@pytest.mark.parametrize("which", [BENCH.certificate, ROOT.certificate])
def test_no_flipped_bit_makes_a_certificate_trusted_or_raises(which: x509.Certificate) -> None:
    """But for a root that somebody pins as it is: what is believed of one is its key and name."""
    der = which.public_bytes(Encoding.DER)
    for place in range(len(der) * 8):
        broken = bytearray(der)
        broken[place // 8] ^= 1 << place % 8
        try:
            (found,) = read_certificates(bytes(broken))
        except RecordInvalid:
            continue
        assert chain_fault((found,), (ROOT.certificate,), NOW) is not None, place
        if chain_fault((BENCH.certificate,), (found,), NOW) is None:
            assert public_der(found) == public_der(ROOT.certificate)
        assert not Signed(b"", "", (found,), b"a", b"\0" * 64).holds
        assert fingerprint(found) != fingerprint(which)


def test_a_revoked_key_stays_revoked_under_the_other_form_of_its_certificate() -> None:
    own = BENCH.certificate
    forms = p256.certificate_forms(own)
    (twin,) = (
        x509.load_der_x509_certificate(one)
        for one in forms
        if one != own.public_bytes(Encoding.DER)
    )
    assert fingerprint(twin) != fingerprint(own)
    assert chain_fault((twin,), (ROOT.certificate,), NOW) is None
    for named, used in itertools.product((own, twin), repeat=2):
        entry = Revocation(fingerprint(named), "compromised", NOW)
        assert chain_fault((used,), (ROOT.certificate,), NOW, (entry,)) is not None


# --- The seal --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plain", "code"),
    [
        (b"AB", "BB8"),
        (b"Hello!!", "%69 VD92EX0"),
        (b"base-45", "UJCLQE7W581"),  # RFC 9285 4.3
        (b"ietf!", "QED8WEX0"),
        (b"", ""),
        (b"\0", "00"),
        (b"\xff", "U5"),
        (b"\xff\xff", "FGW"),
    ],
)
def test_base45_is_that_of_the_rfc(plain: bytes, code: str) -> None:
    assert base45(plain) == code
    assert unbase45(code) == plain


@pytest.mark.parametrize("code", ["GGW", "V5", "A", "BB8A", "bb8", "BB\n", "ÀÀÀ", ":::"])
def test_what_is_not_base45_is_refused(code: str) -> None:
    with pytest.raises(RecordInvalid):
        unbase45(code)


def test_a_seal_says_what_the_record_says_and_no_name() -> None:
    found = record(7)
    raw = canonical_bytes(found)
    text = make_seal(found, raw, KEY)
    claims, signature, body = read_seal(text)
    assert seal_holds(signature, body, KEY.certificate)
    assert not seal_holds(signature, body, BENCH.certificate)
    assert (claims.record_id, claims.approved, claims.others) == (found.record_id, 1, 0)
    for name in (found.donor, found.operator.name, found.workshop.name):
        assert name
        assert name.encode() not in body
    assert len(text) < 500
    assert set(text.removeprefix(PREFIX)) <= set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")


def test_every_flipped_bit_of_a_seal_is_found() -> None:
    found, seed = record(7), base_seed()
    text, draw = make_seal(found, canonical_bytes(found), KEY), random.Random(seed)
    for _ in range(how_many(300)):
        at = draw.randrange(len(text))
        other = chr(ord(text[at]) ^ 1 << draw.randrange(7))
        try:
            _, signature, body = read_seal(text[:at] + other + text[at + 1 :])
        except RecordInvalid:
            continue
        assert not seal_holds(signature, body, KEY.certificate), f"RECOND_SEED={seed}"


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"[]",
        b'["a","h","i","k","o","t"]',
        b"null",
        b"1",
        b"\xff",
        b"{" * 5000,
        b'{"a":1,"d":false,"h":"","i":"","k":"","o":0,"t":""}',
        b'{"a":true,"h":"","i":"","k":"","o":0,"t":""}',
        b'{"a":1, "h":"","i":"","k":"","o":0,"t":""}',
    ],
)
def test_other_claims_are_no_seal(body: bytes) -> None:
    with pytest.raises(RecordInvalid):
        read_seal(PREFIX + base45(bytes(64) + body))
