"""Maps: outputs of a demo over two sliders, with a ball to drag and the path of descent.

`Demo` computes the maps of the start state with the compiled model; the page computes them anew in idle time when
another control moves.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ddsp_lite.live.compile import Model
from ddsp_lite.live.controls import Choice, Control, Slider, Sound, between, check_number
from ddsp_lite.live.show import Names, Panel

DIGITS = 5


class Map(Panel):
    """One or more losses over two sliders, the other controls as they stand: a heat map each, with contour lines.

    All maps share one ball, which is dragged or moved by the two sliders. An orange arrow shows the way down on the
    map of the loss that is followed, in the coordinates in which descent steps; the path of descent is drawn as it is
    walked, and former paths stay, dashed. Dark is high.

    Args:
        outputs: names of 0-d outputs, one map each; default: "loss".
        x, y: sliders, to the right and upwards.
        target: (x, y) of the target, each a number or the name of the slider that holds it; None for no mark.
        labels: the maps' headings; default: the outputs' names in words.
        n_points: how finely the maps are computed, (along x, along y), from 2 to 101 each.
        ignoring: controls on which the outputs do not depend, such as the choice of the loss that is followed: the
            maps stay as they are when these move. `Demo` tries all choices and both ends of a slider.

    Raises:
        ValueError: for unknown names, the same slider twice, a target outside the ranges, a wrong number of labels or
            points, and, when the demo is made, for maps that are not finite or do depend on what they ignore.

    Chapter: book/losses/landscapes.

    >>> Map("loss", x="cutoff", y="q", target=(800.0, 2.0), n_points=(33, 25)).n_points
    (33, 25)
    """

    def __init__(
        self,
        *outputs: str,
        x: str,
        y: str,
        target: tuple[str | float, str | float] | None = None,
        labels: Sequence[str] | None = None,
        n_points: tuple[int, int] = (41, 31),
        ignoring: Sequence[str] = (),
    ) -> None:
        self.outputs = outputs or ("loss",)
        self.labels = tuple(labels) if labels is not None else tuple(o.replace("_", " ") for o in self.outputs)
        if len(self.labels) != len(self.outputs):
            raise ValueError(f"labels must hold one name a map, got {self.labels} for {self.outputs}")
        whole = [isinstance(n, int) and not isinstance(n, bool) and 2 <= n <= 101 for n in n_points]
        if len(whole) != 2 or not all(whole):
            raise ValueError(f"n_points must be two whole numbers in [2, 101], got {n_points!r}")
        if target is not None and len(target) != 2:
            raise ValueError(f"target must be a pair (x, y) or None, got {target!r}")
        if x == y:
            raise ValueError(f"x and y must be two sliders, got {x!r} twice")
        self.x, self.y, self.n_points, self.ignoring = x, y, tuple(n_points), tuple(ignoring)
        self.target = None if target is None else tuple(target)

    def goal(self, names: Names, axis: str, goal: str | float) -> str | float:
        """Return the target along one axis, checked."""
        if isinstance(goal, str):
            return names.control("Map target", goal, (Slider,))
        slider = names.controls[axis]
        try:
            return check_number(goal, slider.low, slider.high)
        except ValueError as error:
            raise ValueError(f"Map target for {axis} {error}") from None

    def spec(self, names: Names) -> dict[str, Any]:
        """Return the panel's description for the page, with empty "tables"."""
        x, y = (names.control(f"Map {which}", name, (Slider,)) for which, name in (("x", self.x), ("y", self.y)))
        for name in self.ignoring:
            names.control("Map ignoring", name, (Slider, Choice, Sound))
            if name in (x, y):
                raise ValueError(f"Map ignoring must not name one of its own axes, got {name!r}")
        return {
            "kind": "map",
            "outputs": [names.output("Map", name, 0) for name in self.outputs],
            "labels": list(self.labels),
            "x": x,
            "y": y,
            "target": self.target
            and [self.goal(names, axis, goal) for axis, goal in zip((x, y), self.target, strict=True)],
            "size": list(self.n_points),
            "ignoring": list(self.ignoring),
            "tables": [],
        }


def axis_values(slider: Slider, count: int) -> list[float]:
    """Return count values of a slider, equally spaced on its own scale, both ends among them.

    >>> axis_values(Slider(100, 1600, start=100, scale="log"), 5)
    [100.0, 200.0, 400.0, 800.0, 1600.0]
    """
    steps = count - 1
    return [between(slider.low, slider.high, slider.scale, k / steps) for k in range(steps)] + [slider.high]


def map_tables(
    model: Model, controls: Mapping[str, Control], panel: Mapping[str, Any], sample_rate: int
) -> list[list[float]]:
    """Return a table of numbers for each output, row by row from the lowest y, the other controls at their start."""
    inputs = {name: control.tensor(control.start, sample_rate=sample_rate) for name, control in controls.items()}
    check_ignored(model, controls, panel, inputs, sample_rate)
    tables: list[list[float]] = [[] for _ in panel["outputs"]]
    for y in axis_values(controls[panel["y"]], panel["size"][1]):
        for x in axis_values(controls[panel["x"]], panel["size"][0]):
            outputs = model.run({**inputs, panel["x"]: x, panel["y"]: y})["outputs"]
            for name, table in zip(panel["outputs"], tables, strict=True):
                value = float(outputs[name])
                if not math.isfinite(value):
                    raise ValueError(f"the output {name!r} is {value} at {panel['x']} = {x:g}, {panel['y']} = {y:g}")
                table.append(float(f"{value:.{DIGITS}g}"))
    return tables


def check_ignored(
    model: Model,
    controls: Mapping[str, Control],
    panel: Mapping[str, Any],
    inputs: Mapping[str, Any],
    sample_rate: int,
) -> None:
    """Raise ValueError when an output moves with a control that its map is said to ignore."""
    first = model.run(dict(inputs))["outputs"]
    for ignored in panel["ignoring"]:
        for end in controls[ignored].ends():
            moved = model.run({**inputs, ignored: controls[ignored].tensor(end, sample_rate=sample_rate)})["outputs"]
            for name in panel["outputs"]:
                if not np.isclose(float(moved[name]), float(first[name]), rtol=1e-4, atol=1e-7):
                    raise ValueError(f"the map of {name!r} must not ignore {ignored!r}: it moves with it")
