"""Does a file that is no certificate bear a mark of one? Then it is damaged or tampered with.

Why: an invoice is no forgery, and a person who reads "not to be believed" of it learns nothing. But
a certificate whose files were taken out, or whose beginning is gone, must not pass for somebody
else's paper. So a file is called "no certificate of recond" only where nothing in it comes from
one; with a mark, or as a PDF that is not whole, it is judged. Neither is good. The donor's page
looks for the same marks (recond/data/donor/check.js). Pure.
"""

from __future__ import annotations

MARKS = (
    b"/EmbeddedFile",  # a file inside: another's invoice may have one, and is then judged too
    b"record.json",
    b"record.jws",
    b"seal.txt",
    b"RECOND1:",
    b"event.json",
    b"event.jws",
    b"RECONDC1:",
    b"recond.custody/",
    b"recond.record/",
    b"recond.journal/",
    b"recond.ledger/",
    b"(recond)",  # the maker in a PDF's own description, and the signature's field
    b">recond<",
    b'"recond"',
)
"""What stands in the open in every certificate, record, statement, seal, journal and ledger."""
TAIL_BYTES = 2048
"""A whole PDF ends by `%%EOF` within so many bytes (ISO 32000-1, 7.5.5)."""


def bears_a_mark(raw: bytes) -> bool:
    """Whether something in these bytes comes from a certificate of recond; UTF-16 counts."""
    plain = raw.replace(b"\0", b"")
    return any(mark in plain for mark in MARKS)


def is_whole_pdf(raw: bytes) -> bool:
    """Whether these bytes begin and end as a PDF: what was cut off may have held a mark."""
    tail = raw[-TAIL_BYTES:]
    return raw.startswith(b"%PDF-") and b"startxref" in tail and b"%%EOF" in tail


def is_another_pdf(raw: bytes) -> bool:
    """Whether a PDF is whole and has nothing of a certificate of recond."""
    return is_whole_pdf(raw) and not bears_a_mark(raw)
