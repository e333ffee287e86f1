"""How the built pages read: a sound soon, and never long without something to hear, see or do.

Counted are the words that a reader sees without opening a fold: paragraphs, lists, tables, headings and captions.
Code, equations and what a demo says are not prose. A demo, a player, a picture, a cell of code, a fold to open, an
exercise and a question end a run of words.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

import pytest
from bs4 import BeautifulSoup, NavigableString, Tag

from book.tools.toc import ROOT
from book.tools.toc import notebooks as chapters
from tests.book import browser as book

MOST_WORDS = 150
CHAPTERS = [page.name for page in chapters(ROOT)]
each_chapter = pytest.mark.parametrize("name", CHAPTERS)
ENDS_A_RUN = (
    ".ddsp-demo", "audio", "img", "svg", "div.cell", "details", "div.admonition.dropdown", "div.exercise",
    "div.quiz",
)  # fmt: skip
NOT_PROSE = ("script", "style", "mjx-container", "span.math", "div.math", ".headerlink", "noscript")
WORD = re.compile(r"\w[\w'’.,-]*")


def parsed(name: str) -> Tag:
    html = (book.SITE / f"{name}.html").read_text(encoding="utf-8")
    article = BeautifulSoup(html, "html.parser").select_one("article")
    assert article is not None, f"{name} has no article: run make book"
    return article


def stations(element: Tag, ends: set[int], skipped: set[int]) -> Iterator[str | Tag]:
    """The words and the things to hear, see or do, in the order of the page."""
    for child in element.children:
        if isinstance(child, NavigableString):
            if type(child) is NavigableString:
                yield from WORD.findall(child)
        elif id(child) in ends:
            yield child
        elif id(child) not in skipped:
            yield from stations(child, ends, skipped)


def read(name: str) -> list[str | Tag]:
    article = parsed(name)
    ends = {id(element) for selector in ENDS_A_RUN for element in article.select(selector)}
    skipped = {id(element) for selector in NOT_PROSE for element in article.select(selector)}
    return list(stations(article, ends, skipped))


def sounds(element: str | Tag) -> bool:
    """Whether something can be heard there: a player, or a demo that has one."""
    if isinstance(element, str):
        return False
    if element.name == "audio" or element.select_one("audio"):
        return True
    return any('"kind":"player"' in str(demo) for demo in [element, *element.select(".ddsp-demo")])


@each_chapter
def test_a_sound_comes_within_150_words(name: str) -> None:
    words = 0
    for station in read(name):
        if sounds(station):
            break
        words += isinstance(station, str)
    else:
        pytest.fail(f"{name} has nothing to hear")
    assert words <= MOST_WORDS, f"{words} words before the first sound"


@each_chapter
def test_no_long_run_of_words(name: str) -> None:
    run: list[str] = []
    too_long = []
    for station in [*read(name), BeautifulSoup("<hr>", "html.parser").hr]:
        if isinstance(station, str):
            run.append(station)
            continue
        if len(run) > MOST_WORDS:
            too_long.append(f"{len(run)} words from “{' '.join(run[:8])}” to “{' '.join(run[-5:])}”")
        run = []
    assert not too_long, "\n".join(too_long)


@each_chapter
def test_a_question_comes_before_each_first_demo(name: str) -> None:
    """The first demo of a chapter asks for a prediction before it opens."""
    demos = [demo for demo in book.demos() if demo.page == f"{name}.html"]
    order = [element["data-id"] for element in parsed(name).select(".ddsp-demo")]
    assert order, f"{name} has no demo"
    first = next(demo for demo in demos if demo.id == order[0])
    assert first.spec["predict"]


@each_chapter
def test_every_picture_says_what_it_shows(name: str) -> None:
    for image in parsed(name).select("img"):
        alt = image.get("alt") or ""
        assert len(alt.split()) >= 4, f"{name}: the alt text {alt!r} of {str(image.get('src'))[:60]}"


def test_the_measure_finds_what_it_looks_for() -> None:
    player = f'<audio src="data:audio/mpeg;base64,{base64.b64encode(b"x").decode()}"></audio>'
    page = BeautifulSoup(f"<article><p>{'word ' * 9}<b>bold</b></p>{player}<p>more</p></article>", "html.parser")
    article = page.article
    order = list(stations(article, {id(e) for e in article.select("audio")}, set()))
    assert [sounds(station) for station in order].index(True) == 10
    assert order[-1] == "more"
