"""The project's own clips: the same each time, clean, and with the pitches that they promise."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
import torch

from ddsp_lite import clips

CLIPS = {name: clip for name, clip in inspect.getmembers(clips, inspect.isfunction) if not name.startswith("_")}
each_clip = pytest.mark.parametrize("clip", CLIPS.values(), ids=CLIPS)


def strongest(x: torch.Tensor, start: float, end: float, low: float, high: float, sample_rate: int = 16_000) -> float:
    """The frequency in Hz of the highest peak of the spectrum between two times and two frequencies."""
    part = x[round(start * sample_rate) : round(end * sample_rate)].numpy()
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)), 2**18))
    frequencies = np.arange(len(spectrum)) * sample_rate / 2**18
    spectrum[(frequencies < low) | (frequencies > high)] = 0
    return frequencies[spectrum.argmax()]


def test_there_are_five() -> None:
    assert set(CLIPS) == {"brass", "moan", "pluck", "voice", "whistle"}


@each_clip
def test_the_same_each_time(clip) -> None:
    torch.manual_seed(1)
    np.random.seed(1)
    first = clip()
    untouched = torch.rand(1).item(), np.random.rand()
    torch.manual_seed(1)
    np.random.seed(1)
    assert untouched == (torch.rand(1).item(), np.random.rand()), "a clip must leave the session's random numbers alone"
    assert torch.equal(first, clip())
    assert (first.dtype, first.ndim) == (torch.float32, 1)


@each_clip
@pytest.mark.parametrize("sample_rate", [4000, 8000, 16_000, 44_100])
def test_level_length_and_ends(clip, sample_rate: int) -> None:
    x = clip(sample_rate=sample_rate)
    assert torch.isfinite(x).all()
    assert x.abs().max() == 0.5
    assert abs(x.mean()) < 5e-3
    assert 2.0 <= len(x) / sample_rate <= 5.0
    assert x[0].abs() < 0.01, "it starts without a click"
    assert x[-1].abs() < 0.01, "it ends without a click"


@each_clip
def test_nothing_near_the_nyquist_frequency(clip) -> None:
    x = clip(sample_rate=8000).numpy()
    power = np.abs(np.fft.rfft(x * np.hanning(len(x)))) ** 2
    assert power[int(0.93 * len(power)) :].sum() < 3e-4 * power.sum()


def test_the_last_brass_note_is_f4_and_steady_where_the_book_needs_it() -> None:
    x = clips.brass()
    f0 = 440 * 2 ** (-4 / 12)
    assert strongest(x, 2.0, 2.9, 300, 400) == pytest.approx(f0, rel=2e-3)
    for k in (2, 3, 5, 8):
        assert strongest(x, 2.0, 2.9, (k - 0.4) * f0, (k + 0.4) * f0) == pytest.approx(k * f0, rel=2e-3)
    part = x[int(2.0 * 16000) : int(2.9 * 16000)].unfold(0, 1600, 1600).square().mean(-1)
    assert (10 * torch.log10(part.max() / part.min())) < 6


def test_louder_brass_is_brighter() -> None:
    x = clips.brass()

    def centroid(start: float) -> float:
        part = x[int(start * 16000) : int((start + 0.1) * 16000)].numpy()
        power = np.abs(np.fft.rfft(part * np.hanning(len(part)))) ** 2
        return (power * np.fft.rfftfreq(len(part), 1 / 16000)).sum() / power.sum()

    assert centroid(1.7) > 1.1 * centroid(2.85)


def test_the_vowels_have_their_first_formants() -> None:
    x = clips.voice()
    assert strongest(x, 0.3, 0.4, 60, 1200) > 500  # a: 730 Hz
    assert strongest(x, 1.0, 1.1, 60, 1200) < 400  # i: 270 Hz


def test_the_plucked_notes_decay() -> None:
    x = clips.pluck()
    assert strongest(x, 0.1, 0.39, 100, 180) == pytest.approx(440 * 2 ** (-19 / 12), rel=5e-3)  # D3
    level = x[int(1.7 * 16000) :].unfold(0, 8000, 8000).square().mean(-1)
    assert (level.diff() < 0).all()


def test_the_whistle_glides_where_it_says() -> None:
    assert 2600 < strongest(clips.whistle(), 0.12, 0.32, 1000, 8000) < 3100


@each_clip
@pytest.mark.parametrize("rate", [0, 3999, 192_001, 16_000.0, "fast"])
def test_bad_sample_rates(clip, rate) -> None:
    with pytest.raises(ValueError, match="sample_rate must"):
        clip(sample_rate=rate)
