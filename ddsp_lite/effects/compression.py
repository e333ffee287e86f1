"""Compression of loudness, with gradients in all its settings. Chapter: filters/effects."""

import math

import torch
from torch import Tensor

from ddsp_lite import checks
from ddsp_lite.effects.smoothing import ballistics

_FLOOR_DB = -120.0


def compressor(
    x: Tensor,
    threshold: Tensor | float,
    ratio: Tensor | float,
    *,
    attack: Tensor | float,
    release: Tensor | float,
    sample_rate: float,
    knee: float = 6.0,
    makeup: Tensor | float = 0.0,
) -> Tensor:
    r"""Turn a sound down while it is loud: feed-forward compression, with a gradient in every setting.

    .. math:: L[n] = 10 \log_{10}(x[n]^2 + 10^{-12}), \qquad
        r[n] = (1 - 1/\text{ratio})\, h(L[n] - \text{threshold}), \qquad
        y[n] = x[n]\, 10^{(\text{makeup} - \bar r[n]) / 20}

    h is 0 below the threshold and the excess in dB above it, joined over `knee` dB by a parabola,
    :math:`h(e) = (e + W/2)^2 / (2 W)` for :math:`|e| < W/2`. The reduction r in dB becomes :math:`\bar r` by
    `ballistics`: it rises with the attack and falls with the release. Above the threshold a tone that stands still
    grows by 1 dB for every `ratio` dB of its input. Silence stays silent, with a gradient.

    Args:
        x: sound (..., time), float32 or float64.
        threshold: level in dB relative to full scale: a number or a tensor that broadcasts with `x`'s leading
            dimensions, as all the settings.
        ratio: at least 1, which does nothing.
        attack: time constant in seconds, at least 0.
        release: time constant in seconds, at least 0.
        sample_rate: in Hz.
        knee: W in dB, at least 0, a number.
        makeup: gain in dB.

    Returns:
        The compressed sound (..., time), of `x`'s type.

    Raises:
        ValueError: an argument is of the wrong kind, not finite or outside of its range; the shapes do not broadcast.

    Source: Giannoulis, Massberg and Reiss (2012), Digital Dynamic Range Compressor Design.
    Chapter: filters/effects.

    >>> x = torch.full((16000,), 0.1)  # -20 dB, 20 dB above the threshold
    >>> y = compressor(x, -40.0, 4.0, attack=0.01, release=0.1, sample_rate=16000)
    >>> (20 * torch.log10(y[-1])).round(decimals=2)  # 5 dB above it are left
    tensor(-35.)
    """
    checks.audio(x, "x")
    checks.non_negative(knee, "knee", unit="dB")
    settings = {}
    for name, value in (("threshold", threshold), ("ratio", ratio), ("makeup", makeup)):
        settings[name] = checks.floating(value, name, dtype=x.dtype, device=x.device)
    checks.in_range(settings["ratio"], "ratio", 1)
    checks.broadcast(x=x.shape[:-1], **{name: value.shape for name, value in settings.items()})
    threshold, ratio, makeup = (value.to(x.device).unsqueeze(-1) for value in settings.values())

    level = 10 * torch.log10(x * x + 10 ** (_FLOOR_DB / 10))
    reduction = (1 - 1 / ratio) * _excess(level - threshold, knee)
    smooth = ballistics(reduction, attack, release, sample_rate=sample_rate)
    return x * torch.exp(math.log(10) / 20 * (makeup - smooth)).to(x.dtype)


def _excess(above: Tensor, knee: float) -> Tensor:
    if knee == 0:
        return above.clamp(min=0)
    return (above + knee / 2).clamp(0, knee) ** 2 / (2 * knee) + (above - knee / 2).clamp(min=0)
