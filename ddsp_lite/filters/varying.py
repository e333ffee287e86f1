"""Filters whose coefficients are new at every sample, run exactly. Chapter: filters/time-varying."""

import math

import torch
from torch import Tensor

from ddsp_lite import checks
from ddsp_lite.filters.design import _frequency
from ddsp_lite.operators import array, empty, matching, operation, twin_gradient


@operation("varying_biquad(Tensor x, Tensor b, Tensor a) -> (Tensor, Tensor)")
def _biquad(x: Tensor, b: Tensor, a: Tensor) -> tuple[Tensor, Tensor]:
    """Filter rows: x [B, N]; b and a [B, N, 3], both float32 or both float64; the result like x.

    After it comes the same in float64 for the backward pass, in which rounded outputs would cost the gradients of low
    cutoffs their last digits; nothing [0, 0] if the result itself is float64.
    """
    from ddsp_lite.kernels import varying as kernels

    y, wide = _with_wide(x, "cpu")
    kernels.biquad(array(x), array(b), array(a), y.numpy(), wide.numpy())
    return y.to(x.device), wide.to(x.device)


def _with_wide(x: Tensor, device: torch.device | str) -> tuple[Tensor, Tensor]:
    wide = torch.empty((0, 0) if x.dtype == torch.float64 else x.shape, dtype=torch.float64, device=device)
    return torch.empty(x.shape, dtype=x.dtype, device=device), wide


@operation("varying_biquad_backward(Tensor grad, Tensor x, Tensor y, Tensor b, Tensor a) -> (Tensor, Tensor, Tensor)")
def _biquad_backward(grad: Tensor, x: Tensor, y: Tensor, b: Tensor, a: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    from ddsp_lite.kernels import varying as kernels

    results = empty(x, b, a)
    kernels.biquad_backward(*(array(t) for t in (grad, x, y, b, a)), *(t.numpy() for t in results))
    return tuple(t.to(x.device) for t in results)


@operation("varying_one_pole(Tensor x, Tensor gain, Tensor pole) -> Tensor")
def _one_pole(x: Tensor, gain: Tensor, pole: Tensor) -> Tensor:
    """Filter rows: x [B, N]; gain and pole [B, N], both float32 or both float64; the result like x."""
    from ddsp_lite.kernels import varying as kernels

    (y,) = empty(x)
    kernels.one_pole(array(x), array(gain), array(pole), y.numpy())
    return y.to(x.device)


@operation(
    "varying_one_pole_backward(Tensor grad, Tensor x, Tensor y, Tensor gain, Tensor pole) -> (Tensor, Tensor, Tensor)"
)
def _one_pole_backward(grad: Tensor, x: Tensor, y: Tensor, gain: Tensor, pole: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    from ddsp_lite.kernels import varying as kernels

    results = empty(x, gain, pole)
    kernels.one_pole_backward(*(array(t) for t in (grad, x, y, gain, pole)), *(t.numpy() for t in results))
    return tuple(t.to(x.device) for t in results)


def _like_first(x: Tensor, *coefficients: Tensor) -> Tensor:
    return torch.empty_like(x, memory_format=torch.contiguous_format)


def _like_inputs(grad: Tensor, x: Tensor, y: Tensor, *coefficients: Tensor) -> tuple[Tensor, ...]:
    return tuple(torch.empty_like(t, memory_format=torch.contiguous_format) for t in (x, *coefficients))


def _save(ctx, inputs, output):
    ctx.save_for_backward(*inputs, output)


def _save_wide(ctx, inputs, output):
    y, wide = output
    ctx.set_materialize_grads(False)  # of what has no gradient there would be zeros
    ctx.save_for_backward(*inputs, y if y.dtype == torch.float64 else wide)


def _biquad_differentiate(ctx, grad: Tensor, _wide: Tensor):
    *inputs, y = ctx.saved_tensors
    if torch.is_grad_enabled():  # create_graph=True: the gradient must itself be differentiable
        return twin_gradient(_biquad_loop, inputs, grad)
    x, b, a = inputs
    return _biquad_backward(grad, x, y, b, a)


def _one_pole_differentiate(ctx, grad: Tensor):
    *inputs, y = ctx.saved_tensors
    if torch.is_grad_enabled():
        return twin_gradient(_one_pole_loop, inputs, grad)
    x, gain, pole = inputs
    return _one_pole_backward(grad, x, y, gain, pole)


_biquad.register_fake(lambda x, b, a: _with_wide(x, x.device))
_biquad.register_autograd(_biquad_differentiate, setup_context=_save_wide)
_one_pole.register_fake(_like_first)
_one_pole.register_autograd(_one_pole_differentiate, setup_context=_save)
for _operation in (_biquad_backward, _one_pole_backward):
    _operation.register_fake(_like_inputs)


def _biquad_loop(x: Tensor, b: Tensor, a: Tensor) -> Tensor:
    nothing = torch.zeros(len(x), dtype=torch.float64, device=x.device)
    inputs, outputs = [nothing, nothing, *x.double().unbind(1)], [nothing, nothing]
    for n, (b_n, a_n) in enumerate(zip(b.double().unbind(1), a.double().unbind(1), strict=True)):
        y_n = b_n[:, 0] * inputs[n + 2]
        for k in (1, 2):
            y_n = y_n + b_n[:, k] * inputs[n + 2 - k] - a_n[:, k] * outputs[n + 2 - k]
        outputs.append(y_n / a_n[:, 0])
    return torch.stack(outputs[2:], dim=1).to(x.dtype)


_biquad.register_twin(_biquad_loop)


def _one_pole_loop(x: Tensor, gain: Tensor, pole: Tensor) -> Tensor:
    y_n, outputs = torch.zeros(len(x), dtype=torch.float64, device=x.device), []
    for driven, pole_n in zip((gain.double() * x.double()).unbind(1), pole.double().unbind(1), strict=True):
        y_n = driven + pole_n * y_n
        outputs.append(y_n)
    return torch.stack(outputs, dim=1).to(x.dtype)


_one_pole.register_twin(_one_pole_loop)


def varying_biquad(x: Tensor, b: Tensor, a: Tensor) -> Tensor:
    r"""Run a second-order filter with new coefficients at every sample, exactly, with an exact gradient for all.

    .. math:: a_0[n]\, y[n] = \sum_{k=0}^{2} b_k[n]\, x[n-k] - \sum_{k=1}^{2} a_k[n]\, y[n-k]

    The state is float64 whatever the types. Design the coefficients from controls at audio rate, as in the example.
    A filter that is stable at each sample can still overshoot while it is swept fast, more so the higher its q;
    `state_variable` does not. A second derivative is taken through `varying_biquad_twin`. On an accelerator the signal
    is carried to the CPU and back.

    Args:
        x: signal (..., time), float32 or float64.
        b: feed-forward coefficients (..., time, 3); leading dimensions broadcast with those of `x`.
        a: feedback coefficients (..., time, 3), `a[..., 0]` not zero. If both are float32 they are used as such, which
            is faster, and costs low cutoffs their accuracy as it does `recursion`.

    Returns:
        The filtered signal (..., time), of `x`'s type.

    Raises:
        ValueError: `x`, `b` or `a` is empty, not real floating point, of the wrong shape, or holds NaN;
            `a[..., 0]` is zero; the shapes do not broadcast.

    Source: Oppenheim and Schafer, Discrete-Time Signal Processing, on direct forms. Chapter: filters/time-varying.

    >>> from ddsp_lite.filters import lowpass_biquad
    >>> cutoff = torch.linspace(200.0, 4000.0, 16000)
    >>> varying_biquad(torch.ones(16000), *lowpass_biquad(cutoff, sample_rate=16000))[-1]  # a constant passes
    tensor(1.)
    """
    x_rows, b_rows, a_rows, shape = _per_sample(x, b, a)
    y = _biquad(x_rows, b_rows, a_rows)[0]
    # Coefficients that must not be are looked for only where they must be: with them, the result is not finite.
    if not checks.is_tracing(y, b, a) and not math.isfinite(y.detach().sum()):
        _values(b, a)
    return y.reshape(shape)


def varying_biquad_twin(x: Tensor, b: Tensor, a: Tensor) -> Tensor:
    r"""Filter by a plain loop of PyTorch operations: the reference for `varying_biquad`, some thousand times slower.

    Args:
        x: signal (..., time), float32 or float64.
        b: feed-forward coefficients (..., time, 3).
        a: feedback coefficients (..., time, 3), `a[..., 0]` not zero.

    Returns:
        The filtered signal (..., time), of `x`'s type.

    Raises:
        ValueError: as `varying_biquad`.

    Source: Oppenheim and Schafer, Discrete-Time Signal Processing, on direct forms. Chapter: filters/time-varying.

    >>> b, a = torch.tensor([[1.0, 0, 0], [2.0, 0, 0]]), torch.tensor([[1.0, 0, 0], [1.0, -0.5, 0]])
    >>> varying_biquad_twin(torch.ones(2), b, a)
    tensor([1.0000, 2.5000])
    """
    x_rows, b_rows, a_rows, shape = _per_sample(x, b, a)
    _values(b, a)
    return _biquad_loop(x_rows, b_rows, a_rows).reshape(shape)


def varying_one_pole(x: Tensor, gain: Tensor | float, pole: Tensor | float) -> Tensor:
    r"""Run a first-order filter with new coefficients at every sample, exactly, with an exact gradient for all.

    .. math:: y[n] = g[n]\, x[n] + p[n]\, y[n-1]

    With gain 1 - p it smooths (see `one_pole_lowpass`); with gain 1 it is a leaky sum. The state is float64. A second
    derivative is taken through `varying_one_pole_twin`. On an accelerator the signal is carried to the CPU and back.

    Args:
        x: signal (..., time), float32 or float64.
        gain: g, a number or a tensor that broadcasts with `x` (..., time).
        pole: p, likewise; between -1 and 1 for a filter that decays.

    Returns:
        The filtered signal (..., time), of `x`'s type.

    Raises:
        ValueError: an argument is empty, not real floating point, or holds NaN; the shapes do not broadcast.

    Source: Oppenheim and Schafer, Discrete-Time Signal Processing, on direct forms. Chapter: filters/time-varying.

    >>> varying_one_pole(torch.tensor([1.0, 0.0, 0.0]), 1.0, torch.tensor([0.5, 0.5, 0.1]))
    tensor([1.0000, 0.5000, 0.0500])
    """
    x_rows, gain_rows, pole_rows, shape = _controls(x, gain, pole)
    return _one_pole(x_rows, gain_rows, pole_rows).reshape(shape)


def varying_one_pole_twin(x: Tensor, gain: Tensor | float, pole: Tensor | float) -> Tensor:
    r"""Filter by a plain loop of PyTorch operations: the reference for `varying_one_pole`, some thousand times slower.

    Args:
        x: signal (..., time), float32 or float64.
        gain: g, a number or a tensor that broadcasts with `x`.
        pole: p, likewise.

    Returns:
        The filtered signal (..., time), of `x`'s type.

    Raises:
        ValueError: as `varying_one_pole`.

    Source: Oppenheim and Schafer, Discrete-Time Signal Processing, on direct forms. Chapter: filters/time-varying.

    >>> varying_one_pole_twin(torch.tensor([1.0, 0.0, 0.0]), 1.0, 0.5)
    tensor([1.0000, 0.5000, 0.2500])
    """
    x_rows, gain_rows, pole_rows, shape = _controls(x, gain, pole)
    return _one_pole_loop(x_rows, gain_rows, pole_rows).reshape(shape)


def one_pole_lowpass(cutoff: Tensor | float, *, sample_rate: float) -> tuple[Tensor, Tensor]:
    r"""Design a first-order low-pass filter, which smooths: gain and pole for `varying_one_pole`.

    .. math:: p = e^{-2\pi f_c / f_s}, \qquad g = 1 - p

    After a step the filter has 1 - 1/e of the way behind it once sample_rate / (2 pi cutoff) samples have passed.

    Args:
        cutoff: cutoff frequency in Hz, in (0, sample_rate / 2), well below it for the gain there to be near -3 dB;
            a number or a tensor (...).
        sample_rate: in Hz.

    Returns:
        gain and pole, each (...), float64.

    Raises:
        ValueError: `cutoff` is of the wrong kind, NaN or outside of its range.

    Source: Oppenheim and Schafer, Discrete-Time Signal Processing, on impulse invariance.
    Chapter: filters/time-varying.

    >>> gain, pole = one_pole_lowpass(1000.0, sample_rate=16000)
    >>> round(gain.item() + pole.item(), 6), round(pole.item(), 4)
    (1.0, 0.6752)
    """
    cutoff, rate = _frequency(cutoff, "cutoff", sample_rate)
    exponent = cutoff.double() * (-2 * math.pi / rate)
    return -torch.expm1(exponent), torch.exp(exponent)


def _per_sample(x: Tensor, b: Tensor, a: Tensor) -> tuple[Tensor, Tensor, Tensor, torch.Size]:
    """Check all but the coefficients' values; give x [B, N], b and a [B, N, 3], and the shape of the result."""
    checks.audio(x, "x")
    for value, name in ((b, "b"), (a, "a")):
        if not isinstance(value, Tensor) or value.ndim < 2 or value.shape[-2:] != (x.shape[-1], 3):
            given = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
            raise ValueError(f"{name} must be a tensor (..., {x.shape[-1]}, 3), got {given}.")
        if value.dtype not in checks.FLOATS:
            checks.floating(value, name)
    shape = checks.broadcast(x=x.shape[:-1], b=b.shape[:-2], a=a.shape[:-2]) + x.shape[-1:]
    b, a = (c.expand(*shape, 3).reshape(-1, x.shape[-1], 3) for c in matching(x, b=b, a=a))
    return x.expand(shape).reshape(-1, x.shape[-1]), b, a, shape


def _values(b: Tensor, a: Tensor) -> None:
    """Refuse coefficients that are not finite, and a zero among a_0."""
    for value, name in ((b, "b"), (a, "a")):
        checks.floating(value, name)
    if not checks.is_tracing(a) and (a[..., 0] == 0).any():
        raise ValueError("a[..., 0] must not be 0, since everything is divided by it.")


def _controls(x: Tensor, gain: Tensor | float, pole: Tensor | float) -> tuple[Tensor, Tensor, Tensor, torch.Size]:
    """Check, and give x, gain and pole [B, N], and the shape of the result."""
    checks.audio(x, "x")
    # A number takes the other's type, so that it does not widen a float32 control.
    types = [value.dtype for value in (gain, pole) if isinstance(value, Tensor)] or [torch.float64]
    gain, pole = (
        checks.floating(value, name, dtype=types[0], device=x.device)
        for value, name in ((gain, "gain"), (pole, "pole"))
    )
    shape = checks.broadcast(x=x.shape, gain=gain.shape, pole=pole.shape)
    if shape[-1] != x.shape[-1]:
        raise ValueError(f"gain and pole must have 1 or {x.shape[-1]} samples, as x has, got {shape[-1]}.")
    return *(t.expand(shape).reshape(-1, shape[-1]) for t in (x, *matching(x, gain=gain, pole=pole))), shape
