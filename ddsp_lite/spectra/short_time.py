"""Short-time spectra whose gradients stay finite at silence. Chapter: gradients/a-knob-with-a-gradient."""

import torch
from torch import Tensor

from ddsp_lite import checks
from ddsp_lite.fourier import rfft


def stft(x: Tensor, *, fft_size: int, hop_length: int, window: Tensor | str = "hann", centre: bool = True) -> Tensor:
    r"""Cut a sound into overlapping windowed frames and take the spectrum of each.

    .. math:: X[i, m] = \sum_{n=0}^{F-1} w[n]\, x[iH + n - F/2]\, e^{-2\pi j m n / F}

    with `fft_size` F and `hop_length` H. Samples outside of the sound are zero, not reflected. Nothing is normalised:
    a sinusoid of amplitude A on a bin reads A F / 4 under the Hann window, and white noise of standard deviation s
    has a root mean square of s sqrt(3 F / 8). The result equals `torch.stft` with `pad_mode="constant"`, transposed.

    Args:
        x: signal (..., time), float32 or float64.
        fft_size: samples in a frame, at least 2; a power of two is fastest and is what the browser's compiler takes.
        hop_length: samples from one frame to the next, at least 1.
        window: "hann" (periodic) or a tensor (fft_size,).
        centre: centre frame i on sample i * hop_length, by zeros before and after; otherwise frame i starts there,
            and the sound must hold at least one frame.

    Returns:
        Complex spectra (..., frames, fft_size // 2 + 1); frames is 1 + time // hop_length when centred.

    Raises:
        ValueError: an argument is of the wrong kind or shape, out of range, or holds NaN.

    Source: Allen and Rabiner, A unified approach to short-time Fourier analysis and synthesis, 1977.
    Chapter: gradients/a-knob-with-a-gradient.

    >>> stft(torch.ones(16000), fft_size=512, hop_length=128).shape
    torch.Size([126, 257])
    """
    checks.audio(x, "x")
    checks.integer(fft_size, "fft_size", 2)
    checks.integer(hop_length, "hop_length", 1)
    if isinstance(window, Tensor):
        checks.audio(window, "window")
        if window.shape != (fft_size,):
            raise ValueError(f"window must have the shape ({fft_size},) of a frame, got {tuple(window.shape)}.")
        window = window.to(x)
    else:
        checks.one_of(window, "window", ("hann",))
        window = torch.hann_window(fft_size, dtype=x.dtype, device=x.device)
    if centre:
        x = torch.nn.functional.pad(x, (fft_size // 2, fft_size - fft_size // 2))
    elif x.shape[-1] < fft_size:
        raise ValueError(f"x must hold at least one frame of {fft_size} samples when centre=False, got {x.shape[-1]}.")
    return rfft(x.unfold(-1, fft_size, hop_length) * window)


def magnitude(spectrum: Tensor, *, floor: float = 1e-3) -> Tensor:
    r"""Take the magnitude of a spectrum, with a gradient that is finite everywhere.

    .. math:: M = \sqrt{\Re(X)^2 + \Im(X)^2 + \epsilon^2}, \qquad \frac{\partial M}{\partial \Re(X)} = \frac{\Re(X)}{M}

    Without the floor the gradient at silence is 0 / 0. With it, the gradient there is zero and grows to its full
    size where ``|X|`` passes the floor.

    Args:
        spectrum: complex spectra (...).
        floor: the magnitude of silence, above 0, in the spectrum's unit. A float32 FFT of 2048 full-scale samples
            rounds to about 1e-5, which a logarithm with a smaller floor would take for signal.

    Returns:
        Magnitudes (...), real, at least `floor`.

    Raises:
        ValueError: `spectrum` is not complex, or `floor` is not above 0.

    Source: the square root with a floor under it is common practice. Chapter: gradients/a-knob-with-a-gradient.

    >>> magnitude(torch.tensor([3 + 4j, 0j]))
    tensor([5.0000e+00, 1.0000e-03])
    """
    if not isinstance(spectrum, Tensor) or not spectrum.is_complex():
        given = spectrum.dtype if isinstance(spectrum, Tensor) else type(spectrum).__name__
        raise ValueError(f"spectrum must be a complex tensor, got {given}.")
    checks.positive(floor, "floor")
    return (torch.view_as_real(spectrum).square().sum(-1) + floor**2).sqrt()


def log_magnitude(spectrum: Tensor, *, floor: float = 1e-3) -> Tensor:
    r"""Take the natural logarithm of a spectrum's `magnitude`, with a gradient that is finite everywhere.

    .. math:: \ln M = \tfrac{1}{2} \ln\left(\Re(X)^2 + \Im(X)^2 + \epsilon^2\right)

    Args:
        spectrum: complex spectra (...).
        floor: the magnitude of silence, above 0, in the spectrum's unit; see `magnitude`.

    Returns:
        Log magnitudes (...), real, in nepers, at least ln(floor).

    Raises:
        ValueError: `spectrum` is not complex, or `floor` is not above 0.

    Source: the square root with a floor under it is common practice. Chapter: gradients/a-knob-with-a-gradient.

    >>> log_magnitude(torch.tensor([1 + 0j, 0j]), floor=0.1)
    tensor([ 0.0050, -2.3026])
    """
    return magnitude(spectrum, floor=floor).log()
