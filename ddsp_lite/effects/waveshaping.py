"""Distortion by a curve, with its aliases held down. Chapter: filters/effects."""

import math

import torch
from torch import Tensor

from ddsp_lite import checks

SHAPES = ("tanh", "cubic", "hard", "fold")
# The mean over an interval by three points is exact to 1e-12 for intervals this short, where the quotient of
# differences starts to lose digits; a curve with corners needs the shorter one.
_NEAR = {"tanh": 0.02, "fold": 0.02, "cubic": 1e-3, "hard": 1e-6}
_GAUSS = ((-math.sqrt(0.6), 5 / 18), (0.0, 8 / 18), (math.sqrt(0.6), 5 / 18))


def waveshaper(
    x: Tensor,
    drive: Tensor | float = 1.0,
    *,
    bias: Tensor | float = 0.0,
    shape: str = "tanh",
    antialias: bool = True,
) -> Tensor:
    r"""Bend a sound by a curve; what the new partials above Nyquist would fold back is held down.

    .. math:: y[n] = \frac{1}{u[n] - u[n-1]} \int_{u[n-1]}^{u[n]} f(v)\, dv, \qquad u = \text{drive} \cdot x +
        \text{bias}

    This is the mean of the curve over the straight line from one sample to the next, written with the curve's
    antiderivative F as (F(u[n]) - F(u[n-1])) / (u[n] - u[n-1]): antiderivative anti-aliasing of first order. Where
    neighbouring samples (almost) coincide the mean is taken by three-point Gauss quadrature, so that value and
    gradient stay exact and finite. It delays by half a sample and averages two samples, as a low-pass filter
    :math:`\cos(\pi f / f_s)` does. The sample before the first is taken as 0. All is computed in float64.

    Curves, all of slope 1 at 0 and within [-1, 1]: "tanh"; "cubic", :math:`v - 4 v^3 / 27` up to its top at 3/2;
    "hard", clipped; "fold", :math:`\sin v`.

    Args:
        x: sound (..., time), float32 or float64.
        drive: gain before the curve; a number or a tensor that broadcasts with `x`: (..., 1) or (..., time).
        bias: added before the curve, which brings even partials; likewise.
        shape: "tanh", "cubic", "hard" or "fold".
        antialias: with False, the curve alone, y = f(u).

    Returns:
        The bent sound (..., time), of `x`'s type.

    Raises:
        ValueError: an argument is of the wrong kind or not finite; `shape` is unknown; the shapes do not broadcast.

    Source: Parker, Zavalishin and Le Bivic (2016), Reducing the Aliasing of Nonlinear Waveshaping Using
        Continuous-Time Convolution. Chapter: filters/effects.

    >>> waveshaper(torch.tensor([0.0, 2.0, 2.0]), shape="hard")
    tensor([0.0000, 0.7500, 1.0000])
    """
    checks.audio(x, "x")
    checks.one_of(shape, "shape", SHAPES)
    drive, bias = (
        checks.floating(value, name, dtype=torch.float64, device=x.device)
        for value, name in ((drive, "drive"), (bias, "bias"))
    )
    if checks.broadcast(x=x.shape, drive=drive.shape, bias=bias.shape)[-1] != x.shape[-1]:
        raise ValueError(f"drive and bias must have 1 or {x.shape[-1]} samples, as x has.")
    u = drive.to(x.device).double() * x.double() + bias.to(x.device).double()
    if not antialias:
        return _curve(u, shape).to(x.dtype)
    at_rest = torch.zeros_like(u[..., :1]) + (bias[..., :1] if bias.ndim else bias).to(x.device).double()
    before = torch.cat([at_rest, u[..., :-1]], -1)
    step = u - before
    near = step.detach().abs() < _NEAR[shape]
    quotient = (_integral(u, shape) - _integral(before, shape)) / torch.where(near, torch.ones_like(step), step)
    middle = before + 0.5 * step
    mean = sum(weight * _curve(middle + 0.5 * place * step, shape) for place, weight in _GAUSS)
    return torch.where(near, mean, quotient).to(x.dtype)


def _curve(v: Tensor, shape: str) -> Tensor:
    if shape == "tanh":
        return torch.tanh(v)
    if shape == "fold":
        return torch.sin(v)
    if shape == "hard":
        return v.clamp(-1, 1)
    v = v.clamp(-1.5, 1.5)
    return v - 4 / 27 * v**3


def _integral(v: Tensor, shape: str) -> Tensor:
    """The curve's antiderivative that is 0 at 0."""
    if shape == "tanh":
        size = v.abs()
        return size + torch.log1p(torch.exp(-2 * size)) - math.log(2.0)
    if shape == "fold":
        return 1 - torch.cos(v)
    top = 1.0 if shape == "hard" else 1.5
    inner = v.clamp(-top, top)
    beyond = (v - inner).abs()  # along which the curve stands at 1
    return 0.5 * inner**2 - (inner**4 / 27 if shape == "cubic" else 0.0) + beyond
