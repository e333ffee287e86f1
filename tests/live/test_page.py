"""The Sphinx extension gives the pages with demos one copy of the front end, and no page widget state."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sphinx.application import Sphinx

from ddsp_lite.live import bundle

CONF = """
extensions = ["ddsp_lite.live.page"]

def add_state(app, page, template, context, doctree):
    app.add_js_file(None, body="{}", type="application/vnd.jupyter.widget-state+json")

def setup(app):
    app.connect("html-page-context", add_state)
"""
DEMO = """
.. raw:: html

   <div class="ddsp-demo" data-id="a"><script type="application/json">{}</script></div>
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = tmp_path_factory.mktemp("source")
    (source / "conf.py").write_text(CONF)
    (source / "index.rst").write_text("Title\n=====\n\n.. toctree::\n\n   part/demo\n")
    (source / "part").mkdir()
    (source / "part/demo.rst").write_text(f"Demo\n====\n{DEMO}")
    app = Sphinx(source, source, source / "out", source / "trees", "html", status=None, freshenv=True)
    app.build()
    return source / "out"


def test_pages_with_a_demo_load_the_front_end(built: Path) -> None:
    page = (built / "part/demo.html").read_text()
    assert len(re.findall(r'<script defer="defer" src="\.\./_static/ddsp-live\.js[^"]*">', page)) == 1
    assert len(re.findall(r'<link[^>]*href="\.\./_static/ddsp-live\.css[^"]*"', page)) == 1
    assert "ddsp-live" not in (built / "index.html").read_text()


def test_the_front_end_lies_in_the_static_files(built: Path) -> None:
    assert (built / "_static/ddsp-live.js").read_text(encoding="utf-8") == bundle.script()
    assert (built / "_static/ddsp-live.css").read_text(encoding="utf-8") == bundle.style()


def test_no_page_holds_widget_state(built: Path) -> None:
    for page in built.rglob("*.html"):
        assert "vnd.jupyter.widget-state" not in page.read_text()
