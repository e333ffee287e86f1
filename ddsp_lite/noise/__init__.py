"""Noise: the same from the same seed on every machine, filtered frame by frame, or in fixed bands.

A generator of random numbers belongs to a device and a version; a demo in the browser has neither. Here each sample is
a hash of its place and the seed instead, in whole numbers below 2^52 which float64 holds exactly. So the CPU, the GPU
and the browser make the same noise, a longer sound begins with the shorter one, and any block can be made by itself.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ddsp_lite import checks, controls
from ddsp_lite.noise import compiled

__all__ = ["bands", "filtered", "white"]

_HALF = 2.0**26  # a place is two digits to this base
_APART = 41473265.0  # an odd number between the two factors of a product, so that it is no square
_ROUNDS = 6


def white(
    n_samples: int,
    *,
    seed: int,
    rows: int | None = None,
    start: int = 0,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
) -> Tensor:
    r"""Make white noise, evenly spread over (-1, 1), that depends on its seed and place alone.

    Its mean is 0, its power 1/3 (-4.8 dB), its spectrum flat. The values have 24 bits and are the same in float32 and
    float64 and on every device. The hash is a Feistel network: in each of six rounds one half of the place is moved by
    a key from the seed and multiplied by itself, and the product's middle digits are added to the other half.

    Args:
        n_samples: samples in each row, up to 2^32.
        seed: any whole number from 0; another one gives noise that has nothing to do with this one.
        rows: None for one sound ``(time,)``; or how many different ones, up to 2^20.
        start: place of the first sample, from 0, so that block follows block; up to 2^32 with the samples.
        dtype: float32 or float64 (default: PyTorch's default dtype).
        device: where to make it (default: PyTorch's default device).

    Returns:
        The noise, ``(time,)`` or ``(rows, time)``.

    Raises:
        ValueError: if a count, the seed or the start lies outside its range, or the dtype is another.

    Source: Luby and Rackoff (1988), on Feistel networks; Salmon, Moraes, Dror, Shaw (2011), Parallel random numbers: as
        easy as 1, 2, 3, on counters instead of states.
    Chapter: filters/filtered-noise.

    >>> white(3, seed=0)
    tensor([ 0.8610,  0.7997, -0.4444])
    >>> torch.equal(white(100, seed=0)[60:], white(40, seed=0, start=60))
    True
    """
    n_samples = checks.integer(n_samples, "n_samples", 1, 2**32)
    seed = checks.integer(seed, "seed", 0)
    start = checks.integer(start, "start", 0, 2**32 - n_samples)
    dtype = torch.get_default_dtype() if dtype is None else dtype
    if dtype not in checks.FLOATS:
        raise ValueError(f"dtype must be torch.float32 or torch.float64, got {dtype}.")
    count = None if rows is None else checks.integer(rows, "rows", 1, 2**20)
    device = torch.get_default_device() if device is None else torch.device(device)
    if device.type == "cpu" and not checks.is_tracing():
        noise = compiled.white(n_samples, count or 1, start, _keys(seed), dtype)
        return noise[0] if count is None else noise
    return _white(n_samples, count, start, seed, dtype, device)


def _white(n_samples: int, rows: int | None, start: int, seed: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """White noise in PyTorch's operations alone: the reference, and what runs on a GPU and in the browser."""
    # A place in a row has 32 bits, a row 20: together two halves of 26 bits.
    place = start + torch.arange(n_samples, dtype=torch.float64, device=device)
    high, low = torch.floor(place / _HALF), torch.remainder(place, _HALF)
    if rows is not None:
        row = torch.arange(rows, dtype=torch.float64, device=device)
        high = row.unsqueeze(-1) * 2.0**6 + high
    for key in _keys(seed):
        moved = torch.remainder(low + key, _HALF)
        mixed = moved * torch.remainder(moved + _APART, _HALF)  # below 2^52, and exact
        high, low = low, torch.remainder(high + torch.floor(mixed / 2.0**13), _HALF)
    return ((2 * torch.floor(low / 4) + 1) / 2.0**24 - 1).to(dtype)


def filtered(magnitudes: Tensor, *, n_samples: int, seed: int | None = None, noise: Tensor | None = None) -> Tensor:
    r"""Filter white noise by magnitudes that change from frame to frame.

    Each frame of ``hop = n_samples / frames`` samples of noise is convolved with its own impulse response, and the
    results are added where they overlap. The response has the given magnitudes at ``bands`` frequencies evenly from 0
    to Nyquist and no phase: their inverse transform, centred, under a Hann window of ``2 bands - 1`` samples, which
    smooths them over neighbouring bands. All magnitudes 1 give the noise itself.

    Args:
        magnitudes: gain of each band in each frame, ``(..., frames, bands)``, at least 2 bands.
        n_samples: length of the sound in samples, a multiple of the frames.
        seed: of the noise, one row of :func:`white` for each sound of the batch.
        noise: the noise to be filtered, ``(..., n_samples)``, instead of a seed.

    Returns:
        The sound, ``(..., time)``; float64 if a tensor given is, else float32.

    Raises:
        ValueError: if ``magnitudes`` or ``noise`` is no float tensor, has the wrong shape or holds NaN, ``n_samples``
            is no multiple of the frames, both or neither of seed and noise are given, or the shapes do not broadcast.

    Source: Engel, Hantrakul, Gu, Roberts (2020), DDSP: Differentiable Digital Signal Processing.
    Chapter: filters/filtered-noise.

    >>> breath = torch.linspace(1, 0, 65).square().expand(50, 65)
    >>> filtered(breath, n_samples=3200, seed=0).shape
    torch.Size([3200])
    >>> torch.allclose(filtered(torch.ones(4, 9), n_samples=64, seed=0), white(64, seed=0), atol=1e-6)
    True
    """
    if not isinstance(magnitudes, Tensor) or magnitudes.ndim < 2 or magnitudes.shape[-1] < 2 or 0 in magnitudes.shape:
        raise ValueError(
            "magnitudes must be a tensor (..., frames, bands) with at least 2 bands, "
            f"got {checks.describe(magnitudes)}."
        )
    checks.floating(magnitudes, "magnitudes")
    *batch, frames, bands = magnitudes.shape
    hop = checks.hop(n_samples, magnitudes=frames)
    dtype, device = checks.common(magnitudes, noise)
    if (seed is None) == (noise is None):
        raise ValueError("seed or noise must be given, and not both.")
    if noise is None:
        noise = white(n_samples, seed=seed, rows=math.prod(batch), dtype=dtype, device=device)
        noise = noise.reshape(*batch, n_samples)
    else:
        checks.audio(noise, "noise")
        if noise.shape[-1] != n_samples:
            raise ValueError(f"noise must have n_samples = {n_samples} samples, got {noise.shape[-1]}.")
        checks.broadcast(magnitudes=tuple(batch), noise=noise.shape[:-1])
    magnitudes, noise = magnitudes.to(dtype), noise.to(dtype)
    cosines = _windowed_cosines(bands, dtype, device)
    if compiled.applies(magnitudes, noise, hop):
        return compiled.filtered(magnitudes, noise, cosines[:, bands - 1 :].contiguous(), _filtered)
    return _filtered(magnitudes, noise)


def _filtered(magnitudes: Tensor, noise: Tensor) -> Tensor:
    """Filtered noise in PyTorch's operations alone: the reference, and what runs on a GPU and in the browser."""
    (frames, bands), n_samples = magnitudes.shape[-2:], noise.shape[-1]
    hop, taps = n_samples // frames, 2 * bands - 1
    size = 1 << (hop + taps - 2).bit_length()
    responses = magnitudes @ _windowed_cosines(bands, magnitudes.dtype, magnitudes.device)
    blocks = noise.reshape(*noise.shape[:-1], frames, hop)
    product = torch.fft.rfft(responses, n=size) * torch.fft.rfft(blocks, n=size)
    return _overlap_add(torch.fft.irfft(product, n=size)[..., : hop + taps - 1], hop)[..., bands - 1 :][..., :n_samples]


def bands(gains: Tensor, *, sample_rate: float, n_samples: int, seed: int, lowest: float = 50.0) -> Tensor:
    r"""Mix fixed bands of noise, each with its own gain over time.

    One piece of white noise is cut into ``bands`` bands, evenly spaced in pitch: band 0 reaches from 0 to about
    ``lowest``, the last one to Nyquist. Neighbouring bands fade into each other by raised cosines that add up to 1, so
    that all gains equal to 1 give the white noise itself. The bands are the same at every call with one seed; a
    gradient moves the gains alone, which are interpolated linearly.

    Args:
        gains: gain of each band in each frame, full scale 1, ``(..., frames, bands)``, at least 2 bands.
        sample_rate: sample rate in Hz.
        n_samples: length of the sound in samples, a multiple of the frames.
        seed: of the noise, as in :func:`white`; the whole batch shares it.
        lowest: centre of the lowest band in Hz, in (0, Nyquist).

    Returns:
        The sound, ``(..., time)``, of the dtype of ``gains``.

    Raises:
        ValueError: if ``gains`` is no float tensor ``(..., frames, bands)`` with finite values, ``n_samples`` is no
            multiple of the frames, or ``lowest`` or the seed lies outside its range.

    Source: Barahona-Ríos and Collins (2023), NoiseBandNet: Controllable Time-Varying Neural Synthesis of Sound Effects
        Using Filterbanks.
    Chapter: filters/filtered-noise.

    >>> bands(torch.rand(2, 50, 16), sample_rate=16000, n_samples=3200, seed=0).shape
    torch.Size([2, 3200])
    """
    rate = checks.sample_rate(sample_rate)
    if not isinstance(gains, Tensor) or gains.ndim < 2 or gains.shape[-1] < 2 or 0 in gains.shape:
        raise ValueError(
            f"gains must be a tensor (..., frames, bands) with at least 2 bands, got {checks.describe(gains)}."
        )
    checks.floating(gains, "gains")
    checks.in_range(lowest, "lowest", 0, rate / 2, unit="Hz", bounds="()")
    frames, count = gains.shape[-2:]
    checks.hop(n_samples, gains=frames)
    dtype, device = gains.dtype, gains.device

    size = 1 << max(n_samples - 1, 1).bit_length()
    frequency = torch.arange(size // 2 + 1, dtype=torch.float64, device=device) * (rate / size)
    place = torch.log(frequency.clamp(min=1e-9) / lowest) * ((count - 1) / math.log(rate / 2 / lowest))
    distance = (place.clamp(0, count - 1) - torch.arange(count, device=device).unsqueeze(-1)).abs()
    shares = (torch.cos(math.pi / 2 * distance.clamp(max=1)) ** 2).to(dtype)
    spectrum = torch.fft.rfft(white(size, seed=seed, dtype=dtype, device=device))
    pieces = torch.fft.irfft(shares * spectrum, n=size)[:, :n_samples]
    gains = gains.transpose(-1, -2)
    gains = gains if frames in (1, n_samples) else controls.resample(gains, n_samples)
    return (gains * pieces).sum(-2)


def _keys(seed: int) -> list[float]:
    """A number of 26 bits for each round, by mixing the seed's bits (splitmix64; longer seeds are folded in)."""
    state, keys, mask = 0, [], 2**64 - 1
    while True:
        state ^= seed & mask
        seed >>= 64
        state = _mixed(state)
        if not seed:
            break
    for _ in range(_ROUNDS):
        state = (state + 0x9E3779B97F4A7C15) & mask
        keys.append(float(_mixed(state) >> 38))
    return keys


def _mixed(z: int) -> int:
    mask = 2**64 - 1
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & mask
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & mask
    return z ^ (z >> 31)


def _windowed_cosines(bands: int, dtype: torch.dtype, device: torch.device | None) -> Tensor:
    """The matrix (bands, taps) from magnitudes to windowed impulse responses, centred on their middle tap."""
    size = 2 * (bands - 1)
    n = torch.arange(2 * bands - 1, dtype=torch.float64, device=device) - (bands - 1)
    k = torch.arange(bands, dtype=torch.float64, device=device).unsqueeze(-1)
    count = torch.where((k == 0) | (k == bands - 1), 1.0, 2.0)  # bins with a mirror image count twice
    window = 0.5 + 0.5 * torch.cos(math.pi * n / bands)
    return (window * count * torch.cos(2 * math.pi / size * k * n) / size).to(dtype)


def _overlap_add(pieces: Tensor, hop: int) -> Tensor:
    """Add pieces (..., frames, length) that begin hop samples apart, into (..., (frames + overlap) hop)."""
    length = pieces.shape[-1]
    parts = math.ceil(length / hop)
    pieces = torch.nn.functional.pad(pieces, (0, parts * hop - length))
    if pieces.shape[-2] == 1:
        return pieces.squeeze(-2)
    pieces = pieces.unflatten(-1, (parts, hop))
    shifted = [torch.nn.functional.pad(pieces[..., p, :], (0, 0, p, parts - 1 - p)) for p in range(parts)]
    return sum(shifted).flatten(-2)
