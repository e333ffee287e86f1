"""Compression: the smoother against NumPy and its twin, the static curve in closed form, gradients in all settings."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck

from ddsp_lite import effects

F64 = torch.float64
RATE = 8000


def smoothed(x: np.ndarray, attack: float, release: float) -> np.ndarray:
    y, last = np.empty_like(x), 0.0
    for n, value in enumerate(x):
        tau = attack if value > last else release
        pole = math.exp(-1 / (RATE * tau)) if tau > 0 else 0.0
        last = pole * last + (1 - pole) * value
        y[n] = last
    return y


@pytest.mark.slow
@pytest.mark.parametrize("run", [effects.ballistics, effects.ballistics_twin])
@pytest.mark.parametrize(("attack", "release"), [(0.001, 0.02), (0.02, 0.0), (0.0, 0.01), (0.005, 0.005)])
def test_smoother_equals_numpy(run, attack: float, release: float) -> None:
    x = torch.randn(300, dtype=F64)
    y = run(x, attack, release, sample_rate=RATE)
    np.testing.assert_allclose(y.numpy(), smoothed(x.numpy(), attack, release), rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(run(x.float(), attack, release, sample_rate=RATE), y.float(), rtol=1e-5, atol=1e-6)


def test_smoother_gradients() -> None:
    x = torch.randn(2, 15, dtype=F64, requires_grad=True)
    attack = torch.tensor([1e-4, 1e-3], dtype=F64, requires_grad=True)
    release = torch.tensor([3e-3, 2e-4], dtype=F64, requires_grad=True)
    run = lambda *inputs: effects.ballistics(*inputs, sample_rate=RATE)  # noqa: E731
    assert gradcheck(run, (x, attack, release))
    assert gradgradcheck(run, (x, attack, release))


def test_smoother_equals_its_twin_on_both_ways() -> None:
    """`create_graph=True` leaves the compiled adjoint for the twin."""
    x, weight = torch.randn(2, 3, 200)
    inputs = [x.requires_grad_(), torch.tensor(0.002, requires_grad=True), torch.tensor(0.01, requires_grad=True)]
    y = effects.ballistics(*inputs, sample_rate=RATE)
    compiled = torch.autograd.grad((y * weight).sum(), inputs, retain_graph=True)
    composed = torch.autograd.grad((y * weight).sum(), inputs, create_graph=True)
    twin = torch.autograd.grad((effects.ballistics_twin(*inputs, sample_rate=RATE) * weight).sum(), inputs)
    for one, two, three in zip(compiled, composed, twin, strict=True):
        torch.testing.assert_close(one, two)
        torch.testing.assert_close(one, three)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [torch.float32, F64])
def test_operators_keep_the_rules(dtype: torch.dtype) -> None:
    x, grad = torch.randn(2, 20, dtype=dtype), torch.randn(2, 20, dtype=F64)
    poles = [torch.tensor([0.2, 0.9], dtype=F64), torch.tensor([0.0, 0.99], dtype=F64)]
    torch.library.opcheck(torch.ops.ddsp_lite.ballistics, [t.clone().requires_grad_() for t in (x, *poles)])
    y = torch.ops.ddsp_lite.ballistics(x, *poles)
    torch.library.opcheck(torch.ops.ddsp_lite.ballistics_backward, (grad, x, y, *poles))


def test_tail_reaches_zero_without_denormal_numbers() -> None:
    x = torch.zeros(9000, dtype=F64, requires_grad=True)
    y = effects.ballistics(torch.cat([torch.ones(1, dtype=F64), x]), 0.0, 1.0, sample_rate=10)
    assert (y[8000:] == 0).all()
    (gradient,) = torch.autograd.grad(y[-1], x)
    assert (gradient[:500] == 0).all()


@pytest.mark.parametrize("knee", [0.0, 6.0, 20.0])
@pytest.mark.parametrize("ratio", [1.0, 2.0, 8.0, 1e6])
def test_static_curve(knee: float, ratio: float) -> None:
    """With no time constants, the output level of each sample is the textbook's curve."""
    level = torch.linspace(-60, 0, 241, dtype=F64)
    y = effects.compressor(
        10 ** (level / 20), -25.0, ratio, attack=0.0, release=0.0, sample_rate=RATE, knee=knee, makeup=3.0
    )
    above = level + 25
    bend = level + (1 / ratio - 1) * (above + knee / 2) ** 2 / (2 * knee) if knee else level
    expected = torch.where(above.abs() < knee / 2, bend, torch.where(above > 0, -25 + above / ratio, level))
    torch.testing.assert_close(20 * torch.log10(y), expected + 3, rtol=0, atol=1e-4)  # the floor counts at -60 dB


def test_attack_and_release_times() -> None:
    x = torch.cat([torch.full((2000,), 0.5), torch.full((2000,), 0.005)]).double()
    y = effects.compressor(x, -30.0, 4.0, attack=0.01, release=0.03, sample_rate=RATE)
    reduction = 20 * torch.log10(x / y)
    full = reduction[1999]
    torch.testing.assert_close(reduction[79], full * (1 - math.exp(-1)), rtol=1e-6, atol=0)
    torch.testing.assert_close(reduction[2000 + 239], full * math.exp(-1), rtol=1e-6, atol=0)


@pytest.mark.parametrize("knee", [0.0, 6.0])
def test_gradients_in_all_settings(knee: float) -> None:
    x = (torch.randn(2, 14, dtype=F64) * 0.3).requires_grad_()
    values = ([-20.0, -14.0], [2.0, 5.0], [1e-4, 1e-3], [2e-3, 5e-4], [3.0, 0.0])
    settings = [torch.tensor(v, dtype=F64, requires_grad=True) for v in values]

    def run(x, threshold, ratio, attack, release, makeup):
        return effects.compressor(
            x, threshold, ratio, attack=attack, release=release, sample_rate=RATE, knee=knee, makeup=makeup
        )

    assert gradcheck(run, (x, *settings))
    assert all((g != 0).all() for g in torch.autograd.grad(run(x, *settings).square().sum(), settings))


@pytest.mark.parametrize("dtype", [torch.float32, F64])
@pytest.mark.parametrize("level", [0.0, 1e-30, 1.0, 1e15])
@pytest.mark.parametrize("time", [0.0, 1e-30, 1e6])
def test_finite_at_the_edges(dtype: torch.dtype, level: float, time: float) -> None:
    x = (level * torch.randn(40, dtype=dtype)).requires_grad_()
    settings = [torch.tensor(v, dtype=dtype, requires_grad=True) for v in (-40.0, 1.0, time, time)]
    y = effects.compressor(x, *settings[:2], attack=settings[2], release=settings[3], sample_rate=RATE, knee=0.0)
    assert y.isfinite().all()
    for gradient in torch.autograd.grad((y / max(level, 1)).sum(), (x, *settings)):
        assert gradient.isfinite().all()


def test_batches_equal_loops() -> None:
    x, threshold, attack = torch.randn(3, 1, 50), torch.tensor([-20.0, -40.0]), torch.rand(3, 2) / 100
    y = effects.compressor(x, threshold, 3.0, attack=attack, release=0.01, sample_rate=RATE)
    assert y.shape == (3, 2, 50)
    alone = effects.compressor(x[2, 0], threshold[1], 3.0, attack=attack[2, 1], release=0.01, sample_rate=RATE)
    torch.testing.assert_close(y[2, 1], alone)


@pytest.mark.slow
def test_graph(assert_traces) -> None:
    def run(x, threshold, ratio, attack, release):
        return effects.compressor(x, threshold, ratio, attack=attack, release=release, sample_rate=RATE)

    x, y = torch.randn(2, 60)
    here = [torch.tensor(v) for v in (-20.0, 4.0, 0.001, 0.01)]
    there = [torch.tensor(v) for v in (-30.0, 2.0, 0.002, 0.005)]
    assert_traces(run, [x, *here], [y, *there], operations=150)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threshold": math.nan}, "threshold must be finite, got nan"),
        ({"ratio": 0.5}, "ratio must be at least 1, got 0.5"),
        ({"attack": -0.1}, "attack must be at least 0 s, got -0.1"),
        ({"release": torch.tensor([0.1, -0.1])}, "release must be at least 0 s, got -0.1"),
        ({"knee": -1.0}, "knee must be at least 0 dB, got -1.0"),
        ({"makeup": "loud"}, "makeup must be a float32 or float64 tensor or a number"),
        ({"attack": torch.zeros(3)}, "x and attack and release must broadcast"),
        ({"ratio": torch.ones(3)}, "x and threshold and ratio and makeup must broadcast"),
        ({"sample_rate": -1}, "sample_rate must be above 0 Hz"),
        ({"x": torch.ones(2, 4, dtype=torch.int32)}, "x must be a float32 or float64 tensor"),
    ],
)
def test_bad_input(options, message: str) -> None:
    given = {
        "x": torch.ones(2, 4),
        "threshold": -20.0,
        "ratio": 2.0,
        "attack": 0.01,
        "release": 0.1,
        "sample_rate": RATE,
    }
    with pytest.raises(ValueError, match=message):
        effects.compressor(**given | options)
