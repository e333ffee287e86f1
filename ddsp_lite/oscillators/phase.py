"""Phase, counted in cycles and in float64: what all oscillators share.

Phase is reduced to one turn before it is brought to the precision of the result: a float32 sound of several seconds
keeps an error near 1e-6, and so does its gradient in the frequency.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ddsp_lite import checks, controls


def cycles(frequency: Tensor, rate: float, n_samples: int) -> Tensor:
    r"""Count the turns made before each sample, ``sum_{m<n} frequency[m] / rate``.

    A constant frequency takes a product, a changing one a running sum; both are float64.

    Args:
        frequency: in Hz, ``(..., 1)``, constant, or ``(..., time)``.
        rate: sample rate in Hz.
        n_samples: length in samples; the time of ``frequency`` where that is not 1.

    Returns:
        Turns, float64, ``(..., time)``; the first is 0.

    Raises:
        RuntimeError: if ``frequency`` has neither one value nor ``n_samples``.

    Source: Smith, Mathematics of the Discrete Fourier Transform (2007), chapter 4.
    Chapter: oscillators/sinusoids.

    >>> cycles(torch.tensor([250.0]), 1000.0, 4)
    tensor([0.0000, 0.2500, 0.5000, 0.7500], dtype=torch.float64)
    """
    steps = frequency.double() / rate
    if steps.shape[-1] == n_samples:
        return torch.cumsum(steps, -1) - steps
    return steps * torch.arange(n_samples, dtype=torch.float64, device=steps.device)


def angle(turns: Tensor, dtype: torch.dtype) -> Tensor:
    r"""Turn cycles into an angle, ``2 pi (turns - round(turns))``: whole turns are taken off, the slope is kept.

    Args:
        turns: float64, any shape.
        dtype: of the result.

    Returns:
        The angle in [-pi, pi] radians, the same shape.

    Raises:
        TypeError: if ``turns`` is no tensor of floats.

    Source: the period of the sine.
    Chapter: oscillators/sinusoids.

    >>> angle(torch.tensor([0.25, 1000.25]).double(), torch.float32)
    tensor([1.5708, 1.5708])
    """
    return (2 * math.pi * (turns - turns.detach().round())).to(dtype)


def length(frequency: Tensor, name: str) -> int:
    """Find the samples of a sound whose frequency is given sample by sample.

    Args:
        frequency: ``(..., time)``.
        name: the argument's name, for the message.

    Returns:
        The number of samples.

    Raises:
        ValueError: if ``frequency`` is 0-d, so that ``n_samples`` is missing, or has no sample.

    Source: none; a check. Chapter: oscillators/sinusoids.

    >>> length(torch.tensor(440.0), "f0")
    Traceback (most recent call last):
    ValueError: n_samples must be given where f0 is a single number.
    """
    if frequency.ndim == 0:
        raise ValueError(f"n_samples must be given where {name} is a single number.")
    return checks.audio(frequency, name).shape[-1]


def at_samples(control: Tensor, name: str, n_samples: int) -> Tensor:
    """Bring a control to audio rate in float64, unless it is constant.

    Args:
        control: a number as 0-d tensor, ``(..., 1)``, ``(..., frames)`` or ``(..., time)``.
        name: the argument's name, for the message.
        n_samples: samples of the sound, a multiple of the frames.

    Returns:
        float64, ``(..., 1)`` or ``(..., n_samples)``, between frames by straight lines.

    Raises:
        ValueError: if there is no frame, or ``n_samples`` is no multiple of the frames.

    Source: none; a convention of this package. Chapter: oscillators/sinusoids.

    >>> at_samples(torch.tensor([0.0, 1.0]), "position", 4)
    tensor([0.0000, 0.5000, 1.0000, 1.0000], dtype=torch.float64)
    """
    control = checks.audio(control if control.ndim else control.reshape(1), name).double()
    if control.shape[-1] == 1 or checks.hop(n_samples, **{name: control.shape[-1]}) == 1:
        return control
    return controls.resample(control, n_samples)
