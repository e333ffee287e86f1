"""Optimal transport beside SciPy's distance and a linear programme, and the gradient that points to the pitch."""

import numpy as np
import pytest
import torch
from scipy.optimize import linprog
from scipy.stats import wasserstein_distance

from ddsp_lite import losses, spectra
from ddsp_lite.losses import transport


def distributions(bins: int) -> tuple[torch.Tensor, torch.Tensor]:
    p, q = torch.rand(2, bins, dtype=torch.float64) ** 3
    return p / p.sum(), q / q.sum()


@pytest.mark.parametrize("bins", [2, 9, 129])
def test_first_order_equals_scipy(bins):
    p, q = distributions(bins)
    places = np.linspace(0, 1, bins)
    expected = wasserstein_distance(places, places, p.numpy(), q.numpy())
    assert transport._area(p.cumsum(0), q.cumsum(0)).item() == pytest.approx(expected)


@pytest.mark.parametrize("bins", [2, 5, 12])
def test_second_order_equals_a_linear_programme(bins):
    p, q = distributions(bins)
    places = np.linspace(0, 1, bins)
    cost = np.square(places[:, None] - places).ravel()
    leaves = np.kron(np.eye(bins), np.ones(bins))
    arrives = np.kron(np.ones(bins), np.eye(bins))
    plan = linprog(cost, A_eq=np.vstack([leaves, arrives]), b_eq=np.concatenate([p.numpy(), q.numpy()]))
    result = transport._squared_transport(p.cumsum(0), q.cumsum(0))
    assert result.item() == pytest.approx(plan.fun, abs=1e-9)


def test_whole_loss_equals_scipy():
    a, b = torch.randn(2, 600, dtype=torch.float64)
    sizes = [spectra.magnitude(spectra.stft(x, fft_size=64, hop_length=16, centre=False)).numpy() ** 2 for x in (a, b)]
    places = np.linspace(0, 1, 33)
    frames = [wasserstein_distance(places, places, p, q) for p, q in zip(*sizes, strict=True)]
    assert losses.wasserstein(a, b, fft_size=64).item() == pytest.approx(np.mean(frames))


@pytest.mark.parametrize("order", [1, 2])
def test_one_line_moved_costs_its_way(order):
    """Two sinusoids: the cost is their distance, over half the sample rate, to the power of the order."""
    n = torch.arange(8192, dtype=torch.float64)
    low, high = (torch.sin(f * torch.pi * n) for f in (0.125, 0.625))
    loss = losses.wasserstein(high, low, order=order, floor=1e-6)
    assert loss.item() == pytest.approx(0.5**order, rel=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("order", [1, 2])
def test_gradient_points_to_the_pitch(order):
    """From anywhere, where the multi-scale loss is little better than a coin."""
    frequencies = 40 * 100 ** torch.rand(2, 60, dtype=torch.float64)
    phase = 2 * torch.pi / 16000 * torch.arange(8192)
    right = {"transport": 0, "bins": 0}
    for ours, theirs in frequencies.T:
        target = torch.sin(theirs * phase)
        for name, loss in (
            ("transport", lambda a, b: losses.wasserstein(a, b, order=order)),
            ("bins", lambda a, b: losses.multi_scale_stft(a, b, log=0.0)),
        ):
            frequency = ours.clone().requires_grad_()
            (gradient,) = torch.autograd.grad(loss(torch.sin(frequency * phase), target), frequency)
            right[name] += (gradient.sign() == (ours - theirs).sign()).item()
    assert right["transport"] >= 59
    assert right["bins"] <= 45


@pytest.mark.parametrize("order", [1, 2])
def test_level_does_not_count(order):
    x = torch.randn(3000)
    assert losses.wasserstein(0.1 * x, x, order=order) < 1e-4


def test_short_sound_is_one_frame():
    a, b = torch.randn(2, 100)
    assert losses.wasserstein(a, b) == losses.wasserstein(a, b, fft_size=100, overlap=0.0)
