"""The mass on a spring against SciPy's exact simulation and closed forms, at all dampings; gradients, the graph."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.signal import cont2discrete, dlsim
from torch.autograd import gradcheck, gradgradcheck

from ddsp_lite import physical
from ddsp_lite.physical.masses import _swing

F64 = torch.float64
# Damping of 2 is critical for mass 1 and stiffness 1; nearly critical takes the series.
DAMPINGS = [0.0, 0.3, 1.9, 2 - 1e-6, 2.0, 2 + 1e-6, 2.1, 9.0]


@pytest.mark.parametrize("damping", DAMPINGS)
@pytest.mark.parametrize("step", [0.01, 0.7, 3.0])
def test_equals_scipy(damping: float, step: float) -> None:
    force = torch.randn(2, 60, dtype=F64)
    motion = [[0.0, 1.0], [-1.5 / 0.8, -damping / 0.8]]
    system = tuple(np.array(m) for m in (motion, [[0.0], [1 / 0.8]], [[1.0, 0.0]], [[0.0]]))
    discrete = cont2discrete(system, step, "zoh")
    y = physical.mass_spring(force, 0.8, 1.5, damping, sample_rate=1 / step, position=0.4, velocity=-0.7)
    for row in range(2):
        expected = dlsim(discrete, force[row].numpy(), x0=[0.4, -0.7])[1][:, 0]
        np.testing.assert_allclose(y[row], expected, atol=1e-9)


@pytest.mark.parametrize("damping", [0.0, 0.5, 2.0, 5.0])
def test_free_motion_in_closed_form(damping: float) -> None:
    t = torch.arange(200, dtype=F64) * 0.05
    y = physical.mass_spring(torch.zeros(200, dtype=F64), 1.0, 1.0, damping, sample_rate=20, position=1.0)
    half = damping / 2
    root = np.sqrt(complex(half**2 - 1))
    if damping == 2.0:
        expected = torch.exp(-t) * (1 + t)
    else:
        slow, fast = root - half, -root - half
        motion = (slow * np.exp(fast * t.numpy()) - fast * np.exp(slow * t.numpy())) / (2 * root)
        expected = torch.from_numpy(motion.real)
    torch.testing.assert_close(y, expected)


@pytest.mark.slow
@pytest.mark.parametrize("damping", [0.1, 2.0, 2 + 1e-9, 6.0])
def test_gradients(damping: float) -> None:
    force = torch.randn(2, 9, dtype=F64, requires_grad=True)
    values = [torch.tensor(v, dtype=F64, requires_grad=True) for v in (1.0, 1.0, damping, 0.3, -0.2)]

    def run(force, mass, stiffness, damping, position, velocity):
        return physical.mass_spring(
            force, mass, stiffness, damping, sample_rate=2.5, position=position, velocity=velocity
        )

    assert gradcheck(run, (force, *values))
    assert gradgradcheck(run, (force, *values))


def test_series_and_closed_form_meet() -> None:
    """Just inside and outside of where the series is used, value and slope go on."""
    for sign in (1.0, -1.0):
        z = torch.tensor([1e-2 * (1 - 1e-9), 1e-2 * (1 + 1e-9)], dtype=F64).mul(sign).requires_grad_()
        loss = torch.full((2,), 0.2, dtype=F64)
        for value in _swing(z, loss):
            (slope,) = torch.autograd.grad(value.sum(), z, retain_graph=True)
            torch.testing.assert_close(value[0], value[1], rtol=1e-10, atol=0)
            torch.testing.assert_close(slope[0], slope[1], rtol=1e-8, atol=0)


@pytest.mark.parametrize("dtype", [torch.float32, F64])
@pytest.mark.parametrize("stiffness", [1e-6, 1.0, 1e12])
@pytest.mark.parametrize("damping", [0.0, 1e9])
def test_finite_at_the_edges(dtype: torch.dtype, stiffness: float, damping: float) -> None:
    for force in (torch.zeros(50, dtype=dtype), torch.ones(1, dtype=dtype), torch.randn(400, dtype=dtype)):
        values = [torch.tensor(v, dtype=dtype, requires_grad=True) for v in (1.0, stiffness, damping)]
        y = physical.mass_spring(force.requires_grad_(), *values, sample_rate=16000, velocity=1.0)
        assert y.dtype == dtype
        for result in (y, *torch.autograd.grad(y.sum(), (force, *values))):
            assert result.isfinite().all()


def test_batches_equal_loops() -> None:
    force, mass, damping = torch.randn(3, 1, 30), torch.tensor([0.5, 2.0]), torch.rand(3, 2)
    y = physical.mass_spring(force, mass, 1e4, damping, sample_rate=1000)
    assert y.shape == (3, 2, 30)
    alone = physical.mass_spring(force[2, 0], 2.0, 1e4, damping[2, 1], sample_rate=1000)
    torch.testing.assert_close(y[2, 1], alone)


def test_graph(assert_traces) -> None:
    def run(force, mass, stiffness, damping):
        return physical.mass_spring(force, mass, stiffness, damping, sample_rate=100, position=0.1)

    x, y = torch.randn(2, 60)
    here, there = ([torch.tensor(v) for v in values] for values in ((1.0, 900.0, 2.0), (0.5, 200.0, 90.0)))
    assert_traces(run, [x, *here], [y, *there], operations=500)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"force": torch.ones(0)}, "force must be a tensor .* at least one sample"),
        ({"mass": 0.0}, "mass must be above 0, got 0.0"),
        ({"stiffness": -1.0}, "stiffness must be above 0, got -1.0"),
        ({"damping": torch.tensor([1.0, -1.0])}, "damping must be at least 0, got -1.0"),
        ({"position": math.inf}, "position must be finite, got inf"),
        ({"velocity": "fast"}, "velocity must be a float32 or float64 tensor or a number"),
        ({"mass": torch.ones(3)}, "force and mass and stiffness and damping .* must broadcast"),
        ({"sample_rate": 0}, "sample_rate must be above 0 Hz"),
    ],
)
def test_bad_input(options, message: str) -> None:
    given = {"force": torch.ones(2, 4), "mass": 1.0, "stiffness": 1.0, "damping": 0.1, "sample_rate": 10}
    with pytest.raises(ValueError, match=message):
        physical.mass_spring(**given | options)
