"""Modes: the bank against its closed form, the bar's modes against their equation, gradients, edges and the graph."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.signal import fftconvolve
from torch.autograd import gradcheck

from ddsp_lite import oscillators, physical

F64 = torch.float64
RATE = 8000
MODES = [torch.tensor(v, dtype=F64) for v in ([211.0, 997.0, 3100.0], [0.4, 0.02, 0.1], [0.5, -1.2, 0.7])]


def test_struck_once_it_is_damped_modes() -> None:
    y = physical.modal_bank(torch.ones(1, dtype=F64), *MODES, sample_rate=RATE, n_samples=4000)
    torch.testing.assert_close(y, oscillators.damped_modes(*MODES, sample_rate=RATE, n_samples=4000))


def test_driven_it_is_convolution() -> None:
    x = torch.randn(2, 1, 500, dtype=F64)
    h = oscillators.damped_modes(*MODES, sample_rate=RATE, n_samples=500)
    y = physical.modal_bank(x, *MODES, sample_rate=RATE)
    np.testing.assert_allclose(y, fftconvolve(x, h[None, None], axes=-1)[..., :500], atol=1e-10)


def test_modes_above_nyquist_are_silent() -> None:
    frequencies = torch.tensor([500.0, 4000.0, 9000.0], requires_grad=True)
    y = physical.modal_bank(torch.randn(50), frequencies, torch.ones(3), torch.ones(3), sample_rate=RATE)
    alone = physical.modal_bank(torch.zeros(50), frequencies[1:], torch.ones(2), torch.ones(2), sample_rate=RATE)
    assert (alone == 0).all()
    (gradient,) = torch.autograd.grad(y.square().sum(), frequencies)
    assert gradient[0] != 0
    assert (gradient[1:] == 0).all()


def equation(beta: np.ndarray, ends: str) -> np.ndarray:
    return np.cos(beta) - {"free": 1.0, "clamped": -1.0}[ends] / np.cosh(beta)


@pytest.mark.parametrize("ends", ["free", "clamped"])
def test_bars_satisfy_their_equation(ends: str) -> None:
    ratios, _ = physical.bar_modes(12, 0.3, ends=ends)
    first = {"free": 4.730040744862704, "clamped": 1.8751040687119611}[ends]
    beta = first * np.sqrt(ratios.numpy())
    np.testing.assert_allclose(equation(beta, ends), 0, atol=1e-12)
    np.testing.assert_allclose(beta[1:] / np.pi - np.round(beta[1:] / np.pi - 0.5), 0.5, atol=6e-3)
    assert (np.diff(beta) > 2.8).all()


@pytest.mark.parametrize("ends", physical.modal.ENDS)
def test_shapes_are_orthonormal_and_meet_their_ends(ends: str) -> None:
    def shapes(place: float) -> np.ndarray:
        return physical.bar_modes(20, place, ends=ends)[1].numpy()

    assert np.isfinite(shapes(0.5)).all()
    for i, j in ((0, 0), (1, 1), (19, 19), (0, 1), (2, 5)):
        product = quad(lambda s, i=i, j=j: shapes(s)[i] * shapes(s)[j], 0, 1, limit=200, epsabs=1e-8)[0]
        assert product == pytest.approx(float(i == j), abs=1e-7)
    edge = {"free": 2.0, "clamped": 0.0, "hinged": 0.0}[ends]
    np.testing.assert_allclose(np.abs(shapes(0.0)), edge, atol=1e-10)
    np.testing.assert_allclose(np.abs(shapes(1.0)), 0.0 if ends == "hinged" else 2.0, atol=1e-10)


def test_struck_bar_has_its_partials() -> None:
    y = physical.struck_bar(torch.ones(1, dtype=F64), 300.0, 2.0, sample_rate=RATE, n_samples=16000, damping=0.2)
    level = torch.fft.rfft(y * torch.hann_window(16000, dtype=F64)).abs()
    peaks = [k for k in range(2, 8000) if level[k] > level[k - 1] and level[k] > level[k + 1] and level[k] > 1]
    expected = 300 * physical.bar_modes(4, 0.0)[0].numpy() * 2
    np.testing.assert_allclose(peaks[:4], expected, atol=1)


def test_gradients() -> None:
    x = torch.randn(2, 1, 12, dtype=F64, requires_grad=True)
    values = [(0.5 + torch.rand(2, 3, dtype=F64)).requires_grad_() for _ in range(3)]

    def bank(x, frequencies, decay_times, gains):
        return physical.modal_bank(x, 1000 * frequencies, decay_times / 100, gains, sample_rate=RATE)

    assert gradcheck(bank, (x, *values))


@pytest.mark.parametrize("ends", physical.modal.ENDS)
def test_bar_gradients(ends: str) -> None:
    x = torch.randn(2, 1, 12, dtype=F64, requires_grad=True)
    controls = [torch.tensor(v, dtype=F64, requires_grad=True) for v in (300.0, [0.1, 0.2], 0.3, 0.8, 0.7)]

    def bar(x, f0, decay, position, pickup, damping):
        return physical.struck_bar(
            x, f0, decay, sample_rate=RATE, position=position, pickup=pickup, damping=damping, n_modes=4, ends=ends
        )

    assert gradcheck(bar, (x, *controls))


@pytest.mark.parametrize("dtype", [torch.float32, F64])
@pytest.mark.parametrize("frequency", [0.0, 1e-3, 3999.9, 4000.0, 1e6])
@pytest.mark.parametrize("time", [0.0, 1e-30, 1e10])
def test_finite_at_the_edges(dtype: torch.dtype, frequency: float, time: float) -> None:
    for x in (torch.zeros(40, dtype=dtype), torch.ones(1, dtype=dtype)):
        values = [torch.tensor([v], dtype=dtype, requires_grad=True) for v in (frequency, time, 1.0)]
        y = physical.modal_bank(x.requires_grad_(), *values, sample_rate=RATE, n_samples=300)
        assert y.dtype == dtype
        for result in (y, *torch.autograd.grad(y.sum(), (x, *values))):
            assert result.isfinite().all()


def test_batches_equal_loops() -> None:
    x, f0, position = torch.randn(3, 1, 30), torch.tensor([200.0, 300.0]), torch.rand(3, 2)
    y = physical.struck_bar(x, f0, 0.5, sample_rate=RATE, position=position, n_samples=90)
    assert y.shape == (3, 2, 90)
    alone = physical.struck_bar(x[2, 0], 300.0, 0.5, sample_rate=RATE, position=position[2, 1], n_samples=90)
    torch.testing.assert_close(y[2, 1], alone)


def test_graph(assert_traces) -> None:
    def run(x, f0, decay, position):
        return physical.struck_bar(x, f0, decay, sample_rate=RATE, position=position, n_modes=5)

    x, y = torch.randn(2, 60)
    here, there = ([torch.tensor(v) for v in values] for values in ((200.0, 0.5, 0.3), (321.0, 0.2, 0.6)))
    assert_traces(run, [x, *here], [y, *there], operations=420)


X, M = torch.ones(2, 8), torch.ones(3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: physical.modal_bank(X.long(), M, M, M, sample_rate=RATE), "excitation must be a float32 or float64"),
        (lambda: physical.modal_bank(X, 440.0, M, M, sample_rate=RATE), r"frequencies must be a tensor \(..., modes\)"),
        (lambda: physical.modal_bank(X, -M, M, M, sample_rate=RATE), "frequencies must be at least 0 Hz, got -1.0"),
        (lambda: physical.modal_bank(X, M, -M, M, sample_rate=RATE), "decay_times must be at least 0 s, got -1.0"),
        (
            lambda: physical.modal_bank(X, M, M, M[:2], sample_rate=RATE),
            "same number of modes, .* decay_times 3, gains 2",
        ),
        (
            lambda: physical.modal_bank(X, M.expand(3, 3), M, M, sample_rate=RATE),
            "must broadcast, got shapes excitation",
        ),
        (lambda: physical.modal_bank(X, M, M, M, sample_rate=RATE, n_samples=4), "n_samples must be at least 8, got 4"),
        (lambda: physical.bar_modes(0, 0.5), "n_modes must be at least 1, got 0"),
        (lambda: physical.bar_modes(3, 1.5), r"position must lie in \[0, 1\], got 1.5"),
        (
            lambda: physical.bar_modes(3, 0.5, ends="loose"),
            "ends must be one of 'free', 'clamped', 'hinged', got 'loose'",
        ),
        (lambda: physical.struck_bar(X, 0.0, 1.0, sample_rate=RATE), "f0 must be above 0 Hz, got 0.0"),
        (lambda: physical.struck_bar(X, 99.0, 0.0, sample_rate=RATE), "decay must be above 0 s, got 0.0"),
        (
            lambda: physical.struck_bar(X, 99.0, 1.0, sample_rate=RATE, pickup=2.0),
            r"pickup must lie in \[0, 1\], got 2.0",
        ),
        (lambda: physical.struck_bar(X, M, 1.0, sample_rate=RATE), "excitation and f0 and decay .* must broadcast"),
        (
            lambda: physical.struck_bar(X, 99.0, 1.0, sample_rate=RATE, damping=math.nan),
            "damping must be finite, got nan",
        ),
    ],
)
def test_bad_input(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
