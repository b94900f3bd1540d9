"""Whether this bench made a signature, or one that it believes.

Why: an output folder lies where others may write. What stands there is this bench's own word only
where its ledger or its keys say so, whatever number it bears.
"""

from __future__ import annotations

import hashlib

from recond.certify.sign.jws import read_jws
from recond.certify.sign.keys import chain_fault
from recond.errors import RecondError
from recond.flow.keys.keyring import Keyring


def is_ours(keyring: Keyring, raw: bytes, at: str) -> bool:
    """Whether a key that the bench believes made a JWS then, or its ledger names it: the ledger may
    have been set aside since, the keys' folder may be what cannot be used now. That the signature
    holds is not asked here.
    """
    try:
        trust = keyring.trust(())
        believed = (*trust.pinned, *trust.own)
        if chain_fault(read_jws(raw).chain, believed, at, trust.revoked) is None:
            return True
    except (OSError, ValueError, TypeError, RecondError):
        pass  # the ledger may know it
    digest = hashlib.sha256(raw).hexdigest()  # asked last: a ledger has as many lines as years
    return any(
        isinstance(entry["data"], dict) and entry["data"].get("jws_sha256") == digest
        for entry in keyring.read_ledger().entries
    )
