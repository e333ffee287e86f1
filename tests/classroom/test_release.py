"""The notebooks for a class: no solution leaks, all else is there, and a student's runs up to its first stub."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from book.tools import classroom, exercises, notebooks
from book.tools.plain import plain
from book.tools.toc import ROOT, BookError
from tests.classroom import running

PAGES = classroom.with_exercises()
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
BASE = {"schema_version": 3, "task": False}
STATEMENT = """````{exercise} Twice
:label: ex-small-1
:nonumber:

*Implement, level 1, 5 minutes, 2 points.*

Write `twice(x)`, see {eq}`eq-two` and {term}`loss`.

```{dropdown} Hint
Not three times.
```
````"""
SOLUTION = """def twice(x):
    "Twice as much."
    ### BEGIN SOLUTION
    secret = x + x
    return secret
    ### END SOLUTION"""
CHECK = """check = classroom.Exercise("small-1", points=2)
check.close("twice(2.0)", 4.0)
check.option("word", right="yes", wrong={"no": "think again"})
### BEGIN HIDDEN TESTS
check.close("twice(321.0)", 642.0)
### END HIDDEN TESTS
check.score()"""


def small(statement: str = STATEMENT, solution: str = SOLUTION, check: str = CHECK) -> nbformat.NotebookNode:
    told = {**BASE, "grade_id": "small-1", "solution": True, "grade": False, "locked": False}
    asked = {**BASE, "grade_id": "small-1-check", "solution": False, "grade": True, "locked": True, "points": 2}
    return new_notebook(
        cells=[
            new_markdown_cell("# Small\n\n$$\nx = 2\n$$ (eq-two)"),
            new_code_cell("from ddsp_lite import classroom\n\nword = 'yes'"),
            new_markdown_cell(statement),
            new_code_cell(solution, metadata={"nbgrader": told}),
            new_code_cell(check, metadata={"nbgrader": asked}, execution_count=3, outputs=[
                nbformat.v4.new_output("stream", text="✓ twice(2.0)\n"),
            ]),
        ],
        metadata={"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
    )  # fmt: skip


def test_an_exercise_is_read() -> None:
    (found,) = exercises.find(small())
    assert (found.name, found.title, found.kind, found.level, found.minutes, found.points) == (
        "small-1", "Twice", "Implement", 1, 5, 2
    )  # fmt: skip
    assert found.label == "ex-small-1"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda book: book.cells[2].update(source=STATEMENT.replace("level 1", "level one")), "no line of facts"),
        (lambda book: book.cells[2].update(source=STATEMENT.replace(":label:", ":name:")), "no label"),
        (lambda book: book.cells.pop(3), "not its solution and its check"),
        (lambda book: book.cells.append(book.cells[3].copy()), "belongs to no exercise"),
    ],
)
def test_a_malformed_exercise_is_named(change, words: str) -> None:
    book = small()
    change(book)
    with pytest.raises(ValueError, match=words):
        exercises.find(book)


def test_the_students_version() -> None:
    made = classroom.student(small())
    stub, check = made.cells[3], made.cells[4]
    assert stub.source == f'def twice(x):\n    "Twice as much."\n    {exercises.STUB}'
    assert "secret" not in str(made) and "321" not in str(made) and "think again" not in str(made)
    assert 'check.close("twice(2.0)", 4.0)' in check.source and check.source.endswith("check.score()")
    assert check.outputs == [] and check.metadata.editable is False and check.metadata.deletable is False
    assert check.metadata.nbgrader.checksum and check.metadata.nbgrader.points == 2


def test_the_page() -> None:
    shown = exercises.page(small())
    assert [cell.cell_type for cell in shown.cells] == ["markdown", "code", "markdown", "code", "markdown", "code"]
    stub, fold, check = shown.cells[3:]
    assert exercises.STUB in stub.source and "secret" not in stub.source
    assert fold.source.startswith("````{dropdown} Show the solution") and "    return secret" in fold.source
    assert "SOLUTION" not in fold.source
    assert "321" not in check.source and check.outputs and "hide-input" in check.metadata.tags


@pytest.mark.parametrize(
    "leak",
    [
        lambda book: book.cells[3].update(source=SOLUTION),
        lambda book: book.cells[4].update(source=CHECK),
        lambda book: book.cells[4].update(outputs=[nbformat.v4.new_output("stream", text="x")]),
        lambda book: book.cells.append(new_markdown_cell("    return secret # or\n    return secret")),
    ],
)
def test_a_leak_is_found(leak) -> None:
    source = small()
    made = exercises.student(source)
    assert classroom.leaks(made, source) == []
    leak(made)
    assert classroom.leaks(made, source)


def test_a_leaking_notebook_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exercises, "student", lambda notebook: notebook)
    with pytest.raises(BookError, match="tells what it must not"):
        classroom.student(small())


def test_directives_become_words() -> None:
    text = plain(small()).cells[2].source
    assert text.startswith("### Exercise: Twice\n\n*Implement, level 1")
    assert "see (1) and loss" in text
    assert "<details>\n<summary>Hint</summary>\n\nNot three times.\n\n</details>" in text
    assert plain(small()).cells[0].source.endswith("$$\nx = 2 \\tag{1}\n$$")


@every_page
def test_a_students_chapter_tells_no_solution(page) -> None:
    source = notebooks.read(page.source)
    made = classroom.student(source)
    for exercise in exercises.find(source):
        cells = {exercises.grade_id(cell): cell for cell in made.cells}
        assert exercises.STUB in cells[exercise.name].source
        assert "right=" not in cells[f"{exercise.name}-check"].source
    text = "\n".join(cell.source for cell in made.cells if cell.cell_type == "markdown")
    assert not re.search(r"^`{3,}\{|\{(term|eq|numref|ref|cite:[pt])\}`|\(\?\)", text, re.MULTILINE)


@every_page
def test_a_students_chapter_keeps_all_else(page) -> None:
    source, made = notebooks.read(page.source), classroom.student(notebooks.read(page.source))
    assert len(made.cells) == len(source.cells)
    for ours, theirs in zip(source.cells, made.cells, strict=True):
        if ours.cell_type == "code" and not exercises.grade_id(ours):
            assert ours.source == theirs.source


def test_both_versions_and_their_zips(tmp_path: Path) -> None:
    for kind in ("student", "instructor"):
        packed = classroom.write(tmp_path / kind, kind, PAGES[:2])
        again = packed.read_bytes()
        assert classroom.write(tmp_path / kind, kind, PAGES[:2]).read_bytes() == again
        names = zipfile.ZipFile(packed).namelist()
        for page in PAGES[:2]:
            name = f"{page.source.stem}/{page.source.name}"
            assert (tmp_path / kind / name).is_file() and f"hear-the-gradient-{kind}/{name}" in names
        nbformat.validate(nbformat.read(tmp_path / kind / name, as_version=4))
        assert ("BEGIN SOLUTION" in (tmp_path / kind / name).read_text()) == (kind == "instructor")


@pytest.mark.slow
def test_a_students_notebook_runs_up_to_the_first_stub(tmp_path: Path) -> None:
    page = next(page for page in PAGES if page.name == "book/index")
    made = classroom.student(notebooks.read(page.source))
    with pytest.raises(CellExecutionError, match="Not solved yet: your code goes here"):
        NotebookClient(made, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    ran = [cell for cell in notebooks.code_cells(made) if cell.execution_count]
    assert exercises.grade_id(ran[-1]) == "index-1"
    before = notebooks.code_cells(made)[: len(ran) - 1]
    assert not any(output.output_type == "error" for cell in before for output in cell.outputs)


@pytest.mark.slow
def test_what_the_checks_say_to_stubs() -> None:
    made = classroom.student(small())
    NotebookClient(made, timeout=60, allow_errors=True).execute()
    said = "".join(output.get("text", "") for output in made.cells[4].outputs)
    assert "small-1 is not solved yet" in said and "0 of 2 points" in said
    (result,) = [output for output in made.cells[4].outputs if output.output_type == "execute_result"]
    assert result.data["text/plain"] == "0.0"


def test_the_chapters_of_the_release_are_those_with_exercises() -> None:
    assert {page.source.stem for page in PAGES} >= {"index", "what-is-ddsp", "filter-cutoff", "harmonic-bank"}
    assert all(running.CHAPTERS[page.source.stem].source == page.source for page in PAGES)
    assert all(page.source.is_relative_to(ROOT) for page in PAGES)
