"""Spectra on the mel scale, and their cepstra, with gradients. Chapter: gradients/filter-cutoff."""

import math

import torch
from torch import Tensor

from ddsp_lite import checks
from ddsp_lite.spectra.short_time import stft

# Slaney's scale: straight up to 1 kHz, which is 15 mel, then 27 mel for a factor of 6.4.
_KNEE_HZ, _KNEE_MEL, _STEP = 1000.0, 15.0, math.log(6.4) / 27


def mel_filters(
    n_mels: int, *, fft_size: int, sample_rate: float, low: float = 0.0, high: float | None = None
) -> Tensor:
    r"""Make the triangular filters that gather an FFT's bins into bands, evenly spaced on the mel scale.

    .. math:: W[m, i] = \frac{2}{f_{i+2} - f_i} \max\left(0, \min\left(
        \frac{f_m - f_i}{f_{i+1} - f_i}, \frac{f_{i+2} - f_m}{f_{i+2} - f_{i+1}} \right)\right)

    with corners f_0 ... f_{n_mels+1} spaced evenly, from `low` to `high`, on Slaney's scale: linear up to 1 kHz and
    logarithmic above. Each filter has an area of one, so that white noise gives equal bands. The same as librosa's.

    Args:
        n_mels: number of bands, at least 1. With too many for the FFT, low bands can hold no bin and stay empty.
        fft_size: size of the FFT, at least 2.
        sample_rate: in Hz.
        low: lowest corner in Hz, at least 0.
        high: highest corner in Hz, above `low`, at most sample_rate / 2, which is the default.

    Returns:
        Weights (fft_size // 2 + 1, n_mels), float64.

    Raises:
        ValueError: an argument is of the wrong kind or out of range.

    Source: Slaney, Auditory Toolbox, 1998, as used by librosa. Chapter: gradients/filter-cutoff.

    >>> weights = mel_filters(40, fft_size=1024, sample_rate=16000)
    >>> weights.shape, (weights.sum(0) * 16000 / 1024).mean().round(decimals=1)
    (torch.Size([513, 40]), tensor(1., dtype=torch.float64))
    """
    checks.integer(n_mels, "n_mels", 1)
    checks.integer(fft_size, "fft_size", 2)
    rate = checks.sample_rate(sample_rate)
    high = rate / 2 if high is None else checks.in_range(high, "high", 0, rate / 2, unit="Hz", bounds="(]")
    checks.in_range(low, "low", 0, high, unit="Hz", bounds="[)")
    steps = torch.arange(n_mels + 2, dtype=torch.float64) / (n_mels + 1)
    mels = _mel(low) + (_mel(high) - _mel(low)) * steps
    above = _KNEE_HZ * torch.exp((mels - _KNEE_MEL).clamp(min=0) * _STEP)
    corners = torch.where(mels < _KNEE_MEL, mels * (_KNEE_HZ / _KNEE_MEL), above)
    bins = torch.arange(fft_size // 2 + 1, dtype=torch.float64)[:, None] * (rate / fft_size)
    left, middle, right = corners[:-2], corners[1:-1], corners[2:]
    triangles = torch.minimum((bins - left) / (middle - left), (right - bins) / (right - middle)).clamp(min=0)
    return triangles * (2 / (right - left))


def _mel(frequency: float) -> float:
    if frequency < _KNEE_HZ:
        return frequency * _KNEE_MEL / _KNEE_HZ
    return _KNEE_MEL + math.log(frequency / _KNEE_HZ) / _STEP


def mel(
    x: Tensor,
    *,
    sample_rate: float,
    fft_size: int = 2048,
    hop_length: int = 512,
    n_mels: int = 128,
    low: float = 0.0,
    high: float | None = None,
) -> Tensor:
    r"""Gather a sound's short-time power into bands of the mel scale, on which equal steps sound about equally wide.

    .. math:: S[j, i] = \sum_m W[m, i]\, |X[j, m]|^2

    with the spectra X of `stft` and the weights W of `mel_filters`.

    Args:
        x: signal (..., time), float32 or float64.
        sample_rate: in Hz.
        fft_size: samples in a frame, at least 2.
        hop_length: samples from one frame to the next, at least 1.
        n_mels: number of bands, at least 1.
        low: lowest corner of a band in Hz, at least 0.
        high: highest corner in Hz, above `low`; sample_rate / 2 by default.

    Returns:
        Power (..., frames, n_mels), at least 0; frames is 1 + time // hop_length.

    Raises:
        ValueError: an argument is of the wrong kind or shape, out of range, or holds NaN.

    Source: Stevens, Volkmann and Newman, A scale for the measurement of the psychological magnitude pitch, 1937.
    Chapter: gradients/filter-cutoff.

    >>> tone = torch.sin(2 * torch.pi * 440 / 16000 * torch.arange(16000))
    >>> power = mel(tone, sample_rate=16000, n_mels=40)
    >>> power.shape, power[10].argmax()
    (torch.Size([32, 40]), tensor(5))
    """
    weights = mel_filters(n_mels, fft_size=fft_size, sample_rate=sample_rate, low=low, high=high)
    spectrum = stft(x, fft_size=fft_size, hop_length=hop_length)
    return torch.view_as_real(spectrum).square().sum(-1) @ weights.to(x)


def mfcc(
    x: Tensor,
    *,
    sample_rate: float,
    n_mfcc: int = 20,
    fft_size: int = 2048,
    hop_length: int = 512,
    n_mels: int = 128,
    floor_db: float = -100.0,
) -> Tensor:
    r"""Describe the shape of a sound's spectrum by few numbers a frame: mel-frequency cepstral coefficients.

    .. math:: c_k = s_k \sum_{i=0}^{M-1} 10 \log_{10}\left( S_i + 10^{\text{floor}/10} \right)
        \cos\frac{\pi k (2 i + 1)}{2 M}, \qquad s_0 = \sqrt{1/M}, \quad s_{k>0} = \sqrt{2/M}

    with the M bands S of `mel`. The first number is the level, the next ones the tilt and ever finer ripples of the
    spectrum; a change of level by 1 dB moves the first one by sqrt(M) and no other.

    Args:
        x: signal (..., time), float32 or float64.
        sample_rate: in Hz.
        n_mfcc: how many coefficients, at least 1, at most `n_mels`.
        fft_size: samples in a frame, at least 2.
        hop_length: samples from one frame to the next, at least 1.
        n_mels: number of bands M, at least 1.
        floor_db: power of silence in dB; librosa's default is the same, but for its limit of 80 dB under the peak,
            which is left out here since its gradient would hang on the loudest moment.

    Returns:
        Coefficients (..., frames, n_mfcc) in dB.

    Raises:
        ValueError: an argument is of the wrong kind or shape, out of range, or holds NaN.

    Source: Davis and Mermelstein, Comparison of parametric representations for monosyllabic word recognition, 1980.
    Chapter: gradients/filter-cutoff.

    >>> noise = torch.randn(16000, generator=torch.Generator().manual_seed(0))
    >>> quiet, loud = (mfcc(gain * noise, sample_rate=16000, n_mfcc=13) for gain in (0.1, 1.0))
    >>> (loud - quiet)[10, :3].round(decimals=1) + 0.0  # 20 dB times the root of 128, and nothing else
    tensor([226.3000,   0.0000,   0.0000])
    """
    checks.integer(n_mels, "n_mels", 1)
    checks.integer(n_mfcc, "n_mfcc", 1, n_mels)
    checks.in_range(floor_db, "floor_db", unit="dB")
    power = mel(x, sample_rate=sample_rate, fft_size=fft_size, hop_length=hop_length, n_mels=n_mels)
    level = 10 / math.log(10) * torch.log(power + 10 ** (floor_db / 10))
    numbers = torch.arange(n_mfcc, dtype=torch.float64)
    bands = torch.arange(n_mels, dtype=torch.float64)[:, None]
    scale = torch.where(numbers == 0, math.sqrt(1 / n_mels), math.sqrt(2 / n_mels))
    return level @ (scale * torch.cos(math.pi / (2 * n_mels) * numbers * (2 * bands + 1))).to(x)
