"""Why the system refused, in a word of the catalogue.

Why: the system's own texts are English, and a French sentence that ends in "Connection refused" is
half a sentence. It knows numbers only; the words are in `locale/`.
"""

from __future__ import annotations

import errno
import os

from recond.errors import BenchLacks

KNOWN = frozenset(
    (
        *("EACCES", "EBUSY", "ECONNREFUSED", "ECONNRESET", "EDQUOT", "EEXIST", "EFBIG"),
        *("ELOOP", "EMEDIUMTYPE"),
        *("EHOSTUNREACH", "EIO", "EISDIR", "EMFILE", "ENAMETOOLONG", "ENETUNREACH", "ENODEV"),
        *("ENOENT", "ENOMEM", "ENOSPC", "ENOTDIR", "EPERM", "EPIPE", "EROFS", "ESTALE"),
        "ETIMEDOUT",
    )
)


def as_lack(error: OSError) -> BenchLacks:
    """What the system refused, as an error of ours: the file and why."""
    if not error.filename:
        return BenchLacks("host.refused.nameless", reason=os_reason(error))
    return BenchLacks("host.refused", file=os.fsdecode(error.filename), reason=os_reason(error))


def os_reason(error: OSError) -> str:
    """An argument of a message: a word of the catalogue where there is one, else the system's
    own text.
    """
    name = errno.errorcode.get(error.errno or 0, "")
    if name in KNOWN:
        return f"@host.errno.{name}"
    return os.strerror(error.errno) if error.errno else str(error)[:200] or type(error).__name__
