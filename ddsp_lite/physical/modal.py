"""Bodies that ring in modes: a bank of resonators, and the struck bar. Chapter: inference/physical-models."""

import math

import torch
from torch import Tensor

from ddsp_lite import checks
from ddsp_lite.filters import recursion

ENDS = ("free", "clamped", "hinged")


def modal_bank(
    excitation: Tensor,
    frequencies: Tensor,
    decay_times: Tensor,
    gains: Tensor,
    *,
    sample_rate: float,
    n_samples: int | None = None,
) -> Tensor:
    r"""Drive a body's modes by any force: a bank of resonators side by side, run exactly.

    .. math:: y = \sum_k g_k\, (h_k * x), \qquad h_k[n] = 10^{-3 n / (f_s T_k)} \sin(2 \pi f_k n / f_s)

    Each mode is a filter of second order (:func:`ddsp_lite.filters.recursion`), so that the cost does not depend on
    how long it rings. Struck by one sample, the bank gives :func:`ddsp_lite.oscillators.damped_modes`. A mode at or
    above Nyquist adds exactly 0, and so does its gradient.

    Args:
        excitation: x (..., time), float32 or float64.
        frequencies: f in Hz, at least 0, (..., modes); leading dimensions broadcast with those of `excitation`.
        decay_times: T in seconds in which each mode falls by 60 dB, at least 0, (..., modes); a time shorter than one
            sample counts as one sample.
        gains: g (..., modes).
        sample_rate: in Hz.
        n_samples: length of the sound in samples, at least that of the excitation, which is its default.

    Returns:
        The sound (..., n_samples), of `excitation`'s type.

    Raises:
        ValueError: an argument is of the wrong kind, not finite or outside of its range; the numbers of modes differ;
            the shapes do not broadcast.

    Source: Smith, Physical Audio Signal Processing, on modal synthesis. Chapter: inference/physical-models.

    >>> hit = torch.tensor([1.0])
    >>> y = modal_bank(hit, torch.tensor([2000.0]), torch.tensor([1.0]), torch.ones(1), sample_rate=8000, n_samples=4)
    >>> y.round(decimals=3) + 0.0
    tensor([ 0.0000,  0.9990,  0.0000, -0.9970])
    """
    checks.audio(excitation, "excitation")
    rate = checks.sample_rate(sample_rate)
    given = {"frequencies": frequencies, "decay_times": decay_times, "gains": gains}
    for name, value in given.items():
        if not isinstance(value, Tensor) or value.ndim == 0 or value.shape[-1] == 0:
            raise ValueError(
                f"{name} must be a tensor (..., modes) with at least one mode, got {checks.describe(value)}."
            )
        checks.floating(value, name)
    checks.non_negative(frequencies, "frequencies", unit="Hz")
    checks.non_negative(decay_times, "decay_times", unit="s")
    if len({value.shape[-1] for value in given.values()}) > 1:
        counts = ", ".join(f"{name} {value.shape[-1]}" for name, value in given.items())
        raise ValueError(f"{' and '.join(given)} must have the same number of modes, got {counts}.")
    leading = {name: value.shape[:-1] for name, value in given.items()}
    checks.broadcast(excitation=excitation.shape[:-1], **leading)
    length = excitation.shape[-1]
    n_samples = length if n_samples is None else checks.integer(n_samples, "n_samples", length)

    x = torch.nn.functional.pad(excitation, (0, n_samples - length)).unsqueeze(-2)
    values = (value.to(x.device).double() for value in given.values())
    frequencies, decay_times, gains = torch.broadcast_tensors(*values)
    heard = (frequencies.detach() < rate / 2).double()
    w = 2 * math.pi / rate * (frequencies * heard)
    radius = torch.exp(-3 * math.log(10) / (rate * decay_times.clamp(min=1 / rate)))
    b = torch.stack([torch.zeros_like(w), heard * gains * radius * torch.sin(w)], -1)
    a = torch.stack([torch.ones_like(w), -2 * radius * torch.cos(w), radius**2], -1)
    return recursion(x, b, a).sum(-2)


def bar_modes(n_modes: int, position: Tensor | float, *, ends: str = "free") -> tuple[Tensor, Tensor]:
    r"""Give the modes of a thin bar: how high each is above the first, and how far it moves at a place.

    .. math:: \frac{f_k}{f_1} = \left(\frac{\beta_k}{\beta_1}\right)^2, \qquad
        \cosh\beta \cos\beta = 1 \text{ (free)}, \quad -1 \text{ (clamped)}, \quad \beta_k = k \pi \text{ (hinged)}

    "free" lies loose at both ends, as the bar of a marimba; "clamped" is held at 0 and loose at 1, as the tongue of a
    music box; "hinged" is held at both ends and may tilt. The shapes have mean square 1 over the bar.

    Args:
        n_modes: how many, at least 1.
        position: place on the bar, in [0, 1]: a number or a tensor (...).
        ends: "free", "clamped" or "hinged".

    Returns:
        The ratios (n_modes,), the first 1, and the shapes at the place (..., n_modes); both float64.

    Raises:
        ValueError: an argument is of the wrong kind, not finite or outside of its range.

    Source: Fletcher and Rossing, The Physics of Musical Instruments, on the transverse vibrations of bars.
    Chapter: inference/physical-models.

    >>> ratios, shapes = bar_modes(3, 0.5)
    >>> ratios.round(decimals=3), shapes.round(decimals=3) + 0.0  # the second has a node in the middle
    (tensor([1.0000, 2.7570, 5.4040], dtype=torch.float64), tensor([-1.2160,  0.0000,  1.4220], dtype=torch.float64))
    """
    n_modes = checks.integer(n_modes, "n_modes")
    checks.one_of(ends, "ends", ENDS)
    position = checks.in_range(checks.floating(position, "position", dtype=torch.float64), "position", 0, 1)
    place = position.double().unsqueeze(-1)
    k = torch.arange(1, n_modes + 1, dtype=torch.float64, device=place.device)
    if ends == "hinged":
        return k**2, math.sqrt(2.0) * torch.sin(math.pi * k * place)
    sign = 1.0 if ends == "free" else -1.0
    beta = math.pi * (k + 0.5) if ends == "free" else math.pi * (k - 0.5)
    for _ in range(6):  # Newton's steps on cos(beta) = sign / cosh(beta), from where the right side is 0
        side = sign / torch.cosh(beta)
        beta = beta + (torch.cos(beta) - side) / (torch.sin(beta) - side * torch.tanh(beta))
    # Of the growing exponential only what is left at the far end is formed, so that high modes do not overflow.
    fall, sine, cosine = torch.exp(-beta), torch.sin(beta), torch.cos(beta)
    rest = sign * (cosine - sine) - fall  # (1 - sigma) (sinh beta - sign sin beta)
    whole = 0.5 * (1 - fall**2) - sign * fall * sine  # (sinh beta - sign sin beta) exp(-beta)
    sigma = 1 - rest * fall / whole
    waves = sign * (torch.cos(beta * place) - sigma * torch.sin(beta * place))
    ends_part = rest / whole * torch.exp(beta * (place - 1)) + (1 + sigma) * torch.exp(-beta * place)
    return (beta / beta[0]) ** 2, waves + 0.5 * ends_part


def struck_bar(
    excitation: Tensor,
    f0: Tensor | float,
    decay: Tensor | float,
    *,
    sample_rate: float,
    position: Tensor | float = 0.4,
    pickup: Tensor | float = 0.0,
    damping: Tensor | float = 0.5,
    n_modes: int = 8,
    ends: str = "free",
    n_samples: int | None = None,
) -> Tensor:
    r"""Strike a bar at one place and hear it at another: `bar_modes` in a `modal_bank`.

    .. math:: f_k = r_k f_0, \qquad T_k = T\, r_k^{-d}, \qquad g_k = \varphi_k(p)\, \varphi_k(q)

    with the ratios r and shapes :math:`\varphi` of the bar's modes.

    Args:
        excitation: force (..., time), such as one sample for a hard mallet or a smooth pulse for a soft one.
        f0: frequency of the first mode in Hz, above 0: a number or a tensor that broadcasts with `excitation`'s leading
            dimensions, as for the other controls.
        decay: T, the time in seconds in which the first mode falls by 60 dB, above 0.
        sample_rate: in Hz.
        position: p, the place that is struck, in [0, 1].
        pickup: q, the place that is heard, in [0, 1]: an end is loud in all modes.
        damping: d, how much faster high modes die: 0 not at all, 1 as their frequency.
        n_modes: how many modes.
        ends: "free", "clamped" (at place 0: hear it at 1) or "hinged" (hear it between the ends).
        n_samples: length of the sound in samples, at least that of the excitation, which is its default.

    Returns:
        The sound (..., n_samples), of `excitation`'s type.

    Raises:
        ValueError: an argument is of the wrong kind, not finite or outside of its range; the shapes do not broadcast.

    Source: Fletcher and Rossing, The Physics of Musical Instruments, on bars and their mallets.
    Chapter: inference/physical-models.

    >>> y = struck_bar(torch.ones(1), 440.0, 0.5, sample_rate=16000, n_samples=16000)
    >>> y.shape, int(torch.fft.rfft(y).abs().argmax())
    (torch.Size([16000]), 440)
    """
    checks.audio(excitation, "excitation")
    given = {}
    for name, value in (("f0", f0), ("decay", decay), ("position", position), ("pickup", pickup), ("damping", damping)):
        value = checks.floating(value, name, dtype=torch.float64, device=excitation.device)
        given[name] = value.to(excitation.device).double()
    checks.positive(given["f0"], "f0", unit="Hz")
    checks.positive(given["decay"], "decay", unit="s")
    for name in ("pickup", "damping"):
        checks.in_range(given[name], name, 0, 1)
    checks.broadcast(excitation=excitation.shape[:-1], **{name: value.shape for name, value in given.items()})
    ratios, struck = bar_modes(n_modes, given["position"], ends=ends)
    heard = bar_modes(n_modes, given["pickup"], ends=ends)[1]
    frequencies = given["f0"].unsqueeze(-1) * ratios
    times = given["decay"].unsqueeze(-1) * ratios ** -given["damping"].unsqueeze(-1)
    return modal_bank(excitation, frequencies, times, struck * heard, sample_rate=sample_rate, n_samples=n_samples)
