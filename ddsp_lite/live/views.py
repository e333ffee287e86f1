"""Views: the same elements at other indices; free on memory (strides), a rewritten index on formulas."""

from __future__ import annotations

import torch

from .ir import Index, Value, add, contiguous_strides, in_memory, multiply, remapped
from .lowering import Lowering, lowers

aten = torch.ops.aten


@lowers(
    aten.detach.default,
    aten.alias.default,
    aten.clone.default,
    aten.detach_copy.default,
    aten.alias_copy.default,
    aten.lift_fresh_copy.default,
    aten.contiguous.default,
)
def _same(low: Lowering, node: torch.fx.Node, x: Value, **_: object) -> Value:
    return x


@lowers(aten.copy.default)
def _copy(low: Lowering, node: torch.fx.Node, x: Value, source: Value, *_: object) -> Value:
    return _expand(low, node, low.cast(source, x.dtype))


@lowers(aten.expand.default, aten.expand_copy.default)
def _expand(low: Lowering, node: torch.fx.Node, x: Value, *_: object) -> Value:
    return low.broadcast(x, low.shape(node))


@lowers(
    aten.view.default,
    aten.view_copy.default,
    aten.reshape.default,
    aten._unsafe_view.default,
    aten._reshape_copy.default,
    aten._reshape_alias_copy.default,
    aten.unsqueeze.default,
    aten.unsqueeze_copy.default,
    aten.squeeze.default,
    aten.squeeze_copy.default,
    aten.squeeze.dim,
    aten.squeeze_copy.dim,
    aten.squeeze.dims,
    aten.squeeze_copy.dims,
    aten.flatten.using_ints,
)
def _reshape(low: Lowering, node: torch.fx.Node, x: Value, *_: object) -> Value:
    return reshape(low, x, low.shape(node), low.stages[node])


def reshape(low: Lowering, x: Value, shape: tuple[int, ...], stage: int) -> Value:
    """``x`` in another shape with the same elements in the same order; dimensions that merge need memory."""
    if shape == x.shape:
        return x
    if x.storage is None or not _restride(x, shape):
        split = _split_only(x.shape, shape)
        if split is not None and x.storage is None:
            return remapped(x, shape, split)
        if not x.is_contiguous:
            x = low.realise(x, stage, copy=True)
    return in_memory(x.storage, shape, _restride(x, shape) or contiguous_strides(shape), x.offset)


def _restride(x: Value, shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """Strides of ``shape`` on the memory of ``x``, or None where a copy is needed (empty shape: no strides)."""
    if x.is_contiguous:
        return contiguous_strides(shape)
    try:
        base = torch.empty(0, device="meta").as_strided(x.shape, x.strides) if all(s >= 0 for s in x.strides) else None
        return None if base is None else tuple(base.view(shape).stride())
    except RuntimeError:
        return None


def _split_only(old: tuple[int, ...], new: tuple[int, ...]):
    """The index map of a reshape that only splits, adds or drops dimensions (no division needed), or None."""
    pending = [p for p, size in enumerate(new) if size != 1]
    groups: list[list[int]] = []
    for size in old:
        group, product = [], 1
        while product < size and pending:
            group.append(pending.pop(0))
            product *= new[group[-1]]
        if product != size:
            return None
        groups.append(group)
    if pending:
        return None

    def index_of(index: tuple[Index, ...]) -> tuple[Index, ...]:
        places: list[Index] = []
        for group in groups:
            place: Index = 0
            for p in group:
                place = add(multiply(place, new[p]), index[p])
            places.append(place)
        return tuple(places)

    return index_of


@lowers(aten.permute.default, aten.permute_copy.default)
def _permute(low: Lowering, node: torch.fx.Node, x: Value, dims: list[int]) -> Value:
    order = [d % len(x.shape) for d in dims]
    shape = tuple(x.shape[d] for d in order)
    if x.storage is not None:
        return in_memory(x.storage, shape, tuple(x.strides[d] for d in order), x.offset)
    inverse = [order.index(d) for d in range(len(order))]
    return remapped(x, shape, lambda index: tuple(index[i] for i in inverse))


@lowers(aten.transpose.int, aten.transpose_copy.int, aten.t.default, aten.t_copy.default)
def _transpose(low: Lowering, node: torch.fx.Node, x: Value, first: int = 0, second: int = 1) -> Value:
    order = list(range(len(x.shape)))
    if len(order) < 2:
        return x
    order[first], order[second] = order[second], order[first]
    return _permute(low, node, x, order)


@lowers(aten.slice.Tensor, aten.slice_copy.Tensor)
def _slice(
    low: Lowering, node: torch.fx.Node, x: Value, dim: int = 0, start: int | None = None, *_: object, step: int = 1
) -> Value:
    dim %= len(x.shape)
    arguments = list(node.args)
    step = arguments[4] if len(arguments) > 4 else step
    size = x.shape[dim]
    first = 0 if start is None else min(max(start + size if start < 0 else start, 0), size)
    return strided(x, dim, first, step, low.shape(node))


def strided(x: Value, dim: int, first: int, step: int, shape: tuple[int, ...]) -> Value:
    """``x`` from ``first`` in steps of ``step`` (which may be negative) along one dimension."""
    if x.storage is not None:
        strides = list(x.strides)
        offset = add(x.offset, first * strides[dim])
        strides[dim] *= step
        return in_memory(x.storage, shape, tuple(strides), offset)

    def index_of(index: tuple[Index, ...]) -> tuple[Index, ...]:
        place = add(first, multiply(index[dim], step))
        return (*index[:dim], place, *index[dim + 1 :])

    return remapped(x, shape, index_of)


@lowers(aten.select.int, aten.select_copy.int)
def _select(low: Lowering, node: torch.fx.Node, x: Value, dim: int, place: int) -> Value:
    dim %= len(x.shape)
    place %= x.shape[dim]
    if x.storage is not None:
        strides = (*x.strides[:dim], *x.strides[dim + 1 :])
        return in_memory(x.storage, low.shape(node), strides, add(x.offset, place * x.strides[dim]))
    return remapped(x, low.shape(node), lambda index: (*index[:dim], place, *index[dim:]))


@lowers(aten.unbind.int, aten.unbind_copy.int)
def _unbind(low: Lowering, node: torch.fx.Node, x: Value, dim: int = 0) -> list[Value]:
    dim %= len(x.shape)
    shape = (*x.shape[:dim], *x.shape[dim + 1 :])
    single = (*x.shape[:dim], 1, *x.shape[dim + 1 :])
    parts = [strided(x, dim, k, 1, single) for k in range(x.shape[dim])]
    return [reshape(low, part, shape, low.stages[node]) for part in parts]


@lowers(aten.split.Tensor, aten.split_copy.Tensor, aten.split_with_sizes.default, aten.split_with_sizes_copy.default)
def _split(low: Lowering, node: torch.fx.Node, x: Value, sizes: int | list[int], dim: int = 0) -> list[Value]:
    dim %= len(x.shape)
    total = x.shape[dim]
    if isinstance(sizes, int):
        sizes = [min(sizes, total - start) for start in range(0, total, sizes)]
    starts = [sum(sizes[:k]) for k in range(len(sizes))]
    return [
        strided(x, dim, start, 1, (*x.shape[:dim], size, *x.shape[dim + 1 :]))
        for start, size in zip(starts, sizes, strict=True)
    ]


@lowers(aten.flip.default)
def _flip(low: Lowering, node: torch.fx.Node, x: Value, dims: list[int]) -> Value:
    for dim in dims:
        dim %= len(x.shape)
        x = strided(x, dim, x.shape[dim] - 1, -1, x.shape)
    return x


@lowers(aten.unfold.default, aten.unfold_copy.default)
def _unfold(low: Lowering, node: torch.fx.Node, x: Value, dim: int, size: int, step: int) -> Value:
    dim %= len(x.shape)
    shape = low.shape(node)
    if x.storage is None and x.cost > 0:
        x = low.realise(x, low.stages[node])
    if x.storage is not None:
        strides = (*x.strides[:dim], x.strides[dim] * step, *x.strides[dim + 1 :], x.strides[dim])
        return in_memory(x.storage, shape, strides, x.offset)

    def index_of(index: tuple[Index, ...]) -> tuple[Index, ...]:
        return (*index[:dim], add(multiply(index[dim], step), index[-1]), *index[dim + 1 : -1])

    return remapped(x, shape, index_of)


@lowers(aten.as_strided.default, aten.as_strided_copy.default)
def _as_strided(
    low: Lowering, node: torch.fx.Node, x: Value, size: list[int], stride: list[int], offset: int = 0
) -> Value:
    if not x.is_contiguous:
        x = low.realise(x, low.stages[node], copy=True)
    return in_memory(x.storage, tuple(size), tuple(stride), offset or 0)


@lowers(aten.select_backward.default)
def _select_backward(low: Lowering, node: torch.fx.Node, x: Value, sizes: list[int], dim: int, place: int) -> Value:
    dim %= len(sizes)
    place %= sizes[dim]
    shape = tuple(sizes)
    if shape[dim] == 1:
        return remapped(x, shape, lambda index: (*index[:dim], *index[dim + 1 :]))
    zero = low.zero(x.dtype)

    def formula(loop, index):
        inner = (*index[:dim], *index[dim + 1 :])
        if isinstance(index[dim], int):
            return x.at(loop, inner) if index[dim] == place else zero
        chosen = x.at(loop, inner)
        if isinstance(chosen, tuple):
            return tuple(f"({index[dim]}=={place}?{part}:0)" for part in chosen)
        return f"({index[dim]}=={place}?{chosen}:0)"

    return Value(shape, x.dtype, formula, x.cost + 1)


@lowers(aten.view_as_real.default, aten.view_as_real_copy.default)
def _view_as_real(low: Lowering, node: torch.fx.Node, x: Value) -> Value:
    shape = low.shape(node)
    real = low.dtype(node)

    def formula(loop, index):
        re, im = x.at(loop, index[:-1])
        if isinstance(index[-1], int):
            return (re, im)[index[-1]]
        return f"({index[-1]}?{im}:{re})"

    return Value(shape, real, formula, x.cost)


@lowers(aten.view_as_complex.default, aten.view_as_complex_copy.default)
def _view_as_complex(low: Lowering, node: torch.fx.Node, x: Value) -> Value:
    return Value(low.shape(node), low.dtype(node), lambda loop, i: (x.at(loop, (*i, 0)), x.at(loop, (*i, 1))), x.cost)


@lowers(aten.real.default)
def _real(low: Lowering, node: torch.fx.Node, x: Value) -> Value:
    return Value(x.shape, low.dtype(node), lambda loop, index: x.at(loop, index)[0], x.cost)


@lowers(aten.imag.default)
def _imag(low: Lowering, node: torch.fx.Node, x: Value) -> Value:
    return Value(x.shape, low.dtype(node), lambda loop, index: x.at(loop, index)[1], x.cost)
