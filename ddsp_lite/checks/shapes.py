"""Checks on sounds, and on arguments that must fit each other."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ddsp_lite.checks.values import describe, floating, integer


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
    if x.ndim == 0 or x.shape[-1] == 0:
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
