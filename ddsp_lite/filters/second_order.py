"""Coefficients of second-order filters in one pass, for cutoffs that move. Chapter: gradients/filter-cutoff."""

import torch
from torch import Tensor

from ddsp_lite import checks
from ddsp_lite.operators import array, empty, twin_gradient

Mix = tuple[float, float, float]


def coefficients_of(frequency: Tensor, q: Tensor, rate: float, mix: Mix) -> tuple[Tensor, Tensor]:
    r"""Compute b and a of a second-order filter, by a compiled loop where nothing is traced.

    .. math:: H(s) = \frac{h s^2 + b s/Q + l}{s^2 + s/Q + 1}, \qquad
        s = \frac{1}{\tan(\omega/2)} \frac{1 - z^{-1}}{1 + z^{-1}}

    Args:
        frequency: in Hz, in (0, rate / 2); float32 or float64, (...).
        q: quality factor, above 0; broadcasts with `frequency`.
        rate: sample rate in Hz.
        mix: how much of the low-pass l, of the band-pass b and of the high-pass output h the filter takes.

    Returns:
        b and a, each (..., 3), float64, divided by a_0.

    Raises:
        ValueError: the shapes do not broadcast.

    Source: Bristow-Johnson, Audio EQ Cookbook. Chapter: gradients/filter-cutoff.

    >>> b, a = coefficients_of(torch.tensor(4000.0), torch.tensor(0.7071), 16000.0, (1.0, 0.0, 0.0))
    >>> b.numpy().round(4)
    array([0.2929, 0.5858, 0.2929])
    """
    shape = checks.broadcast(frequency=frequency.shape, q=q.shape)
    if checks.is_tracing(frequency, q) or not (frequency.is_cpu and q.is_cpu):
        return plain_coefficients(frequency, q, rate, mix)
    wanted = shape if q.numel() != 1 else (1,)
    frequency, q = (
        t if t.shape == size and t.ndim == 1 else t.expand(size).reshape(-1)
        for t, size in ((frequency, shape), (q.reshape(1) if q.ndim != 1 and q.numel() == 1 else q, wanted))
    )
    b, a = _Coefficients.apply(frequency, q, rate, mix)
    return (b, a) if len(shape) == 1 else (b.reshape(*shape, 3), a.reshape(*shape, 3))


def plain_coefficients(frequency: Tensor, q: Tensor, rate: float, mix: Mix) -> tuple[Tensor, Tensor]:
    """Compute the same by PyTorch operations: what is traced, runs on a GPU, and is differentiated twice.

    Args:
        frequency, q, rate, mix: as in `coefficients_of`.

    Returns:
        b and a, each (..., 3), float64, divided by a_0.

    Raises:
        ValueError: the shapes do not broadcast.

    Source: Bristow-Johnson, Audio EQ Cookbook. Chapter: gradients/filter-cutoff.

    >>> b, a = plain_coefficients(torch.tensor(4000.0), torch.tensor(0.7071), 16000.0, (0.0, 0.0, 1.0))
    >>> b.numpy().round(4)
    array([ 0.2929, -0.5858,  0.2929])
    """
    from ddsp_lite.filters.design import _biquad, _of_half_angle

    low, band, high = mix
    sine, cosine, alpha = _of_half_angle(frequency, q, rate)
    odd = band * alpha
    even = torch.full_like(alpha, low) if low == high else low * sine**2 + high * cosine**2
    return _biquad((even + odd, 2 * (low * sine**2 - high * cosine**2), even - odd), sine, cosine, alpha)


class _Coefficients(torch.autograd.Function):
    """Rows: frequency [M], q [M] or [1], each float32 or float64; b and a [M, 3] float64."""

    @staticmethod
    def forward(ctx, frequency: Tensor, q: Tensor, rate: float, mix: Mix):
        from ddsp_lite.kernels import design as kernels

        ctx.save_for_backward(frequency, q)
        ctx.rate, ctx.mix = rate, mix
        b, a = torch.empty(2, len(frequency), 3, dtype=torch.float64)  # one large piece is what the system keeps for us
        kernels.biquad(array(frequency), array(q), rate, *mix, b.numpy(), a.numpy())
        return b, a

    @staticmethod
    def backward(ctx, grad_b: Tensor, grad_a: Tensor):
        from ddsp_lite.kernels import design as kernels

        frequency, q = ctx.saved_tensors
        if torch.is_grad_enabled():  # create_graph=True: the gradient must itself be differentiable

            def twin(frequency: Tensor, q: Tensor) -> Tensor:
                return torch.stack(plain_coefficients(frequency, q, ctx.rate, ctx.mix))

            return *twin_gradient(twin, (frequency, q), torch.stack([grad_b, grad_a])), None, None
        results = empty(frequency, q)
        given = (array(t) for t in (grad_b, grad_a, frequency, q))
        kernels.biquad_backward(*given, ctx.rate, *ctx.mix, *(t.numpy() for t in results))
        return *results, None, None


def tangent(frequency: Tensor, rate: float) -> Tensor:
    r"""Compute g = tan(pi frequency / rate), which places a filter's cutoff, in float64.

    Args:
        frequency: in Hz, in (0, rate / 2); float32 or float64, (...).
        rate: sample rate in Hz.

    Returns:
        g, (...), float64.

    Raises:
        Nothing that is meant for a reader: the frequency has been checked.

    Source: Zavalishin, The Art of VA Filter Design, on topology-preserving transforms.
    Chapter: gradients/filter-cutoff.

    >>> tangent(torch.tensor(2000.0), 16000.0)
    tensor(0.4142, dtype=torch.float64)
    """
    if checks.is_tracing(frequency) or not frequency.is_cpu:
        return torch.tan(frequency.double() * (torch.pi / rate))
    return _Tangent.apply(frequency, rate)


class _Tangent(torch.autograd.Function):
    @staticmethod
    def forward(ctx, frequency: Tensor, rate: float) -> Tensor:
        from ddsp_lite.kernels import design as kernels

        g = torch.empty(frequency.shape, dtype=torch.float64)
        kernels.tangent(array(frequency).reshape(-1), rate, g.view(-1).numpy())
        ctx.save_for_backward(g)
        ctx.rate, ctx.dtype = rate, frequency.dtype
        return g

    @staticmethod
    def backward(ctx, grad: Tensor):
        from ddsp_lite.kernels import design as kernels

        (g,) = ctx.saved_tensors
        if torch.is_grad_enabled():
            return (grad * (1 + g * g) * (torch.pi / ctx.rate)).to(ctx.dtype), None
        result = torch.empty(g.shape, dtype=ctx.dtype)
        kernels.tangent_backward(array(grad).reshape(-1), g.view(-1).numpy(), ctx.rate, result.view(-1).numpy())
        return result, None
