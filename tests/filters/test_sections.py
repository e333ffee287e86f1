"""Cascades beside SciPy's sosfilt, and beside one recursion after the other."""

import numpy as np
import pytest
import torch
from scipy.signal import sosfilt
from torch.autograd import gradcheck, gradgradcheck
from torch.fx.experimental.proxy_tensor import make_fx

from ddsp_lite import filters

RATE = 16000


def sections(*shape: int) -> tuple[torch.Tensor, torch.Tensor]:
    cutoff, q = 100 + 7000 * torch.rand(2, *shape, dtype=torch.float64)
    b, a = filters.peaking_biquad(cutoff, 6.0, 0.5 + q / 7000, sample_rate=RATE)
    return 1.3 * b, 1.7 * a


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 8, 9])
@pytest.mark.parametrize("samples", [1, 2, 3, 4, 100])
def test_equals_scipy(count, samples):
    x = torch.randn(2, 3, samples, dtype=torch.float64)
    b, a = sections(count)
    expected = sosfilt(torch.cat([b, a], dim=1) / a[:, :1], x)
    for run in (filters.cascade, filters.cascade_twin):
        np.testing.assert_allclose(run(x, b, a), expected, rtol=0, atol=1e-12 * abs(expected).max())


@pytest.mark.parametrize("count", [2, 4, 5])
@pytest.mark.parametrize("samples", [1, 3, 14])
def test_gradient_and_twin(count, samples):
    x = torch.randn(2, samples, dtype=torch.float64, requires_grad=True)
    b, a = (c.requires_grad_() for c in sections(2, count))
    assert gradcheck(filters.cascade, (x, b, a), fast_mode=samples > 3)
    weight = torch.randn(2, samples, dtype=torch.float64)
    results = (
        torch.autograd.grad((run(x, b, a) * weight).sum(), (x, b, a)) for run in (filters.cascade, filters.cascade_twin)
    )
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_second_derivative():
    x = torch.randn(6, dtype=torch.float64, requires_grad=True)
    assert gradgradcheck(filters.cascade, (x, *(c.requires_grad_() for c in sections(2))))


def test_leading_dimensions_broadcast():
    x = torch.randn(4, 1, 30, dtype=torch.float64)
    b, a = sections(3, 2)
    y = filters.cascade(x, b, a[0])
    assert y.shape == (4, 3, 30)
    for i in range(4):
        for j in range(3):
            torch.testing.assert_close(y[i, j], filters.cascade(x[i, 0], b[j], a[0]))


@pytest.mark.parametrize("frequency", [20.0, 0.49 * RATE])
def test_float32_sound_is_right_to_1e6(frequency):
    x = torch.randn(RATE)
    b, a = filters.lowpass_biquad(torch.full((6,), frequency), torch.linspace(0.5, 20, 6), sample_rate=RATE)
    exact = sosfilt(torch.cat([b, a], dim=1), x.double())
    y = filters.cascade(x, b, a)
    assert y.dtype == torch.float32
    assert np.linalg.norm(y.numpy() - exact) < 1e-6 * np.linalg.norm(exact)


def test_tail_reaches_zero_without_denormal_numbers():
    x = torch.eye(1, 20000, dtype=torch.float64)[0].requires_grad_()
    b, a = torch.eye(1, 3, dtype=torch.float64).repeat(4, 1), torch.tensor([[1.0, -0.9, 0.0]]).double().repeat(4, 1)
    y = filters.cascade(x, b, a)
    assert (y[16000:] == 0).all()
    assert (torch.autograd.grad(y[-1], x)[0][:4000] == 0).all()


def test_operators_keep_the_rules():
    x, (b, a) = torch.randn(2, 9), sections(2, 5)
    a = a / a[..., :1]
    torch.library.opcheck(torch.ops.ddsp_lite.cascade, [t.clone().requires_grad_() for t in (x, b, a)])
    y, outputs = torch.ops.ddsp_lite.cascade(x, b, a)
    torch.library.opcheck(torch.ops.ddsp_lite.cascade_backward, (torch.ones_like(y), x, outputs, b, a))


def test_traces_to_recursions():
    """Which the browser's compiler knows."""
    x = torch.randn(50)

    def step(cutoff):
        b, a = filters.lowpass_biquad(cutoff, sample_rate=RATE)
        return torch.autograd.grad(filters.cascade(x, b, a).square().sum(), cutoff)[0]

    graph = make_fx(step)(torch.tensor([500.0, 900.0], requires_grad=True))
    names = [str(node.target) for node in graph.graph.nodes]
    assert names.count("ddsp_lite.recursion.default") == names.count("ddsp_lite.recursion_backward.default") == 2
    other = torch.tensor([3000.0, 200.0], requires_grad=True)
    torch.testing.assert_close(graph(other), step(other))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((torch.ones(0), torch.ones(2, 3), torch.ones(2, 3)), "x must be a tensor .* with at least one sample"),
        ((torch.ones(4), torch.ones(3), torch.ones(2, 3)), r"b must be a tensor \(..., sections, 3\), got \(3,\)"),
        ((torch.ones(4), torch.ones(2, 3), torch.ones(2, 2)), r"a must be a tensor \(..., sections, 3\), got \(2, 2\)"),
        ((torch.ones(4), torch.ones(2, 3), torch.ones(3, 3)), "b and a must broadcast"),
        ((torch.ones(4), torch.ones(2, 3), torch.zeros(2, 3)), r"a\[..., 0\] must not be 0"),
        ((torch.ones(4), torch.ones(2, 3) * torch.nan, torch.ones(2, 3)), "b must be finite"),
        ((torch.ones(2, 4), torch.ones(3, 2, 3), torch.ones(2, 3)), "x and b and a must broadcast"),
    ],
)
@pytest.mark.parametrize("run", [filters.cascade, filters.cascade_twin])
def test_bad_input(run, arguments, message):
    with pytest.raises(ValueError, match=message):
        run(*arguments)
