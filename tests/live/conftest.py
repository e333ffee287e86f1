"""What the tests of live demos share."""

from __future__ import annotations

import itertools
import linecache
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch


@pytest.fixture
def cell() -> Callable[..., dict[str, Any]]:
    """Run source as a notebook's cell does, so that `inspect` finds it; returns the names that it leaves."""
    numbers = itertools.count()

    def run(source: str, **names: Any) -> dict[str, Any]:
        name = f"<cell {next(numbers)}>"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        scope = {"__name__": "__main__", **names}
        exec(compile(source, name, "exec"), scope)
        return scope

    return run


@pytest.fixture
def assert_compiles() -> Callable[..., None]:
    """A check: compiled, at the controls' start, each output and gradient is autograd's, relative to its peak."""
    from ddsp_lite.live.compile import compile_model

    def check(function: Callable[..., dict], controls: dict[str, Any], *, tolerance: float = 1e-5) -> None:
        values = {name: control.start for name, control in controls.items()}
        got = compile_model(function, controls).run(values)
        leaves = {name: torch.tensor(value, requires_grad=True) for name, value in values.items()}
        wanted = function(**leaves)
        gradients = torch.autograd.grad(wanted["loss"], list(leaves.values()))
        pairs = [(name, got["outputs"][name], value) for name, value in wanted.items()]
        pairs += [(f"gradient of {n}", got["gradients"][n], g) for n, g in zip(leaves, gradients, strict=True)]
        for name, ours, theirs in pairs:
            theirs = theirs.detach().numpy()
            peak = np.abs(theirs).max()
            assert peak > 0, f"{name} is zero: nothing is compared"
            np.testing.assert_allclose(
                np.reshape(ours, theirs.shape), theirs, rtol=0, atol=tolerance * peak, err_msg=name
            )

    return check
