"""Whose notebooks lie in a folder: one sub-folder for each student, or one notebook for each student.

File names do not matter. A notebook is recognised by the exercises in it, so that a renamed file, a folder within a
folder or a "(1)" from a download changes nothing.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from book.tools import notebooks
from book.tools.marking.merge import cell_ids, grade_ids

LARGEST = 20_000_000  # bytes of a notebook file
IGNORED = {".ipynb_checkpoints", "__MACOSX"}


@dataclass(frozen=True)
class Chapter:
    """What a teacher released: its name, its file, and by what its copies are recognised."""

    name: str
    source: Path
    grades: frozenset[str]
    cells: frozenset[str]


@dataclass(frozen=True)
class Submission:
    """One student's notebook for one chapter; without a chapter, `remark` says why it cannot be marked."""

    student: str
    path: Path | None
    chapter: Chapter | None
    remark: str = ""


class UnreadableError(Exception):
    """A file that is not a notebook; the message says why."""


def read(path: Path) -> NotebookNode:
    """A notebook from an untrusted file."""
    if path.is_symlink() or not path.is_file():
        raise UnreadableError("is a link or no file")
    if path.stat().st_size > LARGEST:
        raise UnreadableError(f"is larger than {LARGEST // 1_000_000} MB: clear its outputs and submit it again")
    try:
        notebook = notebooks.read(path)
        for cell in notebook.cells:
            cell.source = "".join(cell.source)
            cell.metadata.get("nbgrader", {}).get("grade_id")
    except RecursionError:
        raise UnreadableError("is nested too deeply to be a notebook") from None
    except Exception as error:
        raise UnreadableError(f"is not a notebook that can be read ({type(error).__name__})") from None
    return notebook


def chapters(sources: list[Path]) -> list[Chapter]:
    """The chapters that have exercises, from the teacher's notebooks."""
    found = []
    for source in sources:
        notebook = notebooks.read(source)
        if grade_ids(notebook):
            found.append(Chapter(source.stem, source, frozenset(grade_ids(notebook)), frozenset(cell_ids(notebook))))
    return found


def recognise(notebook: NotebookNode, stem: str, known: list[Chapter]) -> Chapter | None:
    """The chapter that a notebook is a copy of: by its exercises, else by its cells, else by its name."""
    for mine, field in ((grade_ids(notebook), "grades"), (cell_ids(notebook), "cells")):
        shared = [(len(getattr(chapter, field).intersection(mine)), chapter.name) for chapter in known]
        best = max(shared, default=(0, ""))
        if best[0] > 0 and [count for count, _ in shared].count(best[0]) == 1:
            return next(chapter for chapter in known if chapter.name == best[1])
    named = [chapter for chapter in known if chapter.name in stem]
    return max(named, key=lambda chapter: len(chapter.name), default=None)


def files(folder: Path) -> list[Path]:
    """The notebooks below a folder, links and hidden folders left out, shallow ones first."""
    found = [
        path
        for path in folder.rglob("*.ipynb")
        if not any(part in IGNORED or part.startswith(".") for part in path.relative_to(folder).parts)
        and not any(parent.is_symlink() for parent in (path, *path.parents) if folder in parent.parents)
    ]
    return sorted(found, key=lambda path: (len(path.parts), path.name))


def of_student(student: str, paths: list[Path], known: list[Chapter]) -> Iterator[Submission]:
    """One submission for each chapter that a student handed in, and one for each file that cannot be marked."""
    taken: dict[str, list[Path]] = {}
    by_name = {chapter.name: chapter for chapter in known}
    for path in paths:
        try:
            chapter = recognise(read(path), path.stem, known)
        except UnreadableError as error:
            chapter = next((one for one in known if one.name == path.stem), None)
            yield Submission(student, path, None, f"{path.name} {error}" + (f" ({chapter.name})" if chapter else ""))
            continue
        if chapter is None:
            yield Submission(student, path, None, f"{path.name} is none of the chapters that have exercises")
        else:
            taken.setdefault(chapter.name, []).append(path)
    for name, versions in sorted(taken.items()):
        chosen = next((path for path in versions if path.stem == name), versions[-1])
        others = ", ".join(path.name for path in versions if path != chosen)
        yield Submission(student, chosen, by_name[name], f"not marked besides: {others}" if others else "")


def find(folder: Path, known: list[Chapter]) -> list[Submission]:
    """All submissions in a folder, in the order of the students' names."""
    found: list[Submission] = []
    for entry in sorted(folder.iterdir(), key=lambda path: path.name.casefold()):
        if entry.name in IGNORED or entry.name.startswith(".") or entry.is_symlink():
            continue
        if entry.is_dir():
            paths = files(entry)
            found += of_student(entry.name, paths, known)
            if not paths:
                found.append(Submission(entry.name, None, None, "no notebook in this folder"))
        elif entry.suffix == ".ipynb":
            found += of_student(entry.stem, [entry], known)
    return found


def as_job(submission: Submission) -> str:
    """A submission as the worker is told it."""
    chapter = submission.chapter
    return json.dumps(
        {
            "student": submission.student,
            "path": str(submission.path),
            "chapter": chapter.name,
            "source": str(chapter.source),
        }
    )
