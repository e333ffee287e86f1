"""Damped modes against resonant filters, and their gradients."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import scipy.signal
import torch
from torch import Tensor
from torch.autograd import gradcheck

from ddsp_lite import oscillators

SR = 16000
F64 = torch.float64
NAN = float("nan")
MODES = oscillators.damped_modes


def test_modes_are_the_impulse_responses_of_resonators() -> None:
    f, t60, a = np.array([220.0, 1234.5, 7000.0]), np.array([1.0, 0.3, 0.05]), np.array([1.0, 0.5, 0.25])
    impulse = np.zeros(4000)
    impulse[0] = 1
    expected = np.zeros(4000)
    for frequency, decay, amplitude in zip(f, t60, a, strict=True):
        radius, angle = 10 ** (-3 / decay / SR), 2 * math.pi * frequency / SR
        taps = [0, amplitude * radius * math.sin(angle)], [1, -2 * radius * math.cos(angle), radius**2]
        expected += scipy.signal.lfilter(*taps, impulse)
    y = MODES(*map(torch.from_numpy, (f, t60, a)), sample_rate=SR, n_samples=4000)
    np.testing.assert_allclose(y.numpy(), expected, atol=1e-10)


def test_phase_and_gradients() -> None:
    f = torch.tensor([500.0, 1700.0], dtype=F64, requires_grad=True)
    t60 = torch.tensor([0.01, 0.002], dtype=F64, requires_grad=True)
    a, phase = (torch.rand(2, dtype=F64, requires_grad=True) for _ in range(2))
    y = MODES(f, t60, a, sample_rate=SR, n_samples=20, phase=phase)
    assert y[0].item() == pytest.approx((a * torch.sin(phase)).sum().item())
    assert gradcheck(lambda f, t, a, p: MODES(f, t, a, sample_rate=SR, n_samples=20, phase=p), (f, t60, a, phase))


@pytest.mark.parametrize("dtype", [torch.float32, F64])
def test_edges_are_finite_and_modes_above_nyquist_absent(dtype: torch.dtype) -> None:
    f = torch.tensor([0.0, 7999.0, 8000.0, 1e5], dtype=dtype, requires_grad=True)
    a, phase = torch.ones(4, dtype=dtype, requires_grad=True), torch.ones(4, dtype=dtype, requires_grad=True)
    for decay in (0.0, 1e-30, 1.0, 1e6):
        t60 = torch.full((4,), decay, dtype=dtype, requires_grad=True)
        for n in (1, 50):
            y = MODES(f, t60, a, sample_rate=SR, n_samples=n, phase=phase)
            assert y.dtype == dtype
            assert y.shape == (n,)
            inputs = (f, t60, a, phase)
            gradients = torch.autograd.grad(y.sum(), inputs, allow_unused=True, materialize_grads=True)
            assert all(torch.isfinite(g).all() for g in (y, *gradients))
            assert all((g[2:] == 0).all() for g in gradients)
            assert (gradients[2][:2] != 0).all()


def test_batches_equal_loops_and_float32_is_precise() -> None:
    f, t60, a = torch.rand(3, 5, dtype=F64) * 9000, torch.rand(2, 1, 5, dtype=F64), torch.rand(5, dtype=F64)
    y = MODES(f, t60, a, sample_rate=SR, n_samples=64)
    assert y.shape == (2, 3, 64)
    torch.testing.assert_close(y[1, 2], MODES(f[2], t60[1, 0], a, sample_rate=SR, n_samples=64))
    modes = f[0].float(), t60[0, 0].float() * 4, a.float()
    y = MODES(*modes, sample_rate=SR, n_samples=4 * SR)
    exact = MODES(*(m.double() for m in modes), sample_rate=SR, n_samples=4 * SR)
    assert (y - exact).norm() < 2e-6 * exact.norm()


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        ((-torch.ones(2), torch.ones(2), torch.ones(2)), {}, "frequencies must be at least 0 Hz, got -1.0"),
        ((torch.ones(2), -torch.ones(2), torch.ones(2)), {}, "decay_times must be at least 0 s, got -1.0"),
        ((torch.ones(2), 1.0, torch.ones(2)), {}, "decay_times must be a tensor (..., modes)"),
        ((torch.ones(0), torch.ones(2), torch.ones(2)), {}, "frequencies must be a tensor (..., modes)"),
        ((torch.ones(2), torch.ones(2), torch.tensor([NAN])), {}, "amplitudes must be finite, got nan"),
        ((torch.ones(2), torch.ones(2), torch.ones(2).long()), {}, "amplitudes must be a float32 or float64 tensor"),
        ((torch.ones(2), torch.ones(3), torch.ones(2)), {}, "must have the same number of modes, got frequencies 2"),
        ((torch.ones(2), torch.ones(2), torch.ones(2)), {"phase": torch.ones(1)}, "must have the same number of modes"),
        ((torch.ones(2), torch.ones(2), torch.ones(2)), {"n_samples": 0}, "n_samples must be at least 1, got 0"),
        ((torch.ones(2, 2), torch.ones(3, 2), torch.ones(2)), {}, "frequencies and decay_times and amplitudes must"),
    ],
)
def test_bad_input(arguments: tuple, options: dict, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        MODES(*arguments, **{"sample_rate": SR, "n_samples": 8, **options})


def test_graph(assert_traces) -> None:
    def sound(f: Tensor, t60: Tensor, a: Tensor) -> Tensor:
        return MODES(f, t60, a, sample_rate=SR, n_samples=64)

    x = torch.rand(2, 3, 4)
    at, elsewhere = ([v[0] * 5000, v[1], v[2]] for v in x)
    assert_traces(sound, at, elsewhere, operations=80)
