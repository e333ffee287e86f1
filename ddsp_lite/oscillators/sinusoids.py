"""Sinusoids of constant or changing frequency, one by one and in banks."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ddsp_lite import checks, controls
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
    Chapter: oscillators/sinusoids.

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


def sinusoid_bank(
    frequencies: Tensor,
    amplitudes: Tensor,
    *,
    sample_rate: float,
    n_samples: int | None = None,
    phase: Tensor | None = None,
) -> Tensor:
    r"""Add sinusoids of any frequencies and amplitudes, constant or changing.

    ``y[n] = sum_k amplitudes[k, n] sin(phase[k] + 2 pi sum_{m<n} frequencies[k, m] / sample_rate)``. In every sample, a
    sinusoid at or above Nyquist adds exactly 0, and its gradient there is 0. Controls at frame rate are interpolated
    linearly, as :func:`ddsp_lite.controls.resample` does. Where the frequencies are multiples of one fundamental,
    :func:`ddsp_lite.oscillators.harmonic_bank` does the same in less time and memory.

    Args:
        frequencies: in Hz, at least 0: ``(sinusoids,)``, constant; or ``(..., frames, sinusoids)``, where frames is 1
            (constant), any divisor of the samples, or the samples.
        amplitudes: full scale 1, of the same two forms; their frames need not be as many.
        sample_rate: sample rate in Hz.
        n_samples: length of the sound in samples, a multiple of the frames; not needed where frequencies are given
            sample by sample.
        phase: phase of each sinusoid at the first sample in radians, ``(..., sinusoids)``; all 0 if not given.

    Returns:
        The sound, ``(..., time)``; float64 if any tensor given is, else float32.

    Raises:
        ValueError: if a frequency is negative or not finite, an argument is no float tensor, the counts of frames or
            sinusoids do not fit together, ``n_samples`` is missing or no multiple of the frames, or shapes do not
            broadcast.

    Source: McAulay and Quatieri (1986), Speech analysis/synthesis based on a sinusoidal representation.
    Chapter: oscillators/sinusoids.

    >>> bell = torch.tensor([500.0, 1190.0, 1560.0])
    >>> sinusoid_bank(bell, torch.tensor([1.0, 0.6, 0.4]), sample_rate=8000, n_samples=3)
    tensor([0.0000, 1.2417, 1.5356])
    >>> glides = 1000 * torch.rand(2, 50, 20)
    >>> sinusoid_bank(glides, torch.rand(50, 20), sample_rate=16000, n_samples=3200).shape
    torch.Size([2, 3200])
    """
    rate = checks.sample_rate(sample_rate)
    dtype, _ = checks.common(frequencies, amplitudes, phase)
    frequencies, amplitudes = _of_sinusoids(frequencies, "frequencies"), _of_sinusoids(amplitudes, "amplitudes")
    checks.non_negative(frequencies, "frequencies", unit="Hz")
    counts = {"frequencies": frequencies.shape[-1], "amplitudes": amplitudes.shape[-1]}
    leading = {"frequencies": frequencies.shape[:-2], "amplitudes": amplitudes.shape[:-2]}
    if phase is not None:
        phase = checks.audio(phase, "phase")
        counts["phase"], leading["phase"] = phase.shape[-1], phase.shape[:-1]
    if len(set(counts.values())) > 1:
        given = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise ValueError(f"{' and '.join(counts)} must have the same number of sinusoids, got {given}.")
    checks.broadcast(**leading)
    n_samples = frequencies.shape[-2] if n_samples is None else checks.integer(n_samples, "n_samples")
    checks.hop(n_samples, frequencies=frequencies.shape[-2])
    checks.hop(n_samples, amplitudes=amplitudes.shape[-2])

    frequencies = frequencies.double().transpose(-1, -2)  # time comes last, so that running sums are quick
    if frequencies.shape[-1] not in (1, n_samples):
        frequencies = controls.resample(frequencies, n_samples)
    amplitudes = amplitudes.to(dtype).transpose(-1, -2)
    if amplitudes.shape[-1] not in (1, n_samples):
        amplitudes = controls.resample(amplitudes, n_samples)
    turns = phases.cycles(frequencies, rate, n_samples)
    if phase is not None:
        turns = turns + phase.double().unsqueeze(-1) / (2 * math.pi)
    amplitudes = amplitudes * (frequencies.detach() < rate / 2).to(dtype)
    return (amplitudes * torch.sin(phases.angle(turns, dtype))).sum(-2)


def _of_sinusoids(value: Tensor, name: str) -> Tensor:
    """A control of each sinusoid as (..., frames, sinusoids)."""
    if not isinstance(value, Tensor) or value.ndim == 0 or 0 in value.shape[-2:]:
        raise ValueError(
            f"{name} must be a tensor (sinusoids,) or (..., frames, sinusoids) with at least one sinusoid, "
            f"got {checks.describe(value)}."
        )
    checks.floating(value, name)
    return value.unsqueeze(0) if value.ndim == 1 else value
