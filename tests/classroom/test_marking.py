"""Marking without a kernel: who handed in what, merging, which statements are needed, points, tables, pages."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from book.tools import exercises
from book.tools.marking import feedback, grades
from book.tools.marking.merge import Merged, merge
from book.tools.marking.needed import names, select, statements
from book.tools.marking.score import Exercise, Result, points_of, score
from book.tools.marking.submissions import Chapter, chapters, find


def graded(name: str, source: str, points: float | None = None) -> NotebookNode:
    """A solution cell, or with points a check cell."""
    check = points is not None
    mine = {"grade_id": name, "grade": check, "solution": not check, "locked": check, "task": False}
    mine |= {"schema_version": 3, "cell_type": "code"} | ({"points": points} if check else {})
    return new_code_cell(source, id=f"id-{name}", metadata={"nbgrader": mine})


def chapter() -> NotebookNode:
    """A chapter with two exercises, as the teacher has it."""
    return new_notebook(
        cells=[
            new_markdown_cell("# Doubling", id="title"),
            new_code_cell("import math\nRATE = 16000\nDemo(RATE)", id="imports"),
            graded("doubling-1", "def double(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION"),
            graded("doubling-1-check", "### BEGIN HIDDEN TESTS\nhidden_input = 3.25\n### END HIDDEN TESTS\n2.0", 2),
            graded("doubling-2", "### BEGIN SOLUTION\nhalf_rate = RATE / 2\n### END SOLUTION"),
            graded("doubling-2-check", "float(half_rate == 8000)", 1),
        ]
    )


@pytest.fixture
def known(tmp_path: Path) -> list[Chapter]:
    source = tmp_path / "book/doubling.ipynb"
    source.parent.mkdir()
    nbformat.write(chapter(), source)
    return chapters([source])


def answered(*sources: str) -> NotebookNode:
    """The student's copy with answers."""
    notebook = exercises.student(chapter())
    for cell, source in zip((notebook.cells[2], notebook.cells[4]), sources, strict=False):
        cell.source = source
    return notebook


def by_kind(merged: Merged, kind: str) -> list[str]:
    return [cell.source for cell in merged.cells if cell.metadata.kind == kind]


DOUBLE, HALF = "def double(x):\n    return x + x", "half_rate = 8000.0"


def test_answers_are_the_students_and_all_else_is_the_teachers() -> None:
    theirs = answered(DOUBLE, HALF)
    theirs.cells[1].source = "RATE = 1"
    theirs.cells[3].source = "2.0  # full marks, please"
    merged = merge(chapter(), theirs)
    assert by_kind(merged, "answer") == [DOUBLE, HALF]
    assert by_kind(merged, "check") == [chapter().cells[3].source, chapter().cells[5].source]
    assert "RATE = 16000" in by_kind(merged, "chapter")
    assert not merged.untouched and not merged.missing and not merged.remarks


def test_answers_are_found_without_metadata_and_without_ids() -> None:
    by_id, by_name = answered(DOUBLE, HALF), answered(DOUBLE, HALF)
    for cell in by_id.cells + by_name.cells:
        cell.metadata = {}
    for place, cell in enumerate(by_name.cells):
        cell.id = f"new-{place}"
    assert by_kind(merge(chapter(), by_id), "answer") == [DOUBLE, HALF]
    found = merge(chapter(), by_name)
    assert by_kind(found, "answer") == [DOUBLE, HALF]
    assert found.remarks == ["check cells put back: doubling-1-check, doubling-2-check"]


def test_of_two_copies_of_a_cell_the_answered_one_counts() -> None:
    theirs = answered()
    copy = nbformat.from_dict(json.loads(json.dumps(theirs.cells[2])))
    theirs.cells[2].source, copy.id = DOUBLE, "copied"
    theirs.cells.append(copy)
    assert by_kind(merge(chapter(), theirs), "answer")[0] == DOUBLE


def test_stubs_and_lost_cells_are_told_apart() -> None:
    theirs = answered()
    theirs.cells = theirs.cells[:4]
    merged = merge(chapter(), theirs)
    assert merged.untouched == {"doubling-1"} and merged.missing == {"doubling-2"}
    assert merge(chapter(), answered("", HALF)).untouched == {"doubling-1"}


def test_added_cells_stay_in_place_and_run_when_they_are_needed() -> None:
    theirs = answered("def double(x):\n    return twice(x)", HALF)
    theirs.cells.insert(2, new_code_cell("def twice(x):\n    return 2 * x"))
    theirs.cells.insert(2, new_code_cell("while True:\n    pass"))
    merged = merge(chapter(), theirs)
    kinds = [cell.metadata.kind for cell in merged.cells]
    assert kinds.index("added") < kinds.index("answer")
    ran = [merged.cells[place].source for place in sorted(merged.needed)]
    assert "def twice(x):\n    return 2 * x" in ran and "while True:\n    pass" not in ran


def test_only_needed_statements_run() -> None:
    merged = merge(chapter(), answered("def double(x):\n    return 2 * x", "half_rate = RATE / 2"))
    ran = [merged.cells[place].source for place in sorted(merged.needed)]
    assert "RATE = 16000" in ran and "import math" not in ran and "Demo(RATE)" not in ran


def test_names_are_global_ones_and_those_in_quotes() -> None:
    code = "def f(x):\n    local = x + outer\n    return local\nf.slot = 1\nstore['a'] = 2\nitems.append(3)"
    found = names(code)
    assert found.binds == {"f"} and {"outer", "store", "items"} <= found.uses and "local" not in found.uses
    assert found.changes == {"f", "store", "items"}
    assert "answer" in names("check.close('answer(2)', 1)", quoted=True).uses
    assert "answer" not in names("print('answer')").binds
    assert "broken" in names("def f(: broken").uses


def test_statements_keep_decorators_and_magics() -> None:
    assert statements("@cached\ndef f():\n    pass\n\nx = 1; y = 2\nf()") == [
        "@cached\ndef f():\n    pass",
        "x = 1; y = 2",
        "f()",
    ]
    assert statements("%time\nx = 1") == ["%time\nx = 1"]


def test_what_changes_a_needed_thing_is_needed() -> None:
    kinds = {"values = []": "chapter", "values.append(1)": "chapter", "others = []": "chapter", "values[0]": "check"}
    cells = [new_code_cell(source, metadata={"kind": kind}) for source, kind in kinds.items()]
    assert select(cells) == {0, 1, 3}


@pytest.mark.parametrize(
    ("outputs", "points"),
    [
        ([new_output("execute_result", {"text/plain": "1.5"})], 1.5),
        ([new_output("execute_result", {"text/plain": "7.0"})], 2.0),
        ([new_output("execute_result", {"text/plain": "-1.0"})], 0.0),
        ([new_output("execute_result", {"text/plain": "nan"})], 0.0),
        ([new_output("execute_result", {"text/plain": "'two'"})], 0.0),
        ([], 0.0),
        ([new_output("stream", name="stdout", text="2.0")], 0.0),
        ([new_output("stream", name="stderr", text="noise"), new_output("execute_result", {"text/plain": "2.0"})], 2.0),
        ([new_output("execute_result", {"text/plain": "2.0"}), new_output("error", ename="E", evalue="")], 0.0),
    ],
)
def test_points_come_from_a_finite_number_and_nothing_else(outputs: list[NotebookNode], points: float) -> None:
    check = graded("doubling-1-check", "2.0", 2)
    check.outputs = outputs
    assert points_of(check)[:2] == (points, 2.0)


def test_no_line_of_a_check_reaches_the_student() -> None:
    merged = merge(chapter(), answered(DOUBLE, HALF))
    for cell in merged.cells:
        if cell.metadata.kind == "answer":
            cell.outputs = [new_output("stream", text="mine\nhidden_input = 3.25\n")]
        if cell.metadata.kind == "check":
            error = "hidden_input = 3.25 is not defined"
            cell.outputs = [new_output("error", ename="NameError", evalue=error, traceback=[error])]
    result = score(merged, Result("s", "doubling", "f.ipynb"))
    first = result.exercises[0]
    assert "mine" in first.printed
    assert "hidden_input = 3.25" not in first.printed + first.checked + first.reason
    assert [exercise.points for exercise in result.exercises] == [0.0, 0.0]


def test_submissions_are_recognised_whatever_their_names(tmp_path: Path, known: list[Chapter]) -> None:
    folder = tmp_path / "handed in"
    places = ["ann/doubling.ipynb", "bob/submission 1/My homework (1).ipynb", "Cléo Ü.ipynb"]
    for place in places:
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(answered(), folder / place)
    (folder / "dan/.ipynb_checkpoints").mkdir(parents=True)
    nbformat.write(answered(), folder / "dan/.ipynb_checkpoints/doubling.ipynb")
    (folder / "eve").mkdir()
    (folder / "eve/doubling.ipynb").write_text("{")
    nbformat.write(answered(), folder / "ann/doubling-old.ipynb")
    (folder / "fay").mkdir()
    (folder / "fay/doubling.ipynb").symlink_to(known[0].source)
    nbformat.write(new_notebook(cells=[new_code_cell("1")]), folder / "gus.ipynb")
    found = {one.student: one for one in find(folder, known)}
    assert {name for name, one in found.items() if one.chapter} == {"ann", "bob", "Cléo Ü"}
    assert found["ann"].path.name == "doubling.ipynb" and "doubling-old.ipynb" in found["ann"].remark
    assert found["dan"].remark == found["fay"].remark == "no notebook in this folder"
    assert "cannot" not in found["eve"].remark and "not a notebook" in found["eve"].remark
    assert "none of the chapters" in found["gus"].remark


def test_grades_are_quoted_and_hold_no_formula(tmp_path: Path) -> None:
    exercise = Exercise("doubling-1", 1 / 3, 2, '=HYPERLINK("x"), "quoted"\nline', "")
    results = [Result("=cmd|' /C calc'!A0", "doubling", "a,b.ipynb", [exercise], ["@remark"]), Result("\t+1", "", "")]
    with grades.write(results, tmp_path).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["points"] for row in rows] == ["0.33", ""] and rows[0]["exercise 1"] == "0.33"
    assert not any(value.startswith(("=", "+", "-", "@", "\t")) for row in rows for value in row.values())
    assert rows[0]["reasons"] == 'doubling-1: =HYPERLINK("x"), "quoted" line' and rows[0]["file"] == "a,b.ipynb"


def test_feedback_runs_nothing_of_a_student_and_mixes_up_nobody(tmp_path: Path) -> None:
    attack = "<script>alert(1)</script>"
    exercise = Exercise("doubling-1", 0, 2, attack, attack, attack, attack, attack, ['"><script>'])
    names_of = ["../up", "..-up", "a b", "a-b", attack]
    pages = feedback.write(
        [Result(name, "doubling", attack, [exercise], [attack]) for name in names_of], tmp_path / "f"
    )
    assert len({page.name for page in pages}) == len(pages) == 5
    assert {page.parent for page in pages} == {tmp_path / "f"}
    assert not any("<script" in page.read_text(encoding="utf-8") for page in pages)
