"""Equaliser sections: filters that raise or lower a band or one side. Chapter: gradients/filter-cutoff."""

import torch
from torch import Tensor

from ddsp_lite import checks
from ddsp_lite.filters.design import _angles, _normalised


def peaking_biquad(
    centre: Tensor | float, gain_db: Tensor | float, q: Tensor | float = 0.7071, *, sample_rate: float
) -> tuple[Tensor, Tensor]:
    r"""Design a peaking filter, which raises or lowers a band and passes the rest: b and a of H(z), with a_0 = 1.

    .. math:: H(s) = \frac{s^2 + s\,A/Q + 1}{s^2 + s/(A Q) + 1}, \qquad A = 10^{\text{gain}/40}

    with s as in `lowpass_biquad`. The gain is A squared at the centre and falls to half of its decibels about
    centre / (2 q) to either side. Opposite gains undo each other exactly.

    Args:
        centre: centre frequency in Hz, in (0, sample_rate / 2); a number or a tensor (...).
        gain_db: gain at the centre in dB, negative to lower; a number or a tensor that broadcasts with `centre`.
        q: quality factor, above 0, likewise.
        sample_rate: in Hz.

    Returns:
        b and a, each (..., 3), float64.

    Raises:
        ValueError: a control is of the wrong kind, NaN or outside of its range.

    Source: Bristow-Johnson, Audio EQ Cookbook. Chapter: gradients/filter-cutoff.

    >>> b, a = peaking_biquad(1000.0, 0.0, sample_rate=16000)
    >>> torch.equal(b, a)  # a gain of 0 dB changes nothing
    True
    """
    sine, cosine, alpha, gain = _controls(centre, "centre", gain_db, q, sample_rate)
    boost, cut, middle = alpha * gain, alpha / gain, 2 * (sine**2 - cosine**2)
    return _normalised((1 + boost, middle, 1 - boost), (1 + cut, middle, 1 - cut))


def low_shelf_biquad(
    cutoff: Tensor | float, gain_db: Tensor | float, q: Tensor | float = 0.7071, *, sample_rate: float
) -> tuple[Tensor, Tensor]:
    r"""Design a low shelf, which raises or lowers what lies below its cutoff: b and a of H(z), with a_0 = 1.

    .. math:: H(s) = A\, \frac{s^2 + s \sqrt{A}/Q + A}{A s^2 + s \sqrt{A}/Q + 1}, \qquad A = 10^{\text{gain}/40}

    with s as in `lowpass_biquad`. The gain is `gain_db` at 0 Hz, half of its decibels at the cutoff and 0 dB at
    sample_rate / 2.

    Args:
        cutoff: middle of the slope in Hz, in (0, sample_rate / 2); a number or a tensor (...).
        gain_db: gain at 0 Hz in dB, negative to lower; a number or a tensor that broadcasts with `cutoff`.
        q: quality factor, above 0, likewise; 0.7071 is the steepest slope without a bump.
        sample_rate: in Hz.

    Returns:
        b and a, each (..., 3), float64.

    Raises:
        ValueError: a control is of the wrong kind, NaN or outside of its range.

    Source: Bristow-Johnson, Audio EQ Cookbook. Chapter: gradients/filter-cutoff.

    >>> b, a = low_shelf_biquad(1000.0, 6.0, sample_rate=16000)
    >>> (20 * (b.sum() / a.sum()).log10()).round(decimals=4)  # dB at 0 Hz
    tensor(6., dtype=torch.float64)
    """
    gain, lower, upper = _halves(cutoff, gain_db, q, sample_rate)
    return _normalised([gain * c for c in upper], lower)


def high_shelf_biquad(
    cutoff: Tensor | float, gain_db: Tensor | float, q: Tensor | float = 0.7071, *, sample_rate: float
) -> tuple[Tensor, Tensor]:
    r"""Design a high shelf, which raises or lowers what lies above its cutoff: b and a of H(z), with a_0 = 1.

    .. math:: H(s) = A\, \frac{A s^2 + s \sqrt{A}/Q + 1}{s^2 + s \sqrt{A}/Q + A}, \qquad A = 10^{\text{gain}/40}

    with s as in `lowpass_biquad`. The gain is 0 dB at 0 Hz, half of `gain_db` at the cutoff and `gain_db` at
    sample_rate / 2.

    Args:
        cutoff: middle of the slope in Hz, in (0, sample_rate / 2); a number or a tensor (...).
        gain_db: gain at sample_rate / 2 in dB, negative to lower; a number or a tensor that broadcasts with `cutoff`.
        q: quality factor, above 0, likewise; 0.7071 is the steepest slope without a bump.
        sample_rate: in Hz.

    Returns:
        b and a, each (..., 3), float64.

    Raises:
        ValueError: a control is of the wrong kind, NaN or outside of its range.

    Source: Bristow-Johnson, Audio EQ Cookbook. Chapter: gradients/filter-cutoff.

    >>> b, a = high_shelf_biquad(1000.0, 6.0, sample_rate=16000)
    >>> (b.sum() / a.sum()).round(decimals=4)  # gain at 0 Hz
    tensor(1., dtype=torch.float64)
    """
    gain, lower, upper = _halves(cutoff, gain_db, q, sample_rate)
    return _normalised([gain * c for c in lower], upper)


def _controls(frequency: Tensor | float, name: str, gain_db: Tensor | float, q: Tensor | float, sample_rate: float):
    """Sine, cosine and alpha as for every design, and A, the square root of the gain."""
    sine, cosine, alpha = _angles(frequency, name, q, sample_rate)
    gain_db = checks.floating(gain_db, "gain_db", dtype=torch.float64, device=alpha.device).double()
    checks.broadcast(**{name: alpha.shape, "gain_db": gain_db.shape})
    return sine, cosine, alpha, 10 ** (gain_db / 40)


def _halves(cutoff: Tensor | float, gain_db: Tensor | float, q: Tensor | float, sample_rate: float):
    """A, and the polynomials of which a shelf is the quotient: A cos^2 + sin^2 ... and cos^2 + A sin^2 ..."""
    sine, cosine, alpha, gain = _controls(cutoff, "cutoff", gain_db, q, sample_rate)
    slope = gain.sqrt() * alpha
    lower, lower_middle = gain * cosine**2 + sine**2, 2 * (sine**2 - gain * cosine**2)
    upper, upper_middle = cosine**2 + gain * sine**2, 2 * (gain * sine**2 - cosine**2)
    return gain, (lower + slope, lower_middle, lower - slope), (upper + slope, upper_middle, upper - slope)
