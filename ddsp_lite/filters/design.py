"""Filter coefficients from musical parameters, differentiable in all of them. Chapter: gradients/filter-cutoff."""

import math

import torch
from torch import Tensor

from ddsp_lite import checks
from ddsp_lite.filters import second_order


def lowpass_biquad(cutoff: Tensor | float, q: Tensor | float = 0.7071, *, sample_rate: float) -> tuple[Tensor, Tensor]:
    r"""Design a second-order low-pass filter: b and a of H(z) = B(z) / A(z), with a_0 = 1.

    .. math:: H(s) = \frac{1}{s^2 + s/Q + 1}, \qquad
        s = \frac{1}{\tan(\omega/2)} \frac{1 - z^{-1}}{1 + z^{-1}}, \qquad \omega = 2\pi f_c / f_s

    The coefficients are computed and returned in float64, whatever the type of the controls: rounded to float32 they
    misplace the poles of a low cutoff (a relative error of 1e-2 at 20 Hz with Q = 10 and 44.1 kHz).

    Args:
        cutoff: cutoff frequency in Hz, in (0, sample_rate / 2); a number or a tensor (...).
        q: quality factor, above 0, the gain at the cutoff; a number or a tensor that broadcasts with `cutoff`.
            0.7071 gives the flattest pass band.
        sample_rate: in Hz.

    Returns:
        b and a, each (..., 3), float64.

    Raises:
        ValueError: a control is of the wrong kind, NaN or outside of its range.

    Source: Bristow-Johnson, Audio EQ Cookbook. Chapter: gradients/filter-cutoff.

    >>> b, a = lowpass_biquad(4000.0, sample_rate=16000)
    >>> b.numpy().round(4), a.numpy().round(4) + 0.0
    (array([0.2929, 0.5858, 0.2929]), array([1.    , 0.    , 0.1716]))
    """
    return _second_order(cutoff, "cutoff", q, sample_rate, (1.0, 0.0, 0.0))


def highpass_biquad(cutoff: Tensor | float, q: Tensor | float = 0.7071, *, sample_rate: float) -> tuple[Tensor, Tensor]:
    r"""Design a second-order high-pass filter: b and a of H(z) = B(z) / A(z), with a_0 = 1.

    .. math:: H(s) = \frac{s^2}{s^2 + s/Q + 1}

    with s as in `lowpass_biquad`.

    Args:
        cutoff: cutoff frequency in Hz, in (0, sample_rate / 2); a number or a tensor (...).
        q: quality factor, above 0, the gain at the cutoff; a number or a tensor that broadcasts with `cutoff`.
        sample_rate: in Hz.

    Returns:
        b and a, each (..., 3), float64.

    Raises:
        ValueError: a control is of the wrong kind, NaN or outside of its range.

    Source: Bristow-Johnson, Audio EQ Cookbook. Chapter: gradients/filter-cutoff.

    >>> b, a = highpass_biquad(4000.0, sample_rate=16000)
    >>> b.numpy().round(4)
    array([ 0.2929, -0.5858,  0.2929])
    """
    return _second_order(cutoff, "cutoff", q, sample_rate, (0.0, 0.0, 1.0))


def bandpass_biquad(centre: Tensor | float, q: Tensor | float = 0.7071, *, sample_rate: float) -> tuple[Tensor, Tensor]:
    r"""Design a second-order band-pass filter with gain 1 at its centre: b and a of H(z) = B(z) / A(z), with a_0 = 1.

    .. math:: H(s) = \frac{s/Q}{s^2 + s/Q + 1}

    with s as in `lowpass_biquad`. The band is about centre / q wide between its -3 dB points.

    Args:
        centre: centre frequency in Hz, in (0, sample_rate / 2); a number or a tensor (...).
        q: quality factor, above 0; a number or a tensor that broadcasts with `centre`.
        sample_rate: in Hz.

    Returns:
        b and a, each (..., 3), float64.

    Raises:
        ValueError: a control is of the wrong kind, NaN or outside of its range.

    Source: Bristow-Johnson, Audio EQ Cookbook. Chapter: gradients/filter-cutoff.

    >>> b, a = bandpass_biquad(4000.0, 1.0, sample_rate=16000)
    >>> b.numpy().round(4)
    array([ 0.3333,  0.    , -0.3333])
    """
    return _second_order(centre, "centre", q, sample_rate, (0.0, 1.0, 0.0))


def notch_biquad(centre: Tensor | float, q: Tensor | float = 0.7071, *, sample_rate: float) -> tuple[Tensor, Tensor]:
    r"""Design a second-order notch, which removes its centre and passes the rest: b and a of H(z), with a_0 = 1.

    .. math:: H(s) = \frac{s^2 + 1}{s^2 + s/Q + 1}

    with s as in `lowpass_biquad`. What is removed is about centre / q wide between its -3 dB points.

    Args:
        centre: frequency with a gain of zero, in Hz, in (0, sample_rate / 2); a number or a tensor (...).
        q: quality factor, above 0; a number or a tensor that broadcasts with `centre`.
        sample_rate: in Hz.

    Returns:
        b and a, each (..., 3), float64.

    Raises:
        ValueError: a control is of the wrong kind, NaN or outside of its range.

    Source: Bristow-Johnson, Audio EQ Cookbook. Chapter: gradients/filter-cutoff.

    >>> b, a = notch_biquad(4000.0, 1.0, sample_rate=16000)
    >>> b.numpy().round(4) + 0.0
    array([0.6667, 0.    , 0.6667])
    """
    return _second_order(centre, "centre", q, sample_rate, (1.0, 0.0, 1.0))


def allpass_biquad(centre: Tensor | float, q: Tensor | float = 0.7071, *, sample_rate: float) -> tuple[Tensor, Tensor]:
    r"""Design a second-order all-pass, which changes phases only: b and a of H(z) = B(z) / A(z), with a_0 = 1.

    .. math:: H(s) = \frac{s^2 - s/Q + 1}{s^2 + s/Q + 1}

    with s as in `lowpass_biquad`. The phase falls from 0 at 0 Hz through -180 degrees at the centre to -360 degrees at
    sample_rate / 2, the more steeply the higher q is.

    Args:
        centre: frequency that comes out inverted, in Hz, in (0, sample_rate / 2); a number or a tensor (...).
        q: quality factor, above 0; a number or a tensor that broadcasts with `centre`.
        sample_rate: in Hz.

    Returns:
        b and a, each (..., 3), float64.

    Raises:
        ValueError: a control is of the wrong kind, NaN or outside of its range.

    Source: Bristow-Johnson, Audio EQ Cookbook. Chapter: gradients/filter-cutoff.

    >>> b, a = allpass_biquad(2000.0, 1.0, sample_rate=16000)
    >>> torch.equal(b, a.flip(-1))
    True
    """
    return _second_order(centre, "centre", q, sample_rate, (1.0, -1.0, 1.0))


def windowed_sinc(cutoff: Tensor | float, n_taps: int, *, sample_rate: float) -> Tensor:
    r"""Design a linear-phase low-pass filter of finite length: an ideal low-pass, cut off by a Hann window.

    .. math:: h[m] \propto w[m] \, \frac{\sin(2\pi m f_c / f_s)}{\pi m}, \qquad \sum_m h[m] = 1,
        \qquad -\tfrac{M-1}{2} \le m \le \tfrac{M-1}{2}

    The symmetric window reaches zero at both ends. The gain at the cutoff is about one half, and the transition is
    about 4 / n_taps of the sample rate wide. The taps are symmetric: with `convolve(x, taps)` there is no delay.

    Args:
        cutoff: cutoff frequency in Hz, in (0, sample_rate / 2); a number or a tensor (...).
        n_taps: number of taps M, odd, at least 3.
        sample_rate: in Hz.

    Returns:
        The taps (..., n_taps), float64, with a gain of 1 at 0 Hz.

    Raises:
        ValueError: `cutoff` is of the wrong kind, NaN or outside of its range; `n_taps` is even or too small.

    Source: Oppenheim and Schafer, Discrete-Time Signal Processing, on the window method.
    Chapter: gradients/filter-cutoff.

    >>> windowed_sinc(2000.0, 5, sample_rate=16000).numpy().round(4)
    array([0.    , 0.2369, 0.5262, 0.2369, 0.    ])
    """
    checks.integer(n_taps, "n_taps", 3)
    if n_taps % 2 == 0:
        raise ValueError(f"n_taps must be odd, got {n_taps}.")
    cutoff, rate = _frequency(cutoff, "cutoff", sample_rate)
    half = n_taps // 2
    m = torch.arange(-half, half + 1, dtype=torch.float64, device=cutoff.device)
    window = torch.hann_window(n_taps, periodic=False, dtype=torch.float64, device=cutoff.device)
    # In the middle sin(2 pi f m) / (pi m) is 2 f, where the quotient cannot be computed.
    middle = (m == 0).double()
    sides = (1 - middle) / (math.pi * (m + middle))
    relative = cutoff.double()[..., None] / rate
    taps = (torch.sin(2 * math.pi * relative * m) * sides + 2 * relative * middle) * window
    return taps / taps.sum(-1, keepdim=True)


def coefficients(b: Tensor, a: Tensor) -> tuple[Tensor, Tensor]:
    """Take a filter's coefficients as float64: the check that every user of them shares.

    Args:
        b: feed-forward coefficients (..., K).
        a: feedback coefficients (..., L), `a[..., 0]` not zero.

    Returns:
        b and a, float64.

    Raises:
        ValueError: `b` or `a` is empty, not real floating point, or holds NaN; `a[..., 0]` is zero.

    Source: none; a check. Chapter: gradients/filter-cutoff.

    >>> coefficients(torch.ones(2), torch.tensor([0.0, 1.0]))
    Traceback (most recent call last):
    ValueError: a[..., 0] must not be 0, since everything is divided by it.
    """
    for value, name in ((b, "b"), (a, "a")):
        if not isinstance(value, Tensor) or value.ndim == 0 or value.shape[-1] == 0:
            given = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
            raise ValueError(f"{name} must be a tensor (..., coefficients) with at least one coefficient, got {given}.")
        checks.floating(value, name)
    if not checks.is_tracing(a) and (a[..., 0] == 0).any():
        raise ValueError("a[..., 0] must not be 0, since everything is divided by it.")
    return b.double(), a.double()


def _frequency(value: Tensor | float, name: str, sample_rate: float) -> tuple[Tensor, float]:
    rate = checks.sample_rate(sample_rate)
    value = checks.floating(value, name, dtype=torch.float64)
    checks.in_range(value, name, 0, rate / 2, unit="Hz", bounds="()")
    return value, rate


def _frequency_and_q(frequency: Tensor | float, name: str, q: Tensor | float, sample_rate: float):
    frequency, rate = _frequency(frequency, name, sample_rate)
    q = checks.positive(checks.floating(q, "q", dtype=torch.float64, device=frequency.device), "q")
    checks.broadcast(**{name: frequency.shape, "q": q.shape})
    return frequency, q, rate


def _second_order(frequency: Tensor | float, name: str, q: Tensor | float, sample_rate: float, mix: second_order.Mix):
    return second_order.coefficients_of(*_frequency_and_q(frequency, name, q, sample_rate), mix)


def _angles(frequency: Tensor | float, name: str, q: Tensor | float, sample_rate: float) -> tuple[Tensor, ...]:
    return _of_half_angle(*_frequency_and_q(frequency, name, q, sample_rate))


def _of_half_angle(frequency: Tensor, q: Tensor, rate: float) -> tuple[Tensor, ...]:
    """Sine and cosine of half the angle, from which 1 - cos and 1 + cos lose no digits, and alpha = sin(w) / 2Q."""
    half = frequency.double() * (math.pi / rate)
    sine, cosine = torch.sin(half), torch.cos(half)
    return sine, cosine, sine * cosine / q.double()


def _biquad(b: tuple[Tensor, ...], sine: Tensor, cosine: Tensor, alpha: Tensor) -> tuple[Tensor, Tensor]:
    return _normalised(b, (1 + alpha, 2 * (sine**2 - cosine**2), 1 - alpha))


def _normalised(b: tuple[Tensor, ...], a: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
    """Divide by a_0, and stack the coefficients last."""
    rest = [c / a[0] for c in a[1:]]
    b, a = (torch.broadcast_tensors(*values) for values in ([c / a[0] for c in b], [torch.ones_like(a[0]), *rest]))
    return torch.stack(b, dim=-1), torch.stack(a, dim=-1)
