"""A key in a PKCS#11 token (a smart card, a USB key, an HSM): make one, sign with it.

Why: a key in a token cannot be copied from the bench, only used while the token is plugged in. The
library python-pkcs11 is an extra (`recond[token]`), imported here and only when a token is used.
The PIN is handed on and nowhere kept; no message of the module's is shown, for it may hold it.

Source: PKCS#11 v2.40, mechanisms CKM_EC_KEY_PAIR_GEN and CKM_ECDSA (raw: over the SHA-256).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from recond.errors import BenchLacks, RecordInvalid, UsageError

CURVE = "secp256r1"


@dataclass(frozen=True, slots=True)
class TokenPlace:
    """Which key of which token: the module's file, the token's label, the key's id in hex."""

    module: str
    label: str
    key: str = ""

    @property
    def shown(self) -> str:
        """For a person."""
        return f"{self.module}:{self.label}"


def parse_place(text: str) -> TokenPlace:
    """`MODULE:LABEL`. Raises `UsageError` for anything else."""
    module, colon, label = text.rpartition(":")
    if not colon or not module.startswith("/") or not label:
        raise UsageError("certify.token.place", place=text)
    return TokenPlace(module, label)


class Token:
    """An open token. Methods raise `RecordInvalid` or `BenchLacks`, never the library's own."""

    def __init__(self, place: TokenPlace, pin: str, *, write: bool = False) -> None:
        self._place = place
        try:
            import pkcs11
        except ImportError:
            raise BenchLacks("certify.token.library") from None
        self._pkcs11: Any = pkcs11
        try:
            slot = pkcs11.lib(place.module).get_token(token_label=place.label)
        except (pkcs11.PKCS11Error, RuntimeError, OSError):
            raise BenchLacks("certify.token.absent", place=place.shown) from None
        try:
            self._session = self._open(slot, pin, write=write)
        except (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange):
            raise RecordInvalid("certify.token.pin-wrong", place=place.shown) from None
        except pkcs11.PinLocked:
            raise RecordInvalid("certify.token.pin-locked", place=place.shown) from None
        except (pkcs11.PKCS11Error, RuntimeError, ValueError) as error:
            raise self._fault(error) from None

    def _open(self, slot: Any, pin: str, *, write: bool) -> Any:
        try:
            return slot.open(user_pin=pin, rw=write)
        except self._pkcs11.UserAlreadyLoggedIn:  # by this process: PKCS#11 has one login for all
            return slot.open(rw=write)

    def _fault(self, error: Exception) -> RecordInvalid:
        return RecordInvalid(
            "certify.token.failed", place=self._place.shown, reason=type(error).__name__
        )

    def make_key(self, key: bytes) -> bytes:
        """Make a P-256 key that never leaves the token; its public point (SEC 1, 65 bytes)."""
        try:
            from pkcs11.util.ec import encode_named_curve_parameters

            domain = self._session.create_domain_parameters(
                self._pkcs11.KeyType.EC,
                {self._pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters(CURVE)},
                local=True,
            )
            domain.generate_keypair(
                store=True,
                id=key,
                label="recond",
                private_template={
                    self._pkcs11.Attribute.EXTRACTABLE: False,
                    self._pkcs11.Attribute.SENSITIVE: True,
                },
            )
            return self.point(key)
        except (self._pkcs11.PKCS11Error, RuntimeError, ValueError) as error:
            raise self._fault(error) from None

    def point(self, key: bytes) -> bytes:
        """The public point of a key."""
        try:
            public = self._session.get_key(object_class=self._pkcs11.ObjectClass.PUBLIC_KEY, id=key)
            raw = bytes(public[self._pkcs11.Attribute.EC_POINT])
        except (self._pkcs11.PKCS11Error, RuntimeError, ValueError) as error:
            raise self._fault(error) from None
        return raw[2:] if len(raw) == 67 else raw  # as an OCTET STRING, or bare as some tokens do

    def sign(self, key: bytes, digest: bytes) -> bytes:
        """ECDSA over a SHA-256: r and s, 64 bytes."""
        try:
            private = self._session.get_key(
                object_class=self._pkcs11.ObjectClass.PRIVATE_KEY, id=key
            )
            return bytes(private.sign(digest, mechanism=self._pkcs11.Mechanism.ECDSA))
        except (self._pkcs11.PKCS11Error, RuntimeError, ValueError) as error:
            raise self._fault(error) from None

    def remove_key(self, key: bytes) -> None:
        """Destroy a key and its public half; one that is not there is no error."""
        for kind in (self._pkcs11.ObjectClass.PRIVATE_KEY, self._pkcs11.ObjectClass.PUBLIC_KEY):
            try:
                self._session.get_key(object_class=kind, id=key).destroy()
            except (self._pkcs11.PKCS11Error, RuntimeError, ValueError):
                continue

    def close(self) -> None:
        """End the session, and with the last one the login."""
        try:
            self._session.close()
        except (self._pkcs11.PKCS11Error, RuntimeError):
            return
