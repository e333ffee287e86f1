"""The built book: complete, as fresh as its sources, and self-contained."""

import json
import re

import pytest

from book.tools import check_build, notebooks
from book.tools.build import STAMP, manifest
from book.tools.execute import cells_digest, result_path
from book.tools.fingerprint import package_digest
from book.tools.toc import ROOT, Page, pages

SITE = ROOT / "_build/html"
PAGES = pages(ROOT)
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    assert (ROOT / STAMP).is_file(), "the book is not built: run `make book`"


def test_nothing_is_wrong_with_it() -> None:
    assert check_build.check(ROOT) == []


def test_is_what_the_last_build_wrote() -> None:
    assert json.loads((ROOT / STAMP).read_text(encoding="utf-8"))["files"] == manifest(ROOT)


@every_page
def test_page_exists_and_says_its_language_and_title(page: Page) -> None:
    soup = check_build.soup(SITE / f"{page.name}.html")
    assert soup.html["lang"] == "en"
    assert soup.title.string.strip()
    assert len(soup.select("article h1")) == 1


@pytest.mark.parametrize("page", [page for page in PAGES if page.is_notebook], ids=lambda page: page.name)
def test_results_are_of_these_cells_and_this_package(page: Page) -> None:
    key = notebooks.read(result_path(ROOT, page)).metadata["executed"]["key"]
    assert key == cells_digest(notebooks.read(page.source), package_digest(ROOT))


@every_page
def test_every_picture_has_a_text(page: Page) -> None:
    for picture in check_build.soup(SITE / f"{page.name}.html").select("article img"):
        text = picture.get("alt")
        assert text, f"a picture has no alt text: {str(picture)[:120]}"
        assert not re.search(r"\.(png|svg|jpe?g)$", text), f"a picture's alt text is its file name: {text}"


@every_page
def test_every_player_and_demo_has_a_name(page: Page) -> None:
    for player in check_build.soup(SITE / f"{page.name}.html").select("article audio"):
        assert player.get("aria-label"), f"a player has no aria-label: {str(player)[:80]}"


@every_page
def test_no_button_leads_nowhere(page: Page) -> None:
    soup = check_build.soup(SITE / f"{page.name}.html")
    assert soup.select('a[href=""], a:not([href])') == []
    for link in soup.select(".article-header-buttons a, .header-article-items a"):
        assert "executablebooks" not in link["href"]


def test_no_page_needs_a_script_for_its_equations() -> None:
    text = (SITE / f"{PAGES[0].name}.html").read_text(encoding="utf-8")
    assert "MathJax.js" not in text
    assert "tex-mml-chtml" not in text
