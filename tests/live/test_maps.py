"""Maps hold the outputs at every place of the grid, and refuse what they cannot draw."""

from __future__ import annotations

import json
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import pytest
import torch

from ddsp_lite.live import Choice, Demo, Map, Player, Slider
from ddsp_lite.live.maps import axis_values
from ddsp_lite.live.show import Names

X, Y = Slider(1.0, 16.0, start=2.0, scale="log", unit="Hz"), Slider(-1.0, 1.0, start=0.5)
CONTROLS = {"pitch": X, "gain": Y, "goal": Slider(-1.0, 1.0, start=0.0), "follow": Choice(["a", "b"], "a")}
NAMES = Names(CONTROLS, {"audio": (100,), "loss": (), "near": (), "far_off": ()})


def bowl(pitch, gain, goal, follow):
    near = pitch.log2().square() + (gain - goal).square()
    far_off = (pitch - 4).abs() + 0.1 * gain.square()
    return {
        "audio": gain * torch.ones(800),
        "near": near,
        "far_off": far_off,
        "loss": near if follow == "a" else far_off,
    }


def made(function=bowl, **options) -> Demo:
    panel = Map("near", "far_off", x="pitch", y="gain", n_points=(5, 3), **{"ignoring": ["follow"], **options})
    return Demo(function, id="bowl", title="A bowl", alt="A bowl.", show=[panel, Player("audio")], **CONTROLS)


def test_a_map_is_each_output_at_every_place() -> None:
    panel = made(target=(1.0, "goal")).spec["show"][0]
    pitch, gain = np.meshgrid([1.0, 2.0, 4.0, 8.0, 16.0], [-1.0, 0.0, 1.0])
    near, far_off = (np.reshape(table, (3, 5)) for table in panel["tables"])
    assert near == pytest.approx(np.log2(pitch) ** 2 + gain**2, rel=1e-4)
    assert far_off == pytest.approx(np.abs(pitch - 4) + 0.1 * gain**2, rel=1e-4)
    assert panel["target"] == [1.0, "goal"]
    assert panel["labels"] == ["near", "far off"]
    json.dumps(panel, allow_nan=False)


def test_places_follow_the_sliders_scales() -> None:
    assert axis_values(X, 5) == pytest.approx([1, 2, 4, 8, 16])
    assert axis_values(Y, 3) == [-1.0, 0.0, 1.0]


def test_a_map_must_not_ignore_what_moves_it() -> None:
    with pytest.raises(ValueError, match="map of 'near' must not ignore 'goal'"):
        made(ignoring=["follow", "goal"])


def test_a_map_must_be_finite() -> None:
    def pole(pitch, gain, goal, follow):
        return {**bowl(pitch, gain, goal, follow), "near": 1 / gain}

    with pytest.raises(ValueError, match=r"'near' is inf at pitch = 1, gain = 0"):
        made(pole)


def test_the_picture_shows_the_first_map() -> None:
    image = unquote(made(target=(1.0, "goal"))._figure.partition("data:image/svg+xml,")[2].partition('"')[0])
    text = " ".join(ElementTree.fromstring(image).itertext())
    assert [word for word in ("near", "Pitch (Hz)", "Gain") if word not in text] == []
    assert len(image) < 60_000


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Map(x="pitch", y="pitch"), "two sliders, got 'pitch' twice"),
        (lambda: Map(x="pitch", y="gain", n_points=(1, 5)), r"n_points must be two whole numbers in \[2, 101\]"),
        (lambda: Map(x="pitch", y="gain", n_points=(5, 5, 5)), "n_points must be two"),
        (lambda: Map(x="pitch", y="gain", target=(1.0,)), "target must be a pair"),
        (lambda: Map("near", x="pitch", y="gain", labels=["a", "b"]), "labels must hold one name a map"),
        (lambda: Map(x="follow", y="gain").spec(NAMES), "Map x must name a Slider"),
        (lambda: Map(x="pitch", y="nothing").spec(NAMES), "Map y must name a Slider .*'nothing'"),
        (lambda: Map("audio", x="pitch", y="gain").spec(NAMES), "a single number"),
        (lambda: Map(x="pitch", y="gain", target=(0.5, 0.0)).spec(NAMES), r"target for pitch must be in \[1, 16\]"),
        (lambda: Map(x="pitch", y="gain", target=(2.0, "follow")).spec(NAMES), "Map target must name a Slider"),
        (lambda: Map(x="pitch", y="gain", ignoring=["wind"]).spec(NAMES), "Map ignoring must name"),
        (lambda: Map(x="pitch", y="gain", ignoring=["gain"]).spec(NAMES), "must not name one of its own axes"),
    ],
)
def test_wrong_maps_are_refused(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
