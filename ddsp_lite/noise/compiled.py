"""White noise and filtered noise by compiled loops, with their gradients. Chapter: filters/filtered-noise."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from ddsp_lite import checks, workers

_LONGEST = 512  # taps, or samples of a frame: where both are more, a transform takes fewer steps
_PART = 1 << 10  # frames in one part of the work, at least


def white(n_samples: int, rows: int, start: int, keys: Sequence[float], dtype: torch.dtype) -> Tensor:
    """Make white noise as :func:`ddsp_lite.noise.white` does, which has checked the arguments.

    Args:
        n_samples, start, dtype: as there.
        rows: how many sounds.
        keys: of the rounds of the hash.

    Returns:
        The noise, ``(rows, n_samples)``, on the CPU.

    Raises:
        Nothing that is meant for a reader. Source: as there. Chapter: filters/filtered-noise.

    >>> white(3, 2, 0, [5.0] * 6, torch.float32).shape
    torch.Size([2, 3])
    """
    from ddsp_lite.kernels import noise as kernels  # compiles on its first call only

    # An array, for torch.func makes of torch.empty a tensor without memory of its own.
    result = np.empty((rows, n_samples), np.float64 if dtype == torch.float64 else np.float32)
    kernels.white(start, np.array([int(key) for key in keys], np.int64), result)
    return torch.from_numpy(result)


def applies(magnitudes: Tensor, noise: Tensor, hop: int) -> bool:
    """Say whether the compiled loops can filter the noise, and are the faster way.

    Args:
        magnitudes: ``(..., frames, bands)``.
        noise: ``(..., time)``.
        hop: samples in a frame.

    Returns:
        True on the CPU where nothing is traced, and frames or responses are short.

    Raises:
        Nothing; a question. Source: none. Chapter: filters/filtered-noise.

    >>> applies(torch.ones(4, 9), torch.ones(64), 16), applies(torch.ones(1, 1000), torch.ones(64000), 64000)
    (True, False)
    """
    return (
        min(2 * magnitudes.shape[-1] - 1, hop) <= _LONGEST
        and magnitudes.device.type == noise.device.type == "cpu"
        and not checks.is_tracing(magnitudes, noise)
    )


def filtered(magnitudes: Tensor, noise: Tensor, cosines: Tensor, twin: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """Filter frames of noise, each by its own response, and add them where they overlap.

    Args:
        magnitudes: ``(..., frames, bands)``, of the noise's dtype.
        noise: ``(..., time)``.
        cosines: the matrix ``(bands, bands)`` from magnitudes to a response's middle tap and those after it.
        twin: the same function of magnitudes and noise in plain operations, through which second derivatives go.

    Returns:
        The sound, ``(..., time)``.

    Raises:
        Nothing that is meant for a reader: :func:`ddsp_lite.noise.filtered` has checked the arguments.

    Source: Engel, Hantrakul, Gu, Roberts (2020), DDSP: Differentiable Digital Signal Processing.
    Chapter: filters/filtered-noise.

    >>> filtered(torch.ones(2, 2), torch.arange(6.0), torch.tensor([[1.0, 0.0], [0.0, 0.0]]), torch.add)
    tensor([0., 1., 2., 3., 4., 5.])
    """
    frames, bands = magnitudes.shape[-2:]
    leading = checks.broadcast(magnitudes=magnitudes.shape[:-2], noise=noise.shape[:-1])
    rows = leading.numel()
    y = _Filtered.apply(
        magnitudes.expand(*leading, frames, bands).reshape(rows, frames, bands),
        noise.expand(*leading, -1).reshape(rows, -1),
        cosines,
        twin,
    )
    return y.reshape(*leading, -1)


class _Filtered(torch.autograd.Function):
    @staticmethod
    def forward(ctx, magnitudes, noise, cosines, twin):
        from ddsp_lite.kernels import noise as kernels

        ctx.save_for_backward(magnitudes, noise, cosines)
        ctx.twin = twin
        (rows, frames, bands), samples = magnitudes.shape, noise.shape[1]
        hop, y = samples // frames, np.zeros(noise.shape, _array(noise).dtype)

        def run(row: slice, first: int, last: int):
            half = (magnitudes[row, first:last].detach() @ cosines).numpy()
            x = _array(noise[row, first * hop : last * hop]).reshape(-1, last - first, hop)
            if last - first == frames:
                kernels.forward(half, x, 0, y[row])
                return None
            low, high = max(0, first * hop - bands + 1), min(samples, last * hop + bands - 1)
            result = np.zeros((len(x), high - low), x.dtype)
            kernels.forward(half, x, low - first * hop, result)
            return row, low, high, result

        for edge in _share(rows, frames, run):
            if edge is not None:
                row, low, high, result = edge
                y[row, low:high] += result
        return torch.from_numpy(y)

    @staticmethod
    def backward(ctx, grad):
        magnitudes, noise, cosines = ctx.saved_tensors
        if torch.is_grad_enabled():  # create_graph=True: the gradient must itself be differentiable
            wanted = [x for x in (magnitudes, noise) if x.requires_grad]
            found = iter(torch.autograd.grad(ctx.twin(magnitudes, noise), wanted, grad, create_graph=True))
            return *(next(found) if x.requires_grad else None for x in (magnitudes, noise)), None, None

        from ddsp_lite.kernels import noise as kernels

        (rows, frames, _), samples = magnitudes.shape, noise.shape[1]
        hop, grad = samples // frames, _array(grad)
        of_magnitudes = torch.empty(magnitudes.shape, dtype=magnitudes.dtype) if ctx.needs_input_grad[0] else None
        of_noise = torch.empty((rows, frames, hop), dtype=noise.dtype) if ctx.needs_input_grad[1] else None

        def run(row: slice, first: int, last: int) -> None:
            if of_magnitudes is not None:
                x = _array(noise[row, first * hop : last * hop]).reshape(-1, last - first, hop)
                of_half = torch.empty(len(x), last - first, magnitudes.shape[2], dtype=magnitudes.dtype)
                kernels.backward(grad[row], x, first, of_half.numpy())
                of_magnitudes[row, first:last] = of_half @ cosines.T
            if of_noise is not None:
                half = (magnitudes[row, first:last].detach() @ cosines).numpy()
                kernels.backward_noise(grad[row], half, first, of_noise[row, first:last].numpy())

        _share(rows, frames, run)
        return of_magnitudes, None if of_noise is None else of_noise.reshape(noise.shape), None, None


def _array(x: Tensor) -> np.ndarray:
    return x.detach().contiguous().numpy()


def _share(rows: int, frames: int, run: Callable) -> list:
    """Cut the work into groups of sounds, or where these are few into parts of each."""
    if rows == 0:
        return []
    threads = torch.get_num_threads()
    shares = max(1, min(-(-threads // rows), frames // _PART)) if rows < threads else 1
    groups = max(1, min(rows, threads * shares))
    edges = list(itertools.pairwise(rows * i // groups for i in range(groups + 1)))
    cuts = list(itertools.pairwise(frames * i // shares for i in range(shares + 1)))
    parts = [(slice(*edge), *cut) for edge in edges for cut in cuts]
    return workers.share([lambda part=part: run(*part) for part in parts])
