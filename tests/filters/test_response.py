"""Frequency responses beside SciPy's freqz, and frequency sampling beside the exact recursion."""

import math

import numpy as np
import pytest
import torch
from scipy.signal import freqz, group_delay
from torch.autograd import gradcheck
from torch.fx.experimental.proxy_tensor import make_fx

from ddsp_lite import filters

RATE = 16000
FUNCTIONS = (filters.frequency_response, filters.magnitude_db, filters.phase, filters.group_delay)


@pytest.mark.parametrize(("zeros", "poles"), [(0, 0), (4, 1), (2, 2), (0, 5)])
def test_equals_freqz(zeros, poles):
    b = torch.randn(zeros + 1, dtype=torch.float64)
    a = torch.cat([torch.ones(1), 0.3 * torch.randn(poles)]).double()
    frequencies = torch.linspace(0, 8000, 33, dtype=torch.float64)
    expected = freqz(b, a, frequencies.numpy(), fs=RATE)[1]
    response = filters.frequency_response(b, a, frequencies, sample_rate=RATE)
    np.testing.assert_allclose(response, expected, atol=1e-12 * abs(expected).max())
    level = filters.magnitude_db(b, a, frequencies, sample_rate=RATE)
    np.testing.assert_allclose(level, 20 * np.log10(abs(expected)), atol=1e-6)


def test_response_is_the_spectrum_of_the_recursion():
    b, a = filters.bandpass_biquad(1000.0, 2.0, sample_rate=RATE)
    impulse = torch.eye(1, 1024, dtype=torch.float64)[0]
    spectrum = torch.fft.rfft(filters.recursion(impulse, b, a))
    bins = torch.arange(513, dtype=torch.float64)
    torch.testing.assert_close(spectrum, filters.frequency_response(b, a, bins, sample_rate=1024))


def test_phase_equals_unwrapped_angle():
    b, a = filters.allpass_biquad(500.0, 4.0, sample_rate=RATE)
    b = torch.nn.functional.pad(b, (5, 0))  # five samples later: 5 pi more
    frequencies = torch.linspace(0, 8000, 200, dtype=torch.float64)
    expected = np.unwrap(np.angle(freqz(b, a, frequencies.numpy(), fs=RATE)[1]))
    ours = filters.phase(b, a, frequencies, sample_rate=RATE)
    np.testing.assert_allclose(ours, expected, atol=1e-9)
    assert ours[-1].item() == pytest.approx(-7 * math.pi)


@pytest.mark.parametrize("q", [0.3, 5.0])
def test_group_delay_equals_scipy(q):
    b, a = filters.peaking_biquad(500.0, 9.0, q, sample_rate=RATE)
    frequencies = torch.linspace(0, 8000, 50, dtype=torch.float64)
    expected = group_delay((b.numpy(), a.numpy()), frequencies.numpy(), fs=RATE)[1]
    np.testing.assert_allclose(filters.group_delay(b, a, frequencies, sample_rate=RATE), expected, atol=1e-9)


def test_group_delay_is_the_slope_of_the_phase():
    b, a = filters.lowpass_biquad(900.0, 3.0, sample_rate=RATE)
    frequency = torch.tensor([850.0], dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(filters.phase(b, a, frequency, sample_rate=RATE).sum(), frequency)
    delay = filters.group_delay(b, a, frequency, sample_rate=RATE)
    torch.testing.assert_close(delay, -slope * RATE / (2 * math.pi))


@pytest.mark.parametrize("function", [filters.phase, filters.group_delay])
def test_phase_at_a_zero_of_the_response(function):
    """Silence has no phase: the result is 0 there, and its gradient finite."""
    b = torch.tensor([1.0, 1.0], dtype=torch.float64, requires_grad=True)
    frequencies = torch.tensor([0.0, 8000.0])
    for gain in (1.0, 0.0):
        result = function(gain * b, torch.ones(1), frequencies, sample_rate=RATE)
        assert result.isfinite().all()
        assert gain or (result == 0).all()
        assert torch.autograd.grad(result.sum(), b)[0].isfinite().all()


def test_batch():
    frequencies = torch.tensor([10.0, 1000.0])
    b, a = filters.lowpass_biquad(torch.tensor([100.0, 1000.0, 5000.0]), sample_rate=RATE)
    for function in FUNCTIONS:
        together = function(b, a, frequencies, sample_rate=RATE)
        assert together.shape == (3, 2)
        for i in range(3):
            torch.testing.assert_close(together[i], function(b[i], a[i], frequencies, sample_rate=RATE))


def test_gradient():
    b = torch.randn(2, 3, dtype=torch.float64, requires_grad=True)
    a = torch.tensor([1.0, -0.9, 0.5], dtype=torch.float64, requires_grad=True)
    frequencies = torch.tensor([0.0, 500.0, 8000.0])
    for function in FUNCTIONS:
        assert gradcheck(lambda b, a, f=function: f(b, a, frequencies, sample_rate=RATE), (b, a))


def test_zero_of_the_response():
    """A low-pass has a zero at Nyquist: the level stops at the floor, and its gradient is finite."""
    cutoff = torch.tensor(1000.0, requires_grad=True)
    b, a = filters.lowpass_biquad(cutoff, sample_rate=RATE)
    level = filters.magnitude_db(b, a, torch.tensor([8000.0]), sample_rate=RATE, floor_db=-120.0)
    assert level.item() == pytest.approx(-120.0)
    assert torch.autograd.grad(level.sum(), cutoff)[0].isfinite()


@pytest.mark.parametrize("cutoff", [1e-3, 7999.99])
@pytest.mark.parametrize("q", [1e-3, 1e3])
def test_finite_at_the_bounds(cutoff, q):
    controls = [torch.tensor(v, requires_grad=True) for v in (cutoff, q)]
    frequencies = torch.cat([torch.tensor([0.0, cutoff, 8000.0])])
    b, a = filters.lowpass_biquad(*controls, sample_rate=RATE)
    level = filters.magnitude_db(b, a, frequencies, sample_rate=RATE)
    assert level.isfinite().all()
    for gradient in torch.autograd.grad(level.sum(), controls):
        assert gradient.isfinite()


def error_db(radius: float, padding: float) -> float:
    """Error of frequency sampling, relative to the recursion, for 4096 samples of noise through a resonance."""
    x = torch.randn(20, 4096, dtype=torch.float64)
    a = torch.tensor([1.0, -2 * radius * math.cos(0.3), radius**2], dtype=torch.float64)
    exact = filters.recursion(x, torch.ones(1), a)
    sampled = filters.frequency_sampling(x, torch.ones(1), a, padding=padding)
    return 10 * math.log10((sampled - exact).square().mean() / exact.square().mean())


@pytest.mark.parametrize(("radius", "unpadded", "padded"), [(0.9, -30, -298), (0.99, -20, -278), (0.999, -8, -44)])
def test_circular_error_is_as_documented(radius, unpadded, padded):
    assert error_db(radius, 0) == pytest.approx(unpadded, abs=4)
    assert error_db(radius, 1) == pytest.approx(padded, abs=10 if padded < -200 else 4)


def test_frequency_sampling_gradient_and_batch():
    x = torch.randn(2, 10, dtype=torch.float64, requires_grad=True)
    b, a = (
        c.detach().requires_grad_() for c in filters.lowpass_biquad(torch.tensor([900.0, 4000.0]), sample_rate=RATE)
    )
    assert gradcheck(filters.frequency_sampling, (x, b, a))
    together = filters.frequency_sampling(x, b, a)
    for i in range(2):
        torch.testing.assert_close(together[i], filters.frequency_sampling(x[i], b[i], a[i]))


def test_frequency_sampling_keeps_type_length_and_direction():
    """Padded well, sound and gradient are those of the recursion, in float32 too."""
    x = torch.randn(3, 999)
    results = []
    for run in (filters.recursion, filters.frequency_sampling):
        cutoff = torch.tensor(800.0, requires_grad=True)
        y = run(x, *filters.lowpass_biquad(cutoff, 2.0, sample_rate=RATE))
        assert y.shape == x.shape
        assert y.dtype == torch.float32
        results.append((y, *torch.autograd.grad(y.square().mean(), cutoff)))
    for exact, sampled in zip(*results, strict=True):
        torch.testing.assert_close(sampled, exact, rtol=1e-4, atol=1e-6)


def test_traces():
    x = torch.randn(256)

    def step(cutoff):
        b, a = filters.lowpass_biquad(cutoff, sample_rate=RATE)
        loss = filters.frequency_sampling(x, b, a).square().mean()
        for function in FUNCTIONS[1:]:
            loss = loss + function(b, a, torch.tensor([100.0, 1000.0]), sample_rate=RATE).mean()
        return torch.autograd.grad(loss, cutoff)[0]

    graph = make_fx(step)(torch.tensor(500.0, requires_grad=True))
    other = torch.tensor(900.0, requires_grad=True)
    torch.testing.assert_close(graph(other), step(other))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: filters.frequency_response([1.0], torch.ones(1), torch.ones(1), sample_rate=RATE),
            "b must be a tensor",
        ),
        (
            lambda: filters.frequency_response(torch.ones(1), torch.zeros(1), torch.ones(1), sample_rate=RATE),
            "must not be 0",
        ),
        (
            lambda: filters.frequency_response(torch.ones(1), torch.ones(1), torch.ones(0), sample_rate=RATE),
            "frequencies",
        ),
        (
            lambda: filters.magnitude_db(torch.ones(1), torch.ones(1), torch.ones(1), sample_rate=-1),
            "sample_rate must be",
        ),
        (
            lambda: filters.magnitude_db(torch.ones(1), torch.ones(1), torch.ones(1), sample_rate=1, floor_db=math.nan),
            "floor_db must be finite",
        ),
        (lambda: filters.phase(torch.ones(1), torch.ones(1), [100.0], sample_rate=1), "frequencies must be"),
        (lambda: filters.group_delay([1.0], torch.ones(1), torch.ones(1), sample_rate=1), "b must be a tensor"),
        (lambda: filters.group_delay(torch.ones(1), torch.ones(1), [100.0], sample_rate=1), "frequencies must be"),
        (
            lambda: filters.frequency_response(torch.ones(2, 1), torch.ones(3, 1), torch.ones(1), sample_rate=1),
            "b and a must",
        ),
        (
            lambda: filters.frequency_sampling(torch.ones(4), torch.ones(1), torch.ones(1), padding=-1),
            "padding must be at",
        ),
        (lambda: filters.frequency_sampling(torch.ones(4).long(), torch.ones(1), torch.ones(1)), "x must be a float32"),
        (lambda: filters.frequency_sampling(torch.ones(2, 4), torch.ones(3, 1), torch.ones(1)), "x and b and a must"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
