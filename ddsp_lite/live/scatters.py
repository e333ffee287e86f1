"""Joins, paddings, gathers and scatters: operations that place elements elsewhere in memory."""

from __future__ import annotations

import torch

from .ir import Index, Loop, Value, add, in_memory, literal
from .lowering import Lowering, lowers
from .views import reshape, strided

aten = torch.ops.aten


def _window(low: Lowering, memory: Value, starts: list[int], shape: tuple[int, ...]) -> Value:
    offset: Index = memory.offset
    for start, stride in zip(starts, memory.strides, strict=True):
        offset = add(offset, start * stride)
    return in_memory(memory.storage, shape, memory.strides, offset)


@lowers(aten.cat.default)
def _cat(low: Lowering, node: torch.fx.Node, parts: list[Value], dim: int = 0) -> Value:
    shape, dtype, stage = low.shape(node), low.dtype(node), low.stages[node]
    dim %= len(shape)
    result = low.allocate(shape, dtype)
    start = 0
    for part in parts:
        if part.shape == (0,):
            continue
        place = [start if d == dim else 0 for d in range(len(shape))]
        low.fill(stage, _window(low, result, place, part.shape), low.cast(part, dtype))
        start += part.shape[dim]
    return result


@lowers(aten.stack.default)
def _stack(low: Lowering, node: torch.fx.Node, parts: list[Value], dim: int = 0) -> Value:
    shape = low.shape(node)
    dim %= len(shape)
    single = tuple(1 if d == dim else n for d, n in enumerate(shape))
    return _cat(low, node, [reshape(low, p, single, low.stages[node]) for p in parts], dim)


@lowers(aten.constant_pad_nd.default)
def _pad(low: Lowering, node: torch.fx.Node, x: Value, padding: list[int], value: float = 0.0) -> Value:
    shape, stage = low.shape(node), low.stages[node]
    rank = len(shape)
    before = [0] * rank
    for d in range(len(padding) // 2):
        before[rank - 1 - d] = padding[2 * d]
    inner = x
    for d in range(rank):  # negative padding crops
        first = max(-before[d], 0)
        size = min(x.shape[d] - first, shape[d] - max(before[d], 0))
        inner = strided(inner, d, first, 1, (*inner.shape[:d], size, *inner.shape[d + 1 :]))
    if inner.shape == shape:
        return inner
    result = low.allocate(shape, x.dtype)
    text = literal(value, x.dtype)
    low.loops(stage, shape, lambda _, i: low.store(result, i, (text, "0") if x.dtype.is_complex else text))
    low.fill(stage, _window(low, result, [max(b, 0) for b in before], inner.shape), inner)
    return result


def _with_window(
    low: Lowering, node: torch.fx.Node, base: Value, source: Value, dim: int, start: int, step: int
) -> Value:
    stage = low.stages[node]
    result = low.allocate(base.shape, base.dtype)
    low.fill(stage, result, base)
    strides = tuple(s * step if d == dim else s for d, s in enumerate(result.strides))
    window = in_memory(result.storage, source.shape, strides, start * result.strides[dim])
    low.fill(stage, window, low.cast(source, base.dtype))
    return result


@lowers(aten.slice_scatter.default)
def _slice_scatter(
    low: Lowering,
    node: torch.fx.Node,
    base: Value,
    source: Value,
    dim: int = 0,
    start: int | None = None,
    end: int | None = None,
    step: int = 1,
) -> Value:
    dim %= len(base.shape)
    start = start or 0
    return _with_window(low, node, base, source, dim, start + base.shape[dim] if start < 0 else start, step)


@lowers(aten.slice_backward.default)
def _slice_backward(
    low: Lowering, node: torch.fx.Node, gradient: Value, sizes: list[int], dim: int, start: int, end: int, step: int
) -> Value:
    zero = low.zero(gradient.dtype)
    base = Value(tuple(sizes), gradient.dtype, lambda loop, i: zero)
    dim %= len(sizes)
    return _with_window(low, node, base, gradient, dim, start + sizes[dim] if start < 0 else start, step)


@lowers(aten.select_scatter.default)
def _select_scatter(low: Lowering, node: torch.fx.Node, base: Value, source: Value, dim: int, place: int) -> Value:
    dim %= len(base.shape)
    shape = tuple(1 if d == dim else n for d, n in enumerate(base.shape))
    source = reshape(low, source, shape, low.stages[node])
    return _with_window(low, node, base, source, dim, place % base.shape[dim], 1)


@lowers(aten.unfold_backward.default)
def _unfold_backward(
    low: Lowering, node: torch.fx.Node, gradient: Value, sizes: list[int], dim: int, size: int, step: int
) -> Value:
    dim %= len(sizes)
    stage = low.stages[node]
    result = low.allocate(tuple(sizes), gradient.dtype)
    low.loops(stage, result.shape, lambda _, i: low.store(result, i, low.zero(gradient.dtype)))
    strides = (*result.strides[:dim], result.strides[dim] * step, *result.strides[dim + 1 :], result.strides[dim])
    frames = in_memory(result.storage, gradient.shape, strides)
    low.loops(stage, gradient.shape, lambda loop, i: low.store(frames, i, gradient.at(loop, i), "+="))
    return result


@lowers(aten.index.Tensor)
def _index(low: Lowering, node: torch.fx.Node, x: Value, places: list[Value | None]) -> Value:
    x = low.realise(x, low.stages[node])
    active = [d for d, p in enumerate(places) if p is not None]
    if active != list(range(active[0], active[-1] + 1)):
        raise NotImplementedError("indices with gaps between them")
    shape = low.shape(node)
    common = torch.broadcast_shapes(*(places[d].shape for d in active))
    indices = [low.broadcast(places[d], tuple(common)) for d in active]
    first, width = active[0], len(common)

    def formula(loop: Loop, index: tuple[Index, ...]) -> object:
        inner = index[first : first + width]
        gathered = []
        for d, place in zip(active, indices, strict=True):
            text = place.at(loop, inner)
            gathered.append(loop.let(torch.int64, f"({text}<0?{text}+{x.shape[d]}:{text})"))
        return x.at(loop, (*index[:first], *gathered, *index[first + width :]))

    return Value(shape, x.dtype, formula, 4)


@lowers(aten.index_select.default)
def _index_select(low: Lowering, node: torch.fx.Node, x: Value, dim: int, place: Value) -> Value:
    return _index(low, node, x, [None] * (dim % len(x.shape)) + [place])


@lowers(aten.gather.default)
def _gather(low: Lowering, node: torch.fx.Node, x: Value, dim: int, place: Value, **_: object) -> Value:
    x = low.realise(x, low.stages[node])
    dim %= len(x.shape)
    return Value(place.shape, x.dtype, lambda loop, i: x.at(loop, (*i[:dim], place.at(loop, i), *i[dim + 1 :])), 4)


@lowers(aten.index_put.default, aten._unsafe_index_put.default)
def _index_put(
    low: Lowering, node: torch.fx.Node, base: Value, places: list[Value | None], source: Value, accumulate: bool = False
) -> Value:
    if any(p is None for p in places) or len(places) != 1:
        raise NotImplementedError("only an index into the first dimension")
    place = places[0]
    return _scatter_rows(low, node, base, place, source, accumulate)


@lowers(aten.index_add.default)
def _index_add(
    low: Lowering, node: torch.fx.Node, base: Value, dim: int, place: Value, source: Value, **_: object
) -> Value:
    if dim % len(base.shape) != 0:
        raise NotImplementedError("only along the first dimension")
    return _scatter_rows(low, node, base, place, source, True)


def _scatter_rows(
    low: Lowering, node: torch.fx.Node, base: Value, place: Value, source: Value, accumulate: bool
) -> Value:
    stage = low.stages[node]
    result = low.allocate(base.shape, base.dtype)
    low.fill(stage, result, base)
    shape = (*place.shape, *base.shape[1:])
    source = low.broadcast(low.cast(source, base.dtype), shape)
    width = len(place.shape)

    def body(loop: Loop, index: tuple[Index, ...]) -> list[str]:
        row = place.at(loop, index[:width])
        row = loop.let(torch.int64, f"({row}<0?{row}+{base.shape[0]}:{row})")
        return low.store(result, (row, *index[width:]), source.at(loop, index), "+=" if accumulate else "=")

    low.loops(stage, shape, body)
    return result


@lowers(aten.scatter_add.default)
def _scatter_add(low: Lowering, node: torch.fx.Node, base: Value, dim: int, place: Value, source: Value) -> Value:
    stage = low.stages[node]
    dim %= len(base.shape)
    result = low.allocate(base.shape, base.dtype)
    low.fill(stage, result, base)
    low.loops(
        stage,
        place.shape,
        lambda loop, i: low.store(result, (*i[:dim], place.at(loop, i), *i[dim + 1 :]), source.at(loop, i), "+="),
    )
    return result
