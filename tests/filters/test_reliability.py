"""What holds for every recursive filter: any shape and type, two threads at once, the same on a GPU."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ddsp_lite import filters

RATE = 16000


def recursion(x, cutoff, q):
    return filters.recursion(x, *filters.lowpass_biquad(cutoff, q, sample_rate=RATE))


def cascade(x, cutoff, q):
    b, a = filters.lowpass_biquad(cutoff, q, sample_rate=RATE)
    return filters.cascade(x, torch.stack([b, b, b], dim=-2), torch.stack([a, a, a], dim=-2))


def moving(x, cutoff, q):
    sweep = torch.linspace(0.5, 1, x.shape[-1], dtype=torch.float64)
    return filters.varying_biquad(x, *filters.lowpass_biquad(cutoff[..., None] * sweep, q[..., None], sample_rate=RATE))


def state_variable(x, cutoff, q):
    return filters.state_variable(x, cutoff[..., None], q[..., None], sample_rate=RATE)


def one_pole(x, cutoff, q):
    gain, pole = filters.one_pole_lowpass(cutoff, sample_rate=RATE)
    return filters.varying_one_pole(x, gain[..., None] / q[..., None], pole[..., None])


def all_pole(x, cutoff, q):
    reflection = torch.stack([cutoff / RATE, 1 / (1 + q)], dim=-1)
    return filters.all_pole(x, filters.reflection_to_coefficients(reflection)[..., None, :])


FILTERS = [recursion, cascade, moving, state_variable, one_pole, all_pole]


@pytest.mark.parametrize("run", FILTERS)
@settings(max_examples=12, deadline=None, derandomize=True)
@given(
    leading=st.lists(st.integers(1, 3), max_size=2),
    samples=st.integers(1, 300),
    dtype=st.sampled_from([torch.float32, torch.float64]),
    level=st.sampled_from([0.0, 1e-30, 1.0, 1e6]),
    cutoff=st.sampled_from([0.01, 20.0, 1000.0, 7999.0]),
    q=st.sampled_from([0.01, 0.7, 100.0]),
    strided=st.booleans(),
)
def test_finite_and_the_same_alone(run, leading, samples, dtype, level, cutoff, q, strided):
    x = level * torch.randn(*leading, samples, 2, dtype=dtype)
    x = x[..., 0] if strided else x[..., 0].clone()
    controls = [torch.full(leading, v, dtype=dtype).requires_grad_() for v in (cutoff, q)]
    y = run(x, *controls)
    assert y.shape == x.shape
    assert y.dtype == dtype
    assert y.isfinite().all()
    for gradient in torch.autograd.grad((y / (level or 1)).square().mean(), controls):
        assert gradient.isfinite().all()
    first = (0,) * len(leading)
    assert torch.equal(run(x[first].clone(), *(c[first] for c in controls)), y[first])


@pytest.mark.parametrize("run", FILTERS)
def test_two_threads_at_once(run):
    x, cutoff, q = torch.randn(4, 20000), torch.tensor([100.0, 500.0, 1000.0, 5000.0]), torch.ones(4)

    def gradient(_):
        leaf = x.clone().requires_grad_()
        y = run(leaf, cutoff, q)
        return torch.cat([y.detach(), torch.autograd.grad(y.square().sum(), leaf)[0]])

    alone = gradient(0)
    with ThreadPoolExecutor(2) as pool:
        for together in pool.map(gradient, range(4)):
            assert torch.equal(together, alone)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here to compare with the CPU")
@pytest.mark.parametrize("run", FILTERS)
def test_gpu_equals_cpu(run):
    x, cutoff, q = torch.randn(2, 500), torch.tensor([100.0, 5000.0]), torch.ones(2)
    y = run(x.cuda(), cutoff, q)
    assert y.is_cuda
    torch.testing.assert_close(y.cpu(), run(x, cutoff, q))
