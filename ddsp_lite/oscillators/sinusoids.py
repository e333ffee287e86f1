"""Sinusoids of constant or changing frequency, one by one and in banks."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ddsp_lite import checks
from ddsp_lite.oscillators import phase as phases


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
    dtype, device = checks.common(frequency, amplitude, phase)
    frequency = checks.floating(frequency, "frequency", dtype=torch.float64, device=device)
    checks.in_range(frequency, "frequency", 0, rate / 2, unit="Hz")
    amplitude = checks.floating(amplitude, "amplitude", dtype=dtype, device=device)
    phase = checks.floating(phase, "phase", dtype=torch.float64, device=device)
    if n_samples is None:
        n_samples = phases.length(frequency, "frequency")
    else:
        n_samples = checks.integer(n_samples, "n_samples")
        frequency = frequency.unsqueeze(-1)
    time = (*frequency.shape[:-1], n_samples)
    checks.broadcast(frequency=time, amplitude=amplitude.shape, phase=phase.shape)
    turns = phases.cycles(frequency, rate, n_samples) + phase.double() / (2 * math.pi)
    return amplitude.to(dtype) * torch.sin(phases.angle(turns, dtype))
