"""The waveshaper: exact means of the curve, fewer aliases, and gradients where neighbouring samples coincide."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from torch.autograd import gradcheck, gradgradcheck

from ddsp_lite import effects

F64 = torch.float64
CURVES = {
    "tanh": np.tanh,
    "fold": np.sin,
    "hard": lambda v: np.clip(v, -1, 1),
    "cubic": lambda v: np.where(np.abs(v) < 1.5, v - 4 * v**3 / 27, np.sign(v)),
}


@pytest.mark.parametrize("shape", CURVES)
def test_curve_alone(shape: str) -> None:
    v = torch.linspace(-5, 5, 101, dtype=F64)
    np.testing.assert_allclose(
        effects.waveshaper(v, shape=shape, antialias=False), CURVES[shape](v.numpy()), atol=1e-15
    )
    np.testing.assert_allclose(
        effects.waveshaper(v, 0.5, bias=0.2, shape=shape, antialias=False), CURVES[shape](0.5 * v.numpy() + 0.2)
    )


@pytest.mark.parametrize("shape", CURVES)
@pytest.mark.parametrize("step", [3.0, 0.3, 0.0201, 0.0199, 1.1e-3, 0.9e-3, 1e-5, 1e-9, 0.0])
def test_is_the_mean_between_neighbours(shape: str, step: float) -> None:
    for start in (-2.0, -0.31, 0.0, 0.8, 1.2):
        u = np.array([start, start + step])
        y = effects.waveshaper(torch.from_numpy(u), shape=shape)
        corners = [c for c in (-1.5, -1.0, 1.0, 1.5) if start < c < start + step]
        exact = (
            quad(CURVES[shape], *u, points=corners, epsabs=1e-13)[0] / step if step > 1e-4 else CURVES[shape](u).mean()
        )
        assert y[1].item() == pytest.approx(float(exact), abs=1e-9 if step < 1e-4 else 1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("shape", CURVES)
def test_gradients(shape: str) -> None:
    x = torch.randn(2, 12, dtype=F64).requires_grad_()
    drive, bias = torch.rand(2, 1, dtype=F64).requires_grad_(), torch.randn(2, 12, dtype=F64).requires_grad_()
    run = lambda x, drive, bias: effects.waveshaper(x, drive, bias=bias, shape=shape)  # noqa: E731
    assert gradcheck(run, (x, drive, bias))
    assert gradgradcheck(run, (x, drive, bias))


@pytest.mark.parametrize("shape", ["tanh", "fold", "cubic"])
@pytest.mark.parametrize("step", [0.0, 1e-12, 1e-6, 0.9e-3, 1.1e-3, 0.0199, 0.0201])
def test_gradient_where_neighbours_almost_coincide(shape: str, step: float) -> None:
    """dy/du[n] = integral of s f'(u[n-1] + s step), by a derivative without any quotient."""
    slope = {"tanh": lambda v: 1 - np.tanh(v) ** 2, "fold": np.cos, "cubic": lambda v: 1 - 4 / 9 * v**2}[shape]
    u = torch.tensor([0.7, 0.7 + step], dtype=F64, requires_grad=True)
    (gradient,) = torch.autograd.grad(effects.waveshaper(u, shape=shape)[1], u)
    for place, weight in enumerate((lambda s: 1 - s, lambda s: s)):
        exact = quad(lambda s, w=weight: w(s) * slope(0.7 + s * step), 0, 1, epsabs=1e-14)[0]
        assert gradient[place].item() == pytest.approx(exact, abs=1e-9)


@pytest.mark.parametrize("shape", CURVES)
@pytest.mark.parametrize("dtype", [torch.float32, F64])
def test_finite_at_silence_constants_and_extremes(shape: str, dtype: torch.dtype) -> None:
    for x in (torch.zeros(50), torch.full((50,), 0.7), torch.randn(50) * 1e4, torch.full((1,), 1e-30)):
        x = x.to(dtype).requires_grad_()
        drive = torch.tensor(100.0, dtype=dtype, requires_grad=True)
        y = effects.waveshaper(x, drive, shape=shape)
        assert y.dtype == dtype
        assert y.abs().max() <= 1 + 1e-6
        for gradient in torch.autograd.grad(y.sum(), (x, drive)):
            assert gradient.isfinite().all()


@pytest.mark.parametrize(("shape", "gain_db"), [("hard", 10), ("tanh", 10), ("cubic", 10), ("fold", 4)])
def test_aliases_fall(shape: str, gain_db: float) -> None:
    """A tone that is periodic in the window: whatever lies between its partials is an alias."""
    n, cycles = 8192, 1231
    tone = torch.sin(2 * math.pi * cycles / n * torch.arange(2 * n, dtype=F64))
    levels = []
    for antialias in (False, True):
        y = effects.waveshaper(tone, 8.0, shape=shape, antialias=antialias)[n:]
        power = torch.fft.rfft(y).abs().square()
        partials = torch.arange(cycles, n // 2 + 1, cycles)
        levels.append(10 * torch.log10((power.sum() - power[partials].sum()) / power[partials].sum()))
    assert levels[0] - levels[1] > gain_db


def test_batches_equal_loops() -> None:
    x, drive = torch.randn(3, 1, 40), torch.rand(2, 1) * 5
    y = effects.waveshaper(x, drive)
    assert y.shape == (3, 2, 40)
    torch.testing.assert_close(y[2, 1], effects.waveshaper(x[2, 0], drive[1]))
    torch.testing.assert_close(y[2, 1], effects.waveshaper(x[2, 0], float(drive[1])))


@pytest.mark.slow
@pytest.mark.parametrize("shape", CURVES)
def test_graph(shape: str, assert_traces) -> None:
    x, y = torch.randn(2, 60)
    run = lambda x, drive: effects.waveshaper(x, drive, bias=0.1, shape=shape)  # noqa: E731
    assert_traces(run, [x, torch.tensor(2.0)], [y, torch.tensor(0.5)], operations=190)


@pytest.mark.parametrize(
    ("x", "options", "message"),
    [
        (torch.ones(4).half(), {}, "x must be a float32 or float64 tensor, got torch.float16"),
        (torch.tensor([math.inf]), {}, "x must be finite, got inf"),
        (torch.ones(4), {"drive": math.nan}, "drive must be finite, got nan"),
        (torch.ones(4), {"drive": torch.ones(3)}, "x and drive and bias must broadcast"),
        (torch.ones(1), {"bias": torch.ones(3)}, "drive and bias must have 1 or 1 samples, as x has"),
        (torch.ones(4), {"shape": "tube"}, "shape must be one of 'tanh', 'cubic', 'hard', 'fold', got 'tube'"),
    ],
)
def test_bad_input(x, options, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        effects.waveshaper(x, **options)
