"""What the network is given: a sound and its pitch and loudness, frame by frame."""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from ddsp_lite import audio, checks, features
from ddsp_lite.systems.autoencoder.network import Configuration

VOICED = 0.05  # of the frames: with fewer there is nothing to play
PERIODIC = 0.4  # correlation of a sound with itself a period later: noise, which pYIN calls voiced too, has less


class Sound(NamedTuple):
    """A sound with its contours.

    Attributes:
        x: samples, (frames * hop,).
        f0: in Hz, (frames,).
        loudness: in dB, (frames,).
        voiced: which frames have a pitch, (frames,).
        heard: in which frames training compares, (frames,); None for all. From the others it takes pitch and loudness
            only.
    """

    x: Tensor
    f0: Tensor
    loudness: Tensor
    voiced: Tensor
    heard: Tensor | None = None


def analyse(
    x: Tensor, configuration: Configuration | None = None, *, pitch: str = "voice", name: str = "the sound"
) -> Sound:
    """Measure pitch and loudness of a sound.

    Args:
        x: sound (time,), at the configuration's sample rate. What does not fill a frame at its end is left out.
        configuration: None for the usual one.
        pitch: "voice" for `features.f0`, which follows voices and most instruments; "whistle" for `features.whistle`,
            which follows birds.
        name: what an error calls it.

    Raises:
        ValueError: it is not mono or too short, silent, or has no pitch.

    Source: Engel, Hantrakul, Gu, Roberts (2020), DDSP: Differentiable Digital Signal Processing.
    Chapter: systems/autoencoder.

    >>> sound = analyse(0.35 * torch.sin(2 * torch.pi * 440 * torch.arange(8000) / 16000))
    >>> sound.f0.shape, round(float(sound.f0[10])), round(float(sound.loudness[10]))
    (torch.Size([31]), 440, -13)
    """
    c = configuration or Configuration()
    checks.one_of(pitch, "pitch", ("voice", "whistle"))
    if x.ndim != 1 or x.shape[-1] < 4 * c.hop:
        raise ValueError(
            f"{name} must be mono and last at least {4 * c.hop} samples at {c.sample_rate} Hz, "
            f"got shape {tuple(x.shape)}. Give a longer recording."
        )
    if not torch.isfinite(x).all():
        raise ValueError(f"{name} holds samples that are not finite. Export it again.")
    x = x[: x.shape[-1] // c.hop * c.hop].float()
    frames = len(x) // c.hop
    if x.abs().max() < 1e-4:
        raise ValueError(f"{name} is silent: its largest sample is {x.abs().max():.1e}. Give a recording with sound.")
    follow = features.f0 if pitch == "voice" else features.whistle
    f0, voiced = follow(x, sample_rate=c.sample_rate, hop_length=c.hop)
    if voiced.float().mean() < VOICED or (pitch == "voice" and _periodicity(x, f0, c)[voiced].median() < PERIODIC):
        raise ValueError(f"{name} has no pitch that could be followed. Give a recording of one note at a time.")
    loudness = features.loudness(x, sample_rate=c.sample_rate, hop_length=c.hop)
    return Sound(x, f0[:frames], loudness[:frames], voiced[:frames])


def read(path: str | Path, configuration: Configuration | None = None, *, pitch: str = "voice") -> Sound:
    """Read and analyse a file of any kind that libsndfile knows.

    Args:
        path: the file, at any rate; its channels are mixed.
        configuration, pitch: as for `analyse`.

    Raises:
        ValueError: it cannot be read, or `analyse` refuses it. The message names the file, and the remedy.

    Source: none; libsndfile reads the file.
    Chapter: systems/autoencoder.
    """
    c = configuration or Configuration()
    try:
        x = audio.load(path, sample_rate=c.sample_rate)
    except (ValueError, OSError) as error:
        raise ValueError(f"{path} cannot be read as a sound: {error} Give a file that libsndfile reads.") from error
    return analyse(x, c, pitch=pitch, name=str(path))


def middle(sound: Sound) -> tuple[float, float]:
    """Where a sound lies: the median of its pitch in Hz, and the loudness in dB that a tenth of its voiced frames pass.

    >>> x = torch.zeros(10 * 256)
    >>> middle(Sound(x, torch.full((10,), 220.0), -torch.arange(10.0), torch.ones(10) > 0))
    (220.0, -0.9)
    """
    level = float(sound.loudness[sound.voiced].quantile(0.9))
    return round(float(sound.f0[sound.voiced].median()), 2), round(level, 2)


def moved(sound: Sound, pitch: float, loudness: float) -> tuple[Tensor, Tensor]:
    """A sound's contours, moved by whole octaves and in level to where another sound lies, such as a run's.

    Args:
        sound: the sound that is followed.
        pitch, loudness: where the other lies: `middle` of it.

    Returns:
        f0 in Hz and loudness in dB, each (frames,).

    Source: Engel, Hantrakul, Gu, Roberts (2020), DDSP: Differentiable Digital Signal Processing.
    Chapter: systems/autoencoder.

    >>> x = torch.zeros(10 * 256)
    >>> bird = Sound(x, torch.full((10,), 3600.0), torch.full((10,), -30.0), torch.ones(10) > 0)
    >>> [float(contour[0]) for contour in moved(bird, 440.0, -20.0)]
    [450.0, -20.0]
    """
    here, level = middle(sound)
    return sound.f0 * 2.0 ** round(math.log2(pitch / here)), sound.loudness + (loudness - level)


def _periodicity(x: Tensor, f0: Tensor, c: Configuration) -> Tensor:
    """The correlation of the sound around each frame with itself, a period later, (frames,)."""
    size = 2 * c.hop
    lag = (c.sample_rate / f0.clamp(min=1.0)).round().long().clamp(1, size)
    n = torch.arange(len(f0))[:, None] * c.hop + torch.arange(size)
    padded = torch.nn.functional.pad(x, (c.hop, 2 * size))
    now, later = padded[n], padded[n + lag[:, None]]
    energy = now.square().sum(-1) * later.square().sum(-1)
    return (now * later).sum(-1) / energy.clamp(min=1e-20).sqrt()
