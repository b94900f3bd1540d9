"""What a forger, a bad stick or a careless editor does to a certificate's files.

Bytes, JSON and DER are changed by a seeded draw; what needs a key or a PDF library is written out
in `forgeries`. Nothing here knows how recond checks.
"""

from __future__ import annotations

import base64
import copy
import io
import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Files = dict[str, bytes]
PDF, JWS, RECORD = "certificate.pdf", "record.jws", "record.json"

# --- Bytes -----------------------------------------------------------------------------------


def change_bytes(draw: random.Random, raw: bytes) -> tuple[str, bytes]:
    """(what was done, the other bytes) of a file; they may come out the same."""
    name = draw.choice(list(_BYTES))
    return name, _BYTES[name](draw, raw)


def _put(draw: random.Random, raw: bytes, make: Callable[[int], int]) -> bytes:
    out, at = bytearray(raw), draw.randrange(len(raw))
    out[at] = make(out[at]) & 0xFF
    return bytes(out)


def _cut(draw: random.Random, raw: bytes, most: int = 64) -> tuple[int, int]:
    start = draw.randrange(len(raw))
    return start, min(len(raw), start + draw.randint(1, most))


def _delete(draw: random.Random, raw: bytes) -> bytes:
    start, end = _cut(draw, raw)
    return raw[:start] + raw[end:]


def _insert(draw: random.Random, raw: bytes) -> bytes:
    at = draw.randrange(len(raw) + 1)
    some = draw.choice(
        [draw.randbytes(draw.randint(1, 8)), b" ", b"\n", b"\r", b"\0", b"0", b"%", b"\xef\xbb\xbf"]
    )
    return raw[:at] + some + raw[at:]


def _repeat(draw: random.Random, raw: bytes) -> bytes:
    start, end = _cut(draw, raw, 400)
    return raw[:end] + raw[start:end] + raw[end:]


def _swap(draw: random.Random, raw: bytes) -> bytes:
    one, two = sorted((_cut(draw, raw), _cut(draw, raw)))
    if one[1] > two[0]:
        return raw[::-1]
    (a, b), (c, d) = one, two
    return raw[:a] + raw[c:d] + raw[b:c] + raw[a:b] + raw[d:]


def _lines(draw: random.Random, raw: bytes) -> bytes:
    """A line left out, doubled or put elsewhere: a journal's entries, a PDF's objects."""
    lines = raw.splitlines(keepends=True)
    at = draw.randrange(len(lines))
    line = lines.pop(at)
    for _ in range(draw.choice((0, 1, 2))):
        lines.insert(draw.randrange(len(lines) + 1), line)
    return b"".join(lines)


_BYTES: dict[str, Callable[[random.Random, bytes], bytes]] = {
    "bit": lambda draw, raw: _put(draw, raw, lambda one: one ^ 1 << draw.randrange(8)),
    "byte": lambda draw, raw: _put(draw, raw, lambda _: draw.randrange(256)),
    "case": lambda draw, raw: _put(draw, raw, lambda one: one ^ 0x20),
    "delete": _delete,
    "insert": _insert,
    "repeat": _repeat,
    "swap": _swap,
    "lines": _lines,
    "truncate": lambda draw, raw: raw[: draw.randrange(len(raw))],
    "behead": lambda draw, raw: raw[draw.randrange(1, len(raw)) :],
    "append": lambda draw, raw: raw + draw.choice((b"\n", b"\0", b" ", b"\r\n", b"%%EOF\n", raw)),
    "crlf": lambda draw, raw: raw.replace(b"\n", b"\r\n"),
}

# --- JSON ------------------------------------------------------------------------------------


def change_json(draw: random.Random, raw: bytes) -> tuple[str, bytes]:
    """Another document: a value, a key, an order or a spelling differs."""
    name = draw.choice(list(_JSON))
    return name, _JSON[name](draw, raw)


def _any_node(draw: random.Random, value: Any) -> tuple[Any, Any]:
    """(a container, a key or index in it), each depth as likely."""
    while True:
        key = draw.choice(list(value) if isinstance(value, dict) else range(len(value)))
        below = value[key]
        if not isinstance(below, dict | list) or not below or draw.random() < 0.2:
            return value, key
        value = below


def _value(draw: random.Random, raw: bytes) -> bytes:
    document = json.loads(raw)
    holder, key = _any_node(draw, document)
    holder[key] = draw.choice(
        [
            None,
            True,
            False,
            0,
            -1,
            2**53 - 1,
            "",
            "approved",
            "erased",
            "purge",
            [],
            {},
            holder[key],
            str(holder[key]),
        ]
    )
    return _packed(document)


def _drop(draw: random.Random, raw: bytes) -> bytes:
    document = json.loads(raw)
    holder, key = _any_node(draw, document)
    del holder[key]
    return _packed(document)


def _packed(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _number(draw: random.Random, raw: bytes) -> bytes:
    """A number in another form: 16384 as 16384.0, 1.6384e4, 016384, -0."""
    at = draw.choice(list(re.finditer(rb"(?<=[:,\[])\d+(?=[,}\]])", raw)))
    digits = at.group().decode()
    other = draw.choice(
        [
            digits + ".0",
            digits + "e0",
            digits + "E+0",
            "0" + digits,
            "-" + digits,
            f'"{digits}"',
            digits + "0",
            "1e400",
            "NaN",
            "9" * 30,
        ]
    )
    return raw[: at.start()] + other.encode() + raw[at.end() :]


def _twice(draw: random.Random, raw: bytes) -> bytes:
    """A key said twice, the first or the second time with another value."""
    at = draw.choice(list(re.finditer(rb'"(\w+)":("[^"\\]*"|\d+|true|false|null)', raw)))
    other = b'"%s":%s' % (at.group(1), draw.choice([b'"approved"', b"0", b"null", b'"erased"']))
    pair = draw.choice(
        [other + b"," + at.group(), at.group() + b"," + other, at.group() + b"," + at.group()]
    )
    return raw[: at.start()] + pair + raw[at.end() :]


def _backwards(document: Any) -> Any:
    return dict(reversed(document.items())) if isinstance(document, dict) else document[::-1]


def _escaped(draw: random.Random, raw: bytes) -> bytes:
    at = draw.choice(list(re.finditer(rb'"[a-z_]+"', raw)))
    word = at.group().decode()
    return raw[: at.start()] + f'"\\u{ord(word[1]):04x}{word[2:]}'.encode() + raw[at.end() :]


_JSON: dict[str, Callable[[random.Random, bytes], bytes]] = {
    "value": _value,
    "drop": _drop,
    "number": _number,
    "twice": _twice,
    "escaped": _escaped,
    "indent": lambda draw, raw: json.dumps(
        json.loads(raw), indent=draw.choice((0, 1, 2)), ensure_ascii=False
    ).encode(),
    "ascii": lambda draw, raw: json.dumps(json.loads(raw), separators=(",", ":")).encode(),
    "backwards": lambda draw, raw: json.dumps(
        _backwards(json.loads(raw)), separators=(",", ":"), ensure_ascii=False
    ).encode(),
    "utf-16": lambda draw, raw: raw.decode().encode("utf-16"),
    "bom": lambda draw, raw: b"\xef\xbb\xbf" + raw,
}


def with_payload(jws: bytes, payload: bytes) -> bytes:
    """The JWS with its old signature over other content."""
    head, _, tail = jws.split(b".")
    return b".".join((head, base64.urlsafe_b64encode(payload).rstrip(b"="), tail))


# --- DER -------------------------------------------------------------------------------------


@dataclass
class Der:
    """An element of DER: its tag, and its content or the elements in it."""

    tag: bytes
    content: bytes = b""
    inner: list[Der] = field(default_factory=list)
    length: str = "short"  # "long": not minimal; "endless": the form that BER only has

    def dump(self) -> bytes:
        body = b"".join(one.dump() for one in self.inner) if self.tag[0] & 0x20 else self.content
        if self.length == "endless":
            return self.tag + b"\x80" + body + b"\0\0"
        if len(body) < 0x80 and self.length == "short":
            return self.tag + bytes((len(body),)) + body
        size = len(body).to_bytes((len(body).bit_length() + 7) // 8 or 1, "big")
        size = size if self.length == "short" else b"\0" + size
        return self.tag + bytes((0x80 | len(size),)) + size + body

    def below(self) -> list[Der]:
        return [self, *(two for one in self.inner for two in one.below())]


def _sizes(raw: bytes, at: int) -> tuple[int, int]:
    """Where the content of the element at `at` begins and where it ends."""
    size = raw[at + 1]
    at += 2
    if size & 0x80:
        count = size & 0x7F
        size = int.from_bytes(raw[at : at + count], "big")
        at += count
    return at, at + size


def read_der(raw: bytes) -> list[Der]:
    """The elements that follow one another in `raw`."""
    found, at = [], 0
    while at < len(raw):
        tag, (start, end) = raw[at : at + 1], _sizes(raw, at)
        body, at = raw[start:end], end
        found.append(Der(tag, inner=read_der(body)) if tag[0] & 0x20 else Der(tag, body))
    return found


def change_der(draw: random.Random, raw: bytes) -> tuple[str, bytes]:
    """One element of the structure is another one, stands elsewhere or is written otherwise."""
    (top,) = read_der(raw)
    assert top.dump() == raw
    name = draw.choice(list(_DER))
    _DER[name](draw, top)
    return name, top.dump()


def _of(draw: random.Random, top: Der, *, inside: bool) -> Der:
    return draw.choice([one for one in top.below() if (len(one.inner) > 0) is inside])


def _tag(draw: random.Random, top: Der) -> None:
    one = draw.choice(top.below())
    one.tag = bytes((one.tag[0] ^ draw.choice((1, 2, 4, 8, 16, 64, 128)),))


def _content(draw: random.Random, top: Der) -> None:
    one = _of(draw, top, inside=False)
    one.content = draw.choice(
        [
            one.content + b"\0",
            b"\0" + one.content,
            one.content[:-1],
            b"",
            _put(draw, one.content, lambda old: old ^ 1 << draw.randrange(8))
            if one.content
            else b"x",
        ]
    )


def _fewer(draw: random.Random, top: Der) -> None:
    one = _of(draw, top, inside=True)
    del one.inner[draw.randrange(len(one.inner))]


def _more(draw: random.Random, top: Der) -> None:
    one = _of(draw, top, inside=True)
    new = draw.choice(
        [
            Der(b"\x05"),
            Der(b"\x04", b"free"),
            draw.choice(one.inner),
            copy.deepcopy(draw.choice(top.below()[1:])),
        ]
    )
    one.inner.insert(draw.randrange(len(one.inner) + 1), new)


def _order(draw: random.Random, top: Der) -> None:
    one = draw.choice([some for some in top.below() if len(some.inner) > 1])
    at = draw.randrange(len(one.inner) - 1)
    one.inner[at : at + 2] = one.inner[at : at + 2][::-1]


def _length(draw: random.Random, top: Der) -> None:
    one = draw.choice(top.below())
    one.length = "endless" if one.inner and draw.random() < 0.4 else "long"


_DER: dict[str, Callable[[random.Random, Der], None]] = {
    "tag": _tag,
    "content": _content,
    "fewer": _fewer,
    "more": _more,
    "order": _order,
    "length": _length,
}


def hole(pdf: bytes) -> tuple[int, int]:
    """Where the signature's digits stand, without their brackets."""
    found = re.findall(rb"/ByteRange\s*\[\s*\d+\s+(\d+)\s+(\d+)\s+\d+\s*\]", pdf)[-1]
    return int(found[0]) + 1, int(found[1]) - 1


def cms_of(pdf: bytes) -> bytes:
    """The CMS by its own length: its last byte, the signature's, may be zero like the filling."""
    start, end = hole(pdf)
    filled = bytes.fromhex(pdf[start:end].decode())
    return filled[: _sizes(filled, 0)[1]]


def with_cms(pdf: bytes, cms: bytes) -> bytes:
    """The PDF with another CMS in its place; cut off where it is too long."""
    start, end = hole(pdf)
    digits = cms.hex().upper().encode()[: end - start]
    return pdf[:start] + digits.ljust(end - start, b"0") + pdf[end:]


# --- The PDF as a document --------------------------------------------------------------------


def updated(pdf: bytes, change: Callable[[Any], None]) -> bytes:
    """An incremental update behind the seal, as an editor writes it."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    out = io.BytesIO()
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    change(writer)
    writer.write(out)
    return out.getvalue()


def saved(pdf: bytes, change: Callable[[Any], None]) -> bytes:
    """Opened, changed and saved anew."""
    import pikepdf

    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        change(document)
        document.save(out)
    return out.getvalue()
