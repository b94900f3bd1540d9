"""One real journal and one browser for all tests of what a donor checks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.donor.browser import CHROMIUM, Browser
from tests.donor.pages import Page, donor_trust
from tests.keys.bench import journal


@pytest.fixture(scope="session")
def raw_journal(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return journal(tmp_path_factory.mktemp("journal"))


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    made = Browser(tmp_path_factory.mktemp("browser"))
    try:
        made.begin()
    except (AssertionError, OSError) as error:
        pytest.skip(f"chromium does not start here: {error}")
    else:
        yield made
    finally:
        made.close()


@pytest.fixture(scope="session")
def only_page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Page:
    return Page(browser, tmp_path_factory.mktemp("page"))


@pytest.fixture
def page(only_page: Page) -> Page:
    only_page.believe(donor_trust())
    return only_page
