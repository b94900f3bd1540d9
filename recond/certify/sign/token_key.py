"""A private key that is elsewhere: it signs, and has no bytes.

Why: whatever signs here asks a key of `cryptography`'s kind to sign; one that lies in a token takes
its place, so that records, pages and certificates are made the same way. Pure: whoever makes one
says how a digest gets its signature.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import NoReturn, Self

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from recond.certify.sign import p256
from recond.errors import RecordInvalid


class TokenKey(ec.EllipticCurvePrivateKey):
    """`sign_digest` makes 64 bytes (r, s) of a SHA-256; `point` is the public one (SEC 1)."""

    def __init__(self, point: bytes, sign_digest: Callable[[bytes], bytes]) -> None:
        try:
            self._public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        except ValueError:
            raise RecordInvalid("certify.key.kind") from None
        self._sign_digest = sign_digest

    def sign(
        self,
        data: bytes | bytearray | memoryview,
        signature_algorithm: ec.EllipticCurveSignatureAlgorithm,
    ) -> bytes:
        """DER, over SHA-256 and nothing else. The token's answer is checked before it counts."""
        if not isinstance(signature_algorithm.algorithm, hashes.SHA256):
            raise RecordInvalid("certify.key.kind")
        signature = self._sign_digest(hashlib.sha256(data).digest())
        try:
            low = p256.lower(p256.to_der(signature))
        except ValueError:
            low = b""
        if len(signature) != p256.SIGNATURE_BYTES or not p256.holds(self._public, low, bytes(data)):
            raise RecordInvalid("certify.token.other")
        return p256.to_der(low)

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The public half."""
        return self._public

    @property
    def curve(self) -> ec.EllipticCurve:
        """P-256."""
        return self._public.curve

    @property
    def key_size(self) -> int:
        """In bits."""
        return self._public.key_size

    def _nothing(self) -> NoReturn:
        raise RecordInvalid("certify.key.kind")

    def exchange(self, *_arguments: object, **_more: object) -> bytes:
        """Not for that."""
        self._nothing()

    def private_numbers(self) -> ec.EllipticCurvePrivateNumbers:
        """They stay in the token."""
        self._nothing()

    def private_bytes(self, *_arguments: object, **_more: object) -> bytes:
        """They stay in the token."""
        self._nothing()

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return self
