"""Maps from an unbounded number to a bounded parameter and back.

A network or an optimiser moves a number that may take any value; a cutoff or a gain may not. Each map rises
everywhere, so that a gradient passes, and has its inverse.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ddsp_lite import checks


def bounded(x: Tensor | float, low: float, high: float) -> Tensor:
    r"""Map any number into a range by a scaled sigmoid, ``low + (high - low) / (1 + exp(-x))``.

    Args:
        x: unbounded number, any shape; 0 gives the middle of the range.
        low: lower end of the range, in the parameter's unit.
        high: upper end of the range, above ``low``.

    Returns:
        The parameter, the same shape, in [low, high]; the ends are reached only where rounding reaches them.

    Raises:
        ValueError: if ``x`` is not finite, or ``low`` and ``high`` are not finite and in order.

    Source: the logistic function.
    Chapter: gradients/filter-cutoff.

    >>> bounded(torch.tensor([-100.0, 0.0, 100.0]), -1.0, 3.0)
    tensor([-1.,  1.,  3.])
    """
    x = checks.floating(x, "x")
    _ordered(low, high)
    share = torch.sigmoid(x)
    return low * (1.0 - share) + high * share  # exact at both ends


def unbounded(value: Tensor | float, low: float, high: float) -> Tensor:
    r"""Undo :func:`bounded`: ``log((value - low) / (high - value))``.

    Args:
        value: the parameter, any shape, inside (low, high); the ends themselves stand for infinity and are refused.
        low: lower end of the range, in the parameter's unit.
        high: upper end of the range, above ``low``.

    Returns:
        The unbounded number, the same shape.

    Raises:
        ValueError: if a value is not inside (low, high), or ``low`` and ``high`` are not finite and in order.

    Source: the logit function, inverse of the logistic.
    Chapter: inference/by-gradient-descent.

    >>> unbounded(1.0, -1.0, 3.0)
    tensor(0.)
    """
    value = checks.floating(value, "value")
    _ordered(low, high)
    checks.in_range(value, "value", low, high, bounds="()")
    return torch.log((value - low) / (high - value))


def bounded_log(x: Tensor | float, low: float, high: float) -> Tensor:
    r"""Map any number into a range by a sigmoid in the logarithm, ``low * (high / low)^(1 / (1 + exp(-x)))``.

    Equal steps of ``x`` are then near enough equal intervals in pitch, as one wants for a frequency.

    Args:
        x: unbounded number, any shape; 0 gives the geometric mean of the ends.
        low: lower end of the range, above 0, in the parameter's unit (Hz for a frequency).
        high: upper end of the range, above ``low``.

    Returns:
        The parameter, the same shape, in [low, high]; the ends are reached only where rounding reaches them.

    Raises:
        ValueError: if ``x`` is not finite, or ``low`` and ``high`` are not above 0, finite and in order.

    Source: the logistic function on a logarithmic axis.
    Chapter: gradients/filter-cutoff.

    >>> bounded_log(torch.tensor([-100.0, 0.0, 100.0]), 100.0, 6400.0)
    tensor([ 100.,  800., 6400.])
    """
    x = checks.floating(x, "x")
    checks.positive(low, "low")
    _ordered(low, high)
    # The exponential may round past the upper end.
    return (low * torch.exp(torch.sigmoid(x) * math.log(high / low))).clamp(low, high)


def unbounded_log(value: Tensor | float, low: float, high: float) -> Tensor:
    r"""Undo :func:`bounded_log`: ``log(log(value / low) / log(high / value))``.

    Args:
        value: the parameter, any shape, inside (low, high); the ends themselves stand for infinity and are refused.
        low: lower end of the range, above 0, in the parameter's unit (Hz for a frequency).
        high: upper end of the range, above ``low``.

    Returns:
        The unbounded number, the same shape.

    Raises:
        ValueError: if a value is not inside (low, high), or ``low`` and ``high`` are not above 0, finite and in order.

    Source: the logit function on a logarithmic axis.
    Chapter: inference/by-gradient-descent.

    >>> unbounded_log(800.0, 100.0, 6400.0)
    tensor(0.)
    """
    value = checks.floating(value, "value")
    checks.positive(low, "low")
    _ordered(low, high)
    checks.in_range(value, "value", low, high, bounds="()")
    return torch.log(torch.log(value / low) / torch.log(high / value))


def exp_sigmoid(x: Tensor | float, *, exponent: float = 10.0, maximum: float = 2.0, floor: float = 1e-7) -> Tensor:
    r"""Map any number to an amplitude above zero, ``maximum * sigmoid(x)^log(exponent) + floor``.

    Far below 0, a step of 1 in ``x`` divides the amplitude by ``exponent``: small amplitudes lie on a logarithmic
    scale, as one hears them. Far above 0 the amplitude settles at ``maximum``.

    Args:
        x: unbounded number, any shape.
        exponent: factor of amplitude for each step of ``x``, at least e = 2.71828, which keeps the gradient finite
            however far ``x`` goes.
        maximum: largest amplitude, above 0.
        floor: smallest amplitude, at least 0.

    Returns:
        Amplitude, the same shape, in [floor, floor + maximum].

    Raises:
        ValueError: if ``x`` is not finite, or ``exponent``, ``maximum`` or ``floor`` lies outside its range.

    Source: Engel, Hantrakul, Gu, Roberts (2020), DDSP: Differentiable Digital Signal Processing.
    Chapter: oscillators/harmonic-bank.

    >>> exp_sigmoid(torch.tensor([-200.0, 200.0]))
    tensor([1.0000e-07, 2.0000e+00])
    """
    x = checks.floating(x, "x")
    power = _power(exponent, maximum, floor)
    return maximum * torch.sigmoid(x) ** power + floor


def inverse_exp_sigmoid(
    amplitude: Tensor | float, *, exponent: float = 10.0, maximum: float = 2.0, floor: float = 1e-7
) -> Tensor:
    r"""Undo :func:`exp_sigmoid`: ``logit(((amplitude - floor) / maximum)^(1 / log(exponent)))``.

    Args:
        amplitude: amplitude, any shape, inside (floor, floor + maximum).
        exponent, maximum, floor: as in :func:`exp_sigmoid`.

    Returns:
        The unbounded number, the same shape.

    Raises:
        ValueError: if an amplitude is not inside its range, or ``exponent``, ``maximum`` or ``floor`` is not.

    Source: the inverse, by algebra, of the map in Engel, Hantrakul, Gu, Roberts (2020).
    Chapter: inference/by-gradient-descent.

    >>> inverse_exp_sigmoid(exp_sigmoid(1.5))
    tensor(1.5000)
    """
    amplitude = checks.floating(amplitude, "amplitude")
    power = _power(exponent, maximum, floor)
    checks.in_range(amplitude, "amplitude", floor, floor + maximum, bounds="()")
    log_share = torch.log((amplitude - floor) / maximum) / power
    return log_share - torch.log(-torch.expm1(log_share))


def _power(exponent: float, maximum: float, floor: float) -> float:
    checks.in_range(exponent, "exponent", math.e)
    checks.positive(maximum, "maximum")
    checks.non_negative(floor, "floor")
    return math.log(exponent)


def _ordered(low: float, high: float) -> None:
    checks.in_range(low, "low")
    if not low < checks.in_range(high, "high"):
        raise ValueError(f"high must be above low = {low:g}, got {high}.")
