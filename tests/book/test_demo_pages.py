"""The pages around the demos: accessible, light, whole without JavaScript, and readable on a phone."""

from __future__ import annotations

import base64
import gzip
import json
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from ddsp_lite.live.bundle import FRONTEND
from ddsp_lite.live.page import INSTRUMENT_MARK
from tests.book import browser as book

PAGES = sorted({demo.page for demo in book.demos()})
each_page = pytest.mark.parametrize("page", PAGES)
# Faults of the theme's own parts, outside of the demos.
THEMES_OWN = {"region", "label-content-name-mismatch"}
SOUND = re.compile(r'data:audio/[^"\s]+|data:application/ogg[^"\s]+')
WAIT_FOR_ALL = """async () => {
  for (const root of document.querySelectorAll(".ddsp-demo")) {
    root.scrollIntoView({ block: "center", behavior: "instant" });
    for (let n = 0; n < 500 && root.dataset.ready !== "true"; n += 1) await new Promise(requestAnimationFrame);
  }
  document.documentElement.style.setProperty("scroll-behavior", "auto");
  return document.querySelectorAll(".ddsp-demo[data-ready=true]").length;
}"""
OPEN_ALL = """() => {
  for (const skip of document.querySelectorAll(".ddsp-demo[data-locked] [data-action=skip]")) skip.click();
  for (const fold of document.querySelectorAll(".ddsp-demo details, details.sd-dropdown")) fold.open = true;
  for (const question of document.querySelectorAll(".ddsp-quiz .Quiz")) question.querySelector("label").click();
}"""

# The colours of a theme fade in, longer than a moment where the machine is busy. (Not by the animations' promises: that
# of a transition which another one replaced is never kept.)
SETTLED = """async () => {
  const fading = (one) => one.playState === "running" && one.effect.getComputedTiming().endTime < 10000;
  const end = performance.now() + 5000;
  do {
    await new Promise((done) => setTimeout(done, 50));
  } while (document.getAnimations().some(fading) && performance.now() < end);
}"""


def demos_of(page: str) -> list[book.PageDemo]:
    return [demo for demo in book.demos() if demo.page == page]


def violations(page, context: str | None = None, **options) -> list[str]:
    """Return what axe finds: rule and place, without the theme's own known faults."""
    found = []
    page.evaluate(SETTLED)
    # Without preload axe does not fetch the theme's style sheets again, which it looks for at the wrong address; to
    # list what passes would take as long again as to look.
    options = {"preload": False, "resultTypes": ["violations"], **options}
    for violation in Axe().run(page, context=context, options=options).response["violations"]:
        for node in violation["nodes"]:
            inside = page.evaluate(
                "(at) => Boolean(document.querySelector(at)?.closest('.ddsp-demo'))", node["target"][0]
            )
            if inside or violation["id"] not in THEMES_OWN:
                found.append(f"{violation['id']}: {node['target']} {node['html'][:200]} {node['failureSummary']}")
    return found


@pytest.mark.parametrize("theme", ["light", "dark"])
@each_page
def test_a_page_is_accessible(chromium: Browser, addresses: dict[str, str], page: str, theme: str) -> None:
    with chromium.new_context(color_scheme=theme, reduced_motion="reduce") as context:
        tab = book.Tab(context, f"{addresses['http']}/{page}", tuple(addresses.values()))
        assert tab.page.evaluate("() => document.documentElement.dataset.theme") == theme
        instruments = (book.SITE / page).read_text(encoding="utf-8").count(INSTRUMENT_MARK)
        assert tab.page.evaluate(WAIT_FOR_ALL) == len(demos_of(page)) + instruments
        tab.page.wait_for_timeout(300)
        assert not violations(tab.page, context=".ddsp-demo")
        tab.page.evaluate(OPEN_ALL)
        tab.page.wait_for_timeout(300)
        # Light has shown all else: dark is another set of colours on the same page.
        assert not violations(tab.page, **({"runOnly": ["color-contrast"]} if theme == "dark" else {}))
        assert not tab.problems


@each_page
def test_a_page_fits_a_phone(chromium: Browser, addresses: dict[str, str], page: str) -> None:
    with chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True) as context:
        tab = book.Tab(context, f"{addresses['http']}/{page}", tuple(addresses.values()))
        tab.page.evaluate(WAIT_FOR_ALL)
        tab.page.evaluate(OPEN_ALL)
        for demo in demos_of(page):
            root = tab.page.locator(f'.ddsp-demo[data-id="{demo.id}"]')
            assert root.evaluate("(root) => root.scrollWidth - root.clientWidth") <= 1
            box = root.bounding_box()
            assert box["x"] >= -1
            assert box["x"] + box["width"] <= 391
        assert tab.page.evaluate("() => document.documentElement.scrollWidth") <= 391
        assert not tab.problems


@each_page
def test_without_javascript_the_picture_stands_in(chromium: Browser, addresses: dict[str, str], page: str) -> None:
    with chromium.new_context(java_script_enabled=False) as context:
        tab = context.new_page()
        tab.goto(f"{addresses['http']}/{page}")
        for demo in demos_of(page):
            figure = tab.locator(f'.ddsp-demo[data-id="{demo.id}"] figure')
            assert figure.locator("img").get_attribute("alt")
            assert figure.locator("img").is_visible()
            box = figure.locator("img").bounding_box()
            assert box["width"] > 200
            assert box["height"] > 60
            assert "needs JavaScript" in figure.locator("figcaption").inner_text()


@each_page
def test_a_page_holds_one_front_end_and_no_widget_state(page: str) -> None:
    text = (book.SITE / page).read_text(encoding="utf-8")
    assert "vnd.jupyter.widget" not in text
    assert len(re.findall(r"<script[^>]+ddsp-live\.js", text)) == 1
    assert len(re.findall(r"<link[^>]+ddsp-live\.css", text)) == 1
    assert text.count("WebAssembly.Module") == 0


@each_page
def test_a_page_is_light(chromium: Browser, addresses: dict[str, str], measured, page: str) -> None:
    """At most 1 MB besides the theme's own files and sound: the page, its pictures and the front end."""
    loaded: dict[str, bytes] = {}
    with chromium.new_context() as context:
        tab = context.new_page()
        tab.on("requestfinished", lambda request: loaded.update({request.url: request.response().body()}))
        tab.goto(f"{addresses['http']}/{page}", wait_until="networkidle")
    own = {
        address.removeprefix(addresses["http"]).partition("?")[0]: body
        for address, body in loaded.items()
        if address.startswith(addresses["http"])
    }
    sizes = {name: len(body) for name, body in own.items() if "/_static/" not in name or "/ddsp-live." in name}
    text = own[f"/{page}"].decode("utf-8")
    sound = sum(
        len(clip["data"]) for demo in demos_of(page) for c in demo.spec["controls"] for clip in c.get("clips", [])
    )
    sizes[f"/{page}"] -= sound + sum(map(len, SOUND.findall(text)))
    for name in [name for name in sizes if name.endswith((".mp3", ".ogg", ".wav", ".flac"))]:
        del sizes[name]
    for demo in demos_of(page):
        measured[demo.id]["page kB besides theme and sound"] = round(sum(sizes.values()) / 1000)
    assert sum(sizes.values()) <= 1_000_000, sizes


@book.for_each(book.demos())
def test_a_model_is_light(measured, demo: book.PageDemo) -> None:
    packed = len(base64.b64decode(demo.spec["engine"]["wasm"]))
    rest = {name: value for name, value in demo.spec["engine"].items() if name != "wasm"}
    packed += len(gzip.compress(json.dumps(rest).encode()))
    measured[demo.id]["model kB gzipped"] = round(packed / 1000, 1)
    assert packed <= 300_000


def test_the_compilers_runtime_is_light() -> None:
    """What a page needs to run any model, besides the model itself."""
    assert len(gzip.compress((FRONTEND / "engine.js").read_bytes())) <= 10_000
