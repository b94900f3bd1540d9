"""Keys and whom they speak for: expiry, revocation, the chain, the file at rest."""

from __future__ import annotations

import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from recond.certify.sign.keys import (
    BENCH_DAYS,
    ROOT_DAYS,
    Revocation,
    SigningKey,
    chain_fault,
    common_name,
    fingerprint,
    is_authority,
    is_time_authority,
    issue_bench_key,
    make_bench_key,
    make_root_key,
    pack_key,
    pem,
    protects,
    read_certificates,
    unpack_key,
)
from recond.certify.sign.purpose import DOCUMENT_SIGNING
from recond.errors import RecordInvalid
from tests.certify.purposes import (
    FOREIGN,
    OURS,
    ROOTS,
    SIGNS,
    Extensions,
    issued_for,
    root_of,
    usage,
)

NOW = "2026-11-24T10:00:00.000Z"
ROOT = make_root_key("Bricol’Café", NOW)
BENCH = issue_bench_key(ROOT, "Bricol’Café, banc 3", NOW)
ALONE = make_bench_key("banc seul", NOW)
PINNED = (ROOT.certificate,)


def later(days: int, seconds: int = 0) -> str:
    moment = dt.datetime.fromisoformat(NOW) + dt.timedelta(days=days, seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize(
    ("key", "pinned", "days", "fault"),
    [
        (BENCH, PINNED, 0, None),
        (BENCH, PINNED, BENCH_DAYS - 2, None),
        (BENCH, PINNED, BENCH_DAYS, "certify.trust.expired"),
        (BENCH, PINNED, -2, "certify.trust.expired"),
        (BENCH, (), 0, "certify.trust.unknown"),
        (BENCH, (ALONE.certificate,), 0, "certify.trust.unknown"),
        (BENCH, (BENCH.certificate,), 0, None),
        (BENCH, (BENCH.certificate,), BENCH_DAYS, "certify.trust.expired"),
        (ALONE, PINNED, 0, "certify.trust.unknown"),
        (ALONE, (ALONE.certificate,), 0, None),
    ],
)
def test_who_is_believed_and_when(
    key: SigningKey, pinned: tuple[x509.Certificate, ...], days: int, fault: str | None
) -> None:
    assert chain_fault(key.chain, pinned, later(days)) == fault


def test_a_bench_cannot_issue_for_another() -> None:
    forged = issue_bench_key(BENCH, "faux banc", NOW)
    assert chain_fault(forged.chain, PINNED, NOW) == "certify.trust.unknown"
    assert chain_fault(forged.chain, (BENCH.certificate,), NOW) == "certify.trust.unknown"


@pytest.mark.parametrize("name", [*FOREIGN, *OURS])
def test_a_root_vouches_for_keys_that_sign_documents(name: str) -> None:
    """A workshop's root may issue for its web server too: that key's word is no certificate."""
    made = issued_for(ROOT, {**FOREIGN, **OURS}[name], NOW)
    fault = "certify.trust.purpose" if name in FOREIGN else None
    for pinned in (PINNED, made.chain[:1]):
        assert chain_fault(made.chain, pinned, NOW) == fault


@pytest.mark.parametrize("name", ROOTS)
def test_a_pinned_root_vouches_only_where_its_certificate_lets_it(name: str) -> None:
    """Whatever was pinned, and called itself an authority, vouched for every key."""
    extensions, vouches = ROOTS[name]
    root = root_of(ROOT, extensions)
    none = "certify.trust.issuer" if is_authority(root.certificate) else "certify.trust.unknown"
    fault = None if vouches else none
    assert chain_fault(BENCH.chain, root.chain, NOW) == fault
    assert chain_fault(BENCH.chain, (*root.chain, *PINNED), NOW) is None, "the other one does"
    assert chain_fault(BENCH.chain, (*PINNED, *root.chain), NOW) is None
    lost = (Revocation(fingerprint(ROOT.certificate), "compromised", NOW),)
    for both in ((*root.chain, *PINNED), (*PINNED, *root.chain)):
        assert chain_fault(BENCH.chain, both, NOW, lost) == "certify.trust.compromised"


@pytest.mark.parametrize("extensions", [(), (SIGNS,), (usage("content_commitment"),)])
def test_a_self_made_key_that_is_pinned_itself_need_not_be_an_authority(
    extensions: Extensions,
) -> None:
    own = root_of(ALONE, extensions)
    assert chain_fault(own.chain, own.chain, NOW) is None
    assert chain_fault(ALONE.chain, ALONE.chain, NOW) is None


def test_a_root_does_not_sign_certificates_itself() -> None:
    assert chain_fault(ROOT.chain, PINNED, NOW) == "certify.trust.purpose"


def test_a_root_of_the_same_name_is_another_root() -> None:
    twin = make_root_key("Bricol’Café", NOW)
    forged = issue_bench_key(twin, "Bricol’Café, banc 3", NOW)
    assert chain_fault(forged.chain, PINNED, NOW) == "certify.trust.unknown"


@pytest.mark.parametrize(
    ("of", "reason", "since", "at", "fault"),
    [
        (BENCH, "compromised", later(5), later(0), "certify.trust.compromised"),
        (BENCH, "compromised", later(0), later(5), "certify.trust.compromised"),
        (BENCH, "retired", later(5), later(4), None),
        (BENCH, "retired", later(5), later(5, 1), "certify.trust.retired"),
        (ROOT, "compromised", later(5), later(0), "certify.trust.compromised"),
        (ROOT, "retired", later(5), later(4), None),
        (ROOT, "retired", later(5), later(6), "certify.trust.retired"),
    ],
)
def test_a_compromised_key_voids_all_a_retired_one_what_it_signed_afterwards(
    of: SigningKey, reason: str, since: str, at: str, fault: str | None
) -> None:
    spaced = Revocation(fingerprint(of.certificate), reason, since)
    bare = Revocation(fingerprint(of.certificate).replace(" ", ""), reason, since)
    for entry in (spaced, bare):
        assert chain_fault(BENCH.chain, PINNED, at, (entry,)) == fault
    assert chain_fault(ALONE.chain, (ALONE.certificate,), at, (spaced,)) is None


def test_certificates_say_what_they_are_for() -> None:
    leaf, root = BENCH.certificate, ROOT.certificate
    assert common_name(leaf) == "Bricol’Café, banc 3"
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.digital_signature, usage.content_commitment, usage.key_cert_sign) == (
        True,
        True,
        False,
    )
    wanted = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert set(wanted) == {DOCUMENT_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION}
    basic = root.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (basic.ca, basic.path_length) == (True, 0)
    days = (root.not_valid_after_utc - root.not_valid_before_utc).days
    assert days == ROOT_DAYS
    assert common_name(make_bench_key("é" * 100, NOW).certificate) == "é" * 32


# --- At rest ---------------------------------------------------------------------------------


def test_a_key_comes_back_with_its_passphrase_and_no_other() -> None:
    raw = pack_key(BENCH, "une phrase, longue")
    assert protects(raw)
    found = unpack_key(raw, "une phrase, longue")
    assert found.chain == BENCH.chain
    assert found.key.private_numbers() == BENCH.key.private_numbers()
    for wrong in ("une phrase longue", "", None):
        with pytest.raises(RecordInvalid, match="unreadable"):
            unpack_key(raw, wrong)


def test_a_key_without_passphrase_says_so() -> None:
    raw = pack_key(ALONE, None)
    assert not protects(raw)
    assert unpack_key(raw, None).certificate == ALONE.certificate


@pytest.mark.parametrize("raw", [b"", b"not a key", b"\x30\x03\x02\x01\x00"])
def test_what_is_no_key_is_said_to_be_none(raw: bytes) -> None:
    with pytest.raises(RecordInvalid, match="unreadable"):
        unpack_key(raw, None)


def test_a_key_of_another_kind_is_not_used() -> None:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    for key in (ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)):
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .serial_number(1)
            .public_key(key.public_key())
            .not_valid_before(dt.datetime(2026, 1, 1))
            .not_valid_after(dt.datetime(2027, 1, 1))
            .sign(key, hashes.SHA256())
        )
        raw = pkcs12.serialize_key_and_certificates(b"x", key, certificate, None, NoEncryption())
        with pytest.raises(RecordInvalid, match="kind"):
            unpack_key(raw, None)
    mixed = SigningKey(ALONE.key, BENCH.chain)
    with pytest.raises((RecordInvalid, ValueError)):
        unpack_key(pack_key(mixed, None), None)


def test_certificates_are_read_in_pem_and_der_and_nothing_else() -> None:
    from cryptography.hazmat.primitives.serialization import Encoding

    both = pem(ROOT.certificate) + pem(BENCH.certificate)
    assert read_certificates(both) == (ROOT.certificate, BENCH.certificate)
    assert read_certificates(ROOT.certificate.public_bytes(Encoding.DER)) == PINNED
    fake = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    for raw in (b"", b"nonsense", fake):
        with pytest.raises(RecordInvalid, match="certificate"):
            read_certificates(raw)


def test_a_key_is_never_shown() -> None:
    secret = f"{BENCH.key.private_numbers().private_value:x}"
    for shown in (repr(BENCH), str(BENCH), f"{(BENCH,)}"):
        assert secret not in shown
        assert "BEGIN" not in shown


@pytest.mark.parametrize(
    ("purposes", "stamps"),
    [
        ([ExtendedKeyUsageOID.TIME_STAMPING], True),
        ([ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.SERVER_AUTH], False),
        ([ExtendedKeyUsageOID.EMAIL_PROTECTION], False),
    ],
)
def test_a_time_authority_has_no_second_purpose(
    purposes: list[x509.ObjectIdentifier], stamps: bool
) -> None:
    root = make_root_key("Horodatage", "2026-11-24T08:00:00.000Z")
    one = root.certificate
    certificate = (
        x509.CertificateBuilder()
        .subject_name(one.subject)
        .issuer_name(one.subject)
        .public_key(root.key.public_key())
        .serial_number(7)
        .not_valid_before(one.not_valid_before_utc)
        .not_valid_after(one.not_valid_after_utc)
        .add_extension(x509.ExtendedKeyUsage(purposes), critical=True)
        .sign(root.key, hashes.SHA256())
    )
    assert is_time_authority(certificate) is stamps
