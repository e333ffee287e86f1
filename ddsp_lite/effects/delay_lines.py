"""Delay lines that feed each other, run exactly: the ground of the reverb. Chapter: filters/effects."""

import torch
from torch import Tensor

from ddsp_lite import checks
from ddsp_lite.operators import array, operation, twin_gradient


@operation(
    "delay_network(Tensor x, Tensor taps, Tensor lag, Tensor matrix, Tensor into, Tensor out) -> (Tensor, Tensor)"
)
def _network(x: Tensor, taps: Tensor, lag: Tensor, matrix: Tensor, into: Tensor, out: Tensor) -> tuple[Tensor, Tensor]:
    """Run rows: x [B, N]; taps [B, M, K], lag [B, M], matrix [B, M, M], into and out [B, M].

    Gives the sound [B, N], and what enters each line [B, M, N], kept for the backward pass, with no gradient of its
    own; both float64.
    """
    from ddsp_lite.kernels import network as kernels

    y = torch.empty(x.shape, dtype=torch.float64)
    v = torch.empty((*lag.shape, x.shape[1]), dtype=torch.float64)
    kernels.forward(*(array(t) for t in (x, taps, lag, matrix, into, out)), y.numpy(), v.numpy())
    return y.to(x.device), v.to(x.device)


@operation(
    "delay_network_backward(Tensor grad, Tensor x, Tensor taps, Tensor lag, Tensor matrix, Tensor into, Tensor out,"
    " Tensor v) -> (Tensor, Tensor, Tensor, Tensor, Tensor)"
)
def _network_backward(
    grad: Tensor, x: Tensor, taps: Tensor, lag: Tensor, matrix: Tensor, into: Tensor, out: Tensor, v: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Give the gradients of x, taps, matrix, into and out, all float64."""
    from ddsp_lite.kernels import network as kernels

    results = [torch.zeros(t.shape, dtype=torch.float64) for t in (v, x, taps, matrix, into, out)]
    given = (array(t) for t in (grad, x, taps, lag, matrix, into, out, v))
    kernels.backward(*given, *(t.numpy() for t in results))
    return tuple(t.to(x.device) for t in results[1:])


@_network.register_fake
def _(x: Tensor, taps: Tensor, lag: Tensor, matrix: Tensor, into: Tensor, out: Tensor) -> tuple[Tensor, Tensor]:
    return tuple(x.new_empty(shape, dtype=torch.float64) for shape in (x.shape, (*lag.shape, x.shape[1])))


@_network_backward.register_fake
def _(grad: Tensor, x: Tensor, taps: Tensor, lag: Tensor, matrix: Tensor, into: Tensor, out: Tensor, v: Tensor):
    return tuple(x.new_empty(t.shape, dtype=torch.float64) for t in (x, taps, matrix, into, out))


def _save(ctx, inputs, output):
    ctx.save_for_backward(*inputs, output[1])


def _differentiate(ctx, grad: Tensor, _v: Tensor):
    x, taps, lag, matrix, into, out, v = ctx.saved_tensors
    if torch.is_grad_enabled():  # create_graph=True: the gradient must itself be differentiable
        gradients = twin_gradient(lambda x, taps, *rest: _loop(x, taps, lag, *rest), (x, taps, matrix, into, out), grad)
    else:
        gradients = _network_backward(grad, x, taps, lag, matrix, into, out, v)
        gradients = (gradients[0].to(x.dtype), *gradients[1:])
    return *gradients[:2], None, *gradients[2:]


_network.register_autograd(_differentiate, setup_context=_save)


def _loop(x: Tensor, taps: Tensor, lag: Tensor, matrix: Tensor, into: Tensor, out: Tensor) -> Tensor:
    try:
        known = lag.tolist()
    except RuntimeError:
        raise ValueError("lag must be the same for all members of torch.func.vmap, or a batch without it.") from None
    rows = []
    for row, lags in enumerate(known):
        entered, y = [], []
        for n, x_n in enumerate(x[row].double().unbind()):
            u = []
            for j, first in enumerate(lags):
                value = torch.zeros_like(x_n)
                for k in range(min(taps.shape[2], n - first + 1)):
                    value = value + taps[row, j, k] * entered[n - first - k][j]
                u.append(value)
            u = torch.stack(u)
            y.append(out[row] @ u)
            entered.append((into[row] * x_n + matrix[row] @ u).unbind())
        rows.append(torch.stack(y))
    return torch.stack(rows) if rows else x.double()


_network.register_twin(_loop)


def delay_network(
    x: Tensor, taps: Tensor, lag: Tensor, matrix: Tensor, input_gains: Tensor, output_gains: Tensor
) -> Tensor:
    r"""Run a network of delay lines that feed each other through a matrix, exactly.

    .. math:: u_j[n] = \sum_k c_{jk}\, v_j[n - m_j - k], \qquad
        v_i[n] = b_i\, x[n] + \sum_j A_{ij}\, u_j[n], \qquad y[n] = \sum_j g_j\, u_j[n]

    The state is float64. The gradient is exact, by one adjoint pass; a second derivative is taken through
    `delay_network_twin`. On an accelerator the signal is carried to the CPU and back.

    Args:
        x: sound (..., time), float32 or float64.
        taps: c, the filter at each line's end (..., M, K); leading dimensions broadcast with those of `x`, as for all
            that follow. All are used in float64.
        lag: m in samples, at least 1, int64 (..., M).
        matrix: A (..., M, M).
        input_gains: b (..., M).
        output_gains: g (..., M).

    Returns:
        What the lines give (..., time), of `x`'s type, without the sound itself.

    Raises:
        ValueError: an argument is of the wrong kind or shape, or not finite; a lag is below 1; the shapes do not
            broadcast.

    Source: Jot and Chaigne (1991), Digital Delay Networks for Designing Artificial Reverberators.
    Chapter: filters/effects.

    >>> crossed = torch.tensor([[0.0, 0.5], [1.0, 0.0]])
    >>> one, lag = torch.ones(2, 1), torch.tensor([1, 2])
    >>> delay_network(torch.eye(1, 6)[0], one, lag, crossed, torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]))
    tensor([0., 0., 0., 1., 0., 0.])
    """
    given, shape = _prepared(x, taps, lag, matrix, input_gains, output_gains)
    return _network(*given)[0].to(x.dtype).reshape(shape)


def delay_network_twin(
    x: Tensor, taps: Tensor, lag: Tensor, matrix: Tensor, input_gains: Tensor, output_gains: Tensor
) -> Tensor:
    r"""Run the network by a plain loop of PyTorch operations: the reference for `delay_network`, far slower.

    Args:
        x: sound (..., time), float32 or float64.
        taps: c (..., M, K).
        lag: m in samples, at least 1, int64 (..., M).
        matrix: A (..., M, M).
        input_gains: b (..., M).
        output_gains: g (..., M).

    Returns:
        What the lines give (..., time), of `x`'s type.

    Raises:
        ValueError: as `delay_network`.

    Source: Jot and Chaigne (1991), Digital Delay Networks for Designing Artificial Reverberators.
    Chapter: filters/effects.

    >>> one = torch.ones(1)
    >>> delay_network_twin(torch.eye(1, 4)[0], one[None], torch.tensor([1]), 0.5 * one[None], one, one)
    tensor([0.0000, 1.0000, 0.5000, 0.2500])
    """
    given, shape = _prepared(x, taps, lag, matrix, input_gains, output_gains)
    return _loop(*given).to(x.dtype).reshape(shape)


def _prepared(x: Tensor, taps: Tensor, lag: Tensor, matrix: Tensor, into: Tensor, out: Tensor):
    """Check, and give rows of everything on one device, and the shape of the result."""
    checks.audio(x, "x")
    if not isinstance(lag, Tensor) or lag.dtype != torch.int64 or lag.ndim == 0 or lag.shape[-1] == 0:
        raise ValueError(f"lag must be an int64 tensor (..., lines), got {checks.describe(lag)}.")
    if not checks.is_tracing(lag) and lag.numel() and lag.min() < 1:
        raise ValueError(f"lag must be at least 1, got {lag.min().item()}.")
    lines = lag.shape[-1]
    wanted = {"taps": (lines, None), "matrix": (lines, lines), "input_gains": (lines,), "output_gains": (lines,)}
    given = {"taps": taps, "matrix": matrix, "input_gains": into, "output_gains": out}
    leading = {"x": x.shape[:-1], "lag": lag.shape[:-1]}
    for (name, sizes), value in zip(wanted.items(), given.values(), strict=True):
        ending = ", ".join("K" if size is None else str(size) for size in sizes)
        last = value.shape[-len(sizes) :] if isinstance(value, Tensor) and value.ndim >= len(sizes) else None
        if last is None or any(want not in (None, got) or got == 0 for want, got in zip(sizes, last, strict=True)):
            raise ValueError(f"{name} must be a tensor (..., {ending}), got {checks.describe(value)}.")
        checks.floating(value, name)
        leading[name] = value.shape[: -len(sizes)]
    batch = checks.broadcast(**leading)

    def rows(value: Tensor, kept: int) -> Tensor:
        kept_shape = value.shape[value.ndim - kept :]
        return value.to(x.device).expand(*batch, *kept_shape).reshape(-1, *kept_shape)

    ready = (rows(x, 1), rows(taps.double(), 2), rows(lag, 1), rows(matrix.double(), 2))
    return (*ready, rows(into.double(), 1), rows(out.double(), 1)), batch + x.shape[-1:]
