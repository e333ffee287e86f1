"""Losses on mel bands and loudness beside librosa, and what they do not hear."""

import librosa
import numpy as np
import pytest
import torch

from ddsp_lite import features, losses, spectra

RATE = 16000


@pytest.mark.slow
def test_mel_equals_librosa():
    a, b = torch.randn(2, 4000, dtype=torch.float64)
    options = {"sr": RATE, "n_fft": 512, "hop_length": 128, "n_mels": 30, "pad_mode": "constant"}
    ours, theirs = (np.sqrt(librosa.feature.melspectrogram(y=x.numpy(), **options) + 1e-6) for x in (a, b))
    error = np.linalg.norm(ours - theirs) / np.linalg.norm(theirs)
    expected = 2 * np.abs(ours - theirs).mean() + 3 * np.abs(np.log(ours / theirs)).mean() + 0.5 * error
    options = {"sample_rate": RATE, "fft_size": 512, "n_mels": 30}
    assert losses.mel(a, b, linear=2.0, log=3.0, convergence=0.5, **options).item() == pytest.approx(expected, rel=1e-4)


def test_mel_hears_less_of_the_difference_between_two_noises():
    a, b = torch.randn(2, RATE)
    plain = losses.multi_scale_stft(a, b, fft_sizes=[1024], linear=0.0)
    assert 0.3 * plain < losses.mel(a, b, sample_rate=RATE) < 0.6 * plain


def test_loudness_equals_the_measured_feature():
    a, b = 0.3 * torch.randn(2, 1000, dtype=torch.float64)
    levels = [features.loudness(x, sample_rate=RATE, frame_length=512, hop_length=128) for x in (a, b)]
    result = losses.loudness(a, b, sample_rate=RATE)
    assert result.item() == pytest.approx((levels[0] - levels[1]).abs().mean().item(), abs=1e-4)


def test_loudness_hears_the_middle_more_than_the_bass():
    n = torch.arange(RATE)
    silence = torch.zeros(RATE)
    bass, middle = (torch.sin(2 * torch.pi * f / RATE * n) for f in (100, 1000))
    difference = losses.loudness(middle, silence, sample_rate=RATE) - losses.loudness(bass, silence, sample_rate=RATE)
    assert difference.item() == pytest.approx(19.1, abs=1)


@pytest.mark.parametrize("rate", [40, 48000, 20000 * 512])
def test_loudness_hears_at_every_rate_that_it_takes(rate):
    a, b = 0.3 * torch.randn(2, 4000, dtype=torch.float64)
    x = a.requires_grad_()
    result = losses.loudness(x, b, sample_rate=rate)
    assert result > 0.1
    assert torch.autograd.grad(result, x)[0].abs().max() > 1e-3


def test_mel_is_linear_and_no_band_empty_at_low_rates():
    a, b = 0.3 * torch.randn(2, 4000, dtype=torch.float64)
    reference = losses.mel(a, b, sample_rate=2000)
    for rate in (1e-3, 1, 100, 1000):
        torch.testing.assert_close(losses.mel(a, b, sample_rate=rate), reference)
    weights = spectra.mel_filters(80, fft_size=1024, sample_rate=1)
    assert (weights.sum(0) > 0).all()
