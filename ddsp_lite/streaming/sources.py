"""Oscillators and noise that go on where the last block ended."""

import math
from functools import lru_cache

import torch
from torch import Tensor

from ddsp_lite import checks, oscillators
from ddsp_lite.fourier import irfft, rfft
from ddsp_lite.noise import _overlap_add, _windowed_cosines, white
from ddsp_lite.oscillators import compiled
from ddsp_lite.oscillators.harmonic import sum_of_harmonics
from ddsp_lite.streaming import states

State = tuple | None


def sinusoid(
    frequency: Tensor, *, sample_rate: float, amplitude: Tensor | float = 1.0, state: State = None
) -> tuple[Tensor, tuple]:
    r"""Make a block of a sinusoid: :func:`ddsp_lite.oscillators.sinusoid` in blocks, without latency.

    .. math:: y[n] = A[n] \sin \varphi[n], \qquad \varphi[n + 1] = \varphi[n] + 2 \pi f[n] / f_s

    Args:
        frequency: in Hz, in [0, sample_rate / 2], one for each sample (..., time).
        sample_rate: in Hz.
        amplitude: full scale 1; broadcasts with the block.
        state: None, or what the block before returned: the phase in turns, float64, below one.

    Returns:
        The block (..., time) and the state.

    Raises:
        ValueError: as :func:`ddsp_lite.oscillators.sinusoid`, or the state is that of other shapes.

    Source: Smith, Mathematics of the Discrete Fourier Transform (2007), chapter 4. Chapter: systems/latency.

    >>> y, state = sinusoid(torch.full((2,), 1000.0), sample_rate=12000)
    >>> sinusoid(torch.full((2,), 1000.0), sample_rate=12000, state=state)[0]
    tensor([0.8660, 1.0000])
    """
    checks.audio(frequency, "frequency")
    shape = (*frequency.shape[:-1], 1)
    start = torch.zeros(shape, dtype=torch.float64, device=frequency.device)
    (turns,) = (start,) if state is None else states.given(state, [shape])
    dtype, _ = checks.common(frequency, amplitude)  # the phase is wider than the sound
    y = oscillators.sinusoid(frequency, sample_rate=sample_rate, amplitude=amplitude, phase=2 * math.pi * turns)
    after = turns + (frequency.double() / sample_rate).sum(-1, keepdim=True)
    return y.to(dtype), (after - after.detach().floor(),)


def harmonic_bank(
    f0: Tensor, amplitudes: Tensor, *, sample_rate: float, hop: int, state: State = None
) -> tuple[Tensor, tuple]:
    r"""Add harmonics for a block of frames: :func:`ddsp_lite.oscillators.harmonic_bank`, one hop later.

    .. math:: y[n] = \sum_k a_k[n] \sin(k \varphi[n]), \qquad \varphi[n + 1] = \varphi[n] + 2 \pi f_0[n] / f_s

    Between two frames the controls run in straight lines, so a frame's samples need the frame after it, which a stream
    does not have yet. So each frame given here is where its hop of samples *ends*: the stream is the sound of the
    controls with the first frame given twice. Its latency is one hop.

    Args:
        f0: fundamental in Hz, at least 0, (..., frames).
        amplitudes: of each partial, full scale 1, (..., frames, partials).
        sample_rate: in Hz.
        hop: samples in a frame.
        state: None, or what the block before returned: the phase in turns (float64), and the last frame's controls.

    Returns:
        The block (..., frames * hop); float64 if a tensor given is, else float32; and the state.

    Raises:
        ValueError: as :func:`ddsp_lite.oscillators.harmonic_bank`; the frames of the two controls are not as many; the
            state is that of other shapes.

    Source: Engel, Hantrakul, Gu, Roberts (2020), DDSP: Differentiable Digital Signal Processing.
    Chapter: systems/latency.

    >>> f0, amplitudes = torch.full((10,), 440.0), torch.rand(10, 60)
    >>> y, state = harmonic_bank(f0[:4], amplitudes[:4], sample_rate=16000, hop=64)
    >>> harmonic_bank(f0[4:], amplitudes[4:], sample_rate=16000, hop=64, state=state)[0].shape
    torch.Size([384])
    """
    rate, hop = checks.sample_rate(sample_rate), checks.integer(hop, "hop")
    checks.non_negative(checks.audio(f0, "f0"), "f0", unit="Hz")
    if not isinstance(amplitudes, Tensor) or amplitudes.ndim < 2 or 0 in amplitudes.shape[-2:]:
        raise ValueError(f"amplitudes must be a tensor (..., frames, partials), got {checks.describe(amplitudes)}.")
    checks.floating(amplitudes, "amplitudes")
    frames = checks.same_frames(f0=f0.shape[-1], amplitudes=amplitudes.shape[-2])
    leading = checks.broadcast(f0=f0.shape[:-1], amplitudes=amplitudes.shape[:-2])
    partials = amplitudes.shape[-1]
    f0, amplitudes = f0.expand(*leading, frames), amplitudes.expand(*leading, frames, partials)
    if state is None:
        turns = -hop / rate * f0[..., :1].double()  # so that the first frame given has the phase 0
        state = turns, f0[..., :1], amplitudes[..., :1, :]
    turns, last_f0, last_amplitudes = states.given(state, [(*leading, 1)] * 2 + [(*leading, 1, partials)])
    line, ramps = torch.cat([last_f0, f0], -1), torch.cat([last_amplitudes, amplitudes], -2)
    n_samples = (frames + 1) * hop
    if compiled.applies(line, ramps, n_samples) and checks.common(f0, amplitudes)[0] == torch.float32:
        learning = torch.is_grad_enabled() and any(x.requires_grad for x in (line, ramps, turns))
        y = (_compiled if learning else compiled.continued)(line, ramps, turns, rate, hop)
    else:
        y = sum_of_harmonics(line, ramps, range(1, partials + 1), sample_rate=rate, n_samples=n_samples, shift=turns)
    wide = line.double()
    passed = (wide[..., :-1] * (hop + 1) + wide[..., 1:] * (hop - 1)).sum(-1, keepdim=True) / (2 * rate)
    after = turns + passed
    state = after - after.detach().floor(), f0[..., -1:], amplitudes[..., -1:, :]
    return y[..., : frames * hop], state


def _compiled(f0: Tensor, amplitudes: Tensor, turns: Tensor, rate: float, hop: int) -> Tensor:
    """Add harmonics by the compiled loop, which begins at phase 0: a hop before brings it to the phase wanted.

    In that hop, which is not heard, the fundamental runs from some p >= 0 to its first frame and passes
    ``(p (hop + 1) + f0[0] (hop - 1)) / (2 rate)`` turns.
    """
    first = f0[..., :1].double()
    passed = first * (hop - 1) / (2 * rate)
    more = turns - passed
    more = more - more.detach().floor()
    line = torch.cat([more * (2 * rate / (hop + 1)), f0.double()], -1)
    return compiled.bank(line, torch.cat([amplitudes[..., :1, :], amplitudes], -2), rate, line.shape[-1] * hop)[
        ..., hop:
    ]


def filtered_noise(
    magnitudes: Tensor, *, hop: int, seed: int | None = None, noise: Tensor | None = None, state: State = None
) -> tuple[Tensor, tuple]:
    r"""Filter noise for a block of frames: :func:`ddsp_lite.noise.filtered`, ``bands - 1`` samples later.

    .. math:: y = \sum_{i} (h_i * w_i) \text{, each frame's noise } w_i \text{ at its place,} \qquad
        h_i[n] = \text{Hann}[n] \cdot \mathrm{irfft}(\text{magnitudes}_i)

    The responses are centred, so a frame's noise is heard before it begins; a stream shifts all by half a response.

    Args:
        magnitudes: gain of each band in each frame, (..., frames, bands), at least 2 bands.
        hop: samples in a frame.
        seed: of the noise, one row of :func:`ddsp_lite.noise.white` for each sound of the batch.
        noise: the block of noise to be filtered, (..., frames * hop), instead of a seed.
        state: None, or what the block before returned: the noise's place, and what rings on.

    Returns:
        The block (..., frames * hop), of the type of `magnitudes`, and the state.

    Raises:
        ValueError: as :func:`ddsp_lite.noise.filtered`, or the state is that of other shapes.

    Source: Engel, Hantrakul, Gu, Roberts (2020), DDSP: Differentiable Digital Signal Processing.
    Chapter: systems/latency.

    >>> y, state = filtered_noise(torch.ones(2, 5), hop=8, seed=0)
    >>> torch.allclose(y[4:], white(12, seed=0), atol=1e-6)
    True
    """
    if (
        not isinstance(magnitudes, Tensor)
        or magnitudes.ndim < 2
        or magnitudes.shape[-1] < 2
        or not magnitudes.shape[-2]
    ):
        raise ValueError(
            "magnitudes must be a tensor (..., frames, bands) with at least 2 bands, "
            f"got {checks.describe(magnitudes)}."
        )
    checks.floating(magnitudes, "magnitudes")
    hop = checks.integer(hop, "hop")
    if (seed is None) == (noise is None):
        raise ValueError("seed or noise must be given, and not both.")
    *batch, frames, bands = magnitudes.shape
    n_samples, taps = frames * hop, 2 * bands - 1
    dtype, device = checks.common(magnitudes, noise)
    if noise is not None:
        checks.audio(noise, "noise")
        if noise.shape[-1] != n_samples:
            raise ValueError(f"noise must have frames * hop = {n_samples} samples, got {noise.shape[-1]}.")
        batch = checks.broadcast(magnitudes=tuple(batch), noise=noise.shape[:-1])
    kept = (*batch, taps - 1)
    rest = torch.zeros(kept, dtype=dtype, device=device)
    place, rings = (0, rest) if state is None else states.given(state, [int, kept])
    if noise is None:
        rows = math.prod(batch)
        noise = white(n_samples, seed=seed, rows=max(rows, 1), start=place, dtype=dtype, device=device)[:rows]
        noise = noise.reshape(*batch, n_samples)
    noise = noise.to(dtype).expand(*batch, n_samples).reshape(*batch, frames, hop)
    magnitudes = magnitudes.to(dtype)
    size = 1 << (hop + taps - 2).bit_length()
    cosines = _windowed_cosines if checks.is_tracing(magnitudes, noise) else _kept_cosines
    responses = magnitudes @ cosines(bands, dtype, device)
    pieces = irfft(rfft(responses, size) * rfft(noise, size), size)
    joined = _overlap_add(pieces[..., : hop + taps - 1], hop)[..., : n_samples + taps - 1]
    joined = joined + torch.nn.functional.pad(rings, (0, n_samples))
    return joined[..., :n_samples], (place + n_samples, joined[..., n_samples:])


_kept_cosines = lru_cache(maxsize=8)(_windowed_cosines)
