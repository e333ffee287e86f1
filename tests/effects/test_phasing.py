"""The phaser: its chain against SciPy and its twin, notches where they belong, gradients, edges and the graph."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.signal import lfilter
from torch.autograd import gradcheck, gradgradcheck

from ddsp_lite import effects

F64 = torch.float64
RATE = 8000
RUNS = [effects.allpass_chain, effects.allpass_chain_twin]


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize(("stages", "feedback"), [(1, 0.0), (4, 0.0), (3, -0.7)])
def test_still_chain_equals_scipy(run, stages: int, feedback: float) -> None:
    x = torch.randn(2, 80, dtype=F64)
    b, a = (np.poly1d([1.0]),) * 2
    for _ in range(stages):
        b, a = b * np.poly1d([0.4, 1.0]), a * np.poly1d([1.0, 0.4])
    b, a = b.coeffs, np.pad(a.coeffs, (0, 1))
    a[1:] -= feedback * b
    y = run(x, torch.tensor(0.4, dtype=F64), feedback, stages=stages)
    np.testing.assert_allclose(y, lfilter(b, a, x), rtol=1e-11, atol=1e-12)


def test_moving_chain_equals_its_twin_both_ways() -> None:
    inputs = [torch.randn(3, 60), 1.8 * torch.rand(3, 60) - 0.9, torch.rand(3)]
    inputs = [t.requires_grad_() for t in inputs]
    weight = torch.randn(3, 60)
    y, twin = (run(*inputs, stages=4) for run in RUNS)
    torch.testing.assert_close(y, twin)
    compiled = torch.autograd.grad((y * weight).sum(), inputs, retain_graph=True)
    composed = torch.autograd.grad((y * weight).sum(), inputs, create_graph=True)
    exact = torch.autograd.grad((twin * weight).sum(), inputs)
    for one, two, three in zip(compiled, composed, exact, strict=True):
        torch.testing.assert_close(one, two, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(one, three, rtol=1e-5, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(), (2, 1), (2, 10)])
def test_chain_gradients(shape: tuple[int, ...]) -> None:
    x = torch.randn(2, 10, dtype=F64, requires_grad=True)
    a = (1.8 * torch.rand(shape, dtype=F64) - 0.9).requires_grad_()
    feedback = torch.tensor([0.5, -0.8], dtype=F64, requires_grad=True)
    assert gradcheck(lambda *inputs: effects.allpass_chain(*inputs, stages=3), (x, a, feedback))
    assert gradgradcheck(lambda *inputs: effects.allpass_chain(*inputs, stages=3), (x, a, feedback))


@pytest.mark.parametrize("dtype", [torch.float32, F64])
def test_operators_keep_the_rules(dtype: torch.dtype) -> None:
    x, a, feedback = torch.randn(2, 20, dtype=dtype), torch.rand(2, 20, dtype=F64), torch.rand(2, dtype=F64)
    # The gradient is that of the last stage alone, so no generic check of gradients is asked for.
    utilities = ("test_schema", "test_faketensor", "test_autograd_registration")
    inputs = [*(t.clone().requires_grad_() for t in (x, a, feedback)), 3]
    torch.library.opcheck(torch.ops.ddsp_lite.allpass_chain, inputs, test_utils=utilities)
    z = torch.ops.ddsp_lite.allpass_chain(x, a, feedback, 3)
    torch.library.opcheck(torch.ops.ddsp_lite.allpass_chain_backward, (z[:, -1].contiguous(), a, feedback, z))


def test_a_chain_passes_all_power() -> None:
    click = torch.eye(1, 4096, dtype=F64)[0]
    y = effects.allpass_chain(click, torch.tensor(-0.6), stages=6)
    torch.testing.assert_close(torch.fft.rfft(y).abs(), torch.ones(2049, dtype=F64))


def test_tail_reaches_zero_without_denormal_numbers() -> None:
    x = torch.zeros(9000, dtype=F64, requires_grad=True)
    y = effects.allpass_chain(torch.cat([torch.ones(1, dtype=F64), x]), torch.tensor(-0.8), stages=2)
    assert (y[4000:] == 0).all()
    (gradient,) = torch.autograd.grad(y[-1], x)
    assert (gradient[:4000] == 0).all()


def test_four_stages_make_two_notches() -> None:
    """Each stage turns f by 2 atan(tan(pi f / rate) / tan(pi f0 / rate)); half a turn in all are notches."""
    click = torch.eye(1, 32768, dtype=F64)[0]
    y = effects.phaser(click, sample_rate=RATE, low=900.0, high=900.0)
    gain = torch.fft.rfft(y).abs()
    frequency = torch.arange(16385, dtype=F64) * RATE / 32768
    turn = 8 * torch.atan(torch.tan(math.pi * frequency / RATE) / math.tan(math.pi * 900 / RATE))
    torch.testing.assert_close(gain, torch.cos(turn / 2).abs(), rtol=0, atol=1e-9)
    assert int(((gain[1:-1] < gain[:-2]) & (gain[1:-1] < gain[2:])).sum()) == 2


VALUES = {"rate": 30.0, "low": 300.0, "high": 1500.0, "feedback": 0.6, "mix": 0.4}


def run(x, *values):
    return effects.phaser(x, sample_rate=RATE, **dict(zip(VALUES, values, strict=True)))


def test_gradients_in_all_settings() -> None:
    x = torch.randn(2, 14, dtype=F64, requires_grad=True)
    values = [torch.tensor(v, dtype=F64, requires_grad=True) for v in VALUES.values()]
    assert gradcheck(run, (x, *values))
    assert all(g != 0 for g in torch.autograd.grad(run(x, *values).square().sum(), values))


@pytest.mark.parametrize("dtype", [torch.float32, F64])
@pytest.mark.parametrize("low", [1e-3, 3999.99])
@pytest.mark.parametrize("high", [1e-3, 3999.99])
@pytest.mark.parametrize("feedback", [0.0, 0.99])
def test_finite_at_the_edges(dtype: torch.dtype, low: float, high: float, feedback: float) -> None:
    for x in (torch.zeros(40, dtype=dtype), torch.randn(1, dtype=dtype), torch.randn(500, dtype=dtype)):
        values = [torch.tensor(v, dtype=dtype, requires_grad=True) for v in (4000.0, low, high, feedback, 1.0)]
        y = run(x.requires_grad_(), *values)
        assert y.dtype == dtype
        assert y.isfinite().all()
        for gradient in torch.autograd.grad(y.sum(), (x, *values)):
            assert gradient.isfinite().all()


def test_batches_equal_loops() -> None:
    x, rate, feedback = torch.randn(3, 1, 60), torch.tensor([5.0, 50.0]), torch.rand(3, 2)
    y = effects.phaser(x, sample_rate=RATE, rate=rate, feedback=feedback)
    assert y.shape == (3, 2, 60)
    alone = effects.phaser(x[2, 0], sample_rate=RATE, rate=50.0, feedback=feedback[2, 1])
    torch.testing.assert_close(y[2, 1], alone)


def test_graph(assert_traces) -> None:
    here = [torch.tensor(v) for v in VALUES.values()]
    x, y = torch.randn(2, 60)
    assert_traces(run, [x, *here], [y, *(0.9 * v for v in here)], operations=150)


X = torch.ones(2, 8)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: effects.allpass_chain(X.long(), torch.tensor(0.5), stages=1), "x must be a float32 or float64 tensor"),
        (lambda: effects.allpass_chain(X, torch.tensor(1.0), stages=1), r"a must lie in \(-1, 1\), got 1.0"),
        (lambda: effects.allpass_chain(X, torch.zeros(3), stages=1), "x and a and feedback must broadcast"),
        (lambda: effects.allpass_chain(X[:, :1], torch.zeros(3), stages=1), "a must have 1 or 1 samples, as x has"),
        (lambda: effects.allpass_chain(X, torch.tensor(0.5), stages=0), "stages must be at least 1, got 0"),
        (lambda: effects.allpass_chain(X, torch.tensor(0.5), 2.0, stages=1), r"feedback must lie in \[-1, 1\], got 2"),
        (lambda: effects.phaser(X, sample_rate=RATE, rate=5e3), r"rate must lie in \[0, 4000\] Hz, got 5000.0"),
        (lambda: effects.phaser(X, sample_rate=RATE, low=0.0), r"low must lie in \(0, 4000\) Hz, got 0.0"),
        (lambda: effects.phaser(X, sample_rate=RATE, high=4000.0), r"high must lie in \(0, 4000\) Hz, got 4000.0"),
        (lambda: effects.phaser(X, sample_rate=RATE, mix=-0.1), r"mix must lie in \[0, 1\], got -0.1"),
        (lambda: effects.phaser(X, sample_rate=RATE, low=torch.ones(3)), "x and rate and low and high and mix must"),
    ],
)
def test_bad_input(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
