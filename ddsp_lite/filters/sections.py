"""Second-order sections in a row, run exactly and at the same time. Chapter: filters/iir."""

import torch
from torch import Tensor

from ddsp_lite import checks
from ddsp_lite.filters import design
from ddsp_lite.filters.iir import _recursion, recursion_twin
from ddsp_lite.operators import array, empty, operation, twin_gradient


@operation("cascade(Tensor x, Tensor b, Tensor a) -> (Tensor, Tensor)")
def _cascade(x: Tensor, b: Tensor, a: Tensor) -> tuple[Tensor, Tensor]:
    """Filter rows: x [B, N]; b and a [B, S, 3] float64, a[..., 0] = 1; the result and each section's output, like x.

    The sections' outputs are kept for the backward pass, and have no gradient of their own.
    """
    from ddsp_lite.kernels import cascade as kernels

    y = torch.empty(len(x), b.shape[1], x.shape[1], dtype=x.dtype)
    kernels.forward(array(x), array(b), array(a), y.numpy())
    return y[:, -1].clone().to(x.device), y.to(x.device)


@operation("cascade_backward(Tensor grad, Tensor x, Tensor outputs, Tensor b, Tensor a) -> (Tensor, Tensor, Tensor)")
def _cascade_backward(grad: Tensor, x: Tensor, outputs: Tensor, b: Tensor, a: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    from ddsp_lite.kernels import cascade as kernels

    results = empty(x, b, a)
    kernels.backward(*(array(t) for t in (grad, x, outputs, b, a)), *(t.numpy() for t in results))
    return tuple(t.to(x.device) for t in results)


@_cascade.register_fake
def _(x: Tensor, b: Tensor, a: Tensor) -> tuple[Tensor, Tensor]:
    return torch.empty_like(x, memory_format=torch.contiguous_format), x.new_empty(len(x), b.shape[1], x.shape[1])


@_cascade_backward.register_fake
def _(grad: Tensor, x: Tensor, outputs: Tensor, b: Tensor, a: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return tuple(torch.empty_like(t, memory_format=torch.contiguous_format) for t in (x, b, a))


def _save(ctx, inputs, output):
    ctx.save_for_backward(*inputs, output[1])


def _differentiate(ctx, grad: Tensor, _outputs: Tensor):
    x, b, a, outputs = ctx.saved_tensors
    if torch.is_grad_enabled():  # create_graph=True: the gradient must itself be differentiable
        return twin_gradient(_chain, (x, b, a), grad)
    return _cascade_backward(grad, x, outputs, b, a)


_cascade.register_autograd(_differentiate, setup_context=_save)


def _chain(x: Tensor, b: Tensor, a: Tensor) -> Tensor:
    """Run the same sections as one recursion after the other, each differentiable to any order."""
    y = x.double()
    for b_s, a_s in zip(b.unbind(1), a.unbind(1), strict=True):
        y = _recursion(y, b_s, a_s)
    return y.to(x.dtype)


def cascade(x: Tensor, b: Tensor, a: Tensor) -> Tensor:
    r"""Run second-order filters one after the other, exactly, with an exact gradient for every coefficient.

    .. math:: H(z) = \prod_{s} \frac{b_{s0} + b_{s1} z^{-1} + b_{s2} z^{-2}}{a_{s0} + a_{s1} z^{-1} + a_{s2} z^{-2}}

    This is how a filter of high order is best run: its coefficients multiplied out would lose their digits. The
    sections work in turn on one short block after the other, in float64 from one to the next, as state and coefficients
    are. A second derivative is taken through one `recursion` for each section, and so is the
    browser's version. On an accelerator the signal is carried to the CPU and back.

    Args:
        x: signal (..., time), float32 or float64.
        b: feed-forward coefficients (..., sections, 3); leading dimensions broadcast with those of `x`. Stack designs
            by `torch.stack(..., dim=-2)`.
        a: feedback coefficients (..., sections, 3), `a[..., 0]` not zero.

    Returns:
        The filtered signal (..., time), of `x`'s type.

    Raises:
        ValueError: `x`, `b` or `a` is empty, not real floating point, of the wrong shape, or holds NaN;
            `a[..., 0]` is zero; the leading dimensions do not broadcast.

    Source: Oppenheim and Schafer, Discrete-Time Signal Processing, on cascade forms. Chapter: filters/iir.

    >>> from ddsp_lite.filters import lowpass_biquad
    >>> b, a = lowpass_biquad(torch.tensor([500.0, 900.0]), sample_rate=16000)
    >>> cascade(torch.ones(16000), b, a)[-1]  # a constant passes
    tensor(1.)
    """
    x_rows, b_rows, a_rows, shape = _prepared(x, b, a)
    if b_rows.shape[1] == 1 or checks.is_tracing(x, b, a):
        return _chain(x_rows, b_rows, a_rows).reshape(shape)
    return _cascade(x_rows, b_rows, a_rows)[0].reshape(shape)


def cascade_twin(x: Tensor, b: Tensor, a: Tensor) -> Tensor:
    r"""Run second-order filters one after the other by plain loops of PyTorch operations: the reference for `cascade`.

    Args:
        x: signal (..., time), float32 or float64.
        b: feed-forward coefficients (..., sections, 3).
        a: feedback coefficients (..., sections, 3), `a[..., 0]` not zero.

    Returns:
        The filtered signal (..., time), of `x`'s type.

    Raises:
        ValueError: as `cascade`.

    Source: Oppenheim and Schafer, Discrete-Time Signal Processing, on cascade forms. Chapter: filters/iir.

    >>> b, a = torch.tensor([[1.0, 1.0, 0.0], [2.0, 0.0, 0.0]]), torch.tensor([[1.0, 0.0, 0.0], [1.0, -0.5, 0.0]])
    >>> cascade_twin(torch.tensor([1.0, 0.0, 0.0]), b, a)
    tensor([2.0000, 3.0000, 1.5000])
    """
    y, b, a, shape = _prepared(x, b, a)
    y = y.double()
    for b_s, a_s in zip(b.unbind(1), a.unbind(1), strict=True):
        y = recursion_twin(y, b_s, a_s)
    return y.to(x.dtype).reshape(shape)


def _prepared(x: Tensor, b: Tensor, a: Tensor) -> tuple[Tensor, Tensor, Tensor, torch.Size]:
    """Check, and give x [B, N], b and a [B, S, 3] divided by a_0, and the shape of the result."""
    checks.audio(x, "x")
    b, a = design.coefficients(b, a)
    for value, name in ((b, "b"), (a, "a")):
        if value.ndim < 2 or value.shape[-1] != 3 or value.shape[-2] == 0:
            raise ValueError(f"{name} must be a tensor (..., sections, 3), got {tuple(value.shape)}.")
    sections = checks.broadcast(b=b.shape[-2:-1], a=a.shape[-2:-1])
    shape = checks.broadcast(x=x.shape[:-1], b=b.shape[:-2], a=a.shape[:-2]) + x.shape[-1:]
    b, a = b / a[..., :1], a / a[..., :1]
    b, a = (c.to(x.device).expand(*shape[:-1], *sections, 3).reshape(-1, *sections, 3) for c in (b, a))
    return x.expand(shape).reshape(-1, shape[-1]), b, a, shape
