"""The classic waveforms without aliasing: sums of their harmonics below Nyquist."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ddsp_lite import checks, controls
from ddsp_lite.oscillators import phase as phases
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
    Chapter: oscillators/aliasing.

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
    Chapter: oscillators/aliasing.

    >>> square(torch.tensor(1000.0), sample_rate=8000, n_samples=4)
    tensor([0.0000, 1.2004, 0.8488, 1.2004])
    """
    orders = _orders_below_nyquist(f0, sample_rate, lowest)[::2]
    series = [4 / math.pi / k for k in orders]
    return _series(f0, series, orders, sample_rate=sample_rate, n_samples=n_samples)


def triangle(f0: Tensor | float, *, sample_rate: float, n_samples: int | None = None, lowest: float = 20.0) -> Tensor:
    r"""Make a triangle wave without aliasing, from its odd harmonics below Nyquist.

    ``y[n] = (8 / pi^2) sum_{k odd} (-1)^((k-1)/2) sin(k phi[n]) / k^2``: it rises from 0 to 1 in the first quarter of a
    period, falls to -1 until the third, and rises again; its corners are a little round.

    Args:
        f0: fundamental in Hz, at least 0: 0-d, ``(..., time)`` or ``(..., frames)``, as in :func:`harmonic_bank`.
        sample_rate: sample rate in Hz.
        n_samples: length of the sound in samples; not needed where f0 is ``(..., time)``.
        lowest: the lowest f0 in Hz, in (0, Nyquist), at which all partials below Nyquist are there, as in
            :func:`sawtooth`.

    Returns:
        The sound, ``(..., time)``; float64 if f0 is, else float32.

    Raises:
        ValueError: if f0 is negative, not finite or no float tensor, ``lowest`` is not in (0, Nyquist), or
            ``n_samples`` is missing or no multiple of the frames.

    Source: the Fourier series of the triangle wave; Välimäki and Huovilainen (2007), Antialiasing oscillators in
        subtractive synthesis.
    Chapter: oscillators/aliasing.

    >>> triangle(torch.tensor(1000.0), sample_rate=8000, n_samples=4)
    tensor([0.0000, 0.5095, 0.9006, 0.5095])
    """
    orders = _orders_below_nyquist(f0, sample_rate, lowest)[::2]
    series = [8 / math.pi**2 * (-1) ** (k // 2) / k**2 for k in orders]
    return _series(f0, series, orders, sample_rate=sample_rate, n_samples=n_samples)


def pulse(
    f0: Tensor | float,
    width: Tensor | float,
    *,
    sample_rate: float,
    n_samples: int | None = None,
    lowest: float = 20.0,
) -> Tensor:
    r"""Make a pulse wave without aliasing, with a gradient in the width of its pulses.

    ``y[n] = s(phi[n]) - s(phi[n] - 2 pi width[n])`` with ``s(phi) = (2 / pi) sum_k sin(k phi) / k``, a falling sawtooth
    of the harmonics below Nyquist: ``2 - 2 width`` in the pulse, the first share ``width`` of a period, and
    ``-2 width`` after it, so that the mean is 0. A width of 0.5 gives :func:`square`, 0 and 1 give silence.

    Args:
        f0: fundamental in Hz, at least 0: 0-d, ``(..., time)`` or ``(..., frames)``, as in :func:`harmonic_bank`.
        width: the pulse's share of a period, in [0, 1]: 0-d or ``(..., 1)``, constant; ``(..., time)``; or
            ``(..., frames)``, interpolated linearly.
        sample_rate: sample rate in Hz.
        n_samples: length of the sound in samples; not needed where f0 is ``(..., time)``.
        lowest: the lowest f0 in Hz, in (0, Nyquist), at which all partials below Nyquist are there, as in
            :func:`sawtooth`.

    Returns:
        The sound, ``(..., time)``; float64 if f0 or width is, else float32.

    Raises:
        ValueError: if f0 is negative, width lies outside [0, 1], one of them is not finite or no float tensor,
            ``lowest`` is not in (0, Nyquist), ``n_samples`` is missing or no multiple of the frames, or the shapes do
            not broadcast.

    Source: the Fourier series of the pulse wave; Välimäki and Huovilainen (2007), Antialiasing oscillators in
        subtractive synthesis.
    Chapter: oscillators/aliasing.

    >>> pulse(torch.tensor(1000.0), 0.25, sample_rate=16000, n_samples=16).sum().abs() < 1e-5
    tensor(True)
    >>> pulse(torch.tensor(110.0), torch.rand(2, 50), sample_rate=16000, n_samples=3200).shape
    torch.Size([2, 3200])
    """
    orders = _orders_below_nyquist(f0, sample_rate, lowest)
    dtype, device = checks.common(f0, width)
    width = checks.floating(width, "width", dtype=torch.float64, device=device)
    width = checks.audio(width if width.ndim else width.reshape(1), "width")
    checks.in_range(width, "width", 0, 1)
    if n_samples is None:
        n_samples = phases.length(checks.floating(f0, "f0"), "f0")
    hop = checks.hop(n_samples, width=width.shape[-1])
    checks.broadcast(f0=f0.shape[:-1] if isinstance(f0, Tensor) else (), width=width.shape[:-1])
    k = torch.arange(orders.start, orders.stop, dtype=torch.float64, device=device)
    options = {"sample_rate": sample_rate, "n_samples": n_samples}
    if width.shape[-1] == 1:  # both edges in one series: (4 / pi k) sin(pi k width) cos(k phi - pi k width)
        half = k * width.double() / 2
        series = (4 / math.pi / k * torch.sin(2 * math.pi * half)).to(dtype).unsqueeze(-2)
        return sum_of_harmonics(f0, series, orders, phase=phases.angle(0.25 - half, dtype), **options)
    width = width.double() if hop == 1 else controls.resample(width.double(), n_samples)
    series = (2 / math.pi / k).to(dtype)
    rise = sum_of_harmonics(f0, series, orders, **options)
    return rise - sum_of_harmonics(f0, series, orders, shift=-width, **options)


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
