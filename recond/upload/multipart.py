"""A form with a file in it (RFC 7578), for the stocks that take certificates. Pure."""

from __future__ import annotations

import hashlib


def multipart(
    fields: tuple[tuple[str, str, str], ...], name: str, file: str, content: bytes
) -> tuple[tuple[str, str], bytes]:
    """The Content-Type header and the body. `fields`: name, media type, text; `name` and `file`
    are the file's field and its file name, in ASCII.

    The boundary is made of the content, so that the same form is the same bytes.
    """
    mark = f"recond-{hashlib.sha256(content).hexdigest()[:32]}"
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{field}"\r\n'
        f"Content-Type: {kind}\r\n\r\n{text}\r\n".encode()
        for field, kind, text in fields
    ]
    parts.append(
        f'--{mark}\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"\r\n'
        "Content-Type: application/pdf\r\n\r\n".encode()
    )
    body = b"".join(parts) + content + f"\r\n--{mark}--\r\n".encode()
    return ("Content-Type", f"multipart/form-data; boundary={mark}"), body
