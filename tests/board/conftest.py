"""One real journal, one board on each database for all tests that do not change who may come in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.board.workshop import Maker, Workshop, board
from tests.keys.bench import journal
from tests.lot.databases import postgresql


@pytest.fixture(scope="session")
def raw_journal(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return journal(tmp_path_factory.mktemp("journal"))


@pytest.fixture
def maker(tmp_path_factory: pytest.TempPathFactory, raw_journal: bytes) -> Maker:
    return Maker(tmp_path_factory.mktemp("maker"), raw_journal)


@pytest.fixture
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    with board(tmp_path_factory.mktemp("board")) as made:
        yield made


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def either(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workshop]:
    """The same board on SQLite, and on a real PostgreSQL where one can be started."""
    state = tmp_path_factory.mktemp("board")
    if request.param == "sqlite":
        with board(state) as made:
            yield made
        return
    server = postgresql()
    with server as url, board(state, url) as made:
        yield made
