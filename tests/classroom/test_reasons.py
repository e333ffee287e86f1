"""The likely reasons are found, and none is made up."""

from __future__ import annotations

import math

import pytest
import torch

from ddsp_lite.classroom.reasons import likely

RATE = 16000.0
TIMES = torch.arange(800, dtype=torch.float64) / RATE
WAVE = torch.sin(2 * torch.pi * 220 * TIMES) * torch.exp(-40 * TIMES)
LEVELS = torch.tensor([-6.0, -12.5, -31.0, -2.0], dtype=torch.float64)
PITCHES = torch.tensor([220.0, 311.0, 500.0], dtype=torch.float64)


@pytest.mark.parametrize(
    ("expected", "got", "options", "words"),
    [
        (PITCHES, 2 * PITCHES, {"unit": "Hz"}, "an octave too high"),
        (PITCHES, PITCHES / math.sqrt(2), {"unit": "Hz"}, "half an octave too low"),
        (PITCHES, 2 * math.pi * PITCHES, {"unit": "Hz"}, "radians where cycles"),
        (PITCHES, 69 + 12 * torch.log2(PITCHES / 440), {"unit": "Hz"}, "MIDI number"),
        (LEVELS, LEVELS / 2, {"unit": "dB"}, "20·log10 is for amplitudes"),
        (LEVELS, LEVELS * math.log(10), {"unit": "dB"}, "natural logarithm"),
        (LEVELS, 10 ** (LEVELS / 20), {"unit": "dB"}, "its level in decibels was meant"),
        (LEVELS, LEVELS + 3.0103, {"unit": "dB"}, "factor 2 in power"),
        (LEVELS, -LEVELS, {"unit": "dB"}, "the sign is turned round"),
        (10 ** (LEVELS / 20), LEVELS, {}, "in decibels, the plain number"),
        (torch.tensor([7.0, -2.0]), torch.tensor([700.0, -200.0]), {"unit": "semitones"}, "cents"),
        (torch.tensor([7.0, -2.0, 1.0]), torch.tensor([19.0, 10.0, 13.0]), {"unit": "semitones"}, "12 semitones"),
        (torch.tensor(0.05), torch.tensor(50.0), {"unit": "s"}, "milliseconds"),
        (torch.tensor(0.05), torch.tensor(800.0), {"unit": "s", "sample_rate": RATE}, "samples where seconds"),
        (torch.tensor(0.5), torch.tensor(28.6479), {"unit": "rad"}, "degrees where radians"),
        (torch.tensor(0.02), torch.tensor(12.0), {"count": 600}, "the sum, where the mean was meant"),
        (torch.tensor(12.0), torch.tensor(0.02), {"count": 600}, "the mean, where the sum was meant"),
        (WAVE, -WAVE, {}, "the sign is turned round"),
        (WAVE, WAVE.abs(), {}, "the magnitude"),
        (WAVE, WAVE.square(), {}, "the square"),
        (WAVE, WAVE.flip(-1), {}, "runs backwards"),
        (WAVE, WAVE.cumsum(-1), {}, "summed up once too often"),
        (WAVE.cumsum(-1), WAVE, {}, "not summed up"),
        (WAVE, WAVE.roll(1), {"sample_rate": RATE}, "one place (0.0625 ms) too late"),
        (WAVE, torch.cat([WAVE[1:], torch.zeros(1)]), {"sample_rate": RATE}, "one place (0.0625 ms) too early"),
        (WAVE, torch.cat([torch.zeros(64), WAVE[:-64]]), {}, "64 places too late"),
        (WAVE, WAVE.roll(64), {}, "too late and wrapped round"),
        (WAVE, torch.zeros(800), {}, "zero throughout"),
        (WAVE, torch.full((800,), 0.3), {}, "the same value throughout"),
        (WAVE, WAVE + math.nan, {}, "not a finite number"),
        (torch.tensor(4.0), torch.tensor(0.25), {}, "the reciprocal"),
        (torch.tensor([4.0, 9.0]), torch.tensor([2.0, 3.0]), {}, "the square root"),
        (torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[1.0, 3.0], [2.0, 4.0]]), {}, "rows and columns"),
        (torch.arange(5.0), torch.arange(5.0) + 1, {}, "1 too large throughout"),
    ],
)
def test_a_mistake_is_recognised(expected: torch.Tensor, got: torch.Tensor, options: dict, words: str) -> None:
    assert words in likely(expected, got, **options)


@pytest.mark.parametrize("size", [1, 2, 5, 64])
def test_no_reason_is_made_up_for_noise(size: int) -> None:
    for _ in range(50):
        expected, got = torch.rand(2, size, dtype=torch.float64) + torch.tensor([[0.5], [17.1]])
        told = likely(expected, got, unit="Hz", sample_rate=RATE)
        assert size == 1 or told == ""


def test_nothing_to_compare() -> None:
    assert likely(torch.zeros(0), torch.zeros(0)) == ""
    assert likely(torch.ones(4), torch.ones(4) * 1.37) == ""
