"""Filters of finite length, applied by FFT. Chapter: filters/fir."""

from torch import Tensor

from ddsp_lite import checks
from ddsp_lite.fourier import irfft, rfft


def convolve(x: Tensor, taps: Tensor, *, mode: str = "same") -> Tensor:
    r"""Convolve a signal with a filter's taps, by one product of spectra.

    .. math:: y[n] = \sum_{m=0}^{M-1} h[m]\, x[n-m]

    Both are padded with zeros to a power of two that holds the whole result, so that nothing wraps around.

    Args:
        x: signal (..., time), float32 or float64.
        taps: filter (..., M); leading dimensions broadcast with those of `x`. Used in `x`'s type.
        mode: "full" gives all time + M - 1 samples; "same" gives the `time` samples from (M - 1) // 2 on, so that a
            symmetric filter of odd length delays nothing.

    Returns:
        The filtered signal (..., time) or (..., time + M - 1), of `x`'s type.

    Raises:
        ValueError: `x` or `taps` is empty, not real floating point, or holds NaN; the leading dimensions do not
            broadcast; `mode` is neither of the two.

    Source: Oppenheim and Schafer, Discrete-Time Signal Processing, on convolution by the DFT.
    Chapter: filters/fir.

    >>> import torch
    >>> convolve(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([0.0, 1.0, 0.0])).round(decimals=4)
    tensor([1., 2., 3.])
    """
    checks.audio(x, "x")
    checks.audio(taps, "taps")
    checks.one_of(mode, "mode", ("same", "full"))
    checks.broadcast(x=x.shape[:-1], taps=taps.shape[:-1])
    samples, length = x.shape[-1], x.shape[-1] + taps.shape[-1] - 1
    size = power_of_two(length)
    spectrum = rfft(x, size) * rfft(taps.to(x), size)
    y = irfft(spectrum, size)
    start, stop = (0, length) if mode == "full" else ((taps.shape[-1] - 1) // 2, (taps.shape[-1] - 1) // 2 + samples)
    return y[..., start:stop]


def power_of_two(length: int) -> int:
    """Give the smallest power of two that is at least `length`, the FFT size for a signal of that many samples.

    Args:
        length: number of samples, at least 1.

    Returns:
        The power of two.

    Raises:
        ValueError: `length` is not an integer of at least 1.

    Source: Oppenheim and Schafer, Discrete-Time Signal Processing, on convolution by the DFT.
    Chapter: filters/fir.

    >>> power_of_two(1000)
    1024
    """
    checks.integer(length, "length", 1)
    return 1 << (length - 1).bit_length()
