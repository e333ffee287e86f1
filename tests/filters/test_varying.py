"""Filters that change at every sample beside SciPy and linear systems; gradients by gradcheck, the graph by make_fx."""

import numpy as np
import pytest
import torch
from scipy.signal import lfilter
from torch.autograd import gradcheck, gradgradcheck
from torch.fx.experimental.proxy_tensor import make_fx

from ddsp_lite import filters

RATE = 16000
RUNS = {
    "biquad": (filters.varying_biquad, filters.varying_biquad_twin),
    "one_pole": (filters.varying_one_pole, filters.varying_one_pole_twin),
}
BOTH = [filters.varying_biquad, filters.varying_biquad_twin]


def coefficients(kind: str, *shape: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Stable at every sample, and different at each."""
    if kind == "one_pole":
        return torch.randn(shape, dtype=torch.float64), 1.9 * torch.rand(shape, dtype=torch.float64) - 0.95
    cutoff, q = 100 + 7000 * torch.rand(2, *shape, dtype=torch.float64)
    b, a = filters.lowpass_biquad(cutoff, 0.5 + q / 7000, sample_rate=RATE)
    scale = 0.5 + torch.rand(*shape, 1, dtype=torch.float64)
    return b * scale, a * scale


@pytest.mark.parametrize("run", BOTH)
def test_still_biquad_is_the_recursion(run):
    x = torch.randn(2, 3, 60, dtype=torch.float64)
    b, a = torch.randn(3, dtype=torch.float64), torch.tensor([1.7, -0.9, 0.5], dtype=torch.float64)
    y = run(x, b.expand(60, 3), a.expand(60, 3))
    np.testing.assert_allclose(y, lfilter(b, a, x), atol=1e-12)


@pytest.mark.parametrize("run", RUNS["one_pole"])
def test_still_one_pole_is_the_recursion(run):
    x = torch.randn(2, 60, dtype=torch.float64)
    np.testing.assert_allclose(run(x, 0.3, -0.8), lfilter([0.3], [1, 0.8], x), atol=1e-12)


def test_moving_biquad_is_a_triangular_system():
    """Each sample's equation is a row of A y = B x, solved here at once."""
    x = torch.randn(40, dtype=torch.float64)
    b, a = coefficients("biquad", 40)
    B, A = (sum(torch.diag(c[k:, k], -k) for k in range(3)) for c in (b, a))
    torch.testing.assert_close(filters.varying_biquad(x, b, a), torch.linalg.solve(A, B @ x))


def test_moving_one_pole_is_a_triangular_system():
    x, gain, pole = torch.randn(40, dtype=torch.float64), *coefficients("one_pole", 40)
    system = torch.eye(40, dtype=torch.float64) - torch.diag(pole[1:], -1)
    torch.testing.assert_close(filters.varying_one_pole(x, gain, pole), torch.linalg.solve(system, gain * x))


@pytest.mark.parametrize("kind", RUNS)
@pytest.mark.parametrize("samples", [1, 2, 3, 12])
def test_gradient(kind, samples):
    run, twin = RUNS[kind]
    x = torch.randn(2, samples, dtype=torch.float64, requires_grad=True)
    parameters = [c.requires_grad_() for c in coefficients(kind, 2, samples)]
    assert gradcheck(run, (x, *parameters))
    weight = torch.randn(2, samples, dtype=torch.float64)
    ours, theirs = (torch.autograd.grad((f(x, *parameters) * weight).sum(), (x, *parameters)) for f in (run, twin))
    for our, their in zip(ours, theirs, strict=True):
        torch.testing.assert_close(our, their)


@pytest.mark.parametrize("kind", RUNS)
def test_second_derivative(kind):
    x = torch.randn(1, 6, dtype=torch.float64, requires_grad=True)
    assert gradgradcheck(RUNS[kind][0], (x, *(c.requires_grad_() for c in coefficients(kind, 6))))


@pytest.mark.parametrize("kind", RUNS)
@pytest.mark.parametrize("types", [(torch.float32, torch.float64), (torch.float32, torch.float32)])
def test_types(kind, types):
    """Sound keeps its type; float32 coefficients are used as such, and their gradient is float32."""
    x = torch.randn(2, 700, requires_grad=True)
    parameters = [c.to(types[1]).requires_grad_() for c in coefficients(kind, 2, 700)]
    run = RUNS[kind][0]
    y = run(x, *parameters)
    exact = run(x.double(), *(c.double() for c in parameters))
    assert y.dtype == torch.float32
    torch.testing.assert_close(y, exact.float(), rtol=0, atol=2e-7 * exact.abs().max().item())
    ours, theirs = (torch.autograd.grad(v.square().sum(), (x, *parameters)) for v in (y, exact))
    for our, their in zip(ours, theirs, strict=True):
        torch.testing.assert_close(our, their, rtol=1e-4, atol=1e-6 * their.abs().max().item())


@pytest.mark.parametrize("kind", RUNS)
def test_leading_dimensions_broadcast(kind):
    x = torch.randn(4, 1, 30, dtype=torch.float64)
    first, second = coefficients(kind, 3, 30)
    run = RUNS[kind][0]
    y = run(x, first, second[0])
    assert y.shape == (4, 3, 30)
    for i in range(4):
        for j in range(3):
            torch.testing.assert_close(y[i, j], run(x[i, 0], first[j], second[0]))
    strided = torch.randn(30, 5, dtype=torch.float64).T
    torch.testing.assert_close(run(strided, first[0], second[0]), run(strided.clone(), first[0], second[0]))


@pytest.mark.parametrize("kind", RUNS)
def test_operators_keep_the_rules(kind):
    inputs = [torch.randn(2, 9), *coefficients(kind, 2, 9)]
    operator = getattr(torch.ops.ddsp_lite, f"varying_{kind}")
    torch.library.opcheck(operator, [t.clone().requires_grad_() for t in inputs])
    backward = getattr(torch.ops.ddsp_lite, f"varying_{kind}_backward")
    y = operator(*inputs)
    y = y[1] if kind == "biquad" else y  # the biquad's backward takes the float64 copy of the output
    torch.library.opcheck(backward, (torch.randn(2, 9), inputs[0], y, *inputs[1:]))


def test_traces_to_one_node_each_way():
    x = torch.randn(50)

    def step(cutoff):
        y = filters.varying_biquad(x, *filters.lowpass_biquad(cutoff, sample_rate=RATE))
        return torch.autograd.grad(filters.varying_one_pole(y.abs(), 0.1, 0.9).sum(), cutoff)[0]

    graph = make_fx(step)(torch.linspace(100, 4000, 50, requires_grad=True))
    names = [str(node.target) for node in graph.graph.nodes]
    for name in ("varying_biquad", "varying_biquad_backward", "varying_one_pole", "varying_one_pole_backward"):
        assert names.count(f"ddsp_lite.{name}.default") == 1
    other = torch.linspace(3000, 200, 50, requires_grad=True)
    torch.testing.assert_close(graph(other), step(other))


def test_twin_works_under_torch_func():
    x, (b, a) = torch.randn(8, dtype=torch.float64), coefficients("biquad", 3, 8)
    together = torch.func.vmap(filters.varying_biquad_twin, in_dims=(None, 0, 0))(x, b, a)
    torch.testing.assert_close(together, filters.varying_biquad(x, b, a))


def test_sweep_of_a_low_cutoff_needs_no_more_than_float64_coefficients():
    """From 20 Hz to 0.49 of the sample rate with Q 20, float32 sound is right to 1e-6."""
    x = torch.randn(RATE)
    cutoff = torch.logspace(np.log10(20), np.log10(0.49 * RATE), RATE, dtype=torch.float64)
    b, a = filters.lowpass_biquad(cutoff, 20.0, sample_rate=RATE)
    y, exact = filters.varying_biquad(x, b, a), filters.varying_biquad(x.double(), b, a)
    assert (y - exact).norm() < 1e-6 * exact.norm()


@pytest.mark.parametrize("kind", RUNS)
def test_silence_and_long_tails(kind):
    """Silence gives zeros and finite gradients; a tail ends in zero rather than in slow denormal numbers."""
    x = torch.zeros(12000, dtype=torch.float64, requires_grad=True)
    first, second = (
        (torch.ones(12000, dtype=torch.float64), torch.full((12000,), 0.9, dtype=torch.float64))
        if kind == "one_pole"
        else (torch.tensor(c, dtype=torch.float64).expand(12000, 3) for c in ([1.0, 0, 0], [1.0, -0.9, 0]))
    )
    y = RUNS[kind][0](x, first, second)
    assert (y == 0).all()
    assert (torch.autograd.grad(y.sum(), x)[0] - 10).abs()[:11000].max() < 1e-9
    impulse = torch.eye(1, 12000, dtype=torch.float64)[0].requires_grad_()
    y = RUNS[kind][0](impulse, first, second)
    assert (y[8000:] == 0).all()
    assert (torch.autograd.grad(y[-1], impulse)[0][:4000] == 0).all()


def test_one_pole_lowpass():
    """The response is -3 dB at the cutoff, where that is low; and the design is differentiable."""
    gain, pole = filters.one_pole_lowpass(100.0, sample_rate=RATE)
    response = filters.magnitude_db(
        gain[None], torch.stack([gain + pole, -pole]), torch.tensor([0.0, 100]), sample_rate=RATE
    )
    torch.testing.assert_close(response, torch.tensor([0.0, -3.01], dtype=torch.float64), atol=0.01, rtol=0)
    cutoff = torch.tensor([1.0, 7999.0], dtype=torch.float64, requires_grad=True)
    assert gradcheck(lambda f: filters.one_pole_lowpass(f, sample_rate=RATE), cutoff)
    with pytest.raises(ValueError, match=r"cutoff must lie in \(0, 8000\) Hz"):
        filters.one_pole_lowpass(8000.0, sample_rate=RATE)


ONES = torch.ones(4, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((torch.ones(4).long(), ONES, ONES), "x must be a float32 or float64 tensor"),
        ((torch.ones(0), ONES, ONES), "x must be a tensor .* with at least one sample"),
        ((torch.ones(5), ONES, ONES), r"b must be a tensor \(..., 5, 3\), got \(4, 3\)"),
        ((torch.ones(4), ONES, torch.ones(3)), r"a must be a tensor \(..., 4, 3\), got \(3,\)"),
        ((torch.ones(4), [1.0], ONES), "b must be a tensor .* got list"),
        ((torch.ones(4), ONES, ONES * torch.nan), "a must be finite, got nan"),
        ((torch.ones(4), ONES, ONES * 0), r"a\[..., 0\] must not be 0"),
        ((torch.ones(2, 4), torch.ones(3, 4, 3), ONES), "x and b and a must broadcast"),
    ],
)
@pytest.mark.parametrize("run", BOTH)
def test_biquad_bad_input(run, arguments, message):
    with pytest.raises(ValueError, match=message):
        run(*arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((torch.ones(4), "a", 0.5), "gain must be a float32 or float64 tensor or a number"),
        ((torch.ones(4), 1.0, torch.full((4,), torch.inf)), "pole must be finite, got inf"),
        ((torch.ones(4), 1.0, torch.ones(4).long()), "must be a float32 or float64"),
        ((torch.ones(4), torch.ones(3), 0.5), "x and gain and pole must broadcast"),
        ((torch.ones(1), torch.ones(3), 0.5), "gain and pole must have 1 or 1 samples, as x has, got 3"),
    ],
)
@pytest.mark.parametrize("run", RUNS["one_pole"])
def test_one_pole_bad_input(run, arguments, message):
    with pytest.raises(ValueError, match=message):
        run(*arguments)
