"""Spectral operations beside the plain PyTorch way of writing them, and beside auraloss."""

from __future__ import annotations

import functools
import math

import torch
from scipy.fft import next_fast_len
from torch import Tensor

from benchmarks.table import Row, peer
from ddsp_lite import effects, losses, noise

SAMPLE_RATE = 16000
SIZES = (2048, 1024, 512, 256, 128, 64)
_END = 3 * SIZES[0] // 4  # more than half a frame, and whole hops, so that no frame holds just a sound's first sample


# Multi-scale loss on short-time spectra


def sounds(tiny: bool) -> tuple[Tensor, Tensor]:
    """Noise, without the silence at both ends that `ended` adds.

    It is loud, so that no bin comes near a floor: auraloss cuts magnitudes off there, where ours bends smoothly, and
    one bin at the floor can outweigh all others in the gradient.
    """
    batch, samples = (1, 6144) if tiny else (8, 4 * SAMPLE_RATE)
    prediction, target = 100 * torch.randn(2, batch, samples - 2 * _END)
    return prediction.requires_grad_(), target


def kept(tiny: bool) -> tuple[Tensor, losses.Against]:
    """The same, with the target's spectra computed already."""
    prediction, target = sounds(tiny)
    return prediction, losses.Against(losses.multi_scale_stft, ended(target), fft_sizes=SIZES)


def ended(x: Tensor) -> Tensor:
    """Add silence at both ends, beyond which auraloss takes a sound's mirror image and we more silence."""
    return torch.nn.functional.pad(x, (_END, _END))


def our_loss(prediction: Tensor, target: Tensor) -> Tensor:
    """The package's."""
    return losses.multi_scale_stft(ended(prediction), ended(target), fft_sizes=SIZES)


def plain_loss(prediction: Tensor, target: Tensor) -> Tensor:
    """As one first writes it down: torch.stft, magnitudes with the same floor, mean absolute differences."""
    return _plain_loss(ended(prediction), ended(target))


def _plain_loss(prediction: Tensor, target: Tensor) -> Tensor:
    total = 0.0
    for size in SIZES:
        window = torch.hann_window(size, dtype=prediction.dtype)

        def magnitudes(x: Tensor, size: int = size, window: Tensor = window) -> Tensor:
            spectrum = torch.stft(x, size, size // 4, window=window, pad_mode="constant", return_complex=True)
            return torch.sqrt(spectrum.real**2 + spectrum.imag**2 + 1e-6)

        ours, theirs = magnitudes(prediction), magnitudes(target)
        total = total + (ours - theirs).abs().mean() + (ours.log() - theirs.log()).abs().mean()
    return total / len(SIZES)


def auraloss_loss(prediction: Tensor, target: Tensor) -> Tensor:
    """The peer's, without its spectral convergence, with its linear magnitudes."""
    return _auraloss()(ended(prediction).unsqueeze(1), ended(target).unsqueeze(1))


@functools.cache
def _auraloss() -> torch.nn.Module:
    hops = [size // 4 for size in SIZES]
    weights = {"w_sc": 0.0, "w_log_mag": 1.0, "w_lin_mag": 1.0}
    return peer("auraloss.freq").MultiResolutionSTFTLoss(SIZES, hops, SIZES, **weights)


# Filtered noise


def hiss(tiny: bool) -> tuple[Tensor, Tensor]:
    """Magnitudes of 65 bands, 250 frames a second, and white noise to be filtered."""
    batch, frames = (1, 4) if tiny else (8, 1000)
    return torch.rand(batch, frames, 65).requires_grad_(), 2 * torch.rand(batch, frames * 64) - 1


def our_noise(magnitudes: Tensor, white: Tensor) -> Tensor:
    """The package's."""
    return noise.filtered(magnitudes, n_samples=white.shape[-1], noise=white)


def plain_noise(magnitudes: Tensor, white: Tensor) -> Tensor:
    """As one first writes it down: windowed impulse responses, a product of spectra for each frame, overlap and add."""
    batch, frames, bands = magnitudes.shape
    hop, taps = white.shape[-1] // frames, 2 * bands - 1
    size = 2 ** math.ceil(math.log2(hop + taps - 1))
    responses = torch.fft.irfft(magnitudes, n=2 * (bands - 1))
    responses = torch.cat([responses[..., bands - 1 :], responses[..., :bands]], -1)
    responses = responses * torch.hann_window(2 * bands, dtype=magnitudes.dtype)[1:]
    blocks = white.reshape(batch, frames, hop)
    pieces = torch.fft.irfft(torch.fft.rfft(responses, n=size) * torch.fft.rfft(blocks, n=size), n=size)
    length = (frames - 1) * hop + size
    y = torch.nn.functional.fold(pieces.transpose(1, 2), (1, length), (1, size), stride=(1, hop))
    return y[:, 0, 0, bands - 1 : bands - 1 + white.shape[-1]]


# Reverb


def our_reverb(x: Tensor, response: Tensor) -> Tensor:
    """The package's."""
    return effects.convolution_reverb(x, response)


def plain_reverb(x: Tensor, response: Tensor) -> Tensor:
    """A product of spectra, at a length that is fast."""
    size = next_fast_len(x.shape[-1] + response.shape[-1] - 1, real=True)
    return x + torch.fft.irfft(torch.fft.rfft(x, n=size) * torch.fft.rfft(response, n=size), n=size)[..., : x.shape[-1]]


def _reverb(sound: float, response: float, threads: int = 1) -> Row:
    def inputs(tiny: bool) -> tuple[Tensor, Tensor]:
        lengths = [round((0.01 if tiny else seconds) * 48000) for seconds in (sound, response)]
        x, h = (torch.randn(length).requires_grad_() for length in lengths)
        return x, h

    return Row(
        name="reverb",
        setting=f"sound {sound:g} s, response {response:g} s, 48 kHz, {threads} thread{'s' * (threads > 1)}",
        inputs=inputs,
        ours=our_reverb,
        others={"plain PyTorch": plain_reverb},
        bars={"plain PyTorch": 1.0},
        accuracy=1e-6,
        threads=threads,
    )


ROWS = [
    Row(
        name="multi-scale STFT loss",
        setting="2048…64, 4 s, 16 kHz, batch 8, 2 threads",
        inputs=sounds,
        ours=our_loss,
        others={"plain PyTorch": plain_loss, "auraloss": auraloss_loss},
        bars={"plain PyTorch": 3.0, "auraloss": 5.0},
        accuracy=2e-3,
        threads=2,
    ),
    Row(
        name="multi-scale STFT loss",
        setting="2048…64, 4 s, 16 kHz, batch 8, target kept, 2 threads",
        inputs=kept,
        ours=lambda prediction, against: against(ended(prediction)),
        others={"plain PyTorch": lambda prediction, against: _plain_loss(ended(prediction), against.target)},
        bars={"plain PyTorch": 5.0},
        accuracy=2e-3,
        threads=2,
    ),
    *(
        Row(
            name="filtered noise",
            setting=f"65 bands, 4 s, 16 kHz, batch 8, {threads} thread{'s' * (threads > 1)}",
            inputs=hiss,
            ours=our_noise,
            others={"plain PyTorch": plain_noise},
            bars={"plain PyTorch": 3.0},
            accuracy=1e-5,
            threads=threads,
        )
        for threads in (1, 2)
    ),
    *(_reverb(*seconds) for seconds in ((0.01, 0.01), (0.1, 0.1), (1.0, 0.3), (1.0, 3.0), (10.0, 3.0))),
    _reverb(10.0, 3.0, threads=2),
]
