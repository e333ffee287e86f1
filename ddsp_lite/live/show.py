"""The panels of a live demo: what is drawn, played and followed, each described to the page as JSON.

A panel names outputs of the demo's function and controls. `Demo` hands every panel a `Names`, which knows both,
so that a misspelt name fails at once with the names that there are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ddsp_lite.live.controls import Bars, Control, Slider, between, check_number

CONTEST_UNITS = ("cents", "dB", "semitones", "value")
X_SCALES = ("linear", "log")


@dataclass(frozen=True)
class Names:
    """The controls of a demo, and the shapes of what its function returned at the start."""

    controls: Mapping[str, Control]
    shapes: Mapping[str, tuple[int, ...]]

    def output(self, owner: str, name: str, ndim: int | None = None) -> str:
        """Return the name of an output; raise ValueError when there is none, or not of ndim dimensions."""
        if name not in self.shapes:
            raise ValueError(f"{owner} names the output {name!r}; the demo's function returns {sorted(self.shapes)}")
        shape = self.shapes[name]
        if ndim is not None and len(shape) != ndim:
            kind = "a single number (0-d)" if ndim == 0 else "a signal (1-d)"
            raise ValueError(f"{owner} needs {kind} in the output {name!r}, got shape {shape}")
        return name

    def signals(self, owner: str, names: Sequence[str]) -> list[str]:
        """Return the names of 1-d outputs, at least one."""
        if not names:
            raise ValueError(f"{owner} needs the name of at least one output; there are {sorted(self.shapes)}")
        return [self.output(owner, name, 1) for name in names]

    def control(self, owner: str, name: str, kinds: tuple[type, ...]) -> str:
        """Return the name of a control; raise ValueError when there is none, or not of these kinds."""
        fitting = [other for other, control in self.controls.items() if isinstance(control, kinds)]
        if name not in fitting:
            kind = " or ".join(each.__name__ for each in kinds)
            raise ValueError(f"{owner} must name a {kind} control, one of {fitting}, got {name!r}")
        return name


class Panel:
    """A part of a demo's page; its attributes are what it was made with."""

    def spec(self, names: Names) -> dict[str, Any]:
        """Return the panel's description for the page; raise ValueError when a name is unknown."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"


class Spectrum(Panel):
    """Magnitude spectra of signals in dB over log frequency; the first is the reader's, the second the target.

    Args:
        signals: names of 1-d outputs.
        response: names of outputs that hold curves in dB for the same axes, drawn as smooth lines.
        frequencies: name of the output that says where `response` is, in Hz; default: evenly from 0 to Nyquist.
        mark: a slider in Hz, drawn as a vertical line.

    >>> Spectrum("audio", "target", mark="cutoff")
    Spectrum(signals=('audio', 'target'), response=(), frequencies=None, mark='cutoff')
    """

    def __init__(
        self, *signals: str, response: Sequence[str] = (), frequencies: str | None = None, mark: str | None = None
    ) -> None:
        self.signals, self.response, self.frequencies, self.mark = signals, tuple(response), frequencies, mark

    def spec(self, names: Names) -> dict[str, Any]:
        """Return the panel's description for the page."""
        return {
            "kind": "spectrum",
            "signals": names.signals("Spectrum", self.signals),
            "response": [names.output("Spectrum", name, 1) for name in self.response],
            "frequencies": None if self.frequencies is None else names.output("Spectrum", self.frequencies, 1),
            "mark": None if self.mark is None else names.control("Spectrum mark", self.mark, (Slider,)),
        }


class Landscape(Panel):
    """The loss over one slider, the others as they stand, with a ball to drag and the gradient as an arrow.

    `Demo` computes the curve of the start state; the page computes it anew when another control moves.

    Args:
        output: name of a 0-d output.
        over: a slider.
        target: where the target lies, as a number or as the name of the slider that holds it, marked by a dashed line.
        n_points: how finely it is drawn.
    """

    def __init__(
        self, output: str = "loss", *, over: str, target: str | float | None = None, n_points: int = 121
    ) -> None:
        if isinstance(n_points, bool) or not isinstance(n_points, int) or not 2 <= n_points <= 1001:
            raise ValueError(f"n_points must be a whole number in [2, 1001], got {n_points!r}")
        self.output, self.over, self.target, self.n_points = output, over, target, n_points

    def positions(self, slider: Slider) -> list[float]:
        """Return the slider's values at which the curve is computed, equally spaced on the slider's scale."""
        steps = self.n_points - 1
        return [between(slider.low, slider.high, slider.scale, k / steps) for k in range(steps)] + [slider.high]

    def spec(self, names: Names) -> dict[str, Any]:
        """Return the panel's description for the page, with empty "ys"."""
        over = names.control("Landscape over", self.over, (Slider,))
        output = names.output("Landscape", self.output, 0)
        target = self.target
        if isinstance(target, str):
            names.control("Landscape target", target, (Slider,))
        elif target is not None:
            slider = names.controls[over]
            try:
                target = check_number(target, slider.low, slider.high)
            except ValueError as error:
                raise ValueError(f"Landscape target {error}") from None
        return {
            "kind": "landscape",
            "over": over,
            "output": output,
            "target": target,
            "xs": self.positions(names.controls[over]),
            "ys": [],
        }


class Wave(Panel):
    """The first seconds of signals over time.

    Args:
        signals: names of 1-d outputs.
        seconds: how much is drawn.
    """

    def __init__(self, *signals: str, seconds: float = 0.02) -> None:
        if not (math.isfinite(seconds) and seconds > 0):
            raise ValueError(f"seconds must be positive, got {seconds!r}")
        self.signals, self.seconds = signals, float(seconds)

    def spec(self, names: Names) -> dict[str, Any]:
        """Return the panel's description for the page."""
        return {"kind": "wave", "signals": names.signals("Wave", self.signals), "seconds": self.seconds}


class Curve(Panel):
    """Any curves.

    Args:
        signals: names of 1-d outputs.
        x: a 1-d output of the same length; default: 0, 1, 2, …
        xlabel, ylabel: what stands at the axes.
        xscale: "linear" or "log".
        title: heading.
    """

    def __init__(
        self,
        *signals: str,
        x: str | None = None,
        xlabel: str = "",
        ylabel: str = "",
        xscale: str = "linear",
        title: str = "",
    ) -> None:
        if xscale not in X_SCALES:
            raise ValueError(f"xscale must be one of {X_SCALES}, got {xscale!r}")
        self.signals, self.x, self.xlabel, self.ylabel = signals, x, xlabel, ylabel
        self.xscale, self.title = xscale, title

    def spec(self, names: Names) -> dict[str, Any]:
        """Return the panel's description for the page."""
        signals = names.signals("Curve", self.signals)
        if self.x is not None:
            names.output("Curve x", self.x, 1)
            for signal in signals:
                if names.shapes[signal] != names.shapes[self.x]:
                    raise ValueError(
                        f"Curve needs outputs of one length, got {self.x!r} {names.shapes[self.x]} "
                        f"and {signal!r} {names.shapes[signal]}"
                    )
        return {
            "kind": "curve", "signals": signals, "x": self.x, "xlabel": self.xlabel, "ylabel": self.ylabel,
            "xscale": self.xscale, "title": self.title,
        }  # fmt: skip


class BarPanel(Panel):
    """The bars of a `Bars` control, to drag.

    Args:
        control: the control's name.
        target: a 1-d output drawn behind them.
        arrows: whether the gradients are drawn.
    """

    def __init__(self, control: str, *, target: str | None = None, arrows: bool = True) -> None:
        self.control, self.target, self.arrows = control, target, bool(arrows)

    def spec(self, names: Names) -> dict[str, Any]:
        """Return the panel's description for the page."""
        control = names.control("BarPanel", self.control, (Bars,))
        if self.target is not None:
            names.output("BarPanel target", self.target, 1)
            n_bars, shape = names.controls[control].n, names.shapes[self.target]
            if shape != (n_bars,):
                raise ValueError(f"BarPanel target {self.target!r} must have shape ({n_bars},), got {shape}")
        return {"kind": "bars", "control": control, "target": self.target, "arrows": self.arrows}


class Chain(Panel):
    """The chain rule as boxes in a row: values forward, local derivatives between them, and their product.

    Args:
        boxes: (label, symbol, output) each; all outputs are 0-d.
        factors: (symbol, output) each, or (symbol, output, small): a factor whose size is at most small is drawn grey,
            and said to be nearly zero; without it, one that is small against the largest that it can be.
        product: (symbol, output).
    """

    def __init__(
        self,
        boxes: Sequence[tuple[str, str, str]],
        factors: Sequence[tuple[str, str] | tuple[str, str, float]],
        product: tuple[str, str],
    ) -> None:
        self.boxes, self.factors, self.product = tuple(boxes), tuple(factors), product
        for _, output, *small in self.factors:
            if len(small) > 1 or not all(math.isfinite(size) and size > 0 for size in small):
                raise ValueError(f"small must be one positive number, got {small!r} for the factor {output!r}")

    def spec(self, names: Names) -> dict[str, Any]:
        """Return the panel's description for the page."""
        if not self.boxes or not self.factors:
            raise ValueError("Chain needs at least one box and one factor")
        return {
            "kind": "chain",
            "boxes": [
                {"label": label, "symbol": symbol, "output": names.output("Chain boxes", output, 0)}
                for label, symbol, output in self.boxes
            ],
            "factors": [
                {
                    "symbol": symbol,
                    "output": names.output("Chain factors", output, 0),
                    "small": float(small[0]) if small else None,
                }
                for symbol, output, *small in self.factors
            ],
            "product": {"symbol": self.product[0], "output": names.output("Chain product", self.product[1], 0)},
        }


class Trace(Panel):
    """A quantity over the steps of descent.

    Args:
        of: "loss", or the name of a control.
    """

    def __init__(self, of: str = "loss") -> None:
        self.of = of

    def spec(self, names: Names) -> dict[str, Any]:
        """Return the panel's description for the page."""
        if self.of == "loss":
            names.output("Trace", "loss", 0)
        else:
            names.control("Trace of", self.of, (Slider, Bars))
        return {"kind": "trace", "of": self.of}


class Contest(Panel):
    """The reader against the gradient: find hidden settings by ear, then watch descent find them.

    Args:
        hidden: from each shown slider to the hidden slider that holds its target.
        seconds: the reader's time.
        steps: descent's.
        units: from control to "cents", "dB", "semitones" or "value", for the scoreboard.
    """

    def __init__(
        self,
        hidden: Mapping[str, str],
        *,
        seconds: float = 60,
        steps: int = 120,
        units: Mapping[str, str] | None = None,
    ) -> None:
        if not (seconds > 0 and steps > 0):
            raise ValueError(f"seconds and steps must be positive, got seconds={seconds!r}, steps={steps!r}")
        self.hidden, self.seconds, self.steps, self.units = dict(hidden), seconds, int(steps), dict(units or {})

    def spec(self, names: Names) -> dict[str, Any]:
        """Return the panel's description for the page."""
        if not self.hidden:
            raise ValueError("Contest needs at least one hidden setting, such as {'cutoff': 'target_cutoff'}")
        for shown, hidden in self.hidden.items():
            names.control("Contest", shown, (Slider,))
            names.control("Contest hidden", hidden, (Slider,))
        for name, unit in self.units.items():
            if name not in self.hidden or unit not in CONTEST_UNITS:
                raise ValueError(
                    f"Contest units must map {list(self.hidden)} to one of {CONTEST_UNITS}, got {name!r}: {unit!r}"
                )
        names.output("Contest", "loss", 0)
        units = {name: self.units.get(name, "value") for name in self.hidden}
        return {"kind": "contest", "hidden": self.hidden, "seconds": self.seconds, "steps": self.steps, "units": units}


class Player(Panel):
    """The sound, looped, with a switch between signals.

    Args:
        signals: names of 1-d outputs.
        labels: what stands at the switch.
    """

    def __init__(self, *signals: str, labels: Sequence[str] | None = None) -> None:
        self.signals = signals or ("audio",)
        self.labels = tuple(labels) if labels is not None else ("Yours", "Target")[: len(self.signals)]
        if len(self.labels) != len(self.signals):
            raise ValueError(f"Player needs one label a signal, got {self.labels} for {self.signals}")

    def spec(self, names: Names) -> dict[str, Any]:
        """Return the panel's description for the page."""
        return {"kind": "player", "signals": names.signals("Player", self.signals), "labels": list(self.labels)}
