"""Noise: flat, the same everywhere, and filtered as NumPy and SciPy do it."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import scipy.signal
import scipy.stats
import torch
from torch import Tensor
from torch.autograd import gradcheck

from ddsp_lite import noise

SR = 16000
F64 = torch.float64
NAN = float("nan")
WHITE, FILTERED, BANDS = noise.white, noise.filtered, noise.bands


# White noise


def by_whole_numbers(place: int, seed_keys: list[int]) -> float:
    """The same hash in Python's whole numbers."""
    high, low = divmod(place, 2**26)
    for key in seed_keys:
        moved = (low + key) % 2**26
        mixed = moved * ((moved + 41473265) % 2**26)
        high, low = low, (high + (mixed >> 13)) % 2**26
    return (2 * (low >> 2) + 1) / 2**24 - 1


def test_float64_holds_the_hash_exactly() -> None:
    keys = [int(key) for key in noise._keys(12345)]
    places = [0, 1, 2**26 - 1, 2**26, 2**31 + 12345, 2**32 - 1]
    for place in places:
        expected = by_whole_numbers(place, keys)
        assert WHITE(1, seed=12345, start=place, dtype=F64).item() == expected
        assert WHITE(1, seed=12345, start=place, dtype=torch.float32).item() == expected  # of 24 bits
    assert WHITE(3, seed=12345, rows=5, dtype=F64)[4, 2].item() == by_whole_numbers(4 * 2**32 + 2, keys)


def test_first_values_never_change() -> None:
    """A recording made with a seed years ago must come out the same."""
    expected = torch.tensor([0.8610170483589172, 0.7997040152549744, -0.44439834356307983, -0.9245367646217346])
    assert torch.equal(WHITE(4, seed=0), expected)


def test_it_is_evenly_spread_flat_and_independent() -> None:
    x = WHITE(1 << 18, seed=3, dtype=F64)
    assert x.abs().max() < 1
    assert scipy.stats.kstest(x.numpy(), scipy.stats.uniform(-1, 2).cdf).pvalue > 0.01
    pairs, _, _ = np.histogram2d(x[:-1].numpy(), x[1:].numpy(), bins=16, range=[[-1, 1]] * 2)
    assert scipy.stats.chisquare(pairs.flatten()).pvalue > 0.01
    power = torch.fft.rfft(x.reshape(256, 1024)).abs().square().mean(0) * 3 / 1024
    assert (power[1:-1] - 1).abs().max() < 5 / math.sqrt(256)
    other, next_row = WHITE(1 << 18, seed=4, dtype=F64), WHITE(1 << 18, seed=3, rows=2, dtype=F64)[1]
    for y in (other, next_row, x.roll(1), x.roll(4096)):
        assert abs((x * y).mean().item() * 3) < 4 / 512


def test_rows_blocks_and_lengths_are_parts_of_one_noise() -> None:
    x = WHITE(100, seed=7, rows=3)
    assert x.shape == (3, 100)
    assert torch.equal(x[0], WHITE(100, seed=7))
    assert torch.equal(x[:, :40], WHITE(40, seed=7, rows=3))
    assert torch.equal(x[:, 64:], WHITE(36, seed=7, rows=3, start=64))
    assert WHITE(2**5, seed=2**100).shape == (32,)
    assert not torch.equal(WHITE(9, seed=2**64), WHITE(9, seed=0))
    assert WHITE(2, seed=0, device="meta").device.type == "meta"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_the_gpu_makes_the_same_noise() -> None:
    assert torch.equal(WHITE(100_000, seed=5, device="cuda").cpu(), WHITE(100_000, seed=5))


# Filtered noise


def by_numpy(magnitudes: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Frame by frame: inverse transform, centred, windowed, convolved and added."""
    frames, bands = magnitudes.shape
    hop = len(x) // frames
    y = np.zeros(len(x) + 2 * bands)
    for f in range(frames):
        response = np.fft.irfft(magnitudes[f], 2 * (bands - 1))
        response = np.concatenate([response[bands - 1 :], response[:bands]])  # from -(bands - 1) to bands - 1
        response *= scipy.signal.windows.hann(2 * bands, sym=False)[1:]
        piece = np.convolve(x[f * hop : (f + 1) * hop], response)
        y[f * hop : f * hop + len(piece)] += piece
    return y[bands - 1 : bands - 1 + len(x)]


@pytest.mark.parametrize(("frames", "hop", "bands"), [(1, 50, 2), (5, 64, 65), (7, 30, 9), (40, 1, 5), (3, 8, 33)])
def test_filtered_noise_against_numpy(frames: int, hop: int, bands: int) -> None:
    magnitudes = torch.rand(frames, bands, dtype=F64)
    n = frames * hop
    y = FILTERED(magnitudes, n_samples=n, seed=1)
    np.testing.assert_allclose(y.numpy(), by_numpy(magnitudes.numpy(), WHITE(n, seed=1, dtype=F64).numpy()), atol=1e-12)


def test_its_spectrum_is_that_of_the_magnitudes() -> None:
    magnitudes = torch.linspace(1, 0, 65, dtype=F64).square().expand(1000, 65)
    y = FILTERED(magnitudes, n_samples=64000, seed=2)
    frequency, power = scipy.signal.welch(y.numpy(), fs=2.0, nperseg=512)
    expected = (1 - frequency) ** 2
    np.testing.assert_allclose(np.sqrt(power / 2 * 3 * 2)[4:-64], expected[4:-64], rtol=0.2)


def test_gradients_and_a_noise_of_ones_own() -> None:
    magnitudes = torch.rand(2, 3, 5, dtype=F64, requires_grad=True)
    given = torch.randn(12, dtype=F64, requires_grad=True)
    assert gradcheck(lambda m: FILTERED(m, n_samples=12, seed=0), magnitudes)
    assert gradcheck(lambda m, x: FILTERED(m, n_samples=12, noise=x), (magnitudes, given))
    torch.testing.assert_close(FILTERED(torch.ones(3, 5, dtype=F64), n_samples=12, noise=given), given)


def test_batches_have_noises_of_their_own() -> None:
    magnitudes = torch.rand(2, 3, 4, 9, dtype=F64)
    y = FILTERED(magnitudes, n_samples=64, seed=3)
    assert y.shape == (2, 3, 64)
    rows = WHITE(64, seed=3, rows=6, dtype=F64).reshape(2, 3, 64)
    for i in range(2):
        for j in range(3):
            torch.testing.assert_close(y[i, j], FILTERED(magnitudes[i, j], n_samples=64, noise=rows[i, j]))
    assert FILTERED(magnitudes.float(), n_samples=64, seed=3).dtype == torch.float32
    silence = torch.zeros(4, 9, requires_grad=True)
    y = FILTERED(silence, n_samples=64, seed=0)
    assert (y == 0).all()
    assert torch.isfinite(torch.autograd.grad(y.square().sum(), silence)[0]).all()


# Bands


def test_all_bands_together_are_flat_and_each_has_its_place() -> None:
    n, options = 1 << 15, {"sample_rate": SR, "seed": 5}
    single = torch.stack([BANDS(torch.eye(6, dtype=F64)[b : b + 1], n_samples=n, **options) for b in range(6)])
    power = np.fft.rfft(single.numpy()).real ** 2 + np.fft.rfft(single.numpy()).imag ** 2
    together = BANDS(torch.ones(1, 6, dtype=F64), n_samples=n, **options)
    torch.testing.assert_close(together, WHITE(n, seed=5, dtype=F64))
    frequency = np.fft.rfftfreq(n, 1 / SR)
    centres = 50 * (8000 / 50) ** (np.arange(6) / 5)
    for b, centre in enumerate(centres):
        step = np.log(8000 / 50) / 5
        far = np.abs(np.log(np.maximum(frequency, 1e-3) / centre)) > step * 1.001
        far &= ~((b == 0) & (frequency < centre))
        assert power[b][far].max() < 1e-20
        assert power[b][np.abs(frequency - centre) < 1].sum() > 0


def test_gains_are_interpolated_and_have_gradients() -> None:
    gains = torch.rand(4, 3, dtype=F64, requires_grad=True)
    options = {"sample_rate": SR, "n_samples": 24, "seed": 1}
    assert gradcheck(lambda g: BANDS(g, **options), gains)
    pieces = torch.stack([BANDS(torch.eye(3, dtype=F64)[b : b + 1], **options) for b in range(3)], 1).numpy()
    i = np.arange(24) / 6
    ramps = np.stack([np.interp(i, np.arange(4), gains.detach().numpy()[:, b]) for b in range(3)], 1)
    np.testing.assert_allclose(BANDS(gains, **options).detach().numpy(), (ramps * pieces).sum(1), atol=1e-12)
    batch = torch.rand(2, 24, 3)
    y = BANDS(batch, **options)
    assert y.shape == (2, 24)
    assert y.dtype == torch.float32
    torch.testing.assert_close(y[1], BANDS(batch[1], **options))


# Everything


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: WHITE(0, seed=0), "n_samples must lie in [1, 4.29497e+09], got 0"),
        (lambda: WHITE(8, seed=-1), "seed must be at least 0, got -1"),
        (lambda: WHITE(8, seed=0.5), "seed must be an integer, got 0.5"),
        (lambda: WHITE(8, seed=0, rows=0), "rows must lie in [1, 1.04858e+06], got 0"),
        (lambda: WHITE(8, seed=0, start=2**32), "start must lie in [0, 4.29497e+09], got 4294967296"),
        (lambda: WHITE(8, seed=0, dtype=torch.int64), "dtype must be torch.float32 or torch.float64, got torch.int64"),
        (lambda: FILTERED(torch.ones(5), n_samples=8, seed=0), "magnitudes must be a tensor (..., frames, bands)"),
        (lambda: FILTERED(torch.ones(2, 1), n_samples=8, seed=0), "magnitudes must be a tensor (..., frames, bands)"),
        (lambda: FILTERED(torch.full((2, 3), NAN), n_samples=8, seed=0), "magnitudes must be finite, got nan"),
        (lambda: FILTERED(torch.ones(3, 2), n_samples=8, seed=0), "n_samples must be a multiple of the 3 frames"),
        (lambda: FILTERED(torch.ones(2, 2), n_samples=8), "seed or noise must be given, and not both"),
        (lambda: FILTERED(torch.ones(2, 2), n_samples=8, seed=0, noise=torch.ones(8)), "and not both"),
        (lambda: FILTERED(torch.ones(2, 2), n_samples=8, noise=torch.ones(7)), "noise must have n_samples = 8 samples"),
        (lambda: FILTERED(torch.ones(2, 2), n_samples=8, noise=torch.ones(8).int()), "noise must be a float32 or"),
        (
            lambda: FILTERED(torch.ones(3, 2, 2), n_samples=8, noise=torch.ones(2, 8)),
            "magnitudes and noise must broadcast, got shapes magnitudes (3,), noise (2,)",
        ),
        (lambda: BANDS(torch.ones(5), sample_rate=SR, n_samples=8, seed=0), "gains must be a tensor (..., frames, ba"),
        (lambda: BANDS(torch.ones(1, 3).int(), sample_rate=SR, n_samples=8, seed=0), "gains must be a float32 or"),
        (lambda: BANDS(torch.ones(3, 3), sample_rate=SR, n_samples=8, seed=0), "n_samples must be a multiple of the 3"),
        (
            lambda: BANDS(torch.ones(1, 3), sample_rate=SR, n_samples=8, seed=0, lowest=8000.0),
            "lowest must lie in (0, 8000) Hz, got 8000.0",
        ),
        (lambda: BANDS(torch.ones(1, 3), sample_rate=0, n_samples=8, seed=0), "sample_rate must be above 0 Hz"),
    ],
)
def test_bad_input(call, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        call()


def test_graphs(assert_traces) -> None:
    def hiss(magnitudes: Tensor) -> Tensor:
        return FILTERED(magnitudes, n_samples=64, seed=0)

    assert_traces(hiss, [torch.rand(4, 9)], [torch.rand(4, 9)], operations=200)
    assert_traces(
        lambda g: BANDS(g, sample_rate=SR, n_samples=64, seed=0), [torch.rand(4, 3)], [torch.rand(4, 3)], operations=170
    )
