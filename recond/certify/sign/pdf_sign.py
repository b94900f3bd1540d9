"""The certificate's electronic seal: PAdES B-B, certifying, no change allowed afterwards.

Why: any PDF reader can check it. pyHanko does the work; two of its habits are corrected: it would
raise the file to PDF 2.0 for ECDSA (which PDF/A-3 forbids), and it takes half a second to import,
so it is imported here only, when a certificate is really signed or checked.

Source: ETSI EN 319 142-1 (PAdES), ISO 32000-1 12.8 (DocMDP).
"""

from __future__ import annotations

import asyncio
import io
import warnings

from asn1crypto import cms
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko_certvalidator.registry import SimpleCertificateStore

from recond.certify.sign import p256
from recond.certify.sign.keys import SigningKey

FIELD = "recond"
LONGEST_DER = 72  # of a P-256 signature

_measured: dict[tuple[bytes, ...], cms.ContentInfo] = {}


class _Signer(signers.PdfSigner):  # type: ignore[misc] # pyHanko has no types here
    def register_extensions(self, *_args: object, **_more: object) -> None:
        """Nothing: the ISO/TS 32002 extension would make the file PDF 2.0."""


class _Key(signers.Signer):  # type: ignore[misc] # pyHanko has no types here
    """Signs with the key that recond signs with, wherever that is: it never leaves its place."""

    def __init__(self, signing: SigningKey, **more: object) -> None:
        super().__init__(**more)
        self._signing = signing

    async def async_sign_raw(
        self, data: bytes, _digest_algorithm: str, dry_run: bool = False
    ) -> bytes:
        """The one form of a signature that recond believes."""
        return bytes(LONGEST_DER) if dry_run else p256.to_der(p256.sign(self._signing.key, data))

    async def async_sign(
        self, data_digest: bytes, digest_algorithm: str, dry_run: bool = False, **more: object
    ) -> cms.ContentInfo:
        """Once a chain to find how much room a signature takes: its length is all that is asked
        of a dry run, and a run signs twice (the rehearsal, the certificate).
        """
        sign = super().async_sign
        if not dry_run:
            return await sign(data_digest, digest_algorithm, dry_run=False, **more)
        chain = tuple(one.public_bytes(Encoding.DER) for one in self._signing.chain)
        if chain not in _measured:
            _measured.clear()  # a bench has one key, and another one when that is over
            _measured[chain] = await sign(data_digest, digest_algorithm, dry_run=True, **more)
        return _measured[chain]


def sign_pdf(unsigned: bytes, signing: SigningKey) -> bytes:
    """Append the seal to an unsigned certificate; its bytes stay as they are, as a prefix."""
    store = SimpleCertificateStore()
    chain = [_certificate(one.public_bytes(Encoding.DER)) for one in signing.chain]
    store.register_multiple(chain[1:])  # the first is put in by the signer itself
    signer = _Key(signing, signing_cert=chain[0], cert_registry=store)
    metadata = signers.PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        certify=True,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES,
        subfilter=fields.SigSeedSubFilter.PADES,
        embed_validation_info=False,
    )
    out = io.BytesIO()
    writer = IncrementalPdfFileWriter(io.BytesIO(unsigned))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "no timezone configuration" on a live system
        asyncio.run(_Signer(metadata, signer).async_sign_pdf(writer, output=out))
    return out.getvalue()


def _certificate(der: bytes) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(der)
