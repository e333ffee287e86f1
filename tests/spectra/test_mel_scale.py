"""Mel spectra and cepstra beside librosa's."""

import math

import librosa
import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from ddsp_lite import spectra

RATE = 16000
SMALL = {"sample_rate": RATE, "fft_size": 32, "hop_length": 16, "n_mels": 6}


@pytest.mark.parametrize(
    ("n_mels", "fft_size", "low", "high"), [(128, 2048, 0.0, None), (40, 512, 80.0, 7600.0), (1, 64, 0.0, 500.0)]
)
def test_filters_equal_librosa(n_mels, fft_size, low, high):
    expected = librosa.filters.mel(sr=RATE, n_fft=fft_size, n_mels=n_mels, fmin=low, fmax=high, dtype=np.float64)
    weights = spectra.mel_filters(n_mels, fft_size=fft_size, sample_rate=RATE, low=low, high=high)
    np.testing.assert_allclose(weights.T, expected, atol=1e-12)


def test_mel_and_mfcc_equal_librosa():
    x = torch.randn(4000, dtype=torch.float64) * torch.linspace(0, 1, 4000, dtype=torch.float64)
    options = {"sr": RATE, "n_fft": 1024, "hop_length": 256, "pad_mode": "constant"}
    expected = librosa.feature.melspectrogram(y=x.numpy(), n_mels=40, **options)
    mel = spectra.mel(x, sample_rate=RATE, fft_size=1024, hop_length=256, n_mels=40)
    np.testing.assert_allclose(mel.T, expected, rtol=1e-5, atol=1e-8 * expected.max())  # librosa's window is float32
    expected = librosa.feature.mfcc(S=librosa.power_to_db(expected, top_db=None), n_mfcc=13)
    mfcc = spectra.mfcc(x, sample_rate=RATE, fft_size=1024, hop_length=256, n_mels=40, n_mfcc=13)
    np.testing.assert_allclose(mfcc.T, expected, atol=1e-3)


@pytest.mark.parametrize("function", [spectra.mel, lambda x, **o: spectra.mfcc(x, n_mfcc=4, **o)])
def test_gradient_batch_and_graph(function, assert_traces):
    x = torch.randn(2, 40, dtype=torch.float64, requires_grad=True)
    assert gradcheck(lambda x: function(x, **SMALL), x)
    torch.testing.assert_close(function(x, **SMALL)[1], function(x[1], **SMALL))
    assert_traces(lambda x: function(x, **SMALL), [torch.randn(80)], [torch.randn(80)])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_silence(dtype):
    x = torch.zeros(1000, dtype=dtype, requires_grad=True)
    c = spectra.mfcc(x, sample_rate=RATE)
    assert c.dtype == dtype
    torch.testing.assert_close(c[:, 0], torch.full_like(c[:, 0], -100 * math.sqrt(128)))
    assert (torch.autograd.grad(c.sum(), x)[0] == 0).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: spectra.mel(torch.ones(0), sample_rate=RATE), "x must be a tensor"),
        (lambda: spectra.mel(torch.ones(9), sample_rate=RATE, n_mels=0), "n_mels must be at least 1, got 0"),
        (lambda: spectra.mel(torch.ones(9), sample_rate=RATE, high=9000.0), r"high must lie in \(0, 8000\] Hz"),
        (lambda: spectra.mel(torch.ones(9), sample_rate=RATE, low=500.0, high=400.0), r"low must lie in \[0, 400\) Hz"),
        (lambda: spectra.mel_filters(4, fft_size=1, sample_rate=RATE), "fft_size must be at least 2"),
        (lambda: spectra.mfcc(torch.ones(9), sample_rate=RATE, n_mfcc=129), r"n_mfcc must lie in \[1, 128\], got 129"),
        (lambda: spectra.mfcc(torch.ones(9), sample_rate=RATE, floor_db=math.inf), "floor_db must be finite"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
