"""How a chapter is kept: a normal form for notebooks, and what its results must look like.

A committed notebook keeps the text that its cells print, and nbval compares every later run with it. Pictures,
players and demos change from machine to machine: a cell that shows one keeps neither output nor execution count,
and the notebook stays small. Widget state, time stamps and editors' metadata are dropped. `make notebooks` brings
every chapter into this form; `faults` tells where a chapter hides something from the comparison.
"""

import copy
import hashlib
import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode

CELL_METADATA = ("tags", "mystnb", "nbgrader", "slideshow")
NOTEBOOK_METADATA = ("myst", "mystnb")
COMPARED_TYPES = {"text/plain", "text/markdown", "text/latex"}
ESCAPES = {"nbval-skip", "skip-execution", "raises-exception", "nbval-raises-exception", "nbval-check-output"}
COMMENTS = re.compile(r"^\s*#+\s*(NBVAL_\w+|PYTEST_VALIDATE_IGNORE_OUTPUT)", re.MULTILINE)
PROGRESS = re.compile(r"\d+%\|")
WARNING = re.compile(r"^.*\w*Warning\b.*$", re.MULTILINE)


def read(path: Path) -> NotebookNode:
    """A notebook file in the current format."""
    return nbformat.read(path, as_version=4)


def text(notebook: NotebookNode) -> str:
    """The bytes that are committed."""
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The code cells, in order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def is_shown(output: NotebookNode) -> bool:
    """Whether an output is a picture, a page or a widget, rather than text that can be compared."""
    return "data" in output and not set(output.data) <= COMPARED_TYPES


def with_outputs(source: NotebookNode, executed: NotebookNode) -> NotebookNode:
    """`source` with the outputs and execution counts of `executed`, whose code cells are the same."""
    result = copy.deepcopy(source)
    for cell, twin in zip(code_cells(result), code_cells(executed), strict=True):
        cell.outputs, cell.execution_count = copy.deepcopy(twin.outputs), twin.execution_count
    return result


def normalise(notebook: NotebookNode) -> NotebookNode:
    """The normal form (see above) of a notebook; applying it twice changes nothing."""
    result = copy.deepcopy(notebook)
    metadata = {key: result.metadata[key] for key in NOTEBOOK_METADATA if key in result.metadata}
    metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata["language_info"] = {"name": "python"}
    result.metadata = nbformat.from_dict(metadata)
    result.nbformat, result.nbformat_minor = 4, 5
    taken: set[str] = set()
    count = 0
    for index, cell in enumerate(result.cells):
        cell.source = cell.source.rstrip()
        cell.metadata = nbformat.from_dict({key: cell.metadata[key] for key in CELL_METADATA if cell.metadata.get(key)})
        if not cell.get("id") or cell.id in taken:
            cell.id = hashlib.sha256(f"{index} {cell.source}".encode()).hexdigest()[:8]
        taken.add(cell.id)
        if cell.cell_type != "code":
            continue
        count += 1
        never_run = cell.execution_count is None and not cell.outputs
        if never_run or "nbval-ignore-output" in cell.metadata.get("tags", []) or any(map(is_shown, cell.outputs)):
            cell.outputs, cell.execution_count = [], None
        else:
            cell.outputs, cell.execution_count = tidy_outputs(cell.outputs, count), count
    return result


def tidy_outputs(outputs: list[NotebookNode], count: int) -> list[NotebookNode]:
    """Text outputs without metadata, pieces of one stream joined."""
    tidy: list[NotebookNode] = []
    for output in outputs:
        output = nbformat.from_dict(
            {key: value for key, value in output.items() if key not in ("metadata", "transient")}
        )
        if "data" in output:
            output.metadata = nbformat.from_dict({})
        if output.output_type == "execute_result":
            output.execution_count = count
        if output.output_type == "stream" and tidy and tidy[-1].get("name") == output.name:
            tidy[-1].text += output.text
        else:
            tidy.append(output)
    return tidy


def faults(source: NotebookNode, executed: NotebookNode, *, compared: bool) -> list[str]:
    """Where a chapter did not run or complained, and, with `compared`, what it keeps from the comparison.

    `source` is the committed notebook, `executed` the same one after a run. Empty when all is well.
    """
    cells, twins = code_cells(source), code_cells(executed)
    if [cell.source.rstrip() for cell in cells] != [cell.source.rstrip() for cell in twins]:
        return ["the results are of other cells: run `make book` again"]
    found: list[str] = []
    for number, (cell, twin) in enumerate(zip(cells, twins, strict=True), start=1):
        of_cell = run_faults(twin) + (comparison_faults(cell, twin) if compared else [])
        found += [f"code cell {number}: {fault}" for fault in of_cell]
    return found


def run_faults(executed: NotebookNode) -> list[str]:
    """Whether a cell ran, raised or warned."""
    if executed.execution_count is None and executed.source.strip():
        return ["was not executed"]
    found = []
    for output in executed.outputs:
        if output.output_type == "error":
            found.append(f"raised {output.ename}: {output.evalue}")
        if output.output_type == "stream" and output.name == "stderr" and (line := WARNING.search(output.text)):
            found.append(f"warned: {line[0].strip()}")
    return found


def comparison_faults(cell: NotebookNode, executed: NotebookNode) -> list[str]:
    """Whether nbval will compare all that a cell prints."""
    tags = set(cell.metadata.get("tags", []))
    found = [f"the tag {tag!r} hides it from the tests" for tag in sorted(tags & ESCAPES)]
    found += [f"the comment {comment!r} hides it from the tests" for comment in COMMENTS.findall(cell.source)]
    printed = "".join(output.text for output in executed.outputs if output.output_type == "stream")
    shown = any(is_shown(output) for output in executed.outputs)
    if "nbval-ignore-output" in tags:
        if not shown and not PROGRESS.search(printed):
            found.append("is tagged 'nbval-ignore-output' though it shows no progress bar or widget")
    elif PROGRESS.search(printed):
        found.append("shows a progress bar: tag it 'nbval-ignore-output', and print and assert in the next cell")
    elif shown and printed.strip():
        found.append("prints beside a picture, player or demo, where it is not compared: print in another cell")
    elif shown and (cell.outputs or cell.execution_count is not None):
        found.append("keeps a picture's output or execution count: run `make notebooks`")
    elif not shown and cell.execution_count is None and cell.source.strip():
        found.append("has no execution count, so that its output is not compared: run `make notebooks`")
    return found
