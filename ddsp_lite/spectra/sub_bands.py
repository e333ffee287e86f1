"""A sound as sub-bands at a lower rate, from which it comes back, by a PQMF bank. Chapter: gradients/filter-cutoff."""

import functools
import math

import numpy as np
import torch
from torch import Tensor

from ddsp_lite import checks

_LENGTH = 16  # of the filters, in numbers of bands
_BETA = 8.0  # of the Kaiser window


def pqmf_filters(n_bands: int = 16) -> Tensor:
    r"""Make the filters of a pseudo-quadrature mirror bank: one low-pass, moved by cosines to each band.

    .. math:: h_k[n] \propto w[n] \frac{\sin(\omega_c (n - \tfrac{N-1}{2}))}{n - \tfrac{N-1}{2}}
        \cos\left( \frac{(2k+1)\pi}{2M} \left(n - \tfrac{N-1}{2}\right) + (-1)^k \frac{\pi}{4} \right)

    with M bands, N = 16 M taps, a Kaiser window w of beta 8 and the cutoff, about 0.5623 pi / M, at which the low-pass
    has lost 3 dB at pi / (2 M), where two bands meet: their powers then add up to a flat response. A sound and its
    sub-bands have the same energy.

    Args:
        n_bands: number of bands M, at least 2.

    Returns:
        The filters (n_bands, 16 n_bands), float64.

    Raises:
        ValueError: `n_bands` is not an integer of at least 2.

    Source: Rothweiler, Polyphase quadrature filters, 1983; Kaiser-window design after Lin and Vaidyanathan, 1998.
    Chapter: gradients/filter-cutoff.

    >>> pqmf_filters(16).shape
    torch.Size([16, 256])
    """
    checks.integer(n_bands, "n_bands", 2)
    taps = _LENGTH * n_bands
    n = torch.arange(taps, dtype=torch.float64) - (taps - 1) / 2
    window = torch.kaiser_window(taps, periodic=False, beta=_BETA, dtype=torch.float64)
    prototype = window * torch.sin(_cutoff(n_bands) * n) / n
    k = torch.arange(n_bands, dtype=torch.float64)[:, None]
    filters = prototype * torch.cos((2 * k + 1) * math.pi / (2 * n_bands) * n + math.pi / 4 * (1 - 2 * (k % 2)))
    return filters * (n_bands / filters.square().sum()).sqrt()


@functools.lru_cache(maxsize=16)
def _cutoff(n_bands: int) -> float:
    """Search by halving for the cutoff whose windowed low-pass has a gain of sqrt(1/2) where two bands meet."""
    n = np.arange(_LENGTH * n_bands) - (_LENGTH * n_bands - 1) / 2
    window = np.kaiser(len(n), _BETA)
    low, high = 0.5 * math.pi / n_bands, 0.6 * math.pi / n_bands
    while high - low > 1e-14:
        middle = (low + high) / 2
        taps = window * np.sin(middle * n) / n
        wide = taps @ np.cos(math.pi / (2 * n_bands) * n) > math.sqrt(0.5) * taps.sum()
        low, high = (low, middle) if wide else (middle, high)
    return low


def pqmf_analysis(x: Tensor, *, n_bands: int = 16) -> Tensor:
    r"""Split a sound into sub-bands of equal width, each at a rate lower by the number of bands.

    .. math:: s_k[m] = \sum_{n=0}^{N-1} h_k[n]\, x[(m + 1) M - N + n]

    with the filters of `pqmf_filters`: frame m hears the sound up to sample (m + 1) M and no further, with a delay of
    half a filter, so that a stream can be split as it comes. Samples outside of the sound are zero, and the last frames
    let the filters ring out: nothing is lost at either end. `pqmf_synthesis` brings the sound back with an error of
    63 dB below it.

    Args:
        x: signal (..., time), float32 or float64.
        n_bands: number of bands M, at least 2.

    Returns:
        Sub-bands (..., n_bands, frames), the lowest first; frames is ceil(time / n_bands) + 15.

    Raises:
        ValueError: `x` is empty, not real floating point, or holds NaN; `n_bands` is not an integer of at least 2.

    Source: Rothweiler, Polyphase quadrature filters, 1983; in a synthesiser, Caillon and Esling, RAVE, 2021.
    Chapter: gradients/filter-cutoff.

    >>> pqmf_analysis(torch.ones(16000)).shape
    torch.Size([16, 1015])
    """
    checks.audio(x, "x")
    filters = pqmf_filters(n_bands).to(x)
    taps = filters.shape[-1]
    beyond = taps - n_bands
    padded = torch.nn.functional.pad(x, (beyond, -x.shape[-1] % n_bands + beyond))
    return (padded.unfold(-1, taps, n_bands) @ filters.T).transpose(-1, -2)


def pqmf_synthesis(bands: Tensor, *, n_samples: int | None = None) -> Tensor:
    r"""Put the sub-bands of `pqmf_analysis` together again.

    .. math:: x[n] = \sum_k \sum_m h_k[n - (m + 1) M + N]\, s_k[m]

    It is the transposed analysis, which for these filters is nearly its inverse: the error is 63 dB below the sound.

    Args:
        bands: sub-bands (..., n_bands, frames), float32 or float64; at least 2 bands and 16 frames.
        n_samples: length of the sound, at most (frames - 15) n_bands, which is the default.

    Returns:
        Sound (..., n_samples).

    Raises:
        ValueError: `bands` is of the wrong shape, not real floating point, or holds NaN; `n_samples` is out of range.

    Source: Rothweiler, Polyphase quadrature filters, 1983. Chapter: gradients/filter-cutoff.

    >>> x = torch.sin(0.1 * torch.arange(1000))
    >>> y = pqmf_synthesis(pqmf_analysis(x), n_samples=1000)
    >>> (y - x).norm() < 1e-3 * x.norm()  # more than 60 dB
    tensor(True)
    """
    checks.audio(bands, "bands")
    if bands.ndim < 2 or bands.shape[-2] < 2 or bands.shape[-1] < _LENGTH:
        raise ValueError(
            f"bands must be a tensor (..., bands, frames) with at least 2 bands and {_LENGTH} frames, "
            f"got shape {tuple(bands.shape)}."
        )
    n_bands = bands.shape[-2]
    longest = (bands.shape[-1] - _LENGTH + 1) * n_bands
    n_samples = longest if n_samples is None else checks.integer(n_samples, "n_samples", 1, longest)
    # Block i of the sound is made of frames i ... i + 15, and of frame i + j by the block 15 - j of the filters.
    blocks = pqmf_filters(n_bands).to(bands).reshape(n_bands, _LENGTH, n_bands).flip(1)
    frames = bands.transpose(-1, -2).unfold(-2, _LENGTH, 1).flatten(-2)
    return (frames @ blocks.reshape(-1, n_bands)).flatten(-2)[..., :n_samples]
