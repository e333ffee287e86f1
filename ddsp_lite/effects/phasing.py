"""Notches that sweep: a chain of all-pass filters, run exactly. Chapter: filters/effects."""

import math

import torch
from torch import Tensor

from ddsp_lite import checks
from ddsp_lite.operators import array, operation, twin_gradient
from ddsp_lite.oscillators import sinusoid


@operation("allpass_chain(Tensor x, Tensor a, Tensor feedback, int stages) -> Tensor")
def _chain(x: Tensor, a: Tensor, feedback: Tensor, stages: int) -> Tensor:
    """Run rows: x [B, N] float32 or float64; a [B, N] and feedback [B] float64; all stages [B, S + 1, N], float64."""
    from ddsp_lite.kernels import phaser as kernels

    z = torch.empty((x.shape[0], stages + 1, x.shape[1]), dtype=torch.float64)
    kernels.forward(array(x), array(a), array(feedback), z.numpy())
    return z.to(x.device)


@operation("allpass_chain_backward(Tensor grad, Tensor a, Tensor feedback, Tensor z) -> (Tensor, Tensor, Tensor)")
def _chain_backward(grad: Tensor, a: Tensor, feedback: Tensor, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Give the gradients of x, a and feedback from that [B, N] of the last stage; all float64."""
    from ddsp_lite.kernels import phaser as kernels

    results = [torch.empty(t.shape, dtype=torch.float64) for t in (a, a, feedback)]
    kernels.backward(*(array(t) for t in (grad, a, feedback, z)), *(t.numpy() for t in results))
    return tuple(t.to(a.device) for t in results)


@_chain.register_fake
def _(x: Tensor, a: Tensor, feedback: Tensor, stages: int) -> Tensor:
    return torch.empty((x.shape[0], stages + 1, x.shape[1]), dtype=torch.float64, device=x.device)


@_chain_backward.register_fake
def _(grad: Tensor, a: Tensor, feedback: Tensor, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return tuple(torch.empty(t.shape, dtype=torch.float64, device=a.device) for t in (a, a, feedback))


def _save(ctx, inputs, output):
    ctx.save_for_backward(*inputs[:3], output)
    ctx.stages = inputs[3]


def _differentiate(ctx, grad: Tensor):
    x, a, feedback, z = ctx.saved_tensors
    if torch.is_grad_enabled():  # create_graph=True: the gradient must itself be differentiable
        return *twin_gradient(lambda *inputs: _loop(*inputs, ctx.stages), (x, a, feedback), grad), None
    # Only the last stage leaves this file.
    gradients = _chain_backward(grad[:, -1], a, feedback, z)
    return gradients[0].to(x.dtype), *gradients[1:], None


_chain.register_autograd(_differentiate, setup_context=_save)


def _loop(x: Tensor, a: Tensor, feedback: Tensor, stages: int) -> Tensor:
    memory = [torch.zeros(len(x), dtype=torch.float64, device=x.device)] * stages
    last, samples = torch.zeros_like(feedback), []
    for x_n, a_n in zip(x.double().unbind(1), a.unbind(1), strict=True):
        values = [x_n + feedback * last]
        for s in range(stages):
            values.append(a_n * values[-1] + memory[s])
            memory[s] = values[-2] - a_n * values[-1]
        last = values[-1]
        samples.append(torch.stack(values, 1))
    return torch.stack(samples, 2)


_chain.register_twin(_loop)


def allpass_chain(x: Tensor, a: Tensor, feedback: Tensor | float = 0.0, *, stages: int) -> Tensor:
    r"""Run a sound through a chain of equal first-order all-pass filters that feeds back, exactly.

    .. math:: H(z) = \frac{A(z)^S}{1 - g z^{-1} A(z)^S}, \qquad A(z) = \frac{a + z^{-1}}{1 + a z^{-1}}

    for a coefficient that stands still; it may be new at every sample. The state is float64. The gradient is exact, by
    one adjoint pass; a second derivative is taken through `allpass_chain_twin`. On an accelerator the signal is carried
    to the CPU and back.

    Args:
        x: sound (..., time), float32 or float64.
        a: coefficient of every stage, in (-1, 1): 0-d, or a tensor that broadcasts with `x`.
        feedback: g in [-1, 1]: a number or a tensor that broadcasts with `x`'s leading dimensions.
        stages: S, the number of filters.

    Returns:
        The sound after the last stage (..., time), of `x`'s type.

    Raises:
        ValueError: an argument is of the wrong kind, not finite or outside of its range; the shapes do not broadcast.

    Source: Smith, Physical Audio Signal Processing, on phasing with first-order all-pass filters.
    Chapter: filters/effects.

    >>> allpass_chain(torch.eye(1, 4)[0], torch.tensor(0.5), stages=1)
    tensor([ 0.5000,  0.7500, -0.3750,  0.1875])
    """
    rows, a, feedback, shape = _prepared(x, a, feedback, stages)
    return _chain(rows, a, feedback, stages)[:, -1].to(x.dtype).reshape(shape)


def allpass_chain_twin(x: Tensor, a: Tensor, feedback: Tensor | float = 0.0, *, stages: int) -> Tensor:
    r"""Run the chain by a plain loop of PyTorch operations: the reference for `allpass_chain`, far slower.

    Args:
        x: sound (..., time), float32 or float64.
        a: coefficient of every stage, in (-1, 1).
        feedback: g in [-1, 1].
        stages: S, the number of filters.

    Returns:
        The sound after the last stage (..., time), of `x`'s type.

    Raises:
        ValueError: as `allpass_chain`.

    Source: Smith, Physical Audio Signal Processing, on phasing with first-order all-pass filters.
    Chapter: filters/effects.

    >>> allpass_chain_twin(torch.eye(1, 4)[0], torch.tensor(0.5), stages=1)
    tensor([ 0.5000,  0.7500, -0.3750,  0.1875])
    """
    rows, a, feedback, shape = _prepared(x, a, feedback, stages)
    return _loop(rows, a, feedback, stages)[:, -1].to(x.dtype).reshape(shape)


def _prepared(x: Tensor, a: Tensor, feedback: Tensor | float, stages: int):
    """Check, and give x and a [B, N], feedback [B], and the shape of the result."""
    checks.audio(x, "x")
    checks.integer(stages, "stages")
    a = checks.in_range(checks.floating(a, "a", device=x.device), "a", -1, 1, bounds="()")
    feedback = checks.floating(feedback, "feedback", dtype=torch.float64, device=x.device)
    checks.in_range(feedback, "feedback", -1, 1)
    shape = checks.broadcast(x=x.shape, a=a.shape, feedback=(*feedback.shape, 1))
    if shape[-1] != x.shape[-1]:
        raise ValueError(f"a must have 1 or {x.shape[-1]} samples, as x has, got {shape[-1]}.")
    rows, a = (t.to(x.device).expand(shape).reshape(-1, shape[-1]) for t in (x, a.double()))
    return rows, a, feedback.to(x.device).double().expand(shape[:-1]).reshape(-1), shape


def phaser(
    x: Tensor,
    *,
    sample_rate: float,
    rate: Tensor | float = 0.5,
    low: Tensor | float = 200.0,
    high: Tensor | float = 2000.0,
    feedback: Tensor | float = 0.0,
    mix: Tensor | float = 0.5,
    stages: int = 4,
) -> Tensor:
    r"""Add a sound to itself through a chain of all-pass filters that sweeps: notches, not in a comb, that move.

    .. math:: y = (1 - m)\, x + m\, \text{allpass}(x), \qquad a = \frac{\tan(\pi f / f_s) - 1}{\tan(\pi f / f_s) + 1},
        \qquad f(t) = \sqrt{\text{low} \cdot \text{high}} \left( \frac{\text{high}}{\text{low}}
        \right)^{\sin(2 \pi\, \text{rate}\; t) / 2}

    Each of the S stages turns f by a quarter; where they make half a turn together, and another whole one, `mix` 1/2
    leaves nothing: S / 2 notches.

    Args:
        x: sound (..., time), float32 or float64.
        sample_rate: in Hz.
        rate: speed of the sweep in Hz, in [0, sample_rate / 2]: a number or a tensor that broadcasts with `x`'s leading
            dimensions, as all the settings.
        low, high: ends of the sweep in Hz, each in (0, sample_rate / 2).
        feedback: g in [-1, 1], of the chain's end to its beginning; sharpens the peaks between the notches.
        mix: m in [0, 1], the share of the chain in the result.
        stages: S, at least 1.

    Returns:
        The sound (..., time), of `x`'s type.

    Raises:
        ValueError: an argument is of the wrong kind, not finite or outside of its range; the shapes do not broadcast.

    Source: Smith, Physical Audio Signal Processing, on phasing with first-order all-pass filters.
    Chapter: filters/effects.

    >>> y = phaser(torch.ones(2, 16000), sample_rate=16000)  # a constant passes
    >>> y[:, -1].round(decimals=2)
    tensor([1., 1.])
    """
    checks.audio(x, "x")
    hz = checks.sample_rate(sample_rate)
    given = {"rate": rate, "low": low, "high": high, "mix": mix}
    given = {name: checks.floating(v, name, dtype=torch.float64, device=x.device) for name, v in given.items()}
    checks.in_range(given["rate"], "rate", 0, hz / 2, unit="Hz")
    for name in ("low", "high"):
        checks.in_range(given[name], name, 0, hz / 2, unit="Hz", bounds="()")
    checks.in_range(given["mix"], "mix", 0, 1)
    checks.broadcast(x=x.shape[:-1], **{name: value.shape for name, value in given.items()})
    rate, low, high, mix = (value.to(x.device).double().unsqueeze(-1) for value in given.values())
    wave = sinusoid(rate.squeeze(-1), sample_rate=hz, n_samples=x.shape[-1])
    octaves = torch.log(low) * (0.5 - 0.5 * wave) + torch.log(high) * (0.5 + 0.5 * wave)
    tangent = torch.tan(math.pi / hz * torch.exp(octaves))
    wet = allpass_chain(x, (tangent - 1) / (tangent + 1), feedback, stages=stages)
    mix = mix.to(x.dtype)
    return (1 - mix) * x + mix * wet
