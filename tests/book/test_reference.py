"""The package's reference, as it was built: readable for everyone, on a phone, with a way to the source."""

import pytest
from playwright.sync_api import Browser

from book.tools import check_build
from tests.book import browser as book
from tests.book.test_demo_pages import violations

API = "book/reference/api"
# The shortest, one of classes, and what Sphinx writes beside them; the longest is left to the phone, being like them.
PAGES = [f"{API}/index.html", f"{API}/live.html", "_modules/ddsp_lite/noise.html", "genindex.html"]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_accessible(chromium: Browser, addresses: dict[str, str], page: str, theme: str) -> None:
    with chromium.new_context(color_scheme=theme, reduced_motion="reduce") as context:
        tab = book.Tab(context, f"{addresses['http']}/{page}", tuple(addresses.values()))
        tab.page.wait_for_timeout(300)  # the colours fade in
        assert not violations(tab.page)
        assert not tab.problems


@pytest.mark.parametrize("page", [*PAGES, f"{API}/filters.html"])
def test_a_page_fits_a_phone(chromium: Browser, addresses: dict[str, str], page: str) -> None:
    with chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True) as context:
        tab = book.Tab(context, f"{addresses['file']}/{page}", tuple(addresses.values()))
        assert tab.page.evaluate("() => document.documentElement.scrollWidth") <= 391
        assert not tab.problems


def test_entries_lead_to_their_source_and_chapter() -> None:
    entries = 0
    for path in sorted((book.SITE / API).glob("*.html")):
        for entry in check_build.soup(path).select("dl.py.function"):
            entries += 1
            name = entry.dt["id"]
            assert "_modules/ddsp_lite/" in entry.select_one("dt .viewcode-link").parent["href"], name
            fields = [field.get_text(strip=True) for field in entry.select("dl.field-list > dt")]
            if name.split(".")[1] not in ("audio", "checks", "classroom", "live", "plots"):
                assert fields[-2:] == ["Source:", "Chapter:"], name
                assert entry.select("dl.field-list > dd")[-1].a["href"].endswith(".html"), name
    assert entries > 100
