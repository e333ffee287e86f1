"""The compiled bank of harmonics as an operation of PyTorch, with its gradient. Chapter: oscillators/harmonic-bank."""

from __future__ import annotations

import functools
import itertools
import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from ddsp_lite import checks

_SHORTEST_HOP = 16  # below, work for each frame outweighs that for its samples


# torch.library.custom_op would import torch._dynamo at the first call, which takes a second or two.
_BANK, _BACKWARD = "ddsp_lite::harmonic_bank", "ddsp_lite::harmonic_bank_backward"
torch.library.define(_BANK, "(Tensor f0, Tensor amplitudes, float rate, int hop) -> Tensor")
torch.library.define(_BACKWARD, "(Tensor grad, Tensor f0, Tensor amplitudes, float rate, int hop) -> (Tensor, Tensor)")


@torch.library.impl(_BANK, "cpu")
def _bank(f0: Tensor, amplitudes: Tensor, rate: float, hop: int) -> Tensor:
    """Add harmonics: f0 [B, F] float64 in Hz, amplitudes [B, F, K] float32; the result [B, F hop] float32."""
    from ddsp_lite.kernels import harmonic as kernels  # compiles on its first call only

    rows, frames = f0.shape
    y = torch.empty(rows, frames * hop)
    arguments = _arrays(f0, amplitudes, rate, hop)
    _share(rows * frames, lambda first, last: kernels.forward(*arguments, first, last, y.numpy()))
    return y


@torch.library.impl(_BACKWARD, "cpu")
def _bank_backward(grad: Tensor, f0: Tensor, amplitudes: Tensor, rate: float, hop: int) -> tuple[Tensor, Tensor]:
    """Give the gradients of f0 and amplitudes; all sinusoids are made again, none was kept."""
    from ddsp_lite.kernels import harmonic as kernels

    rows, frames = f0.shape
    arguments = _arrays(f0, amplitudes, rate, hop)
    grad = grad.contiguous().numpy()
    at_start, at_end = torch.empty(amplitudes.shape), torch.empty(amplitudes.shape)
    moments = np.empty((rows, frames, 3))
    results = at_start.numpy(), at_end.numpy(), moments
    _share(rows * frames, lambda first, last: kernels.backward(grad, *arguments, first, last, *results))
    at_start[:, 1:] += at_end[:, :-1]
    at_start[:, -1] += at_end[:, -1]
    return torch.from_numpy(_of_f0(moments, hop) / rate), at_start


def _of_f0(moments: np.ndarray, hop: int) -> np.ndarray:
    """The gradient of each frame's frequency, in turns per sample, from the moments of the phase's gradient.

    In frame j, turns[n] = start[j] + n f[j] + (f[j+1] - f[j]) n (n - 1) / (2 hop), and the start of each frame holds
    the turns of all before it.
    """
    level, first, second = np.moveaxis(moments, -1, 0)
    later = np.flip(np.cumsum(np.flip(level, -1), -1), -1) - level  # what starts after the frame
    of_next = second / hop + later * (hop - 1) / 2
    result = first - second / hop + later * (hop + 1) / 2
    result[:, 1:] += of_next[:, :-1]
    result[:, -1] += of_next[:, -1]
    return result


def _arrays(f0: Tensor, amplitudes: Tensor, rate: float, hop: int) -> tuple:
    from ddsp_lite.kernels import harmonic as kernels

    f0 = f0.detach().contiguous().numpy()
    start = np.empty_like(f0)
    kernels.starts(f0, rate, hop, start)
    return f0, rate, start, amplitudes.detach().contiguous().numpy(), hop


def continued(f0: Tensor, amplitudes: Tensor, turns: Tensor, rate: float, hop: int) -> Tensor:
    r"""Add harmonics from a given phase on, up to the last frame, by the compiled loop; without a gradient.

    ``y[n] = sum_k amplitudes[k, n] sin(k phi[n])``, ``phi[n] = 2 pi (turns + sum_{m<n} f0[m] / rate)``.

    Args:
        f0: in Hz, ``(..., frames + 1)``.
        amplitudes: float32, ``(..., frames + 1, partials)``.
        turns: the phase at the first frame, in turns, float64, ``(..., 1)``.
        rate: sample rate in Hz.
        hop: samples in a frame.

    Returns:
        The sound from the first frame to the last, float32, ``(..., frames * hop)``.

    Raises:
        Nothing: its caller has checked all. Source: as :func:`bank`. Chapter: systems/latency.

    >>> one = torch.ones(2, dtype=torch.float64)
    >>> continued(1000 * one, torch.ones(2, 1), 0.25 * one[:1], 12000.0, 4)
    tensor([1.0000, 0.8660, 0.5000, 0.0000])
    """
    from ddsp_lite.kernels import harmonic as kernels

    *leading, frames, partials = amplitudes.shape
    rows = math.prod(leading)
    f0, rate, start, amplitudes, hop = _arrays(
        f0.double().reshape(rows, frames), amplitudes.reshape(rows, frames, partials), rate, hop
    )
    start += turns.detach().reshape(rows, 1).numpy()
    y = np.empty((rows, frames * hop), np.float32)
    for row in range(rows):
        kernels.forward(f0, rate, start, amplitudes, hop, row * frames, (row + 1) * frames - 1, y)
    return torch.from_numpy(y).reshape(*leading, frames * hop)[..., :-hop]


def _share(count: int, work: Callable[[int, int], None]) -> None:
    """Run the work on as many threads as PyTorch uses; the loops hold no lock."""
    threads = min(torch.get_num_threads(), count)
    if threads == 1:
        work(0, count)
        return
    parts = list(itertools.pairwise(count * i // threads for i in range(threads + 1)))
    waiting = [_threads(threads - 1).submit(work, *part) for part in parts[1:]]
    work(*parts[0])
    for other in waiting:
        other.result()


@functools.cache
def _threads(count: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(count, thread_name_prefix="ddsp_lite")


if hasattr(os, "register_at_fork"):  # a forked process, such as a data loader's, has none of its parent's threads
    os.register_at_fork(after_in_child=_threads.cache_clear)


@torch.library.register_fake(_BANK)
def _(f0: Tensor, amplitudes: Tensor, rate: float, hop: int) -> Tensor:
    return amplitudes.new_empty(f0.shape[0], f0.shape[1] * hop)


@torch.library.register_fake(_BACKWARD)
def _(grad: Tensor, f0: Tensor, amplitudes: Tensor, rate: float, hop: int) -> tuple[Tensor, Tensor]:
    return tuple(torch.empty_like(x, memory_format=torch.contiguous_format) for x in (f0, amplitudes))


def _save(ctx, inputs, output):
    ctx.save_for_backward(*inputs[:2])
    ctx.rate, ctx.hop = inputs[2:]


def _differentiate(ctx, grad: Tensor):
    f0, amplitudes = ctx.saved_tensors
    if torch.is_grad_enabled():  # create_graph=True: the gradient must itself be differentiable
        return *_by_the_twin(grad, f0, amplitudes, ctx.rate, ctx.hop), None, None
    return *torch.ops.ddsp_lite.harmonic_bank_backward(grad, f0, amplitudes, ctx.rate, ctx.hop), None, None


torch.library.register_autograd(_BANK, _differentiate, setup_context=_save)


def _by_the_twin(grad: Tensor, f0: Tensor, amplitudes: Tensor, rate: float, hop: int) -> tuple[Tensor, Tensor]:
    from ddsp_lite.oscillators.harmonic import plain_sum

    inputs = [x if x.requires_grad else x.detach().requires_grad_() for x in (f0, amplitudes)]
    k = torch.arange(1, amplitudes.shape[-1] + 1, dtype=torch.float64)
    y = plain_sum(*inputs, k, rate, f0.shape[-1] * hop)
    return torch.autograd.grad(y, inputs, grad, create_graph=True)


def applies(f0: Tensor, amplitudes: Tensor, n_samples: int) -> bool:
    """Say whether the compiled loop can do the work.

    Args:
        f0: ``(..., frames)``, where frames is 1, those of ``amplitudes``, or the samples.
        amplitudes: ``(..., frames, partials)``.
        n_samples: length of the sound in samples.

    Returns:
        True on the CPU where nothing is traced and every frame has at least 16 samples.

    Raises:
        Nothing; a question. Source: none. Chapter: oscillators/harmonic-bank.

    >>> applies(torch.ones(250), torch.ones(250, 100), 16000), applies(torch.ones(16000), torch.ones(1, 100), 16000)
    (True, False)
    """
    frames = max(f0.shape[-1], amplitudes.shape[-2])
    return (
        n_samples >= frames * _SHORTEST_HOP
        and f0.device.type == amplitudes.device.type == "cpu"
        and not checks.is_tracing(f0, amplitudes)
    )


def bank(f0: Tensor, amplitudes: Tensor, rate: float, n_samples: int) -> Tensor:
    r"""Add harmonics by the compiled loop, which draws f0 and amplitudes linearly from frame to frame.

    ``y[n] = sum_k amplitudes[k, n] sin(k phi[n])``, ``phi[n] = 2 pi * sum_{m<n} f0[m] / rate``, below Nyquist. The
    error is about 1e-6 of the sound and its gradients, however long the sound. Nothing but the arguments is kept for
    the gradient. Its own gradient is that of :func:`ddsp_lite.oscillators.harmonic.plain_sum`.

    Args:
        f0: in Hz, float64, ``(..., frames)`` or ``(..., 1)``.
        amplitudes: float32, ``(..., frames, partials)`` or ``(..., 1, partials)``.
        rate: sample rate in Hz.
        n_samples: length of the sound in samples, a multiple of the frames.

    Returns:
        The sound, float32, ``(..., time)``.

    Raises:
        ValueError: if the shapes do not broadcast.

    Source: Clenshaw and Chebyshev's recurrence; Engel, Hantrakul, Gu, Roberts (2020), DDSP: Differentiable Digital
        Signal Processing.
    Chapter: oscillators/harmonic-bank.

    >>> bank(torch.tensor([1000.0]).double(), torch.ones(1, 1), 12000.0, 4)[1:]
    tensor([0.5000, 0.8660, 1.0000])
    """
    frames = max(f0.shape[-1], amplitudes.shape[-2])
    partials = amplitudes.shape[-1]
    leading = checks.broadcast(f0=f0.shape[:-1], amplitudes=amplitudes.shape[:-2])
    rows = math.prod(leading)
    y = torch.ops.ddsp_lite.harmonic_bank(
        f0.expand(*leading, frames).reshape(rows, frames),
        amplitudes.expand(*leading, frames, partials).reshape(rows, frames, partials),
        rate,
        n_samples // frames,
    )
    return y.reshape(*leading, n_samples)
