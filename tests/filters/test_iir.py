"""The exact recursion: values by SciPy, gradients by gradcheck, the graph by make_fx."""

import numpy as np
import pytest
import torch
from scipy.signal import lfilter
from torch.autograd import gradcheck, gradgradcheck
from torch.fx.experimental.proxy_tensor import make_fx

from ddsp_lite import filters

RATE = 16000


def random_filter(*leading: int, zeros: int = 2, poles: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    b = torch.randn(*leading, zeros + 1, dtype=torch.float64)
    a = torch.randn(*leading, poles + 1, dtype=torch.float64) * 0.8 / max(poles, 1)
    return b, torch.cat([torch.full_like(a[..., :1], 1.7), a[..., 1:]], dim=-1)


@pytest.mark.parametrize(("zeros", "poles"), [(0, 0), (0, 1), (1, 0), (2, 2), (3, 1), (1, 6)])
@pytest.mark.parametrize("run", [filters.recursion, filters.recursion_twin])
def test_equals_scipy(run, zeros, poles):
    x = torch.randn(2, 3, 50, dtype=torch.float64)
    b, a = random_filter(zeros=zeros, poles=poles)
    torch.testing.assert_close(run(x, b, a), torch.from_numpy(lfilter(b, a, x)), rtol=1e-12, atol=1e-12)


def test_float32_is_float64_rounded():
    x = torch.randn(5, 1000)
    b, a = filters.lowpass_biquad(300.0, 5.0, sample_rate=RATE)
    y = filters.recursion(x, b, a)
    assert y.dtype == torch.float32
    assert torch.equal(y, filters.recursion(x.double(), b, a).float())


def test_leading_dimensions_broadcast():
    x = torch.randn(4, 1, 60, dtype=torch.float64)
    b, a = random_filter(3)
    y = filters.recursion(x, b, a[0])
    assert y.shape == (4, 3, 60)
    for i in range(4):
        for k in range(3):
            torch.testing.assert_close(y[i, k], filters.recursion(x[i, 0], b[k], a[0]))


def test_batched_gradient_equals_loop():
    x, weight = torch.randn(2, 4, 80, dtype=torch.float64)
    b, a = (c.requires_grad_() for c in random_filter(4))
    together = torch.autograd.grad((filters.recursion(x, b, a) * weight).sum(), (b, a))
    for i in range(4):
        alone = torch.autograd.grad((filters.recursion(x[i], b[i], a[i]) * weight[i]).sum(), (b, a))
        for batch, single in zip(together, alone, strict=True):
            torch.testing.assert_close(batch[i], single[i])


def test_strided_input():
    x = torch.randn(50, 2, dtype=torch.float64)
    b, a = random_filter()
    expected = torch.from_numpy(lfilter(b, a, x.T.numpy()))
    torch.testing.assert_close(filters.recursion(x.T, b, a), expected)
    torch.testing.assert_close(filters.recursion(x.flip(0).T, b, a)[:, :1], filters.recursion(x.T[:, -1:], b, a))


@pytest.mark.parametrize("order", [0, 1, 2, 4])
def test_gradient(order):
    x = torch.randn(2, 12, dtype=torch.float64, requires_grad=True)
    b, a = (c.requires_grad_() for c in random_filter(zeros=order, poles=order))
    assert gradcheck(filters.recursion, (x, b, a))


def test_second_and_third_derivative():
    x = torch.randn(2, 8, dtype=torch.float64, requires_grad=True)
    b, a = (c.requires_grad_() for c in random_filter(2))
    assert gradgradcheck(filters.recursion, (x, b, a))
    assert gradgradcheck(
        lambda *args: torch.autograd.grad(filters.recursion(*args).square().sum(), args, create_graph=True), (x, b, a)
    )


@pytest.mark.parametrize("order", [1, 2, 4])
def test_first_derivative_is_the_same_on_both_ways(order):
    """`create_graph=True` leaves the compiled adjoint for one made of differentiable operations."""
    x, weight = torch.randn(2, 3, 100, dtype=torch.float64)
    b, a = random_filter(3, zeros=order, poles=order)
    inputs = [t.requires_grad_() for t in (x, b, a / a[:, :1])]
    y = torch.ops.ddsp_lite.recursion(*inputs)
    compiled = torch.autograd.grad((y * weight).sum(), inputs, retain_graph=True)
    composed = torch.autograd.grad((y * weight).sum(), inputs, create_graph=True)
    assert not any(t.requires_grad for t in compiled)
    assert all(t.requires_grad for t in composed)
    for ours, theirs in zip(compiled, composed, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_gradient_equals_twin():
    results = []
    for run in (filters.recursion, filters.recursion_twin):
        torch.manual_seed(1)
        x = torch.randn(3, 200, requires_grad=True)
        cutoff = torch.tensor([100.0, 1000.0, 7000.0], requires_grad=True)
        y = run(x, *filters.lowpass_biquad(cutoff, 4.0, sample_rate=RATE))
        results.append(torch.autograd.grad((y * torch.randn(3, 200)).sum(), (x, cutoff)))
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_operators_keep_the_rules(dtype):
    x, grad = torch.randn(2, 2, 20, dtype=dtype)
    b, a = random_filter(2)
    a = a / a[:, :1]
    inputs = [t.clone().requires_grad_() for t in (x, b, a)]
    torch.library.opcheck(torch.ops.ddsp_lite.recursion, inputs)
    y = torch.ops.ddsp_lite.recursion(x, b, a)
    torch.library.opcheck(torch.ops.ddsp_lite.recursion_backward, (grad, x, y, b, a))


def test_traces_to_one_node_each_way():
    saw = torch.linspace(-1, 1, 100).repeat(3)

    def step(saw, cutoff, q):
        y = filters.lowpass(saw, cutoff, q, sample_rate=RATE)
        return y, *torch.autograd.grad(y.square().mean(), (cutoff, q))

    controls = [torch.tensor(v, requires_grad=True) for v in (500.0, 2.0)]
    graph = make_fx(step, tracing_mode="fake")(saw, *controls)
    names = [str(node.target) for node in graph.graph.nodes]
    assert names.count("ddsp_lite.recursion.default") == names.count("ddsp_lite.recursion_backward.default") == 1
    other = [torch.tensor(v, requires_grad=True) for v in (3000.0, 0.5)]
    for traced, eager in zip(graph(saw, *other), step(saw, *other), strict=True):
        torch.testing.assert_close(traced, eager)


@pytest.mark.parametrize("kind", ["lowpass", "highpass", "bandpass"])
def test_convenience_is_design_and_recursion(kind):
    x = torch.randn(2, 300)
    run, design = getattr(filters, kind), getattr(filters, f"{kind}_biquad")
    b, a = design(700.0, 3.0, sample_rate=RATE)
    y = run(x, 700.0, 3.0, sample_rate=RATE)
    torch.testing.assert_close(y, torch.from_numpy(lfilter(b, a, x.double())).float())
    each = run(x, torch.tensor([700.0, 90.0]), torch.tensor(3.0), sample_rate=RATE)
    assert torch.equal(each[0], y[0])
    assert not torch.allclose(each[1], y[1])


@pytest.mark.parametrize("kind", ["lowpass", "highpass", "bandpass"])
@pytest.mark.parametrize("frequency", [1e-3, 1.0, 7999.99])
@pytest.mark.parametrize("q", [1e-3, 0.7, 1e4])
@pytest.mark.parametrize("level", [0.0, 1.0])
def test_finite_at_the_bounds(kind, frequency, q, level):
    x = level * torch.randn(2000)
    controls = [torch.tensor(v, requires_grad=True) for v in (frequency, q)]
    y = getattr(filters, kind)(x, *controls, sample_rate=RATE)
    assert y.isfinite().all()
    assert y.abs().max() <= 1e4 * level
    for gradient in torch.autograd.grad(y.square().mean(), controls):
        assert gradient.isfinite()
        assert level > 0 or gradient == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((torch.ones(4, dtype=torch.int64), torch.ones(1), torch.ones(1)), "x must be a float32 or float64 tensor"),
        ((torch.ones(4, dtype=torch.complex64), torch.ones(1), torch.ones(1)), "x must be a float32 or float64 tensor"),
        ((torch.ones(0), torch.ones(1), torch.ones(1)), "x must be a tensor .* with at least one sample"),
        ((torch.full((4,), torch.nan), torch.ones(1), torch.ones(1)), "x must be finite, got nan"),
        ((torch.ones(4), [1.0], torch.ones(1)), "b must be a tensor .* got list"),
        ((torch.ones(4), torch.ones(1), torch.tensor(1.0)), r"a must be a tensor .* got \(\)"),
        ((torch.ones(4), torch.ones(2, 0), torch.ones(1)), r"b must be a tensor .* got \(2, 0\)"),
        ((torch.ones(4), torch.tensor([torch.inf]), torch.ones(1)), "b must be finite, got inf"),
        ((torch.ones(4), torch.ones(1), torch.tensor([0.0, 1.0])), r"a\[..., 0\] must not be 0"),
        ((torch.ones(2, 4), torch.ones(3, 1), torch.ones(1)), r"x and b and a must broadcast.*\(2,\), b \(3,\)"),
    ],
)
@pytest.mark.parametrize("run", [filters.recursion, filters.recursion_twin])
def test_bad_input(run, arguments, message):
    with pytest.raises(ValueError, match=message):
        run(*arguments)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cutoff": 0.0}, r"cutoff must lie in \(0, 8000\) Hz, got 0.0"),
        ({"cutoff": torch.tensor([100.0, 8000.0])}, r"cutoff must lie in \(0, 8000\) Hz, got 8000.0"),
        ({"cutoff": float("nan")}, "cutoff must be finite, got nan"),
        ({"cutoff": torch.tensor(440)}, "cutoff must be a float32 or float64 tensor, got torch.int64"),
        ({"cutoff": 440.0, "q": 0.0}, "q must be above 0, got 0.0"),
        ({"cutoff": 440.0, "q": torch.tensor([1.0, -2.0])}, "q must be above 0, got -2.0"),
        ({"cutoff": 440.0, "sample_rate": 0}, "sample_rate must be above 0"),
        ({"cutoff": torch.ones(3)}, "x and b and a must broadcast"),
        ({"cutoff": torch.ones(2), "q": torch.ones(3)}, "cutoff and q must broadcast"),
    ],
)
def test_bad_control(options, message):
    with pytest.raises(ValueError, match=message):
        filters.lowpass(torch.ones(2, 100), **{"sample_rate": RATE} | options)


def test_bandpass_names_its_centre():
    with pytest.raises(ValueError, match="centre must lie in"):
        filters.bandpass(torch.ones(100), 9000.0, sample_rate=RATE)


def test_pole_outside_of_the_circle_grows():
    y = filters.recursion(torch.eye(1, 20, dtype=torch.float64)[0], torch.ones(1), torch.tensor([1.0, -2.0]))
    np.testing.assert_allclose(y, 2.0 ** np.arange(20))
