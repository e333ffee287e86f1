"""Checks on single values: types, ranges, choices."""

from __future__ import annotations

import math
import operator
from collections.abc import Collection
from numbers import Real

import numpy as np
import torch
from torch import Tensor

from ddsp_lite.checks.tracing import is_tracing

FLOATS = (torch.float32, torch.float64)


def floating(
    x: Tensor | float, name: str, *, dtype: torch.dtype | None = None, device: torch.device | None = None
) -> Tensor:
    """Take a float32 or float64 tensor with finite values, or a finite Python number as a 0-d tensor.

    Args:
        x: tensor of any shape, or a number.
        dtype, device: of the tensor made from a number (default dtype and CPU if not given); a tensor keeps its own.

    Returns:
        The tensor.

    Raises:
        ValueError: if ``x`` is neither, is an integer, boolean, half or complex tensor, or holds NaN or infinity.

    >>> floating(440, "frequency")
    tensor(440.)
    >>> floating(torch.tensor([1, 2]), "frequency")
    Traceback (most recent call last):
    ValueError: frequency must be a float32 or float64 tensor, got torch.int64.
    """
    if isinstance(x, Tensor):
        if x.dtype not in FLOATS:
            raise ValueError(f"{name} must be a float32 or float64 tensor, got {x.dtype}.")
        return in_range(x, name)
    if isinstance(x, bool | np.bool_) or not isinstance(x, Real):
        raise ValueError(f"{name} must be a float32 or float64 tensor or a number, got {describe(x)}.")
    if not math.isfinite(x):
        raise ValueError(f"{name} must be finite, got {float(x)}.")
    # full, not tensor: a traced graph then holds a plain constant.
    return torch.full((), float(x), dtype=dtype or torch.get_default_dtype(), device=device)


def in_range(
    x: Tensor | float,
    name: str,
    low: float = -math.inf,
    high: float = math.inf,
    *,
    unit: str = "",
    bounds: str = "[]",
) -> Tensor | float:
    """Refuse NaN, infinity and every value outside a range.

    Args:
        x: tensor of any shape, or a number.
        low, high: ends of the range, in ``unit``.
        unit: unit of the values, for the message.
        bounds: which ends belong to the range, as in mathematics: "[]" both, "()" none, "[)" or "(]" one.

    Returns:
        ``x``, unchanged.

    Raises:
        ValueError: if a value lies outside, naming the argument, the value and the range; if ``x`` is no number.

    >>> in_range(9000.0, "cutoff", 0, 8000, unit="Hz", bounds="()")
    Traceback (most recent call last):
    ValueError: cutoff must lie in (0, 8000) Hz, got 9000.0.
    """
    if isinstance(x, Tensor):
        if x.numel() == 0 or is_tracing(x):
            return x
        if math.isinf(low) and math.isinf(high) and math.isfinite(x.detach().sum().item()):
            return x  # a sum of finite values may overflow, but one with NaN or infinity is never finite
        smallest, largest = torch.stack(torch.aminmax(x.detach())).tolist()  # NaN comes out as both
    elif isinstance(x, bool | np.bool_) or not isinstance(x, Real):
        raise ValueError(f"{name} must be a number, got {describe(x)}.")
    else:
        smallest = largest = float(x)
    for value in (smallest, largest):
        if not math.isfinite(value):
            raise ValueError(f"{name} must be finite, got {value}.")
        above = value > low if bounds[0] == "(" else value >= low
        below = value < high if bounds[1] == ")" else value <= high
        if not (above and below):
            raise ValueError(f"{name} must {_range_in_words(low, high, unit, bounds)}, got {_as_given(value, x)}.")
    return x


def positive(x: Tensor | float, name: str, *, unit: str = "") -> Tensor | float:
    """Refuse values that are not above zero, as :func:`in_range` does.

    Raises:
        ValueError: if a value is zero, negative, NaN or infinite.

    >>> positive(0.0, "q")
    Traceback (most recent call last):
    ValueError: q must be above 0, got 0.0.
    """
    return in_range(x, name, 0, unit=unit, bounds="()")


def non_negative(x: Tensor | float, name: str, *, unit: str = "") -> Tensor | float:
    """Refuse values below zero, as :func:`in_range` does.

    Raises:
        ValueError: if a value is negative, NaN or infinite.

    >>> non_negative(-1.0, "f0", unit="Hz")
    Traceback (most recent call last):
    ValueError: f0 must be at least 0 Hz, got -1.0.
    """
    return in_range(x, name, 0, unit=unit)


def sample_rate(value: float, name: str = "sample_rate") -> float:
    """Take a sample rate in Hz, one positive and finite number, as a Python float.

    Raises:
        ValueError: if it is no number, or not positive and finite.

    >>> sample_rate(16000)
    16000.0
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ValueError(f"{name} must be a positive number in Hz, got {describe(value)}.")
    return float(positive(value, name, unit="Hz"))


def integer(value: int, name: str, low: int = 1, high: int | None = None) -> int:
    """Take a whole number from ``low`` to ``high``, such as a count of samples, as a Python int.

    Raises:
        ValueError: if it is no integer (a float is none, not even a whole one) or lies outside the range.

    >>> integer(0, "n_samples")
    Traceback (most recent call last):
    ValueError: n_samples must be at least 1, got 0.
    """
    if isinstance(value, bool | Tensor) or not hasattr(value, "__index__"):
        raise ValueError(f"{name} must be an integer, got {describe(value)}.")
    value = operator.index(value)
    if value < low or (high is not None and value > high):
        limits = _range_in_words(low, math.inf if high is None else high, "", "[]")
        raise ValueError(f"{name} must {limits}, got {value}.")
    return value


def one_of(value: str, name: str, options: Collection[str]) -> str:
    """Take one of a few words.

    Raises:
        ValueError: if it is none of the ``options``.

    >>> one_of("cubic", "method", ("linear", "hold"))
    Traceback (most recent call last):
    ValueError: method must be one of 'linear', 'hold', got 'cubic'.
    """
    if value not in options:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, options))}, got {value!r}.")
    return value


def describe(x: object) -> str:
    """Describe a value of the wrong kind in a few words: the value itself if that is short, and its type.

    >>> describe(torch.zeros(2, 3)), describe("loud")
    ('a tensor of shape (2, 3)', "'loud' (str)")
    """
    if isinstance(x, Tensor):
        return f"a tensor of shape {tuple(x.shape)}"
    return f"{x!r} ({type(x).__name__})" if isinstance(x, int | float | complex | str | None) else type(x).__name__


def _as_given(value: float, x: Tensor | float) -> str:
    """The value with as many digits as its type holds, so that 0.1 in float32 is not shown as 0.10000000149."""
    return str(np.float32(value)) if isinstance(x, Tensor) and x.dtype == torch.float32 else str(value)


def _range_in_words(low: float, high: float, unit: str, bounds: str) -> str:
    unit = f" {unit}" if unit else ""
    if math.isinf(high):
        return f"be {'above' if bounds[0] == '(' else 'at least'} {low:g}{unit}"
    if math.isinf(low):
        return f"be {'below' if bounds[1] == ')' else 'at most'} {high:g}{unit}"
    return f"lie in {bounds[0]}{low:g}, {high:g}{bounds[1]}{unit}"
