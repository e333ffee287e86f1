"""Concept questions that answer back: jupyterquiz in JupyterLab and in the built page, plain text without scripts."""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any


@dataclass(frozen=True)
class Question:
    """A question with one right answer.

    Args:
        question: the question, in a sentence. Text in `backticks` is shown as code.
        right: the right answer, and what to say to it: one pair.
        wrong: the wrong answers, and what to say to each: the mistake behind it, and what to think of next.

    Raises:
        ValueError: for no wrong answer, more than one right one, equal answers or empty texts.

    >>> question = Question("What is 1 + 1?", right={"2": "Yes."}, wrong={"11": "Numbers, not texts."})
    >>> [text for text, _, _ in question.answers()]
    ['11', '2']
    """

    question: str
    right: Mapping[str, str]
    wrong: Mapping[str, str]

    def __post_init__(self) -> None:
        texts = [self.question, *self.right, *self.right.values(), *self.wrong, *self.wrong.values()]
        if not all(isinstance(text, str) and text.strip() for text in texts):
            raise ValueError(f"every text of a question must be words, got {texts!r}.")
        if len(self.right) != 1 or not self.wrong:
            raise ValueError(
                f"a question needs one right answer and a wrong one, got {len(self.right)} and {len(self.wrong)}."
            )
        if set(self.right) & set(self.wrong):
            raise ValueError(f"the right answer {next(iter(self.right))!r} is also among the wrong ones.")

    def answers(self) -> list[tuple[str, str, bool]]:
        """The answers with what is said to each and whether it is right, in an order that tells nothing."""
        listed = [(text, said, True) for text, said in self.right.items()]
        listed += [(text, said, False) for text, said in self.wrong.items()]
        return sorted(listed, key=lambda answer: hashlib.sha256(f"{self.question}{answer[0]}".encode()).hexdigest())


class Quiz:
    """Concept questions, to be the last value of a cell.

    Without scripts the questions and, behind a fold, their answers are there as text. The markup is the same at every
    run.

    Args:
        questions: two to six of them.

    Raises:
        ValueError: for none.

    >>> Quiz(Question("What is 1 + 1?", right={"2": "Yes."}, wrong={"11": "Numbers, not texts."}))
    Quiz of 1 question
    """

    def __init__(self, *questions: Question) -> None:
        if not questions:
            raise ValueError("a quiz needs a question.")
        self.questions = questions

    def __repr__(self) -> str:
        return f"Quiz of {len(self.questions)} question{'s' * (len(self.questions) > 1)}"

    def _repr_html_(self) -> str:
        name = "quiz_" + hashlib.sha256(json.dumps(self._told()).encode()).hexdigest()[:8]
        return (
            f'<div class="ddsp-quiz" id="{name}_all"><style>{_own("quiz.css")}</style>'
            f'<div class="ddsp-quiz-text">{self._text()}</div>'
            f'<div class="ddsp-quiz-live" id="{name}" data-shufflequestions="False" data-shuffleanswers="False" '
            f'data-preserveresponses="false" data-numquestions="{len(self.questions)}" data-maxwidth="0"></div>'
            f"<script>{self._script(name)}</script></div>"
        )

    def _told(self) -> list[dict[str, Any]]:
        """The questions as jupyterquiz wants them."""
        return [
            {
                "question": _html(each.question),
                "type": "multiple_choice",
                "answer_cols": 1,
                "answers": [
                    {
                        "answer": _html(text),
                        "correct": right,
                        "feedback": f"<strong>{'Right.' if right else 'Not yet.'}</strong> {_html(said)}",
                    }
                    for text, said, right in each.answers()
                ],
            }
            for each in self.questions
        ]

    def _text(self) -> str:
        """The questions for a page without scripts."""
        parts = []
        for each in self.questions:
            options = "".join(f"<li>{_html(text)}</li>" for text, _, _ in each.answers())
            ((text, said),) = each.right.items()
            parts.append(
                f"<li>{_html(each.question)}<ul>{options}</ul>"
                f"<details><summary>The answer</summary><p>{_html(text)}. {_html(said)}</p></details></li>"
            )
        return f"<ol>{''.join(parts)}</ol>"

    def _script(self, name: str) -> str:
        """Jupyterquiz's scripts as they are, in a scope of their own, then ours, which adds what they leave out."""
        folder = resources.files("jupyterquiz") / "js"
        theirs = "\n".join(
            (folder / file).read_text("utf-8") for file in ("helpers.js", "multiple_choice.js", "show_questions.js")
        )
        told = json.dumps(self._told(), ensure_ascii=False).replace("<", "\\u003c")
        mute = "const console = { log() {}, error() {} };"
        call = f'.call({{ name: "{name}", questions: {told}, show: show_questions }})'
        return f"(() => {{\n{mute}\n{theirs}\n(function () {{{_own('quiz.js')}}}){call};\n}})();"


def _own(name: str) -> str:
    return (resources.files("ddsp_lite.classroom") / name).read_text("utf-8")


def _html(text: str) -> str:
    """Text as HTML, `code` in backticks. Dollars would be taken for mathematics, and are written as an entity."""
    escaped = html.escape(text, quote=True).replace("$", "&#36;")
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escaped)
