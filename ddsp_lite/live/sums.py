"""Sums, extremes, running sums and products of matrices: operations that gather many elements into one."""

from __future__ import annotations

import math

import torch

from .ir import C_TYPES, Index, Loop, Value, literal
from .lowering import Lowering, lowers
from .views import reshape

aten = torch.ops.aten
_REASSOCIATE = '_Pragma("clang fp reassociate(on)")'


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
            return "".join(f"if({e}{sign}{n}){n}={e};" for n, e in zip(names, element, strict=True))
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
        written = "".join(
            low.store(result, kept_index, tuple(f"{p}{scale}" for p in parts) if dtype.is_complex else f"r{scale}")
        )
        low.emit(
            stage,
            f"{outer}{{{_REASSOCIATE} {declared}{inner}{{{' '.join(loop.lines)}{update(parts, element)}}}{written}}}",
        )
    else:  # the kept dimension runs fastest: accumulate rows into memory
        low.loops(stage, kept_shape, lambda _, i: low.store(result, i, (start, start) if dtype.is_complex else start))
        place = result.formula(Loop(), kept_index)
        places = place if isinstance(place, tuple) else (place,)
        low.emit(stage, f"{''.join(heads)}{{{' '.join(loop.lines)}{update(places, element)}}}")
        if scale:
            low.loops(
                stage,
                kept_shape,
                lambda _, i: low.store(result, i, (scale[1:],) * 2 if dtype.is_complex else scale[1:], "*="),
            )
    return reshape(low, result, out_shape, stage)


def _register_reduction(kind: str, *targets: object) -> None:
    @lowers(*targets)
    def lower(
        low: Lowering, node: torch.fx.Node, x: Value, dims: object = None, keepdim: bool = False, **_: object
    ) -> Value:
        return _reduce(low, node, x, [dims] if isinstance(dims, int) else dims, keepdim, kind)


_register_reduction("sum", aten.sum.default, aten.sum.dim_IntList)
_register_reduction("mean", aten.mean.default, aten.mean.dim)
_register_reduction("amax", aten.amax.default, aten.max.default)
_register_reduction("amin", aten.amin.default, aten.min.default)
_register_reduction("prod", aten.prod.default, aten.prod.dim_int)


@lowers(aten.linalg_vector_norm.default)
def _norm(
    low: Lowering,
    node: torch.fx.Node,
    x: Value,
    order: float = 2,
    dims: object = None,
    keepdim: bool = False,
    **_: object,
) -> Value:
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
    return low.realise(
        Value(total.shape, real, lambda loop, i: f"__builtin_sqrt({total.at(loop, i)})", 8), low.stages[node]
    )


@lowers(aten.cumsum.default, aten.cumprod.default)
def _cumulate(low: Lowering, node: torch.fx.Node, x: Value, dim: int, **_: object) -> Value:
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
    first, sign = ("1", "*") if node.target is aten.cumprod.default else ("0", "+")
    step = f"{' '.join(loop.lines)}r{sign}={element};{''.join(low.store(result, names, 'r'))}"
    low.emit(stage, f"{outer}{{{wide} r={first};{heads[dim]}{{{step}}}}}")
    return result


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
    left, right, out = (
        v.formula(Loop(), (*lead, *i)) for v, i in ((a, ("m", "k")), (b, ("k", "n")), (result, ("m", "n")))
    )
    kind = C_TYPES[dtype]
    over_m, over_n, over_k = (f"for(int {v}=0;{v}<{n};{v}++)" for v, n in (("m", rows), ("n", columns), ("k", inner)))
    if b.strides[-1] == 1 and columns > 1:  # the columns run fastest
        body = f"{over_n}{out}=0;{over_k}{{{kind} f={left};{over_n}{out}+=f*{right};}}"
        low.emit(stage, f"{heads}{over_m}{{{body}}}")
    elif columns == 1 and a.strides[-2] == 1 and rows > 1:  # a tall transposed matrix times a vector
        body = f"{over_m}{out}=0;{over_k}{{{kind} f={right};{over_m}{out}+=f*{left};}}"
        low.emit(stage, f"{heads}{{int n=0;{body}}}")
    else:
        body = f"{_REASSOCIATE} {kind} r=0;{over_k}r+={left}*{right};{out}=r;"
        low.emit(stage, f"{heads}{over_m}{over_n}{{{body}}}")
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
