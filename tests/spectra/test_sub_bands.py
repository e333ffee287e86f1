"""The PQMF bank: perfect to 60 dB, energy kept, each band where it belongs."""

import math

import numpy as np
import pytest
import torch
from scipy.signal import firwin, lfilter
from torch.autograd import gradcheck

from ddsp_lite import spectra


def test_filters_are_a_moved_low_pass():
    """SciPy's Kaiser-window low-pass, times the cosines, up to one factor."""
    prototype = firwin(256, 0.56231 / 16, window=("kaiser", 8.0))
    n, k = np.arange(256) - 127.5, np.arange(16)[:, None]
    expected = prototype * np.cos((2 * k + 1) * math.pi / 32 * n + (-1.0) ** k * math.pi / 4)
    filters = spectra.pqmf_filters(16).numpy()
    np.testing.assert_allclose(filters, expected * (filters[0, 0] / expected[0, 0]), atol=1e-5)
    assert np.square(filters).sum() == pytest.approx(16)


def test_analysis_is_filtering_and_keeping_every_sixteenth_sample():
    x = torch.randn(2, 200, dtype=torch.float64)
    bands = spectra.pqmf_analysis(x)
    for k, taps in enumerate(spectra.pqmf_filters(16).numpy()):
        filtered = lfilter(taps[::-1], [1.0], np.pad(x, ((0, 0), (0, 300))))[:, 15::16]
        np.testing.assert_allclose(bands[:, k], filtered[:, : bands.shape[-1]], atol=1e-12)


@pytest.mark.parametrize("n_bands", [2, 4, 16, 32])
@pytest.mark.parametrize("samples", [1, 500, 4096])
def test_reconstruction(n_bands, samples):
    """More than 60 dB, from the first sample to the last, and the energy of the bands is that of the sound."""
    x = torch.randn(samples, dtype=torch.float64)
    bands = spectra.pqmf_analysis(x, n_bands=n_bands)
    assert bands.shape == (n_bands, -(-samples // n_bands) + 15)
    y = spectra.pqmf_synthesis(bands, n_samples=samples)
    assert 20 * math.log10((y - x).norm() / x.norm()) < -60
    assert bands.square().sum().item() == pytest.approx(x.square().sum().item(), rel=2e-3)


def test_each_sinusoid_lands_in_its_band():
    n = torch.arange(4000, dtype=torch.float64)
    for k in range(16):
        energy = spectra.pqmf_analysis(torch.sin((k + 0.5) * math.pi / 16 * n)).square().sum(-1)
        assert energy.argmax() == k
        assert energy[k] > 0.99 * energy.sum()


def test_gradient_batch_and_types():
    x = torch.randn(2, 3, 20, dtype=torch.float64, requires_grad=True)
    assert gradcheck(lambda x: spectra.pqmf_analysis(x, n_bands=4), x, fast_mode=True)
    bands = torch.randn(2, 4, 20, dtype=torch.float64, requires_grad=True)
    assert gradcheck(spectra.pqmf_synthesis, bands, fast_mode=True)
    torch.testing.assert_close(spectra.pqmf_analysis(x)[1, 2], spectra.pqmf_analysis(x[1, 2]))
    torch.testing.assert_close(spectra.pqmf_synthesis(bands)[1], spectra.pqmf_synthesis(bands[1]))
    single = x.detach().float()
    assert spectra.pqmf_synthesis(spectra.pqmf_analysis(single)).dtype == torch.float32


def test_synthesis_is_the_transposed_analysis():
    x, bands = torch.randn(64, dtype=torch.float64), torch.randn(16, 19, dtype=torch.float64)
    torch.testing.assert_close((spectra.pqmf_analysis(x) * bands).sum(), (x * spectra.pqmf_synthesis(bands)).sum())


def test_traces(assert_traces):
    assert_traces(
        lambda x: spectra.pqmf_synthesis(spectra.pqmf_analysis(x, n_bands=4).square()),
        [torch.randn(64)],
        [torch.randn(64)],
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: spectra.pqmf_filters(1), "n_bands must be at least 2, got 1"),
        (lambda: spectra.pqmf_analysis(torch.ones(0)), "x must be a tensor"),
        (lambda: spectra.pqmf_analysis(torch.ones(4), n_bands=2.0), "n_bands must be an integer"),
        (lambda: spectra.pqmf_synthesis(torch.ones(16, 15)), r"bands must be a tensor .* got shape \(16, 15\)"),
        (lambda: spectra.pqmf_synthesis(torch.ones(20)), "bands must be a tensor"),
        (lambda: spectra.pqmf_synthesis(torch.ones(2, 20), n_samples=11), r"n_samples must lie in \[1, 10\], got 11"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
