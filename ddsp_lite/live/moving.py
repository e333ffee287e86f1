"""Filters that move from sample to sample: operations of `ddsp_lite.filters` that the C runtime does."""

from __future__ import annotations

import torch

from .ir import Value
from .lowering import Lowering, lowers

# The functions of runtime/varying.h, by which a program is known to need it.
FUNCTIONS = r"\b(?:varying_biquad|varying_one_pole|all_pole|state_variable)(?:_backward)?_[fd]+\("


def _call(
    low: Lowering, node: torch.fx.Node, name: str, inputs: tuple[Value, ...], like: tuple[Value, ...], *numbers: float
) -> tuple[Value, ...]:
    """Emit one call: pointers to the inputs, to new results with the shapes and types of ``like``, then numbers."""
    stage = low.stages[node]
    results = tuple(low.allocate(v.shape, v.dtype) for v in like)
    pointers = [low.pointer(v, stage) for v in inputs] + [r.storage.name for r in results]
    low.emit(stage, f"{name}({','.join([*pointers, *map(repr, numbers)])});")
    return results


def _kinds(*values: Value) -> str:
    return "".join("f" if v.dtype == torch.float32 else "d" for v in values)


def _varying(name: str) -> None:
    def forward(low: Lowering, node: torch.fx.Node, x: Value, b: Value, a: Value) -> Value | tuple[Value, Value]:
        (y,) = _call(low, node, f"{name}_{_kinds(x, b)}", (x, b, a), (x,), *x.shape)
        return (y, y) if name == "varying_biquad" else y  # whose backward takes the output in the sound's type here

    def backward(low: Lowering, node: torch.fx.Node, grad: Value, x: Value, y: Value, b: Value, a: Value) -> tuple:
        return _call(low, node, f"{name}_backward_{_kinds(x, b)}", (grad, x, y, b, a), (x, b, a), *x.shape)

    lowers(getattr(torch.ops.ddsp_lite, name).default)(forward)
    lowers(getattr(torch.ops.ddsp_lite, f"{name}_backward").default)(backward)


def _all_pole(low: Lowering, node: torch.fx.Node, x: Value, a: Value) -> Value:
    return _call(low, node, f"all_pole_{_kinds(x)}", (x, a), (x,), *x.shape, *a.shape[1:])[0]


def _all_pole_backward(low: Lowering, node: torch.fx.Node, grad: Value, y: Value, a: Value) -> tuple:
    return _call(low, node, f"all_pole_backward_{_kinds(y)}", (grad, y, a), (y, a), *y.shape, *a.shape[1:])


def _state_variable(low: Lowering, node: torch.fx.Node, x: Value, g: Value, k: Value, *mix: float) -> tuple:
    return _call(low, node, f"state_variable_{_kinds(x)}", (x, g, k), (x, x, x), *x.shape, *mix)


def _state_variable_backward(
    low: Lowering,
    node: torch.fx.Node,
    grad: Value,
    x: Value,
    g: Value,
    k: Value,
    band: Value,
    low_output: Value,
    *mix: float,
) -> tuple:
    inputs = (grad, x, g, k, band, low_output)
    return _call(low, node, f"state_variable_backward_{_kinds(x)}", inputs, (x, g, k), *x.shape, *mix)


def register_moving_filters() -> None:
    """Let the package's moving filters compile; called once `ddsp_lite.filters` has defined them."""
    from .. import filters  # noqa: F401 - defines the operations

    for name in ("varying_biquad", "varying_one_pole"):
        _varying(name)
    for name, rule in (
        ("all_pole", _all_pole),
        ("all_pole_backward", _all_pole_backward),
        ("state_variable", _state_variable),
        ("state_variable_backward", _state_variable_backward),
    ):
        lowers(getattr(torch.ops.ddsp_lite, name).default)(rule)
