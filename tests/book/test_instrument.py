"""The instruments of the built book, played in a real browser, over http and from a file."""

from __future__ import annotations

import functools
import gzip
import json
import os
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page

from tests.book import browser as book

FOUND = re.compile(r'<div class="ddsp-demo ddsp-instrument"[^>]*data-id="([^"]+)"[^>]*>.*?</figure></div>', re.S)
STALLED_SECONDS = float(os.environ.get("STALLED_SECONDS", "6"))
RENDER = """(root, phrase) => {
  const { audio, times } = root.ddsp.render(phrase);
  return { audio: Array.from(audio), times };
}"""
STALL = """async (root, seconds) => {
  const { source, context } = root.ddsp.sound;
  await source.ask();
  const before = await source.ask();
  const [wall, audio] = [performance.now(), context.currentTime];
  while (performance.now() < wall + 1000 * seconds) {
    const start = performance.now();
    while (performance.now() < start + 60);
    await new Promise((resolve) => setTimeout(resolve, 940));
  }
  const after = await source.ask();
  const heard = context.currentTime - audio;
  return {
    longest: after.longest,
    late: (performance.now() - wall) / 1000 - heard,
    missing: heard - ((after.quanta - before.quanta) * 128) / context.sampleRate,
  };
}"""


@functools.cache
def instruments() -> tuple[tuple[str, str, str], ...]:
    """All instruments of the built book: id, page, HTML."""
    found = []
    for path in sorted(book.SITE.rglob("*.html")):
        text = path.read_text(encoding="utf-8")
        found += [(m[1], path.relative_to(book.SITE).as_posix(), m[0]) for m in FOUND.finditer(text)]
    return tuple(found)


each_instrument = pytest.mark.parametrize("instrument", instruments(), ids=lambda one: one[0])
each_scheme = pytest.mark.parametrize("scheme", book.SCHEMES)


@pytest.fixture
def opened(chromium: Browser, addresses: dict[str, str]) -> Iterator[Callable[..., tuple[Page, Locator]]]:
    """Open an instrument in a tab of its own; afterwards nothing may have gone wrong."""
    problems: list[str] = []
    contexts = []

    def found(instrument: tuple[str, str, str], scheme: str = "http", **options: Any) -> tuple[Page, Locator]:
        context = chromium.new_context(viewport={"width": 1200, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda told: problems.append(told.text) if told.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(f"{addresses[scheme]}/{instrument[1]}", wait_until="load")
        root = page.locator(f'.ddsp-instrument[data-id="{instrument[0]}"]')
        root.scroll_into_view_if_needed()
        page.wait_for_selector(f'.ddsp-instrument[data-id="{instrument[0]}"][data-ready="true"]', timeout=20000)
        return page, root

    yield found
    for context in contexts:
        context.close()
    assert not problems


def press(page: Page, root: Locator, across: float = 0.5, up: float = 0.7) -> None:
    """Press the surface and hold."""
    surface = root.locator("[data-action=surface]")
    surface.scroll_into_view_if_needed()
    box = surface.bounding_box()
    page.mouse.move(box["x"] + across * box["width"], box["y"] + (1 - up) * box["height"])
    page.mouse.down()


def best_of_three(attempt: Callable[[], float], good: float) -> float:
    """Return the first measurement that is good, or the least of three: the machine may be busy."""
    found = []
    while len(found) < 3 and not (found and min(found) <= good):
        found.append(attempt())
    return min(found)


def wait_for_level(page: Page, root: Locator, above: float) -> None:
    page.wait_for_function(
        "([root, above]) => root.ddsp.sound.level() > above", arg=[root.element_handle(), above], timeout=5000
    )


def test_the_book_has_an_instrument() -> None:
    assert instruments()


@each_instrument
def test_is_small(instrument: tuple[str, str, str]) -> None:
    assert len(gzip.compress(instrument[2].encode(), 9)) <= 600_000


@each_instrument
@each_scheme
def test_a_phrase_is_that_of_pytorch_and_quick(instrument: tuple[str, str, str], scheme: str, opened) -> None:
    with np.load(book.REFERENCES / f"{instrument[0]}.instrument.npz") as kept:
        phrase, expected = kept["phrase"], kept["audio"]
    _, root = opened(instrument, scheme)
    told = root.evaluate(RENDER, phrase.tolist())
    assert len(expected) >= 32000
    assert np.abs(expected).max() > 0.01
    assert np.abs(np.array(told["audio"]) - expected).max() <= 1e-4
    assert min(told["times"]) <= 1.0  # the least: the machine may be busy


@each_instrument
@each_scheme
def test_the_sound_follows_the_hand(instrument: tuple[str, str, str], scheme: str, opened) -> None:
    page, root = opened(instrument, scheme)

    def delay() -> float:
        delays = []
        for across in (0.4, 0.5, 0.6, 0.7, 0.45):
            press(page, root, across)
            wait_for_level(page, root, -70)
            assert root.evaluate("(root) => root.ddsp.sound.source.how") == "worklet"
            delays.append(root.evaluate("(root) => root.ddsp.latency"))
            page.mouse.up()
            page.wait_for_timeout(250)
        return float(np.median(delays[1:]))

    assert best_of_three(delay, 60) <= 60
    page.wait_for_timeout(300)
    assert root.evaluate("(root) => root.ddsp.sound.held") is False


@each_instrument
def test_no_gap_while_the_page_is_busy(instrument: tuple[str, str, str], opened) -> None:
    """The main thread stands still for 60 ms every second (STALLED_SECONDS says how long)."""
    page, root = opened(instrument, "file")
    press(page, root)
    wait_for_level(page, root, -70)

    def worst() -> float:
        told = root.evaluate(STALL, STALLED_SECONDS)
        print("stalled:", json.dumps(told))
        return max(abs(told["missing"]) / 0.1, abs(told["late"]) / 0.1, told["longest"] / 60)

    assert best_of_three(worst, 1) <= 1
    page.mouse.up()


@each_instrument
def test_without_an_audio_thread_buffers_are_scheduled(instrument: tuple[str, str, str], opened) -> None:
    page, root = opened(instrument, "file")
    root.evaluate("(root) => { root.ddsp.spec.scheduled = true; }")
    press(page, root)
    wait_for_level(page, root, -70)
    assert root.evaluate("(root) => root.ddsp.sound.source.how") == "scheduled"

    def gaps() -> float:
        before = root.evaluate("async (root) => (await root.ddsp.sound.source.ask()).gaps")
        page.wait_for_timeout(1500)
        return root.evaluate("async (root) => (await root.ddsp.sound.source.ask()).gaps") - before

    assert best_of_three(gaps, 0) == 0
    page.mouse.up()


@each_instrument
def test_keys_play_notes(instrument: tuple[str, str, str], opened) -> None:
    page, root = opened(instrument)
    root.locator("[data-action=surface]").focus()
    page.keyboard.down("a")
    wait_for_level(page, root, -70)
    low = float(root.get_attribute("data-pitch"))
    page.keyboard.down("k")
    assert float(root.get_attribute("data-pitch")) == pytest.approx(2 * low, rel=1e-3)
    page.keyboard.up("k")
    assert float(root.get_attribute("data-pitch")) == pytest.approx(low, rel=1e-3)
    page.keyboard.press("ArrowRight")
    assert float(root.get_attribute("data-pitch")) == pytest.approx(low * 2 ** (1 / 12), rel=1e-3)
    page.keyboard.up("a")
    assert root.evaluate("(root) => root.ddsp.sound.held") is False
    page.keyboard.press(" ")
    assert root.evaluate("(root) => root.ddsp.sound.held") is True
    page.keyboard.press("Tab")
    assert root.evaluate("(root) => root.ddsp.sound.held") is False


@each_instrument
def test_a_finger_plays_on_a_narrow_screen(instrument: tuple[str, str, str], opened) -> None:
    page, root = opened(instrument, has_touch=True)
    page.set_viewport_size({"width": 390, "height": 800})
    surface = root.locator("[data-action=surface]")
    surface.scroll_into_view_if_needed()
    assert root.evaluate("(root) => root.scrollWidth <= root.clientWidth + 1")
    before = root.get_attribute("data-pitch")
    surface.tap(position={"x": 40, "y": 60})
    assert root.get_attribute("data-pitch") != before


@each_instrument
def test_the_phrase_plays_itself_and_ends(instrument: tuple[str, str, str], opened) -> None:
    page, root = opened(instrument)
    root.locator("[data-action=phrase]").click()
    wait_for_level(page, root, -70)
    page.wait_for_function("(root) => !root.ddsp.sound.held", arg=root.element_handle(), timeout=8000)
    assert root.locator("[data-action=phrase]").inner_text().strip() == "Play a phrase"


@each_instrument
def test_all_has_a_name(instrument: tuple[str, str, str], opened) -> None:
    _, root = opened(instrument)
    assert root.locator("[data-action=surface]").get_attribute("aria-label")
    assert root.locator("[data-action=surface]").get_attribute("aria-describedby")
    for control in root.locator("input, button").all():
        assert control.evaluate("(e) => e.labels?.length || e.ariaLabel || e.textContent.trim()")
