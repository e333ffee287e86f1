"""The compiled recursion and its adjoint beside SciPy's filter."""

import numpy as np
import pytest
from scipy.signal import lfilter

from ddsp_lite.kernels import recursion

RANDOM = np.random.default_rng(0)


def random_filters(rows: int, order: int) -> tuple[np.ndarray, np.ndarray]:
    """Feed-forward coefficients, and feedback coefficients of `order` poles inside of the unit circle."""
    radius, angle = RANDOM.uniform(0.2, 0.9, (rows, order // 2)), RANDOM.uniform(0, np.pi, (rows, order // 2))
    poles = radius * np.exp(1j * angle)
    a = np.stack([np.poly(np.concatenate([row, row.conj()])).real for row in poles])
    return RANDOM.standard_normal((rows, order + 1)), a


def adjoint(grad, x, y, b, a):
    """The gradients in closed form: the same filter run backwards in time, and correlations."""
    samples, taps = len(x), len(b)
    w = lfilter([1.0], a, grad[::-1])[::-1]
    shifted = np.stack([np.pad(w, (0, taps))[k : k + samples] for k in range(taps)])
    grad_a = -shifted @ y
    grad_a[0] = 0.0
    return b @ shifted, shifted @ x, grad_a


@pytest.mark.parametrize("order", [2, 4, 20])
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 3e-6), (np.float64, 1e-11)])
def test_equals_scipy(order, dtype, tolerance):
    x, grad = RANDOM.standard_normal((2, 3, 700)).astype(dtype)
    b, a = random_filters(3, order)
    y, grad_x, grad_b, grad_a = np.empty_like(x), np.empty_like(x), np.empty_like(b), np.empty_like(a)
    recursion.forward(x, b, a, y)
    recursion.backward(grad, x, y, b, a, grad_x, grad_b, grad_a)
    for row in range(3):
        expected_y = lfilter(b[row], a[row], x[row].astype(float))
        expected = (expected_y, *adjoint(grad[row].astype(float), x[row], expected_y, b[row], a[row]))
        for result, reference in zip((y, grad_x, grad_b, grad_a), expected, strict=True):
            np.testing.assert_allclose(result[row], reference, rtol=0, atol=tolerance * np.abs(reference).max())


@pytest.mark.parametrize("taps", [3, 4])
def test_state_is_float64_for_float32_sound(taps):
    """A resonance at 20 Hz with Q 10: a float32 state would be wrong by 1e-3."""
    w, alpha = 2 * np.pi * 20 / 16000, np.sin(2 * np.pi * 20 / 16000) / 20
    b = np.array([[(1 - np.cos(w)) / 2, 1 - np.cos(w), (1 - np.cos(w)) / 2]]) / (1 + alpha)
    a = np.array([[1 + alpha, -2 * np.cos(w), 1 - alpha]]) / (1 + alpha)
    b, a = (np.pad(c, ((0, 0), (0, taps - 3))) for c in (b, a))
    x = RANDOM.standard_normal((1, 16000)).astype(np.float32)
    y = np.empty_like(x)
    recursion.forward(x, b, a, y)
    exact = lfilter(b[0], a[0], x[0].astype(float))
    assert np.abs(y[0] - exact).max() < 1e-7 * np.abs(exact).max()


@pytest.mark.parametrize("taps", [3, 4])
def test_tail_reaches_zero_without_denormal_numbers(taps):
    """Left alone, this decay would end in numbers of about 1e-323 that never reach zero."""
    x = np.zeros((1, 12000))
    x[0, 0] = 1.0
    b, a = np.zeros((1, taps)), np.zeros((1, taps))
    b[0, 0], a[0, :2] = 1.0, (1.0, -0.9)
    y, grad_x, grad_b, grad_a = np.empty_like(x), np.empty_like(x), np.empty_like(b), np.empty_like(a)
    recursion.forward(x, b, a, y)
    np.testing.assert_allclose(y[0], 0.9 ** np.arange(12000.0), rtol=1e-11, atol=1e-190)
    recursion.backward(x[:, ::-1].copy(), x, y, b, a, grad_x, grad_b, grad_a)
    np.testing.assert_allclose(grad_x[0, ::-1], 0.9 ** np.arange(12000.0), rtol=1e-11, atol=1e-190)
    for tail in (y[0, 8000:], grad_x[0, :4000]):
        assert (tail == 0).all()


def test_no_samples():
    """An empty sound is refused above; the kernels still leave the sums at zero."""
    empty, b, a = np.zeros((1, 0)), np.ones((1, 3)), np.array([[1.0, 0.0, 0.0]])
    grad_b, grad_a = np.full((1, 3), np.nan), np.full((1, 3), np.nan)
    recursion.backward(empty, empty, empty, b, a, empty, grad_b, grad_a)
    assert (grad_b == 0).all()
    assert (grad_a == 0).all()
