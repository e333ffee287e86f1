"""Trace a function together with its gradient into one flat graph of ATen operations.

The compiler's first stage. `torch.fx` records what PyTorch does while the function runs once and
`torch.autograd.grad` runs behind it; views and mutations are then made functional, equal nodes merged,
and every node is told when it has to run: once at the start (``CONST``), when a sound or a target moves
(``SLOW``), or on every move of a control (``FAST``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch._decomp import core_aten_decompositions, get_decompositions
from torch.fx.experimental.proxy_tensor import make_fx

CONST, SLOW, FAST = 0, 1, 2
_SHIPPED_ELEMENTS = (
    2048  # constants up to this size are evaluated here and shipped; larger ones are computed in the page
)
# Core operations of networks, which PyTorch can write as simpler ones all the same.
_LAYERS = [torch.ops.aten.leaky_relu, torch.ops.aten.native_layer_norm, torch.ops.aten.gelu, torch.ops.aten._softmax]


class UnsupportedOperation(NotImplementedError):
    """An operation of the traced graph that the browser compiler does not know."""


@dataclass(frozen=True)
class Input:
    """One traced input: an example value, and whether a gradient is wanted for it."""

    name: str
    example: torch.Tensor
    gradient: bool


@dataclass
class Trace:
    """A flat graph, its inputs and its named results."""

    graph: torch.fx.Graph
    module: torch.fx.GraphModule
    inputs: list[Input]
    outputs: list[str]
    gradients: list[str]
    has_loss: bool
    stages: dict[torch.fx.Node, int] = field(default_factory=dict)
    constants: dict[torch.fx.Node, torch.Tensor] = field(default_factory=dict)

    @property
    def results(self) -> list[torch.fx.Node]:
        """The nodes returned: the outputs in order, then the gradients in order."""
        return list(next(n for n in self.graph.nodes if n.op == "output").args[0])


def trace(
    function: Callable[..., dict[str, torch.Tensor]], inputs: list[Input], supported: Callable[[object], bool]
) -> Trace:
    """Trace ``function(**inputs)`` and the gradient of its ``"loss"`` with respect to each input that wants one.

    Operations that are not ``supported`` are written as PyTorch's core operations where PyTorch knows how.
    Raises ``ValueError`` where the function does not return a dictionary of tensors, the loss is not a single
    number, or a gradient is wanted and the loss does not depend on the input.
    """
    names: list[str] = []
    wanted = [i.name for i in inputs if i.gradient]
    has_loss = False

    def step(*tensors: torch.Tensor) -> list[torch.Tensor]:
        nonlocal names, has_loss
        leaves = [t.detach().requires_grad_() if i.gradient else t for t, i in zip(tensors, inputs, strict=True)]
        results = _checked(function(**{i.name: leaf for i, leaf in zip(inputs, leaves, strict=True)}))
        names, has_loss = list(results), "loss" in results
        gradients: list[torch.Tensor] = []
        if has_loss and wanted:
            sources = [leaf for i, leaf in zip(inputs, leaves, strict=True) if i.gradient]
            if results["loss"].requires_grad:
                found = torch.autograd.grad(results["loss"], sources, allow_unused=True)
            else:
                found = (None,) * len(sources)
            gradients = [torch.zeros_like(s) if g is None else g for g, s in zip(found, sources, strict=True)]
        return [r.detach() for r in results.values()] + gradients

    examples = [i.example for i in inputs]
    module = make_fx(step)(*examples)
    rules = {**core_aten_decompositions(), **get_decompositions(_LAYERS)}
    table = {op: rule for op, rule in rules.items() if not supported(op)}
    functional = torch.func.functionalize(module, remove="mutations_and_views")
    module = make_fx(functional, decomposition_table=table)(*examples)
    module.graph.eliminate_dead_code()
    _merge_equal_nodes(module.graph)  # only now: before, mutations made equal calls different
    module.graph.eliminate_dead_code()
    module.recompile()
    traced = Trace(module.graph, module, inputs, names, wanted if has_loss else [], has_loss)
    _fuse_real_inverse(traced.graph)
    traced.graph.eliminate_dead_code()
    _assign_stages(traced)
    _fold_constants(traced)
    return traced


def _checked(results: object) -> dict[str, torch.Tensor]:
    if not isinstance(results, dict) or not all(isinstance(v, torch.Tensor) for v in results.values()):
        raise ValueError("a demo's function must return a dictionary of tensors, such as {'audio': y, 'loss': loss}")
    if "loss" in results and results["loss"].ndim != 0:
        raise ValueError(f"'loss' must be a single number (a 0-d tensor), not of shape {tuple(results['loss'].shape)}")
    return results


def _merge_equal_nodes(graph: torch.fx.Graph) -> None:
    """Common sub-expression elimination: two calls with equal target and arguments become one."""
    seen: dict[tuple, torch.fx.Node] = {}
    for node in list(graph.nodes):
        if node.op == "get_attr":
            key = ("get_attr", node.target)
        elif node.op == "call_function" and not _is_random(node):
            key = (node.target, repr(node.args), repr(sorted(node.kwargs.items())))
        else:
            continue
        if key in seen:
            node.replace_all_uses_with(seen[key])
            graph.erase_node(node)
        else:
            seen[key] = node


def _is_random(node: torch.fx.Node) -> bool:
    tags = getattr(node.target, "tags", ())
    return torch.Tag.nondeterministic_seeded in tags


def _fuse_real_inverse(graph: torch.fx.Graph) -> None:
    """Rewrite ``real(c2c(zero-padded half spectrum))``, the backward of ``rfft``, as one half-size real transform.

    Re Σ_k G_k e^{2πi kn/N} over k = 0 … N/2 needs no full complex transform: it is the real inverse transform of
    G with its inner bins halved.
    """
    aten = torch.ops.aten
    for node in list(graph.nodes):
        if node.target is not aten._fft_c2c.default or node.args[2] != 0:
            continue
        padded, dims, _, forward = node.args
        shape = tuple(node.meta["val"].shape)
        if (
            forward
            or [d % len(shape) for d in dims] != [len(shape) - 1]
            or padded.target is not aten.slice_scatter.default
        ):
            continue
        base, source, dim, start, end = (*padded.args, 0, None)[:5]
        if base.target not in (aten.new_zeros.default, aten.zeros.default) or start != 0:
            continue
        if dim % len(shape) != len(shape) - 1 or end != shape[-1] // 2 + 1:
            continue
        reals = [u for v in node.users for u in v.users]
        views = all(v.target is aten.view_as_real_copy.default for v in node.users)
        if not views or not all(
            u.target is aten.select_copy.int and u.args[1] % (len(shape) + 1) == len(shape) and u.args[2] == 0
            for u in reals
        ):
            continue
        if source.target is aten.copy.default:
            source = source.args[1]
        with graph.inserting_before(node):
            fused = graph.call_function(real_inverse_of_half, (source, shape[-1]))
        fused.meta["val"] = reals[0].meta["val"]
        for user in reals:
            user.replace_all_uses_with(fused)


def real_inverse_of_half(half: torch.Tensor, size: int) -> torch.Tensor:
    """Re Σ_{k=0}^{N/2} G_k e^{2πi kn/N} for n = 0 … N−1 (a node of our own in the traced graph)."""
    full = torch.zeros(*half.shape[:-1], size, dtype=half.dtype)
    full[..., : half.shape[-1]] = half
    return torch.fft.ifft(full, norm="forward").real.contiguous()


def _assign_stages(traced: Trace) -> None:
    gradient = {i.name: i.gradient for i in traced.inputs}
    placeholders = iter(traced.inputs)
    fast_without_gradient = not any(gradient.values())
    for node in traced.graph.nodes:
        if node.op == "placeholder":
            source = next(placeholders)
            traced.stages[node] = FAST if source.gradient or fast_without_gradient else SLOW
        elif node.op == "get_attr":
            traced.stages[node] = CONST
        else:
            if _is_random(node):
                raise UnsupportedOperation(
                    f"{node.target}: draw random numbers outside of the demo's function, with a seed"
                )
            traced.stages[node] = max((traced.stages[a] for a in node.all_input_nodes), default=CONST)


def _fold_constants(traced: Trace) -> None:
    """Evaluate what depends on no input, and note every small result, so that it is shipped, not computed."""
    values: dict[torch.fx.Node, object] = {}
    for node in traced.graph.nodes:
        if node.op == "output" or traced.stages[node] != CONST:
            continue
        if node.op == "get_attr":
            value: object = getattr(traced.module, node.target)
        else:
            arguments = torch.fx.map_arg(node.args, lambda n: values[n])
            keywords = torch.fx.map_arg(node.kwargs, lambda n: values[n])
            value = node.target(*arguments, **keywords)
        values[node] = value
        if isinstance(value, torch.Tensor):
            node.meta["constant"] = value
            if node.op == "get_attr" or value.numel() <= _SHIPPED_ELEMENTS:
                traced.constants[node] = value


__all__ = ["CONST", "FAST", "SLOW", "Input", "Trace", "UnsupportedOperation", "real_inverse_of_half", "trace"]
