"""The state-variable filter, whose cutoff and q may move at every sample. Chapter: filters/time-varying."""

import torch
from torch import Tensor

from ddsp_lite import checks
from ddsp_lite.filters.design import _frequency
from ddsp_lite.filters.second_order import tangent
from ddsp_lite.operators import array, empty, operation, twin_gradient

# How much of the input, of the band-pass (times k) and of the low-pass output each kind of filter takes.
_MIXES = {
    "lowpass": (0.0, 0.0, 1.0),
    "bandpass": (0.0, 1.0, 0.0),
    "highpass": (1.0, -1.0, -1.0),
    "notch": (1.0, -1.0, 0.0),
    "allpass": (1.0, -2.0, 0.0),
}


@operation(
    "state_variable(Tensor x, Tensor g, Tensor k, float through, float from_band, float from_low)"
    " -> (Tensor, Tensor, Tensor)"
)
def _state_variable(
    x: Tensor, g: Tensor, k: Tensor, through: float, from_band: float, from_low: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Filter rows: x and g [B, N], k [B, N] or [B, 1]; g and k float64; results like x.

    After the filter's output come the two integrators' outputs, which are kept for the backward pass, and have no
    gradient of their own.
    """
    from ddsp_lite.kernels import svf as kernels

    results = empty(x, x, x)
    kernels.forward(array(x), array(g), array(k), through, from_band, from_low, *(t.numpy() for t in results))
    return tuple(t.to(x.device) for t in results)


@operation(
    "state_variable_backward(Tensor grad, Tensor x, Tensor g, Tensor k, Tensor band, Tensor low, float through,"
    " float from_band, float from_low) -> (Tensor, Tensor, Tensor)"
)
def _state_variable_backward(
    grad: Tensor,
    x: Tensor,
    g: Tensor,
    k: Tensor,
    band: Tensor,
    low: Tensor,
    through: float,
    from_band: float,
    from_low: float,
) -> tuple[Tensor, Tensor, Tensor]:
    from ddsp_lite.kernels import svf as kernels

    results = empty(x, g, k)
    given = (array(t) for t in (grad, x, g, k, band, low))
    kernels.backward(*given, through, from_band, from_low, *(t.numpy() for t in results))
    return tuple(t.to(x.device) for t in results)


@_state_variable.register_fake
def _(x: Tensor, g: Tensor, k: Tensor, *mix: float) -> tuple[Tensor, Tensor, Tensor]:
    return tuple(torch.empty_like(x, memory_format=torch.contiguous_format) for _ in range(3))


@_state_variable_backward.register_fake
def _(grad: Tensor, x: Tensor, g: Tensor, k: Tensor, *rest) -> tuple[Tensor, Tensor, Tensor]:
    return tuple(torch.empty_like(t, memory_format=torch.contiguous_format) for t in (x, g, k))


def _save(ctx, inputs, output):
    ctx.save_for_backward(*inputs[:3], *output[1:])
    ctx.mix = inputs[3:]


def _differentiate(ctx, grad: Tensor, _band: Tensor, _low: Tensor):
    x, g, k, band, low = ctx.saved_tensors
    if torch.is_grad_enabled():  # create_graph=True: the gradient must itself be differentiable
        gradients = twin_gradient(lambda *inputs: _loop(*inputs, *ctx.mix), (x, g, k), grad)
    else:
        gradients = _state_variable_backward(grad, x, g, k, band, low, *ctx.mix)
    return *gradients, None, None, None


_state_variable.register_autograd(_differentiate, setup_context=_save)


def _loop(x: Tensor, g: Tensor, k: Tensor, through: float, from_band: float, from_low: float) -> Tensor:
    s1 = s2 = torch.zeros(len(x), dtype=torch.float64, device=x.device)
    outputs = []
    for x_n, g_n, k_n in zip(x.double().unbind(1), g.unbind(1), k.expand_as(g).unbind(1), strict=True):
        band = (s1 + g_n * (x_n - s2)) / (1 + g_n * (g_n + k_n))
        low = s2 + g_n * band
        s1, s2 = 2 * band - s1, 2 * low - s2
        outputs.append(through * x_n + from_band * k_n * band + from_low * low)
    return torch.stack(outputs, dim=1).to(x.dtype)


_state_variable.register_twin(_loop)


def state_variable(
    x: Tensor,
    cutoff: Tensor | float,
    q: Tensor | float = 0.7071,
    *,
    sample_rate: float,
    output: str = "lowpass",
) -> Tensor:
    r"""Filter by two integrators in a loop, with cutoff and q that may move at every sample, exactly.

    .. math:: v_1[n] = s_1 + g\, (x[n] - v_1[n]/q - v_2[n]), \quad v_2[n] = s_2 + g\, v_1[n], \quad
        s_i \leftarrow 2 v_i[n] - s_i, \qquad g = \tan(\pi f_c / f_s)

    v_2 is the low-pass and v_1 / q the band-pass; the high-pass is the input less both, the notch the input less the
    band-pass, the all-pass the input less twice the band-pass. With controls that stand still this is the filter of
    `lowpass_biquad` and its sisters. What it keeps from sample to sample is the charge of two integrators, which stays
    meaningful when the controls jump: unlike `varying_biquad` it never grows, however fast cutoff and q move.

    State and gradient are computed in float64; the gradient is exact, by one adjoint pass. A second derivative is taken
    through `state_variable_twin`. On an accelerator the signal is carried to the CPU and back.

    Args:
        x: signal (..., time), float32 or float64.
        cutoff: cutoff (or centre) frequency in Hz, in (0, sample_rate / 2); a number or a tensor that broadcasts with
            `x`: (..., time) for one a sample, (..., 1) for one a signal.
        q: quality factor, above 0; likewise.
        sample_rate: in Hz.
        output: "lowpass", "bandpass", "highpass", "notch" or "allpass".

    Returns:
        The filtered signal (..., time), of `x`'s type.

    Raises:
        ValueError: an argument is of the wrong kind or outside of its range; the shapes do not broadcast.

    Source: Zavalishin, The Art of VA Filter Design, on topology-preserving transforms.
    Chapter: filters/time-varying.

    >>> sweep = torch.linspace(100.0, 7000.0, 16000)
    >>> state_variable(torch.ones(16000), sweep, 2.0, sample_rate=16000)[-1]  # a constant passes
    tensor(1.)
    """
    x_rows, g, k, mix, shape = _prepared(x, cutoff, q, sample_rate, output)
    return _state_variable(x_rows, g, k, *mix)[0].reshape(shape)


def state_variable_twin(
    x: Tensor,
    cutoff: Tensor | float,
    q: Tensor | float = 0.7071,
    *,
    sample_rate: float,
    output: str = "lowpass",
) -> Tensor:
    r"""Filter by a plain loop of PyTorch operations: the reference for `state_variable`, some thousand times slower.

    Args:
        x: signal (..., time), float32 or float64.
        cutoff: cutoff frequency in Hz, in (0, sample_rate / 2); a number or a tensor that broadcasts with `x`.
        q: quality factor, above 0; likewise.
        sample_rate: in Hz.
        output: "lowpass", "bandpass", "highpass", "notch" or "allpass".

    Returns:
        The filtered signal (..., time), of `x`'s type.

    Raises:
        ValueError: as `state_variable`.

    Source: Zavalishin, The Art of VA Filter Design, on topology-preserving transforms.
    Chapter: filters/time-varying.

    >>> state_variable_twin(torch.ones(3), 4000.0, 0.5, sample_rate=16000).round(decimals=4)
    tensor([0.2500, 0.7500, 1.0000])
    """
    x_rows, g, k, mix, shape = _prepared(x, cutoff, q, sample_rate, output)
    return _loop(x_rows, g, k, *mix).reshape(shape)


def _prepared(x: Tensor, cutoff: Tensor | float, q: Tensor | float, sample_rate: float, output: str):
    """Check, and give x and g [B, N], k [B, N] or [B, 1], the mix, and the shape of the result."""
    checks.audio(x, "x")
    cutoff, rate = _frequency(cutoff, "cutoff", sample_rate)
    q = checks.positive(checks.floating(q, "q", dtype=torch.float64, device=x.device), "q").to(x.device)
    mix = _MIXES[checks.one_of(output, "output", tuple(_MIXES))]
    shape = checks.broadcast(x=x.shape, cutoff=cutoff.shape, q=q.shape)
    if shape[-1] != x.shape[-1]:
        raise ValueError(f"cutoff and q must have 1 or {x.shape[-1]} samples, as x has, got {shape[-1]}.")
    g, k = tangent(cutoff.to(x.device), rate), 1 / q.double()
    x, g = (t.expand(shape).reshape(-1, shape[-1]) for t in (x, g))
    if checks.is_tracing(x, g, k) or (k.ndim and k.shape[-1] > 1):
        k = k.expand(shape).reshape(-1, shape[-1])
    else:  # one for each row is enough for the compiled loop
        k = k.expand(*shape[:-1], 1).reshape(-1, 1)
    return x, g, k, mix, shape
