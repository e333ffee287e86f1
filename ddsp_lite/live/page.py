"""Sphinx extension: live demos in a built book, with one copy of the front end and no widget state.

Put `ddsp_lite.live.page` in the list of extensions. It writes the front end's script and style sheet into the
book's static files and adds them to the pages that hold a demo. It drops the widget state that myst-nb would add to
a page: a demo's `text/html` form holds all that it needs, once, and runs from http:// and file:// without a kernel.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from ddsp_lite.live import bundle

SCRIPT, STYLE = "ddsp-live.js", "ddsp-live.css"
INSTRUMENT_SCRIPT, INSTRUMENT_STYLE = "ddsp-instrument.js", "ddsp-instrument.css"
DEMO_MARK, INSTRUMENT_MARK = 'class="ddsp-demo"', 'class="ddsp-demo ddsp-instrument"'
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"


def write_front_end(app: Sphinx) -> None:
    """Write script and style sheet into the static files of an HTML build."""
    if app.builder.format != "html":
        return
    folder = Path(app.outdir) / "_static"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (
        (SCRIPT, bundle.script()),
        (STYLE, bundle.style()),
        (INSTRUMENT_SCRIPT, bundle.instrument_script()),
        (INSTRUMENT_STYLE, bundle.instrument_style()),
    ):
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def add_front_end(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Add the front end to a page that holds a demo, and drop widget state from any page."""
    if "script_files" in context:
        files = context["script_files"]
        files[:] = [file for file in files if getattr(file, "attributes", {}).get("type") != WIDGET_STATE]
    if DEMO_MARK in context.get("body", ""):
        app.add_js_file(SCRIPT, loading_method="defer")
        app.add_css_file(STYLE)
    if INSTRUMENT_MARK in context.get("body", ""):
        app.add_js_file(INSTRUMENT_SCRIPT, loading_method="defer")
        app.add_css_file(INSTRUMENT_STYLE)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension with Sphinx."""
    app.connect("builder-inited", write_front_end)
    app.connect("html-page-context", add_front_end, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
