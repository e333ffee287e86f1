"""Envelopes against NumPy's interpolation and closed forms, with a gradient in every time and level."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from ddsp_lite import envelopes

SR = 1000
F64 = torch.float64
NAN = float("nan")
NOTE = (0.0213, 0.0504, 0.4, 0.0809, 0.1503)  # attack, decay, sustain, release and note_off; no corner on a sample


def adsr(attack, decay, sustain, release, note_off, *, n_samples: int = 300, **options) -> Tensor:
    return envelopes.adsr(
        attack, decay, sustain, release, note_off=note_off, sample_rate=SR, n_samples=n_samples, **options
    )


def wide(*values: float) -> list[Tensor]:
    return [torch.tensor(v, dtype=F64) for v in values]


@pytest.mark.parametrize("note_off", [0.01, 0.04, 0.1503, 5.0], ids=["attack", "decay", "sustain", "never"])
def test_adsr_of_straight_lines_is_numpys_interpolation(note_off: float) -> None:
    attack, decay, sustain, release, _ = NOTE
    held = [0, attack, attack + decay], [0, 1, sustain]
    level = np.interp(note_off, *held)
    t = np.arange(300) / SR
    expected = np.where(t < note_off, np.interp(t, *held), np.interp(t, [note_off, note_off + release], [level, 0]))
    np.testing.assert_allclose(adsr(*wide(*NOTE[:4], note_off)).numpy(), expected, atol=1e-12)


def test_adsr_of_curved_segments_is_that_of_a_capacitor() -> None:
    y = adsr(*wide(0.1, 0.1, 0.5, 0.05, 0.2), curve=5.0).numpy()
    u = np.arange(100) / 100
    w = (1 - np.exp(-5 * u)) / (1 - math.exp(-5))
    np.testing.assert_allclose(y[:100], w, atol=1e-12)
    np.testing.assert_allclose(y[100:200], 1 - 0.5 * w, atol=1e-12)
    np.testing.assert_allclose(y[200:250], 0.5 * (1 - w[::2]), atol=1e-12)
    assert (y[250:] == 0).all()


@pytest.mark.parametrize("curve", [0.0, 4.0])
@pytest.mark.parametrize("note_off", [0.0104, 0.0404, 0.1503], ids=["attack", "decay", "sustain"])
def test_adsr_gradients_in_all_times_and_the_level(note_off: float, curve: float) -> None:
    parameters = [p.requires_grad_() for p in wide(*NOTE[:4], note_off)]
    assert gradcheck(lambda *p: adsr(*p, curve=curve), parameters)
    moved = torch.autograd.grad(adsr(*parameters, curve=curve).sum(), parameters)
    reached = [True, note_off > 0.02, note_off > 0.02, True, True]  # what lies after the note's end has no say
    assert [bool(g != 0) for g in moved] == reached


def test_exponential_decay_falls_by_sixty_decibels() -> None:
    times = torch.tensor([0.05, 0.2, 1.0], dtype=F64)
    y = envelopes.exponential_decay(times, sample_rate=SR, n_samples=1001)
    np.testing.assert_allclose(y.numpy(), 10 ** (-3 * np.arange(1001) / SR / times.numpy()[:, None]), rtol=1e-12)
    assert y[2, -1].item() == pytest.approx(1e-3)
    assert gradcheck(
        lambda t: envelopes.exponential_decay(t, sample_rate=SR, n_samples=20), times.clone().requires_grad_()
    )


def test_breakpoints_are_numpys_interpolation_with_gradients() -> None:
    times = torch.tensor([0.0103, 0.0205, 0.0307, 0.0902], dtype=F64)
    levels = torch.randn(2, 4, dtype=F64)
    y = envelopes.breakpoints(times, levels, sample_rate=SR, n_samples=120)
    for i in range(2):
        expected = np.interp(np.arange(120) / SR, times.numpy(), levels[i].numpy())
        np.testing.assert_allclose(y[i].numpy(), expected, atol=1e-12)
    inputs = times.clone().requires_grad_(), levels.clone().requires_grad_()
    assert gradcheck(lambda t, v: envelopes.breakpoints(t, v, sample_rate=SR, n_samples=120), inputs)
    torch.testing.assert_close(
        envelopes.breakpoints(times[:1], levels[0, :1], sample_rate=SR, n_samples=5), levels[0, :1].expand(5)
    )


@pytest.mark.parametrize("dtype", [torch.float32, F64])
def test_edges_are_finite_with_finite_gradients(dtype: torch.dtype) -> None:
    nothing = torch.zeros((), dtype=dtype)
    for values in ((0.0, 0.0, 0.0, 0.0, 0.0), (0.0, 0.0, 1.0, 0.0, 0.1), (1e-30,) * 5, (1e6, 1e6, 1.0, 1e6, 1e6)):
        parameters = [(nothing + v).requires_grad_() for v in values]
        for curve in (0.0, 20.0):
            y = adsr(*parameters, curve=curve)
            assert y.dtype == dtype
            assert ((y >= 0) & (y <= 1)).all()
            assert all(torch.isfinite(g).all() for g in torch.autograd.grad(y.sum(), parameters))
        y = envelopes.exponential_decay(parameters[0], sample_rate=SR, n_samples=30)
        assert y[0] == 1
        assert all(torch.isfinite(g).all() for g in torch.autograd.grad(y.sum(), parameters[0]))
    times = torch.tensor([0.0, 0.01, 0.01, 0.01], dtype=dtype, requires_grad=True)
    y = envelopes.breakpoints(times, torch.tensor([0.0, 0.5, 1.0, 0.0], dtype=dtype), sample_rate=SR, n_samples=30)
    assert torch.isfinite(torch.autograd.grad(y.square().sum(), times)[0]).all()
    torch.testing.assert_close(y[[0, 5, 10, 11, 29]], torch.tensor([0, 0.25, 0.5, 0, 0], dtype=dtype))


def test_batches_equal_loops() -> None:
    attack, sustain = torch.rand(3, 1, dtype=F64) / 10, torch.rand(4, dtype=F64)
    y = adsr(attack, 0.05, sustain, 0.1, 0.2)
    assert y.shape == (3, 4, 300)
    for i in range(3):
        for j in range(4):
            torch.testing.assert_close(y[i, j], adsr(attack[i, 0], 0.05, sustain[j], 0.1, 0.2))
    times = torch.rand(3, 5, dtype=F64).sort(-1).values
    levels = torch.rand(2, 1, 5, dtype=F64)
    y = envelopes.breakpoints(times, levels, sample_rate=SR, n_samples=40)
    assert y.shape == (2, 3, 40)
    torch.testing.assert_close(y[1, 2], envelopes.breakpoints(times[2], levels[1, 0], sample_rate=SR, n_samples=40))
    assert adsr(torch.zeros(0), 0.1, 0.5, 0.1, 0.2).shape == (0, 300)


DECAY, POINTS = envelopes.exponential_decay, envelopes.breakpoints


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: adsr(-1.0, 0, 0, 0, 0), "attack must be at least 0 s, got -1.0"),
        (lambda: adsr(0.1, NAN, 0.5, 0.1, 0.1), "decay must be finite, got nan"),
        (lambda: adsr(0.1, 0.1, 1.5, 0.1, 0.1), "sustain must lie in [0, 1], got 1.5"),
        (lambda: adsr(0.1, 0.1, 0.5, "long", 0.1), "release must be a float32 or float64 tensor or a number"),
        (lambda: adsr(0.1, 0.1, 0.5, 0.1, torch.tensor(1)), "note_off must be a float32 or float64 tensor"),
        (lambda: adsr(0.1, 0.1, 0.5, 0.1, 0.1, curve=21.0), "curve must lie in [0, 20], got 21.0"),
        (lambda: adsr(0.1, 0.1, 0.5, 0.1, 0.1, n_samples=0), "n_samples must be at least 1, got 0"),
        (lambda: adsr(torch.ones(2), 0.1, torch.ones(3), 0.1, 0.1), "attack and decay and sustain and release"),
        (lambda: DECAY(-1.0, sample_rate=SR, n_samples=8), "decay_time must be at least 0 s, got -1.0"),
        (lambda: DECAY(1.0, sample_rate=SR, n_samples=2.5), "n_samples must be an integer, got 2.5"),
        (lambda: DECAY(1.0, sample_rate=0, n_samples=2), "sample_rate must be above 0 Hz, got 0.0"),
        (
            lambda: POINTS(torch.tensor([0.2, 0.1]), torch.ones(2), sample_rate=SR, n_samples=8),
            "times must not fall, got a step of -0.1 s",
        ),
        (
            lambda: POINTS(torch.ones(2), torch.ones(3), sample_rate=SR, n_samples=8),
            "times and levels must have the same number of points, got times 2, levels 3",
        ),
        (lambda: POINTS(torch.ones(0), torch.ones(0), sample_rate=SR, n_samples=8), "times must be a tensor (..., poi"),
        (lambda: POINTS(torch.ones(2), 1.0, sample_rate=SR, n_samples=8), "levels must be a tensor (..., points)"),
        (
            lambda: POINTS(torch.ones(2), torch.tensor([1.0, NAN]), sample_rate=SR, n_samples=8),
            "levels must be finite, got nan",
        ),
        (
            lambda: POINTS(torch.ones(2, 2), torch.ones(3, 2), sample_rate=SR, n_samples=8),
            "times and levels must broadcast",
        ),
    ],
)
def test_bad_input(call, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        call()


def test_graphs(assert_traces) -> None:
    at, elsewhere = wide(*NOTE), wide(0.1, 0.02, 0.7, 0.2, 0.05)
    assert_traces(lambda *p: adsr(*p, curve=3.0), at, elsewhere, operations=140)
    assert_traces(
        lambda t: DECAY(t, sample_rate=SR, n_samples=50), [torch.tensor(0.1)], [torch.tensor(2.0)], operations=40
    )
    points = torch.rand(2, 4).sort(-1).values
    assert_traces(
        lambda t, v: POINTS(t, v, sample_rate=SR, n_samples=50), list(points), list(points.flip(0)), operations=80
    )
