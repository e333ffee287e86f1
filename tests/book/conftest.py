"""What the browser's tests share: one browser, one server, and what was measured."""

from __future__ import annotations

import fcntl
import json
import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext
from xdist.scheduler import LoadScopeScheduling

from tests.book import browser as book

GIVEN = re.compile(r"\[(.+?)(?:-(?:http|file|light|dark))?\]$")


class Together(LoadScopeScheduling):
    """Deals tests out to workers: those of one demo or page together, since they share its tabs; else by file."""

    def _split_scope(self, nodeid: str) -> str:
        given = GIVEN.search(nodeid)
        return given[1] if given else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Together:
    return Together(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of one demo behind each other: they share its tabs."""
    order = {demo.id: number for number, demo in enumerate(book.demos())}
    demos = [getattr(getattr(item, "callspec", None), "params", {}).get("demo") for item in items]
    ranks = {id(item): order[demo.id] if hasattr(demo, "id") else -1 for item, demo in zip(items, demos, strict=True)}
    items.sort(key=lambda item: ranks[id(item)])


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


@pytest.fixture(scope="session")
def tabs(context: BrowserContext, addresses: dict[str, str]) -> Iterator[Callable[..., book.Tab]]:
    """The tabs that the tests of one demo share, one for each scheme: to load a page takes longer than most tests."""
    kept: dict[tuple[str, str], book.Tab] = {}

    def tab(demo: book.PageDemo, scheme: str, anew: bool) -> book.Tab:
        wanted = (demo.id, scheme)
        for key in [key for key in kept if key[0] != demo.id or (anew and key == wanted)]:
            kept.pop(key).page.close()
        if wanted not in kept:
            kept[wanted] = book.Tab(context, f"{addresses[scheme]}/{demo.page}", tuple(addresses.values()))
        kept[wanted].page.bring_to_front()  # a tab in the background draws a frame a second
        return kept[wanted]

    yield tab
    for each in kept.values():
        each.page.close()


@pytest.fixture
def visit(
    context: BrowserContext, addresses: dict[str, str], tabs: Callable[..., book.Tab]
) -> Iterator[Callable[..., book.Live]]:
    """Find a demo at its start, its prediction behind it; afterwards nothing may have gone wrong in its tab.

    ``anew`` loads the page again. With a ``state``, as a link holds it, the demo opens in a tab of its own, as it is.
    """
    used: list[book.Tab] = []
    own: list[book.Tab] = []

    def opened(demo: book.PageDemo, scheme: str = "http", state: str = "", anew: bool = False) -> book.Live:
        if state:
            tab = book.Tab(context, f"{addresses[scheme]}/{demo.page}{state}", tuple(addresses.values()))
        else:
            tab = tabs(demo, scheme, anew)
        used.append(tab)
        live = book.Live(tab, demo)
        if state:
            own.append(tab)
        else:
            live.begin()
        return live

    yield opened
    problems = [problem for tab in used for problem in tab.problems]
    for tab in used:
        tab.problems.clear()
    for tab in own:
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
