"""How loud a sound is to the ear, over time, with a gradient. Chapter: gradients/filter-cutoff."""

import math

import torch
from torch import Tensor

from ddsp_lite import checks
from ddsp_lite.spectra.short_time import stft


def a_weighting(frequencies: Tensor) -> Tensor:
    r"""Evaluate the A-weighting curve: how much each frequency counts for loudness, 1 at 1 kHz.

    .. math:: A(f) = 10^{2/20} \frac{f_4^2 f^4}{(f^2 + f_1^2) \sqrt{(f^2 + f_2^2)(f^2 + f_3^2)} (f^2 + f_4^2)}

    with f_1 = 20.6, f_2 = 107.7, f_3 = 737.9 and f_4 = 12194 Hz.

    Args:
        frequencies: in Hz, (...), at least 0.

    Returns:
        The gain as a factor of the amplitude (...), of `frequencies`' type; 0 at 0 Hz.

    Raises:
        ValueError: `frequencies` is not real floating point, negative, or holds NaN.

    Source: IEC 61672-1. Chapter: gradients/filter-cutoff.

    >>> a_weighting(torch.tensor([0.0, 100.0, 1000.0])).round(decimals=3)
    tensor([0.0000, 0.1100, 1.0000])
    """
    squares = checks.non_negative(checks.floating(frequencies, "frequencies"), "frequencies", unit="Hz").double() ** 2
    f1, f2, f3, f4 = (f**2 for f in (20.598997, 107.65265, 737.86223, 12194.217))
    gain = 10**0.1 * f4 * squares**2 / ((squares + f1) * ((squares + f2) * (squares + f3)).sqrt() * (squares + f4))
    return gain.to(frequencies.dtype)


def loudness(
    x: Tensor, *, sample_rate: float, fft_size: int = 256, hop_length: int = 64, floor_db: float = -100.0
) -> Tensor:
    r"""Measure the A-weighted level of a sound over time, in dB full scale, with a gradient.

    .. math:: L[j] = 10 \log_{10} \left( \frac{2}{F \sum_n w[n]^2} \sum_m g_m A(f_m)^2 |X[j, m]|^2 +
        10^{\text{floor}/10} \right)

    with the spectra X of `stft`, its window w, the curve of `a_weighting`, and g_m = 2 except at 0 Hz and half of the
    sample rate, where it is 1. A sinusoid of amplitude 1 at 1 kHz has 0 dB. These are the levels of
    `features.loudness`, which is for recordings, on the same frames (and one more at the end where the hop divides the
    time).

    Args:
        x: signal (..., time), float32 or float64.
        sample_rate: in Hz.
        fft_size: samples in a frame F, at least 2; short ones follow attacks, long ones do not follow the waveform.
        hop_length: samples from one frame to the next, at least 1.
        floor_db: level of silence in dB, so that value and gradient stay finite there.

    Returns:
        Level in dB (..., frames); frames is 1 + time // hop_length.

    Raises:
        ValueError: an argument is of the wrong kind or shape, out of range, or holds NaN.

    Source: IEC 61672-1; as a loss and a control, Engel, Hantrakul, Gu and Roberts, DDSP, ICLR 2020.
    Chapter: gradients/filter-cutoff.

    >>> tone = torch.sin(2 * torch.pi * 1000 / 16000 * torch.arange(3200))
    >>> loudness(tone, sample_rate=16000)[20].abs() < 0.1
    tensor(True)
    """
    rate = checks.sample_rate(sample_rate)
    checks.in_range(floor_db, "floor_db", unit="dB")
    spectrum = stft(x, fft_size=fft_size, hop_length=hop_length)
    bins = torch.arange(fft_size // 2 + 1, dtype=torch.float64)
    sides = torch.where((bins == 0) | (2 * bins == fft_size), 1.0, 2.0)
    energy = fft_size * 3 / 8 if fft_size > 2 else 1.0  # of the Hann window
    weights = sides * a_weighting(bins * (rate / fft_size)) ** 2 * (2 / (fft_size * energy))
    power = torch.view_as_real(spectrum).square().sum(-1) @ weights.to(x)
    return 10 / math.log(10) * torch.log(power + 10 ** (floor_db / 10))
