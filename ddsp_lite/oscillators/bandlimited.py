"""The classic waveforms without aliasing: sums of their harmonics below Nyquist."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ddsp_lite import checks
from ddsp_lite.oscillators.harmonic import sum_of_harmonics


def sawtooth(f0: Tensor | float, *, sample_rate: float, n_samples: int | None = None, lowest: float = 20.0) -> Tensor:
    r"""Make a sawtooth without aliasing, from its harmonics below Nyquist.

    ``y[n] = (2 / pi) sum_k (-1)^(k+1) sin(k phi[n]) / k``: it rises from 0 to 1 as ``phi`` goes from 0 to pi, falls to
    -1 there, and rises again; at the fall it overshoots to about 1.18, as every truncated Fourier series does.

    Args:
        f0: fundamental in Hz, at least 0: 0-d, ``(..., time)`` or ``(..., frames)``, as in :func:`harmonic_bank`.
        sample_rate: sample rate in Hz.
        n_samples: length of the sound in samples; not needed where f0 is ``(..., time)``.
        lowest: the lowest f0 in Hz, in (0, Nyquist), at which all partials below Nyquist are there; lower fundamentals
            have as many partials as this one. A traced graph computes them all: the higher, the faster.

    Returns:
        The sound, ``(..., time)``; float64 if f0 is, else float32.

    Raises:
        ValueError: if f0 is negative, not finite or no float tensor, ``lowest`` is not in (0, Nyquist), or
            ``n_samples`` is missing or no multiple of the frames.

    Source: the Fourier series of the sawtooth; Välimäki and Huovilainen (2007), Antialiasing oscillators in subtractive
        synthesis.
    Chapter: gradients/filter-cutoff.

    >>> sawtooth(torch.tensor(1000.0), sample_rate=8000, n_samples=4)
    tensor([0.0000, 0.2819, 0.4244, 0.9185])
    """
    orders = _orders_below_nyquist(f0, sample_rate, lowest)
    series = [2 / math.pi * (-1) ** (k + 1) / k for k in orders]
    return _series(f0, series, orders, sample_rate=sample_rate, n_samples=n_samples)


def square(f0: Tensor | float, *, sample_rate: float, n_samples: int | None = None, lowest: float = 20.0) -> Tensor:
    r"""Make a square wave without aliasing, from its odd harmonics below Nyquist.

    ``y[n] = (4 / pi) sum_{k odd} sin(k phi[n]) / k``: 1 in the first half of a period, -1 in the second, with the
    overshoot to about 1.18 beside each edge that every truncated Fourier series has.

    Args:
        f0: fundamental in Hz, at least 0: 0-d, ``(..., time)`` or ``(..., frames)``, as in :func:`harmonic_bank`.
        sample_rate: sample rate in Hz.
        n_samples: length of the sound in samples; not needed where f0 is ``(..., time)``.
        lowest: the lowest f0 in Hz, in (0, Nyquist), at which all partials below Nyquist are there; lower fundamentals
            have as many partials as this one. A traced graph computes them all: the higher, the faster.

    Returns:
        The sound, ``(..., time)``; float64 if f0 is, else float32.

    Raises:
        ValueError: if f0 is negative, not finite or no float tensor, ``lowest`` is not in (0, Nyquist), or
            ``n_samples`` is missing or no multiple of the frames.

    Source: the Fourier series of the square wave; Välimäki and Huovilainen (2007), Antialiasing oscillators in
        subtractive synthesis.
    Chapter: inference/by-gradient-descent.

    >>> square(torch.tensor(1000.0), sample_rate=8000, n_samples=4)
    tensor([0.0000, 1.2004, 0.8488, 1.2004])
    """
    orders = _orders_below_nyquist(f0, sample_rate, lowest)[::2]
    series = [4 / math.pi / k for k in orders]
    return _series(f0, series, orders, sample_rate=sample_rate, n_samples=n_samples)


def _series(
    f0: Tensor | float, series: list[float], orders: range, *, sample_rate: float, n_samples: int | None
) -> Tensor:
    """The sum of a Fourier series whose coefficients are known numbers."""
    dtype, device = checks.common(f0)
    amplitudes = torch.tensor(series, dtype=dtype, device=device)
    return sum_of_harmonics(f0, amplitudes, orders, sample_rate=sample_rate, n_samples=n_samples)


def _orders_below_nyquist(f0: Tensor | float, sample_rate: float, lowest: float) -> range:
    """Orders of the partials that the lowest fundamental needs; when traced, the lowest that may come."""
    nyquist = checks.sample_rate(sample_rate) / 2
    f0 = checks.non_negative(checks.floating(f0, "f0", dtype=torch.float64), "f0", unit="Hz")
    checks.in_range(lowest, "lowest", 0, nyquist, unit="Hz", bounds="()")
    if f0.numel() and not checks.is_tracing(f0):
        lowest = max(lowest, f0.detach().min().item())
    return range(1, max(2, math.ceil(nyquist / lowest)))
