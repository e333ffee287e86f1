"""Sphinx extension: exercises as a reader sees them, and student versions as downloads.

A chapter is committed with solutions and hidden checks. Here its page gets a stub for each solution, the solution
behind a fold and no hidden check, and the notebook behind the download button becomes the student's version.
"""

from pathlib import Path

import nbformat
from sphinx.application import Sphinx

from book.tools import exercises

LATER = 900  # after executed_pages, which puts the results in


def show_exercises(app: Sphinx, docname: str, source: list[str]) -> None:
    """Replace an executed notebook by the reader's view of it (Sphinx event "source-read")."""
    if Path(app.env.doc2path(docname)).suffix == ".ipynb":
        source[0] = nbformat.writes(exercises.page(nbformat.reads(source[0], as_version=4)))


def write_downloads(app: Sphinx, error: Exception | None) -> None:
    """Put the student's versions where the pages' download buttons lead (Sphinx event "build-finished")."""
    folder = Path(app.outdir, "_sources")
    if error is None and folder.is_dir():
        for path in sorted(folder.rglob("*.ipynb")):
            notebook = nbformat.read(path, as_version=4)
            if exercises.find(notebook):
                nbformat.write(exercises.student(notebook), path)


def setup(app: Sphinx) -> dict:
    """Register the events."""
    app.connect("source-read", show_exercises, priority=LATER)
    app.connect("build-finished", write_downloads)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
