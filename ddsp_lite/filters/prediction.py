"""Linear prediction: the all-pole filter that fits a sound, with a gradient. Chapter: filters/time-varying."""

import torch
from torch import Tensor

from ddsp_lite import checks
from ddsp_lite.filters.fir import power_of_two
from ddsp_lite.fourier import irfft, rfft


def autocorrelation(x: Tensor, order: int) -> Tensor:
    r"""Correlate a sound with itself, delayed by 0 to `order` samples.

    .. math:: r_k = \sum_{n} x[n]\, x[n+k], \qquad 0 \le k \le K

    Samples outside of the sound are zero, so that r belongs to a stable filter whatever the sound.

    Args:
        x: sound (..., time), float32 or float64.
        order: largest delay K, at least 1.

    Returns:
        r (..., K + 1), float64.

    Raises:
        ValueError: `x` is empty, not real floating point, or holds NaN; `order` is not an integer of at least 1.

    Source: Markel and Gray, Linear Prediction of Speech, on the autocorrelation method.
    Chapter: filters/time-varying.

    >>> autocorrelation(torch.tensor([1.0, 2.0, 3.0]), 2).round(decimals=4)
    tensor([14.,  8.,  3.], dtype=torch.float64)
    """
    checks.audio(x, "x")
    checks.integer(order, "order", 1)
    size = power_of_two(max(x.shape[-1] + order, 4))
    spectrum = torch.view_as_real(rfft(x.double(), size))
    power = spectrum.square().sum(-1)
    return irfft(torch.complex(power, torch.zeros_like(power)), size)[..., : order + 1]


def levinson_durbin(r: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    r"""Solve for the filter that predicts best, given a sound's autocorrelation, order by order.

    .. math:: k_m = -\frac{1}{E_{m-1}} \sum_{i=0}^{m-1} a^{(m-1)}_i\, r_{m-i}, \qquad
        a^{(m)}_i = a^{(m-1)}_i + k_m\, a^{(m-1)}_{m-i}, \qquad E_m = (1 - k_m^2)\, E_{m-1}, \quad E_0 = r_0

    Args:
        r: autocorrelation (..., K + 1), K at least 1, r_0 above 0; from a real sound, so that it is positive definite.

    Returns:
        The prediction filter's coefficients (..., K + 1), the first 1, which are the feedback coefficients of
        `all_pole`; the energy of the prediction's error E_K (...); the reflection coefficients (..., K). All float64.

    Raises:
        ValueError: `r` is too short, not real floating point, holds NaN, or its first value is not above 0.

    Source: Durbin, The fitting of time-series models, 1960. Chapter: filters/time-varying.

    >>> a, error, reflection = levinson_durbin(torch.tensor([1.0, 0.5, 0.25]))
    >>> a.numpy() + 0.0, error.item()
    (array([ 1. , -0.5,  0. ]), 0.75)
    """
    checks.audio(r, "r")
    if r.shape[-1] < 2:
        raise ValueError(f"r must hold at least two values, got {r.shape[-1]}.")
    checks.positive(r[..., 0], "r[..., 0]")
    r = r.double()
    a, error, reflection = torch.ones_like(r[..., :1]), r[..., :1], []
    for m in range(1, r.shape[-1]):
        k = -(a * r[..., 1 : m + 1].flip(-1)).sum(-1, keepdim=True) / error
        longer = torch.nn.functional.pad(a, (0, 1))
        a, error = longer + k * longer.flip(-1), error * (1 - k**2)
        reflection.append(k)
    return a, error[..., 0], torch.cat(reflection, dim=-1)


def lpc(x: Tensor, order: int, *, regularisation: float = 1e-9) -> tuple[Tensor, Tensor]:
    r"""Fit an all-pole filter to a sound, so that white noise or a pulse train through it has the sound's spectrum.

    .. math:: \min_a \sum_n \left( x[n] + \sum_{k=1}^{K} a_k\, x[n-k] \right)^2

    The filter is stable whatever the sound, and differentiable in it. `all_pole(gain[..., None] * noise, a)` is a sound
    with the same spectral envelope; the error that is left, `convolve(x, a, mode="full")`, is what drove the filter.

    Args:
        x: sound (..., time), float32 or float64, about 20 to 40 ms of it; taper it by a window, or its edges count as
            part of it. For frames use `x.unfold(-1, frame_length, hop_length) * window`.
        order: number of poles K, at least 1; a voice takes about 2 and one more for each kHz of the sample rate.
        regularisation: white noise that is added in thought, relative to the sound's energy, at least 0. It keeps
            value and gradient finite for a sound that can be predicted without error, such as a sinusoid.

    Returns:
        Feedback coefficients (..., K + 1), the first 1, and the gain (...), the root mean square of the error over the
        sound's samples. Both float64. Silence gives 1, 0, 0, ... and a gain of 1e-15 or less.

    Raises:
        ValueError: an argument is of the wrong kind or outside of its range.

    Source: Markel and Gray, Linear Prediction of Speech, on the autocorrelation method.
    Chapter: filters/time-varying.

    >>> impulse = torch.zeros(400, dtype=torch.float64)
    >>> impulse[0] = 1.0
    >>> from ddsp_lite.filters import recursion
    >>> a, gain = lpc(recursion(impulse, torch.ones(1), torch.tensor([1.0, -0.9, 0.5])), 2)
    >>> a.numpy().round(4)
    array([ 1. , -0.9,  0.5])
    """
    checks.non_negative(regularisation, "regularisation")
    r = autocorrelation(x, order)
    noise = r[..., :1] * regularisation + 1e-30
    r = torch.cat([r[..., :1] + noise, r[..., 1:]], dim=-1)
    a, error, _ = levinson_durbin(r)
    return a, (error / x.shape[-1]).sqrt()
