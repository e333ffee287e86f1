"""Sphinx extension: the theme without what the book does not use.

The theme draws some twenty icons with a script of 1.5 MB on every page. `templates/` leaves that script out, and
the icons become masks in a small stylesheet, written here from `icons.json` (the paths are this project's own). An
icon that is used and not drawn would be a blank button, so `book/tools/check_build.py` looks for one.

The theme also loads the search and its index, which grows with the book, on every page, for a search that answers
while one types. The book searches on its own page, so only that one loads them.
"""

import json
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sphinx.application import Sphinx

HERE = Path(__file__).parent
STYLESHEET = "icons.css"
UNUSED = ("scripts/fontawesome.js", "scripts/fontawesome.js.LICENSE.txt", "vendor/fontawesome/js")
SEARCH_SCRIPT = re.compile(r'<script src="[^"]*(?:searchtools|language_data|searchindex)\.js[^"]*"></script>\s*')
PLAIN_CODE = re.compile(r'<span class="(?:n|nn|p|w)">([^<]*)</span>')
BASE = """
.fa-solid, .fas, .fa-regular, .far, .fa-brands, .fab {
  display: inline-block; width: 1em; height: 1em; vertical-align: -0.125em; background: currentColor;
  -webkit-mask: var(--icon) center / contain no-repeat; mask: var(--icon) center / contain no-repeat;
}
.fa-solid::before, .fas::before, .fa-regular::before, .far::before, .fa-brands::before, .fab::before { content: none; }
.fa-lg { font-size: 1.25em; line-height: 0.05em; vertical-align: -0.075em; }
"""


def icons() -> dict[str, str]:
    """Name of each icon -> SVG path in a box of 24 by 24, drawn in strokes."""
    return json.loads((HERE / "icons.json").read_text(encoding="utf-8"))


def stylesheet() -> str:
    """One rule for all icons, one for each."""
    rules = [BASE]
    for name, path in icons().items():
        svg = (
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#000" stroke-width="2" '
            f'stroke-linecap="round" stroke-linejoin="round"><path d="{path}"/></svg>'
        )
        rules.append(f'.fa-{name} {{ --icon: url("data:image/svg+xml,{quote(svg, safe=" =/:")}"); }}')
    return "\n".join(rules) + "\n"


def mend_body(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Mend what docutils and Pygments write (Sphinx event "html-page-context").

    A bibliography's entries become items of its list: the role that docutils gives them is withdrawn. Names and
    brackets in code lose their spans, which say "in the colour of the text" and are half of a listing's bytes.
    """
    if "body" in context:
        body = context["body"].replace(' role="doc-biblioentry"', ' role="listitem"')
        context["body"] = PLAIN_CODE.sub(r"\1", body)


def without_search(head: str) -> str:
    """Take the scripts of the search out of a page's head."""
    return SEARCH_SCRIPT.sub("", head)


def offer_filters(app: Sphinx) -> None:
    """Make `without_search` a filter of the templates (Sphinx event "builder-inited")."""
    if app.builder.format == "html":
        app.builder.templates.environment.filters["without_search"] = without_search


def tidy(app: Sphinx, error: Exception | None) -> None:
    """Write the icons and remove the theme's unused files and source maps (Sphinx event "build-finished")."""
    if error or app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    (static / STYLESHEET).write_text(stylesheet(), encoding="utf-8")
    for name in UNUSED:
        path = static / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    for path in static.rglob("*.map"):
        path.unlink()


def setup(app: Sphinx) -> dict:
    """Put our templates before the theme's and add the icons' stylesheet."""
    app.config.templates_path.append(str(HERE / "templates"))
    app.add_css_file(STYLESHEET)
    app.connect("builder-inited", offer_filters)
    app.connect("html-page-context", mend_body)
    app.connect("build-finished", tidy)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
