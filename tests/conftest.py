"""What every test shares: one thread, the same random numbers each time, and a look at the traced graph."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("NUMBA_NUM_THREADS", "1")

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.fx import GraphModule
from torch.fx.experimental.proxy_tensor import make_fx

torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Start every test from the same random state."""
    torch.manual_seed(0)
    np.random.seed(0)


@pytest.fixture
def gradient_graph() -> Callable[..., GraphModule]:
    """A function that traces ``function(*inputs)`` and its gradients into one graph, as the compiler for demos does.

    The graph, called with inputs, returns the result and then the gradient of the result's weighted sum with respect
    to each input.
    """

    def trace(function: Callable[..., Tensor], *inputs: Tensor) -> GraphModule:
        def step(*values: Tensor) -> tuple[Tensor, ...]:
            leaves = [v.detach().requires_grad_() for v in values]
            y = function(*leaves)
            return y.detach(), *torch.autograd.grad((y * weights_like(y)).sum(), leaves)

        graph = make_fx(step)(*inputs)
        graph.graph.eliminate_dead_code()
        graph.recompile()
        return graph

    return trace


@pytest.fixture
def assert_traces(gradient_graph: Callable[..., GraphModule]) -> Callable[..., None]:
    """A check: the graph traced at one point gives value and gradients at another, and has few operations."""

    def check(
        function: Callable[..., Tensor], at: list[Tensor], elsewhere: list[Tensor], *, operations: int = 100
    ) -> None:
        graph = gradient_graph(function, *at)
        calls = [node.target for node in graph.graph.nodes if node.op == "call_function"]
        assert len(calls) <= operations, f"{len(calls)} operations: {calls}"
        leaves = [v.clone().requires_grad_() for v in elsewhere]
        y = function(*leaves)
        expected = (y.detach(), *torch.autograd.grad((y * weights_like(y)).sum(), leaves))
        for ours, theirs in zip(graph(*elsewhere), expected, strict=True):
            torch.testing.assert_close(ours, theirs)

    return check


def weights_like(y: Tensor) -> Tensor:
    """Unequal weights, so that no gradient is missed because its parts cancel."""
    return torch.cos(torch.arange(y.numel(), dtype=y.dtype)).reshape(y.shape)
