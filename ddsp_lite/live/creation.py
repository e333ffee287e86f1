"""Tensors made of nothing: filled, counted, evenly spaced."""

from __future__ import annotations

import math

import torch

from .ir import C_TYPES, Value, filled, literal
from .lowering import Lowering, lowers

aten = torch.ops.aten


@lowers(aten.full.default, aten.full_like.default, aten.new_full.default, aten.scalar_tensor.default)
def _full(low: Lowering, node: torch.fx.Node, *arguments: object, **_: object) -> Value:
    number = arguments[-1]
    if isinstance(number, Value):
        return low.broadcast(low.cast(number, low.dtype(node)), low.shape(node))
    return filled(low.shape(node), low.dtype(node), number)


@lowers(
    aten.zeros.default,
    aten.zeros_like.default,
    aten.new_zeros.default,
    aten.empty.memory_format,
    aten.empty_like.default,
    aten.new_empty.default,
)
def _zeros(low: Lowering, node: torch.fx.Node, *_: object, **__: object) -> Value:
    return filled(low.shape(node), low.dtype(node), 0.0)


@lowers(aten.ones.default, aten.ones_like.default, aten.new_ones.default)
def _ones(low: Lowering, node: torch.fx.Node, *_: object, **__: object) -> Value:
    return filled(low.shape(node), low.dtype(node), 1.0)


@lowers(aten.arange.default, aten.arange.start, aten.arange.start_step)
def _arange(low: Lowering, node: torch.fx.Node, *bounds: float, **_: object) -> Value:
    start, step = (bounds[0], bounds[2] if len(bounds) > 2 else 1) if len(bounds) > 1 else (0, 1)
    dtype = low.dtype(node)
    wide = torch.float64 if dtype.is_floating_point else dtype
    kind = C_TYPES[dtype]

    def formula(loop, index):
        return f"(({kind})({literal(start, wide)}+{index[0]}*{literal(step, wide)}))"

    return Value(low.shape(node), dtype, formula, 1 if math.prod(low.shape(node)) > 1 else 0)


@lowers(aten.linspace.default)
def _linspace(low: Lowering, node: torch.fx.Node, start: float, end: float, steps: int, **_: object) -> Value:
    step = (end - start) / max(steps - 1, 1)
    kind = C_TYPES[low.dtype(node)]
    return Value(low.shape(node), low.dtype(node), lambda loop, i: f"(({kind})({start!r}+{i[0]}*{step!r}))", 2)
