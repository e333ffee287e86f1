"""Fractional delay: whole samples, sinusoids in closed form, gradients in the delay, and the graph."""

from __future__ import annotations

import math

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck

from ddsp_lite import effects

F64 = torch.float64
METHODS = ("linear", "lagrange", "sinc")
FRACTIONS = torch.linspace(0, 0.99, 34, dtype=F64)


def response(method: str, fraction: torch.Tensor, turns: torch.Tensor) -> torch.Tensor:
    """The gain of the interpolation at frequencies given in turns a sample."""
    first, mix = effects.weights(fraction, method)
    taps = torch.arange(first, first + mix.shape[-1])
    return (mix[:, None] * torch.exp(-2j * math.pi * turns[:, None] * taps)).sum(-1)


@pytest.mark.parametrize(
    ("method", "nyquists", "error"), [("linear", 0.1, 0.013), ("lagrange", 0.2, 0.004), ("sinc", 0.8, 0.004)]
)
def test_weights_delay_every_frequency_of_their_band(method: str, nyquists: float, error: float) -> None:
    turns = torch.linspace(0, nyquists / 2, 101, dtype=F64)
    exact = torch.exp(-2j * math.pi * turns * FRACTIONS[:, None])
    difference = (response(method, FRACTIONS, turns) - exact).abs()
    assert difference.max() < error
    assert difference.max() > error / 4


def test_lagrange_amplifies_no_frequency() -> None:
    assert response("lagrange", FRACTIONS, torch.linspace(0, 0.5, 501, dtype=F64)).abs().max() <= 1 + 1e-12


@pytest.mark.parametrize("method", METHODS)
def test_whole_samples_shift_exactly(method: str) -> None:
    x = torch.randn(2, 50, dtype=F64)
    for delay in (0, 1, 7, 49):
        expected = torch.nn.functional.pad(x, (delay, 0))[:, :50]
        torch.testing.assert_close(effects.fractional_delay(x, float(delay), sample_rate=1, method=method), expected)
    for delay in (66.0, 1e3, 1e30):
        assert (effects.fractional_delay(x, delay, sample_rate=1, method=method) == 0).all()


@pytest.mark.parametrize(("method", "error"), [("linear", 5e-3), ("lagrange", 5e-5), ("sinc", 1e-4)])
def test_sinusoid_through_a_moving_delay(method: str, error: float) -> None:
    rate, time = 16000, torch.arange(4000, dtype=F64) / 16000
    tone = lambda t: torch.sin(2 * math.pi * 300 * t + 0.3)  # noqa: E731
    delay = 0.01 + 0.002 * torch.sin(2 * math.pi * 5 * time)
    y = effects.fractional_delay(tone(time), delay, sample_rate=rate, method=method)
    late = time > 0.0135
    assert (y - tone(time - delay))[late].abs().max() < error


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(), (2, 1), (2, 30)])
def test_gradients(method: str, shape: tuple[int, ...]) -> None:
    x = torch.randn(2, 30, dtype=F64, requires_grad=True)
    delay = (3 + 8 * torch.rand(shape, dtype=F64)).requires_grad_()
    run = lambda x, d: effects.fractional_delay(x, d, sample_rate=1, method=method)  # noqa: E731
    assert gradcheck(run, (x, delay))
    assert gradgradcheck(run, (x, delay))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("delay", [0.0, 1.0, 5.0, 1e-9, 40.0, 1e20])
def test_gradients_are_finite_at_whole_samples_and_far_away(method: str, delay: float) -> None:
    x, delay = torch.randn(20, requires_grad=True), torch.tensor(delay, requires_grad=True)
    y = effects.fractional_delay(x, delay, sample_rate=1, method=method)
    for gradient in torch.autograd.grad(y.square().sum(), (x, delay)):
        assert gradient.isfinite().all()


def test_batches_equal_loops() -> None:
    x, delay = torch.randn(3, 1, 40), torch.rand(2, 40) / 100
    y = effects.fractional_delay(x, delay, sample_rate=1000)
    assert y.shape == (3, 2, 40)
    for i in range(3):
        for j in range(2):
            torch.testing.assert_close(y[i, j], effects.fractional_delay(x[i, 0], delay[j], sample_rate=1000))
    assert effects.fractional_delay(torch.ones(1), 0.0, sample_rate=1) == 1
    assert effects.fractional_delay(torch.ones(40), torch.zeros(3, 1), sample_rate=1).shape == (3, 40)


def test_strided_sound() -> None:
    x = torch.randn(40, 3)
    y = effects.fractional_delay(x.T, 0.0035, sample_rate=1000)
    torch.testing.assert_close(y, effects.fractional_delay(x.T.contiguous(), 0.0035, sample_rate=1000))


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_graph(method: str, assert_traces) -> None:
    def run(x, d):
        return effects.fractional_delay(x, d, sample_rate=1000, method=method)

    x, y = torch.randn(2, 60)
    assert_traces(run, [x, torch.tensor(0.0123)], [y, torch.tensor(0.0257)], operations=135)


@pytest.mark.parametrize(
    ("x", "delay", "options", "message"),
    [
        (torch.ones(4, dtype=torch.int64), 1.0, {}, "x must be a float32 or float64 tensor"),
        (torch.ones(0), 1.0, {}, "x must be a tensor .* at least one sample"),
        (torch.ones(4), -1.0, {}, "delay must be at least 0 s, got -1.0"),
        (torch.ones(4), torch.tensor([0.1, math.nan, 0.1, 0.1]), {}, "delay must be finite, got nan"),
        (torch.ones(4), torch.ones(3), {}, r"x and delay must broadcast, got shapes x \(4,\), delay \(3,\)"),
        (torch.ones(1), torch.ones(3), {}, "delay must have 1 or 1 samples, as x has, got 3"),
        (torch.ones(4), "long", {}, "delay must be a float32 or float64 tensor or a number"),
        (torch.ones(4), 1.0, {"method": "cubic"}, "method must be one of 'linear', 'lagrange', 'sinc', got 'cubic'"),
        (torch.ones(4), 1.0, {"sample_rate": 0}, "sample_rate must be above 0 Hz, got 0.0"),
    ],
)
def test_bad_input(x, delay, options, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        effects.fractional_delay(x, delay, **{"sample_rate": 1} | options)
