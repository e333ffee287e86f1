"""Bank of sinusoids of any frequencies against NumPy and the other oscillators."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from ddsp_lite import oscillators

SR = 16000
F64 = torch.float64
NAN = float("nan")
BANK = oscillators.sinusoid_bank


def by_numpy(frequencies: np.ndarray, amplitudes: np.ndarray, phase: np.ndarray | float = 0.0) -> np.ndarray:
    """The plainest way: frequencies and amplitudes (time, sinusoids)."""
    phi = 2 * math.pi * (np.cumsum(frequencies, 0) - frequencies) / SR
    return (amplitudes * (frequencies < SR / 2) * np.sin(phi + phase)).sum(1)


def drawn(frames: np.ndarray, n: int) -> np.ndarray:
    i = np.arange(n) * len(frames) / n
    return np.stack([np.interp(i, np.arange(len(frames)), column) for column in frames.T], 1)


@pytest.mark.parametrize("frames_of_amplitudes", [1, 4, 10, 480])
@pytest.mark.parametrize("frames_of_frequencies", [1, 6, 480])
def test_against_numpy(frames_of_frequencies: int, frames_of_amplitudes: int) -> None:
    f = np.random.uniform(50, 7900, (frames_of_frequencies, 3))
    a = np.random.rand(frames_of_amplitudes, 3)
    phase = np.random.rand(3) * 10
    y = BANK(*map(torch.from_numpy, (f, a)), sample_rate=SR, n_samples=480, phase=torch.from_numpy(phase))
    np.testing.assert_allclose(y.numpy(), by_numpy(drawn(f, 480), drawn(a, 480), phase), atol=1e-9)


def test_constant_bank_is_a_sum_of_sinusoids_and_multiples_are_a_harmonic_bank() -> None:
    f, a = torch.tensor([100.0, 1234.5, 7999.0], dtype=F64), torch.rand(3, dtype=F64)
    options = {"sample_rate": SR, "n_samples": 200}
    singles = oscillators.sinusoid(f, amplitude=a.unsqueeze(1), **options)
    torch.testing.assert_close(BANK(f, a, **options), singles.sum(0))
    f0, k = torch.rand(20, dtype=F64) * 3000, torch.arange(1, 5, dtype=F64)
    amplitudes = torch.rand(20, 4, dtype=F64)
    torch.testing.assert_close(
        BANK(k * f0.unsqueeze(1), amplitudes, **options), oscillators.harmonic_bank(f0, amplitudes, **options)
    )


def test_gradients() -> None:
    phase = torch.rand(2, dtype=F64, requires_grad=True)
    for shape in ((2,), (3, 2), (12, 2)):
        f = (500 + 3000 * torch.rand(shape, dtype=F64)).requires_grad_()
        a = torch.rand(shape, dtype=F64, requires_grad=True)
        assert gradcheck(lambda f, a, p: BANK(f, a, sample_rate=SR, n_samples=12, phase=p), (f, a, phase))


@pytest.mark.parametrize("dtype", [torch.float32, F64])
def test_sinusoids_at_and_above_nyquist_are_exactly_absent(dtype: torch.dtype) -> None:
    f = torch.tensor([[0.0, 7999.0, 8000.0, 20000.0]], dtype=dtype).repeat(8, 1).requires_grad_()
    a = torch.ones(8, 4, dtype=dtype, requires_grad=True)
    y = BANK(f, a, sample_rate=SR, phase=torch.full((4,), 0.3, dtype=dtype))
    assert y.dtype == dtype
    of_f, of_a = torch.autograd.grad((y * torch.arange(1, 9)).sum(), (f, a))
    assert (of_f[:, 2:] == 0).all()
    assert (of_a[:, 2:] == 0).all()
    assert (of_a[:, :2] != 0).all()
    assert torch.isfinite(of_f).all()
    loud = BANK(f.detach()[:, 2:], torch.ones(2, dtype=dtype), sample_rate=SR)
    assert (loud == 0).all()


def test_float32_is_precise_over_four_seconds() -> None:
    f, a = 100 + 3000 * torch.rand(1000, 5), torch.rand(1000, 5)
    y, exact = (BANK(f.to(t), a.to(t), sample_rate=SR, n_samples=4 * SR) for t in (torch.float32, F64))
    assert (y - exact).norm() < 1e-6 * exact.norm()


def test_batches_equal_loops() -> None:
    f, a = torch.rand(3, 4, 5, dtype=F64) * 9000, torch.rand(2, 1, 8, 5, dtype=F64)
    phase = torch.rand(3, 5, dtype=F64)
    y = BANK(f, a, sample_rate=SR, n_samples=64, phase=phase)
    assert y.shape == (2, 3, 64)
    torch.testing.assert_close(y[1, 2], BANK(f[2], a[1, 0], sample_rate=SR, n_samples=64, phase=phase[2]))


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        ((torch.tensor([-1.0]), torch.ones(1)), {}, "frequencies must be at least 0 Hz, got -1.0"),
        ((440.0, torch.ones(1)), {}, "frequencies must be a tensor (sinusoids,) or (..., frames, sinusoids)"),
        ((torch.ones(0), torch.ones(1)), {}, "frequencies must be a tensor (sinusoids,) or (..., frames, sinusoids)"),
        ((torch.ones(1), torch.ones(1).int()), {}, "amplitudes must be a float32 or float64 tensor, got torch.int32"),
        ((torch.ones(1), torch.tensor([NAN])), {}, "amplitudes must be finite, got nan"),
        ((torch.ones(2), torch.ones(3)), {}, "must have the same number of sinusoids, got frequencies 2, amplitudes 3"),
        ((torch.ones(2), torch.ones(2)), {"phase": torch.ones(3)}, "same number of sinusoids, got frequencies 2"),
        ((torch.ones(3, 2), torch.ones(2)), {}, "n_samples must be a multiple of the 3 frames of frequencies, got 8"),
        ((torch.ones(2), torch.ones(3, 2)), {}, "n_samples must be a multiple of the 3 frames of amplitudes, got 8"),
        ((torch.ones(2), torch.ones(2)), {"n_samples": 0}, "n_samples must be at least 1, got 0"),
        ((torch.ones(2, 1, 2), torch.ones(3, 1, 2)), {}, "frequencies and amplitudes must broadcast"),
        ((torch.ones(2), torch.ones(2)), {"sample_rate": -1}, "sample_rate must be above 0 Hz, got -1.0"),
    ],
)
def test_bad_input(arguments: tuple, options: dict, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        BANK(*arguments, **{"sample_rate": SR, "n_samples": 8, **options})


def test_graph(assert_traces) -> None:
    def bank(f: Tensor, a: Tensor) -> Tensor:
        return BANK(f, a, sample_rate=SR, n_samples=64)

    f, a = torch.rand(2, 8, 3) * 9000, torch.rand(2, 8, 3)
    assert_traces(bank, [f[0, 0], a[0, 0]], [f[1, 1], a[1, 1]], operations=60)
    assert_traces(bank, [f[0], a[0]], [f[1], a[1]], operations=110)
