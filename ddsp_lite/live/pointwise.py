"""Element-wise operations: each is one C expression of its operands' elements."""

from __future__ import annotations

import operator
from collections.abc import Callable

import torch

from .ir import C_TYPES, Expression, Value, literal
from .lowering import Lowering, lowers

aten = torch.ops.aten
_CHEAP, _DIVISION, _FUNCTION = 1, 8, 20


def _suffix(dtype: torch.dtype) -> str:
    return "f" if C_TYPES[dtype] == "float" else ""


def _elementwise(
    targets: tuple,
    cost: int,
    real: Callable[..., str],
    complex_: Callable[..., Expression] | None = None,
    *,
    compares: bool = False,
) -> None:
    """Register operations whose element is ``real(type, *elements)``; operands are first brought to one type."""

    def lower(low: Lowering, node: torch.fx.Node, *operands: object, alpha: float = 1, **_: object) -> Value:
        dtype = low.dtype(node)
        if compares:
            tensors = [o.dtype for o in operands if isinstance(o, Value)]
            inner = tensors[0]
            for other in tensors[1:]:
                inner = torch.promote_types(inner, other)
            if not inner.is_floating_point and any(isinstance(o, float) for o in operands):
                inner = torch.float32
        else:
            inner = dtype
        values = [low.operand(o, node, inner) for o in operands]
        total = cost + sum(v.cost for v in values)
        if inner.is_complex and complex_ is None:
            raise NotImplementedError("complex numbers")
        scale = literal(alpha, inner)

        def formula(loop, index):
            elements = [v.at(loop, index) for v in values]
            if alpha != 1:
                last = elements[-1]
                elements[-1] = tuple(f"({scale}*{p})" for p in last) if isinstance(last, tuple) else f"({scale}*{last})"
            return complex_(inner, *elements) if inner.is_complex else real(inner, *elements)

        return Value(low.shape(node), dtype, formula, total)

    lowers(*targets)(lower)


def _of(name: str) -> Callable[..., str]:
    return lambda dtype, *e: f"{name}{_suffix(dtype)}({','.join(e)})"


def _complex_multiply(dtype: torch.dtype, a: tuple[str, str], b: tuple[str, str]) -> tuple[str, str]:
    return f"({a[0]}*{b[0]}-{a[1]}*{b[1]})", f"({a[0]}*{b[1]}+{a[1]}*{b[0]})"


def _complex_divide(dtype: torch.dtype, a: tuple[str, str], b: tuple[str, str]) -> tuple[str, str]:
    size = f"({b[0]}*{b[0]}+{b[1]}*{b[1]})"
    return f"(({a[0]}*{b[0]}+{a[1]}*{b[1]})/{size})", f"(({a[1]}*{b[0]}-{a[0]}*{b[1]})/{size})"


def _complex_direction(dtype: torch.dtype, a: tuple[str, str]) -> tuple[str, str]:
    size = f"__builtin_sqrt{_suffix(dtype)}({a[0]}*{a[0]}+{a[1]}*{a[1]})"
    return tuple(f"({size}>0?{part}/{size}:0)" for part in a)


def _floored(dtype: torch.dtype, a: str, b: str) -> str:
    """The quotient rounded down, for integers too, which C rounds towards zero."""
    if dtype.is_floating_point:
        return f"__builtin_floor{_suffix(dtype)}({a}/{b})"
    return f"((int)__builtin_floor((double){a}/{b}))"


def _both(sign: str) -> Callable[..., Expression]:
    return lambda dtype, a, b: (f"({a[0]}{sign}{b[0]})", f"({a[1]}{sign}{b[1]})")


_elementwise((aten.add.Tensor, aten.add.Scalar), _CHEAP, lambda t, a, b: f"({a}+{b})", _both("+"))
_elementwise((aten.sub.Tensor, aten.sub.Scalar), _CHEAP, lambda t, a, b: f"({a}-{b})", _both("-"))
_elementwise((aten.mul.Tensor, aten.mul.Scalar), _CHEAP, lambda t, a, b: f"({a}*{b})", _complex_multiply)
_elementwise((aten.div.Tensor, aten.div.Scalar), _DIVISION, lambda t, a, b: f"({a}/{b})", _complex_divide)
_elementwise((aten.rsub.Scalar, aten.rsub.Tensor), _CHEAP, lambda t, a, b: f"({b}-{a})")
_elementwise((aten.neg.default,), _CHEAP, lambda t, a: f"(-{a})", lambda t, a: (f"(-{a[0]})", f"(-{a[1]})"))
_elementwise(
    (aten._conj.default, aten._conj_copy.default, aten.conj_physical.default),
    _CHEAP,
    lambda t, a: a,
    lambda t, a: (a[0], f"(-{a[1]})"),
)
_elementwise(
    (aten.reciprocal.default,), _DIVISION, lambda t, a: f"(1/{a})", lambda t, a: _complex_divide(t, ("1", "0"), a)
)
_elementwise((aten.sqrt.default,), _DIVISION, lambda t, a: f"__builtin_sqrt{_suffix(t)}({a})")
_elementwise((aten.rsqrt.default,), 2 * _DIVISION, lambda t, a: f"(1/__builtin_sqrt{_suffix(t)}({a}))")
_elementwise((aten.floor.default,), _CHEAP, lambda t, a: f"__builtin_floor{_suffix(t)}({a})")
_elementwise((aten.ceil.default,), _CHEAP, lambda t, a: f"__builtin_ceil{_suffix(t)}({a})")
_elementwise((aten.round.default,), _CHEAP, lambda t, a: f"__builtin_rint{_suffix(t)}({a})")
_elementwise((aten.trunc.default,), _CHEAP, lambda t, a: f"__builtin_trunc{_suffix(t)}({a})")
_elementwise(
    (aten.sgn.default, aten.sign.default),
    2,
    lambda t, a: f"(({C_TYPES[t]})({a}>0)-({C_TYPES[t]})({a}<0))",
    lambda t, a: _complex_direction(t, a),
)
_elementwise((aten.relu.default,), 2, lambda t, a: f"({a}<0?0:{a})")
_elementwise((aten.maximum.default,), 2, lambda t, a, b: f"({a}<{b}||{b}!={b}?{b}:{a})")
_elementwise((aten.minimum.default,), 2, lambda t, a, b: f"({a}>{b}||{b}!={b}?{b}:{a})")
_elementwise(
    (aten.remainder.Tensor, aten.remainder.Scalar),
    _FUNCTION,
    lambda t, a, b: f"({a}-{b}*{_floored(t, a, b)})",
)
_elementwise((aten.sigmoid_backward.default,), 3, lambda t, g, y: f"({g}*{y}*(1-{y}))")
_elementwise((aten.tanh_backward.default,), 3, lambda t, g, y: f"({g}*(1-{y}*{y}))")
_elementwise((aten.atan2.default,), 2 * _FUNCTION, _of("m_atan2"))
_elementwise((aten.log1p.default,), _FUNCTION, _of("m_log1p"))

for _name, _target in {
    "exp": aten.exp,
    "log": aten.log,
    "sin": aten.sin,
    "cos": aten.cos,
    "tan": aten.tan,
    "tanh": aten.tanh,
    "sigmoid": aten.sigmoid,
    "expm1": aten.expm1,
    "log2": aten.log2,
    "log10": aten.log10,
    "exp2": aten.exp2,
    "sinh": aten.sinh,
    "cosh": aten.cosh,
    "atan": aten.atan,
}.items():
    _elementwise((_target.default,), _FUNCTION, _of(f"m_{_name}"))

for _sign, _packets in {">": aten.gt, "<": aten.lt, ">=": aten.ge, "<=": aten.le, "==": aten.eq, "!=": aten.ne}.items():
    _elementwise((_packets.Tensor, _packets.Scalar), _CHEAP, lambda t, a, b, s=_sign: f"({a}{s}{b})", compares=True)
for _sign, _targets in {
    "&": (aten.logical_and.default, aten.bitwise_and.Tensor),
    "|": (aten.logical_or.default, aten.bitwise_or.Tensor),
    "^": (aten.logical_xor.default,),
}.items():
    _elementwise(_targets, _CHEAP, lambda t, a, b, s=_sign: f"({a}{s}{b})", compares=True)
_elementwise((aten.logical_not.default, aten.bitwise_not.default), _CHEAP, lambda t, a: f"(!{a})", compares=True)
_elementwise((aten.isnan.default,), _CHEAP, lambda t, a: f"({a}!={a})", compares=True)


@lowers(operator.getitem)
def _getitem(low: Lowering, node: torch.fx.Node, values: object, place: int) -> object:
    return values[place]


@lowers(aten.abs.default)
def _abs(low: Lowering, node: torch.fx.Node, x: Value) -> Value:
    suffix = _suffix(x.dtype)

    def formula(loop, index):
        e = x.at(loop, index)
        if isinstance(e, tuple):
            return f"__builtin_sqrt{suffix}({e[0]}*{e[0]}+{e[1]}*{e[1]})"
        if not x.dtype.is_floating_point:
            return f"({e}<0?-{e}:{e})"
        return f"__builtin_fabs{suffix}({e})"

    return Value(x.shape, low.dtype(node), formula, x.cost + (_DIVISION if x.dtype.is_complex else _CHEAP))


@lowers(aten.angle.default)
def _angle(low: Lowering, node: torch.fx.Node, x: Value) -> Value:
    if not x.dtype.is_complex:
        raise NotImplementedError("angle of real numbers")
    name = f"m_atan2{_suffix(x.dtype)}"
    return Value(
        x.shape, low.dtype(node), lambda loop, i: "{0}({2},{1})".format(name, *x.at(loop, i)), x.cost + 2 * _FUNCTION
    )


@lowers(aten.complex.default)
def _complex(low: Lowering, node: torch.fx.Node, re: Value, im: Value) -> Value:
    re, im = low.broadcast(re, low.shape(node)), low.broadcast(im, low.shape(node))
    return Value(low.shape(node), low.dtype(node), lambda loop, i: (re.at(loop, i), im.at(loop, i)), re.cost + im.cost)


@lowers(aten.polar.default)
def _polar(low: Lowering, node: torch.fx.Node, size: Value, angle: Value) -> Value:
    size, angle = low.broadcast(size, low.shape(node)), low.broadcast(angle, low.shape(node))
    s = _suffix(size.dtype)

    def formula(loop, index):
        r, a = size.at(loop, index), angle.at(loop, index)
        return f"({r}*m_cos{s}({a}))", f"({r}*m_sin{s}({a}))"

    return Value(low.shape(node), low.dtype(node), formula, size.cost + angle.cost + 2 * _FUNCTION)


@lowers(aten.pow.Tensor_Scalar, aten.pow.Tensor_Tensor, aten.pow.Scalar)
def _pow(low: Lowering, node: torch.fx.Node, base: object, exponent: object) -> Value:
    dtype = low.dtype(node)
    x = low.operand(base, node, dtype)
    s = _suffix(dtype)
    if isinstance(exponent, Value):
        y = low.operand(exponent, node, dtype)
        return Value(
            x.shape,
            dtype,
            lambda loop, i: f"m_pow{s}({x.at(loop, i)},{y.at(loop, i)})",
            x.cost + y.cost + 2 * _FUNCTION,
        )
    if dtype.is_complex:
        raise NotImplementedError("complex powers")
    p = float(exponent)

    def formula(loop, index):
        e = x.at(loop, index)
        if p == int(p) and 1 <= abs(p) <= 4:
            product = "*".join([e] * int(abs(p)))
            return f"({product})" if p > 0 else f"(1/({product}))"
        if p == 0:
            return literal(1.0, dtype)
        if abs(p) == 0.5:
            return f"__builtin_sqrt{s}({e})" if p > 0 else f"(1/__builtin_sqrt{s}({e}))"
        return f"m_pow{s}({e},{literal(p, dtype)})"

    return Value(x.shape, dtype, formula, x.cost + (3 if p == int(p) and 1 <= p <= 4 else 2 * _FUNCTION))


@lowers(aten.where.self)
def _where(low: Lowering, node: torch.fx.Node, condition: Value, a: object, b: object) -> Value:
    dtype = low.dtype(node)
    condition = low.broadcast(condition, low.shape(node))
    yes, no = low.operand(a, node, dtype), low.operand(b, node, dtype)

    def formula(loop, index):
        c, y, n = condition.at(loop, index), yes.at(loop, index), no.at(loop, index)
        if isinstance(y, tuple):
            return tuple(f"({c}?{p}:{q})" for p, q in zip(y, n, strict=True))
        return f"({c}?{y}:{n})"

    return Value(low.shape(node), dtype, formula, condition.cost + yes.cost + no.cost + 1)


@lowers(aten.masked_fill.Scalar, aten.masked_fill.Tensor)
def _masked_fill(low: Lowering, node: torch.fx.Node, x: Value, mask: Value, number: object) -> Value:
    return _where(low, node, mask, number, x)


@lowers(
    aten.clamp.default,
    aten.clamp.Tensor,
    aten.clamp_min.default,
    aten.clamp_max.default,
    aten.clamp_min.Tensor,
    aten.clamp_max.Tensor,
)
def _clamp(
    low: Lowering,
    node: torch.fx.Node,
    x: Value,
    low_limit: object = None,
    high_limit: object = None,
    **keywords: object,
) -> Value:
    if node.target in (aten.clamp_max.default, aten.clamp_max.Tensor):
        low_limit, high_limit = None, low_limit
    low_limit, high_limit = keywords.get("min", low_limit), keywords.get("max", high_limit)
    dtype = low.dtype(node)
    value = low.operand(x, node, dtype)
    for limit, sign in ((low_limit, "<"), (high_limit, ">")):
        if limit is not None:
            bound = low.operand(limit, node, dtype)

            def formula(loop, index, v=value, b=bound, s=sign):
                e, edge = v.at(loop, index), b.at(loop, index)
                return f"({e}{s}{edge}?{edge}:{e})"

            value = Value(low.shape(node), dtype, formula, value.cost + bound.cost + 2)
    return value


@lowers(aten._to_copy.default)
def _to_copy(low: Lowering, node: torch.fx.Node, x: Value, **_: object) -> Value:
    return low.cast(x, low.dtype(node))


@lowers(aten.threshold_backward.default)
def _threshold_backward(low: Lowering, node: torch.fx.Node, gradient: Value, x: Value, threshold: float) -> Value:
    edge = literal(threshold, x.dtype)
    return Value(
        x.shape,
        x.dtype,
        lambda loop, i: f"({x.at(loop, i)}<={edge}?0:{gradient.at(loop, i)})",
        x.cost + gradient.cost + 1,
    )
