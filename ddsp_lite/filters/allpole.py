"""All-pole filters, such as a vocal tract's, by parameters that keep them stable. Chapter: filters/time-varying."""

import torch
from torch import Tensor

from ddsp_lite import checks
from ddsp_lite.filters import design
from ddsp_lite.operators import array, empty, operation, twin_gradient


@operation("all_pole(Tensor x, Tensor a) -> Tensor")
def _all_pole(x: Tensor, a: Tensor) -> Tensor:
    """Filter rows: x [B, N]; a [B, F, K] float64, without the leading one, F a divisor of N; the result like x."""
    from ddsp_lite.kernels import varying as kernels

    (y,) = empty(x)
    kernels.all_pole(array(x), array(a), y.numpy())
    return y.to(x.device)


@operation("all_pole_backward(Tensor grad, Tensor y, Tensor a) -> (Tensor, Tensor)")
def _all_pole_backward(grad: Tensor, y: Tensor, a: Tensor) -> tuple[Tensor, Tensor]:
    from ddsp_lite.kernels import varying as kernels

    results = empty(y, a)
    kernels.all_pole_backward(*(array(t) for t in (grad, y, a)), *(t.numpy() for t in results))
    return tuple(t.to(y.device) for t in results)


@_all_pole.register_fake
def _(x: Tensor, a: Tensor) -> Tensor:
    return torch.empty_like(x, memory_format=torch.contiguous_format)


@_all_pole_backward.register_fake
def _(grad: Tensor, y: Tensor, a: Tensor) -> tuple[Tensor, Tensor]:
    return tuple(torch.empty_like(t, memory_format=torch.contiguous_format) for t in (y, a))


def _save(ctx, inputs, output):
    ctx.save_for_backward(*inputs, output)


def _differentiate(ctx, grad: Tensor):
    x, a, y = ctx.saved_tensors
    if torch.is_grad_enabled():  # create_graph=True: the gradient must itself be differentiable
        return twin_gradient(_loop, (x, a), grad)
    return _all_pole_backward(grad, y, a)


_all_pole.register_autograd(_differentiate, setup_context=_save)


def _loop(x: Tensor, a: Tensor) -> Tensor:
    hop = x.shape[1] // a.shape[1]
    past = torch.zeros(len(x), a.shape[2], dtype=torch.float64, device=x.device)  # the newest first
    outputs = []
    for n, x_n in enumerate(x.double().unbind(1)):
        y_n = x_n - (a[:, n // hop] * past).sum(1)
        outputs.append(y_n)
        past = torch.cat([y_n[:, None], past[:, :-1]], dim=1)
    return torch.stack(outputs, dim=1).to(x.dtype)


_all_pole.register_twin(_loop)


def all_pole(x: Tensor, a: Tensor) -> Tensor:
    r"""Run an all-pole filter of any order whose coefficients may be new at every frame, exactly.

    .. math:: y[n] = x[n] - \sum_{k=1}^{K} \frac{a_k[i]}{a_0[i]}\, y[n-k], \qquad i = \lfloor n F / N \rfloor

    with F frames and N samples: each frame's coefficients are held for N / F samples, and the state runs on from frame
    to frame. Coefficients from `reflection_to_coefficients` and `lsf_to_coefficients` are stable, and stay stable when
    those parameters are interpolated, which coefficients themselves do not. The gradient is exact, by one adjoint pass.
    A second derivative is taken through `all_pole_twin`. On an accelerator the signal is carried to the CPU and back.

    Args:
        x: signal (..., time), float32 or float64; the excitation.
        a: feedback coefficients (..., frames, K + 1), `a[..., 0]` not zero, K at least 1; the frames divide the time
            evenly: 1 for a filter that stands still, the time itself for new coefficients at every sample.

    Returns:
        The filtered signal (..., time), of `x`'s type.

    Raises:
        ValueError: `x` or `a` is empty, not real floating point, of the wrong shape, or holds NaN; `a[..., 0]` is
            zero; the frames do not divide the time; the leading dimensions do not broadcast.

    Source: Markel and Gray, Linear Prediction of Speech. Chapter: filters/time-varying.

    >>> a = torch.tensor([[1.0, -0.5], [1.0, 0.0]])
    >>> all_pole(torch.tensor([1.0, 0.0, 0.0, 0.0]), a)
    tensor([1.0000, 0.5000, 0.0000, 0.0000])
    """
    x_rows, a_rows, shape = _prepared(x, a)
    return _all_pole(x_rows, a_rows).reshape(shape)


def all_pole_twin(x: Tensor, a: Tensor) -> Tensor:
    r"""Filter by a plain loop of PyTorch operations: the reference for `all_pole`, some thousand times slower.

    Args:
        x: signal (..., time), float32 or float64.
        a: feedback coefficients (..., frames, K + 1), `a[..., 0]` not zero.

    Returns:
        The filtered signal (..., time), of `x`'s type.

    Raises:
        ValueError: as `all_pole`.

    Source: Markel and Gray, Linear Prediction of Speech. Chapter: filters/time-varying.

    >>> all_pole_twin(torch.tensor([1.0, 0.0, 0.0]), torch.tensor([[2.0, -1.0]]))
    tensor([1.0000, 0.5000, 0.2500])
    """
    x_rows, a_rows, shape = _prepared(x, a)
    return _loop(x_rows, a_rows).reshape(shape)


def reflection_to_coefficients(reflection: Tensor) -> Tensor:
    r"""Turn reflection coefficients into the feedback coefficients of the filter, by the step-up recursion.

    .. math:: a^{(m)}_i = a^{(m-1)}_i + k_m\, a^{(m-1)}_{m-i}, \qquad a^{(0)} = 1

    The filter 1 / A(z) is stable exactly when all of them lie between -1 and 1, so that the hyperbolic tangent of any
    numbers gives a stable filter. They are the reflections between the sections of a lossless acoustic tube.

    Args:
        reflection: k (..., K), float32 or float64, in [-1, 1].

    Returns:
        Feedback coefficients (..., K + 1), float64, the first 1.

    Raises:
        ValueError: `reflection` is empty, not real floating point, holds NaN, or leaves its range.

    Source: Markel and Gray, Linear Prediction of Speech. Chapter: filters/time-varying.

    >>> reflection_to_coefficients(torch.tensor([-0.5, 0.25])).numpy()
    array([ 1.   , -0.625,  0.25 ])
    """
    checks.in_range(checks.audio(reflection, "reflection"), "reflection", -1, 1)
    reflection = reflection.double()
    a = torch.ones_like(reflection[..., :1])
    for m in range(reflection.shape[-1]):
        longer = torch.nn.functional.pad(a, (0, 1))
        a = longer + reflection[..., m : m + 1] * longer.flip(-1)
    return a


def coefficients_to_reflection(a: Tensor) -> Tensor:
    r"""Turn feedback coefficients into reflection coefficients, by the step-down recursion.

    .. math:: k_m = a^{(m)}_m, \qquad a^{(m-1)}_i = \frac{a^{(m)}_i - k_m\, a^{(m)}_{m-i}}{1 - k_m^2}

    The inverse of `reflection_to_coefficients`, and a test of stability: 1 / A(z) is stable exactly when all results
    lie between -1 and 1.

    Args:
        a: feedback coefficients (..., K + 1), `a[..., 0]` not zero, K at least 1.

    Returns:
        Reflection coefficients (..., K), float64; not finite where one on the way is exactly 1 or -1.

    Raises:
        ValueError: `a` is too short, not real floating point, or holds NaN; `a[..., 0]` is zero.

    Source: Markel and Gray, Linear Prediction of Speech. Chapter: filters/time-varying.

    >>> coefficients_to_reflection(torch.tensor([1.0, -0.625, 0.25])).numpy()
    array([-0.5 ,  0.25])
    """
    a = _normalised(a)
    reflection = []
    while a.shape[-1] > 1:
        k = a[..., -1:]
        reflection.append(k)
        a = ((a - k * a.flip(-1)) / (1 - k**2))[..., :-1]
    return torch.cat(reflection[::-1], dim=-1)


def lsf_to_coefficients(lsf: Tensor) -> Tensor:
    r"""Turn line spectral frequencies into the feedback coefficients of the filter.

    .. math:: A(z) = \tfrac12 \left( P(z) + Q(z) \right), \qquad
        P(z) = (1 + z^{-1}) \prod_{i\,\text{odd}} (1 - 2 \cos \omega_i\, z^{-1} + z^{-2}), \quad
        Q(z) = (1 - z^{-1}) \prod_{i\,\text{even}} (1 - 2 \cos \omega_i\, z^{-1} + z^{-2})

    for an even number of frequencies; for an odd one the factors (1 + z^-1) and (1 - z^-1) both belong to Q. The filter
    1 / A(z) is stable when the frequencies rise strictly, and two that come close make a resonance between them.
    Positive numbers d give a stable filter by `torch.pi * d.cumsum(-1)[..., :-1] / d.sum(-1, keepdim=True)`.

    Args:
        lsf: frequencies (..., K) in radians a sample, rising, in (0, pi), float32 or float64.

    Returns:
        Feedback coefficients (..., K + 1), float64, the first 1.

    Raises:
        ValueError: `lsf` is empty, not real floating point, holds NaN, leaves its range, or does not rise.

    Source: Itakura, Line spectrum representation of linear predictor coefficients, 1975.
    Chapter: filters/time-varying.

    >>> lsf_to_coefficients(torch.pi * torch.tensor([1 / 3, 2 / 3])).numpy().round(4) + 0.0  # evenly spread: A(z) = 1
    array([1., 0., 0.])
    """
    checks.in_range(checks.audio(lsf, "lsf"), "lsf", 0, torch.pi, unit="rad", bounds="()")
    if not checks.is_tracing(lsf) and (lsf.diff(dim=-1) <= 0).any():
        raise ValueError("lsf must rise strictly along the last dimension, got frequencies that do not.")
    lsf = lsf.double()
    one = torch.ones_like(lsf[..., :1])
    if lsf.shape[-1] % 2:
        p, q = one, torch.cat([one, torch.zeros_like(one), -one], dim=-1)
    else:
        p, q = torch.cat([one, one], dim=-1), torch.cat([one, -one], dim=-1)
    pad = torch.nn.functional.pad
    for i in range(lsf.shape[-1]):
        factor = -2 * torch.cos(lsf[..., i : i + 1])
        polynomial = q if i % 2 else p
        longer = pad(polynomial, (0, 2)) + factor * pad(polynomial, (1, 1)) + pad(polynomial, (2, 0))
        p, q = (p, longer) if i % 2 else (longer, q)
    return (0.5 * (p + q))[..., :-1]


def _normalised(a: Tensor) -> Tensor:
    a = design.coefficients(torch.ones(1), a)[1]
    if a.shape[-1] < 2:
        raise ValueError(f"a must hold at least two coefficients, got {a.shape[-1]}.")
    return a / a[..., :1]


def _prepared(x: Tensor, a: Tensor) -> tuple[Tensor, Tensor, torch.Size]:
    """Check, and give x [B, N], a [B, F, K] divided by a_0 and without it, and the shape of the result."""
    checks.audio(x, "x")
    a = _normalised(a)[..., 1:]
    if a.ndim < 2:
        raise ValueError(f"a must be a tensor (..., frames, coefficients), got shape {(a.shape[0] + 1,)}.")
    frames = a.shape[-2]
    if x.shape[-1] % frames:
        raise ValueError(f"the frames of a must divide the {x.shape[-1]} samples of x evenly, got {frames} frames.")
    leading = checks.broadcast(x=x.shape[:-1], a=a.shape[:-2])
    rows = a.to(x.device).expand(*leading, *a.shape[-2:]).reshape(-1, *a.shape[-2:])
    return x.expand(*leading, -1).reshape(-1, x.shape[-1]), rows, leading + x.shape[-1:]
