"""A delay line that feeds back: echoes, combs and strings. Chapter: filters/effects."""

import torch
from torch import Tensor

from ddsp_lite import checks
from ddsp_lite.effects.interpolation import weights
from ddsp_lite.operators import array, operation, twin_gradient

SHORTEST = 3  # samples of delay: one for the loop, one each for the interpolation and the damping to look ahead


@operation("lagged_recursion(Tensor x, Tensor taps, Tensor lag) -> Tensor")
def _lagged(x: Tensor, taps: Tensor, lag: Tensor) -> Tensor:
    """Run rows: x [B, N] float32 or float64; taps [B, F, K] float64; lag [B, F] int64; the result float64."""
    from ddsp_lite.kernels import delay_line as kernels

    y = torch.empty(x.shape, dtype=torch.float64)
    kernels.forward(array(x), array(taps), array(lag), y.numpy())
    return y.to(x.device)


@operation("lagged_recursion_backward(Tensor grad, Tensor y, Tensor taps, Tensor lag) -> (Tensor, Tensor)")
def _lagged_backward(grad: Tensor, y: Tensor, taps: Tensor, lag: Tensor) -> tuple[Tensor, Tensor]:
    """Give the gradients of x and of the taps, both float64."""
    from ddsp_lite.kernels import delay_line as kernels

    grad_x = torch.empty(grad.shape, dtype=torch.float64).copy_(grad)
    grad_taps = torch.empty(taps.shape, dtype=torch.float64)
    kernels.backward(array(y), array(taps), array(lag), grad_x.numpy(), grad_taps.numpy())
    return grad_x.to(grad.device), grad_taps.to(grad.device)


@_lagged.register_fake
def _(x: Tensor, taps: Tensor, lag: Tensor) -> Tensor:
    return torch.empty(x.shape, dtype=torch.float64, device=x.device)


@_lagged_backward.register_fake
def _(grad: Tensor, y: Tensor, taps: Tensor, lag: Tensor) -> tuple[Tensor, Tensor]:
    return tuple(torch.empty(t.shape, dtype=torch.float64, device=grad.device) for t in (y, taps))


def _save(ctx, inputs, output):
    ctx.save_for_backward(*inputs, output)


def _differentiate(ctx, grad: Tensor):
    x, taps, lag, y = ctx.saved_tensors
    if torch.is_grad_enabled():  # create_graph=True: the gradient must itself be differentiable
        return *twin_gradient(lambda x, taps: _loop(x, taps, lag), (x, taps), grad), None
    grad_x, grad_taps = _lagged_backward(grad, y, taps, lag)
    return grad_x.to(x.dtype), grad_taps, None


_lagged.register_autograd(_differentiate, setup_context=_save)


def _loop(x: Tensor, taps: Tensor, lag: Tensor) -> Tensor:
    try:
        known = lag.tolist()
    except RuntimeError:  # torch.func.vmap gives each member its own
        return _solution(x, taps, lag)
    rows = []
    for row, lags in enumerate(known):
        y = []
        for n, y_n in enumerate(x[row].double().unbind()):
            frame = n if len(lags) > 1 else 0
            for k in range(min(taps.shape[2], n - lags[frame] + 1)):
                y_n = y_n + taps[row, frame, k] * y[n - lags[frame] - k]
            y.append(y_n)
        rows.append(torch.stack(y))
    return torch.stack(rows) if rows else x.double()


_lagged.register_twin(_loop)


def _solution(x: Tensor, taps: Tensor, lag: Tensor) -> Tensor:
    """Solve the recursion as one triangular system, which takes lags that cannot be looked at, and N^2 numbers."""
    n = torch.arange(x.shape[1], device=x.device)
    ago = n[:, None] - n - lag[..., None]  # [B, N, N]: how far behind the lag each sample lies
    fed_back = sum(c[..., None] * (ago == k) for k, c in enumerate(taps.unbind(2)))
    system = torch.eye(x.shape[1], dtype=torch.float64, device=x.device) - fed_back
    return torch.linalg.solve_triangular(system, x.double()[..., None], upper=False)[..., 0]


def lagged_recursion(x: Tensor, taps: Tensor, lag: Tensor | int) -> Tensor:
    r"""Feed a sound back into itself after a lag, through a few taps, exactly: the loop of a string or an echo.

    .. math:: y[n] = x[n] + \sum_{k=0}^{K-1} c_k[n]\; y\big[n - m[n] - k\big]

    Taps and lag may be new at every sample. Moving the lag by whole samples has no gradient; `weights` in the taps give
    one to its fraction (see `feedback_delay`). The state is float64. The gradient is exact, by one adjoint pass; a
    second derivative is taken through `lagged_recursion_twin`. On an accelerator the signal is carried to the CPU and
    back.

    Args:
        x: sound (..., time), float32 or float64.
        taps: c, (..., 1, K) for one filter a sound, or (..., time, K) for one a sample; used in float64.
        lag: m in samples, at least 1: an integer, or an int64 tensor (..., 1) or (..., time); leading dimensions
            broadcast with those of `x`.

    Returns:
        The sound with its echoes (..., time), of `x`'s type.

    Raises:
        ValueError: `x` or `taps` is of the wrong kind or shape or not finite; a lag is no integer of at least 1; the
            shapes do not broadcast.

    Source: Smith, Physical Audio Signal Processing, on feedback comb filters. Chapter: filters/effects.

    >>> lagged_recursion(torch.eye(1, 6)[0], torch.tensor([[0.5]]), 2)
    tensor([1.0000, 0.0000, 0.5000, 0.0000, 0.2500, 0.0000])
    """
    rows, taps, lag, shape = _prepared(x, taps, lag)
    return _lagged(rows, taps, lag).to(x.dtype).reshape(shape)


def lagged_recursion_twin(x: Tensor, taps: Tensor, lag: Tensor | int) -> Tensor:
    r"""Feed back by a plain loop of PyTorch operations: the reference for `lagged_recursion`, far slower.

    Args:
        x: sound (..., time), float32 or float64.
        taps: c, (..., 1, K) or (..., time, K).
        lag: m in samples, at least 1: an integer, or an int64 tensor (..., 1) or (..., time).

    Returns:
        The sound with its echoes (..., time), of `x`'s type.

    Raises:
        ValueError: as `lagged_recursion`.

    Source: Smith, Physical Audio Signal Processing, on feedback comb filters. Chapter: filters/effects.

    >>> lagged_recursion_twin(torch.eye(1, 6)[0], torch.tensor([[0.5]]), 2)
    tensor([1.0000, 0.0000, 0.5000, 0.0000, 0.2500, 0.0000])
    """
    rows, taps, lag, shape = _prepared(x, taps, lag)
    return _loop(rows, taps, lag).to(x.dtype).reshape(shape)


def _prepared(x: Tensor, taps: Tensor, lag: Tensor | int):
    """Check, and give x [B, N], taps [B, F, K] and lag [B, F] on one device, and the shape of the result."""
    checks.audio(x, "x")
    if not isinstance(taps, Tensor) or taps.ndim < 2 or taps.shape[-1] == 0:
        raise ValueError(f"taps must be a tensor (..., 1 or time, K), got {checks.describe(taps)}.")
    checks.floating(taps, "taps")
    if not isinstance(lag, Tensor):
        lag = torch.full((1,), checks.integer(lag, "lag"), dtype=torch.int64)
    if lag.dtype != torch.int64 or lag.ndim == 0:
        raise ValueError(f"lag must be an integer or an int64 tensor (..., 1 or time), got {checks.describe(lag)}.")
    if not checks.is_tracing(lag) and lag.numel() and lag.min() < 1:
        raise ValueError(f"lag must be at least 1, got {lag.min().item()}.")
    n_samples = x.shape[-1]
    for name, frames in (("taps", taps.shape[-2]), ("lag", lag.shape[-1])):
        if frames not in (1, n_samples):
            raise ValueError(f"{name} must have 1 or {n_samples} samples, as x has, got {frames}.")
    leading = checks.broadcast(x=x.shape[:-1], taps=taps.shape[:-2], lag=lag.shape[:-1])
    frames = max(taps.shape[-2], lag.shape[-1])
    taps = taps.double().to(x.device).expand(*leading, frames, taps.shape[-1]).reshape(-1, frames, taps.shape[-1])
    lag = lag.to(x.device).expand(*leading, frames).reshape(-1, frames)
    return x.expand(*leading, n_samples).reshape(-1, n_samples), taps, lag, leading + x.shape[-1:]


def loop_taps(delay: Tensor, gain: Tensor, damping: Tensor) -> tuple[Tensor, Tensor]:
    r"""Put a delay of any length, a gain and a damping into the lag and the taps of `lagged_recursion`.

    .. math:: \sum_k c_k z^{-m-k} \approx g\, z^{-D} \left( 1 - \tfrac d2 + \tfrac d4 (z + z^{-1}) \right)

    The damping filter has three symmetric taps: it takes :math:`1 - d \sin^2(\omega / 2)` of each frequency and delays
    none, so that the tuning is that of D alone. The fraction of D is interpolated by the cubic of `weights`.

    Args:
        delay: D in samples, at least 3, any shape (..., 1) or (..., time), float64; a shorter one counts as 3.
        gain: g, broadcasts with `delay`.
        damping: d in [0, 1], broadcasts with `delay`.

    Returns:
        The taps (..., 6), float64, and the lag (...), int64.

    Raises:
        ValueError: an argument is of the wrong kind or not finite, `damping` is outside of its range, or the shapes do
            not broadcast.

    Source: Laakso, Valimaki, Karjalainen and Laine (1996), Splitting the Unit Delay. Chapter: filters/effects.

    >>> taps, lag = loop_taps(torch.tensor([100.0]).double(), torch.tensor([0.9]).double(), torch.zeros(1).double())
    >>> taps.round(decimals=2), lag  # all of it 98 + 2 samples later
    (tensor([[0.0000, 0.0000, 0.9000, 0.0000, 0.0000, 0.0000]], dtype=torch.float64), tensor([98]))
    """
    checks.broadcast(
        delay=checks.floating(delay, "delay").shape,
        gain=checks.floating(gain, "gain").shape,
        damping=checks.in_range(checks.floating(damping, "damping"), "damping", 0, 1).shape,
    )
    delay = delay.clamp(min=SHORTEST)
    whole = delay.detach().floor()
    first, mix = weights(delay - whole, "lagrange")
    mix = gain.unsqueeze(-1) * mix
    side = (damping / 4).unsqueeze(-1) * mix
    here = mix - 2 * side
    pad = torch.nn.functional.pad
    taps = pad(here, (1, 1)) + pad(side, (2, 0)) + pad(side, (0, 2))
    return taps, (whole.long() + first - 1).expand(taps.shape[:-1])


def feedback_delay(
    x: Tensor,
    delay: Tensor | float,
    feedback: Tensor | float,
    *,
    sample_rate: float,
    damping: Tensor | float = 0.0,
) -> Tensor:
    r"""Feed a sound back into itself after any time, constant or moving, with a gradient in the time.

    .. math:: y[n] = x[n] + g\, \big(h_d * y\big)(n - D), \qquad D = f_s \cdot \text{delay}

    :math:`h_d` takes :math:`1 - d \sin^2(\omega / 2)` of each frequency, see `loop_taps`. A long delay gives echoes
    that darken; a short one a comb of resonances at the multiples of 1 / delay, which is a plucked string.

    Args:
        x: sound (..., time), float32 or float64.
        delay: in seconds, at least 3 samples long: a number, 0-d or (..., 1) for one a sound, or (..., time) for one a
            sample; leading dimensions broadcast with those of `x`, as for the other controls.
        feedback: g in [-1, 1], likewise.
        sample_rate: in Hz.
        damping: d in [0, 1], likewise.

    Returns:
        The sound with its echoes (..., time), of `x`'s type.

    Raises:
        ValueError: an argument is of the wrong kind, not finite or outside of its range; the shapes do not broadcast.

    Source: Smith, Physical Audio Signal Processing, on feedback comb filters and damping.
    Chapter: filters/effects.

    >>> feedback_delay(torch.eye(1, 10)[0], 4.0, 0.5, sample_rate=1)
    tensor([1.0000, 0.0000, 0.0000, 0.0000, 0.5000, 0.0000, 0.0000, 0.0000, 0.2500,
            0.0000])
    """
    checks.audio(x, "x")
    rate = checks.sample_rate(sample_rate)
    given = {}
    for name, value in (("delay", delay), ("feedback", feedback), ("damping", damping)):
        value = checks.floating(value, name, dtype=torch.float64, device=x.device).to(x.device).double()
        given[name] = value if value.ndim else value.unsqueeze(0)
    checks.in_range(given["delay"], "delay", (SHORTEST - 1e-6) / rate, unit="s")
    checks.in_range(given["feedback"], "feedback", -1, 1)
    checks.in_range(given["damping"], "damping", 0, 1)
    shape = checks.broadcast(x=x.shape, **{name: value.shape for name, value in given.items()})
    if shape[-1] != x.shape[-1]:
        raise ValueError(f"delay, feedback and damping must have 1 or {x.shape[-1]} samples, as x has.")
    steps = (given["delay"] * rate).clamp(max=x.shape[-1] + 8.0)  # more is silence all the same
    return lagged_recursion(x, *loop_taps(steps, given["feedback"], given["damping"]))
