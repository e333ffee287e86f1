"""Filter designs beside SciPy's bilinear transform and window method, and closed forms."""

import math

import numpy as np
import pytest
import torch
from scipy.signal import bilinear, firwin, freqz
from torch.autograd import gradcheck
from torch.fx.experimental.proxy_tensor import make_fx

from ddsp_lite import filters

RATE = 16000
PROTOTYPES = {
    "lowpass": lambda q: [1.0],
    "highpass": lambda q: [1.0, 0.0, 0.0],
    "bandpass": lambda q: [1 / q, 0.0],
    "notch": lambda q: [1.0, 0.0, 1.0],
    "allpass": lambda q: [1.0, -1 / q, 1.0],
}


@pytest.mark.parametrize("kind", PROTOTYPES)
@pytest.mark.parametrize("frequency", [5.0, 440.0, 4000.0, 7900.0])
@pytest.mark.parametrize("q", [0.1, 0.7071, 30.0])
def test_biquad_equals_bilinear_transform(kind, frequency, q):
    b, a = getattr(filters, f"{kind}_biquad")(frequency, q, sample_rate=RATE)
    half_rate = 1 / (2 * math.tan(math.pi * frequency / RATE))
    expected_b, expected_a = bilinear(PROTOTYPES[kind](q), [1.0, 1 / q, 1.0], fs=half_rate)
    np.testing.assert_allclose(b, expected_b, rtol=1e-8, atol=1e-12 * abs(expected_b).max())
    np.testing.assert_allclose(a, expected_a, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("q", [0.5, 0.7071, 8.0])
def test_gain_at_the_frequency(q):
    """The low- and high-pass have a gain of Q there, the band-pass and all-pass one, the notch none."""
    for kind, gain in (("lowpass", q), ("highpass", q), ("bandpass", 1.0), ("notch", 0.0), ("allpass", 1.0)):
        b, a = getattr(filters, f"{kind}_biquad")(1234.0, q, sample_rate=RATE)
        np.testing.assert_allclose(abs(freqz(b, a, [1234.0], fs=RATE)[1]), gain, rtol=1e-9, atol=1e-12)


def test_float64_from_float32_controls():
    b, a = filters.lowpass_biquad(torch.tensor(20.0), torch.tensor(0.5), sample_rate=RATE)
    expected = filters.lowpass_biquad(20.0, 0.5, sample_rate=RATE)
    assert b.dtype == a.dtype == torch.float64
    torch.testing.assert_close((b, a), expected, rtol=1e-15, atol=0)


def test_low_cutoff_needs_float64_coefficients():
    """Rounded to float32, the coefficients of a resonance at 20 Hz cost about a hundredth of the sound."""
    x = torch.randn(44100, dtype=torch.float64)
    b, a = filters.lowpass_biquad(20.0, 10.0, sample_rate=44100)
    exact, rounded = filters.recursion(x, b, a), filters.recursion(x, b.float(), a.float())
    assert (rounded - exact).norm() > 3e-3 * exact.norm()


@pytest.mark.parametrize("kind", PROTOTYPES)
def test_biquad_gradient_and_batch(kind):
    design = getattr(filters, f"{kind}_biquad")
    frequency = torch.tensor([[30.0], [3000.0]], dtype=torch.float64, requires_grad=True)
    q = torch.tensor([0.3, 1.0, 20.0], dtype=torch.float64, requires_grad=True)
    assert gradcheck(lambda f, q: design(f, q, sample_rate=RATE), (frequency, q))
    b, a = design(frequency, q, sample_rate=RATE)
    assert b.shape == a.shape == (2, 3, 3)
    assert (a[..., 0] == 1).all()
    single = design(frequency[1, 0].item(), q[2].item(), sample_rate=RATE)
    torch.testing.assert_close((b[1, 2], a[1, 2]), single)


@pytest.mark.parametrize("kind", PROTOTYPES)
@pytest.mark.parametrize("frequency", [1e-6, 8000 - 1e-3])
@pytest.mark.parametrize("q", [1e-6, 1e6])
def test_biquad_is_finite_at_the_bounds(kind, frequency, q):
    controls = [torch.tensor(v, requires_grad=True) for v in (frequency, q)]
    for coefficients in getattr(filters, f"{kind}_biquad")(*controls, sample_rate=RATE):
        assert coefficients.isfinite().all()
        for gradient in torch.autograd.grad(coefficients.square().sum(), controls, retain_graph=True):
            assert gradient.isfinite()


@pytest.mark.parametrize("n_taps", [3, 5, 101])
@pytest.mark.parametrize("cutoff", [0.5, 1000.0, 7999.0])
def test_windowed_sinc_equals_scipy(cutoff, n_taps):
    taps = filters.windowed_sinc(cutoff, n_taps, sample_rate=RATE)
    np.testing.assert_allclose(taps, firwin(n_taps, cutoff, window="hann", fs=RATE), atol=1e-14)


def test_windowed_sinc_gain():
    taps = filters.windowed_sinc(1000.0, 257, sample_rate=RATE)
    gains = abs(freqz(taps, 1, [0.0, 500.0, 1000.0, 2000.0], fs=RATE)[1])
    np.testing.assert_allclose(gains, [1.0, 1.0, 0.5, 0.0], atol=3e-3)


def test_windowed_sinc_gradient_and_batch():
    cutoff = torch.tensor([1e-3, 100.0, 7999.0], dtype=torch.float64, requires_grad=True)
    assert gradcheck(lambda f: filters.windowed_sinc(f, 31, sample_rate=RATE), (cutoff,))
    taps = filters.windowed_sinc(cutoff.float(), 31, sample_rate=RATE)
    assert taps.shape == (3, 31)
    assert taps.dtype == torch.float64
    torch.testing.assert_close(taps[1], filters.windowed_sinc(100.0, 31, sample_rate=RATE))


def test_traces():
    def step(cutoff):
        taps = filters.windowed_sinc(cutoff, 31, sample_rate=RATE)
        return torch.autograd.grad(taps.square().sum(), cutoff)[0]

    graph = make_fx(step)(torch.tensor(500.0, requires_grad=True))
    other = torch.tensor(900.0, requires_grad=True)
    torch.testing.assert_close(graph(other), step(other))


@pytest.mark.parametrize(
    ("cutoff", "n_taps", "message"),
    [
        (1000.0, 10, "n_taps must be odd, got 10"),
        (1000.0, 1, "n_taps must be at least 3, got 1"),
        (1000.0, 11.0, "n_taps must be an integer"),
        (8000.0, 11, r"cutoff must lie in \(0, 8000\) Hz, got 8000.0"),
        (-1.0, 11, "cutoff must lie in"),
        (torch.tensor(True), 11, "cutoff must be a float32 or float64 tensor, got torch.bool"),
    ],
)
def test_bad_input(cutoff, n_taps, message):
    with pytest.raises(ValueError, match=message):
        filters.windowed_sinc(cutoff, n_taps, sample_rate=RATE)
