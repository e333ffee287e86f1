"""The rows of the recursive filters: exact recursion, cascade, and filters that move at every sample.

torchlpc runs recursions of the form y[n] = x[n] - sum_k a_k[n] y[n-k] with new coefficients at every sample; here it
gets the feed-forward part by PyTorch operations, which is how it is used. dasp-pytorch filters by sampling the
frequency response, with zeros behind the sound. The truth is a sparse system of equations that SciPy solves in float64.
"""

from __future__ import annotations

import math

import torch
from scipy.linalg import solve_banded
from torch import Tensor
from torch.nn.functional import pad

from benchmarks.table import Row, peer
from ddsp_lite import filters

RATE = 44100


class _Exact(torch.autograd.Function):
    """Run y[n] = v[n] - a1[n] y[n-1] - a2[n] y[n-2] by rows: the banded matrix A of the a's in A y = v."""

    @staticmethod
    def forward(ctx, v: Tensor, a1: Tensor, a2: Tensor) -> Tensor:
        y = torch.stack([_solved(*row) for row in zip(v, a1, a2, strict=True)])
        ctx.save_for_backward(y, a1, a2)
        return y

    @staticmethod
    def backward(ctx, grad: Tensor):
        y, a1, a2 = ctx.saved_tensors  # the adjoint solves with A transposed
        turned = (grad.flip(1), pad(a1[:, 1:], (0, 1)).flip(1), pad(a2[:, 2:], (0, 2)).flip(1))
        w = torch.stack([_solved(*row) for row in zip(*turned, strict=True)]).flip(1)
        return w, -w * _later(y, 1), -w * _later(y, 2)


def _solved(v: Tensor, a1: Tensor, a2: Tensor) -> Tensor:
    below = torch.stack([torch.ones_like(v), pad(a1[1:], (0, 1)), pad(a2[2:], (0, 2))])
    return torch.from_numpy(solve_banded((2, 0), below.numpy(), v.numpy()))


def _later(x: Tensor, count: int) -> Tensor:
    return pad(x[..., : x.shape[-1] - count], (count, 0))


def _ahead(x: Tensor, b: Tensor) -> Tensor:
    return b[..., 0] * x + b[..., 1] * _later(x, 1) + b[..., 2] * _later(x, 2)


def _lowpass(cutoff: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
    """The cookbook's low-pass, in the type of its controls, with a_1 and a_2 only."""
    angle = 2 * math.pi / RATE * cutoff
    alpha, cosine = torch.sin(angle) / (2 * q), torch.cos(angle)
    b = torch.stack([(1 - cosine) / 2, 1 - cosine, (1 - cosine) / 2], -1)
    return b / (1 + alpha).unsqueeze(-1), torch.stack([-2 * cosine, 1 - alpha], -1) / (1 + alpha).unsqueeze(-1)


# One filter for the whole sound: gradients for the sound, the cutoff and q.


def _still(batch: int, samples: int):
    def inputs(tiny: bool) -> tuple[Tensor, ...]:
        x = torch.randn(batch, 300 if tiny else samples)
        controls = torch.linspace(1000.0, 1000.0 + 100 * (batch - 1), batch), torch.full((batch,), 2.0)
        return tuple(t.requires_grad_() for t in (x, *controls))

    return inputs


def _recursion(x: Tensor, cutoff: Tensor, q: Tensor) -> Tensor:
    return filters.lowpass(x, cutoff, q, sample_rate=RATE)


def _recursion_exactly(x: Tensor, cutoff: Tensor, q: Tensor) -> Tensor:
    b, a = (c.unsqueeze(1) for c in _lowpass(cutoff, q))
    a = a.expand(*x.shape, 2)
    return _Exact.apply(_ahead(x, b), a[..., 0], a[..., 1])


def _torchlpc(x: Tensor, cutoff: Tensor, q: Tensor) -> Tensor:
    b, a = (c.unsqueeze(1) for c in _lowpass(cutoff, q))
    return peer("torchlpc").sample_wise_lpc(_ahead(x, b), a.expand(*x.shape, 2))


def _dasp(x: Tensor, cutoff: Tensor, q: Tensor) -> Tensor:
    signal = peer("dasp_pytorch.signal")
    gain = torch.zeros_like(q)
    b, a = signal.biquad(gain, cutoff, q, RATE, "low_pass")
    return signal.sosfilt_via_fsm(torch.cat([b, a], -1).unsqueeze(1), x)


def _loop(x: Tensor, cutoff: Tensor, q: Tensor) -> Tensor:
    """The plain PyTorch way: a loop over the samples."""
    b, a = _lowpass(cutoff, q)
    b0, b1, b2, a1, a2 = *b.unbind(-1), *a.unbind(-1)
    x1 = x2 = y1 = y2 = torch.zeros_like(b0)
    result = []
    for x0 in x.unbind(-1):
        y0 = b0 * x0 + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2
        result.append(y0)
        x1, x2, y1, y2 = x0, x1, y0, y1
    return torch.stack(result, -1)


# Four filters in a row.


def _four(tiny: bool) -> tuple[Tensor, ...]:
    x = torch.randn(1, 300 if tiny else 10 * RATE)
    return tuple(t.requires_grad_() for t in (x, torch.tensor([500.0, 1000.0, 2000.0, 4000.0]), torch.full((4,), 1.0)))


def _cascade(x: Tensor, cutoff: Tensor, q: Tensor) -> Tensor:
    return filters.cascade(x, *filters.lowpass_biquad(cutoff, q, sample_rate=RATE))


def _one_by_one(run):
    def four(x: Tensor, cutoff: Tensor, q: Tensor) -> Tensor:
        for controls in zip(cutoff, q, strict=True):
            x = run(x, *(c.reshape(1) for c in controls))
        return x

    return four


# New coefficients at every sample: given as such, or by a cutoff that moves.


def _sweep(tiny: bool) -> tuple[Tensor, ...]:
    samples = 300 if tiny else 10 * RATE
    controls = torch.linspace(200.0, 5000.0, samples).unsqueeze(0), torch.full((1, 1), 2.0)
    return tuple(t.requires_grad_() for t in (torch.randn(1, samples), *controls))


def _given(tiny: bool) -> tuple[Tensor, ...]:
    """Coefficients that are not divided by a_0 yet, so that all six have a gradient."""
    x, cutoff, q = (t.detach() for t in _sweep(tiny))
    b, a = _lowpass(cutoff, q)
    return tuple(t.requires_grad_() for t in (x, 2 * b, 2 * pad(a, (1, 0), value=1.0)))


def _varying_exactly(x: Tensor, b: Tensor, a: Tensor) -> Tensor:
    a0, a1, a2 = a.unbind(-1)
    return _Exact.apply(_ahead(x, b) / a0, a1 / a0, a2 / a0)


def _varying_torchlpc(x: Tensor, b: Tensor, a: Tensor) -> Tensor:
    return peer("torchlpc").sample_wise_lpc(_ahead(x, b) / a[..., 0], a[..., 1:] / a[..., :1])


def _swept_exactly(x: Tensor, cutoff: Tensor, q: Tensor) -> Tensor:
    b, a = _lowpass(cutoff, q)
    return _Exact.apply(_ahead(x, b), a[..., 0], a[..., 1])


def _swept_torchlpc(x: Tensor, cutoff: Tensor, q: Tensor) -> Tensor:
    b, a = _lowpass(cutoff, q)
    return peer("torchlpc").sample_wise_lpc(_ahead(x, b), a)


def _swept(x: Tensor, cutoff: Tensor, q: Tensor) -> Tensor:
    return filters.varying_biquad(x, *filters.lowpass_biquad(cutoff, q, sample_rate=RATE))


def _state_variable(x: Tensor, cutoff: Tensor, q: Tensor) -> Tensor:
    return filters.state_variable(x, cutoff, q, sample_rate=RATE)


def _state_variable_by(second_order):
    """The same by a recursion of second order in the second integrator's state s.

    From the filter's equations, v = (s[n+1] - s[n]) / 2g is the first integrator's output and
    d[n+1] v[n+1] = 2 v[n] - d[n] v[n] + g[n] (x[n] - s[n]) + g[n+1] (x[n+1] - s[n+1]), with d = 1 + g (g + 1/q).
    """

    def run(x: Tensor, cutoff: Tensor, q: Tensor) -> Tensor:
        g = torch.tan(math.pi / RATE * cutoff)
        d = 1 + g * (g + 1 / q)
        g1, d1, x1 = (_later(t, 1) for t in (g, d, x))
        # As a recursion in u[n] = s[n + 1], from rest.
        scale, kept = 2 * g / d, (2 - d1) / (2 * torch.cat([g[:, :1], g[:, :-1]], -1))
        a1 = -(1 + scale * (kept - g))
        a2 = scale * (kept + g1)
        u = second_order(scale * (g1 * x1 + g * x), torch.stack([a1, a2], -1))
        s = _later(u, 1)
        return s + (u - s) / 2

    return run


_SECOND, _LONG = "1 s at 44.1 kHz", "10 s at 44.1 kHz"
_STILL = {"torchlpc": _torchlpc, "dasp-pytorch": _dasp}
_FOUR = {"torchlpc, four times": _one_by_one(_torchlpc), "dasp-pytorch, four times": _one_by_one(_dasp)}
_LPC = {"torchlpc": lambda v, a: peer("torchlpc").sample_wise_lpc(v, a)}
_SVF = {name: _state_variable_by(run) for name, run in _LPC.items()}

ROWS = [
    Row(
        "Biquad low-pass",
        "0.1 s at 44.1 kHz",
        _still(1, RATE // 10),
        _recursion,
        {"plain PyTorch": _loop, **_STILL},
        {},
        1e-6,
        exact=_recursion_exactly,
    ),
    Row(
        "Biquad low-pass",
        _SECOND,
        _still(1, RATE),
        _recursion,
        _STILL,
        {"torchlpc": 4},
        1e-6,
        exact=_recursion_exactly,
    ),
    Row(
        "Biquad low-pass",
        _LONG,
        _still(1, 10 * RATE),
        _recursion,
        _STILL,
        {"torchlpc": 4},
        1e-6,
        exact=_recursion_exactly,
    ),
    Row(
        "Biquad low-pass",
        f"{_SECOND}, batch 8",
        _still(8, RATE),
        _recursion,
        _STILL,
        {"torchlpc": 6},
        1e-6,
        exact=_recursion_exactly,
    ),
    Row(
        "Cascade of four biquads",
        _LONG,
        _four,
        _cascade,
        _FOUR,
        {"torchlpc, four times": 6},
        1e-6,
        exact=_one_by_one(_recursion_exactly),
    ),
    Row(
        "Biquad, new coefficients at every sample",
        _LONG,
        _given,
        filters.varying_biquad,
        {"torchlpc": _varying_torchlpc},
        {"torchlpc": 5},
        1e-6,
        exact=_varying_exactly,
    ),
    Row(
        "Biquad, new cutoff at every sample",
        _LONG,
        _sweep,
        _swept,
        {"torchlpc": _swept_torchlpc},
        {"torchlpc": 5},
        1e-6,
        exact=_swept_exactly,
    ),
    Row(
        "State-variable filter, new cutoff at every sample",
        _LONG,
        _sweep,
        _state_variable,
        _SVF,
        {"torchlpc": 5},
        1e-6,
        exact=_state_variable_by(lambda v, a: _Exact.apply(v, a[..., 0], a[..., 1])),
    ),
]
