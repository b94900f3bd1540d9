"""Why the system refused, in a word of the catalogue.

Why: the system's own texts are English, and a French sentence that ends in "Connection refused" is
half a sentence. It knows numbers only; the words are in `locale/`.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

from recond.errors import BenchLacks, RecondError, UsageError

KNOWN = frozenset(
    (
        *("EACCES", "EBUSY", "ECONNREFUSED", "ECONNRESET", "EDQUOT", "EEXIST", "EFBIG"),
        *("ELOOP", "EMEDIUMTYPE"),
        *("EHOSTUNREACH", "EIO", "EISDIR", "EMFILE", "ENAMETOOLONG", "ENETUNREACH", "ENODEV"),
        *("ENOENT", "ENOMEM", "ENOSPC", "ENOTDIR", "EPERM", "EPIPE", "EROFS", "ESTALE"),
        "ETIMEDOUT",
    )
)


_OF_THE_NAME = frozenset(
    (
        *(errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG, errno.ELOOP),
        *(errno.EACCES, errno.EPERM, errno.EROFS, errno.EINVAL, errno.EMEDIUMTYPE),
    )
)
"""Where another file or folder would have done."""


def unwritten(error: OSError, code: str, **args: str) -> RecondError:
    """Why a file that a person named was not written, in the words of `code`: the wrong place to
    name, or a bench that is full or fails. `args` beside `reason`.
    """
    kind = UsageError if error.errno in _OF_THE_NAME else BenchLacks
    return kind(code, reason=os_reason(error), **args)


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


def refuse_unwritable_name(path: Path) -> None:
    """Raise `UsageError` for a path that is no text: no record could name it (RFC 8785 3.1)."""
    raw = os.fsencode(path)
    shown = raw.decode("utf-8", "backslashreplace")
    if shown.encode() != raw:
        raise UsageError("host.path.not_text", path=shown)
