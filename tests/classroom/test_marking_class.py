"""A class on a real chapter, in one run: release, solve (or worse), collect, mark."""

from __future__ import annotations

import csv
import hashlib
import html
import json
import re
import socket
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from book.tools import classroom, exercises, notebooks
from book.tools.marking import __main__ as marking
from book.tools.marking import feedback, grades, jail
from book.tools.marking.jail import JailError, Terms
from book.tools.marking.score import Result
from book.tools.toc import ROOT

CHAPTER, PACKAGE = ROOT / "book/index.ipynb", ROOT / "ddsp_lite/fit.py"
MEASURED = ROOT / "_build/marking-measured.json"
SECONDS = 20.0  # for a cell of a student, here: enough on a busy machine
OUTSIDE = """
import os, pathlib, subprocess
found = [str(place) for place in ({chapter!r}, {submissions!r}) if os.path.exists(place)]
tried = []
for place in ({chapter!r}, {package!r}, "/usr/outside", "/etc/outside"):
    try:
        open(place, "a").close()
    except OSError as error:
        tried.append(type(error).__name__)
print("found", found, "refused", len(tried))
"""
PEEK = """
import inspect, linecache
def step_octaves(octaves, slope, rate):
    frame = inspect.currentframe()
    while frame:
        print("".join(linecache.getlines(frame.f_code.co_filename)))
        frame = frame.f_back
    return octaves - rate * slope
"""
NETWORK = """
import socket
socket.create_connection(("127.0.0.1", {port}), timeout=3)
"""
MEMORY = """
import subprocess, sys, time
eat = "b = bytearray(10**9)\\nfor i in range(0, 10**9, 4096): b[i] = 1\\nimport time; time.sleep(99)"
children = [subprocess.Popen([sys.executable, "-c", eat]) for _ in range(8)]
time.sleep(99)
"""


def solved() -> list[str]:
    """The chapter's own solutions."""
    return [exercises.solution(each.solution.source) for each in exercises.find(notebooks.read(CHAPTER))]


def handed_in(change: Callable[[NotebookNode, list[NotebookNode]], None], answers: list[str]) -> NotebookNode:
    """The released notebook with answers, then changed."""
    notebook = classroom.student(notebooks.read(CHAPTER))
    cells = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("solution")]
    for cell, source in zip(cells, answers, strict=False):
        cell.source = source
    change(notebook, cells)
    return notebook


def nothing(notebook: NotebookNode, cells: list[NotebookNode]) -> None:
    """Hand it in as it is."""


def without_checks(notebook: NotebookNode, cells: list[NotebookNode]) -> None:
    notebook.cells = [cell for cell in notebook.cells if not cell.metadata.get("nbgrader", {}).get("grade")]


def with_own_checks(notebook: NotebookNode, cells: list[NotebookNode]) -> None:
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.source, cell.metadata.nbgrader.points = "100.0", 100


def without_metadata(notebook: NotebookNode, cells: list[NotebookNode]) -> None:
    for cell in notebook.cells:
        cell.metadata = {}


def files_of(folder: Path) -> dict[str, str]:
    """What lies in a folder and what a student tried to write to, to see that nothing was touched."""
    paths = [CHAPTER, PACKAGE, *sorted(path for path in folder.rglob("*") if path.is_file())]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


@pytest.fixture(scope="module")
def the_class(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """Mark everybody in one run."""
    folder = tmp_path_factory.mktemp("class") / "submissions"
    arrows, step, too_far = solved()
    listener = socket.create_server(("127.0.0.1", 0))  # outside the jail there is somebody to talk to
    seen = {"chapter": str(CHAPTER), "submissions": str(folder), "package": str(PACKAGE)}
    students = {
        "right": ([arrows, step, too_far], nothing),
        "right too": ([arrows, step.replace("octaves - rate * slope", "octaves + -slope * rate"), too_far], nothing),
        "wrong": (
            ['arrows = ["down", "down", "up"]', step.replace(" - ", " + "), 'too_far = {"start": 1500, "rate": 1e-4}'],
            nothing,
        ),
        "empty": ([], nothing),
        "partly": ([arrows], nothing),
        "syntax": ([arrows, "def step_octaves(octaves, slope, rate) return", too_far], nothing),
        "endless": (["while True:\n    pass", step, too_far], nothing),
        "endless later": ([arrows, "def step_octaves(*a):\n    while True:\n        pass", too_far], nothing),
        "allocates": ([f"{arrows}\nbig = torch.zeros(5 * 2**30)", step, too_far], nothing),
        "children": (["arrows = []\n" + MEMORY, step, too_far], nothing),
        "talks": ([f"{arrows}\nfor n in range(200_000): print('line', n)", step, too_far], nothing),
        "leaves": (["import os\nos._exit(0)", step, too_far], nothing),
        "deleted checks": ([arrows, step, too_far], without_checks),
        "edited checks": (['arrows = ["down", "down", "up"]', step, too_far], with_own_checks),
        "no metadata": ([arrows, step, too_far], without_metadata),
        "peeks": ([arrows, PEEK, too_far], nothing),
        "outside": ([arrows + OUTSIDE.format(**seen), step, too_far], nothing),
        "network": ([arrows + NETWORK.format(port=listener.getsockname()[1]), step, too_far], nothing),
    }
    for name, (answers, change) in students.items():
        (folder / name).mkdir(parents=True)
        file = "my homework (2).ipynb" if name == "no metadata" else "index.ipynb"
        nbformat.write(handed_in(change, answers), folder / name / file)
    (folder / "unreadable").mkdir()
    (folder / "unreadable/index.ipynb").write_text('{"cells": [')
    before = files_of(folder)
    began = time.monotonic()
    results = marking.mark(folder, [CHAPTER], Terms(cell_seconds=SECONDS, notebook_seconds=200))
    took = time.monotonic() - began
    after = files_of(folder)
    listener.close()
    MEASURED.parent.mkdir(exist_ok=True)
    MEASURED.write_text(json.dumps({"notebooks": len(results), "seconds": round(took, 1)}), encoding="utf-8")
    return {"results": {one.student: one for one in results}, "before": before, "after": after, "folder": folder.parent}


# Points of the three exercises (of 1, 3 and 3), and words of a reason.
EXPECTED = {
    "right": ([1, 3, 3], ""),
    "right too": ([1, 3, 3], ""),
    "wrong": ([0, None, None], "see what the check says"),
    "empty": ([0, 0, 0], "not answered"),
    "partly": ([1, 0, 0], "not answered"),
    "syntax": ([1, 0, 3], "SyntaxError"),
    "endless": ([0, 3, 3], f"did not end within {SECONDS:.0f} s"),
    "endless later": ([1, 0, 3], "the check did not end"),
    "allocates": ([1, 3, 3], ""),
    "children": ([0, 3, 3], "took more than 3 GB of memory"),
    "talks": ([1, 3, 3], ""),
    "leaves": ([0, 3, 3], "ended its own kernel"),
    "deleted checks": ([1, 3, 3], ""),
    "edited checks": ([0, 3, 3], "see what the check says"),
    "no metadata": ([1, 3, 3], ""),
    "peeks": ([1, 3, 3], ""),
    "outside": ([1, 3, 3], ""),
    "network": ([1, 3, 3], ""),
}


@pytest.mark.slow
@pytest.mark.parametrize("student", EXPECTED)
def test_each_gets_the_right_mark_or_a_reason(the_class: dict[str, object], student: str) -> None:
    result: Result = the_class["results"][student]
    points, words = EXPECTED[student]
    got = [exercise.points for exercise in result.exercises]
    for one, expected, exercise in zip(got, points, result.exercises, strict=True):
        assert one == expected if expected is not None else one < exercise.maximum, (got, result)
    assert [exercise.maximum for exercise in result.exercises] == [1, 3, 3]
    reasons = [exercise.reason for exercise in result.exercises if exercise.reason]
    assert bool(reasons) == bool(words) and all(words in reason for reason in reasons), reasons


@pytest.mark.slow
def test_what_cannot_be_read_has_a_remark_and_no_points(the_class: dict[str, object]) -> None:
    result = the_class["results"]["unreadable"]
    assert not result.exercises and "not a notebook that can be read" in result.remarks[0]


@pytest.mark.slow
def test_wrong_answers_are_told_what_is_wrong(the_class: dict[str, object]) -> None:
    arrows, step, _ = the_class["results"]["wrong"].exercises
    assert "Which way is downhill?" in arrows.checked and "you went uphill" in step.checked


@pytest.mark.slow
def test_the_jail_holds(the_class: dict[str, object]) -> None:
    results = the_class["results"]
    assert "found [] refused 4" in results["outside"].exercises[0].printed
    assert re.search("ConnectionRefused|unreachable", results["network"].exercises[0].printed)
    assert the_class["before"] == the_class["after"]


@pytest.mark.slow
def test_no_hidden_check_is_in_any_page(the_class: dict[str, object]) -> None:
    results = list(the_class["results"].values())
    pages = feedback.write(results, the_class["folder"] / "feedback")
    written = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    assert len(pages) == len(results) and "cut out" in written
    regions = [exercises.HIDDEN.findall(each.check.source) for each in exercises.find(notebooks.read(CHAPTER))]
    hidden = [line.strip() for region in regions for text in region for line in text.splitlines()[1:-1]]
    assert len(hidden) >= 4
    plain = html.unescape(written)
    assert not [line for line in hidden if line in plain]
    assert "more was printed" in written


@pytest.mark.slow
def test_the_table_has_everybody(the_class: dict[str, object]) -> None:
    results = list(the_class["results"].values())
    with grades.write(results, the_class["folder"]).open(encoding="utf-8-sig", newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert set(rows) == set(EXPECTED) | {"unreadable"}
    assert (rows["right"]["points"], rows["right"]["of"], rows["partly"]["points"]) == ("7", "7", "1")
    assert rows["unreadable"]["points"] == "" and rows["unreadable"]["remarks"]


@pytest.mark.slow
def test_nothing_is_marked_where_the_solutions_fail(tmp_path: Path) -> None:
    notebook = notebooks.read(CHAPTER)
    for each in exercises.find(notebook):
        each.solution.source = exercises.replaced(each.solution.source, "arrows = step_octaves = too_far = None")
    source = tmp_path / "index.ipynb"
    nbformat.write(notebook, source)
    (tmp_path / "handed in").mkdir()
    nbformat.write(notebook, tmp_path / "handed in/ann.ipynb")
    with pytest.raises(JailError, match="solutions of index do not get full marks"):
        marking.mark(tmp_path / "handed in", [source], Terms())


def test_without_bubblewrap_it_has_to_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jail.shutil, "which", lambda name: None)
    with pytest.raises(JailError, match="UNSAFE=1"):
        jail.probe(Terms())


@pytest.mark.slow
def test_without_a_jail_the_marks_are_the_same(tmp_path: Path) -> None:
    arrows, _, too_far = solved()
    nbformat.write(handed_in(nothing, [arrows, "while True:\n    pass", too_far]), tmp_path / "ann.ipynb")
    (result,) = marking.mark(tmp_path, [CHAPTER], Terms(cell_seconds=5, unsafe=True))
    assert [exercise.points for exercise in result.exercises] == [1, 0, 3]
