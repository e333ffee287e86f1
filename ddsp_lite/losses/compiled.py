"""The multi-scale loss on short-time spectra with compiled loops, and its gradient in the same pass.

Chapter: losses/spectral-losses.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ddsp_lite import checks, workers
from ddsp_lite.losses.targets import _Kept, _made

_GROUP = 1024  # bins that are worked on together, at least
_PART = 1 << 20  # samples of all frames of one size in one part of the work, about


class Settings(NamedTuple):
    """What is compared: (frame size, hop) of each resolution, the three weights, and the floor."""

    sizes: tuple[tuple[int, int], ...]
    weights: tuple[float, float, float]
    floor: float


class _Part(NamedTuple):
    """Some sounds, or a share of the frames of one."""

    first: int
    last: int
    share: int
    shares: int

    def frames(self, samples: int, hop: int) -> tuple[int, int]:
        frames = 1 + samples // hop
        return frames * self.share // self.shares, frames * (self.share + 1) // self.shares


def applies(prediction: Tensor, target: Tensor | _Kept) -> bool:
    """Say whether the compiled loops can do the work.

    Args:
        prediction, target: the sounds.

    Returns:
        True in float32 on the CPU where nothing is traced and no gradient of the target is asked for.

    Raises:
        Nothing; a question. Source: none. Chapter: losses/spectral-losses.

    >>> applies(torch.ones(9), torch.ones(9)), applies(torch.ones(9).double(), torch.ones(9))
    (True, False)
    """
    target = target.sound if isinstance(target, _Kept) else target
    return (
        prediction.dtype == target.dtype == torch.float32
        and prediction.device.type == target.device.type == "cpu"
        and not (target.requires_grad and torch.is_grad_enabled())
        and not checks.is_tracing(prediction, target)
    )


def multi_scale(
    prediction: Tensor, target: Tensor | _Kept, settings: Settings, twin: Callable[[Tensor], Tensor]
) -> Tensor:
    r"""Compare short-time spectra at several sizes, and find the gradient while the spectra are at hand.

    The gradient of each spectrum takes its place, and goes back through one more transform; nothing else is kept.

    Args:
        prediction: sound (..., time), float32 on the CPU.
        target: sound of the same shape, or one whose magnitudes are kept.
        settings: sizes, weights and floor, checked.
        twin: the same loss of the prediction in plain operations, through which second derivatives go.

    Returns:
        The loss, 0-d.

    Raises:
        Nothing that is meant for a reader: `multi_scale_stft` has checked the arguments.

    Source: the gradient of a short-time spectrum is that of Griffin and Lim, Signal estimation from modified
    short-time Fourier transform, 1984, on overlap and addition. Chapter: losses/spectral-losses.

    >>> x, options = torch.sin(torch.arange(99.0)), Settings(((16, 4),), (1.0, 1.0, 0.0), 1e-3)
    >>> multi_scale(x, x, options, torch.sum)
    tensor(0.)
    """
    made = _made(target, "compiled", lambda sound: _targets(sound, settings))
    if prediction.requires_grad and torch.is_grad_enabled():
        return _MultiScale.apply(prediction, made, settings, twin)
    return _compare(prediction, made, settings, False)[0]


class _MultiScale(torch.autograd.Function):
    @staticmethod
    def forward(ctx, prediction, made, settings, twin):
        loss, gradient = _compare(prediction, made, settings, True)
        ctx.save_for_backward(prediction, gradient)
        ctx.twin = twin
        return loss

    @staticmethod
    def backward(ctx, grad):
        prediction, gradient = ctx.saved_tensors
        if torch.is_grad_enabled():  # create_graph=True: the gradient must itself be differentiable
            loss = ctx.twin(prediction)
            (gradient,) = torch.autograd.grad(loss, prediction, create_graph=True)
        return grad * gradient, None, None, None


def _targets(target: Tensor, settings: Settings) -> list[tuple[np.ndarray, np.ndarray]]:
    """The target's magnitudes [B, J, K] at each size, and their norm for each sound where it is needed."""
    from ddsp_lite.kernels import spectra as kernels  # compiles on its first call only

    x = _rows(target)
    made = [np.empty((len(x), 1 + x.shape[1] // hop, size // 2 + 1), np.float32) for size, hop in settings.sizes]
    power = np.float32(settings.floor**2)

    def fill(part: _Part) -> None:
        for (size, hop), result in zip(settings.sizes, made, strict=True):
            begin, end = part.frames(x.shape[1], hop)
            spectra, stride = _spectra(x[part.first : part.last], size, hop, begin, end)
            result = result[part.first : part.last, begin:end]
            kernels.magnitudes(spectra.numpy(), stride, _group(size), size % 2 == 1, power, result)

    workers.share([lambda part=part: fill(part) for part in _parts(x.shape, settings.sizes)])
    if not settings.weights[2]:
        return [(m, np.ones(len(m))) for m in made]
    return [(m, np.sqrt(np.einsum("bjk,bjk->b", m, m, dtype=np.float64))) for m in made]


def _compare(
    prediction: Tensor, made: Sequence[tuple[np.ndarray, np.ndarray]], settings: Settings, write: bool
) -> tuple[Tensor, Tensor | None]:
    """The loss, and with ``write`` its gradient."""
    x = _rows(prediction)
    parts = _parts(x.shape, settings.sizes, whole=settings.weights[2] > 0)
    results = workers.share([lambda part=part: _of_part(x, made, settings, part, write) for part in parts])
    loss = torch.tensor(math.fsum(result[0] for result in results), dtype=torch.float32)
    if not write:
        return loss, None
    gradient = np.zeros_like(x)
    for part, (_, begin, of_part) in zip(parts, results, strict=True):
        gradient[part.first : part.last, begin : begin + of_part.shape[1]] += of_part
    return loss, torch.from_numpy(gradient).reshape(prediction.shape)


def _of_part(x: np.ndarray, made, settings: Settings, part: _Part, write: bool) -> tuple[float, int, np.ndarray]:
    """Its share of the losses, summed over the sizes; the sample at which its gradient begins; the gradient."""
    from ddsp_lite.kernels import spectra as kernels

    rows, samples = x.shape
    linear, log, convergence = settings.weights
    ranges = [part.frames(samples, hop) for _, hop in settings.sizes]
    starts = [begin * hop - size // 2 for (begin, _), (size, hop) in zip(ranges, settings.sizes, strict=True)]
    ends = [(end - 1) * hop + size - size // 2 for (_, end), (size, hop) in zip(ranges, settings.sizes, strict=True)]
    first, last = max(0, min(starts)), min(samples, max(ends))
    x, gradient = x[part.first : part.last], np.zeros((part.last - part.first, last - first), np.float32)
    power, total = np.float32(settings.floor**2), 0.0
    for (size, hop), (begin, end), start, (target, scale) in zip(settings.sizes, ranges, starts, made, strict=True):
        spectra, stride = _spectra(x, size, hop, begin, end)
        per_bin, per_sound = 1 / (target.size * len(made)), 1 / (rows * len(made))
        target, scale = target[part.first : part.last, begin:end], scale[part.first : part.last]
        weights = np.float32(linear * per_bin), np.float32(log * per_bin)
        arguments = spectra.numpy(), target, stride, _group(size), size % 2 == 1, power, *weights
        sums, pull = np.zeros((len(x), 3)), np.zeros(len(x), np.float32)
        kernels.compare(*arguments, pull, write and not convergence, sums)
        total += (linear * sums[:, 0].sum() + log * sums[:, 1].sum()) * per_bin
        if convergence:
            error = np.sqrt(sums[:, 2])
            total += convergence * np.sum(error / scale) * per_sound
        if write and convergence:  # the pull of a sound's convergence depends on all of its differences
            pull = np.divide(convergence * per_sound, error * scale, out=np.zeros(len(x)), where=error > 0)
            kernels.compare(*arguments, pull.astype(np.float32), True, sums)
        if write:
            pieces = torch.fft.irfft(spectra, size, norm="forward").numpy()
            window = torch.hann_window(size, dtype=torch.float32).numpy()
            kernels.overlap_add(pieces, window, stride, end - begin, hop, first - start, gradient)
    return float(total), first, gradient


def _spectra(x: np.ndarray, size: int, hop: int, begin: int, end: int) -> tuple[Tensor, int]:
    """Transform frames without a window: the spectra of one sound after the other, ``stride`` apart, not all of use.

    The sounds lie behind each other with silence between them, so that all frames are views of one row of samples.
    """
    rows, samples = x.shape
    start, stop = begin * hop - size // 2, (end - 1) * hop + size - size // 2
    first, last = max(0, start), min(samples, stop)
    stride = -(-max(last - start, stop - start - size // 2) // hop)
    frames = (rows - 1) * stride + end - begin
    row = np.zeros((frames - 1) * hop + size, np.float32)
    for i in range(rows):
        row[i * stride * hop + first - start : i * stride * hop + last - start] = x[i, first:last]
    return torch.fft.rfft(torch.from_numpy(row).as_strided((frames, size), (hop, 1))), stride


def _rows(x: Tensor) -> np.ndarray:
    return x.detach().reshape(-1, x.shape[-1]).contiguous().numpy()


def _group(size: int) -> int:
    return max(1, _GROUP // (size // 2 + 1))


def _parts(shape: Sequence[int], sizes: Sequence[tuple[int, int]], whole: bool = False) -> list[_Part]:
    """Cut the work into parts for each thread; with ``whole``, no sound is cut."""
    rows, samples = shape
    threads = torch.get_num_threads()
    most = max((1 + samples // hop) * size for size, hop in sizes)
    fewest = min(1 + samples // hop for _, hop in sizes)
    shares = 1 if whole else min(max(-(-most // _PART), threads // rows, 1), fewest)
    if shares > 1:
        return [_Part(row, row + 1, share, shares) for row in range(rows) for share in range(shares)]
    parts = min(rows, max(threads, -(-rows * most // _PART)))
    return [_Part(*pair, 0, 1) for pair in itertools.pairwise(rows * i // parts for i in range(parts + 1))]
