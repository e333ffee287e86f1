"""Reverb: convolution against SciPy, decays as asked, the size of its transforms, gradients and the graph."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.signal import butter, fftconvolve, sosfiltfilt
from torch.autograd import gradcheck, gradgradcheck

from ddsp_lite import effects
from ddsp_lite.effects import reverb

F64 = torch.float64
RATE = 8000


@pytest.mark.parametrize(("n_samples", "taps"), [(1, 1), (50, 7), (7, 50), (64, 65), (997, 1)])
def test_equals_scipy(n_samples: int, taps: int) -> None:
    x, h = torch.randn(2, n_samples, dtype=F64), torch.randn(taps, dtype=F64)
    full = fftconvolve(x, h[None], axes=-1)
    y = effects.convolution_reverb(x, h, dry=0.3, wet=0.7, tail=True)
    np.testing.assert_allclose(y, 0.3 * np.pad(x, ((0, 0), (0, taps - 1))) + 0.7 * full, atol=1e-12)
    torch.testing.assert_close(effects.convolution_reverb(x, h, dry=0.3, wet=0.7), y[:, :n_samples])


def test_float32_is_accurate() -> None:
    x, h = torch.randn(48000), torch.randn(24000)
    y = effects.convolution_reverb(x, h, dry=0.0).double()
    exact = effects.convolution_reverb(x.double(), h.double(), dry=0.0)
    assert (y - exact).norm() < 1e-6 * exact.norm()


def test_sizes_have_small_factors() -> None:
    smooth = sorted({2**i * 3**j * 5**k for i in range(1, 16) for j in range(10) for k in range(7)})
    for length in [*range(1, 400), 8191, 8193, 15999]:
        assert reverb._smooth_size(length) == next(s for s in smooth if s >= length)


def test_gradients() -> None:
    x, h = torch.randn(2, 1, 9, dtype=F64, requires_grad=True), torch.randn(3, 6, dtype=F64, requires_grad=True)
    gains = [torch.randn(3, 1, dtype=F64, requires_grad=True), torch.randn((), dtype=F64, requires_grad=True)]

    def run(x, h, dry, wet):
        return effects.convolution_reverb(x, h, dry=dry, wet=wet, tail=True)

    assert run(x, h, *gains).shape == (2, 3, 14)
    assert gradcheck(run, (x, h, *gains))
    assert gradgradcheck(run, (x, h, *gains))


def test_shaped_noise_gradients() -> None:
    x = torch.randn(2, 10, dtype=F64, requires_grad=True)
    gain, decay = torch.randn(2, 3, dtype=F64, requires_grad=True), (torch.rand(3, dtype=F64) / 500).requires_grad_()

    def run(x, gain, decay):
        return effects.noise_reverb(x, gain, decay, sample_rate=RATE, seconds=20 / RATE, seed=3)

    assert gradcheck(run, (x, gain, decay))


def test_bands_decay_as_asked() -> None:
    decay = torch.tensor([1.5, 1.0, 0.6, 0.3], dtype=F64)
    centres = 50.0 * (RATE / 2 / 50.0) ** (torch.arange(4) / 3)
    h = effects.noise_response(torch.ones(4, dtype=F64), decay, sample_rate=RATE, n_samples=12000, seed=0)
    for band in (1, 2):
        edges = [float(centres[band]) * r for r in (0.9, 1.1)]
        part = sosfiltfilt(butter(4, edges, "bandpass", fs=RATE, output="sos"), h.numpy())
        left = np.cumsum(part[::-1] ** 2)[::-1]  # Schroeder's backward integration
        level = 10 * np.log10(left / left[0])
        start, stop = np.argmax(level < -3), np.argmax(level < -23)
        assert 3 * (stop - start) / RATE == pytest.approx(decay[band].item(), rel=0.15)


@pytest.mark.parametrize("seconds", [0.2, 1.0])
def test_energy_is_the_decay(seconds: float) -> None:
    h = effects.noise_response(torch.ones(8), torch.full((8,), seconds), sample_rate=RATE, n_samples=12000, seed=5)
    assert h.square().sum().item() == pytest.approx(seconds, rel=0.15)


def test_seed_makes_the_room() -> None:
    arguments = torch.ones(6), torch.full((6,), 0.5)
    rooms = [effects.noise_response(*arguments, sample_rate=RATE, n_samples=500, seed=seed) for seed in (0, 0, 1)]
    assert torch.equal(rooms[0], rooms[1])
    assert not torch.allclose(rooms[0], rooms[2])


@pytest.mark.parametrize("dtype", [torch.float32, F64])
@pytest.mark.parametrize("decay", [1e-30, 1e-4, 1e10])
def test_finite_at_the_edges(dtype: torch.dtype, decay: float) -> None:
    x = torch.zeros(50, dtype=dtype, requires_grad=True)
    gain = torch.zeros(4, dtype=dtype, requires_grad=True)
    lasting = torch.full((4,), decay, dtype=dtype, requires_grad=True)
    y = effects.noise_reverb(x, gain, lasting, sample_rate=RATE, seconds=0.01, seed=0, tail=True)
    assert y.shape == (129,)
    for gradient in torch.autograd.grad(y.sum(), (x, gain, lasting)):
        assert gradient.isfinite().all()


def test_batches_equal_loops() -> None:
    x, gain, decay = torch.randn(3, 1, 60), torch.rand(2, 4), torch.rand(3, 2, 4) + 0.1
    options = {"sample_rate": RATE, "seconds": 0.01, "seed": 0}
    y = effects.noise_reverb(x, gain, decay, **options)
    assert y.shape == (3, 2, 60)
    torch.testing.assert_close(y[2, 1], effects.noise_reverb(x[2, 0], gain[1], decay[2, 1], **options))


def test_graph(assert_traces) -> None:
    def run(x, gain, decay):
        return effects.noise_reverb(x, gain, decay, sample_rate=RATE, seconds=0.01, seed=0, dry=0.5)

    x, y = torch.randn(2, 60)
    assert_traces(run, [x, torch.rand(4), torch.rand(4)], [y, torch.rand(4), torch.rand(4)], operations=250)


X, H, G = torch.ones(2, 8), torch.ones(3), torch.ones(4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: effects.convolution_reverb(X.long(), H), "x must be a float32 or float64 tensor"),
        (lambda: effects.convolution_reverb(X, H[:0]), "response must be a tensor .* at least one sample"),
        (lambda: effects.convolution_reverb(X, torch.ones(3, 3)), "x and response must broadcast"),
        (lambda: effects.convolution_reverb(X, H, dry=math.nan), "dry must be finite, got nan"),
        (lambda: effects.convolution_reverb(X, H, wet=torch.ones(3)), "sound and dry and wet must broadcast"),
        (lambda: effects.convolution_reverb(X[:, :1], H, wet=torch.ones(3)), "dry and wet must have 1 or 1 samples"),
        (lambda: response(gain=torch.ones(())), r"gain must be a tensor \(..., bands\) with at least 2 bands"),
        (lambda: response(decay=[1.0]), r"decay must be a tensor \(..., bands\) .* got list"),
        (lambda: response(decay=torch.tensor([1.0, 0.0, 1.0, 1.0])), "decay must be above 0 s, got 0.0"),
        (
            lambda: response(gain=torch.ones(3)),
            "gain and decay must have the same number of bands, got gain 3, decay 4",
        ),
        (lambda: response(gain=torch.ones(2, 4), decay=torch.ones(3, 4)), "gain and decay must broadcast"),
        (lambda: response(n_samples=0), "n_samples must be at least 1, got 0"),
        (lambda: response(seed=-1), "seed must be at least 0, got -1"),
        (lambda: response(lowest=9000.0), r"lowest must lie in \(0, 4000\) Hz"),
        (
            lambda: effects.noise_reverb(X, G, G, sample_rate=RATE, seconds=0.0, seed=0),
            "seconds must be above 0 s, got 0.0",
        ),
    ],
)
def test_bad_input(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def response(**options) -> torch.Tensor:
    return effects.noise_response(**{"gain": G, "decay": G, "sample_rate": RATE, "n_samples": 100, "seed": 0} | options)


@pytest.mark.parametrize(("n_samples", "taps"), [(1, 1), (9, 700), (700, 9), (480, 480), (900, 900)])
def test_short_sounds_equal_the_twin(n_samples: int, taps: int) -> None:
    """The loop, or beyond its limit the transform, beside plain operations in float64: values and gradients."""
    x, h = torch.randn(3, 1, n_samples), torch.randn(2, taps)
    for tail in (False, True):
        results = []
        for dtype in (torch.float32, F64):
            leaves = [t.to(dtype).requires_grad_() for t in (x, h)]
            if dtype == F64:
                length = n_samples + taps - 1
                y = reverb._convolved(*leaves, 4096, length if tail else n_samples)
            else:
                y = effects.convolution_reverb(*leaves, dry=0.0, tail=tail)
            results.append([y, *torch.autograd.grad(y.square().sum(), leaves)])
        for ours, exact in zip(*results, strict=True):
            assert ours.shape == exact.shape
            assert (ours - exact).norm() <= 2e-6 * exact.norm()
    assert torch.autograd.grad(effects.convolution_reverb(x, h.requires_grad_()).sum(), h)[0].isfinite().all()
