"""The Fourier transforms of `torch.fft`, for a batch of no sounds as well, which torch's backends refuse."""

from __future__ import annotations

import torch
from torch import Tensor


def rfft(x: Tensor, n: int | None = None) -> Tensor:
    """Return the spectrum of real signals, as `torch.fft.rfft` along the last dimension.

    >>> rfft(torch.zeros(0, 8)).shape
    torch.Size([0, 5])
    """
    if x.numel():
        return torch.fft.rfft(x, n)
    return x.new_zeros(*x.shape[:-1], (n or x.shape[-1]) // 2 + 1, dtype=x.dtype.to_complex())


def irfft(spectrum: Tensor, n: int) -> Tensor:
    """Return real signals of n samples from their spectra, as `torch.fft.irfft` along the last dimension.

    >>> irfft(torch.zeros(0, 5, dtype=torch.complex64), 8).shape
    torch.Size([0, 8])
    """
    if spectrum.numel():
        return torch.fft.irfft(spectrum, n)
    return spectrum.new_zeros(*spectrum.shape[:-1], n, dtype=spectrum.dtype.to_real())
