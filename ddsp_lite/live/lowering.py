"""Lower a traced graph to C: each node becomes a formula, a view of memory, or a loop that fills memory.

Formulas are written into the loops that use them (fusion). A node gets memory of its own when several loops
would compute something costly again, when a slower stage can compute it once, or when an operation
(a transform, a recursion, a sum) needs its elements in a row.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import torch

from . import trace as tracing
from .ir import C_TYPES, Index, Loop, Storage, Value, contiguous_strides, filled, in_memory, literal, multiply
from .trace import Trace, UnsupportedOperation

_COSTLY = 8  # formulas above this cost (about one division or root) get memory when used more than once
_TABLE: dict[object, Callable[..., object]] = {}


def lowers(*targets: object) -> Callable[[Callable[..., object]], Callable[..., object]]:
    """Register the lowering of ATen operations: ``function(lowering, node, *arguments, **keywords)``."""

    def register(function: Callable[..., object]) -> Callable[..., object]:
        for target in targets:
            _TABLE[target] = function
        return function

    return register


def is_supported(target: object) -> bool:
    """Whether an operation of the graph compiles for the browser."""
    return target in _TABLE


@dataclass
class Lowering:
    """The state of one variant's translation: values so far, declarations, and the text of each stage."""

    trace: Trace
    prefix: str
    inputs: dict[str, Storage]
    declarations: list[str] = field(default_factory=list)
    code: dict[int, list[str]] = field(default_factory=lambda: {0: [], 1: [], 2: []})
    values: dict[torch.fx.Node, object] = field(default_factory=dict)
    realised: dict[tuple[int, int], Value] = field(default_factory=dict)
    keep: list[Value] = field(default_factory=list)

    @property
    def stages(self) -> dict[torch.fx.Node, int]:
        """When each node runs: once, when a sound moves, or always."""
        return self.trace.stages

    def shape(self, node: torch.fx.Node) -> tuple[int, ...]:
        """The shape of a node's result."""
        return tuple(node.meta["val"].shape)

    def dtype(self, node: torch.fx.Node) -> torch.dtype:
        """The type of a node's result."""
        return node.meta["val"].dtype

    def zero(self, dtype: torch.dtype) -> object:
        """The expression of zero in a type."""
        text = literal(0.0, dtype)
        return (text, text) if dtype.is_complex else text

    # ------------------------------------------------------------------ memory and loops

    def allocate(self, shape: tuple[int, ...], dtype: torch.dtype, initial: str = "", *, keep: bool = False) -> Value:
        """A new static array of this shape, as a contiguous value."""
        elements = max(math.prod(shape), 1)
        name = f"{self.prefix}m{len(self.declarations)}"
        numbers = elements * (2 if dtype.is_complex else 1)
        self.declarations.append(f"static {C_TYPES[dtype]} {name}[{numbers}] ALIGNED{initial};")
        return in_memory(Storage(name, dtype, elements), shape, contiguous_strides(shape))

    def emit(self, stage: int, text: str) -> None:
        """Append C text to a stage."""
        self.code[stage].append(text)

    def loops(self, stage: int, shape: tuple[int, ...], body: Callable[[Loop, tuple[Index, ...]], list[str]]) -> None:
        """A nest of loops over ``shape``; ``body`` writes the statements of one element."""
        names = tuple(0 if size == 1 else f"i{d}" for d, size in enumerate(shape))
        loop = Loop()
        statements = body(loop, names)
        heads = "".join(
            f"for(int {name}=0;{name}<{size};{name}++)" for name, size in zip(names, shape, strict=True) if size != 1
        )
        self.emit(stage, f"{heads}{{{' '.join([*loop.lines, *statements])}}}")

    def store(self, target: Value, index: tuple[Index, ...], element: object, operator: str = "=") -> list[str]:
        """The statements that write one element of a value in memory."""
        place = target.formula(Loop(), index)
        if isinstance(place, tuple):
            return [f"{p}{operator}{e};" for p, e in zip(place, element, strict=True)]
        return [f"{place}{operator}{element};"]

    def fill(self, stage: int, target: Value, source: Value) -> None:
        """Write ``source`` into the memory of ``target`` (same shape)."""
        self.loops(stage, target.shape, lambda loop, i: self.store(target, i, source.at(loop, i)))

    def realise(self, x: Value, stage: int, *, copy: bool = False) -> Value:
        """``x`` in memory; contiguous where ``copy`` asks for it."""
        if x.storage is not None and (not copy or x.is_contiguous):
            return x
        for earlier in range(stage + 1):  # memory filled by a later stage would be read before it is written
            if (id(x), earlier) in self.realised:
                return self.realised[id(x), earlier]
        memory = self.allocate(x.shape, x.dtype)
        self.fill(stage, memory, x)
        self.realised[id(x), stage] = memory
        self.keep.append(x)  # ids stay unique only while the object lives
        return memory

    def pointer(self, x: Value, stage: int) -> str:
        """The C pointer to contiguous elements of ``x``."""
        x = self.realise(x, stage, copy=x.storage is None or not self._dense(x))
        start = multiply(x.offset, 2) if x.dtype.is_complex else x.offset
        return f"{x.storage.name}+{start}" if start else x.storage.name

    @staticmethod
    def _dense(x: Value) -> bool:
        strides = contiguous_strides(x.shape)
        return all(n == 1 or s == w for n, s, w in zip(x.shape, x.strides, strides, strict=True))

    # ------------------------------------------------------------------ types and shapes

    def cast(self, x: Value, dtype: torch.dtype) -> Value:
        """``x`` as another type, by C's conversion (towards zero for integers, as PyTorch does)."""
        if x.dtype == dtype:
            return x

        def formula(loop: Loop, index: tuple[Index, ...]) -> object:
            element = x.at(loop, index)
            if dtype.is_complex:
                parts = element if isinstance(element, tuple) else (element, literal(0.0, dtype))
                return tuple(f"(({C_TYPES[dtype]}){p})" for p in parts)
            if isinstance(element, tuple):
                element = element[0]
            if dtype == torch.bool:
                return f"({element}!=0)"
            return f"(({C_TYPES[dtype]}){element})"

        return Value(x.shape, dtype, formula, x.cost)

    def broadcast(self, x: Value, shape: tuple[int, ...]) -> Value:
        """``x`` repeated along new or single dimensions."""
        if x.shape == shape:
            return x
        lead = len(shape) - len(x.shape)
        if x.storage is not None:
            strides = (0,) * lead + tuple(
                0 if have == 1 and want != 1 else s
                for have, want, s in zip(x.shape, shape[lead:], x.strides, strict=True)
            )
            return in_memory(x.storage, shape, strides, x.offset)

        def formula(loop: Loop, index: tuple[Index, ...]) -> object:
            return x.at(loop, tuple(0 if have == 1 else i for have, i in zip(x.shape, index[lead:], strict=True)))

        return Value(shape, x.dtype, formula, x.cost)

    def operand(self, x: object, node: torch.fx.Node, dtype: torch.dtype) -> Value:
        """An argument (value or Python number) broadcast to the node's shape, in ``dtype``."""
        if not isinstance(x, Value):
            return filled(self.shape(node), dtype, x)
        return self.broadcast(self.cast(x, dtype), self.shape(node))

    # ------------------------------------------------------------------ the walk over the graph

    def run(self) -> None:
        """Lower every node; results end up in contiguous memory."""
        placeholders = iter(self.trace.inputs)
        for node in self.trace.graph.nodes:
            if node.op == "placeholder":
                shape = self.shape(node)
                self.values[node] = in_memory(self.inputs[next(placeholders).name], shape, contiguous_strides(shape))
            elif node in self.trace.constants:
                self.values[node] = self._constant(self.trace.constants[node])
            elif node.op == "call_function":
                self.values[node] = self._settled(node, self._lower(node))

    def _lower(self, node: torch.fx.Node) -> object:
        if node.target not in _TABLE:
            raise UnsupportedOperation(
                f"the operation {node.target} does not compile for the browser; "
                f"write the demo's function without it (operations that do: ddsp_lite.live.lowering)"
            )
        arguments = torch.fx.map_arg(node.args, lambda n: self.values[n])
        keywords = torch.fx.map_arg(node.kwargs, lambda n: self.values[n])
        try:
            return _TABLE[node.target](self, node, *arguments, **keywords)
        except (TypeError, NotImplementedError) as error:
            raise UnsupportedOperation(f"the operation {node.target} with arguments {node.args}: {error}") from error

    def _settled(self, node: torch.fx.Node, value: object) -> object:
        """Give a costly formula memory where it would be computed more than once, or in a faster stage than needed."""
        if not isinstance(value, Value) or value.storage is not None or value.cost == 0:
            return value
        stage = self.stages[node]
        repeated = len(node.users) > 1 and value.cost >= _COSTLY
        earlier = any(self.stages.get(user, stage) > stage for user in node.users) and value.cost > 1
        widened = value.cost >= _COSTLY and any(self._widens(user, node) for user in node.users)
        if repeated or earlier or widened or (value.elements == 1 and value.cost > 1):
            return self.realise(value, stage)
        return value

    def _widens(self, user: torch.fx.Node, node: torch.fx.Node) -> bool:
        """Whether a use would compute each element several times."""
        shape = user.meta["val"].shape if isinstance(user.meta.get("val"), torch.Tensor) else None
        return shape is not None and math.prod(shape) > math.prod(self.shape(node))

    def _constant(self, tensor: torch.Tensor) -> Value:
        tensor = tensor.detach().resolve_conj().resolve_neg().contiguous()
        flat = tensor.flatten()
        shape = tuple(tensor.shape)
        if flat.numel() and not tensor.is_complex() and bool((flat == flat[0]).all()):
            return filled(shape, tensor.dtype, flat[0].item())
        if tensor.is_complex():
            flat = torch.view_as_real(flat).flatten()
        if tensor.dtype == torch.float32 and flat.numel() >= 512:
            sixteen = flat * 32768
            if bool((sixteen == sixteen.round()).all()) and bool((sixteen.abs() < 32768).all()):
                return self._from_sixteen_bits(sixteen.to(torch.int16), shape)
            half = flat.half()
            if bool((half.float() == flat).all()):
                return self._from_half(half.view(torch.int16), shape)
        numbers = ",".join(
            literal(v, torch.float64 if flat.is_floating_point() else torch.int64) for v in flat.tolist()
        )
        return self.allocate(shape, tensor.dtype, f"={{{numbers}}}")

    def _from_sixteen_bits(self, numbers: torch.Tensor, shape: tuple[int, ...]) -> Value:
        """A recording: shipped as 16-bit integers, widened once at the start."""
        name = f"{self.prefix}m{len(self.declarations)}"
        self.declarations.append(f"static const short {name}[]={{{','.join(map(str, numbers.tolist()))}}};")
        memory = self.allocate((numbers.numel(),), torch.float32)
        self.emit(
            tracing.CONST, f"for(int i=0;i<{numbers.numel()};i++){memory.storage.name}[i]={name}[i]*(1.0f/32768);"
        )
        return in_memory(memory.storage, shape, contiguous_strides(shape))

    def _from_half(self, numbers: torch.Tensor, shape: tuple[int, ...]) -> Value:
        """Weights that are float16 numbers: shipped as such, widened once at the start.

        Exponent and fraction, put where a float has them, are 2^-112 of the number, small ones included.
        """
        name = f"{self.prefix}m{len(self.declarations)}"
        self.declarations.append(f"static const short {name}[]={{{','.join(map(str, numbers.tolist()))}}};")
        memory = self.allocate((numbers.numel(),), torch.float32)
        self.emit(
            tracing.CONST,
            f"for(int i=0;i<{numbers.numel()};i++){{union{{unsigned u;float f;}}w={{({name}[i]&0x7fffu)<<13}};"
            f"float f=w.f*0x1p112f;{memory.storage.name}[i]={name}[i]<0?-f:f;}}",
        )
        return in_memory(memory.storage, shape, contiguous_strides(shape))
