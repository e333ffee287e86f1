"""Sphinx extension: show each chapter as it ran.

The committed notebooks hold little output, so that their history stays readable. `book/tools/execute.py` runs them
and writes the results below the folder named by `executed_folder`; here the text that Sphinx reads for a chapter is
replaced by that result. Sphinx itself executes nothing.
"""

from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError


def show_results(app: Sphinx, docname: str, source: list[str]) -> None:
    """Replace a notebook's text by its executed twin (Sphinx event "source-read")."""
    if Path(app.env.doc2path(docname)).suffix != ".ipynb":
        return
    executed = Path(app.srcdir, app.config.executed_folder, f"{docname}.ipynb")
    if not executed.is_file():
        raise ExtensionError(f"{docname} has not been executed ({executed} is missing): build the book by `make book`")
    source[0] = executed.read_text(encoding="utf-8")


def setup(app: Sphinx) -> dict:
    """Register the event and its one setting."""
    app.add_config_value("executed_folder", "_build/executed", "env")
    app.connect("source-read", show_results)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
