"""Make what a demo is made of: run, check, compile, draw. `Demo` keeps the result in the cache."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ddsp_lite.live import fallback, reference
from ddsp_lite.live.activity import Descend, Prediction
from ddsp_lite.live.compile import Model, compile_model
from ddsp_lite.live.controls import Bars, Choice, Control, Slider, Sound
from ddsp_lite.live.maps import Map, map_tables
from ddsp_lite.live.show import Landscape, Names, Panel
from ddsp_lite.live.snippet import snippet

IDENTIFIER = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def check_arguments(
    function: Callable[..., Any], id: str, title: str, alt: str, show: Sequence[Panel], controls: Mapping[str, Control]
) -> None:
    """Raise ValueError when an argument of Demo is of the wrong kind, before anything is computed."""
    if not isinstance(id, str) or not IDENTIFIER.fullmatch(id):
        raise ValueError(f"id must be lower-case words joined by hyphens, such as 'filter-cutoff', got {id!r}")
    for name, text in (("title", title), ("alt", alt)):
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"{name} must be a text that is not empty, got {text!r}")
    if not controls:
        raise ValueError("a demo needs at least one control, such as cutoff=Slider(60, 7000, start=4000)")
    for name, control in controls.items():
        if not isinstance(control, Slider | Bars | Choice | Sound):
            raise ValueError(f"{name} must be a Slider, Bars, Choice or Sound, got {control!r}")
    for panel in show:
        if not isinstance(panel, Panel):
            raise ValueError(f"show must hold panels, such as Spectrum('audio'), got {panel!r}")
    try:
        inspect.signature(function).bind(**controls)
    except TypeError as error:
        raise ValueError(
            f"the function's arguments must be the demo's controls {list(controls)}: {function.__name__} has {error}"
        ) from None


def check_outputs(outputs: Any) -> dict[str, Tensor]:
    """Return what the function returned at the start; raise ValueError unless it is a dict of finite tensors."""
    if not isinstance(outputs, dict) or not outputs:
        raise ValueError(
            f"the demo's function must return a dict such as {{'audio': y, 'loss': loss}}, got {outputs!r}"
        )
    for name, value in outputs.items():
        if not isinstance(name, str):
            raise ValueError(f"outputs must have names, got {name!r}")
        if not isinstance(value, Tensor) or not value.is_floating_point() or value.ndim > 1 or value.numel() == 0:
            shown = f"shape {tuple(value.shape)}, {value.dtype}" if isinstance(value, Tensor) else repr(value)
            raise ValueError(
                f"the output {name!r} must be a float tensor, a number (0-d) or a signal (1-d), got {shown}"
            )
        if not bool(torch.isfinite(value).all()):
            raise ValueError(f"the output {name!r} is not finite at the controls' start values")
    if "loss" in outputs and outputs["loss"].ndim:
        raise ValueError(f"the loss must be a single number (0-d), got shape {tuple(outputs['loss'].shape)}")
    return outputs


def check_gradients(gradients: Mapping[str, Tensor], descend: Descend | None) -> None:
    """Raise ValueError when a gradient is not finite, or there is none to follow."""
    for name, gradient in gradients.items():
        if not bool(torch.isfinite(gradient).all()):
            raise ValueError(f"the gradient of the loss for {name!r} is not finite at the controls' start values")
    if descend is not None and not gradients:
        raise ValueError("descend needs a loss and at least one Slider or Bars with a gradient")


def landscape_curve(
    model: Model, controls: Mapping[str, Control], panel: dict[str, Any], sample_rate: int
) -> list[float]:
    """Return an output at each of a landscape's positions, the other controls at their start, by the compiled model."""
    inputs = {name: control.tensor(control.start, sample_rate=sample_rate) for name, control in controls.items()}
    curve = []
    for position in panel["xs"]:
        value = float(model.run({**inputs, panel["over"]: position})["outputs"][panel["output"]])
        if not math.isfinite(value):
            raise ValueError(f"the output {panel['output']!r} is {value} at {panel['over']} = {position:g}")
        curve.append(value)
    return curve


def make(
    function: Callable[..., dict[str, Tensor]],
    controls: Mapping[str, Control],
    *,
    described: list[dict[str, Any]],
    id: str,
    title: str,
    show: Sequence[Panel],
    descend: Descend | None,
    predict: Prediction | None,
    sample_rate: int,
) -> dict[str, Any]:
    """Return {"spec", "picture"}: all that the page needs, and a picture of the start; raise where the demo is wrong.

    described : what the controls say of themselves (`Control.spec`).
    """
    start = {name: control.start for name, control in controls.items()}
    outputs, gradients = reference.evaluate(function, controls, start, sample_rate)
    check_outputs(outputs)
    check_gradients(gradients, descend)
    names = Names(controls, {name: tuple(value.shape) for name, value in outputs.items()})
    panels = [panel.spec(names) for panel in show]
    model = compile_model(function, dict(controls), sample_rate)
    for panel, told in zip(show, panels, strict=True):
        if isinstance(panel, Landscape):
            told["ys"] = landscape_curve(model, controls, told, sample_rate)
        if isinstance(panel, Map):
            told["tables"] = map_tables(model, controls, told, sample_rate)
    spec = {
        "id": id,
        "title": title,
        "sampleRate": sample_rate,
        "engine": model.engine,
        "controls": described,
        "show": panels,
        "descend": None if descend is None else descend.spec(names),
        "predict": None if predict is None else predict.spec(names),
        "snippet": snippet(function, controls, sample_rate=sample_rate, loss="loss" in outputs),
    }
    return {"spec": spec, "picture": fallback.picture(spec, {name: value.numpy() for name, value in outputs.items()})}
