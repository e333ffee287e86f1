"""Points for a notebook that was run, and for each exercise the reason, in words that a student can use.

Nothing that only the teacher has may get into a reason or an output: the lines of the checks are cut out of all
text, and errors are told without the code around them.
"""

import math
import re
from dataclasses import asdict, dataclass, field

from nbformat import NotebookNode
from nbgrader.utils import determine_grade, is_grade

from book.tools.marking.merge import Merged, grade_id

SHORT = 12  # characters: shorter lines of a check tell nothing
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Exercise:
    """One exercise as it was marked."""

    name: str
    points: float
    maximum: float
    reason: str
    answer: str
    title: str = ""
    printed: str = ""
    checked: str = ""
    pictures: list[str] = field(default_factory=list)


@dataclass
class Result:
    """One submission as it was marked."""

    student: str
    chapter: str
    file: str
    exercises: list[Exercise] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def points(self) -> float:
        """The sum of the points."""
        return sum(exercise.points for exercise in self.exercises)

    @property
    def maximum(self) -> float:
        """The sum of what could be had."""
        return sum(exercise.maximum for exercise in self.exercises)

    def as_dict(self) -> dict:
        """For the file in which a worker leaves its result."""
        return asdict(self)

    @classmethod
    def from_dict(cls, found: dict) -> "Result":
        """The inverse of `as_dict`."""
        return cls(**{**found, "exercises": [Exercise(**one) for one in found["exercises"]]})


def check_lines(cells: list[NotebookNode]) -> set[str]:
    """The lines of the checks, in the teacher's words, that are long enough to give something away."""
    lines = {kind: set() for kind in (True, False)}
    for cell in cells:
        lines[is_grade(cell)].update(line.strip() for line in cell.source.splitlines())
    return {line for line in lines[True] - lines[False] if len(line) >= SHORT}


def text_of(cell: NotebookNode, secret: set[str]) -> str:
    """What a cell printed and how it failed, without the `secret` lines."""
    pieces = []
    for output in cell.outputs:
        if output.output_type == "stream":
            pieces.append(output.text)
        elif output.output_type == "error" and output.ename == "KeyboardInterrupt" and cell.metadata.get("note"):
            continue  # the reason says it better
        elif output.output_type == "error":
            pieces.append(f"{output.ename}: {output.evalue}\n")
        elif cell.metadata.kind != "check":
            pieces.append(output.data.get("text/plain", "") + "\n")
    text = COLOURS.sub("", "".join(pieces))
    if any(line in text for line in secret):
        text = "\n".join(line for line in text.splitlines() if not any(one in line for one in secret))
        text += "\n(Lines of the check stood here and were cut out.)"
    return text.strip()


def pictures_of(cell: NotebookNode) -> list[str]:
    """The pictures that a cell showed, as base64."""
    return [output.data["image/png"] for output in cell.outputs if "image/png" in output.get("data", {})]


def error_of(cell: NotebookNode) -> str:
    """The error that a cell ended with, or nothing."""
    errors = [output for output in cell.outputs if output.output_type == "error"]
    return f"{errors[-1].ename}: {COLOURS.sub('', errors[-1].evalue)}".strip() if errors else ""


def points_of(check: NotebookNode) -> tuple[float, float, str]:
    """Points, maximum, and what was wrong with the check itself: without a number as result it gives none.

    nbgrader would give full marks for a check that printed no number, and none where anything was written to stderr.
    """
    maximum = float(check.metadata.nbgrader["points"])
    if check.metadata.get("note") or error_of(check):
        return 0.0, maximum, ""
    check.outputs = [output for output in check.outputs if output.get("name") != "stderr"]
    numbers = [output for output in check.outputs if output.output_type == "execute_result"]
    try:
        value = float(numbers[-1].data["text/plain"])
    except (IndexError, KeyError, ValueError):
        value = math.nan
    if not math.isfinite(value):
        return 0.0, maximum, "the check gave no number"
    numbers[-1].data["text/plain"] = str(min(max(value, 0.0), maximum))
    return float(determine_grade(check)[0]), maximum, ""


def reason_for(name: str, answers: list[NotebookNode], check: NotebookNode, merged: Merged, fault: str) -> str:
    """Why an exercise has fewer points than it could have."""
    notes = [f"your cell {cell.metadata.note}" for cell in answers if cell.metadata.get("note")]
    if notes:
        return notes[0]
    if name in merged.missing:
        return "no answer: its cell is not in the notebook"
    if name in merged.untouched:
        return "not answered"
    errors = [error_of(cell) for cell in answers if error_of(cell)]
    if errors:
        return f"your cell stops with an error: {errors[0]}"
    if check.metadata.get("note"):
        return f"the check {check.metadata.note}: does your code end?"
    if error_of(check):
        return f"your code stops with an error when it is checked: {error_of(check)}"
    return fault or "see what the check says"


def score(merged: Merged, result: Result) -> Result:
    """Fill in the exercises of a `result` from a merged notebook that was run."""
    secret = check_lines(merged.cells)
    answers: list[NotebookNode] = []
    for place, cell in enumerate(merged.cells):
        if cell.metadata.kind == "answer":
            answers.append(cell)
        elif cell.metadata.kind == "check":
            points, maximum, fault = points_of(cell)
            name = grade_id(answers[-1]) if answers else grade_id(cell)
            reason = "" if points == maximum else clean(reason_for(name, answers, cell, merged, fault), secret)
            result.exercises.append(
                Exercise(
                    name,
                    points,
                    maximum,
                    reason,
                    "\n\n".join(one.source for one in answers),
                    merged.titles.get(name, ""),
                    "\n".join(filter(None, (text_of(one, secret) for one in answers))),
                    text_of(cell, secret),
                    [picture for one in answers for picture in pictures_of(one)][:4],
                )
            )
            answers = []
        elif cell.metadata.kind == "added" and place in merged.needed and error_of(cell):
            result.remarks.append(clean(f"a cell that you added stops with an error: {error_of(cell)}", secret))
    result.remarks += merged.remarks
    return result


def clean(text: str, secret: set[str]) -> str:
    """A reason on one line, without secrets."""
    line = " ".join(text.split())[:400]
    return "an error (its text is left out)" if any(one in line for one in secret) else line
