"""From slow controls to fast audio: envelopes given frame by frame, made into one value for every sample."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ddsp_lite import checks

__all__ = ["resample"]

METHODS = ("linear", "window", "hold")


def resample(control: Tensor, n_samples: int, *, method: str = "linear", axis: int = -1) -> Tensor:
    r"""Bring a control from frame rate to audio rate.

    With ``hop = n_samples / frames``, frame ``j`` stands at sample ``j * hop``. In between, at sample
    ``(j + u) * hop`` with ``0 <= u < 1``, the result is ``c[j] + w(u) (c[j+1] - c[j])``:

    - "linear": ``w(u) = u``, straight lines;
    - "window": ``w(u) = (1 - cos(pi u)) / 2``, which is the same as overlapping Hann windows of two hops, one a frame,
      each scaled by its frame's value: smoother, as the slope is continuous too;
    - "hold": ``w(u) = 0``, steps.

    The frame's own value is met exactly, and the last frame is held to the end. A single frame gives a constant.

    Args:
        control: values at frame rate in any unit, ``(..., frames, ...)`` with the frames along ``axis``.
        n_samples: samples in the result, a multiple of the number of frames.
        method: "linear", "window" or "hold".
        axis: the axis of the frames; -1 for ``(..., frames)``, -2 for ``(..., frames, channels)``.

    Returns:
        The control at audio rate in the same unit, ``(..., n_samples, ...)``, of the same dtype.

    Raises:
        ValueError: if ``control`` is no float tensor with finite values and at least one frame along ``axis``,
            ``n_samples`` is no positive multiple of the frames, or the method is unknown.

    Source: Engel, Hantrakul, Gu, Roberts (2020), DDSP: Differentiable Digital Signal Processing.
    Chapter: gradients/controls.

    >>> resample(torch.tensor([0.0, 1.0]), 8)
    tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000, 1.0000, 1.0000, 1.0000])
    >>> resample(torch.zeros(2, 250, 60), 16000, axis=-2).shape
    torch.Size([2, 16000, 60])
    """
    checks.one_of(method, "method", METHODS)
    checks.audio(control, "control")
    axis = checks.integer(axis, "axis", -control.ndim, control.ndim - 1) % control.ndim
    n_frames = control.shape[axis]
    hop = checks.hop(n_samples, control=n_frames)
    now = control.unsqueeze(axis + 1)
    if method == "hold" or n_frames == 1:
        shape = [*control.shape[: axis + 1], hop, *control.shape[axis + 1 :]]
        return now.expand(shape).flatten(axis, axis + 1)
    u = torch.arange(hop, dtype=control.dtype, device=control.device) / hop
    weight = u if method == "linear" else 0.5 - 0.5 * torch.cos(math.pi * u)
    weight = weight.reshape(-1, *[1] * (control.ndim - 1 - axis))
    after = torch.cat([control.narrow(axis, 1, n_frames - 1), control.narrow(axis, n_frames - 1, 1)], axis)
    step = (after - control).unsqueeze(axis + 1)
    return (now + weight * step).flatten(axis, axis + 1)
