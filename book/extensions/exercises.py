"""Sphinx extension: exercises as a reader sees them, student versions as downloads, and an index of all exercises.

A chapter is committed with solutions and hidden checks. Here its page gets a stub for each solution, the solution
behind a fold and no hidden check, and the notebook behind the download button becomes the student's version. All of
those go into one zip, too. The page `exercises_index` lists what the chapters hold, so that it cannot be out of date.
"""

import tempfile
from pathlib import Path

import nbformat
from sphinx.application import Sphinx

from book.tools import classroom, exercises, notebooks
from book.tools.toc import Page

LATER = 900  # after executed_pages, which puts the results in
MARK = "<!-- all exercises -->"
ZIP = "hear-the-gradient-student.zip"


def show_exercises(app: Sphinx, docname: str, source: list[str]) -> None:
    """Replace an executed notebook by the reader's view of it (Sphinx event "source-read")."""
    if Path(app.env.doc2path(docname)).suffix == ".ipynb":
        source[0] = nbformat.writes(exercises.page(nbformat.reads(source[0], as_version=4)))
    elif docname == app.config.exercises_index:
        source[0] = source[0].replace(MARK, index(app))


def chapters(app: Sphinx) -> list[Page]:
    """The notebooks of this build, in the order of the table of contents."""
    listed = [Page(name, Path(app.env.doc2path(name))) for name in app.env.found_docs]
    order = {page.name: place for place, page in enumerate(classroom.with_exercises(Path(app.srcdir)))}
    return sorted((page for page in listed if page.name in order), key=lambda page: order[page.name])


def index(app: Sphinx) -> str:
    """A table of the exercises of every chapter, and what they come to."""
    parts, total = [], [0, 0, 0]
    for page in chapters(app):
        notebook = notebooks.read(page.source)
        rows = []
        for one in exercises.find(notebook):
            link = f"{{ref}}`{one.title} <{one.label}>`"
            rows.append(f"| {link} | {one.kind.lower()} | {one.level} | {one.minutes} | {one.points} |")
            total = [sum(pair) for pair in zip(total, (1, one.minutes, one.points), strict=True)]
        head = f"## {{doc}}`/{page.name}`\n\n| exercise | kind | level | minutes | points |\n|---|---|---|---|---|\n"
        parts.append(head + "\n".join(rows))
    count, minutes, points = total
    told = f"{count} exercises in {len(parts)} chapters, {points} points, {minutes} minutes."
    return "\n\n".join([told, *parts])


def write_downloads(app: Sphinx, error: Exception | None) -> None:
    """Put the student's versions where the pages' download buttons lead (Sphinx event "build-finished")."""
    folder = Path(app.outdir, "_sources")
    if error is not None or not folder.is_dir():
        return
    pages = chapters(app)
    for page in pages:
        made = classroom.student(notebooks.read(page.source))
        (folder / f"{page.name}.ipynb").write_text(notebooks.text(made), encoding="utf-8")
    with tempfile.TemporaryDirectory() as place:
        packed = classroom.write(Path(place, "student"), "student", pages)
        target = Path(app.outdir, "_downloads", ZIP)
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(packed.read_bytes())


def setup(app: Sphinx) -> dict:
    """Register the events and the name of the index's page."""
    app.add_config_value("exercises_index", "book/teaching/exercises", "env")
    app.connect("source-read", show_exercises, priority=LATER)
    app.connect("build-finished", write_downloads)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
