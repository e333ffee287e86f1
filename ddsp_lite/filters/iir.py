"""Recursive filters, run exactly, sample after sample, with an exact gradient. Chapter: filters/iir."""

import torch
from torch import Tensor

from ddsp_lite import checks
from ddsp_lite.filters import design
from ddsp_lite.operators import array, as_rows, empty, operation


@operation("recursion(Tensor x, Tensor b, Tensor a) -> Tensor")
def _recursion(x: Tensor, b: Tensor, a: Tensor) -> Tensor:
    """Filter rows: x [B, N] float32 or float64; b and a [B, K] float64 with a[:, 0] = 1; the result like x."""
    from ddsp_lite.kernels import recursion as kernels  # compiles on its first call only

    (y,) = empty(x)
    kernels.forward(array(x), array(_padded(b)), array(_padded(a)), y.numpy())
    return y.to(x.device)


@operation("recursion_backward(Tensor grad, Tensor x, Tensor y, Tensor b, Tensor a) -> (Tensor, Tensor, Tensor)")
def _recursion_backward(grad: Tensor, x: Tensor, y: Tensor, b: Tensor, a: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Give the gradients of x [B, N], b and a [B, K] from that of y, in one pass; column 0 of a's is zero."""
    from ddsp_lite.kernels import recursion as kernels

    taps = b.shape[1]
    b, a = _padded(b), _padded(a)
    results = empty(x, b, a)
    kernels.backward(*(array(t) for t in (grad, x, y, b, a)), *(t.numpy() for t in results))
    if taps < 3:
        results[1:] = (t[:, :taps].clone() for t in results[1:])
    return tuple(t.to(x.device) for t in results)


def _padded(values: Tensor) -> Tensor:
    """Pad to second order, the least that the kernels take."""
    taps = values.shape[1]
    return values if taps >= 3 else torch.nn.functional.pad(values.detach(), (0, 3 - taps))


@_recursion.register_fake
def _(x: Tensor, b: Tensor, a: Tensor) -> Tensor:
    return torch.empty_like(x, memory_format=torch.contiguous_format)


@_recursion_backward.register_fake
def _(grad: Tensor, x: Tensor, y: Tensor, b: Tensor, a: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return tuple(torch.empty_like(result, memory_format=torch.contiguous_format) for result in (x, b, a))


def _save(ctx, inputs, output):
    ctx.save_for_backward(*inputs, output)


def _differentiate(ctx, grad: Tensor):
    x, b, a, y = ctx.saved_tensors
    if torch.is_grad_enabled():  # create_graph=True: the gradient must itself be differentiable
        return _differentiable_backward(grad, x, y, b, a)
    return _recursion_backward(grad, x, y, b, a)


_recursion.register_autograd(_differentiate, setup_context=_save)


def _differentiable_backward(grad: Tensor, x: Tensor, y: Tensor, b: Tensor, a: Tensor):
    """Compute the same from `recursion` itself, run backwards in time, which is differentiable to any order."""
    samples, taps = x.shape[1], b.shape[1]
    impulse = torch.zeros_like(b)
    impulse[:, 0] = 1.0
    w = _recursion(grad.double().flip(1), impulse, a).flip(1)
    w = torch.nn.functional.pad(w, (0, taps - 1))
    shifted = torch.stack([w[:, k : k + samples] for k in range(taps)], dim=1)
    grad_x = (b[:, :, None] * shifted).sum(1).to(x.dtype)
    grad_b = (shifted * x.double()[:, None]).sum(2)
    grad_a = -(shifted * y.double()[:, None]).sum(2) * (1.0 - impulse)
    return grad_x, grad_b, grad_a


def _loop(x: Tensor, b: Tensor, a: Tensor) -> Tensor:
    taps = b.shape[1]
    past = [torch.zeros(len(x), dtype=torch.float64, device=x.device)] * (taps - 1)
    inputs, outputs = [*past, *x.double().unbind(1)], [*past]
    for n in range(x.shape[1]):
        y_n = b[:, 0] * inputs[n + taps - 1]
        for k in range(1, taps):
            y_n = y_n + b[:, k] * inputs[n + taps - 1 - k] - a[:, k] * outputs[n + taps - 1 - k]
        outputs.append(y_n)
    return torch.stack(outputs[taps - 1 :], dim=1).to(x.dtype)


_recursion.register_twin(_loop)


def recursion_twin(x: Tensor, b: Tensor, a: Tensor) -> Tensor:
    r"""Filter by a plain loop of PyTorch operations: the reference for `recursion`, some thousand times slower.

    Args:
        x: signal (..., time), float32 or float64.
        b: feed-forward coefficients (..., K); leading dimensions broadcast with those of `x`.
        a: feedback coefficients (..., L), `a[..., 0]` not zero.

    Returns:
        The filtered signal (..., time), of `x`'s type.

    Raises:
        ValueError: as `recursion`.

    Source: Oppenheim and Schafer, Discrete-Time Signal Processing, on direct forms. Chapter: filters/iir.

    >>> x = torch.tensor([1.0, 0.0, 0.0])
    >>> recursion_twin(x, torch.tensor([1.0]), torch.tensor([1.0, -0.5]))
    tensor([1.0000, 0.5000, 0.2500])
    """
    *rows, shape = _rows(*_normalise(x, b, a))
    return _loop(*rows).reshape(shape)


def recursion(x: Tensor, b: Tensor, a: Tensor) -> Tensor:
    r"""Run a digital filter exactly, from rest, with an exact gradient for the signal and every coefficient.

    .. math:: a_0\, y[n] = \sum_{k=0}^{K-1} b_k\, x[n-k] - \sum_{k=1}^{K-1} a_k\, y[n-k]

    The state is float64 whatever the signal's type, and so are the coefficients: rounded to float32 they cost a
    20 Hz low-pass with Q = 10 at 44.1 kHz a relative error of 1e-2, so keep them as the designs return them.
    A filter with a pole outside of the unit circle is run all the same: it grows.

    The gradient is computed by the adjoint recursion, which runs once from the last sample to the first and costs about
    as much as the filter. It can be differentiated again, to any order (`create_graph=True`). On an accelerator the
    signal is carried to the CPU and back, since samples that wait for each other leave it idle.

    Args:
        x: signal (..., time), float32 or float64.
        b: feed-forward coefficients (..., K), of any order; leading dimensions broadcast with those of `x`.
        a: feedback coefficients (..., L), `a[..., 0]` not zero; L need not equal K.

    Returns:
        The filtered signal (..., time), of `x`'s type.

    Raises:
        ValueError: `x`, `b` or `a` is empty, not real floating point, or holds NaN; `a[..., 0]` is zero;
            the leading dimensions do not broadcast.

    Source: Oppenheim and Schafer, Discrete-Time Signal Processing, on direct forms. Chapter: filters/iir.

    >>> x = torch.tensor([1.0, 0.0, 0.0, 0.0])
    >>> recursion(x, torch.tensor([1.0]), torch.tensor([1.0, -0.5]))
    tensor([1.0000, 0.5000, 0.2500, 0.1250])
    """
    return _filter(*_normalise(x, b, a))


def _normalise(x: Tensor, b: Tensor, a: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Check the arguments; give both sets of coefficients divided by a_0, of one length, in float64."""
    checks.audio(x, "x")
    b, a = design.coefficients(b, a)
    checks.broadcast(x=x.shape[:-1], b=b.shape[:-1], a=a.shape[:-1])
    taps = max(b.shape[-1], a.shape[-1])
    b, a = (torch.nn.functional.pad(c / a[..., :1], (0, taps - c.shape[-1])) for c in (b, a))
    return x, b, a


def _rows(x: Tensor, b: Tensor, a: Tensor) -> tuple[Tensor, Tensor, Tensor, torch.Size]:
    """Give x [B, N], b and a [B, K] on one device, and the shape of the result."""
    leading = checks.broadcast(x=x.shape[:-1], b=b.shape[:-1], a=a.shape[:-1])
    rows = (as_rows(t.to(x.device), *leading) for t in (x, b, a))
    return *rows, leading + x.shape[-1:]


def _filter(x: Tensor, b: Tensor, a: Tensor) -> Tensor:
    x_rows, b_rows, a_rows, shape = _rows(x, b, a)
    y = _recursion(x_rows, b_rows, a_rows)
    return y if y.shape == shape else y.reshape(shape)


def lowpass(x: Tensor, cutoff: Tensor | float, q: Tensor | float = 0.7071, *, sample_rate: float) -> Tensor:
    r"""Low-pass a signal with a second-order filter: `lowpass_biquad` and the exact `recursion`.

    .. math:: H(s) = \frac{1}{s^2 + s/Q + 1} \quad \text{with the cutoff at } s = j

    Args:
        x: signal (..., time).
        cutoff: cutoff frequency in Hz, in (0, sample_rate / 2); a number or a tensor that broadcasts with `x`'s
            leading dimensions.
        q: quality factor, above 0, likewise; the gain at the cutoff.
        sample_rate: in Hz.

    Returns:
        The filtered signal (..., time), of `x`'s type.

    Raises:
        ValueError: an argument is of the wrong kind or outside of its range.

    Source: Bristow-Johnson, Audio EQ Cookbook. Chapter: filters/iir.

    >>> lowpass(torch.ones(16000), 1000.0, sample_rate=16000)[-1]  # a constant passes
    tensor(1.)
    """
    return _filter(checks.audio(x, "x"), *design.lowpass_biquad(cutoff, q, sample_rate=sample_rate))


def highpass(x: Tensor, cutoff: Tensor | float, q: Tensor | float = 0.7071, *, sample_rate: float) -> Tensor:
    r"""High-pass a signal with a second-order filter: `highpass_biquad` and the exact `recursion`.

    .. math:: H(s) = \frac{s^2}{s^2 + s/Q + 1} \quad \text{with the cutoff at } s = j

    Args:
        x: signal (..., time).
        cutoff: cutoff frequency in Hz, in (0, sample_rate / 2); a number or a tensor that broadcasts with `x`'s
            leading dimensions.
        q: quality factor, above 0, likewise; the gain at the cutoff.
        sample_rate: in Hz.

    Returns:
        The filtered signal (..., time), of `x`'s type.

    Raises:
        ValueError: an argument is of the wrong kind or outside of its range.

    Source: Bristow-Johnson, Audio EQ Cookbook. Chapter: filters/iir.

    >>> highpass(torch.ones(16000), 1000.0, sample_rate=16000)[-1].abs() < 1e-6  # a constant does not pass
    tensor(True)
    """
    return _filter(checks.audio(x, "x"), *design.highpass_biquad(cutoff, q, sample_rate=sample_rate))


def bandpass(x: Tensor, centre: Tensor | float, q: Tensor | float = 0.7071, *, sample_rate: float) -> Tensor:
    r"""Band-pass a signal with a second-order filter: `bandpass_biquad` and the exact `recursion`.

    .. math:: H(s) = \frac{s/Q}{s^2 + s/Q + 1} \quad \text{with the centre at } s = j

    The gain at the centre is 1 and the band is centre / q wide.

    Args:
        x: signal (..., time).
        centre: centre frequency in Hz, in (0, sample_rate / 2); a number or a tensor that broadcasts with `x`'s
            leading dimensions.
        q: quality factor, above 0, likewise.
        sample_rate: in Hz.

    Returns:
        The filtered signal (..., time), of `x`'s type.

    Raises:
        ValueError: an argument is of the wrong kind or outside of its range.

    Source: Bristow-Johnson, Audio EQ Cookbook. Chapter: filters/iir.

    >>> bandpass(torch.ones(16000), 1000.0, 2.0, sample_rate=16000)[-1].abs() < 1e-6
    tensor(True)
    """
    return _filter(checks.audio(x, "x"), *design.bandpass_biquad(centre, q, sample_rate=sample_rate))
