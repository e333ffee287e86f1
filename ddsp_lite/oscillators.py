"""Oscillators whose every parameter has a gradient: a sinusoid, a bank of harmonics, and band-limited classics.

Phase is counted in cycles and in float64, reduced to one turn, and only then brought to the precision of the result:
a float32 sound of several seconds keeps an error near 1e-6, and so does its gradient in the fundamental.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ddsp_lite import checks, controls


def sinusoid(
    frequency: Tensor | float,
    *,
    sample_rate: float,
    n_samples: int | None = None,
    amplitude: Tensor | float = 1.0,
    phase: Tensor | float = 0.0,
) -> Tensor:
    r"""Make a sinusoid of constant or changing frequency.

    ``y[n] = amplitude * sin(phase + 2 pi * sum_{m<n} frequency[m] / sample_rate)``; the first sample is
    ``amplitude * sin(phase)``.

    Args:
        frequency: frequency in Hz, in [0, sample_rate / 2]: with ``n_samples`` constant, 0-d or ``(...)``, a sinusoid
            for each; without, ``(..., time)``, one frequency for each sample.
        sample_rate: sample rate in Hz.
        n_samples: length of the sound in samples; only for a constant frequency.
        amplitude: amplitude, full scale 1; broadcasts with the result: 0-d, ``(..., 1)`` or ``(..., time)``.
        phase: phase in radians at the first sample; broadcasts like ``amplitude``.

    Returns:
        The sound, ``(..., time)``; float64 if any tensor given is, else float32 (the default dtype for plain numbers).

    Raises:
        ValueError: if a frequency is negative, above Nyquist or not finite, an argument is no float tensor,
            ``n_samples`` is missing or not positive, or the shapes do not broadcast.

    Source: Smith, Mathematics of the Discrete Fourier Transform (2007), chapter 4.
    Chapter: oscillators/harmonic-bank.

    >>> sinusoid(torch.tensor(1000.0), sample_rate=12000, n_samples=4)
    tensor([0.0000, 0.5000, 0.8660, 1.0000])
    >>> sinusoid(torch.full((2, 16000), 440.0), sample_rate=16000).shape
    torch.Size([2, 16000])
    """
    rate = checks.sample_rate(sample_rate)
    dtype, device = _common(frequency, amplitude, phase)
    frequency = checks.floating(frequency, "frequency", dtype=torch.float64, device=device)
    checks.in_range(frequency, "frequency", 0, rate / 2, unit="Hz")
    amplitude = checks.floating(amplitude, "amplitude", dtype=dtype, device=device)
    phase = checks.floating(phase, "phase", dtype=torch.float64, device=device)
    if n_samples is None:
        n_samples = _length(frequency, "frequency")
    else:
        n_samples = checks.integer(n_samples, "n_samples")
        frequency = frequency.unsqueeze(-1)
    time = (*frequency.shape[:-1], n_samples)
    checks.broadcast(frequency=time, amplitude=amplitude.shape, phase=phase.shape)
    turns = _cycles(frequency, rate, n_samples) + phase.double() / (2 * math.pi)
    return amplitude.to(dtype) * torch.sin(_angle(turns, dtype))


def harmonic_bank(
    f0: Tensor | float,
    amplitudes: Tensor,
    *,
    sample_rate: float,
    n_samples: int | None = None,
    phase: Tensor | None = None,
) -> Tensor:
    r"""Add harmonics: sinusoids at whole multiples of a fundamental, each with its own amplitude.

    ``y[n] = sum_k amplitudes[k, n] sin(k phi[n] + phase[k])`` for ``k = 1, 2, ...``, where
    ``phi[n] = 2 pi * sum_{m<n} f0[m] / sample_rate``. In every sample, a partial with ``k f0[n]`` at or above Nyquist
    adds exactly 0, and its gradient there is 0. The amplitudes that are left are not scaled up: where the sum of the
    amplitudes shall stay the same, the caller normalises them. Controls at frame rate are interpolated linearly, as
    :func:`ddsp_lite.controls.resample` does.

    Args:
        f0: fundamental in Hz, at least 0: 0-d, constant; ``(..., time)``, one for each sample; or with ``n_samples``
            ``(..., frames)``, where a single frame is constant.
        amplitudes: amplitude of each partial, full scale 1, the fundamental first: ``(partials,)``, constant; or
            ``(..., frames, partials)``, where frames is 1 (constant), as many as f0 has, or at audio rate the samples.
        sample_rate: sample rate in Hz.
        n_samples: length of the sound in samples, a multiple of the frames; not needed where f0 is ``(..., time)``.
        phase: phase of each partial at the first sample in radians, ``(..., partials)``; all 0 if not given.

    Returns:
        The sound, ``(..., time)``; float64 if any tensor given is, else float32.

    Raises:
        ValueError: if f0 is negative or not finite, an argument is no float tensor, the counts of frames or partials
            do not fit together, ``n_samples`` is missing or no multiple of the frames, or shapes do not broadcast.

    Source: Engel, Hantrakul, Gu, Roberts (2020), DDSP: Differentiable Digital Signal Processing.
    Chapter: oscillators/harmonic-bank.

    >>> harmonic_bank(torch.tensor(1000.0), torch.tensor([1.0, 0.5]), sample_rate=8000, n_samples=3)
    tensor([0.0000, 1.2071, 1.0000])
    >>> harmonic_bank(torch.full((250,), 440.0), torch.rand(2, 250, 60), sample_rate=16000, n_samples=16000).shape
    torch.Size([2, 16000])
    """
    if not isinstance(amplitudes, Tensor) or amplitudes.ndim == 0 or amplitudes.numel() == 0:
        raise ValueError(
            "amplitudes must be a tensor (partials,) or (..., frames, partials) with at least one partial, "
            f"got {checks.describe(amplitudes)}."
        )
    checks.floating(amplitudes, "amplitudes")
    if phase is not None:
        phase = checks.audio(phase, "phase")
        if phase.shape[-1] != amplitudes.shape[-1]:
            raise ValueError(
                f"phase must have one value for each of the {amplitudes.shape[-1]} partials of amplitudes, "
                f"got {phase.shape[-1]}."
            )
    orders = range(1, amplitudes.shape[-1] + 1)
    return _harmonics(f0, amplitudes, orders, sample_rate=sample_rate, n_samples=n_samples, phase=phase)


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


def _harmonics(
    f0: Tensor | float,
    amplitudes: Tensor,
    orders: range,
    *,
    sample_rate: float,
    n_samples: int | None,
    phase: Tensor | None = None,
) -> Tensor:
    """The sum of the partials of the given orders.

    Frames are kept apart: sin(k phi) is a matrix (..., frames, partials, hop) for whole frames, and the amplitudes at
    a frame's start and end are two rows of weights before it. So one product of matrices adds the partials up, twice,
    and the ramp between the frames is drawn afterwards; no amplitude is ever stored for every sample and partial.
    """
    rate = checks.sample_rate(sample_rate)
    dtype, device = _common(f0, amplitudes, phase)
    f0 = checks.floating(f0, "f0", dtype=torch.float64, device=device)
    if n_samples is None:
        n_samples = _length(f0, "f0")
    f0 = checks.audio(f0 if f0.ndim else f0.reshape(1), "f0")
    checks.non_negative(f0, "f0", unit="Hz")
    checks.hop(n_samples, f0=f0.shape[-1])
    amplitudes = amplitudes.to(dtype) if amplitudes.ndim > 1 else amplitudes.to(dtype).unsqueeze(0)
    n_frames = amplitudes.shape[-2]
    hop = checks.hop(n_samples, amplitudes=n_frames)
    if n_frames not in (1, n_samples) and f0.shape[-1] not in (1, n_samples):
        checks.same_frames(f0=f0.shape[-1], amplitudes=n_frames)
    leading = {"f0": f0.shape[:-1], "amplitudes": amplitudes.shape[:-2]}
    checks.broadcast(**leading, **({} if phase is None else {"phase": phase.shape[:-1]}))

    constant = f0.shape[-1] == 1
    f0 = f0.double() if f0.shape[-1] in (1, n_samples) else controls.resample(f0.double(), n_samples)
    angle = _angle(_cycles(f0, rate, n_samples), dtype).reshape(*f0.shape[:-1], n_frames, 1, hop)
    k = torch.arange(orders.start, orders.stop, orders.step, dtype=torch.float64, device=device)
    angles = k.to(dtype).unsqueeze(-1) * angle
    if phase is not None:
        angles = angles + phase.to(dtype).reshape(*phase.shape[:-1], 1, -1, 1)
    partials = torch.sin(angles)

    limit = rate / 2 / f0.detach()  # partials k < limit lie below Nyquist
    if constant:
        amplitudes = amplitudes * (k < limit.unsqueeze(-1)).to(dtype)
    else:
        partials = partials * (k.unsqueeze(-1) < limit.reshape(*f0.shape[:-1], n_frames, 1, hop)).to(dtype)

    if n_frames == 1 or hop == 1:
        return (amplitudes.unsqueeze(-2) @ partials).flatten(-3)
    after = torch.cat([amplitudes[..., 1:, :], amplitudes[..., -1:, :]], -2)
    ends = torch.stack([amplitudes, after], -2) @ partials
    start, end = ends[..., 0, :], ends[..., 1, :]
    ramp = torch.arange(hop, dtype=dtype, device=device) / hop
    return (start + ramp * (end - start)).flatten(-2)


def _series(
    f0: Tensor | float, series: list[float], orders: range, *, sample_rate: float, n_samples: int | None
) -> Tensor:
    """The sum of a Fourier series whose coefficients are known numbers."""
    dtype, device = _common(f0)
    amplitudes = torch.tensor(series, dtype=dtype, device=device)
    return _harmonics(f0, amplitudes, orders, sample_rate=sample_rate, n_samples=n_samples)


def _orders_below_nyquist(f0: Tensor | float, sample_rate: float, lowest: float) -> range:
    """Orders of the partials that the lowest fundamental needs; when traced, the lowest that may come."""
    nyquist = checks.sample_rate(sample_rate) / 2
    f0 = checks.non_negative(checks.floating(f0, "f0", dtype=torch.float64), "f0", unit="Hz")
    checks.in_range(lowest, "lowest", 0, nyquist, unit="Hz", bounds="()")
    if f0.numel() and not checks.is_tracing(f0):
        lowest = max(lowest, f0.detach().min().item())
    return range(1, max(2, math.ceil(nyquist / lowest)))


def _cycles(frequency: Tensor, rate: float, n_samples: int) -> Tensor:
    """Turns made before each sample, float64 ``(..., time)``: by a product if constant ``(..., 1)``, else by a sum."""
    steps = frequency.double() / rate
    if steps.shape[-1] == n_samples:
        return torch.cumsum(steps, -1) - steps
    return steps * torch.arange(n_samples, dtype=torch.float64, device=steps.device)


def _angle(cycles: Tensor, dtype: torch.dtype) -> Tensor:
    """The angle in [-pi, pi] in radians of so many turns; whole turns are taken off, which does not touch the slope."""
    return (2 * math.pi * (cycles - cycles.detach().round())).to(dtype)


def _length(frequency: Tensor, name: str) -> int:
    if frequency.ndim == 0:
        raise ValueError(f"n_samples must be given where {name} is a single number.")
    return checks.audio(frequency, name).shape[-1]


def _common(*arguments: Tensor | float | None) -> tuple[torch.dtype, torch.device | None]:
    """The dtype of the result, and the device: those of the tensors, where plain numbers have no say."""
    tensors = [x for x in arguments if isinstance(x, Tensor)]
    if not tensors:
        return torch.get_default_dtype(), None
    wide = any(t.dtype == torch.float64 for t in tensors)
    return torch.float64 if wide else torch.float32, tensors[0].device
