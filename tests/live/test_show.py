"""Panels describe themselves to the page, and refuse names that do not exist."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ddsp_lite.live import (
    BarPanel,
    Bars,
    Chain,
    Choice,
    Contest,
    Curve,
    Descend,
    Landscape,
    Player,
    Prediction,
    Slider,
    Spectrum,
    Trace,
    Wave,
)  # fmt: skip
from ddsp_lite.live.show import Names

CONTROLS = {
    "cutoff": Slider(50, 5000, 500, scale="log"),
    "hidden_cutoff": Slider(50, 5000, 800, scale="log", gradient=False, hidden=True),
    "partials": Bars(4, start=0.5),
    "input": Choice(["saw", "sine"], "saw"),
}
SHAPES = {"audio": (100,), "target": (100,), "loss": (), "slope": (), "curve": (9,), "axis": (9,), "goal": (4,)}
NAMES = Names(CONTROLS, SHAPES)

GOOD = [
    (
        Spectrum("audio", "target", mark="cutoff"),
        {"kind": "spectrum", "signals": ["audio", "target"], "mark": "cutoff"},
    ),
    (Spectrum("audio", response=["curve"], frequencies="axis"), {"response": ["curve"], "frequencies": "axis"}),
    (Landscape(over="cutoff"), {"kind": "landscape", "over": "cutoff", "output": "loss", "target": None, "ys": []}),
    (Landscape(over="cutoff", target="hidden_cutoff"), {"kind": "landscape", "target": "hidden_cutoff"}),
    (Landscape(over="cutoff", target=800), {"kind": "landscape", "target": 800.0}),
    (Wave("audio", seconds=0.5), {"kind": "wave", "signals": ["audio"], "seconds": 0.5}),
    (Curve("curve", x="axis", xscale="log", title="T"), {"kind": "curve", "x": "axis", "xscale": "log", "title": "T"}),
    (BarPanel("partials", target="goal"), {"kind": "bars", "control": "partials", "target": "goal", "arrows": True}),
    (
        Chain([("weight", "w", "slope")], [("dL/dw", "slope")], ("dL/dw", "slope")),
        {"kind": "chain", "product": {"symbol": "dL/dw", "output": "slope"}},
    ),
    (
        Chain([("weight", "w", "slope")], [("a", "slope"), ("b", "slope", 2)], ("p", "slope")),
        {
            "factors": [
                {"symbol": "a", "output": "slope", "small": None},
                {"symbol": "b", "output": "slope", "small": 2.0},
            ]
        },
    ),
    (Trace("loss"), {"kind": "trace", "of": "loss"}),
    (Trace("cutoff"), {"of": "cutoff"}),
    (
        Contest({"cutoff": "hidden_cutoff"}, units={"cutoff": "cents"}),
        {"kind": "contest", "hidden": {"cutoff": "hidden_cutoff"}, "units": {"cutoff": "cents"}, "steps": 120},
    ),
    (Player("audio", "target"), {"kind": "player", "labels": ["Yours", "Target"]}),
    (Descend("sgd", 0.1, 30), {"optimizer": "sgd", "learningRate": 0.1, "steps": 30, "per": "coordinate"}),
    (
        Prediction("Where?", [("here", "no"), ("there", "yes")], answer=1),
        {"options": [{"text": "here", "feedback": "no"}, {"text": "there", "feedback": "yes"}], "answer": 1},
    ),
    (Prediction("Mark it", kind="mark", reveal="landscape"), {"kind": "mark", "answer": None, "options": []}),
]

BAD = [
    (Spectrum("audoi"), r"Spectrum names the output 'audoi'; .*'audio'"),
    (Spectrum(), "at least one output"),
    (Spectrum("loss"), "a signal"),
    (Spectrum("audio", mark="partials"), "Slider"),
    (Landscape(over="input"), r"one of \['cutoff', 'hidden_cutoff'\], got 'input'"),
    (Landscape("audio", over="cutoff"), "a single number"),
    (Landscape(over="cutoff", target="input"), r"Landscape target must name a Slider .* got 'input'"),
    (Landscape(over="cutoff", target=9000), r"Landscape target must be in \[50, 5000\], got 9000"),
    (Wave("los"), "'los'"),
    (Curve("curve", x="audio"), "one length"),
    (BarPanel("cutoff"), r"Bars control, one of \['partials'\]"),
    (BarPanel("partials", target="curve"), r"shape \(4,\), got \(9,\)"),
    (Chain([("w", "w", "slop")], [("f", "slope")], ("p", "slope")), "'slop'"),
    (Chain([], [], ("p", "slope")), "at least one box"),
    (Trace("input"), "got 'input'"),
    (Contest({}), "at least one hidden"),
    (Contest({"cutoff": "nothing"}), "got 'nothing'"),
    (Contest({"cutoff": "hidden_cutoff"}, units={"cutoff": "furlongs"}), "furlongs"),
    (Player("music"), "'music'"),
]


@pytest.mark.parametrize(("panel", "expected"), GOOD, ids=lambda value: type(value).__name__)
def test_panel_describes_itself(panel: object, expected: dict) -> None:
    spec = panel.spec(NAMES)
    assert expected.items() <= spec.items()
    json.dumps(spec, allow_nan=False)


@pytest.mark.parametrize(("panel", "message"), BAD, ids=lambda value: type(value).__name__)
def test_panel_refuses_wrong_names(panel: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        panel.spec(NAMES)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Landscape(over="cutoff", n_points=1), "n_points"),
        (lambda: Wave("audio", seconds=0), "seconds"),
        (lambda: Chain([("w", "w", "slope")], [("f", "slope", 0.0)], ("p", "slope")), "one positive number"),
        (lambda: Curve("curve", xscale="mel"), "xscale"),
        (lambda: Contest({"a": "b"}, seconds=0), "seconds"),
        (lambda: Player("audio", labels=["a", "b"]), "one label"),
        (lambda: Descend("lbfgs"), "optimizer must be one of"),
        (lambda: Descend(learning_rate=0), "learning_rate"),
        (lambda: Descend(learning_rate=float("nan")), "learning_rate"),
        (lambda: Descend(steps=0), "steps"),
        (lambda: Descend(per="octave"), "per must be"),
        (lambda: Prediction("?", [("a", "b")], answer=0), "at least two"),
        (lambda: Prediction("?", [("a", "b"), ("c", "d")], answer=2), r"\[0, 1\], got 2"),
        (lambda: Prediction("?", [("a", "b"), ("c", "d")]), "got None"),
        (lambda: Prediction("?", kind="essay"), "kind"),
        (lambda: Prediction("?", kind="mark", reveal="nothing"), "reveal"),
    ],
)
def test_bad_arguments_are_refused(make: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_descent_needs_a_loss() -> None:
    with pytest.raises(ValueError, match="'loss'"):
        Descend().spec(Names(CONTROLS, {"audio": (100,)}))


def test_landscape_positions_follow_the_sliders_scale() -> None:
    positions = np.array(Landscape(over="cutoff", n_points=5).positions(CONTROLS["cutoff"]))
    assert np.allclose(positions[1:] / positions[:-1], 100**0.25)
    assert positions[0] == 50
    assert positions[-1] == 5000


def test_repr_tells_what_a_panel_was_made_with() -> None:
    assert repr(Landscape(over="cutoff")) == "Landscape(output='loss', over='cutoff', target=None, n_points=121)"
