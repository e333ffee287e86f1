"""Short-time spectra beside SciPy's and closed forms."""

import math

import numpy as np
import pytest
import scipy.signal
import torch
from torch.autograd import gradcheck
from torch.fx.experimental.proxy_tensor import make_fx

from ddsp_lite import spectra


@pytest.mark.parametrize(("fft_size", "hop_length"), [(64, 16), (32, 32), (128, 64)])
def test_equals_scipy(fft_size, hop_length):
    x = torch.randn(2, 512, dtype=torch.float64)
    _, _, expected = scipy.signal.stft(
        x.numpy(), window="hann", nperseg=fft_size, noverlap=fft_size - hop_length, boundary="zeros", padded=False
    )
    result = spectra.stft(x, fft_size=fft_size, hop_length=hop_length)
    assert result.shape == (2, 1 + 512 // hop_length, fft_size // 2 + 1)
    np.testing.assert_allclose(result, expected.swapaxes(1, 2) * fft_size / 2, atol=1e-12)


@pytest.mark.parametrize("samples", [1, 63, 100])
@pytest.mark.parametrize("fft_size", [64, 33])
def test_equals_torch_whatever_the_length(samples, fft_size):
    x = torch.randn(samples, dtype=torch.float64)
    window = torch.rand(fft_size, dtype=torch.float64)
    padded = torch.nn.functional.pad(x, (fft_size // 2, fft_size - fft_size // 2))
    expected = torch.stft(padded, fft_size, 10, window=window, center=False, return_complex=True)
    torch.testing.assert_close(spectra.stft(x, fft_size=fft_size, hop_length=10, window=window), expected.T)


def test_without_centring():
    x = torch.randn(100, dtype=torch.float64)
    result = spectra.stft(x, fft_size=32, hop_length=20, window=torch.ones(32), centre=False)
    assert result.shape == (4, 17)
    torch.testing.assert_close(result[2], torch.fft.rfft(x[40:72]))


def test_levels_are_as_documented():
    sine = 0.5 * torch.cos(2 * math.pi * 16 / 256 * torch.arange(4096))
    frames = spectra.magnitude(spectra.stft(sine, fft_size=256, hop_length=64))[4:-4]
    torch.testing.assert_close(frames[:, 16], torch.full_like(frames[:, 16], 0.5 * 256 / 4), rtol=1e-4, atol=0)
    noise = spectra.stft(0.1 * torch.randn(64000), fft_size=256, hop_length=64).abs()[4:-4, 1:-1]
    assert noise.square().mean().sqrt().item() == pytest.approx(0.1 * math.sqrt(256 * 3 / 8), rel=0.03)


def test_type_and_batch():
    x = torch.randn(2, 3, 200)
    together = spectra.stft(x, fft_size=64, hop_length=16)
    assert together.dtype == torch.complex64
    for i in range(2):
        for k in range(3):
            torch.testing.assert_close(together[i, k], spectra.stft(x[i, k], fft_size=64, hop_length=16))


def test_magnitude_values():
    x = torch.tensor([3 + 4j, -0.3j, 0], dtype=torch.complex128)
    expected = torch.tensor([math.sqrt(25.01), math.sqrt(0.1), 0.1], dtype=torch.float64)
    torch.testing.assert_close(spectra.magnitude(x, floor=0.1), expected)
    torch.testing.assert_close(spectra.log_magnitude(x, floor=0.1), expected.log())


@pytest.mark.parametrize("function", [spectra.magnitude, spectra.log_magnitude])
def test_gradient(function):
    x = torch.randn(2, 40, dtype=torch.float64, requires_grad=True)
    assert gradcheck(lambda x: function(spectra.stft(x, fft_size=16, hop_length=4), floor=0.1), (x,))


@pytest.mark.parametrize("function", [spectra.magnitude, spectra.log_magnitude])
@pytest.mark.parametrize("level", [0.0, 1e-30, 1e-4, 1.0])
def test_gradient_near_silence(function, level):
    """Finite in float32, zero at silence, and towards more level everywhere else."""
    gain = torch.tensor(level, requires_grad=True)
    sine = torch.sin(0.3 * torch.arange(1000))
    value = function(spectra.stft(gain * sine, fft_size=128, hop_length=32)).mean()
    (gradient,) = torch.autograd.grad(value, gain)
    assert value.isfinite()
    assert gradient.isfinite()
    assert gradient > 0 if level else gradient == 0


def test_traces_to_one_transform():
    def step(x):
        loss = spectra.log_magnitude(spectra.stft(x, fft_size=32, hop_length=8)).mean()
        return torch.autograd.grad(loss, x)[0]

    x = torch.randn(100, requires_grad=True)
    graph = make_fx(step, tracing_mode="fake")(x)
    names = [str(node.target) for node in graph.graph.nodes]
    assert names.count("aten._fft_r2c.default") == names.count("aten.sqrt.default") == 1
    other = torch.randn(100, requires_grad=True)
    torch.testing.assert_close(graph(other), step(other))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: spectra.stft([0.0], fft_size=8, hop_length=2), "x must be a float32 or float64 tensor"),
        (lambda: spectra.stft(torch.ones(9).long(), fft_size=8, hop_length=2), "got torch.int64"),
        (lambda: spectra.stft(torch.ones(0), fft_size=8, hop_length=2), "x must be .* at least one sample"),
        (lambda: spectra.stft(torch.tensor([torch.nan]), fft_size=8, hop_length=2), "x must be finite"),
        (lambda: spectra.stft(torch.ones(9), fft_size=1, hop_length=2), "fft_size must be at least 2, got 1"),
        (lambda: spectra.stft(torch.ones(9), fft_size=8.0, hop_length=2), "fft_size must be an integer"),
        (lambda: spectra.stft(torch.ones(9), fft_size=8, hop_length=0), "hop_length must be at least 1, got 0"),
        (lambda: spectra.stft(torch.ones(9), fft_size=8, hop_length=2, window="flat"), "window must be one of 'hann'"),
        (lambda: spectra.stft(torch.ones(9), fft_size=8, hop_length=2, window=torch.ones(9)), r"shape \(8,\)"),
        (lambda: spectra.stft(torch.ones(7), fft_size=8, hop_length=2, centre=False), "at least one frame of 8"),
        (lambda: spectra.magnitude(torch.ones(3)), "spectrum must be a complex tensor, got torch.float32"),
        (lambda: spectra.magnitude(1j), "spectrum must be a complex tensor, got complex"),
        (lambda: spectra.log_magnitude(torch.ones(3) + 0j, floor=0.0), "floor must be above 0"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
