"""Checks on arguments, shared by the whole package.

Each check returns the argument in the form in which it is used, or raises a ``ValueError`` that names the argument, the
value that was given and what is allowed. Type and shape are always checked. Values can only be looked at when there
are any: while a function is traced (``make_fx``, ``torch.compile``, ``torch.func``) the checks of values are left out,
so that they leave no operation in the graph. In every check ``name`` is the argument's name, for the message.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Collection, Sequence
from numbers import Real

import numpy as np
import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor
from torch.autograd import forward_ad

__all__ = [
    "audio",
    "broadcast",
    "common",
    "describe",
    "floating",
    "hop",
    "in_range",
    "integer",
    "is_tracing",
    "is_transformed",
    "mono",
    "non_negative",
    "one_of",
    "positive",
    "same_frames",
    "same_shape",
    "sample_rate",
]

FLOATS = (torch.float32, torch.float64)


def is_tracing(*tensors: Tensor) -> bool:
    """Say whether the tensors' values must not be looked at, because a function is being traced or has no values.

    Args:
        tensors: the tensors about to be examined; with none, only the tracing of the whole function is looked for.

    Returns:
        True under ``make_fx``, ``torch.compile`` and ``torch.export``, and for fake, functional and meta tensors and
        those of :func:`is_transformed`.

    >>> is_tracing(torch.zeros(3))
    False
    >>> is_tracing(torch.zeros(3, device="meta"))
    True
    """
    if torch.compiler.is_compiling():
        return True
    if torch._C._get_dispatch_mode(torch._C._TorchDispatchModeKey.PROXY) is not None:
        return True
    return any(
        isinstance(t, FakeTensor) or t.is_meta or torch._is_functional_tensor(t) for t in tensors
    ) or is_transformed(*tensors)


def is_transformed(*tensors: Tensor) -> bool:
    """Say whether only plain operations of PyTorch may touch the tensors, because more than their values is computed.

    Args:
        tensors: the tensors about to be used.

    Returns:
        True if one belongs to a transformation of ``torch.func`` or carries a tangent of
        ``torch.autograd.forward_ad``.

    >>> is_transformed(torch.zeros(3)), torch.func.vmap(lambda x: x + is_transformed(x))(torch.zeros(3))
    (False, tensor([1., 1., 1.]))
    """
    if torch.compiler.is_compiling():
        return False
    if any(torch._C._functorch.is_functorch_wrapped_tensor(t) for t in tensors):
        return True
    if forward_ad._current_level < 0:
        return False
    return any(forward_ad.unpack_dual(t).tangent is not None for t in tensors)


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


def audio(x: Tensor, name: str) -> Tensor:
    """Take a sound: a float32 or float64 tensor ``(..., time)`` with at least one sample and finite values.

    Raises:
        ValueError: if ``x`` is no such tensor.

    >>> audio(torch.zeros(2, 0), "x")
    Traceback (most recent call last):
    ValueError: x must be a tensor (..., time) with at least one sample, got shape (2, 0).
    """
    if not isinstance(x, Tensor):
        raise ValueError(f"{name} must be a float32 or float64 tensor (..., time), got {describe(x)}.")
    if x.ndim == 0 or x.numel() == 0:
        raise ValueError(f"{name} must be a tensor (..., time) with at least one sample, got shape {tuple(x.shape)}.")
    return floating(x, name)


def mono(x: Tensor, name: str) -> Tensor:
    """Take one channel of sound: as :func:`audio`, with the shape ``(time,)``.

    Raises:
        ValueError: if ``x`` is no such tensor, for example stereo.

    >>> mono(torch.zeros(2, 100), "x")
    Traceback (most recent call last):
    ValueError: x must be mono, a tensor (time,), got shape (2, 100).
    """
    audio(x, name)
    if x.ndim != 1:
        raise ValueError(f"{name} must be mono, a tensor (time,), got shape {tuple(x.shape)}.")
    return x


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


def same_frames(**frames: int) -> int:
    """Refuse controls with different counts of frames, given by the arguments' names; return the count.

    Raises:
        ValueError: if the counts differ, naming the arguments.

    >>> same_frames(f0=250, amplitudes=125)
    Traceback (most recent call last):
    ValueError: f0 and amplitudes must have the same number of frames, got f0 250, amplitudes 125.
    """
    if len(set(frames.values())) > 1:
        counts = ", ".join(f"{name} {count}" for name, count in frames.items())
        raise ValueError(f"{' and '.join(frames)} must have the same number of frames, got {counts}.")
    return next(iter(frames.values()))


def hop(n_samples: int, **frames: int) -> int:
    """Find how many samples each frame of one control lasts, ``n_samples / frames``; only whole hops are taken.

    Raises:
        ValueError: if ``n_samples`` is no positive multiple of the frames.

    >>> hop(16000, amplitudes=250)
    64
    >>> hop(16001, amplitudes=250)
    Traceback (most recent call last):
    ValueError: n_samples must be a multiple of the 250 frames of amplitudes, got 16001.
    """
    ((name, count),) = frames.items()
    if integer(n_samples, "n_samples") % count:
        raise ValueError(f"n_samples must be a multiple of the {count} frames of {name}, got {n_samples}.")
    return n_samples // count


def same_shape(**tensors: Tensor) -> torch.Size:
    """Refuse tensors of different shapes, given by the arguments' names; return the shape.

    Raises:
        ValueError: if the shapes differ, naming the arguments.

    >>> same_shape(prediction=torch.zeros(4), target=torch.zeros(5))
    Traceback (most recent call last):
    ValueError: prediction and target must have the same shape, got prediction (4,), target (5,).
    """
    if len({t.shape for t in tensors.values()}) > 1:
        shapes = ", ".join(f"{name} {tuple(t.shape)}" for name, t in tensors.items())
        raise ValueError(f"{' and '.join(tensors)} must have the same shape, got {shapes}.")
    return next(iter(tensors.values())).shape


def broadcast(**shapes: Sequence[int]) -> torch.Size:
    """Find the shape to which several shapes, given by the arguments' names, broadcast by PyTorch's rules.

    Raises:
        ValueError: if there is none, naming the arguments.

    >>> broadcast(x=(8, 1), taps=(3,))
    torch.Size([8, 3])
    >>> broadcast(x=(8,), b=(3,))
    Traceback (most recent call last):
    ValueError: x and b must broadcast, got shapes x (8,), b (3,).
    """
    result = []
    rank = max(map(len, shapes.values()), default=0)
    for place in range(-rank, 0):  # torch.broadcast_shapes would import SymPy, which takes half a second
        sizes = {shape[place] for shape in shapes.values() if len(shape) >= -place} - {1}
        if len(sizes) > 1:
            given = ", ".join(f"{name} {tuple(shape)}" for name, shape in shapes.items())
            raise ValueError(f"{' and '.join(shapes)} must broadcast, got shapes {given}.")
        result.append(sizes.pop() if sizes else 1)
    return torch.Size(result)


def common(*arguments: Tensor | float | None) -> tuple[torch.dtype, torch.device | None]:
    """Find the dtype of a result, and its device: those of the tensors, where plain numbers have no say.

    Returns:
        float64 if any tensor is, else float32 (the default dtype without tensors); the first tensor's device.

    >>> common(440.0, torch.zeros(2), None)
    (torch.float32, device(type='cpu'))
    """
    tensors = [x for x in arguments if isinstance(x, Tensor)]
    if not tensors:
        return torch.get_default_dtype(), None
    wide = any(t.dtype == torch.float64 for t in tensors)
    return torch.float64 if wide else torch.float32, tensors[0].device


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
