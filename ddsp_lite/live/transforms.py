"""Fourier transforms and the package's own recursions: operations that the C runtime does."""

from __future__ import annotations

import math

import torch

from .ir import C_TYPES, Index, Loop, Value
from .lowering import Lowering, lowers
from .trace import real_inverse_of_half

aten = torch.ops.aten


def _transform_size(size: int) -> int:
    if size & (size - 1) or size < 4:
        raise NotImplementedError(f"a transform of {size} points: sizes must be powers of two, 4 or more")
    return size


def _last(low: Lowering, x: Value, dims: list[int]) -> None:
    if [d % len(x.shape) for d in dims] != [len(x.shape) - 1]:
        raise NotImplementedError("transforms along another than the last dimension")


def _scaled(size: int, mode: int) -> str:
    return repr({0: 1.0, 1: size**-0.5, 2: 1.0 / size}[mode])


def _call(
    low: Lowering,
    node: torch.fx.Node,
    name: str,
    x: Value,
    size: int,
    scale: str,
    *,
    shape: tuple | None = None,
    dtype: torch.dtype | None = None,
) -> Value:
    stage = low.stages[node]
    kind = "f" if C_TYPES[x.dtype] == "float" else "d"
    source = low.pointer(x, stage)
    result = low.allocate(shape or low.shape(node), dtype or low.dtype(node))
    rows = math.prod(x.shape[:-1])
    low.emit(stage, f"{name}_{kind}({source},{result.storage.name},{rows},{size},{scale});")
    return result


@lowers(aten._fft_r2c.default)
def _real_transform(low: Lowering, node: torch.fx.Node, x: Value, dims: list[int], mode: int, onesided: bool) -> Value:
    _last(low, x, dims)
    if not onesided:
        raise NotImplementedError("a two-sided real transform")
    size = _transform_size(x.shape[-1])
    return _call(low, node, "rfft", x, size, _scaled(size, mode))


@lowers(aten._fft_c2r.default)
def _real_inverse(low: Lowering, node: torch.fx.Node, x: Value, dims: list[int], mode: int, size: int) -> Value:
    _last(low, x, dims)
    return _call(low, node, "irfft", x, _transform_size(size), _scaled(size, mode))


@lowers(real_inverse_of_half)
def _real_inverse_of_half(low: Lowering, node: torch.fx.Node, x: Value, size: int) -> Value:
    last = size // 2

    def formula(loop: Loop, index: tuple[Index, ...]) -> tuple[str, str]:
        re, im = x.at(loop, index)
        half = f"(({index[-1]}==0||{index[-1]}=={last})?1.0f:0.5f)"
        return f"({re}*{half})", f"({im}*{half})"

    return _call(low, node, "irfft", Value(x.shape, x.dtype, formula, x.cost + 3), _transform_size(size), "1.0")


@lowers(aten._fft_c2c.default)
def _complex_transform(
    low: Lowering, node: torch.fx.Node, x: Value, dims: list[int], mode: int, forward: bool
) -> Value:
    _last(low, x, dims)
    size = _transform_size(x.shape[-1])
    return _call(low, node, "cfft" if forward else "icfft", x, size, _scaled(size, mode))


def _recursion(low: Lowering, node: torch.fx.Node, x: Value, b: Value, a: Value) -> Value:
    stage = low.stages[node]
    result = low.allocate(low.shape(node), low.dtype(node))
    kind = "f" if x.dtype == torch.float32 else "d"
    pointers = ",".join(low.pointer(v, stage) for v in (x, b, a))
    low.emit(stage, f"recursion_{kind}({pointers},{result.storage.name},{x.shape[0]},{x.shape[1]},{b.shape[1]});")
    return result


def _recursion_backward(
    low: Lowering, node: torch.fx.Node, gradient: Value, x: Value, y: Value, b: Value, a: Value
) -> tuple:
    stage = low.stages[node]
    kind = "f" if x.dtype == torch.float32 else "d"
    results = tuple(low.allocate(v.shape, v.dtype) for v in (x, b, a))
    pointers = ",".join(low.pointer(v, stage) for v in (gradient, x, y, b, a))
    outs = ",".join(r.storage.name for r in results)
    low.emit(stage, f"recursion_backward_{kind}({pointers},{outs},{x.shape[0]},{x.shape[1]},{b.shape[1]});")
    return results


def register_recursions() -> None:
    """Let the package's custom operations compile; called once `ddsp_lite.filters` has defined them."""
    from .. import filters  # noqa: F401 - defines the operations

    lowers(torch.ops.ddsp_lite.recursion.default)(_recursion)
    lowers(torch.ops.ddsp_lite.recursion_backward.default)(_recursion_backward)
