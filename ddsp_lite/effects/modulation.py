"""Effects of a delay that swings: chorus and flanger. Chapter: filters/effects."""

import math

import torch
from torch import Tensor

from ddsp_lite import checks
from ddsp_lite.effects.delay import fractional_delay
from ddsp_lite.effects.feedback import SHORTEST, feedback_delay
from ddsp_lite.oscillators import sinusoid


def chorus(
    x: Tensor,
    *,
    sample_rate: float,
    rate: Tensor | float = 0.8,
    depth: Tensor | float = 0.003,
    delay: Tensor | float = 0.015,
    mix: Tensor | float = 0.5,
    voices: int = 3,
) -> Tensor:
    r"""Turn one sound into several, each delayed by a time of its own that swings, so that pitch and time waver.

    .. math:: y(t) = (1 - m)\, x(t) + \frac mV \sum_{v=0}^{V-1} x\big(t - D_v(t)\big), \qquad
        D_v(t) = \text{delay} + \text{depth} \sin(2\pi\, \text{rate}\; t + 2\pi v / V)

    Args:
        x: sound (..., time), float32 or float64.
        sample_rate: in Hz.
        rate: speed of the swing in Hz, in [0, sample_rate / 2]: a number or a tensor that broadcasts with `x`'s leading
            dimensions, as all the settings.
        depth: the swing of the delay to each side, in seconds, at least 0 and at most `delay`.
        delay: middle of the swing, in seconds.
        mix: m in [0, 1], the share of the voices in the result.
        voices: how many, at least 1.

    Returns:
        The sound (..., time), of `x`'s type.

    Raises:
        ValueError: an argument is of the wrong kind, not finite or outside of its range; the shapes do not broadcast.

    Source: Dattorro (1997), Effect Design 2: Delay-Line Modulation and Chorus. Chapter: filters/effects.

    >>> y = chorus(torch.ones(2, 1600), sample_rate=16000)  # each voice has come by 18 ms
    >>> y[0, 0], y[0, 300]
    (tensor(0.5000), tensor(1.))
    """
    voices = checks.integer(voices, "voices")
    turn = 2 * math.pi / voices * torch.arange(voices, dtype=torch.float64, device=getattr(x, "device", None))
    swing, mix, _ = _swing(x, rate, depth, delay, mix, sample_rate, 0.0, turn.unsqueeze(-1))
    wet = fractional_delay(x.unsqueeze(-2), swing, sample_rate=sample_rate).mean(-2)
    return (1 - mix) * x + mix * wet


def flanger(
    x: Tensor,
    *,
    sample_rate: float,
    rate: Tensor | float = 0.3,
    depth: Tensor | float = 0.002,
    delay: Tensor | float = 0.003,
    feedback: Tensor | float = 0.5,
    mix: Tensor | float = 0.5,
) -> Tensor:
    r"""Add a sound to itself after a short time that swings and feeds back: a comb of notches that sweeps.

    .. math:: v(t) = x(t) + g\, v\big(t - D(t)\big), \qquad y(t) = (1 - m)\, x(t) + m\, v\big(t - D(t)\big), \qquad
        D(t) = \text{delay} + \text{depth} \sin(2\pi\, \text{rate}\; t)

    Args:
        x: sound (..., time), float32 or float64.
        sample_rate: in Hz.
        rate: speed of the swing in Hz, in [0, sample_rate / 2]: a number or a tensor that broadcasts with `x`'s leading
            dimensions, as all the settings.
        depth: the swing of the delay to each side, in seconds, at least 0; the shortest delay is 3 samples.
        delay: middle of the swing, in seconds.
        feedback: g in [-1, 1].
        mix: m in [0, 1], the share of the delayed sound in the result.

    Returns:
        The sound (..., time), of `x`'s type.

    Raises:
        ValueError: an argument is of the wrong kind, not finite or outside of its range; the shapes do not broadcast.

    Source: Dattorro (1997), Effect Design 2: Delay-Line Modulation and Chorus. Chapter: filters/effects.

    >>> click = torch.eye(1, 100)[0]
    >>> y = flanger(click, sample_rate=16000, depth=0.0, delay=0.001)
    >>> y[[0, 16, 32]]
    tensor([0.5000, 0.5000, 0.2500])
    """
    swing, mix, hz = _swing(x, rate, depth, delay, mix, sample_rate, SHORTEST, 0.0)
    feedback = checks.in_range(checks.floating(feedback, "feedback", dtype=x.dtype, device=x.device), "feedback", -1, 1)
    checks.broadcast(x=x.shape[:-1], feedback=feedback.shape)
    fed = feedback_delay(x, swing, feedback.unsqueeze(-1), sample_rate=hz)
    return (1 - mix) * x + mix * fractional_delay(fed, swing, sample_rate=hz)


def _swing(x, rate, depth, delay, mix, sample_rate, shortest, phase) -> tuple[Tensor, Tensor, float]:
    """Check, and give the delay in seconds (..., [voices,] time) in float64, the mix (..., 1), and the sample rate."""
    checks.audio(x, "x")
    hz = checks.sample_rate(sample_rate)
    given = {"rate": rate, "depth": depth, "delay": delay, "mix": mix}
    given = {name: checks.floating(v, name, dtype=torch.float64, device=x.device) for name, v in given.items()}
    checks.in_range(given["rate"], "rate", 0, hz / 2, unit="Hz")
    checks.non_negative(given["depth"], "depth", unit="s")
    checks.in_range(given["mix"], "mix", 0, 1)
    checks.broadcast(x=x.shape[:-1], **{name: value.shape for name, value in given.items()})
    rate, depth, delay = (given[name].to(x.device).double() for name in ("rate", "depth", "delay"))
    checks.in_range(delay - depth, "delay - depth", shortest / hz - 1e-9, unit="s")
    if isinstance(phase, Tensor):
        rate, depth, delay = (value.unsqueeze(-1) for value in (rate, depth, delay))
    wave = sinusoid(rate, sample_rate=hz, n_samples=x.shape[-1], phase=phase)
    swing = delay.unsqueeze(-1) + depth.unsqueeze(-1) * wave.double()
    return swing.clamp(min=shortest / hz), given["mix"].to(x).unsqueeze(-1), hz
