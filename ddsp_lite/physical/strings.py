"""Strings by delay lines, with gradients in pitch and decay. Chapter: inference/physical-models."""

import math

import torch
from torch import Tensor

from ddsp_lite import checks
from ddsp_lite.effects import fractional_delay, lagged_recursion, loop_taps


def karplus_strong(
    excitation: Tensor,
    f0: Tensor | float,
    decay: Tensor | float,
    *,
    sample_rate: float,
    damping: Tensor | float = 0.5,
    n_samples: int | None = None,
) -> Tensor:
    r"""Let a string ring: what excites it goes round in a delay of one period, and each time loses a little.

    .. math:: y[n] = x[n] + g\, (h_d * y)(n - D), \qquad D = f_s / f_0, \qquad g = 10^{-3 / (f_0\, T)}

    :math:`h_d` takes :math:`1 - d \sin^2(\omega / 2)` of each frequency: with d = 1 it is the mean of neighbouring
    samples, taken twice, and high partials die first. It delays nothing, and the period falls between the samples by
    a cubic (:func:`ddsp_lite.effects.weights`), so that an f0 up to a fortieth of the sample rate is tuned within 0.001
    cent; high partials between samples are a little flat and die sooner. A burst of noise one period long plucks the
    string.

    Args:
        excitation: x (..., time), float32 or float64.
        f0: pitch in Hz, in (0, sample_rate / 4]: a number, 0-d or (..., 1) for one a sound, or (..., n_samples) for a
            pitch that glides; leading dimensions broadcast with those of `excitation`, as for the other controls.
        decay: T, the time in seconds in which the lowest partials fall by 60 dB, above 0; likewise.
        sample_rate: in Hz.
        damping: d in [0, 1]; likewise.
        n_samples: length of the sound in samples, at least that of the excitation, which is its default.

    Returns:
        The sound (..., n_samples), of `excitation`'s type.

    Raises:
        ValueError: an argument is of the wrong kind, not finite or outside of its range; the shapes do not broadcast.

    Source: Karplus and Strong (1983), Digital Synthesis of Plucked-String and Drum Timbres; Jaffe and Smith (1983),
        Extensions of the Karplus-Strong Plucked-String Algorithm. Chapter: inference/physical-models.

    >>> from ddsp_lite import noise
    >>> y = karplus_strong(noise.white(73, seed=0), 220.0, 2.0, sample_rate=16000, n_samples=32000)
    >>> y.shape, bool(y[:8000].norm() > 10 * y[-8000:].norm())
    (torch.Size([32000]), True)
    """
    x, period, gain, damping = _prepared(excitation, f0, decay, damping, sample_rate, n_samples)
    return lagged_recursion(x, *loop_taps(period, gain, damping))


def waveguide_string(
    excitation: Tensor,
    f0: Tensor | float,
    decay: Tensor | float,
    *,
    sample_rate: float,
    position: Tensor | float = 0.13,
    pickup: Tensor | float = 0.2,
    damping: Tensor | float = 0.1,
    n_samples: int | None = None,
) -> Tensor:
    r"""Run a string as two waves that travel against each other, excited at one place and heard at another.

    .. math:: \frac{Y}{X} = \frac12\, \frac{z^{-\delta} - z^{-\sigma} + H z^{-(D - \delta)} - H z^{-(D - \sigma)}}
        {1 - H z^{-D}}, \qquad \delta = \tfrac D2 |p - q|, \quad \sigma = \tfrac D2 (p + q)

    Half of the excitation starts each way from the place p; both waves are turned over at the fixed ends, where the
    bridge also takes its share, :math:`H = g h_d` as in `karplus_strong`; their sum is heard at q. The four terms are
    the ways from p to q within a period. A place at 1/k of the string silences each k-th partial.

    Args:
        excitation: x (..., time), float32 or float64.
        f0: pitch in Hz, in (0, sample_rate / 4], as in `karplus_strong`.
        decay: time in seconds in which the lowest partials fall by 60 dB, above 0, likewise.
        sample_rate: in Hz.
        position: p, the place of the excitation in parts of the string, in [0, 1]; likewise.
        pickup: q, the place that is heard, likewise.
        damping: d in [0, 1]; likewise.
        n_samples: length of the sound in samples, at least that of the excitation, which is its default.

    Returns:
        The sound (..., n_samples), of `excitation`'s type.

    Raises:
        ValueError: an argument is of the wrong kind, not finite or outside of its range; the shapes do not broadcast.

    Source: Smith (1992), Physical Modeling Using Digital Waveguides. Chapter: inference/physical-models.

    >>> pluck = torch.tensor([1.0])
    >>> y = waveguide_string(pluck, 100.0, 1.0, sample_rate=8000, position=0.5, pickup=0.25, n_samples=8000)
    >>> partials = torch.fft.rfft(y).abs()[[100, 200, 300]]  # in the middle, the second partial has a node
    >>> bool(partials[1] < 0.05 * partials[0])
    True
    """
    x, period, gain, damping = _prepared(excitation, f0, decay, damping, sample_rate, n_samples)
    places = []
    for name, value in (("position", position), ("pickup", pickup)):
        value = checks.in_range(checks.floating(value, name, dtype=torch.float64, device=x.device), name, 0, 1)
        value = value.to(x.device).double()
        places.append(value if value.ndim else value.unsqueeze(0))
    p, q = places
    checks.broadcast(excitation=x.shape, f0=period.shape, position=p.shape, pickup=q.shape)
    near, far = period / 2 * (p - q).abs(), period / 2 * (p + q)

    wave = lagged_recursion(x, *loop_taps(period, gain, damping))

    def at(delay: Tensor) -> Tensor:
        return fractional_delay(wave, delay.clamp(min=0), sample_rate=1)

    turned = at(period - near) - at(period - far)
    around = torch.nn.functional.pad(turned, (1, 1))
    bend = around[..., :-2] - 2 * turned + around[..., 2:]
    turned = gain.to(x.dtype) * (turned + (damping / 4).to(x.dtype) * bend)
    return 0.5 * (at(near) - at(far) + turned)


def _prepared(excitation, f0, decay, damping, sample_rate, n_samples) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Check, and give the sound with its rest, the period in samples, the gain of a period, and the damping."""
    checks.audio(excitation, "excitation")
    rate = checks.sample_rate(sample_rate)
    given = excitation.shape[-1]
    n_samples = given if n_samples is None else checks.integer(n_samples, "n_samples", given)
    x = torch.nn.functional.pad(excitation, (0, n_samples - given))
    values = {}
    for name, value in (("f0", f0), ("decay", decay), ("damping", damping)):
        value = checks.floating(value, name, dtype=torch.float64, device=x.device).to(x.device).double()
        values[name] = value if value.ndim else value.unsqueeze(0)
    checks.in_range(values["f0"], "f0", 0, rate / 4, unit="Hz", bounds="(]")
    checks.positive(values["decay"], "decay", unit="s")
    checks.in_range(values["damping"], "damping", 0, 1)
    shape = checks.broadcast(excitation=x.shape, **{name: value.shape for name, value in values.items()})
    if shape[-1] != n_samples:
        raise ValueError(f"f0, decay and damping must have 1 or {n_samples} samples, as the sound has.")
    f0, decay, damping = values.values()
    gain = torch.exp(-3 * math.log(10) / (f0 * decay).clamp(min=1e-3))  # below, nothing is left after one period
    return x, (rate / f0).clamp(max=n_samples + 8.0), gain, damping
