"""Frequency modulation against its Bessel series and the plain equation."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import scipy.special
import torch
from torch import Tensor
from torch.autograd import gradcheck

from ddsp_lite import controls, oscillators

SR = 16000
F64 = torch.float64
NAN = float("nan")
FM = oscillators.fm_stack


def test_spectrum_is_that_of_bessel_functions() -> None:
    ratios, amplitudes = torch.tensor([5.0, 1.0], dtype=F64), torch.tensor([0.8, 1.7], dtype=F64)
    y = FM(torch.tensor(400.0, dtype=F64), ratios, amplitudes, sample_rate=SR, n_samples=SR).numpy()
    expected = np.zeros(SR // 2 + 1)
    for order in range(-14, 15):
        frequency = 400 * (5 + order)
        expected[abs(frequency)] += 0.8 * scipy.special.jv(order, 1.7) * np.sign(frequency)
    np.testing.assert_allclose(-np.fft.rfft(y).imag / (SR / 2), expected, atol=1e-9)


def test_three_operators_with_changing_controls_against_numpy() -> None:
    f0 = 200 + 200 * torch.rand(10, dtype=F64)
    ratios = torch.tensor([1.0, 1.414, 3.0], dtype=F64)
    amplitudes = torch.rand(5, 3, dtype=F64)
    y = FM(f0, ratios, amplitudes, sample_rate=SR, n_samples=500)
    f = controls.resample(f0, 500).numpy()
    phi = 2 * math.pi * (np.cumsum(f) - f) / SR
    a = controls.resample(amplitudes, 500, axis=-2).numpy().T
    expected = a[0] * np.sin(phi + a[1] * np.sin(1.414 * phi + a[2] * np.sin(3 * phi)))
    np.testing.assert_allclose(y.numpy(), expected, atol=1e-10)


def test_without_modulation_it_is_a_sinusoid() -> None:
    f0 = torch.rand(100, dtype=F64) * 1000
    y = FM(f0, torch.tensor([2.0, 3.0]), torch.tensor([0.5, 0.0]), sample_rate=SR)
    torch.testing.assert_close(y, oscillators.sinusoid(2 * f0, sample_rate=SR, amplitude=0.5))


def test_gradients() -> None:
    ratios = torch.tensor([1.0, 2.5, 3.0], dtype=F64, requires_grad=True)
    for frames in (1, 3, 12):
        f0 = (300 + 200 * torch.rand(frames, dtype=F64)).requires_grad_()
        amplitudes = torch.rand(frames, 3, dtype=F64, requires_grad=True)
        assert gradcheck(lambda f, r, a: FM(f, r, a, sample_rate=SR, n_samples=12), (f0, ratios, amplitudes))


@pytest.mark.parametrize("dtype", [torch.float32, F64])
def test_edges_are_finite(dtype: torch.dtype) -> None:
    for f0, ratio, index in ((0.0, 1.0, 1.0), (440.0, 0.0, 0.0), (20000.0, 100.0, 1e4), (440.0, 1.0, 0.0)):
        inputs = (
            torch.tensor(f0, dtype=dtype, requires_grad=True),
            torch.full((3,), ratio, dtype=dtype, requires_grad=True),
            torch.full((3,), index, dtype=dtype, requires_grad=True),
        )
        y = FM(*inputs, sample_rate=SR, n_samples=64)
        assert y.dtype == dtype
        assert all(torch.isfinite(g).all() for g in (y, *torch.autograd.grad(y.sum(), inputs)))


def test_batches_equal_loops_and_float32_is_precise() -> None:
    f0, ratios = torch.rand(3, 8, dtype=F64) * 500, torch.rand(2, 1, 4, dtype=F64) * 5
    amplitudes = torch.rand(3, 16, 4, dtype=F64)
    y = FM(f0, ratios, amplitudes, sample_rate=SR, n_samples=64)
    assert y.shape == (2, 3, 64)
    torch.testing.assert_close(y[1, 2], FM(f0[2], ratios[1, 0], amplitudes[2], sample_rate=SR, n_samples=64))
    f0, ratios, amplitudes = torch.tensor(441.3), torch.tensor([1.0, 7.0]), torch.tensor([1.0, 3.0])
    y, exact = (
        FM(f0.to(t), ratios.to(t), amplitudes.to(t), sample_rate=SR, n_samples=4 * SR) for t in (torch.float32, F64)
    )
    assert (y - exact).norm() < 2e-6 * exact.norm()


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        ((-1.0, torch.ones(2), torch.ones(2)), {}, "f0 must be at least 0 Hz, got -1.0"),
        ((440.0, -torch.ones(2), torch.ones(2)), {}, "ratios must be at least 0, got -1.0"),
        ((440.0, 2.0, torch.ones(2)), {}, "ratios must be a tensor (..., operators)"),
        ((440.0, torch.ones(2), torch.ones(0)), {}, "amplitudes must be a tensor (operators,) or"),
        ((440.0, torch.ones(2), torch.tensor([1.0, NAN])), {}, "amplitudes must be finite, got nan"),
        ((440.0, torch.ones(2), torch.ones(2).int()), {}, "amplitudes must be a float32 or float64 tensor"),
        ((440.0, torch.ones(2), torch.ones(3)), {}, "must have the same number of operators, got ratios 2"),
        ((440.0, torch.ones(2), torch.ones(3, 2)), {}, "n_samples must be a multiple of the 3 frames of amplitudes"),
        ((440.0, torch.ones(2), torch.ones(2)), {"n_samples": None}, "n_samples must be given where f0 is a single"),
        ((torch.ones(3, 8), torch.ones(2, 2), torch.ones(2)), {}, "f0 and ratios and amplitudes must broadcast"),
    ],
)
def test_bad_input(arguments: tuple, options: dict, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        FM(*arguments, **{"sample_rate": SR, "n_samples": 8, **options})


def test_graph(assert_traces) -> None:
    def sound(f0: Tensor, ratios: Tensor, amplitudes: Tensor) -> Tensor:
        return FM(f0, ratios, amplitudes, sample_rate=SR, n_samples=64)

    a = torch.rand(2, 8, 3)
    assert_traces(sound, [a[0, 0, 0] * 500, a[0, 1], a[0]], [a[1, 0, 0] * 900, a[1, 1], a[1]], operations=170)
