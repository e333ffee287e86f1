"""A quiz is the same at every run, reads without scripts, and asks for nothing from elsewhere."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup

from ddsp_lite.classroom import Question, Quiz

QUIZ = Quiz(
    Question(
        "Is `a < b` & “so”?", right={"Yes, $x": "Since </script> ends nothing."}, wrong={"No": "Why?", "Both": "How?"}
    ),
    Question("What is 1 + 1?", right={"2": "Yes."}, wrong={"11": "Numbers."}),
)


def test_the_markup_is_the_same_at_every_run() -> None:
    page = QUIZ._repr_html_()
    assert page == QUIZ._repr_html_()
    assert page != Quiz(QUIZ.questions[1])._repr_html_()


def test_questions_and_answers_are_there_without_scripts() -> None:
    page = BeautifulSoup(QUIZ._repr_html_(), "html.parser")
    text = page.select_one(".ddsp-quiz-text")
    assert [item.find(string=True) for item in text.select("ol > li")] == ["Is ", "What is 1 + 1?"]
    assert {item.text for item in text.select("li li")} == {"Yes, $x", "No", "Both", "2", "11"}
    assert "Yes, $x. Since </script> ends nothing." in text.select_one("details").text
    assert text.select_one("code").text == "a < b"
    assert len(page.select("script")) == 1 and len(page.select("style")) == 1


def test_ids_are_unique() -> None:
    ids = re.findall(r'<[^>]*\bid="([^"]+)"', QUIZ._repr_html_().split("<script>")[0])
    assert len(ids) == len(set(ids)) == 2


def test_the_order_of_the_answers_tells_nothing() -> None:
    firsts = [
        Question(f"Question {k}?", right={"right": "x"}, wrong={"wrong": "x", "other": "x"}).answers()[0][2]
        for k in range(60)
    ]
    assert 10 < sum(firsts) < 30


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ({}, {"b": "x"}),
        ({"a": "x", "c": "x"}, {"b": "x"}),
        ({"a": "x"}, {}),
        ({"a": "x"}, {"a": "y"}),
        ({"a": ""}, {"b": "x"}),
    ],
)
def test_a_question_needs_one_right_answer_and_words_for_each(right: dict, wrong: dict) -> None:
    with pytest.raises(ValueError, match=r"question|words|right answer"):
        Question("What?", right=right, wrong=wrong)


def test_a_quiz_needs_a_question() -> None:
    with pytest.raises(ValueError, match="a quiz needs a question"):
        Quiz()
