"""The state-variable filter beside the biquads that it equals at rest, its twin, and what bounds it when it moves."""

import math

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.fx.experimental.proxy_tensor import make_fx

from ddsp_lite import filters

RATE = 16000
OUTPUTS = ["lowpass", "bandpass", "highpass", "notch", "allpass"]


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("cutoff", [20.0, 1000.0, 0.49 * RATE])
@pytest.mark.parametrize("q", [0.5, 20.0])
def test_at_rest_it_is_the_biquad(output, cutoff, q):
    x = torch.randn(2, 4000, dtype=torch.float64)
    expected = filters.recursion(x, *getattr(filters, f"{output}_biquad")(cutoff, q, sample_rate=RATE))
    y = filters.state_variable(x, cutoff, q, sample_rate=RATE, output=output)
    assert (y - expected).norm() < 1e-9 * expected.norm()
    single = filters.state_variable(x.float(), cutoff, q, sample_rate=RATE, output=output)
    exact = filters.state_variable(x.float().double(), cutoff, q, sample_rate=RATE, output=output)
    assert single.dtype == torch.float32
    assert (single - exact).norm() < 1e-6 * exact.norm()


def moving(*shape: int) -> list[torch.Tensor]:
    return [
        torch.randn(shape, dtype=torch.float64, requires_grad=True),
        (100 + 7000 * torch.rand(shape, dtype=torch.float64)).requires_grad_(),
        (0.3 + 3 * torch.rand(shape, dtype=torch.float64)).requires_grad_(),
    ]


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("samples", [1, 12])
def test_gradient_and_twin(output, samples):
    inputs = moving(2, samples)
    options = {"sample_rate": RATE, "output": output}
    assert gradcheck(lambda *args: filters.state_variable(*args, **options), inputs)
    weight = torch.randn(2, samples, dtype=torch.float64)
    ours, theirs = (run(*inputs, **options) for run in (filters.state_variable, filters.state_variable_twin))
    torch.testing.assert_close(ours, theirs)
    for our, their in zip(*(torch.autograd.grad((y * weight).sum(), inputs) for y in (ours, theirs)), strict=True):
        torch.testing.assert_close(our, their)


@pytest.mark.parametrize("still", [True, False])
def test_blocks_join(still):
    """Rows of several blocks, of which the last is not full and odd."""
    x, cutoff, q = moving(2, 301)
    inputs = (x, cutoff, q[:, :1].detach().requires_grad_() if still else q)
    weight = torch.randn(2, 301, dtype=torch.float64)
    results = []
    for run in (filters.state_variable, filters.state_variable_twin):
        y = run(*inputs, sample_rate=RATE, output="bandpass")
        results.append([y, *torch.autograd.grad((y * weight).sum(), inputs)])
    for our, their in zip(*results, strict=True):
        torch.testing.assert_close(our, their)


def test_second_derivative():
    assert gradgradcheck(lambda *args: filters.state_variable(*args, sample_rate=RATE, output="highpass"), moving(5))


def test_controls_broadcast():
    x = torch.randn(3, 50)
    cutoff = torch.tensor([[200.0], [900.0], [5000.0]], requires_grad=True)
    y = filters.state_variable(x, cutoff, 2.0, sample_rate=RATE)
    for i in range(3):
        torch.testing.assert_close(y[i], filters.state_variable(x[i], cutoff[i].item(), 2.0, sample_rate=RATE))
    assert torch.autograd.grad(y.sum(), cutoff)[0].shape == (3, 1)
    many = filters.state_variable(x[0], torch.linspace(100, 200, 50), torch.full((4, 1), 0.7), sample_rate=RATE)
    assert many.shape == (4, 50)


def test_jumps_do_not_make_it_grow():
    """Cutoff and q jump at random at every sample; the energy that comes out stays within that of the sound."""
    x = torch.zeros(4000)
    x[:100] = torch.randn(100)
    cutoff, q = 20 + 7900 * torch.rand(4000), 0.1 + 20 * torch.rand(4000)
    y = filters.state_variable(x, cutoff, q, sample_rate=RATE)
    assert y.abs().max() < 200
    assert y[-1000:].abs().max() < 0.05 * y.abs().max()


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("frequency", [1e-3, 7999.99])
@pytest.mark.parametrize("q", [1e-3, 1e4])
@pytest.mark.parametrize("level", [0.0, 1.0])
def test_finite_at_the_bounds(output, frequency, q, level):
    x = level * torch.randn(2000)
    controls = [torch.tensor(v, requires_grad=True) for v in (frequency, q)]
    y = filters.state_variable(x, *controls, sample_rate=RATE, output=output)
    assert y.isfinite().all()
    for gradient in torch.autograd.grad(y.square().mean(), controls):
        assert gradient.isfinite()
        assert level > 0 or gradient == 0


def test_tail_reaches_zero_without_denormal_numbers():
    x = torch.eye(1, 12000, dtype=torch.float64)[0].requires_grad_()
    y = filters.state_variable(x, 1000.0, 0.5, sample_rate=RATE)
    assert (y[4000:] == 0).all()
    assert (torch.autograd.grad(y[-1], x)[0][:4000] == 0).all()


def test_operators_keep_the_rules():
    x, (_, g, k), mix = torch.randn(2, 9), moving(2, 9), (1.0, -1.0, -1.0)
    g, k = g.detach() / 1e4, k.detach()
    torch.library.opcheck(torch.ops.ddsp_lite.state_variable, (*(t.clone().requires_grad_() for t in (x, g, k)), *mix))
    y, band, low = torch.ops.ddsp_lite.state_variable(x, g, k, *mix)
    torch.library.opcheck(torch.ops.ddsp_lite.state_variable_backward, (torch.ones_like(y), x, g, k, band, low, *mix))


def test_traces_to_one_node_each_way():
    x = torch.randn(50)

    def step(cutoff, q):
        return torch.autograd.grad(filters.state_variable(x, cutoff, q, sample_rate=RATE).square().sum(), (cutoff, q))

    at, other = (
        [torch.linspace(a, b, 50, requires_grad=True) for a, b in ends]
        for ends in (((100, 4000), (1, 2)), ((3000, 200), (0.5, 9)))
    )
    graph = make_fx(step)(*at)
    names = [str(node.target) for node in graph.graph.nodes]
    assert names.count("ddsp_lite.state_variable.default") == 1
    assert names.count("ddsp_lite.state_variable_backward.default") == 1
    for traced, eager in zip(graph(*other), step(*other), strict=True):
        torch.testing.assert_close(traced, eager)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"x": torch.ones(0)}, "x must be a tensor .* with at least one sample"),
        ({"x": torch.ones(4).half()}, "x must be a float32 or float64 tensor"),
        ({"cutoff": 8000.0}, r"cutoff must lie in \(0, 8000\) Hz, got 8000.0"),
        ({"cutoff": torch.tensor([1.0, math.nan, 1.0, 1.0])}, "cutoff must be finite, got nan"),
        ({"q": 0.0}, "q must be above 0, got 0.0"),
        ({"output": "peak"}, "output must be one of 'lowpass', .* got 'peak'"),
        ({"cutoff": torch.ones(3)}, "x and cutoff and q must broadcast"),
        ({"x": torch.ones(1), "cutoff": torch.ones(3)}, "cutoff and q must have 1 or 1 samples, as x has, got 3"),
        ({"sample_rate": 0}, "sample_rate must be above 0"),
    ],
)
@pytest.mark.parametrize("run", [filters.state_variable, filters.state_variable_twin])
def test_bad_input(run, options, message):
    with pytest.raises(ValueError, match=message):
        run(**{"x": torch.ones(4), "cutoff": 100.0, "sample_rate": RATE} | options)


def test_high_pass_of_a_constant_dies_away():
    y = filters.state_variable(torch.ones(RATE), 100.0, sample_rate=RATE, output="highpass")
    assert y[0] > 0.9
    np.testing.assert_allclose(y[-1], 0.0, atol=1e-9)
