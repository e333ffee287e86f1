"""The complex surrogate: its closed form, its gradient, and that descent finds the frequency by it."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from ddsp_lite import oscillators

SR = 16000
F64 = torch.float64
NAN = float("nan")
SURROGATE, OF, FREQUENCY = oscillators.complex_surrogate, oscillators.surrogate_of, oscillators.surrogate_frequency


@pytest.mark.parametrize("n", [1, 2, 3, 64, 100])
def test_powers_against_numpy(n: int) -> None:
    z = np.random.uniform(0.2, 1.02, 5) * np.exp(1j * np.random.uniform(-4, 4, 5))
    y = SURROGATE(torch.from_numpy(z.real), torch.from_numpy(z.imag), n_samples=n, amplitude=0.5)
    np.testing.assert_allclose(y.numpy(), 0.5 * (z[:, None] ** np.arange(n)).real, atol=1e-12)


def test_on_the_unit_circle_it_is_a_cosine() -> None:
    f = torch.tensor([0.0, 441.7, 8000.0], dtype=F64)
    y = SURROGATE(*OF(f, sample_rate=SR), n_samples=SR)
    cosine = oscillators.sinusoid(f, sample_rate=SR, n_samples=SR, phase=math.pi / 2)
    torch.testing.assert_close(y, cosine, atol=1e-10, rtol=0)
    torch.testing.assert_close(FREQUENCY(*OF(f, sample_rate=SR, radius=0.3), sample_rate=SR), f)


def test_gradients_also_at_zero() -> None:
    real = torch.tensor([0.0, 0.3, -0.9, 1.0], dtype=F64, requires_grad=True)
    imaginary = torch.tensor([0.0, 0.9, 0.1, 0.0], dtype=F64, requires_grad=True)
    amplitude = torch.tensor(0.7, dtype=F64, requires_grad=True)
    assert gradcheck(lambda r, i, a: SURROGATE(r, i, n_samples=9, amplitude=a), (real, imaginary, amplitude))
    inside = real.detach()[1:3].requires_grad_(), imaginary.detach()[1:3].requires_grad_()
    assert gradcheck(lambda r, i: FREQUENCY(r, i, sample_rate=SR), inside)
    f, radius = torch.tensor(700.0, dtype=F64, requires_grad=True), torch.tensor(0.9, dtype=F64, requires_grad=True)
    assert gradcheck(lambda f, r: OF(f, sample_rate=SR, radius=r), (f, radius))
    zero = torch.zeros(2, requires_grad=True)
    frequency = FREQUENCY(zero, zero, sample_rate=SR)
    assert (frequency == 0).all()
    assert torch.isfinite(torch.autograd.grad(frequency.sum(), zero)[0]).all()


@pytest.mark.slow
def test_descent_finds_the_frequency_where_its_own_gradient_does_not() -> None:
    """64 samples, 40 random pairs of start and target: Hayes, Saitis and Fazekas (2023)."""
    n, pairs = 64, 40
    target, start = (torch.rand(pairs, dtype=F64) * 0.9 * SR / 2 + 0.05 * SR / 2 for _ in range(2))
    wanted = SURROGATE(*OF(target, sample_rate=SR), n_samples=n)

    def found(frequency: torch.Tensor) -> float:
        return ((frequency - target).abs() < 0.01 * SR / 2).double().mean().item()

    z = torch.stack(OF(start, sample_rate=SR)).requires_grad_()
    for step in range(600):
        loss = (SURROGATE(*z, n_samples=n) - wanted).square().mean(-1).sum()
        (gradient,) = torch.autograd.grad(loss, z)
        size = 0.02 * (1 - step / 600)
        with torch.no_grad():
            z -= size * gradient / gradient.norm(dim=0).clamp(min=1e-12)
    assert found(FREQUENCY(*z.detach(), sample_rate=SR)) > 0.9

    plain = (start / (SR / 2)).requires_grad_()
    optimiser = torch.optim.Adam([plain], lr=0.01)
    for _ in range(600):
        frequency = plain.clamp(0, 1) * (SR / 2)
        sound = oscillators.sinusoid(frequency, sample_rate=SR, n_samples=n, phase=math.pi / 2)
        optimiser.zero_grad()
        (sound - wanted).square().mean(-1).sum().backward()
        optimiser.step()
    assert found(plain.detach().clamp(0, 1) * (SR / 2)) < 0.4


@pytest.mark.parametrize("dtype", [torch.float32, F64])
def test_dtype_and_long_sounds_stay_finite(dtype: torch.dtype) -> None:
    for radius in (0.0, 1e-20, 0.5, 1.0, 10 ** (29.9 / 999)):
        parts = [p.to(dtype).requires_grad_() for p in OF(1000.0, sample_rate=SR, radius=radius)]
        y = SURROGATE(*parts, n_samples=1000)
        assert y.dtype == dtype
        assert all(torch.isfinite(g).all() for g in (y, *torch.autograd.grad(y.sum(), parts)))


def test_batches_equal_loops() -> None:
    real, imaginary = torch.rand(3, 1, dtype=F64) * 0.7, torch.rand(4, dtype=F64) * 0.7
    y = SURROGATE(real, imaginary, n_samples=20)
    assert y.shape == (3, 4, 20)
    torch.testing.assert_close(y[2, 1], SURROGATE(real[2, 0], imaginary[1], n_samples=20))
    assert SURROGATE(real[:0], imaginary, n_samples=20).shape == (0, 4, 20)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: SURROGATE(2.0, 0.0, n_samples=1000), "real and imaginary must make a z of size at most 1.07"),
        (lambda: SURROGATE(NAN, 0.0, n_samples=8), "real must be finite, got nan"),
        (lambda: SURROGATE(0.0, torch.tensor(1j), n_samples=8), "imaginary must be a float32 or float64 tensor"),
        (lambda: SURROGATE(0.0, 0.0, n_samples=0), "n_samples must be at least 1, got 0"),
        (lambda: SURROGATE(torch.ones(2), torch.ones(3), n_samples=1), "real and imaginary and amplitude must"),
        (lambda: SURROGATE(0.0, 0.0, n_samples=8, amplitude="loud"), "amplitude must be a float32 or float64 tensor"),
        (lambda: OF(9000.0, sample_rate=SR), "frequency must lie in [0, 8000] Hz, got 9000.0"),
        (lambda: OF(900.0, sample_rate=SR, radius=-1.0), "radius must be at least 0, got -1.0"),
        (lambda: OF(torch.ones(2), sample_rate=SR, radius=torch.ones(3)), "frequency and radius must broadcast"),
        (lambda: FREQUENCY(0.0, math.inf, sample_rate=SR), "imaginary must be finite, got inf"),
        (lambda: FREQUENCY(torch.ones(2), torch.ones(3), sample_rate=SR), "real and imaginary must broadcast"),
        (lambda: FREQUENCY(0.0, 1.0, sample_rate=-1), "sample_rate must be above 0 Hz, got -1.0"),
    ],
)
def test_bad_input(call, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        call()


def test_graphs(assert_traces) -> None:
    at, elsewhere = ([torch.tensor(v) for v in values] for values in ((0.3, 0.4), (-0.9, 0.2)))
    assert_traces(lambda r, i: SURROGATE(r, i, n_samples=64), at, elsewhere, operations=150)
    assert_traces(lambda r, i: FREQUENCY(r, i, sample_rate=SR), at, elsewhere, operations=50)
