"""A-weighting and loudness beside librosa's curve and the measured feature."""

import math

import librosa
import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from ddsp_lite import features, spectra

RATE = 16000


def test_curve_equals_librosa():
    frequencies = torch.logspace(0, 4.3, 50, dtype=torch.float64)
    expected = librosa.A_weighting(frequencies.numpy(), min_db=None)
    np.testing.assert_allclose(20 * np.log10(spectra.a_weighting(frequencies).numpy()), expected, atol=1e-9)
    assert spectra.a_weighting(torch.zeros(2)).tolist() == [0, 0]


@pytest.mark.parametrize("fft_size", [256, 301])
@pytest.mark.parametrize("samples", [1000, 1024])
def test_loudness_is_the_measured_feature(fft_size, samples):
    x = 0.3 * torch.randn(2, samples, dtype=torch.float64)
    measured = features.loudness(x, sample_rate=RATE, frame_length=fft_size)
    level = spectra.loudness(x, sample_rate=RATE, fft_size=fft_size)
    assert level.shape == (2, 1 + samples // 64)
    torch.testing.assert_close(level[:, : measured.shape[-1]], measured, atol=1e-6, rtol=0)


def test_gradient_batch_and_graph(assert_traces):
    def function(x):
        return spectra.loudness(x, sample_rate=RATE, fft_size=32, hop_length=16)

    x = torch.randn(2, 40, dtype=torch.float64, requires_grad=True)
    assert gradcheck(function, x)
    torch.testing.assert_close(function(x)[1], function(x[1]))
    assert_traces(function, [torch.randn(80)], [torch.randn(80)])


@pytest.mark.parametrize("level", [0.0, 1e-30, 1.0])
def test_finite_at_silence(level):
    x = (level * torch.randn(1000)).requires_grad_()
    loudness = spectra.loudness(x, sample_rate=RATE)
    assert loudness.dtype == torch.float32
    assert loudness.min() >= -100.001
    assert torch.autograd.grad(loudness.sum(), x)[0].isfinite().all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: spectra.a_weighting(torch.tensor([-1.0])), "frequencies must be at least 0 Hz, got -1.0"),
        (lambda: spectra.a_weighting(torch.tensor([1])), "frequencies must be a float32 or float64 tensor"),
        (lambda: spectra.loudness(torch.full((9,), torch.nan), sample_rate=RATE), "x must be finite"),
        (lambda: spectra.loudness(torch.ones(9), sample_rate=0), "sample_rate must be above 0"),
        (lambda: spectra.loudness(torch.ones(9), sample_rate=RATE, hop_length=0), "hop_length must be at least 1"),
        (lambda: spectra.loudness(torch.ones(9), sample_rate=RATE, floor_db=-math.inf), "floor_db must be finite"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
