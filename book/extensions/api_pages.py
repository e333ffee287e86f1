"""Sphinx extension: the package's docstrings as pages of the book.

`book/reference/api/` names what each page shows; Sphinx's autodoc writes the entries and links each to its source.
Here a docstring's last lines ("Source: …", "Chapter: …") become fields like those of its arguments, and the chapter a
link. What stands between single backticks is a link too, where it is a name of the package.
"""

import re
from typing import Any

from sphinx.application import Sphinx

SOURCE = re.compile(r"^Source: ")
CHAPTER = re.compile(r"(?:^|(?<=\.) )Chapter: (?:book/)?([\w/-]+)\.?$")
LISTED = re.compile(r'(<span class="sig-paren">\(</span>)\s*<dl>(.*?)</dl>', re.DOTALL)
SETTINGS = {
    "default_role": "py:obj",
    "autodoc_typehints_format": "short",
    "autodoc_inherit_docstrings": False,
    "napoleon_use_rtype": False,
    "napoleon_use_ivar": True,
    "napoleon_preprocess_types": False,
    "maximum_signature_line_length": 64,
    "toc_object_entries_show_parents": "hide",
    "add_module_names": False,
    "python_use_unqualified_type_names": True,
}


def name_the_origin(app: Sphinx, what: str, name: str, thing: object, options: object, lines: list[str]) -> None:
    """Make fields of a docstring's source and chapter (Sphinx event "autodoc-process-docstring")."""
    if what == "module":
        lines[:] = [CHAPTER.sub("", line) for line in lines]
        return
    made: list[str] = []
    inside = False
    for line in lines:
        inside = bool(SOURCE.match(line)) or (inside and bool(line))
        text, chapter = CHAPTER.sub("", line), CHAPTER.search(line)
        if text or not chapter:
            made.append(SOURCE.sub(":Source: ", text) if SOURCE.match(text) else f"   {text}" if inside else text)
        if chapter:
            made.append(f":Chapter: :doc:`/book/{chapter[1]}`")
            inside = False
    lines[:] = made


def mend_signatures(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Make plain blocks of a signature's lines (Sphinx event "html-page-context").

    Sphinx writes them as descriptions of nothing, which a screen reader reads out as such.
    """
    if "body" in context:
        context["body"] = LISTED.sub(
            lambda found: found[1] + found[2].replace("<dd>", '<div class="sig-line">').replace("</dd>", "</div>"),
            context["body"],
        )


def setup(app: Sphinx) -> dict:
    """Load autodoc and its companions, with the settings that the docstrings are written for."""
    for name in ("autodoc", "napoleon", "viewcode"):
        app.setup_extension(f"sphinx.ext.{name}")
    app.connect("autodoc-process-docstring", name_the_origin, priority=900)
    app.connect("html-page-context", mend_signatures)
    for name, value in SETTINGS.items():
        app.config[name] = value
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
