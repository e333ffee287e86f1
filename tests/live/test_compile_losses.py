"""Losses and spectra in WebAssembly beside PyTorch; the one that does not compile says so."""

import functools

import pytest
import torch

from ddsp_lite import losses, spectra
from ddsp_lite.live.compile import compile_model
from ddsp_lite.live.controls import Bars, Slider
from ddsp_lite.live.trace import UnsupportedOperation

pytestmark = pytest.mark.slow  # each test compiles a model
RATE = 16000
TARGET = torch.sin(torch.arange(512) ** 1.3 * 0.1)
SOUND = torch.cos(torch.arange(512) ** 1.2 * 0.2)
CONTROLS = {"gain": Slider(0, 2, 0.7), "x": Bars(4, start=[0.3, -1.0, 0.7, 1.2], low=-10.0, high=10.0)}
LOSSES = {
    "multi_scale_stft": functools.partial(losses.multi_scale_stft, fft_sizes=(128, 32), convergence=0.5),
    "mel": functools.partial(losses.mel, sample_rate=RATE, fft_size=128, n_mels=12, linear=1.0, convergence=0.5),
    "loudness": functools.partial(losses.loudness, sample_rate=RATE, fft_size=64, hop_length=32),
    "wasserstein": functools.partial(losses.wasserstein, fft_size=128),
    "si_sdr": losses.si_sdr,
    "envelope": functools.partial(losses.envelope, frame_length=64, hop_length=32),
}


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_losses(loss, assert_compiles):
    def function(gain, x):
        y = gain * SOUND + 0.1 * x[:, None].expand(4, 128).flatten()
        return {"audio": y, "loss": loss(y, TARGET)}

    assert_compiles(function, CONTROLS, tolerance=1e-4)


def test_a_kept_target_compiles(assert_compiles):
    against = losses.Against(losses.multi_scale_stft, TARGET, fft_sizes=(128, 32))

    def function(gain, x):
        return {"loss": against(gain * SOUND + 0.1 * x[:, None].expand(4, 128).flatten())}

    assert_compiles(function, CONTROLS, tolerance=1e-4)


def test_spectra(assert_compiles):
    def function(gain, x):
        y = gain * SOUND + 0.1 * x[:, None].expand(4, 128).flatten()
        options = {"sample_rate": RATE, "fft_size": 128, "hop_length": 64}
        bands = spectra.pqmf_analysis(y, n_bands=4)
        results = {
            "mfcc": spectra.mfcc(y, n_mfcc=5, n_mels=12, **options),
            "loudness": spectra.loudness(y, **options),
            "bands": bands,
            "again": spectra.pqmf_synthesis(bands * torch.tensor([[1.0], [0.5], [0.2], [0.1]])),
        }
        return {**results, "loss": sum(r.square().mean() for r in results.values())}

    assert_compiles(function, CONTROLS, tolerance=1e-4)


def test_second_order_transport_says_that_it_does_not_compile():
    with pytest.raises(UnsupportedOperation, match=r"sort|searchsorted"):
        compile_model(
            lambda gain: {"loss": losses.wasserstein(gain * SOUND, TARGET, order=2)}, {"gain": CONTROLS["gain"]}
        )
