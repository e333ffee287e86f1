"""A mass on a spring, computed without any error of the time step. Chapter: inference/physical-models."""

import math

import torch
from torch import Tensor

from ddsp_lite import checks
from ddsp_lite.filters import recursion


def mass_spring(
    force: Tensor,
    mass: Tensor | float,
    stiffness: Tensor | float,
    damping: Tensor | float,
    *,
    sample_rate: float,
    position: Tensor | float = 0.0,
    velocity: Tensor | float = 0.0,
) -> Tensor:
    r"""Move a mass on a damped spring by a force, exactly for a force that is held from sample to sample.

    .. math:: m\, \ddot y + c\, \dot y + k\, y = x(t), \qquad y(0) = \text{position}, \quad \dot y(0) = \text{velocity}

    Over one sample the motion is known in closed form, so that there is no error of the time step, at any frequency and
    damping: below, at and above the critical :math:`c = 2 \sqrt{k m}`. Undisturbed it swings at
    :math:`\sqrt{k / m - (c / 2m)^2} / 2 \pi` Hz. The motion is a filter of second order, run by
    :func:`ddsp_lite.filters.recursion`.

    Args:
        force: x in newtons (..., time), float32 or float64; the value at a sample holds until the next.
        mass: m in kg, above 0: a number or a tensor that broadcasts with `force`'s leading dimensions, as the others.
        stiffness: k in N/m, above 0.
        damping: c in N s/m, at least 0.
        sample_rate: in Hz.
        position: at the first sample, in metres.
        velocity: at the first sample, in m/s.

    Returns:
        The position in metres (..., time), of `force`'s type.

    Raises:
        ValueError: an argument is of the wrong kind, not finite or outside of its range; the shapes do not broadcast.

    Source: Fletcher and Rossing, The Physics of Musical Instruments, on the simple oscillator; Oppenheim and Schafer,
        Discrete-Time Signal Processing, on systems behind a hold. Chapter: inference/physical-models.

    >>> y = mass_spring(torch.zeros(5), 1.0, math.pi**2, 0.0, sample_rate=2, position=1.0)  # half a hertz
    >>> y.round(decimals=4) + 0.0
    tensor([ 1.,  0., -1.,  0.,  1.])
    """
    checks.audio(force, "force")
    step = 1 / checks.sample_rate(sample_rate)
    given = {"mass": mass, "stiffness": stiffness, "damping": damping, "position": position, "velocity": velocity}
    for name, value in given.items():
        value = checks.floating(value, name, dtype=torch.float64, device=force.device)
        given[name] = value.to(force.device).double()
    for name in ("mass", "stiffness"):
        checks.positive(given[name], name)
    checks.non_negative(given["damping"], "damping")
    shapes = {name: value.shape for name, value in given.items()}
    checks.broadcast(force=force.shape[:-1], **shapes)
    mass, stiffness, damping, position, velocity = torch.broadcast_tensors(*given.values())

    # Over a step T: position' = keep position + push velocity, and the same for the velocity.
    loss = damping / (2 * mass) * step
    cosine, sine = _swing(stiffness / mass * step**2 - loss**2, loss)
    push = step * sine
    keep, slow = cosine + loss * sine, cosine - loss * sine
    moved, hurled = (1 - keep) / stiffness, push / mass  # by one newton
    a1, a2 = -2 * cosine, torch.exp(-2 * loss)
    a = torch.stack([torch.ones_like(a1), a1, a2], -1)
    driven = torch.stack([torch.zeros_like(moved), moved, push * hurled - slow * moved], -1)
    free = torch.stack([position, push * velocity - slow * position], -1)
    start = torch.nn.functional.pad(torch.ones_like(force[..., :1]), (0, force.shape[-1] - 1))
    return recursion(force, driven, a) + recursion(start, free, a)


def _swing(z: Tensor, loss: Tensor) -> tuple[Tensor, Tensor]:
    """Give exp(-loss) cos(sqrt z) and exp(-loss) sin(sqrt z) / sqrt z, both smooth through z = 0 to negative z."""
    near = z.detach().abs() < 1e-2
    size = torch.where(near, torch.ones_like(z), z.abs())
    root = torch.sqrt(size)
    # For z < 0, loss >= root, so that neither exponential grows.
    up, down = torch.exp(root.clamp(max=700) - loss), torch.exp(-root - loss)
    fall = torch.exp(-loss)
    above = z > 0
    cosine = torch.where(above, fall * torch.cos(root), 0.5 * (up + down))
    sine = torch.where(above, fall * torch.sin(root), 0.5 * (up - down)) / root
    series = [sum((-z) ** k / math.factorial(2 * k + odd) for k in range(7)) for odd in (0, 1)]
    return torch.where(near, fall * series[0], cosine), torch.where(near, fall * series[1], sine)
