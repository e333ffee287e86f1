"""Units that musicians use, and maps from an unbounded number to a bounded parameter and back.

A network or an optimiser moves a number that may take any value; a cutoff or a gain may not. The bounded maps here
stand between the two. Each has its inverse, and each rises everywhere, so that a gradient passes.
Every function takes float32 or float64 tensors of any shape, works on each element, and keeps shape and dtype.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ddsp_lite import checks


def hz_to_midi(frequency: Tensor | float) -> Tensor:
    r"""Convert a frequency to a MIDI note number, ``69 + 12 log2(frequency / 440)``.

    Args:
        frequency: frequency in Hz, any shape, above 0.

    Returns:
        MIDI note number, the same shape; whole numbers are the keys of a piano, 60 is the middle C.

    Raises:
        ValueError: if a frequency is not above 0 and finite.

    Source: MIDI Manufacturers Association, MIDI Tuning Standard (A4 = note 69 = 440 Hz).
    Chapter: inference/by-gradient-descent.

    >>> hz_to_midi(torch.tensor([440.0, 880.0]))
    tensor([69., 81.])
    """
    frequency = checks.positive(checks.floating(frequency, "frequency"), "frequency", unit="Hz")
    return 69.0 + 12.0 * torch.log2(frequency / 440.0)


def midi_to_hz(note: Tensor | float) -> Tensor:
    r"""Convert a MIDI note number to a frequency, ``440 * 2^((note - 69) / 12)``.

    Args:
        note: MIDI note number, any shape, whole or not.

    Returns:
        Frequency in Hz, the same shape.

    Raises:
        ValueError: if a note is not finite.

    Source: MIDI Manufacturers Association, MIDI Tuning Standard (A4 = note 69 = 440 Hz).
    Chapter: inference/by-gradient-descent.

    >>> midi_to_hz(torch.tensor([69.0, 57.0]))
    tensor([440., 220.])
    """
    note = checks.floating(note, "note")
    return 440.0 * torch.exp2((note - 69.0) / 12.0)


def semitones(frequency: Tensor | float, reference: Tensor | float) -> Tensor:
    r"""Measure an interval in semitones, ``12 log2(frequency / reference)``.

    Args:
        frequency: frequency in Hz, any shape, above 0.
        reference: frequency in Hz from which the interval is counted, above 0; broadcasts with ``frequency``.

    Returns:
        The interval in semitones, in the shape to which both broadcast; 12 is an octave up.

    Raises:
        ValueError: if a frequency is not above 0 and finite, or the shapes do not broadcast.

    Source: equal temperament, an octave in 12 equal ratios; Müller (2021), Fundamentals of Music Processing.
    Chapter: inference/by-gradient-descent.

    >>> semitones(880.0, 440.0)
    tensor(12.)
    """
    frequency = checks.positive(checks.floating(frequency, "frequency"), "frequency", unit="Hz")
    reference = checks.positive(checks.floating(reference, "reference"), "reference", unit="Hz")
    checks.broadcast(frequency=frequency.shape, reference=reference.shape)
    return 12.0 * torch.log2(frequency / reference)


def hz_to_cents(frequency: Tensor | float, reference: Tensor | float) -> Tensor:
    r"""Measure an interval in cents, hundredths of a semitone, ``1200 log2(frequency / reference)``.

    Args:
        frequency: frequency in Hz, any shape, above 0.
        reference: frequency in Hz from which the interval is counted, above 0; broadcasts with ``frequency``.

    Returns:
        The interval in cents, in the shape to which both broadcast; 1200 is an octave up.

    Raises:
        ValueError: if a frequency is not above 0 and finite, or the shapes do not broadcast.

    Source: Ellis (1885), in his appendix to Helmholtz, On the Sensations of Tone.
    Chapter: inference/by-gradient-descent.

    >>> hz_to_cents(880.0, 440.0)
    tensor(1200.)
    """
    return 100.0 * semitones(frequency, reference)


def db_to_gain(level: Tensor | float) -> Tensor:
    r"""Convert a level in dB to an amplitude factor, ``10^(level / 20)``.

    Args:
        level: level in dB, any shape.

    Returns:
        The factor, the same shape, above 0; 0 dB is 1.

    Raises:
        ValueError: if a level is not finite.

    Source: the definition of the decibel for a field quantity, ISO 80000-8.
    Chapter: oscillators/harmonic-bank.

    >>> db_to_gain(torch.tensor([0.0, -20.0]))
    tensor([1.0000, 0.1000])
    """
    level = checks.floating(level, "level")
    return torch.exp(level * (math.log(10.0) / 20.0))


def gain_to_db(gain: Tensor | float, *, floor: float = 1e-5) -> Tensor:
    r"""Convert an amplitude factor to a level in dB, ``20 log10(sqrt(gain^2 + floor^2))``.

    The floor keeps level and gradient finite at silence: the level never falls below ``20 log10(floor)``, and the
    gradient there is 0. Gains far above the floor are not moved by it (at 100 floors by 0.0004 dB).

    Args:
        gain: amplitude factor, any shape; its sign does not matter.
        floor: the gain that stands for silence, in [1e-15, 1] (default 1e-5, that is -100 dB).

    Returns:
        Level in dB, the same shape.

    Raises:
        ValueError: if a gain is not finite, or the floor lies outside [1e-15, 1].

    Source: the definition of the decibel for a field quantity, ISO 80000-8; the floor is ours.
    Chapter: oscillators/harmonic-bank.

    >>> gain_to_db(torch.tensor([1.0, 0.1, 0.0]))
    tensor([   0.0000,  -20.0000, -100.0000])
    """
    gain = checks.floating(gain, "gain")
    checks.in_range(floor, "floor", 1e-15, 1.0)  # the square of a smaller one is lost in float32
    return (10.0 / math.log(10.0)) * torch.log(gain * gain + floor * floor)


def bounded(x: Tensor | float, low: float, high: float) -> Tensor:
    r"""Map any number into a range by a scaled sigmoid, ``low + (high - low) / (1 + exp(-x))``.

    Args:
        x: unbounded number, any shape; 0 gives the middle of the range.
        low: lower end of the range, in the parameter's unit.
        high: upper end of the range, above ``low``.

    Returns:
        The parameter, the same shape, in [low, high]; the ends are reached only where rounding reaches them.

    Raises:
        ValueError: if ``x`` is not finite, or ``low`` and ``high`` are not finite and in order.

    Source: the logistic function.
    Chapter: gradients/filter-cutoff.

    >>> bounded(torch.tensor([-100.0, 0.0, 100.0]), -1.0, 3.0)
    tensor([-1.,  1.,  3.])
    """
    x = checks.floating(x, "x")
    _ordered(low, high)
    share = torch.sigmoid(x)
    return low * (1.0 - share) + high * share  # exact at both ends


def unbounded(value: Tensor | float, low: float, high: float) -> Tensor:
    r"""Undo :func:`bounded`: ``log((value - low) / (high - value))``.

    Args:
        value: the parameter, any shape, inside (low, high); the ends themselves stand for infinity and are refused.
        low: lower end of the range, in the parameter's unit.
        high: upper end of the range, above ``low``.

    Returns:
        The unbounded number, the same shape.

    Raises:
        ValueError: if a value is not inside (low, high), or ``low`` and ``high`` are not finite and in order.

    Source: the logit function, inverse of the logistic.
    Chapter: inference/by-gradient-descent.

    >>> unbounded(1.0, -1.0, 3.0)
    tensor(0.)
    """
    value = checks.floating(value, "value")
    _ordered(low, high)
    checks.in_range(value, "value", low, high, bounds="()")
    return torch.log((value - low) / (high - value))


def bounded_log(x: Tensor | float, low: float, high: float) -> Tensor:
    r"""Map any number into a range by a sigmoid in the logarithm, ``low * (high / low)^(1 / (1 + exp(-x)))``.

    Equal steps of ``x`` are then near enough equal intervals in pitch, as one wants for a frequency.

    Args:
        x: unbounded number, any shape; 0 gives the geometric mean of the ends.
        low: lower end of the range, above 0, in the parameter's unit (Hz for a frequency).
        high: upper end of the range, above ``low``.

    Returns:
        The parameter, the same shape, in [low, high]; the ends are reached only where rounding reaches them.

    Raises:
        ValueError: if ``x`` is not finite, or ``low`` and ``high`` are not above 0, finite and in order.

    Source: the logistic function on a logarithmic axis.
    Chapter: gradients/filter-cutoff.

    >>> bounded_log(torch.tensor([-100.0, 0.0, 100.0]), 100.0, 6400.0)
    tensor([ 100.,  800., 6400.])
    """
    x = checks.floating(x, "x")
    checks.positive(low, "low")
    _ordered(low, high)
    # The exponential may round past the upper end.
    return (low * torch.exp(torch.sigmoid(x) * math.log(high / low))).clamp(low, high)


def unbounded_log(value: Tensor | float, low: float, high: float) -> Tensor:
    r"""Undo :func:`bounded_log`: ``log(log(value / low) / log(high / value))``.

    Args:
        value: the parameter, any shape, inside (low, high); the ends themselves stand for infinity and are refused.
        low: lower end of the range, above 0, in the parameter's unit (Hz for a frequency).
        high: upper end of the range, above ``low``.

    Returns:
        The unbounded number, the same shape.

    Raises:
        ValueError: if a value is not inside (low, high), or ``low`` and ``high`` are not above 0, finite and in order.

    Source: the logit function on a logarithmic axis.
    Chapter: inference/by-gradient-descent.

    >>> unbounded_log(800.0, 100.0, 6400.0)
    tensor(0.)
    """
    value = checks.floating(value, "value")
    checks.positive(low, "low")
    _ordered(low, high)
    checks.in_range(value, "value", low, high, bounds="()")
    return torch.log(torch.log(value / low) / torch.log(high / value))


def exp_sigmoid(x: Tensor | float, *, exponent: float = 10.0, maximum: float = 2.0, floor: float = 1e-7) -> Tensor:
    r"""Map any number to an amplitude above zero, ``maximum * sigmoid(x)^log(exponent) + floor``.

    Far below 0, a step of 1 in ``x`` divides the amplitude by ``exponent``: small amplitudes lie on a logarithmic
    scale, as one hears them. Far above 0 the amplitude settles at ``maximum``.

    Args:
        x: unbounded number, any shape.
        exponent: factor of amplitude for each step of ``x``, at least e = 2.71828, which keeps the gradient finite
            however far ``x`` goes.
        maximum: largest amplitude, above 0.
        floor: smallest amplitude, at least 0.

    Returns:
        Amplitude, the same shape, in [floor, floor + maximum].

    Raises:
        ValueError: if ``x`` is not finite, or ``exponent``, ``maximum`` or ``floor`` lies outside its range.

    Source: Engel, Hantrakul, Gu, Roberts (2020), DDSP: Differentiable Digital Signal Processing.
    Chapter: oscillators/harmonic-bank.

    >>> exp_sigmoid(torch.tensor([-200.0, 200.0]))
    tensor([1.0000e-07, 2.0000e+00])
    """
    x = checks.floating(x, "x")
    power = _power(exponent, maximum, floor)
    return maximum * torch.sigmoid(x) ** power + floor


def inverse_exp_sigmoid(
    amplitude: Tensor | float, *, exponent: float = 10.0, maximum: float = 2.0, floor: float = 1e-7
) -> Tensor:
    r"""Undo :func:`exp_sigmoid`: ``logit(((amplitude - floor) / maximum)^(1 / log(exponent)))``.

    Args:
        amplitude: amplitude, any shape, inside (floor, floor + maximum).
        exponent, maximum, floor: as in :func:`exp_sigmoid`.

    Returns:
        The unbounded number, the same shape.

    Raises:
        ValueError: if an amplitude is not inside its range, or ``exponent``, ``maximum`` or ``floor`` is not.

    Source: the inverse, by algebra, of the map in Engel, Hantrakul, Gu, Roberts (2020).
    Chapter: inference/by-gradient-descent.

    >>> inverse_exp_sigmoid(exp_sigmoid(1.5))
    tensor(1.5000)
    """
    amplitude = checks.floating(amplitude, "amplitude")
    power = _power(exponent, maximum, floor)
    checks.in_range(amplitude, "amplitude", floor, floor + maximum, bounds="()")
    log_share = torch.log((amplitude - floor) / maximum) / power
    return log_share - torch.log(-torch.expm1(log_share))


def _power(exponent: float, maximum: float, floor: float) -> float:
    checks.in_range(exponent, "exponent", math.e)
    checks.positive(maximum, "maximum")
    checks.non_negative(floor, "floor")
    return math.log(exponent)


def _ordered(low: float, high: float) -> None:
    checks.in_range(low, "low")
    if not low < checks.in_range(high, "high"):
        raise ValueError(f"high must be above low = {low:g}, got {high}.")
