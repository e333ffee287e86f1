"""The search of the built book: a page of its own, which alone loads the index."""

import pytest
from playwright.sync_api import Browser

from tests.book import browser as book


@pytest.mark.parametrize("scheme", book.SCHEMES)
def test_a_word_leads_to_its_chapter(chromium: Browser, addresses: dict[str, str], scheme: str) -> None:
    with chromium.new_context(viewport={"width": 1200, "height": 900}) as context:
        tab = book.Tab(context, f"{addresses[scheme]}/search.html?q=wavetable", tuple(addresses.values()))
        tab.page.locator("#search-results a[href*='wavetables-and-fm']").first.wait_for(timeout=20_000)
        if scheme == "http":  # pages from the disk may not fetch the lines around a hit
            assert not tab.problems


def test_the_field_leads_to_the_search(chromium: Browser, addresses: dict[str, str]) -> None:
    with chromium.new_context(viewport={"width": 1200, "height": 900}) as context:
        tab = book.Tab(context, f"{addresses['http']}/book/index.html", tuple(addresses.values()))
        assert not tab.page.evaluate("() => [...document.scripts].filter((one) => /searchindex/.test(one.src)).length")
        tab.page.keyboard.press("Control+k")
        tab.page.keyboard.type("biquad")
        tab.page.keyboard.press("Enter")
        tab.page.locator("#search-results a[href*='filters']").first.wait_for(timeout=20_000)
        assert not tab.problems
