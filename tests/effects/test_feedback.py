"""The delay that feeds back: against SciPy and NumPy, its twin, gradients in the delay, denormal numbers, the graph."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.signal import lfilter
from torch.autograd import gradcheck, gradgradcheck

from ddsp_lite import effects

F64 = torch.float64
RUNS = [effects.lagged_recursion, effects.lagged_recursion_twin]


def by_hand(x: np.ndarray, taps: np.ndarray, lag: np.ndarray) -> np.ndarray:
    y = np.zeros(len(x))
    for n in range(len(x)):
        past = [n - lag[n] - k for k in range(taps.shape[1])]
        y[n] = x[n] + sum(c * y[i] for c, i in zip(taps[n], past, strict=True) if i >= 0)
    return y


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("lag", [1, 5, 100])
def test_still_loop_equals_scipy(run, lag: int) -> None:
    x, taps = torch.randn(2, 60, dtype=F64), 0.3 * torch.randn(2, 1, 4, dtype=F64)
    for row in range(2):
        a = np.concatenate([[1.0], np.zeros(lag - 1), -taps[row, 0].numpy()])
        np.testing.assert_allclose(run(x, taps, lag)[row], lfilter([1.0], a, x[row]), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("run", RUNS)
def test_moving_loop_equals_numpy(run) -> None:
    x, taps, lag = torch.randn(40, dtype=F64), torch.randn(40, 3, dtype=F64) / 3, torch.randint(1, 12, (40,))
    expected = by_hand(x.numpy(), taps.numpy(), lag.numpy())
    np.testing.assert_allclose(run(x, taps, lag), expected, rtol=1e-11, atol=1e-12)
    torch.testing.assert_close(run(x.float(), taps, lag), torch.from_numpy(expected).float())


@pytest.mark.slow
@pytest.mark.parametrize("frames", [1, 12])
def test_gradients(frames: int) -> None:
    x = torch.randn(2, 12, dtype=F64, requires_grad=True)
    taps = torch.randn(2, frames, 3, dtype=F64, requires_grad=True)
    lag = torch.randint(1, 5, (2, frames))
    assert gradcheck(lambda *inputs: effects.lagged_recursion(*inputs, lag), (x, taps))
    assert gradgradcheck(lambda *inputs: effects.lagged_recursion(*inputs, lag), (x, taps))


def test_first_derivative_is_the_same_on_both_ways() -> None:
    """`create_graph=True` leaves the compiled adjoint for the twin."""
    x, taps = torch.randn(3, 50, requires_grad=True), (0.3 * torch.randn(3, 50, 2)).requires_grad_()
    lag, weight = torch.randint(1, 9, (3, 50)), torch.randn(3, 50)
    y = effects.lagged_recursion(x, taps, lag)
    compiled = torch.autograd.grad((y * weight).sum(), (x, taps), retain_graph=True)
    composed = torch.autograd.grad((y * weight).sum(), (x, taps), create_graph=True)
    for one, two in zip(compiled, composed, strict=True):
        assert one.dtype == two.dtype == torch.float32
        torch.testing.assert_close(one, two)


@pytest.mark.parametrize("dtype", [torch.float32, F64])
def test_operators_keep_the_rules(dtype: torch.dtype) -> None:
    x, taps, lag = torch.randn(2, 20, dtype=dtype), torch.randn(2, 1, 3, dtype=F64) / 3, torch.tensor([[2], [5]])
    inputs = [x.requires_grad_(), taps.requires_grad_(), lag]
    torch.library.opcheck(torch.ops.ddsp_lite.lagged_recursion, inputs)
    y = torch.ops.ddsp_lite.lagged_recursion(*inputs).detach()
    torch.library.opcheck(torch.ops.ddsp_lite.lagged_recursion_backward, (torch.randn_like(y), y, taps.detach(), lag))


def test_tail_reaches_zero_without_denormal_numbers() -> None:
    x = torch.zeros(4000, dtype=F64, requires_grad=True)
    y = effects.lagged_recursion(torch.cat([torch.ones(1, dtype=F64), x]), torch.full((1, 1), 0.8), 1)
    assert (y[2500:] == 0).all()
    (gradient,) = torch.autograd.grad(y[-1], x)
    assert (gradient[:1000] == 0).all()


def test_whole_delay_and_damping_in_closed_form() -> None:
    """The comb's response, at every frequency, is 1 / (1 - g z^-D (1 - d sin^2(w / 2)))."""
    click = torch.eye(1, 4096, dtype=F64)[0]
    y = effects.feedback_delay(click, 20 / 16000, -0.7, sample_rate=16000, damping=0.4)
    w = 2 * math.pi * torch.arange(2049, dtype=F64) / 4096
    loop = -0.7 * torch.exp(-20j * w) * (1 - 0.4 * torch.sin(w / 2) ** 2)
    torch.testing.assert_close(torch.fft.rfft(y), 1 / (1 - loop))


def test_resonance_is_tuned_between_the_samples() -> None:
    """A loop of 36.36 samples rings at 440 Hz, measured from the turns of its phase."""
    time = torch.arange(16000, dtype=F64)
    click = torch.eye(1, 16000, dtype=F64)[0]
    y = effects.feedback_delay(click, 1 / 440, 0.999, sample_rate=16000, damping=0.3)
    z = y * torch.exp(-2j * math.pi * 440 / 16000 * time)
    halves = (z * torch.hann_window(16000, dtype=F64)).reshape(2, -1).sum(-1)
    drift = torch.angle(halves[1] / halves[0]) / (2 * math.pi * 0.5)  # in Hz
    assert abs(drift) < 0.05


@pytest.mark.slow
def test_gradients_in_time_gain_and_damping() -> None:
    x = torch.randn(2, 20, dtype=F64, requires_grad=True)
    for shape in ((), (2, 1), (20,)):
        values = (3.2 + 4 * torch.rand(shape, dtype=F64), 1.8 * torch.rand(shape, dtype=F64) - 0.9, torch.rand(shape))
        controls = [v.double().requires_grad_() for v in values]

        def run(x, delay, feedback, damping):
            return effects.feedback_delay(x, delay, feedback, sample_rate=1, damping=damping)

        assert gradcheck(run, (x, *controls))
    assert gradgradcheck(run, (x, *controls))


@pytest.mark.parametrize("dtype", [torch.float32, F64])
@pytest.mark.parametrize(("delay", "feedback", "damping"), [(3.0, 1.0, 0.0), (3.0, -1.0, 1.0), (1e20, 0.5, 0.5)])
def test_bounded_and_finite_at_the_edges(dtype: torch.dtype, delay: float, feedback: float, damping: float) -> None:
    x = torch.eye(1, 2000, dtype=dtype)[0].requires_grad_()
    controls = [torch.tensor(v, dtype=dtype, requires_grad=True) for v in (delay, feedback, damping)]
    y = effects.feedback_delay(x, *controls[:2], sample_rate=1, damping=controls[2])
    assert y.dtype == dtype
    assert y.abs().max() <= 1 + 1e-6
    for gradient in torch.autograd.grad(y.sum(), (x, *controls)):
        assert gradient.isfinite().all()
    fractions = effects.feedback_delay(torch.eye(1, 9000)[0], 7.5, feedback, sample_rate=1, damping=damping)
    assert fractions.abs().max() <= 1 + 1e-6


def test_batches_equal_loops() -> None:
    x, delay, feedback = torch.randn(3, 1, 50), 3 + 9 * torch.rand(2, 50), torch.rand(3, 2, 1)
    y = effects.feedback_delay(x, delay, feedback, sample_rate=1)
    assert y.shape == (3, 2, 50)
    alone = effects.feedback_delay(x[2, 0], delay[1], feedback[2, 1], sample_rate=1)
    torch.testing.assert_close(y[2, 1], alone)
    strided = effects.feedback_delay(x[:, 0].T.contiguous().T, 5.5, 0.5, sample_rate=1)
    torch.testing.assert_close(strided, effects.feedback_delay(x[:, 0], 5.5, 0.5, sample_rate=1))


def test_graph(assert_traces) -> None:
    def run(x, delay, feedback, damping):
        return effects.feedback_delay(x, delay, feedback, sample_rate=100, damping=damping)

    x, y = torch.randn(2, 60)
    here, there = ([torch.tensor(v) for v in values] for values in ((0.0523, 0.5, 0.1), (0.0811, -0.7, 0.6)))
    assert_traces(run, [x, *here], [y, *there], operations=200)


X, TAPS = torch.ones(2, 8), torch.ones(1, 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: effects.lagged_recursion(X.long(), TAPS, 1), "x must be a float32 or float64 tensor"),
        (lambda: effects.lagged_recursion(X, TAPS[0], 1), r"taps must be a tensor \(..., 1 or time, K\)"),
        (lambda: effects.lagged_recursion(X, torch.ones(3, 2), 1), "taps must have 1 or 8 samples, as x has, got 3"),
        (lambda: effects.lagged_recursion(X, TAPS * math.nan, 1), "taps must be finite, got nan"),
        (lambda: effects.lagged_recursion(X, TAPS, 0), "lag must be at least 1, got 0"),
        (lambda: effects.lagged_recursion(X, TAPS, 1.5), "lag must be an integer, got 1.5"),
        (lambda: effects.lagged_recursion(X, TAPS, torch.tensor([1, 0])[1:]), "lag must be at least 1, got 0"),
        (lambda: effects.lagged_recursion(X, TAPS, torch.ones(8)), "lag must be an integer or an int64 tensor"),
        (lambda: effects.lagged_recursion(X, TAPS, torch.ones(3, 8).long()), "x and taps and lag must broadcast"),
        (lambda: feedback(delay=2.0), "delay must be at least 3 s, got 2.0"),
        (lambda: feedback(delay=math.inf), "delay must be finite, got inf"),
        (lambda: feedback(feedback=1.5), r"feedback must lie in \[-1, 1\], got 1.5"),
        (lambda: feedback(damping=torch.tensor([0.5, -0.5]).unsqueeze(-1)), r"damping must lie in \[0, 1\], got -0.5"),
        (lambda: feedback(delay=torch.full((3,), 5.0)), "x and delay and feedback and damping must broadcast"),
        (lambda: feedback(x=X[:, :1], delay=torch.full((3,), 5.0)), "must have 1 or 1 samples, as x has"),
        (lambda: feedback(sample_rate=0), "sample_rate must be above 0 Hz"),
    ],
)
def test_bad_input(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def feedback(**options) -> torch.Tensor:
    return effects.feedback_delay(**{"x": X, "delay": 4.0, "feedback": 0.5, "sample_rate": 1} | options)
