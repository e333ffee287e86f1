"""Wavetables against sums of sinusoids, NumPy's interpolation and finite differences."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from ddsp_lite import oscillators

SR = 16000
F64 = torch.float64
NAN = float("nan")
TABLE = oscillators.wavetable


def period(amplitudes: Tensor, size: int = 2048) -> Tensor:
    k = torch.arange(1, amplitudes.shape[-1] + 1, dtype=F64).unsqueeze(-1)
    return (amplitudes.unsqueeze(-1) * torch.sin(2 * math.pi * k * torch.arange(size, dtype=F64) / size)).sum(-2)


@pytest.mark.parametrize("f0", [0.0, 33.3, 110.0, 115.0])
def test_a_table_of_harmonics_is_a_harmonic_bank(f0: float) -> None:
    amplitudes = torch.rand(64, dtype=F64) / 8
    options = {"sample_rate": SR, "n_samples": 2000}
    y = TABLE(f0, period(amplitudes), **options)
    torch.testing.assert_close(y, oscillators.harmonic_bank(f0, amplitudes, **options), atol=5e-5, rtol=0)
    shifted = TABLE(f0, period(amplitudes), phase=1.3, **options)
    phase = 1.3 * torch.arange(1, 65, dtype=F64)
    bank = oscillators.harmonic_bank(f0, amplitudes, phase=phase, **options)
    torch.testing.assert_close(shifted, bank, atol=5e-5, rtol=0)


@pytest.mark.parametrize("f0", [440.0, 1999.0, 2000.0, 3999.0, 7999.0, 8000.0, 12000.0])
def test_nothing_lies_above_nyquist_and_at_most_half_an_octave_is_missing(f0: float) -> None:
    amplitudes = torch.ones(200, dtype=F64)
    y = TABLE(torch.tensor(f0, dtype=F64), period(amplitudes, 1024), sample_rate=SR, n_samples=1600)
    for partials in range(201):  # the first so many, and no others
        bank = oscillators.harmonic_bank(
            f0, amplitudes[: max(partials, 1)] * (partials > 0), sample_rate=SR, n_samples=1600
        )
        if (y - bank).norm() < 2e-3 * math.sqrt(1600):
            break
    highest, missing = partials * f0, (partials + 1) * f0
    assert highest < SR / 2
    assert missing >= min(SR / 2 / math.sqrt(2), 201 * f0) - 1e-9


def test_gliding_f0_reads_the_right_copy_in_every_sample() -> None:
    f0 = torch.linspace(50, 7000, 800, dtype=F64)
    table = period(torch.rand(30, dtype=F64), 512)
    y = TABLE(f0, table, sample_rate=SR)
    turns = (torch.cumsum(f0, 0) - f0) / SR
    for n in (0, 1, 250, 500, 799):
        one = TABLE(f0[n], table, sample_rate=SR, n_samples=1, phase=2 * math.pi * turns[n])
        torch.testing.assert_close(y[n : n + 1], one, atol=1e-10, rtol=0)


def test_positions_are_interpolated_between_tables() -> None:
    tables = torch.randn(5, 256, dtype=F64)
    options = {"sample_rate": SR, "n_samples": 300}
    single = torch.stack([TABLE(100.0, table, **options) for table in tables])
    for position in (0.0, 0.25, 0.3, 0.99, 1.0):
        y = TABLE(100.0, tables, position, **options)
        j = min(int(position * 4), 3)
        v = position * 4 - j
        torch.testing.assert_close(y, (1 - v) * single[j] + v * single[j + 1])
    moving = torch.rand(300, dtype=F64)
    y = TABLE(100.0, tables, moving, **options)
    expected = [np.interp(moving[n] * 4, np.arange(5), single[:, n].numpy()) for n in range(300)]
    np.testing.assert_allclose(y.numpy(), expected, atol=1e-12)
    frames = torch.tensor([0.0, 1.0], dtype=F64)
    line = torch.cat([torch.arange(150) / 150.0, torch.ones(150)]).double()
    torch.testing.assert_close(
        TABLE(100.0, tables, frames, **options), TABLE(100.0, tables, line, **options), atol=1e-6, rtol=0
    )


def test_gradients_in_pitch_tables_position_and_phase() -> None:
    tables = torch.randn(3, 16, dtype=F64, requires_grad=True)
    phase = torch.tensor(0.2, dtype=F64, requires_grad=True)
    for f0, position in (
        (torch.tensor(431.7, dtype=F64), torch.tensor(0.31, dtype=F64)),
        (400 + 100 * torch.rand(12, dtype=F64), 0.1 + 0.3 * torch.rand(12, dtype=F64)),
        (400 + 100 * torch.rand(3, dtype=F64), 0.6 + 0.3 * torch.rand(4, dtype=F64)),
    ):
        inputs = (f0.requires_grad_(), tables, position.requires_grad_(), phase)
        assert gradcheck(lambda f, t, p, start: TABLE(f, t, p, sample_rate=SR, n_samples=12, phase=start), inputs)


@pytest.mark.parametrize("dtype", [torch.float32, F64])
def test_edges_are_finite(dtype: torch.dtype) -> None:
    tables = torch.randn(2, 8, dtype=dtype, requires_grad=True)
    for value in (0.0, SR / 2, 1e5):
        for where in (0.0, 1.0):
            f0 = torch.full((32,), value, dtype=dtype, requires_grad=True)
            position = torch.tensor(where, dtype=dtype, requires_grad=True)
            y = TABLE(f0, tables, position, sample_rate=SR)
            assert y.dtype == dtype
            gradients = torch.autograd.grad(y.sum(), (f0, tables, position))
            assert all(torch.isfinite(g).all() for g in (y, *gradients))
    silence = TABLE(440.0, torch.zeros(8, dtype=dtype), sample_rate=SR, n_samples=5)
    assert (silence == 0).all()


def test_float32_is_precise_over_four_seconds() -> None:
    f0, table = 100 + 50 * torch.rand(1000), period(torch.rand(20, dtype=F64)).float()
    y, exact = (TABLE(f0.to(t), table.to(t), sample_rate=SR, n_samples=4 * SR) for t in (torch.float32, F64))
    assert (y - exact).norm() < 2e-6 * exact.norm()


def test_batches_equal_loops() -> None:
    f0 = torch.rand(3, 40, dtype=F64) * 4000
    tables, position = torch.randn(2, 3, 4, 64, dtype=F64), torch.rand(2, 1, 40, dtype=F64)
    y = TABLE(f0, tables, position, sample_rate=SR)
    assert y.shape == (2, 3, 40)
    for i in range(2):
        for j in range(3):
            torch.testing.assert_close(y[i, j], TABLE(f0[j], tables[i, j], position[i, 0], sample_rate=SR))
    odd = TABLE(100.0, torch.randn(1, 7), sample_rate=SR, n_samples=9)
    assert odd.shape == (9,)


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        ((-1.0, torch.ones(8)), {}, "f0 must be at least 0 Hz, got -1.0"),
        ((NAN, torch.ones(8)), {}, "f0 must be finite, got nan"),
        ((440.0, torch.ones(3)), {}, "tables must be a tensor (samples,) or (..., tables, samples)"),
        ((440.0, [0.0, 1.0]), {}, "tables must be a tensor (samples,) or (..., tables, samples)"),
        ((440.0, torch.ones(8).int()), {}, "tables must be a float32 or float64 tensor, got torch.int32"),
        ((440.0, torch.full((8,), NAN)), {}, "tables must be finite, got nan"),
        ((440.0, torch.ones(8), 1.5), {}, "position must lie in [0, 1], got 1.5"),
        ((440.0, torch.ones(8), torch.rand(3)), {}, "n_samples must be a multiple of the 3 frames of position, got 8"),
        ((torch.ones(3), torch.ones(8)), {}, "n_samples must be a multiple of the 3 frames of f0, got 8"),
        ((440.0, torch.ones(8)), {"n_samples": None}, "n_samples must be given where f0 is a single number"),
        ((440.0, torch.ones(8)), {"sample_rate": 0}, "sample_rate must be above 0 Hz, got 0.0"),
        ((440.0, torch.ones(8)), {"phase": torch.rand(3)}, "f0 and phase must broadcast"),
        ((torch.ones(3, 1), torch.ones(2, 1, 8)), {}, "f0 and position and tables and phase must broadcast"),
    ],
)
def test_bad_input(arguments: tuple, options: dict, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        TABLE(*arguments, **{"sample_rate": SR, "n_samples": 8, **options})


def test_graph(assert_traces) -> None:
    def sound(f0: Tensor, tables: Tensor, position: Tensor) -> Tensor:
        return TABLE(f0, tables, position, sample_rate=SR, n_samples=64)

    tables = torch.randn(2, 3, 32)
    at = [torch.tensor(440.0), tables[0], torch.tensor(0.2)]
    assert_traces(sound, at, [torch.tensor(3333.0), tables[1], torch.tensor(1.0)], operations=260)
