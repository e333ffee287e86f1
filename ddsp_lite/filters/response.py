"""What a filter does to each frequency, and filtering by it. Chapter: filters/iir."""

import math

import torch
from torch import Tensor

from ddsp_lite import checks
from ddsp_lite.filters.design import coefficients
from ddsp_lite.filters.fir import power_of_two
from ddsp_lite.fourier import irfft, rfft


def frequency_response(b: Tensor, a: Tensor, frequencies: Tensor, *, sample_rate: float) -> Tensor:
    r"""Evaluate a digital filter's complex gain at given frequencies.

    .. math:: H(f) = \frac{\sum_k b_k e^{-j\omega k}}{\sum_k a_k e^{-j\omega k}}, \qquad \omega = 2\pi f / f_s

    Args:
        b: feed-forward coefficients (..., K).
        a: feedback coefficients (..., L), `a[..., 0]` not zero; `torch.ones(1)` for a filter without feedback.
        frequencies: in Hz, (n_freq,).
        sample_rate: in Hz.

    Returns:
        The complex gain (..., n_freq), complex128, differentiable in both sets of coefficients.

    Raises:
        ValueError: an argument is empty, of the wrong kind, or holds NaN; `a[..., 0]` is zero.

    Source: Oppenheim and Schafer, Discrete-Time Signal Processing, on frequency response.
    Chapter: filters/iir.

    >>> frequency_response(torch.ones(2), torch.ones(1), torch.tensor([0.0, 4000.0]), sample_rate=16000)
    tensor([2.+0.j, 1.-1.j], dtype=torch.complex128)
    """
    (b_real, b_imag), (a_real, a_imag) = _polynomials(b, a, frequencies, sample_rate)
    power = a_real**2 + a_imag**2
    real = (b_real * a_real + b_imag * a_imag) / power
    imag = (b_imag * a_real - b_real * a_imag) / power
    return torch.complex(real, imag)


def magnitude_db(b: Tensor, a: Tensor, frequencies: Tensor, *, sample_rate: float, floor_db: float = -200.0) -> Tensor:
    r"""Evaluate a digital filter's gain in dB at given frequencies.

    .. math:: 20 \log_{10} |H(f)| = 10 \log_{10} \left( |B|^2 / |A|^2 + 10^{\text{floor}/10} \right)

    Args:
        b: feed-forward coefficients (..., K).
        a: feedback coefficients (..., L), `a[..., 0]` not zero.
        frequencies: in Hz, (n_freq,).
        sample_rate: in Hz.
        floor_db: the level that a zero of the filter has, in dB, so that value and gradient stay finite there.

    Returns:
        The gain in dB (..., n_freq), float64.

    Raises:
        ValueError: an argument is empty, of the wrong kind, or holds NaN; shapes do not broadcast.

    Source: Oppenheim and Schafer, Discrete-Time Signal Processing, on the frequency response.
    Chapter: filters/iir.

    >>> b, a = torch.tensor([0.5, 0.5]), torch.ones(1)
    >>> magnitude_db(b, a, torch.tensor([0.0, 4000.0, 8000.0]), sample_rate=16000).round(decimals=2) + 0.0
    tensor([   0.0000,   -3.0100, -200.0000], dtype=torch.float64)
    """
    checks.in_range(floor_db, "floor_db", unit="dB")
    (b_real, b_imag), (a_real, a_imag) = _polynomials(b, a, frequencies, sample_rate)
    power = (b_real**2 + b_imag**2) / (a_real**2 + a_imag**2)
    return 10 / math.log(10) * torch.log(power + 10 ** (floor_db / 10))


def phase(b: Tensor, a: Tensor, frequencies: Tensor, *, sample_rate: float) -> Tensor:
    r"""Evaluate the angle by which a digital filter turns each frequency, without jumps of a whole turn.

    .. math:: \varphi(f) = \arg H(f)

    The first angle lies between -pi and pi. From one frequency to the next the angle is taken to move by less than half
    a turn, so give the frequencies in order and close enough.

    Args:
        b: feed-forward coefficients (..., K).
        a: feedback coefficients (..., L), `a[..., 0]` not zero.
        frequencies: in Hz, (n_freq,), in order.
        sample_rate: in Hz.

    Returns:
        The phase in radians (..., n_freq), float64; 0, with a gradient of 0, where the gain is exactly 0.

    Raises:
        ValueError: an argument is empty, of the wrong kind, or holds NaN; shapes do not broadcast.

    Source: Oppenheim and Schafer, Discrete-Time Signal Processing, on the continuous phase.
    Chapter: filters/iir.

    >>> delay = torch.tensor([0.0, 0.0, 0.0, 1.0])  # three samples: 3 pi at half the sample rate
    >>> (phase(delay, torch.ones(1), torch.linspace(0, 8000, 9), sample_rate=16000)[-1] / torch.pi).round(decimals=4)
    tensor(-3., dtype=torch.float64)
    """
    (b_real, b_imag), (a_real, a_imag) = _polynomials(b, a, frequencies, sample_rate)
    real, imag = b_real * a_real + b_imag * a_imag, b_imag * a_real - b_real * a_imag
    nothing = (real == 0) & (imag == 0)
    angle = torch.atan2(imag, torch.where(nothing, torch.ones_like(real), real))
    turns = torch.round(angle.detach().diff(dim=-1) / (2 * math.pi)).cumsum(-1)
    return angle - 2 * math.pi * torch.nn.functional.pad(turns, (1, 0))


def group_delay(b: Tensor, a: Tensor, frequencies: Tensor, *, sample_rate: float) -> Tensor:
    r"""Evaluate by how many samples a digital filter delays the envelope of each frequency.

    .. math:: \tau(f) = -\frac{d \arg H}{d \omega} = \Re \frac{B'(f)}{B(f)} - \Re \frac{A'(f)}{A(f)}, \qquad
        B'(f) = \sum_k k\, b_k e^{-j\omega k}

    Args:
        b: feed-forward coefficients (..., K).
        a: feedback coefficients (..., L), `a[..., 0]` not zero.
        frequencies: in Hz, (n_freq,).
        sample_rate: in Hz.

    Returns:
        The group delay in samples (..., n_freq), float64; divide by `sample_rate` for seconds. Where B or A is zero
        (below 1e-10 of the sum of its absolute coefficients) the delay is not defined: its part counts as 0, with a
        gradient of 0.

    Raises:
        ValueError: an argument is empty, of the wrong kind, or holds NaN; shapes do not broadcast.

    Source: Oppenheim and Schafer, Discrete-Time Signal Processing, on group delay. Chapter: filters/iir.

    >>> delay = torch.tensor([0.0, 0.0, 0.0, 1.0])
    >>> group_delay(delay, torch.ones(1), torch.tensor([100.0, 5000.0]), sample_rate=16000).round(decimals=4)
    tensor([3., 3.], dtype=torch.float64)
    """
    delays = []
    spectra = _polynomials(b, a, frequencies, sample_rate)
    slopes = _polynomials(b, a, frequencies, sample_rate, slope=True)
    for c, (real, imag), (slope_real, slope_imag) in zip((b, a), spectra, slopes, strict=True):
        power = real**2 + imag**2
        defined = power > 1e-20 * c.detach().double().abs().sum(-1, keepdim=True) ** 2
        ratio = (real * slope_real + imag * slope_imag) / torch.where(defined, power, torch.ones_like(power))
        delays.append(torch.where(defined, ratio, torch.zeros_like(ratio)))
    return delays[0] - delays[1]


def frequency_sampling(x: Tensor, b: Tensor, a: Tensor, *, padding: float = 1.0) -> Tensor:
    r"""Filter by multiplying spectra: the recursion's response, sampled at the bins of an FFT.

    .. math:: y = \operatorname{IDFT}_L \left( \operatorname{DFT}_L(x)\, H(e^{2\pi j m / L}) \right), \qquad
        L = 2^{\lceil \log_2 ((1 + \text{padding}) N) \rceil}

    It runs a recursive filter in parallel, but not exactly: the sampled response belongs to the impulse
    response *wrapped around* at length L, so what still rings after L samples comes back at the front. With the
    largest pole radius r, the error falls as r to the power of L less the samples in use. For 4096 samples of
    noise through a resonance of two poles, relative to the exact recursion:

    ======  ===========  ===========
    radius  padding = 0  padding = 1
    ======  ===========  ===========
    0.9     -30 dB       -298 dB
    0.99    -20 dB       -278 dB
    0.999   -8 dB        -44 dB
    ======  ===========  ===========

    Args:
        x: signal (..., time), float32 or float64.
        b: feed-forward coefficients (..., K); leading dimensions broadcast with those of `x`.
        a: feedback coefficients (..., L), `a[..., 0]` not zero. All poles must lie inside of the unit circle:
            for others the result is not the filter's.
        padding: silence that is appended, in lengths of the signal, at least 0; the total is rounded up to
            a power of two.

    Returns:
        The filtered signal (..., time), of `x`'s type.

    Raises:
        ValueError: an argument is empty, of the wrong kind or out of range, or holds NaN; shapes do not broadcast.

    Source: Nercessian, Neural parametric equalizer matching using differentiable biquads, DAFx 2020.
    Chapter: filters/iir.

    >>> x = torch.tensor([1.0, 0.0, 0.0, 0.0])
    >>> frequency_sampling(x, torch.tensor([1.0]), torch.tensor([1.0, -0.5]), padding=15).round(decimals=4)
    tensor([1.0000, 0.5000, 0.2500, 0.1250])
    """
    checks.audio(x, "x")
    checks.non_negative(padding, "padding")
    size = power_of_two(math.ceil((1 + padding) * x.shape[-1]))
    bins = torch.arange(size // 2 + 1, dtype=torch.float64, device=x.device)
    response = frequency_response(b, a, bins, sample_rate=size)
    checks.broadcast(x=x.shape[:-1], b=b.shape[:-1], a=a.shape[:-1])
    spectrum = rfft(x, size)
    return irfft(spectrum * response.to(spectrum), size)[..., : x.shape[-1]]


def _polynomials(
    b: Tensor, a: Tensor, frequencies: Tensor, sample_rate: float, *, slope: bool = False
) -> list[tuple[Tensor, Tensor]]:
    """Real and imaginary part of B and of A (of sum_k k c_k z^-k for the slope) on the unit circle, in float64."""
    rate = checks.sample_rate(sample_rate)
    b, a = coefficients(b, a)
    checks.audio(frequencies, "frequencies")
    checks.broadcast(b=b.shape[:-1], a=a.shape[:-1])
    taps = max(b.shape[-1], a.shape[-1])
    delays = torch.arange(taps, dtype=torch.float64, device=b.device)[:, None]
    angle = delays * (frequencies.to(b) * (2 * math.pi / rate))
    cosine, sine = torch.cos(angle), torch.sin(angle)
    if slope:
        cosine, sine = delays * cosine, delays * sine
    return [
        ((c[..., None] * cosine[: c.shape[-1]]).sum(-2), -(c[..., None] * sine[: c.shape[-1]]).sum(-2)) for c in (b, a)
    ]
