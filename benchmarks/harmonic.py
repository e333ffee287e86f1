"""The rows of the bank of harmonics.

The gradient of f0 by the plain PyTorch way in float32 is good to some 2e-2 only, which is why more is allowed here.
The plain PyTorch way draws every control at audio rate, sums every partial's frequency, and adds the masked sinusoids
up. The pure PyTorch way is the package's own without the compiled loop, as it runs on a GPU and in the browser.
"""

from __future__ import annotations

import math
from statistics import median

import torch
from torch import Tensor

from benchmarks.table import Figure, Row, _seconds
from ddsp_lite import controls, oscillators
from ddsp_lite.oscillators.harmonic import plain_sum

RATE, HOP = 16000, 64


def _inputs(batch: int, partials: int):
    """Controls whose partials all lie below Nyquist."""

    def inputs(tiny: bool) -> tuple[Tensor, Tensor]:
        frames = 4 if tiny else 1000
        f0, amplitudes = 70 + 5 * torch.rand(batch, frames), torch.rand(batch, frames, partials) / partials
        return f0.requires_grad_(), amplitudes.requires_grad_()

    return inputs


def _plain(f0: Tensor, amplitudes: Tensor) -> Tensor:
    """Add the partials as one first writes it down: a phase and an amplitude for every partial and sample."""
    samples = HOP * f0.shape[-1]
    orders = torch.arange(1, amplitudes.shape[-1] + 1, dtype=f0.dtype)
    frequencies = controls.resample(f0, samples).unsqueeze(-1) * orders
    amplitudes = controls.resample(amplitudes, samples, axis=-2)
    amplitudes = torch.where(frequencies < RATE / 2, amplitudes, 0.0)
    steps = 2 * math.pi / RATE * frequencies
    return (amplitudes * torch.sin(torch.cumsum(steps, -2) - steps)).sum(-1)


def _pure(f0: Tensor, amplitudes: Tensor) -> Tensor:
    orders = torch.arange(1, amplitudes.shape[-1] + 1, dtype=torch.float64)
    return plain_sum(f0.double(), amplitudes, orders, RATE, HOP * f0.shape[-1])


def _ours(f0: Tensor, amplitudes: Tensor) -> Tensor:
    return oscillators.harmonic_bank(f0, amplitudes, sample_rate=RATE, n_samples=HOP * f0.shape[-1])


def _growth(tiny: bool) -> float:
    """Find how many times as long 100 partials take as 13."""
    torch.set_num_threads(1)
    inputs = [_inputs(1, partials)(tiny) for partials in (100, 13)]
    weights = torch.randn_like(_ours(*inputs[0]))
    times = [[_seconds(_ours, x, weights) for x in inputs] for _ in range(2 if tiny else 9)]
    return median(many / few for many, few in times[1:])


_SETTING = "100 partials, 4 s at 16 kHz, 250 frames/s"
_PLAIN = {"plain PyTorch": _plain}

ROWS = [
    Row(
        "Harmonic bank", _SETTING, _inputs(1, 100), _ours, _PLAIN, {"plain PyTorch": 80}, 5e-5, agreement=0.1, memory=5
    ),
    Row(
        "Harmonic bank",
        f"{_SETTING}, batch 8, 2 threads",
        _inputs(8, 100),
        _ours,
        _PLAIN,
        {"plain PyTorch": 100},
        5e-5,
        agreement=0.1,
        threads=2,
    ),
    Figure("Harmonic bank", "100 partials against 13", _growth, 2.5, "times"),
    Row(
        "Harmonic bank without compiled loop",
        _SETTING,
        _inputs(1, 100),
        _pure,
        _PLAIN,
        {"plain PyTorch": 3},
        5e-5,
        agreement=0.1,
    ),
]
