"""What can be measured on a sound: its fundamental frequency, its loudness, the amplitudes of its partials.

Features at frame rate have ``ceil(time / hop_length)`` frames, and frame ``j`` describes the sound around sample
``j * hop_length``. That is where :func:`ddsp_lite.controls.resample` puts a frame, so that a feature can drive a
synthesiser as it is. No gradient passes through a measurement.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from ddsp_lite import checks

__all__ = ["f0", "harmonic_amplitudes", "loudness", "whistle"]

SILENCE_DB = -100.0


def f0(
    x: Tensor, *, sample_rate: float, hop_length: int = 64, low: float = 65.0, high: float = 2093.0
) -> tuple[Tensor, Tensor]:
    """Track the fundamental frequency of a voice or of an instrument that plays one note at a time.

    The probabilistic YIN method (pYIN): dips of the difference function ``sum_n (x[n] - x[n + lag])^2`` propose
    periods, a hidden Markov model chooses the smoothest likely path, on a grid of 10 cents. A frame is the shortest
    power of two that holds 30 ms and two periods of ``low``: 512 samples at 16 kHz. Frames without a pitch get the
    frequency interpolated between their neighbours, on a logarithmic axis, so that a synthesiser can run through them;
    the mask says which frames these are.

    Args:
        x: sound, (..., time).
        sample_rate: Hz.
        hop_length: samples from frame to frame, at least 1. Time taken is proportional to the number of frames.
        low: lowest frequency looked for in Hz, above 0. A narrower range is faster and makes fewer octave errors.
        high: highest frequency looked for in Hz, above ``low``, at most sample_rate / 4.

    Returns:
        Frequency in Hz, (..., frames), finite everywhere (0 where a whole sound has no pitch), and a mask that is true
        where the sound has a pitch, (..., frames).

    Raises:
        ValueError: if ``x`` is no finite sound, or an argument is out of its range.

    Source: Mauch and Dixon (2014), pYIN: a fundamental frequency estimator using probabilistic threshold distributions;
    as implemented by librosa.
    Chapter: inference/by-gradient-descent.

    >>> tone = torch.sin(2 * torch.pi * 440 * torch.arange(3200) / 16000)
    >>> frequency, voiced = f0(tone, sample_rate=16000, hop_length=320, low=200, high=900)
    >>> frequency.shape, round(float(frequency[5]), -1), bool(voiced[5])
    (torch.Size([10]), 440.0, True)
    """
    checks.audio(x, "x")
    sample_rate = checks.sample_rate(sample_rate)
    hop_length = checks.integer(hop_length, "hop_length")
    checks.in_range(high, "high", 0, sample_rate / 4, unit="Hz", bounds="(]")
    checks.in_range(low, "low", 0, high, unit="Hz", bounds="()")
    import librosa

    frame_length = 2 ** math.ceil(math.log2(max(0.03 * sample_rate, 2 * sample_rate / low + 4)))
    tracks, masks = [], []
    for channel in _channels(x):
        track, mask, _ = librosa.pyin(
            channel, fmin=low, fmax=high, sr=sample_rate, frame_length=frame_length, hop_length=hop_length
        )
        n_frames = -(-len(channel) // hop_length)
        tracks.append(_filled(track[:n_frames], mask[:n_frames]))
        masks.append(mask[:n_frames])
    return _like(np.stack(tracks), x), _like(np.stack(masks), x).bool()


def whistle(
    x: Tensor,
    *,
    sample_rate: float,
    hop_length: int = 256,
    low: float = 1000.0,
    high: float | None = None,
    frame_length: int = 1024,
) -> tuple[Tensor, Tensor]:
    """Track the frequency of a whistle or a bird: a sound of one strong partial, too high for :func:`f0`.

    In each frame (Hann window) the strongest bin b between ``low`` and ``high`` is moved to the top of the parabola
    through the log-magnitudes L of it and its neighbours, ``b + (L_{b-1} - L_{b+1}) / (2 (L_{b-1} - 2 L_b +
    L_{b+1}))``, by half a bin at most. The median of three frames leaves out single outliers. A frame is voiced where
    its bin is at most 30 dB weaker than the strongest frame's; the others get the frequency interpolated between their
    neighbours, on a logarithmic axis. It is not asked whether the sound is a tone at all: noise has a strongest bin
    too.

    Args:
        x: sound, (..., time).
        sample_rate: Hz.
        hop_length: samples from frame to frame, at least 1.
        low: lowest frequency looked for in Hz, above 0.
        high: highest frequency looked for in Hz, above ``low``, at most sample_rate / 2, which is also the default.
        frame_length: samples in a frame, at least 16.

    Returns:
        Frequency in Hz, (..., frames), finite everywhere (0 where a whole sound has none), and a mask that is true
        where the frame is loud enough, (..., frames).

    Raises:
        ValueError: if ``x`` is no finite sound, an argument is out of its range, or no bin lies between ``low`` and
            ``high``.

    Source: Smith and Serra (1987), PARSHL: an analysis/synthesis program for non-harmonic sounds based on a sinusoidal
    representation.
    Chapter: systems/autoencoder.

    >>> tone = torch.sin(2 * torch.pi * 3010 * torch.arange(3200) / 16000)
    >>> frequency, voiced = whistle(tone, sample_rate=16000, hop_length=320)
    >>> frequency.shape, round(float(frequency[5])), bool(voiced[5])
    (torch.Size([10]), 3010, True)
    """
    checks.audio(x, "x")
    sample_rate = checks.sample_rate(sample_rate)
    hop_length = checks.integer(hop_length, "hop_length")
    frame_length = checks.integer(frame_length, "frame_length", 16)
    high = sample_rate / 2 if high is None else high
    checks.in_range(high, "high", 0, sample_rate / 2, unit="Hz", bounds="(]")
    checks.in_range(low, "low", 0, high, unit="Hz", bounds="()")
    window = np.hanning(frame_length + 1)[:-1]
    frequencies = np.fft.rfftfreq(frame_length, 1 / sample_rate)
    inside = np.flatnonzero((frequencies >= low) & (frequencies <= high))
    if not len(inside):
        raise ValueError(
            "frame_length must be long enough for a bin between low and high, "
            f"{low:g} and {high:g} Hz, got {frame_length}."
        )
    tracks, masks = [], []
    for channel in _channels(x):
        padded = np.pad(channel, (frame_length // 2, frame_length))
        frames = np.lib.stride_tricks.sliding_window_view(padded, frame_length)[::hop_length]
        power = np.abs(np.fft.rfft(window * frames[: -(-len(channel) // hop_length)])) ** 2
        peak = inside[power[:, inside].argmax(-1)]
        rows = np.arange(len(peak))
        level = np.log(np.pad(power, ((0, 0), (1, 1)), mode="reflect") + 1e-30)
        before, at, after = (level[rows, peak + i] for i in range(3))
        bend = 2 * at - before - after  # 0 in silence, where all bins are alike
        shift = np.clip(0.5 * (after - before) / np.where(bend > 1e-6, bend, np.inf), -0.5, 0.5)
        track = (peak + shift) * sample_rate / frame_length
        strength = power[rows, peak]
        voiced = (strength >= 1e-3 * strength.max()) & (strength > 0)
        track = np.median(np.lib.stride_tricks.sliding_window_view(np.pad(track, 1, mode="edge"), 3), axis=-1)
        tracks.append(_filled(track, voiced))
        masks.append(voiced)
    return _like(np.stack(tracks), x), _like(np.stack(masks), x).bool()


def loudness(x: Tensor, *, sample_rate: float, hop_length: int = 64, frame_length: int = 256) -> Tensor:
    """Measure the A-weighted level of a sound over time, in dB full scale.

    For a frame with window w (Hann) and spectrum X, ``10 log10(2 sum_k g_k A(f_k)^2 |X_k|^2 / (N sum_n w_n^2))``, where
    A is the A-weighting curve (1 at 1 kHz) and g_k = 2 except at 0 Hz and sample_rate / 2, where it is 1: a sinusoid of
    amplitude 1 at 1 kHz has 0 dB. The level never falls below -100 dB. A frame hears an attack half its length before
    it comes: 8 ms with 256 samples at 16 kHz.

    Args:
        x: sound, (..., time).
        sample_rate: Hz.
        hop_length: samples from frame to frame, at least 1.
        frame_length: samples in a frame, at least 16.

    Returns:
        Level in dB, (..., frames).

    Raises:
        ValueError: if ``x`` is no finite sound, or an argument is out of its range.

    Source: IEC 61672-1 (A-weighting), as implemented by librosa; the use as a synthesiser's control is that of Engel,
    Hantrakul, Gu, Roberts (2020).
    Chapter: inference/by-gradient-descent.

    >>> tone = torch.sin(2 * torch.pi * 1000 * torch.arange(1600) / 16000)
    >>> level = loudness(tone, sample_rate=16000, hop_length=160)
    >>> level.shape, abs(round(float(level[5]), 1))
    (torch.Size([10]), 0.0)
    """
    checks.audio(x, "x")
    sample_rate = checks.sample_rate(sample_rate)
    hop_length = checks.integer(hop_length, "hop_length")
    frame_length = checks.integer(frame_length, "frame_length", 16)
    import librosa

    frequencies = np.fft.rfftfreq(frame_length, 1 / sample_rate)
    weight = np.zeros(len(frequencies))  # none at 0 Hz, where the level of the curve is minus infinity
    weight[1:] = 2 * 10 ** (librosa.A_weighting(frequencies[1:], min_db=None) / 10)
    if frame_length % 2 == 0:
        weight[-1] /= 2
    window = np.hanning(frame_length + 1)[:-1]
    levels = []
    for channel in _channels(x):
        padded = np.pad(channel, (frame_length // 2, frame_length))
        frames = np.lib.stride_tricks.sliding_window_view(padded, frame_length)[::hop_length]
        spectrum = np.fft.rfft(window * frames[: -(-len(channel) // hop_length)])
        power = 2 * np.abs(spectrum) ** 2 @ weight / (frame_length * (window**2).sum())
        levels.append(10 * np.log10(np.maximum(power, 10 ** (SILENCE_DB / 10))))
    return _like(np.stack(levels), x)


def harmonic_amplitudes(x: Tensor, f0: Tensor | float, n_partials: int, *, sample_rate: float) -> Tensor:
    """Measure the amplitudes of the partials of a steady note.

    The note is cut into overlapping frames of twelve periods (fewer if it is shorter). In each, the fundamental is
    sought within 60 cents of ``f0``, as the frequency whose multiples hold the most power, which follows a vibrato or a
    slow drift; then partial k has ``a_k = 2 |sum_n w_n x_n exp(-2 pi i k f n / sample_rate)| / sum_n w_n`` with a
    Blackman-Harris window w, whose side lobes (-92 dB) keep strong partials out of weak ones. The result is the root
    mean square of a_k over the frames.

    Args:
        x: a steady stretch of one note, (..., time), at least six periods long.
        f0: its fundamental frequency in Hz, to within 60 cents: a number or (...); above 0, below sample_rate / 2.
        n_partials: how many partials, at least 1.
        sample_rate: Hz.

    Returns:
        Amplitudes, (..., n_partials), at least 0; exactly 0 for partials at or above sample_rate / 2. Those within a
        third of ``f0`` of it are less exact, as their mirror image comes close.

    Raises:
        ValueError: if ``x`` is no finite sound or too short, or an argument is out of its range.

    Source: Harris (1978), On the use of windows for harmonic analysis with the discrete Fourier transform.
    Chapter: oscillators/harmonic-bank.

    >>> time = torch.arange(3200, dtype=torch.float64) / 16000
    >>> tone = 0.5 * torch.sin(2 * torch.pi * 220 * time) + 0.125 * torch.sin(2 * torch.pi * 660 * time)
    >>> harmonic_amplitudes(tone, 221.0, 3, sample_rate=16000)[[0, 2]]
    tensor([0.5000, 0.1250], dtype=torch.float64)
    """
    checks.audio(x, "x")
    sample_rate = checks.sample_rate(sample_rate)
    n_partials = checks.integer(n_partials, "n_partials")
    f0 = checks.floating(f0, "f0", dtype=torch.float64)
    checks.in_range(f0, "f0", 0, sample_rate / 2, unit="Hz", bounds="()")
    f0 = f0.expand(checks.broadcast(x=x.shape[:-1], f0=f0.shape))
    if f0.shape != x.shape[:-1]:
        raise ValueError(f"f0 must be a number or have the shape {tuple(x.shape[:-1])}, got {tuple(f0.shape)}.")
    n_needed = math.ceil(6 * sample_rate / float(f0.min()))
    if x.shape[-1] < n_needed:
        raise ValueError(f"x must hold six periods of f0, {n_needed} samples, got {x.shape[-1]}.")
    rows = [
        _partials(channel, float(guess), n_partials, sample_rate)
        for channel, guess in zip(_channels(x), f0.reshape(-1), strict=True)
    ]
    return _like(np.stack(rows), x)


def _partials(x: np.ndarray, guess: float, n_partials: int, sample_rate: float) -> np.ndarray:
    n_frame = min(len(x), math.ceil(12 * sample_rate / guess))
    hop = max(1, n_frame // 3)
    starts = np.linspace(0, len(x) - n_frame, 1 + math.ceil((len(x) - n_frame) / hop)).round().astype(int)
    turn = 2 * math.pi * np.arange(n_frame) / n_frame
    window = 0.35875 - 0.48829 * np.cos(turn) + 0.14128 * np.cos(2 * turn) - 0.01168 * np.cos(3 * turn)
    time = (np.arange(n_frame) - n_frame / 2) / sample_rate
    numbers = np.arange(1, n_partials + 1)

    def amplitudes(frame: np.ndarray, frequencies: np.ndarray) -> np.ndarray:
        """At the multiples of each frequency, (frequencies,) -> (frequencies, partials)."""
        multiples = np.outer(frequencies, numbers)
        a = 2 * np.abs(np.exp(-2j * math.pi * multiples[..., None] * time) @ (window * frame)) / window.sum()
        return a * (multiples < sample_rate / 2)

    squares = np.zeros(n_partials)
    for start in starts:
        frame = x[start : start + n_frame]
        best = guess
        for cents in (15.0, 2.5, 0.4):  # finer and finer steps, each search spanning the last one's doubt
            candidates = best * 2.0 ** (cents * np.arange(-4, 5) / 1200)
            best = candidates[np.argmax((amplitudes(frame, candidates) ** 2).sum(-1))]
        squares += amplitudes(frame, np.array([best]))[0] ** 2
    return np.sqrt(squares / len(starts))


def _channels(x: Tensor) -> np.ndarray:
    return x.detach().cpu().double().reshape(-1, x.shape[-1]).numpy()


def _like(rows: np.ndarray, x: Tensor) -> Tensor:
    return torch.from_numpy(rows).to(x.device, x.dtype).reshape(*x.shape[:-1], rows.shape[-1])


def _filled(track: np.ndarray, voiced: np.ndarray) -> np.ndarray:
    """The track with gaps bridged by straight lines over log-frequency, and its ends held."""
    if not voiced.any():
        return np.zeros(len(track))
    frames = np.arange(len(track))
    return np.exp(np.interp(frames, frames[voiced], np.log(track[voiced])))
