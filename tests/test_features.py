"""Measurements of sounds whose f0, level and partials are known."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import torch
from torch import Tensor

from ddsp_lite import clips, controls, features

SR = 16_000
F64 = torch.float64


def seconds(duration: float) -> Tensor:
    return torch.arange(round(duration * SR), dtype=F64) / SR


def tone(f0: Tensor | float, amplitudes: list[float], n_samples: int, seed: int = 0) -> Tensor:
    """Partials with random phases; f0 constant or a value for each sample."""
    phase = 2 * math.pi * torch.cumsum(torch.as_tensor(f0, dtype=F64).expand(n_samples), 0) / SR
    starts = 2 * math.pi * torch.rand(len(amplitudes), generator=torch.Generator().manual_seed(seed), dtype=F64)
    return sum(a * torch.sin(k * phase + start) for k, (a, start) in enumerate(zip(amplitudes, starts, strict=True), 1))


def cents(f: Tensor, reference: Tensor | float) -> Tensor:
    return 1200 * torch.log2(f / reference)


# f0


def test_f0_follows_a_vibrato() -> None:
    t = seconds(0.8)
    truth = 330 * 2 ** (30 / 1200 * torch.sin(2 * math.pi * 5 * t))
    frequency, voiced = features.f0(
        tone(truth, [0.3, 0.2, 0.1], len(t)), sample_rate=SR, hop_length=160, low=200, high=600
    )
    assert frequency.shape == voiced.shape == (80,)
    assert voiced.dtype == torch.bool
    inner = slice(4, -4)
    assert voiced[inner].all()
    assert cents(frequency, truth[::160])[inner].abs().median() < 8
    assert cents(frequency, truth[::160])[inner].abs().max() < 20


def test_a_frame_tells_of_its_own_sample() -> None:
    t = seconds(0.6)
    truth = 250 * 2 ** (1.2 * t)  # a glide of 24 cents a frame: one frame early or late would show
    x = tone(truth, [0.3, 0.2, 0.1], len(t))
    frequency, _ = features.f0(x, sample_rate=SR, hop_length=160, low=200, high=600)
    assert cents(frequency, truth[::160])[4:-4].median().abs() < 8


def test_f0_bridges_silence_and_says_where() -> None:
    silence = torch.zeros(3200, dtype=F64)
    low, high = tone(250.0, [0.3, 0.2], 4800), tone(500.0, [0.3, 0.2], 4800)
    x = torch.cat([silence, low, silence, high, silence])
    frequency, voiced = features.f0(x, sample_rate=SR, hop_length=160, low=200, high=700)
    assert voiced[25:45].all()
    assert voiced[75:95].all()
    assert not voiced[:17].any()
    assert not voiced[54:66].any()
    assert not voiced[-16:].any()
    assert torch.isfinite(frequency).all()
    assert cents(frequency[:45], 250).abs().max() < 20, "held before the first note"
    assert cents(frequency[75:], 500).abs().max() < 20, "held after the last note"
    gap = torch.log2(frequency[54:66])
    torch.testing.assert_close(gap.diff(), gap.diff().mean().expand(11))


def test_a_sound_without_pitch_has_f0_zero() -> None:
    frequency, voiced = features.f0(torch.zeros(3200), sample_rate=SR, hop_length=320, low=200, high=600)
    assert torch.equal(frequency, torch.zeros(10))
    assert not voiced.any()


def test_f0_takes_a_batch_and_keeps_the_precision() -> None:
    x = torch.stack([tone(f, [0.3, 0.1], 3200) for f in (220.0, 300.0)]).float()
    frequency, voiced = features.f0(x[:, None], sample_rate=SR, hop_length=320, low=200, high=400)
    assert frequency.shape == voiced.shape == (2, 1, 10)
    assert frequency.dtype == torch.float32
    for row, reference in zip(frequency[:, 0], (220.0, 300.0), strict=True):
        assert cents(row[2:-2], reference).abs().max() < 12


def test_frames_drive_a_synthesiser() -> None:
    x = tone(300.0, [0.3], 3200)
    frequency, _ = features.f0(x, sample_rate=SR, hop_length=320, low=200, high=400)
    level = features.loudness(x, sample_rate=SR, hop_length=64)
    for feature, n_frames in ((frequency, 10), (level, 50)):
        assert feature.shape == (n_frames,)
        assert controls.resample(feature, len(x)).shape == x.shape


# whistle


def test_whistle_follows_a_glide_that_pitch_trackers_cannot_reach() -> None:
    t = seconds(1.0)
    truth = 2000 * 2 ** (t + 0.1 * torch.sin(2 * math.pi * 3 * t))
    frequency, voiced = features.whistle(tone(truth, [0.3], len(t)), sample_rate=SR, hop_length=160, low=1500)
    assert frequency.shape == voiced.shape == (100,)
    assert voiced[4:-4].all()
    assert cents(frequency, truth[::160])[4:-4].abs().max() < 10
    assert not features.f0(tone(truth, [0.3], len(t)), sample_rate=SR, hop_length=160, high=4000)[1][60:].all()


@pytest.mark.parametrize(
    ("f", "within"), [(2000.0, 2), (2003.0, 2), (2007.8, 2), (2008.5, 2), (7900.0, 2), (7990.0, 5)]
)
def test_whistle_lies_between_the_bins(f: float, within: float) -> None:
    """Up to the Nyquist frequency, where the mirror image at 8010 Hz shares a bin with it."""
    frequency, _ = features.whistle(tone(f, [0.3], 6400), sample_rate=SR, hop_length=640)
    assert cents(frequency, f)[2:-2].abs().max() < within


@pytest.mark.parametrize("gap", [0.0, 1e-12])
def test_whistle_bridges_silence_where_all_bins_are_alike(gap: float) -> None:
    note = tone(2500.0, [0.3], 4800).float()
    x = torch.cat([torch.full((4800,), gap), note, torch.full((4800,), gap), note, torch.full((3200,), gap)])
    frequency, voiced = features.whistle(x, sample_rate=SR, hop_length=160)
    assert torch.isfinite(frequency).all()
    assert voiced[34:56].all()
    assert not voiced[66:84].any()
    assert cents(frequency[:56], 2500).abs().max() < 30


def test_a_silent_sound_has_no_whistle() -> None:
    frequency, voiced = features.whistle(torch.zeros(2, 3200), sample_rate=SR, hop_length=320)
    assert torch.equal(frequency, torch.zeros(2, 10))
    assert not voiced.any()


def test_whistle_refuses_a_range_without_a_bin() -> None:
    with pytest.raises(ValueError, match=r"frame_length must be long enough for a bin .* 1001 and 1010 Hz, got 64"):
        features.whistle(torch.zeros(3200), sample_rate=SR, low=1001, high=1010, frame_length=64)
    with pytest.raises(ValueError, match=r"low must .*got 9000"):
        features.whistle(torch.zeros(3200), sample_rate=SR, low=9000)


# loudness


def a_weighting_db(f: np.ndarray) -> np.ndarray:
    """IEC 61672-1, with its four corner frequencies, written out."""
    f2 = np.asarray(f, dtype=float) ** 2
    corners = [corner**2 for corner in (20.598997, 107.65265, 737.86223, 12194.217)]
    gain = corners[3] * f2**2 / (f2 + corners[0]) / np.sqrt((f2 + corners[1]) * (f2 + corners[2])) / (f2 + corners[3])
    return 20 * np.log10(np.maximum(gain, 1e-30)) + 2.0


@pytest.mark.parametrize("f", [250.0, 1000.0, 3000.0, 6000.0])
def test_loudness_of_a_sinusoid_is_its_level_and_the_a_weighting(f: float) -> None:
    x = 0.25 * torch.sin(2 * math.pi * f * seconds(0.5))
    level = features.loudness(x, sample_rate=SR, hop_length=160, frame_length=1024)[5:-5]
    expected = 20 * math.log10(0.25) + a_weighting_db(np.array(f)).item()
    torch.testing.assert_close(level, torch.full_like(level, expected), atol=0.03, rtol=0)


@pytest.mark.parametrize("frame_length", [256, 301])
def test_loudness_of_noise_against_a_two_sided_sum(frame_length: int) -> None:
    x = 0.3 * torch.randn(4000, dtype=F64)
    level = features.loudness(x, sample_rate=SR, hop_length=100, frame_length=frame_length)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frame_length) / frame_length)
    weights = 10 ** (a_weighting_db(np.abs(np.fft.fftfreq(frame_length, 1 / SR))) / 10)
    for frame in (7, 20, 33):
        start = 100 * frame - frame_length // 2
        spectrum = np.fft.fft(window * x[start : start + frame_length].numpy())
        power = (weights * np.abs(spectrum) ** 2).sum() / frame_length / (window**2).sum()
        assert level[frame].item() == pytest.approx(10 * math.log10(2 * power), abs=2e-3)


def test_loudness_follows_gain_and_stops_at_the_floor() -> None:
    x = 0.1 * torch.randn(4000, dtype=F64)
    level = features.loudness(x, sample_rate=SR)
    assert level.shape == (63,)
    torch.testing.assert_close(features.loudness(2 * x, sample_rate=SR), level + 20 * math.log10(2))
    assert (features.loudness(torch.zeros(4000), sample_rate=SR) == features.SILENCE_DB).all()


def test_loudness_meets_an_attack_within_half_a_frame() -> None:
    x = torch.cat([torch.zeros(4000, dtype=F64), 0.5 * torch.sin(2 * math.pi * 1000 * seconds(0.25))])
    level = features.loudness(x, sample_rate=SR, hop_length=16)
    reached = (level > level.max() - 6).nonzero()[0].item() * 16
    assert abs(reached - 4000) < 64
    assert (level[: (4000 - 128) // 16] == features.SILENCE_DB).all()


def test_loudness_takes_a_batch() -> None:
    x = torch.randn(2, 3, 1000)
    level = features.loudness(x, sample_rate=SR)
    assert (level.shape, level.dtype) == ((2, 3, 16), torch.float32)
    torch.testing.assert_close(level[1, 2], features.loudness(x[1, 2], sample_rate=SR))


# amplitudes of partials


def error_db(measured: Tensor, truth: list[float]) -> float:
    return (20 * torch.log10(measured / torch.tensor(truth, dtype=F64))).abs().max().item()


@pytest.mark.parametrize("f0", [82.41, 233.3, 440.0, 1318.5])
@pytest.mark.parametrize("periods", [6.5, 25])
@pytest.mark.parametrize("off", [-50, 0, 35])
def test_partials_of_a_steady_tone(f0: float, periods: float, off: float) -> None:
    n_partials = min(20, int(SR / 2 / f0 - 0.5))
    truth = (10 ** (-3 * np.random.default_rng(1).random(n_partials))).tolist()  # levels over 60 dB
    x = tone(f0, truth, math.ceil(periods * SR / f0))
    measured = features.harmonic_amplitudes(x, f0 * 2 ** (off / 1200), n_partials, sample_rate=SR)
    assert error_db(measured, truth) < 0.1


def test_partials_of_a_tone_with_vibrato_decay_and_noise() -> None:
    t = seconds(0.5)
    decay = torch.exp(-2 * t)
    truth = [0.3, 0.15, 0.2, 0.05, 0.02, 0.01, 0.005, 0.003]
    x = decay * tone(350 * 2 ** (12 / 1200 * torch.sin(2 * math.pi * 5.5 * t)), truth, len(t))
    x = x + 1e-4 * torch.randn(len(t), dtype=F64)
    measured = features.harmonic_amplitudes(x, 350.0, 8, sample_rate=SR)
    rms_of_decay = decay.square().mean().sqrt().item()
    assert error_db(measured, [rms_of_decay * a for a in truth]) < 0.5


def test_partials_of_the_brass_clip_follow_its_equation() -> None:
    part = clips.brass()[int(2.5 * SR) : int(2.8 * SR)]
    f0 = 440 * 2 ** (-4 / 12)
    measured = features.harmonic_amplitudes(part, f0, 12, sample_rate=SR)
    f = f0 * torch.arange(1, 13)
    loudness = 0.9 * math.exp(-0.35 * 1.05)
    expected = f / (f + 700) / (1 + (f / (700 + 1100 * loudness)) ** 4)
    level = 20 * torch.log10(measured / measured[0]) - 20 * torch.log10(expected / expected[0])
    assert level.abs().max() < 1.0


def test_partials_beyond_the_nyquist_frequency_are_zero() -> None:
    measured = features.harmonic_amplitudes(tone(1000.0, [0.5, 0.2], 1600), 1000.0, 12, sample_rate=SR)
    assert (measured[7:] == 0).all()
    assert (features.harmonic_amplitudes(torch.zeros(1600), 440.0, 5, sample_rate=SR) == 0).all()


def test_partials_of_a_batch_with_one_f0_each() -> None:
    x = torch.stack([tone(f, [0.4, 0.1, 0.05], 1600) for f in (220.0, 330.0)]).float()
    measured = features.harmonic_amplitudes(x, torch.tensor([221.0, 329.0]), 3, sample_rate=SR)
    assert (measured.shape, measured.dtype) == ((2, 3), torch.float32)
    for row in measured:
        assert error_db(row, [0.4, 0.1, 0.05]) < 0.1
    assert features.harmonic_amplitudes(x[:1], 221.0, 3, sample_rate=SR).shape == (1, 3)


# bad input

GOOD = torch.zeros(1600)
BAD_SOUNDS = [
    (torch.zeros(0), "x must be a tensor (..., time) with at least one sample, got shape (0,)"),
    (torch.zeros(100, dtype=torch.int16), "x must be a float32 or float64 tensor, got torch.int16"),
    (torch.full((1600,), math.nan), "x must be finite, got nan"),
    ([0.0, 1.0], "x must be a float32 or float64 tensor (..., time), got list"),
]


@pytest.mark.parametrize(("x", "message"), BAD_SOUNDS)
def test_bad_sounds(x, message: str) -> None:
    for call in (
        lambda: features.f0(x, sample_rate=SR),
        lambda: features.loudness(x, sample_rate=SR),
        lambda: features.harmonic_amplitudes(x, 440.0, 3, sample_rate=SR),
    ):
        with pytest.raises(ValueError, match=re.escape(message)):
            call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: features.f0(GOOD, sample_rate=0), "sample_rate must be above 0 Hz, got 0"),
        (lambda: features.f0(GOOD, sample_rate=SR, hop_length=0), "hop_length must be at least 1, got 0"),
        (lambda: features.f0(GOOD, sample_rate=SR, high=5000), "high must lie in (0, 4000] Hz, got 5000"),
        (lambda: features.f0(GOOD, sample_rate=SR, low=900, high=800), "low must lie in (0, 800) Hz, got 900"),
        (lambda: features.f0(GOOD, sample_rate=SR, low=0), "low must lie in (0, 2093) Hz, got 0"),
        (lambda: features.loudness(GOOD, sample_rate=SR, frame_length=8), "frame_length must be at least 16, got 8"),
        (lambda: features.loudness(GOOD, sample_rate=SR, hop_length=1.5), "hop_length must be an integer, got 1.5"),
        (lambda: features.harmonic_amplitudes(GOOD, 440.0, 0, sample_rate=SR), "n_partials must be at least 1, got 0"),
        (lambda: features.harmonic_amplitudes(GOOD, 0.0, 3, sample_rate=SR), "f0 must lie in (0, 8000) Hz, got 0.0"),
        (lambda: features.harmonic_amplitudes(GOOD, math.nan, 3, sample_rate=SR), "f0 must be finite, got nan"),
        (
            lambda: features.harmonic_amplitudes(GOOD, 40.0, 3, sample_rate=SR),
            "x must hold six periods of f0, 2400 samples, got 1600",
        ),
        (
            lambda: features.harmonic_amplitudes(GOOD, torch.tensor([440.0, 441.0]), 3, sample_rate=SR),
            "f0 must be a number or have the shape (), got (2,)",
        ),
    ],
)
def test_bad_arguments(call, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        call()
