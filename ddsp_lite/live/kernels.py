"""Operations that own their memory: sums, joins, scatters, products of matrices, transforms and recursions."""

from __future__ import annotations

import math

import torch

from .ir import C_TYPES, Index, Loop, Value, add, in_memory, literal
from .lowering import Lowering, lowers
from .trace import real_inverse_of_half
from .views import reshape

aten = torch.ops.aten
_REASSOCIATE = "_Pragma(\"clang fp reassociate(on)\")"


# ---------------------------------------------------------------------- sums and extremes


def _reduce(low: Lowering, node: torch.fx.Node, x: Value, dims: object, keep: bool, kind: str) -> Value:
    stage = low.stages[node]
    rank = len(x.shape)
    axes = sorted({d % rank for d in dims}) if dims else list(range(rank))
    dtype = low.dtype(node)
    out_shape = low.shape(node)
    kept_shape = tuple(1 if d in axes else n for d, n in enumerate(x.shape))
    count = math.prod(x.shape[d] for d in axes)
    source = low.cast(x, dtype) if kind in ("sum", "mean") else x
    result = low.allocate(kept_shape, dtype)
    start = {"sum": "0", "mean": "0", "amax": "-__builtin_inf()", "amin": "__builtin_inf()", "prod": "1"}[kind]
    parts = ("r", "j") if dtype.is_complex else ("r",)

    def update(names: tuple[str, ...], element: object) -> str:
        element = element if isinstance(element, tuple) else (element,)
        if kind in ("amax", "amin"):
            sign = ">" if kind == "amax" else "<"
            return "".join(f"if({e}{sign}{n})" f"{n}={e};" for n, e in zip(names, element, strict=True))
        return "".join(f"{n}{'*' if kind == 'prod' else '+'}={e};" for n, e in zip(names, element, strict=True))

    scale = f"*{literal(1.0 / count, torch.float64)}" if kind == "mean" else ""
    names = tuple(0 if n == 1 else f"i{d}" for d, n in enumerate(x.shape))
    heads = [f"for(int i{d}=0;i{d}<{n};i{d}++)" if n != 1 else "" for d, n in enumerate(x.shape)]
    loop = Loop()
    element = source.at(loop, names)
    kept_index = tuple(0 if d in axes else i for d, i in enumerate(names))
    if not axes or min(axes) > max((d for d in range(rank) if d not in axes and x.shape[d] > 1), default=-1):
        outer = "".join(h for d, h in enumerate(heads) if d not in axes)
        inner = "".join(h for d, h in enumerate(heads) if d in axes)
        declared = "".join(f"{C_TYPES[dtype]} {p}={start};" for p in parts)
        written = "".join(low.store(result, kept_index, tuple(f"{p}{scale}" for p in parts) if dtype.is_complex else f"r{scale}"))
        low.emit(stage, f"{outer}{{{_REASSOCIATE} {declared}{inner}{{{' '.join(loop.lines)}{update(parts, element)}}}{written}}}")
    else:  # the kept dimension runs fastest: accumulate rows into memory
        low.loops(stage, kept_shape, lambda _, i: low.store(result, i, (start, start) if dtype.is_complex else start))
        place = result.formula(Loop(), kept_index)
        places = place if isinstance(place, tuple) else (place,)
        low.emit(stage, f"{''.join(heads)}{{{' '.join(loop.lines)}{update(places, element)}}}")
        if scale:
            low.loops(stage, kept_shape, lambda _, i: low.store(result, i, (scale[1:],) * 2 if dtype.is_complex else scale[1:], "*="))
    return reshape(low, result, out_shape, stage)


def _register_reduction(kind: str, *targets: object) -> None:
    @lowers(*targets)
    def lower(low: Lowering, node: torch.fx.Node, x: Value, dims: object = None, keepdim: bool = False, **_: object) -> Value:
        return _reduce(low, node, x, [dims] if isinstance(dims, int) else dims, keepdim, kind)


_register_reduction("sum", aten.sum.default, aten.sum.dim_IntList)
_register_reduction("mean", aten.mean.default, aten.mean.dim)
_register_reduction("amax", aten.amax.default, aten.max.default)
_register_reduction("amin", aten.amin.default, aten.min.default)
_register_reduction("prod", aten.prod.default, aten.prod.dim_int)


@lowers(aten.linalg_vector_norm.default)
def _norm(low: Lowering, node: torch.fx.Node, x: Value, order: float = 2, dims: object = None, keepdim: bool = False,
          **_: object) -> Value:
    if order not in (1, 2):
        raise NotImplementedError(f"a norm of order {order}")
    real = low.dtype(node)

    def formula(loop: Loop, index: tuple[Index, ...]) -> str:
        e = x.at(loop, index)
        if isinstance(e, tuple):
            square = f"({e[0]}*{e[0]}+{e[1]}*{e[1]})"
            return square if order == 2 else f"__builtin_sqrt({square})"
        return f"({e}*{e})" if order == 2 else f"({e}<0?-{e}:{e})"

    total = _reduce(low, node, Value(x.shape, real, formula, x.cost + 2), dims, keepdim, "sum")
    if order == 1:
        return total
    return low.realise(Value(total.shape, real, lambda loop, i: f"__builtin_sqrt({total.at(loop, i)})", 8), low.stages[node])


@lowers(aten.cumsum.default)
def _cumsum(low: Lowering, node: torch.fx.Node, x: Value, dim: int, **_: object) -> Value:
    stage, dtype = low.stages[node], low.dtype(node)
    if not x.shape:
        return low.cast(x, dtype)
    dim %= len(x.shape)
    result = low.allocate(x.shape, dtype)
    source = low.cast(x, dtype)
    names = tuple(0 if n == 1 else f"i{d}" for d, n in enumerate(x.shape))
    loop = Loop()
    element = source.at(loop, names)
    heads = [f"for(int i{d}=0;i{d}<{n};i{d}++)" if n != 1 else "" for d, n in enumerate(x.shape)]
    outer = "".join(h for d, h in enumerate(heads) if d != dim)
    if dtype.is_complex:
        raise NotImplementedError("complex numbers")
    wide = "double" if dtype.is_floating_point else "int"
    low.emit(stage, f"{outer}{{{wide} r=0;{heads[dim]}{{{' '.join(loop.lines)}r+={element};{''.join(low.store(result, names, 'r'))}}}}}")
    return result


# ---------------------------------------------------------------------- joins and scatters


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
    from .views import strided

    inner = x
    for d in range(rank):  # negative padding crops
        first = max(-before[d], 0)
        size = min(x.shape[d] - first, shape[d] - max(before[d], 0))
        inner = strided(inner, d, first, 1, (*inner.shape[:d], size, *inner.shape[d + 1:]))
    if inner.shape == shape:
        return inner
    result = low.allocate(shape, x.dtype)
    text = literal(value, x.dtype)
    low.loops(stage, shape, lambda _, i: low.store(result, i, (text, "0") if x.dtype.is_complex else text))
    low.fill(stage, _window(low, result, [max(b, 0) for b in before], inner.shape), inner)
    return result


def _with_window(low: Lowering, node: torch.fx.Node, base: Value, source: Value, dim: int, start: int, step: int) -> Value:
    stage = low.stages[node]
    result = low.allocate(base.shape, base.dtype)
    low.fill(stage, result, base)
    strides = tuple(s * step if d == dim else s for d, s in enumerate(result.strides))
    window = in_memory(result.storage, source.shape, strides, start * result.strides[dim])
    low.fill(stage, window, low.cast(source, base.dtype))
    return result


@lowers(aten.slice_scatter.default)
def _slice_scatter(low: Lowering, node: torch.fx.Node, base: Value, source: Value, dim: int = 0, start: int | None = None,
                   end: int | None = None, step: int = 1) -> Value:
    dim %= len(base.shape)
    start = start or 0
    return _with_window(low, node, base, source, dim, start + base.shape[dim] if start < 0 else start, step)


@lowers(aten.slice_backward.default)
def _slice_backward(low: Lowering, node: torch.fx.Node, gradient: Value, sizes: list[int], dim: int, start: int, end: int,
                    step: int) -> Value:
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
def _unfold_backward(low: Lowering, node: torch.fx.Node, gradient: Value, sizes: list[int], dim: int, size: int,
                     step: int) -> Value:
    dim %= len(sizes)
    stage = low.stages[node]
    result = low.allocate(tuple(sizes), gradient.dtype)
    low.loops(stage, result.shape, lambda _, i: low.store(result, i, low.zero(gradient.dtype)))
    strides = (*result.strides[:dim], result.strides[dim] * step, *result.strides[dim + 1:], result.strides[dim])
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
        inner = index[first:first + width]
        gathered = []
        for d, place in zip(active, indices, strict=True):
            text = place.at(loop, inner)
            gathered.append(loop.let(torch.int64, f"({text}<0?{text}+{x.shape[d]}:{text})"))
        return x.at(loop, (*index[:first], *gathered, *index[first + width:]))

    return Value(shape, x.dtype, formula, 4)


@lowers(aten.index_select.default)
def _index_select(low: Lowering, node: torch.fx.Node, x: Value, dim: int, place: Value) -> Value:
    return _index(low, node, x, [None] * (dim % len(x.shape)) + [place])


@lowers(aten.gather.default)
def _gather(low: Lowering, node: torch.fx.Node, x: Value, dim: int, place: Value, **_: object) -> Value:
    x = low.realise(x, low.stages[node])
    dim %= len(x.shape)
    return Value(place.shape, x.dtype, lambda loop, i: x.at(loop, (*i[:dim], place.at(loop, i), *i[dim + 1:])), 4)


@lowers(aten.index_put.default, aten._unsafe_index_put.default)
def _index_put(low: Lowering, node: torch.fx.Node, base: Value, places: list[Value | None], source: Value,
               accumulate: bool = False) -> Value:
    if any(p is None for p in places) or len(places) != 1:
        raise NotImplementedError("only an index into the first dimension")
    place = places[0]
    return _scatter_rows(low, node, base, place, source, accumulate)


@lowers(aten.index_add.default)
def _index_add(low: Lowering, node: torch.fx.Node, base: Value, dim: int, place: Value, source: Value, **_: object) -> Value:
    if dim % len(base.shape) != 0:
        raise NotImplementedError("only along the first dimension")
    return _scatter_rows(low, node, base, place, source, True)


def _scatter_rows(low: Lowering, node: torch.fx.Node, base: Value, place: Value, source: Value, accumulate: bool) -> Value:
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
    low.loops(stage, place.shape, lambda loop, i: low.store(
        result, (*i[:dim], place.at(loop, i), *i[dim + 1:]), source.at(loop, i), "+="))
    return result


# ---------------------------------------------------------------------- products of matrices


@lowers(aten.mm.default, aten.bmm.default)
def _matmul(low: Lowering, node: torch.fx.Node, a: Value, b: Value) -> Value:
    stage, dtype = low.stages[node], low.dtype(node)
    if dtype.is_complex:
        raise NotImplementedError("complex numbers")
    a, b = low.realise(a, stage), low.realise(b, stage)
    *batch, rows, columns = low.shape(node)
    inner = a.shape[-1]
    result = low.allocate(low.shape(node), dtype)
    heads = "".join(f"for(int i{d}=0;i{d}<{n};i{d}++)" for d, n in enumerate(batch))
    lead = tuple(f"i{d}" for d in range(len(batch)))
    left, right, out = (v.formula(Loop(), (*lead, *i)) for v, i in ((a, ("m", "k")), (b, ("k", "n")), (result, ("m", "n"))))
    row = f"for(int m=0;m<{rows};m++)"
    if b.strides[-1] == 1 and columns > 1:  # the columns run fastest
        body = f"for(int n=0;n<{columns};n++){out}=0;for(int k=0;k<{inner};k++){{{C_TYPES[dtype]} f={left};for(int n=0;n<{columns};n++){out}+=f*{right};}}"
        low.emit(stage, f"{heads}{row}{{{body}}}")
    elif columns == 1 and a.strides[-2] == 1 and rows > 1:  # a tall transposed matrix times a vector
        body = f"for(int m=0;m<{rows};m++){out}=0;for(int k=0;k<{inner};k++){{{C_TYPES[dtype]} f={right};for(int m=0;m<{rows};m++){out}+=f*{left};}}"
        low.emit(stage, f"{heads}{{int n=0;{body}}}")
    else:
        low.emit(stage, f"{heads}{row}for(int n=0;n<{columns};n++){{{_REASSOCIATE} {C_TYPES[dtype]} r=0;for(int k=0;k<{inner};k++)r+={left}*{right};{out}=r;}}")
    return result


@lowers(aten.mv.default)
def _matvec(low: Lowering, node: torch.fx.Node, a: Value, x: Value) -> Value:
    stage = low.stages[node]
    column = reshape(low, x, (x.shape[0], 1), stage)
    return reshape(low, _matmul_shaped(low, node, a, column, (a.shape[0], 1)), low.shape(node), stage)


@lowers(aten.dot.default)
def _dot(low: Lowering, node: torch.fx.Node, a: Value, b: Value) -> Value:
    product = Value(a.shape, a.dtype, lambda loop, i: f"({a.at(loop, i)}*{b.at(loop, i)})", a.cost + b.cost + 1)
    return _reduce(low, node, product, None, False, "sum")


@lowers(aten.addmm.default)
def _addmm(low: Lowering, node: torch.fx.Node, bias: Value, a: Value, b: Value, **_: object) -> Value:
    product = _matmul(low, node, a, b)
    bias = low.broadcast(bias, product.shape)
    return Value(product.shape, product.dtype, lambda loop, i: f"({product.at(loop, i)}+{bias.at(loop, i)})", 1)


def _matmul_shaped(low: Lowering, node: torch.fx.Node, a: Value, b: Value, shape: tuple[int, ...]) -> Value:
    class Shaped:
        meta = {"val": torch.empty(shape, dtype=low.dtype(node), device="meta")}

    shaped = Shaped()
    low.stages[shaped] = low.stages[node]
    return _matmul(low, shaped, a, b)


# ---------------------------------------------------------------------- transforms


def _transform_size(size: int) -> int:
    if size & (size - 1) or size < 4:
        raise NotImplementedError(f"a transform of {size} points: sizes must be powers of two, 4 or more")
    return size


def _last(low: Lowering, x: Value, dims: list[int]) -> None:
    if [d % len(x.shape) for d in dims] != [len(x.shape) - 1]:
        raise NotImplementedError("transforms along another than the last dimension")


def _scaled(size: int, mode: int) -> str:
    return repr({0: 1.0, 1: size**-0.5, 2: 1.0 / size}[mode])


def _call(low: Lowering, node: torch.fx.Node, name: str, x: Value, size: int, scale: str, *, shape: tuple | None = None,
          dtype: torch.dtype | None = None) -> Value:
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
def _complex_transform(low: Lowering, node: torch.fx.Node, x: Value, dims: list[int], mode: int, forward: bool) -> Value:
    _last(low, x, dims)
    size = _transform_size(x.shape[-1])
    return _call(low, node, "cfft" if forward else "icfft", x, size, _scaled(size, mode))


# ---------------------------------------------------------------------- the package's own recursions


def _recursion(low: Lowering, node: torch.fx.Node, x: Value, b: Value, a: Value) -> Value:
    stage = low.stages[node]
    result = low.allocate(low.shape(node), low.dtype(node))
    kind = "f" if x.dtype == torch.float32 else "d"
    pointers = ",".join(low.pointer(v, stage) for v in (x, b, a))
    low.emit(stage, f"recursion_{kind}({pointers},{result.storage.name},{x.shape[0]},{x.shape[1]},{b.shape[1]});")
    return result


def _recursion_backward(low: Lowering, node: torch.fx.Node, gradient: Value, x: Value, y: Value, b: Value, a: Value) -> tuple:
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
