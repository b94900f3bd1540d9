"""Certificates drawn at the same time: a dock's slots are threads of one program."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor

from recond.certify.pages import parts
from recond.certify.pages.certificate import Sheet, render
from recond.certify.record import parse_record
from recond.codec import canonical_bytes
from tests.certify.papers import files_of

KINDS = ("erased", "rejected", "interrupted", "refused", "word", "left")


def test_what_is_drawn_at_once_is_what_is_drawn_alone() -> None:
    """Else a page has another's words, and its seal's check calls it changed."""
    records = [parse_record(json.loads(files_of(kind)["record.json"])) for kind in KINDS]
    sheets = [Sheet(canonical_bytes(one), None, None, None, "fr") for one in records]
    alone = [render(sheet) for sheet in sheets]
    for _ in range(4):
        parts.register_fonts.cache_clear()  # as in a program that has just started
        gate = threading.Barrier(len(sheets))

        def draw(sheet: Sheet, gate: threading.Barrier = gate) -> bytes:
            gate.wait()
            return render(sheet)

        with ThreadPoolExecutor(len(sheets)) as slots:
            assert list(slots.map(draw, sheets)) == alone
