"""Reference values of a demo, computed by PyTorch, against which tests compare the page.

`Demo` writes them when the environment variable DDSP_LITE_REFERENCES names a folder: NAME.npz holds arrays called
"0/output/audio", "0/gradient/cutoff", "0/spread/cutoff", and NAME.json the settings they belong to. The spread is
how far PyTorch's own gradient moves when every control moves by two millionths: where an L1 loss has a kink, a
gradient cannot be compared more closely than that.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ddsp_lite import checks
from ddsp_lite.live.activity import Descend
from ddsp_lite.live.controls import Bars, Choice, Control, Slider, Sound

Settings = dict[str, Any]
NUDGE = 2e-6
N_INTERIOR, N_SMOOTH, MOST_DRAWS = 3, 5, 40
RELATIVE, ABSOLUTE = 3e-4, 3e-7


def evaluate(
    function: Callable[..., dict[str, Tensor]], controls: Mapping[str, Control], settings: Settings, sample_rate: int
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Return the outputs at settings, and the gradient of "loss" for each control that has one.

    By the same plain operations as the compiled model has: in float32 the package's own loops may differ by more than
    a comparison allows.
    """
    inputs: dict[str, Any] = {}
    moved: dict[str, Tensor] = {}
    for name, control in controls.items():
        inputs[name] = control.tensor(settings[name], sample_rate=sample_rate)
        if control.gradient:
            inputs[name] = moved[name] = inputs[name].requires_grad_()
    with checks.as_traced():
        outputs = function(**inputs)
    loss = outputs.get("loss") if isinstance(outputs, dict) else None
    gradients: dict[str, Tensor] = {}
    if isinstance(loss, Tensor) and loss.ndim == 0 and moved:
        found: Any = (None,) * len(moved)
        if loss.requires_grad:
            with checks.as_traced():
                found = torch.autograd.grad(loss, list(moved.values()), allow_unused=True)
        for (name, tensor), gradient in zip(moved.items(), found, strict=True):
            gradients[name] = torch.zeros_like(tensor) if gradient is None else gradient
    if isinstance(outputs, dict):
        outputs = {name: value.detach() if isinstance(value, Tensor) else value for name, value in outputs.items()}
    return outputs, gradients


def nudged(control: Control, value: Any, direction: float) -> Any:
    """Return a slider's or bars' value, moved by two millionths and kept in range."""
    if isinstance(control, Slider):
        moved = value + direction * NUDGE * (abs(value) or control.high - control.low)
        return min(max(moved, control.low), control.high)
    if isinstance(control, Bars):
        return [min(max(bar + direction * NUDGE * (abs(bar) or 1.0), control.low), control.high) for bar in value]
    return value


def candidates(controls: Mapping[str, Control], generator: random.Random) -> list[Settings]:
    """Return what is always compared: the start, each control at its ends (all choices, all clips), and inside."""
    start = {name: control.start for name, control in controls.items()}
    listed = [start]
    for name, control in controls.items():
        for end in control.ends():
            inside = {
                other: each.interior(generator) for other, each in controls.items() if isinstance(each, Slider | Bars)
            }
            isolated = isinstance(control, Choice | Sound)
            listed.append({**start, **(inside if isolated else {}), name: end})
    for _ in range(N_INTERIOR):
        listed.append({name: control.interior(generator) for name, control in controls.items()})
    return [settings for index, settings in enumerate(listed) if settings not in listed[:index]]


def descend(
    function: Callable[..., dict[str, Tensor]], controls: Mapping[str, Control], descent: Descend, sample_rate: int
) -> list[float]:
    """Return the loss before each step of descent from the start, and after the last.

    Coordinates are octaves on a log scale and fractions of the range on a linear one, or with per="value" the values
    themselves; a coordinate that leaves its range is put back on the end.
    """
    moved = {name: control for name, control in controls.items() if control.gradient and not control.hidden}
    settings = {name: control.start for name, control in controls.items()}

    def unit(control: Control, value: np.ndarray) -> np.ndarray:
        """Return how much of the control's unit one coordinate is, at value."""
        if descent.per == "value":
            return np.ones_like(value)
        return value * math.log(2.0) if control.scale == "log" else np.full_like(value, control.high - control.low)

    losses = []
    first = {name: np.zeros(control.length()) for name, control in moved.items()}
    second = {name: np.zeros(control.length()) for name, control in moved.items()}
    for step in range(1, descent.steps + 2):
        outputs, gradients = evaluate(function, controls, settings, sample_rate)
        losses.append(float(outputs["loss"]))
        for name, control in moved.items():
            value = np.atleast_1d(np.asarray(settings[name], dtype=np.float64))
            gradient = np.atleast_1d(gradients[name].numpy().astype(np.float64)) * unit(control, value)
            if descent.optimizer == "adam":
                first[name] = 0.9 * first[name] + 0.1 * gradient
                second[name] = 0.999 * second[name] + 0.001 * gradient**2
                scale = np.sqrt(second[name] / (1 - 0.999**step)) + 1e-8
                gradient = first[name] / (1 - 0.9**step) / scale
            change = -descent.learning_rate * gradient
            if descent.per == "coordinate" and control.scale == "log":
                value = value * np.exp2(change)
            else:
                value = value + change * unit(control, value)
            value = np.clip(value, control.low, control.high)
            settings[name] = value.tolist() if isinstance(control, Bars) else float(value[0])
    return losses


def write(
    folder: Path,
    name: str,
    function: Callable[..., dict[str, Tensor]],
    controls: Mapping[str, Control],
    *,
    sample_rate: int,
    descent: Descend | None,
    key: str,
) -> None:
    """Write reference values unless the folder holds those of the same key; at least six settings, five smooth ones."""
    told = folder / f"{name}.json"
    if told.is_file() and json.loads(told.read_text(encoding="utf-8"))["key"] == key:
        return
    generator = random.Random(name)
    waiting = candidates(controls, generator)
    arrays: dict[str, np.ndarray] = {}
    kept: list[dict[str, Any]] = []
    for _ in range(len(waiting) + MOST_DRAWS):
        if not waiting:
            if sum(each["smooth"] for each in kept) >= N_SMOOTH and len(kept) > N_SMOOTH:
                break
            waiting.append({other: control.interior(generator) for other, control in controls.items()})
        settings = waiting.pop(0)
        outputs, gradients = evaluate(function, controls, settings, sample_rate)
        spreads = {other: torch.zeros_like(gradient) for other, gradient in gradients.items()}
        for direction in (-1.0, 1.0) if gradients else ():
            beside = {other: nudged(control, settings[other], direction) for other, control in controls.items()}
            for other, gradient in evaluate(function, controls, beside, sample_rate)[1].items():
                spreads[other] = torch.maximum(spreads[other], (gradient - gradients[other]).abs())
        smooth = all(bool((spreads[n] <= RELATIVE * g.abs() + ABSOLUTE).all()) for n, g in gradients.items())
        prefix = len(kept)
        for kind, values in (("output", outputs), ("gradient", gradients), ("spread", spreads)):
            arrays.update({f"{prefix}/{kind}/{other}": value.numpy() for other, value in values.items()})
        kept.append({"values": settings, "smooth": smooth})
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / f"{name}.npz", **arrays)
    losses = descend(function, controls, descent, sample_rate) if descent is not None else []
    told.write_text(
        json.dumps({"id": name, "key": key, "settings": kept, "descent": losses}, indent=1), encoding="utf-8"
    )
