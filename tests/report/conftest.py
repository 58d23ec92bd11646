"""Saved searches of the made-up domain, and a real browser."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import synthetic

from prover.runs import Run
from prover.saved_search import SavedSearch, read_search

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A proved search of some 60 states."""
    return synthetic.save(tmp_path_factory.mktemp("runs") / "small", 60)


@pytest.fixture(scope="session")
def small_search(small: Run) -> SavedSearch:
    return read_search(small)


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> SavedSearch:
    """A proved search of 5,000 states or some more."""
    return read_search(synthetic.save(tmp_path_factory.mktemp("runs") / "large", 5_700))


@pytest.fixture(scope="session")
def browser() -> Iterator[BrowserContext]:
    """Headless Chromium with an empty profile."""
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        pytest.skip("no chromium here: 'apt-get install chromium' or 'make browser' brings it")
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as profile, sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=path, args=ARGUMENTS, headless=True, viewport={"width": 1360, "height": 850}
        )
        yield context
        context.close()
