"""A wavetable: single periods read at any speed, with a gradient in pitch, position and every value of the tables."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ddsp_lite import checks
from ddsp_lite.oscillators import phase as phases

_LEVELS_PER_OCTAVE = 2  # of smoother and smoother copies of a table; the next lower one has a top partial 0.7 times


def wavetable(
    f0: Tensor | float,
    tables: Tensor,
    position: Tensor | float = 0.0,
    *,
    sample_rate: float,
    n_samples: int | None = None,
    phase: Tensor | float = 0.0,
) -> Tensor:
    r"""Read single periods of sound at a pitch, and move between them: interpolation in the table and in position.

    With ``x = S (phi / 2 pi mod 1)`` for tables of S samples and ``p = position (tables - 1)``, a sample is
    ``y = (1 - v) w_j(x) + v w_{j+1}(x)`` where ``j + v = p``, and ``w`` is the cubic through the four nearest values.
    A partial of order k is met to about ``(2 pi k / S)^4 / 40`` of its size: 4e-5 for k = 64 and S = 2048.

    Against aliasing, each table is kept in smoother copies, two an octave, made by leaving out its top partials. In
    every sample the richest one is read that has nothing at or above Nyquist, so that between Nyquist and 0.7 times
    that, partials may be missing. The mean of a table stays.

    Args:
        f0: fundamental in Hz, at least 0: 0-d, constant; ``(..., time)``; or with ``n_samples`` ``(..., frames)``,
            where a single frame is constant.
        tables: one period each, full scale 1, ``(samples,)`` or ``(..., tables, samples)``, of at least 4 samples.
        position: from 0, the first table, to 1, the last; of the same forms as f0.
        sample_rate: sample rate in Hz.
        n_samples: length of the sound in samples, a multiple of the frames; not needed where f0 is ``(..., time)``.
        phase: where in the table the first sample lies, in radians; 0-d or ``(..., 1)``.

    Returns:
        The sound, ``(..., time)``; float64 if any tensor given is, else float32.

    Raises:
        ValueError: if f0 is negative, position lies outside [0, 1], a value is not finite, an argument is no float
            tensor, ``n_samples`` is missing or no multiple of the frames, or the shapes do not broadcast.

    Source: Shan, Hantrakul, Chen, Avent, Trevelyan (2022), Differentiable Wavetable Synthesis; the copies are the
        mipmaps of Williams (1983), Pyramidal parametrics.
    Chapter: oscillators/wavetables-and-fm.

    >>> period = torch.sin(2 * torch.pi * torch.arange(256) / 256)
    >>> wavetable(torch.tensor(1000.0), period, sample_rate=12000, n_samples=4)[1:]
    tensor([0.5000, 0.8660, 1.0000])
    >>> morph = torch.linspace(0, 1, 50)
    >>> wavetable(440.0, torch.rand(2, 16, 512), morph, sample_rate=16000, n_samples=3200).shape
    torch.Size([2, 3200])
    """
    rate = checks.sample_rate(sample_rate)
    if not isinstance(tables, Tensor) or tables.ndim == 0 or tables.shape[-1] < 4 or 0 in tables.shape:
        raise ValueError(
            "tables must be a tensor (samples,) or (..., tables, samples) with at least 4 samples, "
            f"got {checks.describe(tables)}."
        )
    checks.floating(tables, "tables")
    dtype, device = checks.common(f0, tables, position, phase)
    f0, position = (
        checks.floating(x, name, dtype=torch.float64, device=device) for x, name in ((f0, "f0"), (position, "position"))
    )
    checks.non_negative(f0, "f0", unit="Hz")
    checks.in_range(position, "position", 0, 1)
    phase = checks.floating(phase, "phase", dtype=torch.float64, device=device).double()
    n_samples = phases.length(f0, "f0") if n_samples is None else checks.integer(n_samples, "n_samples")
    f0, position = phases.at_samples(f0, "f0", n_samples), phases.at_samples(position, "position", n_samples)
    tables = tables.unsqueeze(0) if tables.ndim == 1 else tables
    shapes = {"f0": f0.shape[:-1], "position": position.shape[:-1], "tables": tables.shape[:-2]}
    checks.broadcast(**shapes, phase=phase.shape[:-1])
    checks.broadcast(f0=(*f0.shape[:-1], n_samples), phase=phase.shape)

    count, size = tables.shape[-2:]
    turns = phases.cycles(f0, rate, n_samples) + phase / (2 * math.pi)
    place = size * (turns - turns.detach().floor())
    before = place.detach().floor().clamp(max=size - 1)  # rounding may reach the table's end
    level, copies = _copies(tables.to(dtype), size * f0.detach() / rate)
    row = position * (count - 1)
    first = row.detach().floor().clamp(max=max(count - 2, 0))

    batch = torch.arange(math.prod(tables.shape[:-2]), device=device).reshape(*tables.shape[:-2], 1)
    start = (batch * count + first.long()) * copies.shape[-2] + level  # the row of the first of two neighbours
    columns = [(before.long() + step) % size for step in (size - 1, 0, 1, 2)]
    flat = copies.flatten()
    weights = _cubic((place - before).to(dtype))

    def read(rows: Tensor) -> Tensor:
        return sum(weight * flat[rows * size + column] for weight, column in zip(weights, columns, strict=True))

    y = read(start)
    if count > 1:
        v = (row - first).to(dtype)
        y = (1 - v) * y + v * read(start + copies.shape[-2])
    return y


def _copies(tables: Tensor, period: Tensor) -> tuple[Tensor, Tensor]:
    """Which copy each sample needs, when a table's sample lasts ``period`` samples of sound, and the copies.

    Copy l has partials up to ``size / 2 * 2^(-l / 2)``, and goes with periods below ``2^(l / 2)``; the last has none.
    """
    size = tables.shape[-1]
    last = math.ceil(_LEVELS_PER_OCTAVE * math.log2(size / 2)) + 1
    level = torch.floor(_LEVELS_PER_OCTAVE * torch.log2(period.clamp(min=1e-9))) + 1
    level = level.clamp(0, last).long()
    used = range(last + 1)
    if not checks.is_tracing(level):  # only those that are read
        used = range(int(level.min()), int(level.max()) + 1)
    order = torch.arange(size // 2 + 1, device=tables.device)
    tops = [size / 2 * 2 ** (-copy / _LEVELS_PER_OCTAVE) for copy in used]
    kept = torch.stack([order <= (top if copy < last else 0) for copy, top in zip(used, tops, strict=True)])
    spectra = torch.fft.rfft(tables).unsqueeze(-2) * kept.to(tables.dtype)
    return level - used.start, torch.fft.irfft(spectra, n=size)


def _cubic(u: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Lagrange's weights of the values at -1, 0, 1 and 2, for a place u in [0, 1)."""
    a, b, c = u + 1, u - 1, u - 2
    return -u * b * c / 6, a * b * c / 2, -a * u * c / 2, a * u * b / 6
