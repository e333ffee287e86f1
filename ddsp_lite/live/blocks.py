"""Compile a synthesiser's step: controls and state in, a block of sound and the next state out.

The same compiler as the demos', without a gradient. Tensors that the step uses from outside (a network's weights) are
constants of the module; those that `round_to_half` has rounded are stored in 16 bits.
"""

from __future__ import annotations

import base64
import hashlib
import math
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from ddsp_lite.live import cache, moving, transforms
from ddsp_lite.live.compile import Model, _assemble, _entry_points, _variant
from ddsp_lite.live.ir import Storage
from ddsp_lite.live.trace import Input

Step = Callable[..., tuple[Tensor, dict[str, Tensor]]]


def round_to_half(module: torch.nn.Module) -> torch.nn.Module:
    """Round a network's weights to float16, in place, so that its module for the page needs 16 bits for each.

    The network goes on in float32, and computes in PyTorch just what it computes in the page.

    Args:
        module: any network.

    Returns:
        The same network.

    Raises:
        ValueError: a weight is too large for float16 (65504), or not finite.

    Source: IEEE 754, binary16. Chapter: systems/latency.

    >>> layer = torch.nn.Linear(1, 1)
    >>> _ = torch.nn.init.constant_(layer.weight, 0.1)
    >>> round_to_half(layer).weight.item()
    0.0999755859375
    """
    with torch.no_grad():
        for name, weight in module.named_parameters():
            rounded = weight.half()
            if not bool(rounded.isfinite().all()):
                raise ValueError(f"{name} must be finite and within +-65504, got {weight.abs().max().item():g}.")
            weight.copy_(rounded)
    return module


def check_step(step: Step, state: Mapping[str, Tensor], values: Mapping[str, float]) -> int:
    """Run a step once; return the block's samples, or raise ValueError where it breaks its promise.

    Args:
        step: ``step(state, **values)`` gives a block (samples,) and the next state.
        state: float32 tensors, by name.
        values: a number for each control.

    Returns:
        Samples in a block.

    Raises:
        ValueError: the state or the result is of the wrong kind, or not finite.

    Source: none; a check. Chapter: systems/latency.

    >>> check_step(lambda state, pitch: (pitch * torch.ones(4), state), {}, {"pitch": 2.0})
    4
    """
    for name, part in state.items():
        if not isinstance(part, Tensor) or part.dtype != torch.float32 or not bool(part.isfinite().all()):
            raise ValueError(f"state[{name!r}] must be a finite float32 tensor, got {part!r}")
    with torch.no_grad():
        result = step(dict(state), **{name: torch.tensor(float(value)) for name, value in values.items()})
    if not isinstance(result, tuple) or len(result) != 2 or not isinstance(result[1], Mapping):
        raise ValueError("step must return a block of sound and a dict, the next state")
    audio, after = result
    if not isinstance(audio, Tensor) or audio.ndim != 1 or not audio.is_floating_point() or not audio.numel():
        raise ValueError(f"the block must be a float tensor (samples,), got {audio!r}")
    shapes = {name: tuple(part.shape) for name, part in state.items()}
    found = {name: tuple(part.shape) for name, part in after.items()}
    if shapes != found:
        raise ValueError(f"the next state must have the shapes of the state, {shapes}, got {found}")
    if not all(bool(part.isfinite().all()) for part in (audio, *after.values())):
        raise ValueError("the block and the next state must be finite at the controls' start values")
    return audio.numel()


def compile_step(step: Step, state: Mapping[str, Tensor], values: Mapping[str, float]) -> dict[str, Any]:
    """Compile ``step(state, **values)`` for the page.

    Args:
        step: as in `check_step`; traced once, so that it must not branch on values.
        state: where it begins, float32, by name.
        values: a start value for each control.

    Returns:
        The engine: ``wasm`` (deflated, base64), ``variants`` (one), ``start`` (the state), ``block`` (samples).

    Raises:
        ValueError: as `check_step`.
        UnsupportedOperation: where the step uses what the compiler does not know.

    Source: none; this package's own compiler. Chapter: systems/latency.

    >>> engine = compile_step(lambda state, gain: (gain * torch.ones(4), state), {}, {"gain": 0.5})
    >>> engine["block"], engine["start"]
    (4, {})
    """
    block = check_step(step, state, values)
    transforms.register_recursions()
    moving.register_moving_filters()
    places = {f"state_{name}": part.detach().clone() for name, part in state.items()}
    given = {name: torch.tensor(float(value)) for name, value in values.items()}
    inputs = [Input(name, example, False) for name, example in {**given, **places}.items()]
    shared = {i.name: Storage(f"in_{k}", torch.float32, i.example.numel()) for k, i in enumerate(inputs)}

    def function(**tensors: Tensor) -> dict[str, Tensor]:
        now = {name: tensors[f"state_{name}"] for name in state}
        audio, after = step(now, **{name: tensors[name] for name in given})
        return {"audio": audio.float(), **{f"state_{name}": after[name].float() for name in state}}

    slots: list[str] = []
    bodies = [f"static float {s.name}[{max(s.elements, 1)}] ALIGNED;" for s in shared.values()]
    with torch.no_grad():
        variant = _variant(function, inputs, shared, {}, "v0_", slots, bodies)
    body = "\n".join([*bodies, _entry_points(1, slots)])
    start = {name: part.flatten().tolist() for name, part in places.items()}
    return {"wasm": _assembled(body), "variants": [variant], "start": start, "block": block}


def _assembled(body: str) -> str:
    """The module of a C text; a text that was met before is not compiled again."""
    key = cache.key(["step", hashlib.sha256(body.encode()).hexdigest()], [])
    known = cache.load(key)
    if known is None:
        known = {"wasm": base64.b64encode(zlib.compress(_assemble(body), 9)).decode()}
        cache.store(key, known)
    return known["wasm"]


def rendered(step: Step, state: Mapping[str, Tensor], names: list[str], phrase: list[list[float]]) -> Tensor:
    """Play a phrase by PyTorch, block after block: what the page must give.

    Args:
        step, state: as in `check_step`.
        names: of the controls.
        phrase: a value of each control, for each block.

    Returns:
        The sound (blocks * samples,).

    Raises:
        Nothing of its own.

    Source: none. Chapter: systems/latency.

    >>> rendered(lambda state, gain: (gain * torch.ones(2), state), {}, ["gain"], [[1.0], [0.5]])
    tensor([1.0000, 1.0000, 0.5000, 0.5000])
    """
    now, blocks = dict(state), []
    with torch.no_grad():
        for row in phrase:
            audio, now = step(now, **{name: torch.tensor(value) for name, value in zip(names, row, strict=True)})
            now = {name: part.float() for name, part in now.items()}
            blocks.append(audio.float())
    return torch.cat(blocks)


def run(engine: Mapping[str, Any], names: list[str], phrase: list[list[float]]) -> Tensor:
    """Play a phrase by the compiled module, here (wasmtime).

    Args:
        engine: from `compile_step`.
        names, phrase: as in `rendered`.

    Returns:
        The sound (blocks * samples,).

    Raises:
        Nothing of its own.

    Source: none. Chapter: systems/latency.

    >>> engine = compile_step(lambda state, gain: (gain * torch.ones(2), state), {}, {"gain": 0.5})
    >>> run(engine, ["gain"], [[1.0], [0.5]])
    tensor([1.0000, 1.0000, 0.5000, 0.5000])
    """
    model = Model({"wasm": engine["wasm"], "variants": engine["variants"]})
    now, blocks = dict(engine["start"]), []
    for row in phrase:
        out = model.run({**dict(zip(names, row, strict=True)), **now})["outputs"]
        blocks.append(torch.from_numpy(out["audio"].reshape(-1)))
        now = {name: out[name].reshape(-1) for name in now}
    return torch.cat(blocks)


def arpeggio(low: float, high: float, soft: float, loud: float, blocks: int) -> list[list[float]]:
    """A phrase of five notes for any instrument: up a major chord, each note louder and then softer.

    Args:
        low, high: range of the pitch in Hz.
        soft, loud: range of the loudness.
        blocks: how many.

    Returns:
        Pitch and loudness for each block.

    Raises:
        Nothing.

    Source: none. Chapter: systems/latency.

    >>> arpeggio(100.0, 800.0, -60.0, 0.0, 5)[0][0]
    168.179...
    """
    middle = math.sqrt(low * high) * 2**-0.75
    rows = []
    for n in range(blocks):
        note, place = divmod(5 * n / blocks, 1)
        pitch = middle * 2 ** ((0, 4, 7, 12, 7)[int(note)] / 12)
        level = soft + (loud - soft) * (0.35 + 0.5 * math.sin(math.pi * min(1.0, place + 0.1)))
        rows.append([min(high, max(low, pitch)), level])
    return rows
