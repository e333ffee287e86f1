"""Equaliser sections beside SciPy's bilinear transform of the analogue prototypes."""

import math

import numpy as np
import pytest
import torch
from scipy.signal import bilinear, freqz
from torch.autograd import gradcheck
from torch.fx.experimental.proxy_tensor import make_fx

from ddsp_lite import filters

RATE = 16000
DESIGNS = {
    "peaking": (lambda A, q: [1, A / q, 1], lambda A, q: [1, 1 / (A * q), 1]),
    "low_shelf": (
        lambda A, q: [A, A * math.sqrt(A) / q, A * A],
        lambda A, q: [A, math.sqrt(A) / q, 1],
    ),
    "high_shelf": (
        lambda A, q: [A * A, A * math.sqrt(A) / q, A],
        lambda A, q: [1, math.sqrt(A) / q, A],
    ),
}


def design(kind, *controls):
    return getattr(filters, f"{kind}_biquad")(*controls, sample_rate=RATE)


@pytest.mark.parametrize("kind", DESIGNS)
@pytest.mark.parametrize("frequency", [5.0, 440.0, 7900.0])
@pytest.mark.parametrize("gain_db", [-24.0, 0.0, 6.0])
@pytest.mark.parametrize("q", [0.1, 0.7071, 30.0])
def test_equals_bilinear_transform(kind, frequency, gain_db, q):
    root = 10 ** (gain_db / 40)
    numerator, denominator = (part(root, q) for part in DESIGNS[kind])
    expected = bilinear(numerator, denominator, fs=1 / (2 * math.tan(math.pi * frequency / RATE)))
    for ours, theirs in zip(design(kind, frequency, gain_db, q), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-7, atol=1e-12 * abs(theirs).max())


@pytest.mark.parametrize("gain_db", [-12.0, 9.0])
def test_gains_are_as_documented(gain_db):
    """At 0 Hz, at the frequency, and at half of the sample rate, in dB."""
    expected = {
        "peaking": (0, gain_db, 0),
        "low_shelf": (gain_db, gain_db / 2, 0),
        "high_shelf": (0, gain_db / 2, gain_db),
    }
    for kind, levels in expected.items():
        b, a = design(kind, 1500.0, gain_db)
        response = freqz(b, a, [0.0, 1500.0, 8000.0], fs=RATE)[1]
        np.testing.assert_allclose(20 * np.log10(abs(response)), levels, atol=1e-9)


@pytest.mark.parametrize("kind", DESIGNS)
def test_opposite_gains_undo_each_other(kind):
    (b, a), (inverse_b, inverse_a) = (design(kind, 700.0, gain, 2.0) for gain in (7.0, -7.0))
    torch.testing.assert_close(b / b[0], inverse_a)
    torch.testing.assert_close(a, inverse_b / inverse_b[0])


@pytest.mark.parametrize("kind", DESIGNS)
def test_gradient_and_batch(kind):
    frequency = torch.tensor([[30.0], [3000.0]], dtype=torch.float64, requires_grad=True)
    gain = torch.tensor([-20.0, 0.0, 12.0], dtype=torch.float64, requires_grad=True)
    q = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    assert gradcheck(lambda *controls: design(kind, *controls), (frequency, gain, q))
    b, a = design(kind, frequency, gain, q)
    assert b.shape == a.shape == (2, 3, 3)
    torch.testing.assert_close((b[1, 2], a[1, 2]), design(kind, 3000.0, 12.0, 2.0))


@pytest.mark.parametrize("kind", DESIGNS)
@pytest.mark.parametrize("frequency", [1e-6, 8000 - 1e-3])
@pytest.mark.parametrize("gain_db", [-120.0, 120.0])
def test_finite_at_the_bounds(kind, frequency, gain_db):
    controls = [torch.tensor(v, requires_grad=True) for v in (frequency, gain_db, 1e-3)]
    for coefficients in design(kind, *controls):
        assert coefficients.dtype == torch.float64
        assert coefficients.isfinite().all()
        for gradient in torch.autograd.grad(coefficients.sum(), controls, retain_graph=True):
            assert gradient.isfinite()


def test_traces():
    def step(cutoff, gain):
        b, a = filters.low_shelf_biquad(cutoff, gain, sample_rate=RATE)
        return torch.autograd.grad((b * a).sum(), (cutoff, gain))

    at, other = ([torch.tensor(v, requires_grad=True) for v in values] for values in ((500.0, 3.0), (900.0, -6.0)))
    for traced, eager in zip(make_fx(step)(*at)(*other), step(*other), strict=True):
        torch.testing.assert_close(traced, eager)


@pytest.mark.parametrize("kind", DESIGNS)
@pytest.mark.parametrize(
    ("controls", "message"),
    [
        ((8000.0, 1.0), r"must lie in \(0, 8000\) Hz, got 8000.0"),
        ((100.0, math.inf), "gain_db must be finite, got inf"),
        ((100.0, torch.tensor(1)), "gain_db must be a float32 or float64 tensor, got torch.int64"),
        ((100.0, 1.0, 0.0), "q must be above 0, got 0.0"),
        ((torch.ones(2), torch.ones(3)), "and gain_db must broadcast"),
    ],
)
def test_bad_input(kind, controls, message):
    with pytest.raises(ValueError, match=message):
        design(kind, *controls)
