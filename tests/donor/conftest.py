"""One real journal for all tests of what a donor checks."""

from __future__ import annotations

import pytest

from tests.keys.bench import journal


@pytest.fixture(scope="session")
def raw_journal(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return journal(tmp_path_factory.mktemp("journal"))
