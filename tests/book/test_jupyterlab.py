"""A chapter run in a real JupyterLab: its demo is a widget whose traits follow the hand, and the other way round."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

import nbformat
import pytest
from playwright.sync_api import Browser

from tests.book import browser as book

CHAPTER = book.ROOT / "book/gradients/filter-cutoff.ipynb"
# Says every demo's traits, and puts a moved slider back to its start from Python.
PROBE = """
import json
from ipywidgets.widgets.widget import _instances
from ddsp_lite.live import Demo

probed = [widget for widget in _instances.values() if isinstance(widget, Demo)]
print("TRAITS", json.dumps({widget.spec["id"]: widget.values for widget in probed}), "END")
for widget in probed:
    for control in widget.spec["controls"]:
        if control["kind"] == "slider":
            setattr(widget, control["name"], control["start"])
"""
ACTIVE_CELL = "() => window.jupyterapp.shell.currentWidget.content.activeCellIndex"
LAST_OUTPUT = """() => {
  const cells = document.querySelectorAll(".jp-Notebook .jp-CodeCell");
  return cells.length ? cells[cells.length - 1].querySelector(".jp-OutputArea")?.innerText ?? "" : "";
}"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def jupyterlab(folder: Path, home: Path) -> Iterator[str]:
    """Start JupyterLab in a folder, with settings of its own; gives the address with its token."""
    kinds = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_SETTINGS_DIR", "IPYTHONDIR")
    places = {name: str(home / name.lower()) for name in (*kinds, "JUPYTERLAB_WORKSPACES_DIR")}
    settings = home / "jupyterlab_settings_dir/@jupyterlab/notebook-extension"
    settings.mkdir(parents=True)
    (settings / "tracker.jupyterlab-settings").write_text(json.dumps({"windowingMode": "none"}))
    path = os.pathsep.join(filter(None, (str(book.ROOT), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, **places, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    port, token = free_port(), secrets.token_hex(16)
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--LabApp.expose_app_in_browser=True",
        f"--ServerApp.root_dir={folder}", f"--ServerApp.port={port}", "--ServerApp.port_retries=0",
        f"--IdentityProvider.token={token}", "--LabApp.news_url=None", "--ServerApp.ip=127.0.0.1",
    ]  # fmt: skip
    with (home / "log").open("w") as log, subprocess.Popen(command, env=environment, stdout=log, stderr=log) as server:
        try:
            for _ in range(240):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/api/status?token={token}", timeout=5).close()
                    break
                except (URLError, OSError):
                    assert server.poll() is None, (home / "log").read_text()
                    time.sleep(0.25)
            yield f"http://127.0.0.1:{port}/lab/tree/{{}}?token={token}&reset"
        finally:
            server.terminate()
            server.wait(20)


def with_probe(chapter: Path, folder: Path) -> str:
    """Copy a chapter without outputs, the probe as its last cell; returns the copy's name."""
    notebook = nbformat.read(chapter, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    notebook.cells.append(nbformat.v4.new_code_cell(PROBE))
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, folder / chapter.name)
    return chapter.name


def traits(page) -> dict:
    """Wait for the probe's words and return what it said."""
    page.wait_for_function(f"() => ({LAST_OUTPUT})().includes('END')", timeout=120_000)
    said = page.evaluate(LAST_OUTPUT)
    return json.loads(said.partition("TRAITS")[2].partition("END")[0])


def run_probe(page) -> dict:
    """Run the last cell again and return what it says."""
    page.evaluate(
        """async () => {
          const app = window.jupyterapp;
          const notebook = app.shell.currentWidget.content;
          notebook.activeCellIndex = notebook.widgets.length - 1;
          await app.commands.execute("notebook:clear-cell-output");
          await app.commands.execute("notebook:run-cell");
        }"""
    )
    return traits(page)


@pytest.fixture
def notebook_page(chromium: Browser, tmp_path: Path) -> Iterator:
    """A chapter open in JupyterLab, all its cells run."""
    folder, home = tmp_path / "chapters", tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    name = with_probe(CHAPTER, folder)
    with jupyterlab(folder, home) as address, chromium.new_context(viewport={"width": 1300, "height": 1000}) as context:
        page = context.new_page()
        page.goto(address.format(name))
        page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.context?.isReady", timeout=120_000)
        page.wait_for_function(
            "() => window.jupyterapp.shell.currentWidget.sessionContext?.session?.kernel?.status === 'idle'",
            timeout=120_000,
        )
        page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
        traits(page)
        yield page


def test_the_hand_moves_the_trait_and_python_moves_the_slider(notebook_page) -> None:
    page = notebook_page
    root = page.locator(".jp-OutputArea .ddsp-demo[data-ready=true]").first
    root.wait_for(timeout=30_000)
    root.scroll_into_view_if_needed()
    if root.get_attribute("data-locked"):
        root.locator("[data-action=skip]").first.click()
    name = root.get_attribute("data-id")
    control = root.evaluate("(root) => root.ddsp.spec.controls.find((c) => c.kind === 'slider' && !c.hidden)")
    before = run_probe(page)[name][control["name"]]
    assert before == pytest.approx(control["start"])

    slider = root.locator(f'input[data-control="{control["name"]}"]')
    slider.focus()
    active = page.evaluate(ACTIVE_CELL)
    for _ in range(3):
        slider.press("ArrowLeft")
    page.wait_for_timeout(500)
    shown = root.evaluate("(root, name) => root.ddsp.values[name]", control["name"])
    assert shown < control["start"]
    assert page.evaluate(ACTIVE_CELL) == active, "JupyterLab took the arrow keys"

    after = run_probe(page)[name][control["name"]]
    assert after == pytest.approx(shown, rel=1e-9)

    handle = root.element_handle()
    page.wait_for_function(
        "([root, name, start]) => Math.abs(root.ddsp.values[name] / start - 1) < 1e-9",
        arg=[handle, control["name"], control["start"]],
        timeout=10_000,
    )
