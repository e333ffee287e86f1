"""The exercises of a chapter: how they are written, and what a student sees of them.

An exercise is three cells: a statement (a `{exercise}` directive), an nbgrader solution cell with the whole solution
between two marks, and a check cell with hidden checks between two others. The chapter as committed is the instructor's
version, and runs with its solutions. `student` makes the student's: nbgrader clears solutions and hidden checks, and
the answers in the checks are sealed.
"""

import copy
import re
import textwrap
from dataclasses import dataclass

from nbformat import NotebookNode

from ddsp_lite.classroom import seal_source

STUB = 'raise NotImplementedError("Not solved yet: your code goes here")'
KINDS = ("Predict", "Implement", "Explore")
DIRECTIVE = re.compile(r"\A(`{3,})\{exercise\} (?P<title>.+)\n:label: (?P<label>\S+)\n(?::\w+:.*\n)*\n", re.MULTILINE)
FACTS = re.compile(
    r"^\*(?P<kind>\w+), level (?P<level>\d), (?P<minutes>\d+) minutes?, (?P<points>\d+) points?\.\*$", re.MULTILINE
)
SOLUTION = re.compile(r"^([ \t]*)### BEGIN SOLUTION\n(.*?)^[ \t]*### END SOLUTION[ \t]*\n?", re.MULTILINE | re.DOTALL)
HIDDEN = re.compile(r"^### BEGIN HIDDEN TESTS\n.*?^### END HIDDEN TESTS\n", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Exercise:
    """One exercise of a chapter, and its three cells."""

    name: str
    title: str
    kind: str
    level: int
    minutes: int
    points: int
    statement: NotebookNode
    solution: NotebookNode
    check: NotebookNode

    @property
    def label(self) -> str:
        """The name by which a page links to it."""
        return f"ex-{self.name}"


def grade_id(cell: NotebookNode) -> str:
    """The cell's name in nbgrader; empty for an ordinary cell."""
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def find(notebook: NotebookNode) -> list[Exercise]:
    """The exercises of a notebook, in order; ValueError names the first that is not in the form above."""
    found = []
    cells = notebook.cells
    for index, cell in enumerate(cells):
        if cell.cell_type != "markdown" or "{exercise}" not in cell.source:
            continue
        head, facts = DIRECTIVE.search(cell.source), FACTS.search(cell.source)
        if not head or not facts or facts["kind"] not in KINDS:
            raise ValueError(f"the exercise that begins with {cell.source[:60]!r} has no label, or no line of facts")
        name = head["label"].removeprefix("ex-")
        following = [grade_id(each) for each in cells[index + 1 : index + 3]]
        if following != [name, f"{name}-check"]:
            raise ValueError(f"after the statement {name} stand {following}, not its solution and its check")
        numbers = {key: int(facts[key]) for key in ("level", "minutes", "points")}
        found.append(
            Exercise(name, head["title"], facts["kind"], **numbers, statement=cell, solution=cells[index + 1],
                     check=cells[index + 2])
        )  # fmt: skip
    listed = [name for each in found for name in (each.name, f"{each.name}-check")]
    for name in filter(None, map(grade_id, cells)):
        if name not in listed:
            raise ValueError(f"the cell {name} belongs to no exercise, or is there twice")
        listed.remove(name)
    return found


def solution(source: str) -> str:
    """A solution cell without its marks."""
    return re.sub(r"^[ \t]*### (BEGIN|END) SOLUTION[ \t]*\n?", "", source, flags=re.MULTILINE).rstrip("\n")


def replaced(source: str, text: str) -> str:
    """A solution cell with another text in place of the solution."""
    return SOLUTION.sub(lambda found: textwrap.indent(text.strip("\n"), found[1]) + "\n", source).rstrip("\n")


def without_hidden(source: str) -> str:
    """A check cell as a student sees it: no hidden checks, answers sealed."""
    return seal_source(HIDDEN.sub("", source))


def student(notebook: NotebookNode) -> NotebookNode:
    """The student's version of a chapter, by nbgrader's preprocessors: stubs, no hidden checks, no outputs, locks."""
    from nbgrader import preprocessors  # a second that a page without exercises does not wait for
    from traitlets.config import Config

    config = Config({"ClearSolutions": {"code_stub": {"python": STUB}}})
    result, resources = copy.deepcopy(notebook), {}
    for step in (
        preprocessors.LockCells,
        preprocessors.ClearSolutions,
        preprocessors.ClearOutput,
        preprocessors.ClearHiddenTests,
    ):
        result, resources = step(config=config).preprocess(result, resources)
    for cell in result.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.source = seal_source(cell.source)
    result, _ = preprocessors.ComputeChecksums(config=config).preprocess(result, resources)
    return result


def page(notebook: NotebookNode) -> NotebookNode:
    """A chapter that ran, as its page shows it: stub, solution behind a fold, what the checks say above their code."""
    result = copy.deepcopy(notebook)
    cells = []
    for cell in result.cells:
        cells.append(cell)
        told = cell.metadata.get("nbgrader", {})
        if told.get("solution"):
            fold = f"````{{dropdown}} Show the solution\n```python\n{solution(cell.source)}\n```\n````"
            cell.source = replaced(cell.source, STUB)
            cells.append(NotebookNode(cell_type="markdown", id=f"{cell.id}-fold", metadata={}, source=fold))
        elif told.get("grade"):
            cell.source = without_hidden(cell.source)
            cell.metadata.tags = [*cell.metadata.get("tags", []), "hide-input"]
    result.cells = cells
    return result
