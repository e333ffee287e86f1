"""A student's answers on the teacher's chapter: what is run is never the student's file itself.

Answers are taken by nbgrader's `grade_id`, else by the cell's id, else by the names that they define. Cells that the
student added stay behind the cell that they followed. All other cells, the checks above all, are the teacher's.
"""

import copy
import re
from dataclasses import dataclass, field

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from nbgrader.preprocessors import ClearSolutions
from nbgrader.utils import is_grade, is_solution

from book.tools.marking.needed import names, select, statements

TITLE = re.compile(r"^`{3,}\{exercise\} (.+)\n:label: ex-(\S+)", re.MULTILINE)
STUB = ("#", "raise NotImplementedError")


@dataclass
class Merged:
    """The notebook to run, which of its cells are needed, and what was odd about the student's."""

    cells: list[NotebookNode]
    needed: set[int]
    untouched: set[str] = field(default_factory=set)  # exercises whose answer is still the stub
    missing: set[str] = field(default_factory=set)  # exercises whose cell is gone
    remarks: list[str] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)  # of the exercises, as the chapter has them


def grade_id(cell: NotebookNode) -> str:
    """nbgrader's name of a cell, or nothing."""
    mine = cell.metadata.get("nbgrader")
    return str(mine.get("grade_id", "")) if isinstance(mine, dict) else ""


def grade_ids(notebook: NotebookNode) -> set[str]:
    """The names of a notebook's exercises and checks."""
    return {grade_id(cell) for cell in notebook.cells} - {""}


def cell_ids(notebook: NotebookNode) -> set[str]:
    """The ids of a notebook's cells; short ones that any notebook may have do not tell chapters apart."""
    return {cell.id for cell in notebook.cells if cell.get("id")}


def stub(cell: NotebookNode) -> NotebookNode:
    """The teacher's answer cell as students get it."""
    result = copy.deepcopy(cell)
    cleared = ClearSolutions()
    replaced = cleared._replace_solution_region(result, "python")
    if not replaced:
        result.source = cleared.code_stub["python"]
    return result


def plain(source: str) -> str:
    """Source without blank lines, comments and the stub's error: what must differ for an answer to be one."""
    lines = (line.rstrip() for line in source.splitlines())
    return "\n".join(line for line in lines if line.strip() and not line.strip().startswith(STUB))


def answer_to(cell: NotebookNode, empty: NotebookNode, theirs: list[NotebookNode]) -> NotebookNode | None:
    """The student's cell that answers the teacher's `cell`; of several, the last that is not the stub."""
    code = [one for one in theirs if one.cell_type == "code"]
    defined = names(empty.source).binds or names(cell.source).binds
    for found in (
        [one for one in code if grade_id(one) == grade_id(cell)],
        [one for one in code if one.get("id") == cell.get("id") and not grade_id(one)],
        [one for one in code if not grade_id(one) and defined and defined <= names(one.source).binds],
    ):
        if found:
            changed = [one for one in found if plain(one.source) != plain(empty.source)]
            return (changed or found)[-1]
    return None


def merge(teacher: NotebookNode, student: NotebookNode) -> Merged:
    """The teacher's chapter with the student's answers and added cells."""
    theirs = [one for one in student.cells if one.cell_type == "code"]
    text = "\n".join(cell.source for cell in teacher.cells if cell.cell_type == "markdown")
    merged = Merged([], set(), titles={name: title for title, name in TITLE.findall(text)})
    answers: dict[str, NotebookNode] = {}
    used: set[int] = set()
    for cell in teacher.cells:
        if cell.cell_type != "code" or not is_solution(cell):
            continue
        name, empty = grade_id(cell), stub(cell)
        found = answer_to(cell, empty, theirs)
        answers[name] = found or empty
        if found is None:
            merged.missing.add(name)
        else:
            used.add(id(found))
            if plain(found.source) in ("", plain(empty.source)):
                merged.untouched.add(name)
    extras = added_cells(teacher, student, used)

    merged.cells += [_code(cell, "added") for cell in extras.get("", [])]
    for cell in teacher.cells:
        if cell.cell_type == "code" and is_solution(cell):
            merged.cells.append(_code(cell, "answer", answers[grade_id(cell)].source))
        elif cell.cell_type == "code" and is_grade(cell):
            merged.cells.append(_code(cell, "check"))
        elif cell.cell_type == "code":
            merged.cells += [_code(cell, "chapter", statement) for statement in statements(cell.source)]
        merged.cells += [_code(one, "added") for one in extras.get(_key(cell), [])]
    merged.needed = select(merged.cells)
    gone = {grade_id(cell) for cell in teacher.cells if is_grade(cell)} - grade_ids(student)
    if gone:
        merged.remarks.append(f"check cells put back: {', '.join(sorted(gone))}")
    return merged


def _key(cell: NotebookNode) -> str:
    return grade_id(cell) or cell.get("id", "")


def _code(cell: NotebookNode, kind: str, source: str | None = None) -> NotebookNode:
    """A cell to run, marked with its kind: added, answer, chapter or check."""
    result = new_code_cell(cell.source if source is None else source, metadata=NotebookNode(kind=kind))
    if kind != "added" and cell.metadata.get("nbgrader"):
        result.metadata.nbgrader = copy.deepcopy(cell.metadata.nbgrader)
    return result


def added_cells(teacher: NotebookNode, student: NotebookNode, used: set[int]) -> dict[str, list[NotebookNode]]:
    """The student's own code cells, by the teacher's cell that they come after."""
    known = {_key(cell) for cell in teacher.cells} | cell_ids(teacher)
    keys = {cell.get("id"): _key(cell) for cell in teacher.cells}
    extras: dict[str, list[NotebookNode]] = {}
    after = ""
    for cell in student.cells:
        if id(cell) in used or _key(cell) in known or cell.get("id") in keys:
            after = grade_id(cell) if grade_id(cell) in known else keys.get(cell.get("id"), after)
        elif cell.cell_type == "code" and cell.source.strip() and not grade_id(cell):
            extras.setdefault(after, []).append(cell)
    return extras
