"""Banks of harmonics: partials at whole multiples of one fundamental, which share its phase."""

from __future__ import annotations

import torch
from torch import Tensor

from ddsp_lite import checks, controls
from ddsp_lite.oscillators import compiled
from ddsp_lite.oscillators import phase as phases


def harmonic_bank(
    f0: Tensor | float,
    amplitudes: Tensor,
    *,
    sample_rate: float,
    n_samples: int | None = None,
    phase: Tensor | None = None,
    inharmonicity: Tensor | float | None = None,
) -> Tensor:
    r"""Add harmonics: sinusoids at whole multiples of a fundamental, each with its own amplitude.

    ``y[n] = sum_k amplitudes[k, n] sin(k phi[n] + phase[k])`` for ``k = 1, 2, ...``, where
    ``phi[n] = 2 pi * sum_{m<n} f0[m] / sample_rate``. In every sample, a partial with ``k f0[n]`` at or above Nyquist
    adds exactly 0, and its gradient there is 0. The amplitudes that are left are not scaled up: where the sum of the
    amplitudes shall stay the same, the caller normalises them. Controls at frame rate are interpolated linearly, as
    :func:`ddsp_lite.controls.resample` does.

    Stiff strings are sharper the higher the partial: with ``inharmonicity`` B, partial k lies at
    ``k f0 sqrt(1 + B k^2)`` instead of ``k f0``, in phase and for Nyquist.

    Args:
        f0: fundamental in Hz, at least 0: 0-d, constant; ``(..., time)``, one for each sample; or with ``n_samples``
            ``(..., frames)``, where a single frame is constant.
        amplitudes: amplitude of each partial, full scale 1, the fundamental first: ``(partials,)``, constant; or
            ``(..., frames, partials)``, where frames is 1 (constant), as many as f0 has, or at audio rate the samples.
        sample_rate: sample rate in Hz.
        n_samples: length of the sound in samples, a multiple of the frames; not needed where f0 is ``(..., time)``.
        phase: phase of each partial at the first sample in radians, ``(..., partials)``; all 0 if not given.
        inharmonicity: B, at least 0, constant over time, 0-d or ``(...)``; some 1e-4 for a piano's middle strings.

    Returns:
        The sound, ``(..., time)``; float64 if any tensor given is, else float32.

    Raises:
        ValueError: if f0 or inharmonicity is negative or not finite, an argument is no float tensor, the counts of
            frames or partials do not fit together, ``n_samples`` is missing or no multiple of the frames, or shapes do
            not broadcast.

    Source: Engel, Hantrakul, Gu, Roberts (2020), DDSP: Differentiable Digital Signal Processing; the stiff string is
        that of Fletcher, Blackham and Stratton (1962), Quality of piano tones.
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
    options = {"sample_rate": sample_rate, "n_samples": n_samples, "phase": phase}
    return sum_of_harmonics(f0, amplitudes, orders, inharmonicity=inharmonicity, **options)


def sum_of_harmonics(
    f0: Tensor | float,
    amplitudes: Tensor,
    orders: range,
    *,
    sample_rate: float,
    n_samples: int | None,
    phase: Tensor | None = None,
    inharmonicity: Tensor | float | None = None,
    shift: Tensor | None = None,
) -> Tensor:
    r"""Add the harmonics of the given orders: what :func:`harmonic_bank` and the classic waveforms share.

    ``y[n] = sum_k amplitudes[k, n] sin(k phi[n] + phase[k])`` for the orders ``k``, those below Nyquist only.

    In float32 on the CPU, a compiled loop does the work where it can (see `compiled`); it agrees with
    :func:`plain_sum`, which does it everywhere else, to about 2e-6 of the sound.

    Args:
        f0, amplitudes, sample_rate, n_samples, phase, inharmonicity: as in :func:`harmonic_bank`, one amplitude for
            each order.
        orders: the multiples of the fundamental, such as ``range(1, 10, 2)`` for odd ones.
        shift: turns by which the fundamental runs ahead, float64, ``(..., time)``; none if not given.

    Returns:
        The sound, ``(..., time)``.

    Raises:
        ValueError: as :func:`harmonic_bank`.

    Source: Engel, Hantrakul, Gu, Roberts (2020), DDSP: Differentiable Digital Signal Processing.
    Chapter: oscillators/harmonic-bank.

    >>> odd = torch.tensor([1.0, 1 / 3])
    >>> sum_of_harmonics(torch.tensor(1000.0), odd, range(1, 4, 2), sample_rate=8000, n_samples=3)
    tensor([0.0000, 0.9428, 0.6667])
    """
    rate = checks.sample_rate(sample_rate)
    dtype, device = checks.common(f0, amplitudes, phase, inharmonicity)
    f0 = checks.floating(f0, "f0", dtype=torch.float64, device=device)
    if n_samples is None:
        n_samples = phases.length(f0, "f0")
    f0 = checks.audio(f0 if f0.ndim else f0.reshape(1), "f0")
    checks.non_negative(f0, "f0", unit="Hz")
    checks.hop(n_samples, f0=f0.shape[-1])
    amplitudes = amplitudes.to(dtype) if amplitudes.ndim > 1 else amplitudes.to(dtype).unsqueeze(0)
    n_frames = amplitudes.shape[-2]
    checks.hop(n_samples, amplitudes=n_frames)
    if n_frames not in (1, n_samples) and f0.shape[-1] not in (1, n_samples):
        checks.same_frames(f0=f0.shape[-1], amplitudes=n_frames)
    leading = {"f0": f0.shape[:-1], "amplitudes": amplitudes.shape[:-2]}
    if phase is not None:
        leading["phase"] = phase.shape[:-1]
    if inharmonicity is not None:
        inharmonicity = checks.floating(inharmonicity, "inharmonicity", dtype=torch.float64, device=device)
        checks.non_negative(inharmonicity, "inharmonicity")
        leading["inharmonicity"] = inharmonicity.shape
    checks.broadcast(**leading)

    simple = phase is None and inharmonicity is None and shift is None
    if simple and dtype == torch.float32 and compiled.applies(f0, amplitudes, n_samples):
        return compiled.bank(f0.double(), _from_the_first(amplitudes, orders), rate, n_samples)
    k = torch.arange(orders.start, orders.stop, orders.step, dtype=torch.float64, device=device)
    return plain_sum(f0.double(), amplitudes, k, rate, n_samples, phase=phase, inharmonicity=inharmonicity, shift=shift)


def plain_sum(
    f0: Tensor,
    amplitudes: Tensor,
    k: Tensor,
    rate: float,
    n_samples: int,
    *,
    phase: Tensor | None = None,
    inharmonicity: Tensor | None = None,
    shift: Tensor | None = None,
) -> Tensor:
    r"""Add harmonics by PyTorch operations alone: the reference, and what runs on a GPU and in the browser.

    Frames are kept apart: sin(k phi) is a matrix (..., frames, partials, hop) for whole frames, and the amplitudes at
    a frame's start and end are two rows of weights before it. So one product of matrices adds the partials up, twice,
    and the ramp between the frames is drawn afterwards; no amplitude is ever stored for every sample and partial.

    Args:
        f0: float64, ``(..., frames)``, where frames is 1, those of ``amplitudes``, or the samples.
        amplitudes: ``(..., frames, partials)``, of the dtype of the result.
        k: orders of the partials, float64, ``(partials,)``.
        rate: sample rate in Hz.
        n_samples: length of the sound in samples.
        phase, inharmonicity, shift: as in :func:`sum_of_harmonics`.

    Returns:
        The sound, ``(..., time)``.

    Raises:
        Nothing that is meant for a reader: :func:`sum_of_harmonics` has checked the arguments.

    Source: Engel, Hantrakul, Gu, Roberts (2020), DDSP: Differentiable Digital Signal Processing.
    Chapter: oscillators/harmonic-bank.

    >>> f0, one = torch.tensor([1000.0]).double(), torch.ones(1)
    >>> plain_sum(f0, torch.ones(1, 1), one.double(), 12000.0, 3)
    tensor([0.0000, 0.5000, 0.8660])
    """
    dtype = amplitudes.dtype
    n_frames = amplitudes.shape[-2]
    hop = n_samples // n_frames
    constant = f0.shape[-1] == 1
    if f0.shape[-1] not in (1, n_samples):
        f0 = controls.resample(f0, n_samples)
    turns = phases.cycles(f0, rate, n_samples)
    if shift is not None:
        turns = turns + shift
    if inharmonicity is None:  # sin(k phi) needs no more of phi than its part of a turn
        angle = phases.angle(turns, dtype).unflatten(-1, (n_frames, 1, hop))
        angles = k.to(dtype).unsqueeze(-1) * angle
    else:
        k = (k * torch.sqrt(1 + inharmonicity.double().unsqueeze(-1) * k * k)).unsqueeze(-2)
        turns = turns.unflatten(-1, (n_frames, 1, hop))
        angles = phases.angle(k.unsqueeze(-1) * turns, dtype)
        k = k.detach()
    if phase is not None:
        angles = angles + phase.to(dtype)[..., None, :, None]
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
    ramp = torch.arange(hop, dtype=dtype, device=amplitudes.device) / hop
    return (start + ramp * (end - start)).flatten(-2)


def _from_the_first(amplitudes: Tensor, orders: range) -> Tensor:
    """The amplitudes of the partials 1, 2, 3, ..., with zeros for those that are not among the orders."""
    if orders.step == 1:
        return amplitudes
    between = amplitudes.new_zeros(*amplitudes.shape, orders.step - 1)
    return torch.cat([amplitudes.unsqueeze(-1), between], -1).flatten(-2)[..., : orders[-1]]
