"""Losses on samples and envelopes beside NumPy."""

import math

import numpy as np
import pytest
import torch

from ddsp_lite import losses


def test_waveform():
    a, b = torch.randn(2, 3, 50, dtype=torch.float64)
    assert losses.waveform(a, b).item() == pytest.approx(np.abs(a.numpy() - b.numpy()).mean())
    assert losses.waveform(a, b, p=2).item() == pytest.approx(np.square(a.numpy() - b.numpy()).mean())


@pytest.mark.parametrize("db", [-10.0, 0.0, 20.0, 60.0])
def test_si_sdr_is_the_ratio_that_was_mixed(db):
    """Distortion at right angles to the target, at a known level, whatever the gain of the whole."""
    target, noise = np.linalg.qr(np.random.randn(1000, 2))[0].T * math.sqrt(1000)
    prediction = -0.3 * (target + 10 ** (-db / 20) * noise)
    loss = losses.si_sdr(torch.from_numpy(prediction), torch.from_numpy(target))
    assert loss.item() == pytest.approx(-db, abs=1e-2)


def test_si_sdr_never_falls_below_its_floor():
    x = torch.sin(0.1 * torch.arange(10000))
    assert losses.si_sdr(x, x).item() == pytest.approx(20 * math.log10(1e-5 / math.sqrt(0.5)), abs=0.1)
    assert losses.si_sdr(torch.zeros(100), x[:100]).item() == 0


def test_envelope_equals_numpy():
    a, b = torch.randn(2, 300, dtype=torch.float64)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(64) / 64)
    levels = []
    for x in (a.numpy(), b.numpy()):
        padded = np.pad(np.square(x), 32)
        frames = [padded[start : start + 64] @ window / window.sum() for start in range(0, 301, 20)]
        levels.append(np.sqrt(np.array(frames) + 1e-6))
    expected = np.abs(levels[0] - levels[1]).mean()
    assert losses.envelope(a, b, frame_length=64, hop_length=20).item() == pytest.approx(expected)


def test_envelope_does_not_hear_the_pitch():
    n = torch.arange(16000)
    fade = torch.linspace(0, 1, 16000)
    low, high = torch.sin(0.2 * n), torch.sin(0.9 * n)
    assert losses.envelope(low * fade, high * fade) < 0.01 * losses.envelope(low * fade, low * fade.flip(0))
