"""The built book in a real browser: finding the demos, opening them, and reading what they compute.

A demo in the page answers through `root.ddsp` (its values, `run`, `set`, its player) and through its buttons and
numbers, which carry `data-action` and `data-number`.
"""

from __future__ import annotations

import base64
import functools
import json
import os
import re
import shutil
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).parents[2]
BUILD = ROOT / os.environ.get("BOOK_BUILD", "_build")  # a single chapter's, after `make page`
SITE, REFERENCES, MEASURED = BUILD / "html", BUILD / "references", BUILD / "measured.json"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip
SCHEMES = ("http", "file")
DEMO = re.compile(
    r'<div class="ddsp-demo"[^>]*data-id="([^"]+)"[^>]*><script type="application/json">(.*?)</script>', re.S
)

READY = """async (id) => {
  const root = document.querySelector(`.ddsp-demo[data-id="${id}"]`);
  const start = performance.now();
  root.scrollIntoView({ block: "center", behavior: "instant" });
  while (root.dataset.ready !== "true") {
    if (performance.now() - start > 20000) return null;
    await new Promise(requestAnimationFrame);
  }
  return performance.now() - start;
}"""

RUN = """(root, values) => {
  const text = (value) => {
    if (typeof value === "number") return String(value);
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    let binary = "";
    for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
    return { data: btoa(binary) };
  };
  const all = (table) => Object.fromEntries(Object.entries(table).map(([name, value]) => [name, text(value)]));
  const { outputs, loss, gradients } = root.ddsp.run(values);
  return { outputs: all(outputs), loss: loss === null ? null : String(loss), gradients: all(gradients) };
}"""

MOVE = """async (root, values) => {
  for (const [name, value] of Object.entries(values)) root.ddsp.set(name, value);
  await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
}"""


WORDS = """(root) => {
  const said = [...root.querySelectorAll("input")].map((one) => [one.value, one.getAttribute("aria-valuetext")]);
  return [root.textContent, ...said.flat().filter((text) => text !== null)].join(" ");
}"""


@dataclass(frozen=True)
class PageDemo:
    """A demo of the built book: its id, its page (relative to the site), and what the page knows of it."""

    id: str
    page: str
    spec: dict[str, Any] = field(compare=False, repr=False)

    @property
    def moved(self) -> list[dict[str, Any]]:
        """The controls that descent moves."""
        kinds = ("slider", "bars")
        return [
            c for c in self.spec["controls"] if c["kind"] in kinds and c.get("gradient", True) and not c.get("hidden")
        ]

    def panel(self, kind: str) -> dict[str, Any] | None:
        """The first panel of a kind."""
        return next((panel for panel in self.spec["show"] if panel["kind"] == kind), None)


@functools.cache
def demos() -> tuple[PageDemo, ...]:
    """All demos of the built book, in the order of their pages' names."""
    found = []
    for path in sorted(SITE.rglob("*.html")):
        for name, data in DEMO.findall(path.read_text(encoding="utf-8")):
            found.append(PageDemo(unescape(name), path.relative_to(SITE).as_posix(), json.loads(data)))
    return tuple(found)


def for_each(those: Iterable[PageDemo]) -> pytest.MarkDecorator:
    """Run a test for each of the demos."""
    return pytest.mark.parametrize("demo", list(those), ids=lambda demo: demo.id)


@dataclass
class Reference:
    """What PyTorch computed at one setting of a demo."""

    values: dict[str, Any]
    smooth: bool
    outputs: dict[str, np.ndarray]
    gradients: dict[str, np.ndarray]
    spreads: dict[str, np.ndarray]


def references(name: str) -> tuple[list[Reference], list[float]]:
    """Return PyTorch's values of a demo, and its losses along the descent."""
    told = json.loads((REFERENCES / f"{name}.json").read_text(encoding="utf-8"))
    with np.load(REFERENCES / f"{name}.npz") as arrays:
        kept = {key: arrays[key] for key in arrays.files}

    def group(index: int, kind: str) -> dict[str, np.ndarray]:
        prefix = f"{index}/{kind}/"
        return {key.removeprefix(prefix): value for key, value in kept.items() if key.startswith(prefix)}

    settings = [
        Reference(each["values"], each["smooth"], group(k, "output"), group(k, "gradient"), group(k, "spread"))
        for k, each in enumerate(told["settings"])
    ]
    return settings, told["descent"]


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without writing to the terminal."""

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a folder over http; gives the address."""
    handler = functools.partial(QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the machine's own Chromium."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        raise FileNotFoundError("Chromium was not found. On Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def numbers(value: Any) -> np.ndarray:
    """Return a number or array as it came from the page."""
    if isinstance(value, dict):
        return np.frombuffer(base64.b64decode(value["data"]), "<f4")
    return np.asarray(float(value.replace("Infinity", "inf")))


class Tab:
    """An open page; notes everything that went wrong in it."""

    def __init__(self, context: BrowserContext, address: str, own: tuple[str, ...]) -> None:
        self.page: Page = context.new_page()
        self.problems: list[str] = []
        self.own = (*own, "data:", "blob:")
        self.page.on("console", lambda told: self.problems.append(told.text) if told.type == "error" else None)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("requestfailed", lambda request: self.problems.append(f"failed: {request.url} {request.failure}"))
        self.page.on("request", self.noted)
        self.page.on(
            "response", lambda got: self.problems.append(f"{got.status}: {got.url}") if got.status >= 400 else None
        )
        self.page.goto(address, wait_until="load")

    def noted(self, request: Any) -> None:
        """Note a request to anything but the book itself."""
        if not request.url.startswith(self.own):
            self.problems.append(f"external: {request.url}")


class Live:
    """A demo that runs in a tab."""

    def __init__(self, tab: Tab, demo: PageDemo) -> None:
        self.tab, self.page, self.demo = tab, tab.page, demo
        self.ready_ms = self.page.evaluate(READY, demo.id)
        assert self.ready_ms is not None, f"{demo.id} did not start in 20 s; {tab.problems}"
        self.root = self.page.locator(f'.ddsp-demo[data-id="{demo.id}"]')

    def ask(self, script: str, argument: Any = None) -> Any:
        """Return what a function of (root, argument) returns in the page."""
        return self.root.evaluate(script, argument)

    def unlock(self) -> None:
        """Skip the prediction, if there is one."""
        if self.root.get_attribute("data-locked") is not None:
            self.root.locator("[data-action=skip]").first.click()

    def begin(self) -> None:
        """Bring the demo to its start: silent, nothing running, its prediction skipped."""
        self.unlock()
        self.ask("(root) => root.ddsp.player?.playing && root.querySelector('[data-action=play]').click()")
        self.action("reset").click()

    def move(self, values: dict[str, Any]) -> None:
        """Set controls as a reader does, and wait until the page shows the result."""
        self.ask(MOVE, values)

    def run(self, values: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return outputs, loss and gradients at the present values (or others), as arrays."""
        told = self.ask(RUN, values or {})
        loss = None if told["loss"] is None else float(numbers(told["loss"]))
        tables = {
            kind: {name: numbers(value) for name, value in told[kind].items()} for kind in ("outputs", "gradients")
        }
        return {**tables, "loss": loss}

    def number(self, name: str) -> str | None:
        """Return the value behind a number on screen."""
        return self.root.locator(f'[data-number="{name}"]').get_attribute("data-value")

    def action(self, name: str) -> Any:
        """Return a button."""
        return self.root.locator(f"[data-action={name}]")

    def values(self) -> dict[str, Any]:
        """Return the present values of all controls."""
        return self.ask("(root) => root.ddsp.values")

    def wait(self, script: str, argument: Any = None, seconds: float = 30) -> None:
        """Wait until a function of (root, argument) is true in the page."""
        handle = self.root.element_handle()
        test = f"([root, argument]) => ({script})(root, argument)"
        self.page.wait_for_function(test, arg=[handle, argument], timeout=1000 * seconds)

    def text(self) -> str:
        """Return all that the demo says, what is only read aloud included."""
        return self.ask(WORDS)
