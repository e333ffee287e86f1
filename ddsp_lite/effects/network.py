"""The feedback delay network, a reverb of a few dozen numbers. Chapter: filters/effects."""

import math

import torch
from torch import Tensor

from ddsp_lite import checks
from ddsp_lite.effects.delay_lines import delay_network
from ddsp_lite.effects.feedback import SHORTEST, loop_taps


def feedback_delay_network(
    x: Tensor,
    delays: Tensor,
    decay: Tensor | float,
    *,
    sample_rate: float,
    decay_high: Tensor | float | None = None,
    matrix: Tensor | None = None,
    input_gains: Tensor | None = None,
    output_gains: Tensor | None = None,
) -> Tensor:
    r"""Reverberate a sound by delay lines that feed each other, with a gradient in every setting, delays too.

    .. math:: Y(z) = g^{\mathsf T} \big(D(z)^{-1} - A\big)^{-1} b\, X(z), \qquad
        D_j(z) = 10^{-3 \tau_j / T}\, z^{-f_s \tau_j} \left(1 - \tfrac{d_j}{2} + \tfrac{d_j}{4} (z + z^{-1})\right)

    A matrix that keeps energy (an orthogonal one) leaves the decay to the gains: each line's gain and damping
    :math:`d_j` follow from its delay, so that all that circulates falls by 60 dB in T at 0 Hz and in T_high at Nyquist,
    and in between smoothly. Delays between samples are interpolated by the cubic of `weights`, which damps the highest
    frequencies somewhat more; delays of whole samples are exact.

    Args:
        x: sound (..., time), float32 or float64.
        delays: tau in seconds, each at least 3 samples long, (..., M); leading dimensions broadcast with those of `x`,
            as for all settings. Delays without common divisors give the densest echoes.
        decay: T in seconds, above 0; a number or (...).
        sample_rate: in Hz.
        decay_high: T_high in seconds, above 0; one longer than `decay` counts as `decay`, the default.
        matrix: A (..., M, M); the default is the reflection :math:`I - \tfrac 2M 1 1^{\mathsf T}`.
        input_gains: b (..., M); :math:`1 / \sqrt M` by default.
        output_gains: g (..., M); :math:`\pm 1 / \sqrt M` in turn by default.

    Returns:
        The reverberation alone (..., time), of `x`'s type.

    Raises:
        ValueError: an argument is of the wrong kind, not finite or outside of its range; the shapes do not fit.

    Source: Jot and Chaigne (1991), Digital Delay Networks for Designing Artificial Reverberators.
    Chapter: filters/effects.

    >>> delays = torch.tensor([0.0297, 0.0371, 0.0411, 0.0437])
    >>> y = feedback_delay_network(torch.eye(1, 16000)[0], delays, 0.5, sample_rate=16000, decay_high=0.2)
    >>> (20 * torch.log10(y[8000:].norm() / y[:8000].norm())).round()  # below -60 dB after half a second
    tensor(-64.)
    """
    checks.audio(x, "x")
    rate = checks.sample_rate(sample_rate)
    if not isinstance(delays, Tensor) or delays.ndim == 0 or delays.shape[-1] == 0:
        raise ValueError(f"delays must be a tensor (..., lines), got {checks.describe(delays)}.")
    checks.in_range(checks.floating(delays, "delays"), "delays", (SHORTEST - 1e-6) / rate, unit="s")
    decay = checks.floating(decay, "decay", dtype=torch.float64, device=x.device)
    high = decay if decay_high is None else decay_high
    high = checks.floating(high, "decay_high", dtype=torch.float64, device=x.device)
    checks.positive(decay, "decay", unit="s")
    checks.positive(high, "decay_high", unit="s")
    checks.broadcast(x=x.shape[:-1], delays=delays.shape[:-1], decay=decay.shape, decay_high=high.shape)

    delays = delays.to(x.device).double()
    decay, high = (value.to(x.device).double().unsqueeze(-1).clamp(min=1e-6) for value in (decay, high))
    falling = -3 * math.log(10) * delays
    gain = torch.exp(falling / decay)
    damping = -torch.expm1((falling * (1 / high - 1 / decay)).clamp(max=0))
    taps, lag = loop_taps((delays * rate).clamp(max=x.shape[-1] + 8.0), gain, damping)

    lines = delays.shape[-1]
    signs = 1 - 2 * (torch.arange(lines, dtype=torch.float64, device=x.device) % 2)
    if matrix is None:
        matrix = torch.eye(lines, dtype=torch.float64, device=x.device) - 2 / lines
    if input_gains is None:
        input_gains = torch.full_like(signs, 1 / math.sqrt(lines))
    if output_gains is None:
        output_gains = signs / math.sqrt(lines)
    return delay_network(x, taps, lag, matrix, input_gains, output_gains)


def orthogonal_matrix(free: Tensor) -> Tensor:
    r"""Turn any square matrix into one that keeps energy, for a network whose mixing is learned.

    .. math:: A = \exp(W - W^{\mathsf T}), \qquad A A^{\mathsf T} = I

    Args:
        free: W (..., M, M), any finite numbers.

    Returns:
        The rotation A (..., M, M), of the same type; the identity for zeros.

    Raises:
        ValueError: `free` is no float tensor of square matrices with finite values.

    Source: Lezcano-Casado and Martinez-Rubio (2019), Cheap Orthogonal Constraints in Neural Networks.
    Chapter: filters/effects.

    >>> a = orthogonal_matrix(torch.tensor([[0.0, torch.pi / 2], [0.0, 0.0]]))
    >>> a.round(decimals=4) + 0.0
    tensor([[ 0.,  1.],
            [-1.,  0.]])
    """
    if not isinstance(free, Tensor) or free.ndim < 2 or free.shape[-1] != free.shape[-2] or free.shape[-1] == 0:
        raise ValueError(f"free must be a tensor of square matrices (..., M, M), got {checks.describe(free)}.")
    checks.floating(free, "free")
    return torch.linalg.matrix_exp(free - free.transpose(-1, -2))
