"""Convolution by FFT beside NumPy's direct sum."""

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck
from torch.fx.experimental.proxy_tensor import make_fx

from ddsp_lite import filters
from ddsp_lite.filters.fir import power_of_two


@pytest.mark.parametrize("samples", [1, 7, 64, 65])
@pytest.mark.parametrize("n_taps", [1, 2, 9, 100])
def test_equals_numpy(samples, n_taps):
    x, taps = torch.randn(samples, dtype=torch.float64), torch.randn(n_taps, dtype=torch.float64)
    full = np.convolve(x, taps)
    np.testing.assert_allclose(filters.convolve(x, taps, mode="full"), full, atol=1e-12)
    start = (n_taps - 1) // 2
    np.testing.assert_allclose(filters.convolve(x, taps), full[start : start + samples], atol=1e-12)


def test_symmetric_taps_do_not_delay():
    impulse = torch.zeros(101)
    impulse[50] = 1.0
    y = filters.convolve(impulse, filters.windowed_sinc(2000.0, 31, sample_rate=16000))
    assert y.argmax() == 50
    torch.testing.assert_close(y, y.flip(0), atol=1e-7, rtol=0)


def test_batch_and_type():
    x, taps = torch.randn(4, 1, 50), torch.randn(3, 8, dtype=torch.float64)
    y = filters.convolve(x, taps)
    assert y.shape == (4, 3, 50)
    assert y.dtype == torch.float32
    for i in range(4):
        for k in range(3):
            torch.testing.assert_close(y[i, k], filters.convolve(x[i, 0], taps[k]))


@pytest.mark.parametrize("mode", ["same", "full"])
def test_gradient(mode):
    x = torch.randn(2, 10, dtype=torch.float64, requires_grad=True)
    taps = torch.randn(4, dtype=torch.float64, requires_grad=True)
    assert gradcheck(lambda x, taps: filters.convolve(x, taps, mode=mode), (x, taps))


def test_gradient_at_silence():
    x, taps = torch.zeros(10, requires_grad=True), torch.ones(3, requires_grad=True)
    for gradient in torch.autograd.grad(filters.convolve(x, taps).sum(), (x, taps)):
        assert gradient.isfinite().all()


def test_traces_with_power_of_two_transforms():
    x = torch.randn(100)

    def step(taps):
        return torch.autograd.grad(filters.convolve(x, taps).square().sum(), taps)[0]

    graph = make_fx(step)(torch.randn(9, requires_grad=True))
    sizes = [node.meta["val"].shape[-1] for node in graph.graph.nodes if "_fft_r2c" in str(node.target)]
    assert sizes
    assert set(sizes) == {65}
    other = torch.randn(9, requires_grad=True)
    torch.testing.assert_close(graph(other), step(other))


def test_power_of_two():
    assert [power_of_two(n) for n in (1, 2, 3, 4, 5, 1025)] == [1, 2, 4, 4, 8, 2048]


@pytest.mark.parametrize(
    ("x", "taps", "mode", "message"),
    [
        (torch.ones(4, dtype=torch.int32), torch.ones(2), "same", "x must be a float32 or float64 tensor"),
        (torch.ones(4), torch.ones(0), "same", "taps must be a tensor .* with at least one sample"),
        (torch.ones(4), torch.tensor([torch.nan]), "same", "taps must be finite"),
        (torch.ones(2, 4), torch.ones(3, 4), "same", "x and taps must broadcast"),
        (torch.ones(4), torch.ones(2), "valid", "mode must be one of 'same', 'full', got 'valid'"),
    ],
)
def test_bad_input(x, taps, mode, message):
    with pytest.raises(ValueError, match=message):
        filters.convolve(x, taps, mode=mode)
