"""The quizzes of the built pages: answered by mouse and keyboard, plain text without scripts.

That they are accessible, answered too, `test_demo_pages` sees.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.book import browser as book

PAGES = sorted(
    path.relative_to(book.SITE).as_posix()
    for path in book.SITE.glob("book/**/*.html")
    if 'class="ddsp-quiz"' in path.read_text(encoding="utf-8")
)
each_page = pytest.mark.parametrize("page", PAGES)


def test_there_is_one_on_each_page_with_a_demo() -> None:
    assert set(PAGES) >= {demo.page for demo in book.demos()} - {"book/index.html"}


@each_page
def test_an_answer_is_commented_by_keyboard_and_by_mouse(
    chromium: Browser, addresses: dict[str, str], page: str
) -> None:
    with chromium.new_context() as context:
        tab = book.Tab(context, f"{addresses['file']}/{page}", tuple(addresses.values()))
        quiz = tab.page.locator(".ddsp-quiz")
        assert not quiz.locator(".ddsp-quiz-text").is_visible()
        first = quiz.locator(".Quiz").first
        first.locator("input").first.focus()
        tab.page.keyboard.press("Space")
        said = first.locator("[role=status]").inner_text()
        tab.page.keyboard.press("ArrowDown")
        assert said and first.locator("[role=status]").inner_text() not in ("", said)
        for question in quiz.locator(".Quiz").all():
            feedback, rights = question.locator("[role=status]"), 0
            for option in question.locator("label").all():
                option.click()
                said = feedback.inner_text()
                assert said.startswith(("Right.", "Not yet."))
                rights += said.startswith("Right.")
            assert rights == 1
        assert not tab.problems


@each_page
def test_without_scripts_it_is_text(chromium: Browser, addresses: dict[str, str], page: str) -> None:
    with chromium.new_context(java_script_enabled=False) as context:
        shown = context.new_page()
        shown.goto(f"{addresses['http']}/{page}")
        text = shown.locator(".ddsp-quiz-text")
        assert text.is_visible() and text.locator("li li").count() >= 6
        assert text.locator("details p").first.is_hidden()
