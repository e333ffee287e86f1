"""What the network is given: a sound and its pitch and loudness, frame by frame."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from ddsp_lite import audio, features
from ddsp_lite.systems.autoencoder.network import Configuration


class Sound(NamedTuple):
    """A sound (frames * hop,), its f0 in Hz, loudness in dB and which frames have a pitch, each (frames,).

    ``heard`` says in which frames training compares; None for all. From the others it takes pitch and loudness only.
    """

    x: Tensor
    f0: Tensor
    loudness: Tensor
    voiced: Tensor
    heard: Tensor | None = None


def analyse(x: Tensor, configuration: Configuration | None = None, *, name: str = "the sound") -> Sound:
    """Measure pitch and loudness; a ValueError names a sound that is too short, silent or without any pitch."""
    c = configuration or Configuration()
    if x.ndim != 1 or x.shape[-1] < 4 * c.hop:
        raise ValueError(
            f"{name} must be mono and last at least {4 * c.hop} samples at {c.sample_rate} Hz, "
            f"got shape {tuple(x.shape)}. Give a longer recording."
        )
    x = x[: x.shape[-1] // c.hop * c.hop].float()
    frames = len(x) // c.hop
    if x.abs().max() < 1e-4:
        raise ValueError(f"{name} is silent: its largest sample is {x.abs().max():.1e}. Give a recording with sound.")
    f0, voiced = features.f0(x, sample_rate=c.sample_rate, hop_length=c.hop)
    if not voiced.any():
        raise ValueError(f"{name} has no pitch in any frame. Give a recording of one note at a time.")
    loudness = features.loudness(x, sample_rate=c.sample_rate, hop_length=c.hop)
    return Sound(x, f0[:frames], loudness[:frames], voiced[:frames])


def read(path: str | Path, configuration: Configuration | None = None) -> Sound:
    """Read and analyse a file of any kind that libsndfile knows; errors name it."""
    c = configuration or Configuration()
    try:
        x = audio.load(path, sample_rate=c.sample_rate)
    except Exception as error:
        raise ValueError(f"{path} cannot be read as a sound: {error} Give a file that libsndfile reads.") from error
    if x.numel() and not torch.isfinite(x).all():
        raise ValueError(f"{path} holds samples that are not finite. Export it again.")
    return analyse(x, c, name=str(path))
