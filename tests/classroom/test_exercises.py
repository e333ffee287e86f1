"""Every solution earns all points, every stub none, and plausible wrong answers less, with words on the mistake."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from nbformat import NotebookNode

from book.tools import exercises, notebooks
from tests.classroom import running

FAULTS: dict[str, str] = {}


def listed(chapter: str) -> list[exercises.Exercise]:
    try:
        return running.found(chapter)
    except ValueError as error:
        FAULTS[chapter] = str(error)
        return []


EXERCISES = [(chapter, each) for chapter in running.CHAPTERS for each in listed(chapter)]
WRONG = [
    (chapter, each, answer, words)
    for chapter, each in EXERCISES
    for answer, words in running.wrong_answers(chapter).get(each.name, [])
]


def name(value: object) -> str:
    if isinstance(value, exercises.Exercise):
        return value.name
    return " ".join(str(value).split())[:40]


every_chapter = pytest.mark.parametrize("chapter", running.CHAPTERS)
every_exercise = pytest.mark.parametrize(("chapter", "exercise"), EXERCISES, ids=name)


@every_chapter
def test_has_each_kind_of_exercise_and_a_quiz(chapter: str) -> None:
    assert FAULTS.get(chapter) is None
    kinds = [each.kind for each in running.found(chapter)]
    assert set(kinds) == set(exercises.KINDS), f"{chapter} has {kinds or 'no exercise'}"
    quizzes = [cell for cell in running.ordinary(chapter) if "classroom.Quiz(" in cell.source]
    assert len(quizzes) == 1, f"{chapter} has {len(quizzes)} quizzes"


def test_names_are_unique() -> None:
    names = [each.name for _, each in EXERCISES]
    assert len(set(names)) == len(names)
    assert len({page.source.stem for page in running.CHAPTERS.values()}) == len(running.chapters(running.ROOT))


@every_chapter
def test_numbers_are_in_order(chapter: str) -> None:
    names = [each.name for each in listed(chapter)]
    assert names == [f"{chapter}-{number}" for number in range(1, len(names) + 1)]


@every_exercise
def test_is_in_the_form_that_nbgrader_reads(chapter: str, exercise: exercises.Exercise) -> None:
    common = {"schema_version": 3, "task": False}
    assert exercise.solution.metadata.nbgrader == {
        **common, "grade_id": exercise.name, "solution": True, "grade": False, "locked": False
    }  # fmt: skip
    assert exercise.check.metadata.nbgrader == {
        **common, "grade_id": f"{exercise.name}-check", "solution": False, "grade": True, "locked": True,
        "points": exercise.points,
    }  # fmt: skip
    assert len(exercises.SOLUTION.findall(exercise.solution.source)) == 1
    assert exercise.solution.source.count("SOLUTION") == 2
    assert not exercise.solution.outputs
    lines = exercise.check.source.splitlines()
    assert f'check = classroom.Exercise("{exercise.name}", points={exercise.points})' in lines
    assert lines[-1] == "check.score()"
    hidden = len(exercises.HIDDEN.findall(exercise.check.source))
    assert exercise.check.source.count("HIDDEN TESTS") == 2 * hidden


@every_exercise
def test_a_check_prints_text_that_is_compared(chapter: str, exercise: exercises.Exercise) -> None:
    assert exercise.check.outputs and not any(notebooks.is_shown(output) for output in exercise.check.outputs)
    assert f"{exercise.points:g} of {exercise.points:g} points" in exercise.check.outputs[0].text


@every_exercise
def test_defines_names_of_its_own(chapter: str, exercise: exercises.Exercise) -> None:
    """So that an answer from another place is never taken for this one."""
    own = running.names(exercise.solution.source)[0]
    assert own
    for cell in notebooks.code_cells(running.notebook(chapter)):
        if exercises.grade_id(cell) not in (exercise.name, f"{exercise.name}-check"):
            assert not own & running.names(cell.source)[0], cell.source[:60]


@every_exercise
def test_the_solution_earns_all_points(chapter: str, exercise: exercises.Exercise) -> None:
    score, said = running.mark(chapter, exercise, None)
    assert score == exercise.points, said


@every_exercise
def test_the_stub_earns_nothing(chapter: str, exercise: exercises.Exercise) -> None:
    score, said = running.mark(chapter, exercise, exercises.STUB)
    assert score == 0 and "not solved yet" in said, said


@every_exercise
def test_the_visible_checks_and_sealed_answers_work_alike(chapter: str, exercise: exercises.Exercise) -> None:
    """What a student has at hand: without the hidden checks the solution earns all, and no answer can be read."""
    seen = exercises.without_hidden(exercise.check.source)
    assert "HIDDEN" not in seen and "right=" not in seen
    copied = replace(exercise, check=NotebookNode({**exercise.check, "source": seen}))
    assert running.mark(chapter, copied, None)[0] == exercise.points
    assert running.mark(chapter, copied, exercises.STUB)[0] == 0


@every_exercise
def test_two_wrong_answers_are_kept(chapter: str, exercise: exercises.Exercise) -> None:
    assert len(running.wrong_answers(chapter).get(exercise.name, [])) >= 2


@every_chapter
def test_no_wrong_answer_is_left_over(chapter: str) -> None:
    assert set(running.wrong_answers(chapter)) <= {each.name for each in listed(chapter)}


@pytest.mark.parametrize(("chapter", "exercise", "answer", "words"), WRONG, ids=name)
def test_a_wrong_answer_is_recognised(chapter: str, exercise: exercises.Exercise, answer: str, words: str) -> None:
    score, said = running.mark(chapter, exercise, answer)
    assert math.isfinite(score) and 0 <= score < exercise.points, said
    assert words and words in said, said
