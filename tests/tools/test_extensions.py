"""The book's Sphinx extensions: equations, icons, executed pages."""

import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from sphinx.errors import ExtensionError

from book.tools.toc import ROOT

sys.path.insert(0, str(ROOT / "book/extensions"))

import executed_pages
import lean_theme
import static_math


@pytest.fixture(scope="module")
def typesetter() -> static_math.Typesetter:
    return static_math.Typesetter()


def test_an_equation_is_drawn_and_readable(typesetter: static_math.Typesetter) -> None:
    made = typesetter.typeset(r"\frac{\partial L}{\partial f_c} < \text{loud}", True)
    assert made.startswith("<mjx-container")
    assert '<mjx-math aria-hidden="true"' in made
    assert '<math xmlns="http://www.w3.org/1998/Math/MathML" display="block"><mfrac>' in made
    assert "&lt;" in made
    assert made.count("<mjx-container") == made.count("</mjx-container>") == 1


@pytest.mark.parametrize(
    "tex", [r"\begin{aligned} a &= b \\ c &= d \end{aligned}", r"\textcolor{#0067b8}{f_c}", r"\mathbb{R}"]
)
def test_what_the_chapters_use_is_understood(typesetter: static_math.Typesetter, tex: str) -> None:
    assert "mjx-merror" not in typesetter.typeset(tex, False)


@pytest.mark.parametrize(
    ("tex", "told"), [(r"\frac{x", "Missing close brace"), (r"\foo", r"Undefined control sequence \\foo")]
)
def test_a_wrong_formula_is_refused(typesetter: static_math.Typesetter, tex: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        typesetter.typeset(tex, True)


def test_the_stylesheet_holds_the_letters_that_were_set(typesetter: static_math.Typesetter) -> None:
    typesetter.typeset(r"\zeta", False)
    styles = typesetter.stylesheet()
    assert r'content: "\3B6"' in styles
    fonts = set(re.findall(rf'"{static_math.FONTS}/([^"]+)"', styles))
    folder = static_math.mathjax_folder() / "output/chtml/fonts/woff-v2"
    assert fonts
    assert all((folder / name).is_file() for name in fonts)
    assert "http" not in styles


def test_every_icon_has_a_rule() -> None:
    styles = lean_theme.stylesheet()
    for name in lean_theme.icons():
        assert f".fa-{name} {{ --icon: url(" in styles


def test_a_chapter_that_was_not_run_stops_the_build(tmp_path: Path) -> None:
    environment = SimpleNamespace(doc2path=lambda name: f"{name}.ipynb")
    app = SimpleNamespace(srcdir=tmp_path, config=SimpleNamespace(executed_folder="executed"), env=environment)
    with pytest.raises(ExtensionError, match="has not been executed"):
        executed_pages.show_results(app, "book/index", [""])


def test_a_page_loads_no_search_that_it_does_not_use() -> None:
    meta, search = '<meta name="x"/>\n', '<script src="../_static/searchtools.js"></script>\n    '
    assert lean_theme.without_search(meta + search + '<script src="../searchindex.js?v=1"></script>') == meta
    assert lean_theme.without_search('<script src="book.js"></script>') == '<script src="book.js"></script>'
