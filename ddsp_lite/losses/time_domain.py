"""Losses on samples and on envelopes. Chapter: losses/spectral-losses."""

import math

import torch
from torch import Tensor

from ddsp_lite import checks
from ddsp_lite.losses.targets import _made, _sounds


def waveform(prediction: Tensor, target: Tensor, *, p: int = 1) -> Tensor:
    r"""Compare two sounds sample by sample.

    .. math:: L = \frac{1}{N} \sum_n |\hat{x}[n] - x[n]|^p

    Args:
        prediction: sound (..., time), float32 or float64.
        target: sound of the same shape.
        p: 1 for the mean absolute difference, 2 for the mean square.

    Returns:
        The loss, 0-d, in the sounds' unit to the power of p.

    Raises:
        ValueError: the shapes differ; a sound is empty, not real floating point, or holds NaN; `p` is neither 1 nor 2.

    Source: closed form. Chapter: gradients/a-knob-with-a-gradient.

    >>> waveform(torch.tensor([0.0, 1.0]), torch.tensor([0.0, 0.5]), p=2)
    tensor(0.1250)
    """
    _sounds(prediction, target)
    difference = prediction - _made(target, "sound", lambda sound: sound)
    return difference.abs().mean() if checks.integer(p, "p", 1, 2) == 1 else difference.square().mean()


def si_sdr(prediction: Tensor, target: Tensor, *, floor: float = 1e-5) -> Tensor:
    r"""Compare two sounds sample by sample, whatever the level: minus the scale-invariant signal-to-distortion ratio.

    .. math:: L = -10 \log_{10} \frac{\lVert \alpha x \rVert^2 / N + \epsilon^2}
        {\lVert \hat{x} - \alpha x \rVert^2 / N + \epsilon^2}, \qquad
        \alpha = \frac{\langle \hat{x}, x \rangle}{\lVert x \rVert^2 + N \epsilon^2}

    The prediction is split into a scaled target and what is left, the distortion. A shift in time counts as distortion,
    as for `waveform`. The sounds' means are not removed. Any sample is a scaled version of any other: for sounds of one
    sample the loss is near its lowest, whatever they are.

    Args:
        prediction: sound (..., time), float32 or float64.
        target: sound of the same shape; each leading index is scaled on its own, and the mean taken over all.
        floor: epsilon, above 0, the level of distortion that no longer counts: the loss never falls below minus the
            ratio of the prediction's level to it, 100 dB for one of level 1.

    Returns:
        The loss, 0-d, in dB: the lower, the better; -20 for a distortion of a tenth of the amplitude.

    Raises:
        ValueError: the shapes differ; a sound is empty, not real floating point, or holds NaN; `floor` is not above 0.

    Source: Le Roux, Wisdom, Erdogan and Hershey, SDR: half-baked or well done?, ICASSP 2019.
    Chapter: losses/spectral-losses.

    >>> target = torch.tensor([1.0, 1.0, -1.0, -1.0])
    >>> noise = torch.tensor([1.0, -1.0, -1.0, 1.0])
    >>> si_sdr(3 * target + 0.3 * noise, target).round(decimals=3)
    tensor(-20.)
    """
    _sounds(prediction, target)
    checks.positive(floor, "floor")
    theirs = _made(target, "sound", lambda sound: sound)
    scale = (prediction * theirs).mean(-1, keepdim=True) / (theirs.square().mean(-1, keepdim=True) + floor**2)
    wanted, distortion = (part.square().mean(-1) + floor**2 for part in (scale * theirs, prediction - scale * theirs))
    return 10 / math.log(10) * (distortion.log() - wanted.log()).mean()


def envelope(
    prediction: Tensor, target: Tensor, *, frame_length: int = 512, hop_length: int = 128, floor: float = 1e-3
) -> Tensor:
    r"""Compare how the level of two sounds moves, whatever their pitch and colour.

    .. math:: L = \frac{1}{J} \sum_j \left| \hat{e}[j] - e[j] \right|, \qquad
        e[j] = \sqrt{\frac{\sum_n w[n]\, x[jH + n - F/2]^2}{\sum_n w[n]} + \epsilon^2}

    with F the frame's and H the hop's length and a Hann window w: the mean absolute difference of the root mean squares
    of overlapping frames.

    Args:
        prediction: sound (..., time), float32 or float64.
        target: sound of the same shape.
        frame_length: samples in a frame, at least 2; longer than a period, or the level follows the waveform.
        hop_length: samples from one frame to the next, at least 1.
        floor: epsilon, above 0, the level of silence, so that the gradient stays finite there.

    Returns:
        The loss, 0-d, in the sounds' unit.

    Raises:
        ValueError: the shapes differ; a sound is empty, not real floating point, or holds NaN; an option is out of
            range.

    Source: closed form. Chapter: gradients/controls.

    >>> tone = torch.sin(0.3 * torch.arange(16000))
    >>> envelope(0.5 * tone, tone).round(decimals=2)  # half of the tone's root mean square of 0.707
    tensor(0.3500)
    """
    _sounds(prediction, target)
    checks.integer(frame_length, "frame_length", 2)
    checks.integer(hop_length, "hop_length", 1)
    checks.positive(floor, "floor")

    def level(sound: Tensor) -> Tensor:
        window = torch.hann_window(frame_length, dtype=sound.dtype, device=sound.device)
        padded = torch.nn.functional.pad(sound.square(), (frame_length // 2, frame_length - frame_length // 2))
        return (padded.unfold(-1, frame_length, hop_length) @ (window / window.sum()) + floor**2).sqrt()

    return (level(prediction) - _made(target, "level", level)).abs().mean()
