"""A folder that `recond verify` is pointed at, and what must be found in it."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

from recond.certify.pages import certificate
from recond.certify.verify.verdicts import Trust
from recond.flow.verify.files import Report, verify_paths
from tests.certify.papers import corpus
from tests.certify.tamper import PDF, RECORD, Files


@pytest.fixture(autouse=True, scope="module")
def drawn_once() -> Iterator[None]:
    """The same sheet gives the same bytes (test_pdf.py), so one drawing of each is enough here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(certificate, "render", functools.cache(certificate.render))
        yield


class Desk:
    """A folder that `recond verify` is pointed at; only what differs is written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._there: Files = {}
        (folder / "journals").mkdir(parents=True)

    def verify(self, files: Files, trust: Trust | None = None) -> Report:
        for name in set(self._there) - set(files):
            (self.folder / name).unlink()
        for name, raw in files.items():
            if self._there.get(name) is not raw:
                (self.folder / name).write_bytes(raw)
        self._there = dict(files)
        paths = (
            (self.folder,)
            if RECORD in files or PDF in files
            else tuple(self.folder / name for name in files)
        )
        return verify_paths(paths, (), state=self.folder, trust=trust or corpus().trust())

    def refuses(self, files: Files, told: str, trust: Trust | None = None) -> set[str]:
        """The codes of what was found; fails where all seems well or a library gave up."""
        found = self.verify(files, trust)
        assert found.exit_code == 7, told
        codes = {check.message.code for one in found.found for check in one.checks}
        assert "certify.verify.failed" not in codes, (
            told,
            [check.message for one in found.found for check in one.checks],
        )
        return codes


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "certificate")
