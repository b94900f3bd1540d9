"""What every test has in common: no test reads or changes what is this computer's own.

State, configuration and language come from a folder that goes away, so that a developer's key,
profiles or locale change no result. Tests that need more than that say so by a mark, and are
skipped, with the reason, where it is not there.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.cli.forked import fork_workers
from tests.house import ROOT
from tests.skips import pytest_sessionfinish, pytest_terminal_summary

settings.register_profile("recond", deadline=None, print_blob=True)  # slow computers are no failure
settings.load_profile("recond")

__all__ = ["pytest_sessionfinish", "pytest_terminal_summary"]  # pytest finds them here

# both workers write what they compiled, also where the environment says that nothing be written
sys.dont_write_bytecode = False

OURS = ("RECOND_STATE", "RECOND_KEY_", "XDG_", "LC_", "LANG")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what this computer cannot run."""
    lab = os.environ.get("RECOND_LAB") == "1" and (ROOT.parent / "shared" / "lab").is_dir()
    for item in items:
        if item.get_closest_marker("lab") and not lab:
            item.add_marker(pytest.mark.skip(reason="needs ../shared/lab built, and RECOND_LAB=1"))
        if item.get_closest_marker("root") and os.geteuid() != 0:
            item.add_marker(pytest.mark.skip(reason="needs root, for loop devices"))


def pytest_collectstart() -> None:
    """What a module makes as it is loaded stays: nothing of it is searched for rubbish."""
    gc.disable()


def pytest_collection_finish() -> None:
    """A collection looks at what the tests make, not at a thousand modules; nor does a fork's."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def nothing_of_this_computer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Folders of their own for state and configuration; the first language."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(OURS)]:
            patch.delenv(name)
        # a command that is started a thousand times compiles recond once, not each time (a tenth)
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        for name in ("RECOND_STATE", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
            patch.setenv(name, str(tmp_path_factory.mktemp(name.lower())))
        fork_workers()
        yield
