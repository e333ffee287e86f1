"""Smoothing with an attack and a release, run exactly. Chapter: filters/effects."""

import torch
from torch import Tensor

from ddsp_lite import checks
from ddsp_lite.operators import array, operation, twin_gradient


@operation("ballistics(Tensor x, Tensor rise, Tensor fall) -> Tensor")
def _ballistics(x: Tensor, rise: Tensor, fall: Tensor) -> Tensor:
    """Smooth rows: x [B, N] float32 or float64; the poles rise and fall [B] float64; the result float64."""
    from ddsp_lite.kernels import ballistics as kernels

    y = torch.empty(x.shape, dtype=torch.float64)
    kernels.forward(array(x), array(rise), array(fall), y.numpy())
    return y.to(x.device)


@operation("ballistics_backward(Tensor grad, Tensor x, Tensor y, Tensor rise, Tensor fall) -> (Tensor, Tensor, Tensor)")
def _ballistics_backward(
    grad: Tensor, x: Tensor, y: Tensor, rise: Tensor, fall: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    from ddsp_lite.kernels import ballistics as kernels

    results = [torch.empty_like(t, device="cpu", memory_format=torch.contiguous_format) for t in (x, rise, fall)]
    kernels.backward(*(array(t) for t in (grad, x, y, rise, fall)), *(t.numpy() for t in results))
    return tuple(t.to(x.device) for t in results)


@_ballistics.register_fake
def _(x: Tensor, rise: Tensor, fall: Tensor) -> Tensor:
    return torch.empty(x.shape, dtype=torch.float64, device=x.device)


@_ballistics_backward.register_fake
def _(grad: Tensor, x: Tensor, y: Tensor, rise: Tensor, fall: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return tuple(torch.empty_like(t, memory_format=torch.contiguous_format) for t in (x, rise, fall))


def _save(ctx, inputs, output):
    ctx.save_for_backward(*inputs, output)


def _differentiate(ctx, grad: Tensor):
    x, rise, fall, y = ctx.saved_tensors
    if torch.is_grad_enabled():  # create_graph=True: the gradient must itself be differentiable
        return twin_gradient(_loop, (x, rise, fall), grad)
    return _ballistics_backward(grad, x, y, rise, fall)


_ballistics.register_autograd(_differentiate, setup_context=_save)


def _loop(x: Tensor, rise: Tensor, fall: Tensor) -> Tensor:
    last, outputs = torch.zeros(len(x), dtype=torch.float64, device=x.device), []
    for x_n in x.double().unbind(1):
        last = x_n + torch.where(x_n > last, rise, fall) * (last - x_n)
        outputs.append(last)
    return torch.stack(outputs, 1)


_ballistics.register_twin(_loop)


def ballistics(x: Tensor, attack: Tensor | float, release: Tensor | float, *, sample_rate: float) -> Tensor:
    r"""Smooth a level, from 0, with one time for its rises and another for its falls, exactly.

    .. math:: y[n] = p\, y[n-1] + (1 - p)\, x[n], \qquad p = e^{-1 / (f_s \tau)}, \qquad
        \tau = \text{attack where } x[n] > y[n-1], \text{ else release}

    After a step the result has 1 - 1/e of the way behind it when that time has passed; a time of 0 follows at once.
    The state is float64. The gradient is exact, by one adjoint pass; a second derivative is taken through
    `ballistics_twin`. On an accelerator the signal is carried to the CPU and back.

    Args:
        x: level (..., time), in any unit, float32 or float64.
        attack: time constant of rises in seconds, at least 0: a number or a tensor that broadcasts with `x`'s leading
            dimensions.
        release: time constant of falls, likewise.
        sample_rate: in Hz.

    Returns:
        The smoothed level (..., time), of `x`'s type.

    Raises:
        ValueError: an argument is of the wrong kind, negative or not finite; the shapes do not broadcast.

    Source: Giannoulis, Massberg and Reiss (2012), Digital Dynamic Range Compressor Design, the branching smoother.
    Chapter: filters/effects.

    >>> ballistics(torch.tensor([1.0, 1.0, 0.0, 0.0]), 0.0, 1.0, sample_rate=1)
    tensor([1.0000, 1.0000, 0.3679, 0.1353])
    """
    rows, rise, fall, shape = _prepared(x, attack, release, sample_rate)
    return _ballistics(rows, rise, fall).to(x.dtype).reshape(shape)


def ballistics_twin(x: Tensor, attack: Tensor | float, release: Tensor | float, *, sample_rate: float) -> Tensor:
    r"""Smooth by a plain loop of PyTorch operations: the reference for `ballistics`, some thousand times slower.

    Args:
        x: level (..., time), float32 or float64.
        attack: time constant of rises in seconds, at least 0.
        release: time constant of falls in seconds, at least 0.
        sample_rate: in Hz.

    Returns:
        The smoothed level (..., time), of `x`'s type.

    Raises:
        ValueError: as `ballistics`.

    Source: Giannoulis, Massberg and Reiss (2012), Digital Dynamic Range Compressor Design, the branching smoother.
    Chapter: filters/effects.

    >>> ballistics_twin(torch.tensor([1.0, 1.0, 0.0, 0.0]), 0.0, 1.0, sample_rate=1)
    tensor([1.0000, 1.0000, 0.3679, 0.1353])
    """
    rows, rise, fall, shape = _prepared(x, attack, release, sample_rate)
    return _loop(rows, rise, fall).to(x.dtype).reshape(shape)


def _prepared(x: Tensor, attack: Tensor | float, release: Tensor | float, sample_rate: float):
    """Check, and give x [B, N], both poles [B], and the shape of the result."""
    checks.audio(x, "x")
    rate = checks.sample_rate(sample_rate)
    times = {}
    for name, value in (("attack", attack), ("release", release)):
        value = checks.floating(value, name, dtype=torch.float64, device=x.device)
        times[name] = checks.non_negative(value, name, unit="s").double().to(x.device)
    leading = checks.broadcast(x=x.shape[:-1], **{name: time.shape for name, time in times.items()})
    rows = x.expand(*leading, x.shape[-1]).reshape(-1, x.shape[-1])
    # Below 1/40 of a sample the pole is 0 to the last digit, and so is its gradient.
    poles = (torch.exp(-1 / (rate * time).clamp(min=1 / 40)).expand(leading).reshape(-1) for time in times.values())
    return rows, *poles, leading + x.shape[-1:]
