"""The multi-scale loss beside SciPy and closed forms; its gradients near and far."""

import math

import numpy as np
import pytest
import scipy.signal
import torch
from torch.autograd import gradcheck
from torch.fx.experimental.proxy_tensor import make_fx

from ddsp_lite import filters, losses

RATE = 16000
SINE = torch.sin(2 * math.pi * 440 / RATE * torch.arange(RATE))


def numpy_multi_scale(prediction, target, sizes, linear, log, floor):
    total = 0.0
    for size in sizes:
        options = {"window": "hann", "nperseg": size, "noverlap": size * 3 // 4, "boundary": "zeros", "padded": False}
        spectra = [scipy.signal.stft(x, **options)[2] * size / 2 for x in (prediction, target)]
        ours, theirs = (np.sqrt(abs(x) ** 2 + floor**2) for x in spectra)
        total += linear * abs(ours - theirs).mean() + log * abs(np.log(ours / theirs)).mean()
    return total / len(sizes)


@pytest.mark.parametrize(("linear", "log"), [(1.0, 1.0), (2.0, 0.0), (0.0, 0.5)])
def test_multi_scale_equals_scipy(linear, log):
    a, b = torch.randn(2, 2048, dtype=torch.float64)
    expected = numpy_multi_scale(a.numpy(), b.numpy(), (256, 64), linear, log, 0.01)
    result = losses.multi_scale_stft(a, b, fft_sizes=(256, 64), linear=linear, log=log, floor=0.01)
    assert result.item() == pytest.approx(expected, rel=1e-10)


def test_convergence_equals_numpy():
    a, b = torch.randn(2, 3, 2048, dtype=torch.float64)
    options = {"window": "hann", "nperseg": 256, "noverlap": 192, "boundary": "zeros", "padded": False}
    ours, theirs = (np.sqrt(abs(scipy.signal.stft(x.numpy(), **options)[2] * 128) ** 2 + 0.01**2) for x in (a, b))
    expected = np.mean([np.linalg.norm(o - t) / np.linalg.norm(t) for o, t in zip(ours, theirs, strict=True)])
    options = {"fft_sizes": [256], "linear": 0.0, "log": 0.0, "floor": 0.01}
    assert losses.multi_scale_stft(a, b, convergence=0.5, **options).item() == pytest.approx(0.5 * expected)
    x = a.clone().requires_grad_()
    at_the_target = losses.multi_scale_stft(x, a, convergence=1.0, **options)
    assert at_the_target.item() == 0
    assert torch.autograd.grad(at_the_target, x)[0].isfinite().all()


def test_batch_is_the_mean():
    a, b = torch.randn(2, 2, 3, 600, dtype=torch.float64)
    pairs = zip(a.reshape(6, -1), b.reshape(6, -1), strict=True)
    options = {"fft_sizes": (128, 32), "convergence": 1.0}
    alone = torch.stack([losses.multi_scale_stft(x, y, **options) for x, y in pairs])
    assert losses.multi_scale_stft(a, b, **options).item() == pytest.approx(alone.mean().item())


@pytest.mark.parametrize("fft_size", [64, 256, 1024])
def test_normalisation_is_as_documented(fft_size):
    """A sinusoid of amplitude A costs A at every size, noise 0.54 s sqrt(F), and a factor e in gain one neper."""
    silence, noise = torch.zeros(RATE), torch.randn(RATE)
    size = {"fft_sizes": [fft_size]}
    assert losses.multi_scale_stft(0.3 * SINE, silence, log=0, **size).item() == pytest.approx(0.3, rel=0.12)
    cost = losses.multi_scale_stft(0.1 * noise, silence, log=0, **size).item()
    assert cost == pytest.approx(0.054 * math.sqrt(fft_size), rel=0.03)
    assert losses.multi_scale_stft(noise, noise / math.e, linear=0, **size).item() == pytest.approx(1.0, rel=0.01)


@pytest.mark.parametrize(("linear", "log"), [(1.0, 1.0), (1.0, 0.0), (0.0, 1.0)])
def test_multi_scale_gradient(linear, log):
    a, b = (x.requires_grad_() for x in torch.randn(2, 60, dtype=torch.float64))
    assert gradcheck(lambda a, b: losses.multi_scale_stft(a, 3 * b, fft_sizes=(16, 8), linear=linear, log=log), (a, b))
    assert gradcheck(lambda a, b: losses.multi_scale_stft(a, 3 * b, fft_sizes=[8], log=0.0, convergence=1.0), (a, b))


def test_gradient_of_a_cutoff_in_float32():
    """Through saw, filter and loss, the float32 gradient is the float64 one to far better than 2e-3."""
    saw = torch.arange(RATE, dtype=torch.float64) * 110 / RATE % 1 - 0.5
    results = []
    for dtype in (torch.float64, torch.float32):
        controls = [torch.tensor(v, dtype=dtype, requires_grad=True) for v in (2000.0, 1.0)]
        sound = saw.to(dtype)
        target = filters.lowpass(sound, 800.0, 2.0, sample_rate=RATE)
        loss = losses.multi_scale_stft(filters.lowpass(sound, *controls, sample_rate=RATE), target)
        results.append([loss.double(), *(g.double() for g in torch.autograd.grad(loss, controls))])
    exact, rounded = results
    torch.testing.assert_close(rounded, exact, rtol=1e-4, atol=0)
    assert exact[1] > 0  # the cutoff is too high, and descent lowers it


@pytest.mark.parametrize("gain", [0.0, 1e-30, 1e-6, 1e-3, 0.5, 2.0])
def test_gradient_near_silence_points_to_the_target(gain):
    gain = torch.tensor(gain, requires_grad=True)
    loss = losses.multi_scale_stft(gain * SINE, SINE)
    (gradient,) = torch.autograd.grad(loss, gain)
    assert loss.isfinite()
    assert gradient.isfinite()
    assert gradient.sign() == (0 if gain == 0 else torch.sign(gain - 1))


def test_silence_beside_silence():
    x = torch.zeros(RATE, requires_grad=True)
    loss = losses.multi_scale_stft(x, torch.zeros(RATE))
    assert loss.item() == 0
    assert (torch.autograd.grad(loss, x)[0] == 0).all()


def test_shorter_than_a_frame():
    a, b = torch.randn(2, 5)
    assert losses.multi_scale_stft(a, b).isfinite()


def count_operations(**weights) -> dict[str, int]:
    target = torch.randn(400)

    def step(x):
        return torch.autograd.grad(losses.multi_scale_stft(x, target, fft_sizes=(64, 32), **weights), x)[0]

    graph = make_fx(step)(torch.randn(400, requires_grad=True))
    other = torch.randn(400, requires_grad=True)
    torch.testing.assert_close(graph(other), step(other))
    names = [str(node.target) for node in graph.graph.nodes]
    return {op: names.count(f"aten.{op}.default") for op in ("_fft_r2c", "sqrt", "log", "sgn")}


def test_each_spectrum_is_computed_once():
    """Two sizes and two sounds: four transforms and four roots, in function and gradient together."""
    assert count_operations() == {"_fft_r2c": 4, "sqrt": 4, "log": 4, "sgn": 4}


def test_part_without_weight_is_left_out():
    assert count_operations(log=0.0) == {"_fft_r2c": 4, "sqrt": 4, "log": 0, "sgn": 2}
    assert count_operations(linear=0.0) == {"_fft_r2c": 4, "sqrt": 4, "log": 4, "sgn": 2}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"target": torch.ones(5)},
            r"prediction and target must have the same shape, got prediction \(4,\), target \(5,\)",
        ),
        ({"target": torch.ones(4).long()}, "target must be a float32 or float64 tensor, got torch.int64"),
        ({"prediction": torch.full((4,), torch.nan)}, "prediction must be finite"),
        ({"prediction": torch.ones(0)}, "prediction must be a tensor .* with at least one sample"),
        ({"fft_sizes": ()}, "fft_sizes must hold at least one size"),
        ({"fft_sizes": (64, 1)}, "fft_sizes must be at least 2, got 1"),
        ({"overlap": 1.0}, r"overlap must lie in \[0, 1\), got 1.0"),
        ({"linear": -1.0}, "linear must be at least 0"),
        ({"log": math.nan}, "log must be finite"),
        ({"linear": 0.0, "log": 0.0}, "linear and log and convergence must not all be 0"),
        ({"convergence": -1.0}, "convergence must be at least 0"),
        ({"floor": 0.0}, "floor must be above 0"),
    ],
)
def test_bad_input(options, message):
    with pytest.raises(ValueError, match=message):
        losses.multi_scale_stft(**{"prediction": torch.ones(4), "target": torch.ones(4)} | options)
