"""Envelopes whose every time and level has a gradient: attack to release, exponential decay, and break-points.

An envelope is drawn over continuous time and looked at where the samples lie, so that moving a corner by a fraction of
a sample changes the samples beside it: this is what gives a gradient to times. A segment shorter than one sample lasts
one sample, since a jump would have none. Times are computed in float64.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ddsp_lite import checks

__all__ = ["adsr", "breakpoints", "exponential_decay"]


def adsr(
    attack: Tensor | float,
    decay: Tensor | float,
    sustain: Tensor | float,
    release: Tensor | float,
    *,
    note_off: Tensor | float,
    sample_rate: float,
    n_samples: int,
    curve: float = 0.0,
) -> Tensor:
    r"""Draw the envelope of a note: attack to 1, decay to the sustain level, and from the note's end release to 0.

    With the shape ``w(u) = u`` for ``curve = 0``, else ``(1 - exp(-curve u)) / (1 - exp(-curve))``, ``u`` clamped to
    [0, 1], the held note is ``h(t) = w(t / attack) - (1 - sustain) w((t - attack) / decay)``, and
    ``y(t) = h(min(t, note_off)) (1 - w((t - note_off) / release))`` at ``t = n / sample_rate``. A note that ends early,
    in its attack or decay, is released from the level that it has reached.

    Args:
        attack, decay, release: duration of each segment in seconds, at least 0: a number, 0-d or ``(...)``.
        sustain: level of the held note, in [0, 1], likewise.
        note_off: time at which the note ends, in seconds, at least 0, likewise.
        sample_rate: sample rate in Hz.
        n_samples: length in samples.
        curve: 0 for straight segments, up to 20 for ones that move fast first and slowly last, as a capacitor does.

    Returns:
        The envelope in [0, 1], ``(..., time)``; float64 if any tensor given is, else float32.

    Raises:
        ValueError: if a time is negative, ``sustain`` or ``curve`` lies outside its range, a value is not finite, or
            the shapes do not broadcast.

    Source: Masuda and Saito (2023), Improving Semi-Supervised Differentiable Synthesizer Sound Matching; the
        exponential segments are those of analogue synthesisers.
    Chapter: gradients/controls.

    >>> adsr(0.2, 0.2, 0.5, 0.2, note_off=0.6, sample_rate=10, n_samples=10)
    tensor([0.0000, 0.5000, 1.0000, 0.7500, 0.5000, 0.5000, 0.5000, 0.2500, 0.0000, 0.0000])
    """
    rate = checks.sample_rate(sample_rate)
    n_samples = checks.integer(n_samples, "n_samples")
    checks.in_range(curve, "curve", 0, 20)
    given = {"attack": attack, "decay": decay, "sustain": sustain, "release": release, "note_off": note_off}
    dtype, device = checks.common(*given.values())
    values = {k: checks.floating(v, k, dtype=torch.float64, device=device) for k, v in given.items()}
    for name, value in values.items():
        if name == "sustain":
            checks.in_range(value, name, 0, 1)
        else:
            checks.non_negative(value, name, unit="s")
    checks.broadcast(**{name: value.shape for name, value in values.items()})
    attack, decay, sustain, release, note_off = (v.double().unsqueeze(-1) for v in values.values())

    time = torch.arange(n_samples, dtype=torch.float64, device=device) / rate
    held = torch.minimum(time, note_off)
    level = _ramp(held, attack, rate, curve) - (1 - sustain) * _ramp(held - attack, decay, rate, curve)
    return (level * (1 - _ramp(time - note_off, release, rate, curve))).to(dtype)


def exponential_decay(decay_time: Tensor | float, *, sample_rate: float, n_samples: int) -> Tensor:
    r"""Draw a decay that falls by 60 dB in a given time, ``10^(-3 t / decay_time)`` at ``t = n / sample_rate``.

    Args:
        decay_time: time in seconds in which the level falls by 60 dB (T60), at least 0; a time shorter than one sample
            counts as one sample: a number, 0-d or ``(...)``.
        sample_rate: sample rate in Hz.
        n_samples: length in samples.

    Returns:
        The envelope from 1 downwards, ``(..., time)``, of the dtype of ``decay_time``.

    Raises:
        ValueError: if a time is negative or not finite, or ``n_samples`` is no positive integer.

    Source: Sabine's reverberation time, ISO 3382; Smith, Physical Audio Signal Processing (2010).
    Chapter: gradients/controls.

    >>> exponential_decay(0.3, sample_rate=10, n_samples=4)
    tensor([1.0000, 0.1000, 0.0100, 0.0010])
    """
    rate = checks.sample_rate(sample_rate)
    n_samples = checks.integer(n_samples, "n_samples")
    dtype, device = checks.common(decay_time)
    decay_time = checks.floating(decay_time, "decay_time", dtype=torch.float64, device=device)
    checks.non_negative(decay_time, "decay_time", unit="s")
    time = torch.arange(n_samples, dtype=torch.float64, device=device) / rate
    lasting = decay_time.double().clamp(min=1 / rate).unsqueeze(-1)
    return torch.exp(-3 * math.log(10.0) * time / lasting).to(dtype)


def breakpoints(times: Tensor, levels: Tensor, *, sample_rate: float, n_samples: int) -> Tensor:
    r"""Draw straight lines through points, with a gradient for each point's time and level.

    ``y(t) = levels[0] + sum_i (levels[i+1] - levels[i]) clamp((t - times[i]) / (times[i+1] - times[i]), 0, 1)`` at
    ``t = n / sample_rate``: before the first point its level holds, after the last one the last. For lines that are
    straight in dB, give the levels in dB and the result to :func:`ddsp_lite.units.db_to_gain`. Each segment takes work
    for every sample: this is for tens of points, not for controls at frame rate.

    Args:
        times: times in seconds, rising or equal, ``(..., points)``; equal times make a jump one sample long.
        levels: levels in any unit, ``(..., points)``; leading dimensions broadcast with those of ``times``.
        sample_rate: sample rate in Hz.
        n_samples: length in samples.

    Returns:
        The envelope in the levels' unit, ``(..., time)``; float64 if any tensor given is, else float32.

    Raises:
        ValueError: if ``times`` fall, the points' counts differ, there is none, a value is not finite, or the shapes
            do not broadcast.

    Source: linear interpolation.
    Chapter: gradients/controls.

    >>> breakpoints(torch.tensor([0.1, 0.3]), torch.tensor([0.0, 1.0]), sample_rate=10, n_samples=5)
    tensor([0.0000, 0.0000, 0.5000, 1.0000, 1.0000])
    """
    rate = checks.sample_rate(sample_rate)
    n_samples = checks.integer(n_samples, "n_samples")
    for value, name in ((times, "times"), (levels, "levels")):
        if not isinstance(value, Tensor) or value.ndim == 0 or value.shape[-1] == 0:
            raise ValueError(
                f"{name} must be a tensor (..., points) with at least one point, got {checks.describe(value)}."
            )
        checks.floating(value, name)
    if times.shape[-1] != levels.shape[-1]:
        raise ValueError(
            f"times and levels must have the same number of points, got times {times.shape[-1]}, "
            f"levels {levels.shape[-1]}."
        )
    checks.broadcast(times=times.shape[:-1], levels=levels.shape[:-1])
    if not checks.is_tracing(times) and (times.detach().diff() < 0).any():
        raise ValueError(f"times must not fall, got a step of {times.detach().diff().min().item():g} s.")
    dtype, device = checks.common(times, levels)
    times, levels = times.double().unsqueeze(-1), levels.double().unsqueeze(-1)
    time = torch.arange(n_samples, dtype=torch.float64, device=device) / rate
    begin, end = times[..., :-1, :], times[..., 1:, :]
    rises = (levels[..., 1:, :] - levels[..., :-1, :]) * _ramp(time - begin, end - begin, rate, 0.0)
    return (levels[..., 0, :] + rises.sum(-2)).to(dtype)


def _ramp(since: Tensor, lasting: Tensor, rate: float, curve: float) -> Tensor:
    """From 0 to 1 in the time that a segment lasts, at least one sample; before it 0, after it 1."""
    u = (since / lasting.clamp(min=1 / rate)).clamp(0, 1)
    return u if curve == 0 else torch.expm1(-curve * u) / math.expm1(-curve)
