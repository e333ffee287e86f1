"""What a sound is between its samples: weights of the samples around a point. Chapter: filters/effects."""

import math

import torch
from torch import Tensor

from ddsp_lite import checks

METHODS = ("linear", "lagrange", "sinc")
_REACH = 16  # samples on each side of the point that the sinc takes


def weights(fraction: Tensor, method: str = "lagrange") -> tuple[int, Tensor]:
    r"""Weigh the samples around a delay of `fraction` samples, so that their sum is the sound delayed by so much.

    .. math:: x(n - f) \approx \sum_{j} w_j(f)\, x[n - j], \qquad \sum_j w_j = 1

    - "linear", j = 0, 1: a straight line; dulls high frequencies, most at f = 1/2, where Nyquist is lost;
    - "lagrange", j = -1 ... 2: the cubic through four samples, :math:`w_j = \prod_{i \ne j} (f - i) / (j - i)`; never
      amplifies a frequency, so that it may stand in a feedback loop;
    - "sinc", j = -15 ... 16: :math:`w_j \propto \operatorname{sinc}(j - f) \cos^2(\pi (j - f) / 32)`, within 0.03 dB up
      to 0.8 of Nyquist.

    Args:
        fraction: f in samples, any shape, in [0, 1); used in float64.
        method: "linear", "lagrange" or "sinc".

    Returns:
        The first j, and the weights (..., number of samples), float64.

    Raises:
        ValueError: `fraction` is of the wrong kind, not finite or outside of its range; `method` is none of the three.

    Source: Laakso, Valimaki, Karjalainen and Laine (1996), Splitting the Unit Delay.
    Chapter: filters/effects.

    >>> weights(torch.tensor(0.5), "lagrange")
    (-1, tensor([-0.0625,  0.5625,  0.5625, -0.0625], dtype=torch.float64))
    """
    checks.one_of(method, "method", METHODS)
    f = checks.in_range(checks.floating(fraction, "fraction"), "fraction", 0, 1, bounds="[)").double()
    if method == "linear":
        return 0, torch.stack([1 - f, f], -1)
    if method == "lagrange":
        before, after, beyond = f + 1, f - 1, f - 2
        cubic = [-f * after * beyond / 6, before * after * beyond / 2, -before * f * beyond / 2, before * f * after / 6]
        return -1, torch.stack(cubic, -1)
    t = torch.arange(1 - _REACH, _REACH + 1, dtype=torch.float64, device=f.device) - f.unsqueeze(-1)
    near = t.detach().abs() < 1e-3
    angle = math.pi * torch.where(near, torch.ones_like(t), t)
    series = 1 - (math.pi * t) ** 2 / 6 + (math.pi * t) ** 4 / 120  # to the last digit where it is used
    windowed = torch.where(near, series, torch.sin(angle) / angle) * torch.cos(math.pi / (2 * _REACH) * t) ** 2
    return 1 - _REACH, windowed / windowed.sum(-1, keepdim=True)
