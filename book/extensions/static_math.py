"""Sphinx extension: equations set by MathJax when the book is built, not when it is read.

MathJax 3 (the files of the package `sphinx-mathjax-offline`) runs once in V8 (`mini-racer`). A page then carries
finished equations: no script, no network, nothing that moves after loading, and the same picture from a server,
from `file://`, on paper and without JavaScript. Beside each drawn equation stands its MathML, which screen readers
read. A formula that MathJax cannot read is a warning, and so fails the build.
"""

import html
import json
import re
import shutil
from functools import cache
from importlib.metadata import files
from pathlib import Path

from docutils import nodes
from py_mini_racer import MiniRacer
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

LOGGER = logging.getLogger(__name__)
COMPONENTS = (
    "core",
    "adaptors/liteDOM",
    "input/tex-base",
    "input/tex/extensions/ams",
    "input/tex/extensions/color",
    "output/chtml",
    "output/chtml/fonts/tex",
)
STYLESHEET, FONTS = "math.css", "math-fonts"

# MathJax asks for its parts through `require`: they are handed to it as text, and nothing is fetched.
START = """
var global = globalThis, ready = false, failure = "";
var MathJax = {
  loader: {
    load: ["core", "adaptors/liteDOM", "input/tex-base", "[tex]/ams", "[tex]/color",
           "output/chtml", "output/chtml/fonts/tex"],
    paths: {mathjax: "."},
    require: (path) => { (0, eval)(PARTS[path.replace(/^\\.\\//, "").replace(/\\.js$/, "")]); return {}; },
  },
  tex: {packages: ["base", "ams", "color"]},
  chtml: {fontURL: "FONTS", adaptiveCSS: true},
  startup: {typeset: false},
};
"""
FINISH = """
MathJax.startup.promise.then(() => { ready = true; }, (error) => { failure = String(error); });
function drawing(tex, display) { return MathJax.startup.adaptor.outerHTML(MathJax.tex2chtml(tex, {display})); }
function meaning(tex, display) { return MathJax.tex2mml(tex, {display}); }
function styles() { return MathJax.startup.adaptor.textContent(MathJax.chtmlStylesheet()); }
"""
READABLE = """
mjx-container { position: relative; }
mjx-assistive-mml { position: absolute; top: 0; left: 0; width: 1px; height: 1px; overflow: hidden;
  clip-path: inset(50%); user-select: none; }
"""


def mathjax_folder() -> Path:
    """The installed folder that holds MathJax's components."""
    for file in files("sphinx-mathjax-offline") or []:
        if file.name == "startup.js":
            return Path(file.locate()).parent
    raise FileNotFoundError(
        "sphinx-mathjax-offline holds no startup.js: install the locked requirements by `make book`"
    )


class Typesetter:
    """MathJax in a JavaScript engine: TeX in, HTML out."""

    def __init__(self) -> None:
        folder = mathjax_folder()
        self.engine = MiniRacer()
        parts = {name: (folder / f"{name}.js").read_text(encoding="utf-8") for name in COMPONENTS}
        self.engine.eval(f"var PARTS = {json.dumps(parts)}; 0")
        self.engine.eval(START.replace("FONTS", FONTS) + "; 0")
        self.engine.eval((folder / "startup.js").read_text(encoding="utf-8") + "; 0")
        self.engine.eval(FINISH + "; 0")
        if not self.engine.eval("ready"):
            raise RuntimeError(f"MathJax did not start: {self.engine.eval('failure') or 'a component is missing'}")

    @cache  # noqa: B019 - one typesetter a process
    def typeset(self, tex: str, display: bool) -> str:
        """The drawn equation with its MathML beside it; ValueError where MathJax reports an error."""
        drawing = self.engine.call("drawing", tex, display)
        fault = re.search(r'data-mjx-error="([^"]*)"', drawing)
        if fault:
            raise ValueError(f"{html.unescape(fault[1])}: {tex}")
        mathml = re.sub(r">\s+<", "><", self.engine.call("meaning", tex, display))
        readable = f'<mjx-assistive-mml display="{"block" if display else "inline"}">{mathml}</mjx-assistive-mml>'
        drawing = drawing.replace("<mjx-math ", '<mjx-math aria-hidden="true" ', 1)
        return drawing.removesuffix("</mjx-container>") + readable + "</mjx-container>"

    def stylesheet(self) -> str:
        """The rules that the equations set so far need."""
        return self.engine.call("styles") + READABLE


@cache
def typesetter() -> Typesetter:
    """The process's one typesetter, started at the first equation."""
    return Typesetter()


def set_or_warn(tex: str, node: nodes.Node, display: bool) -> str:
    """Set one equation; where that fails, warn and show its source."""
    try:
        return typesetter().typeset(tex, display)
    except ValueError as error:
        LOGGER.warning("equation: %s", error, location=node, type="math")
        return f"<code>{html.escape(tex)}</code>"


def visit_inline(self: HTML5Translator, node: nodes.math) -> None:
    """Write an equation in a line of text."""
    self.body.append(self.starttag(node, "span", "", CLASS="math notranslate nohighlight"))
    self.body.append(set_or_warn(node.astext(), node, display=False) + "</span>")
    raise nodes.SkipNode


def visit_block(self: HTML5Translator, node: nodes.math_block) -> None:
    """Write an equation on its own line, with its number if it has one."""
    self.body.append(self.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, _("Link to this equation"))
        self.body.append("</span>")
    self.body.append(set_or_warn(node.astext(), node, display=True) + "</div>\n")
    raise nodes.SkipNode


def write_styles(app: Sphinx, error: Exception | None) -> None:
    """Write the stylesheet and the fonts that it names (Sphinx event "build-finished")."""
    if error or app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    (static / FONTS).mkdir(parents=True, exist_ok=True)
    styles = typesetter().stylesheet()
    (static / STYLESHEET).write_text(styles, encoding="utf-8")
    for name in re.findall(rf'"{FONTS}/([^"]+)"', styles):
        shutil.copyfile(mathjax_folder() / "output/chtml/fonts/woff-v2" / name, static / FONTS / name)


def setup(app: Sphinx) -> dict:
    """Register the renderer as `html_math_renderer: static_math`."""
    app.add_html_math_renderer("static_math", (visit_inline, None), (visit_block, None))
    app.add_css_file(STYLESHEET)
    app.connect("build-finished", write_styles)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}
