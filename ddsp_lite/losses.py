"""Losses: one number that says how far a sound is from another. Chapter: inference/by-gradient-descent.

Every loss is called as ``loss(prediction, target)``, takes sounds of one shape (..., time), and gives a 0-d tensor that
is zero for equal sounds. Use ``functools.partial`` to fix its options.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from ddsp_lite import checks, spectra


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

    Source: closed form. Chapter: gradients/filter-cutoff.

    >>> waveform(torch.tensor([0.0, 1.0]), torch.tensor([0.0, 0.5]), p=2)
    tensor(0.1250)
    """
    _sounds(prediction, target)
    difference = prediction - target
    return difference.abs().mean() if checks.integer(p, "p", 1, 2) == 1 else difference.square().mean()


def multi_scale_stft(
    prediction: Tensor,
    target: Tensor,
    *,
    fft_sizes: Sequence[int] = (2048, 512, 128),
    overlap: float = 0.75,
    linear: float = 1.0,
    log: float = 1.0,
    floor: float = 1e-3,
) -> Tensor:
    r"""Compare the magnitudes of short-time spectra, linear and logarithmic, at several resolutions.

    .. math:: L = \frac{1}{S} \sum_{F} \frac{1}{I_F B_F} \sum_{i,m} \left(
        \alpha \left| \hat{M}_F - M_F \right| + \beta \left| \ln \hat{M}_F - \ln M_F \right| \right), \qquad
        M_F = \sqrt{|X_F[i, m]|^2 + \epsilon^2}

    with S sizes F, I frames, B = F / 2 + 1 bins, and spectra X from `spectra.stft`: periodic Hann window, centred
    frames with zeros beyond both ends, no normalisation by F or the window. Each size therefore counts alike: by the
    mean over bins and frames, an excess sinusoid of amplitude A costs about alpha A at *every* size, and a change of
    level by 8.7 dB (one neper) costs beta. White noise of standard deviation s costs about 0.54 alpha s sqrt(F), so
    noise weighs more at the larger sizes.

    Each spectrum is computed once. With `linear` or `log` zero, that part is left out. The gradient is finite
    everywhere, silence included, where it is zero.

    Args:
        prediction: sound (..., time), float32 or float64.
        target: sound of the same shape; the mean is taken over the leading dimensions too.
        fft_sizes: frame sizes F in samples, each at least 2, powers of two by preference.
        overlap: share of a frame that the next one repeats, in [0, 1); the hop is round(F (1 - overlap)), at least 1.
        linear: weight alpha of the linear part, at least 0.
        log: weight beta of the logarithmic part, at least 0; not both zero.
        floor: epsilon, above 0, in the unit of X: 90 dB under a full-scale sinusoid at F = 128, 114 dB at 2048.
            The smaller it is, the more a float32 gradient follows the rounding errors of near-silent bins:
            for a filtered sawtooth 1e-7 makes its error about a thousand times that at 1e-3.

    Returns:
        The loss, 0-d.

    Raises:
        ValueError: the shapes differ; a sound is empty, not real floating point, or holds NaN; an option is out of
            range.

    Source: Engel, Hantrakul, Gu and Roberts, DDSP: Differentiable Digital Signal Processing, ICLR 2020, after
    Wang, Takaki and Yamagishi, 2019. Chapter: gradients/filter-cutoff.

    >>> n = torch.arange(4096)
    >>> target = torch.sin(0.3 * n)
    >>> multi_scale_stft(target, target)
    tensor(0.)
    >>> multi_scale_stft(0.5 * target, target, log=0.0) < multi_scale_stft(0.1 * target, target, log=0.0)
    tensor(True)
    """
    _sounds(prediction, target)
    sizes = list(fft_sizes)
    if not sizes:
        raise ValueError("fft_sizes must hold at least one size, got none.")
    for size in sizes:
        checks.integer(size, "fft_sizes", 2)
    checks.in_range(overlap, "overlap", 0, 1, bounds="[)")
    checks.non_negative(linear, "linear")
    checks.non_negative(log, "log")
    if linear == 0 and log == 0:
        raise ValueError("linear and log must not both be 0, since nothing would be compared.")
    checks.positive(floor, "floor")
    total = torch.zeros((), dtype=prediction.dtype, device=prediction.device)
    for size in sizes:
        hop = max(1, round(size * (1 - overlap)))
        ours, theirs = (
            spectra.magnitude(spectra.stft(sound, fft_size=size, hop_length=hop), floor=floor)
            for sound in (prediction, target)
        )
        if linear:
            total = total + linear * (ours - theirs).abs().mean()
        if log:
            total = total + log * (ours.log() - theirs.log()).abs().mean()
    return total / len(sizes)


def _sounds(prediction: Tensor, target: Tensor) -> None:
    checks.audio(prediction, "prediction")
    checks.audio(target, "target")
    checks.same_shape(prediction=prediction, target=target)
