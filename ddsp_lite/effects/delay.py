"""Delay by any fraction of a sample, with a gradient in the delay. Chapter: filters/effects."""

import torch
from torch import Tensor

from ddsp_lite import checks
from ddsp_lite.effects.interpolation import weights


def fractional_delay(x: Tensor, delay: Tensor | float, *, sample_rate: float, method: str = "lagrange") -> Tensor:
    r"""Delay a sound by any time, constant or moving, with a gradient in the sound and the delay.

    .. math:: y[n] = x(n - D[n]), \qquad D = f_s \cdot \text{delay} = i + f, \qquad
        y[n] = \sum_j w_j(f)\, x[n - i - j]

    with the weights of :func:`ddsp_lite.effects.weights`. Before and after the sound there is silence. A delay that
    moves shifts the pitch, by the factor 1 - dD/dn. A delay shorter than the method's reach (0 samples for "linear", 1
    for "lagrange", 15 for "sinc") takes later samples too, as one with all the sound at hand can.

    The gradient in the delay is minus the slope of the interpolated sound. It is continuous within one sample of delay
    and steps slightly where the delay passes a whole number, except for "sinc", where the step is too small to notice.

    Args:
        x: sound (..., time), float32 or float64.
        delay: in seconds, at least 0: a number, 0-d or (..., 1) for one a sound, or (..., time) for one a sample;
            leading dimensions broadcast with those of `x`.
        sample_rate: in Hz.
        method: "linear", "lagrange" or "sinc".

    Returns:
        The delayed sound (..., time), of `x`'s type.

    Raises:
        ValueError: `x` is no sound; `delay` is negative, not finite or of the wrong kind; the shapes do not broadcast;
            `method` is none of the three.

    Source: Laakso, Valimaki, Karjalainen and Laine (1996), Splitting the Unit Delay.
    Chapter: filters/effects.

    >>> x = torch.tensor([1.0, 2.0, 3.0, 4.0])
    >>> fractional_delay(x, 1.5, sample_rate=1, method="linear")
    tensor([0.0000, 0.5000, 1.5000, 2.5000])
    """
    checks.audio(x, "x")
    rate = checks.sample_rate(sample_rate)
    delay = checks.floating(delay, "delay", dtype=torch.float64, device=x.device)
    checks.non_negative(delay, "delay", unit="s")
    shape = checks.broadcast(x=x.shape, delay=delay.shape)
    n_samples = x.shape[-1]
    if shape[-1] != n_samples:
        raise ValueError(f"delay must have 1 or {n_samples} samples, as x has, got {shape[-1]}.")

    steps = (delay.double().to(x.device) * rate).clamp(max=2.0 * n_samples + 32)  # more is silence all the same
    if steps.ndim == 0:
        steps = steps.unsqueeze(0)
    whole = steps.detach().floor()
    first, mix = weights(steps - whole, method)
    # One zero before the sound and one behind it stand for all the silence.
    padded = torch.nn.functional.pad(x, (1, 1))
    places = torch.arange(n_samples, device=x.device) - whole.long()
    taps = torch.arange(first, first + mix.shape[-1], device=x.device)
    index = (places.unsqueeze(-2) - taps.unsqueeze(-1)).clamp(-1, n_samples) + 1
    around = torch.gather(
        padded.unsqueeze(-2).expand(*shape[:-1], len(taps), n_samples + 2), -1, index.expand(*shape[:-1], -1, -1)
    )
    return (around * mix.transpose(-1, -2).to(x.dtype)).sum(-2)
