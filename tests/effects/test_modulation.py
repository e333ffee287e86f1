"""Chorus and flanger: against their definitions, gradients in all settings, edges and the graph."""

from __future__ import annotations

import math

import pytest
import torch
from torch.autograd import gradcheck

from ddsp_lite import effects

F64 = torch.float64
RATE = 8000


def tone(time: torch.Tensor) -> torch.Tensor:
    return torch.sin(2 * math.pi * 200 * time + 0.4)


def swing(time: torch.Tensor, rate: float, depth: float, delay: float, phase: float = 0.0) -> torch.Tensor:
    return delay + depth * torch.sin(2 * math.pi * rate * time + phase)


def test_chorus_is_the_mean_of_swinging_voices() -> None:
    time = torch.arange(3000, dtype=F64) / RATE
    y = effects.chorus(tone(time), sample_rate=RATE, rate=2.0, depth=0.004, delay=0.01, mix=0.7, voices=4)
    voices = [tone(time - swing(time, 2.0, 0.004, 0.01, math.pi / 2 * v)) for v in range(4)]
    expected = 0.3 * tone(time) + 0.7 * sum(voices) / 4
    late = time > 0.015
    torch.testing.assert_close(y[late], expected[late], rtol=0, atol=1e-4)


def test_flanger_sums_its_echoes() -> None:
    """With a delay that stands still, the echoes of a tone are a geometric series."""
    time = torch.arange(8000, dtype=F64) / RATE
    y = effects.flanger(tone(time), sample_rate=RATE, depth=0.0, delay=0.002, feedback=-0.6, mix=0.4)
    loop = torch.exp(torch.tensor(-2j * math.pi * 200 * 0.002, dtype=torch.complex128))
    gain = 0.6 + 0.4 * loop / (1 + 0.6 * loop)
    expected = (gain * torch.exp(1j * (2 * math.pi * 200 * time + 0.4))).imag
    torch.testing.assert_close(y[4000:], expected[4000:], rtol=0, atol=1e-9)


def test_flanger_without_feedback_is_a_chorus_of_one_voice() -> None:
    x, options = torch.randn(2, 400), {"sample_rate": RATE, "rate": 3.0, "depth": 0.001, "delay": 0.002, "mix": 0.5}
    single = effects.chorus(x, voices=1, **options)
    torch.testing.assert_close(effects.flanger(x, feedback=0.0, **options), single, rtol=1e-5, atol=1e-6)


SETTINGS = {
    "chorus": {"rate": 40.0, "depth": 0.0004, "delay": 0.0011, "mix": 0.6},
    "flanger": {"rate": 40.0, "depth": 0.0004, "delay": 0.0011, "feedback": 0.5, "mix": 0.6},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_gradients_in_all_settings(name: str) -> None:
    x = torch.randn(2, 24, dtype=F64, requires_grad=True)
    values = [torch.tensor(v, dtype=F64, requires_grad=True) for v in SETTINGS[name].values()]

    def run(x, *values):
        return getattr(effects, name)(x, sample_rate=RATE, **dict(zip(SETTINGS[name], values, strict=True)))

    assert gradcheck(run, (x, *values))
    assert all(g != 0 for g in torch.autograd.grad(run(x, *values).square().sum(), values))


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("dtype", [torch.float32, F64])
@pytest.mark.parametrize("mix", [0.0, 1.0])
def test_finite_at_the_edges(name: str, dtype: torch.dtype, mix: float) -> None:
    still = dict.fromkeys(SETTINGS[name], 0.0) | {"delay": 3 / RATE, "mix": mix}
    fast = still | {"rate": RATE / 2, "depth": 1.0, "delay": 1.001} | ({"feedback": 1.0} if "feedback" in still else {})
    for settings in (still, fast):
        for x in (torch.zeros(30, dtype=dtype), torch.randn(1, dtype=dtype)):
            leaves = {k: torch.tensor(v, dtype=dtype, requires_grad=True) for k, v in settings.items()}
            y = getattr(effects, name)(x.requires_grad_(), sample_rate=RATE, **leaves)
            assert y.dtype == dtype
            assert y.isfinite().all()
            for gradient in torch.autograd.grad(y.sum(), (x, *leaves.values())):
                assert gradient.isfinite().all()


@pytest.mark.parametrize("name", SETTINGS)
def test_batches_equal_loops(name: str) -> None:
    x, rate, mix = torch.randn(3, 1, 60), torch.tensor([5.0, 50.0]), torch.rand(3, 2)
    y = getattr(effects, name)(x, sample_rate=RATE, rate=rate, mix=mix)
    assert y.shape == (3, 2, 60)
    torch.testing.assert_close(y[2, 1], getattr(effects, name)(x[2, 0], sample_rate=RATE, rate=50.0, mix=mix[2, 1]))


@pytest.mark.parametrize("name", SETTINGS)
def test_graph(name: str, assert_traces) -> None:
    def run(x, *values):
        return getattr(effects, name)(x, sample_rate=RATE, **dict(zip(SETTINGS[name], values, strict=True)))

    here = [torch.tensor(v) for v in SETTINGS[name].values()]
    x, y = torch.randn(2, 60)
    assert_traces(run, [x, *here], [y, *(0.9 * v for v in here)], operations=350)


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"x": torch.ones(4).long()}, "x must be a float32 or float64 tensor"),
        ({"x": [0.0]}, "x must be a float32 or float64 tensor"),
        ({"sample_rate": 0}, "sample_rate must be above 0 Hz"),
        ({"rate": -1.0}, r"rate must lie in \[0, 4000\] Hz, got -1.0"),
        ({"depth": -0.1}, "depth must be at least 0 s, got -0.1"),
        ({"delay": 0.001, "depth": 0.01}, "delay - depth must be at least"),
        ({"mix": 1.1}, r"mix must lie in \[0, 1\], got 1.1"),
        ({"mix": torch.ones(3)}, "x and rate and depth and delay and mix must broadcast"),
    ],
)
def test_bad_input(name: str, options, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        getattr(effects, name)(**{"x": torch.ones(2, 8), "sample_rate": RATE} | options)


def test_bad_count_and_feedback() -> None:
    with pytest.raises(ValueError, match="voices must be at least 1, got 0"):
        effects.chorus(torch.ones(8), sample_rate=RATE, voices=0)
    with pytest.raises(ValueError, match=r"feedback must lie in \[-1, 1\], got 2.0"):
        effects.flanger(torch.ones(8), sample_rate=RATE, feedback=2.0)
