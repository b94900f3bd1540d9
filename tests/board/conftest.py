"""One real journal, one board on each database for all tests that do not change who may come in."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

import recond.board.judging as judging_room
from tests.board.workshop import Maker, Workshop, board
from tests.cli.forked import server
from tests.keys.bench import journal
from tests.lot.databases import postgresql


@pytest.fixture(autouse=True, scope="session")
def judged_by_a_fork() -> Iterator[None]:
    """The judging process of a board in this process is a fork that has loaded its libraries: a
    second of processor time less for each board. A board that is started spawns its own.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            judging_room, "multiprocessing", SimpleNamespace(get_context=lambda _how: server())
        )
        yield


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
