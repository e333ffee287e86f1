"""Notebooks for a class: `make classroom` writes `dist/classroom/student` and `dist/classroom/instructor`.

One folder a chapter, as nbgrader lays out a course, and a zip of each. The student's version has stubs in place of
solutions and no hidden check; it is also in the built book, behind each chapter's download button and in one zip. The
instructor's version is the chapter itself. It is not in the built book: whoever has the source makes it by `make`.
"""

import argparse
import shutil
import sys
import zipfile
from pathlib import Path

from nbformat import NotebookNode

from book.tools import exercises, notebooks
from book.tools.plain import pictures, plain
from book.tools.toc import ROOT, BookError, Page
from book.tools.toc import notebooks as chapters

FOLDER = Path("dist/classroom")
STAMP = (2020, 1, 1, 0, 0, 0)  # of the files in a zip: equal contents, equal bytes
SECRETS = ("BEGIN SOLUTION", "END SOLUTION", "BEGIN HIDDEN", "END HIDDEN")
README = {
    "student": """# Hear the Gradient: the chapters to work in

Each chapter is a folder with a notebook. Its exercises stand at the end: write in place of the line that says
`raise NotImplementedError(…)`, run the cell, then the cell of checks below it. Leave the cells of checks as they are.
Where a notebook stops, an exercise is not solved yet: that is as it should be.

The notebooks need the book's environment, `ddsp_lite` and its requirements: the book's README says how to install it.
""",
    "instructor": """# Hear the Gradient: the chapters with solutions

For teachers. These notebooks hold all solutions and hidden checks; the student's versions lie in the folder beside
this one. `make mark SUBMISSIONS=folder` marks what comes back.
""",
}


def leaks(notebook: NotebookNode, source: NotebookNode) -> list[str]:
    """What a student's notebook still tells of the solutions: marks, hidden lines, answers, outputs."""
    told = "\n".join(cell.source for cell in notebook.cells)
    found = [mark for mark in SECRETS if mark in told]
    lines = set(map(str.strip, told.splitlines()))
    for exercise in exercises.find(source):
        hidden = [part[0] for part in exercises.HIDDEN.finditer(exercise.check.source)]
        hidden += [part[2] for part in exercises.SOLUTION.finditer(exercise.solution.source)]
        kept = {line.strip() for line in "\n".join(hidden).splitlines() if len(line.strip()) > 8}
        shown = {line.strip() for cell in source.cells if cell is not exercise.solution for line in
                 (exercises.HIDDEN.sub("", cell.source)).splitlines()}  # fmt: skip
        found += [f"{exercise.name}: {line}" for line in sorted(kept & lines - shown)]
    found += [f"an output of {cell.id}" for cell in notebooks.code_cells(notebook) if cell.outputs]
    return found


def student(source: NotebookNode) -> NotebookNode:
    """The student's notebook, or BookError if it tells a solution."""
    made = plain(exercises.student(source))
    if told := leaks(made, source):
        raise BookError(f"the student's notebook tells what it must not: {'; '.join(told)}")
    return made


def write(folder: Path, kind: str, pages: list[Page]) -> Path:
    """Write one version of all chapters into a folder of its own, and a zip beside it; gives the zip."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "README.md").write_text(README[kind], encoding="utf-8")
    for page in pages:
        source = notebooks.read(page.source)
        made = student(source) if kind == "student" else plain(source)
        place = folder / page.source.stem
        place.mkdir()
        (place / page.source.name).write_text(notebooks.text(made), encoding="utf-8")
        for picture in pictures(made, page.source.parent):
            shutil.copyfile(picture, place / picture.name)
    return pack(folder)


def pack(folder: Path) -> Path:
    """A zip of a folder beside it, the same bytes for the same files."""
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(file for file in folder.rglob("*") if file.is_file()):
            name = f"hear-the-gradient-{folder.name}/{file.relative_to(folder).as_posix()}"
            entry = zipfile.ZipInfo(name, STAMP)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, file.read_bytes())
    return path


def with_exercises(root: Path = ROOT) -> list[Page]:
    """The chapters that have exercises; BookError names a chapter whose exercises are not in the right form."""
    found = []
    for page in chapters(root):
        try:
            if exercises.find(notebooks.read(page.source)):
                found.append(page)
        except ValueError as error:
            raise BookError(f"{page.source.relative_to(root)}: {error}") from error
    return found


def main() -> None:
    """Write both versions."""
    parser = argparse.ArgumentParser(description="Write the students' and the instructor's notebooks.")
    parser.add_argument("--folder", type=Path, default=ROOT / FOLDER, help="where they go")
    folder = parser.parse_args().folder
    try:
        pages = with_exercises()
        for kind in README:
            path = write(folder / kind, kind, pages)
            print(f"{kind}: {len(pages)} chapters in {path.with_suffix('')}, and {path.name}")
    except BookError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
