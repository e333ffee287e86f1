"""Units of level: amplitude factors and decibels."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ddsp_lite import checks


def db_to_gain(level: Tensor | float) -> Tensor:
    r"""Convert a level in dB to an amplitude factor, ``10^(level / 20)``.

    Args:
        level: level in dB, any shape.

    Returns:
        The factor, the same shape, above 0; 0 dB is 1.

    Raises:
        ValueError: if a level is not finite.

    Source: the definition of the decibel for a field quantity, ISO 80000-8.
    Chapter: gradients/sound-as-tensors.

    >>> db_to_gain(torch.tensor([0.0, -20.0]))
    tensor([1.0000, 0.1000])
    """
    level = checks.floating(level, "level")
    return torch.exp(level * (math.log(10.0) / 20.0))


def gain_to_db(gain: Tensor | float, *, floor: float = 1e-5) -> Tensor:
    r"""Convert an amplitude factor to a level in dB, ``20 log10(sqrt(gain^2 + floor^2))``.

    The floor keeps level and gradient finite at silence: the level never falls below ``20 log10(floor)``, and the
    gradient there is 0. Gains far above the floor are not moved by it (at 100 floors by 0.0004 dB).

    Args:
        gain: amplitude factor, any shape; its sign does not matter.
        floor: the gain that stands for silence, in [1e-15, 1] (default 1e-5, that is -100 dB).

    Returns:
        Level in dB, the same shape.

    Raises:
        ValueError: if a gain is not finite, or the floor lies outside [1e-15, 1].

    Source: the definition of the decibel for a field quantity, ISO 80000-8; the floor is ours.
    Chapter: gradients/sound-as-tensors.

    >>> gain_to_db(torch.tensor([1.0, 0.1, 0.0]))
    tensor([   0.0000,  -20.0000, -100.0000])
    """
    gain = checks.floating(gain, "gain")
    checks.in_range(floor, "floor", 1e-15, 1.0)  # the square of a smaller one is lost in float32
    return (10.0 / math.log(10.0)) * torch.log(gain * gain + floor * floor)
