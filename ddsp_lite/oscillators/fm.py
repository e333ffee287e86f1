"""Frequency modulation: sinusoids that bend each other's phase."""

from __future__ import annotations

import torch
from torch import Tensor

from ddsp_lite import checks, controls
from ddsp_lite.oscillators import phase as phases


def fm_stack(
    f0: Tensor | float,
    ratios: Tensor,
    amplitudes: Tensor,
    *,
    sample_rate: float,
    n_samples: int | None = None,
) -> Tensor:
    r"""Stack operators, each of which modulates the phase of the one before it; the first one is heard.

    ``y = a_1 sin(r_1 phi + a_2 sin(r_2 phi + a_3 sin(r_3 phi + ...)))``, where ``a_1`` is an amplitude, all others are
    modulation indices in radians, and ``phi[n] = 2 pi * sum_{m<n} f0[m] / sample_rate``. Two operators side by side are
    two stacks, added.

    The partials reach about ``r_1 f0 + (a_2 + 1) r_2 f0`` (Carson's rule); what lies above Nyquist comes back as
    aliasing, which the caller avoids by small indices. A gradient leads ratios astray, since every change of a ratio
    moves partials past those of the target: keep them at whole numbers, and let it move the amplitudes.

    Args:
        f0: fundamental in Hz, at least 0: 0-d, constant; ``(..., time)``; or with ``n_samples`` ``(..., frames)``,
            where a single frame is constant.
        ratios: frequency of each operator as a multiple of f0, at least 0, ``(..., operators)``.
        amplitudes: amplitude of the first and indices of the others, ``(operators,)``, constant; or
            ``(..., frames, operators)``, interpolated linearly.
        sample_rate: sample rate in Hz.
        n_samples: length of the sound in samples, a multiple of the frames; not needed where f0 is ``(..., time)``.

    Returns:
        The sound, ``(..., time)``; float64 if any tensor given is, else float32.

    Raises:
        ValueError: if f0 or a ratio is negative, a value is not finite, an argument is no float tensor, the counts of
            operators differ, ``n_samples`` is missing or no multiple of the frames, or the shapes do not broadcast.

    Source: Chowning (1973), The synthesis of complex audio spectra by means of frequency modulation; Caspe, McPherson,
        Sandler (2022), DDX7: Differentiable FM Synthesis of Musical Instrument Sounds.
    Chapter: oscillators/wavetables-and-fm.

    >>> brass = torch.tensor([1.0, 1.0]), torch.tensor([0.5, 2.0])
    >>> fm_stack(torch.tensor(100.0), *brass, sample_rate=1000, n_samples=3)
    tensor([ 0.0000,  0.4865, -0.0086])
    """
    rate = checks.sample_rate(sample_rate)
    dtype, device = checks.common(f0, ratios, amplitudes)
    f0 = checks.floating(f0, "f0", dtype=torch.float64, device=device)
    checks.non_negative(f0, "f0", unit="Hz")
    for value, name, form in (
        (ratios, "ratios", "(..., operators)"),
        (amplitudes, "amplitudes", "(operators,) or (..., frames, operators)"),
    ):
        if not isinstance(value, Tensor) or value.ndim == 0 or value.numel() == 0:
            raise ValueError(
                f"{name} must be a tensor {form} with at least one operator, got {checks.describe(value)}."
            )
        checks.floating(value, name)
    checks.non_negative(ratios, "ratios")
    if ratios.shape[-1] != amplitudes.shape[-1]:
        raise ValueError(
            "ratios and amplitudes must have the same number of operators, "
            f"got ratios {ratios.shape[-1]}, amplitudes {amplitudes.shape[-1]}."
        )
    n_samples = phases.length(f0, "f0") if n_samples is None else checks.integer(n_samples, "n_samples")
    f0 = phases.at_samples(f0, "f0", n_samples)
    amplitudes = (amplitudes if amplitudes.ndim > 1 else amplitudes.unsqueeze(0)).to(dtype).transpose(-1, -2)
    checks.hop(n_samples, amplitudes=amplitudes.shape[-1])
    checks.broadcast(f0=f0.shape[:-1], ratios=ratios.shape[:-1], amplitudes=amplitudes.shape[:-2])
    if amplitudes.shape[-1] not in (1, n_samples):
        amplitudes = controls.resample(amplitudes, n_samples)

    turns = phases.cycles(f0, rate, n_samples)
    bend = torch.zeros((), dtype=dtype, device=device)
    for ratio, amplitude in reversed(list(zip(ratios.double().unbind(-1), amplitudes.unbind(-2), strict=True))):
        bend = amplitude * torch.sin(phases.angle(ratio.unsqueeze(-1) * turns, dtype) + bend)
    return bend
