"""A small file that is made to keep the page busy: an answer within seconds, and never a yes."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.certify.bombs import packed, pdf, stream
from tests.donor.pages import PDF, Page, never_erased

SIZE = 400_000
LONGEST_S = 5.0


def _tree(description: bytes, file: bytes, *, more: bytes = b"") -> bytes:
    return pdf(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R /Names << /EmbeddedFiles 3 0 R >> >>" + more,
            2: b"<< /Type /Pages /Kids [] /Count 0 >>",
            3: b"<< /Names [ (record.json) 4 0 R ] >>",
            4: description,
            5: file,
        }
    )


NAMED = b"<< /Type /Filespec /F (record.json) /UF (record.json) /EF << /F 5 0 R >> >>"


def spaces() -> bytes:
    """A filter and then nothing."""
    body = b"<< /Type /EmbeddedFile /Length 1 /Filter" + b" " * SIZE + b">>\nstream\n0\nendstream"
    return _tree(NAMED, body)


def unclosed() -> bytes:
    """Names that begin and never end."""
    return _tree(NAMED + b"/F (" * (SIZE // 4), stream(b"/Type /EmbeddedFile", b"0"))


def ranges() -> bytes:
    """Very many byte ranges without an end."""
    return _tree(NAMED, b"", more=b"/ByteRange " * 2000 + b" " * SIZE)


def large() -> bytes:
    """A file inside that is 256 MB."""
    return _tree(NAMED, stream(b"/Type /EmbeddedFile /Filter /FlateDecode", packed(1 << 28)))


@pytest.mark.parametrize("bomb", [spaces, unclosed, ranges, large], ids=lambda f: f.__name__)
def test_a_bomb_is_answered_in_time(page: Page, bomb: Callable[[], bytes]) -> None:
    files = {PDF: bomb()}
    began = time.monotonic()
    shown = page.one(files)
    assert time.monotonic() - began < LONGEST_S
    assert shown.state == "false"
    never_erased(shown)
