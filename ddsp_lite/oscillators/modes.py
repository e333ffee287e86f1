"""Damped modes: what a struck body does, one decaying sinusoid for each of its resonances."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ddsp_lite import checks, envelopes
from ddsp_lite.oscillators import phase as phases


def damped_modes(
    frequencies: Tensor,
    decay_times: Tensor,
    amplitudes: Tensor,
    *,
    sample_rate: float,
    n_samples: int,
    phase: Tensor | None = None,
) -> Tensor:
    r"""Add decaying sinusoids, which all start with the first sample.

    ``y(t) = sum_k amplitudes[k] 10^(-3 t / decay_times[k]) sin(2 pi frequencies[k] t + phase[k])`` at
    ``t = n / sample_rate``. A mode at or above Nyquist adds exactly 0, and so does its gradient.

    Args:
        frequencies: in Hz, at least 0, ``(..., modes)``.
        decay_times: time in seconds in which each mode falls by 60 dB (T60), at least 0, ``(..., modes)``; a time
            shorter than one sample counts as one sample.
        amplitudes: at the start, full scale 1, ``(..., modes)``; all leading dimensions broadcast.
        sample_rate: sample rate in Hz.
        n_samples: length of the sound in samples.
        phase: phase of each mode at the first sample in radians, ``(..., modes)``; all 0 if not given.

    Returns:
        The sound, ``(..., time)``; float64 if any tensor given is, else float32.

    Raises:
        ValueError: if a frequency or time is negative, a value is not finite, an argument is no float tensor, the
            counts of modes differ, or the shapes do not broadcast.

    Source: Smith (2010), Physical Audio Signal Processing, on modal synthesis.
    Chapter: filters/iir.

    >>> modes = torch.tensor([2000.0, 3000.0])
    >>> damped_modes(modes, torch.tensor([0.003, 0.001]), torch.ones(2), sample_rate=8000, n_samples=3)
    tensor([ 0.0000,  1.0481, -0.1778])
    """
    rate = checks.sample_rate(sample_rate)
    n_samples = checks.integer(n_samples, "n_samples")
    given = {"frequencies": frequencies, "decay_times": decay_times, "amplitudes": amplitudes}
    if phase is not None:
        given["phase"] = phase
    for name, value in given.items():
        if not isinstance(value, Tensor) or value.ndim == 0 or value.shape[-1] == 0:
            raise ValueError(
                f"{name} must be a tensor (..., modes) with at least one mode, got {checks.describe(value)}."
            )
        checks.floating(value, name)
    checks.non_negative(frequencies, "frequencies", unit="Hz")
    checks.non_negative(decay_times, "decay_times", unit="s")
    if len({value.shape[-1] for value in given.values()}) > 1:
        counts = ", ".join(f"{name} {value.shape[-1]}" for name, value in given.items())
        raise ValueError(f"{' and '.join(given)} must have the same number of modes, got {counts}.")
    checks.broadcast(**{name: value.shape[:-1] for name, value in given.items()})

    dtype, _ = checks.common(*given.values())
    turns = phases.cycles(frequencies.unsqueeze(-1), rate, n_samples) if n_samples > 1 else frequencies.new_zeros(1)
    if phase is not None:
        turns = turns + phase.double().unsqueeze(-1) / (2 * math.pi)
    decay = envelopes.exponential_decay(decay_times.to(dtype), sample_rate=rate, n_samples=n_samples)
    heard = (frequencies.detach() < rate / 2).to(dtype)
    return ((amplitudes * heard).unsqueeze(-1) * decay * torch.sin(phases.angle(turns, dtype))).sum(-2)
