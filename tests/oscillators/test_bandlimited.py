"""Triangle and pulse against their Fourier series and SciPy, and stiff strings against a bank of sinusoids."""

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
TRIANGLE, PULSE, BANK = oscillators.triangle, oscillators.pulse, oscillators.harmonic_bank
ONE_SECOND = {"sample_rate": SR, "n_samples": SR}


def spectrum(y: Tensor) -> np.ndarray:
    return np.fft.rfft(y.numpy()) / (SR / 2)


# Triangle


def test_spectrum_of_the_triangle_is_its_fourier_series_and_nothing_else() -> None:
    expected = np.zeros(SR // 2 + 1)
    k = np.arange(1, 80, 2)
    expected[k * 100] = 8 / math.pi**2 * (-1.0) ** (k // 2) / k**2
    found = spectrum(TRIANGLE(torch.tensor(100.0, dtype=F64), **ONE_SECOND))
    np.testing.assert_allclose(-found.imag, expected, atol=1e-10)
    np.testing.assert_allclose(found.real, 0, atol=1e-10)


def test_triangle_is_scipys_but_for_its_round_corners() -> None:
    turns = 50 * np.arange(SR) / SR
    expected = scipy.signal.sawtooth(2 * math.pi * turns + math.pi / 2, width=0.5)
    np.testing.assert_allclose(TRIANGLE(50.0, **ONE_SECOND).numpy(), expected, atol=6e-3)


# Pulse


@pytest.mark.parametrize("width", [0.03, 0.25, 0.5, 0.9])
def test_pulse_is_scipys_without_its_mean(width: float) -> None:
    turns = 50 * np.arange(SR) / SR
    y = PULSE(torch.tensor(50.0, dtype=F64), width, **ONE_SECOND).numpy()
    expected = scipy.signal.square(2 * math.pi * turns, duty=width) - (2 * width - 1)
    near_an_edge = np.minimum(np.abs((turns + 0.5) % 1 - 0.5), np.abs((turns - width + 0.5) % 1 - 0.5)) < 0.01
    np.testing.assert_allclose(y[~near_an_edge], expected[~near_an_edge], atol=0.15)
    found, k = spectrum(torch.from_numpy(y)), np.arange(1, 160)
    size = np.zeros(SR // 2 + 1)
    size[k * 50] = np.abs(4 / math.pi / k * np.sin(math.pi * k * width))
    np.testing.assert_allclose(np.abs(found), size, atol=1e-9)


def test_half_a_pulse_is_a_square_and_no_pulse_is_silence() -> None:
    f0 = torch.tensor([110.0, 700.0], dtype=F64)
    torch.testing.assert_close(
        PULSE(f0.unsqueeze(1), 0.5, **ONE_SECOND), oscillators.square(f0.unsqueeze(1), **ONE_SECOND)
    )
    for width in (0.0, 1.0):
        y = PULSE(f0.unsqueeze(1), width, **ONE_SECOND)
        torch.testing.assert_close(y, torch.zeros_like(y))


def test_width_by_number_sample_or_frame_is_the_same() -> None:
    f0, width = torch.rand(400, dtype=F64) * 500 + 200, 0.3
    constant = PULSE(f0, width, sample_rate=SR)
    torch.testing.assert_close(PULSE(f0, torch.full((400,), width, dtype=F64), sample_rate=SR), constant)
    torch.testing.assert_close(PULSE(f0, torch.full((10,), width, dtype=F64), sample_rate=SR), constant)
    moving = torch.linspace(0.1, 0.8, 400, dtype=F64)
    y = PULSE(torch.tensor(300.0, dtype=F64), moving, sample_rate=SR, n_samples=400)
    k, phi = np.arange(1, 27)[:, None], 2 * math.pi * 300 / SR * np.arange(400)
    edges = np.sin(k * phi) - np.sin(k * (phi - 2 * math.pi * moving.numpy()))
    np.testing.assert_allclose(y.numpy(), (2 / math.pi / k * edges).sum(0), atol=1e-10)


def test_pulse_gradients_in_f0_and_width() -> None:
    f0 = torch.tensor(701.0, dtype=F64, requires_grad=True)
    for shape in ((), (1,), (4,), (16,), (2, 1)):
        width = (0.2 + 0.5 * torch.rand(shape, dtype=F64)).requires_grad_()
        assert gradcheck(lambda f, w: PULSE(f, w, sample_rate=SR, n_samples=16), (f0, width))
    for edge in (0.0, 1.0):
        width = torch.tensor(edge, requires_grad=True)
        (gradient,) = torch.autograd.grad(PULSE(0.0, width, sample_rate=SR, n_samples=16).sum(), width)
        assert torch.isfinite(gradient)


def test_widths_and_batches_broadcast() -> None:
    f0 = torch.tensor([200.0, 300.0, 9000.0], dtype=F64).unsqueeze(1)
    width = torch.rand(2, 1, 1, dtype=F64)
    y = PULSE(f0, width, sample_rate=SR, n_samples=64)
    assert y.shape == (2, 3, 64)
    torch.testing.assert_close(y[1, 1], PULSE(300.0, width[1, 0, 0], sample_rate=SR, n_samples=64))
    assert (y[:, 2] == 0).all()
    y = PULSE(f0, width.expand(2, 1, 8), sample_rate=SR, n_samples=64)
    torch.testing.assert_close(y[1, 1], PULSE(300.0, width[1, 0, 0], sample_rate=SR, n_samples=64))
    assert PULSE(f0.float(), 0.3, sample_rate=SR, n_samples=8).dtype == torch.float32


# Stiff strings


@pytest.mark.parametrize("frames", [1, 8, 64])
def test_stiff_string_is_a_bank_of_sharper_sinusoids(frames: int) -> None:
    f0, a = 200 + 300 * torch.rand(frames, dtype=F64), torch.rand(frames, 20, dtype=F64)
    stiffness, phase = torch.tensor(2e-3, dtype=F64), torch.rand(20, dtype=F64)
    k = torch.arange(1, 21, dtype=F64)
    options = {"sample_rate": SR, "n_samples": 64, "phase": phase}
    y = BANK(f0, a, inharmonicity=stiffness, **options)
    partials = f0.unsqueeze(1) * k * torch.sqrt(1 + stiffness * k * k)
    torch.testing.assert_close(y, oscillators.sinusoid_bank(partials, a, **options))
    torch.testing.assert_close(BANK(f0, a, inharmonicity=0.0, **options), BANK(f0, a, **options))


def test_stiff_string_gradients_batches_and_precision() -> None:
    f0 = torch.tensor([300.0, 450.0, 400.0], dtype=F64, requires_grad=True)
    a = torch.rand(3, 4, dtype=F64, requires_grad=True)
    stiffness = torch.tensor([1e-3, 0.0], dtype=F64, requires_grad=True)

    def string(f0: Tensor, a: Tensor, stiffness: Tensor) -> Tensor:
        return BANK(f0, a, sample_rate=SR, n_samples=12, inharmonicity=stiffness)

    stiff = stiffness.detach().clone()
    stiff[1] = 1e-2  # at 0 itself, finite differences would step out of the range
    assert gradcheck(string, (f0, a, stiff.requires_grad_()))
    y = string(f0, a, stiffness)
    torch.testing.assert_close(y[1], string(f0, a, stiffness[1]))
    assert torch.isfinite(torch.autograd.grad(y.sum(), stiffness)[0]).all()
    f0, a = torch.tensor(79.3), torch.rand(60) / 60
    y, exact = (
        BANK(f0.to(t), a.to(t), sample_rate=SR, n_samples=4 * SR, inharmonicity=1e-4) for t in (torch.float32, F64)
    )
    assert (y - exact).norm() < 2e-6 * exact.norm()


# Everything


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: TRIANGLE(-1.0, sample_rate=SR, n_samples=8), "f0 must be at least 0 Hz, got -1.0"),
        (lambda: TRIANGLE(440.0, sample_rate=SR), "n_samples must be given where f0 is a single number"),
        (lambda: TRIANGLE(440.0, sample_rate=SR, n_samples=8, lowest=0.0), "lowest must lie in (0, 8000) Hz"),
        (lambda: PULSE(440.0, 1.5, sample_rate=SR, n_samples=8), "width must lie in [0, 1], got 1.5"),
        (lambda: PULSE(440.0, NAN, sample_rate=SR, n_samples=8), "width must be finite, got nan"),
        (lambda: PULSE(440.0, torch.tensor([1]), sample_rate=SR, n_samples=8), "width must be a float32 or float64"),
        (lambda: PULSE(440.0, 0.5, sample_rate=SR), "n_samples must be given where f0 is a single number"),
        (lambda: PULSE(torch.tensor([NAN]), 0.5, sample_rate=SR, n_samples=8), "f0 must be finite, got nan"),
        (lambda: PULSE("C4", 0.5, sample_rate=SR, n_samples=8), "f0 must be a float32 or float64 tensor or a number"),
        (
            lambda: PULSE(440.0, torch.rand(3), sample_rate=SR, n_samples=8),
            "n_samples must be a multiple of the 3 frames of width, got 8",
        ),
        (
            lambda: PULSE(torch.ones(2, 1), torch.rand(3, 1), sample_rate=SR, n_samples=8),
            "f0 and width must broadcast, got shapes f0 (2,), width (3,)",
        ),
        (
            lambda: BANK(440.0, torch.ones(2), sample_rate=SR, n_samples=8, inharmonicity=-1.0),
            "inharmonicity must be at least 0, got -1.0",
        ),
        (
            lambda: BANK(torch.ones(2, 8), torch.ones(2), sample_rate=SR, inharmonicity=torch.ones(3)),
            "must broadcast, got shapes f0 (2,), amplitudes (), inharmonicity (3,)",
        ),
    ],
)
def test_bad_input(call, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        call()


def test_graphs(assert_traces) -> None:
    options = {"sample_rate": SR, "n_samples": 64, "lowest": 200.0}
    f0, width = torch.tensor(3000.0), torch.tensor(0.3)
    assert_traces(lambda f: TRIANGLE(f, **options), [f0], [f0 / 9], operations=80)
    assert_traces(lambda f, w: PULSE(f, w, **options), [f0, width], [f0 / 9, width / 2], operations=120)
    slow = width * torch.rand(8)
    assert_traces(lambda f, w: PULSE(f, w, **options), [f0, slow], [f0 / 9, slow.flip(0)], operations=190)
    a = torch.rand(2, 8, 5)
    stiffness = torch.tensor(1e-3)
    bank = [a[0, :, 0] * 900, a[0], stiffness], [a[1, :, 0] * 5000, a[1], stiffness / 3]
    assert_traces(lambda f, a, s: BANK(f, a, sample_rate=SR, n_samples=64, inharmonicity=s), *bank, operations=180)
