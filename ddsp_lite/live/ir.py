"""Values of the compiler: what an ATen node becomes before it is C text.

A value knows its shape, its type and how to write the C expression of one element. A value that lives in memory
is a strided view of a storage; all others are formulas, written into the loop that needs them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import torch

Index = int | str
Expression = str | tuple[str, str]  # a complex element is a pair: real part, imaginary part

C_TYPES = {
    torch.float32: "float",
    torch.float64: "double",
    torch.complex64: "float",
    torch.complex128: "double",
    torch.int64: "int",
    torch.int32: "int",
    torch.int16: "int",
    torch.uint8: "int",
    torch.bool: "int",
}


def add(a: Index, b: Index) -> Index:
    """The index ``a + b``, folded where both are known."""
    if isinstance(a, int) and isinstance(b, int):
        return a + b
    if a == 0:
        return b
    if b == 0:
        return a
    return f"({a}+{b})"


def multiply(a: Index, factor: int) -> Index:
    """The index ``a · factor``, folded where it is known."""
    if isinstance(a, int):
        return a * factor
    return 0 if factor == 0 else a if factor == 1 else f"({a}*{factor})"


def literal(value: float, dtype: torch.dtype) -> str:
    """A number as C writes it, exact in its type."""
    if not (dtype.is_floating_point or dtype.is_complex):
        return str(int(value))
    if math.isnan(value):
        text = '__builtin_nan("")'
    elif math.isinf(value):
        text = "__builtin_inf()" if value > 0 else "(-__builtin_inf())"
    else:
        text = repr(float(value))
    return f"((float){text})" if C_TYPES[dtype] == "float" else text


def contiguous_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Row-major strides of a shape, in elements."""
    strides, step = [], 1
    for size in reversed(shape):
        strides.append(step)
        step *= size
    return tuple(reversed(strides))


@dataclass
class Loop:
    """The text of one loop body; equal elements are written once."""

    lines: list[str] = field(default_factory=list)
    known: dict[tuple, Expression] = field(default_factory=dict)

    def let(self, dtype: torch.dtype, expression: Expression) -> Expression:
        """Name an expression, so that it is written once however often it is used."""
        if isinstance(expression, tuple):
            return tuple(self._name(dtype, part) for part in expression)
        return self._name(dtype, expression)

    def _name(self, dtype: torch.dtype, text: str) -> str:
        if text.isidentifier() or text in ("0.0", "0", "1"):
            return text
        name = f"t{len(self.lines)}"
        self.lines.append(f"{C_TYPES[dtype]} {name}={text};")
        return name


@dataclass
class Storage:
    """A static C array."""

    name: str
    dtype: torch.dtype
    elements: int


@dataclass
class Value:
    """A tensor: ``formula(loop, index)`` writes one element; ``storage`` is set where the elements live in memory."""

    shape: tuple[int, ...]
    dtype: torch.dtype
    formula: Callable[[Loop, tuple[Index, ...]], Expression]
    cost: int = 0
    storage: Storage | None = None
    offset: Index = 0
    strides: tuple[int, ...] = ()

    @property
    def elements(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    @property
    def is_contiguous(self) -> bool:
        """Whether the elements stand in a row in memory, from its start."""
        return (
            self.storage is not None
            and self.offset == 0
            and all(
                size == 1 or stride == wanted
                for size, stride, wanted in zip(self.shape, self.strides, contiguous_strides(self.shape), strict=True)
            )
        )

    def at(self, loop: Loop, index: tuple[Index, ...]) -> Expression:
        """The element at ``index``, as a name or constant in ``loop``."""
        key = (id(self), index)
        if key not in loop.known:
            loop.known[key] = loop.let(self.dtype, self.formula(loop, index))
        return loop.known[key]


def in_memory(storage: Storage, shape: tuple[int, ...], strides: tuple[int, ...], offset: int = 0) -> Value:
    """A strided view of a storage (strides in elements; a complex element is two neighbouring numbers)."""

    def formula(loop: Loop, index: tuple[Index, ...]) -> Expression:
        place: Index = offset
        for i, stride in zip(index, strides, strict=True):
            place = add(place, multiply(i, stride))
        if storage.dtype.is_complex:
            return f"{storage.name}[{multiply(place, 2)}]", f"{storage.name}[{add(multiply(place, 2), 1)}]"
        return f"{storage.name}[{place}]"

    return Value(shape, storage.dtype, formula, 0, storage, offset, strides)


def filled(shape: tuple[int, ...], dtype: torch.dtype, number: complex) -> Value:
    """A tensor whose elements are all the same number."""
    if dtype.is_complex:
        pair = literal(complex(number).real, dtype), literal(complex(number).imag, dtype)
        return Value(shape, dtype, lambda loop, index: pair)
    text = literal(number, dtype)
    return Value(shape, dtype, lambda loop, index: text)


def remapped(
    source: Value, shape: tuple[int, ...], index_of: Callable[[tuple[Index, ...]], tuple[Index, ...]]
) -> Value:
    """A formula that reads ``source`` at another index."""
    return Value(shape, source.dtype, lambda loop, index: source.at(loop, index_of(index)), source.cost)
