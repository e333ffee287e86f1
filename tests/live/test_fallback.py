"""The picture for print and for readers without JavaScript shows the start, and is the same at every build."""

from __future__ import annotations

from html import unescape
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import pytest

from ddsp_lite.live import fallback

SLIDER = {"name": "cutoff", "kind": "slider", "label": "Cutoff", "low": 50, "high": 5000, "start": 500, "scale": "log",
          "unit": "Hz"}  # fmt: skip
BARS = {"name": "partials", "kind": "bars", "label": "Partials", "n": 3, "low": 0, "high": 1, "start": [0.2, 0.4, 0.6],
        "scale": "linear", "unit": ""}  # fmt: skip
TIME = np.arange(8000) / 8000
VALUES = {
    "audio": np.sin(2 * np.pi * 440 * TIME), "target": 0.1 * np.sin(2 * np.pi * 880 * TIME), "loss": np.array(0.5),
    "slope": np.array(-0.25), "curve": np.linspace(-30, 0, 20), "axis": np.linspace(0, 4000, 20),
    "goal": np.array([0.3, 0.3, 0.3]),
}  # fmt: skip
PANELS = {
    "spectrum": {"signals": ["audio", "target"], "response": ["curve"], "frequencies": "axis", "mark": None},
    "landscape": {"over": "cutoff", "output": "loss", "target": None, "xs": [50, 500, 5000], "ys": [1.0, 0.5, 2.0]},
    "wave": {"signals": ["audio", "target"], "seconds": 0.02},
    "curve": {"signals": ["curve"], "x": "axis", "xlabel": "x", "ylabel": "y", "xscale": "linear", "title": "Response"},
    "bars": {"control": "partials", "target": "goal", "arrows": True},
    "chain": {
        "boxes": [{"label": "weight", "symbol": "w", "output": "slope"}],
        "factors": [{"symbol": "dL/dw", "output": "slope"}],
        "product": {"symbol": "product", "output": "slope"},
    },
}


def picture(*kinds: str) -> str:
    show = [{"kind": kind, **PANELS.get(kind, {})} for kind in kinds]
    return fallback.picture({"show": show, "controls": [SLIDER, BARS], "sampleRate": 8000}, VALUES)


def text_of(image: str) -> str:
    header, _, data = image.partition(",")
    assert header == "data:image/svg+xml"
    return " ".join(ElementTree.fromstring(unquote(data)).itertext())


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("spectrum", ["Spectrum", "frequency (Hz)", "level (dB)", "1k"]),
        ("landscape", ["Loss", "Cutoff (Hz)"]),
        ("wave", ["Wave", "time (s)"]),
        ("curve", ["Response"]),
        ("bars", ["Partials"]),
        ("chain", ["weight", "w = -0.25", "dL/dw = -0.25", "product = -0.25"]),
        ("player", ["Wave"]),
    ],
)
def test_each_panel_is_drawn(kind: str, words: list[str]) -> None:
    text = text_of(picture(kind))
    assert [word for word in words if word not in text] == []


def test_two_panels_stand_side_by_side() -> None:
    text = text_of(picture("player", "landscape", "spectrum", "wave"))
    assert "Loss" in text
    assert "Spectrum" in text
    assert "Wave" not in text


def test_the_picture_is_the_same_each_time_and_small() -> None:
    image = picture("spectrum", "landscape")
    assert image == picture("spectrum", "landscape")
    assert len(image) < 60_000


def test_a_spectrum_shows_the_level_of_a_sine() -> None:
    frequencies, levels = fallback.spectrum_db(0.5 * VALUES["audio"], 8000)
    assert levels.max() == pytest.approx(20 * np.log10(0.5), abs=0.1)
    assert frequencies[levels.argmax()] == pytest.approx(440, rel=0.02)
    assert levels.min() == fallback.FLOOR_DB
    assert (fallback.spectrum_db(np.zeros(100), 8000)[1] == fallback.FLOOR_DB).all()


def test_text_is_escaped() -> None:
    html = fallback.figure_html("data:,x", 'A "sharp" <edge> & more')
    assert 'alt="A &quot;sharp&quot; &lt;edge&gt; &amp; more"' in html
    assert "needs JavaScript" in unescape(html)
