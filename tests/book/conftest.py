"""What the browser's tests share: one browser, one server, and what was measured."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.book import browser as book


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with book.chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def context(chromium: Browser) -> Iterator[BrowserContext]:
    with chromium.new_context(
        permissions=["clipboard-read", "clipboard-write"], viewport={"width": 1200, "height": 900}
    ) as made:
        yield made


@pytest.fixture(scope="session")
def addresses() -> Iterator[dict[str, str]]:
    """Where the site is, by scheme."""
    with book.serving(book.SITE) as served:
        yield {"http": served, "file": book.SITE.as_uri()}


@pytest.fixture
def visit(context: BrowserContext, addresses: dict[str, str]) -> Iterator[Callable[..., book.Live]]:
    """Open a demo in a tab of its own; afterwards nothing may have gone wrong in it."""
    tabs: list[book.Tab] = []

    def opened(demo: book.PageDemo, scheme: str = "http", state: str = "") -> book.Live:
        tabs.append(book.Tab(context, f"{addresses[scheme]}/{demo.page}{state}", tuple(addresses.values())))
        live = book.Live(tabs[-1], demo)
        if not state:
            live.unlock()
        return live

    yield opened
    problems = [problem for tab in tabs for problem in tab.problems]
    for tab in tabs:
        tab.page.close()
    assert not problems


@pytest.fixture(scope="session")
def measured() -> Iterator[dict[str, dict[str, float]]]:
    """What is measured here, by demo; added to a file for the reader, in which several workers meet."""
    found: dict[str, dict[str, float]] = {demo.id: {} for demo in book.demos()}
    yield found
    with book.MEASURED.open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        told = json.loads(file.read() or "{}")
        file.truncate(0)
        file.write(json.dumps({demo: told.get(demo, {}) | found[demo] for demo in found}, indent=1))
