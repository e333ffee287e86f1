"""Filters that go on where the last block ended. Their states are float64, as those of the whole signal's filters are.

What rings on from the block before is added to the input, and the exact recursion then starts from rest: so one
compiled loop, with its exact gradient, serves the block and the whole signal.
"""

import torch
from torch import Tensor
from torch.nn.functional import pad

from ddsp_lite import checks, filters
from ddsp_lite.filters import iir, sections, svf, varying
from ddsp_lite.streaming import states

State = tuple | None


def recursion(x: Tensor, b: Tensor, a: Tensor, *, state: State = None) -> tuple[Tensor, tuple]:
    r"""Run a block through a digital filter, exactly: :func:`ddsp_lite.filters.recursion` in blocks, without latency.

    .. math:: a_0\, y[n] = \sum_{k=0}^{K-1} b_k\, x[n-k] - \sum_{k=1}^{K-1} a_k\, y[n-k]

    The state holds the last K - 1 samples of x and y. The coefficients may be others in the next block.

    Args:
        x: block (..., time), float32 or float64, of any length.
        b: feed-forward coefficients (..., K).
        a: feedback coefficients (..., L), `a[..., 0]` not zero.
        state: None, or what the block before returned.

    Returns:
        The filtered block (..., time), of `x`'s type, and the state.

    Raises:
        ValueError: as :func:`ddsp_lite.filters.recursion`, or the state is that of other shapes.

    Source: Oppenheim and Schafer, Discrete-Time Signal Processing, on direct forms. Chapter: systems/latency.

    >>> b, a = torch.tensor([1.0]), torch.tensor([1.0, -0.5])
    >>> y, state = recursion(torch.tensor([1.0, 0.0]), b, a)
    >>> recursion(torch.tensor([0.0, 0.0]), b, a, state=state)[0]
    tensor([0.2500, 0.1250])
    """
    x, b, a = iir._normalise(x, b, a)
    leading = checks.broadcast(x=x.shape[:-1], b=b.shape[:-1], a=a.shape[:-1])
    y, state = _recursion(x.double().expand(*leading, x.shape[-1]), b.to(x.device), a.to(x.device), state)
    return y.to(x.dtype), state


def _recursion(x: Tensor, b: Tensor, a: Tensor, state: State) -> tuple[Tensor, tuple]:
    """Filter x (..., time) by b and a (..., K) with a_0 = 1, all float64."""
    n_samples, order = x.shape[-1], b.shape[-1] - 1
    shape = (*x.shape[:-1], order)
    past_x, past_y = [x.new_zeros(shape)] * 2 if state is None else states.given(state, [shape, shape])
    inputs = torch.cat([past_x, x], -1)
    if order == 0:
        return b * x, (past_x, past_y)
    fed = sum(b[..., k : k + 1] * inputs[..., order - k : order - k + n_samples] for k in range(order + 1))
    outputs = pad(past_y, (0, order))
    rings = -sum(a[..., k : k + 1] * outputs[..., order - k : 2 * order - k] for k in range(1, order + 1))
    fed = fed + pad(rings[..., :n_samples], (0, max(0, n_samples - order)))
    y = filters.recursion(fed, torch.ones(1, dtype=torch.float64, device=x.device), a)
    return y, (inputs[..., n_samples:], torch.cat([past_y, y], -1)[..., n_samples:])


def cascade(x: Tensor, b: Tensor, a: Tensor, *, state: State = None) -> tuple[Tensor, tuple]:
    r"""Run a block through second-order sections: :func:`ddsp_lite.filters.cascade` in blocks, without latency.

    .. math:: H(z) = \prod_{s} \frac{b_{s0} + b_{s1} z^{-1} + b_{s2} z^{-2}}{a_{s0} + a_{s1} z^{-1} + a_{s2} z^{-2}}

    Args:
        x: block (..., time), float32 or float64, of any length.
        b: feed-forward coefficients (..., sections, 3).
        a: feedback coefficients (..., sections, 3), `a[..., 0]` not zero.
        state: None, or what the block before returned.

    Returns:
        The filtered block (..., time), of `x`'s type, and the state: two tensors a section.

    Raises:
        ValueError: as :func:`ddsp_lite.filters.cascade`, or the state is that of other shapes.

    Source: Oppenheim and Schafer, Discrete-Time Signal Processing, on cascade forms. Chapter: systems/latency.

    >>> b, a = filters.lowpass_biquad(torch.tensor([500.0, 900.0]), sample_rate=16000)
    >>> y, state = cascade(torch.ones(8000), b, a)
    >>> cascade(torch.ones(1), b, a, state=state)[0]  # a constant passes
    tensor([1.])
    """
    rows, b, a, shape = sections._prepared(x, b, a)
    count = b.shape[1]
    kept = (rows.shape[0], 2)
    if state is not None:
        states.given(state, [kept] * (2 * count))
    y, after = rows.double(), []
    for s in range(count):
        y, section = _recursion(y, b[:, s], a[:, s], None if state is None else state[2 * s : 2 * s + 2])
        after += section
    return y.to(x.dtype).reshape(shape), tuple(after)


def varying_biquad(x: Tensor, b: Tensor, a: Tensor, *, state: State = None) -> tuple[Tensor, tuple]:
    r"""Run a block through a filter that moves: :func:`ddsp_lite.filters.varying_biquad` in blocks, without latency.

    .. math:: a_0[n]\, y[n] = \sum_{k=0}^{2} b_k[n]\, x[n-k] - \sum_{k=1}^{2} a_k[n]\, y[n-k]

    Args:
        x: block (..., time), float32 or float64, of any length.
        b: feed-forward coefficients (..., time, 3).
        a: feedback coefficients (..., time, 3), `a[..., 0]` not zero.
        state: None, or what the block before returned: the last two samples of x and y.

    Returns:
        The filtered block (..., time), of `x`'s type, and the state.

    Raises:
        ValueError: as :func:`ddsp_lite.filters.varying_biquad`, or the state is that of other shapes.

    Source: Oppenheim and Schafer, Discrete-Time Signal Processing, on direct forms. Chapter: systems/latency.

    >>> b, a = filters.lowpass_biquad(torch.linspace(500, 900, 10), sample_rate=16000)
    >>> y, state = varying_biquad(torch.ones(6), b[:6], a[:6])
    >>> varying_biquad(torch.ones(4), b[6:], a[6:], state=state)[0].shape
    torch.Size([4])
    """
    rows, b, a, shape = varying._per_sample(x, b, a)
    varying._values(b, a)
    rows, b, a = rows.double(), b.double(), a.double()
    b, a = b / a[..., :1], a / a[..., :1]
    n_samples = rows.shape[-1]
    kept = (rows.shape[0], 2)
    past_x, past_y = [rows.new_zeros(kept)] * 2 if state is None else states.given(state, [kept, kept])
    inputs = torch.cat([past_x, rows], -1)
    fed = sum(b[..., k] * inputs[:, 2 - k : 2 - k + n_samples] for k in range(3))
    few = min(2, n_samples)
    outputs = pad(past_y, (0, 2))
    rings = -sum(a[:, :few, k] * outputs[:, 2 - k : 2 - k + few] for k in (1, 2))
    fed = fed + pad(rings, (0, n_samples - few))
    one = torch.eye(1, 3, dtype=torch.float64, device=x.device).expand(*fed.shape, 3)
    y = filters.varying_biquad(fed, one, a)
    state = inputs[:, n_samples:], torch.cat([past_y, y], -1)[:, n_samples:]
    return y.to(x.dtype).reshape(shape), state


def varying_one_pole(
    x: Tensor, gain: Tensor | float, pole: Tensor | float, *, state: State = None
) -> tuple[Tensor, tuple]:
    r"""Run a block through a one-pole filter: :func:`ddsp_lite.filters.varying_one_pole` in blocks, without latency.

    .. math:: y[n] = g[n]\, x[n] + p[n]\, y[n-1]

    Args:
        x: block (..., time), float32 or float64, of any length.
        gain: g, a number or a tensor that broadcasts with `x` (..., time).
        pole: p, likewise.
        state: None, or what the block before returned: the last sample of y.

    Returns:
        The filtered block (..., time), of `x`'s type, and the state.

    Raises:
        ValueError: as :func:`ddsp_lite.filters.varying_one_pole`, or the state is that of other shapes.

    Source: Oppenheim and Schafer, Discrete-Time Signal Processing, on direct forms. Chapter: systems/latency.

    >>> y, state = varying_one_pole(torch.tensor([1.0, 0.0]), 1.0, 0.5)
    >>> varying_one_pole(torch.tensor([0.0, 0.0]), 1.0, 0.5, state=state)[0]
    tensor([0.2500, 0.1250])
    """
    rows, gain, pole, shape = varying._controls(x, gain, pole)
    fed, pole = gain.double() * rows.double(), pole.double()
    kept = (rows.shape[0], 1)
    (past,) = (fed.new_zeros(kept),) if state is None else states.given(state, [kept])
    fed = fed + pad(pole[:, :1] * past, (0, fed.shape[-1] - 1))
    y = filters.varying_one_pole(fed, 1.0, pole)
    return y.to(x.dtype).reshape(shape), (y[:, -1:],)


def state_variable(
    x: Tensor,
    cutoff: Tensor | float,
    q: Tensor | float = 0.7071,
    *,
    sample_rate: float,
    output: str = "lowpass",
    state: State = None,
) -> tuple[Tensor, tuple]:
    r"""Run a block through two integrators: :func:`ddsp_lite.filters.state_variable` in blocks, without latency.

    .. math:: v_1[n] = s_1 + g\, (x[n] - v_1[n]/q - v_2[n]), \quad v_2[n] = s_2 + g\, v_1[n], \quad
        s_i \leftarrow 2 v_i[n] - s_i, \qquad g = \tan(\pi f_c / f_s)

    The state is the charge of the two integrators. A filter at rest is brought there by two samples of the right size
    before the block, with g = 1/q = 1, for which the step is a well-conditioned 2 by 2 system.

    Args:
        x: block (..., time), float32 or float64, of any length.
        cutoff: cutoff (or centre) frequency in Hz, in (0, sample_rate / 2), a number or a tensor that broadcasts with
            `x`.
        q: quality factor, above 0; likewise.
        sample_rate: in Hz.
        output: "lowpass", "bandpass", "highpass", "notch" or "allpass".
        state: None, or what the block before returned.

    Returns:
        The filtered block (..., time), of `x`'s type, and the state.

    Raises:
        ValueError: as :func:`ddsp_lite.filters.state_variable`, or the state is that of other shapes.

    Source: Zavalishin, The Art of VA Filter Design, on topology-preserving transforms. Chapter: systems/latency.

    >>> y, state = state_variable(torch.ones(8000), 1000.0, sample_rate=16000)
    >>> state_variable(torch.ones(1), 1000.0, sample_rate=16000, state=state)[0]  # a constant passes
    tensor([1.])
    """
    rows, g, k, mix, shape = svf._prepared(x, cutoff, q, sample_rate, output)
    rows, g, k = rows.double(), g.double(), k.double().expand(len(rows), rows.shape[-1])
    kept = (rows.shape[0], 1)
    s1, s2 = [rows.new_zeros(kept)] * 2 if state is None else states.given(state, [kept, kept])
    # From rest, inputs u and w with g = k = 1 charge the integrators to s1 = 2 (w - u) / 3 and s2 = 2 (w + u) / 3.
    u = 0.75 * (s2 - s1)
    w = 0.75 * (s1 + s2)
    g, k = (pad(control, (2, 0), value=1.0) for control in (g, k))
    fed = torch.cat([u, w, rows], -1)
    band, low = (svf._state_variable(fed, g, k, *svf._MIXES[kind])[0] for kind in ("bandpass", "lowpass"))
    y = mix[0] * fed + mix[1] * band + mix[2] * low
    v1, v2, last_g, last_k = band[:, -1:] / k[:, -1:], low[:, -1:], g[:, -1:], k[:, -1:]
    before2 = v2 - last_g * v1
    before1 = v1 * (1 + last_g * (last_g + last_k)) - last_g * (fed[:, -1:] - before2)
    state = 2 * v1 - before1, 2 * v2 - before2
    return y[:, 2:].to(x.dtype).reshape(shape), state
