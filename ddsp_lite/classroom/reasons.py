"""The likely reason why a value is wrong: the few mistakes that nearly everyone makes in audio code, recognised."""

from __future__ import annotations

import math

import torch
from torch import Tensor

CLOSE = 2e-3  # how well a mistake must explain what came, relative to its largest value
RATIOS = (
    (-1.0, "the sign is turned round"),
    (2 * math.pi, "a factor 2π too large: are these radians where cycles (Hz) were meant?"),
    (1 / (2 * math.pi), "a factor 2π too small: are these cycles (Hz) where radians were meant?"),
    (180 / math.pi, "are these degrees where radians were meant?"),
    (math.pi / 180, "are these radians where degrees were meant?"),
    (math.log(10), "the natural logarithm, where the one to base 10 was meant?"),
    (1 / math.log(10), "the logarithm to base 10, where the natural one was meant?"),
    (math.log(2), "the natural logarithm, where the one to base 2 was meant?"),
    (1 / math.log(2), "the logarithm to base 2, where the natural one was meant?"),
    (2.0, "a factor 2 too large"),
    (0.5, "a factor 2 too small"),
    (-2.0, "a factor 2 too large, and the sign is turned round"),
    (-0.5, "a factor 2 too small, and the sign is turned round"),
    (math.sqrt(2), "a factor √2 too large: peak instead of root mean square?"),
    (math.sqrt(0.5), "a factor √2 too small: root mean square instead of peak?"),
    (1000.0, "a factor 1000 too large: milli-units?"),
    (0.001, "a factor 1000 too small: milli-units?"),
)
# Tried before the general ones, where the unit is known.
UNIT_RATIOS = {
    "dB": (
        (2.0, "twice as many decibels: 20·log10 is for amplitudes, 10·log10 for powers"),
        (0.5, "half as many decibels: 20·log10 is for amplitudes, 10·log10 for powers"),
        (-1.0, "the sign is turned round: below the reference is negative"),
        (0.05, "is this the logarithm alone, not yet times 20?"),
        (0.1, "are these bels? One bel is 10 decibels"),
    ),
    "Hz": (
        (2.0, "an octave too high"),
        (0.5, "an octave too low"),
        (4.0, "two octaves too high"),
        (0.25, "two octaves too low"),
        (math.sqrt(2), "half an octave too high"),
        (math.sqrt(0.5), "half an octave too low"),
    ),
    "semitones": (
        (100.0, "are these cents? A semitone has 100"),
        (1 / 12, "are these octaves? An octave has 12 semitones"),
        (-1.0, "the sign is turned round: upwards is positive"),
    ),
    "cents": (
        (0.01, "are these semitones? A semitone has 100 cents"),
        (1 / 1200, "are these octaves? An octave has 1200 cents"),
        (-1.0, "the sign is turned round: upwards is positive"),
    ),
    "octaves": ((12.0, "are these semitones? An octave has 12"), (1200.0, "are these cents? An octave has 1200")),
    "s": ((1000.0, "are these milliseconds?"),),
    "ms": ((0.001, "are these seconds?"),),
}
UNIT_OFFSETS = {
    "dB": (
        (20 * math.log10(2), "6 dB is a factor 2 in amplitude"),
        (10 * math.log10(2), "3 dB is a factor 2 in power: peak or root mean square?"),
    ),
    "semitones": ((12.0, "an octave is 12 semitones"), (69.0, "69 is the MIDI number of 440 Hz")),
    "cents": ((1200.0, "an octave is 1200 cents"),),
}


def likely(
    expected: Tensor, got: Tensor, *, unit: str = "", sample_rate: float | None = None, count: int | None = None
) -> str:
    """Name the mistake that turns the expected value into the one that came, or return an empty text.

    Args:
        expected, got: real tensors of one shape.
        unit: of the values: "Hz", "dB", "semitones", "cents", "octaves", "s", "ms", "rad" or "" for a plain number.
        sample_rate: Hz, if the last axis is time or the value is a time.
        count: of how many values a sum or mean was taken, if there was one.

    Returns:
        A few words, such as "an octave too high".

    >>> likely(torch.tensor(440.0), torch.tensor(880.0), unit="Hz")
    'an octave too high'
    >>> likely(torch.tensor([1.0, 2.0]), torch.tensor([-1.0, -2.0]))
    'the sign is turned round'
    """
    e, g = expected.detach().double().flatten(), got.detach().double().flatten()
    if e.numel() == 0:
        return ""
    if not g.isfinite().all():
        return "not a finite number: a division by zero, or the logarithm or root of something that is not positive?"
    if not g.any() and e.any():
        return "zero throughout"
    if g.numel() > 2 and bool((g == g[0]).all()) and not bool((e == e[0]).all()):
        return "the same value throughout"
    return (
        _by_ratio(e, g, unit, sample_rate, count)
        or _by_formula(e, g, unit)
        or _by_offset(e, g, unit)
        or (_by_order(expected.detach().double(), got.detach().double(), sample_rate) if e.numel() > 3 else "")
    )


def _same(a: Tensor, b: Tensor) -> bool:
    scale = torch.maximum(a.abs().max(), b.abs().max())
    return 0 < float(scale) < math.inf and bool((a - b).abs().max() <= CLOSE * scale)


def _by_ratio(e: Tensor, g: Tensor, unit: str, sample_rate: float | None, count: int | None) -> str:
    table = list(UNIT_RATIOS.get(unit, ()))
    if count is not None and count > 2:
        table += [(float(count), f"{count} times too large: the sum, where the mean was meant?")]
        table += [(1.0 / count, f"{count} times too small: the mean, where the sum was meant?")]
    if sample_rate is not None:
        table += [(sample_rate, "are these samples where seconds were meant, or is a sample rate missing?")]
        table += [
            (1 / sample_rate, "are these seconds where samples were meant, or is one sample rate too many in it?")
        ]
    return next((words for ratio, words in [*table, *RATIOS] if _same(ratio * e, g)), "")


def _by_formula(e: Tensor, g: Tensor, unit: str) -> str:
    positive = bool((e > 0).all())
    if unit == "Hz" and positive and _same(69 + 12 * torch.log2(e / 440), g):
        return "this is the MIDI number, not the frequency"
    if unit == "" and positive and _same(20 * e.log10(), g):
        return "this is in decibels, the plain number was meant"
    if unit == "dB" and _same(10 ** (e / 20), g):
        return "this is the amplitude, its level in decibels was meant"
    if _same(e.abs(), g):
        return "the magnitude, where the sign matters"
    if _same(e.square(), g):
        return "the square of what was meant"
    if positive and _same(e.sqrt(), g):
        return "the square root of what was meant"
    if positive and _same(e.log(), g):
        return "the logarithm of what was meant"
    if e.numel() <= 8 and _same(e.exp(), g):
        return "the exponential of what was meant"
    if bool((e != 0).all()) and _same(1 / e, g):
        return "the reciprocal of what was meant: divided where it should be multiplied?"
    return ""


def _by_offset(e: Tensor, g: Tensor, unit: str) -> str:
    difference = g - e
    offset = float(difference.mean())
    if bool((difference - offset).abs().max() > CLOSE * max(abs(offset), 1e-12)):
        return ""
    for size, words in UNIT_OFFSETS.get(unit, ()):
        if math.isclose(abs(offset), size, rel_tol=CLOSE):
            return f"{size:.3g} {unit} too {'high' if offset > 0 else 'low'} throughout: {words}"
    if e.numel() > 2 and not bool((e == e[0]).all()):
        return f"{abs(offset):.4g} too {'large' if offset > 0 else 'small'} throughout: a constant too many or too few"
    return ""


def _by_order(e: Tensor, g: Tensor, sample_rate: float | None) -> str:
    """Mistakes in the order of the values, along the last axis."""
    if e.ndim == 2 and e.shape[0] == e.shape[1] and _same(e.T, g):
        return "rows and columns are exchanged"
    if _same(e.flip(-1), g):
        return "it runs backwards"
    if _same(e.cumsum(-1), g):
        return "summed up once too often"
    if _same(e, g.cumsum(-1)):
        return "not summed up"
    n = e.shape[-1]
    constant = bool((e.amax(-1) - e.amin(-1)).max() <= CLOSE * e.abs().max())
    if constant:
        return ""
    spectrum = torch.fft.rfft(g, 2 * n) * torch.fft.rfft(e, 2 * n).conj()
    along = torch.fft.irfft(spectrum, 2 * n).reshape(-1, 2 * n).sum(0)
    best = int(along.argmax())
    candidates = [1, -1, best if best < n else best - 2 * n]
    for lag in candidates:
        size = abs(lag)
        if size == 0 or size > n // 2:
            continue
        late = lag > 0
        pair = (e[..., :-size], g[..., size:]) if late else (e[..., size:], g[..., :-size])
        if _same(*pair):
            ms = f" ({1000 * size / sample_rate:.4g} ms)" if sample_rate else ""
            one = "one place" if size == 1 else f"{size} places"
            wrapped = " and wrapped round" if _same(e.roll(lag, -1), g) else ""
            return f"{one}{ms} too {'late' if late else 'early'}{wrapped}"
    return ""
