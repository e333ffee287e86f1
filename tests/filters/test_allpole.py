"""All-pole filters: values by SciPy, parameters by closed forms, gradients by gradcheck."""

import math

import numpy as np
import pytest
import torch
from scipy.signal import lfilter
from torch.autograd import gradcheck, gradgradcheck
from torch.fx.experimental.proxy_tensor import make_fx

from ddsp_lite import filters

RATE = 16000


def stable(*shape: int) -> torch.Tensor:
    return filters.reflection_to_coefficients(1.6 * torch.rand(shape, dtype=torch.float64) - 0.8)


@pytest.mark.parametrize("order", [1, 2, 20])
@pytest.mark.parametrize("run", [filters.all_pole, filters.all_pole_twin])
def test_equals_scipy(run, order):
    x, a = torch.randn(2, 3, 60, dtype=torch.float64), stable(1, order)
    np.testing.assert_allclose(run(x, 2 * a), lfilter([1.0], a[0], x), atol=1e-11)


@pytest.mark.parametrize("frames", [1, 4, 12])
def test_frames_are_a_triangular_system(frames):
    x, a = torch.randn(12, dtype=torch.float64), stable(frames, 3)
    held = a.repeat_interleave(12 // frames, dim=0)
    system = sum(torch.diag(held[k:, k], -k) for k in range(4))
    expected = torch.linalg.solve(system, x)
    torch.testing.assert_close(filters.all_pole(x, a), expected)
    torch.testing.assert_close(filters.all_pole_twin(x, a), expected)


@pytest.mark.parametrize(("samples", "frames", "order"), [(12, 3, 2), (4, 4, 6), (1, 1, 1)])
def test_gradient_and_twin(samples, frames, order):
    x = torch.randn(2, samples, dtype=torch.float64, requires_grad=True)
    a = stable(2, frames, order).requires_grad_()
    assert gradcheck(filters.all_pole, (x, a))
    weight = torch.randn(2, samples, dtype=torch.float64)
    runs = (filters.all_pole, filters.all_pole_twin)
    for ours, theirs in zip(*(torch.autograd.grad((run(x, a) * weight).sum(), (x, a)) for run in runs), strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.slow
def test_second_derivative():
    x = torch.randn(6, dtype=torch.float64, requires_grad=True)
    assert gradgradcheck(filters.all_pole, (x, stable(2, 2).requires_grad_()))


def test_batch_and_types():
    x, a = torch.randn(4, 1, 40), stable(3, 5, 8)
    y = filters.all_pole(x, a)
    assert y.shape == (4, 3, 40)
    assert y.dtype == torch.float32
    for i in range(4):
        for j in range(3):
            torch.testing.assert_close(y[i, j], filters.all_pole(x[i, 0].double(), a[j]).float())


@pytest.mark.slow
def test_operators_keep_the_rules():
    x, a = torch.randn(2, 12), stable(2, 3, 2)[..., 1:]
    torch.library.opcheck(torch.ops.ddsp_lite.all_pole, [t.clone().requires_grad_() for t in (x, a)])
    y = torch.ops.ddsp_lite.all_pole(x, a)
    torch.library.opcheck(torch.ops.ddsp_lite.all_pole_backward, (torch.ones_like(y), y, a))


def test_tail_reaches_zero_without_denormal_numbers():
    x = torch.eye(1, 12000, dtype=torch.float64)[0].requires_grad_()
    y = filters.all_pole(x, torch.tensor([[1.0, -0.9]], dtype=torch.float64).expand(100, 2))
    assert (y[8000:] == 0).all()
    assert (torch.autograd.grad(y[-1], x)[0][:4000] == 0).all()


def test_reflection_there_and_back():
    reflection = (1.9 * torch.rand(3, 12, dtype=torch.float64) - 0.95).requires_grad_()
    a = filters.reflection_to_coefficients(reflection)
    torch.testing.assert_close(filters.coefficients_to_reflection(3 * a), reflection)
    for row in a.detach().numpy():
        assert abs(np.roots(row)).max() < 1
    assert gradcheck(filters.reflection_to_coefficients, reflection)
    assert gradcheck(filters.coefficients_to_reflection, a.detach()[:, :5].requires_grad_())


def test_reflection_tells_stability():
    """A pole outside of the circle shows as a reflection coefficient outside of -1 to 1."""
    a = torch.from_numpy(np.poly([0.5, -0.3, 1.1]))
    assert filters.coefficients_to_reflection(a).abs().max() > 1
    edge = filters.reflection_to_coefficients(torch.tensor([0.3, -1.0, 0.9]))
    assert abs(np.abs(np.roots(edge)).max() - 1) < 1e-9


@pytest.mark.parametrize("order", [1, 2, 5, 20])
def test_lsf_are_the_angles_of_the_symmetric_polynomials(order):
    increments = torch.rand(order + 1, dtype=torch.float64) + 0.2
    lsf = math.pi * increments.cumsum(0)[:-1] / increments.sum()
    a = filters.lsf_to_coefficients(lsf).numpy()
    assert a.shape == (order + 1,)
    assert a[0] == pytest.approx(1.0)
    assert abs(np.roots(a)).max() < 1
    longer = np.append(a, 0.0)
    angles = np.concatenate([np.angle(np.roots(longer + sign * longer[::-1])) for sign in (1, -1)])
    angles = np.sort(angles[(angles > 1e-6) & (angles < math.pi - 1e-6)])
    np.testing.assert_allclose(angles, lsf, atol=1e-6)


def test_lsf_gradient_and_batch():
    lsf = torch.tensor([[0.1, 0.5, 1.0, 3.0], [0.4, 1.5, 1.6, 1.7]], dtype=torch.float64, requires_grad=True)
    assert gradcheck(filters.lsf_to_coefficients, lsf)
    assert gradcheck(filters.lsf_to_coefficients, lsf[:, :3].detach().requires_grad_())
    torch.testing.assert_close(filters.lsf_to_coefficients(lsf)[1], filters.lsf_to_coefficients(lsf[1]))
    assert filters.lsf_to_coefficients(lsf.float()).dtype == torch.float64


def test_traces():
    x = torch.randn(40)

    def step(lsf):
        y = filters.all_pole(x, filters.lsf_to_coefficients(lsf)[None])
        return torch.autograd.grad(y.square().sum(), lsf)[0]

    graph = make_fx(step)(torch.tensor([0.5, 1.5], requires_grad=True))
    names = [str(node.target) for node in graph.graph.nodes]
    assert names.count("ddsp_lite.all_pole.default") == names.count("ddsp_lite.all_pole_backward.default") == 1
    other = torch.tensor([0.7, 2.5], requires_grad=True)
    torch.testing.assert_close(graph(other), step(other))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: filters.all_pole(torch.ones(0), torch.ones(1, 2)), "x must be a tensor"),
        (lambda: filters.all_pole(torch.ones(4), torch.ones(2)), r"a must be a tensor \(..., frames, coefficients\)"),
        (lambda: filters.all_pole(torch.ones(4), torch.ones(1, 1)), "a must hold at least two coefficients, got 1"),
        (lambda: filters.all_pole(torch.ones(4), torch.ones(3, 2)), "must divide the 4 samples of x evenly, got 3"),
        (lambda: filters.all_pole(torch.ones(4), torch.zeros(1, 2)), r"a\[..., 0\] must not be 0"),
        (lambda: filters.all_pole(torch.ones(2, 4), torch.ones(3, 1, 2)), "x and a must broadcast"),
        (lambda: filters.all_pole_twin(torch.ones(4), torch.full((1, 2), torch.nan)), "a must be finite"),
        (lambda: filters.reflection_to_coefficients(torch.tensor([1.5])), r"reflection must lie in \[-1, 1\], got 1.5"),
        (lambda: filters.reflection_to_coefficients(torch.ones(0)), "reflection must be a tensor"),
        (lambda: filters.coefficients_to_reflection(torch.ones(1)), "a must hold at least two coefficients"),
        (lambda: filters.lsf_to_coefficients(torch.tensor([0.0])), r"lsf must lie in \(0, 3.14159\) rad, got 0.0"),
        (lambda: filters.lsf_to_coefficients(torch.tensor([1.0, 1.0])), "lsf must rise strictly"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
