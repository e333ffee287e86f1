"""Sound files, sample rates and levels."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ddsp_lite import checks

FORMATS = {".wav": "PCM_16", ".flac": "PCM_16", ".ogg": "VORBIS", ".mp3": "MPEG_LAYER_III"}
MP3_RATES = (8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)


def load(path: str | Path, *, sample_rate: int = 16_000, mono: bool = True) -> Tensor:
    """Read a sound file (WAV, FLAC, Ogg Vorbis, MP3 and others that libsndfile knows) at the sample rate wanted.

    Args:
        path: the file.
        sample_rate: Hz; a file at another rate is resampled.
        mono: True gives the mean of the channels, False keeps them.

    Returns:
        The sound, float32: (time,), or (channels, time) with ``mono=False``.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no sound file, is damaged or empty, or holds NaN.

    Chapter: gradients/sound-as-tensors.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "tone.wav"
    >>> save(file, torch.zeros(22050), sample_rate=22050)
    >>> load(file, sample_rate=16000).shape
    torch.Size([16000])
    """
    checks.sample_rate(sample_rate)
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"path must name a sound file, got {str(path)!r}, which does not exist.")
    import soundfile

    try:
        samples, file_rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, TypeError) as error:  # TypeError: a name that promises headerless samples
        raise ValueError(f"path must name a sound file that can be read, got {str(path)!r}: {error}") from error
    if not len(samples):
        raise ValueError(f"path must name a sound file with at least one sample, got {str(path)!r}, which is empty.")
    if not np.isfinite(samples).all():
        raise ValueError(f"path must name a sound file without NaN or infinity, got {str(path)!r}, which holds them.")
    x = torch.from_numpy(np.ascontiguousarray(samples.T))
    return resample(x.mean(0) if mono else x, original_rate=file_rate, sample_rate=sample_rate)


def save(path: str | Path, x: Tensor, *, sample_rate: int) -> None:
    """Write a sound file; its suffix chooses the format: .wav and .flac (16 bits), .ogg (Vorbis) or .mp3.

    Args:
        path: the file; an existing one is replaced.
        x: sound, (time,) or (channels, time), within full scale [-1, 1].
        sample_rate: Hz, an integer; for .mp3 one of 8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000.

    Raises:
        ValueError: for an unknown suffix, a sound beyond full scale (see :func:`normalise`), and a rate not allowed.
        FileNotFoundError: if the folder does not exist.

    Chapter: gradients/sound-as-tensors.

    >>> save("too-loud.wav", torch.full((10,), 2.0), sample_rate=16000)
    Traceback (most recent call last):
    ValueError: x must lie in [-1, 1], got 2.0.
    """
    path = Path(path)
    checks.one_of(path.suffix.lower(), "the suffix of path", FORMATS)
    checks.in_range(checks.audio(x, "x"), "x", -1.0, 1.0)
    if x.ndim > 2:
        raise ValueError(f"x must be a tensor (time,) or (channels, time), got shape {tuple(x.shape)}.")
    sample_rate = checks.integer(sample_rate, "sample_rate")
    if path.suffix.lower() == ".mp3" and sample_rate not in MP3_RATES:
        raise ValueError(f"sample_rate must be one of {', '.join(map(str, MP3_RATES))} for MP3, got {sample_rate}.")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"path must lie in a folder that exists, got {str(path)!r}.")
    import soundfile

    soundfile.write(path, x.detach().cpu().numpy().T, sample_rate, subtype=FORMATS[path.suffix.lower()])


def resample(x: Tensor, *, original_rate: float, sample_rate: float) -> Tensor:
    """Change the sample rate of a sound, by the resampler that librosa uses (soxr, high quality).

    Args:
        x: sound, (..., time).
        original_rate: its sample rate in Hz.
        sample_rate: the rate wanted, in Hz.

    Returns:
        The sound, (..., ceil(time * sample_rate / original_rate)). No gradient passes.

    Raises:
        ValueError: if ``x`` is no finite sound or a rate is not positive.

    >>> resample(torch.zeros(2, 44100), original_rate=44100, sample_rate=16000).shape
    torch.Size([2, 16000])
    """
    checks.audio(x, "x")
    original_rate = checks.sample_rate(original_rate, "original_rate")
    sample_rate = checks.sample_rate(sample_rate)
    if original_rate == sample_rate:
        return x
    import soxr

    n_samples = math.ceil(x.shape[-1] * sample_rate / original_rate)
    rows = x.detach().cpu().reshape(-1, x.shape[-1]).numpy()
    out = np.zeros((len(rows), n_samples), dtype=rows.dtype)
    for row, destination in zip(rows, out, strict=True):
        y = soxr.resample(row, original_rate, sample_rate)[:n_samples]
        destination[: len(y)] = y
    return torch.from_numpy(out).to(x.device).reshape(*x.shape[:-1], n_samples)


def normalise(x: Tensor, peak_db: float = -3.0) -> Tensor:
    """Scale a sound so that its largest sample has a given level: ``x * 10^(peak_db / 20) / max|x|``.

    Args:
        x: sound, (..., time); each of a batch is scaled on its own.
        peak_db: level of the peak in dB full scale, at most 0.

    Returns:
        The sound, of the same shape; silence stays silence.

    Raises:
        ValueError: if ``x`` is no finite sound or ``peak_db`` is above 0.

    >>> normalise(torch.tensor([0.0, 0.1, -0.2]), peak_db=0.0)
    tensor([ 0.0000,  0.5000, -1.0000])
    """
    checks.audio(x, "x")
    checks.in_range(peak_db, "peak_db", high=0.0, unit="dB")
    peak = x.abs().amax(-1, keepdim=True)
    return x * (10 ** (peak_db / 20) / torch.where(peak > 0, peak, 1.0))


def fade(x: Tensor, seconds: float = 0.01, *, sample_rate: float) -> Tensor:
    """Fade a sound in and out by half a period of a raised cosine, so that it starts and ends without a click.

    Args:
        x: sound, (..., time).
        seconds: length of each fade, at least 0, at most half the sound.
        sample_rate: Hz.

    Returns:
        The sound, of the same shape.

    Raises:
        ValueError: if ``x`` is no finite sound or the fades do not fit into it.

    >>> fade(torch.ones(6), 2, sample_rate=1)
    tensor([0.1464, 0.8536, 1.0000, 1.0000, 0.8536, 0.1464])
    """
    checks.audio(x, "x")
    sample_rate = checks.sample_rate(sample_rate)
    checks.in_range(seconds, "seconds", 0.0, x.shape[-1] / sample_rate / 2, unit="s")
    n = int(seconds * sample_rate)
    ramp = 0.5 - 0.5 * torch.cos(math.pi * (torch.arange(n, dtype=x.dtype, device=x.device) + 0.5) / max(n, 1))
    gain = torch.cat([ramp, torch.ones(x.shape[-1] - 2 * n, dtype=x.dtype, device=x.device), ramp.flip(0)])
    return x * gain
