"""The quizzes of the built pages: answered by mouse and keyboard, plain text without scripts, accessible."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.book import browser as book

PAGES = sorted(
    path.relative_to(book.SITE).as_posix()
    for path in book.SITE.glob("book/**/*.html")
    if 'class="ddsp-quiz"' in path.read_text(encoding="utf-8")
)
each_page = pytest.mark.parametrize("page", PAGES)


def test_there_are_quizzes() -> None:
    assert PAGES


@each_page
def test_an_answer_is_commented(chromium: Browser, addresses: dict[str, str], page: str) -> None:
    with chromium.new_context() as context:
        tab = book.Tab(context, f"{addresses['file']}/{page}", tuple(addresses.values()))
        quiz = tab.page.locator(".ddsp-quiz")
        assert not quiz.locator(".ddsp-quiz-text").is_visible()
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
def test_the_keyboard_answers(chromium: Browser, addresses: dict[str, str], page: str) -> None:
    with chromium.new_context() as context:
        tab = book.Tab(context, f"{addresses['http']}/{page}", tuple(addresses.values()))
        question = tab.page.locator(".ddsp-quiz .Quiz").first
        question.locator("input").first.focus()
        tab.page.keyboard.press("Space")
        first = question.locator("[role=status]").inner_text()
        tab.page.keyboard.press("ArrowDown")
        assert first and question.locator("[role=status]").inner_text() not in ("", first)
        assert not tab.problems


@each_page
def test_without_scripts_it_is_text(chromium: Browser, addresses: dict[str, str], page: str) -> None:
    with chromium.new_context(java_script_enabled=False) as context:
        shown = context.new_page()
        shown.goto(f"{addresses['http']}/{page}")
        text = shown.locator(".ddsp-quiz-text")
        assert text.is_visible() and text.locator("li li").count() >= 6
        assert text.locator("details p").first.is_hidden()


@pytest.mark.parametrize("theme", ["light", "dark"])
@each_page
def test_an_answered_quiz_is_accessible(chromium: Browser, addresses: dict[str, str], page: str, theme: str) -> None:
    with chromium.new_context(color_scheme=theme, reduced_motion="reduce") as context:
        tab = book.Tab(context, f"{addresses['http']}/{page}", tuple(addresses.values()))
        for question in tab.page.locator(".ddsp-quiz .Quiz").all():
            question.locator("label").first.click()
        for fold in tab.page.locator("details.sd-dropdown").all():
            fold.evaluate("(fold) => (fold.open = true)")
        found = Axe().run(tab.page, context=".bd-article", options={"preload": False}).response["violations"]
        faults = [(rule["id"], node["html"][:150]) for rule in found for node in rule["nodes"]]
        assert not [fault for fault in faults if "ddsp-demo" not in fault[1] and fault[0] != "region"]
