"""Linear prediction beside SciPy's Toeplitz solver and filters that are known."""

import numpy as np
import pytest
import torch
from scipy.linalg import solve_toeplitz
from torch.autograd import gradcheck
from torch.fx.experimental.proxy_tensor import make_fx

from ddsp_lite import filters


@pytest.mark.parametrize(("samples", "order"), [(1, 1), (5, 8), (100, 12)])
def test_autocorrelation_equals_numpy(samples, order):
    x = torch.randn(2, samples, dtype=torch.float64)
    expected = np.zeros((2, order + 1))
    for row in range(2):
        full = np.correlate(x[row].numpy(), x[row].numpy(), "full")[samples - 1 :]
        expected[row, : min(samples, order + 1)] = full[: order + 1]
    np.testing.assert_allclose(filters.autocorrelation(x, order), expected, atol=1e-12)


@pytest.mark.parametrize("order", [1, 4, 30])
def test_levinson_durbin_equals_scipy(order):
    r = filters.autocorrelation(torch.randn(3, 400, dtype=torch.float64).cumsum(-1), order)
    a, error, reflection = filters.levinson_durbin(r)
    for row in range(3):
        expected = solve_toeplitz(r[row, :-1].numpy(), -r[row, 1:].numpy())
        np.testing.assert_allclose(a[row, 1:], expected, rtol=1e-6, atol=1e-8)
        assert error[row].item() == pytest.approx((r[row] * a[row]).sum().item(), rel=1e-6)
    torch.testing.assert_close(filters.reflection_to_coefficients(reflection), a)
    assert (reflection.abs() < 1).all()


def test_recovers_the_filter_behind_noise():
    """A vocal-tract-like filter of order 4, found again from 4 s of noise through it, with its gain."""
    a = torch.from_numpy(np.poly([0.9 * np.exp(1j), 0.9 * np.exp(-1j), 0.8 * np.exp(2j), 0.8 * np.exp(-2j)]).real)
    x = filters.recursion(0.3 * torch.randn(64000, dtype=torch.float64), torch.ones(1), a)
    found, gain = filters.lpc(x, 4)
    torch.testing.assert_close(found, a, atol=0.02, rtol=0)
    assert gain.item() == pytest.approx(0.3, rel=0.01)
    residual = filters.convolve(x, found, mode="full")
    assert residual.square().mean().sqrt().item() == pytest.approx(gain.item(), rel=1e-3)


def test_gradient_and_batch():
    x = torch.randn(2, 20, dtype=torch.float64, requires_grad=True)
    assert gradcheck(lambda x: filters.lpc(x, 3), x)
    together = filters.lpc(x, 3)
    for ours, theirs in zip(filters.lpc(x[1], 3), together, strict=True):
        torch.testing.assert_close(ours, theirs[1])


@pytest.mark.parametrize("sound", ["silence", "constant", "sinusoid", "impulse"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_finite_for_sounds_that_can_be_predicted(sound, dtype):
    n = torch.arange(400, dtype=dtype)
    x = {"silence": 0 * n, "constant": 0 * n + 1, "sinusoid": torch.sin(0.3 * n), "impulse": (n == 0).to(dtype)}[sound]
    x = x.requires_grad_()
    a, gain = filters.lpc(x, 20)
    assert a.isfinite().all()
    assert abs(np.roots(a.detach())).max(initial=0) < 1
    assert torch.autograd.grad(a.sum() + gain, x)[0].isfinite().all()
    if sound == "silence":
        assert (a[1:] == 0).all()
        assert gain <= 1e-15


def test_traces():
    def step(x):
        a, gain = filters.lpc(x, 3)
        return torch.autograd.grad(a.sum() + gain, x)[0]

    graph = make_fx(step)(torch.randn(50, requires_grad=True))
    other = torch.randn(50, requires_grad=True)
    torch.testing.assert_close(graph(other), step(other))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: filters.lpc(torch.ones(0), 2), "x must be a tensor"),
        (lambda: filters.lpc(torch.ones(4), 0), "order must be at least 1, got 0"),
        (lambda: filters.lpc(torch.ones(4), 2.0), "order must be an integer"),
        (lambda: filters.lpc(torch.ones(4), 2, regularisation=-1.0), "regularisation must be at least 0"),
        (lambda: filters.levinson_durbin(torch.ones(1)), "r must hold at least two values, got 1"),
        (lambda: filters.levinson_durbin(torch.zeros(2)), r"r\[..., 0\] must be above 0, got 0.0"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
