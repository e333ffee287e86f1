"""Short sounds that the project makes itself: they stand in where an example recording cannot be had.

Each function returns a few seconds of mono sound, ``(time,)`` float32, with a peak of 0.5 (-6 dB full scale).
They are additive synthesis in double precision from a fixed seed, so every call gives the same samples.
The book says so wherever one of them is used instead of a recording.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from ddsp_lite import checks


def _time(seconds: float, sample_rate: int) -> np.ndarray:
    checks.integer(sample_rate, "sample_rate", 4000, 192_000)
    return np.arange(round(seconds * sample_rate)) / sample_rate


def _finish(x: np.ndarray) -> Tensor:
    return torch.from_numpy((0.5 * x / np.abs(x).max()).astype(np.float32))


def _phase(frequency: np.ndarray, sample_rate: int) -> np.ndarray:
    return 2 * math.pi * np.cumsum(frequency) / sample_rate


def _noise(n_samples: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1.0, 1.0, n_samples)


def _envelope(t: np.ndarray, length: float, attack: float, release: float) -> np.ndarray:
    """Raised-cosine attack and release of a note that sounds from 0 to length."""
    rise = 0.5 - 0.5 * np.cos(math.pi * np.clip(t / attack, 0, 1))
    fall = 0.5 - 0.5 * np.cos(math.pi * np.clip((length - t) / release, 0, 1))
    return rise * fall


def _midi(note: float) -> float:
    return 440.0 * 2.0 ** ((note - 69.0) / 12.0)


def brass(*, sample_rate: int = 16_000) -> Tensor:
    """A four-note phrase of a brass-like tone; the last note, F4 (349.2 Hz), sounds from 1.6 s to 3.05 s.

    Partial k of a note has amplitude r(k f0) with r(f) = f / (f + 700) / (1 + (f / c)^4); the corner c rises with
    loudness, so that a louder tone is a brighter one (Risset's observation on trumpets, 1966). The attack scoops up
    to the pitch within 40 ms and carries a little breath.

    Args:
        sample_rate: Hz, an integer from 4,000 to 192,000.

    Returns:
        (time,) float32, 3.5 s.

    Raises:
        ValueError: for a sample rate outside its range.

    >>> brass().shape
    torch.Size([56000])
    """
    t = _time(3.5, sample_rate)
    out = np.zeros_like(t)
    breath = _noise(len(t), seed=1)
    notes = ((0.0, 0.4, 60, 0.8), (0.42, 0.36, 65, 0.9), (0.8, 0.78, 69, 1.0), (1.6, 1.45, 65, 0.9))
    for start, length, note, level in notes:
        here = slice(round(start * sample_rate), round((start + length) * sample_rate))
        now = t[here] - start
        loudness = level * _envelope(now, length, attack=0.05, release=0.12) * np.exp(-0.35 * now)
        vibrato = 6.0 * np.clip(now - 0.3, 0, 0.5) * np.sin(2 * math.pi * 5.2 * now)
        f0 = _midi(note) * 2.0 ** ((vibrato - 60.0 * np.exp(-now / 0.015)) / 1200.0)
        phase = _phase(f0, sample_rate)
        corner = 700.0 + 1100.0 * loudness
        tone = np.zeros_like(now)
        for k in range(1, 31):
            f = k * f0
            audible = f < 0.45 * sample_rate
            tone += audible * f / (f + 700.0) / (1.0 + (f / corner) ** 4) * np.sin(k * phase)
        out[here] += loudness * tone + 0.02 * np.exp(-now / 0.03) * loudness * breath[here]
    return _finish(out)


def voice(*, sample_rate: int = 16_000) -> Tensor:
    """A voice-like sound that moves through the vowels a, i, u and o in four syllables at a speaking pitch.

    The source's partials fall as 1 / k; each is weighted by the product of three resonances
    1 / sqrt((1 - (f/F)^2)^2 + (f B / F^2)^2) with the formants F of the vowel (averages of men in
    Peterson & Barney 1952).

    Args:
        sample_rate: Hz, an integer from 4,000 to 192,000.

    Returns:
        (time,) float32, 3 s.

    Raises:
        ValueError: for a sample rate outside its range.

    >>> voice().shape
    torch.Size([48000])
    """
    t = _time(3.0, sample_rate)
    syllables = np.array([0.1, 0.8, 1.5, 2.2])
    vowels = np.array([[730, 1090, 2440], [270, 2290, 3010], [300, 870, 2240], [570, 840, 2410]], dtype=float)
    formants = [np.interp(t, syllables + 0.25, vowels[:, i]) for i in range(3)]
    level = sum(_envelope(t - start, 0.62, attack=0.07, release=0.2) for start in syllables)
    f0 = 132.0 - 12.0 * t + 9.0 * np.sin(2 * math.pi * (t - 0.1) / 0.7)
    phase = _phase(f0, sample_rate)
    out = np.zeros_like(t)
    for k in range(1, 41):
        f = k * f0
        weight = (f < 0.45 * sample_rate) / k
        for formant, bandwidth in zip(formants, (80.0, 100.0, 140.0), strict=True):
            weight = weight / np.hypot(1 - (f / formant) ** 2, f * bandwidth / formant**2)
        out += weight * np.sin(k * phase)
    breath = np.diff(_noise(len(t) + 1, seed=2))
    return _finish(level * (out / np.abs(out).max() + 0.002 * breath))


def pluck(*, sample_rate: int = 16_000) -> Tensor:
    """Five notes of a plucked string, ringing over one another.

    Partial k of a string plucked at a fifth of its length has amplitude sin(pi k / 5) / k, frequency
    k f0 sqrt(1 + B k^2) with B = 1e-4, and dies as exp(-t (0.9 + 0.35 k)) (the first two after Fletcher & Rossing,
    The Physics of Musical Instruments, 1998; the decay is ours).

    Args:
        sample_rate: Hz, an integer from 4,000 to 192,000.

    Returns:
        (time,) float32, 4 s.

    Raises:
        ValueError: for a sample rate outside its range.

    >>> pluck().shape
    torch.Size([64000])
    """
    t = _time(4.0, sample_rate)
    out = np.zeros_like(t)
    for i, note in enumerate((50, 57, 62, 66, 69)):
        start = round(0.4 * i * sample_rate)
        now = t[: len(t) - start]
        attack = 1.0 - np.exp(-now / 0.001)
        for k in range(1, 31):
            f = k * _midi(note) * math.sqrt(1 + 1e-4 * k * k)
            if f < 0.45 * sample_rate:
                level = math.sin(math.pi * k / 5) / k
                out[start:] += attack * level * np.exp(-now * (0.9 + 0.35 * k)) * np.sin(2 * math.pi * f * now)
    return _finish(out * _envelope(t, 4.0, attack=0.002, release=0.3))


def whistle(*, sample_rate: int = 16_000) -> Tensor:
    """A bird-like call: three whistled notes and a trill, between 2.4 and 4.6 kHz (for rates that hold them).

    Each chirp is one sinusoid that glides from one frequency to another, and its sinusoidal second partial 26 dB below.

    Args:
        sample_rate: Hz, an integer from 4,000 to 192,000; below 10.3 kHz the call is lowered to fit.

    Returns:
        (time,) float32, 2 s.

    Raises:
        ValueError: for a sample rate outside its range.

    >>> whistle().shape
    torch.Size([32000])
    """
    t = _time(2.0, sample_rate)
    out = np.zeros_like(t)
    highest = min(1.0, 0.45 * sample_rate / 4600.0)
    chirps = [(0.1, 0.25, 2600, 3100), (0.42, 0.2, 3900, 3300), (0.7, 0.3, 2900, 2400)]
    chirps += [(1.1 + 0.09 * i, 0.07, 4600 - 150 * i, 3300 - 100 * i) for i in range(8)]
    for start, length, first, last in chirps:
        here = slice(round(start * sample_rate), round((start + length) * sample_rate))
        now = t[here] - start
        f = highest * np.interp(now, (0, length), (first, last))
        phase = _phase(f, sample_rate)
        overtone = 0.05 * (2 * f < 0.45 * sample_rate) * np.sin(2 * phase)
        out[here] += _envelope(now, length, attack=0.015, release=0.03) * (np.sin(phase) + overtone)
    return _finish(out)


def moan(*, sample_rate: int = 16_000) -> Tensor:
    """Three long, low, gliding calls such as a large animal makes under water.

    Args:
        sample_rate: Hz, an integer from 4,000 to 192,000.

    Returns:
        (time,) float32, 5 s.

    Raises:
        ValueError: for a sample rate outside its range.

    >>> moan().shape
    torch.Size([80000])
    """
    t = _time(5.0, sample_rate)
    out = np.zeros_like(t)
    calls = ((0.1, 1.5, (180, 260, 210)), (1.8, 1.0, (420, 300, 520)), (3.1, 1.7, (240, 190, 120)))
    for start, length, pitches in calls:
        here = slice(round(start * sample_rate), round((start + length) * sample_rate))
        now = t[here] - start
        phase = _phase(np.interp(now, (0, 0.4 * length, length), pitches), sample_rate)
        tone = sum(np.sin(k * phase) / k**1.5 for k in (1, 2, 3, 4))
        out[here] += _envelope(now, length, attack=0.25, release=0.4) * (1 + 0.3 * np.sin(2 * math.pi * 7 * now)) * tone
    return _finish(out)
